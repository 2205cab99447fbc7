"""Answers to 05.4, whole mixers, and 05.5, tests of mixers from the outside."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.catalogue import Answers

# ---- 05.4 --------------------------------------------------------------------------------------------------------------


class AsInTheLesson(nn.Module):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.n_agents, self.embed_dim = n_agents, embed_dim

        def two_layers(middle, outputs):
            return nn.Sequential(nn.Linear(state_dim, middle), nn.ReLU(), nn.Linear(middle, outputs))

        self.hyper_w1, self.hyper_b1 = two_layers(64, n_agents * embed_dim), nn.Linear(state_dim, embed_dim)
        self.hyper_w2, self.hyper_b2 = two_layers(64, embed_dim), two_layers(embed_dim, 1)

    def forward(self, agent_qs, state):
        w1 = self.first(self.hyper_w1(state)).view(-1, self.n_agents, self.embed_dim)
        b1, v = self.hyper_b1(state), self.hyper_b2(state).squeeze(-1)
        w2 = self.second(self.hyper_w2(state))
        hidden = self.unit((agent_qs.unsqueeze(-1) * w1).sum(1) + b1)
        return (hidden * w2).sum(-1) + v

    def first(self, raw):
        return raw.abs()

    def second(self, raw):
        return raw.abs()

    def unit(self, x):
        return F.elu(x)


class AsInThePaper(nn.Module):
    """Single layers, a module of units, matrix products."""

    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.w1 = nn.ModuleList(nn.Linear(state_dim, embed_dim) for _ in range(n_agents))
        self.b1, self.w2 = nn.Linear(state_dim, embed_dim), nn.Linear(state_dim, embed_dim)
        self.v = nn.Sequential(nn.Linear(state_dim, embed_dim), nn.ReLU(), nn.Linear(embed_dim, 1))
        self.elu = nn.ELU()

    def forward(self, agent_qs, state):
        w1 = torch.stack([net(state) for net in self.w1], dim=1).abs()
        hidden = self.elu(torch.bmm(agent_qs.unsqueeze(1), w1) + self.b1(state).unsqueeze(1))
        return torch.bmm(hidden, self.w2(state).abs().unsqueeze(2)).view(-1) + self.v(state).view(-1)


class OneHypernetwork(nn.Module):
    """One network writes everything; softplus and elu + 1 for the weights; rows [E, N]."""

    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.sizes = [n_agents * embed_dim, embed_dim, embed_dim, 1]
        self.net = nn.Sequential(nn.Linear(state_dim, 16), nn.Tanh(), nn.Linear(16, sum(self.sizes)))

    def forward(self, agent_qs, state):
        w1, b1, w2, v = self.net(state).split(self.sizes, dim=-1)
        w1 = F.softplus(w1).unflatten(-1, (-1, agent_qs.shape[-1]))
        x = torch.einsum("ben,bn->be", w1, agent_qs) + b1
        return torch.einsum("be,be->b", F.elu(x), F.elu(w2) + 1) + v[:, 0]


class OwnTensors(nn.Module):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.a = nn.Parameter(torch.randn(n_agents, state_dim + 1, embed_dim) / 3)
        self.b = nn.Parameter(torch.randn(state_dim + 1, 2 * embed_dim + 1) / 3)

    def forward(self, agent_qs, state):
        s = torch.cat([state, torch.ones(len(state), 1)], dim=1)
        w1, rest = torch.einsum("bs,nse->bne", s, self.a) ** 2, s @ self.b
        e = self.a.shape[-1]
        h = F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + rest[:, :e])
        return (h * rest[:, e:2 * e].exp()).mean(-1) + rest[:, -1]


class Squares(AsInTheLesson):
    def first(self, raw):
        return raw.square()

    def second(self, raw):
        return raw.exp()


class PlainList(AsInThePaper):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__(n_agents, state_dim, embed_dim)
        layers = list(self.w1)
        del self.w1
        self.w1 = layers


class MadeInForward(AsInTheLesson):
    def forward(self, agent_qs, state):
        self.__dict__["hyper_b1"] = nn.Linear(state.shape[1], self.embed_dim)
        return super().forward(agent_qs, state)


class Detached(AsInTheLesson):
    def first(self, raw):
        return raw.detach().abs()


class DetachedV(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1).detach()


class DetachedAgents(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs.detach(), state)


class AcrossTheBatch(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(self.n_agents, -1, self.embed_dim)
        hidden = F.elu(torch.einsum("bn,nbe->be", agent_qs, w1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1)


class FirstStateForAll(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state[:1].expand_as(state))


class BatchNormed(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, (state - state.mean(0)) / (state.std(0, correction=0) + 1))


class LastAgentLost(AsInTheLesson):
    def forward(self, agent_qs, state):
        some = torch.cat([agent_qs[:, :-1], torch.zeros_like(agent_qs[:, -1:])], 1) if self.n_agents > 1 else agent_qs
        return super().forward(some, state)


class NoAbs(AsInTheLesson):
    def first(self, raw):
        return raw

    second = first


class SignedFirst(AsInTheLesson):
    def first(self, raw):
        return raw


class SignedSecond(AsInTheLesson):
    def second(self, raw):
        return raw


class AbsOfTheInput(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state.abs()).view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1)


class Sine(AsInTheLesson):
    def unit(self, x):
        return torch.sin(x)


class AbsOfTheSum(AsInTheLesson):
    def unit(self, x):
        return F.elu(x.abs())


class Blind(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, torch.zeros_like(state))


class BlindParameters(nn.Module):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.w1, self.b1 = nn.Parameter(torch.randn(n_agents, embed_dim)), nn.Parameter(torch.randn(embed_dim))
        self.w2, self.v = nn.Parameter(torch.randn(embed_dim)), nn.Parameter(torch.randn(()))

    def forward(self, agent_qs, state):
        return F.elu(agent_qs @ self.w1.abs() + self.b1) @ self.w2.abs() + self.v


class Clipped(AsInTheLesson):
    def first(self, raw):
        return F.relu(raw)


class ClippedBoth(AsInTheLesson):
    def first(self, raw):
        return raw.clamp(min=0)

    second = first


class ReLUUnits(AsInTheLesson):
    def unit(self, x):
        return F.relu(x)


class TanhUnits(AsInTheLesson):
    def unit(self, x):
        return torch.tanh(x)


class SoftplusUnits(AsInTheLesson):
    def unit(self, x):
        return F.softplus(x)


class EluAtTheEnd(AsInTheLesson):
    def forward(self, agent_qs, state):
        return F.elu(super().forward(agent_qs, state))


class NoUnits(AsInTheLesson):
    def unit(self, x):
        return x


class HardCoded(AsInTheLesson):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__(n_agents, state_dim, 32)


class OneUnit(AsInTheLesson):
    """The units all see the same weighted sum."""

    def first(self, raw):
        w1 = raw.abs().view(-1, self.n_agents, self.embed_dim)
        return w1[:, :, :1].expand_as(w1).reshape(raw.shape)

    def forward(self, agent_qs, state):
        w1 = self.first(self.hyper_w1(state)).view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + self.hyper_b1(state)[:, :1])
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1)


class SoftmaxWeights(AsInTheLesson):
    def first(self, raw):
        return raw.softmax(-1)

    second = first


class SoftmaxOverAgents(AsInTheLesson):
    def first(self, raw):
        return raw.view(-1, self.n_agents, self.embed_dim).softmax(1)


class SigmoidWeights(AsInTheLesson):
    def second(self, raw):
        return raw.sigmoid()


class TwiceSigmoid(AsInTheLesson):
    def second(self, raw):
        return 2 * raw.sigmoid()


class SigmoidFirst(AsInTheLesson):
    def first(self, raw):
        return 1.5 * raw.sigmoid()


class ClampedAbove(AsInTheLesson):
    def first(self, raw):
        return raw.clamp(min=1e-3)


class AbsState(AsInTheLesson):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state.abs())


class AbsTwice(AsInTheLesson):
    """The input of hyper_w1 and its output."""

    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state.abs()).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(-1) * w1).sum(1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(-1) + self.hyper_b2(state).squeeze(-1)


class FirstFour(AsInTheLesson):
    """Only the positions of two agents."""

    def forward(self, agent_qs, state):
        return super().forward(agent_qs, torch.cat([state[:, :4], torch.zeros_like(state[:, 4:])], 1))


class OnlyShift(AsInTheLesson):
    def forward(self, agent_qs, state):
        nowhere = torch.zeros_like(state)
        return super().forward(agent_qs, nowhere) + (self.hyper_b2(state) - self.hyper_b2(nowhere)).squeeze(-1)


class StateAsInput(nn.Module):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__()
        self.first, self.second = nn.Linear(n_agents + state_dim, embed_dim), nn.Linear(embed_dim, 1)

    def forward(self, agent_qs, state):
        hidden = F.elu(F.linear(torch.cat([agent_qs, state], -1), self.first.weight.abs(), self.first.bias))
        return F.linear(hidden, self.second.weight.abs(), self.second.bias).squeeze(-1)


class PlainW2(AsInTheLesson):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__(n_agents, state_dim, embed_dim)
        self.w2 = nn.Parameter(torch.randn(embed_dim))

    def second(self, raw):
        return self.w2.abs()


class NoB1(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(1) @ w1).squeeze(1))
        return (hidden * self.hyper_w2(state).abs()).sum(1) + self.hyper_b2(state).squeeze(1)


class NoV(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(1) @ w1).squeeze(1) + self.hyper_b1(state))
        return (hidden * self.hyper_w2(state).abs()).sum(1)


class PlainV(NoV):
    def __init__(self, n_agents, state_dim, embed_dim=32):
        super().__init__(n_agents, state_dim, embed_dim)
        self.v = nn.Parameter(torch.randn(1))

    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state) + self.v


class AbsB1(AsInTheLesson):
    def forward(self, agent_qs, state):
        w1 = self.hyper_w1(state).abs().view(-1, self.n_agents, self.embed_dim)
        hidden = F.elu((agent_qs.unsqueeze(1) @ w1).squeeze(1) + self.hyper_b1(state).abs())
        return (hidden * self.hyper_w2(state).abs()).sum(1) + self.hyper_b2(state).squeeze(1)


class AbsV(NoV):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state) + self.hyper_b2(state).abs().squeeze(1)


class ReLUV(NoV):
    def forward(self, agent_qs, state):
        return super().forward(agent_qs, state) + F.relu(self.hyper_b2(state)).squeeze(1)


class Doubles(AsInTheLesson):
    def forward(self, agent_qs, state):
        agent_qs *= 1.5
        return super().forward(agent_qs, state)


NETS = Answers(
    right=[AsInTheLesson, AsInThePaper, OneHypernetwork, OwnTensors, Squares],
    wrong=[
        ("weights that no optimiser finds", PlainList),
        ("weights that no optimiser finds", MadeInForward),
        ("a hypernetwork is cut off from its gradient", Detached),
        ("a hypernetwork is cut off from its gradient", DetachedV),
        ("no gradient reaches the agents", DetachedAgents),
        ("a sample's Q_tot depends on the others in its batch", AcrossTheBatch),
        ("a sample's Q_tot depends on the others in its batch", FirstStateForAll),
        ("a sample's Q_tot depends on the others in its batch", BatchNormed),
        ("an agent's utility does not count", LastAgentLost),
        ("neither layer's weights are held non-negative", NoAbs),
        ("W1 is not held non-negative", SignedFirst),
        ("W1 is not held non-negative", AbsOfTheInput),
        ("w2 is not held non-negative", SignedSecond),
        ("Q_tot falls as a utility rises", Sine),
        ("Q_tot falls as a utility rises", AbsOfTheSum),
        ("the state is not used at all", Blind),
        ("the state is not used at all", BlindParameters),
        ("weights are cut off at zero", Clipped),
        ("weights are cut off at zero", ClippedBoth),
        ("the hidden layer is not one of ELU units", ReLUUnits),
        ("the hidden layer is not one of ELU units", TanhUnits),
        ("the hidden layer is not one of ELU units", SoftplusUnits),
        ("the hidden layer is not one of ELU units", EluAtTheEnd),
        ("there is no activation in between", NoUnits),
        ("embed_dim makes no difference", HardCoded),
        ("embed_dim makes no difference", OneUnit),
        ("the weights have a ceiling", SoftmaxWeights),
        ("the weights have a ceiling", SoftmaxOverAgents),
        ("the weights have a ceiling", SigmoidWeights),
        ("the weights have a ceiling", TwiceSigmoid),
        ("the weights have a ceiling", SigmoidFirst),
        ("weights are cut off at zero", ClampedAbove),
        ("a state and its mirror image are one to the mixer", AbsState),
        ("a state and its mirror image are one to the mixer", AbsTwice),
        ("a part of the state is not read", FirstFour),
        ("the state does not reach the weights", OnlyShift),
        ("the state does not reach the weights", StateAsInput),
        ("the state reaches the weights of one layer only", PlainW2),
        ("b1 is missing", NoB1),
        ("V is missing", NoV),
        ("a bias does not come from the state", PlainV),
        ("b1 is held to one sign", AbsB1),
        ("V is held to one sign", AbsV),
        ("V is held to one sign", ReLUV),
        ("your answer changes what it was given", Doubles),
    ],
)

# ---- 05.5 --------------------------------------------------------------------------------------------------------------


def with_columns(mixer, agent_qs, state, step):
    def changes(q):
        before, columns = mixer(q, state), []
        for i in range(q.shape[1]):
            raised = q.clone()
            raised[:, i] += step
            columns.append(mixer(raised, state) - before)
        return torch.stack(columns, 1)

    fixed = changes(agent_qs[:1].expand_as(agent_qs).clone())
    return bool((changes(agent_qs) >= -1e-9).all()), bool((fixed - fixed[:1]).abs().max() > 1e-9)


def one_big_batch(mixer, agent_qs, state, step):
    B, N = agent_qs.shape
    both = torch.cat([agent_qs, agent_qs[0].repeat(B, 1)])                                       # [2B, N]
    states = torch.cat([state, state])
    raised = (both.unsqueeze(1) + step * torch.eye(N)).reshape(-1, N)                            # [2B·N, N]
    change = mixer(raised, states.repeat_interleave(N, 0)).view(-1, N) - mixer(both, states).unsqueeze(1)
    spread = change[B:].max(0).values - change[B:].min(0).values
    return change[:B].min() > -1e-9, (spread > 1e-9).any()


def sample_by_sample(mixer, agent_qs, state, step):
    falls = weighs = False
    for i in range(agent_qs.shape[1]):
        unit = torch.zeros(1, agent_qs.shape[1])
        unit[0, i] = step
        seen = []
        for q, s in zip(agent_qs, state):
            q, s, kept = q[None], s[None], agent_qs[:1]
            if mixer(q + unit, s).item() < mixer(q, s).item() - 1e-9:
                falls = True
            seen.append(mixer(kept + unit, s).item() - mixer(kept, s).item())
        weighs = weighs or max(seen) - min(seen) > 1e-9
    return not falls, weighs


def rises(mixer, agent_qs, state, step):
    columns = []
    for i in range(agent_qs.shape[1]):
        raised = agent_qs.clone()
        raised[:, i] = raised[:, i] + step
        columns.append(mixer(raised, state) - mixer(agent_qs, state))
    return torch.stack(columns, -1)


def judge(never=lambda r: bool((r >= -1e-9).all()), weighs=lambda r: bool(((r - r[0]).abs() > 1e-9).any()), rises=rises, kept=True):
    """A test with one of its parts replaced."""
    def answer(mixer, agent_qs, state, step):
        same = agent_qs[:1].repeat(len(agent_qs), 1) if kept else agent_qs
        return never(rises(mixer, agent_qs, state, step)), weighs(rises(mixer, same, state, step))
    return answer


def total_instead(mixer, agent_qs, state, step):
    q_tot = mixer(agent_qs[:1].repeat(len(agent_qs), 1), state)
    return bool((rises(mixer, agent_qs, state, step) >= -1e-9).all()), bool((q_tot - q_tot[0]).abs().max() > 1e-9)


def all_at_once(mixer, agent_qs, state, step):
    kept = agent_qs[:1].repeat(len(agent_qs), 1)
    change = mixer(kept + step, state) - mixer(kept, state)
    return bool((mixer(agent_qs + step, state) >= mixer(agent_qs, state) - 1e-9).all()), bool((change - change[0]).abs().max() > 1e-9)


def stay_raised(mixer, agent_qs, state, step):
    raised, columns = agent_qs.clone(), []
    for i in range(agent_qs.shape[1]):
        raised[:, i] += step
        columns.append(mixer(raised, state) - mixer(agent_qs, state))
    return torch.stack(columns, -1)


def overwritten(mixer, agent_qs, state, step):
    for i in range(agent_qs.shape[1]):
        raised = agent_qs.clone()
        raised[:, i] += step
        change = mixer(raised, state) - mixer(agent_qs, state)
    return change[:, None]


def lowered(mixer, agent_qs, state, step):
    return rises(mixer, agent_qs, state, -step)


def by_autograd(mixer, agent_qs, state, step):
    q = agent_qs.clone().requires_grad_()
    out = mixer(q, state)
    if not out.requires_grad:
        return torch.zeros_like(q)
    slope = torch.autograd.grad(out.sum(), q, allow_unused=True)[0]
    return torch.zeros_like(q) if slope is None else slope


def changed_places(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs, state, step)[::-1]


def raises_the_input(mixer, agent_qs, state, step):
    result = with_columns(mixer, agent_qs, state, step)
    agent_qs[:, 0] += step
    return result


def on_the_first_utilities(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs[:1].repeat(len(agent_qs), 1), state, step)


def with_steps_of_one(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs, state, 1.0)


def keeps_the_last(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs, state, step)[0], with_columns(mixer, agent_qs.flip(0), state.flip(0), step)[1]


def keeps_zeros(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs, state, step)[0], with_columns(mixer, torch.zeros_like(agent_qs), state, step)[1]


JUDGES = Answers(
    right=[with_columns, one_big_batch, sample_by_sample],
    wrong=[
        ("a state that only shifts Q_tot counts as weighing", total_instead),
        ("the utilities are not held fixed while the state changes", judge(kept=False)),
        ("agents are compared, not states", judge(weighs=lambda r: bool((r - r[:, :1]).abs().max() > 1e-9))),
        ("rounding errors count as a difference", judge(weighs=lambda r: bool((r != r[0]).any()))),
        ("only the signs of the changes are compared", judge(weighs=lambda r: bool(((r > 1e-9) != (r[0] > 1e-9)).any()))),
        ("one agent whose weight changes is enough", judge(weighs=lambda r: bool(((r - r[0]).abs() > 1e-9).any(0).all()))),
        ("small effects are overlooked", judge(weighs=lambda r: bool((r - r[0]).abs().max() > 1e-2))),
        ("small effects are overlooked", judge(never=lambda r: bool((r > -1e-2).all()))),
        ("no change counts as a fall", judge(never=lambda r: bool((r > 1e-9).all()))),
        ("one that rises is enough for you", judge(never=lambda r: bool((r >= -1e-9).any()))),
        ("a verdict is the wrong way round", judge(never=lambda r: bool((r < -1e-9).any()))),
        ("a verdict is the wrong way round", judge(weighs=lambda r: torch.allclose(r, r[:1].expand_as(r), rtol=0, atol=1e-9))),
        ("only some of the samples are looked at", judge(never=lambda r: bool((r[0] >= -1e-9).all()))),
        ("only some of the samples are looked at", judge(weighs=lambda r: bool((r[0] - r[1]).abs().max() > 1e-9))),
        ("the utilities are lowered, not raised", judge(rises=lowered)),
        ("all agents are raised at once", all_at_once),
        ("an agent that was raised stays raised", judge(rises=stay_raised)),
        ("only one of the agents counts", judge(rises=overwritten)),
        ("only one of the agents counts", judge(rises=lambda *case: rises(*case)[:, :1])),
        ("effects are averaged or summed before they are judged", judge(never=lambda r: bool(r.mean() >= 0))),
        ("effects are averaged or summed before they are judged", judge(never=lambda r: bool((r.mean(0) >= -1e-9).all()))),
        ("effects are averaged or summed before they are judged", judge(rises=lambda *case: rises(*case).mean(1, keepdim=True))),
        ("slopes in place of steps", judge(rises=by_autograd)),
        ("rounding errors count as a difference", judge(never=lambda r: bool((r >= 0).all()))),
        ("the first verdict looks at the kept utilities only", on_the_first_utilities),
        ("the step is not the one that was given", with_steps_of_one),
        ("the utilities that are kept are not those of the first sample", keeps_the_last),
        ("the utilities that are kept are not those of the first sample", keeps_zeros),
        ("the two verdicts have changed places", changed_places),
        ("your answer changes what it was given", raises_the_input),
    ],
)
