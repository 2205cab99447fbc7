"""Answers to 14.2."""

import torch

from tests.catalogue import Answers


def along(values, i, n):
    """A row of numbers laid along axis i of n axes."""
    return values.view([-1 if k == i else 1 for k in range(n)])


def parts(q, available):
    best = q.masked_fill(~available, -torch.inf)
    n = len(q)
    can = torch.ones(q.shape[1:] * n, dtype=torch.bool)
    for i in range(n):
        can = can & along(available[i], i, n)
    can[tuple(best.argmax(1))] = False
    return q - best.amax(1, keepdim=True), can, tuple(best.argmax(1))


def weighted(q, lam, advantages):
    return sum(lam[i] * along(advantages[i], i, len(q)) for i in range(len(q)))


def by_tables(q, lam, available):
    advantages, can, _ = parts(q, available)
    return can & (weighted(q, lam, advantages) >= 0)


def by_q_tot(q, lam, available):
    """The whole table of Q_tot, held against V_tot."""
    n, best = len(q), q.masked_fill(~available, -torch.inf).amax(1)
    joint = torch.cartesian_prod(*[torch.arange(q.shape[1])] * n).view(-1, n)
    agents = torch.arange(n)
    found = torch.zeros(lam.shape[1:], dtype=torch.bool)
    for u in joint:
        if available[agents, u].all() and not (q[agents, u] == best).all():
            advantage = q[agents, u] - best
            found[tuple(u)] = (lam[(agents, *u)] * advantage).sum() >= 0
    return found


def by_einsum(q, lam, available):
    n, a = q.shape
    v = q.masked_fill(~available, -torch.inf).amax(1)
    u = torch.cartesian_prod(*[torch.arange(a)] * n).view(-1, n).T                      # [N, A^N]
    own, can = q.gather(1, u), available.gather(1, u)
    total = torch.einsum("nj,nj->j", lam.reshape(n, -1), own - v[:, None])
    return ((total >= 0) & can.all(0) & (own < v[:, None]).any(0)).view(lam.shape[1:])


def with_sum(rule, mask=True, spare=True):
    def answer(q, lam, available):
        advantages, can, best = parts(q, available)
        wrong = rule(q, lam, available, advantages, best)
        if not mask:
            can = torch.ones_like(can)
            can[best] = False
        if not spare:
            can[best] = True
        return can & wrong
    return answer


def total(q, lam, available, advantages, best):
    return weighted(q, lam, advantages) >= 0


def deviating(q, best):
    n = len(q)
    return [along(torch.arange(q.shape[1]) != best[i], i, n) for i in range(n)]


def any_deviating(q, lam, available, advantages, best):
    return sum(((lam[i] <= 0) & d).long() for i, d in enumerate(deviating(q, best))) > 0


def all_deviating(q, lam, available, advantages, best):
    return sum(((lam[i] > 0) & d).long() for i, d in enumerate(deviating(q, best))) == 0


def unmasked_best(q, lam, available):
    everything = torch.ones_like(available)
    _, can, _ = parts(q, available)
    can[tuple(q.masked_fill(~available, -torch.inf).argmax(1))] = available.all() & False
    mask = torch.ones(lam.shape[1:], dtype=torch.bool)
    for i in range(len(q)):
        mask = mask & along(available[i], i, len(q))
    return by_tables(q, lam, everything) & mask


def from_mean(q, lam, available, advantages, best):
    mean = (q * available).sum(1, keepdim=True) / available.sum(1, keepdim=True)
    return weighted(q, lam, q - mean) >= 0


def values_weighted(q, lam, available, advantages, best):
    table = weighted(q, lam, q)
    return table >= table[best]


def at_best(q, lam, available, advantages, best):
    fixed = torch.stack([lam[i][best].expand(lam.shape[1:]) for i in range(len(q))])
    return weighted(q, fixed, advantages) >= 0


def sums_first(q, lam, available, advantages, best):
    return lam.sum(0) * weighted(q, torch.ones_like(lam), advantages) >= 0


def single(q, lam, available, advantages, best):
    count = sum(d.long() for d in deviating(q, best))
    return total(q, lam, available, advantages, best) & (count == 1)


def best_of_all(q, lam, available, advantages, best):
    return weighted(q, lam, q - q.amax(1, keepdim=True)) >= 0


def best_of_all_on_both_sides(q, lam, available, advantages, best):
    table = weighted(q, lam, q - q.amax(1, keepdim=True))
    return table >= table[best]


def all_of_q_tot(q, lam, available, advantages, best):
    """Q_tot at u, held against Q_tot at ū; V is the one of the available actions."""
    table = q.masked_fill(~available, -torch.inf).amax(1).sum() + weighted(q, lam, advantages)
    return table >= table[best]


ANSWERS = Answers(
    right=[by_tables, by_q_tot, by_einsum, with_sum(all_of_q_tot)],
    wrong=[("every weight that is not positive counts as a break",
            with_sum(lambda q, lam, *_: (lam <= 0).any(0))),
           ("one deviating agent's weight is taken to decide", with_sum(any_deviating)),
           ("only joint actions in which all deviating agents have such weights count", with_sum(all_deviating)),
           ("a second joint action that is just as good is let through",
            with_sum(lambda q, lam, available, advantages, best: weighted(q, lam, advantages) > 0)),
           ("the agents' own choice is held against itself", with_sum(total, spare=False)),
           ("joint actions count that nobody can take", with_sum(total, mask=False)),
           ("the agents' best actions are looked for among those that they cannot take", unmasked_best),
           ("V is the value of an action that cannot be taken", with_sum(best_of_all)),
           ("advantages are measured from an action that cannot be taken", with_sum(best_of_all_on_both_sides)),
           ("advantages are measured from the mean", with_sum(from_mean)),
           ("weights are put on the values, not on the advantages", with_sum(values_weighted)),
           ("the weights of one joint action are used for all", with_sum(at_best)),
           ("weights and advantages are added up before they meet", with_sum(sums_first)),
           ("only joint actions with one deviation are looked at", with_sum(single)),
           ("these are the joint actions at which all is well",
            with_sum(lambda *given: ~total(*given)))])
