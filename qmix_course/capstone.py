"""The capstone of Part I: a learner's own pieces, taken from the exercise notebooks, train the team."""

from __future__ import annotations

import copy
import html
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm import trange

from qmix_course import desk
from qmix_course.checks import Exercise, Verdict, check, exercises

# What each piece is, the lesson whose exercises ask for it, and its name there.
PIECES = (
    ("the rules of a step", "02", "team_step"), ("the observation", "02", "observe"),
    ("the agents' networks", "03", "AgentNets"), ("exploration", "03", "epsilon_greedy"),
    ("the mixer", "05", "MixingNet"),
    ("the replay memory", "06", "Replay"), ("the slow copy", "06", "soft_update"),
    ("the best next values", "07", "best_next"), ("the targets", "07", "td_targets"), ("the update", "07", "qmix_update"),
)
STARTS, GOALS = [[0, 0], [4, 4]], [[4, 0], [0, 4]]
SIZE, LIMIT, ROWS = 5, 100, 32


@dataclass(frozen=True)
class Pieces:
    """What was found of a learner's pieces. ``parts``: name → function or class; ``verdicts``: name → verdict."""

    parts: dict[str, Callable]
    verdicts: dict[str, Verdict]

    @property
    def complete(self) -> bool:
        """Whether every piece is there and its check says *correct*."""
        return all(verdict.kind == "correct" for verdict in self.verdicts.values())

    def rows(self) -> list[tuple[str, str, str, str]]:
        """(what it is, exercise, name, verdict) of every piece."""
        return [(what, _exercise(lesson, name).number, name, _in_a_line(self.verdicts[name])) for what, lesson, name in PIECES]

    def __repr__(self) -> str:
        lines = [f"{what:<22}{number:<10}{name:<18}{said}" for what, number, name, said in self.rows()]
        return "\n".join([f"{'piece':<22}{'exercise':<10}{'name':<18}verdict", *lines])

    def _repr_html_(self) -> str:
        cells = ["".join(f"<td style='text-align: left'>{html.escape(part)}</td>" for part in row) for row in self.rows()]
        head = "".join(f"<th style='text-align: left'>{name}</th>" for name in ("piece", "exercise", "name", "verdict"))
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def _exercise(lesson: str, name: str) -> Exercise:
    """The exercise that asks for this name."""
    return next(exercise for exercise in exercises(lesson) if name in exercise.answers)


def _in_a_line(verdict: Verdict) -> str:
    return verdict.kind + (f": {verdict.title}" if verdict.title else "")


def collect(folder: str | Path = ".") -> Pieces:
    """Run the exercise notebooks in ``folder``, take the pieces of the team from them, and check each.

    ``folder``: where the notebooks 02, 03, 05, 06 and 07 are; by default beside the notebook that calls this.
    """
    folder = Path(folder).resolve()
    parts, verdicts = {}, {}
    for lesson in sorted({lesson for _, lesson, _ in PIECES}):
        wanted = [name for _, of, name in PIECES if of == lesson]
        paths = [path for path in sorted(folder.glob(f"{lesson}_*.ipynb")) if "." not in path.stem]    # reset's copies have one
        try:
            if not paths:
                raise desk.DeskError(f"{folder.name}/ has no notebook {lesson}_*.ipynb")
            ran = desk.run(paths[0])
        except desk.DeskError as error:
            verdicts |= {name: Verdict("not attempted", str(error)) for name in wanted}
            continue
        for name in wanted:
            verdicts[name] = _verdict(lesson, name, ran)
            parts[name] = ran.names.get(name)
    return Pieces(parts, verdicts)


def _verdict(lesson: str, name: str, ran: desk.Ran) -> Verdict:
    exercise = _exercise(lesson, name)
    failed = ran.failed.get(f"answer_{exercise.number.replace('.', '_')}")
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
    """Train a team on the 5×5 board with the learner's pieces, looking at a greedy episode every 480 steps.

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
    for taken in trange(0, steps, ROWS, leave=False, disable=os.environ.get("QMIX_COURSE_PROGRESS") == "0"):
        obs, state = make["observe"](positions, goals, SIZE), _state(positions, goals)
        epsilon = max(0.05, 1 - 0.95 * taken / 3_000)
        with torch.no_grad():
            actions = make["epsilon_greedy"](agents(obs[:, None])[:, 0], everything, epsilon, generator)
        after, reward, terminated = make["team_step"](positions, actions, goals, SIZE)
        memory.add(obs=obs, state=state, actions=actions, reward=reward, terminated=terminated,
                   next_obs=make["observe"](after, goals, SIZE), next_state=_state(after, goals), next_available=everything)
        clock = clock + 1
        ended = terminated | (clock >= LIMIT)                       # the clock ends an episode, but not its value
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
    """One greedy episode from the usual start, by the learner's own rules: return, length, and whether it was solved."""
    goals, positions, total = torch.tensor(GOALS), torch.tensor([STARTS]), 0.0
    for length in range(1, LIMIT + 1):
        with torch.no_grad():
            q = agents(pieces.parts["observe"](positions, goals, SIZE)[:, None])[:, 0]
        positions, reward, terminated = pieces.parts["team_step"](positions, q.argmax(-1), goals, SIZE)
        total += float(reward[0])
        if terminated[0]:
            return total, length, True
    return total, LIMIT, False
