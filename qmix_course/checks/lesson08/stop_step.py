"""08.5 · When it is done: stop a run by a rule that luck cannot trigger."""

from __future__ import annotations

import math
from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.values import call, problem, table
from qmix_course.checks.verdict import Found, Verdict


def stop_step(steps, greedy_returns, best, patience, twist=None):
    if twist == "last only":
        tail = greedy_returns[-patience:]
        return steps[-1] if len(tail) == patience and all(abs(value - best) < 1e-6 for value in tail) else math.inf
    best = max(greedy_returns, default=best) if twist == "own best" else best
    streak, found, top, since = 0, math.inf, -math.inf, 0
    for k, value in enumerate(greedy_returns):
        good = (value == best if twist == "exact" else value > best - 0.1
                if twist == "roughly" else abs(value - best) < 1e-6)
        if twist == "no progress":
            since = 0 if value > top + 1e-9 else since + 1
            top = max(top, value)
            good = False
            if since >= patience:
                return steps[k]
        streak = streak + 1 if good else (streak if twist == "in total" else 0)
        short = twist == "short" and good and all(abs(v - best) < 1e-6 for v in greedy_returns[:k + 1])
        need = patience + 1 if twist == "late" else patience - 1 if twist == "early" else patience
        if good and (streak >= max(1, need) or short):
            place = k - patience + 1 if twist == "begin" else k
            if twist == "last streak":
                found = steps[place]
                continue
            return k if twist == "index" else steps[place]
    return found


def stop_cases() -> list[tuple]:
    best = 8.65
    found = [([10, 20, 30, 40], [1.0, best, best, 2.0], best, 2), ([10, 20, 30], [best, 1.0, best], best, 2),
             ([10, 20], [best, best], best, 5),
             ([10, 20, 30, 40, 50, 60], [best, best, best - 1e-9, 0.0, best, best], best, 2), ([10], [best], best, 1),
             ([5, 10, 15, 20], [best + 1e-9, best - 0.02, best, best - 1e-9], best, 2),
             ([10, 20, 30], [-3.0, -3.0, -3.0], best, 2),
             ([10, 20, 30, 40, 50], [-1.0, -0.5, -0.5, -0.5, -0.5], -0.5, 3), ([], [], best, 3),
             ([1, 2, 3, 4], [0.0, 0.0, 0.0, 0.0], 0.0, 4), ([0, 10, 20], [best, 1.0, best], best, 1),
             ([0, 10, 20, 30], [-1.0, 0.0, 0.0, -1.0], 0.0, 2)]
    generator = torch.Generator().manual_seed(85)
    for _ in range(40):
        count, every, patience = (int(torch.randint(low, high, (), generator=generator))
                                  for low, high in ((1, 25), (10, 600), (1, 6)))
        level = float((10 * torch.randn((), generator=generator, dtype=torch.float64)).round(decimals=2))
        hits = (torch.rand(count, generator=generator) < 0.65).tolist()
        below = (0.3 + 5 * torch.rand(count, generator=generator, dtype=torch.float64)).round(decimals=2).tolist()
        noise = torch.randint(-2, 3, (count,), generator=generator).tolist()
        returns = [level + 1e-9 * tiny if hit else round(level - less, 2)
                   for hit, less, tiny in zip(hits, below, noise)]
        found.append(([every * (k + 1) for k in range(count)], returns, level, patience))
    return found


def look(room: Room, answer) -> Verdict:
    try:
        room.compare(answer, stop_cases(), lambda *case: float(stop_step(*case)))
    except Found as found:
        stuck = ([10, 20, 30, 40, 50, 60], [-7.0, -3.0, -3.0, -3.0, -3.0, -3.0], 8.65, 2)
        if found.verdict.title == UNNAMED and not problem(room.ask(answer, *stuck), 40.0, 0.3):
            raise room.wrong("it waits for the returns to stop rising", found.verdict.detail) from None
        wrong = [case for case in stop_cases() if problem(room.ask(answer, *case), float(stop_step(*case)), 0.0)]
        unexplained = found.verdict.title == UNNAMED
        if unexplained and all(0 in (*steps, best) for steps, _, best, _ in wrong):
            raise room.wrong("a number that is 0 counts as nothing", found.verdict.detail) from None
        # Slices reach over the beginning of a list in more than one way: what counts is that too few looks were enough.
        short = ([7, 14, 21], [2.5, 2.5, 2.5], 2.5, 6)
        if found.verdict.title == UNNAMED and problem(room.ask(answer, *short), math.inf, 0.0):
            raise room.wrong("fewer looks than asked for are enough", found.verdict.detail) from None
        raise
    _how_close(room, answer)
    return Verdict("correct")


