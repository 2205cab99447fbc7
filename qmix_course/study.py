"""The commands of a learner: python -m qmix_course start | progress | check | hint | reset."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from qmix_course import desk
from qmix_course.checks import exercises, hint
from qmix_course.checks.exercise import find
from qmix_course.desk import DeskError


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the five commands to the parser of ``python -m qmix_course``."""
    command = commands.add_parser("start", help="copy exercises to my/, never over a file that is there")
    command.add_argument("lesson", nargs="?", metavar="NN", type=_two_digits, help="one lesson, or capstone (default: all)")
    command.set_defaults(function=command_start)
    command = commands.add_parser("progress", help="which exercises in my/ are solved, tried, left")
    command.set_defaults(function=command_progress)
    command = commands.add_parser("check", help="check the saved notebooks in my/")
    command.add_argument("what", nargs="?", metavar="NN[.k]", type=_two_digits, help="a lesson or one exercise (default: every started lesson)")
    command.set_defaults(function=command_check)
    command = commands.add_parser("hint", help="a hint to one exercise")
    command.add_argument("number", metavar="NN.k", type=_two_digits)
    command.add_argument("which", nargs="?", type=int, default=1, help="1 (default), 2, …: each says more")
    command.set_defaults(function=command_hint)
    command = commands.add_parser("reset", help="a fresh copy in my/; the old one is kept under a dated name")
    command.add_argument("lesson", metavar="NN", type=_two_digits)
    command.set_defaults(function=command_reset)


def _two_digits(text: str) -> str:
    """``"3"`` and ``"3.1"`` as ``"03"`` and ``"03.1"``."""
    return re.sub(r"^(\d)(?=\.|$)", r"0\1", text)


def command_start(arguments: argparse.Namespace) -> int:
    folder = desk.course_folder()
    numbers = [arguments.lesson] if arguments.lesson else desk.all_numbers(folder)
    for number in numbers:
        copy, new = desk.start(number, folder)
        print(f"{_shown(copy, folder)}: " + ("copied" if new else "already there, left as it is"))
    return 0


def command_reset(arguments: argparse.Namespace) -> int:
    folder = desk.course_folder()
    copy, kept = desk.reset(arguments.lesson, folder)
    print(f"{_shown(copy, folder)}: a fresh copy" + (f"; the old one is now {kept.name}" if kept else ""))
    return 0


def command_hint(arguments: argparse.Namespace) -> int:
    print(hint(arguments.number, arguments.which))
    left = len(find(arguments.number).hints) - arguments.which
    if left:
        print(f"There {'is 1 more' if left == 1 else f'are {left} more'}: "
              f"python -m qmix_course hint {arguments.number} {arguments.which + 1}")
    return 0


def command_check(arguments: argparse.Namespace) -> int:
    """0 when everything that was asked about is correct, else 1."""
    folder = desk.course_folder()
    what = arguments.what or ""
    if what and not re.fullmatch(r"\d\d(\.\d+)?", what):
        raise DeskError(f'expected a lesson, as 03, or an exercise, as 03.2, got {what!r}')
    if "." in what:
        find(what)                                              # says which there are when there is none
    started = [number for number in desk.lessons(folder) if _mine(number, folder).exists()]
    if not what and not started:
        raise DeskError("nothing in my/ yet: python -m qmix_course start")
    all_correct = True
    for number in [what[:2]] if what else started:
        path = _mine(number, folder)
        found = desk.verdicts_apart(number, path)
        for exercise in exercises(number):
            if what in ("", number, exercise.number):
                verdict = found[exercise.number]
                all_correct = all_correct and verdict.kind == "correct"
                print(f"{exercise.number} {exercise.title}: {verdict!r}")
    return 0 if all_correct else 1


def command_progress(arguments: argparse.Namespace) -> int:
    folder = desk.course_folder()
    print(f"{'lesson':<8}{'solved':>8}{'tried':>8}{'left':>8}")
    total, notes = [0, 0, 0], []
    for number in desk.lessons(folder):
        count, path, note = len(exercises(number)), _mine(number, folder), ""
        row = [0, 0, count]
        if not path.exists():
            note = "not started"
        else:
            try:
                if not desk.untouched(path, folder):
                    kinds = [verdict.kind for verdict in desk.verdicts_apart(number, path).values()]
                    left = kinds.count("not attempted")
                    row = [kinds.count("correct"), count - left - kinds.count("correct"), left]
            except DeskError as error:
                note = "not counted, see below"
                notes.append(f"{number}: {error}")
        total = [a + b for a, b in zip(total, row)]
        print(f"{number:<8}" + "".join(f"{value:>8}" for value in row) + (f"   {note}" if note else ""), flush=True)
    print("\n".join([f"{'all':<8}" + "".join(f"{value:>8}" for value in total), *notes]))
    return 0


def _mine(number: str, folder: Path) -> Path:
    return folder / "my" / desk.shipped(number, folder).name


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
