"""VMAS's scenarios as team environments: its rules, its batch, its one random state, its ends."""

import random

import numpy as np
import pytest
import torch
from outside import drawn, package, random_actions, random_return, really_trains

from qmix_course.algorithms import QMIX, VDN
from qmix_course.envs import check_env, from_vmas
from qmix_course.evaluation import evaluate
from qmix_course.training import TrainConfig, train
from tools.notebooks import ROOT

vmas = package("vmas")
pytestmark = pytest.mark.filterwarnings("ignore")                       # other people's code


def noisy():
    """Balance with noise in what is seen: it is drawn whenever somebody asks."""
    from vmas.scenarios.balance import Scenario

    class Noisy(Scenario):
        def observation(self, agent):
            return super().observation(agent) + 0.01 * torch.randn(1)

    return Noisy


@pytest.mark.parametrize("scenario, reward, limit", [
    ("balance", "mean", 60), ("balance", "sum", 60), ("navigation", "sum", 12), ("navigation", "mean", 12),
    ("simple_speaker_listener", "mean", 15), ("noisy", "mean", 25)])
def test_the_rules_are_its_own(scenario, reward, limit):
    """Random play in both: observations, rewards, ends and cuts, row by row, with rows that begin again."""
    rows, generator, seeds = 6, torch.Generator().manual_seed(0), torch.Generator().manual_seed(5)
    made = noisy() if scenario == "noisy" else scenario
    ours = from_vmas(made, num_envs=rows, episode_limit=limit, reward=reward)
    theirs = vmas.make_env(made() if scenario == "noisy" else made, rows, continuous_actions=False,
                           terminated_truncated=True)
    step = ours.reset(seed=5)
    theirs.seed(drawn(seeds))
    seen, clock, ends, cuts = theirs.reset(), torch.zeros(rows), 0, 0
    for _ in range(130):
        for agent, own in enumerate(seen):
            assert torch.equal(step.obs[:, agent, :own.shape[1]], own) and not step.obs[:, agent, own.shape[1]:].any()
        assert torch.equal(step.state, torch.cat(list(seen), 1))
        actions = random_actions(step.available, generator)
        step = ours.step(actions)
        seen, paid, done, _, _ = theirs.step([each.clone() for each in actions.T])
        clock += 1
        paid = torch.stack(paid)
        assert torch.allclose(step.reward, paid.sum(0) if reward == "sum" else paid.mean(0), atol=1e-6)
        assert step.terminated.tolist() == done.tolist()
        assert step.truncated.tolist() == (~done & (clock >= limit)).tolist()
        ends, cuts = ends + int(done.sum()), cuts + int(step.truncated.sum())
        if step.ended.any():
            theirs.seed(drawn(seeds))
            if step.ended.all():
                theirs.reset(return_observations=False)
            else:
                for row in step.ended.nonzero().flatten().tolist():
                    theirs.reset_at(row, return_observations=False)
            new = theirs.get_from_scenario(True, False, False, False)[0]
            seen = [torch.where(step.ended.unsqueeze(1), now, before) for now, before in zip(new, seen)]
            clock[step.ended] = 0
            step = ours.reset(where=step.ended)
    assert cuts >= 5 and (ends >= 3 or scenario != "balance")


def test_sizes_actions_and_masks():
    env = from_vmas("balance", num_envs=2, n_agents=4)
    assert vars(env.spec) == {"n_agents": 4, "n_actions": 9, "obs_dim": 16, "state_dim": 64, "episode_limit": 100}
    assert env.reset(seed=0).available.all() and env.clone(num_envs=3).reset(seed=0).obs.shape == (3, 4, 16)
    speaker = from_vmas("simple_speaker_listener", num_envs=2)
    counts = speaker.reset(seed=0).available.sum(-1)
    assert counts.tolist() == [[27, 9]] * 2
    with pytest.raises(ValueError, match="action 9 is not available to agent 1 in row 0"):
        speaker.step(torch.full((2, 2), 9))


def test_each_environment_has_its_own_dice():
    """VMAS has one random state for all of a process. Another environment beside it changes nothing here, and nothing
    here changes VMAS's, torch's, numpy's or Python's."""
    def trajectory(beside):
        env = from_vmas(noisy(), num_envs=4, episode_limit=9)
        step, found, generator = env.reset(seed=3), [], torch.Generator().manual_seed(0)
        for _ in range(25):
            if beside is not None:
                beside.reset(seed=1)
                beside.step(torch.zeros(2, 4, dtype=torch.int64))
            step = env.step(random_actions(step.available, generator))
            found.append(torch.cat([step.state.flatten(), step.reward]))
            step = env.reset(where=step.ended) if step.ended.any() else step
        return torch.stack(found)
    alone = trajectory(None)                    # [25, ...]: what two agents see of one distance, each with its noise
    assert len({round(gap, 4) for gap in (alone[:, 8] - alone[:, 24]).tolist()}) > 20, "new dice at every step"
    torch.manual_seed(5)
    shared = vmas.simulator.environment.Environment.vmas_random_state[0].clone()
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    assert torch.equal(alone, trajectory(from_vmas("navigation", num_envs=2)))
    assert torch.equal(shared, vmas.simulator.environment.Environment.vmas_random_state[0])
    assert torch.equal(before[0], torch.get_rng_state()) and before[2] == random.getstate()
    assert before[1] == np.random.get_state()[1].tolist()


