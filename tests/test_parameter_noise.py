"""Parameter noise: its target, its draws, what it never touches, and an exact resume."""

import math
from dataclasses import replace

import pytest
import torch
from torch.func import functional_call

from qmix_course.algorithms import MAVEN, QMIX
from qmix_course.collect import Collector
from qmix_course.envs import GridWorld, MStepGame
from qmix_course.evaluation import evaluate
from qmix_course.exploration import ParameterNoise, divergence, target_divergence
from qmix_course.training import Run, TrainConfig, train


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_target_is_the_divergence_of_epsilon_greedy_from_greedy():
    for n_actions in (2, 3, 5):
        for epsilon in (0.0, 0.1, 0.5, 1.0):
            play = torch.full((n_actions,), epsilon / n_actions)
            play[1] += 1 - epsilon
            greedy = torch.eye(n_actions)[1]
            expected = sum(g * math.log(g / p) for g, p in zip(greedy.tolist(), play.tolist()) if g > 0)
            assert target_divergence(epsilon, n_actions) == pytest.approx(expected, abs=1e-15)
    with pytest.raises(ValueError, match="epsilon"):
        target_divergence(1.5, 2)


@pytest.mark.parametrize("part", [torch.nn.Dropout(0.5), torch.nn.utils.parametrizations.spectral_norm(
    torch.nn.Linear(16, 16))])
def test_agents_that_cannot_be_asked_row_by_row_are_named(part):
    env = GridWorld(num_envs=4)
    team = QMIX.for_env(env, hidden=(16,))

    class Own(type(team.agents)):
        def forward(self, obs, last_actions=None, memory=None):
            q, memory = super().forward(obs, last_actions, memory)
            return part(q.new_ones(16)).sum() + q, memory

    team.agents.__class__ = Own
    if not isinstance(part, torch.nn.Dropout):
        team.agents.part = part
    noise = ParameterNoise(team.agents, 4, generator())
    with pytest.raises(ValueError, match="parameter_noise: Own cannot be vectorised over rows .*RuntimeError"):
        noise.act_values(env.reset(seed=0).obs, torch.full((4, 2), -1))


def test_the_divergence_by_hand_and_with_an_unavailable_action():
    q, noisy = torch.randn(4, 3), torch.randn(4, 3)
    everything = torch.ones(4, 3, dtype=torch.bool)
    p, r = q.softmax(-1), noisy.softmax(-1)
    torch.testing.assert_close(divergence(q, noisy, everything), (p * (p / r).log()).sum(-1), rtol=0, atol=1e-12)
    two = everything.clone()
    two[:, 1] = False
    torch.testing.assert_close(divergence(q, noisy, two), divergence(q[:, [0, 2]], noisy[:, [0, 2]], everything[:, :2]))


@pytest.mark.parametrize("epsilon", [0.1, 0.4, 0.9])
def test_it_reaches_its_target_divergence(epsilon):
    """A fixed team, one observation a row: σ settles where the mean divergence is δ(ε), from far below and far above.
    """
    team = QMIX.for_env(GridWorld(), seed=1, hidden=(16,))
    obs, last = torch.rand(64, 2, 6), torch.full((64, 2), -1)
    q, everything = team.act_values(obs, last)[0], torch.ones(64, 2, 4, dtype=torch.bool)
    for sigma in (0.02, 5.0):
        noise = ParameterNoise(team.agents, 64, generator(), sigma=sigma)
        for _ in range(500):
            noise.act(q, everything, epsilon, obs, last, None)
        reached = divergence(q, noise.act_values(obs, last)[0], everything).mean().item()
        assert reached == pytest.approx(target_divergence(epsilon, 4), rel=0.05)


TEAMS = {"MLP": (QMIX, {}), "GRU, shared": (QMIX, {"recurrent": True, "hidden": 8}),
         "GRU, one each": (QMIX, {"recurrent": True, "hidden": 8, "shared": False}), "MAVEN": (MAVEN, {"n_latents": 3}),
         "MAVEN, GRU": (MAVEN, {"n_latents": 3, "recurrent": True, "hidden": 8})}


