"""Weighted QMIX: the weights on a table, the loss against a loop-written second version, and where gradients go.

Breaking the code on purpose turned these tests red, each of: α on the other side, ≤ for <, ≥ for >, and for or, ū or ū′
over all actions, ū from the target, Q̂*(ū) from the online network, y from the monotone target, ū′ from Q̂*, s for s′,
no no_grad(), weights squared, weights on Q̂*'s loss, division by the sum of the weights or by all entries, one greedy
agent for all, Q̂* on the agents' own networks, a monotone Q̂*.
"""

from copy import deepcopy
from dataclasses import fields, replace

import pytest
import torch
from torch import nn

from qmix_course import exact
from qmix_course.algorithms import CWQMIX, OWQMIX, QMIX
from qmix_course.envs import PAYOFFS, GridWorld, MatrixGame, TeamSpec, TwoStepGame
from qmix_course.mixers import CentralMixer
from qmix_course.replay import Batch
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig, train

SPEC = TeamSpec(n_agents=2, n_actions=3, obs_dim=3, state_dim=4, episode_limit=4)
BOTH = [CWQMIX, OWQMIX]
SIZES = {"hidden": (8,), "embed_dim": 5, "hypernet_dim": 6, "central_dim": 7}
KINDS = [{}, {"double_q": True}, {"td_lambda": 0.6}, {"recurrent": True, "hidden": 8},
         {"recurrent": True, "hidden": 8, "shared": False, "double_q": True, "td_lambda": 0.3}]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def make(algorithm, seed=1, **options):
    options = SIZES | options
    if algorithm is QMIX:
        options.pop("central_dim")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return algorithm(SPEC, **options)


def frozen(algorithm, change=0.3):
    """A target that is not the online network."""
    target = deepcopy(algorithm).requires_grad_(False)
    for parameter in target.parameters():
        parameter += change * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2))
    return target


def random_batch(memory_dim=0, rows=24, length=4):
    """Rows that end in every way, with unavailable actions and padding; actions are available ones."""
    batch = Batch.padding(rows, length, SPEC, memory_dim)
    batch.obs.normal_()
    batch.state.normal_()
    batch.reward.normal_()
    batch.available[:] = torch.rand(batch.available.shape) < 0.6
    batch.available[..., 1] |= ~batch.available.any(-1)
    batch.actions[:] = (batch.available[:, :-1] * torch.rand(batch.available[:, :-1].shape)).argmax(-1)
    batch.last_actions[:, 1:] = batch.actions
    batch.mask[:] = 1.0
    for row in range(rows):
        last = row % length
        batch.terminated[row, last] = row % 2 == 0
        empty = Batch.padding(1, length, SPEC)
        for field in fields(Batch):
            if field.name != "memory":
                of_next = field.name in ("obs", "state", "available", "last_actions")      # these have one entry more
                after = last + 1 + of_next
                getattr(batch, field.name)[row, after:] = getattr(empty, field.name)[0, after:]
    return batch


# ---- the weights
# ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("greedy", [True, False])
# a tie is no underestimate
@pytest.mark.parametrize("q_tot, y, ow", [(1.0, 2.0, 1.0), (3.0, 2.0, 0.25), (2.0, 2.0, 0.25)])
@pytest.mark.parametrize("q_greedy, better", [(1.0, True), (2.0, False), (3.0, False)])               # nor is it better
def test_weights_are_the_definition_in_every_case(q_tot, y, ow, q_greedy, better, greedy):
    """Below, on and above, for Q_tot against y and for Q̂*(ū) against y; u greedy and not. Mutations: <= or > for <."""
    values = [torch.full((2, 3), value) for value in (q_tot, y, greedy, q_greedy)]
    assert torch.equal(make(OWQMIX, alpha=0.25).weights(*values), torch.full((2, 3), ow))
    assert torch.equal(make(CWQMIX, alpha=0.25).weights(*values), torch.full((2, 3), 1.0 if greedy or better else 0.25))


class Table(nn.Module):
    """Agents whose values are written in a table, whatever they see."""

    def __init__(self, q):
        super().__init__()
        self.q = nn.Parameter(torch.tensor(q))

    def forward(self, obs, last_actions=None, memory=None):
        return self.q.expand(*obs.shape[:2], -1, -1), None


