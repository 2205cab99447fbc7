"""What the site does to the course's texts while it reads them. The files on disk stay as they are, and so does what a
reader downloads.

Set-up cells and solutions are folded; links lead to the site's own pages where there is one, else to the repository;
the landing page lists what there is; the glossary's terms become entries that other pages and the search can find.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
import sys
from pathlib import PurePosixPath
from urllib.parse import quote

from docutils import nodes

from tools import site_reference
from tools.minutes import FURTHER
from tools.notebooks import ROOT, repository, setup_cell

BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
LINK = re.compile(r"\]\(([^)\s#]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
QUOTED_LINE = re.compile(r"^(\| (?:\d+ )?\| .*) \| `([\w/]+)\.py` `([\w.]+)` \| (`.+`) \|$", re.MULTILINE)
WARNING = """\
```{{warning}}
These are reference solutions, folded one by one. Try the exercises first: [{title}](../exercises/{stem}.ipynb).
```
"""
DETAILS = '<details class="fold"><summary>{}</summary>'
EXERCISES = """\
# Exercises

One notebook for each lesson. Open it in Colab, or in `my/exercises/` after `make lab`: a check looks at each answer and
names the mistake. Here you can read what is asked.

"""
SOLUTIONS = """\
# Solutions

```{warning}
A solution that you read before you tried takes the exercise away. Try first, then ask for a hint, and look here last.
```

