"""03.3 · A network for every agent: a module with one network for each agent, obs[B, T, N, O] to q[B, T, N, A].

A team's networks. They are examined from outside, however their weights are laid out.

The heart is a team so small (one agent, one input, one hidden unit a layer, one action) that it has six numbers: some
order of them must give w₃·relu(w₂·relu(w₁·x + b₁) + b₂) + b₃ for every x. Everything else follows from counting
parameters and from who depends on whom.
"""

from __future__ import annotations

from itertools import permutations

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise
from qmix_course.checks.lesson03.agent_nets_mistakes import MISTAKES
from qmix_course.checks.room import NEARLY, REMEMBERS, Room
from qmix_course.checks.verdict import Found, Verdict

SIZES = ((2, 6, 4, 8), (3, 5, 2, 7), (1, 4, 3, 5), (4, 3, 5, 6))       # N, O, A, hidden
ORDERS = torch.tensor(list(permutations(range(6))))
LEAST_SPREAD, MOST_SPREAD = 0.001, 5.0        # nn.Linear's own start gives 0.02, that of He 0.3


def make(room: Room, Made, n, o, a, h=None):
    """One fresh team of the learner's class."""
    agents = room.ask(Made, n, o, a) if h is None else room.ask(Made, n, o, a, hidden=h)
    if not isinstance(agents, nn.Module):
        raise room.misfit(f"AgentNets: expected an nn.Module, got {values.describe(agents)}",
                          "Does the class inherit from nn.Module?")
    room.ask(agents, torch.zeros(1, 1, n, o))                    # lazy layers make their weights now
    return agents


def ask(room: Room, agents, obs, n_actions) -> torch.Tensor:
    q = room.ask(agents, obs)
    problem = values.problem(q, torch.zeros(*obs.shape[:3], n_actions), 0.0)
    if problem and problem.kind == "wrong shape or type":
        raise room.misfit(f"for obs of shape {list(obs.shape)} and {n_actions} actions: "
                          f"{problem.text}", "Follow the shape line by line: obs[B, T, N, O] becomes q[B, T, N, A].")
    if q.dtype != torch.float64:
        raise room.wrong(NEARLY.name, f"q is {q.dtype}")
    return q


def redraw(agents, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in agents.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))


def count(n, o, a, h, biases=True, layers=2) -> int:
    sizes = [o, *[h] * layers, a]
    return n * sum((i + biases) * k for i, k in zip(sizes, sizes[1:]))


def look(room: Room, Made) -> Verdict:
    for n, o, a, h in SIZES:
        agents = make(room, Made, n, o, a, h)
        obs = torch.randn(3, 4, n, o, generator=torch.Generator().manual_seed(n))
        before = ask(room, agents, obs, a)
        if not values.same(before, ask(room, agents, obs, a)):
            raise room.wrong("a value is drawn at random" if _draws(room, agents, obs, a) else REMEMBERS.name,
                             "the same observations, asked about twice, got two different q")
        _registered(room, agents, before)
        _locality(room, agents, obs, a)
        _sizes(room, agents, n, o, a, h)
        _differences(room, agents, n, o, a)
    _sizes(room, make(room, Made, 2, 6, 4), 2, 6, 4, 64)
    for agent, n in ((0, 1), (0, 2), (1, 2)):
        _function(room, make(room, Made, n, 1, 1, 1), agent, n)
    _many_units(room, make(room, Made, 2, 3, 4, 6), 3, 4)
    for n in (3, 1):
        _start(room, make(room, Made, n, 6, 4), n)
    return Verdict("correct")


