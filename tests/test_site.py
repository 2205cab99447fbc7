"""The site: built without a warning, every link leads somewhere, nothing comes from outside, it works in a browser."""

import ast
import json
import re
import zlib

import pytest
import site_pages
from site_browser import Browser
from test_style import COURSE

from tools import make_site, site_reference, site_text
from tools.notebooks import EXERCISES, NOTEBOOKS, ROOT, SOLUTIONS, repository, sources

LESSONS = [path.stem for path in sources([])]
DESKTOP, PHONE = 1400, 390


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    return site_pages.build(tmp_path_factory.mktemp("site"))


# ---- the pages -------------------------------------------------------------------------------------------------------


def test_it_is_built_without_a_warning(site):
    assert site.status == 0, site.said


def test_a_warning_fails_the_build(tmp_path):
    """The README alone: the list at the side names pages that are not there."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "index.md").write_text("# A page\n\n[to nowhere](docs/nothing.md)\n", encoding="utf-8")
    assert make_site.make(tmp_path / "source", tmp_path / "out") != 0


def test_every_link_and_every_anchor_leads_somewhere(site):
    found = {name: complaints for name in site.names() if (complaints := site_pages.broken(site, name))}
    assert not found


def test_the_checker_of_links_knows_what_is_broken(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html">1</a><a href="#here">2</a><a href="#there">3</a><p id="here">'
                                     '<a href="c.html">4</a><img src="d.png"><a href="b.html#x">5</a>'
                                     '<a href="../e.html">6</a><a href="https://f.org">7</a>')
    (tmp_path / "b.html").write_text("<p>")
    (tmp_path.parent / "e.html").write_text("<p>")
    found = site_pages.broken(site_pages.Site(tmp_path, tmp_path, 0, ""), "a.html")
    assert [complaint.split(":")[0] for complaint in found] == ["#there", "c.html", "b.html#x", "../e.html", "d.png"]


def test_no_page_loads_anything_from_outside(site):
    loads = {name: [address for address in site.page(name).loads if site_pages.outside(address)]
             for name in site.names()}
    for path in (site.output / "_static").rglob("*.css"):
        loads[path.name] = [address for address in site_pages.loaded_by_style(path.read_text(encoding="utf-8"))
                            if site_pages.outside(address)]
    assert not {name: found for name, found in loads.items() if found}
    seen = site_pages.Page('<script src="https://a.org/x.js"></script><img src="//b.org/y.png"><style>@import "http://c"'
                           '</style><p style="background: url(https://d.org/z.png)"><a href="https://e.org">e</a>').loads
    assert all(map(site_pages.outside, seen)) and len(seen) == 4


def test_every_notebook_and_document_has_its_page(site):
    wanted = {f"{folder.name}/{path.stem}.html" for folder in (NOTEBOOKS, EXERCISES, SOLUTIONS)
              for path in sources([], folder)}
    wanted |= {f"docs/{path.stem}.html" for path in (ROOT / "docs").glob("*.md")}
    wanted |= {"index.html", "CHANGELOG.html", "CONTRIBUTING.html", "benchmarks/README.html", "api/index.html"}
    assert wanted <= set(site.names())


def test_the_side_shows_the_parts_of_the_readme_with_all_lessons():
    parts = site_text.parts((ROOT / "README.md").read_text(encoding="utf-8"))
    assert [name.split(":")[0] for name in parts] == ["Part I", "Part II", "Part III"]
    assert [page for pages in parts.values() for page in pages] == [f"notebooks/{stem}" for stem in LESSONS]


def test_lessons_follow_each_other(site):
    for before, after in zip(LESSONS, LESSONS[1:]):
        text = site.page(f"notebooks/{before}.html").text
        assert re.findall(r'<link rel="next"[^>]* href="([^"]*)"', text) == [f"{after}.html"]


def folds(page: site_pages.Page) -> list[str]:
    return re.findall(r'<details class="admonition hide above-input">\s*<summary[^>]*>\s*<p[^>]*>(.*?)</p>', page.text)


def test_set_up_cells_and_solutions_are_folded(site):
    """Each answer of a solution has a fold; a lesson and an exercise have one, for the set-up."""
    for folder in (NOTEBOOKS, EXERCISES, SOLUTIONS):
        for path in sources([], folder):
            answers = len(re.findall(r'"grade_id": "answer', path.read_text(encoding="utf-8"))) * (folder == SOLUTIONS)
            assert folds(site.page(f"{folder.name}/{path.stem}.html")) == ["Set-up"] + ["The solution"] * answers, path
    assert folds(site.page(f"{site_pages.BY_HAND}.html")) == ["Set-up"]


def test_solutions_warn_and_are_not_found_by_the_search(site):
    for path in sources([], SOLUTIONS):
        assert 'class="admonition warning"' in site.page(f"solutions/{path.stem}.html").text
    page = site.page("solutions/index.html").text
    assert page.index("admonition warning") < page.index('<details class="fold">') < page.index("toctree-wrapper")
    text = (site.output / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").rstrip(")"))
    numbers = {number for pages in index["terms"].values() for number in ([pages] if type(pages) is int else pages)}
    found = {index["docnames"][number] for number in numbers}
    assert {f"exercises/{stem}" for stem in LESSONS} <= found and not {f"solutions/{stem}" for stem in LESSONS} & found


@pytest.mark.parametrize("room", ["notebooks", "exercises", "solutions"])
def test_what_a_reader_downloads_is_the_notebook_of_the_course(site, room):
    for path in sources([], ROOT / room):
        page, built = f"{room}/{path.stem}.html", path.with_suffix(".ipynb")
        link, = (link for link in re.findall(r'href="([^"]*_sources/[^"]*)"', site.page(page).text))
        assert (site.output / room / link).read_bytes() == built.read_bytes()
        name = repository().removeprefix("https://github.com/")
        assert f"https://colab.research.google.com/github/{name}/blob/main/{room}/{built.name}" in site.page(page).links


def test_one_can_edit_and_ask_on_every_page(site):
    """Both links come from the address in pyproject.toml, and what one edits is a source that exists."""
    for name in site.names():
        if name in ("search.html", "genindex.html", "py-modindex.html") or name.startswith("_modules"):
            continue
        links = site.page(name).links
        ask, = (link for link in links if link.startswith(f"{repository()}/issues/new?title="))
        edit = [link.removeprefix(f"{repository()}/edit/main/") for link in links if "/edit/" in link]
        if not name.startswith(site_pages.BY_HAND):
            assert all((ROOT / path).is_file() for path in edit), (name, edit)
            assert len(edit) == (name not in ("exercises/index.html", "solutions/index.html")), name
            assert not [path for path in edit if path.endswith(".ipynb") or path.startswith("exercises/")]


# ---- the reference ---------------------------------------------------------------------------------------------------


def inventory(site) -> set[str]:
    """The names that the site's reference explains."""
    data = (site.output / "objects.inv").read_bytes().split(b"\n", 4)[4]
    return {line.split()[0] for line in zlib.decompress(data).decode().splitlines() if " py:" in line}