class Sum(nn.Module):
    def forward(self, agent_qs, state):
        return agent_qs.sum(-1)


class Product(nn.Module):
    def forward(self, agent_qs, state):
        return agent_qs.prod(-1)


def tables(algorithm, alpha):
    """Online Q_tot = Q_1 + Q_2 with values (1, 2, 3) each; Q̂* = product, worth 10 at ū = (2, 2) in the target, 0
    online."""
    team = make(algorithm, alpha=alpha)
    team.agents, team.mixer = Table([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]), Sum()
    team.central.agents, team.central.mixer = Table([[0.0] * 3, [0.0] * 3]), Product()
    target = deepcopy(team).requires_grad_(False)
    target.agents.q.copy_(torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]))              # the target's ū is (0, 0)
    target.central.agents.q.copy_(torch.tensor([[7.0, 1.0, 2.0], [7.0, 4.0, 5.0]]))      # Q̂* there 49, at (2, 2): 10
    return team, target


CASES = [  # u, reward of a step that ends; CW's and OW's weight; Q̂*(ū) = 10, Q_tot = u1 + u2 + 2
    ((2, 2), 4.0, 1.0, 0.1),        # greedy, overestimated
    ((2, 2), 6.0, 1.0, 0.1),        # greedy, Q_tot right: a tie is no underestimate
    ((2, 2), 8.0, 1.0, 1.0),        # greedy, underestimated
    ((0, 1), 11.0, 1.0, 1.0),       # not greedy, better than Q̂*(ū)
    ((0, 1), 10.0, 0.1, 1.0),       # not greedy, a tie with Q̂*(ū)
    ((0, 1), 2.0, 0.1, 0.1),        # not greedy, worse, overestimated
    ((2, 1), 5.0, 0.1, 0.1),        # only one agent plays its best
    ((0, 0), 1.0, 0.1, 0.1),        # the target's ū, not the online one's
]


@pytest.mark.parametrize("u, reward, cw, ow", CASES)
def test_the_loss_uses_the_weights_of_each_case(u, reward, cw, ow):
    """ū is the online agents', judged by the target's Q̂*. Mutations: target's ū, online Q̂*, ≥ for >, any() for all().
    """
    batch = Batch.padding(1, 1, SPEC)
    batch.mask[:], batch.terminated[:], batch.reward[:] = 1.0, True, reward
    batch.actions[:] = torch.tensor(u)
    for algorithm, weight in ((CWQMIX, cw), (OWQMIX, ow)):
        team, target = tables(algorithm, 0.1)
        expected = weight * (sum(u) + 2 - reward) ** 2 + reward ** 2        # the online Q̂* says 0 everywhere
        torch.testing.assert_close(team.loss(batch, target), torch.tensor(expected))


@pytest.mark.parametrize("double_q", [False, True])
def test_unavailable_actions_are_never_greedy(double_q):
    """Now and next. Mutation: ū or ū′ taken over all actions."""
    batch = Batch.padding(1, 1, SPEC)
    batch.mask[:], batch.actions[:] = 1.0, 1
    batch.available[:, 0, :, 2] = False                # now: ū = (1, 1), which was played; Q_tot 4, Q̂*(ū) = 1 · 4
    batch.available[:, 1, 0, 0] = batch.available[:, 1, 1, 2] = False
    # next: target's values (3, 2, 1): ū′ = (1, 0), worth 1 · 7; the online ones (1, 2, 3): ū′ = (2, 1), worth 2 · 4
    y = 0.99 * (2 * 4 if double_q else 1 * 7)
    for algorithm, weight in ((CWQMIX, 1.0), (OWQMIX, 1.0)):
        team, target = tables(algorithm, 0.1)
        team.double_q = double_q
        torch.testing.assert_close(team.loss(batch, target), torch.tensor(weight * (4 - y) ** 2 + y ** 2))
    batch.reward[:] = -8.0                             # y below both Q_tot and Q̂*(ū): greedy is all that counts now
    for algorithm, weight in ((CWQMIX, 1.0), (OWQMIX, 0.1)):
        team, target = tables(algorithm, 0.1)
        team.double_q = double_q
        torch.testing.assert_close(team.loss(batch, target), torch.tensor(weight * (4 - y + 8) ** 2 + (y - 8) ** 2))