def _draws(room: Room, agents, obs, n_actions) -> bool:
    """Whether it is torch's dice that make two answers different: do they agree when the dice fall alike?"""
    given = []
    for _ in range(2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(33)
            given.append(ask(room, agents, obs, n_actions))
    return values.same(*given)


def _registered(room: Room, agents, q) -> None:
    if not list(agents.parameters()):
        raise room.wrong("the weights are hidden from PyTorch", "list(agents.parameters()) is empty")
    if not q.requires_grad:
        raise room.wrong("no gradient reaches the weights", "q.requires_grad is False")


def _locality(room: Room, agents, obs, n_actions) -> None:
    """q[b, t, i] depends on obs[b, t, i] and on nothing else; alone in a batch it is the same."""
    batch, time, n_agents, _ = obs.shape
    heard = torch.zeros(n_agents, dtype=torch.bool)
    for seed in (1, 2, 3):
        redraw(agents, seed)
        before = ask(room, agents, obs, n_actions).detach()
        for j in range(n_agents):
            for b, t in ((0, 0), (1, 2), (batch - 1, time - 1)):
                changed = obs.clone()
                changed[b, t, j] = obs[b, t, j] + 1.5
                moved = ((ask(room, agents, changed, n_actions).detach() - before).abs() > 1e-9).any(-1)
                heard[j] |= moved[b, t, j]
                moved[b, t, j] = False
                at = f"changed: obs[{b}, {t}, {j}]; changed in q: {moved.nonzero().tolist()[:3]}"
                moved_here = moved[b, t].clone()
                moved[b, t] = False
                if moved.any():
                    raise room.wrong("samples, time steps and agents are mixed up", at)
                if moved_here.any():
                    raise room.wrong("an agent's values depend on another agent's observation", at)
        for b, t in ((0, 0), (2, 1), (batch - 1, time - 1)):
            alone = ask(room, agents, obs[b:b + 1, t:t + 1], n_actions).detach()[0, 0]
            if not torch.allclose(alone, before[b, t], rtol=1e-9, atol=1e-9):
                if torch.allclose(alone, before[b, t], rtol=1e-3, atol=1e-3):
                    raise room.wrong(NEARLY.name)
                raise room.wrong("an agent's weights change with its place in the batch",
                                 f"q of obs[{b}, {t}] alone, as a batch of one, is not what it is within the batch")
    if not heard.all():
        raise Found(Verdict("wrong", f"agent {int((~heard).nonzero()[0, 0]) + 1} does not react to its own observation",
                            "Change one agent's observation and see which values move."))


def _sizes(room: Room, agents, n, o, a, h) -> None:
    total = sum(parameter.numel() for parameter in agents.parameters())
    expected = count(n, o, a, h)
    detail = f"AgentNets({n}, {o}, {a}, hidden={h}): expected {expected} parameters, got {total}"
    if total == expected:
        return
    if n > 1 and total == expected // n:
        raise room.wrong("all agents share one network", detail)
    if total in (count(n, o, a, 64), count(n, o, a, 32), count(n, o, a, 128)) or h == 64:
        raise room.wrong("the width is not the one asked for", detail)
    if total == count(n, o, a, h, biases=False):
        raise room.wrong("the biases are missing", detail)
    for layers in (0, 1, 3, 4):
        if total == count(n, o, a, h, layers=layers):
            raise room.wrong("another number of hidden layers",
                             f"{detail}\n{total} parameters make {layers} hidden layer(s)")
    raise room.wrong("the parameters do not add up", detail)


def _differences(room: Room, agents, n, o, n_actions) -> None:
    """Own weights: for the same observation, all agents have different values."""
    redraw(agents, 5)
    same = torch.randn(4, 1, 1, o, generator=torch.Generator().manual_seed(3)).expand(4, 1, n, o).contiguous()
    q = ask(room, agents, same, n_actions)
    gradients = torch.autograd.grad((q * torch.randn(q.shape, generator=torch.Generator().manual_seed(4))).sum(),
                                    list(agents.parameters()), allow_unused=True) if q.requires_grad else [None]
    q = q.detach()
    if any(torch.allclose(q[:, :, i], q[:, :, j], atol=1e-9) for i in range(n) for j in range(i)):
        raise room.wrong("all agents share one network", "two agents with the same observation have the same values")
    if any(gradient is None for gradient in gradients):
        raise room.wrong("no gradient reaches the weights", "after q.sum().backward() some parameters have no gradient")


LIKE = {                        # (first, second, last): what stands behind the three layers
    None: (F.relu, F.relu, None),
    "there is no relu": (None, None, None),
    "one of the two relus is missing": ((F.relu, None, None), (None, F.relu, None)),
    "the last layer is squeezed": ((F.relu, F.relu, F.relu), (F.relu, F.relu, torch.tanh),
                                   (F.relu, F.relu, torch.sigmoid),
                                   (F.relu, F.relu, torch.ones_like), (F.relu, F.relu, torch.zeros_like),
                                   (F.relu, F.relu, F.softplus), (F.relu, F.relu, F.leaky_relu), (None, None, F.relu)),
    "another activation": tuple((other, other, None) for other in (
        torch.tanh, torch.sigmoid, F.leaky_relu, F.elu, F.gelu, F.silu, F.softplus, torch.abs, F.selu, F.relu6)),
}


def _formula(numbers: torch.Tensor, x: torch.Tensor, behind) -> torch.Tensor:
    """numbers[..., 6] as w₁ b₁ w₂ b₂ w₃ b₃, x[M] → [..., M]."""
    w1, b1, w2, b2, w3, b3 = numbers[..., None].unbind(-2)
    first, second, last = (step or (lambda value: value) for step in behind)
    return last(w3 * second(w2 * first(w1 * x + b1) + b2) + b3)


def _function(room: Room, agents, agent: int, n: int) -> None:
    """Is this agent's value the formula's, in some order of the six numbers that it depends on?"""
    x = torch.linspace(-4, 4, 33)
    obs = x.reshape(-1, 1, 1, 1).expand(33, 1, n, 1).contiguous()
    seen, used = [], 0
    for seed in range(14):
        redraw(agents, 100 + seed)
        numbers = torch.cat([parameter.detach().flatten() for parameter in agents.parameters()])
        q = ask(room, agents, obs, 1)[:, 0, agent, 0]
        slopes = torch.autograd.grad((q * (1 + x.cos())).sum(), list(agents.parameters()), allow_unused=True)
        used = used + torch.cat([torch.zeros(parameter.numel()) if slope is None else slope.abs().flatten()
                                 for parameter, slope in zip(agents.parameters(), slopes)])
        seen.append((numbers, q.detach()))
    own = (used > 0).nonzero()[:, 0]
    if len(own) == 0:
        raise room.wrong("the last layer is squeezed",
                         f"with a single action, AgentNets({n}, 1, 1, hidden=1) gives the same value whatever it sees")
    if len(own) == 6:
        for name, likes in LIKE.items():
            for behind in likes if name and isinstance(likes[0], tuple) else (likes,):
                fits = torch.ones(len(ORDERS), dtype=torch.bool)
                for numbers, q in seen:
                    fits &= ((_formula(numbers[own][ORDERS], x, behind) - q).abs() < 1e-9 * (1 + q.abs())).all(-1)
                if fits.any():
                    if name:
                        raise room.wrong(name, f"seen at agent {agent + 1} of AgentNets({n}, 1, 1, hidden=1)")
                    return
    raise room.wrong("it computes something else",
                     f"agent {agent + 1} of AgentNets({n}, 1, 1, hidden=1) should have six numbers; "
                     "in no order of them is q what the formula says")


def _many_units(room: Room, agents, o, n_actions) -> None:
    """With several units: pieces that are exactly straight, values of both signs, no fixed relation between the
    actions."""
    redraw(agents, 50)
    generator = torch.Generator().manual_seed(51)
    at, step = torch.randn(300, 1, 2, o, generator=generator), 1e-4 * torch.randn(300, 1, 2, o, generator=generator)
    left, here, right = (ask(room, agents, obs, n_actions).detach() for obs in (at - step, at, at + step))
    straight = ((left - 2 * here + right).abs() < 1e-11 * (1 + here.abs())).double().mean()
    if straight < 0.9:
        raise room.wrong("another activation", "between its kinks, a network with relu is exactly straight; yours is "
                                               "curved")
    if (here >= 0).all() or (here <= 0).all() or (here.sum(-1) - here.sum(-1)[0, 0, 0]).abs().max() < 1e-6:
        raise room.wrong("the last layer is squeezed", "over 300 random observations and random weights")


def _start(room: Room, agents, n) -> None:
    """The first weights: neither exploding nor fading, and drawn for each agent."""
    obs = torch.rand(200, 1, 1, 6, generator=torch.Generator().manual_seed(60)).expand(200, 1, n, 6).contiguous()
    q = ask(room, agents, obs, 4).detach()
    spread = q.std(0).mean().item()
    detail = f"AgentNets({n}, 6, 4), fresh: over 200 random observations a value's standard deviation is {spread:.2g}"
    if not spread < MOST_SPREAD:
        raise room.wrong("the first weights are far too large", detail)
    if not spread > LEAST_SPREAD:
        raise room.wrong("the first weights are far too small", detail)
    if any(torch.allclose(q[:, :, i], q[:, :, j], atol=1e-9) for i in range(n) for j in range(i)):
        raise room.wrong("all agents start alike",
                         "AgentNets(3, 6, 4), fresh: two agents with the same observation have the same values")


EXERCISE = Exercise(
    number="03.3", title="A network for every agent", answers={"AgentNets": "class"}, difficulty=3, minutes=12,
    core=True,
    practises="write a module with one network for each agent, from obs[B, T, N, O] to q[B, T, N, A]",
    hints=("`nn.Sequential` of three `nn.Linear` with two `nn.ReLU` between them is one agent's network. How many do "
           "you need, and in what kind of list does a module notice them?",
           "A linear layer works on the last axis and leaves all others as they are. So agent i's network can take all "
           "samples and time steps of agent i at once.",
           "Cut out each agent's observations along the third axis, send them through its network, and put the results "
           "side by side along that axis again."),
    mistakes=MISTAKES, look=look,
    off_limits=("qmix_course.agents.MLPAgents", "qmix_course.agents.StackedLinear"))
