// Surface, shoe and treadmill of the run that is about to start: every answer counts at once.
import { TrafficLight } from "backstride-dashboard/traffic_light.js";

const ANOTHER = "\n"; // no shoe has such a name

export const TodayForm = {
  components: { TrafficLight },
  props: { today: Object },
  emits: ["ask"],
  data() {
    return { surface: "", chosen: "", name: "", speed: "", slope: "", back: "", sent: null, asking: false, nameless: false, ANOTHER };
  },
  created() {
    this.fill();
  },
  computed: {
    shoe() {
      return this.chosen === ANOTHER ? this.name.trim() : this.chosen;
    },
    asksPace() {
      return this.today.asks_pace || this.surface === "treadmill";
    },
    belt() {
      return [
        { name: "speed", label: `Speed it shows, such as ${this.today.example}` },
        { name: "slope", label: "Slope it shows, such as 1 %" },
      ];
    },
  },
  watch: {
    "today.saved"() {
      this.fill();
      const wrong = this.asking && this.asksPace && this.wrong();
      this.asking = false;
      if (wrong) this.$nextTick(() => document.getElementById(`today-${wrong}`)?.focus());
    },
  },
  methods: {
    wrong() {
      return ["speed", "slope"].find((name) => this.today.troubles[name]);
    },
    // What was changed here since it was sent stays: an answer may come late.
    fill() {
      const { shoe, troubles } = this.today;
      const isSent = (one) => !this.sent || this[one] === this.sent[one];
      // a name that is being typed stays in its field
      if (isSent("shoe") && (this.chosen !== ANOTHER || (shoe && shoe !== this.name.trim())))
        this.chosen = shoe;
      for (const one of ["back", "surface", "speed", "slope"])
        if (!troubles[one] && isSent(one)) this[one] = this.today[one];
    },
    pick() {
      if (this.chosen === ANOTHER) this.$nextTick(() => this.$refs.name.focus());
      else this.save();
    },
    save() {
      const { surface, shoe, speed, slope, back } = this;
      const pace = this.asksPace ? { speed, slope } : {};
      this.sent = { surface, shoe, speed, slope, back };
      this.$emit("ask", "today", JSON.stringify({ surface, shoe, back, ...pace }));
    },
    // Before the sensor is chosen: what was typed counts; false where shoes still lack a name.
    insist() {
      this.nameless = this.chosen === ANOTHER && !this.shoe;
      if (this.nameless) {
        this.$refs.name.focus();
        return false;
      }
      this.asking = true;
      this.save();
      return true;
    },
  },
  template: `
    <section class="today" aria-labelledby="today-title">
      <h2 id="today-title">Today</h2>
      <div class="row fields">
        <div><label for="today-back">Pain in your back, now</label>
          <select id="today-back" v-model="back" @change="save">
            <option value="">not said</option>
            <option v-for="one in 11" :key="one" :value="String(one - 1)">{{ one - 1 }}{{
              one === 1 ? ", none" : one === 11 ? ", the worst" : "" }}</option>
          </select></div>
        <div><label for="today-surface">You run on</label>
          <select id="today-surface" v-model="surface" aria-describedby="today-why" @change="save">
            <option value="">not said</option>
            <option v-for="one in today.surfaces" :key="one" :value="one">{{ one }}</option>
          </select></div>
        <div><label for="today-shoe">In the shoes</label>
          <select id="today-shoe" v-model="chosen" aria-describedby="today-why" @change="pick">
            <option value="">not said</option>
            <option v-for="one in today.shoes" :key="one" :value="one">{{ one }}</option>
            <option :value="ANOTHER">{{ today.shoes.length ? "others" : "a pair" }}, to be named …</option>
          </select></div>
        <div v-if="chosen === ANOTHER"><label for="today-name">Their name, such as make and colour</label>
          <input id="today-name" ref="name" v-model="name" maxlength="60" autocomplete="off"
            :aria-invalid="nameless && !shoe"
            :aria-describedby="nameless && !shoe ? 'today-name-trouble' : null" @change="save">
          <div role="alert"><p v-if="nameless && !shoe" class="trouble" id="today-name-trouble">
            <span aria-hidden="true">▲</span> Name the shoes, or choose “not said”.</p></div></div>
      </div>
      <div v-if="today.light" class="back-said">
        <p><traffic-light :light="today.light"></traffic-light></p>
        <p>{{ today.back_words }}</p>
        <p v-if="today.asks"><a class="act" href="home/journal#warning-signs">Answer the questions</a></p>
      </div>
      <div v-if="asksPace" class="row fields">
        <div v-for="one in belt" :key="one.name"><label :for="'today-' + one.name">{{ one.label }}</label>
          <input :id="'today-' + one.name" v-model="$data[one.name]" maxlength="40" autocomplete="off"
            :aria-invalid="Boolean(today.troubles[one.name])"
            :aria-describedby="today.troubles[one.name] ? 'today-' + one.name + '-trouble' : null"
            @change="save">
          <div role="alert"><p v-if="today.troubles[one.name]" class="trouble"
            :id="'today-' + one.name + '-trouble'">
            <span aria-hidden="true">▲</span> {{ today.troubles[one.name] }}</p></div></div>
      </div>
      <p id="today-why" class="fine">Runs on the same surface in the same shoes are compared with
        each other. All of it may be left out.</p>
    </section>`,
};
