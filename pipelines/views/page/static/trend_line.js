// A trend as a line, with the usual range behind it.
export const TrendLine = {
  props: { trend: Object },
  template: `
    <svg class="trend" viewBox="0 0 300 60" preserveAspectRatio="none" role="img"
         :aria-label="trend.label">
      <rect v-if="trend.band" class="band" x="0" width="300" :y="trend.band[0]"
            :height="trend.band[1]"></rect>
      <path class="line" :d="trend.path"></path>
    </svg>`,
};
