"""Checks of lesson 15: utilities that meet the stricter condition, held against the condition itself, and the lab."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import NEARLY, Room
from qmix_course.checks.verdict import Found, Verdict

# ---- 15.3: the stricter condition, met exactly -------------------------------------------------------------------------

CLOSE = 1e-9            # of the table's scale
ROUNDED = 2e-6          # what float32 would still meet


def tables() -> list[torch.Tensor]:
    """Tables with one best entry: known games, and random ones of several sizes and signs."""
    games = [torch.tensor([[8.0, -12, -12], [-12, 0, 0], [-12, 0, 0]]), torch.tensor([[11.0, -30, 0], [-30, 7, 6], [0, 0, 5]]),
             torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([[1.0, 0.99], [0.0, 0.5]])]
    for seed, (n_actions, scale, shift) in enumerate(((2, 5, 0), (3, 5, 0), (4, 20, -100), (5, 5, 30), (6, 1000, 0), (3, 5, -40))):
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(n_actions ** 2, generator=generator).view(n_actions, n_actions)
        games.append((scale * (order / 3.0 + torch.rand(n_actions, n_actions, generator=generator) / 4) + shift).round(decimals=2))
    for size, lead in ((1.0, 1e-6), (8.0, 8e-6), (1e-4, 1e-8), (1e6, 10.0)):       # the best entry leads by very little
        games += [torch.tensor([[-0.5 * size, size], [size - lead, -size]]), torch.tensor([[0.0, size - lead, 0.0], [size - lead, size, 0.2 * size], [-size, 0.0, 0.0]])]
    games += [torch.tensor([[0.0, -1.0], [-2.0, -3.0]]), torch.tensor([[-1e6, -2e6, -3e6], [-1e6, -1e6, -999_999.0], [-4e6, -5e6, -1e6]]),
              torch.tensor([[1e-3, 0.0], [0.0, 0.0]])]
    return games


def look_at_meet(room: Room, answer) -> Verdict:
    given = [(table, as_utilities(room.ask(answer, table), table)) for table in tables()]
    found = [(what_is_missing(own, table), table, own) for table, own in given]
    names = [name for name, _, _ in found if name]
    wide = [(table, own) for table, own in given if leads_by_much(table)]
    if names and not any(what_is_missing(own, table) for table, own in wide):
        raise room.wrong("right only where the best entry leads by much",
                         values.call("meet_alternative", next((table,) for name, table, _ in found if name)))
    if names and not any(what_is_missing(own, table, ROUNDED) for table, own in wide):
        raise room.wrong(NEARLY.name)
    if names:                                               # what is missing most often is what the answer lacks
        name = max(names, key=names.count)
        _, table, own = next(each for each in found if each[0] == name)
        gap = own[0].unsqueeze(1) + own[1] - table
        lines = [values.call("meet_alternative", (table,)), "the gaps of your utilities:"]
        lines += ["  [" + ", ".join(f"{entry:.6g}" for entry in row) + "]" for row in gap.tolist()]
        raise room.wrong(name, "\n".join(filter(None, lines)))
    if not values.loosely_equal(given[0][1], as_utilities(room.ask(answer, given[0][0]), given[0][0]), CLOSE):
        raise room.wrong("the same question got two different answers")
    return Verdict("correct")


def leads_by_much(table) -> bool:
    first, second = table.flatten().topk(2).values.tolist()
    return first - second > max(0.009, 1e-4 * float(table.abs().max()))


def as_utilities(result, table) -> torch.Tensor:
    try:
        own = torch.as_tensor(result if not isinstance(result, (tuple, list)) or not isinstance(result[0], torch.Tensor)
                              else torch.stack([*result]), dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError, IndexError):
        own = torch.zeros(())
    if own.shape != (2, len(table)) or not own.isfinite().all():
        raise Found(Verdict("wrong shape or type", f"expected numbers of shape [2, {len(table)}], got {values.describe(result)}",
                            "One row of utilities for each of the two agents. V is not asked for: it is 0."))
    return own.detach()


def what_is_missing(own: torch.Tensor, table: torch.Tensor, close: float = CLOSE) -> str | None:
    """The first thing that the exercise asks for and these utilities lack."""
    near = close * float(table.abs().max())
    best = divmod(int(table.argmax()), len(table))
    gap = own[0].unsqueeze(1) + own[1] - table
    leads = own.topk(2, dim=1).values
    tied = bool((leads[:, 0] - leads[:, 1] <= near).any())
    aimed = tuple(own.argmax(1).tolist()) == best
    shifted = gap - gap[best]
    rows, columns = (bool((shifted.amin(axis).abs() <= near).all()) for axis in (1, 0))
    if gap[best].abs() > near and shifted.min() >= -near and aimed and not tied and rows and columns:
        return "right up to a number that is the same everywhere"
    if shifted.min() >= -near and aimed and not tied and not rows and not columns:
        return "the base version's condition, which asks for less"
    if gap.min() < -near:
        return "the sum lies below the table somewhere"
    if tied:
        return "an agent has two best actions"
    if not aimed:
        return "the agents choose another joint action"
    if gap[best] > near:
        return "the sum does not touch the table at ū"
    if not rows:
        return "a row in which the sum touches nothing"
    return None if columns else "a column in which the sum touches nothing"


MEET_MISTAKES = (
    Mistake("the sum lies below the table somewhere",
            "Look for a negative gap. Which of the two utilities there is too low, given the other?",
            "an entry above the sum may be better than what the agents choose, so that neither version of the condition holds"),
    Mistake("right up to a number that is the same everywhere",
            "All gaps of yours are off by one and the same number. What is V here?",
            "with that number as V the conditions hold; here V is 0, and one agent's utilities must take it over"),
    Mistake("the base version's condition, which asks for less",
            "None of your gaps is too low. Are some too large? In every row and column one must be 0.",
            "utilities that merely point at the best entry leave the rest undetermined; the alternative asks for more"),
    Mistake("an agent has two best actions",
            "Agents with a tie may take the other action. How can you give one action a small lead before you begin, and how small must it be?",
            "with a tie the agents' choice is a toss, and one of its outcomes may be a bad joint action"),
    Mistake("the agents choose another joint action",
            "Compare each agent's argmax with its part of the table's best entry.",
            "then the sum cannot touch the table at ū without lying below the best entry"),
    Mistake("right only where the best entry leads by much",
            "Where the best entry leads by a millionth only, is your own small lead still smaller? Is anything compared with a tolerance?",
            "a lead of a fixed size is too large for some table, so it has to be a part of the best entry's own lead"),
    Mistake("the sum does not touch the table at ū",
            "The gap at ū is too large. How much of a lead can an action have before the sum is too high there?",
            "a lead that is larger than the best entry's own lead lifts the sum off the table at ū"),
    Mistake("a row in which the sum touches nothing",
            "For each of agent 1's actions: how far could its utility be lowered before the sum falls below the table?",
            "in that row agent 2, going through its own actions, finds no gap of 0"),
    Mistake("a column in which the sum touches nothing",
            "The rows touch. Do to agent 2's utilities what you did to agent 1's, and see whether the rows still touch.",
            "in that column agent 1, going through its own actions, finds no gap of 0"),
)

# ---- 15.4: the lab -----------------------------------------------------------------------------------------------------


def switched_sums(q, actions, twist=None):
    """Q′ with one agent's action replaced, one entry at a time."""
    batch, n_agents, n_actions = q.shape
    entries = []
    for b in range(batch):
        played = [q[b, i, a] for i, a in enumerate(actions[b].tolist())]
        if twist == "at their best":
            played = list(q[b].amax(1))
        for i in range(n_agents):
            others = sum((each for j, each in enumerate(played) if j != i), torch.zeros(()))
            if twist == "only two":
                others = played[n_agents - 1 - i]
            elif twist == "neighbour":
                others = played[(i + 1) % n_agents]
            elif twist == "first agent":
                others = sum(played[1:], torch.zeros(()))
            elif twist == "mean":
                others = others / max(n_agents - 1, 1)
            elif twist == "left in":
                others = others + played[i]
            elif twist == "all out":
                others = torch.zeros(())
            elif twist == "taken out twice":
                others = others - played[i]
            for a in range(n_actions):
                own = {"nothing": torch.zeros(()), "as played": played[i]}.get(twist, q[b, i, a])
                entries.append(own + others)
    return torch.stack(entries).view(q.shape)


