"""17.2 · Who is not there: agents of different sizes, some of them gone, in tensors of one shape."""

from __future__ import annotations

import random

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def laid_out(seen, masks, names, sizes, n_actions, twist=None):
    obs = torch.zeros(len(names), max(sizes))
    available = torch.zeros(len(names), max(n_actions), dtype=torch.bool)
    place = 0
    for i, name in enumerate(names):
        if name not in seen or twist == "dark" and not seen[name].any():
            available[i, 0] = twist != "nothing"
            if twist == "anything":
                available[i, :n_actions[i]] = True
            if twist == "shifted":
                available[i, 0] = False
            continue
        at = place if twist == "shifted" else i
        place += 1
        if twist == "in front":
            obs[at, max(sizes) - sizes[i]:] = seen[name]
        else:
            obs[at, :sizes[i]] = seen[name]
        mask = masks.get(name, torch.ones(n_actions[i], dtype=torch.bool))
        if twist == "no mask":
            mask = torch.ones(n_actions[i], dtype=torch.bool)
        if twist == "only masked":
            mask = masks.get(name, torch.arange(n_actions[i]) == 0)
        available[at, :n_actions[i]] = mask
        if twist == "padding":
            available[at, n_actions[i]:] = True
    if twist == "shifted":
        available[place:, 0] = True
    return obs, available


def cases() -> list[tuple]:
    dice, generator, found = random.Random(3), torch.Generator().manual_seed(3), []
    for count in (1, 2, 3, 3, 4, 4, 5, 2, 3, 4):
        names = [f"unit_{k}" for k in range(count)]
        sizes, n_actions = [dice.randint(1, 5) for _ in names], [dice.randint(1, 4) for _ in names]
        there = dice.sample(range(count), dice.randint(1, count))
        seen = {names[i]: torch.rand(sizes[i], generator=generator) + 0.5 for i in there}
        masks = {}
        for i in there:
            if dice.random() < 0.6:
                masks[names[i]] = torch.rand(n_actions[i], generator=generator) < 0.5
                masks[names[i]][dice.randrange(n_actions[i])] = True
        found.append((seen, masks, names, sizes, n_actions))
    whole, some = torch.tensor([0.7, 0.9]), torch.tensor([False, True, False])
    return [*found, ({"b": whole, "c": whole}, {"b": some}, ["a", "b", "c"], [2, 2, 2], [4, 3, 2]),
            ({"a": whole}, {}, ["a", "b"], [2, 3], [2, 3]),
            ({"a": 0 * whole, "b": whole}, {"b": some}, ["a", "b"], [2, 2], [2, 3]),    # sees zeros, is there
            ({"b": torch.tensor([1.0])}, {"b": some}, ["a", "b"], [2, 1], [2, 3])]


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), laid_out)
    return Verdict("correct")


MISTAKES = twisted(
    laid_out,
    ("padding", "actions that an agent does not have are available",
     "The first unit has two actions, the second one three. What may the first one play?",
     "an action that does not exist would be sent to the environment"),
    ("nothing", "who is gone may do nothing at all",
     "Which action does the team send for a unit whose row of available is False throughout?",
     "every agent needs an action, or the best one of none is NaN"),
    ("anything", "who is gone may do anything", "A unit has left. Does it matter what it plays, and does it know?",
     "the team would explore, and learn, what a unit that is not there should do"),
    ("dark", "who sees zeros alone is taken for gone",
     "Whose name is in `seen`? A unit in play may see nothing but zeros.",
     "a unit that stands in the origin, or before a wall, could only play action 0"),
    ("shifted", "who is there moves up into the place of who is gone",
     "Unit 0 has left. In which row do you find unit 1?",
     "a network, and its id, belong to one agent: row i must be agent i for the whole episode"),
    ("no mask", "the masks are not used", "One unit comes with a mask. Where do you read it?",
     "unavailable actions would be played, and their values would enter the targets"),
    ("only masked", "who comes without a mask may play the first action alone",
     "What may a unit do that is there and has no mask?",
     "no mask means that all of its own actions are open"),
    ("in front", "the zeros stand in front of the observation", "In which column does a unit's first number stand?",
     "the text asks for zeros behind; mixed conventions give the same network two layouts"),
)

EXERCISE = Exercise(
    number="17.2", title="Who is not there", answers={"side_by_side": "function"}, difficulty=3, minutes=10, core=True,
    practises="lay out agents of different sizes, some of them gone, in tensors of one shape",
    hints=("Begin with zeros and False of the full shape, and fill in row by row, in the order of `names`.",
           "There are three kinds of rows: with a mask, without one, and gone. What may each of them play?"),
    mistakes=MISTAKES, look=look)
