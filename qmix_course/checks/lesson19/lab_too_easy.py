"""19.5 · The battle that was too easy: what happens at the same time must be computed from the same moment."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def exchange(health, wait, targets, attack, pause, n, twist=None):
    """The truth: who shoots is settled before anybody is hit."""
    units = range(len(health))
    left, rest = health.tolist(), wait.tolist()
    shot = set()
    sides = {"team first": [units[:n], units[n:]], "enemies first": [units[n:], units[:n]]}.get(twist, [units])
    for side in sides:
        ready = [u for u in side if targets[u] >= 0 and (left[u] > (twist == "barely") or twist == "ghosts")
                 and (rest[u] <= (twist == "one too early") or twist == "no wait")]
        hits = [0.0] * len(left)
        shot.update(ready)
        for u in ready:
            at = int(targets[u])
            hits[at] = float(attack[u]) if twist == "one shot" else hits[at] + float(attack[u])
            if twist != "never waits":
                rest[u] = int(pause[u])
        left = [have - hit if twist == "below zero" else max(have - hit, 0.0) for have, hit in zip(left, hits)]
    if twist == "no clock":
        return torch.tensor(left, dtype=health.dtype), torch.tensor(rest)
    whole = shot if twist == "whole pause" else ()
    return (torch.tensor(left, dtype=health.dtype),
            torch.tensor([each if u in whole else max(each - 1, 0) for u, each in enumerate(rest)]))


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(195)

    def made(health, wait, targets, attack, pause, n):
        return (torch.tensor(health, dtype=torch.float64), torch.tensor(wait), torch.tensor(targets),
                torch.tensor(attack, dtype=torch.float64), torch.tensor(pause), n)

    found = [made([9, 9], [0, 0], [1, 0], [9, 9], [2, 2], 1), made([45, 45], [0, 1], [1, 0], [9, 9], [2, 2], 1),
             made([0, 9, 9, 18], [0, 0, 0, 0], [2, 2, 1, -1], [9, 9, 9, 9], [2, 2, 2, 2], 2),
             made([9, 45, 9, 9], [0, 3, 2, 0], [3, 2, 0, 0], [13, 13, 8, 8], [4, 4, 2, 2], 2),
             made([45, 45, 45, 9], [0, 0, 0, 0], [2, 2, 0, 0], [9, 9, 9, 9], [2, 2, 2, 2], 2),
             made([45, 4, 9], [0, 0, 0], [2, 2, 1], [9, 9, 9], [2, 2, 2], 2),
             made([0.5, 1, 9], [0, 0, 0], [2, 2, 0], [2, 3, 9], [2, 2, 2], 2)]
    for n, m in ((3, 3), (5, 6)):
        health = 9.0 * torch.randint(0, 3, (n + m,), generator=generator).double()
        targets = torch.cat([torch.randint(n, n + m, (n,), generator=generator),
                             torch.randint(0, n, (m,), generator=generator)])
        wait = torch.randint(0, 2, (n + m,), generator=generator)
        found.append((health, wait, targets, torch.full((n + m,), 9.0, dtype=torch.float64),
                      torch.full((n + m,), 2), n))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), exchange)
    return Verdict("correct")


EXERCISE = Exercise(
    number="19.5", title="The battle that was too easy", answers={"mended_exchange": "function"}, difficulty=3,
    minutes=10, core=True, lab=True,
    practises="find an order that simultaneous things must not have, from a result that is too good",
    hints=("Two sides that are equal in everything: who should win? What would have to be different for one to win?",
           "Follow one step of 1 against 1 in which both have 9 health left. Who shoots, and who is still there to?",
           "Settle for both sides who shoots before any health changes."),
    mistakes=twisted(
        exchange,
        ("team first", "the team still shoots first",
         "Both have 9 left and shoot in the same step. How much has the agent left afterwards?",
         "whoever is computed first, in groups or one by one, kills some who would have shot at it in the same moment"),
        ("enemies first", "now the enemies shoot first",
         "You turned it round. Is the battle of equals even now?",
         "any order is an advantage for one side; the step has to begin with the same moment for both"),
        ("ghosts", "the fallen shoot",
         "A unit that had 0 health before the step: does it shoot?",
         "only who lives when the step begins may shoot in it"),
        ("barely", "who hardly lives is taken for dead",
         "A unit has half a point of health left. Does it shoot?",
         "whoever has any health at all lives, and shoots like the others"),
        ("no wait", "who has to wait shoots all the same",
         "What does a unit with a wait of 1 do?",
         "the pause between two shots is half of what makes a kind of unit"),
        ("one too early", "who waits for one more step shoots already",
         "A unit waits 1 when the step begins. Does it shoot in this step, or in the next one?",
         "a wait of 1 is over when this step is"),
        ("whole pause", "who has just shot waits a step too long",
         "A unit with a pause of 2 shoots in step 1. In which step may it shoot again, and when does yours?",
         "every step takes 1 off, also off what a shot has just set"),
        ("never waits", "who has shot does not wait",
         "After a shot, how long until the next one?",
         "with the pause gone every battle takes half as long"),
        ("no clock", "the time of waiting does not pass",
         "A unit waits 1 when the step begins. And when it ends?",
         "every step takes 1 off, down to 0, also off what a shot has just set"),
        ("below zero", "health falls below 0",
         "Can a unit have less health than none?",
         "who is below 0 would need more than its full health to live"),
        ("one shot", "of several shots at one unit only one counts",
         "Two shots at the same unit in the same step: how much does it lose?",
         "hits on the same unit add up")),
    look=look)
