// All that these plain pages need a script for: a program that has ended, and printing.
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
document.getElementById("print")?.addEventListener("click", () => print());
if (document.querySelector("progress")) setTimeout(() => location.reload(), EVERY_MS / 2);
