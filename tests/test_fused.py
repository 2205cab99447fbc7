"""The fused JAX loop of the benchmark is the course's QMIX in other words: same values, loss, gradient and update.

Skipped where JAX is not installed; ``make test-worlds`` installs it.
"""

from copy import deepcopy

import pytest
import torch
from outside import package

package("jax")
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from benchmarks import fused_loop  # noqa: E402
from qmix_course.algorithms import QMIX  # noqa: E402
from qmix_course.envs import TeamSpec  # noqa: E402
from qmix_course.learner import Learner  # noqa: E402
from qmix_course.replay import Batch  # noqa: E402
from qmix_course.training import TrainConfig  # noqa: E402

SPEC = TeamSpec(n_agents=3, n_actions=5, obs_dim=4, state_dim=12, episode_limit=6)
SETTINGS = fused_loop.Settings(rows=7, length=6, updates=1, batch_size=7, capacity=7, learning_rate=1e-2,
                               max_grad_norm=0.5, tau=0.1, gamma=0.97, epsilon=0.1)


@pytest.fixture
def pair():
    """A team, its target and a batch in torch, and the same in JAX."""
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    team = QMIX(SPEC, recurrent=True, hidden=8, embed_dim=5, hypernet_dim=6, gamma=0.97)
    target = QMIX(SPEC, recurrent=True, hidden=8, embed_dim=5, hypernet_dim=6, gamma=0.97).requires_grad_(False)
    batch = Batch.padding(7, 6, SPEC, team.memory_dim)
    batch.obs.normal_(), batch.reward.normal_(), batch.actions.random_(0, 5)
    batch.state.copy_(batch.obs.flatten(2))
    batch.last_actions[:, 1:] = batch.actions
    batch.mask[:] = 1.0
    for each in (team, target):
        each.see(batch.state)
    weights, aims = fused_loop.weights_of(team), fused_loop.weights_of(target)
    zeros = {name: jnp.zeros_like(value) for name, value in weights.items()}
    rows = tuple(jnp.asarray(each.numpy()) for each in (batch.obs, batch.actions, batch.reward))
    count = jnp.zeros((), int)
    loop = fused_loop.Loop(weights, aims, (zeros, zeros), rows, count, count, count,
                           jnp.asarray(team.largest_state.numpy()), None)
    return team, target, batch, loop, rows


def test_loss_and_gradient_are_the_courses(pair):
    import jax

    team, target, batch, loop, rows = pair
    value, gradient = jax.value_and_grad(fused_loop.loss)(loop.weights, loop.target, *rows, loop.largest, 0.97)
    ours = team.loss(batch, target)
    ours.backward()
    assert abs(float(value) - ours.item()) < 1e-5
    for name, weight in team.named_parameters():
        assert np.abs(weight.grad.numpy() - np.asarray(gradient[name])).max() < 1e-5, name


def test_three_updates_leave_the_courses_weights_and_target(pair):
    team, target, batch, loop, rows = pair
    learner = Learner([team], [target], TrainConfig(learning_rate=1e-2, max_grad_norm=0.5, tau=0.1))
    for _ in range(3):
        ours = learner.update([batch])
        loop, value = fused_loop.learn(loop, rows, SETTINGS)
        assert abs(float(value) - ours[0]) < 1e-4
    for online, theirs in ((team, loop.weights), (target, loop.target)):
        for name, weight in online.named_parameters():
            assert np.abs(weight.detach().numpy() - np.asarray(theirs[name])).max() < 2e-4, name
    assert int(loop.updates) == 3


def test_a_mistake_in_the_target_would_be_seen(pair):
    """The comparison is not blind: with γ a little lower, the losses differ."""
    team, target, batch, loop, rows = pair
    value = fused_loop.loss(loop.weights, loop.target, *rows, loop.largest, 0.9)
    assert abs(float(value) - team.loss(batch, deepcopy(target)).item()) > 1e-3


@pytest.mark.filterwarnings("ignore")                       # agents that are paid differently; JAX's own
def test_a_short_run_of_the_benchmark():
    """``--quick``: every contender plays, and the fused one fills its memory with whole episodes."""
    package("jaxmarl")
    from benchmarks import fused

    result = fused.measure(fused.QUICK, blocks=1, block_seconds=0.0)
    for case in result["cases"]:
        assert set(case["contenders"]) >= {"fused", "stepped"} and case["compile_seconds"] > 0
        assert all(row["steps_per_second"] > 0 for row in case["contenders"].values())
