"""QTRAN: its conditions at a hand-made optimum, its losses by hand and by a slow second version, and what is held
fixed.

Each test names the mutations of ``algorithms/qtran.py`` that it was seen to fail under.
"""

from copy import deepcopy
from dataclasses import fields
from itertools import product

import pytest
import torch
from torch import nn

from qmix_course import exact
from qmix_course.algorithms import QTRAN, td_target
from qmix_course.algorithms.base import masked_mean, own_best, td_lambda_target
from qmix_course.algorithms.qtran import switches
from qmix_course.envs import MatrixGame, TeamSpec, TwoStepGame
from qmix_course.replay import Batch
from qmix_course.training import Run, TrainConfig, train

SPEC = TeamSpec(n_agents=3, n_actions=3, obs_dim=4, state_dim=5, episode_limit=4)
PAYOFF = torch.tensor([[8.0, -12, -12], [-12, 0, 0], [-12, 0, 0]], dtype=torch.float64)
BOTH = pytest.mark.parametrize("alternative", [False, True], ids=["base", "alt"])


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


# ---- tables in place of networks
# ---------------------------------------------------------------------------------------

class OwnTable(nn.Module):
    """Agents whose values are table[N, A], whatever they see."""

    memory_dim = 0

    def __init__(self, table):
        super().__init__()
        self.table = nn.Parameter(torch.tensor(table))

    def forward(self, obs, last_actions=None, memory=None):
        return self.table.expand(*obs.shape[:2], -1, -1), None


class JointTable(nn.Module):
    """A joint network that reads its value for two agents' actions off table[A, A]."""

    def __init__(self, table):
        super().__init__()
        self.table = nn.Parameter(torch.as_tensor(table).clone())

    def forward(self, x):
        n = len(self.table)
        first, second = x[..., -2 * n:-n], x[..., -n:]
        return torch.einsum("...a,...b,ab->...", first, second, self.table).unsqueeze(-1)


class Constant(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(float(value)))

    def forward(self, state):
        return self.value.expand(*state.shape[:-1], 1)


def tabular(own, joint, v, **options):
    """A team of two in a one-shot game whose Q_1 and Q_2, Q_jt and V_jt are the given numbers."""
    team = QTRAN.for_env(MatrixGame(PAYOFF), **options)
    team.agents, team.q_jt, team.v_jt = OwnTable(own), JointTable(joint), Constant(v)
    return team


def every_joint_action(payoff=PAYOFF, spec=None):
    """Each joint action of a one-shot game once."""
    batch = Batch.padding(payoff.numel(), 1, spec or MatrixGame(payoff).spec)
    batch.obs[:, 0], batch.state[:, 0], batch.mask[:], batch.terminated[:] = 1.0, 1.0, 1.0, True
    batch.actions[:, 0] = torch.cartesian_prod(*[torch.arange(len(payoff))] * 2)
    batch.reward[:, 0] = payoff.flatten()
    return batch


def three(team, batch=None):
    batch = every_joint_action() if batch is None else batch
    return [loss.item() for loss in team.losses(batch, deepcopy(team))]


# Q′ + V = [[8, 4, 4], [4, 0, 0], [4, 0, 0]]: on PAYOFF or above it
OWN, V = [[3.5, -0.5, -0.5], [2.0, -2.0, -2.0]], 2.5


@BOTH
def test_no_loss_where_both_conditions_hold(alternative):
    assert three(tabular(OWN, PAYOFF, V, alternative=alternative)) == pytest.approx([0, 0, 0], abs=1e-24)


def changed(own=(), joint=(), v=0.0):
    table, q_jt = torch.tensor(OWN), PAYOFF.clone()
    for (i, a), change in own:
        table[i, a] += change
    for u, change in joint:
        q_jt[u] += change
    return table.tolist(), q_jt, V + v


