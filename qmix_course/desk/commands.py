"""The commands of a learner: python -m qmix_course start | progress | check | hint | reset."""

from __future__ import annotations

import argparse
import contextlib
import re
from pathlib import Path

from qmix_course.checks import exercises
from qmix_course.checks.asking import hint_text
from qmix_course.checks.exercise import LESSONS, find
from qmix_course.desk import copies, finding, standing
from qmix_course.desk.reading import DeskError, lesson_in_name, shown


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the five commands to the parser of ``python -m qmix_course``."""
    command = commands.add_parser("start", help="copy lessons and exercises to my/; what you changed there stays")
    command.add_argument("lesson", nargs="?", metavar="NN", type=_two_digits,
                         help="one lesson, or capstone (default: all)")
    command.set_defaults(function=command_start)
    command = commands.add_parser("progress", help="which exercises are solved, tried, left")
    command.add_argument("folder", nargs="?", type=Path, metavar="FOLDER",
                         help="where the notebooks are (default: my/exercises)")
    command.set_defaults(function=command_progress)
    command = commands.add_parser("check", help="check the saved notebooks in my/")
    command.add_argument("what", nargs="?", metavar="NN[.k]", type=_two_digits,
                         help="a lesson or one exercise (default: every started lesson)")
    command.set_defaults(function=command_check)
    command = commands.add_parser("hint", help="a hint to one exercise")
    command.add_argument("number", metavar="NN.k", type=_two_digits)
    command.add_argument("which", nargs="?", type=int, default=1, help="1 (default), 2, …: each says more")
    command.set_defaults(function=command_hint)
    command = commands.add_parser("reset", help="a fresh copy in my/; the old one is kept under a dated name")
    command.add_argument("lesson", metavar="NN", type=_two_digits)
    command.add_argument("--lesson", action="store_true", dest="of_lesson", help="the lesson itself, not its exercises")
    command.set_defaults(function=command_reset)


def _two_digits(text: str) -> str:
    """``"3"`` and ``"3.1"`` as ``"03"`` and ``"03.1"``."""
    return re.sub(r"^(\d)(?=\.|$)", r"0\1", text)


def command_start(arguments: argparse.Namespace) -> int:
    folder = standing.course_folder()
    _take_over(folder)
    done = copies.start(folder, arguments.lesson)
    left = [copy for copy, what in done if what == copies.LEFT]
    for copy, what in done:
        if what != copies.LEFT or arguments.lesson:
            print(f"{shown(copy)}: {_said(what, copy)}")
    if any(what in (copies.COPIED, copies.FOLLOWED) for _, what in done):
        print("Outputs in them are the authors'; run the cells to make your own.")
    if left and not arguments.lesson:
        one, many = "1 copy is there already, left as it is", f"{len(left)} copies are there already, left as they are"
        print(f"my/: {many if len(left) > 1 else one}")
    return 0


def _said(what: str, copy: Path) -> str:
    """What happened to a copy, in words."""
    if what == copies.STAYS:
        number = lesson_in_name(copy) if copy.suffix == ".ipynb" else ""
        option = " --lesson" if copy.parent.name == "notebooks" else ""
        how = f"python -m qmix_course reset {number}{option}" if number else "delete yours and start again"
        return f"yours, so it stays, and the course has a newer one. To take that (a notebook of yours is kept): {how}"
    return {copies.COPIED: "copied", copies.LEFT: "already there, left as it is",
            copies.FOLLOWED: "the new version; you had not changed yours",
            copies.BLOCKED: "a folder or a link that leads nowhere has this name, so no copy could be laid there"}[what]


def _take_over(folder: Path) -> None:
    for old, new in copies.take_over(folder):
        print(f"{shown(old)} is now {shown(new)}")


def command_reset(arguments: argparse.Namespace) -> int:
    folder = standing.course_folder()
    copies.shipped(arguments.lesson, folder)                    # says which there are when there is none
    _take_over(folder)
    copy, kept = copies.reset(arguments.lesson, folder, "notebooks" if arguments.of_lesson else "exercises")
    print(f"{shown(copy)}: a fresh copy" + (f"; the old one is now {kept.name}" if kept else ""))
    return 0


def command_hint(arguments: argparse.Namespace) -> int:
    print(hint_text(arguments.number, arguments.which))
    left = len(find(arguments.number).hints) - arguments.which
    if left:
        print(f"There {'is 1 more' if left == 1 else f'are {left} more'}: "
              f"python -m qmix_course hint {arguments.number} {arguments.which + 1}")
    return 0


def command_check(arguments: argparse.Namespace) -> int:
    """0 when everything that was asked about is correct, else 1."""
    folder = standing.course_folder()
    what = arguments.what or ""
    if what and not re.fullmatch(r"\d\d(\.\d+)?", what):
        raise DeskError(f'expected a lesson, as 03, or an exercise, as 03.2, got {what!r}')
    if "." in what:
        find(what)                                              # says which there are when there is none
    source = copies.shipped(what[:2], folder) if what else None
    _take_over(folder)
    notebooks = _mine(folder)
    judged = {number: standing.judge(number, notebooks, folder)
              for number in ([what[:2]] if what else copies.lessons(folder))}
    judged = {number: (paths, verdicts) for number, (paths, verdicts) in judged.items() if paths}
    if not judged:
        mine = copies.mine(source, folder) if source else None
        raise DeskError("nothing in my/ yet: python -m qmix_course start" if mine is None
                        else _emptied(mine, what[:2]) if mine.exists()
                        else f"{shown(mine)} is not there: python -m qmix_course start {what[:2]}")
    all_correct = True
    for number, (paths, verdicts) in judged.items():
        for exercise in exercises(number):
            if what in ("", number, exercise.number):
                verdict = verdicts[exercise.number]
                all_correct = all_correct and verdict.kind == "correct"
                print(f"{exercise.number} {exercise.title}: {verdict!r}")
        for line in _taken(number, paths, notebooks):
            print(line)
    return 0 if all_correct else 1


def _counts(name: str, row: list[int], core: int) -> str:
    """One line of ``progress``: solved, tried, left, and how many of the core exercises are solved."""
    *counts, solved = row
    return f"{name:<8}" + "".join(f"{value:>8}" for value in counts) + f"{f'{solved}/{core}':>8}"


def command_progress(arguments: argparse.Namespace) -> int:
    course = None
    if arguments.folder is None:
        course = standing.course_folder()
        _take_over(course)
        notebooks, numbers = _mine(course), copies.lessons(course)
    else:
        notebooks, numbers = finding.look(arguments.folder), list(LESSONS)
        with contextlib.suppress(DeskError):
            course = standing.course_folder()
    print(f"{'lesson':<8}{'solved':>8}{'tried':>8}{'left':>8}{'core':>8}")
    total, wanted, notes, files = [0, 0, 0, 0], 0, [], {notebook.path for notebook in notebooks}
    for number in numbers:
        count, note = len(exercises(number)), ""
        core = [exercise.number for exercise in exercises(number) if exercise.core]
        row, wanted = [0, 0, count, 0], wanted + len(core)
        try:
            paths, verdicts = standing.judge(number, notebooks, course)
            if paths:
                kinds = [verdict.kind for verdict in verdicts.values()]
                left = kinds.count("not attempted")
                solved = sum(key in core and verdict.kind == "correct" for key, verdict in verdicts.items())
                row = [kinds.count("correct"), count - left - kinds.count("correct"), left, solved]
                notes += _taken(number, paths, notebooks)
            elif course and (mine := copies.mine(copies.shipped(number, course), course)) in files:
                note = "not counted, see below"
                notes.append(f"{number}: {_emptied(mine, number)}")
            else:
                note = "not started"
        except DeskError as error:
            note = "not counted, see below"
            notes.append(f"{number}: {error}")
        total = [a + b for a, b in zip(total, row)]
        print(_counts(number, row, len(core)) + (f"   {note}" if note else ""), flush=True)
    print("\n".join([_counts("all", total, wanted), *notes]))
    return 0


def _emptied(path: Path, lesson: str) -> str:
    return (f"{shown(path)} holds no exercise of lesson {lesson} any more. For a fresh copy (yours is kept): "
            f"python -m qmix_course reset {lesson}")


def _mine(folder: Path) -> list[finding.Notebook]:
    """The learner's exercise notebooks; none before the first start."""
    mine = folder / "my" / "exercises"
    return finding.look(mine) if mine.is_dir() else []


def _taken(number: str, paths: list[Path], notebooks: list[finding.Notebook]) -> list[str]:
    """Where several notebooks hold one lesson, which one counts; and which could not be read."""
    lines = [f"{number}: {notebook.error}" for notebook in notebooks if notebook.error and number in notebook.lessons]
    if len(paths) > 1:
        others = ", ".join(path.name for path in paths[1:])
        lines.append(f"{number}: {paths[0].name} counts, the last one saved that you worked on; "
                     f"the same exercises are in {others}")
    return lines
