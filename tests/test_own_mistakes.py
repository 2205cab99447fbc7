"""Mistakes of somebody with a task of one's own that used to say nothing, or to say it in torch's words, or to hang."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from outside import package
from own_envs import Walk, twist

from qmix_course.algorithms import QMIX, VDN
from qmix_course.envs import Cue, MStepGame, ResetNeeded, check_env
from qmix_course.envs.doubts import clock_doubt, reward_doubt, sight_doubt
from qmix_course.errors import Faults
from qmix_course.evaluation import evaluate, play
from qmix_course.training import TrainConfig, train

SHORT = TrainConfig(total_steps=1_600, learning_starts=64, batch_size=64, evaluate_every=400)


def said(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(each.message) for each in caught]


def still(obs, available):
    return torch.ones(len(obs), 2, dtype=torch.int64)


# ---- episodes that nobody ends ---------------------------------------------------------------------------------------

def endless(env, step):
    return torch.zeros_like(step.terminated)


@pytest.mark.parametrize("call", [
    lambda kind: evaluate(kind(num_envs=3), still),
    lambda kind: evaluate(kind(num_envs=3), VDN.for_env(kind())),
    lambda kind: play(kind(), VDN.for_env(kind())),
    lambda kind: train(kind(num_envs=16), VDN.for_env(kind()), SHORT),
    lambda kind: train(kind(num_envs=16), VDN.for_env(kind(), recurrent=True), SHORT)])
def test_an_episode_that_is_not_over_by_the_limit_is_refused_and_not_played_for_ever(call):
    never = twist(terminated=endless, truncated=endless)
    with pytest.raises(ValueError, match=r"^env: expected every episode of Twisted to be over after spec\.episode_limit"
                                         r" = 6 steps, got neither terminated nor truncated by then in row\(s\) \[0"):
        call(never)


def test_a_limit_that_is_shorter_than_the_episodes_is_refused_and_the_right_one_is_not():
    class Short(Walk):
        def _see(self, reward, terminated, truncated):
            return super()._see(reward, terminated, (self._clock >= 8) & ~terminated)

    with pytest.raises(ValueError, match="after spec.episode_limit = 6 steps"):
        evaluate(Short(num_envs=2), still)
    assert evaluate(Short(num_envs=2, limit=8), still).lengths.tolist() == [8, 8]
    assert evaluate(Walk(num_envs=2), still).lengths.tolist() == [6, 6]


# ---- one number for each row -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("field, wrong, words", [
    ("reward", lambda env, step: step.reward[:, None], r"expected shape \[4\], got a tensor .* shape \(4, 1\)"),
    ("reward", lambda env, step: step.reward[:, None].expand(-1, 2), r"expected shape \[4\]"),
    ("reward", lambda env, step: step.reward.numpy(), "got ndarray"),
    ("terminated", lambda env, step: step.terminated.float(), "expected dtype bool"),
    ("truncated", lambda env, step: step.truncated[:, None], r"expected shape \[4\]")])
def test_rewards_and_flags_that_are_not_one_a_row_are_named(field, wrong, words):
    def later(env, step):                               # right at the reset, wrong from the first step on
        return wrong(env, step) if env._clock.any() else getattr(step, field)

    for when, method in ((wrong, "_begin"), (later, "_advance")):
        env, other = (twist(**{field: when})(num_envs=4) for _ in range(2))
        for call in (lambda: evaluate(env, still), lambda: train(other, QMIX.for_env(other), SHORT)):
            with pytest.raises((TypeError, ValueError), match=f"^{method} of Twisted: {field}: .*{words}"):
                call()
    kind = twist(**{field: later})
    with pytest.raises(Faults, match=f"_advance: {field}: expected"):
        check_env(kind())


# ---- what is paid ----------------------------------------------------------------------------------------------------

def paying(times):
    return twist(reward=lambda env, step: step.reward * times)


def test_a_run_without_any_reward_says_so_once_at_its_end():
    kind = paying(0)
    words, = said(lambda: train(kind(num_envs=16), VDN.for_env(kind()), SHORT))
    assert words.startswith("train: every reward in 1,600 steps was 0, so there was nothing to learn from")
    stops = iter([False] * 50 + [True])
    assert said(lambda: train(kind(num_envs=16), VDN.for_env(kind()), SHORT, stop=lambda: next(stops))) == []


@pytest.mark.parametrize("times, word", [(1e-3, "small"), (1e5, "large"), (1, None)])
def test_rewards_in_units_in_which_little_is_learned_are_said(times, word):
    kind = paying(times)
    for units, heard in (("as paid", word), ("spread", None), ("standard", None)):
        words = said(lambda: train(kind(num_envs=16), VDN.for_env(kind()), replace(SHORT, reward_units=units)))
        words = [each for each in words if "rewards were" in each]
        assert len(words) == (heard is not None)
        assert heard is None or (f"rewards were {heard}" in words[0] and 'reward_units="spread"' in words[0])


@pytest.mark.parametrize("size, spread, word", [
    (0.05, 0.005, "small"), (1e6, 5e4, "large"), (1.0, 0.005, None), (0.1, 0.0, None), (10.0, 3.0, None),
    (900.0, 90.0, None), (900.0, 500.0, "large"), (0.1, 0.02, None)])
def test_which_rewards_count_as_small_or_large(size, spread, word):
    words = reward_doubt(size, spread)
    assert (words is None) if word is None else f"rewards were {word}" in words


# ---- what is seen, and the clock -------------------------------------------------------------------------------------

def test_observations_that_never_change_are_said():
    blind = twist(obs=lambda env, step: torch.ones_like(step.obs))
    words, = said(lambda: check_env(blind()))
    assert words.startswith("check_env, Twisted: observations were the same at every step")
    state, obs = torch.rand(40, 4), torch.zeros(40, 2, 3)
    assert sight_doubt(obs, state) and sight_doubt(obs, torch.ones(40, 4)) is None
    obs[39, 1, 2] = 1
    assert sight_doubt(obs, state) is None


class Killed(Walk):
    """Says that the task has ended where only the clock has run out."""

    def _see(self, reward, terminated, truncated):
        return super()._see(reward, terminated | truncated, truncated & False)


def test_a_time_out_that_is_told_as_an_end_is_said():
    class Slow(Killed):
        def __init__(self, num_envs=1, slip=0.9, limit=12):
            super().__init__(num_envs, slip, limit)

    words, = said(lambda: check_env(Slow()))
    assert words.startswith("check_env, Slow: all 3 episodes lasted until episode_limit = 12 and were flagged term")
    assert said(lambda: check_env(Walk(limit=12))) == [] == said(lambda: check_env(Cue()))
    assert said(lambda: check_env(MStepGame())) == []

    class Both(Slow):
        def _see(self, reward, terminated, truncated):
            return Walk._see(self, reward, terminated | truncated, truncated)

    def faulty():
        with pytest.raises(Faults, match="both True"):
            check_env(Both())

    assert said(faulty) == []                                           # one word for one mistake


@pytest.mark.parametrize("lengths, ends, limit, doubted", [
    ([12, 12, 12], [True] * 3, 12, True), ([12, 4, 12], [True] * 3, 12, False), ([12, 12], [True, False], 12, False),
    ([12, 4, 5], [True] * 3, 12, False), ([2, 2, 2], [True] * 3, 2, False), ([], [], 12, False)])
def test_when_the_clock_is_doubted(lengths, ends, limit, doubted):
    assert (clock_doubt(lengths, ends, limit) is not None) == doubted


# ---- other people's worlds by their own names ------------------------------------------------------------------------

def test_a_world_behind_a_bridge_is_named_and_told_of_its_own_reset():
    package("pettingzoo")
    from parallel_worlds import World

    from qmix_course.envs import from_parallel_env

    dice = np.random.default_rng(0)                         # which no seed reaches

    def drawn(world, right):
        return {name: np.clip(seen + dice.random(len(seen), np.float32), 0, 1) for name, seen in right.items()}

    env = from_parallel_env(lambda: World(cycles=5, observations=drawn), episode_limit=9)
    with pytest.raises(Faults) as found:
        check_env(env)
    words, = found.value.faults
    assert "check_env, tampered: 1 fault" in str(found.value) and "_generator" not in words
    assert "reset(seed=...) of the environment must begin all its chance afresh" in words


@pytest.mark.parametrize("field, change", [
    ("obs", lambda x: x[:, :1]), ("obs", lambda x: x[0]), ("state", lambda x: x[:, :1]),
    ("available", lambda x: x.float()),
    ("terminated", lambda x: x.float()), ("truncated", lambda x: x[:, None]), ("reward", lambda x: x.tolist()),
    ("reward", lambda x: x[:1]), (None, lambda step: None)])
@pytest.mark.parametrize("method", ["_begin", "_advance"])
def test_what_goes_wrong_later_is_named_as_well(method, field, change):
    """The first answers were looked at, the others not: torch's words came, of tensors that nobody knew."""
    class Later(Walk):
        def changed(self, name, *arguments):
            step = getattr(super(), name)(*arguments)
            self.calls = getattr(self, "calls", 0) + (name == method)
            if name == method and self.calls == 3:
                return change(step) if field is None else replace(step, **{field: change(getattr(step, field))})
            return step

        def _begin(self, where):
            return self.changed("_begin", where)

        def _advance(self, actions):
            return self.changed("_advance", actions)
    env = Later(num_envs=2)
    for _ in range(2):
        env.reset(seed=0)
        env.step(torch.ones(2, 2, dtype=torch.int64))
    with pytest.raises((TypeError, ValueError), match=rf"^{method} of Later{f': {field}: expected' if field else ''}"):
        env.reset(seed=0)
        env.step(torch.ones(2, 2, dtype=torch.int64))
    with pytest.raises(ResetNeeded):
        env.step(torch.ones(2, 2, dtype=torch.int64))
    assert env.reset(seed=0).obs.shape == (2, 2, 2)
