"""The exercises of lesson 08: what a run is made of, when ε is where, the loop, greedy play, and when to stop."""

from __future__ import annotations

import math
from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson08_greedy import GREEDY
from qmix_course.checks.lesson08_labs import LABS
from qmix_course.checks.lesson08_loop import LOOP
from qmix_course.checks.room import Room
from qmix_course.checks.values import call, problem, table
from qmix_course.checks.verdict import Found, Verdict

# ---- 08.1 --------------------------------------------------------------------------------------------------------------


def count_run(total_steps, rows, learning_starts, update_every, batch_size, twist=None):
    calls = math.ceil(total_steps / rows)
    if twist in ("rounded down", "one more"):
        calls = total_steps // rows + (twist == "one more")
    if twist == "steps are calls":
        calls = total_steps
    steps = calls if twist == "calls are steps" else total_steps if twist in ("ends at total", "total all over") else calls * rows
    late = 0 if twist == "no start" else learning_starts
    if twist == "rounded":
        updates = max(0, round((steps - late) / update_every))
    elif twist == "one a call":
        updates = sum(1 for k in range(1, calls + 1) if k * rows >= late and k * rows % update_every == 0)
    elif twist == "at most one":
        each = [max(0, k * rows - late) // update_every for k in range(calls + 1)]
        updates = sum(b > a for a, b in zip(each, each[1:]))
    elif twist == "negative":
        updates = (steps - late) // update_every
    elif twist == "made up":
        updates = steps // update_every if steps >= late else 0
    else:
        updates = max(0, steps - late) // update_every
    ratio = updates * batch_size / (calls * rows)
    if twist == "turned":
        ratio = calls * rows / (updates * batch_size) if updates else math.inf
    if twist == "whole":
        ratio = updates * batch_size // (calls * rows)
    if twist in ("stored total", "total all over"):
        ratio = updates * batch_size / total_steps
    if twist == "without batch":
        ratio = updates / (calls * rows)
    if twist == "rule of thumb":
        ratio = batch_size / update_every
    return calls, updates, ratio


RUN_CASES = [(8, 2, 0, 2, 1), (10, 4, 3, 2, 3), (8_000, 32, 500, 16, 128), (27_000, 1, 64, 4, 64), (1_000, 32, 500, 7, 10),
             (100, 7, 5, 4, 32), (50, 8, 60, 4, 16), (61, 8, 64, 4, 16), (999, 10, 100, 3, 5), (9, 8, 0, 3, 2), (300, 3, 299, 1, 4),
             (640, 64, 10, 5, 20),
             (97, 5, 12, 8, 6), (12, 5, 0, 100, 8)]


def look_at_run(room: Room, answer) -> Verdict:
    room.compare(answer, RUN_CASES, count_run)
    return Verdict("correct")


RUN_MISTAKES = tuple(Mistake(name, hint, why, partial(count_run, twist=twist)) for twist, name, hint, why in (
    ("rounded down", "the last call is left out",
     "The loop goes on while fewer than total_steps steps were played. With 10 steps and 4 rows, has it ended after two calls?",
     "the run would end before it has played what was asked for"),
    ("one more", "one call too many",
     "With 8 steps and 2 rows, four calls are all. How many are yours, and what if the rows do not divide total_steps?",
     "adding one is right only where something is left over"),
    ("stored total", "what the last call stored beyond total_steps is forgotten",
     "A call stores one transition for each row, also the one that goes past total_steps. How many are stored in all?",
     "the ratio comes out a little too large"),
    ("whole", "the ratio is cut to a whole number",
     "Which division keeps what stands behind the point?",
     "a ratio of 0.9 is not 0"),
    ("ends at total", "the run is taken to end at exactly total_steps",
     "With 10 steps and 4 rows: how many steps were played when the loop ends? The updates are counted from that number.",
     "a call plays all rows, so a run can be a little longer than total_steps, and have an update more"),
    ("total all over", "updates and ratio are counted from total_steps",
     "With 10 steps and 4 rows: how many steps were played, and stored, when the loop ends? Which of your lines know that?",
     "the last call plays all its rows, also beyond total_steps; those steps make updates due, and are stored too"),
    ("steps are calls", "one call for every step",
     "One call of env.step plays one step in every row. How many calls are that?",
     "with 32 rows it is a 32nd of the calls, and that is what makes rows fast"),
    ("calls are steps", "the updates are counted in calls",
     "update_every counts steps, and a call has as many of them as there are rows.",
     "with 32 rows a team that learns every 16 calls learns 32 times less than the setting says"),
    ("no start", "learning_starts is ignored",
     "From which step on are updates counted?",
     "the first updates would draw from a memory with hardly anything in it"),
    ("made up", "updates from before learning_starts are made up for",
     "Once learning has started, are the steps before it still counted? Look at `due` in step 3 of the lesson.",
     "the count begins at learning_starts"),
    ("rounded", "half an update is rounded up",
     "An update falls due when update_every steps are full. Are 1.6 of them two updates, or one?",
     "an update is made when it is due, and not before"),
    ("negative", "less than no update",
     "What if the run is over before learning_starts?",
     "a run that is too short to learn makes no updates at all"),
    ("at most one", "one update a call at the most",
     "Several updates can fall due in one call, when update_every is smaller than the number of rows.",
     "the loop has a `while` where this count has an `if`"),
    ("one a call", "only calls that hit a multiple of update_every are counted",
     "With 3 rows the steps go 3, 6, 9, … Does an update_every of 4 wait for 12?",
     "the steps jump over most multiples; what counts is how many were passed"),
    ("turned", "the ratio is upside down",
     "How often is a transition drawn, for each one stored? Which of the two numbers is divided by which?",
     "it would say how many transitions are stored for each one drawn"),
    ("without batch", "one transition for each update",
     "How many transitions does one update draw?",
     "it is the number of updates for each stored transition, which is another quantity"),
    ("rule of thumb", "the ratio is that of an endless run",
     "batch_size / update_every leaves out the start. Which two counts does the text ask for?",
     "in a short run learning_starts makes a difference"),
))


# ---- 08.2 --------------------------------------------------------------------------------------------------------------

def first_step(start, end, steps, value, rows, twist=None):
    """By search over the calls of the loop; ``twist``: with a mistake."""
    def epsilon(step):
        part = step / steps if twist == "no end" else min(1.0, step / steps)
        if twist == "geometric":
            return start * (end / start) ** part if start > 0 and end > 0 else 0.0
        if twist == "to zero":
            return start * (1 - part)
        return start + (end - start) * part

    stride = 1 if twist in ("every step", "rounded down", "calls") else rows
    if twist == "strict":
        reached = lambda e: e < value                                               # noqa: E731
    elif twist == "at least":
        reached = lambda e: e >= value                                              # noqa: E731
    else:
        reached = lambda e: e <= value                                              # noqa: E731
    last = 40 * steps if twist == "no end" else steps + rows
    if twist == "no end" and start == end and value < end:
        return math.inf
    step = 0
    while not reached(epsilon(step)):
        step += stride
        if step > last:
            return steps if twist == "never is the end" else math.inf
    if twist == "rounded down":
        return step // rows * rows
    if twist == "calls":
        return -(-step // rows)
    if twist == "nearest":
        exact = (start - value) / (start - end) * steps / rows if start > end else 0.0
        return math.inf if value < end else rows * max(0, round(exact))
    if twist == "one call late":
        return step + rows
    return step


def schedule_cases() -> list[tuple]:
    cases = [(1.0, 0.0, 8, 0.5, 1), (1.0, 0.0, 8, 0.5, 3), (1.0, 0.5, 16, 0.5, 4), (1.0, 0.5, 16, 0.25, 4),
             (0.75, 0.25, 64, 0.5, 5), (1.0, 0.25, 16, 0.25, 7),
             (1.0, 0.05, 3000, 0.5, 32), (1.0, 0.05, 3000, 0.04, 32), (1.0, 0.05, 3000, 1.0, 32), (0.5, 0.1, 40, 0.7, 3),
             (0.25, 0.25, 10, 0.25, 2), (0.25, 0.25, 10, 0.125, 2), (0.25, 0.25, 10, 0.5, 2), (1.0, 0.0, 4, 0.0, 8),
             (1.0, 0.0, 5, 0.6, 64)]
    generator = torch.Generator().manual_seed(8)
    while len(cases) < 45:
        high, low, part = torch.rand(3, generator=generator, dtype=torch.float64).tolist()
        start, end = round(0.5 + high / 2, 2), round(low / 2, 2)
        steps, rows = (int(torch.randint(1, most, (), generator=generator)) for most in (900, 40))
        value = round(end + part * (start - end), 2)
        meets = (start - value) / (start - end) * steps if start > end else 0.5
        if start > end and end < value < start and abs(meets - round(meets)) > 1e-6:      # no case that rounding could decide
            cases.append((start, end, steps, value, rows))
    return cases


def look_at_schedule(room: Room, answer) -> Verdict:
    try:
        room.compare(answer, schedule_cases(), lambda *case: float(first_step(*case)))
    except Found as found:
        # Found only after `steps`, or taken to be out of reach: either way it is the value `end` itself that is missed.
        at_end = room.ask(answer, 1.0, 0.25, 16, 0.25, 7) if found.verdict.title == "the values are not the expected ones" else 21
        if problem(at_end, math.inf, 0.0) is None:
            raise room.wrong("`end` itself is taken to be out of reach", found.verdict.detail) from None
        raise
    return Verdict("correct")


SCHEDULE_MISTAKES = tuple(Mistake(name, hint, why, twist and partial(first_step, twist=twist)) for twist, name, hint, why in (
    ("every step", "the rows are left out",
     "The loop asks for ε once a call. At which steps is that, with 32 rows?",
     "the loop never sees the steps in between"),
    ("rounded down", "the call before the value is reached",
     "At your step, put ε in: is it at `value` already, or still above it?",
     "rounded down, ε is still too large in that call"),
    ("calls", "calls instead of steps",
     "Asked are environment steps. One call has as many as there are rows.",
     "steps are what the settings and the curves are counted in"),
    ("strict", "only below the value, not at it",
     "What does your function say when ε is exactly `value`?",
     "\"at most\" includes the value itself, which matters most for `value = end`"),
    ("at least", "the wrong side of the value",
     "ε falls. Is it at the beginning above or below `value`, and which one is asked for?",
     "this is true from the first step on, and says nothing"),
    ("no end", "the line goes on below its end",
     "What is ε long after `steps`? Can it ever be lower than `end`?",
     "the straight line stops falling at `end`, so lower values are never reached"),
    ("never is the end", "a value that is never reached gets a step all the same",
     "What if `value` is smaller than `end`? Does ε get there at all?",
     "whoever waits for that step believes that exploration has gone down further than it ever does"),
    ("to zero", "the line falls to 0, not to `end`",
     "At step `steps`, ε should be `end`. What is yours?",
     "the team would explore less than it is told to"),
    ("geometric", "a curve in place of the straight line",
     "Half way through, the straight line is at the mean of start and end. Where is yours?",
     "a geometric schedule is another one; this one falls by the same amount in each step"),
    ("nearest", "the nearest call, not the next one",
     "Half of your answers lie a call too early. What is ε there: at most `value`, or a little more?",
     "rounding to the nearest call takes one in which ε is still too large"),
    (None, "`end` itself is taken to be out of reach",
     "Does ε ever equal `end`? Look for the first call at which it does; it may come after step number `steps`.",
     "from `steps` on ε is exactly `end`, so that value is reached, in the first call that is not earlier"),
    ("one call late", "one call too late",
     "Before the first call 0 steps were played. With which number of steps is ε looked up in a call, that before it "
     "or that after?",
     "ε is looked up before the steps of the call are counted"),
))


# ---- 08.5 --------------------------------------------------------------------------------------------------------------

def stop_step(steps, greedy_returns, best, patience, twist=None):
    if twist == "last only":
        tail = greedy_returns[-patience:]
        return steps[-1] if len(tail) == patience and all(abs(value - best) < 1e-6 for value in tail) else math.inf
    streak, found, top, since = 0, math.inf, -math.inf, 0
    for k, value in enumerate(greedy_returns):
        good = value == best if twist == "exact" else value > best - 0.1 if twist == "roughly" else abs(value - best) < 1e-6
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
             ([1, 2, 3, 4], [0.0, 0.0, 0.0, 0.0], 0.0, 4)]
    generator = torch.Generator().manual_seed(85)
    for _ in range(40):
        count, every, patience = (int(torch.randint(low, high, (), generator=generator))
                                  for low, high in ((1, 25), (10, 600), (1, 6)))
        level = float((10 * torch.randn((), generator=generator, dtype=torch.float64)).round(decimals=2))
        hits = (torch.rand(count, generator=generator) < 0.65).tolist()
        below = (0.3 + 5 * torch.rand(count, generator=generator, dtype=torch.float64)).round(decimals=2).tolist()
        noise = torch.randint(-2, 3, (count,), generator=generator).tolist()
        returns = [level + 1e-9 * tiny if hit else round(level - less, 2) for hit, less, tiny in zip(hits, below, noise)]
        found.append(([every * (k + 1) for k in range(count)], returns, level, patience))
    return found


def look_at_stop(room: Room, answer) -> Verdict:
    try:
        room.compare(answer, stop_cases(), lambda *case: float(stop_step(*case)))
    except Found as found:
        stuck = ([10, 20, 30, 40, 50, 60], [-7.0, -3.0, -3.0, -3.0, -3.0, -3.0], 8.65, 2)
        if found.verdict.title == "the values are not the expected ones" and not problem(room.ask(answer, *stuck), 40.0, 0.3):
            raise room.wrong("it waits for the returns to stop rising", found.verdict.detail) from None
        # Slices reach over the beginning of a list in more than one way: what counts is that too few looks were enough.
        short = ([7, 14, 21], [2.5, 2.5, 2.5], 2.5, 6)
        if found.verdict.title == "the values are not the expected ones" and problem(room.ask(answer, *short), math.inf, 0.0):
            raise room.wrong("fewer looks than asked for are enough", found.verdict.detail) from None
        raise
    _how_close(room, answer)
    return Verdict("correct")


def _how_close(room: Room, answer) -> None:
    """One look, so that only its distance from the best return matters."""
    looks = [(best, best + distance) for best in (8.65, 0.0, -2.5, 120.0) for distance in (-5e-7, 5e-7, -5e-6, 5e-6, -3e-4, 0.004, 0.5)]
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


STOP_MISTAKES = tuple(Mistake(name, hint, why, twist and partial(stop_step, twist=twist)) for twist, name, hint, why in (
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
     "Which distance from `best` does the text allow? Try returns that are half as far away, and five times as far, for a "
     "small and for a large `best`.",
     "with another tolerance, or one that grows with `best`, two people call different looks the best"),
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


EXERCISES = (
    Exercise(
        number="08.1", title="What a run is made of", answers={"count_run": "function"}, difficulty=2, minutes=8,
        practises="work out calls, updates and the replay ratio before a run",
        hints=("The loop plays whole calls, and it goes on while fewer than total_steps steps were played.",
               "The updates are counted from the steps that were really played, which can be a few more than total_steps.",
               "Drawn are batch_size transitions for each update; stored is one for each step played."),
        mistakes=RUN_MISTAKES, look=look_at_run),
    Exercise(
        number="08.2", title="When is exploration down to a value?", answers={"first_step": "function"}, difficulty=3, minutes=10,
        practises="read a schedule as the loop reads it",
        hints=("The loop looks at ε at the steps 0, rows, 2 · rows, … and at no others.",
               "You can search for the step, with the schedule of the lesson, or solve the equation of a straight line for it.",
               "If you solve: round up to the next call. And think of the two ends: a value that ε has at step 0, and "
               "one that it never has."),
        mistakes=SCHEDULE_MISTAKES, look=look_at_schedule),
    LOOP,
    GREEDY,
    Exercise(
        number="08.5", title="When it is done", answers={"stop_step": "function"}, difficulty=2, minutes=8,
        practises="stop a run by a rule that luck cannot trigger",
        hints=("Go through the looks in order, as the run did, and keep one number.",
               "The number is the length of the streak of best looks that ends here. What does a worse look do to it?",
               "The first time that the streak is long enough, you know the step."),
        mistakes=STOP_MISTAKES, look=look_at_stop),
    *LABS,
)
