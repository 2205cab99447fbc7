"""Answers to 06.4."""

import math

import numpy as np
import torch

from tests.catalogue import Answers
from tests.catalogue.lesson06.shared import add_in_place


def logarithms(share, tau):
    return math.ceil(math.log(1 - share) / math.log(1 - tau))


def loop(share, tau):
    position, n = 0.0, 0
    while position < share:
        position += tau * (1.0 - position)
        n += 1
    return n


def with_networks(share, tau):
    online, target = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    online.weight.data.fill_(1.0)
    target.weight.data.fill_(0.0)
    n = 0
    while target.weight.item() < share:
        add_in_place(target, online, tau)
        n += 1
    return torch.tensor(n)


def base_of_powers(share, tau):
    return int(np.ceil(np.log1p(-share) / np.log1p(-tau)))


def logarithm_to_a_base(share, tau):
    return math.ceil(math.log(1 - share, 1 - tau))


def cut_off_and_one(share, tau):
    return int(math.log1p(-share) / math.log1p(-tau)) + 1


def more_than_the_share(share, tau):
    gone, n = 0.0, 0
    while not gone > share:
        gone, n = gone + tau * (1 - gone), n + 1
    return n


def cut_off(share, tau):
    return int(math.log(1 - share) / math.log(1 - tau))


def loop_too_short(share, tau):
    left, n = 1.0, 0
    while left * (1 - tau) > 1 - share:
        left *= 1 - tau
        n += 1
    return n


def nearest(share, tau):
    return round(math.log(1 - share, 1 - tau))


def starts_at_one(share, tau):
    left, n = 1.0, 1
    while left > 1 - share:
        left *= 1 - tau
        n += 1
    return n


def rule_of_thumb(share, tau):
    return math.ceil(-math.log(1 - share) / tau)


def rule_of_thumb_rounded(share, tau):
    return round(math.log(1 / (1 - share)) / tau)


def what_is_left(share, tau):
    return math.ceil(math.log(share) / math.log(1 - tau))


def left_loop(share, tau):
    left, n = 1.0, 0
    while left > share:
        left *= 1 - tau
        n += 1
    return n


def equal_steps(share, tau):
    return math.ceil(share / tau)


def equal_steps_loop(share, tau):
    gone, n = 0.0, 0
    while gone < share:
        gone, n = gone + tau, n + 1
    return n


def exchanged(share, tau):
    return math.ceil(math.log(1 - share) / math.log(tau))


def one_by_tau(share, tau):
    return round(1 / tau)


def ln_two_by_tau(share, tau):
    return math.ceil(math.log(2) / tau)


def cut_off_but_one(share, tau):
    return max(1, math.floor(math.log(1 - share) / math.log(1 - tau)))


def half(share, tau):
    return math.ceil(math.log(0.5) / math.log(1 - tau))


ANSWERS = Answers(
    right=[logarithms, loop, with_networks, base_of_powers, logarithm_to_a_base],
    wrong=[
        ("exactly the share is enough", cut_off_and_one),
        ("exactly the share is enough", more_than_the_share),
        ("one update too few", cut_off),
        ("one update too few", loop_too_short),
        ("rounded to the nearest", nearest),
        ("one update too many", starts_at_one),
        ("a rule of thumb, not the number itself", rule_of_thumb),
        ("a rule of thumb, not the number itself", rule_of_thumb_rounded),
        ("share is what is left, not what is gone", what_is_left),
        ("share is what is left, not what is gone", left_loop),
        ("every update goes equally far", equal_steps),
        ("every update goes equally far", equal_steps_loop),
        ("tau and 1 − tau are exchanged", exchanged),
        ("always half of the way", half),
        ("always half of the way", ln_two_by_tau),
        ("a rule of thumb, not the number itself", one_by_tau),
        ("one update too few", cut_off_but_one),
    ],
)
