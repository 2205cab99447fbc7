"""Answers to 10.6."""

import torch

from tests.catalogue import Answers
from tests.catalogue.lesson10.shared import line


def verdicts(over=lambda task, clock: task | clock, solved=lambda task, clock: task, inside=True):
    """The listing with its two questions: when is an episode over, and when is it solved?"""
    def answer(reward, terminated, truncated):
        ended = over(terminated, truncated)
        before = ended.cumsum(1) - (ended.long() if inside else 0)
        first = before == 0
        return (reward * first).sum(1), (solved(terminated, truncated) & first).any(1)
    return answer


mended = verdicts()


def step_by_step(reward, terminated, truncated):
    playing = torch.ones(len(reward), dtype=torch.bool)
    returns, reached = torch.zeros(len(reward)), torch.zeros(len(reward), dtype=torch.bool)
    for t in range(reward.shape[1]):
        returns += torch.where(playing, reward[:, t], 0.0)
        reached |= playing & terminated[:, t]
        playing &= ~(terminated[:, t] | truncated[:, t])
    return returns, reached


def by_length(reward, terminated, truncated):
    ended = terminated | truncated
    last = torch.where(ended.any(1), ended.int().argmax(1), reward.shape[1] - 1)
    rows = torch.arange(len(reward))
    return reward.cumsum(1)[rows, last], terminated[rows, last]


as_it_was = verdicts(over=lambda task, clock: task)
clock_is_fine = verdicts(solved=lambda task, clock: task | clock)
without_the_end = verdicts(inside=False)
clock_wins = verdicts(solved=lambda task, clock: task & ~clock)


def returns_only(reward, terminated, truncated):
    return mended(reward, terminated, truncated)[0], as_it_was(reward, terminated, truncated)[1]


def verdicts_only(reward, terminated, truncated):
    return as_it_was(reward, terminated, truncated)[0], mended(reward, terminated, truncated)[1]


def all_of_it(reward, terminated, truncated):
    return reward.sum(1), terminated.any(1)


def never_out_of_time(reward, terminated, truncated):
    return mended(reward, terminated, truncated)[0], terminated.any(1) & ~truncated.any(1)


def not_out_of_time(reward, terminated, truncated):
    ended = (terminated | truncated).long()
    first = ended.cumsum(1) - ended == 0
    return (reward * first).sum(1), ~(truncated & first).any(1)


def by_return(reward, terminated, truncated):
    returns = mended(reward, terminated, truncated)[0]
    return returns, returns > 0


def exchanged(reward, terminated, truncated):
    returns, reached = mended(reward, terminated, truncated)
    return returns, ~reached


def clock_left_out(reward, terminated, truncated):
    first = (terminated | truncated).cumsum(1) - terminated.long() == 0
    return (reward * first).sum(1), (terminated & first).any(1)


def one_clock(reward, terminated, truncated):
    steps = int(truncated.long().argmax(1).max()) + 1 if truncated.any() else reward.shape[1]
    ends = terminated[:, :steps]
    first = ends.cumsum(1) - ends.long() == 0
    return (reward[:, :steps] * first).sum(1), (ends & first).any(1)


ANSWERS = Answers(
    right=[*line("B", mended, step_by_step, by_length), (" b", mended)],
    wrong=[("a board still gets a second chance after its clock has run out", ("B", as_it_was)),
           ("the symptom is hidden: the clock counts as success", ("B", clock_is_fine)),
           ("now an ended task no longer ends the episode", ("B", verdicts(over=lambda task, clock: clock))),
           ("the returns are mended, the verdicts are not", ("B", returns_only)),
           ("the verdicts are mended, the returns are not", ("B", verdicts_only)),
           ("now all episodes count", ("B", all_of_it)),
           ("the step that ends the episode is left out", ("B", without_the_end)),
           ("the step in which the clock runs out is left out", ("B", clock_left_out)),
           ("one clock for all boards", ("B", one_clock)),
           ("where both end in one step, the clock wins", ("B", clock_wins)),
           ("an episode goes on where both end it in one step", ("B", verdicts(over=lambda task, clock: task ^ clock))),
           ("an episode that did not run out of time counts as solved", ("B", not_out_of_time)),
           ("a clock that runs out in a later episode spoils the verdict", ("B", never_out_of_time)),
           ("the symptom is hidden: a high return stands for success", ("B", by_return)),
           ("success and failure are exchanged", ("B", exchanged)),
           ("the team is called slow", ("A", mended)), ("one agent is called enough", ("C", mended)),
           ("the last step is blamed", ("D", step_by_step)), ("the rows are blamed", ("E", by_length))])
