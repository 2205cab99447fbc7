"""03.4 · Who am I?: append a one-hot agent id along the right axes."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def with_id(obs, first=False, number=None):
    """Written with loops. ``number(b, t, i, N)``: the entry that is 1 (None: i, as it should be)."""
    batch, time, n_agents, _ = obs.shape
    rows = []
    for b in range(batch):
        for t in range(time):
            for i in range(n_agents):
                where = i if number is None else number(b, t, i, n_agents)
                one_hot = [float(k == where) for k in range(n_agents)]
                seen = obs[b, t, i].tolist()
                rows.append(one_hot + seen if first else seen + one_hot)
    return torch.tensor(rows, dtype=obs.dtype).reshape(batch, time, n_agents, -1)


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(34)
    shapes = ((1, 1, 2, 1), (2, 3, 3, 4), (5, 1, 4, 2), (1, 4, 2, 6), (3, 2, 1, 3), (3, 3, 3, 3), (4, 2, 5, 1))
    room.compare(answer, [(torch.randn(shape, generator=generator).round(decimals=2),) for shape in shapes], with_id)
    return Verdict("correct")


def plain_number(obs, start=0):
    numbers = torch.arange(start, obs.shape[2] + start, dtype=obs.dtype)
    return torch.cat([obs, numbers[:, None].expand(*obs.shape[:3], 1)], -1)


def along(obs, axis):
    """The one-hot number of the sample or of the time step instead of the agent's."""
    size = obs.shape[axis]
    shape = [1, 1, 1, size]
    shape[axis] = size
    return torch.cat([obs, torch.eye(size, dtype=obs.dtype).reshape(shape).expand(*obs.shape[:3], size)], -1)


def mixed(obs):
    n_agents = obs.shape[2]
    agents_first = obs.transpose(1, 2).reshape(*obs.shape[:2], n_agents, -1)
    return torch.cat([agents_first, with_id(obs)[..., -n_agents:]], -1)


def in_blocks(obs):
    batch, time, n_agents, _ = obs.shape
    ids = torch.eye(n_agents, dtype=obs.dtype).repeat_interleave(batch * time, 0)
    return torch.cat([obs, ids.reshape(batch, time, n_agents, n_agents)], -1)


MISTAKES = (
    Mistake("the number itself, not one-hot",
            "With three agents, how many numbers do you append? The network should not take agent 2 for the double of "
            "agent 1.",
            "a number suggests an order and a distance between agents that do not exist", plain_number),
    Mistake("the number itself, counted from 1",
            "One-hot: as many numbers as agents, one of them 1 and the others 0.",
            "a number suggests an order and a distance between agents that do not exist",
            lambda obs: plain_number(obs, 1)),
    Mistake("the number stands in front",
            "The observation keeps its place. Where does what is appended go?",
            "whoever reads the observation by position now reads something else", lambda obs: with_id(obs, first=True)),
    Mistake("every agent has the same number",
            "Print the appended part for two agents. What tells them apart?",
            "a network that sees the same for both gives the same for both",
            lambda obs: with_id(obs, number=lambda b, t, i, n: 0)),
    Mistake("the numbers go the wrong way",
            "Which agent has its 1 in the first of the new places?",
            "the ids differ, but agent 1 answers to the number of the last one",
            lambda obs: with_id(obs, number=lambda b, t, i, n: n - 1 - i)),
    Mistake("off by one",
            "Agents are counted from 0 in the code. Where is the first one's 1?",
            "the last agent has no number of its own, or the first one's",
            lambda obs: with_id(obs, number=lambda b, t, i, n: (i + 1) % n)),
    Mistake("the number of the time step",
            "Along which of the four axes are the agents counted?",
            "agents at the same time step cannot be told apart", lambda obs: along(obs, 1)),
    Mistake("the number of the sample",
            "The batch has nothing to do with who is who. Which axis are the agents on?",
            "which sample of a batch one is in says nothing", lambda obs: along(obs, 0)),
    Mistake("ones for everybody",
            "One-hot has a single 1. How many are in your rows?",
            "the same numbers for each agent tell nobody apart",
            lambda obs: torch.cat([obs, torch.ones(*obs.shape[:3], obs.shape[2], dtype=obs.dtype)], -1)),
    Mistake("the numbers are dealt out in blocks",
            "Which axis changes fastest in memory, and does your repetition follow it? Print the ids of one sample.",
            "repeating each row in turn gives all of the first samples the first agent's number",
            in_blocks),
    Mistake("the observations change hands",
            "Is the first part of your result what you were given? A reshape does not swap axes.",
            "the number is right, and what stands beside it was seen by somebody else", mixed),
)

EXERCISE = Exercise(
    number="03.4", title="Who am I?", answers={"with_id": "function"}, difficulty=2, minutes=6,
    practises="append a one-hot agent id along the right axes",
    hints=("With N agents, the appended part of agent i is row i of a table of N rows and N columns. Which table?",
           "That table has to be repeated for every sample and every time step: give it two more axes in front, and "
           "expand it.",
           "Then join the two along the last axis."),
    mistakes=MISTAKES, look=look)
