// The basics of accessibility, checked where axe is not at hand. Gives sentences of what is wrong.
const wrong = [];
const visible = (one) => one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
const brief = (one) => one.outerHTML.slice(0, 120);

function name(one) {
  const by = one.getAttribute("aria-labelledby");
  if (by) return by.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const label = one.labels?.[0]?.innerText;
  return one.getAttribute("aria-label") ?? label ?? one.innerText ?? "";
}
for (const one of document.querySelectorAll(
  "button, a[href], input, select, textarea, dialog[open], section, [role=img], summary",
))
  if (visible(one) && !name(one).trim()) wrong.push("has no name: " + brief(one));
for (const one of document.querySelectorAll("button[aria-label], a[aria-label]")) {
  // who speaks what is written presses it
  const written = one.innerText.trim().toLowerCase();
  if (visible(one) && /\w/.test(written) && !name(one).toLowerCase().includes(written))
    wrong.push("is not named as it is written: " + brief(one));
}
for (const one of document.querySelectorAll("[tabindex]"))
  if (one.tabIndex > 0) wrong.push("breaks the order of focus: " + brief(one));
for (const one of document.querySelectorAll("svg"))
  if (visible(one) && !one.closest("[role=img], [aria-hidden=true]"))
    wrong.push("a drawing without a role: " + brief(one));

if (!document.documentElement.lang) wrong.push("the page has no language");
if (!document.title) wrong.push("the page has no title");
if (document.querySelectorAll("main, [role=main]").length !== 1) wrong.push("not one main landmark");
if ([...document.querySelectorAll("h1")].filter(visible).length !== 1) wrong.push("not one h1");
const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) wrong.push("twice: " + id);

// contrast, from the computed colours
function parts(colour) {
  const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
  return { rgb: [red, green, blue], alpha };
}
function luminance(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
const over = (front, alpha, back) => front.map((value, at) => alpha * value + (1 - alpha) * back[at]);
function ground(one) {
  const layers = [];
  for (let at = one; at; at = at.parentElement) {
    const colour = parts(getComputedStyle(at).backgroundColor);
    layers.push(colour);
    if (colour.alpha === 1) break;
  }
  return layers.reverse().reduce((back, { rgb, alpha }) => over(rgb, alpha, back), [255, 255, 255]);
}
let leastContrast = Infinity;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const modal = document.querySelector("dialog[open]");
while (walker.nextNode()) {
  const one = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !visible(one) || one.closest(".unseen, script, style, svg"))
    continue;
  if (modal && !modal.contains(one)) continue;
  const disabled = one.closest(":disabled");
  if (disabled) continue;
  let opacity = 1;
  for (let at = one; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
  const back = ground(one);
  const front = parts(getComputedStyle(one).color);
  const both = [luminance(over(front.rgb, front.alpha * opacity, back)), luminance(back)];
  const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  leastContrast = Math.min(leastContrast, contrast);
  if (contrast < 4.5)
    wrong.push(`contrast ${contrast.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)}`);
}
return { wrong, leastContrast };
