"""Team environments: the batched contract, the grid world, the matrix games, Skirmish, and the bridge to PettingZoo."""

from qmix_course.envs.base import Model, ResetNeeded, TeamEnv, TeamSpec, TeamStep
from qmix_course.envs.check import check_env
from qmix_course.envs.cue import Cue
from qmix_course.envs.grid import GridWorld
from qmix_course.envs.matrix import PAYOFFS, LongWay, MatrixGame, MStepGame, TwoStepGame, penalty
from qmix_course.envs.predator_prey import PredatorPrey
from qmix_course.envs.skirmish import Skirmish

__all__ = ["Cue", "GridWorld", "LongWay", "MStepGame", "MatrixGame", "Model", "PAYOFFS", "PredatorPrey", "ResetNeeded",
           "Skirmish", "TeamEnv", "TeamSpec", "TeamStep", "TwoStepGame", "as_parallel_env", "check_env",
           "from_parallel_env", "penalty"]


def __getattr__(name: str):
    # PettingZoo is an extra: only who asks for the bridge needs it.
    if name in ("as_parallel_env", "from_parallel_env"):
        from qmix_course.envs import pettingzoo
        return getattr(pettingzoo, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
