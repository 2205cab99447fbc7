"""What an environment does that breaks no rule and is seldom meant: found by playing it, said in words."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from qmix_course.envs.doubts import FEW
from qmix_course.envs.probe import Probe, dice_of, differences
from qmix_course.envs.twins import SEED, Twins

MANY = 200                          # the most steps that are played for one look


def habits(twins: Twins) -> Iterator[str]:
    """A word for each. (A stranger's task is not for whoever called the check to mend.)"""
    if hasattr(twins.env, "_task"):
        return
    yield from rows_alike(twins)
    yield from idle_actions(twins)
    yield from begun_at_the_end(twins)


def rows_alike(twins: Twins) -> Iterator[str]:
    """All rows begin in one and the same way, which is another one at the next reset."""
    starts = []
    for seed in range(4):
        probe = twins.fresh()
        starts.append(torch.cat([probe.reset(seed=SEED + seed).obs.flatten(1), probe.now.state], 1))
    if twins.rows > 1 and all((start == start[0]).all() for start in starts) and any(
            (start[0] != starts[0][0]).any() for start in starts):
        yield ("all rows began in the same way, which was another one at the next reset: many rows then show one "
               "episode many times over, also where a mean over many episodes is wanted. Draw each row's start")


def idle_actions(twins: Twins) -> Iterator[str]:
    """The team can choose, and nothing depends on what it chooses."""
    one, two = twins.begun(), twins.begun()
    dice, chosen = torch.Generator().manual_seed(0), 0
    for _ in range(min(2 * twins.far, MANY)):
        if one.now.ended.any():
            one.reset(where=one.now.ended), two.reset(where=two.now.ended)
        drawn = [(torch.rand(one.now.available.shape, generator=dice) * one.now.available).argmax(-1) for _ in "ab"]
        chosen += int((drawn[0] != drawn[1]).sum())
        if differences(one.step(drawn[0]), two.step(drawn[1])) or dice_of(one.env) != dice_of(two.env):
            return
    if chosen >= FEW:
        yield (f"actions made no difference: {chosen} others were tried, and all came back the same. Does _advance "
               "read them?")


def begun_at_the_end(twins: Twins) -> Iterator[str]:
    """Chance at the ends of episodes alone: somebody begins the next one there."""
    probe: Probe = twins.begun(1)
    ends = others = 0
    for turn in range(min(3 * twins.far, MANY)):
        if probe.now.ended.any():
            probe.reset(where=probe.now.ended)
        before = dice_of(probe.env)
        probe.play(1, dice=turn)
        drew = dice_of(probe.env) != before
        if drew != bool(probe.now.ended.any()):
            return
        ends, others = ends + drew, others + (not drew)
    if ends >= 2 and others >= 5:
        yield ("chance is drawn where an episode ends, and at no other step. Does _advance begin the next one there? "
               "It must return the true last observation, by which a cut episode is valued; reset(where) begins anew")
