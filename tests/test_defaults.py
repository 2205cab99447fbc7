"""What is left unsaid: every default, by the number of weights that it makes and by the value that it has.

Stored runs, checkpoints and the lessons' numbers were all made with these. Whoever changes one sees it here first.
"""

import pytest
import torch

from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import MatrixGame, TeamSpec
from qmix_course.exploration import ParameterNoise
from qmix_course.mixers import CentralMixer, DuplexMixer, QMixer, VDNMixer
from qmix_course.replay import ReplayBuffer

N, A, O, S = 3, 5, 7, 11
SPEC = TeamSpec(n_agents=N, n_actions=A, obs_dim=O, state_dim=S, episode_limit=4)


def layers(*sizes):
    """The weights and biases of linear layers of these widths."""
    return sum((i + 1) * o for i, o in zip(sizes, sizes[1:]))


def count(module):
    return sum(weights.numel() for weights in module.parameters())


MLP = N * layers(O, 64, 64, A)
GRU = layers(O + A + N, 64) + 2 * 3 * 64 * (64 + 1) + layers(64, A)
MIXER = layers(S, 64, N * 32) + layers(S, 32) + layers(S, 64, 32) + layers(S, 32, 1)
DUPLEX = (2 * layers(S, 64, N) + layers(S, 64, 64, 10) + layers(S, 64, 64, 10 * N)
          + layers(S + N * A, 64, 64, 10 * N))
CENTRAL = layers(N + S, 256, 256, 256, 1) + layers(S, 256, 1)
Z = 8
LATENT = (N * layers(O, 64, 64) + layers(Z + N, A * 64) + layers(N * A + S, 32, Z) + layers(S, 32, Z)
          + layers(S + Z, 64, N * 32) + layers(S + Z, 32) + layers(S + Z, 64, 32) + layers(S + Z, 32, 1))

SIZES = {
    "MLPAgents": (lambda: MLPAgents(N, O, A), MLP), "GRUAgents": (lambda: GRUAgents(N, O, A), GRU),
    "VDNMixer": (lambda: VDNMixer(N), 0), "QMixer": (lambda: QMixer(N, S), MIXER),
    "DuplexMixer": (lambda: DuplexMixer(N, S, A), DUPLEX), "CentralMixer": (lambda: CentralMixer(N, S), CENTRAL),
    "IQL": (lambda: IQL(SPEC), MLP), "VDN": (lambda: VDN(SPEC), MLP), "QMIX": (lambda: QMIX(SPEC), MLP + MIXER),
    "OWQMIX": (lambda: OWQMIX(SPEC), MLP + MIXER + MLP + CENTRAL),
    "CWQMIX": (lambda: CWQMIX(SPEC), MLP + MIXER + MLP + CENTRAL), "QPLEX": (lambda: QPLEX(SPEC), MLP + DUPLEX),
    "QTRAN": (lambda: QTRAN(SPEC), MLP + layers(S + N * A, 64, 64, 1) + layers(S, 64, 64, 1)),
    "MAVEN": (lambda: MAVEN(SPEC), LATENT),
}


@pytest.mark.parametrize("name", SIZES)
def test_as_many_weights_as_counted_by_hand(name):
    make, wanted = SIZES[name]
    assert count(make()) == wanted


CONSTANTS = {
    IQL: {"gamma": 0.99, "double_q": False, "td_lambda": 0.0, "recurrent": False},
    OWQMIX: {"alpha": 0.1}, CWQMIX: {"alpha": 0.1},
    QTRAN: {"alternative": False, "opt_weight": 1.0, "nopt_weight": 1.0},
    MAVEN: {"mi_weight": 0.1, "temperature": 1.0, "n_latents": Z, "recurrent": True},
}


@pytest.mark.parametrize("kind", CONSTANTS)
def test_the_constants(kind):
    settings = kind(SPEC).settings()
    assert {name: settings[name] for name in CONSTANTS[kind]} == CONSTANTS[kind]


def test_the_first_weights_are_those_of_seed_0():
    env = MatrixGame("climbing")
    one, other = QMIX.for_env(env), QMIX.for_env(env, seed=0)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters()))


def test_what_is_no_network():
    buffer = ReplayBuffer(2, SPEC)
    assert (buffer.length, buffer.memory_dim) == (1, 0)
    assert ParameterNoise(MLPAgents(N, O, A), 2, torch.Generator()).sigma == 0.05
