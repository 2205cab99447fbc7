"""Make the course's site: ``python tools/make_site.py [--output build/site]``.

The sources stay where they are. They are laid side by side in a folder of their own, ``build/site-source``, at the same
places as in the repository, so that every link between them holds; docs/conf.py turns that folder into pages.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sphinx.cmd.build import build_main

from qmix_course import process
from tools import site_reference, site_results, site_text
from tools.notebooks import ROOT

BUILD = ROOT / "build"
# Pages, and the pictures that they show.
PATTERNS = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/**/*.md", "docs/**/*.png",
            "docs/_static/colab.svg", "notebooks/*.ipynb", "exercises/*.ipynb", "solutions/*.ipynb"]


def lay_out(folder: Path, root: Path = ROOT) -> None:
    """Put every source of the site into a folder. What was there before and is not a source any more goes."""
    pages = {path.relative_to(root): path.read_bytes() for pattern in PATTERNS for path in root.glob(pattern)}
    pages[Path("index.md")] = pages.pop(Path("README.md"))
    pages[Path("benchmarks/README.md")] += site_results.speed().encode()
    readme = pages[Path("index.md")].decode()
    pages[Path("exercises/index.md")] = site_text.exercises_page(readme).encode()
    pages[Path("solutions/index.md")] = site_text.solutions_page(readme).encode()
    pages[Path("api/index.rst")] = site_reference.index().encode()
    for room in site_reference.rooms():
        pages[Path(f"api/{room}.rst")] = site_reference.page(room).encode()
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder) not in pages:
            path.unlink()
    for place, content in pages.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:       # an untouched page is not built again
            path.write_bytes(content)


def make(source: Path, output: Path, *flags: str) -> int:
    """Build what lies in ``source``; the exit status of sphinx-build, which is not 0 after any warning."""
    return build_main(["-b", "html", "-c", str(ROOT / "docs"), "-d", f"{source}-cache", "-j", "auto", "-q", "-W",
                       "--keep-going", *flags, str(source), str(output)])


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the course's site.")
    parser.add_argument("--output", type=Path, default=BUILD / "site", metavar="FOLDER")
    output = parser.parse_args().output
    source = BUILD / "site-source"
    lay_out(source)
    status = make(source, output)
    if status == 0:
        print(f"The site is in {output}; open {output / 'index.html'}")
    return status


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
