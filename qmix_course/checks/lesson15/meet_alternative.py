"""15.3 · A sum that touches every row and column: construct utilities that meet QTRAN-alt's condition exactly."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import NEARLY, Room
from qmix_course.checks.verdict import Found, Verdict

CLOSE = 1e-9            # of the table's scale
ROUNDED = 2e-6          # what float32 would still meet


def tables() -> list[torch.Tensor]:
    """Tables with one best entry: known games, and random ones of several sizes and signs."""
    games = [torch.tensor([[8.0, -12, -12], [-12, 0, 0], [-12, 0, 0]]),
             torch.tensor([[11.0, -30, 0], [-30, 7, 6], [0, 0, 5]]),
             torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([[1.0, 0.99], [0.0, 0.5]])]
    for seed, (n_actions, scale, shift) in enumerate(((2, 5, 0), (3, 5, 0), (4, 20, -100), (5, 5, 30), (6, 1000, 0),
                                                      (3, 5, -40))):
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(n_actions ** 2, generator=generator).view(n_actions, n_actions)
        games.append((scale * (order / 3.0 + torch.rand(n_actions, n_actions, generator=generator) / 4)
                      + shift).round(decimals=2))
    for size, lead in ((1.0, 1e-6), (8.0, 8e-6), (1e-4, 1e-8), (1e6, 10.0)):       # the best entry leads by very little
        games += [torch.tensor([[-0.5 * size, size], [size - lead, -size]]),
                  torch.tensor([[0.0, size - lead, 0.0], [size - lead, size, 0.2 * size], [-size, 0.0, 0.0]])]
    games += [torch.tensor([[0.0, -1.0], [-2.0, -3.0]]),
              torch.tensor([[-1e6, -2e6, -3e6], [-1e6, -1e6, -999_999.0], [-4e6, -5e6, -1e6]]),
              torch.tensor([[1e-3, 0.0], [0.0, 0.0]])]
    return games


def look(room: Room, answer) -> Verdict:
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
        raise Found(Verdict("wrong shape or type", f"expected numbers of shape [2, {len(table)}], got "
                                                   f"{values.describe(result)}",
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


MISTAKES = (
    Mistake("the sum lies below the table somewhere",
            "Look for a negative gap. Which of the two utilities there is too low, given the other?",
            "an entry above the sum may be better than what the agents choose, so that neither version of the "
            "condition holds"),
    Mistake("right up to a number that is the same everywhere",
            "All gaps of yours are off by one and the same number. What is V here?",
            "with that number as V the conditions hold; here V is 0, and one agent's utilities must take it over"),
    Mistake("the base version's condition, which asks for less",
            "None of your gaps is too low. Are some too large? In every row and column one must be 0.",
            "utilities that merely point at the best entry leave the rest undetermined; the alternative asks for more"),
    Mistake("an agent has two best actions",
            "Agents with a tie may take the other action. How can you give one action a small lead before you begin, "
            "and how small must it be?",
            "with a tie the agents' choice is a toss, and one of its outcomes may be a bad joint action"),
    Mistake("the agents choose another joint action",
            "Compare each agent's argmax with its part of the table's best entry.",
            "then the sum cannot touch the table at ū without lying below the best entry"),
    Mistake("right only where the best entry leads by much",
            "Where the best entry leads by a millionth only, is your own small lead still smaller? Is anything "
            "compared with a tolerance?",
            "a lead of a fixed size is too large for some table, so it has to be a part of the best entry's own lead"),
    Mistake("the sum does not touch the table at ū",
            "The gap at ū is too large. How much of a lead can an action have before the sum is too high there?",
            "a lead that is larger than the best entry's own lead lifts the sum off the table at ū"),
    Mistake("a row in which the sum touches nothing",
            "For each of agent 1's actions: how far could its utility be lowered before the sum falls below the table?",
            "in that row agent 2, going through its own actions, finds no gap of 0"),
    Mistake("a column in which the sum touches nothing",
            "The rows touch. Do to agent 2's utilities what you did to agent 1's, and see whether the rows still "
            "touch.",
            "in that column agent 1, going through its own actions, finds no gap of 0"),
)

EXERCISE = Exercise(
    number="15.3", title="A sum that touches every row and column", answers={"meet_alternative": "function"},
    difficulty=4, minutes=15, core=True,
    practises="construct utilities that meet QTRAN-alt's condition exactly",
    hints=("Suppose agent 2's utilities are all 0. How low can agent 1's be without the sum falling below the table "
           "anywhere? What is then true in each row?",
           "Now agent 1's are given. How low can agent 2's be? Check that the rows still touch afterwards.",
           "A tie is left in some tables. Begin with a small lead for agent 2's part of the best entry: less than the "
           "best entry's lead over the second best."),
    mistakes=MISTAKES, look=look)
