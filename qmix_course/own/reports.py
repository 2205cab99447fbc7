"""What the checks of one's own parts have in common: how faults are gathered, and what is looked at in every tensor."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn

from qmix_course import errors, strangers
from qmix_course.envs.base import TeamSpec

CLOSE = dict(rtol=1e-4, atol=1e-5)          # one batched product and another may round differently
HERE = str(Path(__file__).parent)


class Enough(Exception):
    """What was found makes it pointless to look at more."""


def report(what: str, looks: list[Callable[[], Iterator[str]]]) -> None:
    """``errors.Faults`` with what all looks found, if anything. Torch's global generator is left as it was."""
    faults: list[str] = []
    for look in looks:
        try:
            with torch.random.fork_rng(devices=[]):
                for words in look():
                    if words not in faults:
                        faults.append(words)
        except Enough:
            break
        except Exception as error:
            faults.append(f"{doing(error)}: raised {strangers.told(error)}; expected an answer")
            break
    if faults:
        raise errors.Faults(what, faults)


def say(what: str, doubts: Iterator[str]) -> None:
    """A warning for each word on what breaks no rule and is seldom meant, to whoever called the check."""
    with torch.random.fork_rng(devices=[]):
        found = list(doubts)
    for words in found:
        warnings.warn(f"{what}: {words}", stacklevel=3)


def doing(error: Exception) -> str:
    """The method of somebody's own that failed: the first name that is not of this folder."""
    trace, names = error.__traceback__, []
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(HERE) and "/torch/" not in file.replace("\\", "/"):
            names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return names[0] if names else "forward"


def drawn_inputs(spec: TeamSpec, memory_dim: int, rows: int = 3, length: int = 4) -> list:
    """[obs, last_actions, memory or None], drawn."""
    dice = torch.Generator().manual_seed(0)
    last = torch.randint(spec.n_actions, (rows, length, spec.n_agents), generator=dice)
    last[:, 0] = -1
    memory = torch.rand(rows, spec.n_agents, memory_dim, generator=dice) if memory_dim else None
    return [torch.rand(rows, length, spec.n_agents, spec.obs_dim, generator=dice), last, memory]


def shape_faults(what: str, value, shape: tuple) -> Iterator[str]:
    """Of a tensor that should have that shape, torch's default dtype and finite numbers."""
    try:
        errors.tensor(what, value, shape, torch.get_default_dtype())
    except (TypeError, ValueError) as error:
        yield str(error)
        raise Enough from error
    if not errors.finite(value):
        yield f"{what}: expected finite numbers, got NaN or infinity"
        raise Enough


def leaves_of(value: torch.Tensor) -> list[torch.Tensor]:
    """The tensors that a gradient of ``value`` would reach."""
    found, seen, stack = [], set(), [value.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        stack += [each for each, _ in node.next_functions]
    return found


def learning_faults(what: str, value: torch.Tensor, module: nn.Module, also: tuple = ()) -> Iterator[str]:
    """Of a value whose gradient must reach weights of ``module``, and nothing else but ``also``."""
    known = {id(weights) for weights in module.parameters()}
    reached = {id(leaf): tuple(leaf.shape) for leaf in leaves_of(value)}
    if not known & reached.keys():
        yield f"{what}: no gradient reaches a registered weight; expected to learn (is something detached?)"
    strange = reached.keys() - known - {id(each) for each in also}
    if strange:
        yield (f"parameters: weights of shape {reached[min(strange)]} are used and not registered, so they are neither "
               "trained nor saved; expected nn.Parameter, or nn.ModuleList in place of a list")


def close(one: torch.Tensor | None, two: torch.Tensor | None) -> bool:
    """The same up to rounding, or both None."""
    if one is None or two is None:
        return one is two
    return one.shape == two.shape and torch.allclose(one, two, **CLOSE)
