# Set-up: use the course if it is here; install it once if it is not (as in Colab). Run this cell first.
import importlib.util
import pathlib
import subprocess
import sys

REPOSITORY = "https://github.com/qmix-course/qmix-course"
here = pathlib.Path.cwd()
above = [folder for folder in (here, *here.parents) if (folder / "qmix_course" / "__init__.py").exists()]
if above:
    sys.path.insert(0, str(above[0]))
elif importlib.util.find_spec("qmix_course") is None:  # --no-deps: torch and numpy stay as they are
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", f"git+{REPOSITORY}"], check=True)
    importlib.invalidate_caches()
