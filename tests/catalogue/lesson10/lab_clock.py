"""Answers to 10.6."""

import torch

from tests.catalogue import Answers
from tests.catalogue.lesson10.shared import line


def judge_with(success, stops=lambda step: step.ended, counts_all=False, resets_first=False):
    def judge(env, starts, act):
        step = env.reset(positions=starts)
        returns, lengths = torch.zeros(len(starts)), torch.zeros(len(starts))
        reached = torch.zeros(len(starts), dtype=torch.bool)
        playing = torch.ones(len(starts), dtype=torch.bool)
        while playing.any():
            step = env.step(act(step.obs))
            returns += step.reward * (1 if counts_all else playing)
            lengths += playing
            ended, stopped = step.ended, stops(step)
            if resets_first and ended.any():
                step = env.reset(where=ended)
            reached |= success(step, playing, returns, lengths, env)
            playing &= ~stopped
            if step.ended.any():
                step = env.reset(where=step.ended)
        return returns, reached

    return judge


mended = judge_with(lambda step, playing, returns, lengths, env: step.terminated & playing)
mended_by_flags = judge_with(lambda step, playing, returns, lengths, env: step.ended & ~step.truncated & playing)
mended_by_prize = judge_with(lambda step, playing, returns, lengths, env: (step.reward == 10) & playing)
mended_by_place = judge_with(
    lambda step, playing, returns, lengths, env: (env.positions == env.goals).flatten(1).all(1) & playing)
as_it_was = judge_with(lambda step, playing, returns, lengths, env: step.ended & playing)
by_the_clock = judge_with(lambda step, playing, returns, lengths, env: step.truncated & playing)
asks_too_late = judge_with(lambda step, playing, returns, lengths, env: step.terminated & playing, resets_first=True)
counts_again = judge_with(lambda step, playing, returns, lengths, env: step.terminated & playing, counts_all=True)
never_stops = judge_with(lambda step, playing, returns, lengths, env: step.terminated & playing,
                         stops=lambda step: step.terminated & (step.reward > 10))


def judge_one_by_one(env, starts, act):
    """Board by board, each the only one that is counted."""
    returns, reached = [], []
    for k in range(len(starts)):
        step, total = env.reset(positions=starts), 0.0
        while True:
            step = env.step(act(step.obs))
            total += float(step.reward[k])
            if step.ended[k]:
                break
            if step.ended.any():
                step = env.reset(where=step.ended)
        returns.append(total)
        reached.append(bool(step.terminated[k]))
    return torch.tensor(returns), torch.tensor(reached)


def judge_by_return(env, starts, act):
    returns, _ = mended(env, starts, act)
    return returns, returns > 0


def judge_by_length(env, starts, act):
    step = env.reset(positions=starts)
    returns = torch.zeros(len(starts))
    lengths = torch.zeros(len(starts), dtype=torch.int64)
    playing = torch.ones(len(starts), dtype=torch.bool)
    while playing.any():
        step = env.step(act(step.obs))
        returns += step.reward * playing
        lengths += playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, lengths < env.spec.episode_limit


def judge_only_terminated_stops(env, starts, act):
    step = env.reset(positions=starts)
    returns = torch.zeros(len(starts))
    reached = torch.zeros(len(starts), dtype=torch.bool)
    playing = torch.ones(len(starts), dtype=torch.bool)
    while not reached.all():
        step = env.step(act(step.obs))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


ANSWERS = Answers(
    right=line(8, mended, mended_by_flags, mended_by_prize, mended_by_place, judge_one_by_one),
    wrong=[
        ("the clock still counts as success", (8, as_it_was)),
        ("success and failure are exchanged", (8, by_the_clock)),
        ("nobody is ever found to arrive", (8, asks_too_late)),
        ("a second episode is counted", (8, counts_again)),
        ("boards that are stuck are played for ever", (8, never_stops)),
        ("boards that are stuck are played for ever", (5, judge_only_terminated_stops)),
        ("the symptom is hidden: a high return stands for success", (8, judge_by_return)),
        ("the symptom is hidden: what ends before the limit counts", (8, judge_by_length)),
    ])
