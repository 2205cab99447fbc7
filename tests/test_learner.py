"""The learner: one flat tensor for all weights, the arithmetic of the plain update, and an option that compiles."""

import copy
import shutil
import warnings
from dataclasses import replace

import pytest
import torch

from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import GridWorld, TwoStepGame
from qmix_course.learner import Learner
from qmix_course.seeds import fit_seeds
from qmix_course.training import Run, TrainConfig, hard_update, soft_update, train

SHORT = TrainConfig(total_steps=800, learning_starts=100, batch_size=32, update_every=16, epsilon_steps=500,
                    evaluate_every=400,
                    capacity=600)
EVERY = [IQL, VDN, QMIX, CWQMIX, OWQMIX, QPLEX, QTRAN, MAVEN]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def begun(kind, config, **options):
    """A run that has played long enough to learn."""
    env = GridWorld(num_envs=8, episode_limit=10)
    run = Run(env, kind.for_env(env, seed=0, **options), config)
    while len(run.buffer) < max(64, config.batch_size):
        run.play()
    return run


def plain_update(team, target, optimiser, batch, config, updates):
    """The update as lesson 07 writes it, parameter by parameter."""
    loss = team.loss(batch, target)
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(team.parameters(), config.max_grad_norm)
    optimiser.step()
    if config.tau is not None:
        soft_update(target, team, config.tau)
    elif updates % config.target_every == 0:
        hard_update(target, team)
    return loss.item()


@pytest.mark.parametrize("changes", [{}, {"max_grad_norm": 0.05}, {"tau": None, "target_every": 7}],
                         ids=["soft", "clipped", "hard"])
@pytest.mark.parametrize("kind, options", [*((kind, {}) for kind in EVERY), (QMIX, {"recurrent": True}),
                                           (QMIX, {"recurrent": True, "shared": False})])
def test_it_is_the_plain_update(kind, options, changes):
    """30 updates on the same batches, up to rounding: the norm of one long vector is summed in another order than
    that of many, and Adam rounds the last numbers of a tensor, those that fill no vector register, in another way."""
    config = replace(SHORT, **changes)
    run = begun(kind, config, **options)
    team, target = copy.deepcopy(run.algorithm), copy.deepcopy(run.target)
    optimiser = torch.optim.Adam(team.parameters(), lr=config.learning_rate, fused=True)
    for k in range(30):
        batch = run.buffer.sample(config.batch_size, torch.Generator().manual_seed(k))
        loss = plain_update(team, target, optimiser, batch, config, k + 1)
        assert run.learner.update([batch]) == pytest.approx([loss], rel=1e-9)
    pairs = [*zip(team.parameters(), run.algorithm.parameters()), *zip(target.parameters(), run.target.parameters())]
    assert all(torch.allclose(one, other, rtol=1e-9, atol=1e-11) for one, other in pairs)
    assert any(not torch.equal(one, other) for one, other in zip(team.parameters(), target.parameters()))


@pytest.mark.parametrize("meddle", [
    lambda team: team.zero_grad(set_to_none=True),
    lambda team: [setattr(weights, "grad", torch.ones_like(weights)) for weights in team.parameters()],
    lambda team: team.load_state_dict(copy.deepcopy(team.state_dict()), assign=True),
    lambda team: team.to(torch.float32).to(torch.float64),
    lambda team: [setattr(weights, "data", weights.data.clone()) for weights in team.parameters()],
], ids=["no gradients", "other gradients", "other tensors", "another dtype and back", "other data"])
def test_a_team_that_was_in_other_hands_goes_on_learning(meddle):
    """Whatever somebody does to parameters and gradients between two updates: the weights that they have then are
    trained on."""
    run, other = begun(QMIX, SHORT), begun(QMIX, SHORT)
    for k in range(6):
        batch = run.buffer.sample(32, torch.Generator().manual_seed(k))
        if k == 3:
            meddle(run.algorithm)
            other.algorithm.load_state_dict(run.algorithm.state_dict())
        run.learner.update([batch])
        other.learner.update([batch])
    for one, two in zip(run.algorithm.parameters(), other.algorithm.parameters()):
        assert torch.equal(one, two)
    for one, two in zip(run.target.parameters(), other.target.parameters()):
        assert torch.equal(one, two)


def test_weights_of_several_dtypes_are_refused():
    env = TwoStepGame(num_envs=2)
    team = QMIX.for_env(env)
    team.mixer.float()
    with pytest.raises(ValueError, match="^algorithm: expected weights, all of one dtype, got float32 and float64"):
        Learner([team], [copy.deepcopy(team)], TrainConfig())


# ---- compiled --------------------------------------------------------------------------------------------------------

@pytest.mark.skipif(shutil.which("g++") is None and shutil.which("clang++") is None, reason="no C++ compiler")
def test_compiled_it_is_the_same_up_to_rounding():
    run, compiled = begun(QMIX, SHORT), begun(QMIX, replace(SHORT, compile=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for k in range(5):
            batch = run.buffer.sample(32, torch.Generator().manual_seed(k))
            assert compiled.learner.update([batch]) == pytest.approx(run.learner.update([batch]), rel=1e-9)
    if compiled.learner.compiled is None:
        pytest.skip("the compiler here does not work")
    for one, other in zip(run.algorithm.parameters(), compiled.algorithm.parameters()):
        assert torch.allclose(one, other, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("where", ["at the call", "at the gradient", "when some gradients are there already"])
def test_without_a_compiler_this_is_said_once_and_the_run_is_the_uncompiled_one(monkeypatch, where):
    def broken(function):
        def fails(*inputs):
            if where != "at the call":
                loss = function(*inputs)
                if where != "at the gradient":
                    loss.backward(retain_graph=True)
                loss.register_hook(lambda _: 1 / 0)
                return loss
            raise RuntimeError("backend='inductor' raised:\nInvalidCxxCompiler: No working C++ compiler found: Error "
                               "127\n")
        return fails

    def run(config):
        env = GridWorld(num_envs=8, episode_limit=10)
        team = QMIX.for_env(env, seed=0)
        return team, train(env, team, config)

    plain, _ = run(SHORT)
    monkeypatch.setattr(torch, "compile", broken)
    with pytest.warns(RuntimeWarning, match="^compile: torch.compile does not work here, and the run goes on "
                                            "uncompiled") as said:
        team, history = run(replace(SHORT, compile=True))
    assert len(said) == 1 and history.updates[-1] == 43
    for one, other in zip(plain.parameters(), team.parameters()):
        assert torch.equal(one, other)


def test_a_recurrent_team_is_not_compiled_and_this_is_said(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function: pytest.fail("it was compiled"))
    env = GridWorld(num_envs=2, episode_limit=5)
    config = replace(TrainConfig.of_episodes(), total_steps=40, batch_size=2, learning_starts=10, evaluate_every=40)

    def run(config):
        team = QMIX.for_env(env, seed=0, recurrent=True)
        train(env, team, config)
        return team
    plain = run(config)
    with pytest.warns(RuntimeWarning, match="^compile: it brings nothing to recurrent teams") as said:
        team = run(replace(config, compile=True))
    assert len([each for each in said if "compile" in str(each.message)]) == 1
    assert all(torch.equal(one, other) for one, other in zip(plain.parameters(), team.parameters()))


def test_several_teams_side_by_side_are_not_compiled():
    run = begun(QMIX, SHORT)
    teams = [QMIX.for_env(run.env, seed=seed) for seed in range(2)]
    with pytest.raises(ValueError, match="^compile: expected False"):
        fit_seeds(teams, [run.buffer.sample(2), run.buffer.sample(2)], TrainConfig(compile=True), 1)
