"""19.2 · A volley: shots at the same time add up, and what is too much is lost."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def volley(health, attack, targets, twist=None):
    """The truth, shot by shot."""
    hits = [0.0] * len(health)
    for power, at in zip(attack.tolist(), targets.tolist()):
        if at < 0 and twist != "from behind":
            continue
        hits[at] = power if twist == "one" else hits[at] + power
    hits = torch.tensor(hits, dtype=health.dtype)
    after = (health - hits).clamp(min=0)
    wasted = (hits - health).clamp(min=0).sum()
    if twist == "below zero":
        after = health - hits
    if twist == "the dead heal":
        wasted = (hits - health).sum()
    if twist == "dealt":
        wasted = (health - after).sum()
    if twist == "all of it":
        wasted = hits[after == 0].sum()
    if twist == "only on the dead":
        wasted = hits[health == 0].sum()
    if twist == "shots":
        wasted = ((hits > health).to(health.dtype)).sum()
    if twist == "everybody":
        wasted = (attack.sum() - (health - after).sum())
    return after, wasted


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(192)

    def made(health, attack, targets):
        return (torch.tensor(health, dtype=torch.float64), torch.tensor(attack, dtype=torch.float64),
                torch.tensor(targets))

    found = [made([45, 45], [9, 9], [0, 0]), made([9, 45], [9, 13, 9], [0, 0, -1]), made([45], [9], [-1]),
             made([4, 0, 20], [9, 9, 13, 8], [0, 1, 2, 2]), made([30, 30, 30], [13, 13, 13], [2, 2, 2])]
    for n, m in ((3, 3), (5, 6), (8, 4)):
        health = torch.randint(0, 30, (m,), generator=generator).double()
        attack = torch.tensor([8.0, 9.0, 13.0], dtype=torch.float64)[torch.randint(3, (n,), generator=generator)]
        found.append((health, attack, torch.randint(-1, m, (n,), generator=generator)))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), volley)
    return Verdict("correct")


EXERCISE = Exercise(
    number="19.2", title="A volley", answers={"volley": "function"}, difficulty=2, minutes=10, core=True,
    practises="add up what several do to one at the same time, and count overkill",
    hints=("First the sum of all hits on each enemy, then the health, then what was too much.",
           "An assignment with repeated indices keeps one of them. index_add adds them all; a one-hot table does too.",
           "−1 is nobody. As an index it would be the last one."),
    mistakes=twisted(
        volley,
        ("one", "of several shots at one enemy only one counts",
         "Two units with 9 each shoot at enemy 0. How much health does it lose in your version?",
         "indexing with repeated places keeps one of the values; it does not add them"),
        ("from behind", "−1 hits the last enemy",
         "Somebody does not shoot, and the last enemy loses health all the same. Why?",
         "a negative index counts from the end"),
        ("below zero", "health falls below 0",
         "Can an enemy have less health than none?",
         "health below 0 turns up later as damage that was never dealt"),
        ("the dead heal", "health that is left is taken off what was wasted",
         "Can a shot at a healthy enemy make up for one that was wasted?",
         "each enemy counts for itself; only what goes beyond its health is wasted"),
        ("dealt", "that is the damage that was dealt",
         "Your second number grows when nothing is wasted. What does it count?",
         "dealt and wasted add up to all that was shot; the text asks for the other part"),
        ("all of it", "all damage on an enemy that dies counts as wasted",
         "An enemy with 4 left is hit by 9. How much of this was needed?",
         "what the target still had was not wasted"),
        ("only on the dead", "only shots at those who were dead before count",
         "An enemy with 4 left is hit by 9 and by 9. How much was too much?",
         "most overkill falls in the volley that kills"),
        ("shots", "enemies are counted, not damage",
         "In which unit is your second number?",
         "wasted is damage: what was too much, added up"),
        ("everybody", "who did not shoot counts as wasted",
         "A unit that does not shoot has an attack too. Where does it go in your sum?",
         "only shots that were fired can be wasted")),
    look=look)
