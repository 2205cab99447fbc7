// Epsilon over the returns of a perfect team: exactly, on average over all dice, and for the dice of one episode.
const world = gridWorld(data.size), act = team(data.team, data.size), { epsilons, returns } = data;
const LIMIT = 100, WIDE = 380, HIGH = 230, LEFT = 44, TOP = 20;
const least = Math.min(...returns), most = Math.max(...returns);
const across = (e) => LEFT + e * (WIDE - LEFT - 12);
const up = (r) => TOP + (most + 4 - r) / (most - least + 8) * (HIGH - 64);
let epsilon = data.epsilon, roll = 1, film;

// The coins and random actions of roll number `roll`: the same every time (mulberry32, a small generator).
function throwDice(seed) {
  let a = seed * 7919;
  const next = () => {
    a = (a + 1831565813) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return Array.from({ length: LIMIT }, () => [0, 1].map(() => ({ coin: next(), action: Math.floor(4 * next()) })));
}

const chart = make("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
chart.append(make("line", { x1: LEFT, x2: across(1), y1: up(least - 4), y2: up(least - 4), stroke: "#333" }),
             make("line", { x1: LEFT, x2: LEFT, y1: TOP, y2: up(least - 4), stroke: "#333" }));
for (const e of [0, 0.25, 0.5, 0.75, 1]) chart.append(make("text", { x: across(e), y: HIGH - 22 }, String(e)));
chart.append(make("text", { x: across(0.5), y: HIGH - 6 }, "ε, how often a coin says random"),
             make("text", { x: LEFT, y: 8 }, "return"));
for (let r = Math.ceil(least / 20) * 20; r <= most; r += 20) chart.append(
  make("text", { x: 22, y: up(r) }, number(r, 0)),
  make("line", { x1: LEFT - 4, x2: LEFT, y1: up(r), y2: up(r), stroke: "#333" }));
const line = (points, stroke, dash) => make("polyline", { points: points.map((p) => p.join()).join(" "), fill: "none",
                                                          stroke, "stroke-width": 2.5, "stroke-dasharray": dash });
const dot = make("circle", { r: 6, fill: COLOURS[0], stroke: "#fff" });
const cross = make("path", { d: "M-6 -6L6 6M-6 6L6 -6", stroke: "#000", "stroke-width": 2.5 });
const earlier = make("g", { opacity: 0.3 });                                    // the rolls before, at the same epsilon
chart.append(line([[across(0), up(returns[0])], [across(1), up(returns[0])]], COLOURS[1], "6 4"),
             line(epsilons.map((e, k) => [across(e), up(returns[k])]), COLOURS[0], null), earlier, dot, cross,
             make("text", { x: across(0.2), y: up(returns[0]) - 10 }, `greedy ${number(returns[0])}`),
             make("text", { x: across(0.42), y: up(returns[8]) + 24 }, "exploring, exact"));

const view = board(world.size, world.goals), said = told(), step = make("p");
const show = (t) => {
  view.place(film.positions[t], film.actions[t]);
  const coins = (film.actions[t] ?? []).map((action, i) => {
    const { coin } = film.dice[t][i], random = coin < epsilon;
    return world.home(film.positions[t])[i] ? `agent ${i + 1} rests` : `agent ${i + 1}'s coin ${number(coin)} ` +
      `${random ? "<" : "≥"} ε: ${random ? "random" : "its best"}, ${WORDS[action]}`;
  });
  step.textContent = `${caption(film, t)} ${coins.length ? `Next: ${coins.join("; ")}.` : ""}`;
};
const controls = player(1, show, { seconds: 0.4 });
const knob = slider("ε", [0, 1, epsilons[1] - epsilons[0]], epsilon, (e) => {
  epsilon = e;
  earlier.replaceChildren();
  draw();
});
const again = () => { earlier.append(cross.cloneNode()); roll += 1; draw(); };

knob.row.classList.add("short");

function draw() {
  const dice = throwDice(roll), k = Math.round(epsilon * (epsilons.length - 1));
  film = episode(world, act, world.start, LIMIT, (t, i) => dice[t][i].coin < epsilon ? dice[t][i].action : null);
  film.dice = dice;
  const total = film.rewards.reduce((sum, reward) => sum + reward, 0);
  const inside = Math.min(Math.max(total, least - 4), most + 4);
  change(dot, { cx: across(epsilon), cy: up(returns[k]) });
  change(cross, { transform: `translate(${across(epsilon)} ${up(inside)})` });
  change(chart, { "aria-label": `Greedy return ${number(returns[0])}; with dice at epsilon ${number(epsilon)} on ` +
                                `average ${number(returns[k])}` });
  knob.say(number(epsilon));
  said.textContent = `The team: greedy ${number(returns[0])}. With ε = ${number(epsilon)}: ${number(returns[k])} on ` +
    `average; with the dice of roll ${roll}: ${number(total)} in ${film.rewards.length} steps.`;
  controls.reset(film.rewards.length + 1);
}

card.append(make("h4", {}, "A perfect team, and what the dice make of it"), knob.row,
  make("div", { class: "row" }, button("Roll new dice", again)), said,
  make("div", { class: "side" }, make("div", {}, chart, make("p", { class: "small" },
      "The dot is the average over all dice, the cross is this one roll, the pale ones those before it (at the edge " +
      "if off the scale).")),
    make("div", {}, view.svg, controls.row, step)));
draw();
host.touch = { throwDice, play: (e, k) => { epsilon = e; roll = k; draw(); return film; } };
