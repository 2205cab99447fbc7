"""Answers to 21.2."""

import numpy as np
import torch

from tests.catalogue import Answers


def by_fields(spec, capacity, length, memory_dim, float_bytes, without=(), moments=None, flag=1, an_int=8, hot=1):
    n, T, moments = spec.n_agents, length, length + 1 if moments is None else moments
    fields = dict(obs=moments * n * spec.obs_dim * float_bytes, state=moments * spec.state_dim * float_bytes,
                  available=moments * n * spec.n_actions * flag, actions=T * n * an_int * hot,
                  last_actions=moments * n * an_int * hot, reward=T * float_bytes, mask=T * float_bytes,
                  terminated=T * flag, memory=n * memory_dim * float_bytes)
    return capacity * sum(size for name, size in fields.items() if name not in without)


def by_laying_out(spec, capacity, length, memory_dim, float_bytes):
    """A row of real tensors."""
    n, dtype = spec.n_agents, {4: torch.float32, 8: torch.float64}[float_bytes]
    row = [torch.zeros(length + 1, n, spec.obs_dim, dtype=dtype), torch.zeros(length + 1, spec.state_dim, dtype=dtype),
           torch.zeros(length + 1, n, spec.n_actions, dtype=torch.bool), torch.zeros(length, n, dtype=torch.int64),
           torch.zeros(length + 1, n, dtype=torch.int64), torch.zeros(2, length, dtype=dtype),
           torch.zeros(length, dtype=torch.bool), torch.zeros(n, memory_dim, dtype=dtype)]
    return capacity * sum(each.nbytes for each in row)


def changed(**how):
    return lambda *case: by_fields(*case, **{name: value(*case) if callable(value) else value
                                             for name, value in how.items()})


def in_32_bits(*case):
    return int(np.array(by_fields(*case)).astype(np.int32))


ANSWERS = Answers(
    right=[by_fields, by_laying_out],
    wrong=[("the product does not fit into 32 bits", in_32_bits),
           
        ("the moment after the last step is missing", changed(moments=lambda spec, capacity, length, *_: length)),
        ("every moment is counted twice", changed(moments=lambda spec, capacity, length, *_: 2 * length)),
        ("a bool is counted as a bit", changed(flag=1 / 8)),
        ("a bool is counted as a float", changed(flag=lambda *case: case[-1])),
        ("an action is counted with 4 bytes", changed(an_int=4)),
        ("the agents' memory is left out", changed(without=("memory",))),
        ("the agents' memory is stored at each step",
         lambda spec, capacity, length, memory_dim, bytes: by_fields(spec, capacity, length,
                                                                     memory_dim * (length + 1), bytes)),
        ("every agent has a state of its own",
         lambda spec, capacity, length, memory_dim, bytes: by_fields(spec, capacity, length, memory_dim, bytes)
         + capacity * (length + 1) * (spec.n_agents - 1) * spec.state_dim * bytes),
        ("which actions are available is left out", changed(without=("available",))),
        ("the last actions are left out", changed(without=("last_actions",))),
        ("the mask is left out", changed(without=("mask",))),
        ("actions are stored one-hot", changed(hot=lambda spec, *_: spec.n_actions)),
        ("it is one row, not the whole memory", lambda *case: by_fields(case[0], 1, *case[2:])),
    ],
)
