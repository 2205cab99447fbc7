"""What can be chosen by name, on the command line and in the file of an experiment: environments, algorithms, presets,
settings."""

from __future__ import annotations

import inspect
import tomllib
from dataclasses import fields, replace

from qmix_course import errors
from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN, Algorithm
from qmix_course.envs import PAYOFFS, Cue, GridWorld, MatrixGame, MStepGame, PredatorPrey, TeamEnv, TwoStepGame
from qmix_course.envs.named import named_world
from qmix_course.training import TrainConfig

# name → the algorithm and its options
ALGORITHMS = {"iql": (IQL, {}), "vdn": (VDN, {}), "qmix": (QMIX, {}), "cw-qmix": (CWQMIX, {}), "ow-qmix": (OWQMIX, {}),
              "qtran": (QTRAN, {}), "qtran-alt": (QTRAN, {"alternative": True}), "qplex": (QPLEX, {}),
              "maven": (MAVEN, {})}
ENVIRONMENTS = ["grid", "two-step", "m-step", "cue", "predator-prey", *(name.replace("_", "-") for name in PAYOFFS)]
PREY = {"size": 4, "n_predators": 2, "n_prey": 1, "view": 2, "episode_limit": 30}       # as in make tables
# What the default preset changes: for predator–prey, and where replay rows are whole episodes.
PREY_CONFIG = {"total_steps": 40_000, "capacity": 20_000, "batch_size": 64, "learning_starts": 1_000,
               "learning_rate": 1e-3,
               "epsilon_steps": 20_000, "evaluate_every": 2_000, "evaluation_episodes": 32}
# For worlds that somebody made and named, as "lbf:Foraging-5x5-2p-1f-v3". LBF was learned with these and, set by hand,
# gamma=0.95, double_q=true and hidden=[128,128]: the README has the line.
WORLD_CONFIG = {"total_steps": 160_000, "capacity": 100_000, "learning_starts": 2_000, "learning_rate": 5e-4,
                "tau": 0.01, "epsilon_steps": 80_000, "evaluate_every": 10_000, "evaluation_episodes": 32}
# For "skirmish:3m" and the like, where QMIX wins with these; a network for all learns faster there than one for each.
SKIRMISH_CONFIG = {"total_steps": 80_000, "capacity": 50_000, "learning_starts": 2_000, "update_every": 32,
                   "learning_rate": 1e-3, "epsilon_steps": 30_000, "evaluate_every": 10_000, "evaluation_episodes": 32}
SKIRMISH_TEAM = {"shared": True, "double_q": True}
EPISODES = {"capacity": 1_000, "batch_size": 16}
PRESETS = {"default": (TrainConfig, 32), "reference": (TrainConfig.reference, 1)}    # settings, rows of the environment


def make_env(name: str, num_envs: int, punishment: float | None = None) -> TeamEnv:
    """The environment called ``name`` with ``num_envs`` rows: one of ``ENVIRONMENTS``, or what ``named_world`` takes.

    ``punishment`` is predator–prey's, where None means 0.
    """
    if name == "predator-prey":
        return PredatorPrey(**PREY, punishment=0.0 if punishment is None else punishment, num_envs=num_envs)
    if punishment is not None:
        raise ValueError(f"--punishment: only predator-prey has one, got --env {name}")
    if ":" in name:
        return named_world(name, num_envs)
    plain = {"grid": GridWorld, "two-step": TwoStepGame, "m-step": MStepGame, "cue": Cue}
    if name in plain:
        return plain[name](num_envs=num_envs)
    return MatrixGame(name.replace("-", "_"), num_envs=num_envs)


def make_run(choices: dict) -> tuple[TeamEnv, Algorithm, TrainConfig]:
    """Environment, fresh team and settings from what run.json holds.

    ``choices["settings"]``: fields of ``TrainConfig``, options of the team, and ``num_envs``, the rows of the
    environment; they come last, over preset and all.
    """
    preset, num_envs = PRESETS[choices.get("preset", "default")]
    kind, options = ALGORITHMS[errors.choice("algorithm", choices["algorithm"], ALGORITHMS)]
    changes, team = sort_settings(choices.get("settings", {}), kind)
    env = make_env(choices["env"], changes.pop("num_envs", num_envs), choices.get("punishment"))
    recurrent = choices.get("recurrent", False)
    own = SKIRMISH_TEAM if choices["env"].startswith("skirmish:") else {}
    algorithm = kind.for_env(env, seed=choices["seed"], **options | {"recurrent": recurrent} | own | team)
    config = preset(seed=choices["seed"])
    if choices.get("preset", "default") == "default" and choices["env"] == "predator-prey":
        config = replace(config, **PREY_CONFIG)
    if choices.get("preset", "default") == "default" and ":" in choices["env"]:
        config = replace(config, **(SKIRMISH_CONFIG if own else WORLD_CONFIG))
    if algorithm.recurrent:
        config = replace(config, **EPISODES)
    if choices.get("parameter_noise"):
        config = replace(config, parameter_noise=True)
    if choices.get("device"):
        config = replace(config, device=choices["device"])
    if choices.get("steps") is not None:
        config = replace(config, total_steps=choices["steps"])
    return env, algorithm, replace(config, **changes)


def sort_settings(settings: dict, kind: type[Algorithm]) -> tuple[dict, dict]:
    """The settings that change ``TrainConfig`` (and ``num_envs``), and those that are options of the team.

    ``ValueError`` for a name that is neither. ``target_every`` alone puts the hard update in place of the soft one.
    """
    config = [field.name for field in fields(TrainConfig) if field.name != "seed"] + ["num_envs"]
    inits = [each.__init__ for each in (*kind.__mro__, MLPAgents, GRUAgents) if "__init__" in vars(each)]
    team = {name: None for init in inits for name, each in inspect.signature(init).parameters.items()
            if each.kind is each.POSITIONAL_OR_KEYWORD and each.default is not each.empty}
    for name in settings:
        errors.choice("settings", name, [*config, *team])
    changes = {name: value for name, value in settings.items() if name in config}
    if changes.get("target_every") is not None:
        changes.setdefault("tau", None)
    return changes, {name: value for name, value in settings.items() if name not in config}


def read_setting(text: str) -> tuple[str, object]:
    """``"learning_rate=5e-4"`` as a name and a value, written as in a TOML file; what is none there is a text."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ValueError(f"a setting: expected NAME=VALUE, as learning_rate=5e-4, got {errors.brief(text)}")
    try:
        read = tomllib.loads(f"value = {value.strip()}")
    except tomllib.TOMLDecodeError:
        read = {}
    return name.strip(), read["value"] if list(read) == ["value"] else value.strip()
