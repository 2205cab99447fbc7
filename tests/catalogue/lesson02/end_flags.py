"""Answers to 02.6."""

import torch

from tests.catalogue import Answers


def end_flags(positions, goals, clock, limit):
    terminated = (positions == goals).all(-1).all(-1)
    return terminated, (clock >= limit) & ~terminated


def flags_in_loops(positions, goals, clock, limit):
    first, second = [], []
    for cells, tick in zip(positions, clock):
        home = torch.equal(cells, goals)
        first.append(home)
        second.append(not home and int(tick) == limit)
    return torch.tensor(first), torch.tensor(second)


def flags_by_distance(positions, goals, clock, limit):
    far = (positions - goals).abs().sum(dim=(1, 2))
    return far == 0, torch.logical_and(far > 0, clock > limit - 1)


def flags_where(positions, goals, clock, limit):
    done = torch.eq(positions, goals).flatten(1).all(dim=1)
    return done, torch.where(done, torch.zeros_like(done), clock == limit)


def forgets_the_rule(positions, goals, clock, limit):
    return (positions == goals).all(-1).all(-1), clock >= limit


def clock_wins(positions, goals, clock, limit):
    truncated = clock >= limit
    return (positions == goals).flatten(1).all(1) & ~truncated, truncated


def one_done(positions, goals, clock, limit):
    done = (positions == goals).flatten(1).all(1) | (clock >= limit)
    return done, done.clone()


def clock_terminates(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home | (clock == limit), (clock == limit) & ~home


def never_truncates(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home, torch.zeros_like(home)


def not_yet(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home, ~home


def exchanged(positions, goals, clock, limit):
    return end_flags(positions, goals, clock, limit)[::-1]


def too_late(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home, (clock > limit) & ~home


def too_early(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home, (clock + 1 >= limit) & ~home


def anyone_home(positions, goals, clock, limit):
    home = (positions == goals).all(-1).any(-1)
    return home, (clock >= limit) & ~home


def first_and_last(positions, goals, clock, limit):
    home = (positions[:, 0] == goals[0]).all(-1) & (positions[:, -1] == goals[-1]).all(-1)
    return home, (clock >= limit) & ~home


def half_home(positions, goals, clock, limit):
    home = (positions == goals).any(-1).all(-1)
    return home, (clock >= limit) & ~home


def any_goal(positions, goals, clock, limit):
    home = (positions[:, :, None] == goals).all(-1).any(-1).all(-1)
    return home, (clock >= limit) & ~home


ANSWERS = Answers(
    right=[end_flags, flags_in_loops, flags_by_distance, flags_where],
    wrong=[
        ("the last tick is both at once", forgets_the_rule),
        ("on the last tick the clock wins", clock_wins),
        ("both flags say the same", one_done),
        ("the end of the clock counts as the end of the task", clock_terminates),
        ("the clock stops too late, or never", never_truncates),
        ("an episode that simply goes on counts as truncated", not_yet),
        ("the two flags are exchanged", exchanged),
        ("the clock stops too late, or never", too_late),
        ("the clock stops one step too early", too_early),
        ("one agent at home ends the task", anyone_home),
        ("the right row or the right column counts as home", half_home),
        ("any goal will do", any_goal),
        ("only the first and the last agent are looked at", first_and_last),
    ],
)
