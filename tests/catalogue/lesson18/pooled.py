"""Answers to 18.2."""

import torch

from tests.catalogue import Answers


def masked(seen, there):
    here = there.unsqueeze(-1).to(seen.dtype)
    mean = (seen * here).sum(1) / here.sum(1).clamp(min=1)
    largest = torch.where(there.unsqueeze(-1), seen, -torch.inf).amax(1)
    return torch.cat([mean, largest.masked_fill(~there.any(1, keepdim=True), 0.0), here.mean(1)], 1)


def in_a_loop(seen, there):
    rows = []
    for each, here in zip(seen, there):
        own = each[here]
        parts = [own.mean(0), own.amax(0)] if len(own) else [each.new_zeros(each.shape[1])] * 2
        rows.append(torch.cat([*parts, here.to(each.dtype).mean().reshape(1)]))
    return torch.stack(rows)


def _with(seen, there, mean=None, largest=None, share=None):
    length = seen.shape[2]
    state = masked(seen, there)
    parts = state[:, :length], state[:, length:2 * length], state[:, 2 * length:]
    return torch.cat([part if new is None else new for part, new in zip(parts, (mean, largest, share))], 1)


def everybody(seen, there):
    return _with(seen, there, seen.mean(1), seen.amax(1))


def over_all(seen, there):
    return _with(seen, there, mean=(seen * there.unsqueeze(-1)).mean(1))


def summed(seen, there):
    return _with(seen, there, mean=(seen * there.unsqueeze(-1)).sum(1))


def zeros(seen, there):
    return _with(seen, there, largest=(seen * there.unsqueeze(-1)).amax(1))


def sizes(seen, there):
    return _with(seen, there, largest=(seen * there.unsqueeze(-1)).abs().amax(1))


def smallest(seen, there):
    length = seen.shape[2]
    return _with(seen, there, largest=-masked(-seen, there)[:, length:2 * length])


def no_guard(seen, there):
    here = there.unsqueeze(-1)
    return _with(seen, there, mean=(seen * here).sum(1) / here.sum(1))


def infinite(seen, there):
    return _with(seen, there, largest=seen.masked_fill(~there.unsqueeze(-1), -torch.inf).amax(1))


def counted(seen, there):
    return _with(seen, there, share=there.sum(1, keepdim=True).to(seen.dtype))


def exchanged(seen, there):
    state, length = masked(seen, there), seen.shape[2]
    return torch.cat([state[:, length:2 * length], state[:, :length], state[:, 2 * length:]], 1)


def share_first(seen, there):
    state = masked(seen, there)
    return torch.cat([state[:, -1:], state[:, :-1]], 1)


def with_a_large_number(seen, there):
    here, count = there.unsqueeze(-1), there.sum(1, keepdim=True)
    most = torch.where(here, seen, -1e4).amax(1) * (count > 0)
    return torch.cat([(seen * here).sum(1) / count.clamp(min=1), most, count / there.shape[1]], 1)


ANSWERS = Answers(
    right=[masked, in_a_loop],
    wrong=[("a finite number stands in for the absent in the maximum", with_a_large_number),
           ("the absent are counted in", everybody), ("the mean is taken over everybody's number", over_all),
           ("a sum, where a mean was asked for", summed), ("the absent have a zero in the maximum", zeros),
           ("the largest size, where the largest number was asked for", sizes),
           ("the smallest was taken", smallest),
           ("where nobody is there, the mean is not a number", no_guard),
           ("where nobody is there, the maximum is not finite", infinite),
           ("a count, where a share was asked for", counted), ("mean and maximum are exchanged", exchanged),
           ("the share stands in front", share_first)])
