"""The capstone: the pieces are found, what is missing or wrong is named, and right pieces train the team."""

import json
import shutil

import pytest
import torch

from qmix_course import capstone, exact
from qmix_course.envs import GridWorld
from tools.notebooks import EXERCISES, SOLUTIONS

LESSONS = sorted({lesson for _, lesson, _ in capstone.PIECES})


@pytest.fixture(scope="module")
def solved() -> capstone.Pieces:
    with torch.random.fork_rng():
        torch.set_default_dtype(torch.float64)
        try:
            return capstone.collect(SOLUTIONS)
        finally:
            torch.set_default_dtype(torch.float32)


@pytest.fixture
def my(tmp_path):
    """A folder of solved notebooks, which a test may spoil."""
    for lesson in LESSONS:
        shutil.copy(next(SOLUTIONS.glob(f"{lesson}_*.ipynb")), tmp_path)
    return tmp_path


def edit(folder, lesson: str, before: str, after: str) -> None:
    path = next(folder.glob(f"{lesson}_*.ipynb"))
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_every_piece_is_found_in_the_solutions(solved):
    assert solved.complete and list(solved.verdicts) == [name for _, _, name in capstone.PIECES]
    assert "team_step" in repr(solved) and "<td" in solved._repr_html_()


@pytest.mark.parametrize("seed", range(4))
def test_right_pieces_train_the_team_to_the_optimum(solved, seed, monkeypatch):
    """Seeds 0 to 3 here; 16 of 16 seeds (0 to 15) ended at the optimum when tried."""
    monkeypatch.setenv("QMIX_COURSE_PROGRESS", "0")
    torch.set_default_dtype(torch.float64)
    try:
        trained = capstone.train_team(solved, seed=seed)
        best = exact.solve(GridWorld(size=5)).best_return
    finally:
        torch.set_default_dtype(torch.float32)
    assert trained.solved and trained.length == 4
    assert trained.greedy_returns[-1] == pytest.approx(best, abs=1e-9)


def test_the_learners_pieces_are_what_is_used(solved, monkeypatch):
    """Nothing of the library's own stands in: each piece is called."""
    called = set()

    def noted(name, part):
        def call(*inputs, **named):
            called.add(name)
            return part(*inputs, **named)

        return call

    watched = capstone.Pieces({name: noted(name, part) for name, part in solved.parts.items()}, solved.verdicts)
    monkeypatch.setenv("QMIX_COURSE_PROGRESS", "0")
    capstone.train_team(watched, steps=640)
    assert called >= {name for _, _, name in capstone.PIECES} - {"td_targets", "best_next"}     # qmix_update calls these


def test_unsolved_exercises_are_named(capsys):
    pieces = capstone.collect(EXERCISES)
    assert not pieces.complete and {verdict.kind for verdict in pieces.verdicts.values()} == {"not attempted"}
    assert capstone.train_team(pieces) is None
    assert "exercise 02.3, team_step: not attempted\n  exercise 02.4, observe: not attempted" in capsys.readouterr().out


def test_missing_and_broken_notebooks_are_named(my):
    next(my.glob("06_*")).unlink()
    path = next(my.glob("07_*"))
    path.write_text(path.read_text(encoding="utf-8")[:2000], encoding="utf-8")
    pieces = capstone.collect(my)
    assert "has no notebook 06_*.ipynb" in pieces.verdicts["Replay"].title
    assert "is broken in line" in pieces.verdicts["qmix_update"].title
    assert pieces.verdicts["team_step"].kind == "correct" and not pieces.complete


def test_a_cell_that_does_not_run_is_named(my):
    path = next(my.glob("03_*"))
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "class AgentNets" in "".join(cell["source"]) and cell["metadata"].get("nbgrader"):
            cell["source"] = ["class AgentNets(nn.Module:\n", "    pass\n"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    verdicts = capstone.collect(my).verdicts
    assert verdicts["AgentNets"].kind == "error in your code" and "SyntaxError" in verdicts["AgentNets"].title
    assert verdicts["epsilon_greedy"].kind == "correct"


def test_the_copies_that_reset_keeps_are_left_alone(my):
    path = next(my.glob("05_*"))
    shutil.copy(path, path.with_name(path.stem + ".2026-01-02-030405.ipynb"))
    shutil.copy(next(EXERCISES.glob("05_*.ipynb")), path)
    assert capstone.collect(my).verdicts["MixingNet"].kind == "not attempted"
