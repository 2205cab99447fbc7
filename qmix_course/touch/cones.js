// The nearest tables of each class, exactly: what cones.py and representation.py compute. A table is a list of rows.
const TINY = 1e-9;

function permutations(list) {
  if (list.length < 2) return [list];
  return list.flatMap((first, k) => permutations(list.filter((_, at) => at !== k)).map((rest) => [first, ...rest]));
}
const flat = (table) => table.flat();
const square = (list, n) => Array.from({ length: n }, (_, i) => list.slice(i * n, i * n + n));
const largest = (table) => Math.max(...flat(table).map(Math.abs));
const reorder = (table, [rows, columns]) => rows.map((i) => columns.map((j) => table[i][j]));
const put = (table, [rows, columns]) => {                                    // the way back from reorder
  const back = table.map((row) => row.slice());
  rows.forEach((i, a) => columns.forEach((j, b) => { back[i][j] = table[a][b]; }));
  return back;
};
const mixed = (table) => table.slice(1).map((row, i) =>
  row.slice(1).map((x, j) => x - row[j] - table[i][j + 1] + table[i][j]));

// Q_1(u1) + Q_2(u2): the mean of the row plus that of the column, less the mean of all.
function bestSum(payoff) {
  const n = payoff.length, mean = (list) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const columns = payoff[0].map((_, j) => mean(payoff.map((row) => row[j]))), all = mean(flat(payoff));
  return payoff.map((row) => columns.map((column) => mean(row) + column - all));
}

// Isotonic regression by the max-min formula over upper sets U and lower sets L (all staircases of the table).
function bestRising(payoff) {
  const n = payoff.length, y = flat(payoff), sets = [];
  const grow = (starts) => {
    if (starts.length === n) sets.push(y.map((_, k) => k % n >= starts[Math.floor(k / n)]));
    else for (let start = starts.length ? starts.at(-1) : n; start >= 0; start--) grow([...starts, start]);
  };
  grow([]);
  const fit = y.map(() => -Infinity);
  for (const upper of sets) {
    const low = y.map(() => Infinity);
    for (const above of sets) {                                              // the lower set is what is not in it
      let sum = 0, count = 0;
      y.forEach((x, k) => { if (upper[k] && !above[k]) { sum += x; count += 1; } });
      y.forEach((_, k) => { if (upper[k] && !above[k]) low[k] = Math.min(low[k], sum / count); });
    }
    y.forEach((_, k) => { if (upper[k]) fit[k] = Math.max(fit[k], low[k]); });
  }
  return square(fit, n);
}

// The nearest table that never falls and has increasing differences: a constant plus steps of heights of at least 0.
function bestSupermodular(payoff, weights = payoff.map((row) => row.map(() => 1))) {
  const n = payoff.length, y = flat(payoff), w = flat(weights), all = w.reduce((sum, x) => sum + x, 0);
  const blocks = [], cells = y.map((_, k) => [Math.floor(k / n), k % n]);
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++)
    if (a + b > 0) blocks.push(cells.map(([i, j]) => i >= a && j >= b ? 1 : 0));
  const centred = (list) => {
    const mean = list.reduce((sum, x, k) => sum + w[k] * x, 0) / all;
    return { mean, rest: list.map((x) => x - mean) };
  };
  const target = centred(y), columns = blocks.map((block) => centred(block).rest);
  const scale = (list) => list.map((x, k) => Math.sqrt(w[k]) * x);
  const heights = nnls(columns.map(scale), scale(target.rest));
  return square(y.map((_, k) => target.mean + columns.reduce((sum, column, c) => sum + heights[c] * column[k], 0)), n);
}

