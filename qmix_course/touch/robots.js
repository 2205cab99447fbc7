// Robots to watch: circles are robots, crosses the shape where it is looked for in the end, dashed how far they see.
const SPAN = 340, EDGE = 14, S = (SPAN - 2 * EDGE) / data.size;
const at = ([x, y]) => [EDGE + x * S, SPAN - EDGE - y * S];
const svg = make("svg", { viewBox: `0 0 ${SPAN} ${SPAN}`, role: "img" });
const far = make("g"), ways = make("g"), pairs = make("g"), colour = (i) => COLOURS[i % COLOURS.length];
svg.append(make("rect", { x: 0.5, y: 0.5, width: SPAN - 1, height: SPAN - 1, fill: "#fff", stroke: "#333" }), far,
  ...data.goals.map(at).map(([x, y]) => make("path", { stroke: "#444", "stroke-width": 2, fill: "none",
    d: `M${x - 6} ${y - 6}L${x + 6} ${y + 6}M${x - 6} ${y + 6}L${x + 6} ${y - 6}` })), ways, pairs);
const robots = data.places[0].map((_, i) => {
  const group = make("g", {}, make("circle", { r: 10, fill: colour(i), stroke: "#fff" }),
    make("text", { style: "fill:#fff;font-weight:bold;font-size:11px", "text-anchor": "middle", y: 4 }, String(i + 1)));
  svg.append(group);
  return group;
});
let views = true;
const said = told();
const names = (list) => list.length ? list.map(([i, j]) => `${i + 1} and ${j + 1}`).join(", ") : "nobody";
const show = (t) => {
  const now = data.places[t], close = data.close[t], sees = [];
  now.forEach(([x, y], i) => now.slice(0, i).forEach(([u, v], j) => {
    if ((x - u) ** 2 + (y - v) ** 2 <= data.view ** 2) sees.push([j, i]);
  }));
  far.replaceChildren(...(views ? now.map(at) : []).map(([cx, cy], i) => make("circle", { cx, cy, r: data.view * S,
    fill: "none", stroke: colour(i), "stroke-dasharray": "4 4" })));
  const line = (red) => ([i, j]) => {
    const [x1, y1] = at(now[i]), [x2, y2] = at(now[j]);
    return make("line", { x1, y1, x2, y2, stroke: red ? "#CC0000" : "#777", "stroke-width": red ? 7 : 1 });
  };
  pairs.replaceChildren(...sees.map(line(false)), ...close.map(line(true)));
  ways.replaceChildren(...now.map((_, i) => make("polyline", { fill: "none", stroke: colour(i), "stroke-width": 2,
    points: data.places.slice(0, t + 1).map((moment) => at(moment[i]).join()).join(" ") })));
  robots.forEach((group, i) => change(group, { transform: `translate(${at(now[i]).join(" ")})` }));
  const so = data.rewards.slice(0, t).reduce((sum, reward) => sum + reward, 0);
  said.textContent = `${t === 0 ? "Start" : `Step ${t}`}. See each other: ${names(sees)}. In each other's way: ` +
    `${names(close)}. ` + (t === data.rewards.length ? `The end: ${data.end}.` : `Return so far ${number(so)}.`);
  change(svg, { "aria-label": said.textContent });
};
const controls = player(data.places.length, show, { seconds: data.seconds, opening: true });
const sight = tick("Show how far they see", views, (on) => { views = on; show(controls.at); });
card.append(make("h4", {}, data.title),
            make("div", { class: "side" }, make("div", {}, svg), make("div", {}, controls.row, sight, said)));
controls.go(0);
host.touch = controls;
