"""03.6 · Somebody else's eyes: tell a reshape from a transpose, and test with more than one sample."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def team_values(obs, weights, biases, source=None, network=None, relu=True):
    """Row by row. ``source(b, t, i, B, T, N)``: whose observation is read; ``network(…)``: whose weights are used."""
    batch, time, n_agents, _ = obs.shape
    flat = obs.flatten(0, 2)
    q = torch.empty(batch, time, n_agents, weights[-1].shape[-1], dtype=obs.dtype)
    for b in range(batch):
        for t in range(time):
            for i in range(n_agents):
                place = (b, t, i, batch, time, n_agents)
                x = flat[source(*place)] if source else obs[b, t, i]
                k = network(*place) if network else i
                for layer, (weight, bias) in enumerate(zip(weights, biases)):
                    x = x @ weight[k] + bias[k, 0]
                    if relu == "everywhere" or relu and layer < len(weights) - 1:
                        x = x.clamp(min=0)
                q[b, t, i] = x
    return q


def as_listed(b, t, i, batch, time, n_agents):
    return i * batch * time + b * time + t


def look(room: Room, wrong_line, answer) -> Verdict:
    generator = torch.Generator().manual_seed(36)
    cases = []
    for batch, time, sizes, n_agents in ((1, 2, (1, 1), 2), (1, 1, (3, 4, 2), 2), (3, 2, (2, 3, 2), 2),
                                         (4, 3, (3, 4, 4, 5), 3),
                                         (2, 2, (2, 2, 2), 2), (5, 1, (4, 3, 2), 4),
                                         (1, 5, (2, 4, 3), 3), (3, 4, (6, 5, 5, 4), 1), (2, 3, (3, 2), 5)):
        def draw(*shape):
            return torch.randn(shape, generator=generator).round(decimals=2)

        weights = [draw(n_agents, i, o) for i, o in zip(sizes, sizes[1:])]
        cases.append((draw(batch, time, n_agents, sizes[0]), weights, [draw(n_agents, 1, o) for o in sizes[1:]]))
    room.compare(answer, cases, team_values)
    room.line(wrong_line, 2)
    return Verdict("correct")


def swapped_back_wrong(b, t, i, batch, time, n_agents):
    """The way in is right and the way out a reshape: which flat row of [B, T, N] ends at q[b, t, i]."""
    flat = (b * time + t) * n_agents + i                        # the place in [N, B * T], read row by row
    agent, row = divmod(flat, batch * time)
    return row * n_agents + agent


def time_for_batch(b, t, i, batch, time, n_agents):
    """[N, T, B] on the way in, [N, B, T] on the way out."""
    t_read, b_read = divmod(b * time + t, batch)
    return (b_read * time + t_read) * n_agents + i


MISTAKES = (
    Mistake("agents still get observations that are not theirs",
            "Print x[0] for one sample and two time steps. Does agent 1 see its own two observations?",
            "a reshape keeps the order of the numbers, so the first rows in memory go to the first agent, whoever saw "
            "them",
            partial(team_values, source=as_listed, network=lambda b, t, i, *_: i)),
    Mistake("the symptom is hidden: undone at the end, but through the wrong networks",
            "Now each q comes from the right observation. Whose weights did it go through on the way?",
            "two reshapes cancel out in shape and order, and still each network gets the rows of several agents",
            partial(team_values, network=lambda b, t, i, batch, time, n: ((b * time + t) * n + i) // (batch * time))),
    Mistake("the symptom is hidden: every sample for itself, time steps still mixed",
            "Try one sample with two time steps. Is q of the second step what agent 1 sees then?",
            "a batch of one hides the bug only as long as there is one time step",
            partial(team_values, source=lambda b, t, i, batch, time, n: b * time * n + i * time + t)),
    Mistake("right on the way in, mixed up on the way out",
            "The result of the last layer is [N, B·T, A]. Which two axes have to change places before it is unfolded?",
            "what is swapped on the way in must be swapped back, not reshaped",
            partial(team_values, source=swapped_back_wrong,
                    network=lambda b, t, i, batch, time, n: ((b * time + t) * n + i) // (batch * time))),
    Mistake("samples and time steps have changed places",
            "In which order did you fold B and T, and in which order do you unfold them?",
            "folded as [T, B] and unfolded as [B, T], rows go to other samples",
            partial(team_values, source=time_for_batch)),
    Mistake("everybody goes through the first network",
            "Each agent has its own slice of the weights. Which slice does agent 2 use?",
            "nobody reads the wrong observation any more, but all agents have become the first one",
            partial(team_values, network=lambda *_: 0)),
    Mistake("the relu was lost in the repair",
            "Compare your loop with the listing, layer by layer.",
            "a repair must leave the rest as it was", partial(team_values, relu=False)),
    Mistake("a relu after the last layer too",
            "Can a value of yours be below zero? Compare what the listing does after its last layer.",
            "values may be negative; cut off at zero, bad actions and worse ones look alike",
            partial(team_values, relu="everywhere")),
)

EXERCISE = Exercise(
    number="03.6", title="Somebody else's eyes", answers={"wrong_line_a": "value", "mended_values": "function"},
    difficulty=3, minutes=10, core=True,
    practises="tell a reshape from a transpose, and test with more than one sample", lab=True,
    hints=("With one sample and one time step everything is right. What is different with two samples?",
           "Make obs = torch.arange(4.) of shape [2, 1, 2, 1]: sample 0 has 0 and 1, sample 1 has 2 and 3. Which "
           "numbers should agent 1 get, and which does it get?",
           "A reshape keeps the order in which the numbers lie in memory. To bring the agents to the front, two axes "
           "have to change places."),
    mistakes=MISTAKES, look=look)
