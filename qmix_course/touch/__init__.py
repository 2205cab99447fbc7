"""Pieces to touch: small machines in a cell's output, for mouse, finger and keyboard, without a kernel or a network.

Each function returns a ``Piece``, which a notebook shows when it is a cell's last value. The scripts are the ``.js``
files of this folder, written to be read: ``shared.js`` is in every piece.
"""

from ._film import film
from ._play import play
from ._surface import surface

__all__ = ["film", "play", "surface"]
