"""What an exercise is, what a mistake is, and where the exercises are found."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from qmix_course import errors
from qmix_course.checks import limit
from qmix_course.checks.verdict import Verdict

# A lesson is one that has a folder of checks here; the numbers may have gaps.
LESSONS = tuple(sorted(name.removeprefix("lesson") for _, name, _ in pkgutil.iter_modules([str(Path(__file__).parent)])
                       if re.fullmatch(r"lesson\d\d", name)))


@dataclass(frozen=True)
class Mistake:
    """A misconception: its ``name``, the ``hint`` for the one who has it, ``why`` it fails (told after solving).

    ``wrong``: computes what such an answer gives, so that ``Room.compare`` recognises it; None where the check
    recognises it in another way.
    """

    name: str
    hint: str
    why: str
    wrong: Callable | None = None


def twisted(rule, *mistakes: tuple[str | None, str, str, str]) -> tuple[Mistake, ...]:
    """Mistakes from (twist, name, hint, why): ``rule`` with a twist is what somebody with the misconception
    computes; without one (None or "") the check recognises it in another way."""
    return tuple(Mistake(name, hint, why, partial(rule, twist=twist) if twist else None)
                 for twist, name, hint, why in mistakes)


@dataclass(frozen=True)
class Exercise:
    """One exercise or lab. ``answers``: the names that a learner defines, each "function", "class" or "value".

    ``look(room, *answers)`` returns a verdict or raises ``Found``. ``off_limits``: dotted names that must not be called
    while an answer runs. ``practises``: what it is for, as a teacher would say it. ``formerly``: what the answers to
    another exercise were called that had this number before; copies that learners keep still define and check them.
    """

    number: str
    title: str
    answers: dict[str, str]
    difficulty: int
    minutes: int
    practises: str
    hints: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    look: Callable[..., Verdict] = field(repr=False)
    off_limits: tuple[str, ...] = ()
    lab: bool = False
    core: bool = False              # of the two or three that a lesson stands on; the others are extra
    formerly: tuple[str, ...] = ()

    @property
    def cell(self) -> str:
        """The id of the cell in which it is answered."""
        return f"answer_{self.number.replace('.', '_')}"

    @property
    def measures(self) -> bool:
        """Whether it is an experiment, which trains teams."""
        return "measure" in self.answers

    @property
    def seconds(self) -> float:
        """Of computing that its check may take. A slow computer needs long to train teams."""
        return limit.SECONDS * (6 if self.measures else 1)

    def earlier(self, names) -> Verdict | None:
        """The verdict for one who answers the exercise that had this number before, if one of ``names`` is of it."""
        old = [name for name in names if name in self.formerly]
        if not old:
            return None
        return Verdict("not attempted", f"{old[0]} answers an earlier exercise {self.number}. Today's is another one: "
                                        f"{self.title}",
                       "Your copy is older than the course. "
                       f"python -m qmix_course reset {self.number[:2]} lays today's exercises in my/ and keeps your "
                       "notebook beside them.")

    def heading(self) -> str:
        """The two lines that stand above the exercise in its notebook."""
        kind = "Find the bug" if self.lab else "Exercise"
        return (f"## {kind} {self.number} · {self.title}\n\n"
                f"**Difficulty:** {self.difficulty} of 5 · **Minutes:** {self.minutes} · "
                f"**{'Core' if self.core else 'Extra'}**")


def exercises(lesson: str) -> tuple[Exercise, ...]:
    """The exercises of one lesson (``"03"``), in order.

    Raises:
        ValueError: there is no such lesson.
    """
    if not isinstance(lesson, str) or lesson not in LESSONS:
        raise ValueError(f'lesson: expected one of {", ".join(LESSONS)}, as text ("{LESSONS[0]}"), got '
                         f'{errors.describe(lesson)}')
    return importlib.import_module(f"qmix_course.checks.lesson{lesson}").EXERCISES


def find(number: str) -> Exercise:
    """The exercise with this number (``"03.1"``).

    Raises:
        ValueError: there is no such exercise.
    """
    if not isinstance(number, str) or not re.fullmatch(r"\d\d\.\d+", number) or number[:2] not in LESSONS:
        raise ValueError(f'number: expected lesson and exercise as text, as "03.1", got {errors.describe(number)}')
    here = {exercise.number: exercise for exercise in exercises(number[:2])}
    if number not in here:
        raise ValueError(f"number: lesson {number[:2]} has the exercises {', '.join(here)}, got {number!r}")
    return here[number]
