"""Checks for the exercises: each looks at a learner's answer and returns a verdict."""

from qmix_course.checks import cells
from qmix_course.checks.asking import check, hint, solution
from qmix_course.checks.exercise import Exercise, Mistake, exercises
from qmix_course.checks.verdict import Found, NotCorrect, Verdict

__all__ = ["Exercise", "Found", "Mistake", "NotCorrect", "Verdict", "check", "exercises", "hint", "solution"]

cells.log()             # in a notebook, from now on
