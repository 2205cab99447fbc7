"""Pieces to touch: small machines in a cell's output, for mouse, finger and keyboard, without a kernel or a network.

Each function returns a ``Piece``, which a notebook shows when it is a cell's last value. The scripts are the ``.js``
files of this folder, written to be read: ``shared.js`` is in every piece.
"""

from ._advantages import advantages
from ._battle import battle
from ._dice import dice
from ._draws import draws
from ._film import film
from ._memory import memory
from ._outcome import outcome
from ._parts import parts
from ._play import play
from ._robots import robots
from ._starts import starts
from ._surface import surface
from ._tables import tables
from ._weights import weights

__all__ = ["advantages", "battle", "dice", "draws", "film", "memory", "outcome", "parts", "play", "robots", "starts",
           "surface", "tables", "weights"]
