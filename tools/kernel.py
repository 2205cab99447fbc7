"""The surroundings in which notebooks run in builds and tests: the same on every machine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Runs in the kernel before the first cell. A warning stops the cell, whether the course's own code raises it or makes
# another package raise it; only what other packages deprecate among themselves, and Jupyter's own, does not.
STARTUP = '''
import warnings

warnings.simplefilter("error")
for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
    warnings.filterwarnings("ignore", category=category)
for module in ("__main__", "qmix_course"):
    warnings.filterwarnings("error", module=module + r"(\\.|$)")
for module in ("ipykernel", "IPython", "jupyter_client", "zmq", "tornado", "traitlets", "asyncio", "debugpy"):
    warnings.filterwarnings("ignore", module=module + r"(\\.|$)")
del warnings, category, module
'''

CONFIG = """
c.HistoryManager.enabled = False
c.Application.log_level = "ERROR"
"""


def prepare() -> tempfile.TemporaryDirectory:
    """Set this process's environment so that kernels started from it are alike; hold on to what is returned.

    Progress bars off; warnings of the course are errors; nobody's own IPython profile, start-up files or matplotlib
    settings get in.
    """
    folder = tempfile.TemporaryDirectory(prefix="qmix-course-", ignore_cleanup_errors=True)
    profile = Path(folder.name, "ipython", "profile_default")
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "00_warnings.py").write_text(STARTUP)
    (profile / "ipython_kernel_config.py").write_text(CONFIG)
    os.environ.update(
        IPYTHONDIR=str(profile.parent),
        QMIX_COURSE_PROGRESS="0",  # the bars of qmix_course
        TQDM_DISABLE="1",  # the bars of a lesson's own loops
        PYDEVD_DISABLE_FILE_VALIDATION="1",  # or the debugger greets on stderr
    )
    for name in ("MPLBACKEND", "MATPLOTLIBRC", "PYTHONWARNINGS", "PYTHONSTARTUP"):
        os.environ.pop(name, None)
    return folder
