// One step of somebody's environment -> the team's reward, terminated, truncated: by the rules of from_parallel_env.
const { names, gamma } = data, comes = data.next;
const FLAGS = ["plays on", "terminated", "truncated", "both flags", "left before"];
const ENDS = [1, 3], LEFT_BEFORE = 4, MOST = 1e6;                                  // indices of FLAGS
const rewards = data.rewards.slice(), flags = data.flags.slice();
let atLimit = false, rule = 0;

function outcome() {
  const played = names.map((_, i) => i).filter((i) => flags[i] !== LEFT_BEFORE);
  const on = played.filter((i) => flags[i] === 0), over = on.length === 0;
  const terminated = over && played.some((i) => ENDS.includes(flags[i]));   // termination wins
  const truncated = (over || atLimit) && !terminated;
  const paid = played.reduce((sum, i) => sum + rewards[i], 0);
  const unlike = new Set(played.map((i) => rewards[i])).size > 1, flagged = played.some((i) => flags[i] > 1);
  return { on, over, terminated, truncated, unlike, cut: flagged || atLimit,
           reward: rule ? paid : paid / names.length };                     // over all, gone or not
}

const said = told(), why = make("p"), target = make("p"), pay = make("p"), fields = [], picks = [];
const rows = names.map((name, i) => {
  const field = make("input", { type: "number", step: "1", value: rewards[i], "aria-label": `reward of ${name}`,
    oninput: () => {
      const value = Number(field.value), right = field.value.trim() !== "" && Math.abs(value) < MOST;
      change(field, { "aria-invalid": right ? null : "true" });
      if (right) rewards[i] = value;
      draw();
    } });
  const pick = make("select", { "aria-label": `flag of ${name}`, onchange: () => {
    if (flags.every((flag, j) => j === i || flag === LEFT_BEFORE) && pick.selectedIndex === LEFT_BEFORE) {
      pick.selectedIndex = flags[i];                                    // then this step would not have been played
      return;
    }
    flags[i] = pick.selectedIndex;
    draw();
  } }, ...FLAGS.map((words) => make("option", {}, words)));
  fields.push(field);
  picks.push(pick);
  return make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, field), make("td", {}, pick));
});

function draw() {
  const { on, over, terminated, truncated, unlike, cut, reward } = outcome(), n = names.length;
  picks.forEach((pick, i) => {
    pick.selectedIndex = flags[i];
    change(fields[i], { disabled: flags[i] === LEFT_BEFORE });
  });
  const terms = names.map((_, i) => flags[i] === LEFT_BEFORE ? "0" : number(rewards[i], rewards[i] % 1 ? 2 : 0));
  pay.textContent = `Reward: the ${rule ? "sum" : "mean"} over all ${n} agents, ${rule ? terms.join(" + ")
    : `(${terms.join(" + ")}) / ${n}`} = ${number(reward)}.` +
    (unlike ? " Not all who played are paid the same, of which from_parallel_env warns: if they are rivals, neither " +
              "mean nor sum means anything." : "") +
    (fields.some((field) => field.hasAttribute("aria-invalid")) ? " (The marked reward is no number below a million, " +
                                                                   "so the one before it counts.)" : "");
  said.textContent = `For the team: terminated ${terminated ? "True" : "False"}, truncated ` +
    `${truncated ? "True" : "False"}, reward ${number(reward)}.`;
  why.textContent = terminated
    ? "Nobody is left, and in this step somebody was flagged terminated: the task has ended." +
      (cut ? " (Termination wins over truncation.)" : "")
    : over ? "Nobody is left, and in this step everybody was only cut: the clock ended the episode, not the task."
    : truncated ? "Our own clock has run out while somebody plays on: a cut."
    : `The episode goes on: ${on.map((i) => names[i]).join(" and ")} ${on.length > 1 ? "play" : "plays"} on.`;
  const alone = number(reward), more = number(reward + gamma * comes);
  target.textContent = terminated ? `Target: the reward alone, ${alone}. Told as a cut it would be ${more}.`
    : `Target: r + γ · what comes = ${alone} + ${gamma} · ${comes} = ${more}.` +
      (truncated ? ` Told as an end it would be ${alone}.` : "");
}

const paid = choice("The team is paid the", ["mean", "sum"], (index) => { rule = index; draw(); });
card.append(make("h4", {}, "One step, as somebody's environment returned it"),
  make("div", { class: "side" },
    make("div", { class: "wide" }, make("table", {}, make("tr", {}, ...["agent", "reward", "flag"].map((each) =>
      make("th", { scope: "col" }, each))), ...rows)),
    make("div", {}, paid, tick("episode_limit is reached", false, (on) => { atLimit = on; draw(); }))),
  said, why, pay, target);
draw();
host.touch = { outcome: (flagged, limit, sum, list) => {
  [flags, rewards].forEach((each, k) => each.splice(0, each.length, ...(k ? list : flagged)));
  [atLimit, rule] = [limit, sum ? 1 : 0];
  draw();
  return outcome();
} };
