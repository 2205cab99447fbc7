"""Playing: rows that say what happened, masks that are kept, episodes counted to their own end."""

from copy import deepcopy
from dataclasses import fields, replace

import pytest
import torch
from alike import equal
from torch import nn

from qmix_course.algorithms import QMIX, VDN
from qmix_course.collect import Collector
from qmix_course.envs import GridWorld, ResetNeeded, Skirmish, TeamSpec
from qmix_course.evaluation import evaluate, play
from qmix_course.exploration import epsilon_greedy
from qmix_course.replay import Batch, ReplayBuffer


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


# ---- rows ------------------------------------------------------------------------------------------------------------


class Doors(GridWorld):
    """Which actions are available depends on where an agent stands."""

    masks_actions = True

    def _pack(self, *outcome):
        step = super()._pack(*outcome)
        closed = (self.positions @ torch.tensor([self.size, 1])) % 4
        step.available[:] = nn.functional.one_hot(closed, 4) == 0
        return step

    def step(self, actions):
        """Remembers what was played and a copy of what came of it."""
        then = super().step(actions)
        self.played = actions.clone(), deepcopy(then)
        return then


class Episodes(QMIX):
    """QMIX whose replay rows are whole padded episodes."""

    recurrent = True


def seen(step, b):
    """What a row holds of one moment in row ``b`` of the environment."""
    return {"obs": step.obs[b], "state": step.state[b], "available": step.available[b]}


def same_as_played(row, episode):
    """``row`` of the replay memory against ``episode``, a list of (before, last action, action, reward, end, after)."""
    length = len(episode)
    assert row.mask.tolist() == [1.0] * length + [0.0] * (len(row.mask) - length)
    for t, (before, last_action, action, reward, terminated, after) in enumerate(episode):
        for name in before:
            assert torch.equal(getattr(row, name)[t], before[name]), name
            assert torch.equal(getattr(row, name)[t + 1], after[name]), name
        assert torch.equal(row.actions[t], action) and torch.equal(row.last_actions[t], last_action)
        assert torch.equal(row.last_actions[t + 1], action)
        assert row.reward[t] == reward and row.terminated[t] == terminated
    for name, value in (("obs", 0), ("state", 0), ("available", True), ("last_actions", -1)):
        assert getattr(row, name)[length + 1:].eq(value).all(), name
    assert row.reward[length:].eq(0).all() and not row.terminated[length:].any()


@pytest.mark.parametrize("algorithm", [QMIX, Episodes])
def test_every_row_is_the_episode_as_it_was_played(algorithm):
    """States, masks, returns and padding too, in an environment that masks actions and whose episodes end early."""
    env = Doors(size=2, num_envs=8, episode_limit=6)
    collector = Collector(env, algorithm.for_env(env), 0, torch.Generator().manual_seed(0))
    episodes, expected, returns, lengths, rows = [[] for _ in range(8)], [], [], set(), []
    for _ in range(60):
        now = deepcopy(collector.step_now)
        finished = collector.step(1.0)
        actions, then = env.played
        for b, episode in enumerate(episodes):
            last_action = episode[-1][2] if episode else torch.tensor([-1, -1])
            episode.append((seen(now, b), last_action, actions[b], then.reward[b], then.terminated[b], seen(then, b)))
            if not algorithm.recurrent:
                expected.append(episode[-1:])
            if then.ended[b]:
                expected += [list(episode)] if algorithm.recurrent else []
                returns.append(sum(step[3].item() for step in episode))
                lengths.add(len(episode))
                episode.clear()
        for k in range(len(finished.reward)):
            rows.append(Batch(**{field.name: getattr(finished, field.name)[k] for field in fields(Batch)}))
    assert len(lengths) > 1 and len(rows) == len(expected) > 20
    for row, episode in zip(rows, expected):
        same_as_played(row, episode)
    assert collector.take_returns() == pytest.approx(returns) and collector.episodes == len(returns)


