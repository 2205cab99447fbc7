"""The site as the tests build it, with one notebook more, made by hand; and what stands in its pages."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat

from qmix_course import touch
from qmix_course.prediction import NO_GUESS, Prediction
from tools import make_site
from tools.notebooks import METADATA, ROOT, setup_cell

BY_HAND = "notebooks/99_by_hand"
MAKE = """import pathlib, sys
from tools import make_site
sys.exit(make_site.make(*map(pathlib.Path, sys.argv[1:])))"""


def by_hand() -> str:
    """A lesson with everything that a page could break."""
    new = nbformat.v4
    shown = [new.new_output("display_data", {"text/html": thing._repr_html_(), "text/plain": repr(thing)})
             for thing in (Prediction(NO_GUESS, "-3.0", [], False), touch.surface(), touch.play())]
    long = "print(" + " + ".join(["'a line as long as a line may be'"] * 3) + ")"
    wide = "| " + " | ".join(f"`column_number_{k}`" for k in range(9)) + " |"
    links = "[The mixer](05_mixer.ipynb), [a term](../docs/glossary.md), [the library's](../qmix_course/mixers.py)"
    cells = [new.new_markdown_cell(f"# Lesson 99 · Made by hand\n\n{links}"),
             new.new_code_cell(setup_cell(), execution_count=1),
             new.new_markdown_cell("## The problem\n\n$$" + " + ".join(f"Q_{{{k}}}(s, u_{k})" for k in range(40))
                                   + f"$$\n\n{wide}\n{'|---' * 9}|\n"),
             new.new_code_cell(long, execution_count=2, outputs=[new.new_output("stream", text="x" * 300), *shown]),
             new.new_markdown_cell("## Going further\n\nMore.\n\n### The proof\n\nIt is long.")]
    return nbformat.writes(new.new_notebook(cells=cells, metadata=METADATA))


@dataclass
class Site:
    """``output``: the pages · ``status``: of the build · ``said``: what it printed."""

    source: Path
    output: Path
    status: int
    said: str
    pages: dict[str, Page] = field(default_factory=dict)

    def page(self, name: str) -> Page:
        if name not in self.pages:
            self.pages[name] = Page((self.output / name).read_text(encoding="utf-8"))
        return self.pages[name]

    def names(self) -> list[str]:
        return sorted(path.relative_to(self.output).as_posix() for path in self.output.rglob("*.html")
                      if "_static" not in path.parts)


def build(folder: Path) -> Site:
    """The course's site in a folder of its own, with the notebook made by hand as lesson 99."""
    source, output = folder / "source", folder / "site"
    make_site.lay_out(source)
    (source / f"{BY_HAND}.ipynb").write_text(by_hand(), encoding="utf-8")
    landing = (source / "index.md").read_text(encoding="utf-8")
    last = re.findall(r"^\| \[\d\d .*\]\(notebooks/.*$", landing, re.MULTILINE)[-1]
    row = f"| [99 Made by hand]({BY_HAND}.ipynb) | nothing | 1 | | |"
    (source / "index.md").write_text(landing.replace(last, f"{last}\n{row}"), encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", MAKE, source, output], cwd=ROOT, capture_output=True, text=True)
    return Site(source, output, done.returncode, done.stdout + done.stderr)


class Page(HTMLParser):
    """``ids`` to jump to, ``links`` to follow, ``loads``: what a browser fetches with the page."""

    def __init__(self, text: str):
        super().__init__()
        self.text, self.ids, self.links, self.loads = text, set(), [], []
        self.feed(text)
        for style in re.findall(r"<style.*?</style>|style=\"[^\"]*\"", text, re.DOTALL):
            self.loads += loaded_by_style(style)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = dict(attributes)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("next", "prev", "index", "search"):
            self.links.append(given["href"])
        elif tag == "link" and given.get("href"):
            self.loads.append(given["href"])
        self.loads += [given[name] for name in ("src", "data", "poster") if given.get(name) and tag != "a"]
        self.loads += [part.split()[0] for part in (given.get("srcset") or "").split(",") if part.strip()]


def loaded_by_style(text: str) -> list[str]:
    return re.findall(r"url\(\s*['\"]?(.*?)['\"]?\s*\)", text) + re.findall(r"@import\s+['\"](.*?)['\"]", text)


def outside(address: str) -> bool:
    """Whether an address leaves the site."""
    return address.startswith("//") or urlsplit(address).scheme in ("http", "https", "ftp")


def broken(site: Site, name: str) -> list[str]:
    """What a page leads to or loads within the site, and is not there."""
    page, complaints = site.page(name), []
    for address in page.links + page.loads:
        parts = urlsplit(address)
        if outside(address) or parts.scheme:
            continue
        place = (site.output / name).parent / unquote(parts.path) if parts.path else site.output / name
        place = place.resolve()
        if place.is_dir():
            place /= "index.html"
        if not place.is_file() or site.output.resolve() not in place.parents:
            complaints.append(f"{address}: no such file")
        elif parts.fragment and place.suffix == ".html" and not parts.fragment.startswith(":~:"):
            there = site.page(place.relative_to(site.output.resolve()).as_posix())
            if unquote(parts.fragment) not in there.ids:
                complaints.append(f"{address}: no such place on that page")
    return complaints
