"""Run the course in every numerical setting and every Python: ``python tools/matrix.py [NN ...]``.

Another vector instruction set, another path through the matrix library, another number of threads: what the lessons and
solutions print must be what is stored, in all of them. Then the library tests in each other Python that the course
supports and this machine has, in an environment ``.venv-3.12`` of its own, which is made the first time. One table, a
line for each; exits with 1 if anything failed, or if a Python could not be tried.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qmix_course import process
from tools.notebooks import CELL_SECONDS, NOTEBOOKS, ROOT, SOLUTIONS, sources

SETTINGS = {
    "as the machine is": {},
    "ATEN_CPU_CAPABILITY=default": {"ATEN_CPU_CAPABILITY": "default"},
    "ATEN_CPU_CAPABILITY=avx2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "ATEN_CPU_CAPABILITY=avx512": {"ATEN_CPU_CAPABILITY": "avx512"},
    "MKL_CBWR=COMPATIBLE": {"MKL_CBWR": "COMPATIBLE"},
    "OMP_NUM_THREADS=1": {"OMP_NUM_THREADS": "1"},
    "OMP_NUM_THREADS=2": {"OMP_NUM_THREADS": "2"},
}
PYTHONS = ("3.11", "3.12", "3.13")          # all that the course supports


def offered() -> str:
    """The vector instructions torch uses on this processor: DEFAULT, AVX2 or AVX512."""
    code = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    environment = {name: value for name, value in os.environ.items() if name != "ATEN_CPU_CAPABILITY"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def settings(capability: str) -> dict[str, dict[str, str]]:
    """The settings that a processor with this capability can run."""
    beyond = {"AVX512": set(), "AVX2": {"avx512"}}.get(capability, {"avx512", "avx2"})
    return {name: values for name, values in SETTINGS.items() if values.get("ATEN_CPU_CAPABILITY") not in beyond}


def run(paths: list[Path], values: dict[str, str]) -> tuple[int, int, list[str]]:
    """(cells passed, cells failed, names of the notebooks with a failure) of these notebooks in one setting."""
    environment = {name: value for name, value in os.environ.items() if name not in ("OMP_NUM_THREADS", "MKL_CBWR")}
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--nbval", "--nbval-current-env"]
    # Two processes with two threads each would only fight for two cores.
    processes = "2" if len(paths) > 1 and values.get("OMP_NUM_THREADS") != "2" else "0"
    command += [f"--nbval-cell-timeout={CELL_SECONDS}", "-n", processes, "--dist", "loadfile", *map(str, paths)]
    result = subprocess.run(command, cwd=ROOT, env=environment | values, capture_output=True, text=True)
    return read_result(result.stdout, result.returncode)


def read_result(text: str, code: int) -> tuple[int, int, list[str]]:
    """What pytest's closing lines say. A run that did not end by itself, or ran nothing, counts as one failure."""
    closing = text.strip().splitlines()[-1] if text.strip() else ""
    passed, failed, errors = (
        sum(int(number) for number in re.findall(rf"(\d+) {word}", closing)) for word in ("passed", "failed", "errors?")
    )
    names = sorted(set(re.findall(r"^(?:FAILED|ERROR) (?:.*/)?(\w+)\.(?:ipynb|py)", text, re.MULTILINE)))
    if failed + errors == 0 and (code != 0 or passed == 0):
        return passed, 1, names or [f"pytest ended with {code}"]
    return passed, failed + errors, names


def find_python(version: str) -> str | None:
    """An interpreter of this version that runs, or None. pyenv's own are found too where its PATH names none of them.
    """
    places = [shutil.which(f"python{version}"),
              *sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))]
    for place in places:
        if place and subprocess.run([place, "-c", "import venv"], capture_output=True).returncode == 0:
            return str(place)
    return None


def run_library(version: str) -> tuple[int, int, list[str]]:
    """What ``run`` gives, for ``pytest -m library`` in another Python."""
    found = find_python(version)
    if found is None:
        return 0, 1, [f"no Python {version} was found"]
    python = ROOT / f".venv-{version}" / "bin" / "python"
    made = python.parents[1] / ".made"
    if not made.exists():                   # ranges, not the frozen set: that one is of Python 3.11
        wanted = [part for name in ("requirements", "requirements-dev", "requirements-pettingzoo")
                  for part in ("-r", f"{name}.txt")]
        for command in ([found, "-m", "venv", "--clear", str(python.parents[1])],
                        [str(python), "-m", "pip", "install", "-q", *wanted]):
            result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            if result.returncode:
                return 0, 1, [(result.stderr.strip().splitlines() or ["nothing was said"])[-1]]
        made.touch()
    result = subprocess.run([str(python), "-m", "pytest", "-q", "-rfE", "-m", "library or every_python", "-n", "2",
                             "--dist", "loadfile", "tests"],
                            cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    return read_result(result.stdout, result.returncode)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the course in every numerical setting and every Python.")
    parser.add_argument("numbers", nargs="*", metavar="NN",
                        help="lessons to run, all when none is named; then no other Python")
    numbers = parser.parse_args().numbers
    paths = [path.with_suffix(".ipynb") for folder in (NOTEBOOKS, SOLUTIONS) for path in sources(numbers, folder)]
    capability = offered()
    print(f"{len(paths)} notebooks; this processor offers {capability}\n")
    print(f"{'setting':<30} {'passed':>6} {'failed':>6}")
    broken = 0
    others = [] if numbers else [version for version in PYTHONS
                                 if version != f"{sys.version_info.major}.{sys.version_info.minor}"]
    tries = [(name, lambda values=values: run(paths, values)) for name, values in settings(capability).items()]
    tries += [(f"Python {version}, library tests", lambda version=version: run_library(version)) for version in others]
    for name, trial in tries:
        passed, failed, names = trial()
        broken += failed
        print(f"{name:<30} {passed:>6} {failed:>6}  {' '.join(names)}".rstrip(), flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
