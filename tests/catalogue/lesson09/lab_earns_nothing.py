"""Answers to 09.4."""

import torch

from tests.catalogue import Answers


def both(counts, rewards):
    return torch.where(counts, rewards, 0.0).sum(1), counts.sum(1)


def minus_itself(rewards, ended):
    return both(~(ended.cumsum(1) - ended.long() > 0), rewards)


def shifted(rewards, ended):
    over = ended.cumsum(1) > 0
    return both(~torch.cat([torch.zeros_like(over[:, :1]), over[:, :-1]], 1), rewards)


def board_loop(rewards, ended):
    returns, lengths = [], []
    for row, ends in zip(rewards, ended):
        total, length = 0.0, 0
        for reward, end in zip(row, ends):
            total, length = total + reward.item(), length + 1
            if end:
                break
        returns.append(total)
        lengths.append(length)
    return torch.tensor(returns), torch.tensor(lengths)


def playing(rewards, ended):
    returns, lengths = torch.zeros(len(rewards)), torch.zeros(len(rewards), dtype=torch.int64)
    alive = torch.ones(len(rewards), dtype=torch.bool)
    for t in range(rewards.shape[1]):
        returns += rewards[:, t] * alive
        lengths += alive
        alive = alive & ~ended[:, t]
    return returns, lengths


def by_last(rewards, ended):
    t = torch.arange(rewards.shape[1])
    last = torch.where(ended.any(1), ended.long().argmax(1), rewards.shape[1] - 1)
    return both(t[None] <= last[:, None], rewards)


def unchanged(rewards, ended):
    return both(~(ended.cumsum(1) > 0), rewards)


def at_most_one(rewards, ended):
    return both(ended.cumsum(1) <= 1, rewards)


def greater_one(rewards, ended):
    return both(~(ended.cumsum(1) > 1), rewards)


def up_to_second_end(rewards, ended):
    return both(ended.cumsum(1) - ended.long() <= 1, rewards)


def no_mask(rewards, ended):
    return both(torch.ones_like(ended), rewards)


def ends_too(rewards, ended):
    return both(~(ended.cumsum(1) > 0) | ended, rewards)


def plus_ten(rewards, ended):
    returns, lengths = unchanged(rewards, ended)
    return returns + 10 * ended.any(1), lengths + ended.any(1)


def shifted_twice(rewards, ended):
    over = ended.cumsum(1) - ended.long() > 0
    return both(~torch.cat([torch.zeros_like(over[:, :1]), over[:, :-1]], 1), rewards)


def length_plus_one(rewards, ended):
    returns, lengths = unchanged(rewards, ended)
    return returns, lengths + ended.any(1)


def returns_alone(rewards, ended):
    return minus_itself(rewards, ended)[0], unchanged(rewards, ended)[1]


def needs_an_end(rewards, ended):
    counts = ~(ended.cumsum(1) - ended.long() > 0) & ended.any(1, keepdim=True)
    return both(counts, rewards)


def rolled(rewards, ended):
    return both(~(ended.cumsum(1) > 0).roll(1, 1), rewards)


def first_true(rewards, ended):
    last = ended.long().argmax(1)
    return both(torch.arange(rewards.shape[1])[None] <= last[:, None], rewards)


def by_length(rewards, ended):
    returns, lengths = minus_itself(rewards, ended)
    return returns / lengths, lengths


def always_one_more(rewards, ended):
    return minus_itself(rewards, ended)[0], (~(ended.cumsum(1) > 0)).sum(1) + 1


def by_the_ten(rewards, ended):
    return minus_itself(rewards, rewards == 10.0)


def rolled_before(rewards, ended):
    counts = ~(ended.roll(1, 1).cumsum(1) > 0)
    return torch.where(counts, rewards, 0.0).sum(1), counts.sum(1)


ANSWERS = Answers(
    right=[(1, minus_itself), (2, shifted), (1, board_loop), (1, playing), (2, by_last)],
    wrong=[
        ("the last step of the episode is still missing", (1, unchanged)),
        ("the symptom is hidden: the second episode counts too", (1, at_most_one)),
        ("the symptom is hidden: the second episode counts too", (1, greater_one)),
        ("the symptom is hidden: two whole episodes are added up", (1, up_to_second_end)),
        ("the symptom is hidden: everything counts", (4, no_mask)),
        ("the symptom is hidden: the rewards of all ends are added", (2, ends_too)),
        ("the symptom is hidden: 10 is added", (4, plus_ten)),
        ("one step of the next episode counts", (1, shifted_twice)),
        ("only the length is fixed", (3, length_plus_one)),
        ("only the return is fixed", (4, returns_alone)),
        ("boards without an end are lost", (1, needs_an_end)),
        ("the first step is lost when an episode ends", (1, rolled)),
        ("a board whose last step is an end counts for nothing", (1, rolled_before)),
        ("a board without an end counts for one step", (1, first_true)),
        ("an episode without an end is one step too long", (1, always_one_more)),
        ("the symptom is hidden: a reward of 10 stands for an end", (1, by_the_ten)),
        ("the mean of the rewards, not their sum", (1, by_length)),
    ],
)
