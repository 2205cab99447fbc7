"""The checks of lesson 03: the best available action, the agent's number, who reads whom; the rest in its own modules."""

from __future__ import annotations

import torch

from qmix_course.checks import lesson03_dice, lesson03_labs, lesson03_nets
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
    return ((torch.randperm(2 * count, generator=generator)[:count] - count).double() / 100 + centre).round(decimals=2).reshape(shape)


def masks(shape, generator, share: float = 0.5) -> torch.Tensor:
    """Which actions are available: at least one in each row."""
    mask = torch.rand(shape, generator=generator) < share
    sure = torch.randint(shape[-1], shape[:-1], generator=generator)
    return mask.scatter(-1, sure[..., None], True)


STAND_IN = "the stand-in for −∞ is not low enough"


def look_at_best(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(31)
    cases = [(torch.tensor([[-1.0, -5.0, -2.0]]), torch.tensor([[False, True, True]]))]
    for shape, share, centre in (((2, 4), .5, 0), ((5, 2, 4), .6, -5), ((3, 3, 3, 5), .5, 3), ((4, 1, 2), .3, 0), ((2, 4, 3), 1, -9),
                                 ((6, 3, 3), .1, 0), ((3, 2, 1), 1, -2)):
        cases.append((distinct(shape, generator, centre), masks(shape, generator, share)))
    far = [(1e12 * (distinct(shape, generator) + shift), masks(shape, generator)) for shape, shift in (((1, 3), -2), ((8, 2, 5), 3), ((7, 3, 4), -9))]
    given = [room.ask(answer, *case) for case in cases + far]
    for low in (-1e15, -1e12, -1e10, -9999999.0, *(-(10.0**k) for k in range(10))):
        if any(not torch.equal(best_actions(*case), stood_in(*case, low)) for case in cases + far) and all(
                isinstance(got, torch.Tensor) and (torch.equal(got, stood_in(*case, low)) or torch.equal(got, taken_off(*case, low)))
                for got, case in zip(given, cases + far)):
            wrong = next(case for case in cases + far if not torch.equal(best_actions(*case), room.ask(answer, *case)))
            raise room.wrong(STAND_IN, f"it fails here: q = {wrong[0].tolist()}\navailable = {wrong[1].tolist()}" if wrong[0].numel() < 20 else "")
    room.compare(answer, cases + far, best_actions)
    for shape in ((2, 3), (6, 2, 5)):                            # equal values: any of the best available ones will do
        q, available = torch.randint(-2, 1, shape, generator=generator).double(), masks(shape, generator)
        got = room.ask(answer, q, available)
        best = torch.where(available, q, -torch.inf).amax(-1)
        if not (available.gather(-1, got.long()[..., None]).all() and (q.gather(-1, got.long()[..., None])[..., 0] == best).all()):
            raise room.wrong("an unavailable action that is as good", f"run: best_actions(torch.tensor({q.tolist()}), "
                             f"torch.tensor({available.tolist()}))")
    return Verdict("correct")


def stood_in(q, available, low):
    return q.masked_fill(~available, low).argmax(-1)


def taken_off(q, available, low):
    return (q + low * (~available)).argmax(-1)


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
    Mistake("an unavailable action that is as good",
            "An action that cannot be taken may have the very same value as the best one that can. Which one do you find?",
            "looking for the best value among all actions also finds those that are ruled out"),
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
            "a network that sees the same for both gives the same for both", lambda obs: with_id(obs, number=lambda b, t, i, n: 0)),
    Mistake("the numbers go the wrong way",
            "Which agent has its 1 in the first of the new places?",
            "the ids differ, but agent 1 answers to the number of the last one", lambda obs: with_id(obs, number=lambda b, t, i, n: n - 1 - i)),
    Mistake("off by one",
            "Agents are counted from 0 in the code. Where is the first one's 1?",
            "the last agent has no number of its own, or the first one's", lambda obs: with_id(obs, number=lambda b, t, i, n: (i + 1) % n)),
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
    Mistake("the observations change hands",
            "Is the first part of your result what you were given? A reshape does not swap axes.",
            "the number is right, and what stands beside it was seen by somebody else", mixed),
)

