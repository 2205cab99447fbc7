// The rules of GridWorld for two agents, word for word those of envs/grid.py, and a drawing of its board.
const MOVES = [[-1, 0], [1, 0], [0, -1], [0, 1]], WORDS = ["up", "down", "left", "right"];
const ARROWS = ["↑", "↓", "←", "→"];

function gridWorld(size) {
  const goals = [[size - 1, 0], [0, size - 1]], start = [[0, 0], [size - 1, size - 1]];
  const same = (a, b) => a[0] === b[0] && a[1] === b[1];
  const home = (cells) => cells.map((cell, i) => same(cell, goals[i]));
  // One step of both at the same time: cells[2] as [row, column], actions[2] from 0 to 3.
  function step(cells, actions) {
    const rests = home(cells), events = [];
    let bumps = 0;
    let after = cells.map((cell, i) => {
      if (rests[i]) return cell;
      const to = [cell[0] + MOVES[actions[i]][0], cell[1] + MOVES[actions[i]][1]];
      if (Math.min(...to) >= 0 && Math.max(...to) < size) return to;
      bumps += 1;
      events.push(`Agent ${i + 1} walks into the wall (−0.5)`);
      return cell;
    });
    if (same(...after)) {
      after = cells;
      bumps += 1;
      events.push("They want the same cell, and both go back (−0.5)");
    }
    const distance = after.reduce((sum, cell, i) =>
      sum + Math.abs(cell[0] - goals[i][0]) + Math.abs(cell[1] - goals[i][1]), 0);
    const solved = distance === 0;
    return { cells: after, reward: solved ? 10 : -0.05 - 0.1 * distance - 0.5 * bumps, solved, events };
  }
  // What each agent sees, and what only training may know.
  const scaled = (list) => list.flat().map((x) => x / (size - 1));
  const observe = (cells) => [0, 1].map((i) => scaled([cells[i], cells[1 - i], goals[i]]));
  return { size, goals, start, home, step, observe, state: (cells) => scaled([...cells, ...goals]) };
}

// A table of joint actions: one letter a placement, the letters of 16 numbers 4 * (action of agent 1) + (action of 2).
function team(table, size) {
  const cell = ([row, column]) => row * size + column;
  return (cells) => {
    const joint = parseInt(table[cell(cells[0]) * size * size + cell(cells[1])], 16);
    return [Math.floor(joint / 4), joint % 4];
  };
}

// An episode from `cells`: positions[T+1], actions[T], rewards[T], and whether it was solved within the limit.
// `dice(step, agent)`: an action that the agent takes instead, or null.
function episode(world, act, cells, limit, dice = () => null) {
  const film = { positions: [cells], actions: [], rewards: [], solved: false };
  while (!film.solved && film.actions.length < limit) {
    const actions = act(cells).map((action, i) => dice(film.actions.length, i) ?? action);
    const next = world.step(cells, actions);
    film.actions.push(actions);
    film.rewards.push(next.reward);
    film.positions.push(cells = next.cells);
    film.solved = next.solved;
  }
  return film;
}

// The board. `place(cells, actions)` puts everybody somewhere; with actions, arrows say what each is about to do.
function board(size, goals) {
  const S = 44, middle = (cell) => [cell[1] * S + S / 2 + 1, cell[0] * S + S / 2 + 1];
  const svg = make("svg", { viewBox: `-9 -9 ${size * S + 20} ${size * S + 20}`, role: "img" });
  svg.append(make("rect", { x: 1, y: 1, width: size * S, height: size * S, fill: "#fff", stroke: "#333",
                            "stroke-width": 2 }));
  for (let k = 1; k < size; k++) svg.append(
    make("line", { x1: k * S + 1, y1: 1, x2: k * S + 1, y2: size * S, stroke: "#bbb" }),
    make("line", { x1: 1, y1: k * S + 1, x2: size * S, y2: k * S + 1, stroke: "#bbb" }));
  const corners = (n, radius, turn, inner = 1) => Array.from({ length: n }, (_, k) => {
    const angle = turn + 2 * Math.PI * k / n, r = k % 2 ? radius * inner : radius;
    return `${r * Math.sin(angle)},${-r * Math.cos(angle)}`;
  }).join(" ");
  const colour = (i) => COLOURS[i % COLOURS.length];
  goals.forEach((goal, i) => {
    const [x, y] = middle(goal);
    svg.append(make("rect", { x: x - S / 2, y: y - S / 2, width: S, height: S, fill: colour(i), opacity: 0.15 }),
      make("polygon", { points: corners(10, 19, 0, 0.5), transform: `translate(${x} ${y})`, fill: "#fff",
                        stroke: colour(i), "stroke-width": 2 }), make("text", { x, y: y + 1 }, i + 1));
  });
  const shapes = [0, 4, 3, 4, 5, 6, 8], turns = [0, Math.PI / 4, 0, 0, 0, 0, 0];
  const agents = goals.map((_, i) => {
    const n = shapes[i % 7], style = { fill: colour(i), stroke: "#fff" };
    const shape = n ? make("polygon", { points: corners(n, 17, turns[i % 7]), ...style })
      : make("circle", { r: 15, ...style });
    const arrow = make("path", { d: "", fill: "none", stroke: "#000", "stroke-width": 3 });
    const name = make("text", { style: "fill:#fff;font-weight:bold;font-size:15px" }, i + 1);
    const group = make("g", {}, shape, name, arrow);
    svg.append(group);
    return { group, arrow };
  });
  function place(cells, actions = null) {
    agents.forEach(({ group, arrow }, i) => {
      const [x, y] = middle(cells[i]), rests = String(cells[i]) === String(goals[i]);
      const sharing = cells.flatMap((cell, k) => String(cell) === String(cells[i]) ? [k] : []);
      const aside = sharing.length > 1 ? `translate(${12 * (2 * sharing.indexOf(i) - 1)} 0) scale(0.55)` : "";
      change(group, { transform: `translate(${x} ${y}) ${aside}` });
      const action = actions === null || rests ? -1 : actions[i];
      change(arrow, { d: action < 0 ? "" : "M0 -16V-33M-6 -27L0 -34L6 -27",
                      transform: `rotate(${[0, 180, 270, 90][action] ?? 0})` });
    });
    change(svg, { "aria-label": "The board: " + cells.map((cell, i) => `agent ${i + 1} in row ${cell[0]}, column ` +
      `${cell[1]}${String(cell) === String(goals[i]) ? ", on its goal" : ""}`).join("; ") });
  }
  return { svg, place };
}

// What a film says at one of its steps.
function caption(film, t) {
  const so = film.rewards.slice(0, t).reduce((sum, reward) => sum + reward, 0), end = t === film.actions.length;
  const went = t === 0 ? "Start." : `Step ${t}: reward ${number(film.rewards[t - 1])}.`;
  return `${went} ${end ? "The end: return" : "Return so far"} ${number(so)}.`;
}
