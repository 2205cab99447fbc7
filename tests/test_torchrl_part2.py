"""Part II's pieces against TorchRL's: recurrent agents, mixers over sequences, TD(λ) targets, and the loss made of
them."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from qmix_course.agents import GRUAgents
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.algorithms.base import td_lambda_target
from qmix_course.envs import TeamSpec
from qmix_course.mixers import QMixer
from qmix_course.replay import Batch

pytest.importorskip("torchrl")
from tensordict import TensorDict  # noqa: E402
from torchrl.modules import GRUModule  # noqa: E402
from torchrl.modules.models.multiagent import QMixer as TheirQMixer  # noqa: E402
from torchrl.modules.models.multiagent import VDNMixer as TheirVDNMixer  # noqa: E402
from torchrl.objectives.value import functional as their_values  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")                         # TorchRL's, about its own settings
SPEC = TeamSpec(n_agents=3, n_actions=4, obs_dim=5, state_dim=6, episode_limit=7)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def their_gru(agents: GRUAgents, i: int) -> GRUModule:
    """TorchRL's recurrent module with the weights that agent i reads with."""
    module = GRUModule(input_size=agents.memory_dim, hidden_size=agents.memory_dim, in_keys=["x", "memory"],
                       out_keys=["y", ("next", "memory")], default_recurrent_mode=True)
    inner = next(layer for layer in module.modules() if isinstance(layer, nn.GRU))
    if agents.copies == 1:
        inner.load_state_dict(agents.gru.state_dict())
    else:
        parts = [agents.gru.weight_x[i].T, agents.gru.weight_h[i].T, agents.gru.bias_x[i, 0], agents.gru.bias_h[i, 0]]
        with torch.no_grad():
            for theirs, ours in zip(inner.parameters(), parts, strict=True):
                theirs.copy_(ours)
    return module


def their_q(agents: GRUAgents, module: GRUModule, i: int, obs, last_actions, memory=None, is_init=None) -> torch.Tensor:
    """q[B, T, A] of agent i: one-hot inputs and linear layers by hand, the recurrent part by TorchRL's ``module``."""
    rows, time = obs.shape[:2]
    last = F.one_hot(last_actions[:, :, i] + 1, agents.n_actions + 1)[..., 1:]            # −1 becomes zeros
    number = F.one_hot(torch.tensor(i), agents.n_agents).expand(rows, time, -1)
    own = 0 if agents.copies == 1 else i
    x = torch.cat([obs[:, :, i], last, number], -1) @ agents.encoder.weight[own] + agents.encoder.bias[own]
    if is_init is None:
        is_init = torch.zeros(rows, time, 1, dtype=torch.bool)
    data = {"x": F.relu(x), "is_init": is_init}
    if memory is not None:        # TorchRL reads the first step's
        data["memory"] = memory[:, None, None, i].expand(-1, time, -1, -1)
    y = module(TensorDict(data, batch_size=[rows, time]))["y"]
    return y @ agents.head.weight[own] + agents.head.bias[own]


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("rows, time", [(1, 1), (4, 7), (2, 20)])
def test_recurrent_agents(shared, rows, time):
    agents = GRUAgents(3, 5, 4, hidden=8, shared=shared)
    obs, last_actions = torch.randn(rows, time, 3, 5), torch.randint(-1, 4, (rows, time, 3))
    for memory in (None, torch.randn(rows, 3, 8)):
        q, _ = agents(obs, last_actions, memory)
        for i in range(3):
            expected = their_q(agents, their_gru(agents, i), i, obs, last_actions, memory)
            torch.testing.assert_close(q[:, :, i], expected, rtol=0, atol=1e-12)


def test_a_new_row_is_their_reset_within_a_row():
    """Two episodes end to end in one TorchRL row, the second marked ``is_init``: the course keeps them in two rows."""
    agents = GRUAgents(3, 5, 4, hidden=8)
    obs, last_actions = torch.randn(2, 6, 3, 5), torch.randint(-1, 4, (2, 6, 3))
    q, _ = agents(obs, last_actions)
    is_init = torch.zeros(1, 12, 1, dtype=torch.bool)
    is_init[0, [0, 6]] = True
    for i in range(3):
        expected = their_q(agents, their_gru(agents, i), i, obs.view(1, 12, 3, 5), last_actions.view(1, 12, 3),
                           is_init=is_init)
        torch.testing.assert_close(q[:, :, i].reshape(1, 12, 4), expected, rtol=0, atol=1e-12)