# ---- 03.5 --------------------------------------------------------------------------------------------------------------


def who_reads_whom(agents, obs, other, judge=None):
    """``judge(before, after)``: whether q of one agent, [B, T, A] before and after, counts as changed."""
    judge = judge or (lambda before, after: bool(((after - before).abs() > 1e-9).any()))
    n_agents = obs.shape[2]
    before = agents(obs.clone())
    table = torch.zeros(n_agents, n_agents, dtype=torch.bool)
    for j in range(n_agents):
        changed = obs.clone()
        changed[:, :, j] = other[:, :, j]
        after = agents(changed)
        for i in range(n_agents):
            table[i, j] = judge(before[:, :, i], after[:, :, i])
    return table


def reading(links, kind="smooth", deaf=()):
    """Agents of 3 actions: i reads its own observation, and those of ``links[i]`` in a certain way."""
    def agents(obs):
        columns = []
        for i in range(obs.shape[2]):
            own = obs[:, :, i].sum(-1) * 0 if i in deaf else obs[:, :, i].sum(-1)
            q = torch.stack([own, (i + 2) * own.sin() + 1, own.cos() * 3 - own], -1)
            for j in links.get(i, ()):
                x = obs[:, :, j].sum(-1)
                q = q + {"smooth": lambda: torch.stack([x, x.sin(), 2 * x], -1),
                         "faint": lambda: 5e-9 * torch.stack([x, -2 * x, x], -1),
                         "level": lambda: x[..., None].expand_as(q),
                         "cancels": lambda: torch.stack([x, -x, 0 * x], -1),
                         "steps": lambda: torch.stack([(3 * x).floor(), 0 * x, (2 * x).round()], -1),
                         "late": lambda: ((x > 1.5) * x)[..., None] * torch.tensor([1.0, 0, 2.0], dtype=x.dtype),
                         "last action": lambda: torch.stack([0 * x, 0 * x, x], -1)}[kind]()
            columns.append(q)
        return torch.stack(columns, 2)
    return agents


NEEDS = ((2, {}, "smooth", ()), (2, {0: (1,)}, "smooth", ()), (3, {0: (1,), 1: (2,)}, "smooth", ()), (3, {2: (0, 1)}, "faint", ()),
         (4, {1: (3,), 2: (0,)}, "level", ()), (3, {1: (0,)}, "cancels", ()), (3, {0: (2,)}, "steps", ()), (2, {1: (0,)}, "late", ()),
         (3, {1: (0,), 2: (0,)}, "last action", ()), (3, {1: (2,)}, "smooth", (0, 1)), (1, {}, "smooth", ()))


