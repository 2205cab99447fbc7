"""QPLEX: IGM by enumeration, a loop-written second version, where gradients go, and tables no monotone mixer can make.

TorchRL (0.14) has no QPLEX, so the second version here is the only other one. Breaking the code on purpose turned these
tests red; the mutation stands with the test that sees it. Random networks come from fixed seeds; the number of them is
in each test.
"""

import itertools
import math
from copy import deepcopy
from dataclasses import fields, replace

import pytest
import torch
from torch import nn

from qmix_course import exact
from qmix_course.algorithms import QPLEX
from qmix_course.envs import PAYOFFS, GridWorld, MatrixGame, TeamSpec, TwoStepGame
from qmix_course.mixers import DuplexMixer
from qmix_course.replay import Batch
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig, train

SPEC = TeamSpec(n_agents=2, n_actions=3, obs_dim=3, state_dim=4, episode_limit=4)
SIZES = {"heads": 3, "hypernet_dim": 5, "head_hidden": (6,)}
KINDS = [{"hidden": (8,)}, {"hidden": (8,), "double_q": True}, {"hidden": (8,), "td_lambda": 0.6},
         {"recurrent": True, "hidden": 8},
         {"recurrent": True, "hidden": 8, "shared": False, "double_q": True, "td_lambda": 0.3}]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


class Echo(nn.Module):
    """Agents whose values are what they observe, times ``scale``: so a test writes Q straight into the batch."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, obs, last_actions=None, memory=None):
        return self.scale * obs, None


def make(seed=1, **options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return QPLEX(SPEC, **(SIZES | options))


def wild(module, scale):
    """Weights far from their start: normal with standard deviation ``scale``."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0.0, scale)
    return module


def frozen(algorithm, change=0.3):
    """A target that is not the online network."""
    target = deepcopy(algorithm).requires_grad_(False)
    for parameter in target.parameters():
        parameter += change * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2))
    return target


def random_batch(memory_dim=0, rows=12, length=4):
    """Rows that end in every way, with unavailable actions and padding; the actions played are available ones."""
    batch = Batch.padding(rows, length, SPEC, memory_dim)
    for part in (batch.obs, batch.state, batch.reward, batch.memory):
        part.normal_()
    batch.available[:] = torch.rand(batch.available.shape) < 0.6
    batch.available[..., 1] |= ~batch.available.any(-1)
    batch.actions[:] = (batch.available[:, :-1] * torch.rand(batch.available[:, :-1].shape)).argmax(-1)
    batch.last_actions[:, 1:] = batch.actions
    batch.mask[:] = 1.0
    empty = Batch.padding(1, length, SPEC, memory_dim)
    for row in range(rows):
        last = row % length
        batch.terminated[row, last] = row % 2 == 0
        for field in fields(Batch):
            if field.name != "memory":
                of_next = field.name in ("obs", "state", "available", "last_actions")      # these have one entry more
                after = last + 1 + of_next
                getattr(batch, field.name)[row, after:] = getattr(empty, field.name)[0, after:]
    return batch


# ---- what must hold whatever the weights are
# ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_agents, n_actions", [(1, 4), (2, 2), (2, 5), (3, 4), (4, 3)])
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_igm_by_enumeration(n_agents, n_actions, scale):
    """Of all available joint actions, the agents' own best ones are worth the most (10 networks × 40 states each).

    Mutations: a λ or a w that may be negative; the maximum over all actions, available or not; A taken before w and b.
    """
    team = QPLEX(TeamSpec(n_agents, n_actions, 3, 4, 1), hidden=(4,), **SIZES)
    for _ in range(10):
        wild(team.mixer, scale)
        q, state = 4 * torch.randn(40, n_agents, n_actions), torch.randn(40, 4)
        available = torch.rand(q.shape) < 0.7
        available[..., 0] |= ~available.any(-1)
        own = q.masked_fill(~available, -torch.inf).argmax(-1)
        at_own = team.q_tot(q, own, state, available)
        best = torch.full((40,), -torch.inf)
        for u in itertools.product(range(n_actions), repeat=n_agents):
            u = torch.tensor(u).expand(40, -1)
            may = available.gather(-1, u.unsqueeze(-1)).all(1).squeeze(-1)
            best = torch.where(may, torch.maximum(best, team.q_tot(q, u, state, available)), best)
        assert (at_own >= best).all()


