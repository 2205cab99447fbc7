"""What somebody's environment answers: tensors of another kind than asked for are taken for what they mean, or refused
by name; the rows that a reset leaves alone keep their outcome, however the tensors are made."""

from dataclasses import replace

import pytest
import torch
from own_envs import Walk

from qmix_course.algorithms import QMIX
from qmix_course.envs import check_env
from qmix_course.training import TrainConfig, train


class OneForBoth(Walk):
    """One tensor for both flags, as one writes it."""

    def _begin(self, where):
        none = torch.zeros(self.num_envs, dtype=torch.bool)
        return replace(super()._begin(where), terminated=none, truncated=none)


class Expanded(Walk):
    """One number that stands for all rows."""

    def _begin(self, where):
        none, nothing = torch.tensor(False).expand(self.num_envs), torch.tensor(0.0).expand(self.num_envs)
        return replace(super()._begin(where), terminated=none, truncated=none, reward=nothing)


class WholeAtFirst(Walk):
    """A reward of 0 that is a whole number, where the others are none."""

    def _begin(self, where):
        return replace(super()._begin(where), reward=torch.zeros(self.num_envs, dtype=torch.int64))


@pytest.mark.parametrize("kind", [Walk, OneForBoth, Expanded, WholeAtFirst])
def test_rows_outside_of_where_keep_what_their_last_step_brought(kind):
    env = kind(num_envs=3, limit=1)
    env.reset(seed=0)
    before = env.step(torch.ones(3, 2, dtype=torch.int64))
    assert before.truncated.all() and not before.terminated.any() and (before.reward != 0).all()
    for first in (True, False):
        after = env.reset(where=torch.tensor([first, False, False]))
        assert after.truncated.tolist() == [False, True, True] and not after.terminated.any()
        assert after.reward.tolist() == [0.0, *before.reward[1:].tolist()]
        after.truncated.fill_(True)                                     # the caller's own, whatever the environment did
    assert not env.reset(where=torch.tensor([False, True, True])).ended.any()


@pytest.mark.parametrize("kind", [OneForBoth, Expanded])
def test_check_env_has_nothing_against_them(kind):
    check_env(kind(num_envs=3))


class Pays(Walk):
    """Rewards in another dtype."""

    def __init__(self, num_envs=1, kind=torch.int64, limit=6):
        super().__init__(num_envs, limit=limit)
        self.kind = kind

    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, reward=(8 * step.reward).round().to(self.kind))

    def clone(self, num_envs=None):
        return Pays(self.num_envs if num_envs is None else num_envs, self.kind, self.spec.episode_limit)


@pytest.mark.parametrize("kind", [torch.bool, torch.int64, torch.int8, torch.float64])
@pytest.mark.parametrize("recurrent", [False, True])
def test_a_run_whose_rewards_are_of_another_kind_can_be_resumed(tmp_path, kind, recurrent):
    """It trained, and its checkpoint could not be read: "expected torch.float32, got torch.int64"."""
    config = TrainConfig(total_steps=64, batch_size=4, learning_starts=8, evaluate_every=32, capacity=64,
                         evaluation_episodes=8)

    def run(name, stop=None, resume=False):
        env = Pays(2, kind)
        team = QMIX.for_env(env, recurrent=recurrent, hidden=8 if recurrent else (8,))
        history = train(env, team, config, checkpoint=tmp_path / name, resume=resume, stop=stop)
        return history.loss, history.greedy_return, [weights.tolist() for weights in team.parameters()]

    steps = iter(range(99))
    run("stopped", stop=lambda: next(steps) == 14)
    assert run("stopped", resume=True) == run("whole")


@pytest.mark.parametrize("field, change, words", [
    ("reward", lambda value: value.unsqueeze(1), r"reward: expected shape \[3\], got a tensor of float32"),
    ("obs", lambda value: value[:, :1], r"obs: expected shape \[3, 2, 2\]"),
    ("state", lambda value: value.numpy(), r"state: expected a tensor of shape \[3, 3\], got ndarray"),
    ("available", lambda value: value.long(), "available: expected dtype bool"),
    ("terminated", lambda value: value.long(), "terminated: expected dtype bool"),
    ("truncated", lambda value: value.any(), r"truncated: expected shape \[3\]")])
@pytest.mark.parametrize("method", ["_begin", "_advance"])
def test_another_shape_or_kind_is_named_at_the_first_call(field, change, words, method):
    class Wrong(Walk):
        pass

    def wrong(self, given):
        step = getattr(Walk, method)(self, given)
        return replace(step, **{field: change(getattr(step, field))})

    setattr(Wrong, method, wrong)
    env = Wrong(num_envs=3)
    with pytest.raises((TypeError, ValueError), match=f"^{method} of Wrong: {words}"):
        env.reset(seed=0)
        env.step(torch.ones(3, 2, dtype=torch.int64))


def test_observations_that_are_no_numbers_are_thought_of_where_values_are_none():
    class Blind(Walk):
        def _begin(self, where):
            step = super()._begin(where)
            return replace(step, obs=step.obs * float("nan"))

    env = Blind(num_envs=2)
    with pytest.raises(ValueError, match="q: expected finite numbers.*are all observations finite"):
        train(env, QMIX.for_env(env), TrainConfig(total_steps=8, batch_size=2, learning_starts=0, update_every=1))
