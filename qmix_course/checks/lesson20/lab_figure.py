"""20.4 · A figure that convinces: seeds chosen after looking, on both sides alike, and unequal all the same."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict
from qmix_course.intervals import iqm


def compare(ours, theirs, twist=None):
    """The truth: as many runs of each, those with the lowest seeds, cut at the shorter length; the IQM of each look."""
    sides = []
    count, looks = min(len(ours), len(theirs)), min(len(each) for runs in (ours, theirs) for each in runs.values())
    lowest = [runs[seed] for runs in (ours, theirs) for seed in sorted(runs)[:count]]
    if twist == "kept length":
        looks = min(map(len, lowest))
    for runs in (ours, theirs):
        rows = [runs[seed] for seed in sorted(runs)]
        if twist == "in both" and (both := sorted(set(ours) & set(theirs))):
            rows = [runs[seed] for seed in both]
        if twist == "at the end":
            rows = sorted(rows, key=lambda row: row[looks - 1], reverse=True)
        if twist == "best look":
            rows = sorted(rows, key=lambda row: max(row[:looks]), reverse=True)
        if twist == "mean":
            rows = sorted(rows, key=lambda row: sum(row[:looks]), reverse=True)
        if twist == "listing":
            rows = sorted(runs.values(), key=lambda row: row[-1], reverse=True)
        if twist == "worst":
            rows = sorted(rows, key=lambda row: row[-1])
        if twist == "middle":
            rows = sorted(rows, key=lambda row: row[-1])
            start = (len(rows) - count) // 2
            rows = rows[start:start + count]
        if twist == "as they come":
            rows = list(runs.values())
        if twist == "as text":
            rows = [runs[seed] for seed in sorted(runs, key=str)]
        if twist == "last seeds":
            rows = rows[::-1]
        if twist != "all":
            rows = rows[:count]
        length = min(map(len, rows)) if twist == "own length" else looks
        column = [[row[t] for row in rows] for t in range(length)]
        if twist == "mean of runs":
            sides.append([sum(each) / len(each) for each in column])
        elif twist == "maximum so far":
            sides.append([iqm([max(row[:t + 1]) for row in rows]) for t in range(length)])
        else:
            sides.append([iqm(each) for each in column])
    return sides


def figure_cases() -> list[tuple]:
    generator, cases = torch.Generator().manual_seed(204), []

    def runs(seeds, looks):
        rows = torch.randint(-9, 9, (len(seeds), looks), generator=generator).double()
        return {seed: row.tolist() for seed, row in zip(seeds, rows)}

    for ours, theirs, looks in (((0, 1, 2), (0, 1), (2, 2)), (range(12), range(4), (3, 3)),
                                (range(5), range(5), (4, 4)),
                                ((9, 2, 5, 7, 1, 8), (3, 0, 4), (5, 3)), (range(4), range(16), (5, 2)),
                                ((30, 4, 11, 2, 8), range(100, 120), (3, 3)), ((1,), (2,), (1, 1))):
        cases.append((runs(list(ours), looks[0]), runs(list(theirs), looks[1])))
    cases.append((runs([0, 1, 2, 5], 3), runs([1, 2, 7], 3)))                       # some seeds on both sides
    broken = runs([0, 1, 2], 4)
    return [*cases, (broken | {2: broken[2][:2]}, runs([0, 1], 4))]                 # a run that is dropped is shorter


def look(room: Room, answer) -> Verdict:
    room.compare(answer, figure_cases(), compare)
    return Verdict("correct")


MISTAKES = twisted(
    compare,
    ("listing", "the runs are still chosen by how they ended",
     "Twenty runs of one side, five of the other: what share of its runs does each side drop, and which ones?",
     "the best five of twenty against all of five is a comparison of numbers of runs"),
    ("at the end", "the runs are chosen by the last look that both sides have",
     "It sorts by another look now, and it still sorts by the result.",
     "whatever of the result decides who stays, the side with more runs gains by it"),
    ("best look", "the runs are chosen by their best look",
     "Is the best look no result? Which run would it drop?",
     "whatever of the result decides who stays, the side with more runs gains by it"),
    ("mean", "the runs are chosen by their mean",
     "A mean over the looks is a result too. What do you know of a run before it has begun?",
     "whatever of the result decides who stays, the side with more runs gains by it"),
    ("worst", "now the worst runs are kept",
     "Fair would be a choice that does not look at the results at all.",
     "turning the order round gives the advantage to the other side"),
    ("middle", "the runs in the middle are kept",
     "Your choice still reads the returns. What was known of a run before it began?",
     "it makes the side with more runs look surer than it is: its spread is cut away"),
    ("as they come", "the runs are taken in the order in which they lie there",
     "A dictionary keeps the order in which it was filled, and a sweep fills it as runs finish. Which seeds does the "
     "text ask for?",
     "runs that finish first may be the short ones, and a choice by chance cannot be repeated"),
    ("as text", "the seeds are sorted as text",
     "Print the seeds in the order in which you take them. Where does 10 stand: before 2 or after it?",
     "as text 10 comes before 2, so that other runs are kept than the lowest"),
    ("last seeds", "the highest seeds are kept, not the lowest",
     "In which order do you go through the seeds?",
     "a rule fixed beforehand would do, and the text fixes the lowest"),
    ("all", "all runs are used, not as many of each",
     "How many runs of each side does the text ask for?",
     "honest too, and to be preferred elsewhere; here the text fixes as many of each"),
    ("kept length", "the looks are counted among the kept runs alone",
     "The listing counts the looks of all runs, before it drops any. Does yours?",
     "the task was to change one thing; a shorter run that is dropped would change the curves too"),
    ("in both", "the seeds that both sides have are preferred",
     "Which seeds does the text ask for: the lowest of each side, or those on both sides?",
     "other runs than the lowest are drawn wherever the seeds overlap in part"),
    ("own length", "the two curves have different lengths",
     "Which looks do both sides have? Your longer curve goes on alone.",
     "a side that trained longer would be compared at the end of a larger budget"),
    ("mean of runs", "the mean is drawn, not the interquartile mean",
     "The listing uses iqm; keep it.",
     "one run of eight can pull a mean anywhere"),
    ("maximum so far", "the best look so far is drawn",
     "Can a curve of yours fall? A team can.",
     "the best of several looks is a choice after looking too"))

EXERCISE = Exercise(
    number="20.4", title="A figure that convinces", answers={"mended_compare": "function"}, difficulty=3, minutes=10,
    core=True, lab=True, practises="notice a choice that is made after looking",
    hints=("Both curves are of the same algorithm. Which step treats the two sides differently, although its code is "
           "the same for both?",
           "Give it twenty runs that are pure noise and five that are pure noise. Which curve is higher?",
           "What may decide which runs are shown? Only what was known before the first of them began."),
    mistakes=MISTAKES, look=look)
