"""Check of lesson 07: one whole update step, held against updates that are wrong in one thing each."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

AGENTS, MIXER, TARGET_AGENTS, TARGET_MIXER, OPTIMISER, BATCH, GAMMA = range(7)      # the places of the arguments
ROUGH = 1e-6        # a flag that is turned into float32 costs digits, and is no mistake
# batch, agents, actions, observation, state, gamma, optimiser, which rows terminated, old gradients
WORLDS = {
    1: (1, 1, 2, 2, 2, 0.5, "sgd", [False], None),
    2: (5, 2, 3, 3, 4, 0.9, "sgd", [False, True, False, False, True], 0.5),
    3: (4, 3, 4, 2, 3, 0.97, "adam", [True, False, False, True], -1.0),
    4: (3, 3, 3, 4, 2, 1.0, "sgd", [False, False, False], 0.5),
    5: (2, 2, 2, 3, 3, 0.8, "sgd", [True, True], None),
}


class SmallAgents(nn.Module):
    """obs[B, T, N, O] → q[B, T, N, A], each agent with weights of its own."""

    def __init__(self, n_agents: int, obs_dim: int, n_actions: int):
        super().__init__()
        self.nets = nn.ModuleList(nn.Sequential(nn.Linear(obs_dim, 4), nn.Tanh(), nn.Linear(4, n_actions))
                                  for _ in range(n_agents))
        self.inputs = obs_dim

    def forward(self, obs):
        if obs.dim() != 4 or obs.shape[2:] != (len(self.nets), self.inputs):
            raise ValueError(f"agents: expected obs[B, T, N, O] = [B, T, {len(self.nets)}, {self.inputs}], got {list(obs.shape)}")
        return torch.stack([net(obs[:, :, i]) for i, net in enumerate(self.nets)], dim=2)


class SmallMixer(nn.Module):
    """agent_qs[B, N], state[B, S] → q_tot[B]; monotone in the agents' values."""

    def __init__(self, n_agents: int, state_dim: int, embed_dim: int = 3):
        super().__init__()
        self.sizes = n_agents, state_dim, embed_dim
        self.w1, self.b1 = nn.Linear(state_dim, n_agents * embed_dim), nn.Linear(state_dim, embed_dim)
        self.w2, self.v = nn.Linear(state_dim, embed_dim), nn.Linear(state_dim, 1)

    def forward(self, agent_qs, state):
        n_agents, state_dim, embed_dim = self.sizes
        if agent_qs.dim() != 2 or agent_qs.shape[1] != n_agents:
            raise ValueError(f"mixer: expected agent_qs[B, N] = [B, {n_agents}], got {list(agent_qs.shape)}")
        if state.shape != (len(agent_qs), state_dim):
            raise ValueError(f"mixer: expected state[B, S] = [{len(agent_qs)}, {state_dim}], got {list(state.shape)}")
        hidden = (agent_qs.unsqueeze(2) * self.w1(state).abs().view(-1, n_agents, embed_dim)).sum(1) + self.b1(state)
        return (nn.functional.elu(hidden) * self.w2(state).abs()).sum(1) + self.v(state).squeeze(1)


def update_case(number: int) -> tuple:
    """The arguments of ``qmix_update`` in case ``number`` (1 to 5), new at every call: small networks and a batch.

    In the cases 2, 3 and 4 the online weights still have gradients from before.
    """
    rows, n_agents, n_actions, obs_dim, state_dim, gamma, kind, _, old = WORLDS[number]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7_050 + number)
        agents, target_agents = (SmallAgents(n_agents, obs_dim, n_actions).double() for _ in range(2))
        mixer, target_mixer = (SmallMixer(n_agents, state_dim).double() for _ in range(2))
    weights = [*agents.parameters(), *mixer.parameters()]
    for parameter in weights:
        parameter.grad = None if old is None else torch.full_like(parameter, old)
    optimiser = torch.optim.SGD(weights, lr=0.1) if kind == "sgd" else torch.optim.Adam(weights, lr=0.01)
    return agents, mixer, target_agents, target_mixer, optimiser, _batch(number, 0), gamma


