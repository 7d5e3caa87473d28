// Sound and speech of a tab; what is muted stays muted in this tab.
const KEPT = { sound: "backstride-sound", speech: "backstride-speech" };

function kept(what) {
  try {
    return sessionStorage.getItem(KEPT[what]) !== "off";
  } catch {
    return true; // a browser that keeps nothing
  }
}

function keep(what, on) {
  try {
    sessionStorage.setItem(KEPT[what], on ? "on" : "off");
  } catch {
    // it then holds until the tab is closed
  }
}

export class Voice {
  constructor() {
    this.on = { sound: kept("sound"), speech: kept("speech") };
    this.context = null;
  }

  // Browsers stay silent until the page was used once.
  allow() {
    if (!this.context && window.AudioContext) this.context = new AudioContext();
    if (this.context && this.context.state === "suspended") this.context.resume();
  }

  toggle(what) {
    this.on[what] = !this.on[what];
    keep(what, this.on[what]);
    if (what === "speech" && !this.on.speech && window.speechSynthesis) speechSynthesis.cancel();
    return this.on[what];
  }

  tell(text) {
    this.beep([660, 880]);
    // a change goes before whatever is being said
    if (this.on.speech && window.speechSynthesis) speechSynthesis.cancel();
    this.speak(text);
  }

  beep(tones) {
    if (!this.on.sound || !this.context) return;
    tones.forEach((hertz, index) => {
      const start = this.context.currentTime + 0.2 * index;
      const tone = this.context.createOscillator();
      const loudness = this.context.createGain();
      tone.frequency.value = hertz;
      loudness.gain.setValueAtTime(0, start);
      loudness.gain.linearRampToValueAtTime(0.25, start + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.18);
      tone.connect(loudness).connect(this.context.destination);
      tone.start(start);
      tone.stop(start + 0.2);
    });
  }

  speak(text) {
    if (!this.on.speech || !window.speechSynthesis || !text) return;
    const words = new SpeechSynthesisUtterance(text);
    words.lang = "en";
    speechSynthesis.speak(words);
  }
}
