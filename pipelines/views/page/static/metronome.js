// A rhythm in this tab: one short tone a beat, at times that are computed, not added up.
const AHEAD_S = 1.5; // a hidden tab is only woken once a second
const LOOK_MS = 200;
const BEAT_HERTZ = 1000;
const BEAT_S = 0.04;
const KEPT = "backstride-beats";

export const LEAST_BEATS = 100;
export const MOST_BEATS = 240;

// What was beaten last in this tab; nothing at first.
export function keptBeats() {
  try {
    return Number(sessionStorage.getItem(KEPT)) || null;
  } catch {
    return null; // a browser that keeps nothing
  }
}

function keepBeats(beats) {
  try {
    sessionStorage.setItem(KEPT, String(beats));
  } catch {
    // it then holds until the tab is closed
  }
}

export class Metronome {
  constructor(voice) {
    this.voice = voice;
    this.timer = null;
  }

  // Beats a minute; gives whether it beats.
  start(beats) {
    this.stop();
    this.voice.allow();
    const context = this.voice.context;
    if (!context) return false; // a browser without sound
    keepBeats(beats);
    this.loudness = context.createGain();
    this.loudness.connect(context.destination);
    this.mute(!this.voice.on.sound);
    this.period = 60 / beats;
    this.first = context.currentTime + 0.1;
    this.next = 0;
    this.timer = setInterval(() => this.fill(), LOOK_MS);
    this.fill();
    return true;
  }

  stop() {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    this.loudness.disconnect(); // with all beats that were planned
  }

  mute(muted) {
    if (this.loudness) this.loudness.gain.value = muted ? 0 : 1;
  }

  fill() {
    const now = this.voice.context.currentTime;
    // beats that are over, as after the laptop slept, are not made up for
    this.next = Math.max(this.next, Math.ceil((now - this.first) / this.period));
    for (; this.first + this.next * this.period < now + AHEAD_S; this.next += 1)
      if (this.voice.on.sound) this.beat(this.first + this.next * this.period);
  }

  beat(at) {
    const context = this.voice.context;
    const tone = context.createOscillator();
    const shape = context.createGain();
    tone.frequency.value = BEAT_HERTZ;
    shape.gain.setValueAtTime(0.4, at);
    shape.gain.exponentialRampToValueAtTime(0.001, at + BEAT_S);
    tone.connect(shape).connect(this.loudness);
    tone.start(at);
    tone.stop(at + BEAT_S);
  }
}
