"""Agents that remember, against torch's own cells step by step, and what each agent can and cannot know."""

import pytest
import torch
from torch import nn

from qmix_course.agents import GRUAgents, StackedGRU
from qmix_course.algorithms import QMIX, VDN
from qmix_course.envs import Cue, GridWorld

N, O, A, H = 3, 5, 4, 6
OPTIONS = [dict(shared=shared, agent_id=agent_id, last_action=last_action)
           for shared in (True, False) for agent_id in (True, False) for last_action in (True, False)]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def make(**options):
    return GRUAgents(N, O, A, hidden=H, **options)


def history(batch=2, time=7):
    """Observations and last actions of a few episodes; the first last action is −1, none."""
    last_actions = torch.randint(A, (batch, time, N))
    last_actions[:, 0] = -1
    return torch.randn(batch, time, N, O), last_actions


def cell_of(gru, copy):
    """``nn.GRUCell`` with the weights of one copy of a shared or a stacked unit."""
    cell = nn.GRUCell(H, H)
    if isinstance(gru, nn.GRU):
        cell.load_state_dict({name.removesuffix("_l0"): value for name, value in gru.state_dict().items()})
    else:
        cell.weight_ih.data, cell.weight_hh.data = gru.weight_x[copy].T.clone(), gru.weight_h[copy].T.clone()
        cell.bias_ih.data, cell.bias_hh.data = gru.bias_x[copy, 0].clone(), gru.bias_h[copy, 0].clone()
    return cell


def by_hand(agents, obs, last_actions, memory):
    """The same network, one agent of one episode at one step at a time: q[B, T, N, A], memory[B, N, H]."""
    q, after = torch.zeros(*obs.shape[:3], A), memory.clone()
    for b in range(obs.shape[0]):
        for i in range(N):
            copy = 0 if agents.copies == 1 else i
            cell, h = cell_of(agents.gru, copy), memory[b, i]
            for t in range(obs.shape[1]):
                parts = [obs[b, t, i]]
                if agents.last_action:
                    told = torch.zeros(A)
                    if last_actions[b, t, i] >= 0:
                        told[last_actions[b, t, i]] = 1.0
                    parts.append(told)
                if agents.agent_id:
                    parts.append(torch.eye(N)[i])
                x = torch.relu(torch.cat(parts) @ agents.encoder.weight[copy] + agents.encoder.bias[copy, 0])
                h = cell(x.unsqueeze(0), h.unsqueeze(0)).squeeze(0)
                q[b, t, i] = h @ agents.head.weight[copy] + agents.head.bias[copy, 0]
            after[b, i] = h
    return q, after


@pytest.mark.parametrize("options", OPTIONS)
def test_equal_to_a_cell_step_by_step(options):
    agents, (obs, last_actions), memory = make(**options), history(), torch.randn(2, N, H)
    with torch.no_grad():
        for given, start in ((memory, memory), (None, torch.zeros(2, N, H))):
            q, after = agents(obs, last_actions, given)
            expected, expected_after = by_hand(agents, obs, last_actions, start)
            assert q.shape == (2, 7, N, A) and after.shape == (2, N, H)
            torch.testing.assert_close(q, expected, rtol=0, atol=1e-12)
            torch.testing.assert_close(after, expected_after, rtol=0, atol=1e-12)


