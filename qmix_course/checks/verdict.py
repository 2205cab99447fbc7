"""A verdict: what a check found, shown in a notebook or a terminal. It is never a traceback."""

from __future__ import annotations

import html
import os
import traceback
from dataclasses import dataclass
from typing import Callable

KINDS = ("not attempted", "error in your code", "wrong shape or type", "wrong", "correct")


class NotCorrect(AssertionError):
    """Raised in place of a shown verdict when QMIX_COURSE_STRICT=1."""


@dataclass(frozen=True)
class Verdict:
    """``kind``: one of ``KINDS`` · ``title``: what was found, in a few words · ``hint``: what to think about next."""

    kind: str
    title: str = ""
    hint: str = ""

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {self.kind!r}")

    def __repr__(self) -> str:
        head = self.kind + (f": {self.title}" if self.title else "")
        return head + (f"\n  {self.hint}" if self.hint else "")

    def _repr_html_(self) -> str:
        color = {"correct": "#009E73", "not attempted": "#777777"}.get(self.kind, "#D55E00")
        title = f": {html.escape(self.title)}" if self.title else ""
        hint = f"<br>{html.escape(self.hint)}" if self.hint else ""
        return (f'<div style="border-left: 4px solid {color}; padding: 0.3em 0.8em">'
                f"<b>{html.escape(self.kind)}</b>{title}{hint}</div>")


def judge(answer, look: Callable[[Callable], Verdict]) -> Verdict:
    """Run ``look(answer)`` and turn whatever the answer raises into a verdict.

    With QMIX_COURSE_STRICT=1 in the environment a verdict other than *correct* raises ``NotCorrect``.
    """
    verdict = _verdict(answer, look)
    if os.environ.get("QMIX_COURSE_STRICT") == "1" and verdict.kind != "correct":
        raise NotCorrect(repr(verdict))
    return verdict


def _verdict(answer, look) -> Verdict:
    if answer is ...:
        return Verdict("not attempted")
    if not callable(answer):
        return Verdict("wrong shape or type", f"expected a function, got {type(answer).__name__}",
                       "Hand over the function itself, without calling it: no parentheses behind its name.")
    try:
        return look(answer)
    except Exception as error:
        return Verdict("error in your code", f"{type(error).__name__}: {error}", _line_of(answer, error))


def _line_of(answer, error: Exception) -> str:
    """Where in the learner's function the error came from."""
    code = getattr(answer, "__code__", None)
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if code is not None and frame.f_code.co_filename == code.co_filename:
            return f"It was raised in line {line - code.co_firstlineno + 1} of {frame.f_code.co_name}."
    return "It was raised before the first line of your function ran: do its arguments match?"