@pytest.mark.parametrize("sign_of", ["importance", "w"])
def test_a_negative_weight_breaks_igm(sign_of):
    """The test above can fail: with raw hypernetwork outputs for λ or for w, own best actions are often not the best.
    """
    class Signed(DuplexMixer):
        def positive(self, weights):
            return weights if (weights.shape[0] == 500) == (sign_of == "w") else super().positive(weights)

        def importance(self, state, actions):
            shape = super().importance(state, actions)
            return shape if sign_of == "w" else shape - shape.mean()

    mixer = wild(Signed(2, 4, 3, **SIZES), 1.0)
    q, state = torch.randn(500, 2, 3), torch.randn(500, 4)
    tables = torch.stack([mixer(q[:, range(2), list(u)], state, q.amax(-1), torch.tensor(u).expand(500, -1))
                          for u in itertools.product(range(3), repeat=2)], 1)
    own = (3 * q[:, 0].argmax(-1) + q[:, 1].argmax(-1)).unsqueeze(1)
    assert (tables.gather(1, own).squeeze(1) < tables.amax(1) - 1e-9).double().mean() > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0, 1e4])
def test_w_and_lambda_are_above_zero(scale, dtype):
    """Also where a sigmoid underflows to 0. Mutation: TINY on the keys alone, as in the authors' code."""
    mixer = wild(DuplexMixer(3, 4, 5, **SIZES), scale).to(dtype)
    state, actions = 5 * torch.randn(400, 4, dtype=dtype), torch.randint(5, (400, 3))
    weights = mixer.positive(mixer.hyper_w(state)), mixer.importance(state, actions)
    assert all((each > 0).all() and each.isfinite().all() for each in weights)
    if scale == 1e4:
        assert (weights[1] == mixer.TINY).any()             # the underflow does occur here


def test_at_the_own_best_actions_only_the_values_are_left():
    """A_i = 0 there, whatever λ is, and below zero elsewhere: Q_tot = Σ (w_i max Q_i + b_i)."""
    mixer = wild(DuplexMixer(3, 4, 5, **SIZES), 2.0)
    q, state = torch.randn(200, 3, 5), torch.randn(200, 4)
    best, own = q.max(-1)
    value = (mixer.positive(mixer.hyper_w(state)) * best + mixer.hyper_b(state)).sum(1)
    torch.testing.assert_close(mixer(best, state, best, own), value, rtol=0, atol=1e-12)


def test_lambda_may_depend_on_everybodys_action_and_on_the_state():
    mixer = wild(DuplexMixer(2, 4, 3, **SIZES), 1.0)
    state, actions = torch.randn(50, 4), torch.randint(3, (50, 2))
    base = mixer.importance(state, actions)
    for other in ((mixer.importance(state, (actions + torch.tensor(shift)) % 3)) for shift in ([1, 0], [0, 1])):
        assert ((other - base).abs() > 1e-6).double().mean() > 0.9          # both agents' λ, whoever moved
    assert ((mixer.importance(state + 1, actions) - base).abs() > 1e-6).double().mean() > 0.9


# ---- the second, slow version
# ------------------------------------------------------------------------------------------


def slow_linear(layers, x):
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            x = [max(0.0, each) for each in x]
        else:
            weight, bias = layer.weight.tolist(), layer.bias.tolist()
            x = [bias[o] + sum(weight[o][i] * x[i] for i in range(len(x))) for o in range(len(bias))]
    return x


