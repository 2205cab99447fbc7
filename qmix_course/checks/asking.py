"""What a learner asks: ``check("03.1", my_function)``, ``hint("03.1", 1)``, ``solution("03.1")``."""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import replace
from functools import cache
from importlib import resources
from types import FunctionType

from qmix_course import errors
from qmix_course.checks.exercise import Exercise, find
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import NotCorrect, Verdict

# Graders set it before any answer runs; what an answer does to the environment afterwards does not matter.
STRICT = os.environ.get("QMIX_COURSE_STRICT") == "1"


def check(number: str, *answers) -> Verdict:
    """Check the answers to exercise ``number``: a verdict, which a notebook shows when it is the last value of a cell.

    With QMIX_COURSE_STRICT=1 in the environment a verdict other than *correct* raises ``NotCorrect``. It is strict once
    and for all when it was so at the start, so an answer cannot switch it off.

    Raises:
        ValueError: there is no such exercise. TypeError: it has another number of answers.
    """
    exercise = find(number)
    earlier = exercise.earlier(answer.__name__ for answer in answers if isinstance(answer, (FunctionType, type)))
    if len(answers) != len(exercise.answers) and earlier is None:
        raise TypeError(f'check("{number}", …): expected {", ".join(exercise.answers)}, got {len(answers)} answers')
    strict = STRICT or os.environ.get("QMIX_COURSE_STRICT") == "1"
    verdict = earlier or Room(exercise).judge(answers)
    if strict and verdict.kind != "correct":
        raise NotCorrect(f"{number}: {verdict!r}")
    return verdict if earlier else replace(verdict, folds=_folds(exercise, verdict))


def _folds(exercise: Exercise, verdict: Verdict) -> tuple[tuple[str, str], ...]:
    if verdict.kind == "correct":
        return (("A reference solution, and why the usual mistakes fail", _solution_text(exercise)),)
    count = len(exercise.hints)
    return tuple((f"Hint {k} of {count}", text) for k, text in enumerate(exercise.hints, start=1))


class Note(str):
    """Text that a notebook shows as it is, line by line."""

    __repr__ = str.__str__


def hint(number: str, which: int = 1) -> Note:
    """Hint ``which`` (1, 2, …) of exercise ``number``; each says more than the one before it.

    Raises:
        ValueError: there is no such exercise or hint.
    """
    text = hint_text(number, which)
    return Note(text + (f'\nThe next one: hint("{number}", {which + 1})' if which < len(find(number).hints) else ""))


def hint_text(number: str, which: int) -> str:
    exercise = find(number)
    count = len(exercise.hints)
    if isinstance(which, bool) or not isinstance(which, int) or not 1 <= which <= count:
        raise ValueError(f"which: exercise {number} has the hints 1 to {count}, got {errors.describe(which)}")
    return f"Hint {which} of {count}: " + textwrap.fill(exercise.hints[which - 1], 100)


def solution(number: str) -> Note:
    """The reference solution of exercise ``number``, and why the usual mistakes fail. Try it yourself first."""
    return Note(_solution_text(find(number)))


def _solution_text(exercise: Exercise) -> str:
    lines = [_solutions()[exercise.number], "", "Why the usual mistakes fail"]
    for mistake in exercise.mistakes:
        lines.append(textwrap.fill(f"- {mistake.name}: {mistake.why}", 100, subsequent_indent="  "))
    return "\n".join(lines)


@cache
def _solutions() -> dict[str, str]:
    """Number → reference solution: written from solutions/ by tools/make_exercises.py."""
    return json.loads(resources.files("qmix_course.checks").joinpath("solutions.json").read_text(encoding="utf-8"))
