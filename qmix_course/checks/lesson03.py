"""The checks of lesson 03: the best available action and the agent's number; the other exercises in modules of their own."""

from __future__ import annotations

import torch

from qmix_course.checks import lesson03_dice, lesson03_labs, lesson03_nets, lesson03_reading
from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

# ---- 03.1 --------------------------------------------------------------------------------------------------------------


def best_actions(q, available):
    flat_q, flat = q.reshape(-1, q.shape[-1]).tolist(), available.reshape(-1, q.shape[-1]).tolist()
    best = [max((a for a in range(len(row)) if can[a]), key=lambda a: row[a]) for row, can in zip(flat_q, flat)]
    return torch.tensor(best).reshape(q.shape[:-1])


def distinct(shape, generator, centre: float = 0.0) -> torch.Tensor:
    """Numbers with two decimals, no two of them equal."""
    count = torch.Size(shape).numel()
    drawn = (torch.randperm(2 * count, generator=generator)[:count] - count).double() / 100 + centre
    return drawn.round(decimals=2).reshape(shape)


def masks(shape, generator, share: float = 0.5) -> torch.Tensor:
    """Which actions are available: at least one in each row."""
    mask = torch.rand(shape, generator=generator) < share
    sure = torch.randint(shape[-1], shape[:-1], generator=generator)
    return mask.scatter(-1, sure[..., None], True)


CLOSE = "two values that differ count as equal"


def lowest_cases() -> list[tuple]:
    """The only available values are as low as numbers go, behind an unavailable one."""
    lowest = torch.finfo(torch.float64).min
    return [(torch.tensor([[other, low], [0.0, low]]), torch.tensor([[False, True], [False, True]]))
            for low in (-1e15, -1e18, -1e20, -1e30, -3.5e38, -1e300, lowest) for other in (5.0, 0.0)]


def close_cases() -> list[tuple]:
    """The best two available values lie close together, among others of any size."""
    rows = [[0.0, 1.0, 1.0 + gap] for gap in (1e-4, 1e-6, 1e-9, 1e-12)] + [[0.0, 1e-10, 2e-10], [0.0, -2e-30, -1e-30], [0.0, -3.0, -2.0]]
    rows += [[far, 1.0, 2.0] for far in (-1e17, 1e17, -1e30, 1e30, -1e300)]
    return [(torch.tensor([row]), torch.tensor([[False, True, True]])) for row in rows]


STAND_IN = "the stand-in for −∞ is not low enough"