// x >= 0 with the least |columns x - target|^2, by active sets (Lawson & Hanson 1974).
function nnls(columns, target) {
  const dot = (a, b) => a.reduce((sum, x, k) => sum + x * b[k], 0);
  const tiny = 1e-11 * (1 + Math.max(...columns.flat().map(Math.abs))) * (1 + Math.max(...target.map(Math.abs)));
  let x = columns.map(() => 0), used = new Set();
  for (let round = 0; round < 300; round++) {
    const rest = target.map((y, k) => y - columns.reduce((sum, column, c) => sum + x[c] * column[k], 0));
    const pulls = columns.map((column, c) => used.has(c) ? -Infinity : dot(column, rest)), most = Math.max(...pulls);
    if (most <= tiny * target.length) return x;
    used.add(pulls.indexOf(most));
    for (;;) {
      const list = [...used], some = list.map((c) => columns[c]);
      const solved = solve(some.map((a) => some.map((b) => dot(a, b))), some.map((a) => dot(a, target)));
      const free = columns.map((_, c) => used.has(c) ? solved[list.indexOf(c)] : 0);
      const below = list.filter((c) => free[c] <= 0);
      if (!below.length) { x = free; break; }
      const share = Math.min(...below.map((c) => x[c] / (x[c] - free[c])));
      x = x.map((old, c) => old + share * (free[c] - old));
      const floor = 1e-14 * (1 + Math.max(...x));
      list.filter((c) => x[c] <= floor).forEach((c) => { used.delete(c); x[c] = 0; });
    }
  }
  throw new Error("nnls: the active set did not settle");
}

// Gaussian elimination with the largest pivot first.
function solve(matrix, right) {
  const rows = matrix.map((row, i) => [...row, right[i]]), n = rows.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = 0; i < n; i++) if (i !== k) {
      const factor = rows[i][k] / rows[k][k];
      rows[i] = rows[i].map((value, j) => value - factor * rows[k][j]);
    }
  }
  return rows.map((row, k) => row[n] / row[k]);
}

// The joint actions with the largest entry.
function bestOf(table) {
  const most = Math.max(...flat(table)) - TINY * (1 + largest(table));
  return table.flatMap((row, i) => row.flatMap((x, j) => x >= most ? [[i, j]] : []));
}

// All nearest tables of "qmix" or "monotone": one convex problem for every pair of orders, and the best of them.
function nearest(payoff, kind) {
  const orders = permutations(payoff.map((_, k) => k)), y = flat(payoff);
  const mean = y.reduce((a, b) => a + b, 0) / y.length;
  const error = (table) => flat(table).reduce((sum, x, k) => sum + (x - y[k]) ** 2, 0);
  if (kind === "additive") return [{ table: bestSum(payoff), error: error(bestSum(payoff)) }];
  const fits = orders.flatMap((rows) => orders.map((columns) => {
    const inOrder = reorder(payoff, [rows, columns]);
    const table = put(kind === "qmix" ? bestSupermodular(inOrder) : bestRising(inOrder), [rows, columns]);
    return { table, error: error(table) };
  }));
  const limit = Math.min(...fits.map((fit) => fit.error)) + TINY * (1 + y.reduce((sum, x) => sum + (x - mean) ** 2, 0));
  const apart = (one, other) => Math.max(...flat(one).map((x, k) => Math.abs(x - flat(other)[k])));
  return fits.filter((fit) => fit.error <= limit).reduce((kept, fit) =>
    kept.every((other) => apart(fit.table, other.table) > 1e-6 * (1 + largest(payoff))) ? [...kept, fit] : kept, []);
}

// The smallest class that holds a table, and why it is in no smaller one.
function classify(table) {
  const tiny = TINY * (1 + largest(table)), n = table.length, orders = [];
  for (const [who, rows] of [[1, table], [2, table[0].map((_, j) => table.map((row) => row[j]))]]) {
    for (let a = 0; a < n; a++) for (let b = a + 1; b < n; b++) {
      const step = rows[b].map((x, k) => x - rows[a][k]), up = Math.max(...step), down = Math.min(...step);
      if (up > tiny && down < -tiny) return { kind: "igm", why: `agent ${who}: action ${b} is better than ${a} where ` +
        `the other plays ${step.indexOf(up)}, and worse where the other plays ${step.indexOf(down)}` };
    }
    const sums = rows.map((row) => Math.round(row.reduce((sum, x) => sum + x, 0) / tiny));
    orders.push(rows.map((_, k) => k).sort((a, b) => sums[a] - sums[b] || a - b));
  }
  const differences = mixed(reorder(table, orders)), least = Math.min(...flat(differences));
  if (least < -tiny) return { kind: "monotone", why: `a mixed difference of ${number(least)}: below zero` };
  if (Math.max(...flat(differences)) > tiny) return { kind: "qmix", why: "what one agent gains depends on the " +
    `other: a mixed difference of ${number(Math.max(...flat(differences)))}` };
  return { kind: "additive", why: "" };
}
