"""What can be chosen by name, on the command line and in the file of an experiment: environments, algorithms, presets,
settings."""

from __future__ import annotations

import inspect
import json
import tomllib
from dataclasses import fields, replace
from pathlib import Path

from qmix_course import errors, strangers
from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN, Algorithm
from qmix_course.config import EPISODES
from qmix_course.envs import PAYOFFS, Cue, GridWorld, MatrixGame, MStepGame, PredatorPrey, TeamEnv, TwoStepGame
from qmix_course.envs.named import named_world
from qmix_course.training import TrainConfig

# name → the algorithm and its options
ALGORITHMS = {"iql": (IQL, {}), "vdn": (VDN, {}), "qmix": (QMIX, {}), "cw-qmix": (CWQMIX, {}), "ow-qmix": (OWQMIX, {}),
              "qtran": (QTRAN, {}), "qtran-alt": (QTRAN, {"alternative": True}), "qplex": (QPLEX, {}),
              "maven": (MAVEN, {})}
ENVIRONMENTS = ["grid", "two-step", "m-step", "cue", "predator-prey", *(name.replace("_", "-") for name in PAYOFFS)]
PREY = {"size": 4, "n_predators": 2, "n_prey": 1, "view": 2, "episode_limit": 30}       # as in make tables
# What the default preset changes for predator–prey.
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
CONFIG = [field.name for field in fields(TrainConfig) if field.name != "seed"] + ["num_envs"]     # no team's options
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


def read_choices(path: Path) -> dict:
    """What the train command wrote of its run; ``ValueError`` with the file's name if it is something else."""
    try:
        choices = json.loads(path.read_bytes())
        # the last two were not always there
        plain = {"env": str, "algorithm": str, "seed": int, "preset": str, "settings": dict}
        wrong = [name for name, kind in plain.items() if not isinstance(choices.get(name, kind()), kind)]
        missing = [name for name in ("env", "algorithm", "seed") if name not in choices]
        if wrong or missing or choices.get("preset", "default") not in PRESETS:
            raise ValueError(f"what it says of {', '.join([*missing, *wrong]) or 'the preset'} is missing or wrong")
    except (ValueError, RecursionError, AttributeError) as error:
        said = str(error).splitlines()[0]
        raise ValueError(f"{path} was not written by the train command ({type(error).__name__}: {said})") from error
    return choices


def on_cpu(choices: dict) -> dict:
    """The same without a GPU, which whoever watches the team may not have."""
    settings = {name: value for name, value in choices.get("settings", {}).items() if name != "device"}
    return choices | {"device": None, "settings": settings}


def check_left(folder: Path, files: tuple[str, ...], choices: dict, resume: bool) -> None:
    """``ValueError`` unless ``folder`` holds a run with these choices, to ``resume``, or none of ``files``."""
    there = (folder / "checkpoint.pt").exists()
    if there and not resume:
        raise ValueError(f"{folder} holds a run already: add --resume to go on with it, or --run FOLDER for another "
                         "place")
    if there and (folder / "run.json").is_file():
        before = read_choices(folder / "run.json")
        for name in ("env", "algorithm"):
            if before[name] != choices[name]:
                raise ValueError(f"{folder} holds a run with --{name} {before[name]}, got {choices[name]}: name --run "
                                 "FOLDER for another place")
        own = choices["algorithm"] if ":" in choices["algorithm"] else ""       # what it keeps of them nobody knows
        was, now = ({name: value for name, value in each.get("settings", {}).items() if own and name not in CONFIG}
                    for each in (before, choices))
        if was != now:
            raise ValueError(f"{folder} holds a run of {own} with the options {was}, got {now}: name --run FOLDER for "
                             "another place")
    lost = [] if there else [name for name in files if (folder / name).exists()]
    if lost:
        raise ValueError(f"{folder} holds {lost[0]} and no run, and it would be replaced: move it away, or name --run "
                         "FOLDER for another place")


def make_run(choices: dict) -> tuple[TeamEnv, Algorithm, TrainConfig]:
    """Environment, fresh team and settings from what run.json holds.

    ``choices["settings"]``: fields of ``TrainConfig``, options of the team, and ``num_envs``, the rows of the
    environment; they come last, over preset and all.
    """
    preset, num_envs = PRESETS[choices.get("preset", "default")]
    kind, options = algorithm_called(choices["algorithm"])
    changes, team = sort_settings(choices.get("settings", {}), kind)
    env = make_env(choices["env"], changes.pop("num_envs", num_envs), choices.get("punishment"))
    recurrent = {"recurrent": True} if choices.get("recurrent") else {}
    own = SKIRMISH_TEAM if choices["env"].startswith("skirmish:") else {}
    known = team_options(kind)
    options = options | recurrent | {name: value for name, value in own.items() if name in known} | team
    algorithm = made(choices["algorithm"], kind, env, choices["seed"], options)
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


