// The live page: shows the pieces that the program sends, and asks for what the runner wants.
import { nextTick } from "vue";
import { CalibrateScreen } from "backstride-dashboard/calibrate_screen.js";
import { ConnectScreen } from "backstride-dashboard/connect_screen.js";
import { DeskScreen } from "backstride-dashboard/desk_screen.js";
import { EndedScreen } from "backstride-dashboard/ended_screen.js";
import { FarView } from "backstride-dashboard/far_view.js";
import { Metronome } from "backstride-dashboard/metronome.js";
import { NumberCard } from "backstride-dashboard/number_card.js";
import { PostureFigure } from "backstride-dashboard/posture_figure.js";
import { RunControls } from "backstride-dashboard/run_controls.js";
import { TrafficLight } from "backstride-dashboard/traffic_light.js";
import { TrendLine } from "backstride-dashboard/trend_line.js";
import { Voice } from "backstride-dashboard/voice.js";

const VIEW_KEPT = "backstride-view";
const BEGUN = ["starting", "live"];
const TOLD_MS = 8000;
const READ_MS = 80; // a letter, by someone who runs
const LOST_AFTER = 3; // seconds without the program

export default {
  components: {
    CalibrateScreen,
    ConnectScreen,
    DeskScreen,
    EndedScreen,
    FarView,
    NumberCard,
    PostureFigure,
    RunControls,
    TrafficLight,
    TrendLine,
  },
  props: { surfaces: Array },
  emits: ["ask"],
  data() {
    return { is: { screen: "loading" }, told: [], toldAbove: false, sound: true, speech: true, beating: 0, far: true, without: 0 };
  },
  created() {
    this.voice = new Voice();
    this.metronome = new Metronome(this.voice);
    this.sound = this.voice.on.sound;
    this.speech = this.voice.on.speech;
    this.heard = null;
    this.lastTold = 0;
  },
  computed: {
    lost() {
      return this.without >= LOST_AFTER && this.is.screen !== "closed";
    },
    still() {
      return this.lost && BEGUN.includes(this.is.screen);
    },
  },
  watch: {
    still(still) {
      if (still && this.beating) this.beat(0);
      if (still) this.voice.tell("The numbers stand still: Backstride does not answer.");
    },
  },
  mounted() {
    setInterval(() => (this.without = window.socket?.connected === false ? this.without + 1 : 0), 1000);
    try {
      this.far = localStorage.getItem(VIEW_KEPT) !== "near";
    } catch {
      // the view from two metres
    }
    for (const gesture of ["pointerdown", "keydown"])
      window.addEventListener(gesture, () => this.voice.allow());
  },
  methods: {
    // Called by the program; what it gives back tells that the pieces are drawn.
    async show(pieces) {
      // a tab that was opened late, or that was away, is not told what is past
      const late = this.is.screen === "loading" || pieces.screen === this.is.screen;
      const another = Boolean(pieces.screen) && pieces.screen !== this.is.screen;
      const over = pieces.screen && !BEGUN.includes(pieces.screen);
      Object.assign(this.is, pieces);
      if (pieces.screen && pieces.screen !== "live") this.told = [];
      if (pieces.screen && pieces.screen !== "live" && this.beating) this.beat(0);
      if (pieces.alert) this.hear(pieces.alert);
      if (pieces.told) this.tell(pieces.told, late || over);
      if ("countdown" in pieces && pieces.countdown) this.voice.beep([520]);
      if (pieces.screen === "closed") setTimeout(() => window.socket?.disconnect(), 50);
      await nextTick();
      if (another) window.scrollTo(0, 0); // where the last screen was scrolled to means nothing here
      // a button that is gone takes the focus with it
      if (pieces.screen && document.activeElement === document.body)
        this.$el.querySelector("h1[tabindex]")?.focus();
      return true;
    },
    hear(alert) {
      // a tab that was opened late is not told what is past
      const isNew = this.heard !== null && alert.number > this.heard;
      this.heard = alert.number;
      if (isNew) this.voice.tell(alert.aloud);
    },
    tell(lines, past) {
      const news = past ? [] : lines.filter((line) => line.number > this.lastTold);
      this.lastTold = lines.at(-1)?.number ?? this.lastTold;
      if (news.length) this.say(news.map((line) => line.text), news.filter((line) => line.placed));
      const aloud = news.filter((line) => line.aloud).map((line) => line.text);
      if (aloud.length) {
        this.voice.beep([520]);
        this.voice.speak(aloud.join(" "));
      }
    },
    // What has its own place on the page is not shown once more; screen readers say it here.
    say(texts, placed = []) {
      clearTimeout(this.forgetting);
      const there = placed.map((line) => line.text);
      const sentence = this.$el.querySelector(".condition, .far-line")?.getBoundingClientRect();
      this.toldAbove = Boolean(sentence) && sentence.top + sentence.bottom > window.innerHeight;
      this.told = texts.slice(-3).map((text) => ({ text, placed: there.includes(text) }));
      const shown = Math.max(TOLD_MS, READ_MS * texts.join(" ").length);
      this.forgetting = setTimeout(() => (this.told = []), shown);
    },
    ask(what, value = "") {
      this.$emit("ask", { what, value });
    },
    beat(beats) {
      const was = this.beating;
      if (!beats) this.metronome.stop();
      this.beating = beats && this.metronome.start(beats) ? beats : 0;
      if (beats && !this.beating) this.say(["This browser makes no sound."]);
      else if (beats)
        this.say([`Metronome: ${beats} beats a minute${this.sound ? "." : ", but sound is muted."}`]);
      else if (was) this.say(["Metronome stopped."]);
    },
    // The view from two metres has its newest note in its own place.
    noted(text) {
      return this.far && this.is.screen === "live" && this.is.notes.at(-1)?.text === text;
    },
    look() {
      this.far = !this.far;
      try {
        localStorage.setItem(VIEW_KEPT, this.far ? "far" : "near");
      } catch {
        // it then holds until the tab is closed
      }
    },
    toggle(what) {
      if (what === "far") return this.look();
      this.voice.allow();
      this[what] = this.voice.toggle(what);
      this.metronome.mute(!this.voice.on.sound);
      this.say([`${what === "sound" ? "Sound" : "Speech"} ${this[what] ? "on" : "muted"}.`]);
      if (what === "sound") this.voice.beep([660]);
    },
  },
  template: `
    <div class="backstride" :data-screen="is.screen">
      <p v-if="is.screen === 'loading'" class="sheet">Connecting to Backstride …</p>
      <connect-screen v-else-if="is.screen === 'connect'" :setup="is.setup" :body="is.body"
        :today="is.today" :beside="is.beside" @ask="ask"></connect-screen>
      <calibrate-screen v-else-if="is.screen === 'calibrate'" :calibration="is.calibration"
        :sound="sound" :speech="speech" @ask="ask" @toggle="toggle"></calibrate-screen>
      <desk-screen v-else-if="is.screen === 'desk'" :desk="is.desk" @ask="ask"></desk-screen>
      <section v-else-if="is.screen === 'preparing'" class="sheet" aria-labelledby="preparing-title">
        <h1 id="preparing-title" tabindex="-1">Preparing, once on this computer …</h1>
        <p class="lead">The filters are compiled for its processor, which takes a minute at most. What you chose starts then by itself.</p>
        <button type="button" class="act" @click="ask('cancel')">Back</button>
      </section>
      <section v-else-if="is.screen === 'starting'" class="sheet" aria-labelledby="starting-title">
        <h1 id="starting-title" tabindex="-1">Connecting to the sensor …</h1>
        <p class="lead">Stand still for a moment; the first numbers come with your first running steps.</p>
        <button type="button" class="act" @click="ask('cancel')">Choose another sensor</button>
      </section>
      <div v-else-if="is.screen === 'live'" class="live" :class="{ 'far-live': far }">
        <far-view v-if="far" :numbers="is.far" :condition="is.condition" :alert="is.alert"
          :notes="is.notes"></far-view>
        <template v-else>
        <div class="head">
          <h1>Backstride <small>{{ is.head.device }}</small></h1>
          <dl class="facts">
            <div class="time"><dt>time</dt><dd>{{ is.head.time }}</dd></div>
            <div :data-state="is.small[0].changed ? 'changed' : ''"><dt>cadence</dt>
              <dd>{{ is.small[0].number }} <small>{{ is.small[0].unit }}</small></dd></div>
            <div v-if="is.head.dose"><dt>load</dt><dd>{{ is.head.dose }} <small>{{ is.head.dose_unit }}</small></dd></div>
            <div class="count"><dt>steps</dt><dd>{{ is.head.steps }}</dd></div>
            <div class="gait"><dt>now</dt><dd>{{ is.head.gait }}</dd></div>
          </dl>
        </div>
        <div class="cards">
          <number-card v-for="(card, index) in is.cards" :key="index" :card="card" :index="index"></number-card>
        </div>
        <section class="condition" :data-state="is.condition.state" aria-labelledby="condition-title">
          <h2 id="condition-title">{{ is.condition.title }}
            <small v-if="is.comparison">{{ is.comparison }}</small></h2>
          <p v-if="is.condition.light"><traffic-light :light="is.condition.light"></traffic-light></p>
          <div class="alert" role="alert"><p v-if="is.condition.state === 'changed'" class="sentence">
            <span v-if="!is.condition.light" class="sign" aria-hidden="true">▲</span> {{ is.condition.text }}
            <span class="advice">{{ is.condition.advice }}</span></p></div>
          <p v-if="is.condition.state !== 'changed'" class="sentence">
            <span v-if="is.condition.state === 'within'" class="sign" aria-hidden="true">✓</span>
            {{ is.condition.text }}</p>
          <p v-if="is.effort && (is.condition.light ?? { light: 'go' }).light === 'go'" class="note">{{ is.effort }}</p>
          <p v-for="note in is.notes" :key="note.text" class="note">{{ note.text }}
            <small v-if="note.at">told at {{ note.at }}</small></p>
        </section>
        <posture-figure :posture="is.posture"></posture-figure>
        <section class="courses" aria-labelledby="courses-title">
          <h2 id="courses-title">The whole run <small v-if="is.run_trends[0].path">{{ is.run_trends[0].long }}</small></h2>
          <div v-for="line in is.run_trends" :key="line.name" class="course">
            <span>{{ line.name }}</span><trend-line :trend="line"></trend-line></div>
          <dl class="others">
            <div v-for="one in is.small.slice(1)" :key="one.name" :data-state="one.changed ? 'changed' : ''">
              <dt>{{ one.name }}<template v-if="one.changed"> ▲ changed</template></dt>
              <dd>{{ one.number }} <small>{{ one.unit }}</small></dd></div>
          </dl>
          <p class="fine">Numbers are medians of the last ten steps; the large ones, once they are judged, with your pace taken out.</p>
        </section>
        </template>
        <run-controls :asks="is.condition.asks" :far="far" :moving="is.moving" :surfaces="surfaces" :marked="is.marked" :treadmill="is.treadmill" :paused="is.paused" :stopping="is.stopping"
          :counting="is.countdown !== null" :sound="sound" :speech="speech" :cadence="is.cadence"
          :beating="beating" @ask="ask" @toggle="toggle" @beat="beat"></run-controls>
        <ul class="state" aria-label="Sensor and recording">
          <li v-for="item in is.state.items" :key="item.text" :class="{ attention: !item.calm }">
            <span v-if="!item.calm" aria-hidden="true">▲ </span>{{ item.text }}</li>
        </ul>
        <div v-if="is.countdown" class="countdown">
          <p>Stand upright and still</p><p class="left" aria-hidden="true">{{ is.countdown }}</p>
        </div>
      </div>
      <ended-screen v-else-if="is.screen === 'ended'" :ended="is.ended" @ask="ask"></ended-screen>
      <section v-else class="sheet"><h1>Backstride has ended</h1>
        <p class="lead">You may close this tab.</p></section>
      <p v-if="lost && !still" class="gone" role="alert">Backstride does not answer. What you do here is not kept: start it again on this computer.</p>
      <div v-if="still" class="lost" role="alert"><div>
        <p>The numbers stand still</p>
        <p class="why">Backstride does not answer. Nothing is judged or told meanwhile; what was recorded so far is kept. Look at the computer when you have come to a stop.</p></div></div>
      <div class="told" :class="{ above: toldAbove }" role="status">
        <p v-if="is.countdown" class="unseen">Stand upright and still for three seconds.</p>
        <p v-else v-for="one in told" :key="one.text" :class="{ unseen: one.placed || noted(one.text) }">{{ one.text }}</p></div>
    </div>`,
};
