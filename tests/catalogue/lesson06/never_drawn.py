"""Answers to 06.1."""

import math

import numpy as np
import torch

from tests.catalogue import Answers


def power(held, batch_size, updates):
    return (1 - batch_size / held) ** updates


def counting(held, batch_size, updates):
    return (math.comb(held - 1, batch_size) / math.comb(held, batch_size)) ** updates


def draw_by_draw(held, batch_size, updates):
    missed = np.prod([1 - 1 / (held - j) for j in range(batch_size)])
    return torch.tensor(missed, dtype=torch.float64).pow(updates)


def with_replacement(held, batch_size, updates):
    return ((held - 1) / held) ** (batch_size * updates)


def one_row_a_batch(held, batch_size, updates):
    return (1 - 1 / held) ** updates


def chance_to_be_drawn(held, batch_size, updates):
    never = (1 - batch_size / held) ** updates
    return 1 - never


def in_every_batch(held, batch_size, updates):
    return (batch_size / held) ** updates


def summed(held, batch_size, updates):
    return 1 - updates * batch_size / held


def summed_and_cut(held, batch_size, updates):
    return max(1 - updates * (batch_size / held), 0)


def one_batch(held, batch_size, updates):
    return (held - batch_size) / held


def exponential(held, batch_size, updates):
    return math.exp(-updates * batch_size / held)


def rounded_chance(held, batch_size, updates):
    return round(power(held, batch_size, updates), 4)


ANSWERS = Answers(
    right=[power, counting, draw_by_draw],
    wrong=[
        ("the rows of a batch are drawn with replacement", with_replacement),
        ("a batch counts as one row", one_row_a_batch),
        ("the chance that it is drawn", chance_to_be_drawn),
        ("the chance that every batch holds it", in_every_batch),
        ("the chances are added up", summed),
        ("all batches come from one shuffle", summed_and_cut),
        ("only one batch is looked at", one_batch),
        ("an approximation for large memories", exponential),
        ("nearly right: precision was lost on the way", rounded_chance),
    ],
)
