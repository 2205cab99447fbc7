"""The command line: python -m qmix_course train | evaluate | sweep | report, and a learner's commands
(desk/commands.py)."""

from __future__ import annotations

import argparse
import csv
import json
import re
import signal
import sys
import warnings
from dataclasses import asdict, fields
from pathlib import Path

import torch

from qmix_course import checkpoint, exact, plots, process, strangers
from qmix_course.algorithms import Algorithm
from qmix_course.choices import (
    ALGORITHMS,
    ENVIRONMENTS,
    PRESETS,
    WORLD_CONFIG,
    all_settings,
    check_left,
    make_env,
    make_run,
    on_cpu,
    read_choices,
    read_setting,
)
from qmix_course.desk.commands import add_commands
from qmix_course.envs import TeamEnv
from qmix_course.evaluation import RANDOM, Episode, evaluate, play
from qmix_course.experiment import check_folder, sweep, write_whole
from qmix_course.exploration import linear_schedule
from qmix_course.plan import read_plan
from qmix_course.report import write_report
from qmix_course.teams import best_of, load_team
from qmix_course.training import History, TrainConfig, train

ARROWS = "↑↓←→"
FILES = "checkpoint.pt", "checkpoint-best.pt", "run.json", "history.csv", "curves.png", "episode.gif"    # of a run
EXAMPLES = ["skirmish:5m_vs_6m", "formation:ring5", "lbf:Foraging-5x5-2p-1f-v3", "rware:rware-tiny-2ag-v2",
            "vmas:balance", "smax:3m", "overcooked:cramped_room", "pettingzoo:mpe2.simple_spread_v3"]


def best_possible(env: TeamEnv) -> float | None:
    """The highest return of an episode, or None for a task whose states cannot be listed, or are too many."""
    try:
        return exact.solve(env).best_return
    except (TypeError, ValueError) as error:
        if strangers.is_ours(error):                # else it is a mistake in a model of one's own
            return None
        raise


def command_train(arguments: argparse.Namespace) -> int:
    names = ("env", "algorithm", "seed", "preset", "steps", "recurrent", "parameter_noise", "punishment", "device")
    choices = {name: getattr(arguments, name) for name in names}
    choices["settings"] = dict(read_setting(text) for text in arguments.set)
    parts = [*(choices[name].replace(":", "-") for name in ("env", "algorithm")), f"seed{choices['seed']}"]
    parts += [choices["preset"]] if choices["preset"] != "default" else []
    parts += [name.replace("_", "-") for name in ("recurrent", "parameter_noise") if choices[name]]
    parts += [f"p{choices['punishment']:g}"] if choices["punishment"] is not None else []
    parts += [re.sub(r"[^\w.-]", "", f"{name}{value}") for name, value in choices["settings"].items()]
    folder = arguments.run or Path("runs") / "-".join(parts)
    check_folder("--run", folder, FILES)
    file = folder / "checkpoint.pt"
    check_left(folder, FILES, choices, arguments.resume)
    env, algorithm, config = make_run(choices)
    best = best_possible(env)
    print(f"{choices['algorithm']} on {choices['env']}, seed {config.seed}: {config.total_steps:,} steps into {folder}")
    print(f"settings: {settings(config)}")
    asked = StopOnCtrlC()
    with asked:                                 # until everything is written
        history = train(env, algorithm, config, checkpoint=file, resume=arguments.resume, stop=asked,
                        on_evaluation=lambda _: write_whole(folder / "run.json", json.dumps(choices, indent=1) + "\n"))
        write_history(history, folder / "history.csv")
        if len(history):
            name = choices["algorithm"]
            title = f"{name if ':' in name else name.upper()} on {choices['env']}, seed {config.seed}"
            plots.curves(history, title=title, best_return=best).savefig(folder / "curves.png")
        show_episode(env, algorithm, folder, best, episodes_of(choices, config))
        say_best(history, file)
    if history.steps[-1:] < [config.total_steps]:
        print("Stopped with a checkpoint. To go on, give the same command with --resume.")
        return 130
    return 0


def settings(config: TrainConfig) -> str:
    """All of them that have a value, and a word where ε is far from its end when the run ends."""
    text = ", ".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"
                     for name, value in asdict(config).items() if value is not None and value is not False)
    last = linear_schedule(config.epsilon_start, config.epsilon_end, config.epsilon_steps, config.total_steps)
    if config.epsilon_start > config.epsilon_end and last > (config.epsilon_start + config.epsilon_end) / 2:
        text += (f"\nNote: at the end of the run ε is still {last:.2f}, because it falls over epsilon_steps = "
                 f"{config.epsilon_steps:,} steps. For a shorter fall: --set epsilon_steps={config.total_steps // 2}")
    if 1 < config.total_steps <= config.evaluate_every:
        text += (f"\nNote: the team is looked at once, in the end, as evaluate_every = {config.evaluate_every:,}. For "
                 f"ten looks: --set evaluate_every={max(1, config.total_steps // 10)}")
    return text


