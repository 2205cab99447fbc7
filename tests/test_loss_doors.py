"""What a loss is asked with, by hand: another algorithm's target, other sizes, actions that do not exist; and whose
dice draw the first weights."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import TwoStepGame
from qmix_course.exact import every_step

KINDS = [IQL, VDN, QMIX, CWQMIX, OWQMIX, QTRAN, QPLEX, MAVEN]
GAME = TwoStepGame()


def whole(kind):
    """A team, its target and a batch of the game; of a team with memory, an episode of two steps."""
    team = kind.for_env(GAME, seed=0)
    if not team.recurrent:
        return team, deepcopy(team), every_step(GAME)
    pytest.skip("its batches are episodes: tests/test_maven.py")


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_draws_the_first_weights_whatever_was_drawn_before(kind):
    torch.manual_seed(7)
    one = kind.for_env(GAME, seed=3).state_dict()
    torch.manual_seed(8)
    before = torch.get_rng_state()
    same, other = (kind.for_env(GAME, seed=seed).state_dict() for seed in (3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert any(not torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_of_another_kind_is_refused_by_name(kind):
    team, _, batch = whole(kind)
    other = (VDN if kind is not VDN else IQL).for_env(GAME, seed=0)
    with pytest.raises(TypeError, match=f"target: expected a {kind.__name__}"):
        team.loss(batch, other)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["actions", "obs", "available", "state"])
def test_a_batch_of_other_sizes_is_refused_by_name(kind, name):
    team, target, batch = whole(kind)
    if name == "state" and kind in (IQL, VDN):
        pytest.skip("reads no state, and is given it all the same")
    value = getattr(batch, name)
    wrong = replace(batch, **{name: torch.cat([value, value[..., :1]], -1)})
    with pytest.raises(ValueError, match=name):
        team.loss(wrong, target)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("action", [2, -1])
def test_actions_that_do_not_exist_are_refused_by_name(kind, action):
    team, target, batch = whole(kind)
    actions = batch.actions.clone()
    actions[0, 0, 1] = action
    with pytest.raises(ValueError, match="actions: expected 0 to 1, got"):
        team.loss(replace(batch, actions=actions), target)


@pytest.mark.parametrize("z", [-1, 4])
def test_a_latent_that_does_not_exist_is_refused_by_name(z):
    team = MAVEN.for_env(GAME, seed=0, n_latents=4)
    assert team.memory_of(torch.tensor([0, 3])).shape[0] == 2
    with pytest.raises(ValueError, match="z: expected 0 to 3, got"):
        team.memory_of(torch.tensor([z]))
