"""Answers to 03.5."""

import torch

from tests.catalogue import Answers


def one_at_a_time(agents, obs, other):
    n = obs.shape[2]
    before = agents(obs)
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        changed = obs.clone()
        changed[:, :, j] = other[:, :, j]
        after = agents(changed)
        for i in range(n):
            table[i, j] = (after[:, :, i] - before[:, :, i]).abs().max() > 1e-9
    return table


def stacked(agents, obs, other):
    """All questions in one batch."""
    n = obs.shape[2]
    pick = torch.eye(n, dtype=torch.bool)[:, None, None, :, None]
    q = agents(torch.where(pick, other, obs).flatten(0, 1)).unflatten(0, (n, -1))            # [N (j), B, T, N (i), A]
    return ((q - agents(obs)).abs() > 1e-9).any(4).any(2).any(1).T


def lists(agents, obs, other):
    n = obs.shape[2]
    before = agents(obs).tolist()
    columns = []
    for j in range(n):
        after = agents(torch.cat([obs[:, :, :j], other[:, :, j:j + 1], obs[:, :, j + 1:]], 2)).tolist()
        columns.append([any(abs(x - y) > 1e-9 for was, now in zip(before, after) for w, v in zip(was, now)
                            for x, y in zip(w[i], v[i])) for i in range(n)])
    return torch.tensor([list(row) for row in zip(*columns)])


def sample_by_sample(agents, obs, other):
    tables = [one_at_a_time(agents, obs[b:b + 1, t:t + 1], other[b:b + 1, t:t + 1])
              for b in range(obs.shape[0]) for t in range(obs.shape[1])]
    return torch.stack(tables).any(0)


def puts_back(agents, obs, other):
    """Works on the tensor it was given, and leaves it as it was."""
    before, table = agents(obs), []
    for j in range(obs.shape[2]):
        kept = obs[:, :, j].clone()
        obs[:, :, j] = other[:, :, j]
        table.append(((agents(obs) - before).abs() > 1e-9).any(-1).any(0).any(0))
        obs[:, :, j] = kept
    return torch.stack(table, dim=1)


def pairs(agents, obs, other, changed_values=lambda was, now: bool(((now - was).abs() > 1e-9).any()), entry=lambda i,
          j: (i, j)):
    n = obs.shape[2]
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        for j in range(n):
            changed = obs.clone()
            changed[:, :, j] = other[:, :, j]
            table[entry(i, j)] = changed_values(agents(obs)[:, :, i], agents(changed)[:, :, i])
    return table


def transposed(agents, obs, other):
    return pairs(agents, obs, other, entry=lambda i, j: (j, i))


def only_choices(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: not torch.equal(was.argmax(-1), now.argmax(-1)))


def summed(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: abs((was - now).sum().item()) > 1e-9)


def allclose(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: not torch.allclose(now, was))


def never_undone(agents, obs, other):
    before, changed = agents(obs), obs.clone()
    columns = []
    for j in range(obs.shape[2]):
        changed[:, :, j] = other[:, :, j]
        columns.append(((agents(changed) - before).abs() > 1e-9).any(-1).flatten(0, 1).any(0))
    return torch.stack(columns, 1)


def everything_at_once(agents, obs, other):
    moved = ((agents(other) - agents(obs)).abs() > 1e-9).any(-1).any(1).any(0)
    return moved[:, None].repeat(1, obs.shape[2])


def gradients(agents, obs, other):
    obs = obs.clone().requires_grad_(True)
    table = torch.zeros(obs.shape[2], obs.shape[2], dtype=torch.bool)
    for i in range(obs.shape[2]):
        slope, = torch.autograd.grad(agents(obs)[:, :, i].sum(), obs)
        table[i] = (slope.abs() > 1e-9).any(-1).any(0).any(0)
    return table


def first_sample(agents, obs, other):
    return pairs(agents, obs[:1, :1], other[:1, :1])


def first_action(agents, obs, other):
    return pairs(lambda x: agents(x)[..., :1], obs, other)


def every_value(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: bool(((was - now).abs() > 1e-9).all()))


def sure_of_itself(agents, obs, other):
    table = pairs(agents, obs, other)
    table.fill_diagonal_(True)
    return table


def others_only(agents, obs, other):
    table = one_at_a_time(agents, obs, other)
    return table.fill_diagonal_(False)


def same_values(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: torch.allclose(was, now, rtol=0, atol=1e-9))