def _batch(number: int, which: int) -> dict[str, torch.Tensor]:
    rows, n_agents, n_actions, obs_dim, state_dim, _, _, terminated, _ = WORLDS[number]
    generator = torch.Generator().manual_seed(100 * number + which)

    def draw(*shape):
        return torch.randn(rows, *shape, dtype=torch.float64, generator=generator).round(decimals=2)

    available = torch.rand(rows, n_agents, n_actions, generator=generator) < 0.6
    lucky = torch.randint(0, n_actions, (rows, n_agents, 1), generator=generator)
    return {"obs": draw(n_agents, obs_dim), "state": draw(state_dim),
            "actions": torch.randint(0, n_actions, (rows, n_agents), generator=generator), "reward": 2 * draw(),
            "terminated": torch.tensor(terminated), "next_obs": draw(n_agents, obs_dim), "next_state": draw(state_dim),
            "next_available": available.scatter(-1, lucky, True)}


# ---- the right update, and one that is wrong in one thing -------------------------------------------------------------

def update_with(flaw: str = "") -> Callable:
    """A ``qmix_update`` with one flaw, or the right one."""

    def update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
        before, after = batch["state"], batch["next_state"]
        q = agents(batch["obs"].unsqueeze(1)).squeeze(1)
        chosen = q.amax(-1) if flaw == "best for played" else _look_up(q, batch["actions"])
        if flaw == "agents detached":
            chosen = chosen.detach()
        q_tot = chosen.sum(-1) if flaw in ("no mixer", "added") else mixer(chosen, after if flaw == "s′ for s" else before)

        value_agents = agents if flaw in ("online", "online agents", "through the target") else target_agents
        value_mixer = mixer if flaw in ("online", "online mixer", "through the target", "through the mixer") else target_mixer
        next_q = value_agents(batch["obs" if flaw == "o for o′" else "next_obs"].unsqueeze(1)).squeeze(1)
        judge = agents(batch["next_obs"].unsqueeze(1)).squeeze(1) if flaw == "double-Q" else next_q
        if flaw == "unavailable worth 0":
            next_q = judge = next_q * batch["next_available"]
        best = _look_up(next_q, _choose(judge, batch["next_available"], flaw))
        next_tot = best.sum(-1) if flaw == "no mixer" else value_mixer(best, before if flaw == "s for s′" else after)
        if flaw not in ("through the target", "through the mixer"):
            next_tot = next_tot.detach()
        ended = batch["terminated"].double()
        goes_on = 1.0 if flaw == "never ends" else ended if flaw == "ends turned round" else 1.0 - ended
        y = batch["reward"] + {"no gamma": 1.0, "fixed gamma": 0.99}.get(flaw, gamma) * goes_on * next_tot
        errors = q_tot.unsqueeze(1) - y if flaw == "table" else q_tot - y
        loss = (errors ** 2).sum() if flaw == "sum" else (errors ** 2).mean()
        if flaw != "old gradients":
            optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return update


def _look_up(q, actions):
    return torch.stack([torch.stack([q[b, i, int(a)] for i, a in enumerate(row)]) for b, row in enumerate(actions)])


def _choose(q, available, flaw):
    if flaw != "unavailable too":
        q = q.masked_fill(~available, 0.0 if flaw.startswith("unavailable") else -torch.inf)
    return q.detach().argmax(-1)


# What an update does: the loss that it returned and the weights after it, for two batches in a row.
FLAWS = {
    "old gradients": "gradients from before are still there",
    "s for s′": "the target mixer reads the state before the step",
    "s′ for s": "the mixer reads the state after the step",
    "o for o′": "the next values come from the observations before the step",
    "online": "the online networks value the next step",
    "online agents": "the online networks value the next step",
    "online mixer": "the online networks value the next step",
    "through the target": "the gradient flows through the target",
    "through the mixer": "the gradient flows through the target",
    "never ends": "the end of an episode is ignored",
    "ends turned round": "the end is turned round",
    "unavailable too": "unavailable actions are chosen too",
    "unavailable as 0": "an unavailable action counts as 0",
    "unavailable worth 0": "an unavailable action counts as 0",
    "best for played": "the best actions, not the ones that were played",
    "no mixer": "the agents' values are added, not mixed",
    "added": "the agents' values are added, not mixed",
    "table": "every row meets every target",
    "sum": "the sum, not the mean",
    "no gamma": "gamma is not used",
    "fixed gamma": "gamma is not used",
    "double-Q": "the online agents choose the next actions",
    "agents detached": "no agent learns",
}


def _apply(update: Callable, number: int) -> list:
    """Two updates in a row: for each the returned loss, the agents' weights and the mixer's afterwards."""
    arguments = list(update_case(number))
    result = []
    for which in range(2):
        arguments[BATCH] = _batch(number, which)
        loss = update(*arguments)
        result.append((loss, _weights(arguments[AGENTS]), _weights(arguments[MIXER])))
    return result


