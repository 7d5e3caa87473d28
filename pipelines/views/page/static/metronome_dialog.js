// The metronome's button, and the dialog in which it is set.
import { keptBeats, LEAST_BEATS, MOST_BEATS } from "backstride-dashboard/metronome.js";

export const MetronomeDialog = {
  props: { cadence: Object, beating: Number, sound: Boolean },
  emits: ["beat"],
  data() {
    return { beats: null, trouble: "", least: LEAST_BEATS, most: MOST_BEATS };
  },
  methods: {
    open() {
      if (this.$refs.dialog.open) return;
      this.beats = this.beating || keptBeats() || this.cadence.suggested;
      this.trouble = "";
      this.$refs.dialog.showModal();
    },
    change(by) {
      const beats = (Number(this.beats) || this.cadence.suggested || 160) + by;
      this.beats = Math.min(Math.max(Math.round(beats), LEAST_BEATS), MOST_BEATS);
      this.trouble = "";
      if (this.beating) this.$emit("beat", this.beats);
    },
    start() {
      const beats = Number(this.beats);
      if (!Number.isInteger(beats) || beats < LEAST_BEATS || beats > MOST_BEATS) {
        const given = this.beats ? `The metronome cannot beat ${this.beats} times a minute` : "No rate is given";
        this.trouble = `${given}: give a whole number from ${LEAST_BEATS} to ${MOST_BEATS}.`;
        this.$nextTick(() => this.$refs.beats.select());
        return;
      }
      this.$emit("beat", beats);
      this.$refs.dialog.close();
    },
    stop() {
      this.$emit("beat", 0);
      this.$refs.dialog.close();
    },
  },
  template: `
    <button type="button" class="act" :class="{ pressed: beating }" @click="open">
      <span>Metronome<small v-if="beating">{{ beating }}</small></span
      ><kbd aria-hidden="true">B</kbd></button>
    <dialog ref="dialog" aria-labelledby="metronome-title">
      <form @submit.prevent="start" novalidate>
        <h2 id="metronome-title">Metronome</h2>
        <p id="metronome-words">{{ cadence.words }}</p>
        <label for="metronome-beats">Beats a minute, one a step</label>
        <div class="row beats">
          <button type="button" class="act" aria-label="One beat less" @click="change(-1)">−</button>
          <input id="metronome-beats" ref="beats" v-model="beats" type="number" :min="least" :max="most"
                 step="1" autofocus inputmode="numeric" :aria-invalid="Boolean(trouble)"
                 :aria-describedby="trouble ? 'metronome-trouble' : 'metronome-words'">
          <button type="button" class="act" aria-label="One beat more" @click="change(1)">+</button>
        </div>
        <div role="alert"><p v-if="trouble" id="metronome-trouble" class="trouble">
          <span aria-hidden="true">▲</span> {{ trouble }}</p></div>
        <p v-if="!sound" class="fine">Sound is muted in this tab: nothing is heard until you turn it on.</p>
        <div class="row">
          <button type="submit" class="act strong">{{ beating ? "Beat at this rate" : "Start the metronome" }}</button>
          <button v-if="cadence.suggested && Number(beats) !== cadence.suggested" type="button"
                  class="act" @click="beats = cadence.suggested">Take {{ cadence.suggested }}</button>
          <button v-if="beating" type="button" class="act" @click="stop">Stop the metronome</button>
          <button type="button" class="act quiet" @click="$refs.dialog.close()">Cancel</button>
        </div>
      </form>
    </dialog>`,
};
