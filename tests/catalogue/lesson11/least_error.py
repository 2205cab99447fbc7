"""Answers to 11.2."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers

BLOCKS = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]], dtype=torch.float64)
TURNS = ((), (0,), (1,), (0, 1))


def subsets(payoff, weights, blocks=BLOCKS, turns=TURNS, constant=True, signed=True, keep=min, turn_weights=True,
            fit_weights=None, power=0.5,
            result=lambda w, y, fit: (w * (fit - y) ** 2).sum().item()):
    """The reference solution, with a knob for everything that people get wrong."""
    found = []
    for turned in turns:
        y, w = payoff.flip(turned).flatten(), (weights.flip(turned) if turn_weights else weights).flatten()
        root = (w if fit_weights is None else fit_weights(w)) ** power
        errors = []
        for used in itertools.product((False, True), repeat=len(blocks)):
            design = torch.cat([torch.ones(int(constant), 4, dtype=y.dtype), blocks[list(used)]]).T
            if design.shape[1] == 0:
                errors.append(((root * y) ** 2).sum().item())
                continue
            heights = torch.linalg.pinv(root.unsqueeze(1) * design) @ (root * y)
            if not signed or (heights[int(constant):] >= -1e-9).all():
                errors.append(result(w, y, design @ heights))
        found.append(min(errors))
    return keep(found)


def by_cases(payoff, weights):
    """In numpy, by hand: which of the three heights are at zero."""
    best = np.inf
    for f0, f1 in itertools.product((1, -1), repeat=2):
        y, w = payoff.numpy()[::f0, ::f1].ravel(), weights.numpy()[::f0, ::f1].ravel()
        full = np.array([[1, 0, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]], dtype=float)
        for mask in range(8):
            columns = [0] + [k + 1 for k in range(3) if mask >> k & 1]
            x = np.linalg.lstsq(np.sqrt(w)[:, None] * full[:, columns], np.sqrt(w) * y, rcond=None)[0]
            if (x[1:] > -1e-9).all():
                best = min(best, float((w * (full[:, columns] @ x - y) ** 2).sum()))
    return best


def one_height_at_a_time(payoff, weights):
    """Coordinate descent: each height in turn as well as the others allow, never below zero."""
    best = float("inf")
    blocks = [[1.0] * 4, *BLOCKS.tolist()]
    for turned in TURNS:
        y, w = payoff.flip(turned).flatten().tolist(), weights.flip(turned).flatten().tolist()
        heights = [0.0] * 4
        for _ in range(400):
            for k, block in enumerate(blocks):
                left = [y[c] - sum(heights[m] * blocks[m][c] for m in range(4) if m != k) for c in range(4)]
                heights[k] = sum(w[c] * block[c] * left[c] for c in range(4)) / sum(w[c] * block[c] for c in range(4))
                heights[k] = max(heights[k], 0.0) if k else heights[k]
        best = min(best, sum(w[c] * (sum(heights[m] * blocks[m][c] for m in range(4)) - y[c]) ** 2 for c in range(4)))
    return torch.tensor(best)


def signs_forgotten(payoff, weights):
    return subsets(payoff, weights, signed=False)


def clipped(payoff, weights):
    best = torch.inf
    for turned in TURNS:
        y, w = payoff.flip(turned).flatten(), weights.flip(turned).flatten()
        design = torch.cat([torch.ones(1, 4), BLOCKS]).T
        root = w.sqrt()
        heights = torch.linalg.pinv(root[:, None] * design) @ (root * y)
        heights = torch.cat([heights[:1], heights[1:].relu()])
        best = min(best, (w * (design @ heights - y) ** 2).sum().item())
    return best


def one_order(payoff, weights):
    return subsets(payoff, weights, turns=((),))


def weights_stay(payoff, weights):
    return subsets(payoff, weights, turn_weights=False)


def no_weights(payoff, weights):
    return subsets(payoff, torch.ones_like(weights))


def without_root(payoff, weights):
    return subsets(payoff, weights ** 2)


def fitted_without(payoff, weights):
    unweighted, best = torch.inf, None
    for turned in TURNS:
        y, w = payoff.flip(turned).flatten(), weights.flip(turned).flatten()
        for used in itertools.product((False, True), repeat=3):
            design = torch.cat([torch.ones(1, 4), BLOCKS[list(used)]]).T
            heights = torch.linalg.pinv(design) @ y
            error = ((design @ heights - y) ** 2).sum().item()
            weighted = (w * (design @ heights - y) ** 2).sum().item()
            if (heights[1:] >= -1e-9).all() and (error < unweighted - 1e-9
                                                 or error < unweighted + 1e-9 and weighted < best):
                unweighted, best = error, weighted
    return best


def counted_without(payoff, weights):
    least, best = torch.inf, None
    for turned in TURNS:
        y, w = payoff.flip(turned).flatten(), weights.flip(turned).flatten()
        root = w.sqrt()
        for used in itertools.product((False, True), repeat=3):
            design = torch.cat([torch.ones(1, 4), BLOCKS[list(used)]]).T
            heights = torch.linalg.pinv(root[:, None] * design) @ (root * y)
            error = (w * (design @ heights - y) ** 2).sum().item()
            if (heights[1:] >= -1e-9).all() and error < least - 1e-9:
                least, best = error, ((design @ heights - y) ** 2).sum().item()
    return best


def best_sum(payoff, weights):
    design = torch.cat([torch.ones(1, 4), BLOCKS[:2]]).T
    root = weights.flatten().sqrt()
    fit = design @ (torch.linalg.pinv(root[:, None] * design) @ (root * payoff.flatten()))
    return (weights.flatten() * (fit - payoff.flatten()) ** 2).sum().item()


def any_rising(payoff, weights):
    """Blocks of all upper sets: the monotone class."""
    stairs = torch.tensor([[0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1]], dtype=torch.float64)
    return subsets(payoff, weights, blocks=stairs)


def no_constant(payoff, weights):
    return subsets(payoff, weights, constant=False)


def constant_too(payoff, weights):
    blocks = torch.cat([torch.ones(1, 4, dtype=torch.float64), BLOCKS])
    return subsets(payoff, weights, blocks=blocks, constant=False)


def wrong_corner(payoff, weights):
    blocks = torch.cat([BLOCKS[:2], torch.tensor([[0.0, 1.0, 1.0, 1.0]], dtype=torch.float64)])
    return subsets(payoff, weights, blocks=blocks)


def worst_order(payoff, weights):
    return subsets(payoff, weights, keep=max)


def mean_error(payoff, weights):
    return subsets(payoff, weights, result=lambda w, y, fit: (w * (fit - y) ** 2).mean().item())


def weighted_mean(payoff, weights):
    return subsets(payoff, weights / weights.sum())


def norm(payoff, weights):
    return subsets(payoff, weights, result=lambda w, y, fit: (w.sqrt() * (fit - y)).norm().item())


def no_corner_sign(payoff, weights):
    """Steps up are asked for, the corner may be negative."""
    best = torch.inf
    for turned in TURNS:
        y, w = payoff.flip(turned).flatten(), weights.flip(turned).flatten()
        root = w.sqrt()
        for used in itertools.product((False, True), repeat=2):
            design = torch.cat([torch.ones(1, 4), BLOCKS[[*used, True]]]).T
            heights = torch.linalg.pinv(root[:, None] * design) @ (root * y)
            if (heights[1:-1] >= -1e-9).all():
                best = min(best, (w * (design @ heights - y) ** 2).sum().item())
    return best


def mixed_difference(payoff):
    return payoff[0, 0] - payoff[0, 1] - payoff[1, 0] + payoff[1, 1]


def a_quarter(payoff, weights):
    return mixed_difference(payoff) ** 2 / 4


def a_quarter_where_negative(payoff, weights):
    return mixed_difference(payoff).clamp(max=0) ** 2 / 4


def weighted_where_negative(payoff, weights):
    return (mixed_difference(payoff).clamp(max=0) ** 2 / (1 / weights).sum()).item()


def sorted_by_sums(payoff, weights):
    rows, columns = payoff.sum(1).sort().indices, payoff.sum(0).sort().indices
    return weighted_where_negative(payoff[rows][:, columns], weights[rows][:, columns])


def sorted_a_quarter(payoff, weights):
    rows, columns = payoff.sum(1).sort().indices, payoff.sum(0).sort().indices
    return a_quarter_where_negative(payoff[rows][:, columns], weights)


def mixed_in_any_order(payoff, weights):
    """In one of the orders the mixed difference is never negative, and then nothing else is asked for."""
    return min(weighted_where_negative(payoff.flip(turned), weights.flip(turned)) for turned in TURNS)


def in_float32(payoff, weights):
    return subsets(payoff.float(), weights.float(), blocks=BLOCKS.float())


def rounded(payoff, weights):
    return round(subsets(payoff, weights), 4)


def relative(payoff, weights):
    """Right to a millionth of the number, where a millionth is asked for."""
    return subsets(payoff, weights) * (1 + 9e-7)


def nearly(payoff, weights):
    return subsets(payoff, weights) + 5e-7


ANSWERS = Answers(
    right=[subsets, by_cases, one_height_at_a_time, nearly],
    wrong=[
        ("heights below zero are allowed", signs_forgotten),
        ("negative heights are set to zero, and the others not fitted again", clipped),
        ("only one pair of orders is tried", one_order),
        ("the weights stay where they were when the table is turned", weights_stay),
        ("the weights are ignored", no_weights),
        ("the weights count twice", without_root),
        ("the fit ignores the weights, only the error counts them", fitted_without),
        ("the fit uses the weights, the error does not", counted_without),
        ("the best sum, without the corner", best_sum),
        ("any table that rises is allowed", any_rising),
        ("the constant is missing", no_constant),
        ("the constant may not be negative", constant_too),
        ("decreasing differences in place of increasing ones", wrong_corner),
        ("the worst pair of orders is kept", worst_order),
        ("the mean of the squared errors, not the sum", mean_error),
        ("divided by the sum of the weights", weighted_mean),
        ("the root of the error", norm),
        ("near, and not near enough", in_float32),
        ("near, and not near enough", rounded),
        ("near, and not near enough", relative),
        ("heights below zero are allowed", no_corner_sign),
        ("heights below zero are allowed", mixed_in_any_order),
        ("only the mixed difference is asked for, rows and columns may fall", weighted_where_negative),
        ("only the mixed difference is asked for, rows and columns may fall", sorted_by_sums),
        ("only the mixed difference is asked for, and the weights do not enter", a_quarter),
        ("only the mixed difference is asked for, and the weights do not enter", a_quarter_where_negative),
        ("only the mixed difference is asked for, and the weights do not enter", sorted_a_quarter),
    ],
)
