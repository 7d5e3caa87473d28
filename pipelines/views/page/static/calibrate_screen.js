// A calibration: what to do now, what was seen, what came out.
export const CalibrateScreen = {
  props: { calibration: Object, sound: Boolean, speech: Boolean },
  emits: ["ask", "toggle"],
  mounted() {
    this.$refs.title.focus();
  },
  watch: {
    // a button that is gone takes the focus with it
    "calibration.stage"() {
      this.$nextTick(() => {
        if (document.activeElement === document.body) this.$refs.title.focus();
      });
    },
  },
  computed: {
    ended() {
      return this.calibration.stage === "done" || this.calibration.stage === "failed";
    },
    seen() {
      return this.calibration.faces.filter((face) => face.seen).length;
    },
  },
  template: `
    <section class="sheet calibrate" :data-stage="calibration.stage" aria-labelledby="calibrate-title">
      <p class="step">Calibration</p>
      <h1 id="calibrate-title" ref="title" tabindex="-1">{{ calibration.title }}</h1>
      <p v-if="calibration.trouble" class="trouble"><span aria-hidden="true">▲</span> {{ calibration.trouble }}</p>
      <p v-if="calibration.text" class="lead">{{ calibration.text }}</p>
      <p v-if="calibration.result" class="lead result">{{ calibration.result }}</p>
      <template v-if="calibration.faces.length">
        <h2>Sides: {{ seen }} of {{ calibration.faces.length }} seen</h2>
        <ul class="faces">
          <li v-for="face in calibration.faces" :key="face.axis" :class="{ seen: face.seen }">
            <span aria-hidden="true">{{ face.seen ? "✓" : "·" }}</span>
            {{ face.axis.replace("-", "−") }} up<span class="unseen">: {{ face.seen ? "seen" : "missing" }}</span></li>
        </ul>
      </template>
      <div v-if="calibration.still !== null" class="stillness">
        <progress :value="calibration.still" max="1" aria-label="How long it has been still"></progress>
        <p>{{ calibration.still_words }}</p>
      </div>
      <p v-if="calibration.hint" class="hint"><span aria-hidden="true">▲</span> {{ calibration.hint }}</p>
      <p v-if="calibration.left" class="fine">{{ calibration.left }}</p>
      <ul v-if="calibration.details.length" class="details" aria-label="What was found">
        <li v-for="line in calibration.details" :key="line">{{ line }}</li>
      </ul>
      <div v-if="ended" class="row">
        <button v-if="calibration.stage === 'done'" type="button" class="act strong big"
                @click="$emit('ask', 'run')">Start the run</button>
        <button v-if="calibration.stand_again" type="button" class="act big"
                @click="$emit('ask', 'stand')">Take the standing again</button>
        <button type="button" class="act big" @click="$emit('ask', 'again')">Calibrate again</button>
        <button type="button" class="act big" @click="$emit('ask', 'back')">Choose another sensor</button>
      </div>
      <div v-else class="row">
        <button type="button" class="act" @click="$emit('ask', 'cancel')">Stop, and store nothing</button>
        <button type="button" class="act quiet" :aria-pressed="sound" @click="$emit('toggle', 'sound')">
          Sound {{ sound ? "on" : "muted" }}</button>
        <button type="button" class="act quiet" :aria-pressed="speech" @click="$emit('toggle', 'speech')">
          Speech {{ speech ? "on" : "muted" }}</button>
      </div>
    </section>`,
};
