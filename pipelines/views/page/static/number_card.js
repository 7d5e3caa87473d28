// One large number with its words, its usual range and its last steps.
import { TrendLine } from "backstride-dashboard/trend_line.js";

export const NumberCard = {
  components: { TrendLine },
  props: { card: Object, index: Number },
  template: `
    <section class="card" :data-state="card.state" :aria-labelledby="'card-' + index">
      <h2 :id="'card-' + index">{{ card.name }} <small v-if="card.rest">{{ card.rest }}</small></h2>
      <p class="figure"><span class="number">{{ card.number }}</span
        ><span v-if="card.number !== '–'" class="unit" :class="{ high: card.unit === '°' }">{{ card.unit }}</span></p>
      <p class="words"><span class="sign" aria-hidden="true">{{ card.sign }}</span>
        <span>{{ card.words }}</span></p>
      <div class="gauge" :class="{ empty: card.gauge === null }" aria-hidden="true">
        <span class="range"></span>
        <span v-if="card.gauge !== null" class="mark" :style="{ left: 100 * card.gauge + '%' }"></span>
      </div>
      <p class="usual">{{ card.usual || "no usual range yet" }}</p>
      <trend-line class="steps" :trend="card.trend"></trend-line>
    </section>`,
};
