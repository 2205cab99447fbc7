"""11.2 · The least error: compute the best error of QMIX's class for a weighted game of two actions."""

from __future__ import annotations

import itertools
import math
from functools import partial

import numpy
import torch

from qmix_course import representation
from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

CLOSE = 1e-6    # so near must an error be, whatever its size: fits that go step by step until nothing moves are welcome
BLOCKS = ((0, 0, 1, 1), (0, 1, 0, 1), (0, 0, 0, 1))                 # agent 1's step, agent 2's step, both


def truth(payoff, weights) -> float:
    return float(representation.errors_by_order(payoff, "qmix", weights)[0].min())


def least_error(payoff, weights, twist) -> float:
    """What somebody with the misconception ``twist`` computes."""
    if twist == "additive":
        return representation.best_table(payoff, "additive", weights).error
    if twist == "monotone":
        return representation.best_table(payoff, "monotone", weights).error
    if twist == "ignored":
        return truth(payoff, torch.ones_like(weights))
    if twist == "squared":
        return truth(payoff, weights ** 2)
    if twist == "fitted without":
        fits = representation.best_tables(payoff, "qmix")
        return float(min((weights * (fit.table - payoff) ** 2).sum() for fit in fits))
    if twist == "counted without":
        return float(((representation.best_table(payoff, "qmix", weights).table - payoff) ** 2).sum())
    scale = {"mean": 4.0, "weighted mean": float(weights.sum())}.get(twist, 1.0)
    found = []
    for flips in ((), (0,), (1,), (0, 1)):
        turned = payoff.flip(flips)
        w = weights if twist == "weights stay" else weights.flip(flips)
        found.append(in_order(turned.flatten(), w.flatten(), twist))
    if twist == "one order":
        found = found[:1]
    error = (max if twist == "worst order" else min)(found)
    return error ** 0.5 if twist == "root" else error / scale


def in_order(y, w, twist) -> float:
    blocks = torch.tensor(BLOCKS).to(y.dtype)
    one = torch.ones(1, 4)
    if twist == "turned around":
        blocks = torch.cat([blocks[:2], torch.tensor([[0.0, 1.0, 1.0, 1.0]])])
    if twist == "clipped":        # all four unknowns at once, negatives set to 0 afterwards
        design = torch.cat([one, blocks]).T
        heights = torch.linalg.solve(design, y)
        heights[1:] = heights[1:].clamp(min=0)
        return float((w * (design @ heights - y) ** 2).sum())
    # the table of zeros
    least = float((w * y ** 2).sum()) if twist in ("no constant", "constant too") else float("inf")
    kept = (0, 1) if twist == "constant too" else (0,) if twist == "no constant" else (1,)
    for size, constants in itertools.product(range(4), kept):
        for chosen in itertools.combinations(range(3), size):
            if size + constants == 0:
                continue
            design = torch.cat([one[:constants], blocks[list(chosen)]]).T
            root = w.sqrt()
            heights = torch.linalg.pinv(root.unsqueeze(1) * design) @ (root * y)
            signed = heights if twist == "constant too" else heights[constants:]
            if bool((signed >= -1e-9).all()):
                least = min(least, float((w * (design @ heights - y) ** 2).sum()))
    return least


def mixed_only(payoff, weights, weighted: bool, order: str, either: bool) -> float:
    """The error that is left when the mixed difference alone must not be negative (``either``: must be zero)."""
    if order == "sums":
        rows, columns = payoff.sum(1).argsort(), payoff.sum(0).argsort()
        payoff, weights = payoff[rows][:, columns], weights[rows][:, columns]
    mixed = float(payoff[0, 0] + payoff[1, 1] - payoff[0, 1] - payoff[1, 0])
    return (mixed if either else min(mixed, 0.0)) ** 2 / (float((1 / weights).sum()) if weighted else 4.0)


