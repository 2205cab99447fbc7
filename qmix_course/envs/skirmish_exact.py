"""The exact value of a small skirmish: every battle that can come of the one at hand, by dynamic programming."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from qmix_course import errors
from qmix_course.envs.base import ResetNeeded
from qmix_course.envs.skirmish import Skirmish

LARGEST = 2_000_000                 # transitions of one step that are looked at


def joint_values(env: Skirmish, gamma: float = 1.0) -> torch.Tensor:
    """Q*[A, ..., A] of every joint action (one ``A`` axis an agent) in the battle in which row 0 of ``env`` stands,
    with the steps that its clock leaves. −inf where an action is unavailable.

    With γ = 1 the highest is the best return that is still to be had. The enemy is scripted and nothing is drawn, so
    this is exact: all battles that can follow are listed step by step, then valued from the last step backwards.

    Raises:
        ValueError: there are too many; shorten the episode, or take fewer units.
        ResetNeeded: the episode has ended, or has not begun.
    """
    errors.instance("env", env, Skirmish)
    gamma = errors.number("gamma", gamma, 0.0, 1.0)
    if env.state_dict()["outcome"] is None:
        raise ResetNeeded("env: it has not been reset; call reset() first")
    env = _rows_of(env, env.state_dict(), np.zeros(1, dtype=np.int64))
    n, a = env.spec.n_agents, env.spec.n_actions
    layers, saved = [], env.state_dict()
    if saved["outcome"]["terminated"] or saved["outcome"]["truncated"]:
        raise ResetNeeded("env: the episode in row 0 has ended; call reset() first")
    joint = np.array(list(itertools.product(range(a), repeat=n)))                       # [A^N, N]
    for _ in range(env.spec.episode_limit - int(saved["clock"][0])):
        count = len(saved["clock"])
        free = saved["available"].numpy()[:, np.arange(n), joint].all(-1)               # [X, A^N]
        if free.sum() > LARGEST:
            raise ValueError(f"env: {int(free.sum())} transitions in one step are more than the {LARGEST} that can be "
                             "looked at; shorten episode_limit, or take fewer units")
        state, action = free.nonzero()
        following = _rows_of(env, saved, state)
        step = following.step(torch.from_numpy(joint[action]))
        going = (~step.ended).numpy().nonzero()[0]
        table = np.full((count, len(joint)), -np.inf)
        table[state, action] = step.reward.numpy()
        layers.append((table, state[going], action[going]))
        if not len(going):
            break
        after = following.state_dict()
        battles = np.concatenate([after[name].numpy()[going] for name in ("x", "y", "health", "wait")], 1)
        _, first, which = np.unique(battles, axis=0, return_index=True, return_inverse=True)
        layers[-1] += (which.reshape(-1),)
        saved = _taken(after, going[first])
    value = np.zeros(0)
    for table, state, action, *which in reversed(layers):
        if which and len(value):
            table[state, action] += gamma * value[which[0]]
        value = table.max(1)
    return torch.from_numpy(table[0].reshape([a] * n)).to(torch.get_default_dtype())


def _taken(saved: dict, rows: np.ndarray) -> dict:
    """A saved state of those rows alone."""
    rows = torch.from_numpy(rows)
    pick = {name: value[rows] for name, value in saved.items() if name in
            ("x", "y", "health", "wait", "clock", "episode", "available")}
    outcome = {name: value[rows] for name, value in saved["outcome"].items()}
    return saved | pick | {"outcome": outcome, "num_envs": len(rows)}


def _rows_of(env: Skirmish, saved: dict, rows: np.ndarray) -> Skirmish:
    """An environment that stands where those rows of a saved one stood, one row each."""
    copy = env.clone(num_envs=len(rows))
    copy.load_state_dict(_taken(saved, rows))
    return copy
