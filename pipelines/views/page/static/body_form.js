// Height, weight and units of the runner: one line when they are known, a form to change them.
export const BodyForm = {
  props: { body: Object },
  emits: ["ask"],
  data() {
    return { changing: !this.body.given, units: "metric", height: "", weight: "" };
  },
  created() {
    this.units = this.body.units;
    this.fill();
  },
  computed: {
    dirty() {
      const known = this.body.fields[this.units];
      return (
        this.changing &&
        (this.units !== this.body.units || this.height !== known.height || this.weight !== known.weight)
      );
    },
    examples() {
      return this.units === "imperial"
        ? { height: "5 ft 9 in", weight: "154 lb" }
        : { height: "175 cm", weight: "70 kg" };
    },
  },
  watch: {
    "body.saved"() {
      const was = this.$el.contains(document.activeElement);
      this.changing = !this.body.given;
      this.units = this.body.units;
      this.fill();
      if (was && !this.changing) this.$nextTick(() => this.$refs.change?.focus());
    },
    "body.trouble"(trouble) {
      if (!trouble) return;
      this.changing = true;
      this.$nextTick(() => this.$refs[this.body.field]?.focus());
    },
  },
  methods: {
    fill() {
      ({ height: this.height, weight: this.weight } = this.body.fields[this.units]);
    },
    turn(units) {
      // what was typed stays; what was known is shown in the other units
      const before = this.body.fields[this.units];
      const after = this.body.fields[units];
      if (this.height === before.height) this.height = after.height;
      if (this.weight === before.weight) this.weight = after.weight;
      this.units = units;
    },
    change() {
      this.changing = true;
      this.$nextTick(() => this.$refs.height.focus());
    },
    save() {
      const { units, height, weight } = this;
      this.$emit("ask", "body", JSON.stringify({ units, height: height.trim(), weight: weight.trim() }));
    },
    // Before the sensor is chosen: what was typed counts.
    saveIfTyped() {
      if (this.dirty || this.body.trouble) this.save();
    },
    keep() {
      this.units = this.body.units;
      this.fill();
      this.changing = !this.body.given;
      this.$emit("ask", "body", "");
    },
  },
  template: `
    <section class="body-data" aria-labelledby="body-title">
      <h2 id="body-title">About you</h2>
      <p v-if="body.note" class="trouble" role="status"><span aria-hidden="true">▲</span> {{ body.note }}</p>
      <div v-if="!changing" class="known">
        <p role="status">{{ body.saved && !body.note ? "Kept: " : "" }}{{ body.words }}</p>
        <button ref="change" type="button" class="act" aria-label="Change height, weight and units"
                @click="change">Change</button>
      </div>
      <form v-else @submit.prevent="save" novalidate>
        <p id="body-why" class="fine">Height and weight serve the estimate of the load on the lower back,
          nothing else. You may leave them out.</p>
        <div role="radiogroup" class="units" aria-label="Units">
          <label v-for="one in ['metric', 'imperial']" :key="one" class="check">
            <input type="radio" name="units" :value="one" :checked="units === one" @change="turn(one)">
            {{ one === "metric" ? "metric (cm, kg, km)" : "imperial (ft, in, lb, miles)" }}</label>
        </div>
        <div role="alert"><p v-if="body.trouble" id="body-trouble" class="trouble">
          <span aria-hidden="true">▲</span> {{ body.trouble }}</p></div>
        <div class="row fields">
          <div><label for="height">Height, such as {{ examples.height }}</label>
            <input id="height" ref="height" v-model="height" autocomplete="off" maxlength="40"
              :aria-invalid="body.field === 'height'"
              :aria-describedby="body.field === 'height' ? 'body-trouble' : 'body-why'"></div>
          <div><label for="weight">Weight, such as {{ examples.weight }}</label>
            <input id="weight" ref="weight" v-model="weight" autocomplete="off" maxlength="40"
              :aria-invalid="body.field === 'weight'"
              :aria-describedby="body.field === 'weight' ? 'body-trouble' : 'body-why'"></div>
        </div>
        <div class="row">
          <button type="submit" class="act">Save</button>
          <button v-if="body.given || body.trouble" type="button" class="act quiet" @click="keep">
            Leave as it was</button>
        </div>
      </form>
    </section>`,
};
