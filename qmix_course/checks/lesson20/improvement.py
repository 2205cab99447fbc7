"""20.1 · Better, on several tasks: the probability of improvement, task by task."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def improvement(ours, theirs, twist=None):
    """The truth: every run of ours against every run of theirs, in one task at a time, then the mean over the tasks."""
    tie = {"ties won": 1.0, "ties lost": 0.0}.get(twist, 0.5)
    if twist == "the other way round":
        ours, theirs = theirs, ours
    if twist == "one pot":
        ours, theirs = [sum(ours, [])], [sum(theirs, [])]
    if twist == "first task":
        ours, theirs = ours[:1], theirs[:1]
    won, pairs, shares = 0.0, 0, []
    for us, them in zip(ours, theirs):
        met = [(a, b) for a in us for b in them]
        if twist == "paired":
            met = list(zip(us, them))
        if twist == "means":
            met = [(sum(us) / len(us), sum(them) / len(them))]
        if twist == "best":
            met = [(max(us), max(them))]
        points = sum(1.0 if a > b else tie if a == b else 0.0 for a, b in met)
        if twist == "nearly a tie":
            points = sum(0.5 if abs(a - b) <= 1e-5 * abs(b) else float(a > b) for a, b in met)
        if twist == "by how much":
            points = sum(a - b for a, b in met)
        won, pairs = won + points, pairs + len(met)
        shares.append(points / len(met))
    if twist == "every pair the same":
        return won / pairs
    if twist == "sum":
        return sum(shares)
    return sum(shares) / len(shares)


def improvement_cases() -> list[tuple]:
    cases = [([[1.0, 2.0]], [[1.5, 2.0]]), ([[3.0]], [[3.0]]),
             ([[1.0], [5.0, 5.0, 4.0]], [[0.0, 2.0], [4.0, 9.0]]),
             ([[1000.001, 3.0]], [[1000.0, 7.0]])]                        # close, and no tie
    generator = torch.Generator().manual_seed(201)
    for sizes in (((4, 4),), ((3, 5), (2, 2)), ((6, 2), (1, 7), (4, 4)), ((10, 10), (10, 10))):
        drawn = [[torch.randint(6, (count,), generator=generator).double().tolist() for count in pair]
                 for pair in sizes]
        cases.append(([us for us, _ in drawn], [[10.0 * k + score for score in them] if k else them
                                                for k, (_, them) in enumerate(drawn)]))
        if len(sizes) > 1:
            cases.append(([[10.0 * k + score for score in us] for k, (us, _) in enumerate(drawn)],
                          [[10.0 * k + score for score in them] for k, (_, them) in enumerate(drawn)]))
    return cases


def look(room: Room, answer) -> Verdict:
    room.compare(answer, improvement_cases(), improvement)
    return Verdict("correct")


MISTAKES = twisted(
    improvement,
    ("ties won", "a tie counts as a win",
     "Give both sides the same runs. What should come out, and what does?",
     "an algorithm would then be an improvement on itself"),
    ("ties lost", "a tie counts as a loss",
     "Compare an algorithm with itself, on one run of score 3 each. What should come out, and what does?",
     "two equal algorithms would each be worse than the other"),
    ("nearly a tie", "close scores count as a tie",
     "1000.001 and 1000: which is higher? A tie is when both are the same.",
     "how close is close hangs on the unit, and the units differ from task to task"),
    ("the other way round", "it is their probability and not ours",
     "Let every run of ours be better than every run of theirs. Do you get 1?",
     "the question is how likely a run of ours scores higher"),
    ("one pot", "runs of different tasks meet",
     "Task A pays up to 10 and task B up to 1,000. Does your answer let a run on A lose against one on B?",
     "scores of different tasks have different units; only runs on the same task can be compared"),
    ("every pair the same", "a task with more runs counts more",
     "One task with 100 runs, one with 4. How much does the second one count in your answer? The text wants the mean "
     "over the tasks.",
     "how often somebody ran a task says nothing about how much it matters"),
    ("paired", "only runs with the same number meet",
     "How many pairs are there with 3 runs of ours and 5 of theirs? Does seed 2 of ours have anything to do with seed "
     "2 of theirs?",
     "any run may meet any other; pairing throws most of the information away"),
    ("means", "the means are compared, not the runs",
     "How many values can your answer have on one task? With 10 runs each, a probability has more.",
     "whose mean is higher is a yes or no; how likely a run is to be better is more than that"),
    ("best", "the best runs are compared",
     "What does your answer say if one run of ours is lucky and nine fail?",
     "the best of several is luck as much as skill, and more runs make it better"),
    ("by how much", "it measures by how much, not how often",
     "Let one run of ours be better by a million. By how much should your answer grow?",
     "the probability of improvement asks who scores higher, and is not moved by how far"),
    ("first task", "only the first task counts",
     "Give it two tasks. Does the second one change your answer?",
     "the mean goes over all tasks"),
    ("sum", "the tasks are added up",
     "Can your answer be larger than 1? With how many tasks?",
     "a probability over several tasks is the mean over them"))

EXERCISE = Exercise(
    number="20.1", title="Better, on several tasks", answers={"improvement": "function"}, difficulty=2, minutes=8,
    core=True, practises="compare two algorithms run against run, with ties, over tasks of different units",
    hints=("Take one task first. How many pairs of one run of ours and one of theirs are there?",
           "A pair gives 1, 0.5 or 0. The mean over the pairs of one task is a number between 0 and 1.",
           "Then the mean over the tasks, each of which counts the same."),
    mistakes=MISTAKES, look=look)