# ---- the whole loss
# ------------------------------------------------------------------------------------------------------

def slow_loss(team, batch, target, central_weight=1.0):
    """The loss again, in loops, one number at a time: every value is asked for on its own, from the row's first step
    on."""
    rows, length = batch.mask.shape
    agents = range(SPEC.n_agents)

    def values(network, row, t):
        """q[N][A] of the observation at time t, by playing the row through from its start."""
        memory = batch.memory[row:row + 1] if network.memory_dim else None
        for step in range(t + 1):
            q, memory = network.act_values(batch.obs[row:row + 1, step], batch.last_actions[row:row + 1, step], memory)
        return q[0]

    def greedy(network, row, t):
        q, free = values(network, row, t).tolist(), batch.available[row, t]
        return [max((a for a in range(SPEC.n_actions) if free[i, a]), key=lambda a: q[i][a]) for i in agents]

    def mixed(network, row, t, u):
        q = values(network, row, t)
        return network.mixer(torch.stack([q[i, u[i]] for i in agents]), batch.state[row, t])

    total, played = 0.0, 0.0
    for row in range(rows):
        y = follows = None
        for t in reversed(range(length)):
            if not batch.mask[row, t]:
                continue
            best = greedy(team if team.double_q else target, row, t + 1)
            ahead = mixed(target.central, row, t + 1, best).detach()
            if follows:
                ahead = (1 - team.td_lambda) * ahead + team.td_lambda * y
            y = batch.reward[row, t] + (0.0 if batch.terminated[row, t] else team.gamma * ahead)
            follows = True
            u, now = batch.actions[row, t].tolist(), greedy(team, row, t)
            q_tot = mixed(team, row, t, u)
            if isinstance(team, CWQMIX):
                full = u == now or y > mixed(target.central, row, t, now)
            else:
                full = bool(q_tot < y)
            total = total + (1.0 if full else team.alpha) * (q_tot - y) ** 2
            total = total + central_weight * (mixed(team.central, row, t, u) - y) ** 2
            played += 1
    return total / played


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", BOTH)
def test_loss_and_gradient_equal_the_slow_version(algorithm, kind):
    """24 rows, padded, with unavailable actions; both weights occur. Mutations: see the top of this file."""
    team = make(algorithm, alpha=0.3, **kind)
    target, batch = frozen(team), random_batch(team.memory_dim)
    fast, slow = team.loss(batch, target), slow_loss(team, batch, target)
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=1e-12)
    parameters = list(team.parameters())
    for one, two in zip(torch.autograd.grad(fast, parameters), torch.autograd.grad(slow, parameters)):
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-12)
    for other in (replace_alpha(team, 1.0), replace_alpha(team, 0.2)):          # α matters, so both weights occur
        assert abs(other.loss(batch, target) - fast) > 1e-4


def replace_alpha(team, alpha):
    other = deepcopy(team)
    other.alpha = alpha
    return other


@pytest.mark.parametrize("algorithm", BOTH)
def test_gradient_by_finite_differences(algorithm):
    team = make(algorithm, alpha=0.3, double_q=True)
    target, batch = frozen(team), random_batch()
    loss = team.loss(batch, target)
    loss.backward()
    for parameter in team.parameters():
        direction = torch.randn(parameter.shape)
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter += sign * 1e-6 * direction
                ends.append(team.loss(batch, target))
                parameter -= sign * 1e-6 * direction
        torch.testing.assert_close((ends[0] - ends[1]) / 2e-6, (parameter.grad * direction).sum(), rtol=1e-5, atol=1e-7)


# ---- α = 1
# -----------------------------------------------------------------------------------------------------------------

def qmix_with(team):
    """QMIX with the agents and the mixer of ``team``."""
    other = make(QMIX, double_q=team.double_q)
    other.load_state_dict({k: v for k, v in team.state_dict().items() if not k.startswith("central.")})
    return other


