"""The list of exercises in a lesson's *Sum up*, written from the exercises' own titles by tools/make_exercises.py."""

from __future__ import annotations

import re
from pathlib import Path

from qmix_course.checks import exercises
from qmix_course.checks.exercise import LESSONS
from tools.notebooks import number_of

LISTED = re.compile(r"^(?:# - (?:Find the bug )?\d\d\.\d+ .*\n)+", re.MULTILINE)


def exercise_list(number: str) -> str:
    """The list as a lesson's source holds it, one comment line an exercise."""
    return "".join(f"# - {each.number} {'Find the bug: ' if each.lab else ''}{each.title}\n"
                   for each in exercises(number))


def with_exercise_list(source: Path) -> str:
    """The text of a lesson's source with the list as it must be.

    Raises:
        ValueError: the lesson has not just one list of exercises.
    """
    text, number = source.read_text(encoding="utf-8"), number_of(source)
    if number not in LESSONS:
        return text
    before, heading, rest = text.partition("# ### Exercises\n")
    if len(LISTED.findall(rest)) != 1:
        raise ValueError(f"{source.name}: expected one list of exercises ('# - {number}.1 …') below '### Exercises', "
                         f"found {len(LISTED.findall(rest))}")
    return before + heading + LISTED.sub(lambda _: exercise_list(number), rest)
