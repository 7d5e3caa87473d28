// Pain as a traffic light: colour, shape, sign and word say the same, so that none is needed alone.
export const TrafficLight = {
  props: { light: Object },
  template: `
    <span class="traffic-light" :data-light="light.light">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <circle v-if="light.light === 'go'" cx="24" cy="24" r="20"></circle>
        <path v-else-if="light.light === 'change'" d="M24 4 46 43H2Z"></path>
        <path v-else d="M16 3h16l13 13v16L32 45H16L3 32V16Z"></path>
        <path v-if="light.light === 'go'" class="mark" d="m14 25 7 7 13-15"></path>
        <path v-else-if="light.light === 'change'" class="mark" d="M24 17v13m0 6v.5"></path>
        <path v-else class="mark" d="m16 16 16 16m0-16L16 32"></path>
      </svg>
      <strong>{{ light.word }}</strong> <span class="of">{{ light.words }}</span>
    </span>`,
};
