"""The update: targets by hand, a loop-written second version, and where the gradient goes and does not go."""

from copy import deepcopy
from dataclasses import fields, replace

import pytest
import torch
from torch import nn

from qmix_course.algorithms import IQL, QMIX, VDN, td_target
from qmix_course.envs import GridWorld, TeamSpec
from qmix_course.replay import Batch
from qmix_course.training import hard_update, soft_update

SPEC = TeamSpec(n_agents=2, n_actions=3, obs_dim=3, state_dim=4, episode_limit=4)
ALGORITHMS = [IQL, VDN, QMIX]


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


def make(algorithm, **options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return algorithm(SPEC, **options)


def frozen(algorithm, change=0.3):
    """A target that is not the online network."""
    target = deepcopy(algorithm).requires_grad_(False)
    for parameter in target.parameters():
        parameter += change * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2))
    return target


def random_batch(rows=6, length=4, padded=True):
    """Rows that end in every way: terminated early, truncated, full; with unavailable actions and padding."""
    batch = Batch.padding(rows, length, SPEC)
    batch.obs[:], batch.state[:] = torch.randn(batch.obs.shape), torch.randn(batch.state.shape)
    batch.reward[:] = torch.randn(batch.reward.shape)
    batch.available[:] = torch.rand(batch.available.shape) < 0.6
    batch.available[..., 1] |= ~batch.available.any(-1)
    batch.actions[:] = torch.randint(3, batch.actions.shape)
    batch.mask[:] = 1.0
    for row in range(rows):
        last = row % length if padded else length - 1
        batch.terminated[row, last] = row % 2 == 0
        empty = Batch.padding(1, length, SPEC)
        for field in fields(Batch):
            of_next = field.name in ("obs", "state", "available", "last_actions")      # these have one entry more
            getattr(batch, field.name)[row, last + 1 + of_next:] = getattr(empty, field.name)[0, last + 1 + of_next:]
    return batch


def test_targets_by_hand():
    """Four rows of one step; agents' values are written in the observations, the target's are twice as large."""
    batch = Batch.padding(4, 1, SPEC)
    batch.mask[:] = 1.0
    now, then = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[10.0, 30.0, 20.0], [1.0, 2.0, 7.0]]
    batch.obs[:, 0], batch.obs[:, 1] = torch.tensor(now), torch.tensor(then)
    batch.actions[:, 0] = torch.tensor([2, 0])                                 # chosen values 3 and 4
    batch.reward[:, 0] = torch.tensor([1.0, 1.0, 1.0, 1.0])
    batch.terminated[1] = True                                                 # row 1: the task ended
    # Row 2: only the clock ran out; in the batch that looks like any other step, and its target looks ahead.
    batch.available[3, 1] = torch.tensor([[True, False, True], [True, True, False]])   # row 3: the best are unavailable
    online, target = make(VDN, gamma=0.5), make(VDN, gamma=0.5)
    online.agents, target.agents = Echo(1.0), Echo(2.0)
    y = torch.tensor([1 + 0.5 * (60 + 14), 1.0, 1 + 0.5 * (60 + 14), 1 + 0.5 * (40 + 4)])
    q_tot = 3.0 + 4.0
    assert online.loss(batch, target).item() == pytest.approx(((q_tot - y) ** 2).mean().item(), abs=1e-12)
    # Padding: the fourth row counts for nothing, whatever is in it.
    batch.mask[3] = 0.0
    assert online.loss(batch, target).item() == pytest.approx(((q_tot - y[:3]) ** 2).mean().item(), abs=1e-12)
    # IQL: each agent against its own target.
    alone, other = make(IQL, gamma=0.5), make(IQL, gamma=0.5)
    alone.agents, other.agents = Echo(1.0), Echo(2.0)
    errors = torch.tensor([[3 - (1 + 30.0), 4 - (1 + 7.0)], [3 - 1.0, 4 - 1.0], [3 - (1 + 30.0), 4 - (1 + 7.0)]])
    assert alone.loss(batch, other).item() == pytest.approx((errors ** 2).mean().item(), abs=1e-12)


