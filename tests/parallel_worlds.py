"""A PettingZoo environment that does what a test tells it to, wrong or unusual things above all."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces
from pettingzoo import ParallelEnv

from qmix_course.envs import ResetNeeded


class World(ParallelEnv):
    """Agents see the time (one-hot), are paid 1 a step and are terminated after ``cycles`` steps.

    ``tamper`` maps "observations", "rewards", "terminations", "truncations", "infos", "agents", "step", "reset" and
    "state" to a function of (the world, what it would have given) that gives something else, at every reset (``t`` = 0)
    and step.
    """

    def __init__(self, cycles=5, team=("a", "b"), seen=None, acts=3, **tamper):
        self.metadata = {"name": "tampered"}
        self.cycles, self.possible_agents, self.agents = cycles, list(team), []
        self.seen = spaces.Box(0, 1, (cycles + 1,), np.float32) if seen is None else seen
        self.acts = spaces.Discrete(acts) if isinstance(acts, int) else acts
        self.tamper, self.t, self.closed, self.orders = tamper, 0, 0, []
        if "state" in tamper:
            self.state = lambda: tamper["state"](self, np.zeros(2))

    def observation_space(self, agent):
        return self.seen[agent] if isinstance(self.seen, dict) else self.seen

    def action_space(self, agent):
        return self.acts[agent] if isinstance(self.acts, dict) else self.acts

    def give(self, field, value):
        return self.tamper[field](self, value) if field in self.tamper else value

    def observe(self, agents):
        return self.give("observations", {a: np.eye(self.cycles + 1, dtype=np.float32)[min(self.t, self.cycles)]
                                          for a in agents})

    def reset(self, seed=None, options=None):
        self.t = 0
        self.agents = self.give("agents", list(self.possible_agents))
        return self.give("reset", (self.observe(self.agents), self.give("infos", {a: {} for a in self.agents})))

    def step(self, actions):
        self.t, self.orders = self.t + 1, dict(actions)
        playing, over = self.agents, self.t >= self.cycles
        rewards = self.give("rewards", dict.fromkeys(playing, 1.0))
        terminations = self.give("terminations", dict.fromkeys(playing, over))
        truncations = self.give("truncations", dict.fromkeys(playing, False))
        self.agents = self.give("agents", [] if over else playing)
        observations, infos = self.observe(playing), self.give("infos", {a: {} for a in playing})
        return self.give("step", (observations, rewards, terminations, truncations, infos))

    def close(self):
        self.closed += 1


def at(t, value):
    """A tampering: ``value`` (or what it gives for the world and the right value) after ``t`` steps, the right one
    otherwise."""
    def tamper(world, right):
        if world.t != t:
            return right
        return value(world, right) if callable(value) else value
    return tamper


def refused(env, t, words, n_agents=2):
    """The ``t``-th step is refused in those ``words`` and leaves nothing but a reset, after which all is as at first.
    """
    for _ in range(2):
        env.reset(seed=0)
        for _ in range(t - 1):
            env.step(torch.zeros(1, n_agents, dtype=torch.int64))
        with pytest.raises(ValueError, match=words):
            env.step(torch.zeros(1, n_agents, dtype=torch.int64))
        with pytest.raises(ResetNeeded):
            env.step(torch.zeros(1, n_agents, dtype=torch.int64))
