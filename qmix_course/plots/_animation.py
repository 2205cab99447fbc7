"""An episode in motion: a film that a notebook plays, steps and pauses, an animated PNG or a GIF on disk."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from qmix_course import errors, touch

from . import _inputs
from ._boards import draw_moment, film_strip, read_episode
from ._style import Plot, number, picture


class Animation:
    """An episode in motion: a notebook shows it with buttons to pause and to step, and it stands still for those who
    asked for less motion. `.png` holds an animated picture (APNG), `.save(path)` writes a .png or a .gif."""

    def __init__(self, frames, milliseconds, text, piece):
        self.frames, self.milliseconds, self._text, self._piece = frames, milliseconds, text, piece
        self.png = self._encode("PNG")

    def __repr__(self):
        return self._text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": self._repr_html_(), "text/plain": self._text}

    def _repr_html_(self):
        return self._piece._repr_html_()

    def save(self, path):
        """Write the animation to `path`, which ends in .png or .gif."""
        path = _target(path)
        path.write_bytes(self.png if path.suffix == ".png" else self._encode("GIF"))

    def _encode(self, form):
        buffer = io.BytesIO()
        options = {"disposal": 1} if form == "GIF" else {}
        self.frames[0].save(buffer, format=form, save_all=True, append_images=self.frames[1:], loop=0,
                            duration=self.milliseconds, optimize=True, **options)
        return buffer.getvalue()


def animate(episode, path=None, fps=2, title=None):
    """Show an episode step by step, `fps` steps a second.

    `episode` as in `film_strip`. `path` writes a file too: .png an animated PNG, .gif a GIF; these go on for ever and
    show the last board three times as long. Returns an `Animation`, which a notebook shows when it is a cell's last
    value: there it plays once, pauses and steps. Where no scripts run it is a film strip.
    """
    film = read_episode(episode)
    path, fps, title = inputs(path, fps, title, "One episode")
    text = f"Animation: {title}, {film.length}, return {number(film.total)}"
    strip = picture(film_strip(episode, title, max_boards=6).png(), text)
    piece = touch.film(film.positions.tolist(), film.actions.tolist(), film.rewards.tolist(), film.size,
                       film.goals.tolist(), title, 1 / fps, strip)
    return made([_draw(film, t, title) for t in range(len(film.actions) + 1)], fps, text, piece, path)


def inputs(path, fps, title, untitled):
    """What every film takes, checked: path, fps, title."""
    fps = _inputs.number("fps", fps)
    if not 0 < fps <= 50:
        raise ValueError(f"fps: expected a number above 0 and at most 50, got {fps:g}")
    title = _inputs.text("title", title) or untitled
    return None if path is None else _target(path), fps, title


def made(pictures, fps, text, piece, path):
    """The animation of RGB arrays of one size, its last picture three times as long, written to `path` if there is one.

    `piece` is what a notebook shows, `text` what it says without a browser.
    """
    pause = round(1000 / fps)
    animation = Animation(_one_palette(pictures), [pause] * (len(pictures) - 1) + [3 * pause], text, piece)
    if path is not None:
        animation.save(path)
    return animation


def rgb(figure):
    """A figure as an RGB array."""
    agg = FigureCanvasAgg(figure)
    agg.draw()
    return np.asarray(agg.buffer_rgba())[..., :3].copy()


def _target(path):
    path = errors.path("path", path)
    if path.suffix not in (".png", ".gif"):
        raise ValueError(f"path: expected a name that ends in .png or .gif, got {errors.brief(path.name)}")
    if not path.parent.is_dir():
        raise ValueError(f"path: expected a folder that exists, got {errors.brief(str(path))}")
    return path


def _draw(film, t, title):
    """The board at time t as an RGB array; every frame has the same size and the same places."""
    side = 0.46 * film.size
    text_lines = 1 + -(-film.positions.shape[1] // 3)
    below, above = 0.25 + 0.18 * text_lines, 0.7
    width, height = max(side + 0.5, 3.2), side + below + above
    figure = Plot(figsize=(width, height), dpi=90)
    figure.suptitle(title, y=1 - 0.06 / height, va="top")
    ax = figure.add_axes(((width - side) / 2 / width, below / height, side / width, side / height))
    draw_moment(ax, film, t)
    return rgb(figure)


def _one_palette(pictures, colours=64):
    """Frames with one shared palette: small files, and no colour flickers from frame to frame."""
    height = pictures[0].shape[0]
    tall = Image.fromarray(np.concatenate(pictures)).quantize(colours, dither=Image.Dither.NONE)
    return [tall.crop((0, k * height, tall.width, (k + 1) * height)) for k in range(len(pictures))]
