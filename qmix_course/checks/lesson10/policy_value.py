"""10.2 · What a policy is worth: policy evaluation: the exact return of a given team, circles included."""

from __future__ import annotations

import itertools
import math

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import NEARLY, REMEMBERS, UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def policy_value(next_state, reward, terminated, policy, gamma, twist=None):
    """v[X]: solve v = r + γ P v, where P has a row of zeros for a step that ends the episode."""
    states = range(len(policy))
    if twist == "best":
        return _best_value(next_state, reward, terminated, gamma)
    chosen = [tuple(pair) for pair in (policy.flip(1) if twist == "swapped" else policy).tolist()]
    r, p = torch.zeros(len(policy), dtype=torch.float64), torch.zeros(len(policy), len(policy), dtype=torch.float64)
    for x in states:
        for u, v in itertools.product(range(reward.shape[1]), repeat=2) if twist == "mean" else [chosen[x]]:
            share = 1 / reward.shape[1] ** 2 if twist == "mean" else 1.0
            ends = bool(terminated[x, u, v])
            r[x] += share * float(reward[x, u, v]) * (not (ends and twist == "unpaid end"))
            if not ends or twist == "no end":
                p[x, int(next_state[x, u, v])] += share
    if twist == "first":
        return r
    if twist == "one round":
        return torch.tensor([_until_it_repeats(x, r, p, gamma) for x in states], dtype=torch.float64)
    if twist == "transposed":
        p = p.T
    factor = gamma ** 2 if twist == "gamma twice" else gamma
    value = torch.linalg.solve(torch.eye(len(r), dtype=torch.float64) - factor * p, r)
    if twist == "circles":
        arrives = torch.zeros(len(r), dtype=torch.bool)
        for _ in states:
            arrives = torch.tensor([not p[x].any() or bool(arrives[p[x].bool()].all()) for x in states])
        value = torch.where(arrives, value, 0.0)
    return gamma * value if twist == "early" else value


def _until_it_repeats(x: int, r, p, gamma: float) -> float:
    total, factor, seen = 0.0, 1.0, set()
    while x not in seen:
        seen.add(x)
        total, factor = total + factor * float(r[x]), factor * gamma
        x = int(p[x].argmax()) if p[x].any() else x
    return total


def _best_value(next_state, reward, terminated, gamma):
    value = torch.zeros(len(reward), dtype=torch.float64)
    for _ in range(4000 if gamma > 0.9 else 400):
        value = (reward + gamma * torch.where(terminated, 0.0, value[next_state])).flatten(1).max(1).values
    return value


def world(states: int, actions: int, ends: float, gamma: float, seed: int, away: bool = False,
          scale: float = 1.0) -> tuple:
    """A case of ``policy_value``: any task of that size; ``away``: every state leads to a later one, the last one ends.
    """
    generator = torch.Generator().manual_seed(seed)
    shape = (states, actions, actions)
    next_state = torch.randint(states, shape, generator=generator)
    if away:
        here = torch.arange(states)[:, None, None]
        next_state = (here + 1 + next_state % 2).clamp(max=states - 1)
    reward = (2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1).round(decimals=2)
    terminated = torch.rand(shape, generator=generator) < ends
    if away:
        terminated[-1] = True
    policy = torch.randint(actions, (states, 2), generator=generator)
    return next_state, scale * reward, terminated, policy, gamma


def look(room: Room, answer) -> Verdict:
    straight = [world(*spec, seed, away=True) for seed, spec in enumerate(
        ((2, 2, 0.0, 0.9), (1, 2, 0.0, 0.5), (6, 3, 0.2, 0.9), (9, 4, 0.1, 0.8), (5, 1, 0.0, 0.9), (4, 2, 0.3, 0.3)))]
    circles = [world(*spec, 20 + seed) for seed, spec in enumerate(
        ((2, 2, 0.3, 0.9), (1, 2, 0.0, 0.5), (8, 4, 0.2, 0.95), (5, 3, 0.0, 0.8), (9, 2, 0.1, 0.9)))]
    patient = [world(*spec, 0.99, 40 + seed, scale=5.0)
               for seed, spec in enumerate(((3, 2, 0.0), (8, 4, 0.1), (4, 3, 0.3)))]
    for cases in (straight, circles, patient):
        given: list = []
        try:
            given += [room.ask(answer, *case) for case in cases]
            _exactly(room, given, cases)
        except Found as found:
            unexplained = found.verdict.title in (UNNAMED, NEARLY.name)
            if unexplained and _cut_off(room, answer, given, cases):
                raise room.wrong("the sum is cut off", found.verdict.detail) from None
            if unexplained and _settling(given, cases):
                raise room.wrong("it stops while the values still change", found.verdict.detail) from None
            raise
    if not values.loosely_equal(given[0], room.ask(answer, *patient[0]), 1e-9):
        raise room.wrong(REMEMBERS.name)
    _allowed_gammas(room, answer, world(3, 2, 0.0, 0.9, 60, away=True)[:4])
    return Verdict("correct")


