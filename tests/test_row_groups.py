"""Rows of a wide recurrent batch, unrolled in groups: the same values, losses and gradients as all rows at once."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from qmix_course import row_groups
from qmix_course.agents import GRUAgents
from qmix_course.algorithms import IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import TeamSpec
from qmix_course.replay import Batch

SPEC = TeamSpec(n_agents=3, n_actions=4, obs_dim=5, state_dim=6, episode_limit=9)
ROWS = 7                                            # 21 agents a step
ALGORITHMS = [IQL, VDN, QMIX, QPLEX, QTRAN, OWQMIX]
OPTIONS = [dict(), dict(double_q=True), dict(td_lambda=0.7), dict(double_q=True, td_lambda=0.7)]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def make(algorithm, **options):
    torch.manual_seed(1)
    team = algorithm(SPEC, recurrent=True, hidden=8, **options)
    target = deepcopy(team).requires_grad_(False)
    for parameter in target.parameters():
        parameter += 0.3 * torch.randn(parameter.shape)
    return team, target


def episodes(team, lengths, seed=0):
    """Rows of these lengths, in this order, which is not that of their lengths; each ends the task or not."""
    torch.manual_seed(seed)
    rows, longest = len(lengths), max(*lengths, 1)
    batch = Batch.padding(rows, longest, SPEC, team.memory_dim)
    played = torch.arange(longest) < torch.tensor(lengths).unsqueeze(1)
    batch.obs[:], batch.state[:] = torch.randn(batch.obs.shape), torch.rand(batch.state.shape)
    batch.available[:] = torch.rand(batch.available.shape) < 0.7
    batch.available[..., 0] = True
    batch.actions.random_(0, SPEC.n_actions)
    batch.last_actions[:, 1:] = batch.actions
    batch.reward[:], batch.mask[:] = torch.randn(batch.reward.shape), played
    ends = torch.arange(longest) == torch.tensor(lengths).unsqueeze(1) - 1
    batch.terminated[:] = ends & (torch.arange(rows) % 2 == 0).unsqueeze(1)
    return replace(batch, memory=torch.randn(batch.memory.shape))         # a row may begin in the middle of an episode


def learned(team, target, batch, monkeypatch, wide):
    """Loss and gradients, and the [rows, steps] of the calls of the agents' GRU, with ``WIDE`` at this number."""
    calls, remember = [], GRUAgents.remember
    with monkeypatch.context() as patch:
        patch.setattr(row_groups, "WIDE", wide)
        patch.setattr(GRUAgents, "remember", lambda self, obs, *rest:
                      calls.append(tuple(obs.shape[:2])) or remember(self, obs, *rest))
        loss = team.loss(batch, target)
    return loss, torch.autograd.grad(loss, team.parameters(), allow_unused=True), calls


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_groups_learn_what_all_rows_at_once_learn(algorithm, options, monkeypatch):
    team, target = make(algorithm, **options)
    batch = episodes(team, [4, 9, 1, 6, 2, 9, 3])
    loss, gradients, calls = learned(team, target, batch, monkeypatch, 21)
    assert {rows for rows, _ in calls} == {ROWS}                            # not wide yet
    for wide, sizes in ((20, [4, 3]), (7, [3, 2, 2]), (1, [1] * 7)):        # just so, and down to row by row
        got, others, calls = learned(team, target, batch, monkeypatch, wide)
        assert [rows for rows, _ in calls] == sizes * (len(calls) // len(sizes)) and calls
        torch.testing.assert_close(got, loss, rtol=1e-12, atol=1e-13)
        for (name, _), one, other in zip(team.named_parameters(), gradients, others, strict=True):
            torch.testing.assert_close(other, one, rtol=1e-9, atol=1e-12, msg=f"{name}, WIDE = {wide}")


def test_no_group_goes_on_after_its_longest_row(monkeypatch):
    """Each is unrolled to the observation after its last step, and no further: a group of short rows is cheap."""
    team, target = make(QMIX, double_q=True)
    batch = episodes(team, [4, 9, 1, 6, 2, 9, 3])
    *_, calls = learned(team, target, batch, monkeypatch, 7)
    assert calls == 2 * [(3, 4), (2, 7), (2, 10)]                           # rows of 1, 2, 3; 4, 6; 9, 9 steps
    *_, calls = learned(*make(VDN), batch, monkeypatch, 7)
    assert calls == [(3, 4), (2, 7), (2, 9), (3, 4), (2, 7), (2, 10)]       # the online team is not asked what follows


@pytest.mark.parametrize("wide", [21, 20, 7, 1])
def test_every_value_up_to_the_last_observation_is_there(wide, monkeypatch):
    """Row by row, in the batch's own order, to the observation that follows the last step."""
    team, _ = make(VDN)
    lengths = [4, 9, 1, 6, 2, 9, 3]
    batch = episodes(team, lengths)
    monkeypatch.setattr(row_groups, "WIDE", wide)
    for length in (1, 2, 5, 9, 10):
        q = team.unroll(batch, length)
        assert q.shape == (ROWS, length, 3, 4)
        for row, played in enumerate(lengths):
            steps = min(played + 1, length)
            alone, _ = team.agents(batch.obs[row:row + 1, :steps], batch.last_actions[row:row + 1, :steps],
                                   batch.memory[row:row + 1])
            torch.testing.assert_close(q[row, :steps], alone[0], rtol=1e-12, atol=1e-13)
        assert q.isfinite().all()


@pytest.mark.parametrize("lengths", [[0, 3, 0, 5, 2, 5, 0], [0] * 7, [1] * 7, [9] * 7])
def test_rows_of_any_length(lengths, monkeypatch):
    """Also rows without a step, which no memory holds but a batch may."""
    team, target = make(QMIX)
    batch = episodes(team, lengths)
    loss, gradients, _ = learned(team, target, batch, monkeypatch, 21)
    got, others, _ = learned(team, target, batch, monkeypatch, 7)
    torch.testing.assert_close(got, loss, rtol=1e-12, atol=1e-13, equal_nan=True)           # no step at all: NaN
    for one, other in zip(gradients, others):
        torch.testing.assert_close(other, one, rtol=1e-9, atol=1e-12, equal_nan=True)


def test_a_step_that_is_left_out_ends_no_row(monkeypatch):
    """A mask with holes: what comes after them is there, and a row is as long as its last step says."""
    team, target = make(QMIX)
    batch = episodes(team, [4, 9, 1, 6, 2, 9, 3])
    batch.mask[1, :8] = 0
    loss, gradients, _ = learned(team, target, batch, monkeypatch, 21)
    got, others, _ = learned(team, target, batch, monkeypatch, 7)
    torch.testing.assert_close(got, loss, rtol=1e-12, atol=1e-13)
    for one, other in zip(gradients, others):
        torch.testing.assert_close(other, one, rtol=1e-9, atol=1e-12)


def test_who_is_not_grouped(monkeypatch):
    """Agents with weights of their own, whose products are small already; agents that remember nothing; and agents of
    somebody else, which see the whole batch in one call, as whatever they keep of it is made for."""
    class Kept(GRUAgents):
        def forward(self, obs, last_actions, memory=None):
            q, memory = super().forward(obs, last_actions, memory)
            self.q = q                              # for a loss of one's own
            return q, memory

    class Own(VDN):
        def make_agents(self, recurrent, **options):
            return Kept(SPEC.n_agents, SPEC.obs_dim, SPEC.n_actions, **options)

    monkeypatch.setattr(row_groups, "WIDE", 1)
    for team in (VDN(SPEC, recurrent=True, hidden=8, shared=False), VDN(SPEC), MAVEN(SPEC),
                 MAVEN(SPEC, recurrent=True, hidden=8), Own(SPEC, recurrent=True, hidden=8)):
        assert not row_groups.is_wide(team.agents, episodes(team, [2, 1, 3]))
    assert team.unroll(episodes(team, [2, 1, 3]), 3).shape == team.agents.q.shape == (3, 3, 3, 4)
    team = VDN(SPEC, recurrent=True, hidden=8)
    assert row_groups.is_wide(team.agents, episodes(team, [2, 1, 3]))
    monkeypatch.setattr(row_groups, "WIDE", 9)
    assert not row_groups.is_wide(team.agents, episodes(team, [2, 1, 3]))


def test_one_row_of_many_agents_is_one_group(monkeypatch):
    monkeypatch.setattr(row_groups, "WIDE", 1)
    team, _ = make(VDN)
    batch = episodes(team, [4])
    torch.testing.assert_close(team.unroll(batch, 5), team.agents(batch.obs, batch.last_actions, batch.memory)[0])
