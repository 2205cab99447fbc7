"""The first check of the course: the one-step target of Q-learning."""

from __future__ import annotations

from numbers import Real

import torch

from qmix_course.checks.verdict import Verdict, judge

GAMMA = 0.9


def truth(reward, next_values, terminated):
    return reward + (0.0 if terminated else GAMMA * max(next_values))


# What people write instead, and what to tell them. The first that explains every answer given is named.
MISTAKES = [
    ("the end of an episode is ignored", lambda r, v, end: r + GAMMA * max(v),
     "After the last step nothing follows. What is the value of nothing?"),
    ("the discount factor is missing", lambda r, v, end: r + (0.0 if end else max(v)),
     "A reward that comes one step later counts a little less. Where does γ stand in the formula?"),
    ("the discount factor is on the reward", lambda r, v, end: GAMMA * r + (0.0 if end else max(v)),
     "The reward comes now. Which of the two terms lies one step in the future?"),
    ("everything is discounted", lambda r, v, end: GAMMA * (r + (0.0 if end else max(v))),
     "The reward comes now. Only one of the two terms lies in the future."),
    ("the reward is missing", lambda r, v, end: 0.0 if end else GAMMA * max(v),
     "The step itself paid something. Is it in your sum?"),
    ("the mean of the next values, not the best", lambda r, v, end: r + (0.0 if end else GAMMA * sum(v) / len(v)),
     "Q-learning assumes that the best next action is taken."),
    ("the sum of the next values, not the best", lambda r, v, end: r + (0.0 if end else GAMMA * sum(v)),
     "Only one action will be taken next. Which one does Q-learning assume?"),
    ("the worst next value, not the best", lambda r, v, end: r + (0.0 if end else GAMMA * min(v)),
     "Q-learning assumes that the best next action is taken."),
    ("the number of the best action, not its value",
     lambda r, v, end: r + (0.0 if end else GAMMA * max(range(len(v)), key=lambda a: v[a])),
     "The position of the largest value and the largest value are two things."),
    ("an ended episode pays nothing at all", lambda r, v, end: 0.0 if end else r + GAMMA * max(v),
     "The step that ends an episode has a reward too."),
    ("the end is turned around", lambda r, v, end: r + (GAMMA * max(v) if end else 0.0),
     "Look at which of the two cases gets the future: the step that ended, or the one that did not?"),
]


def one_step_target(answer) -> Verdict:
    """Check ``answer(reward, next_values, terminated)``, the one-step target of Q-learning with γ = 0.9.

    ``reward`` is a number, ``next_values`` a list with the values of all next actions, ``terminated`` True or False.
    """
    return judge(answer, _look)


def _look(answer) -> Verdict:
    generator = torch.Generator().manual_seed(7)
    draws = (5 * torch.randn(40, 5, generator=generator, dtype=torch.float64)).tolist()
    cases = [(reward, values, number % 3 == 0) for number, (reward, *values) in enumerate(draws)]
    given, silent = [], 0
    for reward, values, terminated in cases:
        kept = list(values)
        result = answer(reward, values, terminated)
        if result is ...:
            return Verdict("not attempted")
        if result is None:
            silent += 1
            continue
        if isinstance(result, torch.Tensor) and result.numel() == 1:
            result = result.item()
        if isinstance(result, bool) or not isinstance(result, Real):
            return Verdict("wrong shape or type", f"expected one number, got {type(result).__name__}",
                           "The target of one step is a single number.")
        if values != kept:
            return Verdict("wrong", "your function changes the list it was given",
                           "The caller still needs next_values as they were.")
        given.append(float(result))
    if silent == len(cases):
        return Verdict("not attempted", "your function returns nothing")
    if silent:
        return Verdict("wrong shape or type", "your function returns a number in some cases and nothing in others",
                       "Follow both cases, an episode that ended and one that goes on, down to a return.")
    if _agree(given, truth, cases):
        return Verdict("correct")
    for title, wrong, hint in MISTAKES:
        if _agree(given, wrong, cases):
            return Verdict("wrong", title, hint)
    if all(abs(value - truth(*case)) < 1e-2 for value, case in zip(given, cases)):
        return Verdict("wrong", "nearly right: a number was rounded on the way",
                       "Return the number as it comes, in float64: no round, no float32.")
    number = max(range(len(cases)), key=lambda k: abs(given[k] - truth(*cases[k])))
    reward, values, terminated = cases[number]
    shown = ", ".join(f"{value:.2f}" for value in values)
    return Verdict("wrong", f"for reward {reward:.2f}, next_values [{shown}], terminated {terminated} expected "
                            f"{truth(*cases[number]):.2f}, got {given[number]:.2f}",
                   "Work this one case out on paper, term by term, and compare.")


def _agree(given: list[float], function, cases) -> bool:
    return all(abs(value - function(*case)) <= 1e-9 * (1 + abs(value)) for value, case in zip(given, cases))