def _how_close(room: Room, answer) -> None:
    """One look, so that only its distance from the best return matters."""
    looks = [(best, best + distance) for best in (8.65, 0.0, -2.5, 120.0)
             for distance in (-5e-7, 5e-7, -5e-6, 5e-6, -3e-4, 0.004, 0.5)]
    looks += [(best, best + distance) for best in (8.65, 0.0, -2.5, 120.0)
              for distance in (-9.9e-7, 9.9e-7, -1.01e-6, 1.01e-6)]
    cases = [([10, 20], [best - 3.0, value], best, 1) for best, value in looks]
    given = [room.ask(answer, *case) for case in cases]
    failed = [(case, got) for case, got in zip(cases, given) if problem(got, float(stop_step(*case)), 0.0)]
    if failed:
        case, got = failed[0]
        above = all(seen[1] > best for (_, seen, best, _), _ in failed)
        below = any(seen[1] < best and abs(seen[1] - best) > 1e-6 for (_, seen, best, _), _ in failed)
        far = any(abs(seen[1] - best) > 1e-6 for (_, seen, best, _), _ in failed)
        raise room.wrong("a return above `best` counts as `best`" if above and far and not below
                         else "the tolerance is not that of the text",
                         f"{call('stop_step', case)}\n{table(got, float(stop_step(*case)))}")


MISTAKES = tuple(Mistake(name, hint, why, twist and partial(stop_step, twist=twist)) for twist, name, hint, why in (
    ("in total", "the looks are not counted in a row",
     "What happens to your count at a look that was not the best?",
     "a team that finds the best return now and then has not learned it"),
    ("exact", "the returns are compared to the last digit",
     "0.1 + 0.2 is not 0.3 in a computer. What does that mean for a sum of rewards?",
     "a sum of rewards differs from the exact value in its last digits, and `==` is then False"),
    ("roughly", "a return that is nearly the best counts as the best",
     "A tenth is a whole cell of walking in the grid world. How close must a return be?",
     "one step too many costs a few tenths, and a team that makes it is not optimal"),
    (None, "the tolerance is not that of the text",
     "Which distance from `best` does the text allow? Try returns that are half as far away, and five times as far, "
     "for a small and for a large `best`.",
     "with another tolerance, or one that grows with `best`, two people call different looks the best"),
    ("own best", "the best of this run is taken for the best return there is",
     "A run may never reach the best return. With which number do you compare?",
     "every run is then as good as itself, and is stopped"),
    (None, "a number that is 0 counts as nothing",
     "A step or a return of 0 is a number like any other. What does `if x` make of it, or `x or …`?",
     "the first look of a run is often at step 0, and the best return of some tasks is 0"),
    (None, "a return above `best` counts as `best`",
     "The text asks how far away from `best` a return is. Does yours ask that in both directions?",
     "a return above the best possible one is a sign that something is counted wrongly, and no reason to stop"),
    ("begin", "the step at which the streak began",
     "At the first look of a streak, could anybody know that it would go on?",
     "the rule can only fire when it has seen the last look that it needs"),
    ("last streak", "the last streak, not the first",
     "The run stops at the first chance. Does your function go on searching after it?",
     "a run that has been stopped has no later looks"),
    ("late", "one look too late",
     "With patience 1, a single best look is enough. Is it for you?",
     "every run plays on for one look more than it was told to"),
    ("early", "one look too early",
     "With patience 2, is one best look enough? Count the looks of your streak.",
     "the team had one chance less to show that it was luck"),
    ("last only", "only the end of the history is looked at",
     "The history of a whole run is given. Could the rule have fired somewhere in the middle?",
     "what happened after the stop would decide whether it stops"),
    ("index", "the number of the look, not its step",
     "The looks are numbered 0, 1, 2, …; asked is how many steps had been played.",
     "looks come every few hundred steps"),
    ("no progress", "it waits for the returns to stop rising",
     "A team can be stuck at a bad return for a long time. What does the rule compare the returns with?",
     "that rule is for when nobody knows the best return; it stops teams that are not done"),
    ("short", "fewer looks than asked for are enough",
     "At the first look of a run only one is there. What does your slice of the last ones hold then?",
     "`all` of a list that is too short, or empty, is still True"),
))

EXERCISE = Exercise(
    number="08.5", title="When it is done", answers={"stop_step": "function"}, difficulty=2, minutes=8, core=True,
    practises="stop a run by a rule that luck cannot trigger",
    hints=("Go through the looks in order, as the run did, and keep one number.",
           "The number is the length of the streak of best looks that ends here. What does a worse look do to it?",
           "The first time that the streak is long enough, you know the step."),
    mistakes=MISTAKES, look=look)
