"""13.3 · What the judge learns: a value without limits, of a team that chooses within them."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def judged(reward, q, gamma, twist=None):
    """The truth, from the last step back, entry by entry."""
    steps = len(reward)
    best = [tuple(max(range(q.shape[2]), key=values.__getitem__) for values in row) for row in q.tolist()]
    if twist == "worst":
        best = [tuple(min(range(q.shape[2]), key=values.__getitem__) for values in row) for row in q.tolist()]
    table = torch.zeros_like(reward)
    after = float(sum(max(values) for values in q[-1].tolist())) if twist == "no end" else 0.0
    for t in reversed(range(steps)):
        table[t] = reward[t] + (after if twist == "no gamma" else gamma * after)
        if twist == "mean":
            after = float(table[t].mean())
        elif twist == "its own best":
            after = float(table[t].max())
        elif twist == "agents' values":
            after = float(sum(max(values) for values in q[t].tolist()))
        elif twist == "one step":
            after = float(reward[t][best[t]])
        elif twist == "best of the step before":
            after = float(table[t][best[t - 1]]) if t else 0.0
        else:
            after = float(table[t][best[t]])
        if twist == "gamma by the clock":
            after *= gamma ** (steps - 1 - t)
    if twist == "only greedy":
        return torch.stack([table[t][best[t]] for t in range(steps)])
    if twist == "from the front":
        table, after = torch.zeros_like(reward), 0.0
        for t in range(steps):
            table[t] = reward[t] + gamma * after
            after = float(table[t][best[t]])
    return table


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(1313)
    found = []
    for steps, n_agents, n_actions, gamma in ((2, 2, 2, 0.5), (1, 2, 3, 0.9), (4, 2, 3, 0.9), (3, 3, 2, 0.99),
                                              (6, 2, 4, 0.7), (5, 1, 3, 1.0), (3, 2, 2, 0.0)):
        reward = torch.randint(-12, 13, (steps,) + (n_actions,) * n_agents, generator=generator).double()
        ranks = torch.stack([torch.randperm(n_actions, generator=generator) for _ in range(steps * n_agents)])
        found.append((reward, ranks.double().reshape(steps, n_agents, n_actions) - 0.5, gamma))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), judged)
    return Verdict("correct")


EXERCISE = Exercise(
    number="13.3", title="What the judge learns", answers={"judged": "function"}, difficulty=3, minutes=12,
    practises="tell the value of what the monotone agents choose from the value of the best that could be chosen",
    formerly=("ow_loss",),
    hints=("Begin at the last step: what is a joint action worth there?",
           "One step earlier, the next value is a single number: that of one joint action of the next step. Which one?",
           "The monotone agents choose it, each by its own values. The judge says what it is worth."),
    mistakes=twisted(
        judged,
        ("its own best", "the judge chooses for itself",
         "Which joint action is asked about in the next state: the judge's best one, or the one that the agents take?",
         "a maximum over all joint actions of the judge costs A^N and is played by nobody"),
        ("agents' values", "the agents' own values are believed",
         "The agents say what is played. Who says what it is worth?",
         "the agents' values choose well and estimate badly: they are only good for their order"),
        ("one step", "the judge looks one step ahead and no further",
         "What comes after the next step? Is it part of the next value?",
         "the next value holds all that is still to come"),
        ("best of the step before", "the choice of one step is looked up in the table of the next",
         "In which step are the values that say what is played in the next step?",
         "the agents choose in each step by their values of that step"),
        ("no gamma", "the discount factor is missing",
         "What is a reward of the next step worth today?",
         "later rewards count less, by gamma for each step"),
        ("gamma by the clock", "the discount is taken more than once",
         "One step back multiplies by gamma once. What does your loop multiply by in the second round?",
         "the next value is discounted already as seen from the next step"),
        ("no end", "something is expected after the last step",
         "The episode ends with the last step. What follows?",
         "behind the end there is nothing to be had"),
        ("only greedy", "only the played joint action is judged",
         "The judge is asked about every joint action of a step. Which shape has that?",
         "the weights and the errors need the value of joint actions that the agents would not take"),
        ("from the front", "the way goes forwards, and values come from behind",
         "What must be known before the value of the first step can be?",
         "the value of a step contains what comes after it, so the last step comes first"),
        ("mean", "the next joint action is any one, by chance",
         "Do the agents play evenly when they are greedy?",
         "the target looks at what the agents would choose, not at what they happen to play"),
        ("worst", "the agents take the worst action",
         "Which end of an agent's values is its choice?",
         "each agent takes its best action")),
    look=look)
