"""``start("03")``: the one set-up call of a notebook."""

from __future__ import annotations

import re
import sys

import numpy
import torch

from qmix_course import bars, errors, process
from qmix_course.prediction import prediction  # noqa: F401 - a lesson calls it lesson.prediction

TITLES = {
    "00": "Start here",
    "01": "Cooperation and credit assignment",
    "02": "The environment",
    "03": "Agent networks and decentralised exploration",
    "04": "Factorisation, monotonicity and IGM",
    "05": "The mixer and its hypernetworks",
    "06": "Replay and target networks",
    "07": "The update step",
    "08": "Training",
    "09": "Reading the curves",
    "10": "Judging the policy",
    "11": "What QMIX can and cannot represent",
    "12": "Memory: recurrent agents",
    "13": "Weighted QMIX",
    "14": "QPLEX",
    "15": "QTRAN",
    "16": "Exploration: MAVEN and parameter noise",
    "17": "Other people's worlds",
    "18": "Robots: navigation and formation",
    "19": "Micromanagement",
    "20": "Honest experiments",
    "21": "Scale",
}
CAPSTONE = "Your own QMIX"

OLDEST = {"Python": "3.11", "torch": "2.4", "numpy": "2.0"}


def start(number: str) -> None:
    """Make this notebook ready for one lesson and print the lesson's title.

    Checks the versions of Python, torch and numpy, makes float64 torch's default (in float32 the printed digits differ
    from processor to processor), seeds torch's global generator, and sets the style and the format of the figures.
    Torch computes on one thread, unless OMP_NUM_THREADS in the environment says otherwise.

    Args:
        number: the lesson's two digits, as ``"03"``, or ``"capstone"``.

    Raises:
        ValueError: ``number`` is no lesson.
        RuntimeError: Python, torch or numpy is too old for the course.
    """
    if not isinstance(number, str) or number not in (*TITLES, "capstone"):
        raise ValueError(f'number: expected a lesson, "{min(TITLES)}" to "{max(TITLES)}" or "capstone" as text, got '
                         f'{errors.describe(number)}')
    _check_versions({
        "Python": sys.version,
        "torch": torch.__version__,
        "numpy": numpy.__version__,
    })
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    torch.set_num_threads(process.threads())
    process.forgive_output()
    _set_figures()
    if _shell() is not None:
        _shell().set_custom_exc((AssertionError,), _not_with_these_numbers)
    bars.watch_cells()
    print(title(number))


def title(number: str) -> str:
    """The headline of a lesson, for example ``Lesson 02 · The environment``."""
    return f"Capstone · {CAPSTONE}" if number == "capstone" else f"Lesson {number} · {TITLES[number]}"


def _check_versions(found: dict[str, str]) -> None:
    for name, version in found.items():
        if _major_minor(version) < _major_minor(OLDEST[name]):
            raise RuntimeError(
                f"the course needs {name} {OLDEST[name]} or newer, and this is {name} {version.split()[0]}. "
                "Use a newer one, or open the lesson in Colab."
            )


def _major_minor(version: str) -> tuple[int, int]:
    major, minor = re.match(r"(\d+)\.(\d+)", version).groups()
    return int(major), int(minor)


def _set_figures() -> None:
    from qmix_course import plots

    plots.use_style()
    shell = _shell()
    if shell is None:
        return  # a plain script or a test: there is no notebook to draw into
    from matplotlib_inline.config import InlineBackend

    # Plain PNG keeps notebooks small; without matplotlib's version in it, the same figure is the same bytes.
    inline = InlineBackend.instance(parent=shell)
    inline.figure_formats = {"png"}
    inline.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Software": None}}


def _shell():
    """IPython's, or None outside of a notebook."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _not_with_these_numbers(shell, kind, error, trace, tb_offset=None) -> None:
    """An ``assert`` without words failed: as always, and a word for whoever plays with a lesson's numbers."""
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    if not str(error):
        print("If this assert came with the course, it says what holds with the numbers as they came. Where you have "
              "changed some, this no longer holds with yours: that is a finding, and no mistake.", file=sys.stderr)