def _weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().reshape(-1) for p in module.parameters()]).clone()


def _same(given: list, wanted: list) -> bool:
    return all(values.problem(g, w, ROUGH) is None for got, want in zip(given, wanted) for g, w in zip(got, want))


def look_at_update(room: Room, answer) -> Verdict:
    def asked(*arguments):
        before = [_weights(arguments[place]) for place in (TARGET_AGENTS, TARGET_MIXER)]
        loss = room.ask(answer, *arguments, may_change=(AGENTS, MIXER, TARGET_AGENTS, TARGET_MIXER, OPTIMISER))
        if any(not torch.equal(old, _weights(arguments[place])) for old, place in zip(before, (TARGET_AGENTS, TARGET_MIXER))):
            raise room.wrong("the target networks were moved")
        return loss

    given = {number: _apply(asked, number) for number in WORLDS}
    wanted = {number: _apply(update_with(), number) for number in WORLDS}
    failed = [number for number in WORLDS if not _same(given[number], wanted[number])]
    if failed:
        _name_it(room, asked, given, wanted, failed)
    arguments = update_case(2)
    asked(*arguments)
    if any(p.grad is not None and p.grad.any() for place in (TARGET_AGENTS, TARGET_MIXER) for p in arguments[place].parameters()):
        raise room.wrong("the target networks get gradients",
                         _line(2) + "\nafterwards: p.grad of the target's weights is not None")
    return Verdict("correct")


def _name_it(room: Room, asked: Callable, given: dict, wanted: dict, failed: list[int]) -> None:
    """Say what went wrong: by the flaw that explains everything, or by what did not move."""
    detail = _detail(given, wanted, failed[0])
    moved = {place: any((after - _weights(update_case(number)[place])).abs().max() > 0
                        for number in WORLDS for after in [given[number][0][1 + place]]) for place in (AGENTS, MIXER)}
    if not any(moved.values()):
        raise room.wrong("no weight changes", _line(2))
    for flaw, name in FLAWS.items():
        if all(_same(given[number], _apply(update_with(flaw), number)) for number in WORLDS):
            raise room.wrong(name, detail)
    if not moved[MIXER]:
        raise room.wrong("the mixer does not learn", detail)
    if not moved[AGENTS]:
        raise room.wrong("no agent learns", detail)
    if all(_same([part[1:] for part in given[n]], [part[1:] for part in wanted[n]]) for n in WORLDS):
        first = failed[0]
        problem = values.problem(given[first][0][0], wanted[first][0][0], ROUGH)
        if problem and problem.kind == "wrong shape or type":
            raise Found(Verdict("wrong shape or type", f"the loss that is returned: {problem.text}",
                                "The weights are right. What does your function return?", _line(first)))
        raise room.wrong("the loss that is returned is another one", detail)
    arguments = update_case(2)
    start = _weights(arguments[AGENTS])
    for group in arguments[OPTIMISER].param_groups:
        group["lr"] = 0.0
    asked(*arguments)
    if not torch.equal(start, _weights(arguments[AGENTS])):
        raise room.wrong("the given optimiser does not make the step", _line(2))
    raise Found(Verdict("wrong", "the step is not the expected one", "Print the shape of every line, and work one row out on "
                        "paper.", detail))


def _line(number: int) -> str:
    return f"run: from qmix_course.checks.lesson07 import update_case\n     qmix_update(*update_case({number}))"


def _detail(given: dict, wanted: dict, number: int) -> str:
    """The case to run, the loss of its first update, and where the weights differ."""
    (loss, *weights), (right, *right_weights) = given[number][0], wanted[number][0]
    lines = [_line(number), values.table(loss, right)]
    lines += [f"weights after the step, {name}: largest difference {float((w - r).abs().max()):.3g}"
              for name, w, r in zip(("agents", "mixer"), weights, right_weights)]
    if values.problem(loss, right, ROUGH) is None and all((w - r).abs().max() < ROUGH for w, r in zip(weights, right_weights)):
        lines.append("the first update is right, the next one is not")
    return "\n".join(lines)


