// What can be read from two metres: few numbers, one line, and an alert that fills the page.
const FILLED_MS = 20000;

import { TrafficLight } from "backstride-dashboard/traffic_light.js";

export const FarView = {
  components: { TrafficLight },
  props: { numbers: Array, condition: Object, alert: Object, notes: Array },
  data() {
    return { filled: false, seen: this.alert.number };
  },
  watch: {
    "alert.number"(number) {
      if (number <= this.seen) return;
      this.seen = number;
      this.filled = true;
      clearTimeout(this.emptying);
      this.emptying = setTimeout(() => (this.filled = false), FILLED_MS);
    },
  },
  computed: {
    stop() {
      return this.condition.light?.light === "stop";
    },
    shown() {
      // how to stop needs the room, and nobody who stops needs them all
      return this.stop ? this.numbers.slice(0, 4) : this.numbers;
    },
    line() {
      if (this.stop) return `${this.condition.text} ${this.condition.advice}`;
      if (this.condition.state === "changed") return this.condition.text;
      return this.notes.at(-1)?.text ?? this.condition.text;
    },
  },
  unmounted() {
    clearTimeout(this.emptying);
  },
  template: `
    <section class="far" :class="{ stop }" aria-labelledby="far-title">
      <h1 id="far-title" class="unseen">Your run</h1>
      <dl class="far-numbers">
        <div v-for="one in shown" :key="one.name.split(' ')[0]" :data-state="one.state">
          <dt>{{ one.name }}</dt>
          <dd :class="{ long: one.long }"><span v-if="one.state === 'changed'" class="sign">▲<span
            class="unseen">changed </span></span>{{ one.number }}<small v-if="one.unit" :class="{ high: one.unit === '°' }">{{ one.unit }}</small></dd>
        </div>
      </dl>
      <p class="far-line" :class="{ short: !stop && condition.state !== 'changed' }" :data-state="condition.state"><traffic-light v-if="condition.light"
        :light="condition.light"></traffic-light><span v-else-if="condition.state === 'changed'"
        class="sign" aria-hidden="true">▲ </span> {{ line }}</p>
      <div role="alert"><button v-if="filled" type="button" class="far-alert" @click="filled = false">
        <span class="sign" aria-hidden="true">▲</span> {{ alert.text }}
        <span v-if="alert.detail" class="advice">{{ alert.detail }}</span>
        <span class="unseen">Press to go back to the numbers.</span></button></div>
    </section>`,
};
