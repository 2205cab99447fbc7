// A board to play: both agents are yours, and both must have chosen before anybody moves.
const world = gridWorld(data.size), act = team(data.team, data.size);
const LIMIT = 100, KEYS = { w: [0, 0], s: [0, 1], a: [0, 2], d: [0, 3],
                            ArrowUp: [1, 0], ArrowDown: [1, 1], ArrowLeft: [1, 2], ArrowRight: [1, 3] };
let cells, chosen, total, clock, over, timer = null;
const view = board(world.size, world.goals), said = told(), list = make("div", { class: "wide" });
const pads = [0, 1].map((i) => WORDS.map((word, action) =>
  make("button", { type: "button", "aria-label": `agent ${i + 1} ${word}`, "aria-pressed": "false",
                   onclick: () => choose(i, action) }, ARROWS[action])));
const go = button("Let the perfect team play on", () => timer === null ? run() : pause());

function begin() {
  pause();
  [cells, chosen, total, clock, over] = [world.start, [null, null], 0, 0, false];
  show("Choose a move for each agent.");
}

function choose(i, action) {
  if (over) return;
  pause();
  if (!world.home(cells)[i]) chosen[i] = action;
  const waiting = [0, 1].filter((k) => chosen[k] === null && !world.home(cells)[k]);
  if (waiting.length) show(`Agent ${i + 1} wants to go ${WORDS[action]}. Agent ${waiting[0] + 1} has not chosen yet.`);
  else step(chosen.map((each) => each ?? 0));
}

function step(actions) {
  const next = world.step(cells, actions);
  const did = actions.map((action, i) => `${i + 1} ${world.home(cells)[i] ? "rests" : WORDS[action]}`).join(", ");
  [cells, chosen, clock, total] = [next.cells, [null, null], clock + 1, total + next.reward];
  over = next.solved ? "terminated" : clock === LIMIT ? "truncated" : false;
  const end = { terminated: " Both are home: terminated.", truncated: " The clock ran out: truncated." }[over] ?? "";
  const events = next.events.map((event) => ` ${event}.`).join("");
  show(`Step ${clock}: ${did}. Reward ${number(next.reward)}, return ${number(total)}.${events}${end}`);
  if (over) pause();
  return { cells, reward: next.reward, over };
}

function run() {
  if (over) begin();
  timer = setInterval(() => card.isConnected && !over ? step(act(cells)) : pause(), 700);
  go.textContent = "Pause the team";
}

function pause() {
  clearInterval(timer);
  timer = null;
  go.textContent = "Let the perfect team play on";
}

function show(words) {
  view.place(cells, chosen.map((action) => action ?? -1));
  pads.forEach((pad, i) => pad.forEach((each, action) =>
    change(each, { "aria-pressed": String(chosen[i] === action), disabled: Boolean(over) || world.home(cells)[i] })));
  said.textContent = words;
  const write = (name, values) => make("tr", {}, make("th", { scope: "row" }, name),
                                       ...values.map((value) => make("td", {}, String(Math.round(100 * value) / 100))));
  const [first, second] = world.observe(cells);
  list.replaceChildren(make("table", { class: "small" }, make("caption", {}, "What is seen now"),
    write("agent 1 observes", first), write("agent 2 observes", second), write("state", world.state(cells))));
}

card.addEventListener("keydown", (event) => {
  const key = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!key || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();                        // an arrow moves an agent, not the page
  choose(...key);
});
change(view.svg, { tabindex: 0 });
const pad = (i, keys) => make("div", {}, make("p", { class: "small" }, `Agent ${i + 1} (${keys})`),
  make("div", { class: "pad" }, make("span"), pads[i][0], make("span"), pads[i][2], pads[i][1], pads[i][3]));
card.append(make("h4", {}, "Move both agents home"),
  make("div", { class: "side" }, make("div", {}, view.svg),
    make("div", {}, make("div", { class: "row" }, pad(0, "W A S D"), pad(1, "arrow keys")),
      make("div", { class: "row" }, button("New episode", begin), go),
      make("p", { class: "small" }, "Keys work once the board or a button has the focus: click it, or press Tab. " +
                                    "They move together, when both have chosen."))),
  said, list);
begin();
host.touch = { begin, step, act: () => act(cells), get cells() { return cells; }, get over() { return over; },
               observe: () => world.observe(cells), state: () => world.state(cells),
               put: (to) => { begin(); cells = to; show(""); } };
