// Every start of the grid world on one map, coloured by what a team makes of it; pick one and watch the episode.
const world = gridWorld(data.size), n = data.size, LIMIT = 100, names = Object.keys(data.teams);
const GRADES = ["never reaches both goals", "reaches them, but slower", "optimal"];
const FILL = ["#BF7F00", "#b5ddf5", "#0072B2"];
const S = 14, GAP = 6, place = (outer, inner) => 2 + outer * (n * S + GAP) + inner * S;
let which = 0, cursor = [n - 1, n - 1], grades, films, film = null;      // cursor: [row, column] of a small square

// A small square's start: the large square says where agent 1 begins, the small one inside it where agent 2 does.
const cellsOf = ([y, x]) => [[Math.floor(y / n), Math.floor(x / n)], [y % n, x % n]];
const index = ([[r1, c1], [r2, c2]]) => ((r1 * n + c1) * n + r2) * n + c2;
const side = n * (n * S + GAP);
const map = make("svg", { viewBox: `0 0 ${side} ${side}`, role: "application", tabindex: 0 });
const squares = [];
for (let y = 0; y < n * n; y++) for (let x = 0; x < n * n; x++) {
  const at = { x: place(Math.floor(x / n), x % n), y: place(Math.floor(y / n), y % n) };
  const rect = make("rect", { ...at, width: S, height: S, stroke: "#fff", "stroke-width": 0.7 });
  const mark = make("path", { stroke: "#000", "stroke-width": 1.6, "pointer-events": "none",
                              transform: `translate(${at.x + S / 2} ${at.y + S / 2})` });
  rect.addEventListener("click", () => pick([y, x]));
  squares.push({ rect, mark, yx: [y, x], start: index(cellsOf([y, x])) });
  map.append(rect, mark);
}
const rings = [["#fff", 7], ["#000", 3]].map(([stroke, wide]) => make("rect", { width: S + 4, height: S + 4,
  fill: "none", stroke, "stroke-width": wide, "pointer-events": "none" }));
map.append(...rings);
map.addEventListener("keydown", (event) => {
  const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!by) return;
  event.preventDefault();
  pick(cursor.map((at, k) => Math.min(Math.max(at + by[k], 0), n * n - 1)));
});

const view = board(n, world.goals), said = told(), step = make("p"), counts = make("div");
const show = (t) => {
  view.place(film ? film.positions[t] : cellsOf(cursor), film ? film.actions[t] : null);
  step.textContent = film ? caption(film, t) : "";
};
const controls = player(1, show, { seconds: 0.5 });

function load() {
  const act = team(data.teams[names[which]], n);
  films = squares.map(({ yx, start }) => data.best[start] === null ? null : episode(world, act, cellsOf(yx), LIMIT));
  const total = (each) => each.rewards.reduce((sum, reward) => sum + reward, 0);
  grades = films.map((each, k) => each === null ? null : !each.solved ? 0
    : Math.abs(total(each) - data.best[squares[k].start]) < 1e-6 ? 2 : 1);
  squares.forEach(({ rect, mark }, k) => {
    change(rect, { fill: grades[k] === null ? "#e6e6e6" : FILL[grades[k]] });
    change(mark, { d: grades[k] === 0 ? "M-3 -3L3 3M-3 3L3 -3" : grades[k] === 1 ? "M-2 0L2 0" : "M0 0" });
  });
  counts.replaceChildren(...[2, 1, 0].map((grade) => {
    const count = grades.filter((each) => each === grade).length, sign = ["✕ ", "– ", ""][grade];
    return make("p", { class: "small", "data-count": count },
      make("span", { class: "patch", style: `background:${FILL[grade]}` }), `${sign}${GRADES[grade]}: ${count}`);
  }));
  pick(cursor);
}

function pick(to) {
  cursor = to;
  const k = cursor[0] * n * n + cursor[1], [one, two] = cellsOf(cursor);
  film = films[k];
  const [x, y] = ["x", "y"].map((side) => squares[k].rect.getAttribute(side) - 2);
  rings.forEach((ring) => change(ring, { x, y }));
  const where = `Agent 1 from (${one.join(", ")}), agent 2 from (${two.join(", ")})`;
  const total = film && number(film.rewards.reduce((sum, reward) => sum + reward, 0));
  said.textContent = film ? `${where}: ${GRADES[grades[k]]}. Return ${total}, the best is ` +
    `${number(data.best[squares[k].start])}.` : `${where}: no such start.`;
  change(map, { "aria-label": `All starts of ${names[which]}; arrow keys move. ${said.textContent}` });
  controls.reset(film ? film.rewards.length + 1 : 1);
}

// The next start, after this one on the map, that is not optimal, worst kind first.
function nextLost() {
  const worst = Math.min(...grades.filter((grade) => grade !== null)), from = cursor[0] * n * n + cursor[1];
  const order = squares.map((_, k) => (from + 1 + k) % squares.length);
  pick(squares[order.find((k) => grades[k] === worst)].yx);
}

card.append(make("h4", {}, "Every start: pick one and watch"),
  make("div", { class: "row" }, choice("Team", names, (k) => { which = k; load(); }),
       button("Next start of the worst kind", nextLost)),
  make("div", { class: "side" },
    make("div", {}, map, counts, make("p", { class: "small" }, "The large square says where agent 1 begins, the " +
      "small one inside it where agent 2 does. Click, or use the arrow keys.")),
    make("div", {}, said, view.svg, controls.row, step)));
load();
host.touch = { pick, get grades() { return squares.map(({ start }, k) => [start, grades[k]]); },
               get film() { return film; } };
