"""Answers to 07.4."""

import torch

from tests.catalogue import Answers


def column_by_column(terminated, truncated):
    ended, reset, counts = terminated | truncated, torch.zeros(len(terminated), dtype=torch.bool), []
    for t in range(ended.shape[1]):
        counts.append(~reset)
        reset = ended[:, t] & ~reset
    counts = torch.stack(counts, 1)
    return counts, counts & ~terminated


def by_runs(terminated, truncated):
    """In a run of flagged steps every second one is a reset; the step behind an odd run is one too."""
    counts = torch.ones_like(terminated)
    for row in range(len(terminated)):
        run = 0
        for t in range(terminated.shape[1]):
            counts[row, t] = run % 2 == 0
            run = run + 1 if bool(terminated[row, t]) or bool(truncated[row, t]) else 0
    return counts, torch.logical_and(counts, torch.logical_not(terminated))


def with_a_while(terminated, truncated):
    counts, future = torch.zeros_like(terminated), torch.zeros_like(terminated)
    for row in range(terminated.shape[0]):
        t = 0
        while t < terminated.shape[1]:
            counts[row, t], future[row, t] = True, not terminated[row, t]
            t += 2 if terminated[row, t] or truncated[row, t] else 1
    return counts, future


def futures(rule):
    def answer(terminated, truncated):
        counts, _ = column_by_column(terminated, truncated)
        return counts, counts & rule(terminated, truncated)
    return answer


def last_cut(terminated, truncated):
    counts, future = column_by_column(terminated, truncated)
    future[:, -1] = False
    return counts, future


def everything(terminated, truncated):
    return torch.ones_like(terminated), ~terminated


def future_of_resets(terminated, truncated):
    return column_by_column(terminated, truncated)[0], ~terminated


def shifted(ended, terminated):
    counts = torch.cat([torch.ones_like(ended[:, :1]), ~ended[:, :-1]], 1)
    return counts, counts & ~terminated


def by_shifting(terminated, truncated):
    return shifted(terminated | truncated, terminated)


def after_ends(terminated, truncated):
    counts, _ = column_by_column(terminated, torch.zeros_like(truncated))
    return counts, counts & ~terminated


def after_clocks(terminated, truncated):
    counts, _ = column_by_column(torch.zeros_like(terminated), truncated & ~terminated)
    return counts, counts & ~terminated


def one_episode(terminated, truncated):
    ended = (terminated | truncated).long().cumsum(1) - (terminated | truncated).long()
    return ended == 0, (ended == 0) & ~terminated


def run_on(terminated, truncated):
    flat = column_by_column(terminated.reshape(1, -1), truncated.reshape(1, -1))
    return tuple(table.reshape(terminated.shape) for table in flat)


def undone_once(terminated, truncated):
    ended = terminated | truncated
    return shifted(ended & shifted(ended, ended)[0], terminated)


def end_left_out(terminated, truncated):
    counts = ~(terminated | truncated)
    return counts, counts.clone()


ANSWERS = Answers(
    right=[column_by_column, by_runs, with_a_while],
    wrong=[("a clock that runs out ends the future", futures(lambda end, clock: ~(end | clock))),
           ("where task and clock end together, the clock wins", futures(lambda end, clock: ~end | clock)),
           ("only truncated steps have a future", futures(lambda end, clock: clock & ~end)),
           ("the steps that end the task have a future", futures(lambda end, clock: end)),
           ("the recording's last step loses its future", last_cut),
           ("resets count as played steps", everything),
           ("a reset has a future", future_of_resets),
           ("the flags of a reset are believed", by_shifting),
           ("only an ended task is followed by a reset", after_ends),
           ("only a clock is followed by a reset", after_clocks),
           ("a row begins with what the row before it left", run_on),
           ("the flags of a reset are told apart only once", undone_once),
           ("nothing counts after a row's first end", one_episode),
           ("the step that ends an episode is left out, and not the one after it", end_left_out)])