def say_best(history: History, file: Path) -> None:
    """Where the best team of a run is, if that is not the last one."""
    if best_of(file).is_file() and len(history):
        state = checkpoint.load(best_of(file))["state"]
        if state["greedy_return"] > history.greedy_return[-1]:
            print(f"The best team of this run had a greedy return of {state['greedy_return']:.2f} after "
                  f"{state['steps']:,} steps: evaluate {best_of(file)}")


def command_evaluate(arguments: argparse.Namespace) -> int:
    if (arguments.run is None) == (arguments.env is None):
        raise ValueError("evaluate: expected a run's folder, or --env NAME to see what a random team does there")
    if arguments.env is not None:
        episodes = WORLD_CONFIG["evaluation_episodes"] if ":" in arguments.env else 100
        returns = evaluate(make_env(arguments.env, episodes), RANDOM).returns
        print(f"A random team on {arguments.env}, mean of {episodes} episodes: {spread_of(returns)}")
        return 0
    folder = arguments.run if arguments.run.is_dir() else arguments.run.parent
    file = folder / "checkpoint.pt" if arguments.run.is_dir() else arguments.run
    saved = checkpoint.load(file)
    if not (folder / "run.json").is_file():
        raise FileNotFoundError(f"{folder} has no run.json beside its checkpoint; it was not written by the train "
                                f"command")
    env, algorithm, config = make_run(choices := on_cpu(read_choices(folder / "run.json")))
    load_team(file, algorithm)
    steps = saved["state"].get("steps")
    print(f"{file if file != folder / 'checkpoint.pt' else folder}: "
          + ("a team" if steps is None else f"{steps:,} steps of training"))
    show_episode(env, algorithm, folder, best_possible(env), episodes_of(choices, config))
    return 0


def command_sweep(arguments: argparse.Namespace) -> int:
    folder = arguments.folder or Path("runs") / arguments.file.stem
    try:
        swept = sweep(read_plan(arguments.file), folder, arguments.jobs)
    except KeyboardInterrupt:
        print("Stopped. To go on, give the same command again.")
        return 130
    for name, error in swept.failed.items():
        print(f"failed: {name}: {error}", file=sys.stderr)
    new = swept.runs - swept.done - len(swept.failed)
    print(f"{swept.runs} runs: {swept.done} were there, {new} trained now, {len(swept.failed)} failed. "
          f"{folder / 'results.csv'}")
    return 1 if swept.failed else 0


def command_report(arguments: argparse.Namespace) -> int:
    print(write_report(arguments.folder))
    print(f"\nWritten to {arguments.folder / 'report.md'}, with figures beside it.")
    return 0


def episodes_of(choices: dict, config: TrainConfig) -> int:
    """How many greedy episodes are averaged in the end: other people's worlds can be slow, so there no more than in
    training."""
    return config.evaluation_episodes if ":" in choices["env"] else 100


def show_episode(env: TeamEnv, algorithm: Algorithm, folder: Path, best: float | None, episodes: int) -> None:
    """One greedy episode, in words, and in the grid world as an animation too; the mean of many where beginnings
    differ."""
    many, env = env.clone(num_envs=episodes), env.clone(num_envs=1)
    episode = play(env, algorithm)
    for number, (actions, reward) in enumerate(zip(episode.actions.tolist(), episode.rewards.tolist()), start=1):
        if number > 20:
            print(f"  … and {len(episode.rewards) - 20} more steps")
            break
        print(f"  step {number}: {describe(episode, number, actions)}reward {reward:.2f}")
    returned = evaluate(env, algorithm).mean_return
    limit = "." if best is None else f"; the best possible is {best:.2f}."
    print(f"Greedy return {returned:.2f} in {len(episode.rewards)} steps{limit}")
    first = many.reset(seed=0)
    if any((each != each[0]).any() for each in (first.obs, first.state)):     # a task that begins in different ways
        print(f"Mean of {episodes} greedy episodes: {spread_of(evaluate(many, algorithm).returns)}")
    if episode.positions is not None:
        plots.animate(episode, path=folder / "episode.gif")


def spread_of(returns: torch.Tensor) -> str:
    return f"{float(returns.mean()):.2f}, from {float(returns.min()):.2f} to {float(returns.max()):.2f}."


def describe(episode: Episode, number: int, actions: list[int]) -> str:
    if episode.positions is None:
        return f"actions {actions}, "
    cells = ", ".join(f"({r}, {c})" for r, c in episode.positions[number].tolist())
    arrows = ARROWS if process.shows(ARROWS) else "^v<>"
    return f"{' '.join(arrows[a] for a in actions)} to {cells}, "


