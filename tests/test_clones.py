"""Whoever changes a world by writing a subclass of it trains and is judged in that world, never in the one below it."""

from dataclasses import replace

import pytest
import torch

from qmix_course.algorithms import QMIX, VDN
from qmix_course.envs import (
    Cue,
    Formation,
    GridWorld,
    LongWay,
    MatrixGame,
    MStepGame,
    PredatorPrey,
    Skirmish,
    SpeakerListener,
    TwoStepGame,
)
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig, train

WORLDS = {Cue: {"num_envs": 2}, Formation: {"shape": "line", "n_agents": 3, "num_envs": 2, "episode_limit": 6},
          GridWorld: {"size": 3, "num_envs": 2, "episode_limit": 6, "random_starts": True}, LongWay: {"num_envs": 2},
          MatrixGame: {"payoff": "climbing", "num_envs": 2}, MStepGame: {"steps": 4, "num_envs": 2},
          PredatorPrey: {"num_envs": 2, "episode_limit": 6}, Skirmish: {"num_envs": 2, "episode_limit": 6},
          SpeakerListener: {"num_envs": 2}, TwoStepGame: {"num_envs": 2}}
SHORT = TrainConfig(total_steps=640, batch_size=16, learning_starts=64, update_every=8, evaluate_every=320)


def changed(kind):
    class Changed(kind):
        """The same world, which pays otherwise."""

        factor, more = -3.0, 1.0

        def _advance(self, actions):
            step = super()._advance(actions)
            return replace(step, reward=self.factor * step.reward + self.more)

    return Changed


@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.__name__)
def test_a_clone_is_of_the_same_class_with_the_same_settings(kind):
    world = changed(kind)
    env = world(**WORLDS[kind])
    before = set(vars(env))
    env.reset(seed=0)
    assert set(vars(env)) == before                             # so nothing that a run makes is taken for a setting
    env.factor = 5.0                                            # set on this one, from outside
    for copy in (env.clone(), env.clone(3)):
        assert type(copy) is world and copy.factor == 5.0
        assert copy.settings() == env.settings() | {"num_envs": copy.num_envs}
    assert type(kind(**WORLDS[kind]).clone()) is kind
    env.tables = [torch.zeros(2)]
    env.clone().tables[0].add_(1)
    assert not env.tables[0].any()                              # and shares nothing


@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.__name__)
def test_a_team_is_judged_in_the_world_in_which_it_is_trained(kind):
    env = changed(kind)(**WORLDS[kind])
    team = VDN.for_env(env, seed=0, hidden=(8,))
    history = train(env, team, SHORT)
    assert history.greedy_return[-1] == evaluate(changed(kind)(**WORLDS[kind] | {"num_envs": 1}), team).mean_return
    assert history.greedy_return[-1] != evaluate(kind(**WORLDS[kind] | {"num_envs": 1}), team).mean_return


def test_seeds_side_by_side_train_in_it_too():
    env = changed(GridWorld)(**WORLDS[GridWorld])
    teams = [QMIX.for_env(env, seed=0, hidden=(8,)) for _ in range(2)]
    history = train(env, teams[0], SHORT)
    other, = train_seeds(changed(GridWorld)(**WORLDS[GridWorld]), teams[1:], SHORT, [0])
    assert history.exploring_return == pytest.approx(other.exploring_return, rel=1e-5, nan_ok=True)
    assert history.loss == pytest.approx(other.loss, rel=1e-3, nan_ok=True)


@pytest.mark.parametrize("kind", WORLDS, ids=lambda kind: kind.__name__)
def test_a_subclass_that_is_made_otherwise_has_to_say_how(kind):
    class Own(kind):
        def __init__(self, factor, **options):
            super().__init__(**options)
            self.factor = factor

    env = Own(2.0, **WORLDS[kind])
    with pytest.raises(TypeError, match=rf"^clone: Own has an __init__ of its own, .* that of {kind.__name__} would"):
        env.clone()
    team = QMIX.for_env(env)
    before = [weights.clone() for weights in team.parameters()]
    with pytest.raises(TypeError, match="^clone: Own"):
        train(env, team, SHORT)
    assert all(torch.equal(one, other) for one, other in zip(before, team.parameters()))
