"""What a loss is asked with, by hand: another algorithm's target, other sizes, actions that do not exist; and whose
dice draw the first weights."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import TwoStepGame
from qmix_course.exact import every_step
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig, train

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


# ---- losses of one's own ---------------------------------------------------------------------------------------------

SHORT = TrainConfig(total_steps=96, learning_starts=32, batch_size=16, evaluate_every=96)


class Own(VDN):
    """``given``: what is done with a right loss."""

    given: object

    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.register_buffer("running", torch.zeros(()))
        self.register_buffer("late", None)
        self._count = 0

    def loss(self, batch, target):
        return type(self).given(self, super().loss(batch, target))


def own(given) -> type:
    return type("Own", (Own,), {"given": given})


def assigns(team, loss):
    team.running = 0.9 * team.running + 0.1 * loss.detach()
    return loss


def assigns_later(team, loss):
    team._count += 1
    if team._count == 3:
        team.running = loss.detach()
    return loss


def begins_later(team, loss):
    team.late = loss.detach()
    return loss


def deletes(team, loss):
    if hasattr(team, "running"):
        del team.running
    return loss


def writes(team, loss):
    team.running.mul_(0.9).add_(0.1 * loss.detach())
    return loss


def clears(team, loss):
    team.zero_grad()
    return loss


def clears_some(team, loss):
    team.agents.zero_grad()
    return loss


@pytest.mark.parametrize("given, told", [
    (lambda team, loss: 3.0, "expected one number, a tensor without axes, got float"),
    (lambda team, loss: (loss, {}), "expected one number, .* got tuple"),
    (lambda team, loss: loss.view(1), r"expected one number, .* got a tensor of float32 with shape .1,."),
    (lambda team, loss: loss.detach(), "gradients flow back, got one without a gradient"),
    (lambda team, loss: None, "got NoneType"),
    (assigns, "a new tensor stands in the place of the buffer running. Write into the old one"),
    (assigns_later, "a new tensor stands in the place of the buffer running"),
    (begins_later, "a new tensor stands in the place of the buffer late"),
    (deletes, "a new tensor stands in the place of the buffer running"),
    (clears, "takes the gradients of its weights away, so that nothing is learned. Is zero_grad or backward called"),
    (clears_some, "takes the gradients of its weights away")])
@pytest.mark.parametrize("side_by_side", [False, True])
def test_a_loss_that_is_none_or_does_harm_is_told(given, told, side_by_side):
    env, kind = TwoStepGame(num_envs=8), own(given)
    teams = [kind.for_env(env, seed=seed) for seed in (0, 1)]
    if side_by_side and given in (clears, clears_some):     # there the gradients are not the teams' own
        train_seeds(env, teams, SHORT, [0, 1])
        return
    with pytest.raises((TypeError, ValueError), match=f"loss of Own: .*{told}"):
        train_seeds(env, teams, SHORT, [0, 1]) if side_by_side else train(env, teams[0], SHORT)


def test_a_buffer_that_is_written_in_place_is_the_targets_and_of_teams_side_by_side_too():
    env, kind = TwoStepGame(num_envs=8), own(writes)
    alone = kind.for_env(env, seed=1)
    train(env.clone(), alone, replace(SHORT, seed=1))
    teams = [kind.for_env(env, seed=seed) for seed in (0, 1)]
    train_seeds(env, teams, SHORT, [0, 1])
    assert teams[1].running.item() == pytest.approx(alone.running.item(), rel=1e-4) and alone.running != 0


@pytest.mark.parametrize("given", [lambda team, loss: loss * loss.item(),
                                   lambda team, loss: loss if loss > 0 else -loss,
                                   lambda team, loss: torch.nn.functional.dropout(loss, 0.1)])
def test_what_cannot_be_vectorised_is_said_in_words(given):
    env, kind = TwoStepGame(num_envs=8), own(given)
    with pytest.raises(ValueError, match="loss of Own: it cannot be vectorised over teams side by side .RuntimeError"):
        train_seeds(env, [kind.for_env(env, seed=seed) for seed in (0, 1)], SHORT, [0, 1])


def raises(error):
    def given(team, loss):
        raise error
    return given


@pytest.mark.parametrize("error", [RuntimeError("beta must be positive"), NotImplementedError("write it"),
                                   RecursionError("too deep")])
def test_what_has_nothing_to_do_with_vectorising_is_left_as_it_is(error):
    env, kind = TwoStepGame(num_envs=8), own(raises(error))
    with pytest.raises(type(error), match=str(error)):
        train_seeds(env, [kind.for_env(env, seed=seed) for seed in (0, 1)], SHORT, [0, 1])
