"""15.4 · Switches that switch nothing: notice an operation whose result is thrown away."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def switched_sums(q, actions, twist=None):
    """Q′ with one agent's action replaced, one entry at a time."""
    batch, n_agents, n_actions = q.shape
    entries = []
    for b in range(batch):
        played = [q[b, i, a] for i, a in enumerate(actions[b].tolist())]
        if twist == "at their best":
            played = list(q[b].amax(1))
        for i in range(n_agents):
            others = sum((each for j, each in enumerate(played) if j != i), torch.zeros(()))
            if twist == "only two":
                others = played[n_agents - 1 - i]
            elif twist == "neighbour":
                others = played[(i + 1) % n_agents]
            elif twist == "first agent":
                others = sum(played[1:], torch.zeros(()))
            elif twist == "mean":
                others = others / max(n_agents - 1, 1)
            elif twist == "left in":
                others = others + played[i]
            elif twist == "all out":
                others = torch.zeros(())
            elif twist == "taken out twice":
                others = others - played[i]
            for a in range(n_actions):
                own = {"nothing": torch.zeros(()), "as played": played[i]}.get(twist, q[b, i, a])
                entries.append(own + others)
    return torch.stack(entries).view(q.shape)


CAUSE = "C"
BLAMED = {"A": "the reading of the values is blamed", "B": "another agent is blamed", "D": "the batch is blamed",
          "E": "the gradient is blamed"}


def look(room: Room, cause, answer) -> Verdict:
    cases = [(torch.tensor([[[5.0, 1.0], [2.0, 3.0]]]), torch.tensor([[0, 1]]))]
    for seed, shape in enumerate(((3, 2, 3), (2, 3, 2), (4, 1, 3), (1, 4, 4), (5, 3, 3), (2, 7, 2))):
        generator = torch.Generator().manual_seed(seed)
        q = (3 * torch.randn(shape, generator=generator)).round(decimals=2)
        cases.append((q, torch.randint(shape[2], shape[:2], generator=generator)))
    room.compare(answer, cases, switched_sums)
    for q, actions in cases:
        weight = torch.arange(1.0, q.numel() + 1).view(q.shape)
        truth, leaf = q.clone().requires_grad_(), q.clone().requires_grad_()
        wanted, = torch.autograd.grad((weight * switched_sums(truth, actions)).sum(), truth)
        sums = room.ask(answer, leaf, actions, may_change=(0,))
        if not isinstance(sums, torch.Tensor) or not sums.requires_grad:
            raise room.wrong("nothing can be learned from it")
        got, = torch.autograd.grad((weight * sums).sum(), leaf, allow_unused=True)
        if got is None or not torch.allclose(got, wanted, rtol=1e-9, atol=1e-9):
            raise room.wrong("the sums are right, the gradient is not")
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


MISTAKES = twisted(
    switched_sums,
    ("left in", "what the agent played is still in the sum",
     "Print the copies of the values before and after the line that should take each agent out of its own. What has "
     "changed?",
     "the agent's own value is counted twice, as played and as switched to: the sum is no sum of one joint action"),
    ("all out", "everybody is taken out",
     "With three agents, how many values should be left in each agent's copy?",
     "the others keep their actions, and their values stay in the sum"),
    ("first agent", "one agent is taken out of every copy",
     "Each copy belongs to another agent. Along which axis must the zero move from copy to copy?",
     "only that agent's switches come out right"),
    ("only two", "right for two agents only",
     "With two agents there is one other. With three?", "exchanging two values is no rule for three"),
    ("neighbour", "only one of the others is kept",
     "How many values does each of your sums add up for four agents?",
     "all others play their part of the joint action"),
    ("mean", "the mean of the others, not their sum",
     "Q′ is a sum over all agents. What do you do to the others' part?",
     "Q′ is VDN's sum, with one term an agent"),
    ("nothing", "the switch itself is missing", "Does your result depend on the action that the agent switches to?",
     "entry a must hold the value of action a"),
    ("as played", "nobody switches", "Your sums are the same for every action. Where does the action come in?",
     "entry a must hold the value of action a in place of what was played"),
    ("at their best", "the others play their best, not what they played",
     "The others stay with what they did. What did they do?",
     "the gap is asked for around the joint action that was played"),
    ("taken out twice", "what the agent played is taken out twice",
     "Where the switch is to what was played anyway, the sum must be the one that was played. By how much are you off?",
     "the own value has left the copy already when it is subtracted"),
) + (
    Mistake("nothing can be learned from it", "Which part of your function cuts it off from q?",
            "without a gradient no utility moves"),
    Mistake("the sums are right, the gradient is not",
            "The numbers are right. Does the gradient know that the agent was taken out, and that the others are in?",
            "a value that is changed behind autograd's back, or cut off, sends the wrong message to the utilities"),
    Mistake("the reading of the values is blamed",
            "In the figure an action that was not played is worth 0. Which value makes agent 1's line twice as steep?",
            "the values that were played are in the sums; one of them is there once too often"),
    Mistake("another agent is blamed",
            "If agent 2 had been taken out of agent 1's copy, how high would agent 1's line be where its action is "
            "worth 0?",
            "nothing is missing there: the 3 of agent 2 is in the sum"),
    Mistake("the batch is blamed",
            "With 41 plays added up, how would the lines look? Would each play still have a sum of its own?",
            "each play's sums hold its own values only"),
    Mistake("the gradient is blamed",
            "The figure shows sums. Can a gradient that is cut off make a sum too large?",
            "what is wrong are the values, before any gradient is asked for"),
)

EXERCISE = Exercise(
    number="15.4", title="Switches that switch nothing", answers={"cause": "value", "mended_sums": "function"},
    formerly=("wrong_line",),
    difficulty=3,
    minutes=15, core=True, practises="notice an operation whose result is thrown away", lab=True,
    hints=("Take one play of two agents and write down each line's result by hand. Then print them.",
           "Which of the lines computes something that nobody keeps?",
           "In torch, an operation whose name ends in an underscore writes in place. The others return something new."),
    mistakes=MISTAKES, look=look)
