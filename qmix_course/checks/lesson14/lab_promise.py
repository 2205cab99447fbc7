"""14.5 · As if every step were the last: see that every maximum in an update needs the mask of its own step."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson14.shared import explained
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

CAUSE = "D"
BLAMED = {"A": "gamma is blamed", "B": "the advantages are blamed", "C": "the mask of the step before is blamed",
          "E": "the end of the episode is blamed"}
FILL = "an unavailable action gets a number that real values can lie below"


def errors_of(q, next_q, actions, available, next_available, reward, terminated, w, b, lam, next_w, next_b,
              twist: str = ""):
    """QPLEX's TD errors[B], row by row; γ = 0.99."""
    errors = []
    for k in range(len(q)):
        total, ahead = 0.0, 0.0
        for i in range(q.shape[1]):
            row, later = q[k, i].tolist(), next_q[k, i].tolist()
            may, may_later = available[k, i].tolist(), next_available[k, i].tolist()
            if twist == "now's mask":
                may_later = may
            if twist == "both masks":
                may_later = [before and after for before, after in zip(may, may_later)]
            if twist in ("unmasked", "swapped"):
                may_later = [True] * len(may_later)
            if twist == "first unmasked":
                may = [True] * len(may)
            scale, shift, share = float(w[k, i]), float(b[k, i]), float(lam[k, i])
            best = scale * max(x for x, m in zip(row, may) if m) + shift
            own = scale * row[int(actions[k, i])] + shift
            total += own + (share - 1) * (own - best)
            options = ([x * m for x, m in zip(later, may_later)]
                       if twist == "zeros" else [x for x, m in zip(later, may_later) if m])
            none = -torch.inf if twist in ("terminated lost", "both masks") else 0.0
            top = sum(options) / max(1, len(options)) if twist == "mean" else max(options, default=none)
            ahead += top if twist == "not rescaled" else float(next_w[k, i]) * top + float(next_b[k, i])
        if twist == "w, b of now":
            ahead = sum(float(w[k, i]) * max((x for x, m in zip(next_q[k, i].tolist(), next_available[k, i].tolist())
                                              if m), default=0.0)
                        + float(b[k, i]) for i in range(q.shape[1]))
        goes_on = 1.0 if twist == "terminated lost" else 1.0 - float(terminated[k])
        ahead = goes_on * ahead if goes_on or twist == "terminated lost" else 0.0
        errors.append(total - float(reward[k]) - 0.99 * ahead)
    return torch.tensor(errors, dtype=torch.float64)


def lab_cases() -> list[tuple]:
    cases = []
    for seed, (rows, n, a) in enumerate(((1, 1, 2), (1, 2, 3), (6, 2, 3), (8, 3, 4), (10, 2, 2))):
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape, generator=generator):
            return torch.randn(shape, generator=generator).round(decimals=2)

        available, next_available = (torch.rand(rows, n, a, generator=generator) < 0.6 for _ in range(2))
        actions = torch.randint(a, (rows, n), generator=generator)
        available.scatter_(-1, actions.unsqueeze(-1), True)
        next_available.scatter_(-1, torch.randint(a, (rows, n, 1), generator=generator), True)
        shift = -4.0 if seed % 2 else 0.0
        q, next_q = draw(rows, n, a) + shift, draw(rows, n, a) + shift
        if seed < 2:        # in the smallest cases the largest value is out of reach
            next_available[:] = False
            next_available.scatter_(-1, next_q.argmin(-1, keepdim=True), True)
        cases.append((q, next_q, actions, available, next_available, draw(rows),
                      torch.rand(rows, generator=generator) < 0.3,
                      *(part.round(decimals=2) for part in (draw(rows, n).abs() + 0.1, draw(rows, n),
                                                            draw(rows, n).abs() + 0.1,
                                                              draw(rows, n).abs() + 0.1, draw(rows, n)))))
    for case in cases[2:4]:                     # after the end there may be nothing to do
        case[4][case[6]] = False
    return cases


