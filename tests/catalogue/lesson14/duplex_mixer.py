"""Answers to 14.2."""

import torch

from tests.catalogue import Answers


def from_v(agent_qs, best_qs, w, b, lam):
    w = w.abs() + 1e-10
    own, best = w * agent_qs + b, w * best_qs + b
    return (own + (lam - 1) * (own.detach() - best.detach())).sum(-1)


def without_b_in_the_difference(agent_qs, best_qs, w, b, lam):
    w = torch.abs(w) + 1e-10
    a = (w * (agent_qs - best_qs)).detach()
    return torch.einsum("...n->...", w * agent_qs + b + lam * a - a)


def with_no_grad(agent_qs, best_qs, w, b, lam):
    w = w.abs()                                                 # without the 1e-10: within the tolerance
    with torch.no_grad():
        a = w * agent_qs - w * best_qs
    total = 0
    for i in range(agent_qs.shape[-1]):
        total = total + w[..., i] * agent_qs[..., i] + b[..., i] + (lam[..., i] - 1) * a[..., i]
    return total


def mixer_with(scale=lambda w: w.abs() + 1e-10, rest=None):
    """The mixer with a part replaced: ``rest(own, best, lam, inputs)`` gives what is summed."""
    def answer(agent_qs, best_qs, w, b, lam):
        w = scale(w)
        own, best = w * agent_qs + b, w * best_qs + b
        if rest is None:
            return own.sum(-1) + ((lam - 1) * (own - best).detach()).sum(-1)
        return rest(own, best, lam, (agent_qs, best_qs, w, b)).sum(-1)
    return answer


def no_b(agent_qs, best_qs, w, b, lam):
    w = w.abs() + 1e-10
    return (w * agent_qs).sum(-1) + ((lam - 1) * (w * (agent_qs - best_qs)).detach()).sum(-1)


def averaged(agent_qs, best_qs, w, b, lam):
    return from_v(agent_qs, best_qs, w, b, lam) / agent_qs.shape[-1]


def all_under_no_grad(agent_qs, best_qs, w, b, lam):
    with torch.no_grad():
        return from_v(agent_qs, best_qs, w, b, lam)


def best_gets_a_gradient_by_cloning(agent_qs, best_qs, w, b, lam):
    w = w.abs() + 1e-10
    own, best = w * agent_qs + b, w * best_qs + b
    return best.sum(-1) + (lam * (own - best).detach()).sum(-1)          # right values: V + Σ λ A


ANSWERS = Answers(
    right=[from_v, without_b_in_the_difference, with_no_grad, mixer_with()],
    wrong=[
        ("λ stands where λ − 1 belongs", mixer_with(rest=lambda own, best, lam, x: own + lam * (own - best).detach())),
        ("the advantages are those from before the rescaling",
         mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (x[0] - x[1]).detach())),
        ("w may be negative", mixer_with(scale=lambda w: w)),
        ("w is positive in another way than asked for", mixer_with(scale=torch.relu)),
        ("w is positive in another way than asked for", mixer_with(scale=torch.exp)),
        ("w is kept away from 0", mixer_with(scale=lambda w: w.abs().clamp(min=0.01))),
        ("w is positive in another way than asked for", mixer_with(scale=lambda w: w.softmax(-1))),
        ("b is missing", no_b),
        ("only the chosen values are rescaled",
         mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (own - x[1]).detach())),
        ("the correction has the wrong sign",
         mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (best - own).detach())),
        ("the correction has the wrong sign",
         mixer_with(rest=lambda own, best, lam, x: own + (1 - lam) * (own - best).detach())),
        ("V and λ − 1 do not go together",
         mixer_with(rest=lambda own, best, lam, x: best + (lam - 1) * (own - best).detach())),
        ("the agents are averaged", averaged),
        ("the first sum is not rescaled",
         mixer_with(rest=lambda own, best, lam, x: x[0] + (lam - 1) * (own - best).detach())),
        ("the correction is missing", mixer_with(rest=lambda own, best, lam, x: own)),
        ("the advantages are not detached", mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (own - best))),
        ("the advantages are not detached", mixer_with(rest=lambda own, best, lam, x: best + lam * (own - best))),
        ("only half of the advantage is detached",
         mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (own - best.detach()))),
        ("only half of the advantage is detached",
         mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (own.detach() - best))),
        ("w still learns through the advantages",
         mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * x[2] * (x[0] - x[1]).detach())),
        ("the first sum is detached",
         mixer_with(rest=lambda own, best, lam, x: own.detach() + (lam - 1) * (own - best).detach())),
        ("λ is detached", mixer_with(rest=lambda own, best, lam, x: own + ((lam - 1) * (own - best)).detach())),
        ("no gradient at all", all_under_no_grad),
        ("the values are right, the gradient is not", best_gets_a_gradient_by_cloning),
    ])
