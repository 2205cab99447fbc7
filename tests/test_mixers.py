"""The mixers: monotone, fed by the state, equal to an independent implementation, and true to IGM."""

import itertools

import pytest
import torch

from qmix_course import exact
from qmix_course.algorithms import QMIX, VDN
from qmix_course.envs import GridWorld
from qmix_course.mixers import Mixer, QMixer, VDNMixer


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def wild(mixer: Mixer, scale: float) -> Mixer:
    """The mixer with weights far from their start: normal with standard deviation ``scale``."""
    with torch.no_grad():
        for parameter in mixer.parameters():
            parameter.normal_(0.0, scale)
    return mixer


@pytest.mark.parametrize("hypernet_dim", [0, 64])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("n_agents", [1, 2, 5])
def test_raising_a_utility_never_lowers_the_team(hypernet_dim, scale, n_agents):
    mixer = wild(QMixer(n_agents, 6, hypernet_dim=hypernet_dim), scale)
    agent_qs = (20 * torch.randn(500, n_agents)).requires_grad_()
    q_tot = mixer(agent_qs, 5 * torch.randn(500, 6))
    gradient, = torch.autograd.grad(q_tot.sum(), agent_qs)
    assert gradient.min() >= 0 and gradient.max() > 0


def test_without_abs_the_derivative_goes_below_zero():
    """The test above can fail."""
    class Signed(QMixer):
        def non_negative(self, weights):
            return weights

    agent_qs = torch.randn(500, 2, requires_grad=True)
    gradient, = torch.autograd.grad(wild(Signed(2, 6), 1.0)(agent_qs, torch.randn(500, 6)).sum(), agent_qs)
    assert gradient.min() < 0


def test_the_state_decides_how_much_an_agent_counts():
    mixer, agent_qs = QMixer(2, 6), torch.randn(1, 2).expand(50, 2).clone().requires_grad_()
    q_tot = mixer(agent_qs, torch.randn(50, 6))
    gradient, = torch.autograd.grad(q_tot.sum(), agent_qs)
    assert q_tot.unique().numel() == 50 and (gradient[:, 0] / gradient[:, 1]).unique().numel() == 50


def test_the_state_value_may_fall_with_the_state():
    """The state goes through the hypernetworks, so nothing is monotone in it."""
    mixer, state = QMixer(2, 6), torch.randn(200, 6, requires_grad=True)
    gradient, = torch.autograd.grad(mixer(torch.randn(200, 2), state).sum(), state)
    assert gradient.min() < 0 < gradient.max()


@pytest.mark.parametrize("n_agents, state_dim, embed_dim", [(2, 8, 32), (5, 3, 7), (1, 4, 1)])
def test_equal_to_torchrl(n_agents, state_dim, embed_dim):
    torchrl = pytest.importorskip("torchrl.modules.models.multiagent")
    ours = QMixer(n_agents, state_dim, embed_dim, hypernet_dim=0)
    theirs = torchrl.QMixer(state_shape=(state_dim,), mixing_embed_dim=embed_dim, n_agents=n_agents, device="cpu")
    names = {"hyper_w_1": "hyper_w1", "hyper_w_final": "hyper_w2", "hyper_b_1": "hyper_b1", "V": "hyper_b2"}
    for name, own in names.items():
        getattr(ours, own).load_state_dict(getattr(theirs, name).state_dict())
    agent_qs, state = 3 * torch.randn(100, 4, n_agents), torch.randn(100, 4, state_dim)
    expected = theirs(agent_qs.unsqueeze(-1), state).squeeze(-1)
    torch.testing.assert_close(ours(agent_qs, state), expected, rtol=0, atol=1e-10)


def test_vdn_is_the_sum_and_needs_no_state():
    agent_qs = torch.randn(3, 4, 2)
    assert torch.equal(VDNMixer(2)(agent_qs), agent_qs[..., 0] + agent_qs[..., 1])
    assert torch.equal(VDNMixer(2)(agent_qs, torch.randn(3, 4, 9)), agent_qs.sum(-1))


@pytest.mark.parametrize("leading", [(), (3,), (2, 3), (2, 1, 4)])
def test_any_leading_axes(leading):
    mixer, agent_qs, state = QMixer(2, 6), torch.randn(*leading, 2), torch.randn(*leading, 6)
    flat = torch.stack([mixer(q, s) for q, s in zip(agent_qs.reshape(-1, 2), state.reshape(-1, 6))])
    torch.testing.assert_close(mixer(agent_qs, state), flat.view(leading), rtol=0, atol=1e-12)


@pytest.mark.parametrize("mixer_of", [lambda: VDNMixer(3), lambda: wild(QMixer(3, 5), 1.0),
                                      lambda: wild(QMixer(3, 5, hypernet_dim=0), 3.0)])
def test_igm_by_enumeration(mixer_of):
    """The team's value at the agents' own best actions is the best of all 4³ joint actions (30 networks × 40 states).

    Values are compared, not actions: where ELU is flat to the last bit, two joint actions can tie.
    """
    for _ in range(30):
        mixer, q = mixer_of(), 4 * torch.randn(40, 3, 4)
        state = torch.randn(40, 5)
        own = mixer(q.amax(-1), state)
        joint = [mixer(q[:, range(3), list(u)], state) for u in itertools.product(range(4), repeat=3)]
        torch.testing.assert_close(own, torch.stack(joint).amax(0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("algorithm", [VDN, QMIX])
def test_igm_of_whole_teams_in_every_state_of_the_grid_world(algorithm):
    env = GridWorld()
    model = env.model()
    for seed in range(3):
        team = algorithm.for_env(env, seed=seed)
        q_tot, own = exact.q_tot(team, model).flatten(1), exact.agent_qs(team, model).argmax(-1)
        at_own = q_tot.gather(1, (4 * own[:, 0] + own[:, 1]).unsqueeze(1)).squeeze(1)
        torch.testing.assert_close(at_own, q_tot.amax(1), rtol=0, atol=1e-12)


def test_hypernet_sizes():
    def count(mixer):
        return sum(p.numel() for p in mixer.parameters())

    n, s, e, h = 2, 8, 32, 64
    biases = (s + 1) * e + (s + 1) * e + (e + 1)
    assert count(QMixer(n, s, e, h)) == (s + 1) * h + (h + 1) * n * e + (s + 1) * h + (h + 1) * e + biases
    assert count(QMixer(n, s, e, 0)) == (s + 1) * n * e + (s + 1) * e + biases