def slow_mix(mixer, agent_qs, state, best_qs, actions):
    """One joint action, in plain Python."""
    n, n_actions, heads = mixer.n_agents, mixer.n_actions, mixer.heads
    w = [abs(x) + 1e-10 for x in slow_linear(mixer.hyper_w, state)]
    b = slow_linear(mixer.hyper_b, state)
    data = state + [float(actions[i] == a) for i in range(n) for a in range(n_actions)]
    key, agent = slow_linear(mixer.head_key, state), slow_linear(mixer.head_agent, state)
    action = slow_linear(mixer.head_action, data)
    total = 0.0
    for i in range(n):
        weight = 1e-10
        for h in range(heads):
            weight += abs(key[h]) / (1 + math.exp(-agent[h * n + i])) / (1 + math.exp(-action[h * n + i]))
        own, best = w[i] * agent_qs[i] + b[i], w[i] * best_qs[i] + b[i]
        total += best + weight * (own - best)               # V + Σ λ A: the same as Σ Q + Σ (λ − 1) A
    return total


def slow_team(team, q, available, state, actions):
    n, n_actions = team.spec.n_agents, team.spec.n_actions
    own = [q[i][actions[i]] for i in range(n)]
    best = [max(q[i][a] for a in range(n_actions) if available[i][a]) for i in range(n)]
    return slow_mix(team.mixer, own, state, best, actions)


def slow_loss(team, target, batch):
    """Row by row, step by step, from the networks' values; γ, double-Q and TD(λ) as in the papers."""
    with torch.no_grad():
        online = team.unroll(batch, batch.obs.shape[1]).tolist()
        frozen_q = target.unroll(batch, batch.obs.shape[1]).tolist()
    n, n_actions = team.spec.n_agents, team.spec.n_actions
    available, state, mask = batch.available.tolist(), batch.state.tolist(), batch.mask.tolist()
    total, count = 0.0, 0.0
    for row in range(len(online)):
        after = None                                        # y of the step after this one, if that was played
        for t in reversed([t for t in range(len(mask[row])) if mask[row][t]]):
            judge = (online if team.double_q else frozen_q)[row][t + 1]
            best = [max((a for a in range(n_actions) if available[row][t + 1][i][a]), key=lambda a: judge[i][a])
                    for i in range(n)]
            ahead = slow_team(target, frozen_q[row][t + 1], available[row][t + 1], state[row][t + 1], best)
            if after is not None:
                ahead = (1 - team.td_lambda) * ahead + team.td_lambda * after
            y = float(batch.reward[row, t]) + (0.0 if batch.terminated[row, t] else team.gamma * ahead)
            played = batch.actions[row, t].tolist()
            total += (slow_team(team, online[row][t], available[row][t], state[row][t], played) - y) ** 2
            count, after = count + 1, y
    return total / count


@pytest.mark.parametrize("sizes", [SIZES, {"heads": 4, "hypernet_dim": 0, "head_hidden": ()},
                                   {"heads": 1, "hypernet_dim": 3, "head_hidden": (4, 5)}])
