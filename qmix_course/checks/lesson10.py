"""Checks of lesson 10, judging the policy: a turned world, the value of a policy, and where agents must agree."""

from __future__ import annotations

import itertools
import math
from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson02_rules import compare_parts
from qmix_course.checks.lesson10_labs import LABS
from qmix_course.checks.lesson10_peeks import PEEKS
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

UNKNOWN = "the values are not the expected ones"       # the title of a wrong answer that no mistake explains


def twisted(rule, *mistakes: tuple[str, str, str, str]) -> tuple[Mistake, ...]:
    """Mistakes from (twist, name, hint, why): ``rule`` with a twist is what somebody with the misconception computes."""
    return tuple(Mistake(name, hint, why, partial(rule, twist=twist) if twist else None) for twist, name, hint, why in mistakes)


# ---- 10.1 --------------------------------------------------------------------------------------------------------------

HALF_TURN = {0: 1, 1: 0, 2: 3, 3: 2}
TURNS = {
    "same actions": {a: a for a in range(4)}, "rows only": {0: 1, 1: 0, 2: 2, 3: 3}, "columns only": {0: 0, 1: 1, 2: 3, 3: 2},
    "quarter": {0: 3, 3: 1, 1: 2, 2: 0}, "diagonal": {0: 2, 2: 0, 1: 3, 3: 1}, "reversed": {0: 3, 1: 2, 2: 1, 3: 0}}


def twin(positions, actions, size, twist=None):
    """The same situation seen by somebody who has turned the board by 180 degrees and calls agent 1 agent 2."""
    last = {"off by one": size, "board of five": 4}.get(twist, size - 1)
    turned = []
    for (a, b), (u, v) in zip(positions.reshape(-1, 2, 2).tolist(), actions.reshape(-1, 2).tolist()):
        cells = [_turn(cell, last, twist) for cell in (a, b)]
        turn = TURNS.get(twist, HALF_TURN)
        if twist == "half right actions":
            turn = TURNS["rows only"]
        moves = [turn[u], turn[v]]
        if twist not in ("agents stay", "positions stay"):
            cells = cells[::-1]
        if twist not in ("agents stay", "actions stay"):
            moves = moves[::-1]
        turned.append((cells, moves))
    cells, moves = torch.tensor([cells for cells, _ in turned]), torch.tensor([moves for _, moves in turned])
    if twist == "batch":
        cells, moves = twin(positions, actions, size, "agents stay")
        return cells.flip(0), moves.flip(0)
    return cells.reshape(positions.shape), moves.reshape(actions.shape)


def _turn(cell, last, twist):
    row, column = cell
    return {"rows only": [last - row, column], "half right actions": [last - row, last - column],
            "columns only": [row, last - column], "quarter": [column, last - row],
            "diagonal": [column, row], "only exchanged": [row, column]}.get(twist, [last - row, last - column])


