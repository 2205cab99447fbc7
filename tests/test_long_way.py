"""The long way by its rules, its exact value, and every_step: all the data that a small task has."""

import itertools

import pytest
import torch

from qmix_course import exact
from qmix_course.algorithms import VDN
from qmix_course.collect import Collector
from qmix_course.envs import GridWorld, LongWay, MatrixGame, MStepGame, TwoStepGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import fit_seeds
from qmix_course.training import TrainConfig


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


@pytest.mark.parametrize("steps, near", [(2, 4.0), (4, -3.0), (7, 10.0)])
def test_every_play_pays_what_the_rules_say(steps, near):
    for stop, other in itertools.product(range(steps + 1), (0, 1)):
        env = LongWay(steps, near)
        env.reset()
        for t in range(steps):
            step = env.step(torch.tensor([[int(t != stop), other]]))
            if t == stop or t == steps - 1:
                assert step.terminated.all() and not step.truncated.any()
                assert step.reward.item() == (near if t == stop else 10.0)
                break
            assert not step.ended.any() and step.reward.item() == 0
            assert step.state.argmax().item() == t + 1 and (step.obs == step.state[:, None]).all()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.8, 0.9, 1.0])
def test_its_value_is_the_better_of_two_ways(gamma):
    assert exact.solve(LongWay(6, 4.0), gamma).v[0].item() == pytest.approx(max(4.0, 10 * gamma ** 5), abs=1e-12)


def test_a_clone_is_the_same_game_and_bad_input_is_named():
    env = LongWay(5, 2.5, num_envs=3)
    assert env.clone(2).settings() == env.clone(2).settings() and env.clone().steps == 5 and env.clone().near == 2.5
    with pytest.raises(ValueError, match="near"):
        LongWay(near=11.0)
    with pytest.raises(ValueError, match="steps"):
        LongWay(1)


@pytest.mark.parametrize("env", [TwoStepGame(), MStepGame(3), LongWay(4), MatrixGame("climbing"), GridWorld(size=3)],
                         ids=lambda env: type(env).__name__)
def test_every_step_is_each_state_and_joint_action_once(env):
    batch, model = exact.every_step(env), env.model()
    batch.agree()
    n, a = env.spec.n_agents, env.spec.n_actions
    assert len(batch.reward) == len(model.state) * a ** n
    seen = set()
    for b in range(len(batch.reward)):
        row = int((model.state == batch.state[b, 0]).all(-1).nonzero()[0])
        entry = row, *batch.actions[b, 0].tolist()
        seen.add(entry)
        assert batch.reward[b, 0] == model.reward[entry] and batch.terminated[b, 0] == model.terminated[entry]
        assert torch.equal(batch.obs[b, 0], model.obs[row])
        if not batch.terminated[b, 0]:
            assert torch.equal(batch.state[b, 1], model.state[model.next_state[entry]])
    assert len(seen) == len(batch.reward) and batch.mask.all() and batch.available.all()


def test_every_step_is_what_a_collector_sees():
    """A transition that play brings is among them, field by field."""
    env = LongWay(3, 4.0, num_envs=16)
    team, batch = VDN.for_env(env, hidden=(4,)), exact.every_step(env)
    collector = Collector(env, team, 0, torch.Generator().manual_seed(0))
    for _ in range(12):
        rows = collector.step(1.0)
        for b in range(len(rows.reward)):
            here = (batch.state[:, 0] == rows.state[b, 0]).all(-1)
            k, = (here & (batch.actions[:, 0] == rows.actions[b, 0]).all(-1)).nonzero().flatten().tolist()
            assert batch.reward[k] == rows.reward[b] and batch.terminated[k] == rows.terminated[b]
            if not rows.terminated[b]:
                assert torch.equal(batch.obs[k], rows.obs[b]) and torch.equal(batch.state[k], rows.state[b])


@pytest.mark.parametrize("gamma, earned", [(0.9, 10.0), (0.8, 4.0)])
def test_a_team_takes_the_way_that_gamma_makes_the_better_one(gamma, earned):
    env = LongWay(6, 4.0)
    teams = [VDN.for_env(env, seed=seed, hidden=(16,), gamma=gamma) for seed in range(4)]
    fit_seeds(teams, [exact.every_step(env)] * 4, TrainConfig(learning_rate=1e-2, tau=0.1), 300)
    assert [evaluate(env, team).mean_return for team in teams] == [earned] * 4