def test_double_q_by_hand():
    """The online network chooses, the target network values: with signs turned they disagree about the best action."""
    batch = Batch.padding(1, 1, SPEC)
    batch.mask[:] = 1.0
    batch.obs[:, 1] = torch.tensor([[10.0, 30.0, 20.0], [1.0, 2.0, 7.0]])
    for double_q, next_value in ((False, -10.0 + -1.0), (True, -30.0 + -7.0)):
        online, target = make(VDN, gamma=1.0, double_q=double_q), make(VDN, gamma=1.0, double_q=double_q)
        online.agents, target.agents = Echo(1.0), Echo(-1.0)
        assert online.loss(batch, target).item() == pytest.approx(next_value ** 2, abs=1e-12)


def slow_loss(algorithm, batch, target):
    """The same loss, one number at a time."""
    squares = []
    for b in range(batch.reward.shape[0]):
        for t in range(batch.reward.shape[1]):
            if batch.mask[b, t] == 0:
                continue
            q_now = algorithm.agents(batch.obs[b:b + 1, t:t + 1])[0][0, 0]
            q_next = target.agents(batch.obs[b:b + 1, t + 1:t + 2])[0][0, 0]
            judge = algorithm.agents(batch.obs[b:b + 1, t + 1:t + 2])[0][0, 0] if algorithm.double_q else q_next
            chosen, following = [], []
            for i in range(2):
                chosen.append(q_now[i, batch.actions[b, t, i]])
                options = [a for a in range(3) if batch.available[b, t + 1, i, a]]
                following.append(q_next[i, max(options, key=lambda a: judge[i, a].item())])
            if isinstance(algorithm, VDN):
                chosen = [algorithm.mixer(torch.stack(chosen), batch.state[b, t])]
                following = [target.mixer(torch.stack(following), batch.state[b, t + 1])]
            y = [batch.reward[b, t] + (0.0 if batch.terminated[b, t] else algorithm.gamma * f) for f in following]
            squares.append(sum((c - v) ** 2 for c, v in zip(chosen, y)) / len(y))
    return sum(squares) / len(squares)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("double_q", [False, True])
