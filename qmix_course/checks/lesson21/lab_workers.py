"""21.5 · More workers, less certain: runs that share a seed, and an interval that counts them as different ones."""

from __future__ import annotations

import numpy as np

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def one_run(generator, steps):
    """What a run of that many steps scores."""
    return float(generator.normal(0.1, 1.0, steps).sum())


def scores(seeds, workers, steps, twist=None):
    """The truth: each run has a generator of its own, from its own seed, whoever makes it."""
    seeds = list(seeds)
    if twist == "one stream":
        dice = np.random.default_rng(seeds[0])
        return [one_run(dice, steps) for _ in seeds]
    if twist == "first":
        return [one_run(np.random.default_rng(seeds[0]), steps) for _ in seeds]
    if twist == "children":
        return [one_run(dice, steps) for dice in np.random.default_rng(seeds[0]).spawn(len(seeds))]
    if twist == "pair":
        return [one_run(np.random.default_rng([seed, place % workers]), steps) for place, seed in enumerate(seeds)]
    if twist == "place":
        return [one_run(np.random.default_rng(place), steps) for place in range(len(seeds))]
    found = {}
    for worker in range(workers):
        dealt = seeds[worker::workers]
        going_on = np.random.default_rng(dealt[0]) if dealt else None
        for seed in dealt:
            start = {"listing": dealt[0], "worker": worker, "both": seed + worker,
                     "shared": seeds[0] + worker}.get(twist, seed)
            found[seed] = one_run(going_on if twist == "going on" else np.random.default_rng(start), steps)
    if twist == "finished":
        return list(found.values())
    if twist == "each once":
        return [found[seed] for seed in sorted(seeds)]
    return [found[seed] for seed in seeds]


def worker_cases() -> list[tuple]:
    return [([0, 1, 2, 3, 4, 5], 2, 3), ([0, 1, 2], 1, 1), ([7, 3, 12, 5, 101], 2, 4), ([5, 4, 3, 2, 1, 0, 9], 3, 2),
            ([10, 20, 30, 40], 4, 5), ([8, 6], 5, 3), (list(range(30, 50)), 6, 2)]


def look(room: Room, answer) -> Verdict:
    room.compare(answer, worker_cases(), scores)
    return Verdict("correct")


MISTAKES = twisted(
    scores,
    ("listing", "runs of one worker are still the same run",
     "Print the scores of six seeds with two workers. How many different numbers are there?",
     "copies of one run say nothing new, and an interval that counts them is too narrow"),
    ("going on", "what a seed gives depends on which worker had it before",
     "Ask for the same seeds with 2 workers and with 3. Do you get the same scores?",
     "a result that depends on the number of workers cannot be measured again elsewhere"),
    ("worker", "the generator is made from the worker's number",
     "How many workers are there, and how many runs? How many different scores can there be?",
     "there are as many different runs as workers"),
    ("shared", "the generator is made from the first seed and the worker's number",
     "With 20 seeds and four workers, how many different generators does your function make?",
     "there are as many different runs as workers"),
    ("both", "the worker's number has a part in the seed",
     "Seed 4 on worker 1, seed 5 on worker 0: which generators do they get? And with one worker only?",
     "seed 4 on worker 1 and seed 5 on worker 0 would be one run, and another one on other machines"),
    ("pair", "seed and worker together make the generator",
     "No two of your runs are the same. But ask for the same seeds with 2 workers and with 3: are the scores the same?",
     "a result that depends on the number of workers cannot be measured again elsewhere"),
    ("children", "all generators come from the first seed",
     "Ask for the seeds [7, 3], then for [7, 12]. Which number decides what the second run scores?",
     "the runs differ, but seed 3 alone does not give its run again"),
    ("place", "the seed is the place in the list",
     "Ask for the seeds [7, 3] and for [3, 7]. Is seed 7 the same run in both?",
     "whoever adds a seed to the list would change all other runs"),
    ("first", "all runs have the first seed", "How many different scores do you get?",
     "one run was made many times"),
    ("one stream", "one generator goes through all runs",
     "Ask for the seeds [3, 7], then for [7]. Is seed 7 the same run in both?",
     "the runs differ, but what seed 7 gives depends on who came before it"),
    ("finished", "the scores come in the order of the workers",
     "With seeds [7, 3, 12] and two workers, whose score comes second?",
     "a table that pairs seeds and scores would pair the wrong ones"),
    ("each once", "the scores come in the order of sorted seeds",
     "With seeds [7, 3, 12], whose score comes first?",
     "a table that pairs seeds and scores would pair the wrong ones"))

EXERCISE = Exercise(
    number="21.5", title="More workers, less certain", answers={"mended_scores": "function"}, difficulty=3, minutes=10,
    core=True, lab=True, practises="notice runs that share their dice",
    hints=("The same twenty seeds, the same algorithm. What should the number of workers change?",
           "Print the twenty scores with four workers, sorted. What do you see?",
           "When is the generator made, from which number, and which of the runs use it?"),
    mistakes=MISTAKES, look=look)