def fit_cases() -> list[tuple]:
    tensor = torch.tensor
    even = torch.ones(2, 2)
    cases = [(tensor([[0.0, 1.0], [1.0, 1.0]]), even),
             (tensor([[0.0, 1.0], [1.0, 1.0]]), tensor([[1.0, 2.0], [0.5, 4.0]])),
             (tensor([[1.0, 0.0], [0.0, 1.0]]), even),
             (tensor([[0.0, 1.0], [1.0, 8.0]]), tensor([[1.0, 3.0], [0.25, 0.5]])),
             (tensor([[-3.0, -3.0], [-3.0, -5.0]]), tensor([[2.0, 0.5], [1.0, 1.0]]))]
    for seed in range(12):
        generator = torch.Generator().manual_seed(seed)
        payoff = (5 * torch.randn(2, 2, generator=generator)).round(decimals=1) - (4 if seed % 3 == 0 else 0)
        cases.append((payoff, torch.randint(1, 9, (2, 2), generator=generator) / 4.0))
    # the ends of what the text allows
    cases += [(tensor([[-100.0, 100.0], [87.5, 100.0]]), tensor([[10.0, 0.1], [3.3, 0.7]])),
              (tensor([[100.0, -33.3], [-100.0, 61.7]]), tensor([[0.1, 10.0], [10.0, 0.1]])),
              (tensor([[99.0, 99.1], [100.0, 99.9]]), tensor([[7.7, 0.3], [0.1, 9.9]])),
              (tensor([[0.0, 0.0], [0.0, 0.0]]), tensor([[0.1, 0.1], [0.1, 10.0]]))]
    return cases


def look(room: Room, answer) -> Verdict:
    cases = fit_cases()
    given = [room.ask(answer, *case) for case in cases]
    if isinstance(given[0], torch.Tensor) and given[0].shape == (2, 2):
        raise room.misfit("expected one number, the error; got a table",
                          "Sum the weighted squared errors of your best table.")
    numbers = [float(each) for each in given if isinstance(each, (int, float, numpy.generic))
               or isinstance(each, (torch.Tensor, numpy.ndarray)) and math.prod(each.shape) == 1]
    if len(numbers) == len(cases):
        exact = [truth(*case) for case in cases]
        if all(abs(number) < 1e-9 for number in numbers):
            room.match(numbers, exact, cases, CLOSE, otherwise="heights below zero are allowed")
        for weighted, name in ((True, MIXED_ONLY), (False, MIXED_WITHOUT)):
            for order, either in itertools.product(("given", "sums"), (False, True)):
                if all(abs(number - mixed_only(*case, weighted, order, either)) <= CLOSE
                       for number, case in zip(numbers, cases)):
                    room.match(numbers, exact, cases, CLOSE, otherwise=name)
        off = [abs(number - error) for number, error in zip(numbers, exact)]
        if max(off) > CLOSE and all(abs(number - error) <= 1e-3 * (1 + error) for number, error in zip(numbers, exact)):
            case = off.index(max(off))
            raise room.wrong("near, and not near enough",
                             f"{values.call('least_error', cases[case])}\nexpected: {exact[case]:.9g}\n"
                             f"got:      {numbers[case]:.9g}\noff by:   {off[case]:.2g}")
    room.compare(answer, cases, truth, tolerance=CLOSE)
    return Verdict("correct")


def twist(name: str) -> partial:
    return partial(least_error, twist=name)


MIXED_ONLY = "only the mixed difference is asked for, rows and columns may fall"
MIXED_WITHOUT = "only the mixed difference is asked for, and the weights do not enter"

