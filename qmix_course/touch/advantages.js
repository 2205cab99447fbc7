// QPLEX by hand: Q_tot = V + lambda_1 A_1 + lambda_2 A_2, another lambda for each joint action.
const payoff = data.payoff, n = payoff.length, V = data.v, LEAST = 0.01;
const gaps = data.advantages.map((list) => list.slice()), lam = [0, 1].map(() => payoff.map((row) => row.map(() => 1)));
let cell = [0, 1], free = false;
const weight = (i, u) => free ? lam[i][u[0]][u[1]] : Math.max(lam[i][u[0]][u[1]], LEAST);
const qTot = (u) => V + weight(0, u) * gaps[0][u[0]] + weight(1, u) * gaps[1][u[1]];
const table = () => payoff.map((row, i) => row.map((_, j) => qTot([i, j])));
const said = told(), here = make("p"), tiles = payoff.map((row, i) => row.map((_, j) => button("", () => {
  cell = [i, j];
  draw();
})));
const knobs = [0, 1].map((i) => slider(`λ${"₁₂"[i]} at this cell`, [-5, 25, 0.5], 1, (value) => {
  lam[i][cell[0]][cell[1]] = value;
  draw();
}));
const depths = [0, 1].flatMap((i) => [1, 2].map((u) => ({ i, u, ...slider(`A${"₁₂"[i]} of action ${u}`, [-3, 0, 0.25],
  gaps[i][u], (value) => { gaps[i][u] = value; draw(); }) })));

function draw() {
  const all = table().flat(), most = Math.max(...all), best = V, high = all.filter((q) => q > best + 1e-9).length;
  tiles.forEach((row, i) => row.forEach((tile, j) => {
    const q = qTot([i, j]), right = Math.abs(q - payoff[i][j]) < 1e-9;
    tile.textContent = `${number(q)} ${right ? "✓" : `→ ${number(payoff[i][j], 0)}`}`;
    change(tile, { "aria-pressed": String(cell[0] === i && cell[1] === j), "data-value": q,
                   class: q > most - 1e-9 ? "best" : null,
                   "aria-label": `(${i}, ${j}): Q_tot ${number(q)}, wanted ${number(payoff[i][j], 0)}` });
  }));
  const [i, j] = cell, idle = gaps[0][i] === 0 && gaps[1][j] === 0;
  knobs.forEach((knob, k) => {
    knob.input.value = weight(k, cell);
    knob.say(number(weight(k, cell)));
  });
  depths.forEach(({ i: agent, u, say }) => say(number(gaps[agent][u])));
  here.textContent = `(${i}, ${j}): ${number(V)} + ${number(weight(0, cell))} · ${number(gaps[0][i])} + ` +
    `${number(weight(1, cell))} · ${number(gaps[1][j])} = ${number(qTot(cell))}; wanted ${number(payoff[i][j], 0)}.` +
    (idle ? " Both advantages are 0: no λ changes anything here." : "");
  const done = tiles.flat().filter((tile) => tile.textContent.endsWith("✓")).length;
  said.textContent = `${done} of ${n * n} entries are right. ` + (high === 0
    ? `The agents' own best actions, (0, 0), are the largest entry${free ? ", so far." : ", whatever λ is."}`
    : `IGM is broken: ${high} ${high > 1 ? "entries are" : "entry is"} above that of the agents' own best actions.`);
  said.className = high === 0 ? "up" : "down";
}

const head = make("tr", {}, make("td"), ...payoff.map((_, j) => make("th", { scope: "col" }, String(j))));
card.append(make("h4", {}, "Make the table with λ: pick a cell, then pull"),
  make("div", { class: "side" },
    make("div", { class: "wide" }, make("table", {}, make("caption", {}, "Q_tot now → wanted"), head,
      ...tiles.map((row, i) => make("tr", {}, make("th", { scope: "row" }, String(i)),
                                    ...row.map((tile) => make("td", {}, tile)))))),
    make("div", {}, ...knobs.map((each) => each.row), ...depths.map((each) => each.row),
      tick("let λ fall below zero", false, (checked) => { free = checked; draw(); }))),
  here, said);
draw();
host.touch = { table, set: (i, u, value) => { lam[i][u[0]][u[1]] = value; draw(); } };