UPDATE_MISTAKES = (
    Mistake("gradients from before are still there",
            "backward() adds to the gradients that it finds. Who cleared those of the last update?",
            "each step then follows the sum of all gradients since the start"),
    Mistake("the target mixer reads the state before the step",
            "The next values are mixed into the value of the next situation. In which state is that?",
            "the loss can become as small as you like, and the values are not those of the task"),
    Mistake("the mixer reads the state after the step",
            "Q_tot of the played actions is a value in the state in which they were played. Which one is that?",
            "the value would be explained by what nobody could know when acting"),
    Mistake("the next values come from the observations before the step",
            "What do the agents see when they choose their next actions?",
            "the target must value where the step led to, not where it began"),
    Mistake("the online networks value the next step",
            "There are two copies of each network. Which copy is meant to stand still while the other one learns?",
            "the target moves with every step that is taken towards it"),
    Mistake("the gradient flows through the target",
            "The target is a number to aim at. Can the loss also be made smaller by pulling at the target itself?",
            "the next value is pulled back towards the present one; where chance is involved all values come out wrong"),
    Mistake("the end of an episode is ignored",
            "Look at a row that terminated: what follows it?",
            "the last steps get a future that never comes"),
    Mistake("the end is turned round",
            "Which rows get the future in your code: those that terminated, or the others?",
            "the future is added exactly where there is none"),
    Mistake("unavailable actions are chosen too",
            "Which entry of the batch does your code never read?",
            "the target counts on values that the agents can never get"),
    Mistake("an unavailable action counts as 0",
            "Let all next values be negative: which action wins in your code?",
            "an action that cannot be taken wins with its 0 wherever the others are below zero"),
    Mistake("the best actions, not the ones that were played",
            "The reward followed from the actions in the batch. Does your Q_tot depend on them?",
            "the reward would be credited to actions that nobody took"),
    Mistake("the agents' values are added, not mixed",
            "A sum is VDN's mixer. Is the mixer that you were given called for both sides?",
            "the mixer that is meant to be trained has no part in the loss"),
    Mistake("every row meets every target",
            "Print the shapes of the two things that you subtract. What is the shape of their difference?",
            "every value is pulled towards the mean of all targets"),
    Mistake("the sum, not the mean",
            "Should a batch twice as large make steps twice as long?",
            "the step size would depend on the size of the batch"),
    Mistake("gamma is not used",
            "Call your function with two different gamma. Does the loss differ?",
            "the values would be those of another task than the one that was asked for"),
    Mistake("the online agents choose the next actions",
            "That is double-Q, a good idea from this lesson, but not what is asked for here. Who chooses without it?",
            "this exercise asks for the plain target, where the target agents choose and value"),
    Mistake("no agent learns",
            "The mixer moves and the agents stand still. Follow the gradient from Q_tot back: where does the way end?",
            "the loss falls, because the mixer has V(s), and nobody learns to act"),
    Mistake("the mixer does not learn",
            "The agents move and the mixer stands still. Through which of your lines should the gradient reach its weights?",
            "the agents' values are then mixed for ever as they were on the first day"),
    Mistake("no weight changes",
            "Three things come after the loss. Is each there, and do the gradients still exist when the step is made?",
            "a loss that nobody follows teaches nothing"),
    Mistake("the target networks were moved",
            "This step trains the online networks. When the target follows, and how far, is decided elsewhere.",
            "with a target that is moved here as well, nobody outside can set its pace"),
    Mistake("the target networks get gradients",
            "The step itself is right. But torch kept a record of the target's side too: how does one tell it not to?",
            "it costs time and memory, and gradients pile up in networks that are not trained"),
    Mistake("the loss that is returned is another one",
            "The weights are right. Was the loss that you return computed before the step, and is it the one that was minimised?",
            "a curve of losses is read as if each belonged to the weights before its step"),
    Mistake("the given optimiser does not make the step",
            "Set the learning rate of the optimiser to 0: the weights still move. Who moves them?",
            "an optimiser that is made anew each time forgets its averages, and nobody outside can set its learning rate"),
)

UPDATE = Exercise(
    number="07.5", title="The whole update", answers={"qmix_update": "function"}, difficulty=4, minutes=20,
    practises="write one gradient step of QMIX",
    hints=("Three parts: what the online side says about what was played; the targets; the step. Print the shape of every line.",
           "The agents want an axis for time: put one of length one behind B, and take it away again. The mixers want none.",
           "Online side: agents on obs, the values of the actions that were played, the mixer in the state. Target side, without "
           "gradients: target agents on next_obs, the best available values, the target mixer in the next state, then y.",
           "The step has three calls: clear the old gradients, compute the new ones, let the optimiser move. Return the loss as "
           "a number."),
    mistakes=UPDATE_MISTAKES, look=look_at_update)