@pytest.mark.parametrize("length", [1, 4])
def test_the_loss_equals_a_loop_written_one(algorithm, double_q, length):
    online = make(algorithm, double_q=double_q)
    target, batch = frozen(online), random_batch(length=length)
    torch.testing.assert_close(online.loss(batch, target), slow_loss(online, batch, target), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_sequence_of_length_one_is_a_plain_transition(algorithm):
    """A batch of sequences without padding costs what its transitions cost one by one."""
    online = make(algorithm)
    target, batch = frozen(online), random_batch(rows=3, length=4, padded=False)
    singles = []
    for b in range(3):
        for t in range(4):
            singles.append(Batch(**{
                f.name: getattr(batch, f.name)[b:b + 1, t:t + 1 + (getattr(batch, f.name).shape[1] == 5)]
                for f in fields(Batch)}))
    one_by_one = torch.stack([online.loss(single, target) for single in singles]).mean()
    torch.testing.assert_close(online.loss(batch, target), one_by_one, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_padding_never_leaks(algorithm):
    """Whatever stands in padded entries, loss and gradients keep their bits."""
    online = make(algorithm)
    target, batch = frozen(online), random_batch()

    def loss_and_gradient(batch):
        loss = online.loss(batch, target)
        return [loss, *torch.autograd.grad(loss, list(online.parameters()))]

    before, pad = loss_and_gradient(batch), batch.mask == 0
    after_pad = torch.cat([torch.zeros(6, 1, dtype=torch.bool), pad], 1)          # entries that only padding leads to
    batch.obs[after_pad], batch.state[after_pad], batch.reward[pad] = 7.0, -7.0, 100.0
    batch.available[after_pad] = torch.tensor([True, False, False])
    batch.actions[pad], batch.terminated[pad] = 2, True
    assert all(torch.equal(one, two) for one, two in zip(before, loss_and_gradient(batch)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_gradient_reaches_everything_online_and_nothing_of_the_target(algorithm):
    env = GridWorld(num_envs=64)
    online = algorithm.for_env(env, seed=0)
    target = deepcopy(online)        # its parameters still ask for gradients
    batch = Batch.padding(64, 1, env.spec)
    batch = replace(batch, obs=torch.rand(batch.obs.shape), state=torch.rand(batch.state.shape), mask=batch.mask + 1,
                    actions=torch.randint(4, batch.actions.shape), reward=torch.randn(batch.reward.shape))
    online.loss(batch, target).backward()
    for name, parameter in online.named_parameters():
        by_copy = parameter.grad.abs().flatten(1).sum(1) if name.startswith("agents") else parameter.grad.abs().sum()
        assert parameter.grad is not None and by_copy.gt(0).all(), name        # every agent's slice, every hypernetwork
    assert all(parameter.grad is None for parameter in target.parameters())


def test_credit_is_the_mixing_weight():
    """dL/dQ_i = dL/dQ_tot · dQ_tot/dQ_i."""
    online = make(QMIX)
    agent_qs, state = torch.randn(5, 2, requires_grad=True), torch.randn(5, 4)
    q_tot = online.mixer(agent_qs, state)
    q_tot.retain_grad()
    ((q_tot - 1.0) ** 2).mean().backward()
    weight, = torch.autograd.grad(online.mixer(agent_qs, state).sum(), agent_qs)
    torch.testing.assert_close(agent_qs.grad, q_tot.grad.unsqueeze(1) * weight, rtol=1e-12, atol=1e-14)


def test_the_gradient_agrees_with_finite_differences():
    online = make(QMIX, hidden=(5,), embed_dim=3, hypernet_dim=4)
    target, batch = frozen(online), random_batch()
    parameters = list(online.parameters())
    gradients = torch.autograd.grad(online.loss(batch, target), parameters)
    for parameter, gradient in zip(parameters, gradients):
        place = gradient.abs().argmax()
        with torch.no_grad():
            value = parameter.view(-1)[place].item()
            ends = []
            for step in (1e-6, -1e-6):
                parameter.view(-1)[place] = value + step
                ends.append(online.loss(batch, target).item())
            parameter.view(-1)[place] = value
        assert gradient.view(-1)[place].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-8)


def test_soft_and_hard_target_updates():
    online, target = make(QMIX), frozen(make(QMIX))
    before = {name: value.clone() for name, value in target.state_dict().items()}
    soft_update(target, online, 0.1)
    for name, value in target.state_dict().items():
        torch.testing.assert_close(value, 0.9 * before[name] + 0.1 * online.state_dict()[name], rtol=0, atol=1e-12)
    hard_update(target, online)
    assert all(torch.equal(value, online.state_dict()[name]) for name, value in target.state_dict().items())
    with torch.no_grad():
        next(online.parameters()).add_(1.0)                                       # a copy, not the same memory
    assert not torch.equal(next(online.parameters()), next(target.parameters()))


def test_td_target_does_not_touch_what_comes_after_the_end():
    y = td_target(torch.tensor([1.0, 1.0]), torch.tensor([True, False]), torch.tensor([float("-inf"), 2.0]), 0.5)
    assert y.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_one_batch_can_be_learned_by_heart(algorithm):
    """With γ = 0 the targets stand still, so the loss must go to zero (one seed, fixed)."""
    online, batch = make(algorithm, gamma=0.0), random_batch(rows=8, length=1)
    if algorithm is IQL:
        batch = replace(batch, obs=batch.obs + torch.arange(8.0).view(8, 1, 1, 1))
    optimiser = torch.optim.Adam(online.parameters(), lr=3e-3)
    for _ in range(600):
        optimiser.zero_grad()
        loss = online.loss(batch, online)
        loss.backward()
        optimiser.step()
    assert loss.item() < 1e-4


@pytest.mark.filterwarnings("ignore")                                     # TorchRL's, about its own settings
def test_loss_and_gradient_equal_torchrls():
    """The same rows and weights through TorchRL's QMixerLoss: agents, mixer, targets and loss by other people's code.
    """
    pytest.importorskip("torchrl")
    from benchmarks import torchrl_update

    online = make(QMIX)
    batch = random_batch(rows=40, length=1)
    batch.available[:] = True                                             # TorchRL's loss knows no unavailable actions
    theirs = torchrl_update.make_loss(online)
    expected, ours = theirs(torchrl_update.as_tensordict(batch))["loss"], online.loss(batch, deepcopy(online))
    torch.testing.assert_close(ours, expected, rtol=1e-12, atol=1e-12)
    expected.backward(), ours.backward()
    gradients = dict(theirs.named_parameters())
    for name, parameter in online.mixer.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[f"mixer_network_params.module.mixer.{name}"].grad,
                                   rtol=1e-10, atol=1e-12)
    for number, layer in enumerate(online.agents.layers):
        other = gradients[f"local_value_network_params.module.0.module.params.{2 * number}.weight"].grad
        torch.testing.assert_close(layer.weight.grad, other.transpose(1, 2), rtol=1e-10, atol=1e-12)