def test_the_reference_explains_every_public_name_of_the_library(site):
    """Read from the files alone: each class, function and constant of each module, none of them with an underscore."""
    course = COURSE | {"__main__", "__init__"}
    names, wanted = inventory(site), 0
    for path in sorted((ROOT / "qmix_course").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[1] in course or any(part.startswith("_") and part != "__init__" for part in parts):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and not node.name.startswith("_"):
                wanted += 1
                assert ".".join([*parts, node.name]) in names, path
        if path.name == "__init__.py":
            for name in re.findall(r'"(\w+)"', path.read_text(encoding="utf-8").split("__all__ = ")[1].split("]")[0]):
                wanted += 1
                assert any(each.startswith(f"qmix_course.{parts[1]}.") and each.endswith(f".{name}") for each in names)
    assert wanted > 200


def test_the_reference_has_shapes_sources_and_settings(site):
    page = site.page("api/mixers.html").text
    assert "agent_qs[..., N]" in re.sub(r"<[^>]*>", "", page) and "_modules/qmix_course/mixers.html#QMixer" in page
    assert "Rashid et al. 2018" in page
    settings = re.sub(r"<[^>]*>", "", site.page("api/config.html").text)
    assert "total_steps: the run ends once so many steps were played" in settings
    assert "what is laid out in memory" in settings


@pytest.mark.parametrize("lines, text", [
    (["``obs``[B, N, O] and", "``x`` alone"], ["``obs``\\ [B, N, O] and", "``x`` alone"]),
    (["All at once,", "- a", "  goes on", "- b", "Then"], ["All at once,", "", "- a", "  goes on", "- b", "", "Then"]),
    (["the least |x|, ``|y|``"], ["the least \\|x\\|, ``|y|``"]),
    (["- a", "", "- b", "", "Then"], ["- a", "", "- b", "", "Then"])])
def test_docstrings_as_restructured_text(lines, text):
    assert site_reference.as_text(lines) == text


def test_glossary_and_algorithm_lead_to_each_other_and_to_the_library(site):
    terms = re.findall(r"^\*\*(.+?)\.\*\* ", (ROOT / "docs/glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    glossary, algorithm = site.page("docs/glossary.html"), site.page("docs/algorithm.html")
    assert len([name for name in glossary.ids if name.startswith("term-")]) == len(terms)
    assert "algorithm.html" in glossary.links and "glossary.html" in algorithm.links
    assert len([link for link in algorithm.links if re.match(r"\.\./api/\w+\.html#qmix_course", link)]) == 26


# ---- in a browser, its network cut -----------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def browser(request, site, tmp_path_factory):
    opened = Browser(site.output, request.param, tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


def test_the_search_finds_a_page_to_open(browser):
    browser.open("index.html")
    browser.search("monotonic")
    hits = browser.wait("return [...document.querySelectorAll('#search-results li a')].map(a => a.href)", "hits")
    assert not [hit for hit in hits if "/solutions/" in hit]
    browser.js("document.querySelector('#search-results li a').click()")
    browser.wait("return location.pathname !== '/search.html' && document.readyState === 'complete'", "the page")
    assert "monotonic" in browser.js("return document.querySelector('article').textContent").lower()
    assert browser.complaints() == []


def test_it_turns_dark_and_stays_so(browser):
    browser.open("notebooks/05_mixer.html")
    light = browser.lightness()
    browser.click(".theme-switch-button")
    browser.click(".theme-change-button[data-mode=dark]")
    assert browser.lightness() < 60 < 200 < light
    browser.open("docs/glossary.html")
    assert browser.lightness() < 60
    browser.js("localStorage.clear()")


def test_folds_open(browser):
    """The set-up, an answer to a prediction, and what goes further."""
    browser.open(f"{site_pages.BY_HAND}.html")
    for summary, inside in (("details.hide summary", "details.hide pre"), (".text_html summary", ".text_html pre"),
                            ("details.fold summary", "#the-proof p")):
        assert not browser.visible(inside)
        browser.click(summary)
        assert browser.visible(inside)
    assert "-3.0" in browser.js("return document.querySelector('.text_html pre').textContent")
    assert browser.complaints() == []


def test_a_weight_is_dragged_and_the_slope_changes(browser):
    """The mixer's surface, as lesson 05 shows it."""
    browser.open(f"{site_pages.BY_HAND}.html")
    slope = """const card = document.querySelector('.qmix-touch').shadowRoot;
               return Number(card.querySelectorAll('output[data-value]')[1].dataset.value)"""
    before = browser.js(slope)
    browser.drag(".qmix-touch", "w₂ unit 2", 60)
    browser.drag(".qmix-touch", "W₁ agent 1, unit 2", -60)
    assert browser.js(slope) != before > 0
    browser.drag(".qmix-touch", "absolute value on the weights", 0)
    assert browser.js(slope) < 0 and browser.complaints() == []


def test_no_page_scrolls_sideways_and_the_maths_is_set(browser):
    """Every page on the phone; those with the widest things on a desktop, too."""
    names = ["index.html", "docs/algorithm.html", "notebooks/05_mixer.html", "notebooks/11_representation.html",
             "api/envs.html", "solutions/index.html"]
    if browser.width == PHONE:
        names += [f"{folder.name}/{path.stem}.html" for folder in (NOTEBOOKS, EXERCISES)
                  for path in sources([], folder)]
        names += [f"docs/{path.stem}.html" for path in (ROOT / "docs").glob("*.md")]
        names += [f"api/{room}.html" for room in site_reference.rooms()] + ["CHANGELOG.html", "CONTRIBUTING.html"]
        names += ["benchmarks/README.html", "genindex.html", "py-modindex.html", "search.html"]
    wide, raw = {}, []
    for name in [f"{site_pages.BY_HAND}.html", *dict.fromkeys(names)]:
        browser.open(name)
        if over := browser.overflow():
            wide[name] = over
        if browser.js("return document.querySelectorAll('.math:not(:has(mjx-container)), mjx-merror').length"):
            raw.append(name)
    assert not wide and not raw
    assert browser.complaints() == [] and browser.asked_for_outside() == []
