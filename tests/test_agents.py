"""The agents' networks and how they explore."""

import pytest
import torch
from torch import nn

from qmix_course.agents import MLPAgents, StackedLinear
from qmix_course.exploration import epsilon_greedy, greedy, linear_schedule


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


@pytest.mark.parametrize("shared", [False, True])
def test_the_stack_equals_one_network_an_agent(shared):
    agents = MLPAgents(3, obs_dim=5, n_actions=4, hidden=(7, 6), shared=shared)
    obs = torch.randn(2, 8, 3, 5)
    q, memory = agents(obs, None)
    assert q.shape == (2, 8, 3, 4) and memory is None
    for i in range(3):
        own = 0 if shared else i
        net = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 6), nn.ReLU(), nn.Linear(6, 4))
        for linear, stacked in zip(net[::2], agents.layers):
            linear.weight.data, linear.bias.data = stacked.weight[own].T, stacked.bias[own, 0]
        torch.testing.assert_close(q[:, :, i], net(obs[:, :, i]), rtol=0, atol=1e-12)


def test_an_agent_sees_its_own_observation_only():
    agents = MLPAgents(3, 5, 4)
    obs = torch.randn(2, 1, 3, 5, requires_grad=True)
    for i in range(3):
        gradient, = torch.autograd.grad(agents(obs)[0][:, :, i].sum(), obs)
        assert gradient[:, :, i].ne(0).any() and gradient[:, :, [j for j in range(3) if j != i]].eq(0).all()


@pytest.mark.parametrize("inputs, outputs, copies", [(6, 64, 2), (400, 3, 50), (3, 400, 50)])
def test_every_copy_starts_by_its_own_fan_in(inputs, outputs, copies):
    layer, bound = StackedLinear(copies, inputs, outputs), inputs ** -0.5
    for parameter in (layer.weight, layer.bias):
        assert parameter.abs().max() <= bound
    assert layer.weight.abs().amax((1, 2)).min() > 0.9 * bound            # every copy uses the whole range
    like = nn.Linear(inputs, outputs).weight
    assert layer.weight.std().item() == pytest.approx(like.std().item(), rel=0.1)


def test_greedy_never_takes_an_unavailable_action():
    q, available = torch.randn(1000, 3, 5), torch.rand(1000, 3, 5) < 0.4
    available[..., 0] |= ~available.any(-1)
    for epsilon in (0.0, 0.5, 1.0):
        actions = epsilon_greedy(q, available, epsilon, torch.Generator().manual_seed(0))
        assert available.gather(-1, actions.unsqueeze(-1)).all()
    best = greedy(q - 100.0, available)                                     # all values far below zero
    by_hand = [[max((a for a in range(5) if available[b, i, a]), key=lambda a: q[b, i, a].item()) for i in range(3)]
               for b in range(1000)]
    assert best.tolist() == by_hand


def test_one_coin_an_agent():
    """At ε = 0.5 with 4 actions, an agent leaves its best action in 3/8 of all cases, independently of the other."""
    q = torch.zeros(40_000, 2, 4)
    q[..., 2] = 1.0
    actions = epsilon_greedy(q, torch.ones_like(q, dtype=torch.bool), 0.5, torch.Generator().manual_seed(0))
    strayed = (actions != 2).double()
    assert strayed.mean(0).tolist() == pytest.approx([0.375, 0.375], abs=0.01)     # four standard deviations; one seed, fixed
    assert strayed.prod(1).mean().item() == pytest.approx(0.375 ** 2, abs=0.01)
    counts = torch.bincount(actions[:, 0], minlength=4) / 40_000
    assert counts.tolist() == pytest.approx([0.125, 0.125, 0.625, 0.125], abs=0.01)


def test_exploration_is_seeded_and_leaves_the_global_generator_alone():
    q, every = torch.randn(10, 2, 4), torch.ones(10, 2, 4, dtype=torch.bool)
    before = torch.get_rng_state()
    first = epsilon_greedy(q, every, 0.7, torch.Generator().manual_seed(3))
    second = epsilon_greedy(q, every, 0.7, torch.Generator().manual_seed(3))
    assert torch.equal(first, second) and torch.equal(before, torch.get_rng_state())


def test_the_schedule_is_a_straight_line_that_ends():
    values = [linear_schedule(1.0, 0.05, 100, step) for step in (0, 50, 100, 1000)]
    assert values == pytest.approx([1.0, 0.525, 0.05, 0.05])
