"""Answers to 16.1."""

import math

import torch

from tests.catalogue import Answers


def powers(n_agents, n_actions, epsilon, keep, leave):
    return (1 - epsilon + epsilon / n_actions) ** (n_agents * keep) * (epsilon / n_actions) ** (n_agents * leave)


def step_by_step(n_agents, n_actions, epsilon, keep, leave):
    chance = 1.0
    for _ in range(n_agents):
        for _ in range(keep):
            chance *= 1 - epsilon * (n_actions - 1) / n_actions
        for _ in range(leave):
            chance *= epsilon / n_actions
    return chance


def in_logs(n_agents, n_actions, epsilon, keep, leave):
    play = torch.full((n_actions,), epsilon / n_actions)
    play[0] += 1 - epsilon
    return torch.exp(n_agents * (keep * play[0].log() + leave * play[1].log()))


def coin_only(n_agents, n_actions, epsilon, keep, leave):
    return ((1 - epsilon) ** n_agents) ** keep * ((epsilon / n_actions) ** n_agents) ** leave


def any_random(n_agents, n_actions, epsilon, keep, leave):
    return (1 - epsilon + epsilon / n_actions) ** (n_agents * keep) * epsilon ** (n_agents * leave)


def any_departure(n_agents, n_actions, epsilon, keep, leave):
    habit = 1 - epsilon + epsilon / n_actions
    return habit ** (n_agents * keep) * (1 - habit) ** (n_agents * leave)


def avoids_the_habit(n_agents, n_actions, epsilon, keep, leave):
    return (1 - epsilon) ** (n_agents * keep) * (epsilon / (n_actions - 1)) ** (n_agents * leave)


def team_coin(n_agents, n_actions, epsilon, keep, leave):
    joint = n_actions ** n_agents
    return (1 - epsilon + epsilon / joint) ** keep * (epsilon / joint) ** leave


def one_agent(n_agents, n_actions, epsilon, keep, leave):
    return (1 - epsilon + epsilon / n_actions) ** keep * (epsilon / n_actions) ** leave


def only_the_end(n_agents, n_actions, epsilon, keep, leave):
    return (epsilon / n_actions) ** (n_agents * leave)


def departure_of_one(n_agents, n_actions, epsilon, keep, leave):
    return (1 - epsilon + epsilon / n_actions) ** (n_agents * keep) * (epsilon / n_actions) ** leave


def habit_of_one(n_agents, n_actions, epsilon, keep, leave):
    return (1 - epsilon + epsilon / n_actions) ** keep * (epsilon / n_actions) ** (n_agents * leave)


def binomial(n_agents, n_actions, epsilon, keep, leave):
    return math.comb(keep + leave, keep) * powers(n_agents, n_actions, epsilon, keep, leave)


def only_coins(n_agents, n_actions, epsilon, keep, leave):
    return (1 - epsilon) ** (n_agents * keep) * epsilon ** (n_agents * leave)


def rounded_chance(n_agents, n_actions, epsilon, keep, leave):
    return round(powers(n_agents, n_actions, epsilon, keep, leave), 13)


def exchanged(n_agents, n_actions, epsilon, keep, leave):
    return powers(n_agents, n_actions, epsilon, leave, keep)


ANSWERS = Answers(
    right=[powers, step_by_step, in_logs],
    wrong=[
        ("the coin is the only way to keep the habit", coin_only),
        ("whatever is drawn at random is the one action that pays", any_random),
        ("any departure from the habit counts", any_departure),
        ("the random draw avoids the habit", avoids_the_habit),
        ("one coin for the whole team", team_coin),
        ("one agent stands for all", one_agent),
        ("getting there is taken for granted", only_the_end),
        ("the two kinds of steps are exchanged", exchanged),
        ("only half of it is counted for all agents", habit_of_one),
        ("the departure is counted for one agent only", departure_of_one),
        ("all orders of the steps are counted", binomial),
        ("a factor, or how often it counts, is not right", lambda n, a, e, keep,
         leave: (1 - e) ** (n * keep) * (e / a) ** leave),
        ("a factor, or how often it counts, is not right", lambda n, a, e, keep,
         leave: (1 - e + e / a) ** (n * keep) * (e / a**n) ** (n * leave)),
        ("a random draw always leaves the habit, and always rightly", only_coins),
        ("nearly right: precision was lost on the way", rounded_chance),
    ],
)
