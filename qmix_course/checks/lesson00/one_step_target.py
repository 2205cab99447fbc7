"""00.1 · The target of one step: write the one-step target of Q-learning."""

from __future__ import annotations

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

GAMMA = 0.9


def one_step_target(reward, next_values, terminated):
    return reward + (0.0 if terminated else GAMMA * max(next_values))


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(7)
    draws = (5 * torch.randn(40, 5, generator=generator)).round(decimals=2).tolist()
    cases = [(reward, values, number % 3 == 0) for number, (reward, *values) in enumerate(draws)]
    room.compare(answer, cases, one_step_target)
    zeros = [(0.0, [1.0, 2.0], False), (0.0, [3.0, -1.0], True), (1.5, [-2.0, 0.0, -1.0], False),
             (-1.0, [0.0, 0.0], False)]
    at_the_edge(room, answer, zeros, one_step_target, ZERO)
    counts = [(1.0, [0.5], False), (-0.5, [0.25, 2.0], False), (2.0, [0.0, 1.0, 2.0, 3.0, 4.0, 9.0, 5.0, 7.5], False),
              (0.5, [float(k) for k in range(30)], False)]
    at_the_edge(room, answer, counts, one_step_target, COUNT)
    far = [(2.0, [-3e3, -2e3], False), (-1.0, [-2e12, -1e12, -3e12], False), (-4e12, [1e12, 3e12], False),
           (1.0, [-2e30, -1e30], False)]
    at_the_edge(room, answer, far, one_step_target, FIXED)
    return Verdict("correct")


ZERO = "a zero is taken for nothing"
COUNT = "it is right for a certain number of actions only"
FIXED = "a fixed number takes part where values may have any size"

# What people write instead, and what to tell them. The first that explains every answer given is named.
MISTAKES = (
    Mistake("the end of an episode is ignored",
            "After the last step nothing follows. What is the value of nothing?",
            "the values of the last steps then contain a future that never comes, and hand it on to all earlier ones",
            lambda r, v, end: r + GAMMA * max(v)),
    Mistake("the discount factor is missing",
            "A reward that comes one step later counts a little less. Where does γ stand in the formula?",
            "with γ = 1 being quick is worth nothing, and in an endless task the values grow without bound",
            lambda r, v, end: r + (0.0 if end else max(v))),
    Mistake("the discount factor is on the reward",
            "The reward comes now. Which of the two terms lies one step in the future?",
            "what comes now is not late; what comes later is",
            lambda r, v, end: GAMMA * r + (0.0 if end else max(v))),
    Mistake("everything is discounted",
            "The reward comes now. Only one of the two terms lies in the future.",
            "every value comes out γ times too small",
            lambda r, v, end: GAMMA * (r + (0.0 if end else max(v)))),
    Mistake("the reward is missing",
            "The step itself paid something. Is it in your sum?",
            "without rewards every value goes to zero",
            lambda r, v, end: 0.0 if end else GAMMA * max(v)),
    Mistake("the mean of the next values, not the best",
            "Q-learning assumes that the best next action is taken.",
            "this is the value of playing at random from the next step on",
            lambda r, v, end: r + (0.0 if end else GAMMA * sum(v) / len(v))),
    Mistake("the sum of the next values, not the best",
            "Only one action will be taken next. Which one does Q-learning assume?",
            "only one of the next actions is taken, so only one of the values can follow",
            lambda r, v, end: r + (0.0 if end else GAMMA * sum(v))),
    Mistake("the worst next value, not the best",
            "Does the agent want the largest or the smallest of the next values?",
            "the learner would prepare for an opponent that is not there",
            lambda r, v, end: r + (0.0 if end else GAMMA * min(v))),
    Mistake("the number of the best action, not its value",
            "The position of the largest value and the largest value are two things.",
            "an action's number says nothing about what it is worth",
            lambda r, v, end: r + (0.0 if end else GAMMA * max(range(len(v)), key=lambda a: v[a]))),
    Mistake("an ended episode pays nothing at all",
            "The step that ends an episode has a reward too.",
            "in many tasks the last step is the one that pays",
            lambda r, v, end: 0.0 if end else r + GAMMA * max(v)),
    Mistake("the end is turned around",
            "Look at which of the two cases gets the future: the step that ended, or the one that did not?",
            "the future is added exactly where there is none",
            lambda r, v, end: r + (GAMMA * max(v) if end else 0.0)),
    Mistake(ZERO,
            "A reward of 0 is a reward, and a value of 0 may be the best one. Which line of yours treats 0 in its own "
            "way?",
            "in Python 0 counts as False, so `if x` and `x or …` leave it out"),
    Mistake(COUNT,
            "How many next actions can there be? Try one, and try eight.",
            "the list has one value for each action, and environments differ in how many they have"),
    Mistake(FIXED,
            "Try next values that are all far below zero, and then all far above. Which number in your code do they "
            "pass?",
            "a search must begin with one of the values themselves, or with −∞",
            lambda r, v, end: r + (0.0 if end else GAMMA * max(0.0, *v))),
)

EXERCISE = Exercise(
    number="00.1", title="The target of one step", answers={"one_step_target": "function"}, difficulty=1, minutes=5,
    core=True,
    practises="write the one-step target of Q-learning",
    hints=("Which two terms does the target have? One comes now, one comes a step later.",
           "The later term needs the best of the next values, counted γ times.",
           "If the episode has ended, there is no later term."),
    mistakes=MISTAKES, look=look)
