"""03.2 · One coin for each agent: explore decentrally, on available actions only, from a given generator."""

from __future__ import annotations

import random

import numpy
import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise
from qmix_course.checks.lesson03.epsilon_greedy_mistakes import MISTAKES
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

SIGMAS = 6.0                    # so far may a frequency be from its probability, in standard deviations
# three agents, where frequencies are counted
VALUES = ((0.0, 2.0, -1.0, 1.0), (-3.0, 0.5, 0.0, 1.0), (2.0, -2.0, 0.0, 1.0))
BEST = (1, 3, 0)                # each one's best action
EPSILON = 0.4


def find_fault(room: Room, answer) -> tuple[str, str] | None:
    """The first thing that is wrong with ``answer(q, available, epsilon, generator)``: (a key of MISTAKES, detail), or
    None."""
    def draw(q, available, epsilon, generator):
        got = room.ask(answer, q, available, epsilon, generator, may_change=(3,))
        problem = values.problem(got, torch.zeros(q.shape[:-1], dtype=torch.int64), 0.0)
        if problem and problem.kind == "wrong shape or type":
            raise room.misfit(problem.text, "One whole number for each agent: q's shape without its last axis.")
        return got.long()

    for look in (_greedy, _greedy_at_the_edge, _exploring, _the_generator, _frequencies, _rarely, _masked_frequencies,
                 _together, _one_by_one):
        fault = look(draw)
        if fault:
            return fault
    return None