@pytest.mark.parametrize("kind, options", TEAMS.values(), ids=TEAMS)
def test_each_row_plays_by_its_own_weights(kind, options):
    """Against a loop over rows; and a row's values do not depend on the other rows' noise."""
    env = MStepGame(4, num_envs=3)
    team = kind.for_env(env, **options)
    noise = ParameterNoise(team.agents, 3, generator(), sigma=0.3)
    obs, last = torch.rand(3, 2, 6), torch.randint(0, 2, (3, 2))
    memory = torch.rand(3, 2, team.memory_dim) if team.memory_dim else None
    q, after = noise.act_values(obs, last, memory)
    for row in range(3):
        weights = {name: w + 0.3 * noise.noise[name][row] for name, w in team.agents.named_parameters()}
        alone = None if memory is None else memory[[row]]
        expected, carried = functional_call(team.agents, weights, (obs[[row], None], last[[row], None], alone))
        torch.testing.assert_close(q[row], expected[0, 0], rtol=0, atol=1e-12)
        if memory is not None:
            torch.testing.assert_close(after[row], carried[0], rtol=0, atol=1e-12)
    noise.redraw(torch.tensor([False, True, False]))
    again = noise.act_values(obs, last, memory)[0]
    assert torch.equal(again[[0, 2]], q[[0, 2]]) and (again[1] != q[1]).all()


def test_the_weights_are_never_changed_and_get_no_gradient():
    team = QMIX.for_env(GridWorld())
    before = {name: w.clone() for name, w in team.named_parameters()}
    noise = ParameterNoise(team.agents, 4, generator())
    q, _ = noise.act_values(torch.rand(4, 2, 6), torch.full((4, 2), -1))
    assert not q.requires_grad
    assert all(torch.equal(w, before[name]) for name, w in team.named_parameters())


def test_noise_is_redrawn_where_an_episode_ended_and_nowhere_else():
    env = GridWorld(size=2, num_envs=16, episode_limit=5)
    player = Collector(env, QMIX.for_env(env), 0, generator(), parameter_noise=True)
    ended, fresh = 0, 0
    for _ in range(30):
        before = {name: noise.clone() for name, noise in player.noise.noise.items()}
        player.step(0.5)
        over = player.returns == 0        # no return of a team that still plays is 0 here
        for name, noise in player.noise.noise.items():
            same = (noise == before[name]).flatten(1)
            assert same[~over].all() and not same[over].any()
        ended, fresh = ended + int(over.sum()), fresh + int((~over).sum())
    assert ended == player.episodes > 20 and fresh > 20
    assert len({tuple(row.flatten().tolist()) for row in noise}) == 16      # no two rows share a draw


def test_evaluation_is_not_perturbed():
    env = MStepGame(4, num_envs=8)
    team = QMIX.for_env(env, seed=3)
    looks = []
    config = TrainConfig(total_steps=400, learning_starts=10_000, epsilon_end=1.0, parameter_noise=True,
                         evaluate_every=8)
    with pytest.warns(UserWarning, match="train: "):
        history = train(env, team, config, on_evaluation=lambda run: looks.append(run.collector.noise.sigma))
    assert looks[-1] > looks[0]                                             # much noise, no learning, one greedy return
    assert set(history.greedy_return) == {evaluate(MStepGame(4), QMIX.for_env(env, seed=3)).mean_return}
    assert len(set(history.exploring_return)) > 3


def test_a_resumed_run_ends_in_the_same_bits(tmp_path):
    config = TrainConfig(total_steps=640, learning_starts=64, batch_size=16, evaluate_every=160, parameter_noise=True)

    def start():
        env = GridWorld(size=3, num_envs=8, episode_limit=10)
        return env, QMIX.for_env(env, seed=2)

    env, whole = start()
    through = train(env, whole, config)
    file = tmp_path / "run.pt"
    env, team = start()
    train(env, team, config, checkpoint=file, stop=lambda: env_steps(team))
    env, team = start()
    resumed = train(env, team, config, checkpoint=file, resume=True)
    assert resumed.loss[1:] == through.loss[1:] and resumed.exploring_return == through.exploring_return
    assert all(torch.equal(a, b) for a, b in zip(team.parameters(), whole.parameters()))


def env_steps(team, calls={}):
    """Stop after the 37th step."""
    calls[id(team)] = calls.get(id(team), 0) + 1
    return calls[id(team)] == 37


def test_without_it_a_run_draws_what_it_always_drew():
    """The same generator, the same numbers: parameter noise off costs no draw."""
    env = GridWorld(size=3, num_envs=4)
    runs = [Run(env.clone(), QMIX.for_env(env), replace(TrainConfig(), parameter_noise=on)) for on in (False, True)]
    assert runs[0].collector.noise is None and runs[1].collector.noise is not None
    untouched = Collector(env.clone(), QMIX.for_env(env), 0, torch.Generator().manual_seed(0))
    assert torch.equal(runs[0].generator.get_state(), untouched.generator.get_state())
    with pytest.raises(TypeError, match="parameter_noise"):
        TrainConfig(parameter_noise=1)
