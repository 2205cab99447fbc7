"""Team environments: the contract, the grid world, the matrix games, Skirmish, and bridges to other people's."""

from importlib import import_module

from qmix_course.envs.base import Model, ResetNeeded, TeamEnv, TeamSpec, TeamStep
from qmix_course.envs.check import check_env
from qmix_course.envs.cue import Cue
from qmix_course.envs.formation import Formation
from qmix_course.envs.grid import GridWorld
from qmix_course.envs.matrix import PAYOFFS, LongWay, MatrixGame, MStepGame, TwoStepGame, penalty
from qmix_course.envs.predator_prey import PredatorPrey
from qmix_course.envs.skirmish import Skirmish
from qmix_course.envs.speaker import SpeakerListener

# Other people's worlds are extras: only who asks for one needs its package.
OUTSIDE = {"as_parallel_env": "pettingzoo", "from_parallel_env": "pettingzoo", "foraging": "tuples",
           "from_gymnasium": "tuples", "warehouse": "tuples", "from_vmas": "vmas", "from_jaxmarl": "jaxmarl",
           "overcooked": "jaxmarl", "smax": "jaxmarl"}

__all__ = ["Cue", "Formation", "GridWorld", "LongWay", "MStepGame", "MatrixGame", "Model", "OUTSIDE", "PAYOFFS",
           "PredatorPrey", "ResetNeeded", "Skirmish", "SpeakerListener", "TeamEnv", "TeamSpec", "TeamStep",
           "TwoStepGame", "as_parallel_env", "check_env", "foraging", "from_gymnasium", "from_jaxmarl",
           "from_parallel_env", "from_vmas", "overcooked", "penalty", "smax", "warehouse"]


def __getattr__(name: str):
    if name in OUTSIDE:
        return getattr(import_module(f"qmix_course.envs.{OUTSIDE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