@pytest.mark.parametrize("recurrent", [False, True])
def test_what_is_handed_out_is_the_receivers_own(recurrent):
    """No row shares memory with what the collector or the environment goes on with."""
    env = Doors(size=2, num_envs=8, episode_limit=6)
    collector = Collector(env, QMIX.for_env(env, recurrent=recurrent), 0, torch.Generator().manual_seed(0))
    received, now = 0, lambda: [*vars(collector.step_now).values(), collector.memory, collector.last_actions]
    for _ in range(12):
        kept = now()
        rows = collector.step(1.0)
        kept += [*now(), *vars(collector.rows).values(), env.played[0]]
        places = {value.untyped_storage().data_ptr() for value in kept if value is not None}
        for name, value in vars(rows).items():
            received += value.numel()
            assert value.numel() == 0 or value.untyped_storage().data_ptr() not in places, name
    assert received > 0


class OtherFloats(GridWorld):
    """Pays and describes the state in another dtype than torch's default, as numpy's float64 next to float32."""

    def _pack(self, *outcome):
        step = super()._pack(*outcome)
        return replace(step, state=step.state.float(), reward=step.reward.float())


@pytest.mark.parametrize("algorithm", [QMIX, Episodes])
def test_rows_are_of_the_default_dtype_whatever_the_environment_pays_in(algorithm):
    rows = []
    for kind in (GridWorld, OtherFloats):
        env = kind(num_envs=4, episode_limit=5)
        player = Collector(env, algorithm.for_env(env), 0, torch.Generator().manual_seed(0))
        buffer = ReplayBuffer(100, env.spec, player.length)
        for _ in range(10):
            buffer.add(player.step(1.0))
        rows.append(buffer.state_dict()["rows"])
    for name, value in rows[0].items():
        torch.testing.assert_close(rows[1][name], value, atol=1e-6, rtol=0, msg=name)
        assert rows[1][name].dtype == value.dtype


def test_the_buffer_draws_every_row_equally_often():
    """5,000 draws of 2 rows out of 5: each row 2,000 times, within five standard deviations (one seed, fixed)."""
    spec = TeamSpec(n_agents=1, n_actions=2, obs_dim=1, state_dim=1, episode_limit=1)
    buffer, counts = ReplayBuffer(8, spec), torch.zeros(5)
    buffer.add(replace(Batch.padding(5, 1, spec), reward=torch.arange(5.0).view(5, 1)))
    generator = torch.Generator().manual_seed(0)
    for _ in range(5_000):
        counts[buffer.sample(2, generator).reward[:, 0].long()] += 1
    assert ((counts - 2_000).abs() < 5 * (5_000 * 0.4 * 0.6) ** 0.5).all()


# ---- exploring and evaluating ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [0.0, 0.2, 1.0])
def test_epsilon_is_the_chance_of_a_random_action(epsilon):
    """One in four random actions is the best one (one seed, fixed)."""
    q = torch.zeros(40_000, 2, 4)
    q[..., 2] = 1.0
    actions = epsilon_greedy(q, torch.ones_like(q, dtype=torch.bool), epsilon, torch.Generator().manual_seed(0))
    assert (actions != 2).double().mean().item() == pytest.approx(0.75 * epsilon, abs=0.01)


class Walker(VDN):
    """Knows the way: down for agent 0, up for agent 1."""

    def act_values(self, obs, last_actions, memory=None):
        q = torch.zeros(*obs.shape[:2], 4)
        q[:, 0, 1] = q[:, 1, 0] = 1.0
        return q, None


def test_every_row_is_counted_to_its_own_end():
    """One step, four steps and never: rows that are over play on, but are not counted."""
    env = GridWorld(num_envs=3, episode_limit=6)
    places = torch.tensor([[[3, 0], [1, 4]], [[0, 0], [4, 4]], [[0, 1], [4, 4]]])
    result = evaluate(env, Walker.for_env(env), positions=places)
    assert result.lengths.tolist() == [1, 4, 6] and result.terminated.tolist() == [True, True, False]
    assert result.returns[:2].tolist() == pytest.approx([10.0, 8.65])


