"""Exercises and solutions as they are shipped. That they run and print what is stored, nbval tests, cell by cell."""

import ast
import json
import re
import shutil

import nbformat
import pytest

from qmix_course.checks import exercises
from qmix_course.checks.exercise import LESSONS
from tools import exercise_check, make_exercises, teaching
from tools.exercise_list import exercise_list, with_exercise_list
from tools.notebooks import EXERCISES, NOTEBOOKS, SOLUTIONS, sources


def test_exercises_are_up_to_date_and_have_their_shape():
    """Every check says *not attempted* in exercises/ and *correct* in solutions/."""
    assert exercise_check.check_exercises() == []


def test_there_are_as_many_as_promised():
    each = {number: exercises(number) for number in LESSONS}
    assert all(sum(not exercise.lab for exercise in each[number]) >= 3 for number in LESSONS[1:])
    assert all(any(exercise.lab for exercise in each[number]) for number in LESSONS[1:])
    measured = [number for number, listed in each.items()
                if any("conclusion" in exercise.answers or "Measure it" in exercise.title for exercise in listed)]
    assert measured == list(LESSONS[3:])
    for number, listed in each.items():
        assert [exercise.number for exercise in listed] == [f"{number}.{k}" for k in range(1, len(listed) + 1)]
        names = [name for exercise in listed for name in exercise.answers]
        assert len(set(names)) == len(names), "a name is asked for twice in one notebook"


def test_a_small_case_to_run_stands_between_answer_and_check():
    """Of everything that can be called, but for experiments, whose answers call it themselves."""
    for number in LESSONS:
        cells = nbformat.read(next(SOLUTIONS.glob(f"{number}_*.ipynb")), as_version=4).cells
        ids = [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in cells]
        for exercise in exercises(number):
            if set(exercise.answers.values()) == {"value"} or "measured" in exercise.answers:
                continue
            at = ids.index("check_" + exercise.number.replace(".", "_"))
            tried = cells[at - 1].cell_type == "code" and not ids[at - 1] and "Try it" in cells[at - 1].source
            assert tried, f"{exercise.number} has no small case"
            assert cells[at - 1].outputs, f"{exercise.number}: its small case shows nothing"


def test_no_exercise_holds_a_solution():
    for source in sources([], EXERCISES):
        text = source.read_text(encoding="utf-8") + source.with_suffix(".ipynb").read_text(encoding="utf-8")
        assert "BEGIN SOLUTION" not in text
        for cell in nbformat.read(source.with_suffix(".ipynb"), as_version=4).cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                assert "..." in cell.source, f"{source.name}: {cell.source}"


def test_the_stored_solutions_are_those_of_the_sources():
    stored = json.loads(make_exercises.TEXTS.read_text(encoding="utf-8"))
    assert list(stored) == [exercise.number for number in LESSONS for exercise in exercises(number)]
    assert all("SOLUTION" not in text for text in stored.values())


def test_the_teachers_page_is_up_to_date():
    assert teaching.PAGE.read_text(encoding="utf-8") == teaching.page()


def test_a_lesson_lists_its_exercises_by_their_own_titles(tmp_path):
    for source in sources([]):
        assert source.read_text(encoding="utf-8") == with_exercise_list(source), (
            f"{source.name}: run tools/make_exercises.py")
    right = (NOTEBOOKS / "11_representation.py").read_text(encoding="utf-8")
    copy = tmp_path / "11_representation.py"
    renamed, lost, twice = (right.replace(exercise_list("11"), text) for text in (
        "# - 11.2 One best table, by hand\n# - Find the bug 11.9 None\n", "",
        f"{exercise_list('11')}#\n{exercise_list('11')}"))
    copy.write_text(renamed, encoding="utf-8")
    assert with_exercise_list(copy) == right
    for text in (lost, twice):
        copy.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="expected one list of exercises"):
            with_exercise_list(copy)


