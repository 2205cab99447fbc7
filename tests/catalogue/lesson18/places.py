"""Answers to 18.1."""

from itertools import permutations

import torch

from tests.catalogue import Answers


def _best(robots, places, cost, streets=False):
    gaps = (robots[:, None] - places).abs().sum(-1) if streets else torch.cdist(robots, places)
    count = len(robots)
    return min(permutations(range(count)), key=lambda order: cost([gaps[i, order[i]].item() for i in range(count)]))


def _both(ways):
    return round(max(ways), 9), sum(ways)


def by_permutations(robots, places):
    return torch.tensor(_best(robots, places, _both))


def by_a_table(robots, places):
    orders = torch.tensor(list(permutations(range(len(robots)))))
    ways = (robots - places[orders]).square().sum(-1).sqrt()
    longest = ways.amax(1)
    total = ways.sum(1).masked_fill(longest > longest.min() + 1e-9, torch.inf)
    return orders[total.argmin()]


def total(robots, places):
    return torch.tensor(_best(robots, places, sum))


def squares(robots, places):
    return torch.tensor(_best(robots, places, lambda ways: sum(way * way for way in ways)))


def no_tie(robots, places):
    return torch.tensor(_best(robots, places, lambda ways: round(max(ways), 9)))


def turned(robots, places):
    return torch.tensor(_best(robots, places, _both)).argsort()


def streets(robots, places):
    return torch.tensor(_best(robots, places, _both, streets=True))


def worst(robots, places):
    return torch.tensor(_best(robots, places, lambda ways: (-max(ways), -sum(ways))))


def shortest(robots, places):
    return torch.tensor(_best(robots, places, lambda ways: (min(ways), sum(ways))))


def nearest(robots, places):
    return torch.cdist(robots, places).argmin(1)


def one_after_the_other(robots, places):
    gaps = torch.cdist(robots, places)
    order = []
    for row in gaps:
        row = row.clone()
        row[order] = torch.inf
        order.append(int(row.argmin()))
    return torch.tensor(order)


def squares_where_equal(robots, places):
    squares, robot = torch.cdist(robots, places).square(), range(len(robots))
    return torch.tensor(min(permutations(robot), key=lambda order: (
        round(squares[robot, order].max().item(), 9), squares[robot, order].sum().item())))


def the_second_longest(robots, places):
    ways, robot = torch.cdist(robots, places), range(len(robots))
    return torch.tensor(min(permutations(robot), key=lambda order: sorted(ways[robot, order].tolist(), reverse=True)))


ANSWERS = Answers(
    right=[by_permutations, by_a_table],
    wrong=[("of equally long longest ways the squares were added up", squares_where_equal),
           ("of equally long longest ways the second longest decides", the_second_longest),
           ("the ways were added up", total), ("the squares of the ways were added up", squares),
           ("of equally long longest ways the first was taken", no_tie),
           ("the list is that of the places, not of the robots", turned),
           ("distances are measured along the axes", streets), ("that is the worst order", worst),
           ("the shortest way was made short", shortest),
           ("a place was given away twice", nearest), ("robots choose one after the other", one_after_the_other)])