""" + DETAILS.format("Show the solutions") + "\n\n"
PAGES = [("Exercises", ["exercises/index", "solutions/index"]),
         ("One page each", ["docs/algorithm", "docs/methods", "docs/glossary", "benchmarks/README"]),
         ("Use and teach", ["docs/extending", "api/index", "docs/teaching", "CONTRIBUTING", "CHANGELOG"])]


def digest() -> str:
    """A mark of what this file and those that it uses do to the texts."""
    texts = [inspect.getsource(sys.modules[__name__]), inspect.getsource(site_reference), setup_cell(), repository()]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


# ---- every page ------------------------------------------------------------------------------------------------------


def with_links(text: str, page: str) -> str:
    """Markdown with its links as the site needs them. ``page`` is the place of its file in the repository."""
    folder = PurePosixPath(page).parent

    def link(found: re.Match) -> str:
        target, anchor = found[1], found[2] or ""
        if target == BADGE:
            return f"]({os.path.relpath('docs/_static/colab.svg', folder)})"
        if ":" in target:
            return found[0]
        place = os.path.normpath(folder / target)
        if not (ROOT / place).exists():
            return found[0]
        room = re.fullmatch(r"qmix_course/(\w+?)(?:/\w+)?(?:\.py)?", place)
        if room and room[1] in site_reference.rooms():
            place = f"api/{room[1]}.rst"
        elif not place.endswith((".md", ".ipynb", ".png", ".svg")):
            return f"]({repository()}/blob/main/{place}{anchor})"
        place = "index.md" if place == "README.md" else place
        return f"]({os.path.relpath(place, folder)}{anchor})"

    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in FENCE.split(text))


def folded(cell: dict, summary: str) -> None:
    """Fold what a code cell says behind a summary."""
    cell["metadata"].setdefault("tags", []).append("hide-input")
    cell["metadata"]["mystnb"] = {"code_prompt_show": summary, "code_prompt_hide": summary}


def notebook(text: str, page: str) -> str:
    """A notebook as the site shows it."""
    book, place = json.loads(text), PurePosixPath(page)
    for cell in book["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            cell["source"] = with_links(source, page)
        elif source.strip() == setup_cell():
            folded(cell, "Set-up")
        elif page.startswith("solutions/") and "answer" in cell["metadata"].get("nbgrader", {}).get("grade_id", ""):
            folded(cell, "The solution")
    if page.startswith("solutions/"):
        title, _, rest = book["cells"][0]["source"].removeprefix("# ").partition("\n")
        own = title.replace("Exercises ", "Solutions ") if title.startswith("Exercises ") else f"Solution: {title}"
        book["cells"][0]["source"] = f"# {own}\n\n{WARNING.format(title=title, stem=place.stem)}{rest}"
    return json.dumps(book)


# ---- single pages ----------------------------------------------------------------------------------------------------


def parts(readme: str) -> dict[str, list[str]]:
    """Heading → the lessons in the table below it, for every part of the course."""
    found = {}
    for section in re.split(r"^## ", readme, flags=re.MULTILINE)[1:]:
        lessons = re.findall(r"^\| \[.*?\]\((notebooks/\w+)\.ipynb\)", section, re.MULTILINE)
        if lessons:
            found[section.splitlines()[0]] = lessons
    return found


def tree(pages: list[str], caption: str = "", hidden: bool = True) -> str:
    """A list of pages, for the table of contents at the side."""
    options = [":hidden:"] * hidden + [f":caption: {caption}"] * bool(caption) + [":maxdepth: 1"]
    return "\n".join(["```{toctree}", *options, "", *pages, "```", ""])


def landing(readme: str) -> str:
    """The landing page: the README, and the list of all pages that the side shows."""
    text = re.sub(r"^\[!\[checks\].*\n\n?", "", readme, flags=re.MULTILINE)
    groups = [*parts(readme).items(), *PAGES]
    return with_links(text, "README.md") + "\n" + "\n".join(tree(pages, name) for name, pages in groups)


def stems(readme: str) -> list[str]:
    """The notebooks that exercises and solutions have, in order."""
    return [lesson.split("/")[1] for lessons in parts(readme).values() for lesson in lessons] + ["capstone"]


def exercises_page(readme: str) -> str:
    return EXERCISES + tree([f"/exercises/{stem}" for stem in stems(readme)], hidden=False)


def solutions_page(readme: str) -> str:
    return SOLUTIONS + tree([f"/solutions/{stem}" for stem in stems(readme)], hidden=False) + "\n</details>\n"


def glossary(text: str) -> str:
    """The glossary with its paragraphs as entries."""
    entry = re.compile(r"^\*\*(.+?)\.\*\* (.+)$", re.MULTILINE)
    first, last = entry.search(text).start(), max(found.end() for found in entry.finditer(text))
    entries = "\n".join(f"{found[1]}\n  {found[2]}\n" for found in entry.finditer(text))
    return f"{text[:first]}```{{glossary}}\n{entries}```{text[last:]}"


def algorithm(text: str) -> str:
    """The listing in three columns, which fit, with its names of functions leading to the reference."""
    def row(found: re.Match) -> str:
        path = public_path(found[2].replace("/", "."), found[3].split(".")[0])
        name = f"{{py:obj}}`{found[3]} <{path}>`" if path else f"`{found[3]}`"
        return f"{found[1]} | `{found[2]}.py` {name}<br>{found[4]} |"

    text = QUOTED_LINE.sub(row, text)
    for four, three in (("| where | the line |", "| where, and the line |"), ("|---:|---|---|---|", "|---:|---|---|")):
        text = text.replace(four, three)
    return re.sub(r"^(\| \| .* \| )\| \|$", r"\1|", text, flags=re.MULTILINE)


def public_path(module: str, name: str) -> str | None:
    """Where the reference has a class or function that stands in a module of the library, or None."""
    names = site_reference.public_names(module.split(".")[0]).get(f"qmix_course.{module}", ())
    return f"qmix_course.{module}.{name}" if name in names else None


def source_of(page: str) -> str | None:
    """The file to edit for a page of the site, or None for a page that nobody wrote."""
    folder, _, stem = page.rpartition("/")
    if stem == "index":
        return {"": "README.md", "api": "qmix_course/__init__.py"}.get(folder)
    if folder == "api":
        return os.path.relpath(inspect.getsourcefile(site_reference.modules(stem)[0]), ROOT)
    if folder in ("notebooks", "exercises", "solutions"):
        return f"{'solutions' if folder == 'exercises' else folder}/{stem}.py"
    return f"{page}.md"


# ---- Sphinx ----------------------------------------------------------------------------------------------------------


def read(app, page: str, source: list[str]) -> None:
    """Called with the text of every page before it is parsed."""
    if app.env.doc2path(page, False).suffix == ".ipynb":
        source[0] = notebook(source[0], page)
    elif page == "index":
        source[0] = landing(source[0])
    elif not page.startswith("api/"):
        text = with_links(source[0], page)
        source[0] = {"docs/glossary": glossary, "docs/algorithm": algorithm}.get(page, str)(text)


def arrange(app, doctree) -> None:
    """Called with every page once it is parsed. What goes beyond a lesson's main path is folded. Solutions repeat the
    exercises' words: the search finds the exercises alone."""
    if app.env.docname.startswith("solutions/"):
        app.env.metadata[app.env.docname]["nosearch"] = ""
    for section in doctree.findall(nodes.section):
        if section[0].astext() == FURTHER:
            section.insert(1, nodes.raw("", DETAILS.format("Show it"), format="html"))
            section += nodes.raw("", "</details>", format="html")


def addresses(app, page: str, template: str, context: dict, doctree) -> None:
    """Where to edit a page, and where to ask about it."""
    source = source_of(page) if doctree is not None else None
    context["edit_address"] = f"{repository()}/edit/main/{source}" if source else ""
    about = quote(f"About {context.get('title') or page}")
    context["ask_address"] = f"{repository()}/issues/new?title={about}"


def describe(app, what: str, name: str, thing, options, lines: list[str]) -> None:
    lines[:] = site_reference.as_text(lines) + (site_reference.fields(thing) if what == "class" else [])


def connect(app) -> None:
    app.connect("source-read", read)
    app.connect("doctree-read", arrange)
    app.connect("html-page-context", addresses, priority=100)
    app.connect("autodoc-process-docstring", describe)