@pytest.mark.parametrize("n_agents, n_actions", [(2, 3), (3, 2), (1, 4)])
def test_mixer_equals_the_slow_one(sizes, n_agents, n_actions):
    """Mutations: a head left out, softmax over agents for a sigmoid, one-hot actions in another order, λ for λ − 1."""
    mixer = wild(DuplexMixer(n_agents, 4, n_actions, **sizes), 1.0)
    q, state = torch.randn(20, n_agents, n_actions), torch.randn(20, 4)
    actions = torch.randint(n_actions, (20, n_agents))
    own, best = q.gather(-1, actions.unsqueeze(-1)).squeeze(-1), q.amax(-1)
    slow = [slow_mix(mixer, *each) for each in zip(own.tolist(), state.tolist(), best.tolist(), actions.tolist())]
    torch.testing.assert_close(mixer(own, state, best, actions), torch.tensor(slow), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_loss_equals_the_slow_one(kind):
    """Mutations: s for s′, the online mixer for the target's, max over unavailable actions (now or next), the next
    joint action from the other network, no advantage in the double-Q target, no mask."""
    team = make(**kind)
    target, batch = frozen(team), random_batch(team.memory_dim)
    slow = torch.tensor(slow_loss(team, target, batch))
    torch.testing.assert_close(team.loss(batch, target), slow, rtol=1e-12, atol=1e-12)


def test_double_q_target_by_hand():
    """The online agents choose an action that the target does not think best: the target's advantage of it counts."""
    team = make(double_q=True, gamma=0.5)
    team.agents = Echo()
    target = frozen(team, change=0.0)
    target.agents = Echo(-1.0)                              # believes the opposite
    batch = Batch.padding(1, 1, SPEC)
    batch.mask[:] = 1.0
    batch.obs[0, 1] = torch.tensor([[1.0, 2.0, 3.0], [4.0, 6.0, 5.0]])        # online: (2, 1); target's best: (0, 0)
    batch.state[0, 1] = state = torch.randn(4)
    mixer, joint = team.mixer, torch.tensor([2, 1])
    next_value = mixer(torch.tensor([-3.0, -6.0]), state, torch.tensor([-1.0, -4.0]), joint)
    q_tot = mixer(torch.zeros(2), torch.zeros(4), torch.zeros(2), torch.zeros(2, dtype=torch.int64))
    torch.testing.assert_close(team.loss(batch, target), (q_tot - 0.5 * next_value) ** 2, rtol=0, atol=1e-12)


# ---- gradients
# ---------------------------------------------------------------------------------------------------------


def test_gradient_of_the_mixer_is_w_for_the_agents_and_nothing_through_the_best_values():
    """Mutations: no detach; the detach on the first sum; the detach on λ."""
    mixer = wild(DuplexMixer(2, 4, 3, **SIZES), 1.0)
    own, gap, state = torch.randn(50, 2, requires_grad=True), torch.rand(50, 2), torch.randn(50, 4)
    best = (own.detach() + gap).requires_grad_()
    actions = torch.randint(3, (50, 2))
    to_own, to_best = torch.autograd.grad(mixer(own, state, best, actions).sum(), [own, best], allow_unused=True,
                                          materialize_grads=True)
    torch.testing.assert_close(to_own, mixer.positive(mixer.hyper_w(state)).detach(), rtol=0, atol=0)
    assert (to_best == 0).all()
    mixer(own, state, best, actions).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in mixer.parameters())   # w, b and every head of λ


def test_with_equal_values_lambda_learns_nothing():
    """A = 0 for everybody: whatever the payoffs, the gradient of every head is exactly zero. (Why training can stall.)
    """
    mixer = wild(DuplexMixer(2, 4, 3, **SIZES), 1.0)
    same, state = torch.full((9, 2), 1.7), torch.randn(4).expand(9, 4)
    error = mixer(same, state, same, torch.cartesian_prod(torch.arange(3), torch.arange(3))) - torch.randn(9)
    error.square().sum().backward()
    heads = [p.grad for name, p in mixer.named_parameters() if name.startswith("head")]
    assert heads and all((grad == 0).all() for grad in heads)
    assert mixer.hyper_b[-1].bias.grad.abs().min() > 0


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[3]], ids=str)
def test_finite_differences(kind):
    """The gradient is that of the loss with A held where it is; with A free, the agents' finite differences are others.
    """
    team = make(**kind)
    target, batch = frozen(team), random_batch(team.memory_dim)
    team.loss(batch, target).backward()
    kept = []
    real = team.mixer.advantages
    team.mixer.advantages = lambda own, best: kept.append(real(own, best)) or kept[-1]
    team.loss(batch, target)
    team.mixer.advantages = real

    def difference(parameter, place, hold, step=1e-6):
        team.mixer.advantages = (lambda own, best: kept[0]) if hold else real
        losses = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter.view(-1)[place] += sign * step
                losses.append(team.loss(batch, target).item())
                parameter.view(-1)[place] -= sign * step
        return (losses[0] - losses[1]) / (2 * step)

    seen = {True: 0.0, False: 0.0}
    for name, parameter in team.named_parameters():
        place = int(parameter.grad.abs().view(-1).argmax())
        got = parameter.grad.view(-1)[place].item()
        assert abs(got - difference(parameter, place, hold=True)) < 1e-6 * max(1.0, abs(got)), name
        part = name.startswith("agents")
        seen[part] = max(seen[part], abs(got - difference(parameter, place, hold=False)))
    assert seen[True] > 1e-3                                # the detach shows in the agents' weights


# ---- what does not count
# -----------------------------------------------------------------------------------------------


