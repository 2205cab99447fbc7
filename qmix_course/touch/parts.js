// Amdahl's law by hand: each doubling makes one part of a run twice as fast, and there are only so many.
const { names, doublings } = data, sum = data.shares.reduce((a, b) => a + b, 0);
const shares = data.shares.map((share) => share / sum), spent = names.map(() => 0);
const WIDE = 380, ROW = 26, LEFT = 132, most = Math.max(...shares);
const left = (i) => shares[i] / 2 ** spent[i];
const whole = () => names.reduce((all, _, i) => all + left(i), 0);
const percent = (share) => `${number(100 * share, share < 0.0995 ? 1 : 0)}%`;
const across = (share) => share / most * (WIDE - LEFT - 52);

const chart = make("svg", { viewBox: `0 0 ${WIDE} ${ROW * names.length + 8}`, role: "img" });
const bars = names.map((name, i) => {
  const y = 4 + i * ROW, colour = COLOURS[0], was = across(shares[i]);
  const label = make("text", { x: LEFT - 6, y: y + 10, style: "text-anchor: end" }, name);
  const now = make("rect", { x: LEFT, y, height: 20, fill: colour });
  const text = make("text", { x: LEFT + was + 5, y: y + 10, style: "text-anchor: start" });
  chart.append(label, make("rect", { x: LEFT, y, width: was, height: 20, fill: "none", stroke: colour }), now, text);
  return { now, text };
});

const said = told(), limit = make("p");
let last = null;
const knobs = names.map((name, i) => slider(name, [0, doublings, 1], 0, (k) => { spent[i] = k; last = i; draw(); }));

function draw() {
  const used = spent.reduce((a, b) => a + b, 0), over = used - doublings, now = whole();
  names.forEach((_, i) => {
    change(bars[i].now, { width: across(left(i)) });
    bars[i].text.textContent = percent(left(i));
    knobs[i].input.value = spent[i];
    knobs[i].say(spent[i] ? `÷ ${2 ** spent[i]}` : "as it is");
  });
  said.textContent = over > 0
    ? `${used} doublings spent, and only ${doublings} are there: take ${over} back.`
    : `${used} of ${doublings} doublings spent. The run takes ${percent(now)} of its time: ` +
      `it is ${number(1 / now)} times as fast.`;
  said.className = over > 0 ? "down" : "up";
  limit.textContent = last === null ? "A slider at 1 makes its part twice as fast, at 2 four times, and so on."
    : `If "${names[last]}" took no time at all and the rest stayed as it is now: ` +
      `${number(1 / (now - left(last)))} times as fast.`;
  change(chart, { "aria-label": "What is left of each part, in percent of the run before: " +
                                names.map((name, i) => `${name} ${percent(left(i))}`).join(", ") });
}

card.append(make("h4", {}, `${doublings} doublings to spend`),
  make("div", { class: "side" },
    make("div", {}, chart, make("p", { class: "small" },
      "Filled: what is left of the part, in percent of the run before. Outlined: what it was.")),
    make("div", {}, ...knobs.map((knob) => knob.row))), said, limit);
draw();
host.touch = { speedUp: (list) => { list.forEach((k, i) => { spent[i] = k; }); draw(); return 1 / whole(); } };
