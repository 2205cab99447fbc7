"""01.4 · One step of independent Q-learning: write the update of independent Q-learning for a whole team."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

# agents, observations, actions
STEP_SIZES = ((1, 2, 2), (2, 3, 2), (2, 2, 3), (3, 4, 2), (2, 5, 4), (4, 3, 3), (1, 4, 5))


def iql_step(q, obs, actions, reward, next_obs, terminated, rate, gamma, twist=None):
    """The truth, agent by agent."""
    new, table = q.clone(), q.tolist()
    n_agents = len(table)
    after = obs if twist == "before" else next_obs
    best = [max(table[i][int(after[i])]) for i in range(n_agents)]
    for i in range(n_agents):
        future = best[i]
        if twist == "team best":
            future = max(best)
        if twist == "team sum":
            future = sum(best)
        if twist == "first obs":
            future = max(table[i][int(after[0])])
        if twist == "first table":
            future = max(table[0][int(after[i])])
        if twist == "any obs":
            future = max(max(row) for row in table[i])
        if twist == "same action":
            future = table[i][int(after[i])][int(actions[i])]
        if twist == "mean":
            future = sum(table[i][int(after[i])]) / len(table[i][0])
        if twist == "worst":
            future = min(table[i][int(after[i])])
        if twist == "argmax":
            future = table[i][int(after[i])].index(best[i])
        if terminated and twist != "end" or twist == "turned" and not terminated:
            future = 0.0
        if twist == "turned" and terminated:
            future = best[i]
        if twist == "tilde":
            future = best[i] * (-2 if terminated else -1)
        paid = {"share": reward / n_agents, "gamma on the reward": gamma * reward, "gamma on all": gamma * reward,
                "no reward": 0.0}.get(twist, reward)
        y = paid + (future if twist in ("no gamma", "gamma on the reward") else gamma * future)
        if twist == "nothing at the end" and terminated:
            y = 0.0
        old = table[i][int(obs[i])][int(actions[i])]
        change = {"no rate": y - old, "target added": rate * y, "sides": (1 - rate) * (y - old),
                  "away": rate * (old - y)}
        if i > {"one agent": 0, "two agents": 1}.get(twist, n_agents):
            continue
        if twist == "row":
            new[i, int(obs[i])] += rate * (y - new[i, int(obs[i])])
            continue
        if twist == "team error":
            y = paid + gamma * (0.0 if terminated else sum(best)) - sum(
                table[k][int(obs[k])][int(actions[k])] for k in range(n_agents) if k != i)
        new[i, int(obs[i]), int(actions[i])] = old + change.get(twist, rate * (y - old))
    return new


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(104)
    cases = []
    for number, (agents, rows, columns) in enumerate(STEP_SIZES * 3):
        q = (4 * torch.randn(agents, rows, columns, dtype=torch.float64, generator=generator)).round(decimals=2)
        obs, next_obs = torch.randint(rows, (2, agents), generator=generator)
        actions = torch.randint(columns, (agents,), generator=generator)
        reward = round(float(3 * torch.randn((), dtype=torch.float64, generator=generator)), 2)
        rate, gamma = (0.1, 0.25, 1.0)[number % 7 % 3], (0.99, 0.5, 0.9, 1.0)[number % 4]
        cases.append((q, obs, actions, reward, next_obs, number % 3 == 1, rate, gamma))
    room.compare(answer, cases, iql_step)
    zeros = [(*case[:3], 0.0 if k == 0 else case[3], *case[4:6], 0.0 if k == 1 else 0.5, 0.0 if k == 2 else 0.9)
             for k, case in enumerate(case for case in cases[:6] if not case[5])]
    at_the_edge(room, answer, zeros, iql_step, ZERO)
    def shifted(size, shift):
        return [(size * (q + shift), *rest) for q, *rest in (cases[3], cases[5], cases[9])]

    far = [case for size in (1.0, 1e12) for shift in (-3e3, 3e3) for case in shifted(size, shift)]
    at_the_edge(room, answer, far, iql_step, FIXED)
    return Verdict("correct")


ZERO = "a zero is taken for a missing number"
FIXED = "a fixed number takes part where values may have any size"

MISTAKES = tuple(Mistake(name, hint, why, partial(iql_step, twist=twist)) for twist, name, hint, why in (
    ("end", "the end of an episode is ignored",
     "After a step that terminated nothing follows. What is left of the target there?",
     "the last entries get a future that never comes, and hand it on to all earlier ones"),
    ("turned", "the end is turned round",
     "In which of the two cases does your target get a future: if the step terminated, or if it did not?",
     "the future is added exactly where there is none"),
    ("tilde", "~ on a Python bool",
     "What does Python print for `~True`, and what for `~False`? `terminated` is no tensor here.",
     "~True is -2 and ~False is -1: the future is counted with the wrong sign, or twice"),
    ("nothing at the end", "a terminated step pays nothing at all",
     "The last step has a reward of its own. In the two-step game it is the only one that has.",
     "the one payment of the two-step game would be lost"),
    ("no gamma", "the discount factor is missing",
     "What comes one step later counts a little less. Where does `gamma` enter?",
     "with γ = 1 it is worth nothing to be quick"),
    ("gamma on the reward", "the discount factor is on the reward",
     "The reward comes now. Which of the two terms lies one step in the future?",
     "what comes now is not late; what comes later is"),
    ("gamma on all", "everything is discounted",
     "Only one of the two terms lies in the future. Which of them does `gamma` belong to?",
     "every value comes out too small"),
    ("no reward", "the reward is missing",
     "The step itself paid something. Is it in your target?",
     "without rewards every value goes to zero"),
    ("team best", "the best next value of the whole team",
     "Each agent has a table of its own. Can it look into the others' tables?",
     "an independent learner bootstraps from its own values; the others' are not its to know"),
    ("team error", "one error for the whole team",
     "Your agents share one sum of values. Whose old value is agent i's target compared with?",
     "learning from the sum of the agents' values is another method, which comes in lesson 04; independent learners "
     "know no sum"),
    ("team sum", "the agents' futures are added up",
     "Independent learners do not know of each other. How many futures stand in one agent's target?",
     "adding the agents' values is another method, which comes in lesson 04"),
    ("first obs", "every agent looks up the first agent's observation",
     "Agents may observe different things. Whose next observation belongs to agent i?",
     "in the two-step game all observe the same, so that this shows up only elsewhere"),
    ("first table", "every agent takes its future from the first agent's table",
     "Which agent's table holds what agent i can expect next?",
     "the first agent's values say what the first agent's actions are worth"),
    ("any obs", "the best value anywhere, not at the next observation",
     "Your maximum runs over too much. In which row of the agent's table does the next step happen?",
     "what could be had elsewhere says nothing about what comes next"),
    ("before", "the future is read at the old observation",
     "The step led from one observation to another. From which of them does the agent go on?",
     "the entry would chase its own row and never hear of what comes after"),
    ("same action", "the next action is taken to be the one just played",
     "The agent is free to choose again. Which of its next actions does Q-learning assume?",
     "the same number at another observation is another action"),
    ("mean", "the mean of the next values, not the best",
     "Which of the next actions does Q-learning assume?",
     "this is what follows if the agent chooses at random next time"),
    ("worst", "the worst next value, not the best",
     "Does the agent want the largest or the smallest of its next values?",
     "nobody plays against the agent"),
    ("argmax", "the number of the best action, not its value",
     "The position of the largest value and the largest value are two things.",
     "an action's number says nothing about what it is worth"),
    ("share", "the reward is divided among the agents",
     "There is one reward for the team, and the lesson's target has it in a certain way. Is anything divided there?",
     "every agent writes down the team's whole reward: that is what makes the interests common"),
    ("no rate", "the entry jumps to its target",
     "How far towards its target does an entry move in one step? Try `rate` = 0.1.",
     "with a partner who explores, the target is a different one each time, and an entry must average"),
    ("target added", "the target is added, not the distance to it",
     "An entry that has reached its target should stay. Does yours?",
     "the entry grows with every visit, wherever its target is"),
    ("sides", "the old value and the target have changed places",
     "With `rate` = 1 an entry should be its target afterwards. What is yours?",
     "a small step size would then mean large steps"),
    ("away", "the step goes away from the target",
     "Your entry is 2 and its target is 5. Should it become larger or smaller?",
     "every visit doubles the mistake in place of healing it"),
    ("row", "a whole row of the table moves",
     "The agent has tried one action. What has it learned about its other actions?",
     "then all actions of a row keep their distances, and none ever becomes better than another"),
    ("one agent", "only the first agent learns",
     "The team has more than one learner. Whose tables are unchanged after your step?",
     "every agent saw the reward, and every one learns from it"),
    ("two agents", "only the first two agents learn",
     "How many tables does `q` hold? Whose are unchanged after your step?",
     "a team may have more than two agents, and every one learns from the reward"),
)) + (
    Mistake(ZERO, "Try a reward of 0, then a rate of 0, then a γ of 0. What does your code put in its place?",
            "in Python 0 counts as False, so `x or …` replaces it"),
    Mistake(FIXED, "Try a table whose entries are all far below zero, and one with very large ones. Which number in "
                   "your code do they pass?",
            "values can have any size and sign; a search must begin with one of them, or with −∞"),
)

EXERCISE = Exercise(
    number="01.4", title="One step of independent Q-learning", answers={"iql_step": "function"}, difficulty=3,
    minutes=12,
    practises="write the update of independent Q-learning for a whole team",
    hints=("It is lesson 00's Q-learning, once for each agent. What do they have in common, and what has each for "
           "itself?",
           "In common: the reward, and whether the task has ended. For itself: the table, the observations, the "
           "action.",
           "Begin with a clone of `q`. For each agent compute a target from the old table; move one entry of the new "
           "one."),
    mistakes=MISTAKES, look=look)
