"""Team environments: the batched contract, the grid world, the matrix games, and the bridge to PettingZoo."""

from qmix_course.envs.base import Model, ResetNeeded, TeamEnv, TeamSpec, TeamStep
from qmix_course.envs.grid import GridWorld
from qmix_course.envs.matrix import PAYOFFS, MatrixGame, TwoStepGame, penalty

__all__ = ["GridWorld", "MatrixGame", "Model", "PAYOFFS", "ResetNeeded", "TeamEnv", "TeamSpec", "TeamStep",
           "TwoStepGame", "penalty"]