def algorithm_called(name: str) -> tuple[type[Algorithm], dict]:
    """The class called ``name`` and its options: one of ``ALGORITHMS``, or MODULE:CLASS, one of your own."""
    if not isinstance(name, str) or ":" not in name:
        return ALGORITHMS[errors.choice("algorithm", name, [*ALGORITHMS, "MODULE:CLASS"])]
    module, kind = strangers.find("algorithm", name, f"expected one of {', '.join(ALGORITHMS)}, or MODULE:CLASS")
    _, _, called = name.partition(":")
    if kind is None:
        raise ValueError(f"algorithm: expected a class in {module.__file__}, got {errors.brief(called)}, which is not "
                         "there")
    if not isinstance(kind, type) or not issubclass(kind, Algorithm):
        what = f"the class {kind.__name__}" if isinstance(kind, type) else errors.describe(kind)
        raise TypeError(f"algorithm: expected {name} to be a subclass of Algorithm, as class MyQMIX(QMIX), got {what}")
    return kind, {}


def made(name: str, kind: type[Algorithm], env: TeamEnv, seed: int, options: dict) -> Algorithm:
    """``kind.for_env``; where a class of one's own cannot be made so, ``name`` and what it would need are said."""
    try:
        return kind.for_env(env, seed=seed, **options)
    except Exception as error:
        needs = [option for option, must in team_options(kind).items() if must and option not in options]
        if isinstance(error, TypeError) and " missing " in str(error) and needs:
            raise TypeError(f"algorithm: {name} needs {' and '.join(needs)}: add --set {needs[0]}=VALUE, or in the "
                            f"file of a sweep {needs[0]} below [settings]") from error
        if isinstance(error, (TypeError, ValueError)) and strangers.is_ours(error):
            raise
        raise ValueError(f"algorithm: {name} could not be made; it raised {strangers.told(error)}") from error


def team_options(kind: type[Algorithm]) -> dict[str, bool]:
    """What ``kind.for_env`` takes besides the environment and the seed, and whether it must be given.

    Options go from ``for_env`` to that of the class before it, on to ``__init__``, to ``make_agents`` and to the
    course's agents, as far as each takes ``**options``.
    """
    found = {}
    for method in ("for_env", "__init__", "make_agents"):
        for each in kind.__mro__[:kind.__mro__.index(Algorithm) + 1]:
            if method in vars(each):
                written = vars(each)[method]
                named, more = _parameters(written.__get__(None, kind) if method == "for_env" else written)
                found = named | found
                if not more:
                    return found
    for agents in (MLPAgents, GRUAgents):
        found |= {name: must for name, must in _parameters(agents.__init__)[0].items() if not must}
    return found


def _parameters(method) -> tuple[dict[str, bool], bool]:
    """The names that a method takes, and whether each must be given; whether it takes ``**options`` too."""
    every = list(inspect.signature(method).parameters.values())[1:]         # without self, or without the environment
    named = {each.name: each.default is each.empty for each in every
             if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) and each.name not in ("spec", "seed")}
    return named, any(each.kind is each.VAR_KEYWORD for each in every)


def sort_settings(settings: dict, kind: type[Algorithm]) -> tuple[dict, dict]:
    """The settings that change ``TrainConfig`` (and ``num_envs``), and those that are options of the team.

    ``ValueError`` for a name that is neither, or both. ``target_every`` alone puts the hard update in place of the
    soft one.
    """
    options = team_options(kind)
    for name in settings:
        errors.choice("settings", name, [*CONFIG, *options])
        if name in CONFIG and name in options:
            raise ValueError(f"settings: {name} is a setting of the training and an option of {kind.__name__}, so it "
                             "cannot be told which is meant; give the option another name")
    changes = {name: value for name, value in settings.items() if name in CONFIG}
    if changes.get("target_every") is not None:
        changes.setdefault("tau", None)
    return changes, {name: value for name, value in settings.items() if name not in CONFIG}


def all_settings() -> str:
    """What a setting can change, in words: each field of ``TrainConfig`` with its default, and the team's options."""
    plain, words = TrainConfig(), TrainConfig.in_words()
    lines = [f"  {name} = {getattr(plain, name)}: {words[name]}" for name in words if name != "seed"]
    return "\n".join(["settings of the training, for --set (defaults; some worlds have others, which the first lines "
                      "of a run say):", *lines, "options of the team: " + ", ".join(team_options(QMIX))
                      + "; each algorithm adds its own"])


def read_setting(text: str) -> tuple[str, object]:
    """``"learning_rate=5e-4"`` as a name and a value, written as in a TOML file; what is none there is a text."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ValueError(f"a setting: expected NAME=VALUE, as learning_rate=5e-4, got {errors.brief(text)}")
    name, value = name.strip(), value.strip()
    if value in ("True", "False", "None"):
        meant = {"True": "true", "False": "false"}.get(value, "nothing, and the setting left out")
        raise ValueError(f"{name}: expected {meant}, as in a TOML file, got {value}, which is Python's. "
                         f'The word itself would be "{value}" with its quotes')
    try:
        read = tomllib.loads(f"value = {value}")
    except tomllib.TOMLDecodeError:
        read = {}
    read = read["value"] if list(read) == ["value"] else value
    if read is value and value.startswith(("[", "{")):
        raise ValueError(f"{name}: expected a list or a table as in a TOML file, as [128,128] or [true,false], got "
                         f"{value}")
    try:
        json.dumps(read)
    except TypeError:                               # a date, which no run.json can hold
        return name, value
    return name, read
