// All that these plain pages need a script for: a program that has ended, refusals that leave what
// was typed, printing, and exercises that are guided by time.
const EVERY_MS = 4000;
const gone = document.getElementById("gone");

async function ask() {
  let there = false;
  try {
    there = (await fetch(document.body.dataset.alive, { cache: "no-store" })).ok;
  } catch {
    // nobody answers
  }
  gone.hidden = there;
  for (const button of document.querySelectorAll("form button")) button.disabled = !there;
}
setInterval(ask, EVERY_MS);
addEventListener("focus", ask);

// What a page shows may have been changed elsewhere since: only what was typed here is sent.
function isAsShown(field) {
  if (field.tagName !== "SELECT") return field.value === field.defaultValue;
  const options = [...field.options];
  return options.find((one) => one.defaultSelected) === options[field.selectedIndex] ||
    (field.selectedIndex === 0 && !options.some((one) => one.defaultSelected));
}

// A refusal stands in its form; without a script the page is made anew, and what was typed is gone.
async function send(form, button) {
  document.querySelector("main > [role=status]")?.replaceChildren(); // of what was sent before
  // the button that was pressed says what is to be done
  const fields = new FormData(form, button);
  if ("onlyChanged" in form.dataset)
    for (const field of form.querySelectorAll("input:not([type=hidden]), select, textarea"))
      if (isAsShown(field)) fields.delete(field.name);
  const file = form.enctype === "multipart/form-data";
  const typed = { method: "POST", body: file ? fields : new URLSearchParams(fields) };
  const answer = await fetch(form.action, { ...typed, headers: { accept: "text/plain" } });
  const words = await answer.text();
  if (answer.ok) {
    location.assign(words);
    return new Promise(() => {}); // until the next page is here
  }
  let told = form.querySelector("[role=alert]");
  if (!told) {
    told = document.createElement("p");
    told.className = "note trouble";
    told.role = "alert";
    form.querySelector("button").before(told);
  }
  told.textContent = `▲ ${words}`;
}
addEventListener("pageshow", () => { // also where the way back leads to a page as it was left
  for (const form of document.forms) form.ariaBusy = "false";
});
for (const form of document.querySelectorAll("form[method=post]"))
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true") return; // pressed twice: it is on its way
    form.ariaBusy = "true";
    send(form, event.submitter).catch(ask).finally(() => (form.ariaBusy = "false"));
  });
document.getElementById("print")?.addEventListener("click", () => print());
if (document.querySelector("progress")) setTimeout(() => location.reload(), EVERY_MS / 2);

// ------------------------------------------------------------------------------------ exercises
const guide = document.getElementById("guide");
const voices = () => window.speechSynthesis?.getVoices().length > 0;

function sayAloud(words) {
  if (!document.getElementById("aloud").checked || !voices()) return;
  const said = new SpeechSynthesisUtterance(words);
  said.lang = "en-US";
  speechSynthesis.cancel();
  speechSynthesis.speak(said);
}

function follow(cues) {
  const begun = performance.now();
  const [say, left, begin] = ["say", "left", "begin"].map((id) => document.getElementById(id));
  begin.textContent = "Stop";
  let next = 0;
  const ticking = setInterval(tick, 100);
  let sounds;
  try {
    sounds = new AudioContext();
  } catch {
    // then without a sound
  }
  begin.onclick = () => end("Stopped.");
  tick();

  function end(words) {
    clearInterval(ticking);
    say.textContent = words;
    left.textContent = "\u00a0";
    begin.textContent = "Start again";
    begin.onclick = () => follow(cues);
  }
  function beep() {
    if (!sounds) return;
    const tone = sounds.createOscillator();
    tone.frequency.value = 520;
    tone.connect(sounds.destination);
    tone.start();
    tone.stop(sounds.currentTime + 0.15);
  }
  function tick() {
    const at = (performance.now() - begun) / 1000;
    let said;
    while (next < cues.length && cues[next].at <= at) said = cues[next++];
    if (said) {
      say.textContent = said.say;
      beep();
      sayAloud(said.say);
    }
    if (next === cues.length) end(said.say);
    else left.textContent = `${Math.ceil(cues[next].at - at)} s`;
  }
}

if (guide) {
  const cues = JSON.parse(guide.dataset.cues);
  document.getElementById("begin").onclick = () => follow(cues);
  const shown = () => (document.getElementById("aloud").parentElement.hidden = !voices());
  shown();
  window.speechSynthesis?.addEventListener?.("voiceschanged", shown);
}
