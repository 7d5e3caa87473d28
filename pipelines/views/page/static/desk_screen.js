// At the desk: how long one position has been held, and a nudge when it is time for another.
export const DeskScreen = {
  props: { desk: Object },
  emits: ["ask"],
  data() {
    return { notices: window.Notification?.permission ?? "denied" };
  },
  watch: {
    "desk.nudge.number"() {
      // somebody at a desk looks at another window
      if (this.notices === "granted" && document.hidden)
        new Notification("Backstride", { body: this.desk.nudge.text });
    },
  },
  methods: {
    async allow() {
      this.notices = await Notification.requestPermission();
    },
  },
  template: `
    <section class="sheet desk" aria-labelledby="desk-title">
      <h1 id="desk-title" tabindex="-1">At the desk</h1>
      <template v-if="!desk.lines.length">
        <p class="lead">You are told when you have not changed your position for ten minutes, and when you
          turn quickly. Wear the sensor as for a run.</p>
        <p class="held" :data-state="desk.over ? 'changed' : ''"><span>{{ desk.over ? "▲ time for a change" : "same position for" }}</span>
          <strong>{{ desk.held }}</strong> <small>of {{ desk.most }}</small></p>
        <progress :value="desk.share" max="1" aria-label="Time in this position, of ten minutes"></progress>
        <p v-if="desk.nudge.text" class="said">{{ desk.nudge.text }}</p>
      </template>
      <ul v-else><li v-for="line in desk.lines" :key="line">{{ line }}</li></ul>
      <p v-for="note in desk.notes" :key="note" class="fine">{{ note }}</p>
      <div class="row">
        <button v-if="!desk.lines.length && notices === 'default'" type="button" class="act"
                @click="allow">Show notices over other windows</button>
        <button v-if="!desk.lines.length" type="button" class="act strong" @click="$emit('ask', 'end_desk')">End</button>
        <button v-else type="button" class="act strong" @click="$emit('ask', 'back')">Back</button>
      </div>
    </section>`,
};
