"""12.3 · Targets that look further: write TD(λ) on padded episodes."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def lambda_targets(reward, terminated, next_value, mask, gamma, lam, twist=None):
    """The truth, row by row from the end, and 0 for what nobody played."""
    y = torch.zeros_like(reward)
    ahead_share = 1 - lam if twist == "swapped" else lam
    for b in range(len(reward)):
        played = range(reward.shape[1]) if twist == "padding" else range(int(mask[b].sum()))
        for t in reversed(played):
            last = t == played[-1]
            share = 0.0 if last or twist == "one step" else 1.0 if twist == "all the way" else ahead_share
            later = 0.0 if last else float(y[b, t + 1])
            if twist == "one more step" and not last:
                later = float(reward[b, t + 1] + (0.0 if terminated[b, t + 1] else gamma * next_value[b, t + 1]))
            now = float(next_value[b, t])
            if twist == "part lost" and last:
                share = ahead_share
            if twist == "cut" and last:
                now = 0.0
            discount = 1.0 if twist == "gamma once" else gamma
            value = gamma * (1 - share) * now + discount * share * later
            y[b, t] = reward[b, t] + (0.0 if terminated[b, t] and twist != "through the end" else value)
    return torch.where(mask.bool(), y, 0.0)


def lambda_cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(123)
    cases = [(torch.tensor([[1.0, 2.0]]), torch.tensor([[False, False]]), torch.tensor([[4.0, 8.0]]), torch.ones(1, 2),
              0.5, 0.25)]
    for batch, time, gamma, lam in ((2, 3, 0.9, 0.5), (4, 5, 0.8, 0.75), (3, 4, 0.5, 0.0), (3, 4, 0.75, 1.0),
                                    (5, 6, 0.99, 0.2),
                                    (3, 5, 1.0, 0.9), (2, 3, 0.0, 0.6), (2, 1, 0.9, 0.4)):
        lengths = torch.randint(1, time + 1, (batch,), generator=generator)
        lengths[0], lengths[1] = time, max(1, time - 2)
        mask = (torch.arange(time) < lengths.unsqueeze(1)).double()
        ends = (torch.arange(time) == lengths.unsqueeze(1) - 1) & (torch.arange(batch) % 2 == 1).unsqueeze(1)
        reward, next_value = (torch.randn(batch, time, generator=generator, dtype=torch.float64).round(decimals=2)
                              for _ in range(2))
        padding = torch.where(mask.bool(), 0.0, 1e6 * (-1) ** len(cases))      # whatever stands there, it means nothing
        cases.append((reward * mask, ends, next_value + 2.0 + padding, mask, gamma, lam))
    return cases


def look(room: Room, answer) -> Verdict:
    def played(reward, terminated, next_value, mask, gamma, lam):
        y = answer(reward, terminated, next_value, mask, gamma, lam)
        fits = isinstance(y, torch.Tensor) and y.shape == reward.shape and y.is_floating_point()
        return torch.where(mask.bool(), y, 0.0) if fits else y      # what is behind a row's end is nobody's business

    try:
        room.compare(played, lambda_cases(), lambda_targets)
    except Found as found:
        reward, ends, next_value, mask, *rest = lambda_cases()[2]
        other = torch.where(mask.bool(), next_value, next_value + 50.0)
        one, two = (room.ask(played, reward, ends, each, mask, *rest) for each in (next_value, other))
        if found.verdict.title == UNNAMED and not values.same(one, two):
            raise room.wrong(PADDING, "Changing next_value in the padding changes a target of a played step.") from None
        if found.verdict.title == UNNAMED:
            raise room.wrong(BEFORE if _last_steps_are_right(room, played) else LAST, found.verdict.detail) from None
        raise
    return Verdict("correct")


def _last_steps_are_right(room: Room, played) -> bool:
    for case in lambda_cases():
        mask = case[3]
        last = mask.bool() & (torch.arange(mask.shape[1]) == mask.sum(1, keepdim=True) - 1)
        if not values.loosely_equal(room.ask(played, *case)[last], lambda_targets(*case)[last], 1e-9):
            return False
    return True


LAST, BEFORE = "a last played step is not right", "the last steps are right, those before them are not"
PADDING = "the target of the last step looks into the padding"

MISTAKES = twisted(
    lambda_targets,
    ("padding", PADDING,
     "A row of two steps in a tensor of five: which y may enter the target of its second step?",
     "behind the last step nobody played; what the networks say there means nothing"),
    ("part lost", "the last step loses a part of its next value",
     "At the last played step there is no later target to mix with. With which weight does the next value count there?",
     "a row that was cut by the clock then ends in a value that is too small by the share λ"),
    ("cut", "a row that was cut counts as one that ended",
     "Two rows end at the same step, one terminated, one not. Are their last targets different in your version?",
     "only a terminated step has nothing behind it; where the clock ran out, the next value still counts"),
    ("through the end", "a terminated step still looks ahead",
     "What follows a step at which the task ended?",
     "nothing comes after the end, so nothing may be added"),
    ("swapped", "λ and 1 − λ are exchanged",
     "Set λ to 0. Your targets should be the one-step ones. Are they?",
     "λ is the share of the later target, 1 − λ that of the next value"),
    ("gamma once", "the later target is not discounted",
     "A reward of 1 three steps ahead, λ = 1: with which power of γ should it arrive?",
     "γ stands in front of both terms: the later target also lies one step ahead"),
    ("one more step", "only one step further than before",
     "Which y do you mix with: the one-step target of the next step, or the λ-target of it?",
     "the recursion must use its own result, so it has to go from the end to the start"),
    ("one step", "λ makes no difference",
     "Compare your results for λ = 0 and λ = 1.",
     "these are the one-step targets"),
    ("all the way", "as if λ were always 1",
     "Compare your results for λ = 0.5 and λ = 1.",
     "these are sums of rewards, whatever λ says")) + (
    Mistake(LAST, "Begin at the end. At a row's last played step y is the reward alone if it terminated, and r + γ v "
                  "if not. Which row differs?",
            "every other target is built on that of the last step"),
    Mistake(BEFORE, "Take a row of two steps. Its second target is right: put it into the formula for the first one, "
                    "with γ, λ and v. What comes out?",
            "γ stands before the whole bracket, 1 − λ before the next value, λ before the later target"))

EXERCISE = Exercise(
    number="12.3", title="Targets that look further", answers={"lambda_targets": "function"}, difficulty=4, minutes=15,
    practises="write TD(λ) on padded episodes", off_limits=("qmix_course.algorithms.base.td_lambda_target",),
    hints=("The target of a step needs that of the next one. In which order do you go through time?",
           "What is the weight of the later target at the last step that was played? The mask of the next step tells.",
           "The terminated step needs no case of its own if the whole look ahead is dropped there."),
    mistakes=MISTAKES, look=look)
