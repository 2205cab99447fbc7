"""Run lessons and solutions in every numerical setting: ``python tools/matrix.py [NN ...]``.

Another vector instruction set, another path through the matrix library, another number of threads: what they
print must be what is stored, in all of them. One table, a line for each setting; exits with 1 if any cell failed.
"""

from __future__ import annotations

import argparse
import os
import re
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
    names = sorted(set(re.findall(r"^(?:FAILED|ERROR) (?:.*/)?(\w+)\.ipynb", text, re.MULTILINE)))
    if failed + errors == 0 and (code != 0 or passed == 0):
        return passed, 1, names or [f"pytest ended with {code}"]
    return passed, failed + errors, names


def main() -> int:
    parser = argparse.ArgumentParser(description="Run lessons and solutions in every numerical setting.")
    parser.add_argument("numbers", nargs="*", metavar="NN", help="lessons to run, all when none is named")
    numbers = parser.parse_args().numbers
    paths = [path.with_suffix(".ipynb") for folder in (NOTEBOOKS, SOLUTIONS) for path in sources(numbers, folder)]
    capability = offered()
    print(f"{len(paths)} notebooks; this processor offers {capability}\n")
    print(f"{'setting':<30} {'passed':>6} {'failed':>6}")
    broken = 0
    for name, values in settings(capability).items():
        passed, failed, names = run(paths, values)
        broken += failed
        print(f"{name:<30} {passed:>6} {failed:>6}  {' '.join(names)}".rstrip(), flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