def look_at_switched(room: Room, wrong_line, answer) -> Verdict:
    cases = [(torch.tensor([[[5.0, 1.0], [2.0, 3.0]]]), torch.tensor([[0, 1]]))]
    for seed, shape in enumerate(((3, 2, 3), (2, 3, 2), (4, 1, 3), (1, 4, 4), (5, 3, 3), (2, 7, 2))):
        generator = torch.Generator().manual_seed(seed)
        q = (3 * torch.randn(shape, generator=generator)).round(decimals=2)
        cases.append((q, torch.randint(shape[2], shape[:2], generator=generator)))
    room.compare(answer, cases, switched_sums)
    for q, actions in cases:
        weight = torch.arange(1.0, q.numel() + 1).view(q.shape)
        truth, leaf = q.clone().requires_grad_(), q.clone().requires_grad_()
        wanted, = torch.autograd.grad((weight * switched_sums(truth, actions)).sum(), truth)
        sums = room.ask(answer, leaf, actions, may_change=(0,))
        if not isinstance(sums, torch.Tensor) or not sums.requires_grad:
            raise room.wrong("nothing can be learned from it")
        got, = torch.autograd.grad((weight * sums).sum(), leaf, allow_unused=True)
        if got is None or not torch.allclose(got, wanted, rtol=1e-9, atol=1e-9):
            raise room.wrong("the sums are right, the gradient is not")
    room.line(wrong_line, 5)
    return Verdict("correct")


