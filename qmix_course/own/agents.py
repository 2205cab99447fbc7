"""``check_agents``: the mistakes in agents of one's own that no error tells of."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import nn

from qmix_course import errors
from qmix_course.envs.base import TeamSpec
from qmix_course.own.doubts import agents_doubts
from qmix_course.own.reports import Enough, close, drawn_inputs, learning_faults, report, say, shape_faults

IN_Q, IN_MEMORY = {"agents": 2, "rows": 0, "time": 1}, {"agents": 1, "rows": 0}       # which axis is whose


def check_agents(agents: nn.Module, spec: TeamSpec) -> None:
    """Call ``agents`` on drawn observations; ``errors.Faults``, a ``ValueError`` with one sentence a fault, if they
    break the contract.

    q[B, T, N, A], memory[B, N, M] = agents(obs[B, T, N, O], last_actions[B, T, N], memory or None), with M =
    ``agents.memory_dim``; without memory M = 0 and None comes back. Looked at: shapes and dtypes; that agent i reads
    its own observation, last action and memory and nobody else's, no other row's, and nothing of the future; that the
    same inputs give the same values, however many rows there are; that no last action (−1) is not read as the last one
    of all; that all that is remembered is in the memory, so that a fresh one begins a fresh episode; that every weight
    is registered, and that the gradient reaches some, for each agent whose values depend on any, and through time.
    Weights that are to be trained and that nothing depends on are warned of. Not seen: whether what is read is enough
    to act well on, nor which layer reads what.
    """
    errors.instance("agents", agents, nn.Module)
    errors.instance("spec", spec, TeamSpec)
    report(f"check_agents, {type(agents).__name__}", [lambda: _sizes(agents, spec), lambda: _reads(agents, spec),
                                                       lambda: _remembers(agents, spec)])
    say(f"check_agents, {type(agents).__name__}", agents_doubts(agents, spec))


def _sizes(agents: nn.Module, spec: TeamSpec) -> Iterator[str]:
    size = getattr(agents, "memory_dim", None)
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        yield (f"memory_dim: expected a whole number, the numbers that each agent remembers (0: none), got "
               f"{errors.describe(size)}")
        raise Enough
    inputs, given = drawn_inputs(spec, size), drawn_inputs(spec, size)
    came = agents(*given[:2], None)
    if not isinstance(came, tuple) or len(came) != 2:
        yield f"forward: expected a pair (q, memory), got {errors.describe(came)}"
        raise Enough
    yield from shape_faults("forward: q", came[0], (3, 4, spec.n_agents, spec.n_actions))
    if size:
        yield from shape_faults("forward: memory", came[1], (3, spec.n_agents, size))
    elif came[1] is not None:
        yield f"forward: expected None for the memory, as memory_dim is 0, got {errors.describe(came[1])}"
        raise Enough
    if size:
        agents(*given)
    for name, value, before in zip(("obs", "last_actions", "memory"), given, inputs):
        if value is not None and not torch.equal(value, before):
            yield f"forward: wrote into {name}, which the replay needs; expected it to stay as it was"
            if name == "memory":
                raise Enough


def _reads(agents: nn.Module, spec: TeamSpec) -> Iterator[str]:
    inputs = drawn_inputs(spec, agents.memory_dim)
    q, after = agents(*inputs)
    other = [None if value is None else value.roll(1, 0) for value in inputs]
    agents(*other)
    again = agents(*inputs)
    if not close(again[0], q) or not close(again[1], after):
        yield ("forward: the same inputs gave other values the second time; expected nothing to be drawn (no dropout) "
               "and nothing to be kept in the module (all that is remembered goes through memory)")
        raise Enough
    lost = list(learning_faults("forward: q", q, agents))
    yield from lost
    leaks = list(_leaks(agents, spec, inputs, (q, after)))
    yield from leaks
    if leaks:
        raise Enough                                            # steps in a row would only tell it again
    mixed = [None if value is None else value.clone() for value in inputs]
    mixed[1][1:, 0] = 0                                         # one row begins its episode, others are amid theirs
    for row in range(len(mixed[0])):
        one = agents(*(None if value is None else value[row:row + 1] for value in mixed))
        if not close(one[0], agents(*mixed)[0][row:row + 1]):
            yield ("forward: a row alone and the same row among others gave other values; expected rows that do not "
                   "depend on one another, nor on how many there are or whose episode begins")
            raise Enough
    other = _moved(agents, 0.3)                                 # said of both: a small network may be deaf by chance
    looks = [lambda each: _no_action(each, spec, inputs)] + [lambda each: _learns(each, inputs)] * (not lost)
    for look in looks:
        yield from set(look(agents)) & set(look(other))


def _leaks(agents: nn.Module, spec: TeamSpec, inputs: list, came: tuple) -> Iterator[str]:
    """What values change with and should not: what others and other rows observe, did or remember; what comes."""
    for number, name in enumerate(("observation", "last action", "memory")):
        for axis in IN_Q if number < 2 else IN_MEMORY:
            if inputs[number] is None or _apart(agents, spec, inputs, number, axis, came):
                continue
            yield {
                "agents": f"forward: an agent's values changed with the {name} of another agent; expected each agent "
                          "to read its own alone",
                "rows": f"forward: a row's values changed with the {name} of another row; expected rows that do not "
                        "depend on one another (no batch norm)",
                "time": f"forward: values changed with {'an' if number == 0 else 'a'} {name} that came later; expected "
                        "each step to know the past alone"}[axis]


def _apart(agents: nn.Module, spec: TeamSpec, inputs: list, number: int, axis: str, came: tuple) -> bool:
    """Whether all others' values stay as they came when the last of ``axis`` is given another ``inputs[number]``, and
    when the first is (which later steps may remember)."""
    dim = (IN_Q if number < 2 else IN_MEMORY)[axis]
    for at, rest in ((-1, slice(None, -1)), (0, slice(1, None)))[:1 if axis == "time" else 2]:
        value = inputs[number].movedim(dim, 0).clone()
        value[at] = (value[at] + 1).clamp(0) % spec.n_actions if number == 1 else 1 - value[at]
        given = [*inputs[:number], value.movedim(0, dim), *inputs[number + 1:]]
        for before, now, axes in zip(came, agents(*given), (IN_Q, IN_MEMORY)):
            if before is not None and axis in axes and not close(
                    now.movedim(axes[axis], 0)[rest], before.movedim(axes[axis], 0)[rest]):
                return False
    return True


def _moved(agents: nn.Module, by: float) -> nn.Module:
    other = deepcopy(agents)
    with torch.no_grad():
        for weights in other.parameters():
            weights.add_(by)
    return other


def _no_action(agents: nn.Module, spec: TeamSpec, inputs: list) -> Iterator[str]:
    """−1 for the first actions, against the last action of all and the one before it."""
    if spec.n_actions < 2:
        return
    first = {}
    for action in (-1, spec.n_actions - 1, spec.n_actions - 2):
        last = inputs[1].clone()
        last[:, 0] = action
        first[action] = agents(inputs[0], last, inputs[2])[0][:, 0]
    none, last, other = first.values()
    if torch.equal(none, last) and not torch.equal(last, other):
        yield (f"forward: last action −1 (none yet) is read as action {spec.n_actions - 1}, as an index counts from "
               "the end; expected an episode's start to look like no action")


def _learns(agents: nn.Module, inputs: list) -> Iterator[str]:
    """Values that depend on the weights, agent by agent and through time, carry a gradient to them."""
    with torch.no_grad():
        moved, then = _moved(agents, 0.1)(*inputs)
    q, after = agents(*inputs)
    weights = [each for each in agents.parameters() if each.requires_grad]
    for agent in range(q.shape[2]):
        slopes = torch.autograd.grad(q[:, :, agent].sum(), weights, retain_graph=True, allow_unused=True)
        if not close(q[:, :, agent], moved[:, :, agent]) and not any(
                slope is not None and slope.abs().sum() > 0 for slope in slopes):
            yield (f"forward: the values of agent {agent} depend on the weights, and no gradient reaches these from "
                   "there; expected every agent to learn (is something detached?)")
            return
    if not agents.memory_dim or close(after, then):             # nothing remembered, or nothing that was learned
        return
    obs = inputs[0].clone().requires_grad_()
    q = agents(obs, *inputs[1:])[0][:, -1]
    changed = inputs[0].clone()
    changed[:, 0] = 1 - changed[:, 0]
    slope, = torch.autograd.grad(q.sum(), obs, allow_unused=True)
    if not close(agents(changed, *inputs[1:])[0][:, -1], q) and (slope is None or not slope[:, 0].abs().sum() > 0):
        yield ("forward: what was seen earlier changes later values, and no gradient goes back through the memory; "
               "expected agents to learn what to remember (is it detached between steps?)")


def _remembers(agents: nn.Module, spec: TeamSpec) -> Iterator[str]:
    """All steps in one call, against one call a step; a fresh memory against None."""
    obs, last, _ = drawn_inputs(spec, 0)
    whole, after = agents(obs, last, None)
    memory, steps = None, []
    for t in range(obs.shape[1]):
        q, memory = agents(obs[:, t:t + 1], last[:, t:t + 1], memory)
        steps.append(q)
    if not close(torch.cat(steps, 1), whole) or not close(memory, after):
        yield ("forward: one call for four steps and four calls that hand the memory on gave other values; expected "
               "the same, as a team plays step by step and learns from sequences")
        return
    if agents.memory_dim:
        zeros = obs.new_zeros(len(obs), spec.n_agents, agents.memory_dim)
        if not close(agents(obs, last, zeros)[0], whole):
            yield "forward: a memory of zeros and None gave other values; expected both to begin a fresh episode"