def placed(size: int, shape: tuple[int, ...], seed: int) -> tuple:
    """A case of ``twin``: two agents on different cells, any actions."""
    generator = torch.Generator().manual_seed(seed)
    count = math.prod(shape)
    cells = torch.stack([torch.randperm(size * size, generator=generator)[:2] for _ in range(count)])
    positions = torch.stack([cells // size, cells % size], dim=-1).reshape(*shape, 2, 2)
    return positions, torch.randint(4, (*shape, 2), generator=generator), size


def look_at_twin(room: Room, answer) -> Verdict:
    for shapes in (((5,), (7,), (1,)), ((), (), (), (), ()), ((3, 4), (2, 1, 3), (2,))):
        cases = [placed(size, shape, 10 * size + k) for k, shape in enumerate(shapes) for size in (3, 5, 4, 2, 6)]
        compare_parts(room, answer, cases, twin)
    return Verdict("correct")


TWIN_MISTAKES = twisted(
    twin,
    ("agents stay", "the agents are not exchanged",
     "After the turn, on whose start does agent 1 stand? Give the agents each other's names as well.",
     "each agent would then stand on the other's side of the board, with its own goal on the wrong one"),
    ("actions stay", "the positions change their owners, and the actions do not",
     "Agent 1 has become agent 2 in the positions. Who plays agent 1's action now?",
     "each agent would be told to do what the other one did"),
    ("positions stay", "the actions change their owners, and the positions do not",
     "Agent 1's action is now agent 2's. And where does agent 2 stand now?",
     "each agent would be told to do what the other one did"),
    ("same actions", "the board is turned, and the directions are not",
     "Who has turned the board by 180 degrees and sees an agent go up: where did it go before?",
     "an agent that walked to its goal now walks away from it"),
    ("half right actions", "up and down are turned, left and right are not",
     "A turn by 180 degrees exchanges the top and the bottom. What else does it exchange?",
     "the rows come out right and the columns do not"),
    ("rows only", "the board is flipped from top to bottom, and not turned",
     "Flip a sheet of paper from top to bottom, then turn another one by 180 degrees. What becomes of the left side?",
     "a flip changes one of the two numbers of a cell, a turn by 180 degrees changes both"),
    ("columns only", "the board is flipped from left to right, and not turned",
     "Where does the upper left corner go when a board is turned by 180 degrees?",
     "a flip changes one of the two numbers of a cell, a turn by 180 degrees changes both"),
    ("quarter", "the board is turned by 90 degrees only",
     "Turn your result by as much again. Where does the upper left corner go?",
     "after a quarter of a turn the goals are not where a goal was before"),
    ("diagonal", "rows and columns are exchanged",
     "Where does the cell (0, 1) go on a board of three? Draw it.",
     "exchanging the two numbers of a cell is a flip over the diagonal"),
    ("reversed", "the four actions are counted backwards",
     "Write the four pairs down: up becomes …, down becomes …. Does your rule give these pairs?",
     "3 − action exchanges up with right"),
    ("off by one", "the turned positions are off the board",
     "Where should an agent on row 0 be afterwards? What is the number of the last row?",
     "the rows are 0 to size − 1"),
    ("only exchanged", "the agents are exchanged, and the positions are not turned",
     "Two things happen: agents exchange their names, and the board turns. Where is the second in your positions?",
     "the agents would stand on each other's side of a board that nobody turned"),
    ("board of five", "the size of the board is ignored",
     "The lesson's board had five rows. Does your function work on a board of three?",
     "a function that was asked for any size works for one"),
    ("batch", "the boards of the batch are exchanged, and not the agents",
     "Along which axis are the agents? Count it from the end.",
     "the first axis is the agents' only if there is no batch"),
)


# ---- 10.2 --------------------------------------------------------------------------------------------------------------

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


def _best_value(next_state, reward, terminated, gamma):
    value = torch.zeros(len(reward), dtype=torch.float64)
    for _ in range(4000 if gamma > 0.9 else 400):
        value = (reward + gamma * torch.where(terminated, 0.0, value[next_state])).flatten(1).max(1).values
    return value


def world(states: int, actions: int, ends: float, gamma: float, seed: int, away: bool = False) -> tuple:
    """A case of ``policy_value``: any task of that size; ``away``: every state leads to a later one, the last one ends."""
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
    return torch.where(terminated, 0, next_state), reward, terminated, policy, gamma


def look_at_policy_value(room: Room, answer) -> Verdict:
    straight = [world(*spec, seed, away=True) for seed, spec in enumerate(
        ((2, 2, 0.0, 0.9), (1, 2, 0.0, 0.5), (6, 3, 0.2, 0.9), (9, 4, 0.1, 0.8), (5, 1, 0.0, 0.9), (4, 2, 0.3, 0.0)))]
    circles = [world(*spec, 20 + seed) for seed, spec in enumerate(
        ((2, 2, 0.3, 0.9), (1, 2, 0.0, 0.5), (12, 4, 0.2, 0.95), (7, 3, 0.0, 0.8), (30, 2, 0.1, 0.9)))]
    patient = [world(*spec, 40 + seed) for seed, spec in enumerate(((3, 2, 0.0, 0.99), (20, 4, 0.1, 0.99), (6, 3, 0.3, 0.99)))]
    for cases in (straight, circles, patient):
        try:
            room.compare(answer, cases, policy_value, tolerance=1e-6)
        except Found as found:
            unexplained = found.verdict.title in (UNKNOWN, "nearly right: precision was lost on the way")
            if unexplained and _cut_off([room.ask(answer, *case) for case in cases], cases):
                raise room.wrong("the sum is cut off", found.verdict.detail) from None
            raise
    ending = world(3, 2, 0.0, 0.9, 60, away=True)[:4]
    for gamma in (1.0, 1, -0.5, 1.01):
        try:
            room.ask(answer, *ending, gamma)
        except ValueError:
            continue
        except Exception as error:
            if isinstance(error, (Found, LookupError, TypeError, NameError)):
                raise
        raise room.wrong("a γ is accepted for which there is no answer", values.call("policy_value", (*ending, gamma)))
    return Verdict("correct")


def _cut_off(given: list, cases: list[tuple]) -> bool:
    """Whether every result is the sum of the first k rewards, for one k a case; and some k is less than enough."""
    for got, (next_state, reward, terminated, policy, gamma) in zip(given, cases):
        if not isinstance(got, torch.Tensor) or got.shape != policy.shape[:1]:
            return False
        entry = (torch.arange(len(policy)), policy[:, 0], policy[:, 1])
        total, matched = torch.zeros(len(policy), dtype=torch.float64), False
        for _ in range(3000):
            total = reward[entry] + gamma * torch.where(terminated[entry], 0.0, total[next_state[entry]])
            if (total - got).abs().max() < 1e-9:
                matched = True
                break
        if not matched:
            return False
    return True


VALUE_MISTAKES = twisted(
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
    (None, "the sum is cut off",
     "Rewards that come after your last step are missing. How much can they still add when γ is 0.99?",
     "100 steps are enough for γ = 0.5, but 0.99 to the power of 100 is still 0.37"),
    (None, "a γ is accepted for which there is no answer",
     "What is the sum of a circle's rewards when γ is 1? What should your function do before it starts?",
     "without discounting a policy that never ends has no value; a number that comes out all the same misleads"),
)


# ---- 10.3 --------------------------------------------------------------------------------------------------------------

NOISE = 1e-9


def must_agree(q, twist=None):
    """[X] bool: some combination of good actions is not good."""
    n_agents, sizes = q.dim() - 1, q.shape[1:]
    top = float(q.max()) if twist == "one best for all" else None
    found = []
    for table in q:
        limit = (float(table.max()) if top is None else top) - {"exact": 0.0, "generous": 0.11}.get(twist, NOISE)
        best = [u for u in itertools.product(*map(range, sizes)) if float(table[u]) >= limit]
        good = [{u[i] for u in best} for i in range(n_agents)]
        if twist == "swapped":
            good = good[::-1]
        combined = list(itertools.product(*good))
        wrong = [u for u in combined if u not in best]
        if twist == "ties":
            answer = len(best) > 1
        elif twist == "two agents with a choice":
            answer = all(len(options) > 1 for options in good)
        elif twist == "pairs":
            answer = any((u[i], u[j]) not in {(b[i], b[j]) for b in best}
                         for u in combined for i in range(n_agents) for j in range(i))
        elif twist == "not excluded":
            answer = bool(combined)
        elif twist == "any action":
            answer = len(best) < math.prod(sizes)
        elif twist == "turned around":
            answer = not wrong
        else:
            answer = bool(wrong)
        found.append(answer)
    return torch.tensor(found, dtype=torch.bool)


def tables(states: int, sizes: tuple[int, ...], levels: int, seed: int, noise: bool = False) -> tuple:
    """A case of ``must_agree``: Q-tables with ties; ``noise``: what is equal differs by rounding."""
    generator = torch.Generator().manual_seed(seed)
    q = torch.randint(levels, (states, *sizes), generator=generator).double() / 10
    q = q - torch.randint(9, (states,), generator=generator).double().reshape(-1, *[1] * len(sizes))
    if noise:
        q = q + 2e-12 * (torch.rand(q.shape, generator=generator, dtype=torch.float64) - 0.5)
    return (q,)


# All pairs of good actions go together, and three of them do not: the best joint actions are those with an even sum.
EVEN = torch.tensor([[[[1.0, 0], [0, 1]], [[0, 1], [1, 0]]]], dtype=torch.float64)


def look_at_must_agree(room: Room, answer) -> Verdict:
    stages = (
        [tables(1, (2, 2), 2, 4), tables(20, (2, 2), 2, 1), tables(30, (3, 3), 3, 2), tables(15, (4, 4), 5, 3)],
        [tables(20, (2, 3), 2, 11), tables(20, (4, 2), 3, 12), tables(6, (1, 3), 2, 13)],
        [tables(1, (2, 2), 2, k, noise=True) for k in range(21, 29)] + [tables(40, (4, 4), 4, 30, noise=True)],
        [tables(1, (2, 2, 2), 2, k) for k in range(50, 56)] + [
         tables(30, (2, 2, 2), 2, 31), tables(20, (2, 3, 2), 3, 32), tables(10, (2, 2, 2, 2), 3, 33), (EVEN,)],
        [tables(5, (3,), 2, 41), tables(1, (1,), 2, 42), tables(4, (1, 1), 2, 43)],
    )
    for cases in stages:
        room.compare(answer, cases, must_agree)
    return Verdict("correct")


AGREE_MISTAKES = twisted(
    must_agree,
    ("ties", "every state with several best joint actions counts",
     "Agent 1 may go up or down, agent 2 goes left in any case, and both are best. Can they go wrong without a word?",
     "several best joint actions are harmless as long as every combination of their parts is best too"),
    ("two agents with a choice", "it is enough that everybody has a choice",
     "All four combinations of two good actions each are best. Do the agents have to agree on anything?",
     "a choice for everybody is harmless as long as every combination of good actions is best"),
    ("not excluded", "combinations that are best are counted as well",
     "In a state with one best joint action, nothing can go wrong. What does your function say there?",
     "the best joint actions themselves are made of good parts, and they are no danger"),
    ("any action", "actions that are in no best plan are counted as well",
     "Which actions may a sensible agent choose at all? Combine those, and no others.",
     "any joint action that is not best would count, so nearly every state would"),
    ("swapped", "the agents' good actions are swapped",
     "To find agent 1's good actions, over whose axis do you take the any?",
     "the axis that is taken away by `any` is the other agent's, the one that stays is the agent's own"),
    ("one best for all", "one best value is used for all states",
     "Every state has its own best value. Over which axes do you take the maximum?",
     "a state whose values are lower would have no best joint action at all"),
    ("exact", "values that are equal but for rounding are told apart",
     "Two values differ by 1e-12. Does your comparison call them equal?",
     "a solver adds numbers in different orders, and equal values come out with different last digits"),
    ("generous", "values that differ are taken for equal",
     "Here 0.1 is a real difference. How much room does your comparison leave?",
     "joint actions that are almost best are not best"),
    ("pairs", "the agents are compared two by two only",
     "With three agents, every two actions may be found together in a best plan. What about all three?",
     "three actions can go together in pairs and not as a whole"),
    ("turned around", "the answer is turned around",
     "Which of the two does True stand for: that the agents must agree, or that they need not?",
     "True means that some combination of good actions is not a best one"),
)


EXERCISES = (
    Exercise(
        number="10.1",
        title="The twin of a situation",
        answers={"twin": "function"},
        difficulty=2,
        minutes=8,
        practises="using a symmetry of the task as a test: the same situation under other names",
        hints=("Take it apart: where is a cell after the turn, what is a direction after the turn, and who is who?",
               "On a row of five, 0 becomes 4 and 1 becomes 3. What do the two numbers always add up to?",
               "For the directions, a table of four entries that you index with the actions is enough. The agents' axis of the "
               "positions is the last but one; of the actions it is the last."),
        mistakes=TWIN_MISTAKES,
        look=look_at_twin,
    ),
    Exercise(
        number="10.2",
        title="What a policy is worth",
        answers={"policy_value": "function"},
        difficulty=4,
        minutes=15,
        practises="policy evaluation: the exact return of a given team, circles included",
        hints=("Begin with γ. Then pick from each table, for every state, the entry of the joint action that "
               "the policy plays: three tensors of shape [X].",
               "The value obeys v(x) = r(x) + γ v(x′), without the second term where the episode ends. There are two ways "
               "to go on: repeat this line until nothing changes any more, or solve it as a system of X linear equations.",
               "For the system write v = r + γ P v, with a row of P for each state. `torch.linalg.solve` needs the matrix "
               "that stands before v when all v are on one side."),
        mistakes=VALUE_MISTAKES,
        look=look_at_policy_value,
        off_limits=("qmix_course.exact.solve", "qmix_course.exact.backup"),
    ),
    Exercise(
        number="10.3",
        title="Where the agents must agree",
        answers={"must_agree": "function"},
        difficulty=4,
        minutes=12,
        practises="telling harmless ties from a coordination problem, for any number of agents",
        hints=("Three sets matter in a state: the best joint actions, each agent's good actions, and all combinations of good "
               "actions. Which of them contains which?",
               "An action of agent i is good if it stands in at least one best joint action: an `any` over the "
               "axes of all the others.",
               "To combine the agents' good actions, give each agent's [A] its own axis and multiply them with &. For any "
               "number of agents do it in a loop."),
        mistakes=AGREE_MISTAKES,
        look=look_at_must_agree,
    ),
    *PEEKS,
    *LABS,
)
