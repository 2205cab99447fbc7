"""Diagrams: nothing overlaps, nothing is cut off, and the picture of QMIX names its parts."""

import matplotlib
import pytest
from figures import DIAGRAMS, FIGURES, patches, texts
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from qmix_course import plots


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        plots.use_style()
        yield


@pytest.mark.parametrize("name", sorted(DIAGRAMS))
def test_nothing_in_a_diagram_overlaps_or_is_cut_off(name):
    figure = FIGURES[name]()
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    ax = figure.axes[0]
    boxes = [patch.get_window_extent(renderer) for patch in patches(ax, FancyBboxPatch)]
    labels = [text.get_window_extent(renderer) for text in ax.texts]
    inside = [any(box.x0 <= text.x0 and text.x1 <= box.x1 and box.y0 <= text.y0 and text.y1 <= box.y1 for box in boxes)
              for text in labels]
    assert sum(inside) == len(boxes)
    free = [text for text, is_inside in zip(labels, inside) if not is_inside]
    things = boxes + free
    for i, a in enumerate(things):
        assert not any(a.overlaps(b) for b in things[:i])
    page = figure.bbox
    for each in things:
        assert page.x0 <= each.x0 and each.x1 <= page.x1 and page.y0 <= each.y0 and each.y1 <= page.y1


def test_the_picture_of_qmix_names_its_parts():
    figure = plots.architecture()
    words = " ".join(texts(figure.axes[0]))
    for part in ("observation", "agent\nnetwork", "$Q_1(o_1, u_1)$", "mixer", "hypernet", "global state", "$Q_{tot}$",
                 "$W_1$", "$b_1$", "$w_2$", "$V(s)$", "|", "ELU", "training only"):
        assert part in words
    assert len(patches(figure.axes[0], FancyArrowPatch)) == 16


def test_the_picture_of_the_mixer_names_its_four_networks_and_where_nothing_is_negative():
    ax = plots.mixer().axes[0]
    for part in ("hyper_w1", "hyper_b1", "hyper_w2", "hyper_b2", "state $s$", "utilities", "$Q_{tot}$", "ELU"):
        assert sum(part in text for text in texts(ax)) == 1
    assert sum("|" in text for text in texts(ax)) == 2 == texts(ax).count("any sign")
    assert len(patches(ax, FancyArrowPatch)) == 13
