"""Every figure of the course.

Each function takes tensors, arrays or lists, checks them, and returns a matplotlib figure that a notebook shows once,
when it is the last value of a cell. `ax=` draws on axes of your own; `panels` makes some.
"""

from ._animation import Animation, animate
from ._bands import bands
from ._bars import bars
from ._boards import beliefs, board, film_strip, start_map
from ._diagrams import architecture, graph, mixer
from ._field import field
from ._formation import animate_tracks, tracks
from ._lines import curves, lines, moving_average, schedule, seeds
from ._skirmish import animate_battle, battle, battle_strip
from ._style import COLOURS, panels, use_style
from ._surface import surface
from ._tables import table, tables

__all__ = ["Animation", "COLOURS", "animate", "animate_battle", "animate_tracks", "architecture", "bands", "bars",
           "battle", "battle_strip", "beliefs", "board", "curves", "field", "film_strip", "graph", "lines", "mixer",
           "moving_average", "panels", "schedule", "seeds", "start_map", "surface", "table", "tables", "tracks",
           "use_style"]
