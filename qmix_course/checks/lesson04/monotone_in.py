"""04.3 · Monotone in these utilities?: decide whether some monotone mixer makes a given table from given utilities."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.lesson04 import edges
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def monotone_in(table, q, twist=None) -> bool:
    """Whether some function that never falls makes ``table`` of the chosen utilities, by comparing all pairs of joint
    actions."""
    n_agents, n_actions = q.shape
    entries, utilities = table.flatten().tolist(), q.tolist()
    if twist == "as it stands":
        utilities = [list(range(n_actions))] * n_agents
    elif twist == "worst last":
        utilities = [[-value for value in row] for row in utilities]
    elif twist == "first agent's order":
        utilities = [utilities[0]] * n_agents
    elif twist == "ranks":        # argsort twice gives ranks, and those are then used as an order
        order = q.argsort(1).argsort(1)
        utilities = order.argsort(1).tolist()
    joint = list(itertools.product(range(n_actions), repeat=n_agents))
    place = {u: k for k, u in enumerate(joint)}
    if twist == "igm":
        return entries[place[tuple(max(range(n_actions), key=row.__getitem__) for row in utilities)]] >= max(entries)
    if twist == "others at their best":
        best = [max(range(n_actions), key=row.__getitem__) for row in utilities]
        joint = [u for u in joint if sum(a != b for a, b in zip(u, best)) <= 1]
    if twist == "means":
        return all(monotone_in(table.movedim(i, 0).reshape(n_actions, -1).mean(1), q[i:i + 1], "ties overlooked")
                   for i in range(n_agents))
    if twist == "order of the sums":
        total = sum(row.view([-1 if k == i else 1 for k in range(n_agents)])
                    for i, row in enumerate(q)).expand(table.shape)
        return bool((table.flatten()[total.flatten().argsort(stable=True)].diff() >= 0).all())
    if twist == "some order":
        orders = list(itertools.permutations(range(n_actions)))
        return any(monotone_in(table, torch.tensor(choice)) for choice in itertools.product(orders, repeat=n_agents))
    if twist == "equal to the sum":
        return all(abs(entries[place[u]] - sum(utilities[i][a] for i, a in enumerate(u))) < 1e-9 for u in joint)
    agents = {"first agent only": [0],
              "two agents only": list(range(min(2, n_agents)))}.get(twist, list(range(n_agents)))
    verdicts = []
    for i in agents:
        good = True
        for u in joint:
            for other in range(n_actions):
                v = (*u[:i], other, *u[i + 1:])
                if twist == "others at their best" and v not in joint:
                    continue
                low, high = utilities[i][u[i]], utilities[i][other]
                below, above = entries[place[u]], entries[place[v]]
                if low == high and twist == "ties overlooked":
                    # an order among equals: the one that stands there
                    good = good and (below <= above or u[i] >= other)
                elif low == high:
                    good = good and below == above
                elif low < high:
                    good = good and (below < above if twist == "strict" else below <= above)
        verdicts.append(good)
    if twist == "all together":
        pairs = [(u, v) for u in joint for v in joint
                 if all(utilities[i][u[i]] < utilities[i][v[i]] for i in range(n_agents))]
        return all(entries[place[u]] <= entries[place[v]] for u, v in pairs)
    return any(verdicts) if twist == "any agent" else all(verdicts)


def monotone_cases() -> list[tuple]:
    """Tables of one to four agents that are monotone in their utilities, nearly so, or not at all."""
    tensor = torch.tensor
    cases = [(tensor([[0.0, 1.0], [1.0, 8.0]]), tensor([[0.0, 1.0], [0.0, 1.0]])),
             (tensor([[8.0, 1.0], [1.0, 0.0]]), tensor([[5.0, -1.0], [2.0, 0.5]])),
             (tensor([[8.0, 1.0], [1.0, 0.0]]), tensor([[0.0, 1.0], [0.0, 1.0]])),
             (tensor([[8.0, 0.0], [0.0, 4.0]]), tensor([[1.0, 0.0], [1.0, 0.0]])),
             (tensor([[7.0, 7.0], [7.0, 7.0]]), tensor([[0.5, -0.5], [0.0, 3.0]])),
             (tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[1.0, 1.0], [0.0, 1.0]])),
             (tensor([[1.0, 2.0], [1.0, 2.0]]), tensor([[1.0, 1.0], [0.0, 1.0]])),
             (tensor([2.0, -1.0, 0.5]), tensor([[3.0, -1.0, 0.0]])),
             (tensor([2.0, -1.0, 0.5]), tensor([[3.0, 0.0, -1.0]])),
             (tensor([1.0, 1.0, 2.0]), tensor([[0.0, 0.0, 1.0]]))]
    for seed, (n_agents, n_actions) in enumerate(((2, 3), (3, 2), (2, 4), (3, 3), (4, 2), (1, 5), (2, 3), (3, 2),
                                                  (3, 3))):
        generator = torch.Generator().manual_seed(seed)
        joint = torch.cartesian_prod(*[torch.arange(n_actions)] * n_agents).view(-1, n_agents)
        drawn = {}
        for kind in ("free", "tied"):
            high = 40 if kind == "free" else n_actions
            q = torch.stack([torch.randperm(max(high, n_actions), generator=generator)[:n_actions]
                             if kind == "free" else
                             torch.randint(high, (n_actions,), generator=generator) for _ in range(n_agents)]) / 4.0 - 2
            chosen = q[torch.arange(n_agents), joint]
            weights = torch.randint(1, 4, (n_agents,), generator=generator).double()
            drawn[kind] = q, chosen, weights
            for mix in (lambda x: x.sum(-1), lambda x: x @ weights + 3 * (x.sum(-1) - 1).clamp(min=0),
                        lambda x: x.amin(-1)):
                flat = mix(chosen).round(decimals=2)
                table = flat.view([n_actions] * n_agents)
                cases.append((table, q))
                spoiled = flat.clone()                              # one entry is moved: up or down, a little
                place = int(torch.randint(len(flat), (1,), generator=generator))
                spoiled[place] += (-1) ** place * 1.5
                cases.append((spoiled.view_as(table), q))
        for i in range(n_agents):        # two actions of agent i have one utility and other entries
            q = torch.stack([torch.randperm(20, generator=generator)[:n_actions] for _ in range(n_agents)]) / 2.0
            first, second = sorted(torch.randperm(n_actions, generator=generator)[:2].tolist())
            q[i, second] = q[i, first]
            apart = q.clone()
            apart[i, second] += (-1) ** (seed + i) * 0.25
            cases += [(mixed[torch.arange(n_agents), joint].sum(-1).view([n_actions] * n_agents), q)
                      for mixed in (apart, q)]
        for kind in ("free", "tied"):
            q, chosen, weights = drawn[kind]
            for i in range(n_agents):                               # rises in all agents but one, in which it falls
                signs = torch.ones(n_agents)
                signs[i] = -1
                cases.append(((chosen @ (signs * weights)).round(decimals=2).view_as(table), q))
    return cases


def look(room: Room, answer) -> Verdict:
    cases = monotone_cases()
    try:
        room.compare(answer, cases, monotone_in)
    except Found as found:
        untied = [case for case in cases if all(len(set(row)) == len(row) for row in case[1].tolist())]
        given = [values.problem(room.ask(answer, *case), monotone_in(*case), 0) for case in untied]
        if found.verdict.title == UNNAMED and not any(given):
            raise room.wrong("two actions with equal utilities have different entries", found.verdict.detail) from None
        raise
    edges.examine_monotone(room, answer, monotone_in)
    return Verdict("correct")


MISTAKES = twisted(
    monotone_in,
    ("as it stands", "the table is tested as it stands, without the utilities",
     "An action's number says nothing about how good it is. Which of an agent's actions is its worst, and where do you "
     "use that?",
     "the order in which actions are numbered is no order from worst to best"),
    ("some order", "some other order is right, but the utilities are given",
     "Turn all utilities around, from q to -q. Can your answer stay the same for every table?",
     "whether any utilities would do is another question; here the agents have these"),
    ("worst last", "sorted the wrong way round",
     "After sorting, is the first action the one with the smallest utility or with the largest?",
     "then a table that falls as the utilities rise is called monotone"),
    ("ranks", "ranks are used where an order is needed",
     "With three actions, compare what one argsort gives with what two give. Which of them lists actions from worst to "
     "best?",
     "a rank says how good an action is; an order says which action comes next"),
    ("first agent's order", "one agent's order is used for all",
     "Every agent has utilities of its own. Which of them sorts which axis?",
     "another agent's order from worst to best is a different one"),
    ("first agent only", "only the first agent is looked at",
     "The table of the mixer Q1 - Q2 rises with the first agent's utility. What about the second?",
     "one agent in whose utility the table falls is enough to be misled"),
    ("two agents only", "only two agents are looked at",
     "How many axes does the table of three agents have, and how many do you test?",
     "the third agent can be misled as well"),
    ("any agent", "one agent that rises is enough for your answer",
     "Monotone means: in the utility of every agent. Which word in your code says 'every'?",
     "an agent in whose utility the team value falls is misled, whatever holds for the others"),
    ("ties overlooked", "two actions with equal utilities have different entries",
     "A mixer sees utilities, not actions. Can it tell two actions apart whose utilities are equal?",
     "from equal inputs a function gives equal outputs, so no mixer makes such a table"),
    ("strict", "a level stretch is counted as a fall",
     "Monotone means 'never falls'. What of a table that stays as it is?",
     "a mixer may be level: the derivative is allowed to be zero"),
    ("all together", "only steps in which all utilities rise together are tested",
     "Let one agent's utility rise while the others stay. May the entry fall?",
     "an agent switches its action while the others keep theirs; that is the step that counts"),
    ("others at their best", "the others are left at their best actions only",
     "You switch one agent while the others play their best. Must the table also rise where they do not?",
     "a mixer that falls anywhere misleads a team there, for example while it explores"),
    ("means", "the means rise, but not every entry does",
     "[[8, 0], [0, 4]] has row means 4 and 2. Is the first row the better one in every column?",
     "a mean can rise while single entries fall, and monotone asks for every entry"),
    ("order of the sums", "entries are compared that need not be ordered",
     "Joint actions (0, 1) and (1, 0) with utilities [0, 2] and [0, 1]: one is better for agent 1, the other for agent "
     "2. Does monotone say which entry is larger?",
     "where one utility rises and another falls, a monotone mixer may go either way"),
    ("igm", "IGM was tested, which is less",
     "Look at [[8, 0], [0, 4]] with utilities that point at the 8. IGM holds. Is the table monotone?",
     "the maximum is in the right place, but elsewhere the table falls as a utility rises"),
    ("equal to the sum", "the table is held against the sum of the utilities",
     "Any function that never falls is allowed. The smaller of two utilities, for one: is it their sum?",
     "the sum is only one of the monotone mixers"),
) + edges.MONOTONE

EXERCISE = Exercise(
    number="04.3", title="Monotone in these utilities?", answers={"monotone_in": "function"}, difficulty=3, minutes=15,
    practises="decide whether some monotone mixer makes a given table from given utilities",
    hints=("List all joint actions. When must the entry of one be at most the entry of another?",
           "It is enough to look at steps in which one agent switches its action and the others keep theirs.",
           "If the utility of the new action is higher, the entry may not be lower. And if the two utilities are "
           "equal?"),
    mistakes=MISTAKES, look=look)
