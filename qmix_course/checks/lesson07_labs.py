"""The labs of lesson 07: double-Q that chooses one step too early, and clipping that leaves out the mixer."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

# ---- 07.6 double-Q, off by one step -----------------------------------------------------------------------------------

NOT_LOW = "a number that is not low enough"
TOO_EARLY = "the choice still falls one step too early"


def targets(online_q, target_q, available, reward, terminated, gamma):
    """The truth, step by step."""
    y = reward.clone()
    for b, t in torch.cartesian_prod(*(torch.arange(size) for size in reward.shape)).reshape(-1, 2).tolist():
        if not terminated[b, t]:
            for i in range(online_q.shape[2]):
                allowed = [a for a in range(online_q.shape[3]) if available[b, t + 1, i, a]]
                chosen = max(allowed, key=lambda a, i=i: online_q[b, t + 1, i, a])
                y[b, t] += gamma * target_q[b, t + 1, i, chosen]
    return y


def _double_cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(706)
    cases = []
    for *shape, gamma in ((1, 1, 1, 2, 0.5), (1, 2, 1, 3, 0.5), (2, 3, 2, 3, 0.9), (3, 1, 3, 4, 0.8), (4, 5, 2, 5, 0.99)):
        batch, time, agents, actions = shape
        count = batch * (time + 1) * agents * actions
        online_q, target_q = ((torch.randperm(count, generator=generator).to(torch.float64) - count // 2).div(2)
                              .reshape(batch, time + 1, agents, actions) for _ in range(2))
        available = torch.rand(online_q.shape, generator=generator) < 0.6
        lucky = torch.randint(0, actions, (batch, time + 1, agents, 1), generator=generator)
        reward = torch.randn(batch, time, dtype=torch.float64, generator=generator).round(decimals=2)
        terminated = (torch.rand(batch, time, generator=generator) < 0.3) & (torch.arange(time) == time - 1)
        cases.append((online_q, target_q, available.scatter(-1, lucky, True), reward, terminated, gamma))
    return cases


def look_at_double(room: Room, wrong_line, mended) -> Verdict:
    cases = _double_cases()
    try:
        room.compare(mended, cases, targets)
    except Found as found:
        if found.verdict.title == "the values are not the expected ones":
            _find_reader(room, mended, cases)
        raise
    for case in _low_cases(cases):
        given = room.ask(mended, *case)
        if values.problem(given, targets(*case), 1e-9):
            raise room.wrong(NOT_LOW, values.call("mended_targets", case) + "\n" + values.table(given, targets(*case)))
    room.line(wrong_line, 3)
    return Verdict("correct")


def _low_cases(cases: list[tuple]) -> list[tuple]:
    """The online network's values far below zero; and only an action whose value is the lowest of all can be taken."""
    tie = (torch.tensor([[[[0.0, 0.0]], [[0.0, -1e30]]]]), torch.tensor([[[[1.0, 2.0]], [[3.0, 5.0]]]]),
           torch.tensor([[[[True, True]], [[False, True]]]]), torch.zeros(1, 1), torch.zeros(1, 1, dtype=torch.bool), 0.5)
    return [*[(1e30 * (case[0] - case[0].max() - 1), *case[1:]) for case in cases[1:3]], tie]


def _find_reader(room: Room, mended, cases: list[tuple]) -> None:
    """No target depends on what the online network says at the first time. Does one here?"""
    online_q, *rest = cases[2]
    changed = online_q.clone()
    changed[:, 0] = -changed[:, 0]
    if not values.same(room.ask(mended, online_q, *rest), room.ask(mended, changed, *rest)):
        raise room.wrong(TOO_EARLY, "Changing online_q[:, 0] alone changes a target.")


def _mixed(next_q, reward, terminated, gamma):
    return reward + gamma * torch.where(terminated, 0.0, next_q.sum(-1))


def _gathered(table, judge):
    return table.gather(-1, judge.argmax(-1, keepdim=True)).squeeze(-1)


def _closed(q, available):
    return q.masked_fill(~available, -torch.inf)


