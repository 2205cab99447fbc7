"""The step-by-step loop of the benchmark is the course's recurrent QMIX in other words: same loss, same gradients.

So the benchmark compares like with like, and the fused update has a second, slow version to answer to.
"""

import itertools
from copy import deepcopy
from dataclasses import fields

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import floor, sequences
from benchmarks.classic_loop import LoopQMIX
from qmix_course.agents import GRUAgents
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import TeamSpec
from qmix_course.replay import Batch


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def random_episodes(spec: TeamSpec, rows: int, length: int, memory_dim: int, padded: bool) -> Batch:
    """Rows that terminate or run out of time, at different steps if ``padded``; with unavailable actions."""
    batch = Batch.padding(rows, length, spec, memory_dim)
    batch.obs.normal_(), batch.state.normal_(), batch.reward.normal_()
    batch.available[:] = torch.rand(batch.available.shape) < 0.6
    batch.available[..., 0] |= ~batch.available.any(-1)
    batch.actions.random_(0, spec.n_actions)
    batch.last_actions[:, 1:] = batch.actions
    batch.mask[:] = 1.0
    empty = Batch.padding(rows, length, spec, memory_dim)
    for row in range(rows):
        last = (3 * row + 1) % length if padded else length - 1
        batch.terminated[row, last] = row % 2 == 0
        for field in fields(Batch):
            if field.name != "memory":
                of_next = field.name in ("obs", "state", "available", "last_actions")      # these have one entry more
                padding = getattr(empty, field.name)[row, last + 1 + of_next:]
                getattr(batch, field.name)[row, last + 1 + of_next:] = padding
    return batch


def target_of(online: nn.Module) -> nn.Module:
    """A target that is not the online network."""
    target = deepcopy(online).requires_grad_(False)
    for parameter in target.parameters():
        parameter += 0.3 * torch.randn(parameter.shape)
    return target


def course_and_loop(n_agents=3, n_actions=4, obs_dim=5, state_dim=6, hidden=8, hypernet_dim=64):
    spec = TeamSpec(n_agents, n_actions, obs_dim, state_dim, episode_limit=10)
    course = QMIX(spec, recurrent=True, hidden=hidden, double_q=True, hypernet_dim=hypernet_dim)
    target = target_of(course)
    return spec, course, target, LoopQMIX(course), LoopQMIX(target).requires_grad_(False)


def assert_same(course, target, loop, loop_target, batch):
    """Loss and every gradient, to 1e-10."""
    ours, theirs = course.loss(batch, target), loop.loss(batch, loop_target)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    ours.backward(), theirs.backward()
    gradients = [parameter.grad for parameter in loop.parameters()]
    torch.testing.assert_close(loop.in_order(course, lambda parameter: parameter.grad), gradients, rtol=1e-10,
                               atol=1e-10)
    if batch.reward.shape[1] > 1:                                          # the memory that a first step meets is zero
        assert all(gradient.abs().max() > 0 for gradient in gradients)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("rows, length", [(1, 1), (6, 1), (5, 7), (2, 25)])
def test_same_loss_and_gradients(rows, length, padded):
    spec, *teams = course_and_loop()
    assert_same(*teams, random_episodes(spec, rows, length, 8, padded))


@pytest.mark.parametrize("sizes", [{"n_agents": 1}, {"n_agents": 8, "n_actions": 14, "obs_dim": 128, "state_dim": 216},
                                   {"n_actions": 1}, {"hypernet_dim": 0}, {"hidden": 1}])
def test_same_at_other_sizes(sizes):
    spec, *teams = course_and_loop(**sizes)
    assert_same(*teams, random_episodes(spec, 4, 5, sizes.get("hidden", 8), padded=True))


def test_a_loop_with_a_slip_is_told_apart():
    """The comparison can fail: last actions from the wrong step, and a target that never sees the first observation."""
    spec, course, target, loop, loop_target = course_and_loop()
    batch = random_episodes(spec, 5, 7, 8, padded=False)

    class Late(LoopQMIX):
        def inputs(self, batch, one_hot, t):
            return super().inputs(batch, one_hot, max(t - 1, 0))

    class Blind(LoopQMIX):
        def unroll(self, batch, one_hot):
            q = super().unroll(Batch(**{**vars(batch), "obs": batch.obs[:, 1:]}), one_hot[:, 1:])
            return F.pad(q, (0, 0, 0, 0, 1, 0))

    right = course.loss(batch, target)
    for wrong in (Late(course).loss(batch, loop_target), loop.loss(batch, Blind(target))):
        assert (right - wrong).abs() > 1e-4