@pytest.mark.parametrize("algorithm", BOTH)
def test_alpha_one_gives_qmix_gradient_where_every_step_terminates(algorithm):
    """Agents and mixer get QMIX's gradient. Mutation: the sum of the weights as the divisor passes here and fails
    above."""
    team, batch = make(algorithm, alpha=1.0), random_batch()
    batch = replace(batch, terminated=torch.ones_like(batch.terminated))
    qmix, target = qmix_with(team), frozen(team)
    team.loss(batch, target).backward()
    qmix.loss(batch, qmix_with(target)).backward()
    for name, parameter in qmix.named_parameters():
        assert torch.equal(team.get_parameter(name).grad, parameter.grad), name
    part = replace_alpha(team, 0.5)
    part.zero_grad()
    part.loss(batch, target).backward()
    assert not torch.allclose(part.mixer.hyper_b1.weight.grad, qmix.mixer.hyper_b1.weight.grad)       # α = 0.5 does not


@pytest.mark.parametrize("algorithm", BOTH)
@pytest.mark.parametrize("double_q", [False, True])
def test_alpha_one_gives_qmix_loss_for_the_same_targets(algorithm, double_q):
    """Elsewhere: QMIX whose target values come from Q̂*, plus Q̂*'s own loss; and QMIX itself has other targets."""
    team, batch = make(algorithm, alpha=1.0, double_q=double_q), random_batch()
    target, seen = frozen(team), []
    team.targets = lambda rows, value: seen.append(OWQMIX.targets(team, rows, value)) or seen[-1]
    loss = team.loss(batch, target)
    qmix = qmix_with(team)
    own = qmix.loss(batch, qmix_with(target))
    qmix.targets = lambda rows, value: seen[0]
    central = team.central.q_tot(team.central.unroll(batch, 4), batch.actions, batch.state[:, :-1])
    rest = (((central - seen[0]) ** 2) * batch.mask).sum() / batch.mask.sum()
    torch.testing.assert_close(loss, qmix.loss(batch, target) + rest, rtol=1e-12, atol=1e-12)
    assert abs(own - qmix.loss(batch, target)) > 1e-3


# ---- what may not move
# -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", BOTH)
def test_targets_and_weights_are_constants(algorithm, kind):
    """No gradient into the target; Q̂* gets its own squared error's and nothing from the weights. Mutation: no
    no_grad()."""
    team = make(algorithm, alpha=0.3, **kind)
    target, batch = deepcopy(team), random_batch(team.memory_dim)              # a target that could take a gradient
    team.loss(batch, target).backward()
    assert all(parameter.grad is None for parameter in target.parameters())
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in team.parameters())
    scaled = deepcopy(team)
    scaled.zero_grad()
    scaled.alpha = 0.9                                                         # the weights do not concern Q̂*
    scaled.loss(batch, target).backward()
    for one, two in zip(team.central.parameters(), scaled.central.parameters()):
        assert torch.equal(one.grad, two.grad)


