"""Answers to 19.2."""

import torch

from tests.catalogue import Answers


def _hits(health, attack, targets):
    fired = targets >= 0
    return torch.zeros_like(health).index_add(0, targets[fired], attack[fired])


def added(health, attack, targets):
    hits = _hits(health, attack, targets)
    return (health - hits).clamp(min=0), (hits - health).clamp(min=0).sum()


def by_a_table(health, attack, targets):
    table = (targets[:, None] == torch.arange(len(health))).to(health.dtype)            # a row of zeros for -1
    hits = attack @ table
    dealt = torch.minimum(hits, health)
    return health - dealt, (hits - dealt).sum()


def shot_by_shot(health, attack, targets):
    left, wasted = health.tolist(), 0.0
    for power, at in zip(attack.tolist(), targets.tolist()):
        if at >= 0:
            dealt = min(power, left[at])
            left[at] -= dealt
            wasted += power - dealt
    return torch.tensor(left, dtype=health.dtype), torch.tensor(wasted, dtype=health.dtype)


def overwritten(health, attack, targets):
    hits = torch.zeros_like(health)
    for power, at in zip(attack, targets.tolist()):
        if at >= 0:
            hits[at] = power
    return (health - hits).clamp(min=0), (hits - health).clamp(min=0).sum()


def from_behind(health, attack, targets):
    hits = torch.zeros_like(health)
    for power, at in zip(attack, targets.tolist()):
        hits[at] += power
    return (health - hits).clamp(min=0), (hits - health).clamp(min=0).sum()


def below_zero(health, attack, targets):
    hits = _hits(health, attack, targets)
    return health - hits, (hits - health).clamp(min=0).sum()


def no_clamp_on_the_waste(health, attack, targets):
    hits = _hits(health, attack, targets)
    return (health - hits).clamp(min=0), (hits - health).sum()


def what_was_dealt(health, attack, targets):
    after = (health - _hits(health, attack, targets)).clamp(min=0)
    return after, (health - after).sum()


def all_on_the_killed(health, attack, targets):
    hits = _hits(health, attack, targets)
    after = (health - hits).clamp(min=0)
    return after, (hits * (after == 0)).sum()


def on_those_dead_before(health, attack, targets):
    hits = _hits(health, attack, targets)
    return (health - hits).clamp(min=0), (hits * (health == 0)).sum()


def counted(health, attack, targets):
    hits = _hits(health, attack, targets)
    return (health - hits).clamp(min=0), (hits > health).to(health.dtype).sum()


def all_attacks(health, attack, targets):
    after = (health - _hits(health, attack, targets)).clamp(min=0)
    return after, attack.sum() - (health - after).sum()


ANSWERS = Answers(
    right=[added, by_a_table, shot_by_shot],
    wrong=[("of several shots at one enemy only one counts", overwritten), ("−1 hits the last enemy", from_behind),
           ("health falls below 0", below_zero),
           ("health that is left is taken off what was wasted", no_clamp_on_the_waste),
           ("that is the damage that was dealt", what_was_dealt),
           ("all damage on an enemy that dies counts as wasted", all_on_the_killed),
           ("only shots at those who were dead before count", on_those_dead_before),
           ("enemies are counted, not damage", counted), ("who did not shoot counts as wasted", all_attacks)])
