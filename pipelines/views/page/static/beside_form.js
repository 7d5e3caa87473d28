// Where treadmill, foot pod and heart rate strap are sought: all of it may be left out.
export const BesideForm = {
  props: { beside: Object },
  emits: ["ask"],
  data() {
    return { typed: {} };
  },
  created() {
    this.sent = {};
    this.fill();
  },
  watch: {
    "beside.saved"() {
      this.fill();
    },
  },
  methods: {
    fill() {
      for (const one of this.beside.devices) {
        // what has been typed on since then stays
        if (this.typed[one.stream] === this.sent[one.stream]) this.typed[one.stream] = one.address;
      }
    },
    save() {
      this.sent = { ...this.typed };
      this.$emit("ask", "beside", JSON.stringify(this.typed));
    },
  },
  template: `
    <details class="beside" :open="beside.any || beside.devices.some((one) => one.trouble)">
      <summary>Treadmill, foot pod, heart rate strap</summary>
      <div class="row fields">
        <div v-for="one in beside.devices" :key="one.stream">
          <label :for="'beside-' + one.stream">{{ one.name }}</label>
          <input :id="'beside-' + one.stream" v-model="typed[one.stream]" maxlength="200" autocomplete="off"
            autocapitalize="off" spellcheck="false" placeholder="ble:?name=…" :aria-invalid="Boolean(one.trouble)"
            aria-describedby="beside-why" @change="save">
          <div role="alert"><p v-if="one.trouble" class="trouble"><span aria-hidden="true">▲</span> {{ one.trouble }}</p></div>
        </div>
      </div>
      <p id="beside-why" class="fine">“ble:” takes the first one heard, “ble:?name=Belt” one whose name
        begins so, “ble:AA:BB:CC:DD:EE:FF” one address. What they say goes before what you state.</p>
    </details>`,
};
