"""Answers to 17.4."""

import torch

from tests.catalogue import Answers


def by_half(places, half):
    return places.flatten(1) / half


def one_by_one(places, half):
    return torch.stack([torch.cat([place / half for place in row]) for row in places])


def raw(places, half):
    return places.flatten(1)


def by_the_batch(places, half):
    return by_half(places, places.abs().max())


def by_the_row(places, half):
    rows = raw(places, half)
    return rows / rows.abs().max(1, keepdim=True).values


def standardised(places, half):
    rows = raw(places, half)
    return (rows - rows.mean(0)) / (rows.std(0, unbiased=False) + 1e-8)


def clipped(places, half):
    return raw(places, half).clip(-1, 1)


def squeezed(places, half):
    return (raw(places, half) / half).tanh()


def by_the_width(places, half):
    return by_half(places, half) / 2


def from_the_corner(places, half):
    return (by_half(places, half) + 1) / 2


def nothing(places, half):
    return raw(places, half) * 0


ANSWERS = Answers(
    right=[("D", by_half), ("d ", one_by_one)],
    wrong=[("the unit is that of one field", ("D", lambda places, half: places.flatten(1) / 300)),
           ("all first coordinates stand in front", ("D", lambda places, half: (places / half).mT.flatten(1))),
           ("the bug is still there: the state comes in raw units", ("D", raw)),
           ("the unit depends on who else is in the batch", ("D", by_the_batch)),
           ("each state has a unit of its own", ("D", by_the_row)),
           ("the numbers are standardised over the batch", ("D", standardised)),
           ("the numbers are cut off, not scaled", ("D", clipped)),
           ("far places are squeezed together", ("D", squeezed)),
           ("half of the range is left unused", ("D", by_the_width)),
           ("the middle is no longer zero", ("D", from_the_corner)),
           ("nothing is left of the state", ("D", nothing)),
           ("the learning rate is blamed", ("A", by_half)), ("the exploration is blamed", ("B", by_half)),
           ("the agents are blamed", ("C", by_half)), ("the replay memory is blamed", ("E", by_half))])
