"""QMIX, one piece at a time: the library that the lessons arrive at.

Axes are named with one letter each, in this order, in every docstring:
``B`` batch (environments or samples), ``T`` time, ``N`` agents, ``A`` actions, ``O`` observation, ``S`` state.

In the order in which the lessons meet them: ``envs`` (02), ``agents`` and ``exploration`` (03), ``mixers`` (05),
``replay`` and ``target`` (06), ``algorithms`` and ``learner`` (07, 11 to 16), ``collect``, ``config``, ``training`` and
``checkpoint`` (08), ``history``, ``watch`` and ``plots`` (09), ``evaluation``, ``exact`` and ``teams`` (10),
``representation`` and ``cones`` (11), ``row_groups`` (12), ``seeds``, ``own``, checks for parts of one's own, ``plan``,
``experiment``, ``intervals`` and ``report`` (20), and ``touch``, what a reader plays with; ``choices``, what has a name
on the command line; ``errors``, ``strangers``, ``bars`` and ``process`` serve them all.
Apart from these, and imported by none of them, stands what serves the course: ``lesson``, ``prediction``, ``checks``,
``desk``, ``capstone``, ``data``.
"""

__version__ = "0.2.0"
