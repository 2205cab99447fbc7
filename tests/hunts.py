"""What tests of predator–prey share: its actions, games of several sizes, random hunters, and situations made by hand.
"""

import torch

from qmix_course.envs import PredatorPrey

UP, DOWN, LEFT, RIGHT, STAY, CATCH = range(6)
SIZES = [  # size, predators, prey, view, limit, punishment
    (10, 8, 8, 2, 200, -1.5), (5, 4, 2, 2, 40, -2.0), (4, 2, 1, 1, 30, 0.0), (3, 5, 4, 3, 50, -1.0),
    (2, 2, 2, 1, 25, -2.0),
    (6, 3, 1, 2, 60, -0.5), (4, 7, 5, 1, 60, -1.0)]


def make(size, n_predators, n_prey, view, limit, punishment, num_envs=1):
    return PredatorPrey(size, n_predators, n_prey, view, limit, punishment, num_envs)


def random_actions(step, generator, hunt=3.0):
    """Random available actions, catch more often than the others, so that much happens."""
    keys = torch.rand(step.available.shape, generator=generator)
    keys[..., CATCH] *= hunt
    return keys.masked_fill(~step.available, -1.0).argmax(-1)


def at(predators, prey, size=5, view=1, punishment=-2.0, limit=20, rows=1):
    env = PredatorPrey(size, len(predators), len(prey), view, limit, punishment, rows)
    return env, env.reset(seed=0, predators=torch.tensor(predators), prey=torch.tensor(prey))


def play(env, *actions):
    return env.step(torch.tensor([actions]).expand(env.num_envs, -1))
