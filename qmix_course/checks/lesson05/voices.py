"""05.1 · How loud is each agent?: the slopes of the mixing network, by hand."""

from __future__ import annotations

import math

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def voices(agent_qs, w1, b1, w2, twist=None):
    """The truth, unit by unit."""
    n, e = w1.shape[-2:]
    rows = []
    for q, first, bias, second in zip(agent_qs.reshape(-1, n).tolist(), w1.reshape(-1, n, e).tolist(),
                                      b1.reshape(-1, e).tolist(), w2.reshape(-1, e).tolist()):
        weight = [[value if twist in ("no abs", "raw w1") else abs(value) for value in row] for row in first]
        out = [value if twist in ("no abs", "raw w2") else abs(value) for value in second]
        slope = [0.0] * n
        for unit in range(e):
            forward = first if twist == "raw forward" else weight
            x = sum(q[i] * forward[i][unit] for i in range(n)) + (0.0 if twist == "no bias" else bias[unit])
            bend = 1.0 if x >= 0 else math.exp(x)
            if twist == "straight":
                bend = 1.0
            elif twist == "relu":
                bend = 1.0 if x > 0 else 0.0
            elif twist == "elu itself":
                bend = x if x > 0 else math.expm1(x)
            elif twist == "plus one":
                bend = x + 1 if x > 0 else math.exp(x)
            elif twist == "exp everywhere":
                bend = math.exp(x)
            elif twist == "minus one":
                bend = 1.0 if x > 0 else math.expm1(x)
            for i in range(n):
                slope[i] += out[unit] * bend * weight[i][unit] * (q[i] if twist == "times q" else 1.0)
        if twist == "shares" and sum(slope):
            slope = [each / sum(slope) for each in slope]
        if twist == "mean":
            slope = [each / e for each in slope]
        rows.append(slope)
    return torch.tensor(rows, dtype=torch.float64).reshape(agent_qs.shape)


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(151)
    found = [(torch.tensor([1.0, 2.0], dtype=torch.float64),
              torch.tensor([[-1.0, 0.5], [2.0, -1.0]], dtype=torch.float64),
              torch.tensor([1.0, -4.0], dtype=torch.float64), torch.tensor([3.0, -2.0], dtype=torch.float64))]
    for lead, n, e in (((), 3, 4), ((5,), 2, 3), ((4, 3), 4, 2), ((6,), 1, 5), ((2,), 5, 1), ((3, 1, 2), 3, 3)):
        def drawn(*shape):
            return (1.5 * torch.randn(*lead, *shape, generator=generator, dtype=torch.float64)).round(decimals=2)
        found.append((drawn(n), drawn(n, e), drawn(e), drawn(e)))
    return found


def look(room: Room, answer) -> Verdict:
    try:
        room.compare(answer, cases(), voices)
    except Found as found:          # two mistakes at once: at least one of them lets a slope fall below zero
        if found.verdict.title == UNNAMED and any(
                bool((torch.as_tensor(room.ask(answer, *case)) < 0).any()) for case in cases()):
            raise room.wrong("a slope is below zero", found.verdict.detail) from None
        raise
    size = torch.tensor([1.0, -1.0], dtype=torch.float64)
    loud = [(1000 * size, torch.eye(2, dtype=torch.float64), size, size) for size in (size, -size)]
    at_the_edge(room, answer, loud, voices, "the exponential runs over")
    return Verdict("correct")


EXERCISE = Exercise(
    number="05.1", title="How loud is each agent?", answers={"voices": "function"}, difficulty=3, minutes=10,
    practises="compute by hand how strongly the mixing network listens to each agent", formerly=("mix_by_hand",),
    hints=("Raise one agent's utility by very little. Through which units does that reach Q_tot, and by what is it "
           "multiplied on the way?",
           "Three factors for each unit: into it, through its ELU, out of it. Then add up the units.",
           "The slope of ELU is taken at what goes into the unit, the bias included: 1 from 0 on, e to that number "
           "below."),
    mistakes=twisted(
        voices,
        ("no abs", "the weights are taken with their signs",
         "Can one of your slopes be below zero? Should it?",
         "the weights come out of the hypernetworks with any sign; the mixer takes their absolute values"),
        ("raw w1", "the first layer's weights are taken with their signs",
         "Make one number in w1 negative. Does a slope turn negative?",
         "both layers' weights are made non-negative"),
        ("raw w2", "the second layer's weights are taken with their signs",
         "Make one number in w2 negative. Does a slope turn negative?",
         "both layers' weights are made non-negative"),
        ("raw forward", "what goes into the units is made with the weights' signs",
         "Which weights does the mixer use on the way forwards?",
         "the slope is taken where the unit stands, and that place is computed with the absolute values too"),
        ("no bias", "the bias is left out",
         "Shift a unit's bias from 10 to −10. Does it still listen as well as before?",
         "the bias decides whether a unit stands on ELU's straight part or on its flat one"),
        ("straight", "ELU is taken for a straight line",
         "What is ELU's slope at −5?",
         "below 0 the slope is e to the x, and fades"),
        ("relu", "below 0 the slope is taken to be 0",
         "That is a ReLU. What is ELU's slope at −1?",
         "ELU's slope is never 0, so no agent is ever quite unheard"),
        ("elu itself", "the height of ELU stands where its slope belongs",
         "A unit at 10: how much does its output rise when its input rises by 1?",
         "the slope says how much the output changes, not how large it is"),
        ("plus one", "ELU + 1 is taken for its slope, on the right side too",
         "ELU + 1 grows with x. Does the slope of a straight line?",
         "ELU + 1 is the slope below 0 only; above, the slope is 1"),
        ("exp everywhere", "e to the x is taken for the slope on both sides",
         "A unit at 3: is its slope 1, or e³?",
         "from 0 on ELU is a straight line with slope 1"),
        ("minus one", "e to the x, minus 1, is taken for the slope below 0",
         "Differentiate e to the x, minus 1. What becomes of the 1?",
         "that is ELU's height; the constant falls out of the slope"),
        ("times q", "the utilities themselves are factors",
         "The derivative of w q with respect to q: is q in it?",
         "the utilities say where the units stand, and are no factors of their own"),
        ("shares", "the slopes are made to add up to 1",
         "Two agents, both very loud: what do your numbers say?",
         "slopes are no shares: a mixer may listen to all agents much or little"),
        ("mean", "the units are averaged, not added up",
         "Add a second unit that does the same as the first. What happens to Q_tot?",
         "the second layer adds up its units"),
        (None, "the exponential runs over",
         "What is e to the 1,000 on a computer, and 0 times that? Is it computed where it is not needed?",
         "a unit far up on ELU's straight part has slope 1; e to its input is infinite, and 0 times that is no number"),
        (None, "a slope is below zero",
         "Every unit gives three factors. Which of yours can be below zero, and which sign has each of them in the "
         "mixer? Once none is, look whether the factor in the middle is ELU's slope.",
         "the weights are used without their signs and ELU's slope is above 0, so no slope of Q_tot is ever negative")),
    look=look)
