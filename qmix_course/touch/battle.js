// A battle to watch: circles are the team, diamonds the enemies; bars are health, lines the shots of the coming step.
const [left, bottom, right, top] = data.part, S = 22;
const at = ([x, y]) => [(x - left) * S, (top - y) * S];
const svg = make("svg", { viewBox: `0 0 ${(right - left) * S} ${(top - bottom) * S}`, role: "img" });
svg.append(make("rect", { x: 0.5, y: 0.5, width: (right - left) * S - 1, height: (top - bottom) * S - 1, fill: "#fff",
                          stroke: "#333" }));
const ours = (unit) => unit < data.n, colour = (unit) => COLOURS[ours(unit) ? 0 : 1];
const name = (unit) => `${ours(unit) ? unit + 1 : unit - data.n + 1}${data.letters[unit].trim()}`;
const fallen = make("g"), lines = make("g");
svg.append(fallen, lines);
const units = data.full.map((_, unit) => {
  const shape = ours(unit) ? make("circle", { r: 10, fill: colour(unit) })
    : make("polygon", { points: "0,-13 13,0 0,13 -13,0", fill: colour(unit) });
  const bar = make("rect", { x: -13, y: -20, height: 4 });
  const group = make("g", {}, shape,
    make("text", { style: "fill:#fff;font-weight:bold;font-size:11px", "text-anchor": "middle", y: 4 }, name(unit)),
    make("rect", { x: -13, y: -20, width: 26, height: 4, fill: "#fff", stroke: "#333", "stroke-width": 0.7 }), bar);
  svg.append(group);
  return { group, bar };
});
const said = told();
const show = (t) => {
  const health = data.health[t], shots = data.shots[t] ?? [];
  lines.replaceChildren(...shots.map(([from, to]) => {
    const [x1, y1] = at(data.places[t][from]), [x2, y2] = at(data.places[t][to]);
    return make("line", { x1, y1, x2, y2, stroke: colour(from), "stroke-width": 2.5,
                          "stroke-dasharray": ours(from) ? null : "6 4" });
  }));
  fallen.replaceChildren();
  units.forEach(({ group, bar }, unit) => {
    const [x, y] = at(data.places[t][unit]), share = health[unit] / data.full[unit];
    if (share <= 0) fallen.append(make("path", { d: `M${x - 6} ${y - 6}L${x + 6} ${y + 6}M${x - 6} ${y + 6}L${x + 6} ` +
                                                    `${y - 6}`, stroke: "#999", "stroke-width": 3 }));
    change(group, { transform: `translate(${x} ${y})`, visibility: share > 0 ? "visible" : "hidden" });
    change(bar, { width: 26 * share, fill: share > 0.4 ? "#009E73" : "#CC0000" });
  });
  const alive = (side) => health.filter((value, unit) => ours(unit) === side && value > 0).length;
  const so = data.rewards.slice(0, t).reduce((sum, reward) => sum + reward, 0);
  said.textContent = `${t === 0 ? "Start" : `Step ${t}`}: ${alive(true)} of the team and ${alive(false)} enemies ` +
    "stand. " +
    (t === data.rewards.length ? `The end: ${data.end}.` : `Return so far ${number(so)}.`);
  change(svg, { "aria-label": said.textContent });
};
const controls = player(data.places.length, show, { seconds: data.seconds, opening: true });
card.append(make("h4", {}, data.title),
            make("div", { class: "side" }, make("div", {}, svg), make("div", {}, controls.row, said)));
controls.go(0);
host.touch = controls;
