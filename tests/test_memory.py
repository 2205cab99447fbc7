"""Agents that remember: their memory in the loss, while acting, at an episode's start and in a checkpoint."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from qmix_course.algorithms import QMIX, VDN
from qmix_course.collect import Collector
from qmix_course.envs import GridWorld, TeamSpec
from qmix_course.replay import Batch

SPEC = TeamSpec(n_agents=2, n_actions=3, obs_dim=3, state_dim=4, episode_limit=3)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


class Summing(nn.Module):
    """Agents that remember: q_t = Σ_{k≤t} (obs_k + last action_k), so every slip of memory or last actions shows."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, obs, last_actions, memory=None):
        seen = obs + last_actions.unsqueeze(-1)
        before = torch.zeros_like(seen[:, 0]) if memory is None else memory
        total = before.unsqueeze(1) + seen.cumsum(1)
        return self.scale * total, total[:, -1]


class SummingTeam(VDN):
    recurrent = True

    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.agents = Summing()


def test_memory_runs_through_online_and_target_from_the_first_observation():
    team = SummingTeam(SPEC, gamma=0.5)
    target = deepcopy(team)
    target.agents.scale.data.fill_(2.0)
    batch = Batch.padding(2, 3, SPEC)
    batch.obs.normal_()
    batch.reward.normal_()
    batch.mask[:] = 1.0
    batch.actions.random_(0, 3)
    batch.last_actions[:, 1:] = batch.actions
    total = (batch.obs + batch.last_actions.unsqueeze(-1)).cumsum(1)
    chosen = total[:, :3].gather(-1, batch.actions.unsqueeze(-1)).squeeze(-1).sum(-1)
    y = batch.reward + 0.5 * 2.0 * total[:, 1:].amax(-1).sum(-1)
    torch.testing.assert_close(team.loss(batch, target), ((chosen - y) ** 2).mean())


def test_acting_carries_the_memory():
    team, obs, nothing = SummingTeam(SPEC), torch.randn(4, 2, 3), torch.full((4, 2), -1)
    _, memory = team.act_values(obs, nothing, None)
    q, _ = team.act_values(obs, nothing, memory)
    torch.testing.assert_close(q, 2 * (obs - 1))


class Counting(QMIX):
    """Its memory is the number of steps of the episode so far."""

    recurrent = True

    def start(self, batch, generator=None):
        return torch.zeros(batch.obs.shape[0], 1)

    def act_values(self, obs, last_actions, memory=None):
        return super().act_values(obs, last_actions, None)[0], memory + 1


def test_memory_begins_anew_with_the_episode_and_survives_a_checkpoint():
    def collector():
        env = GridWorld(size=2, num_envs=16, episode_limit=5)
        return Collector(env, Counting.for_env(env), 0, torch.Generator().manual_seed(0))

    one, two, played = collector(), collector(), torch.zeros(16, 1)
    for _ in range(40):
        one.step(1.0)
        ended = one.filled == 0
        played = torch.where(ended.unsqueeze(1), 0.0, played + 1)
        assert torch.equal(one.memory, played)
    assert len(played.unique()) > 2                                    # episodes of different lengths
    two.load_state_dict(one.state_dict())
    assert torch.equal(two.memory, played)
