"""QMIX, one piece at a time: the library that the lessons arrive at.

Axes are named with one letter each, in this order, in every docstring:
``B`` batch (environments or samples), ``T`` time, ``N`` agents, ``A`` actions, ``O`` observation, ``S`` state.
"""

__version__ = "0.2.0"
