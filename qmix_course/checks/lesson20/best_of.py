"""20.2 · The best of n tries: what a search of another size would have found, from the tries that were made."""

from __future__ import annotations

from math import comb

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def expected_best(scores, n, twist=None):
    """The truth: over all ways to choose n different tries, the mean of the highest score."""
    if twist == "equal scores once":
        scores = sorted(set(scores))
        n = min(n, len(scores))
    v, N = sorted(scores, reverse=twist == "worst"), len(scores)
    if twist == "all":
        return max(v)
    if twist == "first":
        return max(scores[:n])
    if twist == "mean":
        return sum(v) / N
    if twist == "top":
        return sum(v[N - n:]) / n
    if twist == "with replacement":
        return sum(x * ((i / N) ** n - ((i - 1) / N) ** n) for i, x in enumerate(v, start=1))
    if twist == "sum":
        return sum(x * comb(i, n - 1) for i, x in enumerate(v))
    if twist == "quantile":
        return v[min(N - 1, round(n / (n + 1) * (N - 1)))]
    return sum(x * comb(i, n - 1) for i, x in enumerate(v)) / comb(N, n)


def best_of_cases() -> list[tuple]:
    cases = [([0.0, 1.0], 1), ([0.0, 1.0], 2), ([3.0, 1.0, 2.0], 2), ([0.5], 1), ([2.0, 2.0, 5.0, 2.0], 2)]
    generator = torch.Generator().manual_seed(202)
    for count, n in ((4, 3), (5, 1), (6, 6), (8, 2), (12, 5), (20, 10), (16, 15)):
        scores = (torch.randint(-4, 9, (count,), generator=generator).double() / 4).tolist()
        cases.append((scores, n))
    return cases


def look(room: Room, answer) -> Verdict:
    room.compare(answer, best_of_cases(), expected_best)
    return Verdict("correct")


MISTAKES = twisted(
    expected_best,
    ("with replacement", "the same try may be drawn twice",
     "Take two tries and n = 2. Both are made, so what is the best of them? Your formula is the lesson's, for draws "
     "with replacement.",
     "a search does not make one try several times; with replacement its best comes out too low"),
    ("all", "it is the best of all tries, whatever n is",
     "What should come out for n = 1?",
     "a search of n tries sees n of them; that is what a budget means"),
    ("first", "only the first n tries are looked at",
     "Put the scores in another order. Should the expectation change?",
     "that is one search of n tries; the expectation goes over all of them"),
    ("mean", "it is the mean, not the best",
     "What should come out when n is the number of all tries?",
     "a search reports its best try"),
    ("worst", "it is the worst of n, not the best",
     "Does your number grow with n?",
     "the order of the scores was turned round"),
    ("top", "it is the mean of the n best",
     "What should come out for n = 1, and what when n is the number of all tries?",
     "whoever makes n tries does not get the n best ones"),
    ("equal scores once", "equal scores count once",
     "[2, 2, 5, 2] and n = 2: in how many of the six choices is the 5?",
     "tries that score the same are different tries, and each may be drawn"),
    ("sum", "the number of choices is missing",
     "Let all scores be 1. What must come out?",
     "an expectation divides by the number of choices, or its weights add up to 1"),
    ("quantile", "a quantile stands in for the expectation",
     "[0, 1] and n = 1: which number lies between, and do you return it?",
     "the expectation is a mean over all choices and need not be one of the scores"))

EXERCISE = Exercise(
    number="20.2", title="The best of n tries", answers={"expected_best": "function"}, difficulty=3, minutes=10,
    practises="say what a search with a smaller budget would have found",
    hints=("Begin with three tries and n = 2, and write down all choices.",
           "Sort the scores. In how many choices of n is the score of rank i the highest? Its n − 1 companions all "
           "come from below.",
           "math.comb counts choices. itertools.combinations lists them, which is right too while there are few."),
    mistakes=MISTAKES, look=look)
