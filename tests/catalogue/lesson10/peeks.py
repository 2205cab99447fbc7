"""Answers to 10.4."""

import numpy as np
import torch

from tests.catalogue import Answers


def peeks(act, obs):
    usual, (rows, n, _) = act(obs), obs.shape
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for y in range(rows):
            exchanged = obs.clone()
            exchanged[:, j] = obs[y, j]
            table[:, j] |= (act(exchanged) != usual).any(0)
    return table & ~torch.eye(n, dtype=torch.bool)


def peeks_one_by_one(act, obs):
    rows, n, _ = obs.shape
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            for x in range(rows):
                actions = set()
                for y in range(rows):
                    board = obs[x].clone()
                    board[j] = obs[y, j]
                    actions.add(int(act(board[None])[0, i]))
                table[i, j] |= len(actions) > 1
    return table


def peeks_in_one_batch(act, obs):
    rows, n, width = obs.shape
    every = obs[None, :, None].repeat(n, 1, rows, 1, 1)                      # [j, x, y, N, O]
    for j in range(n):
        every[j, :, :, j] = obs[None, :, j]
    actions = act(every.reshape(-1, n, width)).reshape(n, rows, rows, n)
    changed = (actions != act(obs)[None, :, None]).flatten(1, 2).any(1)      # [j, i]
    return changed.T.logical_and(torch.arange(n)[:, None] != torch.arange(n))


def peeks_numpy(act, obs):
    n = obs.shape[1]
    usual = act(obs).numpy()
    out = np.zeros((n, n), dtype=bool)
    for shift in range(1, len(obs)):
        for j in range(n):
            rolled = obs.clone()
            rolled[:, j] = obs[:, j].roll(shift, 0)
            out[:, j] |= (act(rolled).numpy() != usual).any(axis=0)
    np.fill_diagonal(out, False)
    return torch.from_numpy(out)


def not_peeks(act, obs):
    return ~peeks(act, obs)


def transposed(act, obs):
    n = obs.shape[1]
    usual, table = act(obs), torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        for y in range(len(obs)):
            other = obs.clone()
            other[:, i] = obs[y, i]
            changed = (act(other) != usual).any(0)
            changed[i] = False
            table[i] |= changed
    return table


