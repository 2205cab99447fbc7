"""What is asked of a PettingZoo environment, and refused by its name where no answer of that form comes."""

from __future__ import annotations

import numpy as np
from pettingzoo import ParallelEnv

from qmix_course import strangers
from qmix_course.envs import foreign


def names_of(name: str, env: ParallelEnv) -> list:
    names = getattr(env, "possible_agents", None)
    if not foreign.different(names) or not names:
        raise ValueError(f"possible_agents of {name}: expected a list of different agents, got {foreign.came(names)}")
    return list(names)


def space_of(name: str, env: ParallelEnv, which: str, agent):
    try:
        return getattr(env, which)(agent)
    except (AttributeError, KeyError, NotImplementedError, TypeError) as error:
        raise ValueError(f"{which} of {agent} in {name}: expected a space, got {type(error).__name__}") from error


def reset(name: str, env: ParallelEnv, seed: int) -> tuple:
    """(observations, infos), as the environment's ``reset`` gives them."""
    with strangers.asked("reset", name):
        came = env.reset(seed=seed)
    if not isinstance(came, tuple) or len(came) != 2:
        raise ValueError(f"reset of {name}: expected a tuple (observations, infos), got {foreign.came(came)}")
    return came


def state_of(name: str, env: ParallelEnv, shape: tuple | None = None) -> np.ndarray | None:
    """The environment's own state, of that ``shape`` (None: the first look, where it may also have none)."""
    if shape is None and not callable(getattr(env, "state", None)):     # some keep their own attribute of that name
        return None
    try:
        with strangers.asked("state", name):
            came = env.state()
    except NotImplementedError:
        if shape is None:
            return None
        raise
    return foreign.state(f"state of {name}", came, shape)
