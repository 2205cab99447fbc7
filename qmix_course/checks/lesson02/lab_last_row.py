"""02.8 · The last row of an episode: keep the true last state apart from the first one of the next episode."""

from __future__ import annotations

from dataclasses import replace

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson02 import rules
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict
from qmix_course.envs import GridWorld

COLUMNS = ("state", "actions", "reward", "terminated", "next_state")


class Script:
    """Chooses by what it is shown and by how often it was asked, so that a wrong question gives other actions."""

    def __init__(self, size: int, noise: torch.Tensor):
        self.size, self.noise, self.asked = size, noise, 0

    def __call__(self, step) -> torch.Tensor:
        cells = (step.state[:, :4] * (self.size - 1)).round().long()
        return self.on(cells)

    def on(self, cells: torch.Tensor) -> torch.Tensor:
        noise = self.noise[self.asked % len(self.noise)]
        self.asked += 1
        return (noise + (cells @ torch.tensor([1, 2, 3, 5]))[:, None]) % 4


def collected(size: int, boards: int, limit: int, steps: int, choose, twist=None) -> dict:
    """The columns that playing gives, by plain loops; also ``ended`` and ``fresh``, the states from which it goes on.
    """
    start, goals = [[0, 0], [size - 1, size - 1]], [[size - 1, 0], [0, size - 1]]
    now, clocks = [start] * boards, [0] * boards
    rows: dict = {name: [] for name in (*COLUMNS, "ended", "fresh")}
    for _ in range(steps):
        actions = choose.on(torch.tensor(now).flatten(1)).tolist()
        played = [rules.board_step(now[b], actions[b], goals, size) for b in range(boards)]
        clocks = [clock + 1 for clock in clocks]
        ended = [played[b][2] or clocks[b] >= limit for b in range(boards)]
        for b, (after, reward, terminated) in enumerate(played):
            again = any(ended) if twist == "all boards" else ended[b]
            row = (now[b] + goals, actions[b], reward, terminated, after + goals, ended[b],
                   (start if again else after) + goals)
            for name, value in zip(rows, row):
                rows[name].append(value)
            now[b], clocks[b] = (start, 0) if again else (after, clocks[b])
    tensors = {name: torch.tensor(column) for name, column in rows.items()}
    for name in ("state", "next_state", "fresh"):
        tensors[name] = tensors[name].flatten(1).double() / (size - 1)
    return tensors | {"reward": tensors["reward"].double()}


def look(room: Room, wrong_line, answer) -> Verdict:
    cases, given, expected, at_once = [], [], [], []
    for size, boards, limit, steps in ((2, 1, 2, 6), (2, 4, 3, 12), (3, 3, 4, 30), (2, 5, 50, 30), (3, 6, 5, 40),
                                       (2, 2, 1, 5),
                                       (5, 2, 120, 250)):
        noise = torch.randint(4, (steps, boards, 2), generator=torch.Generator().manual_seed(size + boards + limit))
        env = GridWorld(size=size, num_envs=boards, episode_limit=limit)
        got = room.ask(answer, env, Script(size, noise), steps, may_change=(0, 1))
        given.append({name: got[name] for name in COLUMNS}
                     if isinstance(got, dict) and got.keys() > set(COLUMNS) else got)
        expected.append(collected(size, boards, limit, steps, Script(size, noise)))
        at_once.append(collected(size, boards, limit, steps, Script(size, noise), "all boards"))
        cases.append((size, boards, limit, steps))
    wants = [{name: truth[name] for name in COLUMNS} for truth in expected]
    try:
        room.match(given, wants, cases)
    except Found as found:
        name = _diagnosed(given, expected, at_once)
        if name is None:
            raise Found(replace(found.verdict, detail=_columns_that_differ(given, wants)
                                + _small_case(room, answer))) from None
        raise room.wrong(name, _small_case(room, answer)) from None
    room.line(wrong_line, {11, 12})
    return Verdict("correct")


