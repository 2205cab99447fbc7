"""Answers to 15.2."""

import torch

from tests.catalogue import Answers


def along(row, i, n):
    return row.view([-1 if k == i else 1 for k in range(n)])


def gaps(q, joint, v):
    return sum(along(q[i], i, len(q)) for i in range(len(q))) - joint.detach() + v


def by_axis(q, joint, v):
    gap = gaps(q, joint, v)
    return torch.stack([gap.amin(i).flatten() for i in range(len(q))])


def by_moving(q, joint, v):
    n, a = q.shape
    total = torch.zeros_like(joint)
    for i in range(n):
        total = total.movedim(i, -1) + q[i]
        total = total.movedim(-1, i)
    with torch.no_grad():
        fixed = joint.clone()
    gap = total - fixed + v
    return torch.stack([gap.movedim(i, 0).reshape(a, -1).min(0).values for i in range(n)])


def by_index(q, joint, v):
    n, a = q.shape
    u = torch.cartesian_prod(*[torch.arange(a)] * n).view(-1, n)
    flat = sum(q[i][u[:, i]] for i in range(n)) - joint.detach().flatten() + v
    rows = []
    for i in range(n):
        inner = a ** (n - 1 - i)
        rows.append(flat.view(-1, a, inner).amin(1).flatten())
    return torch.stack(rows)


def each(pick, make=gaps):
    def answer(q, joint, v):
        gap = make(q, joint, v)
        return torch.stack([pick(gap, i, q) for i in range(len(q))])
    return answer


def over_others(gap, i, q):
    return gap.movedim(i, 0).reshape(len(gap), -1).amin(1)


def smallest(gap, i, q):
    return gap.amin(i).flatten()


def own_utilities(q, joint, v):
    return torch.stack([(along(q[i], i, len(q)) - joint + v).amin(i).flatten() for i in range(len(q))])


def other_order(gap, i, q):
    least = gap.amin(i)
    return least.permute(list(reversed(range(least.dim())))).flatten()


def own_part_heard(q, joint, v):
    rows = []
    for i in range(len(q)):
        mine = torch.stack([q[k] if k == i else q[k].detach() for k in range(len(q))])
        rows.append(gaps(mine, joint, v).amin(i).flatten())
    return torch.stack(rows)


ANSWERS = Answers(
    right=[by_axis, by_moving, by_index],
    wrong=[("the minimum goes over the others' actions", each(over_others)),
           ("gaps above 0 are cut off", lambda q, joint, v: by_axis(q, joint, v).clamp(max=0)),
           ("the sizes of the gaps are compared", each(lambda gap, i, q: gap.abs().amin(i).flatten())),
           ("the largest gap is taken", each(lambda gap, i, q: gap.amax(i).flatten())),
           ("the mean gap is taken", each(lambda gap, i, q: gap.mean(i).flatten())),
           ("the agent is taken to play its best action",
            each(lambda gap, i, q: gap.select(i, int(q[i].argmax())).flatten())),
           ("one minimum over the whole table",
            each(lambda gap, i, q: gap.min().expand(gap.numel() // len(gap)))),
           ("the others' utilities are missing in the sum", own_utilities),
           ("the utilities are averaged", lambda q, joint, v: by_axis(q / len(q), joint, v)),
           ("V is left out", lambda q, joint, v: by_axis(q, joint, 0.0)),
           ("V has the wrong sign", lambda q, joint, v: by_axis(q, joint, -v)),
           ("Q_jt minus the sum", each(smallest, lambda q, joint, v: -gaps(q, joint, v))),
           ("the others' combinations come in another order", each(other_order)),
           ("Q_jt gives in to the agents",
            each(smallest, lambda q, joint, v: gaps(q, joint, v) + joint.detach() - joint)),
           ("nobody can learn from these gaps", lambda q, joint, v: by_axis(q, joint, v).detach()),
           ("the gaps are right, their gradient is not", lambda q, joint, v: by_axis(q, joint, v.detach())),
           ("the gaps are right, their gradient is not", own_part_heard)])
