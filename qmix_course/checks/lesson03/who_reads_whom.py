"""03.5 · Who reads whom: test whether a team is decentralised, by changing one observation at a time."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


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


def reading(links, kind="smooth", deaf=(), size=1.0):
    """Agents of 3 actions: i reads its own observation, and those of ``links[i]`` in a certain way, with an effect of
    ``size``."""
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
                         "down": lambda: -((x > 1.5) * x)[..., None] * torch.tensor([1.0, 0, 2.0], dtype=x.dtype),
                         "noise": lambda: 1e-12 * torch.stack([x, -x, x], -1),
                         "gated": lambda: ((own > 0) * x)[..., None].expand_as(q),
                         "step": lambda: (x > 0)[..., None] * size * torch.ones(3),
                         "step in one place": lambda: ((x > 0) & (own > 5))[..., None] * size
                         * torch.tensor([0.0, 0.0, 1.0]),
                         "step far up": lambda: 1e4 + (x > 0)[..., None] * size * torch.ones(3),
                         "step of the worst": lambda: torch.tensor([-100.0, 0.0, 0.0]) + (x > 0)[..., None]
                         * torch.tensor([size, 0, 0]),
                         "last action": lambda: torch.stack([0 * x, 0 * x, x], -1)}[kind]()
            columns.append(q)
        return torch.stack(columns, 2)
    return agents


NEEDS = (                       # how many agents, who reads whom, in which way, who is deaf to itself
    (2, {}, "smooth", ()), (2, {0: (1,)}, "smooth", ()), (3, {0: (1,), 1: (2,)}, "smooth", ()),
    (3, {2: (0, 1)}, "faint", ()),
    (4, {1: (3,), 2: (0,)}, "level", ()), (3, {1: (0,)}, "cancels", ()), (3, {0: (2,)}, "steps", ()),
    (2, {1: (0,)}, "late", ()),
    (2, {0: (1,)}, "down", ()), (3, {1: (2,)}, "late", ()), (2, {0: (1,)}, "noise", ()), (3, {0: (2,)}, "gated", ()),
    (3, {1: (0,), 2: (0,)}, "last action", ()), (3, {1: (2,)}, "smooth", (0, 1)), (1, {}, "smooth", ()))


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(35)
    cases = []
    for n_agents, links, kind, deaf in NEEDS:
        obs, other = (torch.randn(2, 4, 3, n_agents, 2, generator=generator)).round(decimals=2)
        if kind in ("late", "down"):                             # it shows in one place only
            obs, other = obs.clamp(-0.7, 0.7), other.clamp(-0.7, 0.7)
            other[(-1, -1) if n_agents == 2 else (1, 1)] = 1.2
        if kind == "gated":        # agents listen while what they see themselves is positive
            obs, other = obs.abs() + 0.1, -other.abs() - 0.1
        cases.append((reading(links, kind, deaf), obs, other))
    agents, obs, other = cases[1]
    found, steps = who_reads_whom(agents, obs, other), next(case for case, need in zip(cases, NEEDS)
                                                            if need[2] == "steps")
    if all(values.problem(room.ask(answer, agents, obs, second), found, 0.0) is None for second in (other, obs)) and (
            values.problem(room.ask(answer, *steps), by_gradient(*steps), 0.0) is not None):
        raise room.wrong("the other observations are not used",
                         "with other = obs nothing changes, so every entry must be False")
    room.compare(answer, cases, who_reads_whom)
    for kind, size, name in STEPS:
        at_the_edge(room, answer, [stepping(kind, size, seed) for seed in (1, 2)], who_reads_whom, name)
    return Verdict("correct")


STEPS = (        # how another's observation acts, by how much, and what an answer has got wrong that fails there
    ("step", 0.5, "changes cancel each other out"),
    ("step of the worst", 0.5, "only the best value is looked at"),
    ("step", 1.3e-9, "a small change is taken for none"),
    ("step far up", 2e-9, "a small change is taken for none"),
    ("step in one place", 1.3e-9, "changes are averaged"),
    ("step in one place", 0.8e-9, "rounding is taken for an influence"),
    ("step", 0.8e-9, "small changes are added up"),
)


def stepping(kind: str, size: float, seed: int) -> tuple:
    """A case in which an observation that changes its sign moves values of others by ``size``, up in half of the
    samples."""
    obs = (torch.rand(4, 3, 3, 2, generator=torch.Generator().manual_seed(seed)) + 0.1).round(decimals=2)
    obs[2, 1] = 4.0
    obs[1::2] *= -1
    return reading({0: (1,), 2: (0,)}, kind, size=size), obs, -obs


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


def the_rest_from_other(agents, obs, other):
    return who_reads_whom(agents, other, obs)


def all_but_one(agents, obs, other):
    """Everybody but agent j gets another observation."""
    n_agents = obs.shape[2]
    before, columns = agents(obs), []
    for j in range(n_agents):
        changed = other.clone()
        changed[:, :, j] = obs[:, :, j]
        columns.append(((agents(changed) - before).abs() > 1e-9).any(-1).any(0).any(0))
    return torch.stack(columns, 1)


MISTAKES = (
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
    Mistake("small changes are added up",
            "Many changes of 0.8 · 10⁻⁹ are no influence by the text. What do your sum or norm make of them?",
            "the question is asked of each value by itself: does it differ by more than 10⁻⁹?"),
    Mistake("changes are averaged",
            "One value of many changes a little, and all the others stay. What does the mean say?",
            "one value that moves is enough, and the mean divides it by the number of those that do not"),
    Mistake("only the best value is looked at",
            "An agent has a value for each action. Can one of the others change while the best one stays?",
            "a value that depends on others will sooner or later be the best one"),
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
    Mistake("the other observations are not used",
            "Ask with other = obs. Nothing is replaced then. What does your table say?",
            "a step of one's own, a zero or a gradient answers another question than the one that was asked"),
    Mistake("the rest comes from the other observations",
            "Agent j's come from other. Where do those of everybody else come from, before and after?",
            "whether one agent listens to another may depend on what it sees itself", the_rest_from_other),
    Mistake("everybody but one is replaced",
            "Which agents have a new observation when you ask about agent j: j alone, or all the others?",
            "the table then says who depends on the rest of the team", all_but_one),
    Mistake("only a rise counts",
            "A value may fall, too. What does a negative difference say when it is compared with 10⁻⁹?",
            "a difference counts by its size, whichever way it goes",
            judged(lambda before, after: bool((after - before > 1e-9).any()))),
    Mistake("only a fall counts",
            "A value may rise, too. Which sign does your difference have then?",
            "a difference counts by its size, in either direction",
            judged(lambda before, after: bool((before - after > 1e-9).any()))),
    Mistake("rounding is taken for an influence",
            "The text says how large a difference has to be. How large is the smallest one that you count?",
            "two ways of adding the same numbers differ in the last digits, and that is nobody's influence",
            judged(lambda before, after: not torch.equal(before, after))),
    Mistake("only a part of the samples and times is looked at",
            "An influence may show in one sample of many, or at one of many times. Which of them do you exchange, and "
            "which do you compare?",
            "what does not show in one sample, or at one time, may show in the next",
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

EXERCISE = Exercise(
    number="03.5", title="Who reads whom", answers={"who_reads_whom": "function"}, difficulty=4, minutes=12,
    practises="test whether a team is decentralised, by changing one observation at a time",
    hints=("The lesson changed one agent's observation and counted which values moved. Do the same for each agent in "
           "turn.",
           "Keep the answer to the unchanged observations. For each j, begin with a fresh copy of them and replace "
           "agent j's.",
           "For each i, one value that moved by more than 10⁻⁹, in any sample, at any time, for any action, is "
           "enough."),
    mistakes=MISTAKES, look=look)
