"""What learns: the weights of one team, or of several side by side, in one flat tensor, and the update that changes
them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import fields

import torch
from torch import nn
from torch.func import functional_call, vmap

from qmix_course import errors, strangers
from qmix_course.algorithms import Algorithm
from qmix_course.config import TrainConfig
from qmix_course.replay import Batch
from qmix_course.watch import check_finite


class Learner:
    """The weights of K teams, their gradients and their targets' weights, each in one tensor [K, P]; ``update`` changes
    them.

    The weights of team k stand side by side in row k, P numbers, and the team's own parameters are views of it, as
    their ``grad`` are of a row of the gradients. So clearing, the norm of the whole gradient, Adam's step and the soft
    update are one operation each, whatever number of layers a team has. The arithmetic is that of an update parameter
    by parameter; only the last bit of a weight may be another one.
    """

    def __init__(self, algorithms: Sequence[Algorithm], targets: Sequence[Algorithm], config: TrainConfig):
        self.config, self.updates = config, 0
        self.algorithms, self.targets = list(algorithms), list(targets)
        self.name = type(self.algorithms[0]).__name__
        self.views, self.held = [], []      # of a lone team: its gradients and buffers, which nobody may replace
        self.weights = side_by_side(self.algorithms).requires_grad_()                               # [K, P]
        self.target_weights = side_by_side(self.targets)                                            # [K, P]
        self.weights.grad = torch.zeros_like(self.weights)
        if self.weights.is_cuda:        # cuDNN copies a GRU's weights to where it likes them, and says so each time
            warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")
        self.optimiser = torch.optim.Adam([self.weights], lr=config.learning_rate, fused=True)
        if config.compile and len(self.algorithms) > 1:
            raise ValueError("compile: expected False, because several teams side by side share one vectorised call, "
                             "got True")
        self.compiled = self.compile() if config.compile else None
        if len(self.algorithms) == 1:
            self.attach()
        else:
            self.buffers = stack_buffers(self.algorithms), stack_buffers(self.targets)              # what is no weight
            self.pair, self.together = Pair(self.algorithms[0], self.targets[0]), vmap(self.loss_of_one)

    def compile(self):
        """The loss, compiled; None, with a word, for a recurrent team: torch.compile leaves a GRU as it is, and what
        would be compiled around it made updates slower (0.9 times as fast, 32 episodes of 25 steps)."""
        if not self.algorithms[0].recurrent:
            return torch.compile(self.algorithms[0].loss)
        warnings.warn("compile: it brings nothing to recurrent teams, since torch.compile leaves a GRU as it is; the "
                      "run goes on uncompiled", RuntimeWarning, stacklevel=5)
        return None

    def slow_down(self, steps: int) -> None:
        """The learning rate after ``steps`` steps of the run, where it is to fall."""
        if self.config.learning_rate_steps is not None:
            left = max(0.0, 1 - steps / self.config.learning_rate_steps)
            self.optimiser.param_groups[0]["lr"] = self.config.learning_rate * left

    def update(self, batches: Sequence[Batch], where: str = "") -> list[float]:
        """One optimiser step of each team on a batch of its own, then its target; the losses.

        ``TrainingDiverged`` before the step, for all of them, if the loss or the gradient of one is NaN or infinite.
        ``where``: when that was, in words.
        """
        self.clear_gradients()
        losses = self.compiled_losses(batches) if self.compiled else None                           # [K]
        if losses is None:
            losses = self.losses(batches)
            if not losses.requires_grad:
                raise TypeError(f"loss of {self.name}: expected a tensor from which gradients flow back, got one "
                                "without a gradient: is something detached?")
            losses.sum().backward()         # no weight belongs to two teams, so each gets the gradient of its own loss
        if any(weights.grad is not gradient for weights, gradient in self.views):
            raise ValueError(f"loss of {self.name}: it takes the gradients of its weights away, so that nothing is "
                             "learned. Is zero_grad or backward called in it? The learner does both")
        changed = next((name for place, name, buffer in self.held if place.get(name) is not buffer), None)
        if changed is not None:
            raise replaced(self.algorithms[0], changed)
        norms = clip_rows(self.weights.grad, self.config.max_grad_norm)
        for name, values in (("loss", losses.tolist()), ("gradient", norms.tolist())):
            for number, value in enumerate(values):
                check_finite(name, value, f"of algorithms[{number}] {where}" if len(values) > 1 else where)
        self.optimiser.step()
        self.updates += 1
        self.move_target()
        return losses.tolist()

    def losses(self, batches: Sequence[Batch]) -> torch.Tensor:
        """The losses[K]: of a lone team as it stands, of several in one vectorised call."""
        if len(self.algorithms) == 1:
            return loss_of(self.algorithms[0], batches[0], self.targets[0]).unsqueeze(0)
        rows = {field.name: torch.stack([getattr(batch, field.name) for batch in batches]) for field in fields(Batch)}
        try:
            return self.together(self.weights, self.target_weights, self.buffers, rows)
        except RuntimeError as error:
            if not strangers.of_vmap(error):
                raise
            raise ValueError(f"loss of {self.name}: it cannot be vectorised over teams side by side "
                             f"({strangers.told(error)}); train them one after the other") from error

    def compiled_losses(self, batches: Sequence[Batch]) -> torch.Tensor | None:
        """The losses[1], and their gradients, from what torch.compile made of the loss. None where that does not
        work: this is said once, and the run goes on uncompiled."""
        try:
            loss = self.compiled(batches[0], self.targets[0])
            loss.backward()
        except Exception as error:              # many kinds: no compiler, one that fails, code that cannot be traced
            said = next((line for line in reversed(str(error).splitlines()) if "rror" in line),
                        type(error).__name__).strip()
            warnings.warn(f"compile: torch.compile does not work here, and the run goes on uncompiled. It needs a C++ "
                          f"compiler, and a path to Python without spaces. ({said[:300]})", RuntimeWarning,
                          stacklevel=5)
            self.compiled = None
            self.clear_gradients()
            return None
        return loss.detach().unsqueeze(0)

    def loss_of_one(self, weights: torch.Tensor, target_weights: torch.Tensor, buffers: tuple[dict, dict],
                    rows: dict) -> torch.Tensor:
        """The loss of a team with these weights[P]: the first team and its target are called with weights that are not
        their own."""
        online, target = self.algorithms[0], self.targets[0]
        return functional_call(self.pair, with_prefix("online", by_name(weights, online) | buffers[0])
                               | with_prefix("target", by_name(target_weights, target) | buffers[1]), (Batch(**rows),))

    def clear_gradients(self) -> None:
        """All gradients are 0, and backward() adds to them in place. A lone team may have been in other hands since
        the last update; then it is attached again."""
        self.weights.grad.zero_()
        if len(self.algorithms) == 1 and self.places != places(self.algorithms[0]):
            self.attach()

    @torch.no_grad()
    def attach(self) -> None:
        """Make the parameters and gradients of a lone team views of its row, with the values that the parameters have
        now."""
        team = self.algorithms[0]
        rows = by_name(self.weights.detach()[0], team).values(), by_name(self.weights.grad[0], team).values()
        for weights, own, gradient in zip(team.parameters(), *rows):
            weights.grad = None
            weights.data = own.copy_(weights)
            weights.grad = gradient
        self.places, self.views = places(team), [(weights, weights.grad) for weights in team.parameters()]
        self.held = [(part._buffers, name, buffer) for part in team.modules() for name, buffer in part._buffers.items()]

    @torch.no_grad()
    def move_target(self) -> None:
        """target ← target + τ (online − target) after every update, or target ← online after every ``target_every``."""
        if self.config.tau is not None:
            self.target_weights.lerp_(self.weights, self.config.tau)
        elif self.updates % self.config.target_every == 0:
            self.target_weights.copy_(self.weights)

    def load_optimiser(self, saved: dict, updates: int) -> None:
        """Adam as it was after ``updates`` updates. ``ValueError`` where something is missing: torch would begin it
        anew without a word."""
        self.optimiser.load_state_dict(saved)
        self.updates = updates
        means = self.optimiser.state.get(self.weights, {})
        shapes = {name: getattr(value, "shape", None) for name, value in means.items()}
        if updates and shapes != {"step": (), "exp_avg": self.weights.shape, "exp_avg_sq": self.weights.shape}:
            raise ValueError(f"optimiser: expected Adam's means for every weight, got {shapes}")


def side_by_side(modules: Sequence[nn.Module]) -> torch.Tensor:
    """All weights of K modules in one tensor [K, P]; their parameters become views of it. ``ValueError`` unless of one
    dtype."""
    kinds = sorted({str(weights.dtype).removeprefix("torch.") for module in modules for weights in module.parameters()})
    if len(kinds) != 1:
        raise ValueError(f"algorithm: expected weights, all of one dtype, got {' and '.join(kinds) or 'none'}")
    together = torch.stack([torch.cat([weights.detach().flatten() for weights in module.parameters()])
                            for module in modules])
    for module, row in zip(modules, together):
        for weights, own in zip(module.parameters(), by_name(row, module).values()):
            weights.data = own
    return together


def places(module: nn.Module) -> list[tuple[int, int]]:
    """Where in memory the parameters of ``module`` are, and their gradients (0: there is none)."""
    return [(weights.data_ptr(), weights.grad.data_ptr() if weights.grad is not None else 0)
            for weights in module.parameters()]


def by_name(weights: torch.Tensor, module: nn.Module) -> dict[str, torch.Tensor]:
    """weights[P] as the parameters of ``module``, each in its shape."""
    named = dict(module.named_parameters())
    parts = weights.split([each.numel() for each in named.values()])
    return {name: part.view(each.shape) for (name, each), part in zip(named.items(), parts)}


def clip_rows(gradients: torch.Tensor, max_norm: float) -> torch.Tensor:
    """``clip_grad_norm_`` for each row of gradients[K, P]: no row is longer than ``max_norm`` afterwards. The norms[K]
    before."""
    norms = gradients.norm(dim=1)
    gradients.mul_((max_norm / (norms + 1e-6)).clamp(max=1.0).unsqueeze(1))        # as torch's own does it
    return norms


def loss_of(online: Algorithm, batch: Batch, target: Algorithm) -> torch.Tensor:
    """The loss; ``TypeError`` where it is no number in a tensor."""
    loss = online.loss(batch, target)
    if not isinstance(loss, torch.Tensor) or loss.dim():
        raise TypeError(f"loss of {type(online).__name__}: expected one number, a tensor without axes, got "
                        f"{errors.describe(loss)}")
    return loss


def replaced(team: Algorithm, name: str) -> ValueError:
    """What is said of a buffer in whose place another tensor stands."""
    return ValueError(f"loss of {type(team).__name__}: a new tensor stands in the place of the buffer {name}. Write "
                      f"into the old one, as self.{name}.copy_(…): the target and teams side by side know no other")


class Pair(nn.Module):
    """A team and its target in one module, so that both can be called with weights from outside."""

    def __init__(self, online: Algorithm, target: Algorithm):
        super().__init__()
        self.online, self.target = online, target

    def forward(self, batch: Batch) -> torch.Tensor:
        before = dict(self.online.named_buffers())
        loss = loss_of(self.online, batch, self.target)
        after = dict(self.online.named_buffers())
        changed = next((name for name in before | after if before.get(name) is not after.get(name)), None)
        if changed is not None:
            raise replaced(self.online, changed)
        return loss


def stack_buffers(modules: Sequence[nn.Module]) -> dict[str, torch.Tensor]:
    """The modules' buffers by name, each in one tensor [K, ...]; theirs become views of it."""
    stacks = {}
    for name, _ in modules[0].named_buffers():
        stacks[name] = torch.stack([module.get_buffer(name) for module in modules])
        for module, own in zip(modules, stacks[name]):
            module.get_buffer(name).data = own
    return stacks


def with_prefix(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}
