"""04.6 · A team that is too sure: tell one loss for the team from one loss for each agent."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

CAUSE = "E"
BLAMED = {"A": "the step size is blamed", "B": "the sum is blamed", "C": "the shapes are blamed",
          "D": "the lookup is blamed"}


def team_loss(q, actions, reward, twist=None):
    """The loss, a play at a time."""
    n_agents = len(q)
    if twist == "broadcast":
        totals = [sum(q[i, a] for i, a in enumerate(play)) for play in actions.tolist()]
        return sum((total - r) ** 2 for total in totals for r in reward) / len(reward) ** 2
    loss = 0.0
    for play, r in zip(actions.tolist(), reward):
        chosen = [q[i, a] for i, a in enumerate(play)]
        if twist == "alone":
            loss = loss + sum((value - r) ** 2 for value in chosen) / n_agents
        elif twist == "alone, added":
            loss = loss + sum((value - r) ** 2 for value in chosen)
        elif twist == "shares":
            loss = loss + sum((value - r / n_agents) ** 2 for value in chosen) / n_agents
        elif twist == "shares, added":
            loss = loss + sum((value - r / n_agents) ** 2 for value in chosen)
        elif twist == "first":
            loss = loss + (chosen[0] - r) ** 2
        elif twist == "errors added":
            loss = loss + sum(value - r for value in chosen) ** 2
        elif twist == "best":
            loss = loss + (max(chosen) - r) ** 2
        elif twist == "smaller":
            loss = loss + sum((value - r) ** 2 for value in chosen) / n_agents ** 3
        elif twist == "absolute":
            loss = loss + abs(sum(chosen) - r)
        elif twist == "cancel":
            loss = loss + (sum(chosen) - r)
        elif twist == "average":
            loss = loss + (sum(chosen) / n_agents - r) ** 2
        else:
            loss = loss + (sum(chosen) - r) ** 2
    if twist == "whole batch":
        everything = sum(q[i, a] for play in actions.tolist() for i, a in enumerate(play))
        return sum((everything - r) ** 2 for r in reward) / len(reward)
    if twist == "cancel":
        return (loss / len(reward)) ** 2
    if twist == "half":
        return loss / len(reward) / 2
    if twist == "per agent":
        return loss / n_agents
    if twist == "per play and agent":
        return loss / len(reward) / n_agents
    return loss if twist == "not averaged" else loss / len(reward)


def look(room: Room, cause, answer) -> Verdict:
    cases = [(torch.tensor([[0.0, 1.0], [2.0, 3.0]]), torch.tensor([[1, 0], [0, 1]]), torch.tensor([4.0, 1.0]))]
    for seed, (n_agents, n_actions, batch) in enumerate(((2, 3, 4), (3, 2, 5), (1, 4, 6), (2, 2, 1), (4, 3, 4),
                                                         (3, 5, 3))):
        generator = torch.Generator().manual_seed(seed)
        q = (3 * torch.randn(n_agents, n_actions, generator=generator)).round(decimals=2)
        actions = torch.randint(n_actions, (batch, n_agents), generator=generator)
        cases.append((q, actions, (5 * torch.randn(batch, generator=generator)).round(decimals=2)))
    room.compare(answer, cases, team_loss)
    for q, actions, reward in cases:
        leaf = q.clone().requires_grad_()
        loss = room.ask(answer, leaf, actions, reward, may_change=(0,))
        if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
            raise room.wrong("nothing can be learned from it")
        truth = q.clone().requires_grad_()
        wanted, = torch.autograd.grad(team_loss(truth, actions, reward), truth)
        got, = torch.autograd.grad(loss, leaf, allow_unused=True)
        if got is None or not torch.allclose(got, wanted, rtol=1e-9, atol=1e-9):
            lines = [f"q = {q.tolist()}, actions = {actions.tolist()}, reward = {reward.tolist()}; the gradient is"]
            lines.append(values.table(torch.zeros_like(q) if got is None else got, wanted))
            raise room.wrong("the number is right, the gradient is not", "\n".join(lines))
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


MISTAKES = tuple(Mistake(name, hint, why, partial(team_loss, twist=twist) if twist else None)
                 for twist, name, hint, why in (
    ("alone", "each agent still has a loss of its own",
     "How many errors does your version square for one play of the team? The reward belongs to all of them together.",
     "this is independent learning: every agent is told that it alone earned the reward"),
    ("alone, added", "the agents' own losses are added up",
     "Adding up losses does not add up values. What should be summed, and before or after the square?",
     "each term still asks one agent to explain the whole reward"),
    ("shares", "the symptom is hidden: each agent gets its share of the reward",
     "The mean of the four beliefs is right now. Are the four those of the best sum?",
     "the sum has the right size, yet no agent learns what the others explain; the credit is dealt out evenly, before "
     "anyone has learned"),
    ("shares, added", "the symptom is hidden: shares of the reward, losses added up",
     "Each agent is asked to explain 1/N of the reward. What of a reward that only one of them brought about?",
     "no agent learns what the others explain; the credit is dealt out evenly, before anyone has learned"),
    ("whole batch", "all plays are added up before the reward comes in",
     "Along which axis does your sum run? It should leave one number for each play.",
     "a play has a reward of its own, and the sum over all plays has not"),
    ("first", "only the first agent explains the reward",
     "How many of a play's utilities enter your error?",
     "VDN's team value is the sum over all agents"),
    ("half", "a factor stands in front of the loss",
     "The errors are right. Is there a number in your loss that the listing's does not have?",
     "half the squared error has half the gradient: the same minimum, and other steps"),
    ("errors added", "the reward is subtracted once for each agent",
     "You add up errors. How often does the reward enter for two agents, and for three?",
     "the sum of the utilities is then pulled towards N times the reward"),
    ("average", "the symptom is hidden: the mean of the utilities, not the sum",
     "Q_tot of VDN is a sum. What becomes of a table of sums if the means are fitted?",
     "the sums come out N times too large, although everything can be learned"),
    ("broadcast", "every play is held against every reward",
     "Print the shape of the error. How many numbers are there for a batch of B plays?",
     "[B] minus [B, 1] is [B, B]: each team value is pulled towards the mean of all rewards, so that the table becomes "
     "flat"),
    ("not averaged", "the sum over plays, not the mean",
     "The listing takes the mean over the plays of a batch. Does yours?",
     "the loss grows with the batch, and with it every step"),
    ("per agent", "the sum over plays is divided by the number of agents",
     "By which number do you divide? The listing takes the mean over the plays, and len(q) counts something else.",
     "the loss grows with the batch, and with it every step"),
    ("per play and agent", "the mean over plays and agents",
     "How many errors does a batch of B plays have now that there is one for the team? Divide by as many.",
     "the loss, and with it every step, becomes smaller the larger the team is"),
    ("cancel", "errors of different plays cancel",
     "Two plays, one error of +3 and one of −3. What should the mean of the squared errors be, and what is yours?",
     "the mean is taken before the square, so that a team that is wrong everywhere can have a loss of zero"),
    ("best", "only one agent explains the reward",
     "Which of the utilities of a play enter VDN's team value?",
     "the largest utility is no sum, and the others are never asked"),
    ("smaller", "the symptom is hidden: every agent's error is made smaller",
     "A factor in front of an error does not move the place where it is zero. Whose error is it?",
     "the loss is smaller, but each agent is still asked to explain the whole reward"),
    ("absolute", "the loss is no longer the squared error",
     "The shapes are right. Which power of the error does the listing take?",
     "absolute errors lead to another fit than squared ones"),
    (None, "nothing can be learned from it", "Which part of your loss cuts it off from q?",
     "without a gradient no utility ever moves"),
    (None, "the number is right, the gradient is not",
     "All agents learn from the one error of the team. Is one of the utilities cut off from the gradient, or counted "
     "twice?",
     "the optimiser follows the gradient, not the number"),
    (None, "the step size is blamed", "Do the curves swing, or come back from above?",
     "the curves rise evenly to 9 and stay there: that is where this loss is smallest"),
    (None, "the sum is blamed", "Can a sum be 1 everywhere? And what does a team of two believe of that game?",
     "the best sum for 2B has 6.5 in its corner, and a game that always pays 1 is a sum"),
    (None, "the shapes are blamed", "If every play were pulled towards the mean of all rewards, how far apart could "
     "the curves be in the end?",
     "[B, N] minus [B, 1] holds each play against its own reward; the curves are apart as the payoffs are"),
    (None, "the lookup is blamed", "Which entry of q does q[agents, actions] give for agent 1 and its action 0?",
     "row i is agent i's in every play: agents counts the rows, and broadcasts over the plays"),
))

EXERCISE = Exercise(
    number="04.6", title="A team that is too sure", answers={"cause": "value", "mended_loss": "function"},
    formerly=("wrong_line",), difficulty=3, minutes=10, core=True,
    practises="tell one loss for the team from one loss for each agent", lab=True,
    hints=("How does the belief in the second picture grow with the team? What is done once for each agent?",
           "Write the shape behind each line of the listing. Where should the axis of the agents disappear? VDN has "
           "one error for each play. How many does the listing have?",
           "Mind the shapes when you subtract: what is [B] minus [B, 1]?"),
    mistakes=MISTAKES, look=look)
