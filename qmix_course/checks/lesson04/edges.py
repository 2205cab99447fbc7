"""Lesson 04 at the limits of its texts: utilities and team values of any size, differences however small."""

from __future__ import annotations

from collections.abc import Callable

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Mistake
from qmix_course.checks.room import Room

STAND_IN = "the stand-in for an unavailable action is not low enough"
LEAD = "a small lead is overlooked"
IGM = (
    Mistake(STAND_IN,
            "How low can the utility or the entry of an available action be? Does what you put in for the others lie "
            "below that?",
            "a number in place of what is unavailable must lose against every real one; −∞ always does"),
    Mistake(LEAD,
            "How close to the largest entry is close enough to you? An entry that is a little smaller is not the best "
            "one.",
            "team values can have any size, so that no fixed margin is small; the entry that is reached is best or it "
            "is not"),
)


def examine_igm(room: Room, answer, truth: Callable) -> None:
    """Available actions of the lowest values, and two entries that lie close together."""
    lowest = torch.finfo(torch.float64).min
    first_only = torch.tensor([[[False, True], [True, True]]])
    low = []
    for least in (-1e3, -1e9, -1e15, -1e30, -1e300, lowest):
        for free in (first_only, first_only.flip(1)):
            rows = torch.tensor([[[0.0, 0.0], [1.0, 1.0]]])
            utilities = (torch.tensor([[[5.0, least], [least, 5.0]]])
                         if free is first_only else torch.tensor([[[5.0, 0.0], [5.0, least]]]))
            low.append((rows if free is first_only else rows.mT.contiguous(), utilities, free))
        low.append((torch.tensor([[[5.0, 5.0], [least, least]]]), torch.tensor([[[0.0, 1.0], [1.0, 0.0]]]), first_only))
    low.append((torch.tensor([[[50.0, 50.0], [51.0, 51.0]]]), torch.tensor([[[50.0, 40.0], [45.0, 60.0]]]),
                first_only))                                                        # all far above 0
    at_the_edge(room, answer, low, truth, STAND_IN)
    close = [(size * torch.tensor([[[1.0, 1.0 + lead], [0.0, 0.5]]]), torch.tensor([[[2.0, 1.0], [3.0, 0.0]]]),
              torch.ones(1, 2, 2).bool())
             for size in (1.0, 1e-12, 1e12) for lead in (*SMALL, 1e-12)]
    for far in (-1e17, 1e17):
        q = torch.tensor([[[far, 1.0, 2.0], [far, 2.0, 3.0]]])
        close.append((torch.arange(9.0).view(1, 3, 3), q, torch.tensor([[[False, True, True]] * 2])))
    at_the_edge(room, answer, close, truth, LEAD)


FALL = "a small fall is overlooked"
NEAR = "two utilities that differ a little count as equal"
TIES = "two actions with equal utilities have different entries"
MONOTONE = (
    Mistake(FALL,
            "How far may an entry fall before you call it a fall? The text knows no such margin.",
            "a function that never falls does not fall by a millionth either"),
    Mistake(NEAR,
            "Two utilities differ by a millionth. May a function give different values for them?",
            "only inputs that are equal must have equal outputs; others may lie as close as they like"),
)
SMALL = (0.3, 0.1, 0.05, 0.01, 1e-3, 1e-6, 1.01e-9)


def examine_monotone(room: Room, answer, truth: Callable) -> None:
    """Falls, ties that are broken and utilities that differ, by little each time; one to four agents."""
    def made(n_agents, entry, utility):
        """A level table of two actions an agent, in which the last agent's switch to action 1 adds ``entry``."""
        table = torch.zeros([2] * n_agents) + 1.0
        table[..., 1] = 1.0 + entry
        q = torch.tensor([[0.0, 1.0]] * n_agents)
        q[-1] = torch.tensor([1.0, 1.0 + utility])
        return table, q

    agents = (1, 2, 4)
    at_the_edge(room, answer, [made(n, -small, 1.0) for n in agents for small in SMALL], truth, FALL)
    at_the_edge(room, answer, [made(n, small, 0.0) for n in agents for small in SMALL], truth, TIES)
    two_ties = [(torch.tensor(row), torch.tensor([q])) for row, q in (
        ([0.0, 0.0, 2.0, 3.0], [1.0, 1.0, 2.0, 2.0]), ([0.0, 1.0, 3.0, 3.0], [1.0, 1.0, 2.0, 2.0]),
        ([2.0, 1.0, 1.0, 1.0], [3.0, 2.0, 2.0, 2.0]), ([1.0, 1.0, 2.0], [0.0, 0.0, 0.0]),
        ([2.0, 1.0, 1.0, 1.5], [3.0, 2.0, 2.0, 2.0]))]
    at_the_edge(room, answer, two_ties, truth, TIES)
    at_the_edge(room, answer, [made(n, 2.0, small) for n in agents for small in SMALL], truth, NEAR)
