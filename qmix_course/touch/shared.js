// What all pieces share. A piece draws into `card`, which at the end takes the place of the words that stood there.
const SVG = "http://www.w3.org/2000/svg";
const DRAWN = /^(svg|g|rect|circle|path|polygon|polyline|line|text)$/;
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#BF7F00", "#3A93C9", "#000000"];  // as in the figures
const VALUES = ["#ffffe5", "#d9f0c4", "#9fd9c3", "#5bb5cc", "#2f86c0", "#234f9c"];              // low to high
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

// An element of HTML or SVG. An attribute "onclick" with a function listens; false and null leave an attribute out.
function make(tag, attributes = {}, ...children) {
  const element = DRAWN.test(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  change(element, attributes);
  element.append(...children);
  return element;
}

function change(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === false || value === null) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
}

// A number as text: a true minus sign, no minus zero, and a power of ten where it would get long.
function number(value, digits = 2) {
  const text = Math.abs(value) < 1e5 ? value.toFixed(digits) : value.toExponential(2).replace("e+", "e");
  return (/[1-9]/.test(text) ? text : text.replace("-", "")).replace("-", "\u2212");
}

// The colour of a value from 0 (low) to 1 (high), and black or white to write on it.
function shade(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VALUES.length - 1), k = Math.min(Math.floor(at), VALUES.length - 2);
  const parts = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const [low, high] = [parts(VALUES[k]), parts(VALUES[k + 1])];
  return `rgb(${low.map((c, i) => Math.round(c + (at - k) * (high[i] - c))).join()})`;
}
const ink = (share) => share > 0.62 ? "#ffffff" : "#1a1a1a";

function button(words, click, name = words) {
  return make("button", { type: "button", "aria-label": name, onclick: click }, words);
}

// A labelled slider. `changed(value)` is called while it moves; `say(text)` writes what stands beside it.
function slider(label, [least, most, step], value, changed) {
  const input = make("input", { type: "range", min: least, max: most, step, value, "aria-label": label,
                                oninput: () => changed(Number(input.value)) });
  const output = make("output"), share = -least / (most - least), track = make("span", {}, input);
  if (share > 0 && share < 1) change(track, {           // a mark at 0: the middle of the thumb, which is 16 px wide
    class: "zero", style: `background-position: calc(${100 * share}% + ${7 - 14 * share}px)` });
  const say = (text) => { output.textContent = text; input.setAttribute("aria-valuetext", text); };
  return { row: make("label", { class: "slider" }, make("span", {}, label), track, output), input, say };
}

function choice(label, options, changed) {
  const select = make("select", { "aria-label": label, onchange: () => changed(select.selectedIndex) });
  options.forEach((option) => select.append(make("option", {}, option)));
  return make("label", { class: "row" }, `${label} `, select);
}

function tick(label, checked, changed) {
  const box = make("input", { type: "checkbox", checked, onchange: () => changed(box.checked) });
  return make("label", { class: "row" }, box, label);
}

// Words that a screen reader tells when they change.
const told = () => make("p", { role: "status", "aria-live": "polite" });

// The title's row, with a way back for all that can be moved. A film has its own.
function titled(card, begin) {
  const moved = card.querySelector(".slider:not(.place), input[type=number], select");
  const again = () => { begin(); host.shadowRoot.querySelector(".head button").focus(); };
  card.prepend(make("div", { class: "head" }, card.querySelector("h4"),
                    ...moved ? [button("Reset", again, "Reset: all as at the start")] : []));
}

// A table of numbers. `marks(row, column)` gives a cell's class, `fill(row, column)` its shade from 0 to 1, or null.
function numbers(caption, rows, { digits = 2, marks = () => "", fill = () => null, names = null } = {}) {
  const head = rows[0].map((_, j) => make("th", { scope: "col" }, names ? names[j] : String(j)));
  const body = rows.map((row, i) => make("tr", {}, make("th", { scope: "row" }, names ? names[i] : String(i)),
    ...row.map((value, j) => {
      const share = fill(i, j), style = share === null ? null : `background:${shade(share)};color:${ink(share)}`;
      return make("td", { class: marks(i, j) || null, style, "data-value": value }, number(value, digits));
    })));
  return make("table", {}, make("caption", {}, caption), make("tr", {}, make("td"), ...head), ...body);
}

// Buttons and a slider over `count` frames; `show(frame)` draws one. With `opening` it plays once by itself when it
// comes into sight, but never where less motion is asked for.
function player(count, show, { seconds = 0.5, opening = false } = {}) {
  let at = 0, timer = null;
  const go = (frame) => {
    at = Math.min(Math.max(frame, 0), count - 1);
    place.input.value = at;
    place.say(`${at} of ${count - 1}`);
    show(at);
  };
  const label = (word) => { play.textContent = word; change(play, { "aria-label": word }); };
  const stop = () => { clearInterval(timer); timer = null; label("Play"); };
  const start = () => {
    if (at === count - 1) go(0);
    timer = setInterval(() => { go(at + 1); if (at === count - 1 || !row.isConnected) stop(); }, 1000 * seconds);
    label("Pause");
  };
  const by = (steps) => { stop(); go(at + steps); };
  const play = button("Play", () => timer === null ? start() : stop());
  const place = slider("Step", [0, count - 1, 1], 0, (frame) => { stop(); go(frame); });
  place.row.classList.add("short", "place");
  const row = make("div", {}, make("div", { class: "row" }, play, button("◀", () => by(-1), "One step back"),
    button("▶", () => by(1), "One step on"), button("To the start", () => by(-count))), place.row);
  if (opening && !CALM && window.IntersectionObserver) {
    const watch = new IntersectionObserver((seen) => {
      if (seen.some((each) => each.isIntersecting)) { watch.disconnect(); start(); }
    });
    watch.observe(row);
  }
  return { row, go, stop, get at() { return at; }, get playing() { return timer !== null; },
           reset(frames) { stop(); count = frames; place.input.max = frames - 1; go(0); } };
}
