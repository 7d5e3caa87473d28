// A runner seen from the right who leans from the hip, under a scale with the usual range.
const HIP = { x: 74, y: 112 };
const REACH = 100;
const SCALE = 24; // degrees that the scale shows to each side, as drawn

function tip(degrees) {
  const angle = (degrees * Math.PI) / 180;
  return `${(HIP.x + REACH * Math.sin(angle)).toFixed(1)} ${(HIP.y - REACH * Math.cos(angle)).toFixed(1)}`;
}

function arc(from, to) {
  return `M${tip(from)}A${REACH} ${REACH} 0 0 1 ${tip(to)}`;
}

export const PostureFigure = {
  props: { posture: Object },
  computed: {
    scale() {
      const usual = this.posture.usual ?? [0, 0];
      const lean = this.posture.lean ?? 0;
      return arc(Math.min(-SCALE, usual[0], lean), Math.max(SCALE, usual[1], lean));
    },
    usual() {
      return this.posture.usual ? arc(...this.posture.usual) : "";
    },
    lean() {
      return { transform: `rotate(${this.posture.lean ?? 0}deg)` };
    },
  },
  template: `
    <figure class="posture" :data-state="posture.changed ? 'changed' : 'calm'">
      <svg viewBox="0 0 160 178" role="img" :aria-label="posture.words">
        <path class="ground" d="M20 174H140"></path>
        <path class="upright" d="M74 112V20"></path>
        <path class="scale" :d="scale"></path>
        <path class="wedge" :d="usual"></path>
        <g class="runner" :class="{ unknown: posture.lean === null }">
          <path class="far" d="M74 112L62 140L36 145"></path>
          <path class="near" d="M74 112L92 137L80 169L91 171"></path>
          <g class="upper" :style="lean">
            <path class="far" d="M74 68L90 86L107 76"></path>
            <path class="trunk" d="M74 110V68"></path>
            <path class="near" d="M74 68L57 87L71 101"></path>
            <circle class="head" cx="77" cy="43" r="13"></circle>
            <path v-if="posture.lean !== null" class="pointer" d="M74 17L68.500 27H79.500Z"></path>
            <rect class="sensor" x="57" y="100" width="11" height="14" rx="3"></rect>
          </g>
        </g>
      </svg>
      <figcaption>
        <strong>{{ posture.words }}</strong>
        <span>at the sacrum: the pelvis, not the chest</span>
        <span class="fine">drawn at twice the angle<template v-if="posture.usual">, with your usual
        range</template></span>
      </figcaption>
    </figure>`,
};
