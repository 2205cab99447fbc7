"""A training run: its updates by hand, what its history says, and the reference preset."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from qmix_course import collect
from qmix_course.algorithms import QMIX
from qmix_course.choices import make_run
from qmix_course.envs import GridWorld
from qmix_course.evaluation import evaluate
from qmix_course.training import Run, TrainConfig, train

SHORT = TrainConfig(total_steps=320, learning_starts=64, batch_size=16, update_every=16, epsilon_steps=200,
                    evaluate_every=160, capacity=600)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def start_run(env=None, kind=Run, **changes):
    env = env or GridWorld(num_envs=8)
    return kind(env, QMIX.for_env(env, seed=1), replace(SHORT, **changes))


# ---- learning --------------------------------------------------------------------------------------------------------


class AdamByHand:
    """Adam after one shortening of all gradients together (Kingma and Ba 2015, algorithm 1)."""

    def __init__(self, parameters, config):
        self.parameters, self.config, self.count = list(parameters), config, 0
        self.mean = [torch.zeros_like(p) for p in self.parameters]
        self.square = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self, gradients):
        self.count += 1
        norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
        shorten = min(1.0, self.config.max_grad_norm / (norm.item() + 1e-6))
        for parameter, gradient, mean, square in zip(self.parameters, gradients, self.mean, self.square):
            mean.copy_(0.9 * mean + 0.1 * shorten * gradient)
            square.copy_(0.999 * square + 0.001 * (shorten * gradient) ** 2)
            direction = mean / (1 - 0.9 ** self.count)
            size = (square / (1 - 0.999 ** self.count)).sqrt() + 1e-8
            parameter -= self.config.learning_rate * direction / size


def follow_by_hand(target, online, config, updates):
    """The soft or the hard target update, in its plainest words."""
    with torch.no_grad():
        for old, new in zip(target.parameters(), online.parameters()):
            if config.tau is not None:
                old.copy_((1 - config.tau) * old + config.tau * new)
            elif updates % config.target_every == 0:
                old.copy_(new)


@pytest.mark.parametrize("changes", [{}, {"max_grad_norm": 0.01}, {"learning_rate": 0.05},
                                     {"tau": None, "target_every": 2}])
def test_three_updates_by_hand(changes, monkeypatch):
    """Loss against the target network, gradients afresh, one norm and one Adam over all weights, then the target."""
    run = start_run(**changes)
    for parameter in run.target.parameters():                            # a target that is not the online network
        parameter += 0.1 * torch.randn(parameter.shape)
    while len(run.buffer) < 40:
        run.buffer.add(run.collector.step(1.0))
    batches, sample = [], run.buffer.sample

    def remember(*arguments):
        batches.append(sample(*arguments))
        return batches[-1]

    monkeypatch.setattr(run.buffer, "sample", remember)
    online, target = deepcopy(run.algorithm), deepcopy(run.target)
    adam = AdamByHand(online.parameters(), run.config)
    for number in (1, 2, 3):
        run.update()
        loss = online.loss(batches[-1], target)
        assert run.losses[-1] == pytest.approx(loss.item(), rel=1e-9)
        adam.step(torch.autograd.grad(loss, list(online.parameters())))
        follow_by_hand(target, online, run.config, number)
        for by_hand, by_run in ((online, run.algorithm), (target, run.target)):
            for (name, one), two in zip(by_hand.named_parameters(), by_run.parameters()):
                torch.testing.assert_close(one, two, rtol=1e-7, atol=1e-9, msg=name)


def test_learning_starts_with_a_full_batch():
    """Updates that were due before the buffer held a batch are made up for, and never with fewer rows."""
    run = start_run(learning_starts=0, batch_size=16, update_every=8)
    run.advance()
    assert run.updates == 0
    run.advance()
    assert run.updates == 2


def test_the_run_explores_as_the_schedule_says(monkeypatch):
    used, real = [], collect.epsilon_greedy

    def remember(q, available, epsilon, generator):
        used.append(epsilon)
        return real(q, available, epsilon, generator)

    monkeypatch.setattr(collect, "epsilon_greedy", remember)
    env = GridWorld(num_envs=8)
    history = train(env, QMIX.for_env(env), replace(SHORT, epsilon_start=0.9, epsilon_end=0.1, epsilon_steps=100))
    assert used == pytest.approx([max(0.1, 0.9 - 0.8 * 8 * number / 100) for number in range(40)])
    assert history.epsilon == pytest.approx([0.1, 0.1]) and history.steps == [160, 320]


def test_the_seed_of_the_settings_reaches_environment_and_evaluation():
    def once(seed):
        env = GridWorld(num_envs=8, random_starts=True, episode_limit=10)
        run = start_run(env, seed=seed, evaluation_episodes=3)
        first = run.collector.step_now.obs
        run.look(0.0)
        greedy = evaluate(env.clone(num_envs=3), run.algorithm, seed=seed)
        assert run.history.greedy_return == [greedy.mean_return] and run.history.greedy_length == [greedy.mean_length]
        return first, greedy.mean_return

    (first, returned), (again, returned_again), (other, returned_other) = once(1), once(1), once(2)
    assert torch.equal(first, again) and returned == returned_again
    assert not torch.equal(first, other) and returned != returned_other


# ---- the history -----------------------------------------------------------------------------------------------------


class Watched(Run):
    """A run that writes down the loss of every update and the return of every episode."""

    def __init__(self, env, algorithm, config):
        super().__init__(env, algorithm, config)
        self.all_losses, self.all_returns, self.earned = [], [], torch.zeros(env.num_envs)
        step = env.step

        def count(actions):
            then = step(actions)
            self.earned += then.reward
            self.all_returns += self.earned[then.ended].tolist()
            self.earned[then.ended] = 0.0
            return then

        env.step = count

    def update(self):
        super().update()
        self.all_losses.append(self.losses[-1])


def test_history_columns_by_hand():
    """Counts from the start of the run; means over what came since the entry before; a greedy look at the team of now.
    """
    run = start_run(GridWorld(size=2, num_envs=8, episode_limit=6), Watched)
    losses, episodes = 0, 0
    while not run.finished():
        if not run.advance():
            continue
        history = run.history
        greedy = evaluate(GridWorld(size=2, episode_limit=6), run.algorithm)
        assert history.steps[-1] == 160 * len(history) and history.episodes[-1] == len(run.all_returns)
        assert history.updates[-1] == len(run.all_losses) == (history.steps[-1] - 64) // 16
        assert history.loss[-1] == pytest.approx(np.mean(run.all_losses[losses:]))
        assert history.exploring_return[-1] == pytest.approx(np.mean(run.all_returns[episodes:]))
        assert history.greedy_return[-1] == pytest.approx(greedy.mean_return)
        assert history.greedy_length[-1] == greedy.mean_length
        assert history.epsilon[-1] == pytest.approx(max(0.05, 1 - 0.95 * history.steps[-1] / 200))
        losses, episodes = len(run.all_losses), len(run.all_returns)
    assert len(run.history) == 2 and 0.0 < run.history.seconds[0] < run.history.seconds[1]


def test_a_loss_is_the_mean_over_the_updates_of_its_entry_alone():
    run = start_run(kind=Watched, evaluate_every=40)
    before = 0
    while not run.finished():
        if run.advance():
            since, before = run.all_losses[before:], len(run.all_losses)
            assert run.history.loss[-1] == pytest.approx(np.mean(since) if since else np.nan, nan_ok=True)
    assert before > 10 and np.isnan(run.history.loss[0]) and not np.isnan(run.history.loss[-1])


def test_the_run_ends_with_an_entry():
    env = GridWorld(num_envs=8)
    assert train(env, QMIX.for_env(env), replace(SHORT, total_steps=200)).steps == [160, 200]


def test_looking_does_not_disturb_the_run():
    """Looking at every step or once at the end: the same weights, bit for bit."""
    def once(**changes):
        env = GridWorld(num_envs=8, random_starts=True, episode_limit=8)
        team = QMIX.for_env(env)
        train(env, team, replace(SHORT, total_steps=160, **changes))
        return list(team.parameters())

    often, once_only = once(evaluate_every=8, evaluation_episodes=3), once(evaluate_every=160)
    assert all(torch.equal(one, two) for one, two in zip(often, once_only))


# ---- the reference preset --------------------------------------------------------------------------------------------


def test_the_reference_preset_is_the_slow_one():
    config = TrainConfig.reference()
    assert (config.capacity, config.batch_size, config.update_every, config.learning_starts) == (50_000, 64, 4, 64)
    assert (config.learning_rate, config.tau, config.total_steps) == (5e-4, 0.001, 27_000)
    assert (config.epsilon_start, config.epsilon_end, config.epsilon_steps) == (1.0, 0.05, 100_000)


def test_the_command_line_hands_out_the_reference_preset():
    env, team, config = make_run(dict(env="grid", algorithm="qmix", seed=3, preset="reference", steps=None))
    assert env.num_envs == 1 and config == TrainConfig.reference(seed=3)
    expected = QMIX.for_env(env, seed=3).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in team.state_dict().items())
