"""15.1 · How far from holding?: test QTRAN's two conditions in a batch of states in which some actions are not
available."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def violations(q, joint, v, available, twist=None):
    """The gap at ū and the lowest gap or 0, state by state: [B], [B]."""
    states = [in_one_state(*state, twist) for state in zip(q.tolist(), joint.tolist(), v.tolist(), available.tolist())]
    at_own, lowest = (torch.tensor(each) for each in zip(*states))
    if twist == "numbers exchanged":
        return lowest, at_own
    if twist == "all states at once":
        return at_own, lowest.min().expand(len(q)).clone()
    return at_own, lowest


def in_one_state(q, joint, v, available, twist) -> tuple[float, float]:
    actions = range(len(joint))
    may = [[True] * len(joint)] * 2 if twist == "no mask" else available
    if twist == "exchanged":
        joint = [list(column) for column in zip(*joint)]

    def gap(u):
        total = q[0][u[0]] + q[1][u[1]]
        total = total / 2 if twist == "mean" else total
        sign = {"v turned": -1, "no v": 0}.get(twist, 1)
        return (-1 if twist == "turned" else 1) * (total - joint[u[0]][u[1]] + sign * v)

    playable = [u for u in itertools.product(actions, repeat=2) if may[0][u[0]] and may[1][u[1]]]
    own = tuple(max((a for a in actions if may[i][a] or twist == "free agents"), key=lambda a: q[i][a])
                for i in range(2))
    if twist == "zero":
        own = tuple(max(actions, key=lambda a: q[i][a] * available[i][a]) for i in range(2))
    if twist == "joint argmax":
        own = max(playable, key=lambda u: joint[u[0]][u[1]])
    looked_at = list(itertools.product(actions, repeat=2)) if twist == "free gaps" else playable
    if twist == "others only":
        looked_at = [u for u in looked_at if u != own]
    gaps = [gap(u) for u in looked_at]
    lowest = min([*gaps, 0.0])
    if twist == "no zero":
        lowest = min(gaps, default=0.0)
    elif twist == "wrong side":
        lowest = max([min(gaps), 0.0])
    elif twist == "highest":
        lowest = min(max(gaps), 0.0)
    elif twist == "added":
        lowest = sum(min(each, 0.0) for each in gaps)
    elif twist == "averaged":
        lowest = sum(min(each, 0.0) for each in gaps) / len(gaps)
    elif twist == "turned":
        lowest = max([*gaps, 0.0])
    at_own = gap(own)
    if twist == "table's best":
        at_own = q[0][own[0]] + q[1][own[1]] - max(joint[u[0]][u[1]] for u in playable) + v
    if twist == "no signs":
        return abs(at_own), abs(lowest)
    if twist == "squared":
        return at_own ** 2, lowest ** 2
    return (abs(at_own) if twist == "absolute" else at_own), (-lowest if twist == "size" else lowest)


def gap_states(batch: int, n_actions: int, seed: int, masked: bool, shift: float = 0.0) -> tuple:
    """States of which about half meet the second condition; no agent has two equal utilities."""
    generator = torch.Generator().manual_seed(seed)
    q = torch.stack([torch.randperm(33, generator=generator)[:n_actions] for _ in range(2 * batch)])
    q = (q.view(batch, 2, n_actions) - 16) / 4.0 + shift
    slack = torch.randint(-3, 20, (batch, n_actions, n_actions), generator=generator) / 4.0
    slack = torch.where(torch.arange(batch).view(-1, 1, 1) % 2 == 0, slack.abs() + 0.25, slack)
    v = torch.randint(-9, 10, (batch,), generator=generator) / 2.0
    joint = q[:, 0, :, None] + q[:, 1, None, :] + v.view(-1, 1, 1) - slack
    available = torch.ones(batch, 2, n_actions, dtype=torch.bool)
    if masked:
        available = torch.rand(batch, 2, n_actions, generator=generator) < 0.6
        available.scatter_(2, torch.randint(n_actions, (batch, 2, 1), generator=generator), True)
    return q, joint, v, available


def look(room: Room, answer) -> Verdict:
    every = torch.ones(1, 2, 2, dtype=torch.bool)
    cases = [(torch.tensor([[[3.0, 0.0], [1.0, 2.0]]]), torch.tensor([[[4.0, 6.0], [9.0, 1.0]]]), torch.tensor([2.0]),
              every),
             (torch.tensor([[[3.0, 0.0], [1.0, 2.0]]]), torch.tensor([[[4.0, 6.0], [9.0, 1.0]]]), torch.tensor([2.0]),
              torch.tensor([[[True, False], [True, True]]]))]
    for seed, (batch, n_actions, masked, shift) in enumerate(
            ((1, 3, False, 0.0), (6, 2, False, 0.0), (12, 3, True, 0.0), (20, 4, True, 0.0), (9, 5, True, -90.0),
             (7, 3, True, -1e6), (7, 3, True, 1e6))):
        cases.append(gap_states(batch, n_actions, seed, masked, shift))
    room.compare(answer, cases, violations)
    return Verdict("correct")


MISTAKES = twisted(
    violations,
    ("no mask", "actions that are not available are counted in",
     "Make an agent's best action unavailable in one state. Does either of your numbers change?",
     "neither ū nor the second condition is about joint actions that nobody can take"),
    ("free agents", "ū holds actions that are not available",
     "An agent that acts takes its best available action. Is that what your first number looks at?",
     "the first condition is about what the agents will really play"),
    ("free gaps", "the lowest gap is one that cannot be played",
     "The agents keep to what they can do. And the joint actions over which you take the minimum?",
     "a table may be as high as it likes where nobody can go"),
    ("zero", "zero is no mask",
     "Take an agent with negative utilities only. Which action wins once the unavailable ones count as 0?",
     "where utilities are negative a zero is the largest of all"),
    ("joint argmax", "ū is taken from Q_jt",
     "Who chooses ū: the agents, each by its own utilities, or somebody who knows the table?",
     "with Q_jt's own best entry the first condition says nothing about the agents' choice"),
    ("table's best", "the sum at ū is held against the best entry of Q_jt",
     "Sum and table must be looked at in the same place. Where is ū in the table?",
     "the first condition is about one joint action, the agents' own"),
    ("v turned", "V has the wrong sign",
     "Write the condition down once more. On which side does V stand, with which sign?",
     "the correction is added to the sum, so that the sum with it reaches the table"),
    ("no v", "V is left out", "Which of your four inputs do you never use?",
     "without V the agents would have to know how good the state is"),
    ("turned", "the gap is turned around",
     "The sum lies above the table by 3. Is the gap 3 or −3?",
     "the gap is sum minus table, and it must not be negative"),
    ("mean", "the mean of the utilities, not their sum",
     "Q′ is a sum. By how much is your first number off for the two states of the text?",
     "Q′ is VDN's sum, with one term an agent"),
    ("exchanged", "the two agents are exchanged",
     "Row or column: which of the two is agent 1's action?", "joint[u1][u2] read the other way round is another table"),
    ("no zero", "a lowest gap above 0 is no violation",
     "All gaps of a state are positive. What should the second number be?",
     "the second condition asks for nothing more than not below 0"),
    ("wrong side", "the wrong side is cut off at 0",
     "The lowest gap is −6. What should be left of it, and what is left by your clamp?",
     "gaps above 0 are allowed, gaps below are the violation; min(gap, 0) keeps those"),
    ("highest", "the highest gap, not the lowest",
     "One gap of −6 and one of +10: which of them tells whether the second condition holds?",
     "one joint action below is a violation, however far the others lie above"),
    ("added", "all violations are added up",
     "Two gaps of −1 and −2. The lowest of them is asked for.", "asked was the lowest gap, not the total"),
    ("averaged", "the mean violation, not the lowest gap",
     "Eight gaps of 0 and one of −9. Which number is asked for?", "a mean hides one bad entry among many good ones"),
    ("squared", "squares, as in the losses",
     "Asked are the gaps themselves, with their sign. Where does your square come from?",
     "a square no longer tells on which side the sum lies"),
    ("absolute", "the sign of the gap at ū is lost",
     "The sum may lie above or below the table at ū. Can your first number tell the two apart?",
     "both are violations, but in different directions"),
    ("no signs", "both numbers have lost their sign",
     "A gap below 0 is negative, and so is the sum's error at ū where it lies too low. Do your numbers show it?",
     "asked were the gaps, and not how far they are from 0"),
    ("numbers exchanged", "the two numbers are exchanged",
     "Which of the two is to come first, the gap at ū or the lowest gap?", "the gap at ū comes first"),
    ("size", "the size of the violation, without its sign",
     "A gap below 0 is negative. And your second number?", "asked was the gap, and not how far it is from 0"),
    ("others only", "ū itself is left out of the minimum",
     "The lowest gap of all joint actions that can be played is asked for. Is ū not one of them?",
     "where the sum is too low at ū, that gap may be the lowest of all"),
    ("all states at once", "one lowest gap for all states",
     "Over which axes does your minimum run? There should be one number for each state.",
     "each state has its own table and its own V"),
)

EXERCISE = Exercise(
    number="15.1", title="How far from holding?", answers={"violations": "function"}, difficulty=2, minutes=10,
    practises="test QTRAN's two conditions in a batch of states in which some actions are not available",
    hints=("First the gap for every joint action of every state: agent 1's utilities as a column, agent 2's as a row.",
           "Then ū: each agent's best available action, as in lesson 03. It picks one gap a state.",
           "For the second number let the gaps that cannot be played lose against all others, take the minimum, and "
           "cut off what is above 0."),
    mistakes=MISTAKES, look=look)