@pytest.mark.parametrize("change, base, alt", [
    # V_jt too high: every gap is 0.5 larger, which only the equality at ū forbids; alt forbids it everywhere
    (dict(v=0.5), (0, 0.25, 0), (0, 0.25, 0.25)),
    # too low: the 5 of 9 gaps that were 0 are now −0.5, the others stay at 15.5; alt's smallest gap is −0.5 everywhere
    (dict(v=-0.5), (0, 0.25, 5 / 9 * 0.25), (0, 0.25, 0.25)),
    # Q_jt(1, 1) 3 too high: L_td sees 9 in one of nine; the gap there is −3. Alt looks there from 6 of 18 places
    (dict(joint=[((1, 1), 3.0)]), (1, 0, 1), (1, 0, 6 / 18 * 9)),
    # Q_1(1) too low by 1: Q′ falls in row 1, where two gaps become −1. Agent 1 reads it from all 6 rows with u2 > 0
    # (there it is the smallest), agent 2 from the 3 with u1 = 1
    (dict(own=[((0, 1), -1.0)]), (0, 0, 2 / 9), (0, 0, 9 / 18)),
    # Q_1(0) too high by 2: only the equality breaks; for alt also the smallest gap in row 0 and in column 0, 6 of 18
    # places
    (dict(own=[((0, 0), 2.0)]), (0, 4, 0), (0, 4, 6 / 18 * 4)),
    # Q_jt at ū too low by 1: L_td, and the equality; alt's gap of 1 at ū is the smallest of row 0 and column 0
    (dict(joint=[((0, 0), -1.0)]), (1 / 9, 1, 0), (1 / 9, 1, 6 / 18)),
])
def test_a_broken_condition_makes_its_own_loss_positive(change, base, alt):
    """Mutations: +v → −v; clamp(min=0); nopt without the square; the mean over A in place of the minimum; the sum over
    agents."""
    assert three(tabular(*changed(**change))) == pytest.approx(base, abs=1e-12)
    assert three(tabular(*changed(**change), alternative=True)) == pytest.approx(alt, abs=1e-12)


@BOTH
def test_the_loss_is_the_weighted_sum(alternative):
    """Mutation: the weights exchanged."""
    team = tabular(*changed(own=[((0, 1), -1.0)], v=0.5), alternative=alternative, opt_weight=3.0, nopt_weight=0.7)
    batch = every_joint_action()
    td, opt, nopt = three(team, batch)
    assert team.loss(batch, deepcopy(team)).item() == pytest.approx(td + 3.0 * opt + 0.7 * nopt, abs=1e-12)


def test_no_loss_means_that_the_own_choices_are_best():
    """Theorem 1, first half: 200 random teams whose conditions hold, on tables that no sum can make."""
    for _ in range(200):
        own, v, slack = torch.randn(2, 3), torch.randn(()), 5 * torch.rand(3, 3)
        best = tuple(own.argmax(1).tolist())
        slack[best] = 0.0
        joint = own[0].unsqueeze(1) + own[1] + v - slack
        team = tabular(own.tolist(), joint, v.item())
        td, opt, nopt = three(team, every_joint_action(joint))
        assert max(td, opt, nopt) < 1e-20
        assert joint[best] == joint.max()


def test_every_table_with_one_best_entry_can_be_met():
    """Theorem 1, second half: 200 random tables. Q′ falls by less than Q_jt on every way down from the best entry."""
    for _ in range(200):
        joint = 10 * torch.randn(3, 3)
        best, lead = divmod(int(joint.argmax()), 3), joint.flatten().topk(2).values
        own = torch.full((2, 3), -(lead[0] - lead[1]).item() / 2)
        own[0, best[0]] = own[1, best[1]] = 0.0
        assert max(three(tabular(own.tolist(), joint, joint.max().item()), every_joint_action(joint))) < 1e-20


def test_two_agents_can_always_meet_the_stricter_condition():
    """Theorem 2 on 200 random tables: agent 1's values as low as the gaps allow, then agent 2's."""
    for _ in range(200):
        joint = 10 * torch.randn(3, 3)
        best, lead = divmod(int(joint.argmax()), 3), joint.flatten().topk(2).values
        second = torch.zeros(3)
        second[best[1]] = (lead[0] - lead[1]) / 2        # so that agent 2 prefers its part of the best entry
        first = (joint - second).amax(1)                               # every row has a gap of 0 …
        second = (joint - first.unsqueeze(1)).amax(0)                  # … and now every column
        assert (first.argmax(), second.argmax()) == best
        own = [first.tolist(), second.tolist()]
        assert max(three(tabular(own, joint, 0.0, alternative=True), every_joint_action(joint))) < 1e-20


