"""Make the exercises: ``python tools/make_exercises.py [NN ...]``.

From each solutions/NN_name.py, the only source, it writes exercises/NN_name.py with the solutions taken out (by
nbgrader's own preprocessor) and the reference solutions into qmix_course/checks/solutions.json, which ships with the
package, and the titles into the lesson's list of exercises. Then it executes both notebooks.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jupytext
import nbformat
from nbgrader.preprocessors import CheckCellMetadata, ClearSolutions
from traitlets.config import PyFileConfigLoader

from qmix_course import process
from tools import kernel
from tools.build import BuildError, build
from tools.exercise_list import with_exercise_list
from tools.notebooks import EXERCISES, HEADER, ROOT, SOLUTIONS, read_source, sources

TEXTS = ROOT / "qmix_course" / "checks" / "solutions.json"
MARK = re.compile(r"^\s*### (BEGIN|END) SOLUTION\n?", re.MULTILINE)


def cleared(source: Path) -> nbformat.NotebookNode:
    """The notebook that a learner gets: the one that a solution's source describes, without the solutions."""
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT / "tools"))
    config = loader.load_config()
    notebook = read_source(source)
    for preprocessor in (CheckCellMetadata(config=config), ClearSolutions(config=config)):
        notebook, _ = preprocessor.preprocess(notebook, {})
    return notebook


def exercise_text(source: Path) -> str:
    """The text of exercises/NN_name.py."""
    notebook = cleared(source)
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "tags,nbgrader,-all"}
    text = jupytext.writes(notebook, fmt="py:percent")
    return HEADER + "\n" + re.sub(r"\A# ---\n.*?^# ---\n\n?", "", text, flags=re.DOTALL | re.MULTILINE)


def reference_solutions(source: Path) -> dict[str, str]:
    """Number → the text of the answer cell, its markers taken out."""
    found = {}
    for cell in read_source(source).cells:
        number = re.fullmatch(r"answer_(\d\d)_(\d+)", cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if number:
            found[f"{number[1]}.{number[2]}"] = MARK.sub("", cell.source).strip()
    return found


def solutions_text(sources_of_all: list[Path]) -> str:
    """The text of solutions.json."""
    texts = {number: text for source in sources_of_all for number, text in reference_solutions(source).items()}
    ordered = dict(sorted(texts.items(), key=lambda item: tuple(map(int, item[0].split(".")))))
    return json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Make and execute the exercises.")
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons, all when none is named")
    numbers = parser.parse_args().numbers
    failed = 0
    TEXTS.write_text(solutions_text(sources([], SOLUTIONS)), encoding="utf-8", newline="\n")
    for lesson in sources([]):
        lesson.write_text(with_exercise_list(lesson), encoding="utf-8", newline="\n")
    with kernel.prepare():
        for source in sources(numbers, SOLUTIONS):
            exercise = EXERCISES / source.name
            exercise.write_text(exercise_text(source), encoding="utf-8", newline="\n")
            for path in (source, exercise):
                try:
                    print(f"{build(path):6.1f} s  {path.parent.name}/{path.name}", flush=True)
                except BuildError as error:
                    failed += 1
                    print(f"FAILED  {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
