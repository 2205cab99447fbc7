// Small studies, drawn again and again: the difference of two interquartile means, and its bootstrap interval.
const { names, pools } = data, [fewest, mostSeeds, begins] = data.seeds, SAMPLES = 1000;
const WIDE = 380, LEFT = 64, RIGHT = 14;
let n = begins, same = false, turn = 0, study = null, tally = {};

// A small generator (mulberry32): the same study every time for one turn.
function dice(seed) {
  let a = Math.imul(seed, 7919);
  return (count) => {
    a = (a + 1831565813) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 4294967296 * count);
  };
}
function iqm(scores) {
  const sorted = Float64Array.from(scores).sort(), cut = Math.floor(sorted.length / 4);
  const middle = sorted.subarray(cut, sorted.length - cut);
  return middle.reduce((sum, each) => sum + each, 0) / middle.length;
}
function quantile(sorted, q) {
  const at = q * (sorted.length - 1), k = Math.floor(at);
  return sorted[k] + (at - k) * ((sorted[k + 1] ?? sorted[k]) - sorted[k]);
}
// `count` different runs of each side; where both are of one pool, no run is on both.
function drawStudy(turn, count, onePool) {
  const next = dice(turn), left = onePool ? [pools[0].slice()] : pools.map((pool) => pool.slice());
  const runs = [0, 1].map((side) => Array.from({ length: count }, () => {
    const pool = left[onePool ? 0 : side];
    return pool.splice(next(pool.length), 1)[0];
  }));
  const found = Float64Array.from({ length: SAMPLES }, () => {
    const [base, other] = runs.map((list) => iqm(list.map(() => list[next(count)])));
    return other - base;
  }).sort();
  const [low, high] = [quantile(found, 0.025), quantile(found, 0.975)];
  return { runs, difference: iqm(runs[1]) - iqm(runs[0]), low, high, says: low > 0 ? 1 : high < 0 ? 0 : 2 };
}

const called = () => same ? [`${names[0]}, some seeds`, `${names[0]}, others`] : names;
const heads = () => [...(same ? ["others", "some"] : [names[1], names[0]]), "not clear"];   // as `says`: 1, 0, 2
const chart = make("svg", { viewBox: `0 0 ${WIDE} 196`, role: "img" }), layer = make("g");
chart.append(layer);
const said = told(), counts = make("div", { class: "wide" });
const score = (s) => LEFT + s * (WIDE - LEFT - RIGHT), gap = (d) => LEFT + (d + 1) / 2 * (WIDE - LEFT - RIGHT);

function axis(y, at, values, words) {
  layer.append(make("line", { x1: LEFT, x2: WIDE - RIGHT, y1: y, y2: y, stroke: "#333" }),
    ...values.map((v) => make("text", { x: at(v), y: y + 12 }, number(v, v % 1 ? 1 : 0))),
    make("text", { x: (LEFT + WIDE - RIGHT) / 2, y: y + 27 }, words));
}
function show() {
  layer.replaceChildren();
  study.runs.forEach((list, side) => {
    const y = 14 + 28 * side, seen = new Map(), heap = (s) => list.filter((each) => each === s).length;
    const apart = 16 / Math.max(4, Math.max(...list.map(heap)) - 1);
    layer.append(make("text", { x: LEFT - 8, y, style: "text-anchor: end" },
                      same ? ["some", "others"][side] : names[side]));
    list.forEach((s) => {                                                   // equal scores stand above one another
      seen.set(s, (seen.get(s) ?? -1) + 1);
      layer.append(make("circle", { cx: score(s), cy: y + 8 - apart * seen.get(s), r: 4, fill: COLOURS[side],
                                    stroke: "#fff", "stroke-width": 0.7 }));
    });
    const middle = score(iqm(list));
    layer.append(make("line", { x1: middle, x2: middle, y1: y - 12, y2: y + 12, stroke: "#000", "stroke-width": 3 }));
  });
  axis(60, score, [0, 0.5, 1], "score of a run (line: interquartile mean)");
  layer.append(make("line", { x1: gap(0), x2: gap(0), y1: 106, y2: 150, stroke: "#333", "stroke-dasharray": "4 3" }),
    make("line", { x1: gap(study.low), x2: gap(study.high), y1: 128, y2: 128, stroke: COLOURS[0], "stroke-width": 6 }),
    make("circle", { cx: gap(study.difference), cy: 128, r: 6, fill: "#fff", stroke: COLOURS[0], "stroke-width": 3 }));
  axis(150, gap, [-1, -0.5, 0, 0.5, 1], "difference, with its 95% interval");
  const [base, other] = called(), winner = heads()[[1, 0, 2][study.says]];
  said.textContent = `Study ${turn}: ${other} minus ${base}: ${number(study.difference)}, interval ` +
    `${number(study.low)} to ${number(study.high)}. Better: ${winner}.`;
  said.className = study.says === 2 ? "" : study.says ? "up" : "down";
  change(chart, { "aria-label": `${n} runs on each side. ${said.textContent}` });
  const head = ["seeds", "studies", ...heads()], rows = Object.entries(tally).map(([seeds, [worse, better, open]]) =>
    [seeds, worse + better + open, better, worse, open]);
  counts.replaceChildren(make("table", {}, make("caption", {}, "How many studies call whom better"),
    make("tr", {}, ...head.map((each) => make("th", { scope: "col" }, each))),
    ...rows.map((row) => make("tr", {}, ...row.map((each) => make("td", {}, String(each)))))));
}
function go(times) {
  for (let k = 0; k < times; k += 1) {
    turn += 1;
    study = drawStudy(turn, n, same);
    (tally[n] ??= [0, 0, 0])[study.says] += 1;
  }
  show();
}

const knob = slider("seeds each", [fewest, mostSeeds, 1], n, (value) => { n = value; knob.say(String(n)); go(1); });
knob.say(String(n));
card.append(make("h4", {}, `${names[1]} against ${names[0]}, again and again`),
  make("p", { class: "small" }, `Each study draws its runs, none twice, from ${pools[0].length} of each method that ` +
    "were really trained. Of all of them the interquartile means are " +
    `${number(data.iqm[0])} and ${number(data.iqm[1])}.`),
  knob.row, make("div", { class: "row" }, button("One more study", () => go(1)), button("A hundred", () => go(100)),
    tick(`both sides from ${names[0]}'s runs`, false, (on) => { same = on; tally = {}; turn = 0; go(1); })),
  chart, said, counts);
go(1);
host.touch = { drawStudy, tally: () => tally };
