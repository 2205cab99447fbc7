"""Worlds by name, as the command line takes them: "lbf:Foraging-5x5-2p-1f-v3", "vmas:balance", "my_module:make"."""

from __future__ import annotations

from importlib import import_module
from inspect import signature

from qmix_course import envs, errors, strangers
from qmix_course.envs.base import TeamEnv
from qmix_course.envs.formation import Formation
from qmix_course.envs.skirmish import Skirmish


def _pettingzoo(module: str, num_envs: int) -> TeamEnv:
    """The ``parallel_env`` of a module, as "mpe2.simple_spread_v3"."""
    try:
        make = import_module(module).parallel_env
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ValueError(f"env: expected a module with a parallel_env after pettingzoo:, as mpe2.simple_spread_v3, got "
                         f"{errors.brief(module)} ({error})") from error
    return envs.from_parallel_env(make, num_envs=num_envs)


def _formation(task: str, num_envs: int) -> TeamEnv:
    """A shape and how many robots, as "ring5"; without a number three."""
    shape = task.rstrip("0123456789")
    return Formation(shape, int(task[len(shape):] or 3), num_envs=num_envs)


# What stands before the colon: who makes the environment, from what stands after it and the number of rows. The first
# two are there; the others need their packages.
WORLDS = {"skirmish": Skirmish, "formation": _formation,
          "lbf": lambda task, num_envs: envs.foraging(task, num_envs),
          "rware": lambda task, num_envs: envs.warehouse(task, num_envs),
          "vmas": lambda task, num_envs: envs.from_vmas(task, num_envs),
          "smax": lambda task, num_envs: envs.smax(task, num_envs),
          "overcooked": lambda task, num_envs: envs.overcooked(task, num_envs),
          "pettingzoo": _pettingzoo}


def named_world(name: str, num_envs: int) -> TeamEnv:
    """The environment called ``name``, WORLD:TASK or MODULE:FUNCTION, with ``num_envs`` rows.

    WORLD is one of ``WORLDS``. FUNCTION is your own: ``function(num_envs=...)`` returns a ``TeamEnv`` with so many
    rows.
    """
    world, _, task = name.partition(":")
    if world in WORLDS:
        return WORLDS[world](task, num_envs)
    module, make = strangers.find("env", name, f"expected WORLD:TASK with one of {', '.join(WORLDS)}, or "
                                  "MODULE:FUNCTION")
    if not callable(make):
        raise ValueError(f"env: expected a function in {module.__file__}, got {errors.brief(task)}, which is not there")
    if isinstance(make, type) and not issubclass(make, TeamEnv):
        raise TypeError(f"env: expected {name} to be a function of num_envs that returns a TeamEnv, got a class of "
                        "another kind. Write one, as def make(num_envs): return from_parallel_env("
                        f"{make.__name__}, num_envs) for one of PettingZoo's form")
    try:
        signature(make).bind(num_envs=num_envs)
    except TypeError as error:
        raise TypeError(f"env: expected {name} to be a function of num_envs that returns a TeamEnv, got one that "
                        f"cannot be called as {task}(num_envs={num_envs}): {error}") from error
    except ValueError:                                      # written in C: it says itself what it takes
        pass
    with strangers.asked("the call", name):
        env = make(num_envs=num_envs)
    errors.instance(f"env: what {name} returned", env, TeamEnv)
    if env.num_envs != num_envs:
        raise ValueError(f"env: expected {name} to return num_envs = {num_envs} rows, got {env.num_envs}")
    return env
