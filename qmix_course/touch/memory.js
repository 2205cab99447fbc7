// One unit of a GRU in the cue task: what it holds, step by step, for gates that the learner sets.
const LONGEST = 20, WIDE = 400, HIGH = 190, MIDDLE = 90;
const set = { cue: 1, corridor: 8, ...data };
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

// The steps: x = (is the cue shown, the cue as +1 or -1), then the gate z, the proposal n and the memory h.
function run() {
  const steps = [];
  for (let t = 0, h = 0; t < set.corridor + 2; t++) {
    const shown = t === 0 ? 1 : 0, z = sigmoid(set.keep + set.listen * shown);
    const n = Math.tanh(set.write * shown * set.cue);
    const next = (1 - z) * n + z * h;
    steps.push({ t, z, n, before: h, h: next });
    h = next;
  }
  return steps;
}

const chart = make("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" }), said = told(), formula = make("p");
let steps = run();
const show = (t) => {
  const width = (WIDE - 40) / (LONGEST + 2), up = (h) => MIDDLE - 75 * h;
  chart.replaceChildren(...[1, 0, -1].flatMap((h) => [make("text", { x: 16, y: up(h) }, number(h, 0)),
    make("line", { x1: 34, x2: WIDE, y1: up(h), y2: up(h), stroke: h === 0 ? "#333" : "#bbb" })]));
  steps.forEach(({ h }, k) => {
    const bar = { x: 36 + k * width, width: width - 3, y: Math.min(up(h), MIDDLE), height: Math.abs(up(h) - MIDDLE) };
    chart.append(make("rect", { ...bar, fill: k < t ? COLOURS[h < 0 ? 1 : 0] : "#fff", stroke: "#767676" }),
                 make("text", { x: bar.x + bar.width / 2, y: HIGH - 12, style: "font-size:10px" }, k + 1));
  });
  const now = steps[t - 1], last = steps.at(-1);
  formula.textContent = t === 0 ? "Before the first step the memory is 0." : `Step ${t}: h = (1 − z) n + z h = ` +
    `${number(1 - now.z, 3)} · ${number(now.n, 3)} + ${number(now.z, 3)} · ${number(now.before, 3)} = ` +
    `${number(now.h, 3)}` +
    (t === 1 ? " (the cue is shown)" : t === steps.length ? " (now the choice)" : " (nothing is shown)");
  said.textContent = `At the choice the memory holds ${number(last.h, 3)}: ${Math.abs(last.h) < 0.05
    ? "the cue is as good as lost." : `${last.h > 0 ? "cue 0" : "cue 1"} can be read off its sign.`}`;
  said.className = Math.abs(last.h) < 0.05 ? "down" : "up";
  change(chart, { "aria-label": `The memory after each of ${steps.length} steps; ${said.textContent}` });
};
const controls = player(steps.length + 1, show, { seconds: 0.4 });
const draw = () => {
  steps = run();
  knobs.forEach(({ name, digits, say }) => say(number(set[name], digits)));
  controls.reset(steps.length + 1);
  controls.go(steps.length);
};
const knobs = [["keep", "gate's bias (keep)", [-2, 6, 0.25], 2], ["listen", "gate, cue shown", [-10, 2, 0.25], 2],
               ["write", "proposal, cue", [0, 3, 0.25], 2], ["corridor", "corridor's steps", [0, LONGEST, 1], 0]]
  .map(([name, label, range, digits]) => ({ name, digits,
    ...slider(label, range, set[name], (value) => { set[name] = value; draw(); }) }));
card.append(make("h4", {}, "One number of memory"),
  make("div", { class: "side" }, make("div", {}, chart, controls.row, formula),
    make("div", {}, ...knobs.map((each) => each.row),
      choice("Cue", ["0 (+1)", "1 (−1)"], (k) => { set.cue = k === 0 ? 1 : -1; draw(); }))), said);
draw();
host.touch = { run: (values) => { Object.assign(set, values); draw(); return steps; } };
