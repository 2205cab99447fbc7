"""What a notebook's stored outputs may hold, so that they are the same on every machine."""

from __future__ import annotations

import re

from nbformat import NotebookNode

KINDS = {"text/plain", "text/html", "text/markdown", "text/latex"}
OPT_OUT_TAG = "nbval-ignore-output"
OPT_OUT_REASON = re.compile(r"^# Not compared: \S.{9,}", re.MULTILINE)
OTHER_MARKERS = re.compile(r"^\s*#\s*(NBVAL_\w+|PYTEST_VALIDATE_\w+)", re.MULTILINE)
OTHER_TAGS = {"nbval-skip", "nbval-raises-exception", "nbval-check-output", "raises-exception", "skip-execution"}
MAGIC = re.compile(r"^\s*[%!]", re.MULTILINE)

IMAGE = re.compile(r'<img [^>]*src="data:image/png;base64,[^"]*"[^>]*>')      # as tests/nbval.cfg leaves it out

# name, and a pattern for text that gives a machine, a run or a version away
REVEALING = {
    "a memory address": re.compile(r"\b0x[0-9a-fA-F]{4,}"),
    "a path": re.compile(
        r"(?<![\w/])/(home|root|tmp|usr|opt|work|Users|content|mnt|var|private)/|\b[A-Z]:\\\\?\w"
        r"|site-packages|ipykernel_"
    ),
    "a warning": re.compile(r"\w*Warning\b"),
    "a version": re.compile(r"\b\d+\.\d+\.\d+\b"),
    "a time": re.compile(r"\b\d{1,2}:\d{2}(:\d{2})?\b|\b\d+(\.\d+)? ?(ms|µs|us|s|secs?|seconds?|minutes?)\b"),
}


def opts_out(cell: NotebookNode) -> bool:
    """Whether nbval leaves this code cell's output uncompared."""
    return OPT_OUT_TAG in cell.metadata.get("tags", [])


def check_outputs(notebook: NotebookNode) -> list[str]:
    """Complaints about stored outputs, and about cells that leave comparison by any but the agreed way."""
    complaints = []
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            found = _check_markers(cell) + [text for output in cell.outputs for text in _check_output(output)]
            complaints += [f"cell {position}: {complaint}" for complaint in found]
    return complaints


def _check_markers(cell: NotebookNode) -> list[str]:
    complaints = []
    if opts_out(cell) and not OPT_OUT_REASON.search(cell.source):
        complaints.append(f"tagged {OPT_OUT_TAG} without a comment '# Not compared: <why>'")
    others = sorted(OTHER_TAGS & set(cell.metadata.get("tags", [])))
    others += [match.group(1) for match in OTHER_MARKERS.finditer(cell.source)]
    if others:
        complaints.append(f"{', '.join(others)}: the one way out of comparison is the tag {OPT_OUT_TAG}")
    if MAGIC.search(cell.source):
        complaints.append("a line begins with % or !: lessons are plain Python")
    return complaints


def _check_output(output: NotebookNode) -> list[str]:
    if output.output_type == "error":
        return [f"an error is stored: {output.ename}"]
    if output.output_type == "stream":
        complaints = ["stderr is stored"] if output.name == "stderr" else []
        return complaints + _reveals(output.text)
    kinds = sorted(set(output.data) - KINDS)
    complaints = []
    if kinds:
        complaints.append(f"output of the kind {', '.join(kinds)}: use text, HTML or figures of plots, which have "
                          "an alt text")
    texts = [text for kind, text in output.data.items() if kind.startswith("text/")]
    return complaints + [complaint for text in texts
                         for complaint in _reveals(IMAGE.sub("", text)) + _check_alt(text)]


def _check_alt(html: str) -> list[str]:
    """Every picture says in words what it shows."""
    short = [image for image in IMAGE.findall(html) if len(re.sub(r'.*alt="([^"]*)".*', r"\1", image)) < 20
             or 'alt="' not in image]
    return [f"{len(short)} pictures without an alt text that says what they show"] if short else []


def _reveals(text: str) -> list[str]:
    found = []
    for name, pattern in REVEALING.items():
        match = pattern.search(text)
        if match:
            found.append(f"the stored output holds {name}: {match.group(0)!r}")
    return found