def write_history(history: History, path: Path) -> None:
    columns = [column.name for column in fields(History)]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*(asdict(history)[name] for name in columns)))


class StopOnCtrlC:
    """Asked after every step: has Ctrl-C been pressed? A second Ctrl-C stops at once."""

    stopped = False

    def __enter__(self):
        self._before = signal.signal(signal.SIGINT, self._pressed)

    def __exit__(self, *_):
        signal.signal(signal.SIGINT, self._before)

    def _pressed(self, *_):
        self.stopped = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __call__(self) -> bool:
        return self.stopped


def env_name(text: str) -> str:
    """What --env takes: a name of the course's own, or one with a colon, which is looked up when it is made."""
    if ":" not in text and text not in ENVIRONMENTS:
        raise argparse.ArgumentTypeError(f"unknown name {text!r}, expected one of {', '.join(ENVIRONMENTS)}, or one "
                                         f"with a colon, as {EXAMPLES[0]} or your own my_module:my_function")
    return text


def algorithm_name(text: str) -> str:
    """What --algorithm takes: one of the course's, or one with a colon, which is looked up when it is made."""
    if ":" not in text and text not in ALGORITHMS:
        raise argparse.ArgumentTypeError(f"unknown name {text!r}, expected one of {', '.join(ALGORITHMS)}, or your "
                                         "own, as my_module:MyClass")
    return text


def main(arguments: list[str] | None = None) -> int:
    process.forgive_output()
    parser = argparse.ArgumentParser(prog="python -m qmix_course",
                                     description="Work on exercises; train a team, or watch a trained one.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("train", epilog=all_settings(),
                                  formatter_class=argparse.RawDescriptionHelpFormatter,
                                  help="train a team; writes checkpoint, curves and an episode into a run folder")
    command.add_argument("--env", type=env_name, default="grid", metavar="NAME",
                         help=f"{', '.join(ENVIRONMENTS)}; a world and its task, as {', '.join(EXAMPLES)} (the README "
                              "says what each needs); or your own, as my_module:my_function, which is called with "
                              "num_envs and returns a TeamEnv")
    command.add_argument("--algorithm", type=algorithm_name, default="qmix", metavar="NAME",
                         help=f"{', '.join(ALGORITHMS)}; or your own, as my_module:MyClass, a subclass of Algorithm "
                              "that is made by its for_env; what that needs comes by --set")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--preset", choices=list(PRESETS), default="default", help="reference: the slow settings")
    command.add_argument("--steps", type=int, help="environment steps in all (default: the preset's)")
    command.add_argument("--recurrent", action="store_true",
                         help="agents that remember; replay rows are whole episodes")
    command.add_argument("--parameter-noise", action="store_true", help="explore by noise on the agents' weights")
    command.add_argument("--punishment", type=float, metavar="P", help="predator-prey: what a lone attempt costs, ≤ 0")
    command.add_argument("--device", default="cpu", help="where networks and replay are: cpu, or cuda for a GPU")
    command.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                         help="a setting of the training, as learning_rate=5e-4 (all are listed below), or of the "
                              "team, as gamma=0.95 or hidden=[128,128]; also num_envs; again for another one")
    command.add_argument("--run", type=Path, help="the run folder (default: runs/ENV-ALGORITHM-seedN)")
    command.add_argument("--resume", action="store_true",
                         help="go on with the run in that folder; --steps may be larger than it was")
    command.set_defaults(function=command_train)
    command = commands.add_parser("evaluate", help="replay a checkpoint greedily, or see what a random team reaches")
    command.add_argument("run", type=Path, nargs="?",
                         help="a run folder, or a file in it: checkpoint.pt or checkpoint-best.pt")
    command.add_argument("--env", type=env_name, metavar="NAME",
                         help="instead of a run: a random team in the environment that train knows by this name")
    command.set_defaults(function=command_evaluate)
    command = commands.add_parser("sweep", help="many runs, side by side: what a TOML file lists and its folder "
                                                "does not hold yet")
    command.add_argument("file", type=Path, help="the plan: env, algorithm, seeds, settings, variants")
    command.add_argument("--folder", type=Path, help="where runs and results.csv go (default: runs/NAME of FILE)")
    command.add_argument("--jobs", type=int, default=-1, help="processes (default: one for each processor)")
    command.set_defaults(function=command_sweep)
    command = commands.add_parser("report", help="tables and figures of a sweep, with intervals")
    command.add_argument("folder", type=Path, help="the folder of the sweep")
    command.set_defaults(function=command_report)
    add_commands(commands)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(process.threads())
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("always", "train: ")
            warnings.showwarning = lambda message, *_: print(f"qmix_course: {message}", file=sys.stderr)
            return chosen.function(chosen)
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"qmix_course: {strangers.words_of(error)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
