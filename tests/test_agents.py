"""The agents' networks and how they explore."""

import pytest
import torch
from torch import nn

from qmix_course.agents import MLPAgents, StackedLinear
from qmix_course.algorithms import VDN
from qmix_course.envs import MatrixGame
from qmix_course.evaluation import evaluate
from qmix_course.exploration import divergence, epsilon_greedy, greedy, linear_schedule
from qmix_course.training import TrainConfig, train


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
    # four standard deviations; one seed, fixed
    assert strayed.mean(0).tolist() == pytest.approx([0.375, 0.375], abs=0.01)
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


@pytest.mark.parametrize("shared", [False, True])
def test_an_agents_number_is_an_observation_of_its_own(shared):
    """``agent_id`` is what appending the one-hot number to every observation does; one network then tells agents apart.
    """
    told = MLPAgents(3, 5, 4, hidden=(7,), shared=shared, agent_id=True)
    plain = MLPAgents(3, 5 + 3, 4, hidden=(7,), shared=shared)
    plain.load_state_dict(told.state_dict())
    obs = torch.randn(2, 6, 3, 5, generator=torch.Generator().manual_seed(0))
    by_hand = torch.cat([obs, torch.eye(3).expand(2, 6, 3, 3)], -1)
    assert torch.equal(told(obs)[0], plain(by_hand)[0])
    alike = obs[:, :, :1].expand(-1, -1, 3, -1)
    assert not torch.allclose(told(alike)[0][:, :, 0], told(alike)[0][:, :, 1])
    assert MLPAgents(3, 5, 4, shared=True)(alike)[0].diff(dim=2).abs().max() == 0        # without it they cannot differ


def test_only_ids_let_one_network_play_a_game_whose_best_agents_differ():
    """Agent 1 must play 0 and agent 2 must play 1, and both see the same: shared, with ids, VDN learns it exactly."""
    env = MatrixGame([[0.0, 1.0], [-1.0, 0.0]], num_envs=16)
    config = TrainConfig(total_steps=3_200, learning_starts=100, batch_size=32, update_every=8, epsilon_end=1.0,
                         learning_rate=1e-2)
    for agent_id, wanted in ((True, 1.0), (False, 0.0)):
        team = VDN.for_env(env, seed=0, shared=True, agent_id=agent_id, hidden=(16,))
        train(env, team, config)
        assert evaluate(env.clone(num_envs=1), team).mean_return == wanted


def test_values_that_still_have_a_gradient_can_be_looked_at():
    """No door warns because of it, not even the first time (torch warns once in a process, unless told otherwise)."""
    q, every = torch.randn(10, 2, 4, requires_grad=True), torch.ones(10, 2, 4, dtype=torch.bool)
    torch.set_warn_always(True)
    try:
        assert torch.equal(greedy(q, every), q.detach().argmax(-1))
        assert torch.equal(epsilon_greedy(q, every, 0.0), q.detach().argmax(-1))
        assert (divergence(q, q, every) == 0).all()
    finally:
        torch.set_warn_always(False)
