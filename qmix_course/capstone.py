"""The capstone of Part I: a learner's own pieces, taken from the exercise notebooks, train the team."""

from __future__ import annotations

import copy
import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import torch

from qmix_course.bars import bar
from qmix_course.checks import Exercise, Verdict, check, exercises
from qmix_course.desk import finding, standing

# What each piece is, the lesson whose exercises ask for it, and its name there.
PIECES = (
    ("the rules of a step", "02", "team_step"), ("the observation", "02", "observe"),
    ("the agents' networks", "03", "AgentNets"), ("exploration", "03", "epsilon_greedy"),
    ("the mixer", "05", "MixingNet"),
    ("the replay memory", "06", "Replay"), ("the slow copy", "06", "soft_update"),
    ("the best next values", "07", "best_next"), ("the targets", "07", "td_targets"),
    ("the update", "07", "qmix_update"),
)
STARTS, GOALS = [[0, 0], [4, 4]], [[4, 0], [0, 4]]
SIZE, LIMIT, ROWS = 5, 100, 32


@dataclass(frozen=True)
class Pieces:
    """What was found of a learner's pieces. ``parts``: name → function or class; ``verdicts``: name → verdict;
    ``notes``: which notebook was taken where several hold a piece."""

    parts: dict[str, Callable]
    verdicts: dict[str, Verdict]
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every piece is there and its check says *correct*."""
        return all(verdict.kind == "correct" for verdict in self.verdicts.values())

    def rows(self) -> list[tuple[str, str, str, str]]:
        """(what it is, exercise, name, verdict) of every piece."""
        return [(what, _exercise(lesson, name).number, name, _in_a_line(self.verdicts[name]))
                for what, lesson, name in PIECES]

    def __repr__(self) -> str:
        lines = [f"{what:<22}{number:<10}{name:<18}{said}" for what, number, name, said in self.rows()]
        return "\n".join([f"{'piece':<22}{'exercise':<10}{'name':<18}verdict", *lines, *self.notes])

    def _repr_html_(self) -> str:
        cells = ["".join(f"<td style='text-align: left'>{html.escape(part)}</td>" for part in row)
                 for row in self.rows()]
        head = "".join(f"<th style='text-align: left'>{name}</th>" for name in ("piece", "exercise", "name", "verdict"))
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>{notes}"


def _exercise(lesson: str, name: str) -> Exercise:
    """The exercise that asks for this name."""
    return next(exercise for exercise in exercises(lesson) if name in exercise.answers)


def _in_a_line(verdict: Verdict) -> str:
    return verdict.kind + (f": {verdict.title}" if verdict.title else "")


def collect(folder: str | Path = ".") -> Pieces:
    """Find the exercise notebooks in ``folder``, run them, take the pieces of the team from them, and check each.

    A notebook is known by the exercises in it, whatever its name; one without any may still define a piece. Where
    several hold one piece, it is taken from the one saved last in which it was attempted, and ``notes`` say so. What
    only trains teams, the answers to experiments, is not run.

    ``folder``: where the exercises of lessons 02, 03, 05, 06 and 07 are; by default beside the notebook that calls
    this.

    Raises:
        TypeError, ValueError: ``folder`` is no path, or no folder is there.
    """
    if not isinstance(folder, str | Path):
        raise TypeError(f"folder: expected a path, got {folder!r}")
    if not Path(folder).is_dir():
        raise ValueError(f"folder: expected a folder with notebooks, got {str(folder)!r}, which is none")
    notebooks = finding.look(Path(folder).resolve())
    trains = {each.cell for _, lesson, _ in PIECES for each in exercises(lesson) if each.measures}
    run = cache(partial(standing.run, leave_out=trains))        # a notebook with several pieces is run once
    parts, verdicts, notes = {}, {}, []
    for _, lesson, name in PIECES:
        number = _exercise(lesson, name).number
        held = [notebook for notebook in notebooks if number in notebook.exercises]
        broken = [notebook for notebook in notebooks if notebook.error and lesson in notebook.lessons]
        if not held and broken:
            verdicts[name] = Verdict("not attempted", broken[0].error)
            continue
        found = [(_verdict(lesson, name, run(notebook.path)), notebook.path) for notebook in held]
        if not any(verdict.kind != "not attempted" for verdict, _ in found):
            others = [notebook for notebook in notebooks if name in notebook.names and notebook not in held]
            found = [(_verdict(lesson, name, run(notebook.path)), notebook.path) for notebook in others] + found
        if not found:
            verdicts[name] = Verdict("not attempted", f"no notebook in {Path(folder).resolve().name}/ has exercise "
                                                      f"{number}")
            continue
        attempted = [pair for pair in found if pair[0].kind != "not attempted"]
        verdicts[name], path = (attempted or found)[0]
        parts[name] = run(path).names.get(name)
        if len(found) > 1:
            among = ", ".join(other.name for _, other in found if other != path)
            notes.append(f"{name} is taken from {path.name}, where you saved an attempt last; it is also in {among}")
    return Pieces(parts, verdicts, tuple(notes))


def _verdict(lesson: str, name: str, ran: standing.Ran) -> Verdict:
    exercise = _exercise(lesson, name)
    failed = ran.failed.get(exercise.cell)
    if failed:
        return Verdict("error in your code", failed)
    if name not in ran.names:
        return Verdict("not attempted", f"its notebook defines no {name}")
    return check(exercise.number, *(ran.names.get(part, ...) for part in exercise.answers))


# ---- training with the pieces ----------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Trained:
    """``steps`` and ``greedy_returns``: one entry a look · ``length``, ``solved``: the last greedy episode."""

    steps: list[int]
    greedy_returns: list[float]
    length: int
    solved: bool


def train_team(pieces: Pieces, steps: int = 12_000, seed: int = 0) -> Trained | None:
    """Train a team on the 5×5 board with the learner's pieces, looking at a greedy episode
    every 480 steps.

    The library gives nothing but this loop. Prints what is missing and returns None if a piece is.
    """
    if not pieces.complete:
        print("Not trained yet. Still to do:")
        for _, number, name, said in pieces.rows():
            if said != "correct":
                print(f"  exercise {number}, {name}: {said}")
        return None
    make = pieces.parts
    generator = torch.Generator().manual_seed(seed)
    goals = torch.tensor(GOALS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        agents, mixer = make["AgentNets"](2, 6, 4), make["MixingNet"](2, 8)
    slow_agents, slow_mixer = copy.deepcopy(agents), copy.deepcopy(mixer)
    optimiser = torch.optim.Adam([*agents.parameters(), *mixer.parameters()], lr=1e-3)
    memory = make["Replay"](10_000)
    everything = torch.ones(ROWS, 2, 4, dtype=torch.bool)
    positions, clock = torch.tensor(STARTS).repeat(ROWS, 1, 1), torch.zeros(ROWS, dtype=torch.int64)
    looks = []
    for taken in bar(range(0, steps, ROWS)):
        obs, state = make["observe"](positions, goals, SIZE), _state(positions, goals)
        epsilon = max(0.05, 1 - 0.95 * taken / 3_000)
        with torch.no_grad():
            actions = make["epsilon_greedy"](agents(obs[:, None])[:, 0], everything, epsilon,
                                             generator)
        after, reward, terminated = make["team_step"](positions, actions, goals, SIZE)
        memory.add(obs=obs, state=state, actions=actions, reward=reward, terminated=terminated,
                   next_obs=make["observe"](after, goals, SIZE), next_state=_state(after, goals),
                   next_available=everything)
        clock = clock + 1
        ended = terminated | (clock >= LIMIT)       # the clock ends an episode, but not its value
        positions = torch.where(ended[:, None, None], torch.tensor(STARTS), after)
        clock = torch.where(ended, 0, clock)
        if taken >= 500:
            for _ in range(2):
                batch = memory.sample(128, generator)
                make["qmix_update"](agents, mixer, slow_agents, slow_mixer, optimiser, batch, 0.99)
                make["soft_update"](slow_agents, agents, 0.01)
                make["soft_update"](slow_mixer, mixer, 0.01)
        if (taken + ROWS) % 480 == 0 or taken + ROWS >= steps:
            looks.append((taken + ROWS, *play(pieces, agents)))
    at, returns, lengths, solved = zip(*looks)
    return Trained(list(at), list(returns), lengths[-1], solved[-1])


def _state(positions: torch.Tensor, goals: torch.Tensor) -> torch.Tensor:
    """state[B, 8]: everyone's position, then every goal, scaled to 0…1."""
    things = torch.cat([positions, goals.expand_as(positions)], dim=1)
    return things.flatten(1).to(torch.get_default_dtype()) / (SIZE - 1)


def play(pieces: Pieces, agents) -> tuple[float, int, bool]:
    """One greedy episode from the usual start, by the learner's own rules: return, length, and whether it was solved.
    """
    goals, positions, total = torch.tensor(GOALS), torch.tensor([STARTS]), 0.0
    for length in range(1, LIMIT + 1):
        with torch.no_grad():
            q = agents(pieces.parts["observe"](positions, goals, SIZE)[:, None])[:, 0]
        positions, reward, terminated = pieces.parts["team_step"](positions, q.argmax(-1), goals, SIZE)
        total += float(reward[0])
        if terminated[0]:
            return total, length, True
    return total, LIMIT, False
