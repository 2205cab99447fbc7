// A payoff table to edit: its class, and the nearest table of three classes with what a team that believes it plays.
const CLASSES = { additive: "additive: a sum of one number for each agent. VDN can make it.",
                  qmix: "of QMIX's class: it never falls and has increasing differences.",
                  monotone: "monotone, and beyond QMIX's mixer.",
                  igm: "not monotone: what is better for one agent depends on what the other does." };
const WHY = { qmix: "Why not additive", monotone: "Why beyond it", igm: "Why" };
const MOST = 1e6, given = (value) => Number.isFinite(value) && Math.abs(value) <= MOST;
const NAMES = { additive: "Nearest additive (VDN)", qmix: "Nearest of QMIX's class", monotone: "Nearest monotone" };
const list = Object.entries(data.games);
let payoff;
const grid = make("div"), said = told(), fits = make("div", { class: "three" });

function draw() {
  const n = payoff.length, inputs = payoff.map((row, i) => row.map((value, j) => {
    const input = make("input", { type: "number", step: "any", value, "aria-label": `payoff of (${i}, ${j})`,
      oninput: () => enter(i, j, input),
      onbeforeinput: (event) => {       // a browser drops a comma without a word, and 3,5 would be 35
        if (event.data?.includes(",")) {
          event.preventDefault();
          document.execCommand("insertText", false, event.data.replaceAll(",", "."));
        }
      } });
    return input;
  }));
  const head = make("tr", {}, make("td"), ...payoff.map((_, j) => make("th", { scope: "col" }, String(j))));
  grid.replaceChildren(make("table", {}, make("caption", {}, `Payoff: agent 1 picks the row, agent 2 the column`), head,
    ...inputs.map((row, i) => make("tr", {}, make("th", { scope: "row" }, String(i)),
                                   ...row.map((input) => make("td", {}, input))))));
  update();
}

// An entry that is none changes nothing: the class and the tables below stay those of the last payoff.
function enter(i, j, input) {
  const value = input.valueAsNumber;
  change(input, { "aria-invalid": !given(value) && "true" });
  if (given(value)) payoff[i][j] = value;
  if (!grid.querySelector("[aria-invalid]")) return update();
  said.className = "down";
  said.textContent = `The entry (${i}, ${j}) is ${Number.isFinite(value) ? "too large" : "no number"}: write one ` +
    "between −1,000,000 and 1,000,000, such as 3.5. What stands below belongs to the last table.";
}

function update() {
  said.className = "";
  const place = classify(payoff), top = bestOf(payoff).map(String);
  said.textContent = `This table is ${CLASSES[place.kind]}${place.why ? ` ${WHY[place.kind]}: ${place.why}.` : ""}`;
  fits.replaceChildren(...Object.entries(NAMES).map(([kind, name]) => {
    const found = nearest(payoff, kind), { table, error } = found[0], plays = bestOf(table).map(String);
    const pays = [...new Set(plays.map((u) => { const [i, j] = u.split(","); return number(payoff[i][j]); }))];
    const right = plays.every((u) => top.includes(u));
    const more = found.length > 1 ? ` One of ${found.length} as good.` : "";
    return make("div", {}, numbers(name, table, { marks: (i, j) => plays.includes(`${i},${j}`) ? "best" : "" }),
      make("p", { class: "small" }, `Squared error ${number(error)}.${more} Plays ` + (plays.length < 4
        ? plays.map((u) => `(${u.replace(",", ", ")})`).join(" or ") : `any of ${plays.length}`) + ", which pays " +
        `${pays.join(" or ")}: `, make("span", { class: right ? "up" : "down" },
                                       right ? "the best ✓" : "not the best ✗")));
  }));
}

const load = (k) => { payoff = list[k][1].map((row) => row.slice()); draw(); };
card.append(make("h4", {}, "A table, and the nearest ones that a mixer can make"),
  choice("Begin with", list.map(([name]) => name), load),
  make("div", {}, grid), said, fits,
  make("p", { class: "small" }, "A frame marks the largest entry: what a team that believes the table plays. Every " +
                                "error counts the same, as if all joint actions were equally frequent."));
load(0);
host.touch = { classify, nearest, bestSupermodular, put: (table) => { payoff = table; draw(); } };