DOUBLE_MISTAKES = (
    Mistake(TOO_EARLY,
            "The shapes fit, and that is how it hid. For the target of time t: at which time must the action be chosen?",
            "what was best before the step says nothing about what is best, or even possible, after it",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], _closed(on, av)[:, :-1]), r, end, g)),
    Mistake("now the action is also valued one step too early",
            "Choice and value fit together again, but to which time do they belong? The target speaks of the next one.",
            "an impossible action no longer shows up, but the target values the state that was left",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, :-1], _closed(on, av)[:, :-1]), r, end, g)),
    Mistake("no double-Q any more",
            "Who chooses the action in your repair, and who values it? They are meant to be two.",
            "the symptom is gone because the idea is: the maximum of one network's values is too high again",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], _closed(ta, av)[:, 1:]), r, end, g)),
    Mistake("the online network values its own choice",
            "The choice is right. Which network's value enters the target now, and which is meant to?",
            "the online network judges itself, and the target network has no part in the target",
            lambda on, ta, av, r, end, g: _mixed(_gathered(on[:, 1:], _closed(on, av)[:, 1:]), r, end, g)),
    Mistake("the roles are swapped",
            "Two networks have two roles. Which one chooses in the text, and which one values?",
            "the values then come from the network that moves with every step",
            lambda on, ta, av, r, end, g: _mixed(_gathered(on[:, 1:], _closed(ta, av)[:, 1:]), r, end, g)),
    Mistake("only the mask was moved",
            "Impossible actions are gone. But whose values are compared among the possible ones: those before or after the step?",
            "the symptom was an unavailable action; the cause is the time of the choice",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], _closed(on[:, :-1], av[:, 1:])), r, end, g)),
    Mistake("the mask is gone",
            "The time is right now. Which action may win in your repair?",
            "the online network then chooses actions that cannot be taken",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], on[:, 1:]), r, end, g)),
    Mistake("the mask is still that of the step before",
            "Two tables enter the choice. Do both belong to the time after the step?",
            "what was possible before the step may be impossible after it",
            lambda on, ta, av, r, end, g: _mixed(_gathered(ta[:, 1:], _closed(on[:, 1:], av[:, :-1])), r, end, g)),
    Mistake(NOT_LOW,
            "The bug is mended. But what if the values of all available actions are lower than the number that you put in?",
            "the listing had −∞ there, below which nothing lies; a repair must leave the rest as it was"),
)

DOUBLE = Exercise(
    number="07.6", title="An action that nobody can take", answers={"wrong_line_6": "value", "mended_targets": "function"},
    difficulty=3, minutes=10, practises="find a choice that is made at the wrong time", lab=True,
    hints=("Write behind each line which times its result holds: 0 to T, 0 to T − 1, or 1 to T.",
           "Two tables with the same number of times meet in one of the lines. Are they the same times?",
           "The value is that of the next time. The choice must be of the same time."),
    mistakes=DOUBLE_MISTAKES, look=look_at_double)


# ---- 07.7 clipping that leaves out the mixer --------------------------------------------------------------------------

RATE = 0.1
# The gradients of the agents' weights, of the mixer's, and the limit.
CLIPPED = (([6.0, -3.0], [4.0, 12.0], 2.0), ([3.0], [4.0], 1.0), ([30.0, -2.0], [0.2], 10.0),
           ([0.1, 0.2], [-40.0, 9.0, 1.0], 2.5), ([3e6], [-4e6], 1.0), ([-3.0], [4.0], 4.5), ([6.0, 1.0, -2.0], [7.0, 7.0], 0.5))
SHORT = (([0.3], [-0.4], 1.0), ([2.0, -1.0], [3.0, 1.5], 10.0))


class Weights(nn.Module):
    """One tensor of weights for each number, all 1."""

    def __init__(self, count: int):
        super().__init__()
        self.parts = nn.ParameterList([nn.Parameter(torch.ones(1, dtype=torch.float64)) for _ in range(count)])


def _moved(room: Room, mended, of_agents: list[float], of_mixer: list[float], limit: float) -> tuple:
    """Let the answer make one step on a loss with these gradients: (returned, the gradients that the step followed)."""
    agents, mixer = Weights(len(of_agents)), Weights(len(of_mixer))
    weights = [*agents.parameters(), *mixer.parameters()]
    for weight in weights:
        weight.grad = torch.full_like(weight, 5.0)
    optimiser = torch.optim.SGD(weights, lr=RATE)
    loss = sum((slope * weight).sum() for slope, weight in zip([*of_agents, *of_mixer], weights))
    length = room.ask(mended, agents, mixer, optimiser, loss, limit, may_change=(0, 1, 2, 3))
    followed = [torch.cat([(1 - w.detach()) / RATE for w in module.parameters()]) for module in (agents, mixer)]
    return length, *followed


def look_at_clipping(room: Room, wrong_line, mended) -> Verdict:
    for of_agents, of_mixer, limit in (*CLIPPED, *SHORT):
        length, *followed = _moved(room, mended, of_agents, of_mixer, limit)
        full = [torch.tensor(of_agents, dtype=torch.float64), torch.tensor(of_mixer, dtype=torch.float64)]
        norm = float(torch.cat(full).norm())
        wanted = [part * min(1.0, limit / norm) for part in full]
        if not all(_near(got, want) for got, want in zip(followed, wanted)):
            _name_clipping(room, followed, full, wanted, limit)
        if values.problem(length, norm, 1e-5):
            raise room.wrong("the step is right, but the number that is returned is not",
                             f"gradient of the agents {of_agents}, of the mixer {of_mixer}\n" + values.table(length, norm))
    room.line(wrong_line, 3)
    return Verdict("correct")