def test_an_exercise_that_a_text_names_exists():
    known = {exercise.number for number in LESSONS for exercise in exercises(number)}
    for source in [*sources([]), *sources([], SOLUTIONS)]:
        named = set(re.findall(r"\b(?:exercise|bug|lab) (\d\d\.\d+)", source.read_text(encoding="utf-8")))
        assert named <= known, f"{source.name} names {named - known}"


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_is_off_limits_is_said(lesson):
    text = sources([lesson], SOLUTIONS)[0].read_text(encoding="utf-8")
    for exercise in exercises(lesson):
        if exercise.off_limits:
            told = re.split(r"\n# %%(?! \[markdown\])", text.split(f"· {exercise.title}\n")[1])[0]
            assert re.search(r"off limits|[Ww]ithout (the library|`)", told), exercise.number


def test_no_notebook_hides_the_helpers():
    """A cell that binds ``solution`` would take the helper of that name away from a learner."""
    for source in [*sources([]), *sources([], SOLUTIONS)]:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            bound = (node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                     else getattr(node, "name", None))
            assert isinstance(node, ast.alias) or bound not in ("check", "hint", "solution"), (
                f"{source.name}, line {node.lineno}: {bound}")


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Copies of lesson 00's exercise and solution, which a test may spoil."""
    for folder in (EXERCISES, SOLUTIONS):
        (tmp_path / folder.name).mkdir()
        for path in folder.glob("00_*"):
            shutil.copy(path, tmp_path / folder.name)
    for name in ("EXERCISES", "SOLUTIONS"):
        monkeypatch.setattr(exercise_check, name, tmp_path / name.lower())
    monkeypatch.setattr(exercise_check, "solutions_text", lambda _: make_exercises.TEXTS.read_text(encoding="utf-8"))
    assert exercise_check.check_exercises() == []
    return tmp_path


@pytest.mark.parametrize("file, before, after, said", [
    ("exercises/00_start_here.py", "    ...", "    return 0", "is not what its solution gives"),
    ("solutions/00_start_here.py", "reward + 0.9", "reward + 0.8", "build it again"),
    ("solutions/00_start_here.py", "must be", "must be", ""),
    ("exercises/00_start_here.ipynb", '"not attempted"', '"correct"', "says ['correct'], expected 'not attempted'"),
    ("solutions/00_start_here.ipynb", '"correct"', '"wrong"', "says ['wrong'], expected 'correct'"),
    ("solutions/00_start_here.py", "**Difficulty:** 1 of 5", "**Difficulty:** 2 of 5", "build it again"),
    ("solutions/00_start_here.ipynb", "**Difficulty:** 1 of 5", "**Difficulty:** 2 of 5", "needs one heading"),
    ("solutions/00_start_here.ipynb", '"points": 1', '"points": 3', "needs one heading"),
    ("solutions/00_start_here.ipynb", 'check(\\"00.1\\", one_step_target)', "None", "must hold just check"),
    ("solutions/00_start_here.ipynb", "**Minutes:** 5\\n", "**Minutes:** 6\\n", "must say '**Minutes:** 5'"),
])
def test_what_is_stale_or_out_of_shape_is_noticed(folders, file, before, after, said):
    path = folders / file
    text = path.read_text(encoding="utf-8")
    if said:
        assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    complaints = exercise_check.check_exercises()
    assert any(said in complaint for complaint in complaints) if said else complaints == []


def test_a_missing_half_is_noticed(folders):
    (folders / "exercises" / "00_start_here.py").unlink()
    assert any("stands in one of" in complaint for complaint in exercise_check.check_exercises())


@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_has_two_or_three_core_exercises_of_at_most_thirty_minutes(number):
    core = [exercise for exercise in exercises(number) if exercise.core]
    assert len(core) in ((1,) if number == "00" else (2, 3)) and sum(exercise.minutes for exercise in core) <= 30


@pytest.mark.parametrize("number", LESSONS)
def test_no_name_of_an_answer_holds_a_number_that_could_be_read_as_one(number):
    assert not [name for exercise in exercises(number) if exercise.lab for name in exercise.answers
                if name.startswith("wrong_line") and any(letter.isdigit() for letter in name)]
