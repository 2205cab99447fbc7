// A small mixer: the state writes its weights, the learner drags both, and Q_tot is drawn over (Q_1, Q_2).
const { params, units } = data;             // each hypernetwork one linear layer: output = slope * state + offset
const REACH = 3, CELLS = 24, SIZE = 260;
let state = 0, point = [1, 1], abs = true;
const line = (layer, k) => params[layer].slope[k] * state + params[layer].offset[k];
const weight = (layer, k) => abs ? Math.abs(line(layer, k)) : line(layer, k);    // this line is the monotonicity
const elu = (x) => x > 0 ? x : Math.expm1(x);

// Q_tot at (Q_1, Q_2), and both slopes there: the sum over the paths of weight * ELU' * weight.
function mix(q) {
  let total = params.v.offset;
  params.v.units.forEach((u) => { total += u.out * Math.max(0, u.slope * state + u.offset); });
  const slopes = [0, 0];
  for (let k = 0; k < units; k++) {
    const x = q[0] * weight("w1", k) + q[1] * weight("w1", units + k) + line("b1", k);
    total += weight("w2", k) * elu(x);
    [0, 1].forEach((i) => { slopes[i] += weight("w1", i * units + k) * (x > 0 ? 1 : Math.exp(x)) * weight("w2", k); });
  }
  return { total, slopes };
}

const map = make("svg", { viewBox: `0 0 ${SIZE + 50} ${SIZE + 44}`, role: "img" });
const across = (q) => 34 + (q + REACH) / (2 * REACH) * SIZE, up = (q) => 8 + (REACH - q) / (2 * REACH) * SIZE;
const middle = (k) => -REACH + (k + 0.5) * 2 * REACH / CELLS, side = SIZE / CELLS;
const tiles = [];
for (let row = 0; row < CELLS; row++) for (let column = 0; column < CELLS; column++) {
  const rect = make("rect", { x: 34 + column * side, y: 8 + row * side, width: side + 0.4, height: side + 0.4 });
  tiles.push([rect, [middle(column), middle(CELLS - 1 - row)]]);
  map.append(rect);
}
for (const q of [-REACH, 0, REACH]) map.append(make("text", { x: across(q), y: SIZE + 18 }, number(q, 0)),
                                               make("text", { x: 20, y: up(q) }, number(q, 0)));
map.append(make("text", { x: across(0), y: SIZE + 35 }, "Q₁ →"), make("text", { x: 12, y: up(1.5) }, "Q₂"),
           make("text", { x: 12, y: up(1.1) }, "↑"));
for (const way of [`M${across(0)} ${up(-REACH)}V${up(REACH)}`, `M${across(-REACH)} ${up(0)}H${across(REACH)}`])
  map.append(make("path", { d: way, stroke: "#000", "stroke-opacity": 0.55, "stroke-dasharray": "2 3" }));
const falls = make("path", { stroke: "#8a3600", "stroke-width": 2 });
const dot = make("circle", { r: 6, fill: "#fff", stroke: "#000", "stroke-width": 2.5 });
map.append(falls, dot);
map.addEventListener("pointerdown", (event) => { drag(event); map.setPointerCapture(event.pointerId); });
map.addEventListener("pointermove", (event) => { if (event.buttons) drag(event); });
map.style.touchAction = "pan-y";             // a finger that moves up or down scrolls the page
function drag(event) {
  const box = map.getBoundingClientRect(), scale = (SIZE + 50) / box.width;
  const inside = (q) => Math.min(Math.max(Math.round(20 * q) / 20, -REACH), REACH);
  point = [inside(((event.clientX - box.left) * scale - 34) / SIZE * 2 * REACH - REACH),
           inside(REACH - ((event.clientY - box.top) * scale - 8) / SIZE * 2 * REACH)];
  draw();
}

const qs = [0, 1].map((i) =>
  slider(`Q${"₁₂"[i]}, agent ${i + 1}`, [-REACH, REACH, 0.05], 1, (q) => { point[i] = q; draw(); }));