def test_with_v_from_the_theorem_the_equality_is_empty():
    """V = Q_jt(ū) − Q′(ū) turns L_opt's error into x − x: it is 0 for any networks, and nothing can be learned from it.
    """

    class Computed(QTRAN):
        def losses(self, batch, target):
            q, state, available = self.online_qs(batch), batch.state[:, :-1], batch.available[:, :-1]
            best = own_best(q, available)
            computed = (self.q_joint(best, state) - self.q_tot(q, best, state)).detach()
            self.v_joint = lambda _: computed
            return super().losses(batch, target)

    for seed in range(5):
        team, batch = Computed.for_env(MatrixGame(PAYOFF), seed=seed), every_joint_action()
        learned = QTRAN.for_env(MatrixGame(PAYOFF), seed=seed)
        assert team.losses(batch, deepcopy(learned))[1] < 1e-24
        assert learned.losses(batch, deepcopy(learned))[1] > 1e-4


# ---- a slow second version
# ---------------------------------------------------------------------------------------------

def random_batch(rows=6, length=4, memory_dim=0):
    """Rows that end in every way: terminated early, truncated, full; with unavailable actions and padding."""
    batch = Batch.padding(rows, length, SPEC, memory_dim)
    for name in ("obs", "state", "reward", "memory"):
        getattr(batch, name).normal_()
    batch.available[:] = torch.rand(batch.available.shape) < 0.6
    batch.available[..., 1] |= ~batch.available.any(-1)
    batch.actions[:] = torch.randint(3, batch.actions.shape)
    batch.last_actions[:, 1:] = batch.actions
    batch.mask[:] = 1.0
    for row in range(rows):
        last = row % length
        batch.terminated[row, last] = row % 2 == 0
        empty = Batch.padding(1, length, SPEC, memory_dim)
        for field in fields(Batch):
            of_next = field.name in ("obs", "state", "available", "last_actions")      # these have one entry more
            if field.name != "memory":
                after = last + 1 + of_next
                getattr(batch, field.name)[row, after:] = getattr(empty, field.name)[0, after:]
    return batch


