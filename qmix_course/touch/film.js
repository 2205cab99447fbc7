// An episode to watch: pause it, step through it, or pull the slider.
const view = board(data.size, data.goals), said = told();
const film = { actions: data.actions, rewards: data.rewards, positions: data.positions };
const show = (t) => {
  view.place(film.positions[t], film.actions[t]);
  const signs = (film.actions[t] ?? []).map((action, i) => `${i + 1} ${action < 0 ||
    String(film.positions[t][i]) === String(data.goals[i]) ? "rests" : ARROWS[action]}`);
  said.textContent = caption(film, t) + (signs.length ? ` Next: ${signs.join(", ")}.` : "");
};
const controls = player(data.rewards.length + 1, show, { seconds: data.seconds, opening: true });
card.append(make("h4", {}, data.title),
            make("div", { class: "side" }, make("div", {}, view.svg), make("div", {}, controls.row, said)));
controls.go(0);
host.touch = controls;
