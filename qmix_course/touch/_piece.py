"""A piece to touch: HTML, CSS and JavaScript in one, for a cell's output. It needs no kernel and no network."""

from __future__ import annotations

import html
import json
from pathlib import Path

HERE = Path(__file__).parent
# JupyterLab reads keys as commands (A: a new cell above). The shadow root keeps them, and the attribute says so too.
FRAME = """<div class="qmix-touch" data-lm-suppress-shortcuts="true">
{still}
<script type="application/json"{learned}>{data}</script>
<script>
(() => {{
"use strict";
const host = document.currentScript.closest(".qmix-touch");
if (host.shadowRoot) return;
const shadow = host.attachShadow({{ mode: "open" }}), style = document.createElement("style");
style.textContent = `{css}`;
const begin = () => {{
const data = JSON.parse(host.querySelector('script[type="application/json"]').textContent);
const card = document.createElement("section");
card.className = "card";
{code}
titled(card, begin);
shadow.replaceChildren(style, card);
}};
begin();
}})();
</script>
</div>"""


class Piece:
    """What a notebook shows when it is a cell's last value; the same text every time.

    The text ``words`` (and the HTML ``still``, a picture) is what a page without scripts shows: GitHub, or a notebook
    that is not trusted. Where scripts run it gives way to the piece, which lives in a shadow root of its own: no style
    of the page reaches in, none leaks out, and any number of copies may stand on one page. *Reset*, on every piece
    that has more to move than a film, builds it anew from its data.

    ``data`` is what the scripts, files of this folder, get to see. ``learned``: it comes out of training, and so is not
    the same on every processor; a comparison of stored outputs leaves it out (tests/nbval.cfg).
    """

    def __init__(self, scripts: tuple[str, ...], data: dict, words: str, learned: bool = False, still: str = ""):
        self.scripts, self.data, self.words, self.learned, self.still = scripts, data, words, learned, still

    def __repr__(self) -> str:
        return f"To touch, once this cell has run in JupyterLab or Colab, and on the course's site: {self.words}"

    def _repr_html_(self) -> str:
        still = f"<p><em>{html.escape(repr(self))}</em></p>{self.still}"
        data = json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        code = "".join(_read(f"{name}.js") for name in ("shared", *self.scripts))
        return FRAME.format(still=still, learned=' class="learned"' * self.learned, data=data, css=_read("shared.css"),
                            code=code)


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
