"""What answers to several exercises of lesson 03 use."""

import torch


def best_of(q, available):
    return q.masked_fill(~available, -torch.inf).argmax(-1)


def random_of(q, available, generator):
    return torch.rand(q.shape, generator=generator).masked_fill(~available, -1.0).argmax(-1)


def coins(q, epsilon, generator):
    return torch.rand(q.shape[:-1], generator=generator) < epsilon


def probabilities(q, available, epsilon, generator):
    """One random number an agent, held against the summed probabilities of its actions."""
    p = epsilon * available / available.sum(-1, keepdim=True)
    p = p.scatter_add(-1, best_of(q, available)[..., None], torch.full((*q.shape[:-1], 1), 1.0 - epsilon))
    u = torch.rand(*q.shape[:-1], 1, generator=generator) * p.sum(-1, keepdim=True)
    return (u >= p.cumsum(-1)).sum(-1)


def unmasked(q, available, epsilon, generator):
    return torch.where(coins(q, epsilon, generator), random_of(q, available, generator), q.argmax(-1))


def swapped(q, available, epsilon, generator):
    return torch.where(coins(q, epsilon, generator), best_of(q, available), random_of(q, available, generator))


def any_action(q, available, epsilon, generator):
    drawn = torch.randint(q.shape[-1], q.shape[:-1], generator=generator)
    return torch.where(coins(q, epsilon, generator), drawn, best_of(q, available))


def others_only(q, available, epsilon, generator):
    best = best_of(q, available)
    rest = available.scatter(-1, best[..., None], False)
    drawn = torch.where(rest.any(-1), random_of(q, rest, generator), best)
    return torch.where(coins(q, epsilon, generator), drawn, best)


def back_to_the_best(q, available, epsilon, generator):
    best = best_of(q, available)
    drawn = torch.randint(q.shape[-1], q.shape[:-1], generator=generator)
    drawn = torch.where(available.gather(-1, drawn[..., None])[..., 0], drawn, best)
    return torch.where(coins(q, epsilon, generator), drawn, best)


def by_the_values(q, available, epsilon, generator):
    p = q.masked_fill(~available, -torch.inf).softmax(-1)
    drawn = torch.multinomial(p.flatten(0, -2), 1, generator=generator).view(q.shape[:-1])
    return torch.where(coins(q, epsilon, generator), drawn, best_of(q, available))


def team_die(q, available, epsilon, generator):
    key = torch.rand((*q.shape[:-2], 1, q.shape[-1]), generator=generator).expand(q.shape)
    drawn = key.masked_fill(~available, -1.0).argmax(-1)
    return torch.where(coins(q, epsilon, generator), drawn, best_of(q, available))


def dice_for_the_first_axis(q, available, epsilon, generator):
    key = torch.rand(q.shape[-3:], generator=generator).expand(q.shape)
    drawn = key.masked_fill(~available, -1.0).argmax(-1)
    return torch.where(coins(q, epsilon, generator), drawn, best_of(q, available))