def _exactly(room: Room, given: list, cases: list[tuple]) -> None:
    """As ``room.match``; and no value is further off than the text allows, however large it is."""
    expected = [policy_value(*case) for case in cases]
    room.match(given, expected, cases, tolerance=1e-6)
    for got, want, case in zip(given, expected, cases):
        if (got.detach().double() - want).abs().max() > 1e-6:
            shown = values.call("policy_value", case) + "\n" + values.table(got, want)
            if got.dtype != torch.float64 or torch.equal(got.float().double(), got):
                raise room.wrong(NEARLY.name, shown)
            raise Found(Verdict("wrong", UNNAMED, "A value is more than 1e-6 off.", shown))


def _allowed_gammas(room: Room, answer, ending: tuple) -> None:
    """Every γ from 0 to below 1 is fine, and no other one: asked with a policy that ends."""
    for gamma in (0.0, 0.995, 0.9999):
        try:
            got = room.ask(answer, *ending, gamma)
        except ValueError:
            raise room.wrong("a γ below 1 is refused", values.call("policy_value", (*ending, gamma))) from None
        _exactly(room, [got], [(*ending, gamma)])
    for gamma in (1.0, 1, -0.5, 1.01, -1e-9, 2.0, math.inf):
        line = values.call("policy_value", (*ending, gamma))
        try:
            room.ask(answer, *ending, gamma)
        except ValueError:
            continue
        except AssertionError:
            raise room.wrong("the error is of another kind", line) from None
        except Exception as error:
            if isinstance(error, (Found, LookupError, TypeError, NameError)):
                raise
        raise room.wrong("a γ is accepted for which there is no answer", line)


def _settling(given: list, cases: list[tuple]) -> bool:
    """Whether one more step would change every value only a little, and some value a little."""
    changes = []
    for got, (next_state, reward, terminated, policy, gamma) in zip(given, cases):
        entry = (torch.arange(len(policy)), policy[:, 0], policy[:, 1])
        one_more = reward[entry] + gamma * torch.where(terminated[entry], 0.0, got[next_state[entry]])
        changes.append(float((one_more - got).abs().max()))
    in_float32 = all(torch.equal(got.float().double(), got.double()) for got in given)
    return not in_float32 and 1e-9 < max(changes) < 2e-3


def _rewards_counted(got, case: tuple) -> int | None:
    """The k for which this is the sum of the first k rewards, if there is one."""
    next_state, reward, terminated, policy, gamma = case
    if not isinstance(got, torch.Tensor) or got.shape != policy.shape[:1]:
        return None
    entry = (torch.arange(len(policy)), policy[:, 0], policy[:, 1])
    total = torch.zeros(len(policy), dtype=torch.float64)
    for k in range(3000):
        total = reward[entry] + gamma * torch.where(terminated[entry], 0.0, total[next_state[entry]])
        if (total - got).abs().max() < 1e-9 * float(reward.abs().max()):
            return k + 1
    return None


def _cut_off(room: Room, answer, given: list, cases: list[tuple]) -> bool:
    """Whether the answer adds up a number of rewards that is fixed: as many when all of them are 1000 times larger."""
    off = next(k for k, (got, case) in enumerate(zip(given, cases)) if values.problem(got, policy_value(*case), 1e-6)
               or (got.double() - policy_value(*case)).abs().max() > 1e-6)
    count = _rewards_counted(given[off], cases[off])
    next_state, reward, *rest = cases[off]
    larger = (next_state, 1000.0 * reward, *rest)
    return count is not None and count == _rewards_counted(room.ask(answer, *larger), larger)


