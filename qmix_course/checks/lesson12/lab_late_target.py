"""12.4 · The target that came late: the curves of a recurrent target network that starts too late, and the repair."""

from __future__ import annotations

import copy

import torch

from qmix_course.agents import GRUAgents
from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

CAUSE = "B"
BLAMED = {"A": "the agents' memory is blamed", "C": "the copy of the target network is blamed", "D": "gamma is blamed",
          "E": "the training is called too short"}


def targets(target, obs, last_actions, available, reward, terminated, gamma, twist=None):
    """The truth, one step after the other: the target network walks through each episode from its first observation."""
    with torch.no_grad():
        batch, time, y = obs.shape[0], reward.shape[1], reward.clone()
        memory = None
        if twist == "first look everywhere":
            obs = obs[:, :1].expand_as(obs)
        if twist == "warm with the future":
            _, memory = target(obs, last_actions)
        if twist == "warm twice":
            _, memory = target(obs[:, :2], last_actions[:, :2])
        if twist == "later action":
            _, memory = target(obs[:, :1], last_actions[:, 1:2])
        walk = []                                               # values at times 0 … T, or 1 … T if it starts late
        late = twist in ("late", "first look everywhere", "warm with the future", "warm twice", "later action")
        for t in range(1 if late else 0, time + 1):
            told = torch.full_like(last_actions[:, t:t + 1],
                                   -1) if twist == "no last action" else last_actions[:, t:t + 1]
            q, memory = target(obs[:, t:t + 1], told, memory)
            if twist == "forgets":
                memory = None
            walk.append(q[:, 0])
        q = torch.stack(walk, 1)
        following = q if late else q[:, :-1] if twist == "one step early" else q[:, 1:]
        may = available[:, :-1] if twist == "mask of the step before" else available[:, 1:]
        if twist != "no mask":
            following = following.masked_fill(~may, -torch.inf)
        value = following.amax(-1).sum(-1)
        for b in range(batch):
            for t in range(time):
                y[b, t] += 0.0 if terminated[b, t] else gamma * value[b, t]
        return y


