// The first screen: sensors that are near, the simulated one, what is known of runner and run.
import { BesideForm } from "backstride-dashboard/beside_form.js";
import { BodyForm } from "backstride-dashboard/body_form.js";
import { TodayForm } from "backstride-dashboard/today_form.js";

export const ConnectScreen = {
  components: { BesideForm, BodyForm, TodayForm },
  props: { setup: Object, body: Object, today: Object, beside: Object },
  emits: ["ask"],
  data() {
    // one that did not work is still there to be mended
    return { address: this.setup.address };
  },
  watch: {
    "setup.trouble"(trouble) {
      if (trouble) this.$nextTick(() => this.$refs.trouble?.scrollIntoView({ block: "nearest" }));
    },
  },
  methods: {
    choose(what, address) {
      if (!this.$refs.today.insist()) return;
      this.$refs.body.saveIfTyped();
      this.$refs.beside.save();
      this.$emit("ask", what, address);
    },
  },
  template: `
    <section class="sheet connect" aria-labelledby="connect-title">
      <nav class="home-links" aria-label="Backstride">
        <a href="home/runs">Runs</a><a href="home/months">Months</a><a href="home/journal">Journal</a
        ><a href="home/exercises">Exercises</a><a href="home/letter">Letter</a
        ><a href="demonstration/runs">Demonstration</a></nav>
      <h1 id="connect-title" tabindex="-1">Connect your sensor</h1>
      <p class="lead">Clip it to the back of your waistband, in the middle, and switch it on.</p>
      <p v-if="setup.warning" class="trouble before"><span aria-hidden="true">▲</span> {{ setup.warning }}
        <a href="home/journal#warning-signs">Pain and warning signs</a></p>
      <p v-for="note in setup.said" :key="note" class="fine">{{ note }}</p>
      <div role="alert"><p v-if="setup.trouble" ref="trouble" class="trouble">
        <span aria-hidden="true">▲</span> {{ setup.trouble }}</p></div>
      <today-form ref="today" :today="today" @ask="(what, value) => $emit('ask', what, value)"></today-form>
      <button type="button" class="act strong big" :disabled="setup.scanning" @click="$emit('ask', 'scan')">
        {{ setup.scanning ? "Looking for sensors …" : "Find my sensor" }}</button>
      <p class="fine" role="status">{{ setup.words }}</p>
      <ul v-if="setup.found.length" class="found">
        <li v-for="one in setup.found" :key="one.url">
          <span><strong>{{ one.name }}</strong><small>{{ one.details }}</small></span>
          <span class="row">
            <button type="button" class="act quiet" :aria-label="'At the desk with ' + one.name"
                    @click="choose('desk', one.url)">Desk</button>
            <button v-if="setup.calibrates" type="button" class="act quiet"
                    :aria-label="'Calibrate ' + one.name" @click="choose('calibrate', one.url)">Calibrate</button>
            <button type="button" class="act" :aria-label="'Connect ' + one.name"
                    @click="choose('connect', one.url)">Connect</button></span>
        </li>
      </ul>
      <beside-form ref="beside" :beside="beside" @ask="(what, value) => $emit('ask', what, value)"></beside-form>
      <body-form ref="body" :body="body" @ask="(what, value) => $emit('ask', what, value)"></body-form>
      <h2>Without a sensor</h2>
      <ul class="found simulated">
        <li v-for="one in setup.simulated" :key="one.url">
          <span><strong>{{ one.name }}</strong><small>simulated, {{ one.details }}</small></span>
          <button type="button" class="act" :aria-label="'Start: ' + one.name"
                  @click="choose('connect', one.url)">Start</button>
        </li>
      </ul>
      <details class="by-address" :open="Boolean(setup.address)">
        <summary>Another address</summary>
        <form class="row" @submit.prevent="choose('connect', address)">
          <label for="address">Source address</label>
          <input id="address" v-model="address" autocomplete="off" autocapitalize="off"
                 spellcheck="false" required placeholder="ble:?name=…">
          <button type="submit" class="act">Connect</button>
          <button v-if="setup.calibrates" type="button" class="act quiet" :disabled="!address.trim()"
                  @click="choose('calibrate', address)">Calibrate</button>
          <button type="button" class="act quiet" :disabled="!address.trim()"
                  @click="choose('desk', address)">At the desk</button>
        </form>
      </details>
      <p class="leave"><button type="button" class="act quiet" @click="$emit('ask', 'end')">End Backstride</button></p>
    </section>`,
};
