"""QMIX: VDN with another mixer. Its weights come from the state and are never negative (Rashid et al. 2018)."""

from __future__ import annotations

from qmix_course.algorithms.vdn import VDN
from qmix_course.envs.base import TeamSpec
from qmix_course.mixers import QMixer


class QMIX(VDN):
    """Unlike VDN, the mixer is a ``QMixer``. ``embed_dim``, ``hypernet_dim``: its sizes."""

    def __init__(self, spec: TeamSpec, embed_dim: int = 32, hypernet_dim: int = 64, **options):
        super().__init__(spec, **options)
        self.mixer = QMixer(spec.n_agents, spec.state_dim, embed_dim, hypernet_dim)
