"""14.4 · Ten ways to weigh an advantage: tell what IGM asks of the weights from what QPLEX happens to do."""

from __future__ import annotations

from functools import cache

import numpy
import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.values import describe
from qmix_course.checks.verdict import Verdict


def _advantage(q):
    return q - q.amax(-1, keepdim=True)


def _duel(q, lam):
    """q[K, 2, A], lam[K, 2, A, A] → V + Σ λ A, [K, A, A]."""
    a = _advantage(q)
    return q.amax(-1).sum(-1)[:, None, None] + lam[:, 0] * a[:, 0].unsqueeze(2) + lam[:, 1] * a[:, 1].unsqueeze(1)


def _from_the_mean(q, x):
    a = q - q.mean(-1, keepdim=True)
    return (q.mean(-1).sum(-1)[:, None, None] + x.exp()[:, 0] * a[:, 0].unsqueeze(2) + x.exp()[:, 1]
            * a[:, 1].unsqueeze(1))


def _products(q, x):
    a = _advantage(q)
    return q.amax(-1).sum(-1)[:, None, None] - x.exp()[:, 0] * a[:, 0].unsqueeze(2) * a[:, 1].unsqueeze(1)


def _smallest(q, x):
    a = _advantage(q)
    terms = torch.stack([x.exp()[:, 0] * a[:, 0].unsqueeze(2), x.exp()[:, 1] * a[:, 1].unsqueeze(1)], 1)
    return q.amax(-1).sum(-1)[:, None, None] + terms.amin(1)


def _from_utilities(q, x):
    own = torch.stack([q[:, 0].unsqueeze(2).expand_as(x[:, 0]), q[:, 1].unsqueeze(1).expand_as(x[:, 1])], 1)
    return _duel(q, (own * own.flip(1)).exp())


TEAM_VALUES = {                                 # q[K, 2, A] and x[K, 2, A, A], any numbers from a network → [K, A, A]
    "A": lambda q, x: _duel(q, x.softmax(1)),
    "B": lambda q, x: _duel(q, x.tanh()),
    "C": lambda q, x: _duel(q, x.exp()),
    "D": lambda q, x: _duel(q, x.exp() - 1),
    "E": _from_the_mean,
    "F": lambda q, x: _duel(-2 * q + 1, x.exp()),
    "G": _from_utilities,
    "H": lambda q, x: _duel(q, x[:, :1].exp().expand(-1, 2, -1, -1)),
    "I": _products,
    "J": _smallest,
}


@cache
def truth() -> dict[str, bool]:
    """Letter → whether, in 2,000 random teams, the agents' own best actions are the only best joint action."""
    generator = torch.Generator().manual_seed(0)
    q = torch.randn(2000, 2, 3, generator=generator, dtype=torch.float64)
    x = 2 * torch.randn(2000, 2, 3, 3, generator=generator, dtype=torch.float64)
    own = (3 * q[:, 0].argmax(-1) + q[:, 1].argmax(-1)).unsqueeze(1)
    said = {}
    for letter, team_value in TEAM_VALUES.items():
        table = team_value(q, x).flatten(1)
        others = table.scatter(1, own, -torch.inf).amax(1)
        said[letter] = bool((table.gather(1, own).squeeze(1) > others).all())
    return said


def look(room: Room, said) -> Verdict:
    if not isinstance(said, dict) or set(said) != set(TEAM_VALUES):
        raise room.misfit(f"keeps_igm: expected a dictionary with the keys "
                          f"{', '.join(TEAM_VALUES)}, got {describe(said)}",
                          "One entry for each letter, True or False.")
    said = {letter: bool(each) if isinstance(each, numpy.bool_) else each for letter, each in said.items()}
    odd = [letter for letter in TEAM_VALUES if not isinstance(said[letter], bool)]
    if odd:
        raise room.misfit(f"keeps_igm[{odd[0]!r}]: expected True or False, got "
                          f"{describe(said[odd[0]])}", "One entry for each letter, True or False.")
    wrong = [letter for letter in TEAM_VALUES if said[letter] != truth()[letter]]
    if wrong:
        raise room.wrong(f"{wrong[0]} is judged wrongly", f"right so far: {len(said) - len(wrong)} of {len(said)}")
    return Verdict("correct")


ABOUT = {                                       # letter → (hint, why)
    "A": ("Which values can a softmax give? Must λ of both agents add up to anything in particular, for IGM?",
          "a softmax is positive, and IGM asks for nothing else; it only makes λ smaller than QPLEX's may be"),
    "B": ("Draw tanh. Is it above 0 everywhere?",
          "tanh is below 0 for half of its inputs, and there a deviation is rewarded"),
    "C": ("Go through the two-line proof. Does it use anywhere that λ is the same for all joint actions?",
          "the proof needs the sign of λ only, so λ may depend on the joint action as it likes"),
    "D": ("For which x is exp(x) − 1 below 0?",
          "λ − 1 may be negative, λ may not: exp(x) − 1 takes the place of λ here"),
    "E": ("What is A_i of an agent's best action now? λ may be larger at another joint action: can that one end above "
          "it?",
          "measured from the mean, the best actions have advantages above 0, and a larger λ elsewhere can beat them"),
    "F": ("Which of an agent's actions is its best one after −2 Q_i + 1?",
          "the order of every agent's actions is turned round, so the team points at the actions that the agents like "
          "least"),
    "G": ("λ depends on the utilities. Does that change its sign?",
          "λ may be computed from anything, utilities included, as long as it is positive"),
    "H": ("One number for both agents is a special case of two. Is it still positive?",
          "the same positive λ for all agents is one of the λ that the proof allows (14.1 used it)"),
    "I": ("Let only agent 1 deviate. What is the product of the two advantages then?",
          "if one agent deviates alone the product is 0, so that joint action ties with the best one"),
    "J": ("When is the smaller of two numbers that are never above 0 equal to 0?",
          "the smaller of the two is 0 only where both are, and negative elsewhere: nobody said that A_tot must be a "
          "sum"),
}

EXERCISE = Exercise(
    number="14.4", title="Ten ways to weigh an advantage", answers={"keeps_igm": "value"}, difficulty=3, minutes=12,
    core=True,
    practises="tell what IGM asks of the weights from what QPLEX happens to do",
    hints=("IGM for advantages: 0 where every agent plays its own best action, below 0 everywhere else. Hold each line "
           "against that.",
           "λ may depend on anything. Ask of each line only: can it be 0 or negative?",
           "Five of the ten keep IGM."),
    mistakes=tuple(Mistake(f"{letter} is judged wrongly", hint, why) for letter, (hint, why) in ABOUT.items()),
    look=look)