def a_step_of_its_own(agents, obs, other):
    return pairs(agents, obs, obs + 0.5)


def silence(agents, obs, other):
    return pairs(agents, obs, torch.zeros_like(obs))


def one_from_obs(agents, obs, other):
    return pairs(agents, other, obs)


def all_the_others(agents, obs, other):
    before = agents(obs)
    table = torch.zeros(obs.shape[2], obs.shape[2], dtype=torch.bool)
    for j in range(obs.shape[2]):
        kept = torch.arange(obs.shape[2]) == j
        after = agents(torch.where(kept[:, None], obs, other))
        table[:, j] = ((after - before).abs() > 1e-9).any(-1).flatten(0, 1).any(0)
    return table


def no_abs(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: bool((now - was).max() > 1e-9))


def no_abs_either(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: bool((was - now).max() > 1e-9))


def any_bit(agents, obs, other):
    return pairs(agents, obs, other, lambda was, now: bool((was != now).any()))


def swaps_in_place(agents, obs, other):
    before = agents(obs)
    table = torch.zeros(obs.shape[2], obs.shape[2], dtype=torch.bool)
    for j in range(obs.shape[2]):
        changed = obs
        changed[:, :, j] = other[:, :, j]
        table[:, j] = ((agents(changed) - before).abs() > 1e-9).any(-1).any(0).any(0)
    return table


def judged(judge):
    """judge(change): what it says of the changes of one agent's values."""
    return lambda agents, obs, other: pairs(agents, obs, other, lambda was, now: bool(judge(now - was)))


def first_time(agents, obs, other):
    n = obs.shape[2]
    table, before = torch.zeros(n, n, dtype=torch.bool), agents(obs.clone())
    for j in range(n):
        mixed = obs.clone()
        mixed[:, 0, j] = other[:, 0, j]
        table[:, j] = ((agents(mixed) - before).abs() > 1e-9).flatten(0, 1).any(-1).any(0)
    return table


ANSWERS = Answers(
    right=[one_at_a_time, stacked, lists, sample_by_sample, puts_back, pairs,
           judged(lambda change: change.abs().max() > 1e-9),
           lambda *case: pairs(*case, lambda was, now: not torch.allclose(was, now, rtol=0, atol=1e-9))],
    wrong=[
        ("changes are averaged", judged(lambda change: change.abs().mean() > 1e-9)),
        ("changes are averaged", judged(lambda change: (change.abs().mean(-1) > 1e-9).any())),
        ("small changes are added up", judged(lambda change: change.abs().sum() > 1e-9)),
        ("small changes are added up", judged(lambda change: change.norm() > 1e-9)),
        ("changes cancel each other out", judged(lambda change: (change.mean((0, 1)).abs() > 1e-9).any())),
        ("a small change is taken for none", judged(lambda change: (change.abs() > 1e-8).any())),
        ("a small change is taken for none", judged(lambda change: (change.abs() > 2e-9).any())),
        ("a small change is taken for none",
         lambda *case: pairs(*case, lambda was, now: not torch.allclose(was, now, rtol=1e-9, atol=1e-9))),
        ("rounding is taken for an influence", judged(lambda change: (change.abs() > 1e-10).any())),
        ("only the best value is looked at",
         lambda *case: pairs(*case, lambda was, now: bool(((was.amax(-1) - now.amax(-1)).abs() > 1e-9).any()))),
        ("rows and columns are swapped", transposed),
        ("only a changed choice counts", only_choices),
        ("changes cancel each other out", summed),
        ("a small change is taken for none", allclose),
        ("what was replaced stays replaced", never_undone),
        ("all observations are replaced at once", everything_at_once),
        ("only what a gradient sees", gradients),
        ("the other observations are not used", a_step_of_its_own),
        ("the other observations are not used", silence),
        ("the rest comes from the other observations", one_from_obs),
        ("everybody but one is replaced", all_the_others),
        ("only a rise counts", no_abs),
        ("only a fall counts", no_abs_either),
        ("rounding is taken for an influence", any_bit),
        ("only a part of the samples and times is looked at", first_sample),
        ("only a part of the samples and times is looked at", first_time),
        ("only the first action is looked at", first_action),
        ("all must change, not any", every_value),
        ("that it reads its own is taken for granted", sure_of_itself),
        ("the diagonal is left out", others_only),
        ("the table says who does not read", same_values),
        ("your answer changes what it was given", swaps_in_place),
    ],
)