def test_the_central_mixer_is_a_network_of_everything_plus_a_network_of_the_state():
    """Layer by layer, one row at a time."""
    mixer, values, state = CentralMixer(2, 3, 4), torch.randn(5, 2), torch.randn(5, 3)
    weights = {name: weight.detach() for name, weight in mixer.named_parameters()}

    def through(name, x, numbers):
        for number in numbers:
            x = weights[f"{name}.{number}.weight"] @ x + weights[f"{name}.{number}.bias"]
            x = x.relu() if number != numbers[-1] else x
        return x

    with torch.no_grad():
        for row, q_tot in enumerate(mixer(values, state)):
            of_all = through("net", torch.cat([values[row], state[row]]), (0, 2, 4, 6))
            of_state = through("state_value", state[row], (0, 2))
            torch.testing.assert_close(q_tot, (of_all + of_state).squeeze(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("algorithm", BOTH)
def test_q_tot_stays_monotone_and_the_central_network_need_not_be(algorithm):
    """Trained on a game that no monotone table fits; 50 random points each. The weights sit on the loss, not in the
    mixer."""
    env = MatrixGame(PAYOFFS["qplex3"], num_envs=8)
    team = algorithm.for_env(env, hidden=(16,), central_dim=16)
    train(env, team, TrainConfig(total_steps=800, batch_size=8, update_every=8, learning_rate=5e-3, epsilon_start=1.0,
                                 epsilon_end=1.0, evaluate_every=800))
    values, state = torch.randn(50, 2, requires_grad=True), torch.randn(50, 1)
    slopes = torch.autograd.grad(team.mixer(values, state).sum(), values)[0]
    assert (slopes >= 0).all() and (slopes > 0).any()
    free = CentralMixer(2, 1, 16)
    slopes = torch.autograd.grad(free(values, state).sum(), values)[0]
    assert (slopes < 0).any() and (slopes > 0).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("algorithm", BOTH)
def test_padding_never_leaks(algorithm, kind):
    """Change everything that was not played: the loss and every gradient stay bit-equal."""
    team = make(algorithm, alpha=0.3, **kind)
    target, batch = frozen(team), random_batch(team.memory_dim)
    dirty = Batch(**{field.name: getattr(batch, field.name).clone() for field in fields(Batch)})
    for row, length in enumerate(batch.mask.sum(1).int().tolist()):
        dirty.obs[row, length + 1:] = 50.0
        dirty.state[row, length + 1:] = -30.0
        dirty.available[row, length + 1:, :, 0] = False
        dirty.last_actions[row, length + 1:] = 1
        dirty.actions[row, length:] = 2
        dirty.reward[row, length:] = 1e6
        dirty.terminated[row, length:] = True
    results = []
    for rows in (batch, dirty):
        team.zero_grad()
        loss = team.loss(rows, target)
        loss.backward()
        results.append([loss] + [parameter.grad.clone() for parameter in team.parameters()])
    assert all(torch.equal(one, two) for one, two in zip(*results))


# ---- as part of the library
# ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("algorithm", BOTH)
def test_central_table_is_the_central_network(algorithm):
    env = MatrixGame(PAYOFFS["climbing"])
    team, model = algorithm.for_env(env, **SIZES), env.model()
    table, q = exact.q_tot(team.central, model), team.central.act_values(model.obs, torch.full((1, 2), -1))[0][0]
    for a in range(3):
        for b in range(3):
            by_hand = team.central.mixer(torch.stack([q[0, a], q[1, b]]), model.state[0])
            torch.testing.assert_close(table[0, a, b], by_hand)


@pytest.mark.parametrize("algorithm", BOTH)
def test_central_network_is_trained_copied_and_never_acts(algorithm):
    env = GridWorld(size=2, num_envs=4)
    team = algorithm.for_env(env, recurrent=True, hidden=8, central_dim=8, embed_dim=4, hypernet_dim=4)
    before = deepcopy(team.state_dict())
    train(env, team, TrainConfig(total_steps=400, batch_size=2, learning_starts=0, capacity=20, evaluate_every=400))
    moved = [name for name, value in team.state_dict().items() if not torch.equal(value, before[name])]
    assert any(name.startswith("central.agents") for name in moved) and any(name.startswith("central.mixer")
                                                                            for name in moved)
    obs, last = torch.randn(3, 2, env.spec.obs_dim), torch.full((3, 2), -1)
    q = team.act_values(obs, last)[0]
    for parameter in team.central.parameters():
        nn.init.zeros_(parameter)
    assert torch.equal(team.act_values(obs, last)[0], q)


@pytest.mark.parametrize("algorithm", BOTH)
def test_many_seeds_side_by_side_are_the_runs_of_train(algorithm):
    """Two seeds with one vectorised update: the tables of ``train``, Q_tot and Q̂*, up to what Adam makes of rounding.
    """
    env, seeds = TwoStepGame(num_envs=4), [0, 1]
    config = TrainConfig(total_steps=400, batch_size=8, learning_starts=8, update_every=8, evaluate_every=400,
                         epsilon_end=1.0)
    alone, together = ([algorithm.for_env(env, seed=seed, **SIZES) for seed in seeds] for _ in range(2))
    for seed, team in zip(seeds, alone):
        train(env.clone(), team, replace(config, seed=seed))
    train_seeds(env, together, config, seeds)
    for one, two in zip(alone, together):
        for first, second in ((one, two), (one.central, two.central)):
            torch.testing.assert_close(exact.q_tot(first, env.model()), exact.q_tot(second, env.model()), rtol=1e-6,
                                       atol=1e-6)


@pytest.mark.parametrize("options, error, message", [
    ({"alpha": 0.0}, ValueError, "alpha"), ({"alpha": 1.5}, ValueError, "alpha"),
    ({"alpha": "low"}, TypeError, "alpha"),
    ({"central_dim": 0}, ValueError, "central_dim"), ({"central_dim": 2.5}, TypeError, "central_dim")])
def test_doors(options, error, message):
    with pytest.raises(error, match=message):
        make(OWQMIX, **options)