SWITCH_MISTAKES = twisted(
    switched_sums,
    ("left in", "what the agent played is still in the sum",
     "Print the copies of the values before and after the line that should take each agent out of its own. What has changed?",
     "the agent's own value is counted twice, as played and as switched to: the sum is no sum of one joint action"),
    ("all out", "everybody is taken out",
     "With three agents, how many values should be left in each agent's copy?",
     "the others keep their actions, and their values stay in the sum"),
    ("first agent", "one agent is taken out of every copy",
     "Each copy belongs to another agent. Along which axis must the zero move from copy to copy?",
     "only that agent's switches come out right"),
    ("only two", "right for two agents only",
     "With two agents there is one other. With three?", "exchanging two values is no rule for three"),
    ("neighbour", "only one of the others is kept",
     "How many values does each of your sums add up for four agents?", "all others play their part of the joint action"),
    ("mean", "the mean of the others, not their sum", "Q′ is a sum over all agents. What do you do to the others' part?",
     "Q′ is VDN's sum, with one term an agent"),
    ("nothing", "the switch itself is missing", "Does your result depend on the action that the agent switches to?",
     "entry a must hold the value of action a"),
    ("as played", "nobody switches", "Your sums are the same for every action. Where does the action come in?",
     "entry a must hold the value of action a in place of what was played"),
    ("at their best", "the others play their best, not what they played",
     "The others stay with what they did. What did they do?", "the gap is asked for around the joint action that was played"),
    ("taken out twice", "what the agent played is taken out twice",
     "Where the switch is to what was played anyway, the sum must be the one that was played. By how much are you off?",
     "the own value has left the copy already when it is subtracted"),
) + (
    Mistake("nothing can be learned from it", "Which part of your function cuts it off from q?", "without a gradient no utility moves"),
    Mistake("the sums are right, the gradient is not",
            "The numbers are right. Does the gradient know that the agent was taken out, and that the others are in?",
            "a value that is changed behind autograd's back, or cut off, sends the wrong message to the utilities"),
)

LABS = (
    Exercise(
        number="15.3", title="A sum that touches every row and column", answers={"meet_alternative": "function"}, difficulty=4, minutes=15,
        practises="construct utilities that meet QTRAN-alt's condition exactly",
        hints=("Suppose agent 2's utilities are all 0. How low can agent 1's be without the sum falling below the table anywhere? "
               "What is then true in each row?",
               "Now agent 1's are given. How low can agent 2's be? Check that the rows still touch afterwards.",
               "A tie is left in some tables. Begin with a small lead for agent 2's part of the best entry: less than the best entry's lead over the second best."),
        mistakes=MEET_MISTAKES, look=look_at_meet),
    Exercise(
        number="15.4", title="Switches that switch nothing", answers={"wrong_line_4": "value", "mended_sums": "function"}, difficulty=3,
        minutes=15, practises="notice an operation whose result is thrown away", lab=True,
        hints=("Take one play of two agents and write down each line's result by hand. Then print them.",
               "Which of the lines computes something that nobody keeps?",
               "In torch, an operation whose name ends in an underscore writes in place. The others return something new."),
        mistakes=SWITCH_MISTAKES, look=look_at_switched),
)
