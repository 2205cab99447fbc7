"""MAVEN: the latent's path through an episode, its three losses against slow versions, and a resume."""

import math
from copy import deepcopy
from dataclasses import fields, replace

import pytest
import torch

from qmix_course import exact
from qmix_course.algorithms import MAVEN, QMIX
from qmix_course.collect import Collector
from qmix_course.envs import GridWorld, MatrixGame, MStepGame, TeamSpec
from qmix_course.evaluation import evaluate
from qmix_course.replay import Batch
from qmix_course.training import TrainConfig, train

SPEC = TeamSpec(n_agents=2, n_actions=3, obs_dim=4, state_dim=5, episode_limit=4)
KINDS = {"MLP": {"hidden": (6, 7)}, "GRU": {"recurrent": True, "hidden": 5}}
SMALL = dict(n_latents=3, discriminator_dim=6, embed_dim=4, hypernet_dim=5)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def team_of(kind, **options):
    return MAVEN(SPEC, **SMALL | KINDS[kind] | options)


def episodes(team, rows=6):
    """Random padded episodes of 1 to 4 steps; the latents take turns."""
    batch = Batch.padding(rows, 4, SPEC, team.memory_dim)
    for row in range(rows):
        length = 1 + row % 4
        batch.obs[row, :length + 1].normal_()
        batch.state[row, :length + 1].normal_()
        batch.available[row, :length + 1] = torch.rand(length + 1, 2, 3) < 0.6
        batch.available[row, :length + 1, :, 2] = True
        chances = batch.available[row, :length].double().flatten(0, 1)
        batch.actions[row, :length] = chances.multinomial(1).view(length, 2)
        batch.last_actions[row, 1:length + 1] = batch.actions[row, :length]
        batch.reward[row, :length].normal_()
        batch.mask[row, :length] = 1.0
        batch.terminated[row, length - 1] = row % 2 == 0
    batch.memory.copy_(team.memory_of(torch.arange(rows) % 3))
    return batch


# ---- the latent ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
def test_the_latent_is_fixed_within_an_episode_and_redrawn_at_the_next_for_each_row(kind):
    env = GridWorld(size=2, num_envs=16, episode_limit=5)
    team = MAVEN.for_env(env, **SMALL | KINDS[kind])
    player = Collector(env, team, 0, torch.Generator().manual_seed(0))
    changes = within = 0
    rows = []
    for _ in range(40):
        before = player.memory[..., :3].clone()
        rows.append(player.step(1.0))
        over = player.filled == 0
        z = player.memory[..., :3]
        # one z for the whole team
        assert torch.equal(z[:, 0], z[:, 1]) and torch.equal(z[:, 0].sum(-1), torch.ones(16))
        assert torch.equal(z[~over], before[~over])
        within += int((~over).sum())
        changes += int((z[over] != before[over]).any(-1).any(-1).sum())
    assert within > 200 and changes > 30
    stored = torch.cat([batch.memory for batch in rows])
    assert stored.shape[1:] == (2, team.memory_dim) and (stored[..., 3:] == 0).all()        # a row begins its episode
    assert stored[:, 0, :3].mean(0).min() > 0.05       # all three are played; how often, fresh weights say


def test_the_policy_over_z_is_the_softmax_of_the_predicted_returns():
    """It is what start draws from, and no other distribution has more E[R̂] + temperature · H."""
    team = MAVEN(SPEC, **SMALL, temperature=0.7)
    state = torch.randn(1, 5)
    scores, p = team.returns(state)[0], team.z_policy(state)[0]
    expected = torch.tensor([math.exp(s / 0.7) for s in scores.tolist()])
    torch.testing.assert_close(p, expected / expected.sum(), rtol=0, atol=1e-12)
    others = torch.rand(5000, 3).log().neg()
    others = others / others.sum(1, keepdim=True)

    def objective(p):
        return (p * scores).sum(-1) + 0.7 * torch.special.entr(p).sum(-1)

    assert objective(others).max() < objective(p)
    env = MStepGame(3, num_envs=20_000)
    team = MAVEN.for_env(env, **SMALL)
    with torch.no_grad():
        team.returns[-1].bias.copy_(torch.tensor([0.0, 1.0, -1.0]))
    step = env.reset()
    drawn = team.latent(team.start(step, torch.Generator().manual_seed(0))).mean(0)
    torch.testing.assert_close(drawn, team.z_policy(step.state[:1])[0], rtol=0, atol=0.015)
    # greedy play: the best
    assert torch.equal(team.latent(team.start(step)).argmax(-1), torch.ones(20_000, dtype=torch.int64))


