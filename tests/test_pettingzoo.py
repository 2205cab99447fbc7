"""The bridge to PettingZoo, under PettingZoo's own tests and with an environment that nobody here wrote."""

import warnings

import pytest
import torch

pytest.importorskip("pettingzoo")
from pettingzoo.test import parallel_api_test, parallel_seed_test  # noqa: E402

from qmix_course.algorithms import QMIX  # noqa: E402
from qmix_course.envs import GridWorld, MatrixGame, TwoStepGame, as_parallel_env, from_parallel_env  # noqa: E402
from qmix_course.training import TrainConfig, train  # noqa: E402

ENVIRONMENTS = [lambda: GridWorld(), lambda: GridWorld(size=4, n_agents=3, random_starts=True, episode_limit=30),
                lambda: TwoStepGame(), lambda: MatrixGame("climbing")]


@pytest.mark.parametrize("make", ENVIRONMENTS)
def test_pettingzoos_own_tests(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(as_parallel_env(make()), num_cycles=300)
        parallel_seed_test(lambda: as_parallel_env(make()), num_cycles=100)


@pytest.mark.parametrize("make", ENVIRONMENTS)
def test_there_and_back_again_is_the_same(make):
    """What goes through both bridges steps like the original, number for number."""
    here = make()
    there = from_parallel_env(as_parallel_env(make().clone()), episode_limit=here.spec.episode_limit)
    assert there.spec == here.spec
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        two = there.reset(seed=0)
        inner = int(torch.randint(2**31 - 1, (), generator=torch.Generator().manual_seed(0)))
        one = here.reset(seed=inner)                                   # the bridge draws a seed for each of its rows
        while True:
            for name in ("obs", "state", "reward", "terminated", "truncated"):
                assert torch.equal(getattr(one, name), getattr(two, name)), name
            if one.ended.any():
                break
            actions = torch.randint(here.spec.n_actions, (1, here.spec.n_agents), generator=generator)
            one, two = here.step(actions), there.step(actions)


def spread():
    return pytest.importorskip("mpe2.simple_spread_v3").parallel_env(N=3, max_cycles=25)


@pytest.mark.filterwarnings("ignore")                                  # other people's code
def test_simple_spread_through_train():
    env = from_parallel_env(spread, num_envs=2)
    assert (env.spec.n_agents, env.spec.n_actions, env.spec.obs_dim, env.spec.state_dim, env.spec.episode_limit) == (3, 5, 18, 54, 25)
    step = env.reset(seed=0)
    assert torch.equal(step.state, step.obs.flatten(1))                # its own state() is all observations side by side
    team = QMIX.for_env(env, shared=True)
    before = [p.clone() for p in team.parameters()]
    history = train(env, team, TrainConfig(total_steps=150, learning_starts=40, batch_size=16, evaluate_every=50))
    assert len(history) == 3 and history.updates[-1] > 5 and all(r < 0 for r in history.greedy_return)
    assert all(not torch.equal(a, b) for a, b in zip(before, team.parameters()))


@pytest.mark.filterwarnings("ignore")
def test_the_team_is_paid_the_mean_and_the_clock_truncates():
    ours, theirs = from_parallel_env(spread), spread()
    ours.reset(seed=0)
    theirs.reset(seed=int(torch.randint(2**31 - 1, (), generator=torch.Generator().manual_seed(0))))
    for t in range(25):
        step = ours.step(torch.tensor([[1, 2, 3]]))
        _, rewards, *_ = theirs.step(dict(zip(theirs.possible_agents, (1, 2, 3))))
        assert step.reward.item() == pytest.approx(sum(rewards.values()) / 3, rel=1e-6)
        assert step.truncated.item() == (t == 24) and not step.terminated.any()
    assert step.available.all()                       # only the clock ran out: the target looks at what could come next


@pytest.mark.filterwarnings("ignore")
def test_exact_resume_is_refused_by_name(tmp_path):
    env = from_parallel_env(spread)
    with pytest.raises(TypeError, match="simple_spread_v3.*resumed exactly"):
        train(env, QMIX.for_env(env), TrainConfig(total_steps=50), checkpoint=tmp_path / "c.pt")
    assert not (tmp_path / "c.pt").exists()


def test_bad_input():
    with pytest.raises(TypeError, match="env"):
        as_parallel_env("grid")
    with pytest.raises(ValueError, match="num_envs=1"):
        as_parallel_env(GridWorld(num_envs=2))
    with pytest.raises(TypeError, match="env"):
        from_parallel_env(3)
    with pytest.raises(TypeError, match="ParallelEnv"):
        from_parallel_env(lambda: 3)
    with pytest.raises(ValueError, match="episode_limit"):
        from_parallel_env(as_parallel_env(GridWorld()))
    with pytest.raises(ValueError, match="function"):
        from_parallel_env(as_parallel_env(GridWorld()), num_envs=2, episode_limit=100)
    parallel = as_parallel_env(GridWorld())
    parallel.reset(seed=0)
    with pytest.raises(ValueError, match="actions"):
        parallel.step({"agent_0": 1})