def loss_and_gradient(team, target, batch):
    team.zero_grad()
    loss = team.loss(batch, target)
    loss.backward()
    return [loss.detach(), *(p.grad.clone() for p in team.parameters())]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_padding_never_leaks(kind):
    """Whatever stands in the padding, loss and every gradient stay bit-equal. Mutation: a mean without the mask."""
    team = make(**kind)
    target, batch = frozen(team), random_batch(team.memory_dim)
    before = loss_and_gradient(team, target, batch)
    noisy = {field.name: getattr(batch, field.name).clone() for field in fields(Batch)}
    padded = batch.mask == 0
    after = torch.cat([torch.zeros(len(padded), 1, dtype=torch.bool), padded], 1)        # observations that nobody saw
    assert padded.any() and after.any()
    for name, where in (("reward", padded), ("obs", after), ("state", after)):
        noisy[name][where] = 9.0 * torch.randn(noisy[name][where].shape)
    noisy["actions"][padded], noisy["terminated"][padded] = 2, True
    noisy["last_actions"][after] = 1
    noisy["available"][after] = torch.tensor([False, False, True])
    for a, b in zip(before, loss_and_gradient(team, target, Batch(**noisy))):
        assert torch.equal(a, b)


@pytest.mark.parametrize("double_q", [False, True])
def test_unavailable_actions_never_count(double_q):
    """Values of unavailable actions may be anything, now and next, online and in the target: the loss is bit-equal."""
    team = make(double_q=double_q)
    team.agents = Echo()
    target = frozen(team)
    batch = random_batch()
    tempting = torch.where(batch.available, batch.obs, 1e6)                 # Echo: obs is Q
    assert torch.equal(team.loss(batch, target), team.loss(replace(batch, obs=tempting), target))
    assert not torch.equal(team.loss(batch, target),
                           team.loss(replace(batch, available=torch.ones_like(batch.available)), target))


# ---- what it can make
# --------------------------------------------------------------------------------------------------


def is_monotone(table):
    """Whether some order of the rows and of the columns lets no row and no column fall."""
    orders = list(itertools.permutations(range(len(table))))
    return any((table[list(rows)].diff(dim=0) >= 0).all() and (table[:, list(cols)].diff(dim=1) >= 0).all()
               for rows in orders for cols in orders)


def by_hand(payoff, sharp=60.0):
    """A QPLEX team that makes ``payoff`` without any training: one head a joint action, open for that joint action
    alone.

    Agents' values: 0 for the best joint action's part, −1 otherwise. V is the best payoff, so A_i is 0 or −1, and where
    k of the two agents deviate, λ = (V − payoff) / k for both. A payoff equal to V elsewhere needs λ = 0, which λ > 0
    only comes near.
    """
    game = MatrixGame(payoff)
    table, n_actions = game.payoff, game.spec.n_actions
    team = QPLEX.for_env(game, heads=n_actions**2, hypernet_dim=0, head_hidden=(), hidden=(4,))
    best = divmod(int(table.argmax()), n_actions)
    with torch.no_grad():
        for parameter in team.parameters():
            parameter.zero_()
        team.agents.layers[-1].bias.fill_(-1.0)
        for i in range(2):
            team.agents.layers[-1].bias[i, 0, best[i]] = 0.0
        mixer = team.mixer
        mixer.hyper_w[0].bias.fill_(1.0)
        mixer.hyper_b[0].bias[0] = table.max()
        mixer.head_agent[0].bias.fill_(sharp)                               # sigmoid = 1
        for h, (u1, u2) in enumerate(itertools.product(range(n_actions), repeat=2)):
            away = (u1 != best[0]) + (u2 != best[1])
            mixer.head_key[0].bias[h] = (table.max() - table[u1, u2]) / max(away, 1)
            for i in range(2):
                row = mixer.head_action[0].weight[2 * h + i]
                row[1 + u1] = row[1 + n_actions + u2] = 2 * sharp           # the state's one number comes first
                mixer.head_action[0].bias[2 * h + i] = -3 * sharp    # +60 for this joint action, −60 or less for others
    return game, team