def _allowed(available, actions) -> torch.Tensor:
    """Whether each action exists and is available."""
    inside = (actions >= 0) & (actions < available.shape[-1])
    return inside & available.gather(-1, actions.clamp(0, available.shape[-1] - 1)[..., None])[..., 0]


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _some(shape, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Values, mostly negative, no two equal in a row, and a mask with something available everywhere."""
    made = _generator(seed)
    q = (torch.rand(shape, generator=made).argsort(-1) - torch.rand(shape, generator=made) / 2
         - shape[-1]).round(decimals=2)
    mask = torch.rand(shape, generator=made) < 0.5
    return q, mask.scatter(-1, torch.randint(shape[-1], shape[:-1], generator=made)[..., None], True)


def _run(q, available, epsilon, seed) -> str:
    line = (f"run: epsilon_greedy({values.literal(q)}, {values.literal(available)}, {epsilon}, "
            f"torch.Generator().manual_seed({seed}))")
    return line if len(line) < values.LONGEST_CALL else ""


SHAPES = ((1, 3), (2, 4), (1, 1, 1), (5, 1, 3), (60, 2, 4), (20, 3, 3, 5))


def _greedy(draw) -> tuple[str, str] | None:
    given = []
    for seed, shape in enumerate(SHAPES):
        q, available = _some(shape, seed)
        given.append((q, available, draw(q, available, 0.0, _generator(seed)), seed))
    best = [q.masked_fill(~available, -torch.inf).argmax(-1) for q, available, *_ in given]
    failed = [k for k, (_, _, got, _) in enumerate(given) if not torch.equal(got, best[k])]
    if failed:
        k = failed[0]
        q, available, got, seed = given[k]
        detail = f"{_run(q, available, 0.0, seed)}\nexpected: {best[k].tolist()}\ngot:      {got.tolist()}"
        detail = detail if len(detail) < 900 else ""
        if all(torch.equal(got, q.argmax(-1)) for q, _, got, _ in given):
            return "unmasked best", detail
        if all(torch.equal(got, (q * available).argmax(-1)) for q, available, got, _ in given):
            return "multiplied", detail
        if all(torch.equal(draw(q, available, 1.0, _generator(seed)), b)
               for (q, available, _, seed), b in zip(given, best)):
            return "swapped", detail
        return "not greedy", detail
    for shape in ((2, 3), (30, 2, 4)):                           # equal values: any of the available ones
        available = _some(shape, 9)[1]
        if not _allowed(available, draw(torch.zeros(shape), available, 0.0, _generator(9))).all():
            return "unmasked best", "q is 0 for all actions, available or not"
    return None


def _greedy_at_the_edge(draw) -> tuple[str, str] | None:
    """Values as low as numbers go, and values that lie close together."""
    lowest = torch.finfo(torch.float64).min
    for low in (-1e3, -1e9, -1e15, -1e30, -1e300, lowest, 40.0):         # 40: all far above 0
        q, available = (torch.tensor([[50.0, low, low], [low, low, 60.0]]),
                        torch.tensor([[False, True, False], [False, True, False]]))
        if not _allowed(available, draw(q, available, 0.0, _generator(3))).all():
            return "stand-in", _run(q, available, 0.0, 3)
    for far in (-1.0, -1e17, 1e30):
        q, available = (torch.tensor([[far, 1.0, 1.0 + 1e-9], [far, -3.0, -2.0]]),
                        torch.tensor([[False, True, True], [False, True, True]]))
        if draw(q, available, 0.0, _generator(3)).tolist() != [2, 2]:
            return "not greedy", _run(q, available, 0.0, 3)
    return None


def _exploring(draw) -> tuple[str, str] | None:
    for seed, shape in enumerate((*SHAPES, (400, 2, 4), (300, 3, 6))):
        q, available = _some(shape, 20 + seed)
        for epsilon in (1.0, 0.5):
            got = draw(q, available, epsilon, _generator(seed))
            if not _allowed(available, got).all():
                k = (~_allowed(available, got)).flatten().nonzero()[0, 0]
                return "unavailable", (f"epsilon = {epsilon}: an agent with available = "
                                       f"{available.flatten(0, -2)[k].tolist()} got action {int(got.flatten()[k])}")
    return None


def _the_generator(draw) -> tuple[str, str] | None:
    q, available = torch.zeros(50, 2, 4), torch.ones(50, 2, 4, dtype=torch.bool)
    before = torch.get_rng_state(), random.getstate(), numpy.random.get_state()[1].tolist(), numpy.random.get_state()[2]
    one, generator = draw(q, available, 1.0, _generator(1)), _generator(1)
    again, next_one = draw(q, available, 1.0, generator), draw(q, available, 1.0, generator)
    after = torch.get_rng_state(), random.getstate(), numpy.random.get_state()[1].tolist(), numpy.random.get_state()[2]
    if not torch.equal(one, again) or not torch.equal(before[0], after[0]) or before[1:] != after[1:]:
        return "other dice", "generators with the same seed must give the same actions, whatever was drawn elsewhere"
    if torch.equal(one, next_one) or torch.equal(one, draw(q, available, 1.0, _generator(2))):
        return "same again", "50 boards, 2 agents, epsilon = 1, drawn twice: the same 100 actions both times"
    return None


def _far(measured: float, expected: float, count: int) -> bool:
    return abs(measured - expected) > SIGMAS * (max(expected * (1 - expected), 1e-12) / count) ** 0.5 + 3 / count


def _sample(draw, generator: torch.Generator, *leading: int, epsilon: float = EPSILON) -> torch.Tensor:
    """actions[M, N] of three agents, four actions, all available; best is BEST. M: the product of the leading axes."""
    q = torch.tensor(VALUES).expand(*leading, 3, 4).contiguous()
    return draw(q, torch.ones_like(q, dtype=torch.bool), epsilon, generator).reshape(-1, 3)


def _frequencies(draw) -> tuple[str, str] | None:
    fault = _counted(_sample(draw, _generator(5), 1000, 3))
    if fault:
        calls = torch.stack([_sample(draw, _generator(seed), 100, 3) for seed in range(20, 32)])        # [12, 300, N]
        shares = torch.stack([(calls == action).double().mean(1) for action in range(4)])                   # [A, 12, N]
        if (shares.amax(1) - shares.amin(1)).max() > 0.2:        # no call is like the next: many places share one draw
            deviates = (calls != torch.tensor(BEST)).double().mean(1)
            # nobody in one call, most in another
            together = (deviates == 0).double().mean() > 0.1 and deviates.max() > 0.6
            return "batch coin" if together else "row coin", fault[1]
    return fault


def _rarely(draw) -> tuple[str, str] | None:
    """A small ε that is no round number."""
    epsilon = 0.0101
    actions = _sample(draw, _generator(12), 3000, epsilon=epsilon)
    measured = (actions != torch.tensor(BEST)).double().mean().item()
    if abs(measured - epsilon * 3 / 4) > 5 * (epsilon * 3 / 4 / actions.numel()) ** 0.5:
        return "another rate", (f"epsilon = {epsilon}, four actions, 9,000 draws: another action than the best one has "
                                f"the share {measured:.4f}, expected {epsilon * 3 / 4:.4f}")
    return None


def _one_by_one(draw) -> tuple[str, str] | None:
    """The same in calls without a leading axis."""
    generator = _generator(8)
    actions = torch.cat([_sample(draw, generator) for _ in range(800)])
    fault = _counted(actions)
    if fault:
        return fault[0], "800 calls with q[N, A]\n" + fault[1]
    return _agents(actions, "800 calls with q[N, A]")


def _counted(actions) -> tuple[str, str] | None:
    """Does each agent play each action as often as it should?"""
    count = len(actions)
    deviates = (actions != torch.tensor(BEST)).double().mean(0).tolist()
    shares = [[(actions[:, i] == a).double().mean().item() for a in range(4)] for i in range(3)]
    told = [f"agent {i + 1} of 3, epsilon = {EPSILON}, four actions, action {BEST[i]} is its best.\n"
            f"expected shares: {[round(EPSILON / 4 + (1 - EPSILON) * (a == BEST[i]), 2) for a in range(4)]}\n"
            f"measured shares: {[round(share, 2) for share in shares[i]]}" for i in range(3)]
    off = [i for i in range(3) if _far(deviates[i], EPSILON * 3 / 4, count)]
    uneven = [i for i in range(3) if any(a != BEST[i] and _far(shares[i][a], deviates[i] / 3, count) for a in range(4))]
    if uneven:
        return "uneven", told[uneven[0]]
    if off:
        return "another rate" if any(_far(share, EPSILON, count)
                                     for share in deviates) else "never the best", told[off[0]]
    return None


def _masked_frequencies(draw) -> tuple[str, str] | None:
    """Every action that is available comes up equally often when all is random."""
    mask = torch.tensor([[1, 0, 1, 1, 0], [0, 1, 0, 0, 1], [1, 1, 1, 1, 1]], dtype=torch.bool)
    q = torch.tensor([[0.5, 2.0, -1.0, 0.0, 1.0], [3.0, -2.0, 1.0, 0.0, -3.0], [0.0, 1.0, 2.0, 3.0, 4.0]])
    rows = 2000
    actions = draw(q.expand(rows, 3, 5).contiguous(), mask.expand(rows, 3, 5).contiguous(), 1.0, _generator(6))
    for i in range(3):
        for a in range(5):
            measured, expected = (actions[:, i] == a).double().mean().item(), mask[i, a].item() / mask[i].sum().item()
            if _far(measured, expected, rows):
                return "uneven", (f"available = {mask[i].tolist()}, epsilon = 1: action {a} has the share "
                                  f"{measured:.2f}, expected {expected:.2f}")
    return None


def _together(draw) -> tuple[str, str] | None:
    """What two agents do in one place, one agent in two places, or in two calls, has nothing to do with each other."""
    generator = _generator(7)
    actions, later = _sample(draw, generator, 1000, 3), _sample(draw, generator, 3000)
    fault = _counted(later) or _agents(actions, "q[1000, 3, N, A]") or _agents(later, "q[3000, N, A]")
    if fault:
        return fault
    other_seed = _sample(draw, _generator(11), 1000, 3)
    if any(_dependent(actions[:, i], again[:, i], i, i) for i in range(3) for again in (later, other_seed)):
        return "same again", "what is drawn in one call depends on what is drawn in another"
    for drawn, axes in ((actions, "[1000, 3]"), (later, "[3000]")):
        for shift in (1, 2, 3, 6, len(drawn) // 2):
            for i in range(3):
                if any(_dependent(drawn[shift:, i], drawn[:-shift, j], i, j) for j in range(3)):
                    return ("row coin", f"leading axes {axes}: what agents do in one place depends on another, {shift} "
                                        f"places before")
    return None


def _agents(actions, shape: str) -> tuple[str, str] | None:
    """Two agents in one place: do they deviate, and choose, independently?"""
    deviates = (actions != torch.tensor(BEST)).double()
    pairs = [(1, 0), (2, 0), (2, 1)]
    expected = (EPSILON * 3 / 4) ** 2
    for i, j in pairs:
        both = (deviates[:, i] * deviates[:, j]).mean().item()
        if _far(both, expected, len(actions)):
            return "team coin", (f"epsilon = {EPSILON}, {shape}: two agents deviate from their best actions together "
                                 f"in {both:.3f} of the draws, expected {expected:.3f}")
    if any(_dependent(actions[:, i], actions[:, j], i, j) for i, j in pairs):
        return "team die", f"{shape}: which actions two agents explore with at the same time is not what two dice give"
    return None


def _dependent(first, second, i: int, j: int) -> bool:
    chance = [[EPSILON / 4 + (1 - EPSILON) * (a == BEST[k]) for a in range(4)] for k in (i, j)]
    counts = torch.bincount(first * 4 + second, minlength=16).double() / len(first)
    return any(_far(counts[4 * a + b].item(), chance[0][a] * chance[1][b], len(first)) for a in range(4)
               for b in range(4))


def look_at_epsilon_greedy(room: Room, answer) -> Verdict:
    fault = find_fault(room, answer)
    if fault:
        raise room.wrong(MISTAKES[fault[0]].name, fault[1])
    return Verdict("correct")


EXERCISE = Exercise(
    number="03.2", title="One coin for each agent", answers={"epsilon_greedy": "function"}, difficulty=3, minutes=12,
    practises="explore decentrally, on available actions only, from a given generator",
    hints=("You need three things for every agent: its best available action, a random available action, and a coin.",
           "A coin is a uniform random number below ε. Its tensor has one entry for each agent in each row: the shape "
           "of q without the last axis.",
           "For the random action: random keys for all actions, something lower than every key where an action is "
           "unavailable; the largest wins. `torch.multinomial` on the mask works as well, but takes at most two axes."),
    mistakes=tuple(MISTAKES.values()), look=look_at_epsilon_greedy,
    off_limits=("qmix_course.exploration.greedy", "qmix_course.exploration.epsilon_greedy"))
