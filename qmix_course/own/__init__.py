"""For agents and algorithms of one's own: checks that name the mistakes of which no error tells.

For an environment of one's own there is ``envs.check_env``.
"""

from qmix_course.own.agents import check_agents
from qmix_course.own.algorithms import check_algorithm

__all__ = ["check_agents", "check_algorithm"]