@pytest.mark.parametrize("scenario", ["balance", "simple_speaker_listener"])
def test_it_keeps_the_contract(scenario):
    check_env(from_vmas(scenario, num_envs=3, episode_limit=20))


def test_an_end_at_the_limit_is_an_end():
    from vmas.scenarios.balance import Scenario

    class Half(Scenario):
        def done(self):
            return torch.tensor([True, False])

    env = from_vmas(Half, num_envs=2, episode_limit=1)
    env.reset(seed=0)
    step = env.step(torch.zeros(2, 3, dtype=torch.int64))
    assert step.terminated.tolist() == [True, False] and step.truncated.tolist() == [False, True]


def test_rows_that_are_not_reset_come_back_unchanged():
    env = from_vmas(noisy(), num_envs=5, episode_limit=50)
    env.reset(seed=0)
    step = env.step(torch.zeros(5, 3, dtype=torch.int64))
    again = env.reset(where=torch.tensor([True, False, False, True, False]))
    kept = [1, 2, 4]
    for name in ("obs", "state", "available", "reward", "terminated", "truncated"):
        assert torch.equal(getattr(step, name)[kept], getattr(again, name)[kept]), name
    assert not torch.equal(step.obs[[0, 3]], again.obs[[0, 3]]) and not again.reward[[0, 3]].any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_trains_for_real(dtype):
    torch.set_default_dtype(dtype)
    env = from_vmas("balance", num_envs=8, episode_limit=20)
    assert env.reset(seed=0).obs.dtype == dtype
    really_trains(env, evaluation_episodes=4)


def test_a_run_is_the_same_again():
    def run():
        env = from_vmas("navigation", num_envs=4, episode_limit=10)
        team = QMIX.for_env(env, hidden=(8,))
        train(env, team, TrainConfig(total_steps=160, learning_starts=40, batch_size=8, evaluate_every=40))
        return torch.cat([weights.flatten() for weights in team.parameters()]), evaluate(env, team, seed=2).returns
    for one, two in zip(run(), run()):
        assert torch.equal(one, two)


def test_random_play_lets_the_package_fall():
    assert -20 < random_return(from_vmas("balance", num_envs=32), 64) < -5


def test_what_is_refused():
    with pytest.raises(ValueError, match="scenario: unknown name 'ballance'.*near it: balance"):
        from_vmas("ballance")
    for wrong in (None, 3, lambda: 3):
        with pytest.raises(TypeError, match="scenario"):
            from_vmas(wrong)
    with pytest.raises(ValueError, match="reward"):
        from_vmas("balance", reward="max")
    with pytest.raises(ValueError, match="device"):
        from_vmas("balance", device="cuda:9")
    for wrong in (0, 1.5, None):
        with pytest.raises((TypeError, ValueError), match="episode_limit"):
            from_vmas("balance", episode_limit=wrong)


def test_a_run_is_resumed_though_not_exactly(tmp_path):
    with pytest.raises(TypeError, match="balance.*resumed exactly"):
        from_vmas("balance", num_envs=2).state_dict()
    for steps in (40, 80):
        env = from_vmas("balance", num_envs=2, episode_limit=10)
        history = train(env, QMIX.for_env(env, hidden=(8,)), TrainConfig(
            total_steps=steps, learning_starts=10, batch_size=4, evaluate_every=20), checkpoint=tmp_path / "run.pt",
            resume=steps > 40)
    assert history.steps == [20, 40, 60, 80]


def test_a_scenario_of_ones_own_and_numbers_that_are_none():
    from vmas.scenarios.balance import Scenario

    class Broken(Scenario):
        def reward(self, agent):
            return super().reward(agent) + (float("nan") if agent.name == "agent_1" else 0.0)

    env = from_vmas(Broken, num_envs=2)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="reward of agent_1 in Broken: expected finite numbers"):
        env.step(torch.zeros(2, 3, dtype=torch.int64))
    with pytest.raises(ValueError, match="call reset"):
        env.step(torch.zeros(2, 3, dtype=torch.int64))


def test_the_cell_of_lesson_18_runs_as_it_is_printed(capsys):
    source = (ROOT / "notebooks" / "18_robots.py").read_text(encoding="utf-8")
    cell, = [cell for cell in source.split("# %%") if 'find_spec("vmas")' in cell]
    exec(cell, {"torch": torch, "VDN": VDN, "train": train, "TrainConfig": TrainConfig})
    assert capsys.readouterr().out == "VMAS: trained where it is installed, skipped where it is not\n"