def their_q_tot(mixer, agent_qs: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """agent_qs[B, T, N, 1], state[B, T, S] → [B, T, 1] by TorchRL's mixer with the weights of ``mixer``."""
    if not isinstance(mixer, QMixer):
        return TheirVDNMixer(n_agents=mixer.n_agents, device="cpu")(agent_qs)
    theirs = TheirQMixer(state_shape=(mixer.state_dim,), mixing_embed_dim=mixer.embed_dim, n_agents=mixer.n_agents,
                         device="cpu")
    names = {"hyper_w_1": "hyper_w1", "hyper_w_final": "hyper_w2", "hyper_b_1": "hyper_b1", "V": "hyper_b2"}
    for name, own in names.items():
        getattr(theirs, name).load_state_dict(getattr(mixer, own).state_dict())
    return theirs(agent_qs, state.contiguous())


@pytest.mark.parametrize("algorithm", [VDN, QMIX])
def test_mixers_over_sequences(algorithm):
    options = {"hypernet_dim": 0} if algorithm is QMIX else {}
    mixer = algorithm(SPEC, **options).mixer
    agent_qs, state = torch.randn(6, 7, 3, requires_grad=True), torch.randn(6, 8, 6)
    for part in (state[:, :-1], state[:, 1:]):
        ours, theirs = mixer(agent_qs, part), their_q_tot(mixer, agent_qs.unsqueeze(-1), part).squeeze(-1)
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
        cotangent = torch.randn(6, 7)
        gradients = [torch.autograd.grad(q_tot, agent_qs, cotangent)[0] for q_tot in (ours, theirs)]
        torch.testing.assert_close(*gradients, rtol=0, atol=1e-12)


def episodes(rows=9, time=7):
    """reward, terminated, truncated, mask [B, T] of episodes of every length; some terminate, the others run out of
    time."""
    length = torch.arange(rows) % time + 1
    step = torch.arange(time)
    last = step == (length - 1).unsqueeze(1)
    terminated = last & (torch.arange(rows) % 2 == 0).unsqueeze(1)
    return torch.randn(rows, time), terminated, last & ~terminated, (step < length.unsqueeze(1)).double()


@pytest.mark.parametrize("td_lambda", [0.0, 0.3, 0.8, 1.0])
def test_td_lambda(td_lambda):
    """Their ``done`` is our last step that was played, however the episode ended; their ``terminated`` is ours.

    At a step that is done, but not terminated, both look at the next value alone.
    """
    reward, terminated, truncated, mask = episodes()
    next_value = torch.randn(reward.shape)
    y = td_lambda_target(reward, terminated, next_value, mask, 0.9, td_lambda)
    theirs = (each.unsqueeze(-1) for each in (next_value, reward, terminated | truncated, terminated))
    expected = their_values.td_lambda_return_estimate(0.9, td_lambda, *theirs)
    played = mask == 1
    torch.testing.assert_close(y[played], expected.squeeze(-1)[played], rtol=0, atol=1e-12)


def test_td_lambda_with_truncation_taken_for_termination_is_told_apart():
    """The test above can fail: a mapping that loses the bootstrap at the time limit gives other targets."""
    reward, terminated, truncated, mask = episodes()
    next_value = torch.randn(reward.shape)
    y = td_lambda_target(reward, terminated, next_value, mask, 0.9, 0.8)
    done = (terminated | truncated).unsqueeze(-1)
    wrong = their_values.td_lambda_return_estimate(0.9, 0.8, next_value.unsqueeze(-1), reward.unsqueeze(-1), done, done)
    assert (y - wrong.squeeze(-1)).abs()[truncated].gt(1e-3).all()


def random_batch(rows=9) -> Batch:
    batch, (reward, terminated, _, mask) = Batch.padding(rows, 7, SPEC, memory_dim=8), episodes(rows)
    batch.obs.normal_(), batch.state.normal_(), batch.actions.random_(0, SPEC.n_actions)
    batch.available[:] = torch.rand(batch.available.shape) < 0.6
    batch.available[..., 1] |= ~batch.available.any(-1)
    batch.last_actions[:, 1:] = batch.actions
    batch.reward[:], batch.terminated[:], batch.mask[:] = reward, terminated, mask
    return batch


@pytest.mark.parametrize("algorithm, options", [(IQL, {}), (VDN, {}), (QMIX, {"hypernet_dim": 0})])
@pytest.mark.parametrize("double_q, td_lambda", [(False, 0.0), (True, 0.0), (True, 0.7)])
def test_the_recurrent_loss_put_together_from_their_pieces(algorithm, options, double_q, td_lambda):
    online = algorithm(SPEC, recurrent=True, hidden=8, double_q=double_q, td_lambda=td_lambda, **options)
    target = deepcopy(online).requires_grad_(False)
    for parameter in target.parameters():
        parameter += 0.3 * torch.randn(parameter.shape)
    batch = random_batch()
    gru, target_gru = their_gru(online.agents, 0), their_gru(target.agents, 0)
    q, target_q = (torch.stack([their_q(team.agents, module, i, batch.obs, batch.last_actions) for i in range(3)], 2)
                   for team, module in ((online, gru), (target, target_gru)))
    target_q = target_q[:, 1:]
    judge = (q[:, 1:] if double_q else target_q).masked_fill(~batch.available[:, 1:], -torch.inf)
    chosen = torch.take_along_dim(q[:, :-1], batch.actions.unsqueeze(-1), -1)              # [B, T, N, 1]
    following = torch.take_along_dim(target_q, judge.argmax(-1, keepdim=True), -1)
    if algorithm is not IQL:
        chosen = their_q_tot(online.mixer, chosen, batch.state[:, :-1]).unsqueeze(-1)      # [B, T, 1, 1]
        following = their_q_tot(target.mixer, following, batch.state[:, 1:]).unsqueeze(-1)
    done = batch.terminated | (batch.mask == 1) & (F.pad(batch.mask, (0, 1))[:, 1:] == 0)
    parts = [each[..., None, None].expand_as(following) for each in (batch.reward, done, batch.terminated)]
    y = their_values.td_lambda_return_estimate(0.99, td_lambda, following, *parts, time_dim=1).detach()
    squares = ((chosen - y) ** 2).mean((2, 3))
    expected = squares[batch.mask == 1].mean()
    ours = online.loss(batch, target)
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    ours.backward(), expected.backward()
    inner = next(layer for layer in gru.modules() if isinstance(layer, nn.GRU))
    for theirs, own in zip(inner.parameters(), online.agents.gru.parameters(), strict=True):
        torch.testing.assert_close(own.grad, theirs.grad, rtol=1e-10, atol=1e-12)