def test_evaluation_goes_on_drawing_from_round_to_round():
    env = GridWorld(num_envs=2, episode_limit=3, random_starts=True)
    rounds = evaluate(env, QMIX.for_env(env), episodes=40, seed=1).returns.view(20, 2)
    assert len(rounds.unique(dim=0)) > 5


def test_evaluation_plays_available_actions_only():
    """The environment refuses any other, so it is enough that every episode comes to an end."""
    env = Doors(size=3, num_envs=4, episode_limit=9)
    result = evaluate(env, QMIX.for_env(env))
    assert (result.terminated | (result.lengths == 9)).all()


# ---- what is saved ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [QMIX, Episodes])
def test_what_was_saved_stays_as_it_was(kind):
    """However one plays on, here or from what was saved; and from it the same steps come twice."""
    env = GridWorld(num_envs=5, episode_limit=6, random_starts=True)
    collector = Collector(env, kind.for_env(env, seed=1), 3, torch.Generator().manual_seed(4), parameter_noise=True)

    def play_on():
        return [deepcopy(vars(collector.step(0.3))) for _ in range(9)]

    play_on()
    saved = collector.state_dict(), env.state_dict(), collector.generator.get_state()
    kept, rounds = deepcopy(saved), []
    for _ in range(2):
        rounds.append(play_on())
        assert equal(saved, kept)
        collector.load_state_dict(saved[0])
        env.load_state_dict(saved[1])
        collector.generator.set_state(saved[2])
    assert equal(*rounds)


# ---- environments that keep the contract loosely ---------------------------------------------------------------------


class Stubborn:
    """Gives the same tensors every time and writes what follows into them."""

    def _hand(self, step):
        if not hasattr(self, "_given"):
            self._given = step
        for name, value in vars(step).items():
            getattr(self._given, name).copy_(value)
        return self._given

    def _begin(self, where, **start):
        return self._hand(super()._begin(where, **start))

    def _advance(self, actions):
        return self._hand(super()._advance(actions))


class StubbornGrid(Stubborn, GridWorld):
    pass


class StubbornSkirmish(Stubborn, Skirmish):
    """(Which also masks actions.)"""


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("kinds", [(GridWorld, StubbornGrid), (Skirmish, StubbornSkirmish)])
def test_an_environment_that_writes_into_what_it_gave_fills_the_memory_rightly(kinds, recurrent):
    rows, episodes = [], []
    for kind in kinds:
        env = kind(num_envs=3)
        team = VDN.for_env(env, recurrent=recurrent)
        collector = Collector(env, team, 0, torch.Generator().manual_seed(0))
        rows.append([collector.step(1.0) for _ in range(70)])
        episodes.append(play(kind(), team))
    assert sum(len(each.obs) for each in rows[0]) > 0
    for right, got in zip(*rows):
        for field in fields(Batch):
            assert torch.equal(getattr(right, field.name), getattr(got, field.name)), field.name
    for name in ("obs", "state", "rewards"):
        assert torch.equal(getattr(episodes[0], name), getattr(episodes[1], name)), name


def test_an_episode_that_has_ended_as_it_begins_is_refused():
    """It would never begin: to reset again brings the same."""
    class Over(GridWorld):
        def _begin(self, where, **start):
            step = super()._begin(where, **start)
            step.terminated[1] = bool(where[1])
            return step

    env = Over(num_envs=3)
    with pytest.raises(ValueError, match=r"_begin of Over: expected both flags False .* row\(s\) \[1\]"):
        env.reset()
    with pytest.raises(ResetNeeded, match="has not been reset"):
        env.step(torch.zeros(3, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="_begin of Over"):
        evaluate(env, VDN.for_env(env))