def make(alternative, recurrent=False, double_q=False, td_lambda=0.0, seed=1, **options):
    """A team and a target that is not its copy."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sizes = dict(hidden=7) if recurrent else dict(hidden=(7,))
        team = QTRAN(SPEC, gamma=0.9, alternative=alternative, recurrent=recurrent, double_q=double_q,
                     td_lambda=td_lambda,
                     joint_dim=6, **sizes, **options)
        target = deepcopy(team).requires_grad_(False)
        for parameter in target.parameters():
            parameter += 0.3 * torch.randn(parameter.shape)
    return team, target


def slow_values(team, batch, b):
    """Q_i of row b, one step at a time: a list over time of [N, A]."""
    memory, values = (batch.memory[b:b + 1] if team.memory_dim else None), []
    for t in range(batch.obs.shape[1]):
        q, memory = team.agents(batch.obs[b:b + 1, t:t + 1], batch.last_actions[b:b + 1, t:t + 1], memory)
        values.append(q[0, 0])
    return values


def slow_joint(team, state, actions):
    """Q_jt of one joint action: its input is written down digit by digit."""
    x = state.tolist()
    for action in actions:
        x += [1.0 if a == action else 0.0 for a in range(SPEC.n_actions)]
    return team.q_jt(torch.tensor(x))[0]


def slow_own_best(q, available):
    return [max((a for a in range(SPEC.n_actions) if available[i, a]), key=lambda a: q[i, a].item())
            for i in range(SPEC.n_agents)]


def slow_losses(team, batch, target):
    """The three losses, one step, one agent, one action at a time."""
    td, opt, nopt, agents = [], [], [], range(SPEC.n_agents)
    for b in range(len(batch.reward)):
        online, other = slow_values(team, batch, b), slow_values(target, batch, b)
        y, steps = None, [t for t in range(batch.reward.shape[1]) if batch.mask[b, t] == 1]
        for t in reversed(steps):
            judge = online if team.double_q else other
            follow = slow_joint(target, batch.state[b, t + 1],
                                slow_own_best(judge[t + 1], batch.available[b, t + 1])).detach()
            ahead = follow if y is None else (1 - team.td_lambda) * follow + team.td_lambda * y
            y = batch.reward[b, t] + (0.0 if batch.terminated[b, t] else team.gamma * ahead)
            played, state, v = batch.actions[b, t].tolist(), batch.state[b, t], team.v_jt(batch.state[b, t])[0]

            def gap(u):
                return sum(online[t][i, u[i]] for i in agents) - slow_joint(team, state, u).detach() + v

            td.append((slow_joint(team, state, played) - y) ** 2)
            opt.append(gap(slow_own_best(online[t], batch.available[b, t])) ** 2)
            if team.alternative:
                smallest = [min(gap([a if j == i else played[j] for j in agents]) for a in range(SPEC.n_actions)
                                if batch.available[b, t, i, a]) for i in agents]
                nopt.append(sum(each ** 2 for each in smallest) / SPEC.n_agents)
            else:
                nopt.append(torch.minimum(gap(played), torch.tensor(0.0)) ** 2)
    return [torch.stack(each).mean() for each in (td, opt, nopt)]


@BOTH
@pytest.mark.parametrize("recurrent", [False, True], ids=["mlp", "gru"])
@pytest.mark.parametrize("double_q, td_lambda", [(False, 0.0), (True, 0.0), (True, 0.7)])
def test_losses_equal_a_slow_second_version(alternative, recurrent, double_q, td_lambda):
    """Mutations: ū from all actions, or by the target; s for s′ in y, s′ for s in L_opt, and the same for what is
    available; self.q_joint for target.q_joint; the minimum over unavailable actions too; the played action of agent
    i left in the sum (a scatter whose result is thrown away)."""
    team, target = make(alternative, recurrent, double_q, td_lambda)
    batch = random_batch(memory_dim=team.memory_dim)
    fast, slow = team.losses(batch, target), slow_losses(team, batch, target)
    for one, two in zip(fast, slow):
        assert abs(one.item() - two.item()) < 1e-12 and one > 1e-3
    grads = [torch.autograd.grad(sum(losses), list(team.parameters())) for losses in (fast, slow)]
    for one, two in zip(*grads):
        torch.testing.assert_close(one, two, rtol=1e-10, atol=1e-12)


def test_targets_use_the_shared_computation():
    team, target = make(False, td_lambda=0.4)
    batch = random_batch()
    q_jt = team.q_joint(batch.actions, batch.state[:, :-1])
    following = target.q_joint(own_best(target.unroll(batch, 5)[:, 1:], batch.available[:, 1:]), batch.state[:, 1:])
    for td_lambda in (0.0, 0.4):
        team.td_lambda = td_lambda
        y = (td_lambda_target(batch.reward, batch.terminated, following, batch.mask, 0.9, td_lambda) if td_lambda
             else td_target(batch.reward, batch.terminated, following, 0.9))
        torch.testing.assert_close(team.losses(batch, target)[0], masked_mean((q_jt - y) ** 2, batch.mask))


# ---- what moves, and what is held fixed
# ----------------------------------------------------------------------------------

@BOTH
@pytest.mark.parametrize("double_q", [False, True])
def test_each_loss_moves_its_own_networks(alternative, double_q):
    """Mutations: any .detach() left out."""
    team, target = make(alternative, double_q=double_q)
    target.requires_grad_(True)
    moved = {}
    for name, loss in zip(("td", "opt", "nopt"), team.losses(random_batch(), target)):
        for part in (team, target):
            part.zero_grad()
        loss.backward(retain_graph=True)
        moved[name] = {part for part in ("agents", "q_jt", "v_jt")
                       if any(p.grad is not None and p.grad.abs().sum() > 0 for p in getattr(team, part).parameters())}
        assert all(p.grad is None for p in target.parameters())
    assert moved == {"td": {"q_jt"}, "opt": {"agents", "v_jt"}, "nopt": {"agents", "v_jt"}}


@BOTH
def test_gradients_equal_finite_differences(alternative):
    """The whole loss for the agents and V_jt; for Q_jt, which is held fixed elsewhere, L_td alone."""
    team, target = make(alternative, nopt_weight=0.7, opt_weight=1.3)
    batch = random_batch()
    named = dict(team.named_parameters())
    grads = dict(zip(named, torch.autograd.grad(team.loss(batch, target), list(named.values()))))
    generator = torch.Generator().manual_seed(3)
    for name, parameter in named.items():
        direction = torch.randn(parameter.shape, generator=generator)
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter += sign * 1e-6 * direction
                values.append(team.losses(batch, target)[0] if name.startswith("q_jt") else team.loss(batch, target))
                parameter -= sign * 1e-6 * direction
        slope = (values[0] - values[1]) / 2e-6
        assert slope.item() == pytest.approx((grads[name] * direction).sum().item(), rel=1e-5, abs=1e-7), name


@BOTH
@pytest.mark.parametrize("recurrent", [False, True], ids=["mlp", "gru"])
def test_padding_never_leaks(alternative, recurrent):
    """Whatever stands in padded entries: loss and gradients stay the same, bit by bit."""
    team, target = make(alternative, recurrent)
    batch = random_batch(memory_dim=team.memory_dim)
    other = Batch(**{field.name: getattr(batch, field.name).clone() for field in fields(Batch)})
    for row in range(len(batch.reward)):
        end = int(batch.mask[row].sum())
        other.obs[row, end + 1:], other.state[row, end + 1:] = 1e6, -1e6
        other.actions[row, end:], other.last_actions[row, end + 1:] = 2, 2
        other.reward[row, end:] = 1e9
        other.available[row, end + 1:, :, 0] = False
        other.terminated[row, end:] = row % 3 == 0
    results = []
    for each in (batch, other):
        loss = team.loss(each, target)
        results.append([loss, *torch.autograd.grad(loss, list(team.parameters()))])
    assert all(torch.equal(one, two) for one, two in zip(*results))


# ---- small pieces, and a run
# ---------------------------------------------------------------------------------------------

def test_switches_are_all_joint_actions_with_one_change():
    actions = torch.randint(3, (2, 5, 3))
    made = switches(actions, 3)
    assert made.shape == (2, 5, 3, 3, 3)
    for b, t, i, a in product(range(2), range(5), range(3), range(3)):
        expected = actions[b, t].clone()
        expected[i] = a
        assert torch.equal(made[b, t, i, a], expected)


def test_the_joint_table_lists_q_joint():
    env = TwoStepGame()
    team, model = QTRAN.for_env(env, seed=3), env.model()
    table = team.joint_table(model)
    assert table.shape == exact.q_tot(team, model).shape == (3, 2, 2)
    for x, u1, u2 in product(range(3), range(2), range(2)):
        x_in = torch.cat([model.state[x], torch.eye(2)[u1], torch.eye(2)[u2]])
        assert table[x, u1, u2].item() == pytest.approx(team.q_jt(x_in).item(), abs=1e-12)


def test_what_is_refused():
    with pytest.raises(TypeError, match="alternative: expected True or False"):
        QTRAN(SPEC, alternative="alt")
    for name in ("opt_weight", "nopt_weight"):
        with pytest.raises(ValueError, match=name):
            QTRAN(SPEC, **{name: -0.1})
    with pytest.raises(ValueError, match="joint_dim"):
        QTRAN(SPEC, joint_dim=0)


@BOTH
def test_learns_its_own_game_where_no_sum_can_be_right(alternative):
    """3 seeds, 400 updates; VDN plays for 0 here."""
    for seed in range(3):
        env = MatrixGame("qtran", num_envs=32)
        team = QTRAN.for_env(env, seed=seed, alternative=alternative)
        history = train(env, team, TrainConfig(seed=seed, total_steps=32 * 420, batch_size=32, update_every=32,
                                               learning_rate=2e-3,
                                               epsilon_end=1.0, evaluate_every=32 * 420))
        assert history.greedy_return[-1] == 8.0
        q_jt = team.joint_table(env.model())[0]
        assert (q_jt - PAYOFF).abs().max() < 1.0
        assert (exact.q_tot(team, env.model())[0] - PAYOFF).abs().max() > 4.0


def test_its_parts_travel_with_the_target():
    """A target update moves the target's Q_jt and V_jt too: they are submodules; beside them is only the state's size.
    """
    env = MatrixGame("qtran", num_envs=8)
    run = Run(env, QTRAN.for_env(env, seed=0),
              TrainConfig(batch_size=8, learning_starts=8, update_every=8, tau=None, target_every=3))
    while run.updates < 3:
        run.advance()
    online, target = run.algorithm.state_dict(), run.target.state_dict()
    assert {name.split(".")[0] for name in target} == {"agents", "q_jt", "v_jt", "largest_state"}
    assert all(torch.equal(online[name], target[name]) for name in online)