@pytest.mark.parametrize("name, payoff", [("two by two", [[8, 0], [0, 4]]), ("xor", [[0, 1], [1, 0]])]
                         + [(name, PAYOFFS[name]) for name in ("qtran", "qplex1", "qplex3", "climbing")])
def test_tables_that_no_monotone_mixer_can_make(name, payoff):
    """Made exactly, by direct construction. So what QPLEX fails at, it fails at by training, not by representation."""
    game, team = by_hand(payoff)
    assert not is_monotone(game.payoff)
    made = exact.q_tot(team, game.model())[0]
    torch.testing.assert_close(made, game.payoff, rtol=0, atol=1e-7)       # TINY is in w and in λ
    own = tuple(exact.agent_qs(team, game.model())[0].argmax(-1))
    assert game.payoff[own] == game.payoff.max()


def test_a_monotone_table_is_seen():
    assert is_monotone(torch.tensor([[0.0, 1.0], [1.0, 8.0]]))


def test_training_makes_a_table_that_is_not_monotone():
    """[[8, 0], [0, 4]], uniform data, 3 seeds, all of which make it."""
    game = MatrixGame([[8, 0], [0, 4]], num_envs=32)
    teams = [QPLEX.for_env(game, seed=seed, hidden=(32,), head_hidden=(32,)) for seed in range(3)]
    train_seeds(game, teams, TrainConfig(total_steps=16_000, batch_size=32, epsilon_start=1.0, epsilon_end=1.0,
                                         evaluate_every=16_000), range(3))
    for team in teams:
        torch.testing.assert_close(exact.q_tot(team, game.model())[0], game.payoff, rtol=0, atol=0.5)


# ---- the contract
# ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("env", [TwoStepGame(), GridWorld()])
def test_igm_of_whole_teams(env):
    """Every state, every joint action, 3 random teams: exact.q_tot knows how to ask a QPLEX team."""
    model, n_actions = env.model(), env.spec.n_actions
    for seed in range(3):
        team = QPLEX.for_env(env, seed=seed)
        q_tot, own = exact.q_tot(team, model).flatten(1), exact.agent_qs(team, model).argmax(-1)
        at_own = q_tot.gather(1, (n_actions * own[:, 0] + own[:, 1]).unsqueeze(1)).squeeze(1)
        assert (at_own == q_tot.amax(1)).all()


def test_seeds_side_by_side_are_the_runs_of_train():
    """2 seeds, double-Q, 40 updates: vmap changes nothing but rounding."""
    config = TrainConfig(total_steps=1_000, learning_starts=320, batch_size=32, evaluate_every=1_000)
    options = SIZES | {"hidden": (8,), "double_q": True}
    env = TwoStepGame(num_envs=32)
    together = [QPLEX.for_env(env, seed=k, **options) for k in range(2)]
    train_seeds(env, together, config, range(2))
    for k, team in enumerate(together):
        alone = QPLEX.for_env(env, seed=k, **options)
        train(TwoStepGame(num_envs=32), alone, replace(config, seed=k))
        for a, b in zip(alone.parameters(), team.parameters()):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-9)


def test_one_line_says_what_came_and_what_was_expected():
    mixer, q, state = DuplexMixer(2, 4, 3, **SIZES), torch.zeros(5, 2), torch.zeros(5, 4)
    actions = torch.zeros(5, 2, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"best_qs: expected shape \[5, 2\], got .*\(5, 3\)"):
        mixer(q, state, torch.zeros(5, 3), actions)
    with pytest.raises(TypeError, match="actions: expected dtype int64"):
        mixer(q, state, q, q)
    with pytest.raises(ValueError, match=r"state: expected shape \[5, 4\]"):
        mixer(q, state[:4], q, actions)
    with pytest.raises(ValueError, match="actions: expected 0 to 2, got 3 to 3"):
        mixer(q, state, q, actions + 3)
    with pytest.raises(TypeError, match="head_hidden: expected the widths"):
        DuplexMixer(2, 4, 3, head_hidden=64)
    with pytest.raises(ValueError, match="heads: expected at least 1"):
        DuplexMixer(2, 4, 3, heads=0)
