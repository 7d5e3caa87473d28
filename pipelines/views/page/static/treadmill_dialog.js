// The treadmill's button, and the dialog in which its speed and slope are marked.
const TO_KMH = { "km/h": 1, kph: 1, mph: 1.609344, "mi/h": 1.609344, "m/s": 3.6 };
const PACE_KM = { km: 1, mi: 1.609344, mile: 1.609344 };
const SPEEDS = {
  metric: { unit: "km/h", step: 0.5, start: 8 },
  imperial: { unit: "mph", step: 0.3, start: 5 },
};
const SLOPE_STEP = 0.5;

const number = (words) => Number(words.replace(",", ".").replace("−", "-"));

// A speed in the unit that it is stepped in; null where it cannot be read.
function speedOf(words, own) {
  const pace = /^(\d{1,2}):([0-5]\d)\s*(?:min)?\s*\/\s*(km|mi|mile)$/.exec(words);
  const plain = /^(\d+(?:[.,]\d+)?)\s*([a-z/]*)$/i.exec(words);
  const unit = plain ? plain[2].toLowerCase() || own : "";
  if (plain && (unit === "km/h" || unit === "mph")) return { value: number(plain[1]), unit };
  let kmh = plain ? number(plain[1]) * TO_KMH[unit] : NaN;
  if (pace) kmh = (3600 * PACE_KM[pace[3]]) / (60 * pace[1] + Number(pace[2]));
  return Number.isFinite(kmh) ? { value: Number((kmh / TO_KMH[own]).toFixed(1)), unit: own } : null;
}

// A slope in percent; null where it cannot be read.
function slopeOf(words) {
  const found = /^([+−-]?)\s*(\d+(?:[.,]\d+)?)\s*(?:(%|percent)|(°|deg|degrees?))?$/i.exec(words);
  if (!found) return null;
  const size = number(found[2]) * (found[1] === "-" || found[1] === "−" ? -1 : 1);
  return found[4] ? Number((100 * Math.tan((size * Math.PI) / 180)).toFixed(1)) : size;
}

export const TreadmillDialog = {
  props: { treadmill: Object },
  emits: ["ask"],
  data() {
    return { speed: "", slope: "", sent: "", stepped: "" };
  },
  computed: {
    own() {
      return SPEEDS[this.treadmill.units];
    },
    // others may have a form open, too
    troubles() {
      return this.sent && this.treadmill.answered === this.sent ? this.treadmill.troubles : {};
    },
    fields() {
      const speed = speedOf(this.speed.trim() || "0", this.own.unit);
      const unit = speed?.unit ?? this.own.unit;
      const step = unit === "mph" ? SPEEDS.imperial.step : SPEEDS.metric.step;
      const slope = slopeOf(this.slope.trim() || "0");
      return [
        { name: "speed", label: `Speed, in ${this.own.unit}`, by: `${step} ${unit}`, readable: speed },
        { name: "slope", label: "Slope, in %", by: `${SLOPE_STEP} %`, readable: slope !== null },
      ];
    },
  },
  watch: {
    "treadmill.answered"(answered) {
      if (!this.sent || answered !== this.sent) return;
      const wrong = ["speed", "slope"].find((name) => this.treadmill.troubles[name]);
      if (wrong) this.$nextTick(() => document.getElementById(`treadmill-${wrong}`)?.select());
      else this.$refs.dialog.close();
    },
  },
  methods: {
    open() {
      if (this.$refs.dialog.open) return;
      ({ speed: this.speed, slope: this.slope } = this.treadmill);
      this.sent = this.stepped = "";
      this.$refs.dialog.showModal();
      this.$nextTick(() => document.getElementById("treadmill-speed").select());
    },
    step(name, direction) {
      if (name === "speed") this.stepSpeed(direction);
      else {
        const slope = slopeOf(this.slope.trim() || "0");
        if (slope === null) return;
        this.slope = `${Number((slope + direction * SLOPE_STEP).toFixed(2))} %`;
      }
      this.stepped = this[name];
    },
    stepSpeed(direction) {
      if (!this.speed.trim()) {
        this.speed = `${this.own.start} ${this.own.unit}`;
        return;
      }
      const now = speedOf(this.speed.trim(), this.own.unit);
      if (!now) return;
      const { step } = now.unit === "mph" ? SPEEDS.imperial : SPEEDS.metric;
      const next = Math.max(0, now.value + direction * step);
      this.speed = `${Number(next.toFixed(2))} ${now.unit}`;
    },
    send(answer) {
      this.sent = Math.random().toString(36).slice(2);
      this.$emit("ask", "treadmill", JSON.stringify({ form: this.sent, ...answer }));
    },
    mark() {
      this.send({ speed: this.speed, slope: this.slope });
    },
  },
  template: `
    <button type="button" class="act" @click="open">
      <span>Treadmill<small v-if="treadmill.words" class="long">{{ treadmill.words }}</small></span
      ><kbd aria-hidden="true">T</kbd></button>
    <dialog ref="dialog" aria-labelledby="treadmill-title">
      <form @submit.prevent="mark" novalidate>
        <h2 id="treadmill-title">Treadmill</h2>
        <p id="treadmill-words">What it shows from now on; what speed and slope do to your form
          is not told as a change.</p>
        <div v-for="one in fields" :key="one.name" class="belt">
          <label :for="'treadmill-' + one.name">{{ one.label }}</label>
          <div class="row beats">
            <button type="button" class="act" :aria-label="one.name + ' less by ' + one.by"
              :disabled="!one.readable" @click="step(one.name, -1)">−</button>
            <input :id="'treadmill-' + one.name" v-model="$data[one.name]" autocomplete="off"
              maxlength="40" :autofocus="one.name === 'speed'"
              :aria-invalid="Boolean(troubles[one.name])"
              :aria-describedby="troubles[one.name] ? 'treadmill-' + one.name + '-trouble' : 'treadmill-words'"
              @keydown.up.prevent="step(one.name, 1)" @keydown.down.prevent="step(one.name, -1)">
            <button type="button" class="act" :aria-label="one.name + ' more by ' + one.by"
              :disabled="!one.readable" @click="step(one.name, 1)">+</button>
          </div>
          <div role="alert"><p v-if="troubles[one.name]" class="trouble"
            :id="'treadmill-' + one.name + '-trouble'">
            <span aria-hidden="true">▲</span> {{ troubles[one.name] }}</p></div>
        </div>
        <p class="unseen" role="status">{{ stepped }}</p>
        <div class="row">
          <button type="submit" class="act strong">Mark the treadmill</button>
          <button type="button" class="act" @click="send({ left: true })">Left the treadmill</button>
          <button type="button" class="act quiet" @click="$refs.dialog.close()">Cancel</button>
        </div>
      </form>
    </dialog>`,
};
