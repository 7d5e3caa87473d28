// The last screen: the run in a few lines, its recording and its report.
import { TrafficLight } from "backstride-dashboard/traffic_light.js";

const LEAVING_MS = 200;

export const EndedScreen = {
  components: { TrafficLight },
  props: { ended: Object },
  emits: ["ask"],
  methods: {
    // what was asked goes out before the page does
    finish() {
      this.$emit("ask", "finish");
      setTimeout(() => location.assign(this.ended.page), LEAVING_MS);
    },
  },
  mounted() {
    this.$refs.title.focus();
  },
  template: `
    <section class="sheet ended" aria-labelledby="ended-title">
      <h1 id="ended-title" ref="title" tabindex="-1">Run ended</h1>
      <p class="lead">{{ ended.title }}</p>
      <section v-if="ended.pain || ended.asks" class="last-pain" aria-label="Pain">
        <p v-if="ended.pain"><traffic-light :light="ended.pain.light"></traffic-light></p>
        <p v-if="ended.pain" class="said">{{ ended.pain.text }} {{ ended.pain.advice }}</p>
        <p v-if="ended.asks"><a class="act" href="home/journal#warning-signs">Answer the questions about warning signs</a></p>
      </section>
      <p v-for="text in ended.said" :key="text" class="said">{{ text }}</p>
      <p v-for="text in ended.troubles" :key="text" class="trouble"><span aria-hidden="true">▲</span> {{ text }}</p>
      <dl class="summary">
        <div v-for="row in ended.rows" :key="row.label"><dt>{{ row.label }}</dt><dd>{{ row.value }}</dd></div>
      </dl>
      <h2>Changes from your baseline</h2>
      <ol v-if="ended.changes.length" class="changes">
        <li v-for="(one, index) in ended.changes" :key="index"><time>{{ one.time }}</time> {{ one.text }}</li>
      </ol>
      <p v-else>None was told in this run.</p>
      <p v-for="text in ended.notes" :key="text" class="fine">{{ text }}</p>
      <p v-if="ended.recording" class="file">Recorded in <code>{{ ended.recording }}</code><template
        v-if="ended.kept">: {{ ended.kept }}</template></p>
      <p v-else class="file">This run was not recorded.</p>
      <div class="row">
        <button type="button" class="act strong big" @click="finish">Finish</button>
        <a v-if="ended.report" class="act big" href="report" target="_blank" rel="noopener">
          Open the report <span class="unseen">(in a new tab)</span></a>
        <button type="button" class="act quiet" @click="$emit('ask', 'end')">End Backstride</button>
      </div>
      <p class="fine">{{ ended.filed ? "Finish leads to the page of this run, where you can say how your back is and how hard it was."
        : "Finish leads to your runs. This one is not among them" + (ended.simulated ? ": it was simulated." : ".") }} <template
        v-if="ended.may_follow">Next: <a href="home/exercises/cool-down">a guided cool-down</a> or
        <a href="home/exercises/stretch">hamstring stretches with a timer</a>.</template></p>
    </section>`,
};