def test_the_stack_equals_one_gru_a_copy():
    """Outputs and gradients of N units side by side are those of N separate ``nn.GRU``."""
    stack, x, before = StackedGRU(N, H), torch.randn(N, 9, 4, H), torch.randn(N, 4, H)
    out = stack(x, before)
    weight = torch.randn_like(out)
    (out * weight).sum().backward()
    for i in range(N):
        alone = nn.GRU(H, H)
        names = {"weight_ih_l0": stack.weight_x[i].T, "weight_hh_l0": stack.weight_h[i].T,
                 "bias_ih_l0": stack.bias_x[i, 0], "bias_hh_l0": stack.bias_h[i, 0]}
        alone.load_state_dict({name: value.detach() for name, value in names.items()})
        expected = alone(x[i], before[i:i + 1])[0]
        torch.testing.assert_close(out[i], expected, rtol=0, atol=1e-12)
        (expected * weight[i]).sum().backward()
        torch.testing.assert_close(stack.weight_x.grad[i].T, alone.weight_ih_l0.grad, rtol=0, atol=1e-11)
        torch.testing.assert_close(stack.weight_h.grad[i].T, alone.weight_hh_l0.grad, rtol=0, atol=1e-11)
        torch.testing.assert_close(stack.bias_x.grad[i, 0], alone.bias_ih_l0.grad, rtol=0, atol=1e-11)
        torch.testing.assert_close(stack.bias_h.grad[i, 0], alone.bias_hh_l0.grad, rtol=0, atol=1e-11)


@pytest.mark.parametrize("shared", [True, False])
def test_one_pass_equals_many_short_ones(shared):
    """The memory that comes back is all that the rest of an episode needs."""
    agents, (obs, last_actions) = make(shared=shared), history()
    whole, end = agents(obs, last_actions)
    memory, pieces = None, []
    for t in range(7):
        q, memory = agents(obs[:, t:t + 1], last_actions[:, t:t + 1], memory)
        pieces.append(q)
    torch.testing.assert_close(torch.cat(pieces, 1), whole, rtol=0, atol=1e-13)
    torch.testing.assert_close(memory, end, rtol=0, atol=1e-13)


@pytest.mark.parametrize("options", OPTIONS)
def test_an_agent_knows_its_own_past_only(options):
    """∂ q[b, t, i] / ∂ obs[c, s, j] is zero unless c = b, j = i and s ≤ t; and another one's action changes nothing."""
    # wide: no observation hits only dead units
    agents, (obs, last_actions) = GRUAgents(N, O, A, hidden=32, **options), history()
    obs.requires_grad_()
    q, _ = agents(obs, last_actions)
    for i in range(N):
        gradient, = torch.autograd.grad(q[1, 4, i].sum(), obs, retain_graph=True)
        assert gradient[1, :5, i].ne(0).any(-1).all()
        gradient[1, :5, i] = 0.0
        assert gradient.eq(0).all()
    changed = last_actions.clone()
    changed[1, 3, 2] = (changed[1, 3, 2] + 1) % A
    after, _ = agents(obs, changed)
    moved = (after != q).any(-1)
    expected = torch.zeros_like(moved)
    expected[1, 3:, 2] = options["last_action"]
    assert torch.equal(moved, expected)


def test_who_am_i():
    """One network for all: agents that see the same differ only if they are told their number."""
    obs, last_actions = torch.randn(2, 4, 1, O).expand(-1, -1, N, -1), torch.full((2, 4, N), -1)
    alike, told = make(agent_id=False)(obs, last_actions)[0], make(agent_id=True)(obs, last_actions)[0]
    assert torch.equal(alike[:, :, 0], alike[:, :, 1]) and torch.equal(alike[:, :, 0], alike[:, :, 2])
    assert (told[:, :, 0] - told[:, :, 1]).abs().max() > 1e-3


@pytest.mark.parametrize("shared", [True, False])
def test_gradients_by_finite_differences(shared):
    agents = GRUAgents(2, 2, 2, hidden=3, shared=shared)
    obs, last_actions = torch.randn(2, 3, 2, 2), torch.tensor([[[-1, -1], [0, 1], [1, 1]]]).expand(2, -1, -1)
    memory = torch.randn(2, 2, 3, requires_grad=True)
    parameters = dict(agents.named_parameters())

    def values(memory, *weights):
        return torch.func.functional_call(agents, dict(zip(parameters, weights)), (obs, last_actions, memory))

    assert torch.autograd.gradcheck(values, (memory, *parameters.values()))


