"""What the tables have in common: the algorithms by name, many seeds side by side, and what a process does with a
piece."""

from __future__ import annotations

import time

import torch

from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN, Algorithm
from qmix_course.envs import TeamEnv
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

NAMES = {"iql": "IQL", "vdn": "VDN", "qmix": "QMIX", "cw_qmix": "CW-QMIX", "ow_qmix": "OW-QMIX", "qtran": "QTRAN-base",
         "qtran_alt": "QTRAN-alt", "qplex": "QPLEX", "maven": "MAVEN"}
KINDS = {"iql": IQL, "vdn": VDN, "qmix": QMIX, "cw_qmix": CWQMIX, "ow_qmix": OWQMIX, "qtran": QTRAN, "qtran_alt": QTRAN,
         "qplex": QPLEX, "maven": MAVEN}
OPTIONS = {"qtran_alt": {"alternative": True}, "maven": {"n_latents": 4}}


def make(name: str, env: TeamEnv, seed: int, **options) -> Algorithm:
    """A fresh team of the algorithm called ``name``; of ``options`` it gets those that it knows."""
    kind = KINDS[name]
    unknown = set()
    if not issubclass(kind, QMIX):
        unknown |= {"embed_dim", "hypernet_dim"}
    if not issubclass(kind, OWQMIX):
        unknown |= {"central_dim"}
    known = {key: value for key, value in options.items() if key not in unknown}
    return kind.for_env(env, seed=seed, **known, **OPTIONS.get(name, {}))


def train_many(name: str, env: TeamEnv, config: TrainConfig, seeds: range, **options) -> list[Algorithm]:
    """Trained teams, one a seed."""
    teams = [make(name, env, seed, **options) for seed in seeds]
    train_seeds(env, teams, config, list(seeds))
    return teams


def begin() -> None:
    """In every process: one thread, and float64 as in the lessons."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)


def timed(function, *arguments):
    """What the function gives, and the processor seconds that it took."""
    began = time.process_time()
    result = function(*arguments)
    return result, time.process_time() - began
