"""Answers to 20.1."""

import numpy as np
import torch

from tests.catalogue import Answers


def in_loops(ours, theirs):
    total = 0.0
    for us, them in zip(ours, theirs):
        won = 0.0
        for a in us:
            for b in them:
                won += 1.0 if a > b else 0.5 if a == b else 0.0
        total += won / (len(us) * len(them))
    return total / len(ours)


def in_numpy(ours, theirs):
    shares = []
    for us, them in zip(ours, theirs):
        us, them = np.array(us)[:, None], np.array(them)
        shares.append(((us > them) + 0.5 * (us == them)).mean())
    return np.mean(shares)


def by_signs(ours, theirs):
    shares = [0.5 + 0.5 * (torch.tensor(us).unsqueeze(1) - torch.tensor(them)).sign().mean()
              for us, them in zip(ours, theirs)]
    return torch.stack(shares).mean()


def ties_won(ours, theirs):
    return np.mean([(np.array(us)[:, None] >= np.array(them)).mean() for us, them in zip(ours, theirs)])


def ties_lost(ours, theirs):
    return np.mean([(np.array(us)[:, None] > np.array(them)).mean() for us, them in zip(ours, theirs)])


def other_way(ours, theirs):
    return in_loops(theirs, ours)


def one_pot(ours, theirs):
    return in_loops([[score for us in ours for score in us]], [[score for them in theirs for score in them]])


def all_pairs(ours, theirs):
    won = pairs = 0
    for us, them in zip(ours, theirs):
        won += in_loops([us], [them]) * len(us) * len(them)
        pairs += len(us) * len(them)
    return won / pairs


def seed_by_seed(ours, theirs):
    return np.mean([np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a, b in zip(us, them)])
                    for us, them in zip(ours, theirs)])


def of_means(ours, theirs):
    return np.mean([0.5 + 0.5 * np.sign(np.mean(us) - np.mean(them)) for us, them in zip(ours, theirs)])


def of_the_best(ours, theirs):
    return np.mean([0.5 + 0.5 * np.sign(max(us) - max(them)) for us, them in zip(ours, theirs)])


def difference(ours, theirs):
    return np.mean([np.mean(us) - np.mean(them) for us, them in zip(ours, theirs)])


def first_task(ours, theirs):
    return in_loops(ours[:1], theirs[:1])


def added_up(ours, theirs):
    return in_loops(ours, theirs) * len(ours)


def ties_by_isclose(ours, theirs):
    shares = []
    for us, them in zip(ours, theirs):
        us, them = np.array(us)[:, None], np.array(them)
        shares.append(np.where(np.isclose(us, them), 0.5, us > them).mean())
    return float(np.mean(shares))


ANSWERS = Answers(
    right=[in_loops, in_numpy, by_signs],
    wrong=[("close scores count as a tie", ties_by_isclose),
           
        ("a tie counts as a win", ties_won),
        ("a tie counts as a loss", ties_lost),
        ("it is their probability and not ours", other_way),
        ("runs of different tasks meet", one_pot),
        ("a task with more runs counts more", all_pairs),
        ("only runs with the same number meet", seed_by_seed),
        ("the means are compared, not the runs", of_means),
        ("the best runs are compared", of_the_best),
        ("it measures by how much, not how often", difference),
        ("only the first task counts", first_task),
        ("the tasks are added up", added_up),
    ],
)
