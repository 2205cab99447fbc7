"""QMIX: VDN with another mixer. Its weights come from the state and are never negative (Rashid et al. 2018)."""

from __future__ import annotations

from qmix_course import errors
from qmix_course.algorithms.vdn import VDN
from qmix_course.envs.base import TeamSpec
from qmix_course.mixers import QMixer


class QMIX(VDN):
    """Unlike VDN, the mixer is a ``QMixer``. ``embed_dim``, ``hypernet_dim``: its sizes."""

    def __init__(self, spec: TeamSpec, embed_dim: int = 32, hypernet_dim: int = 64, **options):
        embed_dim = errors.whole_number("embed_dim", embed_dim)          # before anything is drawn
        hypernet_dim = errors.whole_number("hypernet_dim", hypernet_dim, at_least=0)
        super().__init__(spec, **options)
        self.mixer = QMixer(spec.n_agents, spec.state_dim, embed_dim, hypernet_dim)
