"""Whether two saved states are the same to the bit."""

import torch


def equal(one, two) -> bool:
    """Nested dicts, lists and tuples of tensors and plain values; NaN equals NaN."""
    if isinstance(one, torch.Tensor):
        return one.dtype == two.dtype and torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(equal(a, b) for a, b in zip(one, two))
    return one == two or (one != one and two != two)