const stateSlider = slider("state s", [-1, 1, 0.05], 0, (s) => { state = s; draw(); });
const weights = [];
for (const [layer, count, name] of [
  ["w1", 2 * units, (k) => `W₁ agent ${1 + Math.floor(k / units)}, unit ${1 + k % units}`],
  ["w2", units, (k) => `w₂ unit ${1 + k}`]])
  for (let k = 0; k < count; k++) weights.push({ layer, k, ...slider(name(k), [-2, 2, 0.05], 0, (value) => {
    params[layer].offset[k] = value - params[layer].slope[k] * state;      // the hypernetwork's bias gives way
    draw();
  }) });
const total = make("output"), slopes = [make("output"), make("output")], verdict = told();

function draw() {
  const here = mix(point), all = tiles.map(([, q]) => mix(q)), heights = all.map((each) => each.total);
  const low = Math.min(...heights), span = Math.max(...heights) - low || 1;
  tiles.forEach(([rect], k) => rect.setAttribute("fill", shade((heights[k] - low) / span)));
  change(falls, { d: tiles.filter((_, k) => Math.min(...all[k].slopes) < 0).map(([, q]) =>
    `M${across(q[0]) - 3} ${up(q[1]) - 3}l6 6`).join("") });
  change(dot, { cx: across(point[0]), cy: up(point[1]) });
  change(map, { "aria-label": `Q_tot over Q1 and Q2, from ${number(low)} to ${number(low + span)}; the point is at ` +
                              `${number(point[0])}, ${number(point[1])}` });
  [0, 1].forEach((i) => { qs[i].input.value = point[i]; qs[i].say(number(point[i])); });
  stateSlider.say(number(state));
  weights.forEach(({ layer, k, input, say }) => {
    input.value = line(layer, k);
    say(abs && line(layer, k) < 0 ? `|${number(line(layer, k))}|` : number(line(layer, k)));
  });
  total.textContent = number(here.total, 3);
  total.dataset.value = here.total;
  here.slopes.forEach((slope, i) => {
    slopes[i].dataset.value = slope;
    const shown = slope && Math.abs(slope) < 5e-4 ? slope.toExponential(0).replaceAll("-", "−") : number(slope, 3);
    slopes[i].textContent = `${shown}: Q_tot ${slope < 0 ? "FALLS ▼" : slope > 0 ? "rises ▲" : "stays"} ` +
                            `as Q${"₁₂"[i]} rises`;
    slopes[i].className = slope < 0 ? "down" : "up";
  });
  const worse = [0, 1].map((i) => all.filter((each) => each.slopes[i] < 0).length);
  verdict.textContent = worse[0] + worse[1] === 0 ? "Monotone: nowhere on this square does a slope fall below zero."
    : "Not monotone: Q_tot falls as " + [0, 1].filter((i) => worse[i]).map((i) =>
      `Q${"₁₂"[i]} rises in ${Math.round(100 * worse[i] / all.length)}%`).join(", and as ") + " of this square.";
  verdict.className = worse[0] + worse[1] === 0 ? "up" : "down";
}

card.append(
  make("h4", {}, "A mixer of two agents: drag its weights, its state, the point"),
  make("div", { class: "side" },
    make("div", {}, map, make("p", { class: "small" },
      "Light is low, dark is high; a stroke marks where a slope is below zero. The ring is the point. " +
      "Dotted lines and the marks on the sliders are at 0.")),
    make("div", {}, verdict, make("p", {}, "Q_tot = ", total),
      ...slopes.map((slope, i) => make("p", {}, `∂Q_tot/∂Q${"₁₂"[i]} = `, slope)),
      ...[...qs, stateSlider, ...weights].map((each) => each.row),
      tick("absolute value on the weights", true, (checked) => { abs = checked; draw(); }))));
draw();