def _diagnosed(given: list, expected: list, at_once: list) -> str | None:
    """The mistake that explains what was collected, column by column."""
    if not all(isinstance(got, dict) and all(isinstance(got.get(name), torch.Tensor) and got[name].dim()
                                             for name in COLUMNS)
               for got in given):
        return None
    if any(got["state"].dim() == 2 and len(got["state"]) < len(want["state"]) for got, want in zip(given, expected)):
        return "rows are left out"
    if any(got[name].shape != want[name].shape for got, want in zip(given, expected) for name in COLUMNS):
        return None

    def is_like(column, other, where=None):
        return all(torch.equal(got[column].double(), want[other].double()) if where is None else
                   torch.allclose(got[column][where(want)].double(), want[other][where(want)].double())
                   for got, want in zip(given, expected))

    if not is_like("terminated", "terminated") and is_like("terminated", "ended"):
        return "the symptom is hidden: the clock counts as the end of the task"
    if all(values.loosely_equal(got["state"], want["state"], 1e-9) for got, want in zip(given, at_once)):
        return "every board begins again when one has ended"
    if not is_like("reward", "reward", lambda want: want["ended"]) and all(
            bool((got["reward"][want["ended"]] == 0).all()) for got, want in zip(given, expected)):
        return "what the last step paid is lost"
    if not is_like("state", "state", lambda want: slice(None)):
        reordered = all(values.loosely_equal(_sorted(got["state"]), _sorted(want["state"]), 1e-9)
                        for got, want in zip(given, expected))
        return None if reordered else "it goes on from boards that are no longer there"
    if not all(is_like(name, name, lambda want: slice(None)) for name in ("actions", "reward", "terminated")):
        return None
    if is_like("next_state", "fresh"):
        return "the bug is still there: the last next state is another episode's first"
    if is_like("next_state", "next_state", lambda want: ~want["ended"]):
        truncated = is_like("next_state", "next_state", lambda want: want["ended"] & ~want["terminated"])
        terminated = is_like("next_state", "next_state", lambda want: want["terminated"])
        if truncated or terminated:
            return "only one of the two ends is repaired"
        return "the symptom is hidden: the last next state is made up"
    return None


def _columns_that_differ(given: list, wants: list) -> str:
    """A line that names the columns to look at."""
    differ = [name for name in COLUMNS if any(isinstance(got, dict) and values.problem(got.get(name), want[name], 1e-9)
                                              for got, want in zip(given, wants))]
    return f"columns that differ from what happened: {', '.join(differ)}\n" if differ else ""


def _sorted(column: torch.Tensor) -> list:
    return sorted(column.tolist())


def _small_case(room: Room, answer) -> str:
    """One board, two straight steps, a clock of two: a case to run, when it comes out wrong."""
    env = GridWorld(size=3, episode_limit=2)
    try:
        got = room.ask(answer, env, lambda step: torch.tensor([[1, 0]]), 4, may_change=(0, 1))["next_state"]
    except Exception:
        return ""
    want = torch.tensor([[0.5, 0, 0.5, 1], [1, 0, 0, 1]] * 2)
    want = torch.cat([want, torch.tensor([1.0, 0, 0, 1]).expand(4, 4)], dim=1)
    if not isinstance(got, torch.Tensor) or values.loosely_equal(got, want, 1e-9):
        return ""
    call = ("run: mended_collect(GridWorld(size=3, episode_limit=2), lambda step: torch.tensor([[1, 0]]), "
            "4)[\"next_state\"]")
    return f"{call}\n{values.table(got, want)}"


MISTAKES = (
    Mistake("the symptom is hidden: the clock counts as the end of the task",
            "Now nothing contradicts the oracle, because the rows are not asked any more. Had the task ended in them?",
            "the learner would believe that nothing can be earned from states in which only the time ran out"),
    Mistake("rows are left out",
            "Count your rows: steps × boards. Which ones are missing, and are they wrong or only wrongly written down?",
            "the last step before an end is data like any other; often it is the one that pays"),
    Mistake("every board begins again when one has ended",
            "Which boards does your reset begin again? Play with more than one.",
            "boards that were in the middle of an episode never get to its end"),
    Mistake("what the last step paid is lost",
            "A row that was reset has reward 0 and both flags False. Which of your columns are filled after the reset?",
            "the reward of 10 would never be seen"),
    Mistake("it goes on from boards that are no longer there",
            "From which state does the first step of the next episode start? Print the column `state` around an end.",
            "the data would say that an action was chosen in a state in which it was not"),
    Mistake("the bug is still there: the last next state is another episode's first",
            "An agent moves at most one cell. Compare `state` and `next_state` in the rows in which an episode ended.",
            "the target then adds the value of a state that did not follow"),
    Mistake("the symptom is hidden: the last next state is made up",
            "The world has told you where the agents ended. Which of your names still holds that?",
            "an invented state looks harmless, and it is just as wrong as another episode's"),
    Mistake("only one of the two ends is repaired",
            "An episode can end in two ways. Is the last next state true after both?",
            "the column promises the state that followed, whatever the reason for the end"),
)

EXERCISE = Exercise(
    number="02.8", title="The last row of an episode", answers={"wrong_line_b": "value", "mended_collect": "function"},
    difficulty=4, minutes=12,
    practises="keep the true last state apart from the first one of the next episode",
    hints=("Look only at the rows in which an episode ended. In which of the columns is something odd?",
           "Three names matter: what was before the step, what came of it, and from where the play goes on.",
           "After line 11, one of the names no longer stands for what the step gave."),
    mistakes=MISTAKES, look=look, lab=True)