def test_a_target_that_asks_for_gradients_changes_no_number():
    """As the classic implementations have it: the target's graph is built, then thrown away."""
    spec, course, target, loop, loop_target = course_and_loop()
    loop_target.requires_grad_(True)
    assert_same(course, target, loop, loop_target, random_episodes(spec, 5, 7, 8, padded=True))
    assert all(parameter.grad is None for parameter in loop_target.parameters())


@pytest.mark.parametrize("shared, agent_id, last_action", itertools.product([True, False], repeat=3))
@pytest.mark.parametrize("n_agents", [1, 3])
def test_rows_that_are_looked_up_equal_one_hot_inputs(n_agents, shared, agent_id, last_action):
    """The first layer of GRUAgents against a plain linear layer fed with the vectors, written out; gradients as well.
    """
    agents = GRUAgents(n_agents, 5, 4, hidden=6, shared=shared, agent_id=agent_id, last_action=last_action)
    obs, last_actions = torch.randn(2, 7, n_agents, 5), torch.randint(-1, 4, (2, 7, n_agents))
    parts = [obs]
    if last_action:
        parts.append(F.one_hot(last_actions + 1, 5)[..., 1:])
    if agent_id:
        parts.append(torch.eye(n_agents).expand(2, 7, -1, -1))
    inputs, cotangent = torch.cat(parts, -1), torch.randn(2, 7, n_agents, 6)
    copies = [0 if shared else i for i in range(n_agents)]
    slow = torch.stack([F.relu(F.linear(inputs[:, :, i], agents.encoder.weight[copy].T, agents.encoder.bias[copy, 0]))
                        for i, copy in enumerate(copies)], 2)
    features = agents._encode(obs, last_actions)
    torch.testing.assert_close(features, slow, rtol=0, atol=1e-12)
    own, other = (torch.autograd.grad(each, list(agents.encoder.parameters()), cotangent) for each in (features, slow))
    torch.testing.assert_close(own, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("algorithm", [IQL, VDN, QMIX])
@pytest.mark.parametrize("options", [{}, *({"recurrent": True, "hidden": 8, "shared": shared}
                                           for shared in (True, False))])
def test_the_update_stays_on_the_device_of_its_batch(algorithm, options):
    """Whatever an update makes on torch's default device, here one without memory, would not go with its batch."""
    spec = TeamSpec(n_agents=3, n_actions=4, obs_dim=5, state_dim=6, episode_limit=7)
    online = algorithm(spec, double_q=True, td_lambda=0.5, **options)
    target, batch = target_of(online), random_episodes(spec, 4, 7, online.memory_dim, padded=True)
    with torch.device("meta"):
        online.loss(batch, target).backward()
    assert all(parameter.grad.device.type == "cpu" for parameter in online.parameters() if parameter.grad is not None)


def test_the_work_is_counted_as_torch_counts_it():
    """The table of matrix products against torch's own counter, at work in the loop's update."""
    spec = TeamSpec(n_agents=3, n_actions=4, obs_dim=5, state_dim=6, episode_limit=7)
    _, loop, batch = sequences.teams(spec)
    with FlopCounterMode(display=False) as counter:
        sequences.make_update(loop, batch)()
    mixing = 4 * 2 * sequences.ROWS * 7 * (3 + 1) * floor.EMBED             # online, target, and twice in the gradient
    assert counter.get_total_flops() == floor.operations(spec, sequences.ROWS) + mixing


def test_the_peak_of_memory_by_hand():
    def update():
        one = torch.zeros(1_000_000)                                        # 8 MB
        two = one + 1                                                       # 16 MB
        del one
        return two + 1                                                      # 16 MB again

    assert sequences.peak_megabytes(update, "cpu") == pytest.approx(16, rel=0.01)


def test_course_and_loop_are_compared_before_they_are_timed():
    spec = TeamSpec(n_agents=2, n_actions=3, obs_dim=4, state_dim=5, episode_limit=6)
    assert sequences.difference(spec, "cpu", torch.float64, 1e-9) < 1e-12
    assert sequences.difference(spec, "cpu", torch.float32, 1e-2) > 1e-9
    with pytest.raises(AssertionError, match="do not compute the same"):
        sequences.difference(spec, "cpu", torch.float32, 1e-9)