MISTAKES = (
    Mistake("heights below zero are allowed",
            "Your error is zero for every table. Which of the four heights may not be negative: the corner's alone, or "
            "those of the steps too?",
            "without the sign condition every table is made, and the mixer would need negative weights"),
    Mistake(MIXED_ONLY,
            "[[1, 0], [0, 1]] has the mixed difference 2. Does it rise along both rows? What must the heights of the "
            "two steps be?",
            "three heights must not be negative: the corner's, which is the mixed difference, and those of both steps"),
    Mistake(MIXED_WITHOUT,
            "Make one weight ten times as large: does your number change? Then look at [[1, 0], [0, 1]], whose mixed "
            "difference is 2: does it rise along both rows?",
            "a quarter of the squared difference is right for equal weights, and only where nothing else falls"),
    Mistake("negative heights are set to zero, and the others not fitted again",
            "For OR the corner's height comes out negative. With the corner gone, are the other heights still the best "
            "ones?",
            "the heights were chosen together; once one is held at zero, the others must be fitted anew",
            twist("clipped")),
    Mistake("only one pair of orders is tried",
            "Turn [[0, 1], [1, 8]] around to [[8, 1], [1, 0]]. May the error change?",
            "the agents may sort their actions as they like, so that all four ways of standing count",
            twist("one order")),
    Mistake("the weights stay where they were when the table is turned",
            "When you turn the payoff around, an entry moves. Does its weight move with it?",
            "a weight belongs to a joint action, not to a place", twist("weights stay")),
    Mistake("the weights are ignored",
            "Give one joint action a much larger weight. Does your number change?",
            "an error counts as often as its joint action is played", twist("ignored")),
    Mistake("the weights count twice",
            "An equation that is multiplied by w has its squared error multiplied by what?",
            "the root of the weight goes in front of an equation, so that the squared error is multiplied by the "
            "weight", twist("squared")),
    Mistake("the fit ignores the weights, only the error counts them",
            "You weigh the errors at the end. Which errors did the fit try to make small?",
            "the table that is best for equal weights is not the best one for these", twist("fitted without")),
    Mistake("the fit uses the weights, the error does not",
            "The table is right. Which squared errors do you add up at the end, and how much does each count?",
            "asked is the weighted error, that of which the table is the least", twist("counted without")),
    Mistake("the best sum, without the corner",
            "2B is in QMIX's class, so its error is zero. What is yours? Which of the building blocks is missing?",
            "without the block for both agents together only sums are left, which is VDN's class", twist("additive")),
    Mistake("any table that rises is allowed",
            "OR is monotone. Is its error zero in your answer? What else does QMIX's class ask for?",
            "monotone is a larger class: the mixed difference may not be negative either", twist("monotone")),
    Mistake("the constant is missing",
            "Add 10 to all four payoffs. V(s) can follow. Does your error stay as it is?",
            "V(s) lifts the whole table at no cost, so that only differences between entries matter",
            twist("no constant")),
    Mistake("the constant may not be negative",
            "Take 10 off all four payoffs. Does your error stay as it is? Which sign may V(s) have?",
            "V(s) is free; only what a utility passes through must not be negative", twist("constant too")),
    Mistake("decreasing differences in place of increasing ones",
            "Which of OR and AND has the error zero in your answer, and which should have it?",
            "a block that is 1 as soon as one agent is up is concave; ELU is convex", twist("turned around")),
    Mistake("the worst pair of orders is kept",
            "Of the four ways of standing, which one may the agents choose?",
            "the class holds the tables of all orders, so the least of the four errors counts", twist("worst order")),
    Mistake("the mean of the squared errors, not the sum",
            "By which number is yours too small for OR with equal weights?",
            "the error is the weighted sum over the four joint actions", twist("mean")),
    Mistake("divided by the sum of the weights",
            "Multiply all weights by 10. By how much should the error grow, and by how much does yours?",
            "the error is a weighted sum, not a weighted mean", twist("weighted mean")),
    Mistake("near, and not near enough",
            "Your numbers are nearly right in every case, and off by more than 10⁻⁶ in some. Is everything in float64, "
            "nothing rounded, and does a search, if you have one, go on until nothing moves?",
            "float32 keeps seven digits of a number, and a search that stops early has not arrived"),
    Mistake("the root of the error",
            "OR with equal weights should give 0.25. What is the square of your number?",
            "a norm is the root of the sum of squares; asked is the sum of squares", twist("root")),
)

EXERCISE = Exercise(
    number="11.2", title="The least error", answers={"least_error": "function"}, difficulty=4, minutes=20,
    practises="compute the best error of QMIX's class for a weighted game of two actions",
    hints=("With two actions there are three blocks: agent 1's step, agent 2's step, and the corner. And a constant.",
           "`best_bent` of the lesson tries all subsets of the blocks. Here there are eight. What has to change for "
           "weights?",
           "A weight enters as its root, in front of the whole equation, as in exercise 04.4.",
           "There are four ways in which the agents can sort two actions each. Turn the payoff and the weights "
           "together."),
    off_limits=("qmix_course.representation.best_tables", "qmix_course.representation.best_table",
                "qmix_course.representation.errors_by_order", "qmix_course.representation.mixer_for",
                "qmix_course.cones.best_supermodular", "qmix_course.cones.nnls"),
    mistakes=MISTAKES, look=look)
