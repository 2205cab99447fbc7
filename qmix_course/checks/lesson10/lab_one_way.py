"""10.5 · The judge who knows one way: comparing a decision with the set of the best ones, and not with one of them."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def right_states(q, actions, twist=None):
    """[X] bool: is what was played as good as anything in this state?"""
    right = []
    for table, (u, v) in zip(q.tolist(), actions.tolist()):
        numbers = [number for row in table for number in row]
        top, number = max(numbers), u * len(table) + v
        best = [k for k, value in enumerate(numbers) if value >= top - 1e-9]
        halves = max(table[u]) >= top - 1e-9, max(row[v] for row in table) >= top - 1e-9
        right.append({
            "halves": all(halves), "a half": any(halves), "first best": number == best[0],
            "last best": number == best[-1],
            "first or last": number in (best[0], best[-1]), "swapped": table[v][u] >= top - 1e-9,
            "best response": table[u][v] >= max(table[u]) - 1e-9, "all states": table[u][v] >= float(q.max()) - 1e-9,
            "exact": table[u][v] == top, "generous": table[u][v] >= top - 0.11, "everybody": True,
        }.get(twist, table[u][v] >= top - 1e-9))
    return torch.tensor(right)


def played(states: int, actions: int, levels: int, seed: int, noise: float = 0.0) -> tuple:
    """A case of ``right_states``: tables with ties, and joint actions of which many are best and many are not."""
    generator = torch.Generator().manual_seed(seed)
    q = torch.randint(levels, (states, actions, actions), generator=generator).double() / 10
    q = q - torch.randint(5, (states, 1, 1), generator=generator).double()
    any_action = torch.randint(actions ** 2, (states,), generator=generator)
    best = (q.flatten(1) + 1e-3 * torch.rand(states, actions ** 2, generator=generator, dtype=torch.float64)).argmax(1)
    chosen = torch.where(torch.rand(states, generator=generator) < 0.5, any_action, best)
    q = q.round(decimals=2) + (torch.rand((states, 1, 1), generator=generator, dtype=torch.float64) if noise else 0.0)
    q = q + noise * (torch.rand(q.shape, generator=generator, dtype=torch.float64) - 0.5)
    return q, torch.stack([chosen // actions, chosen % actions], dim=1)


def look(room: Room, wrong_line, answer) -> Verdict:
    plain = [
        played(2, 2, 2, 3), played(30, 4, 3, 1), played(20, 3, 2, 2), played(1, 4, 2, 4), played(40, 4, 40, 5),
        played(4, 1, 2, 6)]
    room.compare(answer, plain, right_states)
    noisy = [played(2, 2, 2, seed, 0.9e-9) for seed in range(10, 18)] + [played(40, 4, 3, 20, 0.9e-9)]
    try:
        room.compare(answer, noisy, right_states)
    except Found as found:
        if found.verdict.title == UNNAMED:       # all else is the same as without the noise
            raise room.wrong("values that are equal but for rounding are told apart", found.verdict.detail) from None
        raise
    near = torch.tensor([[[top, top - 0.1], [top + 1e-12, -top]] for top in (8.65, 5.25, -0.35, 999.0, -999.0)],
                        dtype=torch.float64)
    every = [(near, torch.tensor([[u, v]] * len(near))) for u in (0, 1) for v in (0, 1)]
    at_the_edge(room, answer, every, right_states, "the room for rounding is not the same for all values",
                function="mended_right")
    room.line(wrong_line, {2, 4})
    return Verdict("correct")


MISTAKES = tuple(Mistake(name, hint, why, partial(right_states, twist=twist)) for twist, name, hint, why in (
    ("first best", "one best joint action still stands for all of them",
     "How many joint actions of a state can be best? With how many do you compare?",
     "argmax names one of the best, and the others are counted as errors"),
    ("last best", "another one of the best joint actions stands for all of them",
     "Now the last of the best is right and the first is wrong. How would you accept both?",
     "the judge changes its mind about who is innocent, and still condemns the others"),
    ("first or last", "the symptom is hidden: two of the best joint actions are accepted",
     "A state may have three best joint actions. What becomes of the one in the middle?",
     "a state with three best joint actions still has one that is condemned"),
    ("exact", "values that are equal but for rounding are told apart",
     "Two entries differ by 1e-12, or by half of 1e-9. Does your judge call them equal?",
     "a solver adds numbers in different orders, and equal values come out with different last digits"),
    ("generous", "the symptom is hidden: anything near the best is accepted",
     "Here 0.1 is a real loss. How much room does your judge leave?",
     "decisions that really give something away pass as well"),
    ("halves", "the symptom is hidden: good halves are taken for a good whole",
     "Each action is part of some best joint action. Is the pair that was played one of them?",
     "two good halves of different plans are the collision of the lesson, and the judge lets it pass"),
    ("a half", "the symptom is hidden: one good half is enough",
     "One agent does its part of a best plan. And the other one?",
     "half of a plan is no plan: the other agent may do anything"),
    ("best response", "the symptom is hidden: the best answer to the other's action is enough",
     "Agent 2 makes the best of what agent 1 does. Could both of them have done better?",
     "the best of one row of the table need not be the best of the table"),
    ("all states", "one best value is used for all states",
     "Over which axes do you take the maximum? Every state has its own best value.",
     "in a state far from the goals even the best decision would be called wrong"),
    ("swapped", "the agents' axes were exchanged in the repair",
     "Which of the two axes of a state's table is agent 1's?",
     "the judge then looks up what the other one's action would have been worth"),
    ("everybody", "the symptom is hidden: everybody is declared right",
     "Hand your judge a policy that always goes up. What does it say?",
     "a judge that never finds an error is of no use"),
)) + (
    Mistake("the room for rounding is not the same for all values",
            "Two values of 8.65 that differ by 1e-12; 999 and 998.9: do you round, or is your margin a share of the "
            "value?",
            "rounding parts what lies on two sides of a half, and a share of a large value is more than a real loss"),
)

EXERCISE = Exercise(
    number="10.5",
    title="The judge who knows one way",
    answers={"wrong_line_a": "value", "mended_right": "function"},
    difficulty=2,
    minutes=8,
    practises="comparing a decision with the set of the best ones, and not with one of them",
    hints=("How many best joint actions does a state have? Look at the framed entries of the lesson's last table.",
           "Which question does the judge ask: is this *the* best joint action, or is it as good as the best?",
           "Compare values in place of indices, and leave room for rounding."),
    mistakes=MISTAKES,
    look=look,
    lab=True,
)
