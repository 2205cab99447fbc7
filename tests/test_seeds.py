"""Seeds side by side: each run is the run that ``train`` makes."""

from dataclasses import replace

import pytest
import torch

from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import GridWorld, MatrixGame, TwoStepGame
from qmix_course.replay import Batch
from qmix_course.seeds import fit_seeds, train_seeds
from qmix_course.training import TrainConfig, train

SMALL = TrainConfig(total_steps=640, batch_size=16, learning_starts=64, update_every=4, evaluate_every=160,
                    max_grad_norm=0.5)
COLUMNS = ("steps", "episodes", "updates", "epsilon", "loss", "exploring_return", "greedy_return", "greedy_length")


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


@pytest.mark.parametrize("kind", [IQL, VDN, QMIX])
@pytest.mark.parametrize("env", [TwoStepGame(num_envs=8), GridWorld(size=2, num_envs=8, episode_limit=5)],
                         ids=["two-step", "grid"])
@pytest.mark.parametrize("target", [dict(tau=0.05), dict(tau=None, target_every=7)], ids=["soft", "hard"])
def test_each_run_is_the_run_of_train(kind, env, target):
    """3 seeds; Adam magnifies a difference in the last digit, so the weights may differ a little after 144 updates."""
    config, seeds = replace(SMALL, **target), [3, 0, 11]
    together = [kind.for_env(env, seed=k, hidden=(8,)) for k in seeds]
    histories = train_seeds(env, together, config, seeds)
    for k, algorithm, history in zip(seeds, together, histories):
        alone = kind.for_env(env, seed=k, hidden=(8,))
        expected = train(env.clone(), alone, replace(config, seed=k))
        for column in COLUMNS:
            torch.testing.assert_close(torch.tensor(getattr(history, column)).double(),
                                       torch.tensor(getattr(expected, column)).double(), rtol=1e-6, atol=1e-6,
                                       equal_nan=True)
        for name, value in alone.named_parameters():
            torch.testing.assert_close(algorithm.get_parameter(name), value, rtol=1e-6, atol=1e-6)


def test_the_runs_do_not_mix():
    """A seed's run does not depend on its neighbours."""
    env = TwoStepGame(num_envs=8)
    pair = [QMIX.for_env(env, seed=k) for k in (0, 1)]
    other = [QMIX.for_env(env, seed=k) for k in (0, 5)]
    train_seeds(env, pair, SMALL, [0, 1])
    train_seeds(env, other, SMALL, [0, 5])
    for one, two in zip(pair[0].parameters(), other[0].parameters()):
        torch.testing.assert_close(one, two, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kind", [VDN, QMIX])
def test_fit_is_full_batch_descent_by_hand(kind):
    """2 teams with a batch each, 30 updates, against torch's own clipping and Adam on each team alone."""
    env = MatrixGame("qtran", num_envs=9)
    teams, alone = ([kind.for_env(env, seed=k, hidden=(8,)) for k in (0, 1)] for _ in range(2))
    config = TrainConfig(learning_rate=1e-2, max_grad_norm=5.0)
    batches = [replace(Batch.padding(9, 1, env.spec),
                       actions=torch.cartesian_prod(torch.arange(3), torch.arange(3)).unsqueeze(1),
                       obs=torch.ones(9, 2, 2, 1), state=torch.ones(9, 2, 1), reward=sign * env.payoff.reshape(9, 1),
                       terminated=torch.ones(9, 1, dtype=torch.bool), mask=torch.ones(9, 1)) for sign in (1, -1)]
    losses = fit_seeds(teams, batches, config, 30)
    for team, own, batch, loss in zip(teams, alone, batches, losses):
        optimiser = torch.optim.Adam(own.parameters(), lr=1e-2)
        for _ in range(30):
            value = own.loss(batch, own)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(own.parameters(), 5.0)
            optimiser.step()
        torch.testing.assert_close(loss, value.detach(), rtol=1e-8, atol=1e-8)
        for name, weights in own.named_parameters():
            torch.testing.assert_close(team.get_parameter(name), weights, rtol=1e-7, atol=1e-7)


def test_what_is_refused():
    env = MatrixGame("qtran", num_envs=8)
    with pytest.raises(ValueError, match="algorithms, seeds: expected as many"):
        train_seeds(env, [QMIX.for_env(env)], SMALL, [0, 1])
    with pytest.raises(ValueError, match="algorithms, batches: expected as many"):
        fit_seeds([QMIX.for_env(env)], [], SMALL, 1)
    team = QMIX.for_env(env)
    with pytest.raises(ValueError, match="algorithms: expected different teams, got one of them twice"):
        train_seeds(env, [team, team], SMALL, [0, 1])
    with pytest.raises(ValueError, match="algorithms: expected at least one"):
        fit_seeds([], [], SMALL, 1)
    with pytest.raises(ValueError, match="algorithms: expected teams of one kind"):
        train_seeds(env, [QMIX.for_env(env), VDN.for_env(env)], SMALL, [0, 1])
    for shared in (True, False):
        with pytest.raises(TypeError, match="algorithms: expected agents without a GRU"):
            train_seeds(env, [QMIX.for_env(env, recurrent=True, shared=shared)], SMALL, [0])
    with pytest.raises(ValueError, match="made for n_actions"):
        train_seeds(env, [QMIX.for_env(TwoStepGame())], SMALL, [0])


def test_a_memory_too_small_is_refused_in_trains_words_before_anything_is_spent(monkeypatch):
    env, config = TwoStepGame(num_envs=8), replace(SMALL, capacity=7, batch_size=2)
    team, words = QMIX.for_env(env), []
    monkeypatch.setattr(TwoStepGame, "clone", lambda *given, **named: pytest.fail("something was spent"))
    for run in (lambda: train(env, team, config), lambda: train_seeds(env, [team], config, [0])):
        with pytest.raises(ValueError, match="capacity: expected room for a row of each environment") as error:
            run()
        words.append(str(error.value))
    assert words[0] == words[1]
