"""The work of the recurrent update that no way of writing it avoids: its matrix products, counted, and run alone."""

from __future__ import annotations

from collections.abc import Callable

import torch

from qmix_course.envs import TeamSpec

HIDDEN, EMBED, HYPERNET = 64, 32, 64                            # the widths of agents, mixer and hypernetworks


def products(spec: TeamSpec, rows: int) -> list[tuple[str, int, int, int, int]]:
    """Every matrix product of one double-Q update on ``rows`` episodes: (what, how often, m, k, n) for [m, k] × [k, n].

    Forward counts twice: online and target network, both over all T + 1 observations. Backward, each forward product of
    the online network has two: for its weights, and onward, for what came into it; but nothing asks what came into the
    first layers and into the first step's memory. The agents' first layer reads the last action and the agent's number
    as one-hot vectors, as usual; the course looks these rows up, which saves 3 % of the work in the first shape. The
    mixing itself, 2 · (N + 1) · E operations a step, is left out: it is a thousandth of the whole.
    """
    steps, batch, inputs = spec.episode_limit + 1, rows * spec.n_agents, spec.obs_dim + spec.n_agents + spec.n_actions
    every, states, width = batch * steps, rows * spec.episode_limit, spec.state_dim
    layers = [("first layer", 1, 0, every, inputs, HIDDEN),        # how often forward, how often onward
              ("gates from inputs", 1, 1, every, HIDDEN, 3 * HIDDEN),
              ("gates from memory", steps, steps - 1, batch, HIDDEN, 3 * HIDDEN),
              ("last layer", 1, 1, every, HIDDEN, spec.n_actions),
              ("into hyper_w1 and hyper_w2", 2, 0, states, width, HYPERNET),
              ("into hyper_b1 and hyper_b2", 2, 0, states, width, EMBED),
              ("out of hyper_w1", 1, 1, states, HYPERNET, spec.n_agents * EMBED),
              ("out of hyper_w2", 1, 1, states, HYPERNET, EMBED), ("out of hyper_b2", 1, 1, states, EMBED, 1)]
    table = []
    for name, times, onward, m, k, n in layers:
        table += [(f"{name}, forward", 2 * times, m, k, n), (f"{name}, weights", times, k, m, n),
                  (f"{name}, onward", onward, m, n, k)]
    return table


def operations(spec: TeamSpec, rows: int) -> int:
    """Floating-point operations: two for each multiply-add of the matrix products."""
    return sum(2 * times * m * k * n for _, times, m, k, n in products(spec, rows))


def products_alone(spec: TeamSpec, rows: int, device: str) -> Callable[[], None]:
    """All these products and nothing else, each in its own shape, into memory that is there already."""
    matrices = [(times, torch.rand(m, k, device=device), torch.rand(k, n, device=device),
                 torch.empty(m, n, device=device))
                for _, times, m, k, n in products(spec, rows)]

    def call() -> None:
        for times, left, right, out in matrices:
            for _ in range(times):
                torch.mm(left, right, out=out)
    return call


def square_product(size: int, device: str) -> Callable[[], None]:
    """One large square product, which a machine does best."""
    left, right, out = (torch.rand(size, size, device=device) for _ in range(3))
    return lambda: torch.mm(left, right, out=out)