@pytest.mark.parametrize("shared", [True, False])
def test_every_copy_starts_by_its_own_fan_in(shared):
    """Encoder and head as ``nn.Linear``, the unit as ``nn.GRU``: uniform in ±1/√inputs, ±1/√H; the whole range is used.
    """
    agents = GRUAgents(40, 8, 5, hidden=25, shared=shared)
    inputs = 8 + 5 + 40
    for layer, bound in ((agents.encoder, inputs ** -0.5), (agents.head, 25 ** -0.5), (agents.gru, 25 ** -0.5)):
        for name, parameter in layer.named_parameters():
            copies = parameter.unsqueeze(0) if shared and layer is agents.gru else parameter
            assert len(copies) == (1 if shared else 40)
            largest = copies.flatten(1).abs().amax(1)
            assert (largest <= bound).all() and (largest > (0.9 if "weight" in name else 0.05) * bound).all()
            if "weight" in name:
                assert parameter.std().item() == pytest.approx(bound / 3 ** 0.5, rel=0.1)       # as of a uniform number
                assert parameter.mean().abs() < 0.1 * bound


def test_sizes():
    """Shared: one network, whatever N, but for the N more inputs of the ids. Unshared: N of them."""
    def count(**options):
        return sum(p.numel() for p in make(**options).parameters())

    inputs = O + A + N
    one = inputs * H + H + 2 * (3 * H * H + 3 * H) + H * A + A
    assert count() == one and count(shared=False) == N * one
    assert count(agent_id=False) == one - N * H and count(last_action=False) == one - A * H


BAD = [
    (ValueError, "n_agents", lambda: GRUAgents(0, O, A)),
    (ValueError, "obs_dim", lambda: GRUAgents(N, 0, A)),
    (TypeError, "n_actions", lambda: GRUAgents(N, O, 2.0)),
    (ValueError, "hidden", lambda: GRUAgents(N, O, A, hidden=0)),
    (TypeError, "hidden", lambda: GRUAgents(N, O, A, hidden=(64, 64))),
    (TypeError, "shared", lambda: make(shared=1)),
    (TypeError, "agent_id", lambda: make(agent_id="yes")),
    (TypeError, "last_action", lambda: make(last_action=None)),
    (ValueError, r"obs.*\[B, T, 3, 5\].*\(2, 3, 5\)",
     lambda: make()(torch.zeros(2, 3, 5), torch.zeros(2, 1, 3).long())),
    (TypeError, "obs.*float64.*float32", lambda: make()(torch.zeros(2, 1, 3, 5).float(), torch.zeros(2, 1, 3).long())),
    (TypeError, "last_actions", lambda: make()(torch.zeros(2, 1, 3, 5), None)),
    (TypeError, "last_actions.*int64", lambda: make()(torch.zeros(2, 1, 3, 5), torch.zeros(2, 1, 3))),
    (ValueError, r"last_actions.*\[2, 4, 3\]", lambda: make()(torch.zeros(2, 4, 3, 5), torch.zeros(2, 3, 3).long())),
    (ValueError, r"last_actions: expected -1 to 3, got 7 to 7",
     lambda: make()(torch.zeros(2, 1, 3, 5), torch.zeros(2, 1, 3).long() + 7)),
    (ValueError, r"memory.*\[2, 3, 6\]", lambda: make()(*(x[:, :1] for x in history()), torch.zeros(2, 1, 6))),
    (TypeError, "memory", lambda: make()(*history(), torch.zeros(2, N, H).float())),
    (TypeError, "recurrent", lambda: QMIX.for_env(GridWorld(), recurrent=1)),
    (TypeError, "hidden", lambda: QMIX.for_env(GridWorld(), recurrent=True, hidden=(64, 64))),
    # agents that do not remember take no such option
    (TypeError, "last_action", lambda: QMIX.for_env(GridWorld(), last_action=True)),
    (ValueError, "td_lambda", lambda: VDN.for_env(Cue(), td_lambda=1.5)),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input_is_refused_by_name(number):
    error, name, call = BAD[number]
    with pytest.raises(error, match=name):
        call()
