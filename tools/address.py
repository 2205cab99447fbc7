"""Write the set-up cell, the repository's address and the version everywhere: ``python tools/address.py
[NEW_ADDRESS]``.

The address stands in pyproject.toml, under [project.urls]; a new one given here is written there first. The version
stands in qmix_course/__init__.py; a release has the tag v<version>, and the set-up cell installs that. Both go into
tools/setup_cell.py, and that cell into every notebook source. Badges, clone commands and the citation get them too, in
sources and built notebooks alike, so nothing has to be executed again for a new address or version.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from qmix_course import __version__, process
from tools.notebooks import ROOT

NAME = r"[\w.-]+/[\w-]+(?:\.[\w-]+)*?"
# Every place where the address may stand, with {} for "owner/name". Nothing else is touched.
PLACES = [
    r'(Repository = "https://github\.com/){}(")',
    r'(REPOSITORY = \\?"https://github\.com/){}(\\?")',
    r'(repository-code: "https://github\.com/){}(")',
    r"(colab\.research\.google\.com/github/){}(/blob/)",
    r"(git clone https://github\.com/){}((?:\.git)?\s)",
    r"(git\+https://github\.com/){}(\b)",
    r"(https://github\.com/){}(/actions/workflows/)",
    r"(https://github\.com/){}(/issues\b)",
]
# Every place where the version may stand, with {} for it.
VERSIONS = [r"(\{REPOSITORY\}@v){}(\\?\")", r"(?m)(^version: ){}($)"]
FILES = ["pyproject.toml", "CITATION.cff", "CONTRIBUTING.md", "README.md", "docs/teaching.md", "tools/setup_cell.py"]
FOLDERS = ["notebooks", "exercises", "solutions"]
SETUP_IN_SOURCE = re.compile(r"^# %%[^\n]*\n# Set-up: .*?(?=^# %%|\Z)", re.MULTILINE | re.DOTALL)


def with_address(text: str, name: str) -> str:
    """``text`` with ``name`` ("owner/name") in every place where the repository's address stands."""
    for place in PLACES:
        text = re.sub(place.replace("{}", NAME), rf"\g<1>{name}\g<2>", text)
    return text


def with_version(text: str, version: str) -> str:
    """``text`` with ``version`` in every place where the version of the course stands."""
    for place in VERSIONS:
        text = re.sub(place.replace("{}", r"[\w.+-]+"), rf"\g<1>{version}\g<2>", text)
    return text


def with_setup_cell(source: str, cell: str) -> str:
    """The text of a notebook source with its set-up cell replaced by this one."""
    return SETUP_IN_SOURCE.sub(lambda _: f"# %%\n{cell.strip()}\n\n", source)


def write(root: Path, address: str | None = None) -> list[Path]:
    """Bring every file under ``root`` up to date; the files that changed."""
    pyproject = (root / "pyproject.toml").read_text(encoding="utf-8")
    address = address or re.search(r'^Repository = "([^"]+)"$', pyproject, re.MULTILINE).group(1)
    found = re.fullmatch(rf"https://github\.com/({NAME})", address)
    if not found:
        raise ValueError(f"the address must look like https://github.com/owner/name, got {address!r}")
    name = found.group(1)
    cell = with_version(with_address((root / "tools" / "setup_cell.py").read_text(encoding="utf-8"), name), __version__)
    changed = []
    for path in _files(root):
        before = path.read_text(encoding="utf-8")
        after = with_version(with_address(before, name), __version__)
        if path.suffix == ".py" and path.parent.name in FOLDERS:
            after = with_setup_cell(after, cell)
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def _files(root: Path) -> list[Path]:
    named = [root / name for name in FILES]
    notebooks = [path for folder in FOLDERS for path in (root / folder).glob("*") if path.suffix in (".py", ".ipynb")]
    return [path for path in named + sorted(notebooks) if path.exists()]


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the set-up cell, the repository's address and the version "
                                                 "everywhere.")
    parser.add_argument("address", nargs="?", help="a new address; without it, the one in pyproject.toml")
    for path in write(ROOT, parser.parse_args().address):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    process.forgive_output()
    sys.exit(main())
