"""The labs of lesson 03: a reshape in place of a transpose, and a coin that is one of the dice."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson03_dice import find_fault, uniform
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

# ---- 03.6 --------------------------------------------------------------------------------------------------------------


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
                    if relu and layer < len(weights) - 1:
                        x = x.clamp(min=0)
                q[b, t, i] = x
    return q


def as_listed(b, t, i, batch, time, n_agents):
    return i * batch * time + b * time + t


def look_at_team_values(room: Room, wrong_line, answer) -> Verdict:
    generator = torch.Generator().manual_seed(36)
    cases = []
    for batch, time, sizes, n_agents in ((1, 2, (1, 1), 2), (1, 1, (3, 4, 2), 2), (3, 2, (2, 3, 2), 2), (4, 3, (3, 4, 4, 5), 3),
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


VALUES_MISTAKES = (
    Mistake("agents still get observations that are not theirs",
            "Print x[0] for one sample and two time steps. Does agent 1 see its own two observations?",
            "a reshape keeps the order of the numbers, so the first rows in memory go to the first agent, whoever saw them",
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
)


# ---- 03.7 --------------------------------------------------------------------------------------------------------------

DICE_MISTAKES = {
    "uneven": Mistake(
        "the coin and the random action still hang together",
        "Count the exploring actions once more. Which of them is rare now? What do the coin and that action have in common?",
        "a key that is small enough to let the coin fall is too small to win against the other keys"),
    "not uniform": Mistake(
        "the random action is not uniform any more",
        "With ε = 1 every available action should come as often as the others. Which ones do you draw among, and how likely is each?",
        "a repair must leave the rest as it was: all available actions are equally likely"),
    "team die": Mistake(
        "the symptom is hidden: one random action for the team",
        "Two agents that explore at the same time: do they draw one action, or one each?",
        "the joint actions in which exploring agents differ are never tried"),
    "another rate": Mistake(
        "the symptom is hidden: all actions are even, but ε is no longer ε",
        "How often does an agent explore now? Count with ε = 0.4.",
        "the mean, the largest or the smallest of several random numbers is not uniform: it is below ε with another probability"),
    "team coin": Mistake(
        "the symptom is hidden: one coin for the team",
        "Look at two agents at once. How many coins do you toss for them?",
        "each agent alone looks right, but agents explore together or not at all"),
    "batch coin": Mistake(
        "the symptom is hidden: one coin for all",
        "How many coins are tossed in one call? Print the shape.",
        "all rows explore together or not at all"),
    "unavailable": Mistake(
        "the mask was lost in the repair",
        "Which actions can your random one be?",
        "a repair must leave the rest as it was: chance keeps to the mask"),
    "never the best": Mistake(
        "the repair never explores with the best action",
        "A random action may be the best one too. How often should the best one come up when ε = 1?",
        "the rate of deviations is then ε and not ε (A − 1)/A"),
    "same again": Mistake(
        "the symptom is hidden behind a second generator with a fixed seed",
        "Call it twice with one generator. Are the coins the same ones?",
        "a seed belongs at the start of a run; set again in each call, chance repeats itself"),
    "other dice": Mistake(
        "the coin comes from other dice",
        "Every draw takes the generator that was given. Does yours?",
        "the run cannot be repeated any more"),
    "greedy": Mistake(
        "with ε = 0 it is not always the best action any more",
        "With ε = 0 nothing may be left to chance. What has changed in the best action?",
        "a repair must leave the rest as it was"),
    "row coin": Mistake(
        "the symptom is hidden: rows share their chance",
        "q may have several leading axes. Is there a coin of its own for every place in them?",
        "the samples of a batch are no longer independent of each other"),
}
SAME_AS = {"unmasked best": "greedy", "multiplied": "greedy", "swapped": "greedy", "not greedy": "greedy", "stand-in": "greedy"}


def look_at_dice(room: Room, wrong_line, answer) -> Verdict:
    fault = find_fault(room, answer)
    if fault:
        key = SAME_AS.get(fault[0], fault[0])
        key = "not uniform" if key == "uneven" and not uniform(room, answer) else key
        raise room.wrong(DICE_MISTAKES[key].name, fault[1].replace("epsilon_greedy(", "mended_dice("))
    room.line(wrong_line, {2, 3, 4})
    return Verdict("correct")


EXERCISES = (
    Exercise(
        number="03.6", title="Somebody else's eyes", answers={"wrong_line_6": "value", "mended_values": "function"},
        difficulty=3, minutes=10, practises="tell a reshape from a transpose, and test with more than one sample", lab=True,
        hints=("With one sample and one time step everything is right. What is different with two samples?",
               "Make obs = torch.arange(4.) of shape [2, 1, 2, 1]: sample 0 has 0 and 1, sample 1 has 2 and 3. Which numbers "
               "should agent 1 get, and which does it get?",
               "A reshape keeps the order in which the numbers lie in memory. To bring the agents to the front, two axes have "
               "to change places."),
        mistakes=VALUES_MISTAKES, look=look_at_team_values),
    Exercise(
        number="03.7", title="Thrifty dice", answers={"wrong_line_7": "value", "mended_dice": "function"},
        difficulty=4, minutes=10, practises="see that two decisions must not share one random number", lab=True,
        hints=("Each line alone is right: the coin falls with probability ε, and the keys make all actions even. What about "
               "both together?",
               "The coin falls when the key of action 0 is small. What are that action's chances then?",
               "The coin needs random numbers of its own: one for each agent, from the same generator."),
        mistakes=tuple(DICE_MISTAKES.values()), look=look_at_dice),
)
