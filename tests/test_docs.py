"""The pages under docs/: what they quote is in the code, what they link to exists."""

import importlib
import inspect
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
ROW = re.compile(r"^\|\s*(\d*)\s*\|.*\| `([\w/]+)\.py` `([\w.]+)` \| `(.+)` \|$", re.MULTILINE)
QUOTED = ROW.findall((DOCS / "algorithm.md").read_text(encoding="utf-8"))


def test_every_numbered_line_quotes_code():
    """Lines 1 to 25 in order; the one unnumbered quotation is the condition for learning."""
    assert [int(number) for number, *_ in QUOTED if number] == list(range(1, 26))
    assert len(QUOTED) == 26


@pytest.mark.parametrize("number, module, name, code", QUOTED, ids=[f"line {row[0] or 'learn'}" for row in QUOTED])
def test_the_quoted_line_is_in_the_named_function(number, module, name, code):
    thing = importlib.import_module("qmix_course." + module.replace("/", "."))
    for part in name.split("."):
        thing = getattr(thing, part)
    lines = [re.sub(r"\s+# .*", "", line).strip() for line in inspect.getsource(thing).splitlines()]
    assert code in lines


def entries() -> list[str]:
    """The terms of the glossary, in the order of the page."""
    return re.findall(r"^\*\*(.+?)\.\*\* ", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_glossary_is_alphabetical():
    plain = [re.sub(r"[^a-z0-9 ]", "", term.lower().replace("ε", "epsilon ").replace("  ", " ")) for term in entries()]
    assert plain == sorted(plain) and len(set(plain)) == len(plain)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Files, and in the glossary the lessons that introduce the terms."""
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_every_term_names_its_lesson():
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    blocks = [block for block in text.split("\n\n") if block.startswith("**")]
    assert len(blocks) == len(entries())
    assert [block[:30] for block in blocks
            if not re.search(r"\(\[lesson (\d\d)\]\(\.\./notebooks/\1_\w+\.ipynb\)\)$", block)] == []
