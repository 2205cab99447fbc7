"""What a linter sees: names that are missing or never used, imports out of order."""

import subprocess
import sys

from tools.notebooks import ROOT


def test_the_linter_has_nothing_to_say():
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
