"""Box-and-arrow diagrams, and QMIX at a glance."""

from numbers import Real

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from qmix_course import errors

from . import _inputs
from ._style import Plot

FILLS = {"plain": "white", "agent": "#d6eaf8", "team": "#fde3d0", "state": "#d8f0e6", "note": None}


def graph(boxes, arrows, title=None, regions=(), scale=(1.6, 0.9), fontsize=10):
    """A small diagram of boxes and arrows.

    `boxes`: dict name -> (x, y, text) or (x, y, text, kind), the centre of the box in columns (to the right) and rows
    (upwards); kind is plain, agent, team, state or note (text without a box). `arrows`: list of (from, to, label).
    `regions`: list of (x0, y0, x1, y1, label), shaded areas behind. `scale` is (inches a column, inches a row).
    """
    boxes = _read_boxes(boxes)
    arrows = _read_arrows(arrows, boxes)
    regions = _read_regions(regions)
    title = _inputs.text("title", title) or "Diagram"
    wide, high = _inputs.array("scale", scale, shape=(2,), allow_nan=False)
    if min(wide, high) <= 0:
        raise ValueError(f"scale: expected numbers above 0, got {errors.brief(scale)}")
    fontsize = errors.number("fontsize", fontsize, high=200.0, above=0.0)

    figure = Plot(figsize=(1, 1))
    figure.suptitle(title)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.axis("off")
    renderer = FigureCanvasAgg(figure).get_renderer()
    patches, extent = {}, []
    for name, (x, y, text, kind) in boxes.items():
        label = ax.text(x * wide, y * high, text, ha="center", va="center", fontsize=fontsize, zorder=4)
        size = label.get_window_extent(renderer)
        width, height = size.width / figure.dpi + 0.2, size.height / figure.dpi + 0.16
        patches[name] = ax.add_patch(FancyBboxPatch(
            (x * wide - width / 2, y * high - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=FILLS[kind] or "none", edgecolor="#333333" if FILLS[kind] else "none", linewidth=1.2, zorder=3))
        extent.append((x * wide - width / 2, y * high - height / 2, x * wide + width / 2, y * high + height / 2))
    for x0, y0, x1, y1, text in regions:
        extent.append((x0 * wide, y0 * high, x1 * wide, y1 * high))
        ax.add_patch(Rectangle((x0 * wide, y0 * high), (x1 - x0) * wide, (y1 - y0) * high, facecolor="#f5f5f5",
                               edgecolor="#777777", linestyle=(0, (5, 3)), linewidth=1, zorder=1))
        ax.text(x0 * wide + 0.1, y1 * high - 0.08, text, ha="left", va="top", fontsize=9, style="italic", zorder=2)
    for start, end, text in arrows:
        _arrow(ax, patches[start], patches[end], text)
    _fit(figure, ax, extent)
    return figure


def architecture():
    """QMIX at a glance: agents, the mixer of their chosen values, and the hypernetworks that the state feeds."""
    boxes = {
        "o1": (0, 2.0, "observation\n$o_1$", "agent"),
        "n1": (1.15, 2.0, "agent\nnetwork 1", "agent"),
        "q1": (2.4, 2.0, "a value for\neach action\n$Q_1(o_1, \\cdot)$", "agent"),
        "dots": (1.15, 1.0, "one such row for each agent", "note"),
        "oN": (0, 0.0, "observation\n$o_N$", "agent"),
        "nN": (1.15, 0.0, "agent\nnetwork $N$", "agent"),
        "qN": (2.4, 0.0, "a value for\neach action\n$Q_N(o_N, \\cdot)$", "agent"),
        "l1": (4.75, 1.0, "mixer, first layer\n$h = \\mathrm{ELU}(W_1^\\top q + b_1)$", "team"),
        "l2": (6.75, 1.0, "mixer, second layer\n$w_2^\\top h + V(s)$", "team"),
        "tot": (8.0, 1.0, "$Q_{tot}$", "team"),
        "w1": (4.2, -0.9, "hypernet\nfor $W_1$", "state"),
        "b1": (5.3, -0.9, "hypernet\nfor $b_1$", "state"),
        "w2": (6.4, -0.9, "hypernet\nfor $w_2$", "state"),
        "b2": (7.5, -0.9, "hypernet\nfor $V(s)$", "state"),
        "s": (5.85, -2.3, "global state $s$", "state"),
        "note": (1.2, -1.75, "$|\\cdot|$ keeps $W_1$ and $w_2$ from going below zero;\n"
                             "ELU rises with its input.\nSo a larger $Q_i$ never makes $Q_{tot}$ smaller,\n"
                             "and each agent may choose alone.", "note"),
    }
    arrows = [
        ("o1", "n1", ""), ("n1", "q1", ""), ("oN", "nN", ""), ("nN", "qN", ""),
        ("q1", "l1", "$Q_1(o_1, u_1)$"), ("qN", "l1", "$Q_N(o_N, u_N)$"), ("l1", "l2", "$h$"), ("l2", "tot", ""),
        ("s", "w1", ""), ("s", "b1", ""), ("s", "w2", ""), ("s", "b2", ""),
        ("w1", "l1", "$|\\cdot|$"), ("b1", "l1", "any sign"), ("w2", "l2", "$|\\cdot|$"), ("b2", "l2", "any sign"),
    ]
    regions = [(-0.55, -0.65, 3.0, 2.9, "acting: each agent alone, from its own observation"),
               (3.1, -2.75, 8.4, 2.9, "training only: the whole team, with the global state")]
    return graph(boxes, arrows, "QMIX at a glance", regions, scale=(1.22, 0.9))


def mixer():
    """QMIX's mixer: a row from the utilities to Q_tot, and the four networks below it that read the state."""
    boxes = {
        "q": (0.0, 1.5, "utilities of the\nchosen actions\n$q$  [N]", "agent"),
        "m1": (1.5, 1.5, "$q\\,W_1$\n[E]", "team"), "m2": (2.75, 1.5, "$+\\,b_1$, ELU\n[E]", "team"),
        "m3": (4.0, 1.5, "$\\cdot\\; w_2$", "team"), "m4": (5.1, 1.5, "$+\\,V(s)$", "team"),
        "tot": (6.1, 1.5, "$Q_{tot}$", "team"),
        "w1": (1.2, -0.3, "hyper_w1\nS → H → N·E", "state"), "b1": (2.6, -0.3, "hyper_b1\nS → E", "state"),
        "w2": (3.9, -0.3, "hyper_w2\nS → H → E", "state"), "b2": (5.3, -0.3, "hyper_b2\nS → E → 1", "state"),
        "s": (3.25, -1.8, "state $s$  [S]", "state"),
    }
    arrows = [("q", "m1", ""), ("m1", "m2", ""), ("m2", "m3", ""), ("m3", "m4", ""), ("m4", "tot", ""),
              ("w1", "m1", "$|\\cdot|$  [N, E]"), ("b1", "m2", "any sign"),
              ("w2", "m3", "$|\\cdot|$  [E]"), ("b2", "m4", "any sign"),
              ("s", "w1", ""), ("s", "b1", ""), ("s", "w2", ""), ("s", "b2", "")]
    return graph(boxes, arrows, "The mixer (upper row) is written anew for every state", scale=(1.45, 0.85))


def _read_boxes(boxes):
    _inputs.named("boxes", boxes, "(x, y, text)")
    result = {}
    for name, box in boxes.items():
        if not isinstance(box, (tuple, list)) or len(box) not in (3, 4):
            raise ValueError(f"boxes[{name!r}]: expected (x, y, text) or (x, y, text, kind), got "
                             f"{errors.describe(box)}")
        x, y, text, kind = (*box, "plain")[:4]
        if not isinstance(text, str):
            raise TypeError(f"text of boxes[{name!r}]: expected a text, got {errors.describe(text)}")
        if not isinstance(kind, str) or kind not in FILLS:
            raise ValueError(f"kind of boxes[{name!r}]: expected one of {list(FILLS)}, got {errors.describe(kind)}")
        place = _inputs.array(f"place of boxes[{name!r}]", [x, y], shape=(2,), allow_nan=False)
        result[name] = (*place, text, kind)
    return result


def _read_arrows(arrows, boxes):
    arrows = errors.sequence("arrows", arrows, "(from, to, label)")
    for item in arrows:
        if not isinstance(item, (tuple, list)) or len(item) not in (2, 3):
            raise ValueError(f"arrows: expected (from, to, label), got {errors.describe(item)}")
        for name in item[:2]:
            if not isinstance(name, (str, Real)) or name not in boxes:
                raise ValueError(f"arrows: expected names of boxes, {list(boxes)}, got {errors.describe(name)}")
        if len(item) == 3 and not isinstance(item[2], str):
            raise TypeError(f"arrows: expected a text as the label, got {errors.describe(item[2])}")
    return [(*item, "")[:3] for item in arrows]


def _read_regions(regions):
    regions = errors.sequence("regions", regions, "(x0, y0, x1, y1, label)")
    for item in regions:
        if not isinstance(item, (tuple, list)) or len(item) != 5 or not isinstance(item[4], str):
            raise ValueError(f"regions: expected (x0, y0, x1, y1, label), got {errors.describe(item)}")
        x0, y0, x1, y1 = _inputs.array("regions", item[:4], shape=(4,), allow_nan=False)
        if x0 >= x1 or y0 >= y1:
            raise ValueError(f"regions: expected x0 < x1 and y0 < y1, got {errors.describe(item)}")
    return regions


def _arrow(ax, start, end, text):
    """An arrow from the edge of one box to the edge of another, its label on a white ground at the middle."""
    (x0, y0), (x1, y1) = _centre(start), _centre(end)
    ax.add_patch(FancyArrowPatch((x0, y0), (x1, y1), patchA=start, patchB=end, shrinkA=1, shrinkB=2,
                                 arrowstyle="-|>,head_width=3,head_length=6", color="#333333", linewidth=1.3,
                                 zorder=2.5))
    if text:
        ax.text((x0 + x1) / 2, (y0 + y1) / 2, text, ha="center", va="center", fontsize=9, zorder=4,
                bbox=dict(facecolor="white", edgecolor="none", pad=1))


def _centre(patch):
    return patch.get_x() + patch.get_width() / 2, patch.get_y() + patch.get_height() / 2


def _fit(figure, ax, extent):
    """One unit of the axes is one inch of paper, so text and boxes keep their measured sizes."""
    margin, head = 0.12, 0.25
    left, bottom = min(e[0] for e in extent) - margin, min(e[1] for e in extent) - margin
    right, top = max(e[2] for e in extent) + margin, max(e[3] for e in extent) + margin + head
    figure.set_size_inches(right - left, top - bottom)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    figure.suptitle(figure.get_suptitle(), y=1 - 0.08 / (top - bottom), va="top")