def look_at_best(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(31)
    cases = [(torch.tensor([[-1.0, -5.0, -2.0]]), torch.tensor([[False, True, True]]))]
    for shape, share, centre in (((2, 4), .5, 0), ((5, 2, 4), .6, -5), ((3, 3, 3, 5), .5, 3), ((4, 1, 2), .3, 0),
                                 ((2, 4, 3), 1, -9), ((6, 3, 3), .1, 0), ((3, 2, 1), 1, -2)):
        cases.append((distinct(shape, generator, centre), masks(shape, generator, share)))
    far = [(1e12 * (distinct(shape, generator) + shift), masks(shape, generator))
           for shape, shift in (((1, 3), -2), ((8, 2, 5), 3), ((7, 3, 4), -9))]
    given = [room.ask(answer, *case) for case in cases + far]
    for low in (-1e15, -1e12, -1e10, -9999999.0, *(-(10.0**k) for k in range(10)), 0.0):
        ways = (stood_in, taken_off, searched) if low else (searched,)
        if any(not torch.equal(best_actions(*case), got) for got, case in zip(given, cases + far)) and all(
                isinstance(got, torch.Tensor) and any(torch.equal(got, way(*case, low)) for way in ways)
                for got, case in zip(given, cases + far)):
            failed = [case for got, case in zip(given, cases + far) if not torch.equal(best_actions(*case), got)]
            q, available = min(failed, key=lambda case: case[0].numel())
            shown = f"it fails for q = {q.tolist()}\nand available = {available.tolist()}"
            raise room.wrong(STAND_IN, shown if q.numel() < 20 else "")
    room.compare(answer, cases + far, best_actions)
    at_the_edge(room, answer, close_cases(), best_actions, CLOSE)
    at_the_edge(room, answer, lowest_cases(), best_actions, STAND_IN)
    for shape in ((2, 3), (6, 2, 5)):                            # equal values: any of the best available ones will do
        q, available = torch.randint(-2, 1, shape, generator=generator).double(), masks(shape, generator)
        got = room.ask(answer, q, available)
        best = torch.where(available, q, -torch.inf).amax(-1)
        got = got.long()[..., None]
        if not (available.gather(-1, got).all() and (q.gather(-1, got)[..., 0] == best).all()):
            raise room.wrong("an unavailable action that is as good", f"run: best_actions(torch.tensor({q.tolist()}), "
                             f"torch.tensor({available.tolist()}))")
    return Verdict("correct")


def stood_in(q, available, low):
    return q.masked_fill(~available, low).argmax(-1)


def taken_off(q, available, low):
    return (q + low * (~available)).argmax(-1)


def searched(q, available, low):
    """A search that begins with action 0 and a value that nothing has to have (``low``; None: that of action 0)."""
    flat_q, flat = q.reshape(-1, q.shape[-1]).tolist(), available.reshape(-1, q.shape[-1]).tolist()
    found = []
    for row, can in zip(flat_q, flat):
        best, value = 0, row[0] if low is None else low
        for action, number in enumerate(row):
            if can[action] and number > value:
                best, value = action, number
        found.append(best)
    return torch.tensor(found).reshape(q.shape[:-1])


def among_available(q, available):
    """The best one's number when only the available ones are counted."""
    return (available.cumsum(-1) - 1).gather(-1, best_actions(q, available)[..., None])[..., 0]


BEST_MISTAKES = (
    Mistake("the mask is not used",
            "Look at the case below. May every agent take the action that you chose for it?",
            "the largest value may belong to an action that cannot be taken", lambda q, can: q.argmax(-1)),
    Mistake("the mask is multiplied in",
            "A forbidden action becomes 0 that way. What if all allowed values are negative?",
            "0 beats every negative value, and a forbidden action wins", lambda q, can: (q * can).argmax(-1)),
    Mistake(STAND_IN,
            "How low can an allowed value be? Is there a number below all of them?",
            "a fixed number loses only as long as all values lie above it; −∞ always does"),
    Mistake("the mask is turned around",
            "True says that an action can be taken. Which ones did you rule out?",
            "the agent then chooses among those that it must not take",
            lambda q, can: q.masked_fill(can, -torch.inf).argmax(-1)),
    Mistake("the worst action, not the best",
            "The agent wants as much as it can get. Which end of the values did you take?",
            "a greedy agent takes the largest value", lambda q, can: q.masked_fill(~can, torch.inf).argmin(-1)),
    Mistake("the value, not the action's number",
            "The environment wants to know which action. Did you return how good it is?",
            "the largest value and the place where it stands are two things",
            lambda q, can: q.masked_fill(~can, -torch.inf).amax(-1)),
    Mistake("the largest along the agents",
            "Each agent compares its own actions. Along which axis do the actions lie?",
            "this compares the agents with each other, action by action",
            lambda q, can: q.masked_fill(~can, -torch.inf).argmax(-2)),
    Mistake("the position among the available ones",
            "Once the others are cut out, the numbering begins anew. Which number does the environment know the action by?",
            "cutting actions out renumbers the rest", among_available),
    Mistake("−∞ times 0",
            "What is 0 · ∞? Print the masked values of one agent.",
            "0 · ∞ is not a number (NaN), and the largest of NaN is anything",
            lambda q, can: (q + (1 - can.to(q.dtype)) * -torch.inf).argmax(-1)),
    Mistake("one action for the whole team",
            "Each agent has its own row of values. Did you add the rows up?",
            "agents choose for themselves; the sum's best action is nobody's choice",
            lambda q, can: q.masked_fill(~can, -torch.inf).sum(-2).argmax(-1)[..., None].expand(q.shape[:-1])),
    Mistake("the search begins with an action that may be unavailable",
            "Your search holds action 0 for the best one so far. May it, before it has looked at the mask?",
            "if action 0 is unavailable and large, nothing ever beats it", lambda q, can: searched(q, can, None)),
    Mistake("a softmax has swallowed the differences",
            "Print your numbers for values that lie 1,000 apart. Which of them are exactly 0?",
            "e to the power of a very negative number is 0, and then an allowed action looks like a forbidden one",
            lambda q, can: (q.softmax(-1) * can).argmax(-1)),
    Mistake("an unavailable action that is as good",
            "An action that cannot be taken may have the very same value as the best one that can. Which one do you find?",
            "looking for the best value among all actions also finds those that are ruled out"),
    Mistake(CLOSE,
            "Huge values and close ones may stand side by side. What is left of a small difference after your sum, shift or rounding?",
            "the larger of two values is the better one, however close they are; a sum with a huge number swallows the difference"),
)

# ---- 03.4 --------------------------------------------------------------------------------------------------------------


def with_id(obs, first=False, number=None):
    """Written with loops. ``number(b, t, i, N)``: the entry that is 1 (None: i, as it should be)."""
    batch, time, n_agents, _ = obs.shape
    rows = []
    for b in range(batch):
        for t in range(time):
            for i in range(n_agents):
                where = i if number is None else number(b, t, i, n_agents)
                one_hot = [float(k == where) for k in range(n_agents)]
                seen = obs[b, t, i].tolist()
                rows.append(one_hot + seen if first else seen + one_hot)
    return torch.tensor(rows, dtype=obs.dtype).reshape(batch, time, n_agents, -1)


def look_at_id(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(34)
    shapes = ((1, 1, 2, 1), (2, 3, 3, 4), (5, 1, 4, 2), (1, 4, 2, 6), (3, 2, 1, 3), (3, 3, 3, 3), (4, 2, 5, 1))
    room.compare(answer, [(torch.randn(shape, generator=generator).round(decimals=2),) for shape in shapes], with_id)
    return Verdict("correct")


def plain_number(obs, start=0):
    numbers = torch.arange(start, obs.shape[2] + start, dtype=obs.dtype)
    return torch.cat([obs, numbers[:, None].expand(*obs.shape[:3], 1)], -1)


def along(obs, axis):
    """The one-hot number of the sample or of the time step instead of the agent's."""
    size = obs.shape[axis]
    shape = [1, 1, 1, size]
    shape[axis] = size
    return torch.cat([obs, torch.eye(size, dtype=obs.dtype).reshape(shape).expand(*obs.shape[:3], size)], -1)


def mixed(obs):
    n_agents = obs.shape[2]
    agents_first = obs.transpose(1, 2).reshape(*obs.shape[:2], n_agents, -1)
    return torch.cat([agents_first, with_id(obs)[..., -n_agents:]], -1)


ID_MISTAKES = (
    Mistake("the number itself, not one-hot",
            "With three agents, how many numbers do you append? The network should not take agent 2 for the double of agent 1.",
            "a number suggests an order and a distance between agents that do not exist", plain_number),
    Mistake("the number itself, counted from 1",
            "One-hot: as many numbers as agents, one of them 1 and the others 0.",
            "a number suggests an order and a distance between agents that do not exist", lambda obs: plain_number(obs, 1)),
    Mistake("the number stands in front",
            "The observation keeps its place. Where does what is appended go?",
            "whoever reads the observation by position now reads something else", lambda obs: with_id(obs, first=True)),
    Mistake("every agent has the same number",
            "Print the appended part for two agents. What tells them apart?",
            "a network that sees the same for both gives the same for both",
            lambda obs: with_id(obs, number=lambda b, t, i, n: 0)),
    Mistake("the numbers go the wrong way",
            "Which agent has its 1 in the first of the new places?",
            "the ids differ, but agent 1 answers to the number of the last one",
            lambda obs: with_id(obs, number=lambda b, t, i, n: n - 1 - i)),
    Mistake("off by one",
            "Agents are counted from 0 in the code. Where is the first one's 1?",
            "the last agent has no number of its own, or the first one's",
            lambda obs: with_id(obs, number=lambda b, t, i, n: (i + 1) % n)),
    Mistake("the number of the time step",
            "Along which of the four axes are the agents counted?",
            "agents at the same time step cannot be told apart", lambda obs: along(obs, 1)),
    Mistake("the number of the sample",
            "The batch has nothing to do with who is who. Which axis are the agents on?",
            "which sample of a batch one is in says nothing", lambda obs: along(obs, 0)),
    Mistake("ones for everybody",
            "One-hot has a single 1. How many are in your rows?",
            "the same numbers for each agent tell nobody apart",
            lambda obs: torch.cat([obs, torch.ones(*obs.shape[:3], obs.shape[2], dtype=obs.dtype)], -1)),
    Mistake("the numbers are dealt out in blocks",
            "Which axis changes fastest in memory, and does your repetition follow it? Print the ids of one sample.",
            "repeating each row in turn gives all of the first samples the first agent's number",
            lambda obs: torch.cat([obs, torch.eye(obs.shape[2], dtype=obs.dtype).repeat_interleave(obs.shape[0] * obs.shape[1], 0)
                                   .reshape(*obs.shape[:3], -1)], -1)),
    Mistake("the observations change hands",
            "Is the first part of your result what you were given? A reshape does not swap axes.",
            "the number is right, and what stands beside it was seen by somebody else", mixed),
)

EXERCISES = (
    Exercise(
        number="03.1", title="The best available action", answers={"best_actions": "function"}, difficulty=1, minutes=5,
        practises="take a masked argmax along the right axis",
        hints=("First make sure that an unavailable action can never win. Then look for the winner.",
               "Which number is below every other one? Put it in place of the unavailable values, in a copy.",
               "The actions lie along the last axis, however many axes come before it."),
        mistakes=BEST_MISTAKES, look=look_at_best,
        off_limits=("qmix_course.exploration.greedy", "qmix_course.exploration.epsilon_greedy")),
    lesson03_dice.EXERCISE,
    lesson03_nets.EXERCISE,
    Exercise(
        number="03.4", title="Who am I?", answers={"with_id": "function"}, difficulty=2, minutes=6,
        practises="append a one-hot agent id along the right axes",
        hints=("With N agents, the appended part of agent i is row i of a table of N rows and N columns. Which table?",
               "That table has to be repeated for every sample and every time step: give it two more axes in front, and expand "
               "it.",
               "Then join the two along the last axis."),
        mistakes=ID_MISTAKES, look=look_at_id),
    lesson03_reading.EXERCISE,
    *lesson03_labs.EXERCISES,
)
