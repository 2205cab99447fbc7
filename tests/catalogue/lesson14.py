"""Answers to the exercises of lesson 14: λ for a table, the mixer, the pull, ten judgements, the lab."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers

# ---- 14.1 --------------------------------------------------------------------------------------------------------------


def deviations(q, zero=None):
    """Σ_i A_i of every joint action, by broadcasting."""
    zero = q.amax(1) if zero is None else zero
    total = 0.0
    for i in range(len(q)):
        total = total + (q[i] - zero[i]).view([-1 if k == i else 1 for k in range(len(q))])
    return total


def by_loops(table, q):
    lam = torch.ones_like(table)
    v = [row.max().item() for row in q]
    for u in itertools.product(range(q.shape[1]), repeat=len(q)):
        short = sum(v[i] - q[i, u[i]].item() for i in range(len(q)))
        if short > 0:
            lam[u] = (sum(v) - table[u].item()) / short
    return lam


def by_meshgrid(table, q):
    grids = torch.meshgrid(*(q.max(dim=1, keepdim=True).values - q), indexing="ij")
    gap = torch.stack(grids).sum(0)
    lam = (table.max() - table) / gap
    lam[gap == 0] = 1.0
    return lam


def by_einsum_letters(table, q):
    a = (q - q.max(1, keepdim=True)[0]).numpy()
    total = a[0]
    for row in a[1:]:
        total = np.add.outer(total, row)
    with np.errstate(divide="ignore", invalid="ignore"):
        lam = (table.numpy() - table.max().item()) / total
    lam[total == 0] = 1
    return torch.from_numpy(lam)


def lam_with(numerator=lambda table, q: table - q.amax(1).sum(), total=deviations, at_best=1.0, after=lambda lam, q: lam):
    def answer(table, q):
        a = total(q)
        away = deviations(q) < 0
        return torch.where(away, after(numerator(table, q) / a, q), torch.tensor(at_best))
    return answer


def flipped_gap(table, q):
    return torch.where(deviations(q) < 0, (q.amax(1).sum() - table) / deviations(q), 1.0)


def positive_gap(table, q):                                     # V − Q below the line, table − V above it
    gap = -deviations(q)
    return torch.where(gap > 0, (table - table.max()) / gap, 1.0)


def no_where(table, q):
    return (table - table.max()) / deviations(q)


def nan_to_num(table, q):
    return no_where(table, q).nan_to_num(0.0)


def clamped(table, q):
    return no_where(table, q).nan_to_num(0.0).clamp(min=1e-10)


def sum_of_chosen(table, q):
    chosen = deviations(q) + q.amax(1).sum()
    return torch.where(deviations(q) < 0, (table - chosen) / deviations(q), 1.0)


def sum_of_chosen_zero(table, q):
    chosen = deviations(q, torch.zeros(len(q)))
    return torch.where(deviations(q) < 0, (table - chosen) / deviations(q), 0.0)


def from_the_mean(table, q):
    a = deviations(q, q.mean(1))
    return torch.where(deviations(q) < 0, (table - q.amax(1).sum()) / a, 1.0)


def counted(q):
    return -sum((q[i] < q[i].max()).double().view([-1 if k == i else 1 for k in range(len(q))]) for i in range(len(q)))


def first_only(q):
    return deviations(q) * 0 + (q[0] - q[0].max()).view([-1] + [1] * (len(q) - 1))


def last_only(q):
    return deviations(q) * 0 + (q[-1] - q[-1].max())


# ---- 14.2 --------------------------------------------------------------------------------------------------------------


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


# ---- 14.3 --------------------------------------------------------------------------------------------------------------


def level(payoff, u):
    """V by trying how many of the best entries are held down."""
    order = payoff.flatten().sort(descending=True).values
    own, v = payoff[u], payoff[u]
    for k in range(1, len(order) + 1):
        if order[k - 1] > v:
            v = (own + order[:k].sum()) / (k + 1)
    return v


def pull_by_loops(payoff, u):
    v = level(payoff, u).item()
    sums = torch.zeros(payoff.dim(), len(payoff))
    for joint in itertools.product(range(len(payoff)), repeat=payoff.dim()):
        y = payoff[joint].item()
        error = v - y if joint == tuple(u) or y > v else 0.0
        for i, action in enumerate(joint):
            sums[i, action] += error
    return sums


def pull_by_bisection(payoff, u):
    low, high = payoff[u].item(), payoff.max().item()
    for _ in range(200):
        v = (low + high) / 2
        slope = (v - payoff[u]) - (payoff - v).clamp(min=0).sum()
        low, high = (v, high) if slope < 0 else (low, v)
    errors = (v - payoff).clamp(max=0)
    errors[u] = v - payoff[u]
    return sums_of(errors)


def sums_of(errors):
    n = errors.dim()
    return torch.stack([errors.sum([k for k in range(n) if k != i]) if n > 1 else errors for i in range(n)])


def pull_with(v_of=level, errors_of=None, finish=lambda sums, payoff: sums):
    def answer(payoff, u):
        v = v_of(payoff, u)
        errors = torch.minimum(payoff, torch.as_tensor(v)) - payoff
        errors[u] = v - payoff[u]
        if errors_of is not None:
            errors = errors_of(errors, payoff, v, u)
        return finish(sums_of(errors), payoff)
    return answer


def all_better(payoff, u):
    better = payoff[payoff > payoff[u]]
    return torch.cat([payoff[u].view(1), better]).mean()


def halfway(payoff, u):
    return (payoff[u] + payoff.max()) / 2


def without_u(errors, payoff, v, u):
    errors = errors.clone()
    errors[u] = 0.0
    return errors


def only_u(errors, payoff, v, u):
    kept = torch.zeros_like(errors)
    kept[u] = errors[u]
    return kept


def own_axis(payoff, u):
    right = pull_by_loops(payoff, u)
    return right.flip(0)


# ---- 14.4 --------------------------------------------------------------------------------------------------------------

TRUE = {"A": True, "B": False, "C": True, "D": False, "E": False, "F": False, "G": True, "H": True, "I": False, "J": True}


def flip(*letters):
    return {letter: said != (letter in letters) for letter, said in TRUE.items()}


# ---- 14.5 --------------------------------------------------------------------------------------------------------------


def lab(next_best, first=lambda q, available: q.masked_fill(~available, -torch.inf).amax(-1), value=None, ended=True):
    """The listing with another line 6 (or line 2)."""
    def mended_errors(q, next_q, actions, available, next_available, reward, terminated, w, b, lam, next_w, next_b):
        own = q.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
        best = first(q, available)
        own, best = w * own + b, w * best + b
        q_tot = own.sum(-1) + ((lam - 1) * (own - best).detach()).sum(-1)
        top = next_best(next_q, next_available, available)
        next_value = (next_w * top + next_b).sum(-1) if value is None else value(top, w, b)
        target = reward + 0.99 * (torch.where(terminated, 0.0, next_value) if ended else next_value)
        return q_tot - target
    return mended_errors


def masked(next_q, next_available, available):
    return next_q.masked_fill(~next_available, -torch.inf).amax(-1)


def with_a_large_number(next_q, next_available, available):
    return torch.where(next_available, next_q, -1e9).max(dim=-1).values


def by_argmax(next_q, next_available, available):
    best = next_q.masked_fill(~next_available, -torch.inf).argmax(-1, keepdim=True)
    return next_q.gather(-1, best).squeeze(-1)


def unmasked(next_q, next_available, available):
    return next_q.max(-1).values


def argmax_unmasked(next_q, next_available, available):
    return next_q.gather(-1, next_q.argmax(-1, keepdim=True)).squeeze(-1)


def masked_by_now(next_q, next_available, available):
    return next_q.masked_fill(~available, -torch.inf).amax(-1)


def multiplied(next_q, next_available, available):
    return (next_q * next_available).amax(-1)


def filled_with_zero(next_q, next_available, available):
    return next_q.masked_fill(~next_available, 0.0).amax(-1)


def filled_with(number):
    return lambda next_q, next_available, available: torch.where(next_available, next_q, number).amax(-1)


def lowered(next_q, next_available, available):
    return (next_q - 10.0 * ~next_available).amax(-1)


def mean_of_both(next_q, next_available, available):
    return (masked(next_q, next_available, available) + unmasked(next_q, next_available, available)) / 2


def averaged_next(next_q, next_available, available):
    return (next_q * next_available).sum(-1) / next_available.sum(-1)


CATALOGUE = {
    "14.1": Answers(
        right=[by_loops, by_meshgrid, by_einsum_letters, lam_with()],
        wrong=[
            ("λ comes out negative", flipped_gap),
            ("λ comes out negative", positive_gap),
            ("λ comes out negative", lam_with(after=lambda lam, q: -lam, at_best=0.0)),
            ("where nobody deviates stands 0 / 0", no_where),
            ("where nobody deviates stands a 0", nan_to_num),
            ("where nobody deviates stands a 0", clamped),
            ("this is λ − 1", sum_of_chosen),
            ("this is λ − 1", sum_of_chosen_zero),
            ("the advantage is measured from the mean", from_the_mean),
            ("deviating agents are counted, not measured", lam_with(total=counted)),
            ("one agent's advantage stands for all", lam_with(total=first_only)),
            ("one agent's advantage stands for all", lam_with(total=last_only)),
            ("λ was divided among the agents once more", lam_with(after=lambda lam, q: lam / len(q))),
            ("λ was divided among the agents once more", lam_with(after=lambda lam, q: lam * len(q))),
            ("the table is not compared with V", lam_with(numerator=lambda table, q: table)),
            ("the table is not compared with V", lam_with(numerator=lambda table, q: table - q.amax(1).mean())),
            ("the fraction stands upside down", lam_with(after=lambda lam, q: 1 / lam)),
        ]),
    "14.2": Answers(
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
            ("only the chosen values are rescaled", mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (own - x[1]).detach())),
            ("the correction has the wrong sign", mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (best - own).detach())),
            ("the correction has the wrong sign", mixer_with(rest=lambda own, best, lam, x: own + (1 - lam) * (own - best).detach())),
            ("V and λ − 1 do not go together", mixer_with(rest=lambda own, best, lam, x: best + (lam - 1) * (own - best).detach())),
            ("the agents are averaged", averaged),
            ("the first sum is not rescaled", mixer_with(rest=lambda own, best, lam, x: x[0] + (lam - 1) * (own - best).detach())),
            ("the correction is missing", mixer_with(rest=lambda own, best, lam, x: own)),
            ("the advantages are not detached", mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (own - best))),
            ("the advantages are not detached", mixer_with(rest=lambda own, best, lam, x: best + lam * (own - best))),
            ("only half of the advantage is detached", mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (own - best.detach()))),
            ("only half of the advantage is detached", mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * (own.detach() - best))),
            ("w still learns through the advantages",
             mixer_with(rest=lambda own, best, lam, x: own + (lam - 1) * x[2] * (x[0] - x[1]).detach())),
            ("the first sum is detached", mixer_with(rest=lambda own, best, lam, x: own.detach() + (lam - 1) * (own - best).detach())),
            ("λ is detached", mixer_with(rest=lambda own, best, lam, x: own + ((lam - 1) * (own - best)).detach())),
            ("no gradient at all", all_under_no_grad),
            ("the values are right, the gradient is not", best_gets_a_gradient_by_cloning),
        ]),
    "14.3": Answers(
        right=[pull_by_loops, pull_by_bisection, pull_with()],
        wrong=[
            ("the sign is turned round", pull_with(finish=lambda sums, payoff: -sums)),
            ("the errors are averaged", pull_with(finish=lambda sums, payoff: sums / len(payoff) ** (payoff.dim() - 1))),
            ("V is what the joint action pays", pull_with(v_of=lambda payoff, u: payoff[u])),
            ("V is the largest payoff", pull_with(v_of=lambda payoff, u: payoff.max())),
            ("entries below V pull V down", pull_with(v_of=all_better)),
            ("V listens to one better entry only", pull_with(v_of=halfway)),
            ("λ is not used", pull_with(errors_of=lambda errors, payoff, v, u: v - payoff)),
            ("λ is not used", pull_with(errors_of=lambda errors, payoff, v, u: payoff.mean() - payoff)),
            ("the joint action itself has an error too", pull_with(errors_of=without_u)),
            ("the better entries have errors too", pull_with(errors_of=only_u)),
            ("the agents changed places", own_axis),
        ]),
    "14.4": Answers(
        right=[TRUE, dict(reversed(TRUE.items()))],
        wrong=[(f"{letter} is judged wrongly", flip(letter)) for letter in TRUE]
        + [("A is judged wrongly", dict.fromkeys(TRUE, False)), ("B is judged wrongly", dict.fromkeys(TRUE, True)),
           ("D is judged wrongly", flip("D", "I"))]),
    "14.5": Answers(
        right=[(6, lab(masked)), (6, lab(with_a_large_number)), (6, lab(by_argmax))],
        wrong=[
            ("unavailable actions still count in the target", (6, lab(unmasked))),
            ("unavailable actions still count in the target", (5, lab(argmax_unmasked))),
            ("the target has the mask of the step before", (6, lab(masked_by_now))),
            ("unavailable actions count as 0", (6, lab(multiplied))),
            ("unavailable actions count as 0", (6, lab(filled_with_zero))),
            ("an unavailable action gets a number that real values can lie below", (6, lab(filled_with(-10.0)))),
            ("an unavailable action gets a number that real values can lie below", (6, lab(filled_with(-99.0)))),
            ("an unavailable action gets a number that real values can lie below", (6, lab(lowered))),
            ("unavailable actions still count in the target", (6, lab(mean_of_both))),
            ("the first maximum lost its mask in the repair", (6, lab(masked, first=lambda q, available: q.amax(-1)))),
            ("the target takes a mean", (6, lab(averaged_next))),
            ("something else was changed in the repair", (6, lab(masked, ended=False))),
            ("something else was changed in the repair", (6, lab(masked, value=lambda top, w, b: top.sum(-1)))),
            ("something else was changed in the repair", (6, lab(masked, value=lambda top, w, b: (w * top + b).sum(-1)))),
        ]),
}
