"""08.1 · What a run is made of: work out calls, updates and the replay ratio before a run."""

from __future__ import annotations

import math
from functools import partial

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.values import call, loosely_equal, problem, table
from qmix_course.checks.verdict import Found, Verdict


def count_run(total_steps, rows, learning_starts, update_every, batch_size, twist=None):
    calls = math.ceil(total_steps / rows)
    if twist in ("rounded down", "one more"):
        calls = total_steps // rows + (twist == "one more")
    if twist == "steps are calls":
        calls = total_steps
    steps = (calls if twist == "calls are steps" else total_steps
             if twist in ("ends at total", "total all over") else calls * rows)
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
    elif twist == "strict":
        updates = max(0, steps - late - 1) // update_every
    elif twist == "at once":
        updates = max(0, (steps - late) // update_every + 1)
    elif twist == "ceil":
        updates = math.ceil(max(0, steps - late) / update_every)
    elif twist == "each call alone":
        updates = sum(rows // update_every for k in range(1, calls + 1) if k * rows > late)
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


RUN_CASES = [(8, 2, 0, 2, 1), (10, 4, 3, 2, 3), (8_000, 32, 500, 16, 128), (27_000, 1, 64, 4, 64),
             (1_000, 32, 500, 7, 10),
             (100, 7, 5, 4, 32), (50, 8, 60, 4, 16), (61, 8, 64, 4, 16), (999, 10, 100, 3, 5), (9, 8, 0, 3, 2),
             (300, 3, 299, 1, 4),
             (640, 64, 10, 5, 20),
             (97, 5, 12, 8, 6), (12, 5, 0, 100, 8), (50, 1, 0, 1, 32), (1, 1, 0, 1, 1), (64, 8, 64, 4, 16),
             (68, 4, 64, 4, 16), (50, 8, 60, 1, 16), (64, 8, 64, 1, 16)]


def look(room: Room, answer) -> Verdict:
    try:
        room.compare(answer, RUN_CASES, count_run)
    except Found as found:
        if found.verdict.title == UNNAMED:
            _part_by_part(room, [room.ask(answer, *case) for case in RUN_CASES], found.verdict.detail)
        raise
    fewer = (3, 8, 0, 2, 4)        # fewer steps than rows: who rounds down plays no call at all, and divides by 0
    got = room.ask(answer, *fewer)
    if problem(got, count_run(*fewer), 1e-9):
        raise room.wrong(CALLS, f"{call('count_run', fewer)}\n{table(got, count_run(*fewer))}")
    return Verdict("correct")


def _part_by_part(room: Room, given: list, detail: str) -> None:
    """The first of the three numbers that is off, and what explains it where the numbers before it are right."""
    expected = [count_run(*case) for case in RUN_CASES]
    for part, otherwise in enumerate((CALLS, UPDATES, RATIO)):
        if all(problem(got[part], want[part], 1e-9) is None for got, want in zip(given, expected)):
            continue
        for mistake in MISTAKES:
            claimed = [mistake.wrong(*case) for case in RUN_CASES] if mistake.wrong else []
            if claimed and all(loosely_equal(claim[:part], want[:part], 1e-9)
                               and loosely_equal(got[part], claim[part], 1e-9)
                               for got, claim, want in zip(given, claimed, expected)):
                raise room.wrong(mistake.name, detail)
        raise room.wrong(otherwise, detail)


CALLS, UPDATES, RATIO = ("the calls are counted wrongly", "the calls are right, and the updates are not",
                         "calls and updates are right, and the ratio is not")

MISTAKES = tuple(Mistake(name, hint, why, twist and partial(count_run, twist=twist)) for twist, name, hint, why in (
    ("rounded down", "the last call is left out",
     "The loop goes on while fewer than total_steps steps were played. With 10 steps and 4 rows, has it ended after "
     "two calls?",
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
     "With 10 steps and 4 rows: how many steps were played when the loop ends? The updates are counted from that "
     "number.",
     "a call plays all rows, so a run can be a little longer than total_steps, and have an update more"),
    ("total all over", "updates and ratio are counted from total_steps",
     "With 10 steps and 4 rows: how many steps were played, and stored, when the loop ends? Which of your lines know "
     "that?",
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
    ("strict", "an update comes one step late",
     "With learning_starts 0 and update_every 4, the first update is due after 4 steps. After how many does yours "
     "come?",
     "an update is due as soon as its steps are full"),
    ("at once", "an update at learning_starts itself",
     "With learning_starts 8 and update_every 4: is an update due after 8 steps already? Look at `due` in step 3 of "
     "the lesson.",
     "at learning_starts the count begins, at 0"),
    ("ceil", "an update is counted before its steps are full",
     "What do you do with a rest of steps that is too small for an update?",
     "the run ends before that update would be due"),
    ("each call alone", "every call is counted on its own",
     "With 3 rows and update_every=2: is it one update in each call, or does a step that was left over count in the "
     "next one?",
     "steps that one call leaves over make an update due in a later one"),
    (None, CALLS,
     "Play 10 steps with 4 rows on paper: after each call, note how many steps were played, and whether the loop goes "
     "on.",
     "everything else is counted from the calls"),
    (None, UPDATES,
     "Take total_steps 10, rows 4, learning_starts 3, update_every 2. How many steps are played in all, and how many "
     "of those count for updates?",
     "an update is due for every update_every steps beyond learning_starts, whenever they were played"),
    (None, RATIO,
     "Two numbers of transitions: those in all batches of the run, and those that all calls have stored. Which two "
     "numbers do you divide?",
     "the ratio says how often a transition is used on average"),
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

EXERCISE = Exercise(
    number="08.1", title="What a run is made of", answers={"count_run": "function"}, difficulty=2, minutes=8,
    practises="work out calls, updates and the replay ratio before a run",
    hints=("The loop plays whole calls, and it goes on while fewer than total_steps steps were played.",
           "The updates are counted from the steps that were really played, which can be a few more than total_steps.",
           "Drawn are batch_size transitions for each update; stored is one for each step played."),
    mistakes=MISTAKES, look=look)
