"""Answers to 16.3."""

import math

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def right_ones(log_guess, z):
    return log_guess[torch.arange(len(z)), :, z]                                # [B, T]


def shares(z, mask, n_latents):
    return torch.stack([mask[z == k].sum() for k in range(n_latents)]) / mask.sum()


def h(p):
    return -sum(x * math.log(x) for x in p.tolist() if x > 0)


def indexing(log_guess, z, mask):
    first = (right_ones(log_guess, z) * mask).sum() / mask.sum()
    return first.item() + h(shares(z, mask, log_guess.shape[-1]))


def played_only(log_guess, z, mask):
    played = mask.bool()
    labels = z.unsqueeze(1).expand_as(mask)[played]
    p = torch.bincount(labels, minlength=log_guess.shape[-1]) / len(labels)
    return -F.nll_loss(log_guess[played], labels) + torch.special.entr(p).sum()


def loops(log_guess, z, mask):
    total, count = 0.0, [0] * log_guess.shape[-1]
    for b in range(len(z)):
        for t in range(mask.shape[1]):
            if mask[b, t]:
                total += log_guess[b, t, z[b]].item()
                count[z[b]] += 1
    n = sum(count)
    return total / n + math.log(n) - sum(c * math.log(c) for c in count if c) / n


def two_terms(guess=None, entropy=None):
    def answer(log_guess, z, mask):
        first = guess(log_guess, z, mask) if guess else (right_ones(log_guess, z) * mask).sum() / mask.sum()
        second = entropy(log_guess, z, mask) if entropy else h(shares(z, mask, log_guess.shape[-1]))
        return float(first) + float(second)
    return answer


def rows_share(log_guess, z, mask):
    return h(torch.bincount(z, minlength=log_guess.shape[-1]) / len(z))


padded = two_terms(lambda g, z, m: right_ones(g, z).mean())
divided_by_all = two_terms(lambda g, z, m: (right_ones(g, z) * m).mean())
by_episode = two_terms(lambda g, z, m: ((right_ones(g, z) * m).sum(1) / m.sum(1).clamp(min=1)).mean())
cross_entropy = two_terms(entropy=lambda g, z, m: 0.0)
guess_entropy = two_terms(entropy=lambda g, z, m: (torch.special.entr(g.exp()).sum(-1) * m).sum() / m.sum())
log_z = two_terms(entropy=lambda g, z, m: math.log(g.shape[-1]))
row_entropy = two_terms(entropy=rows_share)
no_mask_at_all = two_terms(lambda g, z, m: right_ones(g, z).mean(), rows_share)
probability = two_terms(lambda g, z, m: (right_ones(g, z).exp() * m).sum() / m.sum())
likeliest = two_terms(lambda g, z, m: (g.max(-1).values * m).sum() / m.sum())


def as_a_loss(log_guess, z, mask):
    return -indexing(log_guess, z, mask)


def nan_entropy(log_guess, z, mask):
    p = shares(z, mask, log_guess.shape[-1])
    return (right_ones(log_guess, z) * mask).sum() / mask.sum() - (p * p.log()).sum()


ANSWERS = Answers(
    right=[indexing, played_only, loops],
    wrong=[
        ("padding counts as behaviour", padded),
        ("the sum is divided by all steps", divided_by_all),
        ("every episode counts the same, whatever its length", by_episode),
        ("the entropy is left out", cross_entropy),
        ("the entropy is taken of the guess", guess_entropy),
        ("z is taken to be uniform", log_z),
        ("z is counted by episodes, the guess by steps", row_entropy),
        ("z is counted over the padding too", no_mask_at_all),
        ("the sign of a loss", as_a_loss),
        ("the probability of the right guess, not its logarithm", probability),
        ("the likeliest latent instead of the right one", likeliest),
        ("0 log 0 is not a number", nan_entropy),
    ],
)