def lab_cases() -> list[tuple]:
    cases, generator = [], torch.Generator().manual_seed(124)
    for batch, time, n_agents, obs_dim, n_actions, gamma in ((1, 2, 1, 1, 2, 0.5), (2, 3, 2, 2, 3, 0.9),
                                                             (3, 1, 2, 3, 2, 0.8), (3, 5, 2, 2, 4, 0.99)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(batch + time)
            target = GRUAgents(n_agents, obs_dim, n_actions, hidden=4).double()
        with torch.no_grad():
            for parameter in target.parameters():
                parameter.uniform_(-1.5, 1.5, generator=generator)
            if batch == 2:
                target.head.bias.sub_(1e5)                              # values can be far below 0
            if batch == 3:
                target.head.weight.mul_(1e5)                            # and far apart
        obs = torch.randn(batch, time + 1, n_agents, obs_dim, generator=generator,
                          dtype=torch.float64).round(decimals=2)
        last = torch.randint(n_actions, (batch, time + 1, n_agents), generator=generator)
        last[:, 0] = -1
        available = torch.rand(batch, time + 1, n_agents, n_actions, generator=generator) < 0.6
        lucky = torch.randint(n_actions, (batch, time + 1, n_agents, 1), generator=generator)
        reward = torch.randn(batch, time, generator=generator, dtype=torch.float64).round(decimals=2)
        terminated = (torch.rand(batch, time, generator=generator) < 0.4) & (torch.arange(time) == time - 1)
        available = available.scatter(-1, lucky, True)
        if batch == 3:
            available[:, 1:][terminated] = False                        # after the end there may be nothing to do
        cases.append((target, obs, last, available, reward, terminated, gamma))
    return cases


def look(room: Room, cause, mended) -> Verdict:
    cases = lab_cases()
    try:
        room.compare(mended, cases, targets)
    except Found as found:
        if found.verdict.title == UNNAMED and _blind_at_the_start(room, mended, cases):
            raise room.wrong(LATE, "Changing obs[:, 0] alone changes no target.") from None
        if found.verdict.title == UNNAMED and _right_far_above_zero(room, mended, cases):
            raise room.wrong(FILL, found.verdict.detail) from None
        raise
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


def _blind_at_the_start(room: Room, mended, cases: list[tuple]) -> bool:
    """Whether the first observation has no part in any target."""
    target, obs, *rest = cases[1]
    other = obs.clone()
    other[:, 0] += 1.0
    return values.same(room.ask(mended, target, obs, *rest), room.ask(mended, target, other, *rest))


def _right_far_above_zero(room: Room, mended, cases: list[tuple]) -> bool:
    """Whether the same networks give right targets once all their values are large and near each other."""
    for target, *rest in cases:
        high = copy.deepcopy(target)
        with torch.no_grad():
            high.head.weight.mul_(3.0 / high.head.weight.abs().max())
            high.head.bias.add_(1e3 - high.head.bias.min())
        if values.problem(room.ask(mended, high, *rest), targets(high, *rest), 1e-9) is not None:
            return False
    return True


FILL = "an unavailable action gets a number that real values can lie below"
LATE = "the target network still never sees the first observation"

MISTAKES = twisted(
    targets,
    ("late", LATE,
     "Two episodes that differ in the first observation alone: can their targets differ? Which observations does the "
     "target network get?",
     "what only the first observation shows is missing from every target, and the shapes fit all the same"),
    ("one step early", "now the values are those of the steps before",
     "It starts at the first observation now. Which times do the values belong to that you use: 0 to T − 1, or 1 to T?",
     "the target of step t needs what comes after it, at t + 1"),
    ("first look everywhere", "the first observation stands in for all the others",
     "With the lamp nothing else is ever seen, so this works here. What does the network read in an episode in which "
     "every step shows something?",
     "the network has to walk through what the agents saw, step by step"),
    ("warm with the future", "it starts with a memory from the end of the episode",
     "You give the second observation a memory. Which observations has that memory seen? It should be one.",
     "the target would know what is still to come"),
    ("warm twice", "one observation is read twice",
     "Write down, step by step, which observations the network reads. Does one of them turn up twice?",
     "the memory before the second observation must hold the first one alone"),
    ("later action", "the first observation is read with a later action",
     "Before the first step nobody has acted. Which last action does the network get with the first observation?",
     "the memory would hold an action that was chosen only afterwards"),
    ("forgets", "each step starts with an empty memory",
     "Your version goes step by step. What does it do with the memory that each call returns?",
     "without the memory each value belongs to an agent that has seen one observation only"),
    ("no last action", "the last actions are gone",
     "The network reads observations and last actions. Which last actions do you hand it?",
     "the network then answers for another episode, in which nobody acted"),
    ("no mask", "unavailable actions may win now",
     "The walk is right. Which actions may the maximum choose from?",
     "a value that can never be reached enters the targets"),
    ("mask of the step before", "the mask belongs to another step",
     "Two tables meet in masked_fill. Are they of the same times in your version?",
     "what was possible before the step may be impossible after it")) + (
    Mistake(FILL, "What keeps an action that is not available from winning? Let the network's values be 100,000 times "
                  "as large, of either sign: does it still lose?",
            "only −inf, or something below all values at hand, loses against every value"),
    Mistake("the agents' memory is blamed", "What do the agents believe in the last step, with the lamp lit and dark? "
            "They see the lamp in the first step only.",
            "in the last step they are right about both, so they remember the lamp"),
    Mistake("the copy of the target network is blamed", "A copy that takes over a twentieth each time has most of "
            "what was learned after forty updates. For how many updates have the first step's curves been one?",
            "a slow copy makes the same learning slower; it does not make two values one"),
    Mistake("gamma is blamed", "What are 0.9 · 0.9 · 1 and 0.9 · 0.9 · 0?",
            "discounting leaves 0.81 against 0, and the curves are one"),
    Mistake("the training is called too short", "Which way do the first step's curves go in the second half?",
            "they have met and do not part any more"))

EXERCISE = Exercise(
    number="12.4", title="The target that came late", answers={"cause": "value", "mended_targets": "function"},
    formerly=("wrong_line",), difficulty=3, minutes=10, core=True,
    practises="recognise a target network that starts too late by what is believed, and start it with the episode",
    lab=True,
    hints=("The last step is learned from the reward alone, the first step from a target. What differs between the two "
           "pairs of curves?",
           "The agents that played had seen the first observation at every later step. Has the target network?",
           "It may walk through all T + 1 observations. Which of its values do you need then?"),
    mistakes=MISTAKES, look=look)
