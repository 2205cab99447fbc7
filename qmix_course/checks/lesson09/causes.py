"""09.5 · Four curves, four causes: find the cause of a strange curve by what it can and what it cannot change."""

from __future__ import annotations

import math

import numpy
import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

DICE_STAY, EVALUATION, AFTER_END, TIME_LIMIT, ONLINE_TARGET, AVERAGE = range(1, 7)
CAUSES = {"A": AVERAGE, "B": AFTER_END, "C": TIME_LIMIT, "D": DICE_STAY}


def wrong_type(text: str) -> Found:
    return Found(Verdict("wrong shape or type", text,
                         "Give a dict with the four letters, and a whole number from 1 to 6 for each."))


def number(letter: str, given) -> int:
    """The number of a cause, however it was typed: 3, 3.0, a tensor or an array with one element."""
    if isinstance(given, (torch.Tensor, numpy.ndarray, numpy.generic)) and math.prod(given.shape) == 1:
        given = given.item()
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise wrong_type(f'causes["{letter}"]: expected a number from 1 to 6, got {values.describe(given)}')
    if given not in range(1, 7):
        raise wrong_type(f'causes["{letter}"]: the causes have the numbers 1 to 6, got {given!r}')
    return int(given)


# Which mistake the wrong cause of a letter shows. The first one found is told, in this order of letters and causes.
NAMES = {
    ("A", DICE_STAY): "A: a late curve taken for dice that never calm down",
    ("D", AVERAGE): "D: a curve that never arrives taken for one that is late",
    ("B", DICE_STAY): "B: more than the best, put down to dice",
    ("B", EVALUATION): "B: more than the best, put down to dice",
    ("B", AVERAGE): "B: more than the best, put down to an average",
    ("C", DICE_STAY): "C: the play blamed where the play does not matter",
    ("C", EVALUATION): "C: the play blamed where the play does not matter",
    ("C", AFTER_END): "C: too many rewards for a belief that is too small",
    ("C", ONLINE_TARGET): "C: a belief that settles taken for one that runs away",
    ("C", AVERAGE): "C: a wrong height taken for a late arrival",
    ("A", EVALUATION): "dice seen in an evaluation that shows none",
    ("D", EVALUATION): "dice seen in an evaluation that shows none",
    ("A", AFTER_END): "rewards after the end where no return is too high",
    ("D", AFTER_END): "rewards after the end where no return is too high",
    ("A", ONLINE_TARGET): "runaway values suspected of a player who plays well",
    ("D", ONLINE_TARGET): "runaway values suspected of a player who plays well",
    ("B", ONLINE_TARGET): "B: wrong values cannot pay",
    ("B", TIME_LIMIT): "B: wrong values cannot pay",
    ("A", TIME_LIMIT): "a time limit suspected where it cannot hurt",
    ("D", TIME_LIMIT): "a time limit suspected where it cannot hurt",
}


def look(room: Room, causes) -> Verdict:
    if not isinstance(causes, dict):
        raise wrong_type(f"causes: expected a dict, got {values.describe(causes)}")
    missing = [letter for letter in CAUSES if letter not in causes]
    if missing:
        raise wrong_type(f"causes: no cause is given for {', '.join(missing)}")
    unknown = [key for key in causes if key not in CAUSES]
    if unknown:
        raise wrong_type(f"causes: the runs are A, B, C and D, but one key is {values.describe(unknown[0])}")
    given = {letter: number(letter, causes[letter]) for letter in CAUSES}
    right = sum(given[letter] == cause for letter, cause in CAUSES.items())
    if right < len(CAUSES):
        name = next(name for (letter, cause), name in NAMES.items() if given[letter] == cause)
        raise room.wrong(name, f"right: {right} of 4")
    return Verdict("correct")


MISTAKES = (
    Mistake("A: a late curve taken for dice that never calm down",
            "Where does the exploring curve of A end? Where would it end if the dice were still as wild as at the "
            "start?",
            "run A does reach the line of the perfect player, about 300 episodes after that line has levelled off"),
    Mistake("D: a curve that never arrives taken for one that is late",
            "Look at how rough the exploring curve of D is, and at where it ends. What would a mean of many episodes "
            "look like?",
            "a mean over 300 episodes would be smooth, and it would have arrived by episode 600"),
    Mistake("B: more than the best, put down to dice",
            "Hold both curves of B against the dashed line. Can dice ever lift a return above the best one?",
            "dice can only cost something, and a return above the best one is impossible however one plays"),
    Mistake("B: more than the best, put down to an average",
            "Take numbers of which none is above 7. What is the largest mean that they can have?",
            "a mean lies between its values, so that it cannot be above the best return either"),
    Mistake("C: the play blamed where the play does not matter",
            "The lamp pays 1 whatever anybody does. What could a random action change about its value?",
            "where all actions pay the same and lead to the same, dice change nothing"),
    Mistake("C: too many rewards for a belief that is too small",
            "Is the belief of C above the right value or below it? What would further rewards do to it?",
            "further rewards would make the belief larger, and it is too small"),
    Mistake("C: a belief that settles taken for one that runs away",
            "Look at the last quarter of C. Do the values still move away from where they are?",
            "values that run away grow without an end, while these stay at 5.2"),
    Mistake("C: a wrong height taken for a late arrival",
            "Look at the last quarter of C. If this curve were only late, which way would it still be going?",
            "the belief is level for the last 150 episodes, so that it is not on its way to 10"),
    Mistake("dice seen in an evaluation that shows none",
            "Look at the greedy curves of A and D, from the second entry to the last. Do any dice show in them?",
            "an evaluation that explores is rough, and here every greedy return is the same"),
    Mistake("rewards after the end where no return is too high",
            "Which way do further rewards move a return of this corridor, and do you see that in the greedy curves of "
            "A and D?",
            "the greedy returns are exactly 7, so that nothing was added to them"),
    Mistake("runaway values suspected of a player who plays well",
            "If the values ran away, what would become of the greedy play? Look at the greedy curves of A and D.",
            "the greedy player earns the best return at all entries but the first, so that only the exploring curve "
            "needs explaining"),
    Mistake("B: wrong values cannot pay",
            "This cause spoils what the player believes. Can a belief, however wrong, earn more than the best return?",
            "a fault of the target changes the values and the play, but a return is made of rewards"),
    Mistake("a time limit suspected where it cannot hurt",
            "This cause spoils what the player believes. Which curve of A and D tells how well it plays, and is that "
            "one bad?",
            "the greedy player needs four steps and meets no time limit, and it earns the best return"),
)

EXERCISE = Exercise(
    number="09.5", title="Four curves, four causes", answers={"causes": "value"}, difficulty=3, minutes=8, core=True,
    practises="find the cause of a strange curve by what it can and what it cannot change",
    hints=("Look at one run at a time. Which curve is where it should be? Whatever would have spoilt that one is not "
           "the cause.",
           "Ask of each strange curve: too high, too low, or too late? And of each cause: which of the three can it "
           "bring about?",
           "In one run the play cannot matter at all. In another, a return is better than possible. Begin with these "
           "two.",
           "For the two that are left, compare the ends of their exploring curves with the line of the perfect "
           "player."),
    mistakes=MISTAKES, look=look)
