"""A verdict: what a check found, shown in a notebook or a terminal. It is never a traceback."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

KINDS = ("not attempted", "error in your code", "wrong shape or type", "wrong", "correct")
WRAP = "white-space: pre-wrap; overflow-wrap: break-word; word-break: normal"       # JupyterLab breaks words in a <pre>
COLOURS = {"correct": "#009E73", "not attempted": "#777777"}


class NotCorrect(AssertionError):
    """Raised in place of a shown verdict when QMIX_COURSE_STRICT=1."""


@dataclass(frozen=True)
class Verdict:
    """``kind``: one of ``KINDS`` · ``title``: what was found, in a few words · ``hint``: what to think about next ·
    ``detail``: a case to run, expected and got · ``folds``: (summary, text) pairs that a notebook shows folded."""

    kind: str
    title: str = ""
    hint: str = ""
    detail: str = ""
    folds: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {self.kind!r}")

    def __repr__(self) -> str:
        head = self.kind + (f": {self.title}" if self.title else "")
        lines = self.hint.splitlines() + self.detail.splitlines()
        return "\n".join([head] + [f"  {line}" for line in lines])

    def _repr_html_(self) -> str:
        title = f": {_marked(self.title)}" if self.title else ""
        hint = f"<br>{_marked(self.hint)}" if self.hint else ""
        detail = f'<pre style="{WRAP}">{html.escape(self.detail)}</pre>' if self.detail else ""
        folds = "".join(f'<details><summary>{html.escape(summary)}</summary><pre style="{WRAP}">'
                        f"{_marked(text) if summary.startswith('Hint') else html.escape(text)}</pre></details>"
                        for summary, text in self.folds)
        return (f'<div style="border-left: 4px solid {COLOURS.get(self.kind, "#D55E00")}; padding: 0.3em 0.8em">'
                f"<b>{html.escape(self.kind)}</b>{title}{hint}{detail}{folds}</div>")


def _marked(text: str) -> str:
    """As HTML, with what stands between two backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))


class Found(Exception):
    """Ends a check at once: a verdict has been found."""

    def __init__(self, verdict: Verdict):
        super().__init__(repr(verdict))
        self.verdict = verdict