def look_at_reading(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(35)
    cases = []
    for n_agents, links, kind, deaf in NEEDS:
        obs, other = (torch.randn(2, 4, 3, n_agents, 2, generator=generator)).round(decimals=2)
        if kind == "late":                                       # it shows in the last sample only
            obs, other = obs.clamp(-0.7, 0.7), other.clamp(-0.7, 0.7)
            other[-1, -1] = 1.2
        cases.append((reading(links, kind, deaf), obs, other))
    room.compare(answer, cases, who_reads_whom)
    return Verdict("correct")


def one_call_after_the_other(agents, obs, other):
    """What was replaced stays replaced."""
    n_agents = obs.shape[2]
    before, changed = agents(obs), obs.clone()
    table = torch.zeros(n_agents, n_agents, dtype=torch.bool)
    for j in range(n_agents):
        changed[:, :, j] = other[:, :, j]
        table[:, j] = ((agents(changed) - before).abs() > 1e-9).any(-1).any(0).any(0)
    return table


def by_gradient(agents, obs, other):
    obs = obs.clone().requires_grad_()
    q = agents(obs)
    rows = [torch.autograd.grad(q[:, :, i].sum(), obs, retain_graph=True)[0] for i in range(obs.shape[2])]
    return torch.stack([(row.abs() > 1e-9).any(-1).any(0).any(0) for row in rows])


def all_others_at_once(agents, obs, other):
    n_agents = obs.shape[2]
    table = torch.zeros(n_agents, n_agents, dtype=torch.bool)
    everybody = ((agents(other) - agents(obs)).abs() > 1e-9).any(-1).any(0).any(0)
    table[:] = everybody[:, None]
    return table


def judged(judge):
    return lambda agents, obs, other: who_reads_whom(agents, obs, other, judge)


READING_MISTAKES = (
    Mistake("rows and columns are swapped",
            "Entry [i, j]: who listens, and who is heard? Try agents of which only the first one reads the second.",
            "the table then says that the one who is heard listens", lambda *case: who_reads_whom(*case).T),
    Mistake("only a changed choice counts",
            "Can a value change without changing the best action? Would it be independent then?",
            "values that depend on others will sooner or later change a choice, just not in this sample",
            judged(lambda before, after: bool((before.argmax(-1) != after.argmax(-1)).any()))),
    Mistake("changes cancel each other out",
            "One value went up, another went down by as much. What does their sum say?",
            "a sum of differences can be 0 although each of them is not",
            judged(lambda before, after: bool(abs(float((after - before).sum())) > 1e-9))),
    Mistake("a small change is taken for none",
            "The text names the smallest difference that counts. What is the tolerance of the comparison that you use?",
            "PyTorch's allclose forgives one part in 100,000 unless told otherwise",
            judged(lambda before, after: not torch.allclose(before, after))),
    Mistake("what was replaced stays replaced",
            "When you replace agent 3's observations, what do agents 1 and 2 see at that moment?",
            "from the second agent on, several observations have changed at once, and nobody knows which one did it",
            one_call_after_the_other),
    Mistake("all observations are replaced at once",
            "If everything changes at once, how would you know whose observation it was?",
            "the table cannot tell one agent's influence from another's", all_others_at_once),
    Mistake("only what a gradient sees",
            "Some agents round what they hear. What is the slope of a staircase?",
            "a gradient is 0 on every step of a staircase, and it looks at one point only", by_gradient),
    Mistake("only the first sample is looked at",
            "An influence may show in one sample of many. Which ones do you compare?",
            "what does not show in one sample may show in the next",
            judged(lambda before, after: bool(((after - before)[0, 0].abs() > 1e-9).any()))),
    Mistake("only the first action is looked at",
            "An agent has one value for each action. Do you compare all of them?",
            "the others' observations may reach the value of one action and not of another",
            judged(lambda before, after: bool(((after - before)[..., 0].abs() > 1e-9).any()))),
    Mistake("all must change, not any",
            "How many values have to change before you call it an influence?",
            "one value that depends on another's observation is enough to break the independence",
            judged(lambda before, after: bool(((after - before).abs() > 1e-9).all()))),
    Mistake("that it reads its own is taken for granted",
            "Does every agent read its own observation? Ask, as for the others.",
            "an agent that is deaf to its own observation is a bug worth finding too",
            lambda *case: who_reads_whom(*case) | torch.eye(case[1].shape[2], dtype=torch.bool)),
    Mistake("the diagonal is left out",
            "Entry [i, i] asks whether an agent reads what it sees itself. What should stand there for most agents?",
            "an agent that is deaf to its own observation is a bug worth finding too",
            lambda *case: who_reads_whom(*case) & ~torch.eye(case[1].shape[2], dtype=torch.bool)),
    Mistake("the table says who does not read",
            "True stands for a value that changed. What does your comparison give when nothing has changed?",
            "True and False have changed places", lambda *case: ~who_reads_whom(*case)),
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
               "That table has to be repeated for every sample and every time step: give it two more axes in front and expand it.",
               "Then join the two along the last axis."),
        mistakes=ID_MISTAKES, look=look_at_id),
    Exercise(
        number="03.5", title="Who reads whom", answers={"who_reads_whom": "function"}, difficulty=4, minutes=12,
        practises="test whether a team is decentralised, by changing one observation at a time",
        hints=("The lesson changed one agent's observation and counted which values moved. Do the same for each agent in turn.",
               "Keep the answer to the unchanged observations. For each j, begin with a fresh copy of them and replace agent j's.",
               "For each i, one value that moved by more than 10⁻⁹, in any sample, at any time, for any action, is enough."),
        mistakes=READING_MISTAKES, look=look_at_reading),
    *lesson03_labs.EXERCISES,
)