LAB_WRONGS = [(name, partial(errors_of, twist=twist)) for name, twist in (
    ("unavailable actions still count in the target", "unmasked"),
    ("the target has the mask of the step before", "now's mask"),
    ("the target has both masks", "both masks"),
    ("unavailable actions count as 0", "zeros"), ("the first maximum lost its mask in the repair", "first unmasked"),
    ("the target takes a mean", "mean"), ("something else was changed in the repair", "terminated lost"),
    ("something else was changed in the repair", "not rescaled"),
    ("something else was changed in the repair", "w, b of now"))]


def moved(cases: list[tuple], by: float) -> list[tuple]:
    """The same cases with the utilities of both steps higher or lower by one number."""
    return [(q + by, next_q + by, *rest) for q, next_q, *rest in cases]


def look(room: Room, cause, answer) -> Verdict:
    cases = lab_cases()
    try:
        explained(room, answer, cases + moved(cases, -1e6)
                  + [(1e6 * q, 1e6 * next_q, *rest) for q, next_q, *rest in cases], errors_of, LAB_WRONGS)
    except Found as found:
        if found.verdict.title != UNNAMED:
            raise
        if all(values.problem(room.ask(answer, *case), errors_of(*case), 1e-9) is None for case in moved(cases, 1e6)):
            raise room.wrong(FILL, found.verdict.detail) from None
        q, next_q, actions, available, next_available, *rest = cases[3]
        other = torch.where(next_available, next_q, next_q + 1000.0)
        one, two = (room.ask(answer, q, each, actions, available, next_available, *rest) for each in (next_q, other))
        if not values.loosely_equal(one, two, 1e-9):
            raise room.wrong("unavailable actions still count in the target", found.verdict.detail) from None
        raise
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


MISTAKES = (
    Mistake("unavailable actions still count in the target",
            "Give an action that is not available next the value 1000. Does your error change?",
            "the target promises a value that no team can reach, and the promise is handed back from step to step"),
    Mistake("the target has the mask of the step before",
            "There are two masks. Which of them belongs to the observation that next_q was computed from?",
            "what an agent could do before says nothing of what it can do now"),
    Mistake("the target has both masks",
            "Let an action be closed before the step and open after it. May the team take it then?",
            "what was closed before may be the best after the step; in the figure the two masks are nearly the same"),
    Mistake("unavailable actions count as 0",
            "Let all values be below 0. Which one wins your maximum?",
            "a 0 is a value like any other, and among negative ones it is the largest"),
    Mistake(FILL,
            "What keeps an action that is not available from winning? Let the values be a million times as large, of "
            "either sign: does it still lose?",
            "values have any size and any sign, so only −inf, or something below all values at hand, loses against "
            "every one"),
    Mistake("the first maximum lost its mask in the repair",
            "An advantage compares with the best action that the agent *could* take. Is that what you compare with?",
            "the first maximum was right in the listing; a repair leaves what is right as it is"),
    Mistake("the target takes a mean",
            "What does a greedy team do next?",
            "the target is the value of the best joint action that is available, and no average"),
    Mistake("something else was changed in the repair",
            "Put your version beside the listing. Exactly one line should differ.",
            "a repair leaves what was right as it was"),
    Mistake("gamma is blamed", "The left picture comes from the same function. What does its first step believe?",
            "on the left the first step is worth almost four steps, with the same γ"),
    Mistake("the advantages are blamed", "How large is lam − 1 in the two games?",
            "with λ = 1 the advantages take no part, and on the left the utilities learn all that they should"),
    Mistake("the mask of the step before is blamed",
            "In the first step everything is open, from the second on the mask does not change. Which of the four "
            "steps could such a mistake spoil?",
            "it would spoil the first step's target alone, and the steps 2 and 3 are wrong too"),
    Mistake("the end of the episode is blamed", "What would the left picture be if every step ended the episode?",
            "on the left the steps know what is still to come"),
)

EXERCISE = Exercise(
    number="14.5", title="As if every step were the last",
    answers={"cause": "value", "mended_errors": "function"}, formerly=("wrong_line",), lab=True,
    difficulty=2, minutes=8, practises="see that every maximum in an update needs the mask of its own step",
    hints=("What is a step's target on the right, and which value of the next step is in it?",
           "There are two maxima in the listing. Compare what they are taken over.",
           "Follow `masked_next`. Where is it used?"),
    mistakes=MISTAKES, look=look)