def _near(got, want) -> bool:
    return torch.allclose(got, want, rtol=1e-5, atol=1e-9)      # torch's own clipping adds 1e-6 to the length


def _name_clipping(room: Room, followed, full, wanted, limit: float) -> None:
    agents, mixer = full
    apart = [part * min(1.0, limit / float(part.norm())) for part in full]
    norm = float(torch.cat(full).norm())
    detail = "\n".join([f"gradient of the agents {agents.tolist()}, of the mixer {mixer.tolist()}, max_norm {limit}",
                        "expected after clipping: " + _rows(wanted), "the step followed:       " + _rows(followed)])
    stale = [part + 5.0 for part in full]
    joined = torch.cat(stale) / torch.cat(stale).norm()
    if torch.allclose(torch.cat(followed) / torch.cat(followed).norm(), joined, atol=1e-5):
        raise room.wrong("gradients from before are still there", detail)
    if not any(part.any() for part in followed):
        raise room.wrong("no weight changes", detail)
    if norm <= limit:
        raise room.wrong("a gradient that is short enough is changed too", detail)
    for name, parts in (("nothing is clipped", full),
                        ("the mixer's part is still not limited", (apart[0], mixer)),
                        ("now the agents' part is not limited", (agents, apart[1])),
                        ("agents and mixer are clipped apart", apart),
                        ("each entry is clipped on its own", [part.clamp(-limit, limit) for part in full])):
        if all(map(_near, followed, parts)):
            raise room.wrong(name, detail)
    together, direction = torch.cat(followed), torch.cat(full)
    if not torch.allclose(together / together.norm(), direction / norm, atol=1e-5):
        raise room.wrong("the direction of the gradient has changed", detail)
    raise room.wrong("the clipped gradient has the wrong length", detail)


def _rows(parts) -> str:
    return " and ".join("[" + ", ".join(f"{number:.4g}" for number in part.tolist()) + "]" for part in parts)


CLIPPING_MISTAKES = (
    Mistake("the mixer's part is still not limited",
            "Which weights does the clipping know of? Look at what the optimiser moves.",
            "one large error still throws the mixer's weights as far as it likes"),
    Mistake("now the agents' part is not limited",
            "The mixer is limited now. And the agents?",
            "the same bug with the roles changed"),
    Mistake("agents and mixer are clipped apart",
            "Both are short now, each for itself. Take 3 and 4 with limit 1: which direction has (3, 4), and which has yours?",
            "two limits change the direction, and the whole may be longer than the limit"),
    Mistake("gradients from before are still there",
            "backward() adds to the gradients that it finds. Is the first line of the listing still where it was?",
            "each step then follows the sum of all gradients since the start"),
    Mistake("each entry is clipped on its own",
            "The limit is on the length of the whole gradient. What happens to its direction in your version?",
            "cutting entries turns the gradient towards the diagonal"),
    Mistake("nothing is clipped",
            "The step follows the full gradient. In which order do gradients, clipping and step come?",
            "clipping works on the gradients that exist when it is called, and for the step that comes after it"),
    Mistake("a gradient that is short enough is changed too",
            "Clipping is a limit. What should happen to a gradient that is shorter?",
            "near a solution the gradients are small, and small steps are what one wants there"),
    Mistake("no weight changes",
            "What becomes of a step whose gradient is too long? It should be shortened, not left out.",
            "rare large errors are often the ones to learn most from"),
    Mistake("the direction of the gradient has changed",
            "By which factor do you shorten the agents' part, and by which the mixer's? How many factors should there be?",
            "clipping shortens the gradient of all weights together and keeps its direction"),
    Mistake("the clipped gradient has the wrong length",
            "The direction is right. How long is the gradient of all weights together, before and after?",
            "the limit that was asked for is not the limit that holds"),
    Mistake("the step is right, but the number that is returned is not",
            "What was promised: the length before or after the clipping, of which weights?",
            "who watches this number wants to see how large the gradients were"),
)

CLIPPING = Exercise(
    number="07.7", title="A limit that does not hold", answers={"wrong_line_7": "value", "mended_step": "function"},
    difficulty=3, minutes=10, practises="clip the gradient of all weights together", lab=True,
    hints=("Which weights does the optimiser move? Which does the clipping see?",
           "The length that counts is one number: that of the gradient of all weights together.",
           "Weights of two modules can stand in one list. Clip once."),
    mistakes=CLIPPING_MISTAKES, look=look_at_clipping)

LABS = (DOUBLE, CLIPPING)
