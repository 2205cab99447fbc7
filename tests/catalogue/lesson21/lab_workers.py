"""Answers to 21.5."""

import copy

import numpy as np

from tests.catalogue import Answers


def one_run(generator, steps):
    return float(generator.normal(0.1, 1.0, steps).sum())


def plainly(seeds, workers, steps):
    return [one_run(np.random.default_rng(seed), steps) for seed in seeds]


def dealt_out(seeds, workers, steps):
    found = {}
    for worker in range(workers):
        for seed in seeds[worker::workers]:
            found[seed] = one_run(np.random.default_rng(seed), steps)
    return np.array([found[seed] for seed in seeds]).tolist()


def dealing(make, order=None):
    """An answer that deals the seeds out; ``make(dealt, worker, seed)``: the generator of a run."""
    def answer(seeds, workers, steps):
        found = {}
        for worker in range(workers):
            dealt = seeds[worker::workers]
            for seed in dealt:
                found[seed] = one_run(make(dealt, worker, seed), steps)
        return [found[seed] for seed in (order(seeds, found) if order else seeds)]
    return answer


def going_on(seeds, workers, steps):
    found = {}
    for worker in range(workers):
        dealt = seeds[worker::workers]
        if dealt:
            start = np.random.default_rng(dealt[0])
            for seed in dealt:
                found[seed] = one_run(start, steps)
    return [found[seed] for seed in seeds]


def one_stream(seeds, workers, steps):
    generator = np.random.default_rng(seeds[0])
    return [one_run(generator, steps) for _ in seeds]


def first_and_worker(seeds, workers, steps):
    return dealing(lambda dealt, worker, seed: np.random.default_rng(seeds[0] + worker))(seeds, workers, steps)


rng = np.random.default_rng
ANSWERS = Answers(
    right=[plainly, dealt_out],
    wrong=[
        ("runs of one worker are still the same run",
         dealing(lambda dealt, worker, seed: copy.deepcopy(rng(dealt[0])))),
        ("what a seed gives depends on which worker had it before", going_on),
        ("the generator is made from the worker's number", dealing(lambda dealt, worker, seed: rng(worker))),
        ("the generator is made from the first seed and the worker's number", first_and_worker),
        ("the worker's number has a part in the seed", dealing(lambda dealt, worker, seed: rng(seed + worker))),
        ("seed and worker together make the generator",
         dealing(lambda dealt, worker, seed: rng([seed, worker]))),
        ("all generators come from the first seed",
         lambda seeds, workers, steps: [one_run(dice, steps) for dice in rng(seeds[0]).spawn(len(seeds))]),
        ("the seed is the place in the list",
         lambda seeds, workers, steps: [one_run(rng(place), steps) for place, _ in enumerate(seeds)]),
        ("all runs have the first seed",
         lambda seeds, workers, steps: [one_run(rng(seeds[0]), steps) for _ in seeds]),
        ("one generator goes through all runs", one_stream),
        ("the scores come in the order of the workers",
         dealing(lambda dealt, worker, seed: rng(seed), order=lambda seeds, found: list(found))),
        ("the scores come in the order of sorted seeds",
         dealing(lambda dealt, worker, seed: rng(seed), order=lambda seeds, found: sorted(seeds))),
        ("the same question got two different answers",
         lambda seeds, workers, steps: [one_run(rng(), steps) for _ in seeds]),
    ],
)