def own_eyes(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for row in obs:
            other = obs.clone()
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any(0)
    return table


def whole_team(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for row in obs:
            other = obs.clone()
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any()
    return table.fill_diagonal_(False)


def all_others_at_once(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        for row in obs:
            other = row.expand_as(obs).clone()
            other[:, i] = obs[:, i]
            if (act(other)[:, i] != usual[:, i]).any():
                table[i] = True
    return table & ~torch.eye(n).bool()


def two_rows(act, obs):
    """Whatever differs between the first row and the second is taken for the other's doing."""
    n = obs.shape[1]
    differs = (act(obs[:1]) != act(obs[1:2]))[0]
    return differs[:, None].repeat(1, n).fill_diagonal_(False)


def everybody_sees_another_row(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for row in obs:
        table |= (act(row.expand_as(obs)) != usual).any(0)[:, None]
    return table & ~torch.eye(n, dtype=torch.bool)


def first_row(act, obs):
    n = obs.shape[1]
    usual, table = act(obs[:1])[0], torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        boards = obs[:1].repeat(len(obs), 1, 1)
        boards[:, j] = obs[:, j]
        table[:, j] = (act(boards) != usual).any(0)
    return table.fill_diagonal_(False)


def one_exchange(how):
    def answer(act, obs):
        usual, n = act(obs), obs.shape[1]
        table = torch.zeros(n, n, dtype=torch.bool)
        for j in range(n):
            other = obs.clone()
            other[:, j] = how(obs[:, j])
            table[:, j] = (act(other) != usual).any(0)
        return table.fill_diagonal_(False)

    return answer


next_row = one_exchange(lambda column: column.roll(-1, 0))
row_above = one_exchange(lambda column: column.roll(1, 0))
first_glimpse = one_exchange(lambda column: column[:1])
last_glimpse = one_exchange(lambda column: column[-1:])
backwards = one_exchange(lambda column: column.flip(0))
with_zeros = one_exchange(torch.zeros_like)
with_nan = one_exchange(lambda column: torch.full_like(column, torch.nan))
with_noise = one_exchange(lambda column: 3 * torch.randn(column.shape, generator=torch.Generator().manual_seed(0)))
with_shuffled = one_exchange(
    lambda column: column[torch.randperm(len(column), generator=torch.Generator().manual_seed(0))])


def many_shuffles(act, obs):
    usual, n, dice = act(obs), obs.shape[1], torch.Generator().manual_seed(3)
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for _ in range(30):
            other = obs.clone()
            other[:, j] = obs[torch.randperm(len(obs), generator=dice), j]
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


def first_six(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for row in obs[:6]:
            other = obs.clone()
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


def not_put_back(act, obs):
    usual, n, other = act(obs), obs.shape[1], obs.clone()
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for row in obs:
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


def much_noise(act, obs):
    usual, n, dice = act(obs), obs.shape[1], torch.Generator().manual_seed(1)
    table = torch.zeros(n, n, dtype=torch.bool)
    for _ in range(200):
        for j in range(n):
            other = obs.clone()
            other[:, j] = 4 * torch.rand(other[:, j].shape, generator=dice) - 2
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


def two_agents(act, obs):
    """All exchanges, and after each only the agent before the one in the list is looked at."""
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        j = (i + 1) % n
        for row in obs:
            other = obs.clone()
            other[:, j] = row[j]
            table[i, j] |= (act(other)[:, i] != usual[:, i]).any()
    return table.fill_diagonal_(False)


def judged(changed):
    """All exchanges, and ``changed(usual, now)``, [X, N] each, says of which agents the action is another one."""
    def answer(act, obs):
        usual, n = act(obs), obs.shape[1]
        table = torch.zeros(n, n, dtype=torch.bool)
        for j in range(n):
            for row in obs:
                other = obs.clone()
                other[:, j] = row[j]
                table[:, j] |= changed(usual, act(other))
        return table.fill_diagonal_(False)

    return answer


squares_added_up = judged(lambda usual, now: ((now - usual) ** 2).sum(0) > 0)
added_up = judged(lambda usual, now: (now - usual).sum(0) != 0)
on_average = judged(lambda usual, now: now.double().mean(0) != usual.double().mean(0))
in_order = judged(lambda usual, now: (now.sort(0).values != usual.sort(0).values).any(0))
every_row = judged(lambda usual, now: (now != usual).all(0))
upwards_only = judged(lambda usual, now: (now > usual).any(0))
most_rows = judged(lambda usual, now: (now != usual).double().mean(0) > 0.5)
as_sets = judged(lambda usual, now: torch.tensor([set(a) != set(b) for a, b in zip(usual.T.tolist(), now.T.tolist())]))


def added_up_to_the_end(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.long)
    for j in range(n):
        for row in obs:
            other = obs.clone()
            other[:, j] = row[j]
            table[:, j] += (act(other) - usual).sum(0)
    return (table != 0).fill_diagonal_(False)


def all_but_the_first(act, obs):
    """Agent 1 is never exchanged; of two agents the boards are the same."""
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(1, n):
        for row in obs:
            other = obs.clone()
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


ANSWERS = Answers(
    right=[peeks, peeks_one_by_one, peeks_in_one_batch, peeks_numpy, squares_added_up],
    wrong=[
        ("the answer is turned around", not_peeks),
        ("who looks and who is looked at are exchanged", transposed),
        ("an agent is accused of using its own eyes", own_eyes),
        ("anybody's action counts as everybody's", whole_team),
        ("the other agents' observations are exchanged all at once", all_others_at_once),
        ("the agent's own observation is exchanged as well", everybody_sees_another_row),
        ("one situation stands for all", first_row),
        ("each observation is exchanged for one other only", next_row),
        ("each observation is exchanged for that of the row above only", row_above),
        ("one substitute observation stands for all", first_glimpse),
        ("the last observation stands for all substitutes", last_glimpse),
        ("changes cancel each other out", added_up),
        ("changes cancel each other out", on_average),
        ("changes cancel each other out", in_order),
        ("changes cancel each other out", added_up_to_the_end),
        ("a change is overlooked", every_row),
        ("a change is overlooked", upwards_only),
        ("a change is overlooked", most_rows),
        ("a change is overlooked", as_sets),
        ("a change is overlooked", all_but_the_first),
        ("the team is shown what no agent has ever seen", with_zeros),
        ("the team is shown what no agent has ever seen", with_nan),
        ("the team is shown what no agent has ever seen", with_noise),
        ("the team is shown what no agent has ever seen", much_noise),
        ("some exchanges are never tried", backwards),
        ("some exchanges are never tried", with_shuffled),
        ("a change is overlooked", two_agents),
        ("some exchanges are never tried", many_shuffles),
        ("some exchanges are never tried", first_six),
        ("an agent is accused of what it did not do", not_put_back),
        ("an agent is accused of what it did not do", two_rows),
    ])
