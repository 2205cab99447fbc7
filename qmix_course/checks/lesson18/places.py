"""18.1 · Who takes which place: the order of robots in which the shape is there soonest."""

from __future__ import annotations

from itertools import permutations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def soonest(robots, places, twist=None):
    """The truth: every order is tried. order[i] is the number of the place that robot i takes."""
    gaps = [[((a - u) ** 2 + (b - v) ** 2) ** 0.5 if twist != "streets" else abs(a - u) + abs(b - v)
             for u, v in places.tolist()] for a, b in robots.tolist()]
    count = len(gaps)
    if twist == "nearest":
        return torch.tensor([min(range(count), key=row.__getitem__) for row in gaps])
    if twist == "first come":
        free, order = list(range(count)), []
        for row in gaps:
            order.append(min(free, key=row.__getitem__))
            free.remove(order[-1])
        return torch.tensor(order)

    def cost(order):
        ways = [gaps[i][place] for i, place in enumerate(order)]
        return {"total": (sum(ways),), "squares": (sum(way * way for way in ways),),
                "longest alone": (round(max(ways), 9),), "shortest": (min(ways), sum(ways)),
                "squares second": (round(max(ways), 9), sum(way * way for way in ways)),
                "way by way": sorted((round(way, 9) for way in ways), reverse=True),
                "worst": (-max(ways), -sum(ways))}.get(twist, (round(max(ways), 9), sum(ways)))

    order = min(permutations(range(count)), key=cost)
    if twist == "turned":
        order = [order.index(place) for place in range(count)]
    return torch.tensor(order)


def cases() -> list[tuple]:
    """Four, made by hand, in which the orders differ; the others drawn, so that no two orders are equally good."""
    generator = torch.Generator().manual_seed(181)
    found = [(torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]], dtype=torch.float64),
              torch.tensor([[3.0, 0.5], [6.0, 0.0], [0.0, 4.5]], dtype=torch.float64))]
    found.append((torch.tensor([[4, 8], [2, 4], [4, 7], [5, 7]], dtype=torch.float64),    # of equal longest ways
                  torch.tensor([[7, 1], [0, 4], [6, 5], [6, 3]], dtype=torch.float64)))
    found.append((torch.tensor([[3, 0], [3, 6], [5, 6], [8, 8]], dtype=torch.float64),
                  torch.tensor([[2, 8], [1, 2], [3, 2], [6, 3]], dtype=torch.float64)))
    # of equal longest ways the smaller sum, whatever the product
    found.append((torch.tensor([[1, 1], [3, 2], [3, 5]], dtype=torch.float64),
                  torch.tensor([[5, 1], [0, 0], [1, 0]], dtype=torch.float64)))
    for count in (1, 2, 3, 3, 3, 4, 4, 5, 5):
        found.append(tuple(8 * torch.rand(count, 2, generator=generator, dtype=torch.float64) for _ in range(2)))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), soonest)
    return Verdict("correct")


EXERCISE = Exercise(
    number="18.1", title="Who takes which place?", answers={"who_goes_where": "function"}, difficulty=2, minutes=10,
    practises="look for the best of all orders by another measure than the lesson's", core=True, look=look,
    hints=("Distances of every robot to every place first, [N, N]. Then try all orders: itertools.permutations.",
           "For an order, its longest way is what counts. Python compares (longest, total) as it is wanted: by the "
           "first, and by the second where the first is equal.",
           "order[i] is the place of robot i, and not the robot at place i."),
    mistakes=twisted(
        soonest,
        ("total", "the ways were added up",
         "Two plans: ways of 1, 1 and 6, and ways of 3, 3 and 3. In which is the shape there first?",
         "all go at once: the shape is there when the last one arrives, however short the other ways are"),
        ("squares", "the squares of the ways were added up",
         "That is the gap of the lesson. What is asked for here?",
         "squares punish a long way, but two middle ones may cost more than the longest"),
        ("longest alone", "of equally long longest ways the first was taken",
         "Often several orders have the same longest way. Which of them does the text ask for?",
         "the others would take ways that nobody needs"),
        ("squares second", "of equally long longest ways the squares were added up",
         "The longest way is the right one. What is compared where it is equal?",
         "the text adds the ways themselves; squares prefer two middle ways to a long and a short one"),
        ("way by way", "of equally long longest ways the second longest decides",
         "Ways of 4, 3 and 0, ways of 4, 2 and 2: which add up to less?",
         "the ways add up to more than they need, for the sake of a robot that arrives before the last anyway"),
        ("first come", "robots choose one after the other",
         "Robot 0 takes the place nearest to it. What if that was the only one within reach of robot 1?",
         "who chooses first has the best way, and who chooses last may have to cross the plane"),
        ("nearest", "a place was given away twice",
         "Which of your numbers occurs twice? Which place stays empty?",
         "the shape is there only if every place is taken"),
        ("turned", "the list is that of the places, not of the robots",
         "What does your first number name: the place of robot 0, or the robot at place 0?",
         "an order and its inverse are two lists; they agree only where robots exchange places in pairs"),
        ("streets", "distances are measured along the axes",
         "How far is it from (0, 0) to (3, 4)? The text measures it with a ruler.",
         "these robots go straight"),
        ("shortest", "the shortest way was made short",
         "Does it help that one robot arrives early?",
         "max and min were exchanged: the last one to arrive counts"),
        ("worst", "that is the worst order",
         "Do you look for the largest or for the smallest longest way?",
         "a sign or a max too many")))
