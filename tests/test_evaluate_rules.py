"""``evaluate`` plays whoever chooses actions: a trained team, chance, or a rule that somebody wrote."""

import pytest
import torch

from qmix_course.__main__ import main
from qmix_course.algorithms import VDN
from qmix_course.envs import GridWorld, MatrixGame, Skirmish, SpeakerListener
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep
from qmix_course.envs.skirmish_scripts import ScriptedTeam
from qmix_course.evaluation import evaluate
from qmix_course.exploration import another_seed
from qmix_course.training import TrainConfig, train


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def by_hand(env, choose, seed=0):
    """Returns, lengths and ends of one episode in each row, one row after the other."""
    step, found = env.reset(seed=seed), [[0.0, 0, None] for _ in range(env.num_envs)]
    while any(end is None for *_, end in found):
        step = env.step(choose(step))
        for row, each in enumerate(found):
            if each[2] is None:
                each[0], each[1] = each[0] + float(step.reward[row]), each[1] + 1
                each[2] = bool(step.terminated[row]) if step.ended[row] else None
        if step.ended.any():
            step = env.reset(where=step.ended)
    return [list(each) for each in zip(*found)]


@pytest.mark.parametrize("make", [lambda: GridWorld(size=2, num_envs=6, random_starts=True, n_agents=2),
                                  lambda: Skirmish("3m", num_envs=4), lambda: SpeakerListener(num_envs=3)])
def test_a_random_team_and_its_episodes(make):
    dice = torch.Generator().manual_seed(another_seed(3))
    returns, lengths, ends = by_hand(make(), lambda step: (
        torch.rand(step.available.shape, generator=dice) * step.available).argmax(-1), seed=3)
    played = evaluate(make(), "random", seed=3)
    assert played.lengths.tolist() == lengths and played.terminated.tolist() == ends
    assert torch.allclose(played.returns, torch.tensor(returns))
    assert torch.equal(evaluate(make(), "random", seed=3).returns, played.returns)
    assert not torch.equal(evaluate(make(), "random", seed=4).returns, played.returns)


def test_chance_has_no_favourite_and_draws_on_from_round_to_round():
    env = MatrixGame([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]], num_envs=5)
    returns = evaluate(env, "random", episodes=4_500).returns
    counts = returns.long().bincount(minlength=9)
    assert len(returns) == 4_500 and (counts - 500).abs().max() < 100


class Hidden(TeamEnv):
    """Each of two agents has to guess a number from 0 to 2, drawn at reset and shown to nobody. Pays 1 for two hits, as
    a number of ``dtype``."""

    dtype = torch.float64

    def __init__(self, num_envs=1):
        super().__init__(TeamSpec(n_agents=2, n_actions=3, obs_dim=1, state_dim=1, episode_limit=1), num_envs)

    def _now(self, paid, ended):
        rows = self.num_envs
        return TeamStep(obs=torch.ones(rows, 2, 1), state=torch.ones(rows, 1),
                        available=torch.ones(rows, 2, 3, dtype=torch.bool), reward=paid.to(self.dtype),
                        terminated=torch.full((rows,), ended), truncated=torch.zeros(rows, dtype=torch.bool))

    def _begin(self, where, **start):
        keys = torch.rand(self.num_envs, 2, 3, generator=self._generator, dtype=torch.float64)
        self._secret = keys.argmax(-1)
        return self._now(torch.zeros(self.num_envs), False)

    def _advance(self, actions):
        return self._now((actions == self._secret).all(-1), True)

    def clone(self, num_envs=None):
        return type(self)(num_envs or self.num_envs)


def test_a_random_team_does_not_roll_what_the_environment_rolls():
    """Chance hits both numbers once in nine. With one seed for both generators it hit always."""
    for seed in range(3):
        assert abs(evaluate(Hidden(2_000), "random", seed=seed).mean_return - 1 / 9) < 0.03


def test_whole_rewards_are_averaged_as_floats():
    class Counted(Hidden):
        dtype = torch.int64

    played = evaluate(Counted(2_000), "random")
    assert played.returns.is_floating_point() and played.mean_return == evaluate(Hidden(2_000), "random").mean_return
    config = TrainConfig(total_steps=64, learning_starts=8, batch_size=8, update_every=8, evaluate_every=32,
                         evaluation_episodes=32)
    for recurrent in (False, True):
        histories = []
        for world in (Hidden, Counted):
            env = world(4)
            histories.append(train(env, VDN.for_env(env, recurrent=recurrent), config))
        assert histories[0].greedy_return == histories[1].greedy_return
        assert histories[0].exploring_return == histories[1].exploring_return


def test_a_rule_sees_observations_and_masks_and_early_ends_count_once():
    env, seen = Skirmish("3m", num_envs=4), []

    def rule(obs, available):
        seen.append((obs, available))
        return available.int().argmax(-1)

    returns, lengths, ends = by_hand(Skirmish("3m", num_envs=4), lambda step: step.available.int().argmax(-1))
    played = evaluate(env, rule)
    assert torch.allclose(played.returns, torch.tensor(returns)) and played.lengths.tolist() == lengths
    assert played.terminated.tolist() == ends
    assert all(obs.shape[1:] == (3, env.spec.obs_dim) and mask.dtype is torch.bool for obs, mask in seen)


def test_a_team_with_values_of_its_own_is_played_as_before():
    env = Skirmish("3m", num_envs=8)
    team = ScriptedTeam(env, "weakest")
    as_rule = evaluate(env, lambda obs, available: team.act_values(obs)[0].masked_fill(
        ~available, -torch.inf).argmax(-1))
    assert torch.equal(evaluate(env, team).returns, as_rule.returns)


@pytest.mark.parametrize("who, words", [
    ("qmix", "algorithm: expected an Algorithm, 'random', or a function of obs and available .*, got str 'qmix'"),
    (VDN, "algorithm: expected an Algorithm, 'random', or a function"), (None, "got NoneType None"),
    (torch.nn.Linear(2, 2), "algorithm: expected an Algorithm"),
    (lambda obs, available: 3, r"actions: expected a tensor of shape \[1, 2\], got int 3"),
    (lambda obs, available: torch.zeros(1, 2), "actions: expected dtype int64"),
    (lambda obs, available: torch.full((1, 2), 9), "actions: expected 0 to 3, got 9"),
    (VDN.for_env(MatrixGame("climbing")), "algorithm: made for n_actions = 3, but the environment has 4")])
def test_whoever_cannot_play_is_refused(who, words):
    with pytest.raises((TypeError, ValueError), match=words):
        evaluate(GridWorld(), who)
    with pytest.raises(TypeError, match="env"):
        evaluate("grid", "random")


def test_the_random_baseline_is_one_line(capsys):
    torch.set_default_dtype(torch.float32)
    assert main(["evaluate", "--env", "two-step"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("A random team on two-step, mean of 100 episodes: ") and ", from 0.00 to 8.00." in said
    assert main(["evaluate", "--env", "formation:line2"]) == 0 and "mean of 32 episodes" in capsys.readouterr().out
    for wrong in ([], ["runs/x", "--env", "grid"]):
        assert main(["evaluate", *wrong]) == 2
        assert "expected a run's folder, or --env NAME" in capsys.readouterr().err


def test_what_is_printed_says_the_mean_and_not_every_number():
    played = evaluate(GridWorld(size=3, num_envs=50), "random", seed=1)
    assert repr(played) == (f"Evaluation(mean_return={played.mean_return:.4g}, mean_length={played.mean_length:.4g}, "
                            f"{int(played.terminated.sum())} of 50 episodes terminated)")
