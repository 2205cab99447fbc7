"""The capstone: the pieces are found, what is missing or wrong is named, and right pieces train the team."""

import json
import os
import re
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from qmix_course import capstone, exact
from qmix_course.envs import GridWorld
from tools.notebooks import EXERCISES, NOTEBOOKS, SOLUTIONS

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
    assert called >= {name for _, _, name in capstone.PIECES} - {"td_targets", "best_next"}    # qmix_update calls these


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
    number = capstone._exercise("06", "Replay").number
    assert f"no notebook in {my.name}/ has exercise {number}" in pieces.verdicts["Replay"].title
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


def test_what_only_trains_is_not_run(my):
    """The pieces are looked for at once: a slow computer would train for half a minute before."""
    for lesson in LESSONS:
        for exercise in capstone.exercises(lesson):
            if exercise.measures:
                edit_answer(next(my.glob(f"{lesson}_*")), "def measure", "open('trained', 'w').close()\n")
    assert capstone.collect(my).complete and not list(my.glob("trained"))


def test_the_copies_that_reset_keeps_are_left_alone(my):
    path = next(my.glob("05_*"))
    shutil.copy(path, path.with_name(path.stem + ".2026-01-02-030405.ipynb"))
    shutil.copy(next(EXERCISES.glob("05_*.ipynb")), path)
    assert capstone.collect(my).verdicts["MixingNet"].kind == "not attempted"


# ---- found by what is in them, whatever their names
# --------------------------------------------------------------------

NAMES = ["Copy of {}.ipynb", "Kopie von {}.IPYNB", "{} (1).ipynb", "{} のコピー.ipynb", "meine Agenten.ipynb"]


def test_renamed_notebooks_are_found(my):
    for lesson, name in zip(LESSONS, NAMES, strict=True):
        path = next(my.glob(f"{lesson}_*"))
        path.rename(my / name.format(path.stem))
    pieces = capstone.collect(my)
    assert pieces.complete and pieces.notes == ()


def test_of_two_notebooks_the_last_one_attempted_counts_and_this_is_said(my, capsys):
    path = next(my.glob("05_*"))
    copy, empty = my / "Copia di 05_mixer.ipynb", my / "Copy of 05_mixer.ipynb"
    copy.write_bytes(path.read_bytes())
    edit_answer(copy, "MixingNet", "class MixingNet:\n    pass\n")
    shutil.copy(next(EXERCISES.glob("05_*.ipynb")), empty)
    for age, file in enumerate((empty, copy, path)):
        os.utime(file, (1_700_000_000 - age, 1_700_000_000 - age))
    pieces = capstone.collect(my)
    assert pieces.verdicts["MixingNet"].kind not in ("correct", "not attempted")
    assert pieces.notes == (f"MixingNet is taken from {copy.name}, where you saved an attempt last; it is also in "
                            f"{empty.name}, {path.name}",)
    assert pieces.notes[0] in repr(pieces) and copy.name in pieces._repr_html_()
    os.utime(path, (1_800_000_000, 1_800_000_000))
    assert capstone.collect(my).complete


def test_a_piece_in_a_notebook_of_ones_own_is_found_by_its_name(my):
    """Cells copied to a new notebook have lost nbgrader's ids; the empty exercises may lie beside it."""
    path = next(my.glob("03_*"))
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell | {"metadata": {}} for cell in notebook["cells"]
             if cell["cell_type"] == "code"
             and not cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("check_")]
    (my / "pieces.ipynb").write_text(json.dumps(notebook | {"cells": cells}), encoding="utf-8")
    shutil.copy(next(EXERCISES.glob("03_*.ipynb")), path)
    pieces = capstone.collect(my)
    assert pieces.complete and any("taken from pieces.ipynb" in note for note in pieces.notes)


def test_lessons_and_the_capstone_itself_hold_no_pieces(my):
    """A lesson builds some of the pieces too, and a capstone that is run would collect again, and again."""
    next(my.glob("02_*")).unlink()
    shutil.copy(next(NOTEBOOKS.glob("02_*.ipynb")), my)
    capstone_copy = my / "Copy of capstone.ipynb"
    shutil.copy(EXERCISES / "capstone.ipynb", capstone_copy)
    edit_answer(capstone_copy, "capstone.collect", "pieces = capstone.collect()\n\n\ndef team_step():\n    pass\n")
    verdicts = capstone.collect(my).verdicts
    assert verdicts["team_step"].kind == "not attempted" and verdicts["MixingNet"].kind == "correct"


def edit_answer(path, word: str, source: str) -> None:
    """Another text in the answer cell that has this word in it, or else in the first cell that has."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and word in "".join(cell["source"])]
    cells.sort(key=lambda cell: not cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("answer_"))
    cells[0]["source"] = source.splitlines(keepends=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.mark.parametrize("wrong", [3, None, ["a"]])
def test_a_folder_that_is_none_is_refused(wrong, tmp_path):
    with pytest.raises(TypeError, match="folder: expected a path"):
        capstone.collect(wrong)
    with pytest.raises(ValueError, match="folder: expected a folder with notebooks"):
        capstone.collect(tmp_path / "gone")


def test_the_lines_under_break_it_yourself_run_as_they_are_printed(solved, monkeypatch):
    monkeypatch.setenv("QMIX_COURSE_PROGRESS", "0")
    text = (SOLUTIONS / "capstone.py").read_text(encoding="utf-8").split("## Break it yourself")[1]
    printed = [block.replace("\n# ", "\n").replace("\n#\n", "\n\n")
               for block in re.findall(r"# ```python(.*?)# ```", text, re.DOTALL)]
    assert printed
    mine, taus = dict(solved.parts), []

    def soft_update(target, online, tau):
        taus.append(tau)
        return mine["soft_update"](target, online, tau)

    pieces = replace(solved, parts=mine | {"soft_update": soft_update})
    before = dict(pieces.parts)
    short = SimpleNamespace(train_team=lambda pieces: capstone.train_team(pieces, steps=640))
    for block in printed:
        names = {"pieces": pieces, "capstone": short}
        for _ in range(2):                                      # a cell is run more than once
            exec(block, names)
    assert taus and set(taus) == {1.0}
    assert pieces.parts == before
