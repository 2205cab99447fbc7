// Optimistic weights: alpha as a slider, the nearest table of QMIX's class, and the pull on each of its cells.
const games = Object.entries(data.games);
let game = 0, power = 0;
const said = told(), view = make("div", { class: "three" });

// For a pair of orders: weigh, fit, until nothing moves (the loss is convex); then the pair with the smallest loss.
function optimistic(payoff, alpha) {
  const n = payoff.length, orders = permutations(payoff.map((_, k) => k));
  const weigh = (table, y) => table.map((row, i) => row.map((q, j) => q + TINY < y[i][j] ? 1 : alpha));
  let best = null;
  for (const rows of orders) for (const columns of orders) {
    const y = reorder(payoff, [rows, columns]);
    let table = y.map((row) => row.map(() => 0));
    for (let round = 0; round < 50; round++) {
      const before = table;
      table = bestSupermodular(y, weigh(table, y));
      if (Math.max(...flat(table).map((q, k) => Math.abs(q - flat(before)[k]))) < TINY) break;
    }
    const w = weigh(table, y), pulls = table.map((row, i) => row.map((q, j) => w[i][j] * (y[i][j] - q)));
    const loss = flat(pulls).reduce((sum, pull, k) => sum + pull * (flat(y)[k] - flat(table)[k]), 0);
    if (best === null || Math.round(loss * 1e6) < Math.round(best.loss * 1e6))
      best = { loss, table: put(table, [rows, columns]), pulls: put(pulls, [rows, columns]) };
  }
  return best;
}

function draw() {
  const payoff = games[game][1], alpha = 10 ** power, { table, pulls } = optimistic(payoff, alpha);
  const plays = bestOf(table).map(String), pays = plays.map((u) => payoff[u[0]][u[2]]);
  const most = Math.max(...flat(payoff));
  const mark = (list) => (i, j) => list.includes(`${i},${j}`) ? "best" : "";
  const arrows = pulls.map((row, i) => make("tr", {}, make("th", { scope: "row" }, String(i)), ...row.map((pull) =>
    make("td", { class: pull > 5e-3 ? "up" : pull < -5e-3 ? "down" : null, "data-value": pull },
         Math.abs(pull) < 5e-3 ? "0" : `${pull > 0 ? "▲" : "▼"} ${number(pull)}`))));
  const head = make("tr", {}, make("td"), ...pulls.map((_, j) => make("th", { scope: "col" }, String(j))));
  knob.say(alpha < 0.01 ? number(alpha, 4) : number(alpha, 3));
  view.replaceChildren(numbers("Payoff y", payoff, { marks: mark(bestOf(payoff).map(String)) }),
    numbers("Nearest Q_tot", table, { marks: mark(plays) }),
    make("table", {}, make("caption", {}, "Pull w (y − Q_tot)"), head, ...arrows));
  const right = pays.every((pay) => pay === most);
  const paid = [...new Set(pays)].map((pay) => number(pay, 1)).join(" or ");
  said.textContent = `α = ${number(alpha, 3)}: Q_tot points at (${plays.join(") or (")}), which pays ${paid}: ` +
    (right ? "the best." : `not the best, ${number(most, 1)}.`);
  said.className = right ? "up" : "down";
}

const knob = slider("α (1 to 0.001)", [-3, 0, 0.05], 0, (value) => { power = value; draw(); });
card.append(make("h4", {}, "How little may an overestimate count?"),
  choice("Game", games.map(([name]) => name), (k) => { game = k; draw(); }), knob.row, said, view,
  make("p", { class: "small" }, "▲ pulls up with weight 1 where Q_tot is too low; ▼ pulls down with weight α where " +
    "it is too high. In the nearest table all pulls add up to 0. A frame marks the largest entries."));
draw();
host.touch = { optimistic };