MISTAKES = twisted(
    policy_value,
    ("swapped", "the agents' actions are swapped",
     "`policy[x, 0]` belongs to agent 1. Which axis of the reward table is agent 1's?",
     "it judges another policy, in which each agent plays the other's part"),
    ("best", "the best policy is judged, and not this one",
     "Where does `policy` come in? A maximum over actions is about a policy that knows better.",
     "the maximum gives V*, whatever policy is handed in; every policy would look perfect"),
    ("mean", "all joint actions are averaged",
     "In a state this policy plays one joint action and no other. Which entry of the table is it?",
     "the mean over the table is the value of agents that throw dice"),
    ("no end", "the end of an episode is ignored",
     "What comes after a step that ends the episode? Remember that `next_state` means nothing there.",
     "after an end nothing more is earned; going on in state 0 is an accident of the table"),
    ("unpaid end", "the last reward of an episode is lost",
     "A step ends the episode. Is its own reward still paid?",
     "the end takes away what would have followed, and not the reward of the step itself"),
    ("early", "the first reward is discounted already",
     "By how much is the reward of the very first step discounted?",
     "every value is smaller by one factor γ"),
    ("gamma twice", "γ is applied twice at every step",
     "How often does γ occur between two rewards that follow each other?",
     "a reward in t steps counts γ to the power of t, not of 2t"),
    ("first", "only the first reward is counted",
     "A value looks beyond the next step. What is the next state worth?",
     "it would be right for γ = 0 alone"),
    ("transposed", "the values flow in the wrong direction",
     "State x leads to state y. Whose value needs the other one's? Look at the rows and columns of your matrix.",
     "a state is worth what comes after it, not what came before it"),
    ("circles", "a policy that goes round in a circle is worth 0",
     "A circle never ends. Are its rewards nothing? With γ < 1 their sum has a value: a geometric series.",
     "a policy that pays at every step of a circle would look better than one that arrives"),
    ("one round", "a circle is counted for one round only",
     "After a round the circle begins anew, and it never stops. What do all the further rounds still pay?",
     "each round pays the same as the one before, discounted by γ to the power of its length"),
    (None, "the sum is cut off",
     "Rewards that come after your last step are missing. How much can they still add when γ is 0.99?",
     "100 steps are enough for γ = 0.5, but 0.99 to the power of 100 is still 0.37"),
    (None, "it stops while the values still change",
     "When one more step changes a value by 1e-6 and γ is 0.99, how much do all the further steps together still "
     "change?",
     "each further change is only 1 % smaller than the one before, so that they can add up to a hundred times the "
     "first"),
    (None, "a γ below 1 is refused",
     "0, 0.995 and 0.9999 are all less than 1, and not less than 0. With what does your function compare?",
     "the sum is a number for every γ from 0 to below 1, however near to it"),
    (None, "the error is of another kind",
     "It stops, as it should. Which kind of error does the text ask for?",
     "who calls the function catches the kind that was promised, and `assert` can be switched off"),
    (None, "a γ is accepted for which there is no answer",
     "What is the sum of a circle's rewards when γ is 1? What should your function do before it starts?",
     "without discounting a policy that never ends has no value; a number that comes out all the same misleads"),
)

EXERCISE = Exercise(
    number="10.2",
    title="What a policy is worth",
    answers={"policy_value": "function"},
    difficulty=4,
    minutes=15, core=True,
    practises="policy evaluation: the exact return of a given team, circles included",
    hints=("Begin with γ. Then pick from each table, for every state, the entry of the joint action that "
           "the policy plays: three tensors of shape [X].",
           "The value obeys v(x) = r(x) + γ v(x′), without the second term where the episode ends. There are two ways "
           "to go on: repeat this line until nothing changes any more, or solve it as a system of X linear equations.",
           "For the system write v = r + γ P v, with a row of P for each state. `torch.linalg.solve` needs the matrix "
           "that stands before v when all v are on one side."),
    mistakes=MISTAKES,
    look=look,
    off_limits=("qmix_course.exact.solve", "qmix_course.exact.backup"),
)
