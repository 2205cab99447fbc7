"""Answers to the exercises of lesson 09 that break one limit of the text, or keep to all in another way."""

import math

import numpy as np
import torch

from tests.catalogue import Answers


def averaging(keep=lambda x: not math.isnan(x), mean=lambda found: sum(found) / len(found) if found else math.nan,
              first=-math.inf):
    def average_by_steps(steps, values, width):
        pairs = list(zip(steps, values))
        return [mean([x for t, x in pairs if max(now - width, first) < t <= now and keep(x)]) for now in steps]
    return average_by_steps


def running_sums(steps, values, width):
    averages, oldest, total, count = [], 0, 0.0, 0
    for now, value in zip(steps, values):
        if value == value:
            total, count = total + value, count + 1
        while steps[oldest] <= now - width:
            if values[oldest] == values[oldest]:
                total, count = total - values[oldest], count - 1
            oldest += 1
        averages.append(total / count if count else math.nan)
    return averages


def from_the_end(near, found=lambda step: step):
    def first_for_good(steps, returns, best):
        step = None
        for k in reversed(range(len(steps))):
            if not near(returns[k], best):
                break
            step = steps[k]
        return found(step)
    return first_for_good


def close(value, best):
    return abs(value - best) < 1e-9


def not_since(steps, returns, best):
    since = None
    for step, value in zip(steps, returns):
        if not close(value, best):
            since = None
        elif not since:
            since = step
    return since


def with_einsum(payoff, actions, epsilon):
    greedy = torch.nn.functional.one_hot(actions, len(payoff)) * (1 - epsilon) + epsilon / len(payoff)
    return torch.einsum("i,ij,j->", greedy[0], payoff, greedy[1])


def products_of_not_ended(rewards, ended):
    counts = torch.cat([torch.ones(len(ended), 1, dtype=torch.int64), (~ended).long().cumprod(1)[:, :-1]], dim=1)
    return (counts * rewards).sum(1), counts.sum(1)


TOLERANCE = "the tolerance is not that of the text"
EDGES = {
    "09.1": Answers(
        right=[averaging(), running_sums],
        wrong=[("a measured 0 is left out", averaging(keep=lambda x: x and x == x)),
               ("an average of 0 is taken for none",
                averaging(mean=lambda x: float(np.mean(x)) or math.nan if x else math.nan)),
               ("an average of 0 is taken for none", averaging(mean=lambda x: sum(x) / len(x) if sum(x) else math.nan)),
               ("what was measured at step 0 is lost", averaging(first=0))]),
    "09.2": Answers(
        right=[from_the_end(close), from_the_end(lambda value, best: value >= best - 1e-9),
               from_the_end(lambda value, best: math.isclose(value, best, rel_tol=0.0, abs_tol=1e-9))],
        wrong=[(TOLERANCE, from_the_end(lambda value, best: abs(value - best) < 1e-6)),
               (TOLERANCE, from_the_end(lambda value, best: abs(value - best) < 1e-10)),
               (TOLERANCE, from_the_end(math.isclose)),
               (TOLERANCE, from_the_end(lambda value, best: bool(np.isclose(value, best)))),
               ("a number that is 0 counts as nothing", not_since),
               ("a number that is 0 counts as nothing", from_the_end(close, lambda step: step or None)),
               ("a number that is 0 counts as nothing",
                from_the_end(lambda value, best: value and close(value, best)))]),
    "09.3": Answers(right=[with_einsum], wrong=[]),
    "09.4": Answers(right=[(1, products_of_not_ended)], wrong=[]),
}
