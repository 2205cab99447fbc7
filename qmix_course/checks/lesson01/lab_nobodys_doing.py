"""01.7 · Nobody's doing: compare an agent with what it could have done itself, its partner's action held fixed."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

CAUSE = "D"
BLAMED = {"A": "random play is blamed", "B": "the running mean is blamed", "C": "one number for both is blamed",
          "E": "every baseline is blamed"}


def own_part(payoff, actions, twist=None):
    """What each agent is given, a play at a time: payoff[A1, A2], actions[B, 2] → [B, 2]."""
    given = []
    for u in actions.tolist():
        got, row = payoff[u[0], u[1]], []
        for i in range(2):
            own, partner = (payoff[:, u[1]], payoff[u[0]])[::1 if i == 0 else -1]
            baseline = {
                "partner": partner.mean(), "everything": payoff.mean(), "nothing": 0.0, "best": own.max(),
                "others": (own.sum() - got) / max(1, len(own) - 1), "sum": own.sum(), "median": own.median(),
                "only agent 1": (own if i == 0 else partner).mean(), "only agent 2": (own if i else partner).mean(),
                "both": (own.mean() + partner.mean()) / 2, "first action": own[0],
                "batch": payoff[actions[:, 0], actions[:, 1]].mean()}.get(twist, own.mean())
            row.append(baseline - got if twist == "sign" else got - baseline)
        given.append(torch.stack(row))
    return torch.stack(given)


def look(room: Room, cause, answer) -> Verdict:
    cases = [(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([[0, 1], [1, 1], [0, 0]]))]
    for seed, (rows, columns, batch) in enumerate(((3, 2, 4), (2, 4, 3), (3, 3, 1), (1, 3, 2), (2, 1, 2), (5, 4, 6))):
        generator = torch.Generator().manual_seed(seed)
        payoff = (4 * torch.randn(rows, columns, generator=generator) - 2).round(decimals=2)
        actions = torch.stack([torch.randint(n, (batch,), generator=generator) for n in (rows, columns)], 1)
        cases.append((payoff, actions))
    room.compare(answer, cases, own_part)
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


MISTAKES = tuple(Mistake(name, hint, why, partial(own_part, twist=twist) if twist else None)
                 for twist, name, hint, why in (
    ("partner", "each agent is still compared with what its partner could have done",
     "In 2B they played (0, 1). Over which entries of the table does agent 1's baseline run? Whose action changes "
     "there?",
     "over its partner's actions an agent's own part is 0 on average, whatever it does"),
    ("everything", "the symptom is hidden: one mean over the whole table for both",
     "The curves come apart. Is agent 1's number for (0, 1) in 2B the lesson's −3.5?",
     "the mean of the whole table knows neither what the partner did nor whose doing it was"),
    ("nothing", "the symptom is hidden: nothing is subtracted",
     "What do the two agents get for (0, 1) in 2B? One of them spoiled it, the other did well.",
     "both agents hear the team's reward again, the partner's doing included"),
    ("best", "compared with the best of its own actions, not with their mean",
     "What does an agent get that has played its best action? In the lesson it is more than 0.",
     "no action is then ever better than 0, and how good the others are does not count"),
    ("others", "the action that was played is left out of the mean",
     "The text takes the mean over all of an agent's own actions, the played one included.",
     "without it the number is larger, by a factor that depends on how many actions there are"),
    ("sum", "the sum of its own actions is subtracted, not their mean",
     "For (0, 1) in 2B the lesson has −3.5 and 0.5. Which number did you subtract?",
     "the sum grows with the number of actions"),
    ("median", "the median of its own actions, not their mean",
     "Which average does the text ask for?", "the median does not see how large the others are"),
    ("only agent 1", "only agent 1 is compared with itself", "And agent 2's baseline: over which axis does it run?",
     "agent 2's own part is still 0 on average, whatever it does"),
    ("only agent 2", "only agent 2 is compared with itself", "And agent 1's baseline: over which axis does it run?",
     "agent 1's own part is still 0 on average, whatever it does"),
    ("both", "half of what is subtracted is still the partner's",
     "Whose action may change in an agent's baseline, and whose is held fixed?",
     "half of the agent's own doing is taken away with it"),
    ("first action", "compared with its own action 0 alone",
     "The lesson's baseline runs over all of an agent's own actions.",
     "action 0 is one of them and no average"),
    ("batch", "compared with the mean reward of the batch",
     "Does what an agent gets for one play change when other plays stand beside it? It should not.",
     "the mean of a batch depends on what else was played"),
    ("sign", "the signs are turned round",
     "Agent 1 spoiled (0, 1) in 2B. Should it get less than 0, or more?",
     "an agent that does well is told to do otherwise"),
    (None, "random play is blamed", "The same random plays stand behind the second picture. What do the agents learn "
     "there?", "random play is enough to learn from; the second picture shows it"),
    (None, "the running mean is blamed", "Do the curves stop on their way, or have they arrived at one number?",
     "the same means arrive at 0.5 and 4.5 when they are given the team's reward"),
    (None, "one number for both is blamed", "Print shaped_rewards for one play. Are its two numbers the same?",
     "the two agents get different numbers, and in the second picture, with the same one for both, they learn"),
    (None, "every baseline is blamed", "Take 10 away from every reward. Which difference between two actions changes?",
     "a baseline that does not depend on an agent's own action leaves the difference between its actions as it is"),
))

EXERCISE = Exercise(
    number="01.7", title="Nobody's doing", answers={"cause": "value", "mended_rewards": "function"}, difficulty=3,
    minutes=10, practises="compare an agent with what it could have done itself", lab=True,
    hints=("Work out what shaped_rewards gives for (0, 1) in 2B, and hold it against the lesson's −3.5 and +0.5.",
           "payoff.mean(1) has one entry for each row. Whose actions are the rows, and over whose is the mean?",
           "Agent 1's baseline depends on what agent 2 has played: it is looked up by actions[:, 1]."),
    mistakes=MISTAKES, look=look)
