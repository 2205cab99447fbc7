"""What holds for every piece to touch: the same text twice, nothing from outside, small, alive on any page."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from touching import DESK, PHONE, page  # noqa: F401 - a fixture

from qmix_course import touch
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.touch import _piece
from tools.notebooks import ROOT
from tools.outputs import IMAGE, _reveals

FOLDER = Path(_piece.__file__).parent
PATTERNS = re.findall("^regex: (.*)$\n^replace: (.*)$", (ROOT / "tests" / "nbval.cfg").read_text(), re.MULTILINE)
FILM = dict(positions=[[[0, 0], [4, 4]], [[1, 0], [3, 4]]], actions=[[1, 0]], rewards=[-0.65], size=5,
            goals=[[4, 0], [0, 4]], title="One <episode>")
BATTLE = dict(places=[[[8, 12], [14, 12]], [[9, 12], [14, 12]]], health=[[45, 45], [45, 36]], full=[45, 45],
              shots=[[[0, 1]]], rewards=[0.7], n=1, letters="  ", part=[6, 9, 16, 15], title="One <battle>", end="won")
ROBOTS = dict(places=[[[1, 1], [3, 2.5], [3.5, 2.5]], [[1.5, 1], [3, 2], [4, 2.5]]], goals=[[1, 2], [2.5, 2], [4, 2]],
              close=[[[1, 2]], []], rewards=[-0.9], size=8.0, view=4.0, title="One <ride>", end="no shape")
PIECES = {
    "advantages": lambda: touch.advantages(),
    "battle": lambda: touch.battle(**BATTLE),
    "dice": lambda: touch.dice(),
    "draws": lambda: touch.draws({"one": [k / 80 for k in range(80)], "two": [0.5] * 80}),
    "film": lambda: touch.film(**FILM),
    "memory": lambda: touch.memory(),
    "outcome": lambda: touch.outcome(),
    "parts": lambda: touch.parts({"play": 0.2, "loss": 0.4, "backward": 0.3, "all else": 0.1}),
    "play": lambda: touch.play(),
    "robots": lambda: touch.robots(**ROBOTS),
    "starts": lambda: touch.starts({name: QMIX.for_env(GridWorld(), seed=k) for k, name in enumerate(("a", "b"))}),
    "surface": lambda: touch.surface(),
    "tables": lambda: touch.tables(),
    "weights": lambda: touch.weights(),
}


class Frame(str):
    def _repr_html_(self):
        return self


@pytest.fixture(scope="module", params=PIECES)
def piece(request):
    return PIECES[request.param]()


def test_every_piece_is_here():
    assert set(PIECES) == set(touch.__all__)


def test_it_says_the_same_twice_and_asks_nobody_outside(piece):
    html = piece._repr_html_()
    again = type(piece)(piece.scripts, piece.data, piece.words, piece.learned, piece.still)._repr_html_()
    assert html == again and " at 0x" not in html and len(html) < 60_000
    addresses = set(re.findall(r"[a-z]+://[^\s\"'`)]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg"}                   # a name, which nobody fetches
    assert not re.search(r"@import|url\(|\bimport\b|fetch\(|XMLHttp|<link|<iframe", html)
    assert not re.search(r"\sid=", html)                                  # two on a page must not meet


def test_a_stored_output_of_it_gives_nothing_away(piece):
    """Nothing that looks like a path, a version, a time or an address: tools/check.py looks for them."""
    assert _reveals(IMAGE.sub("", piece._repr_html_())) == []


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, str]:
    """The text of every piece, by name, from another process, which makes them in another order."""
    code = ("import json, sys; sys.path.insert(0, 'tests'); import torch; torch.set_default_dtype(torch.float64)\n"
            "from test_touch import PIECES\n"
            "print(json.dumps({name: PIECES[name]()._repr_html_() for name in reversed(PIECES)}))")
    return json.loads(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout)


def test_another_process_makes_the_same_text(piece, elsewhere, request):
    other, html = elsewhere[request.node.callspec.params["piece"]], piece._repr_html_()
    for pattern, instead in PATTERNS:                # what a comparison of stored outputs leaves out
        other, html = re.sub(pattern, instead, other), re.sub(pattern, instead, html)
    assert other == html and 'class="learned"' not in html


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_it_draws_twice_on_a_page_and_fits(page, piece, width):  # noqa: F811
    page.show(piece, piece, width=width)
    hosts = page.js("return [...document.querySelectorAll('.qmix-touch')].map(host => host.shadowRoot.innerHTML)")
    assert len(hosts) == 2 and hosts[0] == hosts[1] and "<h4>" in hosts[0]
    assert page.js("return document.documentElement.scrollWidth <= window.innerWidth")
    assert page.complaints() == []
    heights = page.js("return [...card.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect().height)")
    assert all(80 < height < 500 for height in heights), heights


def test_reset_brings_everything_back_and_a_film_needs_none(page, piece):  # noqa: F811
    page.show(piece)
    whole = ("return [card.innerText, ...[...card.querySelectorAll('input, select')].map((each) => each.value + "
             "each.checked)]")
    before, again = page.js(whole), page.find(".head button")
    moved = page.js("""
        const all = [...card.querySelectorAll('.slider:not(.place) input, input[type=checkbox], select')];
        all.forEach((each) => {
          if (each.type === "checkbox") each.click();
          else if (each.options) { each.selectedIndex = each.options.length - 1; }
          else each.value = each.max;
          each.dispatchEvent(new Event(each.options ? "change" : "input"));
        });
        return all.filter((each) => each.type !== "checkbox").length""")
    assert len(again) == (moved > 0)
    if again:
        assert page.js(whole) != before
        again[0].click()
        assert page.js(whole) == before and page.complaints() == []
        assert page.js("return host.shadowRoot.activeElement.textContent") == "Reset"


def test_without_scripts_it_says_what_would_be_here(page, piece):  # noqa: F811
    page.show(piece, scripts=False)
    try:
        words = page.driver.find_element("css selector", ".qmix-touch").text
        assert piece.words in words and "const" not in words
    finally:
        page.show(piece)


def test_it_works_in_a_frame_that_may_only_run_scripts(page, piece):  # noqa: F811
    """Colab shows each output in a frame of its own, in a sandbox."""
    inside = piece._repr_html_().replace("&", "&amp;").replace('"', "&quot;")
    frame = Frame(f'<iframe sandbox="allow-scripts" width="100%" height="800" srcdoc="{inside}"></iframe>')
    page.show(frame)
    page.driver.switch_to.frame(0)
    assert page.js("return card.querySelector('h4').textContent")
    page.driver.switch_to.default_content()
    assert page.complaints() == []


def test_every_control_has_a_name_and_a_focus_that_shows(page, piece):  # noqa: F811
    page.show(piece)
    controls = page.find("button, input, select, [tabindex]")
    assert controls and all(each.accessible_name for each in controls)
    assert "outline: 3px" in (FOLDER / "shared.css").read_text()
    assert page.find("[role=status]") and all(each.accessible_name for each in page.find("svg[role=img]"))


def test_keys_inside_are_not_the_notebooks(piece):
    assert 'data-lm-suppress-shortcuts="true"' in piece._repr_html_()


def contrast(one, other):
    def light(colour):
        parts = [int(colour[k:k + 2], 16) / 255 for k in (1, 3, 5)]
        return sum(w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
                   for w, c in zip((0.2126, 0.7152, 0.0722), parts))
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_its_colours_stand_out_from_its_own_light_card(page, piece):  # noqa: F811
    """Whatever is behind the card: text by 4.5 to 1."""
    page.show(piece, background="#111111")
    found = page.js("""
        const hex = (rgb) => '#' + rgb.match(/\\d+/g).slice(0, 3).map(x => (+x).toString(16).padStart(2, '0')).join('');
        const behind = (at) => { while (getComputedStyle(at).backgroundColor.endsWith(", 0)"))
                                   at = at.parentElement;
                                 return hex(getComputedStyle(at).backgroundColor); };
        return [...card.querySelectorAll('p, button, td, th, caption, h4, span, output')].filter(e => e.innerText)
            .map(e => [e.innerText, hex(getComputedStyle(e).color), behind(e)])""")
    assert found and not [each for each in found if contrast(each[1], each[2]) < 4.5]


def test_the_scripts_are_short_enough_to_be_read():
    for path in FOLDER.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("// ") and len(text.splitlines()) <= 150, path
        assert max(map(len, text.splitlines())) <= 120 and "</script" not in text, path


def test_data_cannot_end_the_script_that_holds_them():
    html = touch.film(**FILM)._repr_html_()
    held = re.search(r'<script type="application/json" class="learned">(.*)</script>', html)[1]
    assert "<" not in held and json.loads(held)["title"] == FILM["title"]


@pytest.mark.parametrize("calm", [True, False])
def test_a_film_stands_still_where_less_motion_is_asked_for(page, calm):  # noqa: F811
    page.show(touch.film(**FILM), calm=calm)
    moved = page.driver.execute_async_script(
        "const done = arguments[0]; setTimeout(() => done(document.querySelector('.qmix-touch').touch.at), 900)")
    assert moved == (0 if calm else 1)


def test_a_film_pauses_and_steps(page):  # noqa: F811
    long = FILM | {"positions": [FILM["positions"][0]] * 30, "actions": [[1, 0]] * 29, "rewards": [-0.65] * 29}
    page.show(touch.film(**long))
    page.named("One step on").click()
    page.named("One step on").click()
    page.named("One step back").click()
    assert page.js("return touch.at") == 1 and "reward −0.65" in page.said()
    page.named("Play").click()
    assert page.js("return touch.playing")
    page.named("Pause").click()
    at = page.js("return touch.at")
    assert not page.js("return touch.playing") and 1 <= at < 29
