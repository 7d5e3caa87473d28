// What the runner can do during a run: buttons, their dialogs, and keys.
import { MetronomeDialog } from "backstride-dashboard/metronome_dialog.js";
import { TreadmillDialog } from "backstride-dashboard/treadmill_dialog.js";

const KEYS = [
  ["n", "Standing neutral"],
  ["s", "Surface"],
  ["t", "Treadmill"],
  ["h", "Shoe"],
  ["i", "Pain"],
  ["r", "Sensor moved"],
  ["b", "Metronome"],
  ["p", "Pause or resume"],
  ["x", "Stop"],
  ["m", "Sound on or off"],
  ["v", "Speech on or off"],
  ["f", "Large numbers or details"],
  ["?", "This list"],
];
const KEYS_KEPT = "backstride-keys";

export const RunControls = {
  components: { MetronomeDialog, TreadmillDialog },
  props: {
    asks: Boolean,
    cadence: Object,
    far: Boolean,
    moving: Number,
    beating: Number,
    surfaces: Array,
    marked: Object,
    treadmill: Object,
    paused: Boolean,
    stopping: Boolean,
    counting: Boolean,
    sound: Boolean,
    speech: Boolean,
  },
  emits: ["ask", "toggle", "beat"],
  data() {
    let on = true;
    try {
      on = sessionStorage.getItem(KEYS_KEPT) !== "off";
    } catch {
      // the keys are on
    }
    return { shoe: "", keys: KEYS, keysOn: on, pains: [...Array(11).keys()] };
  },
  mounted() {
    window.addEventListener("keydown", this.onKey);
  },
  unmounted() {
    window.removeEventListener("keydown", this.onKey);
  },
  methods: {
    ask(what, value = "") {
      this.$emit("ask", what, value);
    },
    open(name) {
      if (name === "shoe") this.shoe = this.marked.shoe;
      const dialog = this.$refs[name];
      if (!dialog.open) dialog.showModal();
    },
    close(name) {
      this.$refs[name].close();
    },
    mark(name, value) {
      this.close(name);
      this.ask(name, String(value));
    },
    moved() {
      this.close("moved");
      this.ask("reseat");
    },
    stop() {
      this.close("stop");
      this.ask("stop");
    },
    // On a small screen only the main ones are always in view.
    showAll() {
      const first = this.$el.querySelector("button");
      first.focus({ preventScroll: true });
      first.scrollIntoView({ block: "center" });
    },
    keepKeys() {
      try {
        sessionStorage.setItem(KEYS_KEPT, this.keysOn ? "on" : "off");
      } catch {
        // it then holds until the tab is closed
      }
    },
    onKey(event) {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName ?? "");
      const modified = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
      if (typing || modified || event.repeat || document.querySelector("dialog[open]")) return;
      const key = event.key.toLowerCase();
      if (key !== "?" && !this.keysOn) return;
      const does = {
        n: () => this.ask("neutral"),
        s: () => this.open("surface"),
        t: () => this.$refs.treadmill.open(),
        h: () => this.open("shoe"),
        i: () => this.open("pain"),
        r: () => this.open("moved"),
        f: () => this.$emit("toggle", "far"),
        b: () => this.$refs.metronome.open(),
        p: () => this.ask(this.paused ? "resume" : "pause"),
        x: () => this.open("stop"),
        m: () => this.$emit("toggle", "sound"),
        v: () => this.$emit("toggle", "speech"),
        "?": () => this.open("help"),
      }[key];
      if (!does) return;
      event.preventDefault();
      does();
    },
  },
  template: `
    <section class="controls" id="controls" aria-label="Controls">
      <a v-if="asks" class="act strong" href="home/journal#warning-signs" target="_blank">Answer the questions</a>
      <button v-if="asks" type="button" class="act" @click="ask('questions_later')">Questions later</button>
      <button type="button" class="act" :disabled="counting" @click="ask('neutral')">
        <span>Standing neutral</span><kbd aria-hidden="true">N</kbd></button>
      <button type="button" class="act" @click="open('surface')">
        <span>Surface<small v-if="marked.surface">{{ marked.surface }}</small></span
        ><kbd aria-hidden="true">S</kbd></button>
      <treadmill-dialog ref="treadmill" :treadmill="treadmill" @ask="ask"></treadmill-dialog>
      <button type="button" class="act" @click="open('shoe')">
        <span>Shoe<small v-if="marked.shoe" class="long">{{ marked.shoe }}</small></span
        ><kbd aria-hidden="true">H</kbd></button>
      <button v-if="moving" type="button" class="act pressed" @click="ask('unmoved')">
        <span>It has not moved<small>{{ moving }} s to take it back</small></span></button>
      <button v-else type="button" class="act" @click="open('moved')">
        <span>Sensor moved</span><kbd aria-hidden="true">R</kbd></button>
      <metronome-dialog ref="metronome" :cadence="cadence" :beating="beating" :sound="sound"
        @beat="(beats) => $emit('beat', beats)"></metronome-dialog>
      <span class="main-controls">
        <button type="button" class="act more" aria-label="More controls" @click="showAll">More</button>
        <button type="button" class="act" @click="open('pain')">
          <span>Pain</span><kbd aria-hidden="true">I</kbd></button>
        <button type="button" class="act" :class="{ pressed: paused }"
                @click="ask(paused ? 'resume' : 'pause')">
          <span>{{ paused ? "Resume" : "Pause" }}</span><kbd aria-hidden="true">P</kbd></button>
        <button type="button" class="act strong" :disabled="stopping" @click="open('stop')">
          <span>{{ stopping ? "Stopping …" : "Stop" }}</span><kbd aria-hidden="true">X</kbd></button>
      </span>
      <span class="quiet-controls">
        <button type="button" class="act quiet" :aria-pressed="sound" @click="$emit('toggle', 'sound')">
          <span>Sound {{ sound ? "on" : "muted" }}</span><kbd aria-hidden="true">M</kbd></button>
        <button type="button" class="act quiet" :aria-pressed="speech" @click="$emit('toggle', 'speech')">
          <span>Speech {{ speech ? "on" : "muted" }}</span><kbd aria-hidden="true">V</kbd></button>
        <button type="button" class="act quiet" @click="$emit('toggle', 'far')">
          <span>{{ far ? "Details" : "Large numbers" }}</span><kbd aria-hidden="true">F</kbd></button>
        <button type="button" class="act quiet" @click="open('help')">
          <span>Keys</span><kbd aria-hidden="true">?</kbd></button>
      </span>

      <dialog ref="surface" aria-labelledby="surface-title">
        <h2 id="surface-title">What are you running on?</h2>
        <div class="choices">
          <button v-for="one in surfaces" type="button" class="act" :key="one"
                  :aria-pressed="one === marked.surface" @click="mark('surface', one)">{{ one }}</button>
        </div>
        <button type="button" class="act quiet" @click="close('surface')">Cancel</button>
      </dialog>
      <dialog ref="shoe" aria-labelledby="shoe-title">
        <form @submit.prevent="mark('shoe', shoe)">
          <h2 id="shoe-title">Which shoe?</h2>
          <label for="shoe-name">Name it as you like, always the same way</label>
          <input id="shoe-name" v-model="shoe" maxlength="60" autocomplete="off" required autofocus>
          <div class="row">
            <button type="submit" class="act strong">Mark the shoe</button>
            <button type="button" class="act quiet" @click="close('shoe')">Cancel</button>
          </div>
        </form>
      </dialog>
      <dialog ref="pain" aria-labelledby="pain-title">
        <h2 id="pain-title">Pain in your back, now</h2>
        <p>0 is none, 10 the worst you can imagine.</p>
        <div class="choices numbers">
          <button v-for="one in pains" type="button" class="act" :key="one"
                  :aria-label="'Pain ' + one + ' of 10'" @click="mark('pain', one)">{{ one }}</button>
        </div>
        <button type="button" class="act quiet" @click="close('pain')">Cancel</button>
      </dialog>
      <dialog ref="moved" aria-labelledby="moved-title">
        <h2 id="moved-title">Has the sensor moved on your waistband?</h2>
        <p>Then your baseline is learned anew from here on. You can take it back for some seconds.</p>
        <div class="row">
          <button type="button" class="act strong" @click="moved">It has moved</button>
          <button type="button" class="act quiet" @click="close('moved')">No</button>
        </div>
      </dialog>
      <dialog ref="stop" aria-labelledby="stop-title">
        <h2 id="stop-title">Stop the run?</h2>
        <p>The last steps are finished and the recording is closed. Cool down before you stand still.</p>
        <div class="row">
          <button type="button" class="act strong" @click="stop">Stop the run</button>
          <button type="button" class="act quiet" @click="close('stop')">Not yet</button>
        </div>
      </dialog>
      <dialog ref="help" aria-labelledby="help-title">
        <h2 id="help-title">Keys</h2>
        <dl class="keys">
          <div v-for="[key, what] in keys" :key="key"><dt><kbd>{{ key.toUpperCase() }}</kbd></dt>
            <dd>{{ what }}</dd></div>
        </dl>
        <label class="check"><input type="checkbox" v-model="keysOn" @change="keepKeys">
          Single keys work in this tab</label>
        <button type="button" class="act" @click="close('help')">Close</button>
      </dialog>
    </section>`,
};
