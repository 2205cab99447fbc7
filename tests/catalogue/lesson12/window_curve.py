"""Answers to 12.1."""

from collections import Counter, defaultdict

import torch

from tests.catalogue import Answers


def grouped(sights, wants, window=lambda row, k: row[-k:], score=lambda counts: max(counts.values())):
    curve = []
    for k in range(1, sights.shape[1] + 1):
        groups = defaultdict(Counter)
        for row, want in zip(sights.tolist(), wants.tolist()):
            groups[tuple(window(row, k))][want] += 1
        curve.append(sum(map(score, groups.values())) / len(wants))
    return torch.tensor(curve)


def by_unique(sights, wants):
    curve = torch.zeros(sights.shape[1])
    for k in range(1, sights.shape[1] + 1):
        kinds, group = torch.unique(sights[:, sights.shape[1] - k:], dim=0, return_inverse=True)
        counts = torch.zeros(len(kinds), int(wants.max()) + 1)
        counts.index_put_((group, wants), torch.ones(len(wants)), accumulate=True)
        curve[k - 1] = counts.amax(1).sum() / len(wants)
    return curve


def by_comparing(sights, wants):
    curve = []
    for k in range(1, sights.shape[1] + 1):
        alike = (sights[:, None, -k:] == sights[None, :, -k:]).all(-1)                      # [E, E]
        votes = alike.double() @ (wants[:, None] == wants.unique()).double()                # [E, actions]
        curve.append((votes.amax(1) / alike.sum(1)).mean())
    return torch.stack(curve)


def with_window(window):
    return lambda sights, wants: grouped(sights, wants, window)


def with_score(score):
    return lambda sights, wants: grouped(sights, wants, score=score)


def mean_of_groups(sights, wants):
    curve = []
    for k in range(1, sights.shape[1] + 1):
        groups = defaultdict(Counter)
        for row, want in zip(sights[:, -k:].tolist(), wants.tolist()):
            groups[tuple(row)][want] += 1
        shares = [max(counts.values()) / sum(counts.values()) for counts in groups.values()]
        curve.append(sum(shares) / len(shares))
    return torch.tensor(curve)


ANSWERS = Answers(
    right=[grouped, by_unique, by_comparing],
    wrong=[("two windows become one number", with_window(lambda row, k: [sum(
               s * 10**j for j, s in enumerate(row[-k:]))])),
           ("the window stands at the beginning of the episode", with_window(lambda row, k: row[:k])),
           ("the agent knows one sight, k steps back, and not those after it", with_window(lambda row, k: [row[-k]])),
           ("the order of the sights does not count", with_window(lambda row, k: sorted(row[-k:]))),
           ("how often and when something was seen does not count", with_window(lambda row, k: sorted(set(row[-k:])))),
           ("the window is one sight short", with_window(lambda row, k: row[-k + 1:] if k > 1 else [])),
           ("the window is one sight too long", with_window(lambda row, k: row[-k - 1:])),
           ("the longest window comes first", lambda sights, wants: grouped(sights, wants).flip(0)),
           ("only episodes that are known for sure count",
            with_score(lambda counts: sum(counts.values()) if len(counts) == 1 else 0)),
           ("the agent guesses evenly among the wanted actions",
            with_score(lambda counts: sum(counts.values()) / len(counts))),
           ("the agent draws each action as often as it is wanted",
            with_score(lambda counts: sum(n * n for n in counts.values()) / sum(counts.values()))),
           ("one episode of each group is right", with_score(lambda counts: 1)),
           ("each group counts the same, however many episodes are in it", mean_of_groups),
           ("episodes are counted, and not divided by their number",
            lambda sights, wants: grouped(sights, wants) * len(wants))])
