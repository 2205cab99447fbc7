"""12.1 · What the network is told: put observation, last action and agent id together without looking ahead."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def one_hot(number: int, count: int) -> list[float]:
    return [float(k == number) for k in range(count)]


def inputs(obs, actions, n_actions, twist=None, order=(0, 1, 2)):
    """The truth, one agent of one step at a time: (observation, last action, id)."""
    batch, time, n_agents = actions.shape
    rows = []
    for b, t, i in itertools.product(range(batch), range(time), range(n_agents)):
        if twist == "current":
            last = int(actions[b, t, i])
        elif twist == "next":
            last = int(actions[b, t + 1, i]) if t + 1 < time else -1
        elif twist == "rolled":
            last = int(actions[b, t - 1, i])
        elif twist == "other agent":
            last = int(actions[b, t - 1, i - 1]) if t else -1
        else:
            last = int(actions[b, t - 1, i]) if t else 0 if twist == "zero" else -1
        width = int(actions.max()) + 1 if twist == "read off" else n_actions
        told = [float(last)] if twist == "number" else one_hot(last, width)
        own = [float(i)] if twist == "id as number" else one_hot(0 if twist == "all first" else i, n_agents)
        parts = [obs[b, t, i].tolist(), told, [] if twist == "no id" else own]
        rows.append([number for part in order for number in parts[part]])
    return torch.tensor(rows, dtype=torch.float64).view(batch, time, n_agents, -1)


def input_cases() -> list[tuple]:
    cases, generator = [], torch.Generator().manual_seed(121)
    for batch, time, n_agents, obs_dim, n_actions in ((1, 2, 2, 1, 2), (2, 3, 2, 3, 4), (3, 1, 3, 2, 2),
                                                      (2, 4, 3, 1, 5), (1, 5, 1, 2, 3), (3, 3, 3, 3, 3)):
        obs = torch.randn(batch, time, n_agents, obs_dim, generator=generator, dtype=torch.float64).round(decimals=2)
        cases.append((obs, torch.randint(n_actions, (batch, time, n_agents), generator=generator), n_actions))
    # the last actions are never played
    for batch, time, n_agents, used, n_actions in ((1, 3, 2, 1, 3), (2, 1, 2, 2, 4), (2, 3, 4, 2, 6)):
        obs = torch.randn(batch, time, n_agents, 2, generator=generator, dtype=torch.float64).round(decimals=2)
        cases.append((obs, torch.randint(used, (batch, time, n_agents), generator=generator), n_actions))
    return cases


def look(room: Room, answer) -> Verdict:
    cases = input_cases()
    given = [room.ask(answer, *case) for case in cases]
    for order in list(itertools.permutations(range(3)))[1:]:
        if all(values.loosely_equal(got, inputs(*case, order=order), 1e-9) for got, case in zip(given, cases)):
            raise room.wrong("the right parts in another order")
    try:
        room.compare(answer, cases, inputs)
    except Found as found:
        if found.verdict.title == UNNAMED:
            for name, part in ((OBSERVED, 0), (TOLD, 1), (WHO, 2)):
                if not all(values.loosely_equal(part_of(got, case, part), part_of(inputs(*case), case, part), 1e-9)
                           for got, case in zip(given, cases)):
                    raise room.wrong(name, found.verdict.detail) from None
        raise
    return Verdict("correct")


OBSERVED, TOLD, WHO = (f"the part with {what} is not right"
                       for what in ("the observation", "the last action", "the id"))


def part_of(result, case: tuple, part: int) -> torch.Tensor:
    """The observation (0), the last action (1) or the id (2) within a result of the right shape."""
    return result.split([case[0].shape[3], case[2], case[0].shape[2]], -1)[part]


MISTAKES = (*twisted(
    inputs,
    ("current", "the action of the same step is shown",
     "When the network is asked for values at time t, has the action at time t been played yet?",
     "the network is told the answer that it is to give; when it plays, that action does not exist yet"),
    ("next", "shifted the wrong way",
     "Take three steps on paper. Which action stands beside the observation of step 1: that of step 0, or that of step "
     "2?",
     "the network is told what will be done next"),
    ("rolled", "the last action of the episode is shown at its start",
     "Print what stands at time 0. Where does it come from?",
     "a roll brings the end of the row round to its beginning"),
    ("zero", "no action looks like action 0",
     "How does the network tell an episode's start from a step after action 0?",
     "at the start there was no action, and a one-hot vector can say so: all zeros"),
    ("other agent", "an agent is told what another one did",
     "Whose last action may agent i know when it plays?",
     "no agent sees another one's action; the network would count on something that is not there in play"),
    ("number", "the action as one number",
     "Your input has one number for the action. Is action 3 three times action 1?",
     "a number puts an order and distances on actions that have none; one-hot treats them alike"),
    ("read off", "the number of actions is read off the data",
     "In a batch in which nobody plays the last action, how wide is your result? F.one_hot without a number of classes "
     "looks for the largest.",
     "the network's input then has another width from batch to batch"),
    ("id as number", "the agent's id as one number",
     "Your input has one number for the agent. Is agent 2 twice agent 1?",
     "a number puts an order on the agents that they do not have"),
    ("all first", "all agents are told the same id",
     "Compare the ids of two agents in your result.",
     "a shared network then cannot tell the agents apart, and they act alike"),
    ("no id", "nobody is told who it is",
     "How wide is your result, and how wide should it be? Which of the three parts is missing?",
     "a shared network then cannot tell the agents apart, and they act alike")),
    Mistake("the right parts in another order",
            "All numbers are there. In which order does the text ask for the three parts?",
            "the weights of a trained network belong to the places of its inputs"),
    Mistake(OBSERVED, "The first O numbers of an input are to be the observation as it came. Compare them with obs.",
            "the network must see what the agent sees"),
    Mistake(TOLD, "The numbers behind the observation are the last action, one-hot. Write them down for step 0 and "
                  "step 1 of one agent, and compare.",
            "at most one of them is 1, in the place of the action that the agent played one step before"),
    Mistake(WHO, "The last N numbers of an input say who the agent is. Print them for agent 1 and agent 2: where is "
                 "the 1?",
            "agent 1 has its 1 in the first place, agent 2 in the second, at every step"))

EXERCISE = Exercise(
    number="12.1", title="What the network is told", answers={"agent_inputs": "function"}, difficulty=2, minutes=10,
    practises="put observation, last action and agent id together without looking ahead",
    hints=("Three parts, side by side along the last axis. Make each with the axes [B, T, N, …] first.",
           "The last action of step t is the action of step t − 1. What is it at step 0?",
           "Comparing actions with 0, 1, …, A − 1 gives a one-hot vector, and all zeros for an action of −1."),
    mistakes=MISTAKES, look=look)