def test_greedy_play_and_enumeration_use_the_best_latent():
    env = MStepGame(3)
    team = MAVEN.for_env(env, seed=4, **SMALL)
    assert len({tuple(exact.q_tot(team.fixed(z), env.model()).flatten().tolist()) for z in range(3)}) == 3
    for best in range(3):
        with torch.no_grad():
            team.returns[-1].bias.copy_(10.0 * torch.eye(3)[best])
        assert torch.equal(exact.q_tot(team, env.model()), exact.q_tot(team.fixed(best), env.model()))
        assert torch.equal(exact.agent_qs(team, env.model()), exact.agent_qs(team.fixed(best), env.model()))
        assert evaluate(env, team).mean_return == evaluate(env, team.fixed(best)).mean_return


# ---- the agents ----------------------------------------------------------------------------------------------------

def test_the_output_layer_is_made_from_z_and_the_agent():
    """By hand: W(z, i) = the hypernetwork's columns for z and for i, plus its bias; no bias of its own."""
    team = team_of("MLP")
    obs, memory = torch.randn(5, 1, 2, 4), team.memory_of(torch.tensor([0, 1, 2, 1, 0]))
    q, after = team.agents(obs, torch.full((5, 1, 2), -1), memory)
    assert torch.equal(after, memory)
    weight, bias = team.agents.hyper.weight, team.agents.hyper.bias
    for row, z in enumerate((0, 1, 2, 1, 0)):
        for agent in range(2):
            h = obs[row, 0, agent]
            for layer in team.agents.body.layers:
                h = (h @ layer.weight[agent] + layer.bias[agent, 0]).relu()
            made = (weight[:, z] + weight[:, 3 + agent] + bias).view(3, 7)
            torch.testing.assert_close(q[row, 0, agent], made @ h, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_an_agent_sees_its_own_observation_and_the_shared_z_only(kind):
    team = team_of(kind)
    obs, last = torch.randn(4, 3, 2, 4), torch.randint(0, 3, (4, 3, 2))
    memory = team.memory_of(torch.tensor([0, 1, 2, 0]))
    q, _ = team.agents(obs, last, memory)
    other_obs, other_last = obs.clone(), last.clone()
    other_obs[:, :, 1], other_last[:, :, 1] = torch.randn(4, 3, 4), (last[:, :, 1] + 1) % 3
    moved = team.agents(other_obs, other_last, memory)[0]
    assert torch.equal(moved[:, :, 0], q[:, :, 0]) and (moved[:, :, 1] != q[:, :, 1]).any()
    with pytest.raises(ValueError, match="memory"):
        team.agents(obs, last, None)


def test_a_recurrent_team_carries_its_memory_beside_z():
    """Step by step it says what it says in one pass."""
    team = team_of("GRU")
    obs, last = torch.randn(2, 3, 2, 4), torch.randint(0, 3, (2, 3, 2))
    memory = team.memory_of(torch.tensor([2, 0]))
    assert memory.shape[-1] == 3 + 5
    whole = team.agents(obs, last, memory)[0]
    for t in range(3):
        q, memory = team.act_values(obs[:, t], last[:, t], memory)
        torch.testing.assert_close(q, whole[:, t], rtol=0, atol=1e-12)
        assert torch.equal(memory[..., :3], team.memory_of(torch.tensor([2, 0]))[..., :3])


# ---- the losses ----------------------------------------------------------------------------------------------------

def slow_loss(team, target, batch, gamma=0.9):
    """One row, one step, one agent at a time."""
    td, right, weight, fit = [], [], torch.zeros(3), []
    for row in range(len(batch.obs)):
        memory, z = batch.memory[[row]], int(batch.memory[row, 0, :3].argmax())
        length = int(batch.mask[row].sum())
        online = team.agents(batch.obs[[row], :length], batch.last_actions[[row], :length], memory)[0][0]
        ahead = target.agents(batch.obs[[row], :length + 1], batch.last_actions[[row], :length + 1], memory)[0][0]
        one_hot = torch.eye(3)[z]
        for t in range(length):
            own = torch.stack([online[t, i, batch.actions[row, t, i]] for i in range(2)])
            q_tot = team.mixer(own, torch.cat([batch.state[row, t], one_hot]))
            best = torch.stack([max(ahead[t + 1, i, a] for a in range(3) if batch.available[row, t + 1, i, a])
                                for i in range(2)])
            y = batch.reward[row, t]
            if not batch.terminated[row, t]:
                y = y + gamma * target.mixer(best, torch.cat([batch.state[row, t + 1], one_hot])).detach()
            td.append((q_tot - y) ** 2)
            behaviour = torch.zeros(6)
            for i in range(2):
                allowed = [a for a in range(3) if batch.available[row, t, i, a]]
                behaviour[[3 * i + a for a in allowed]] = torch.stack([online[t, i, a] for a in allowed]).softmax(0)
            right.append(team.discriminator(torch.cat([behaviour, batch.state[row, t]])).log_softmax(0)[z])
            weight[z] += 1
        fit.append((team.returns(batch.state[row, 0])[z] - sum(batch.reward[row, :length])) ** 2)
    p = weight / weight.sum()
    bound = sum(right) / len(right) - sum(x * math.log(x) for x in p.tolist() if x > 0)
    return sum(td) / len(td), bound, sum(fit) / len(fit)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mi_weight", [0.0, 0.7])
def test_the_loss_against_a_slow_version(kind, mi_weight):
    team = team_of(kind, gamma=0.9, mi_weight=mi_weight)
    target = deepcopy(team)
    for weights in target.parameters():
        weights.data += 0.1 * torch.randn_like(weights)
    batch = episodes(team)
    td, bound, fit = slow_loss(team, target, batch)
    torch.testing.assert_close(team.bound(team.online_qs(batch), batch), bound, rtol=0, atol=1e-12)
    torch.testing.assert_close(team.return_loss(batch), fit, rtol=0, atol=1e-12)
    loss = team.loss(batch, target)
    torch.testing.assert_close(loss, td - mi_weight * bound + fit, rtol=0, atol=1e-12)
    assert bound < math.log(3)
    parameters = list(team.parameters())
    by_loss = torch.autograd.grad(loss, parameters, allow_unused=True)
    by_hand = torch.autograd.grad(td - mi_weight * bound + fit, parameters, allow_unused=True)
    for mine, other in zip(by_loss, by_hand, strict=True):
        zero = torch.zeros(())
        torch.testing.assert_close(zero if mine is None else mine.sum(), zero if other is None else other.sum(), rtol=0,
                                   atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_never_leaks(kind):
    """Rubbish in every padded entry: loss and gradients stay bit-equal."""
    team = team_of(kind)
    target, batch = deepcopy(team), episodes(team)
    loss = team.loss(batch, target)
    gradients = torch.autograd.grad(loss, list(team.parameters()))
    dirty = Batch(**{field.name: getattr(batch, field.name).clone() for field in fields(Batch)})
    for row in range(len(batch.obs)):
        length = int(batch.mask[row].sum())
        for name in ("obs", "state"):
            getattr(dirty, name)[row, length + 1:].normal_(std=50)
        dirty.reward[row, length:].normal_(std=50)
        dirty.actions[row, length:] = 1
        dirty.last_actions[row, length + 1:] = 2
        dirty.terminated[row, length:] = True
        dirty.available[row, length + 1:, :, 0] = False
    again = team.loss(dirty, target)
    assert torch.equal(loss, again)
    for a, b in zip(gradients, torch.autograd.grad(again, list(team.parameters())), strict=True):
        assert torch.equal(a, b)


def test_the_bound_rises_when_behaviours_are_made_to_differ():
    """Output layers that tell z apart, against output layers that ignore it; the discriminator learns either way."""
    reached = {}
    for differ in (0.0, 0.2, 2.0):
        team = MAVEN(SPEC, **SMALL, hidden=(6,))
        with torch.no_grad():
            team.agents.hyper.weight[:, :3] = 0.0
            for z in range(3):
                team.agents.hyper.weight[6 * z:6 * z + 6, z] = differ           # z prefers action z
        batch = episodes(team, rows=12)
        batch.available[:] = True
        batch.state.zero_(), batch.obs.zero_()                                  # nothing to go by but what z does
        q = team.online_qs(batch).detach()
        optimiser = torch.optim.Adam(team.discriminator.parameters(), lr=0.02)
        for _ in range(100):
            loss = -team.bound(q, batch)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        reached[differ] = -loss.item()
    assert abs(reached[0.0]) < 0.02                                             # nothing to tell them apart by
    assert reached[0.0] + 0.05 < reached[0.2] and reached[0.2] + 0.2 < reached[2.0] < math.log(3)


def test_agents_and_discriminator_both_raise_the_bound():
    """A small step along either one's gradient alone."""
    team = team_of("MLP")
    batch = episodes(team)

    def bound():
        return team.bound(team.online_qs(batch), batch)

    for part in (team.discriminator, team.agents):
        before = bound()
        weights = list(part.parameters())
        for weight, slope in zip(weights, torch.autograd.grad(before, weights)):
            weight.data += 1e-3 * slope
        assert bound() > before


def test_with_one_latent_it_is_qmix():
    """Z = 1: the bound is exactly 0 with no gradient, and the values are learned by QMIX's loss."""
    team = MAVEN(SPEC, **SMALL | {"n_latents": 1}, hidden=(6,))
    batch = episodes(team_of("MLP"))
    batch = replace(batch, memory=torch.ones(6, 2, 1))
    q = team.online_qs(batch)
    assert team.bound(q, batch) == 0.0
    z = torch.ones(6, 5, 1)
    same = replace(batch, state=torch.cat([batch.state, z], -1))
    qmix = QMIX(replace(SPEC, state_dim=6), embed_dim=4, hypernet_dim=5)
    qmix.mixer.load_state_dict(team.mixer.state_dict())
    qmix.agents, qmix.memory_dim = team.agents, 1
    expected = qmix.loss(same, deepcopy(qmix)) + team.return_loss(batch)
    torch.testing.assert_close(team.loss(batch, deepcopy(team)), expected, rtol=0, atol=1e-12)


# ---- doors and resume ----------------------------------------------------------------------------------------------

def test_what_is_refused():
    team = team_of("MLP")
    for z in (3, -1, 1.0):
        with pytest.raises((TypeError, ValueError), match="z"):
            team.fixed(z)
    with pytest.raises(TypeError, match="fixed"):
        team.q_tot(torch.zeros(1, 2, 3), torch.zeros(1, 2, dtype=torch.int64), torch.zeros(1, 5))
    for option in ({"n_latents": 0}, {"mi_weight": -1.0}, {"temperature": 0.0}):
        with pytest.raises(ValueError, match=next(iter(option))):
            MAVEN(SPEC, **option)


@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_ends_in_the_same_bits(kind, tmp_path):
    config = TrainConfig(total_steps=320, learning_starts=40, batch_size=8, capacity=64, evaluate_every=80)

    def start():
        env = MStepGame(3, num_envs=8)
        return env, MAVEN.for_env(env, seed=2, **SMALL | KINDS[kind])

    env, whole = start()
    through = train(env, whole, config)
    steps = iter(range(1000))
    env, team = start()
    train(env, team, config, checkpoint=tmp_path / "run.pt", stop=lambda: next(steps) == 22)
    env, team = start()
    resumed = train(env, team, config, checkpoint=tmp_path / "run.pt", resume=True)
    assert resumed.loss == through.loss and resumed.exploring_return == through.exploring_return
    assert all(torch.equal(a, b) for a, b in zip(team.state_dict().values(), whole.state_dict().values(), strict=True))


def test_it_solves_an_easy_game():
    """Two seeds of a one-shot game: greedy play takes the best payoff."""
    for seed in range(2):
        env = MatrixGame([[1, 2], [2, 4]], num_envs=16)
        team = MAVEN.for_env(env, seed=seed, hidden=(16,), **SMALL)
        config = TrainConfig(seed=seed, total_steps=1_600, batch_size=32, epsilon_end=1.0, evaluate_every=1_600)
        assert train(env, team, config).greedy_return[-1] == 4
