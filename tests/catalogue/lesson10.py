"""Answers to the exercises of lesson 10: twins, values, agreement. Peeking and the labs are in lesson10_judges."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers, lesson10_judges

# ---- 10.1 ----

OPPOSITE = torch.tensor([1, 0, 3, 2])


def twin(positions, actions, size):
    return (size - 1 - positions).flip(-2), OPPOSITE[actions].flip(-1)


def twin_by_bits(positions, actions, size):
    positions = torch.stack([positions[..., 1, :], positions[..., 0, :]], dim=-2)
    return -positions + (size - 1), actions[..., [1, 0]] ^ 1


def twin_in_loops(positions, actions, size):
    cells, moves = positions.reshape(-1, 2, 2).clone(), actions.reshape(-1, 2).clone()
    names = ["up", "down", "left", "right"]
    other_way = {"up": "down", "down": "up", "left": "right", "right": "left"}
    for b in range(len(cells)):
        old, chosen = cells[b].tolist(), moves[b].tolist()
        for i in (0, 1):
            row, column = old[1 - i]
            cells[b, i] = torch.tensor([size - row - 1, size - column - 1])
            moves[b, i] = names.index(other_way[names[chosen[1 - i]]])
    return cells.view(positions.shape), moves.view(actions.shape)


def twin_by_rotating(positions, actions, size):
    """A half turn is two quarter turns."""
    turn = torch.tensor([3, 2, 0, 1])
    for _ in range(2):
        positions = torch.stack([positions[..., 1], size - 1 - positions[..., 0]], dim=-1)
        actions = turn[actions]
    return positions.roll(1, dims=-2), actions.roll(1, dims=-1)


def twin_same_names(positions, actions, size):
    return size - 1 - positions, OPPOSITE[actions]


def twin_forgets_actions_owner(positions, actions, size):
    return (size - 1 - positions).flip(-2), OPPOSITE[actions]


def twin_forgets_positions_owner(positions, actions, size):
    return size - 1 - positions, OPPOSITE[actions].flip(-1)


def twin_same_directions(positions, actions, size):
    return (size - 1 - positions).flip(-2), actions.flip(-1)


def twin_up_down_only(positions, actions, size):
    turned = torch.where(actions < 2, 1 - actions, actions)
    return (size - 1 - positions).flip(-2), turned.flip(-1)


def twin_flipped_rows(positions, actions, size):
    turned = positions.clone()
    turned[..., 0] = size - 1 - turned[..., 0]
    return turned.flip(-2), torch.tensor([1, 0, 2, 3])[actions].flip(-1)


def twin_flipped_columns(positions, actions, size):
    turned = positions.clone()
    turned[..., 1] = size - 1 - turned[..., 1]
    return turned.flip(-2), torch.tensor([0, 1, 3, 2])[actions].flip(-1)


def twin_quarter(positions, actions, size):
    turned = torch.stack([positions[..., 1], size - 1 - positions[..., 0]], dim=-1)
    return turned.flip(-2), torch.tensor([3, 2, 0, 1])[actions].flip(-1)


def twin_over_the_diagonal(positions, actions, size):
    return positions.flip(-1).flip(-2), torch.tensor([2, 3, 0, 1])[actions].flip(-1)


def twin_counts_down(positions, actions, size):
    return (size - 1 - positions).flip(-2), (3 - actions).flip(-1)


def twin_off_by_one(positions, actions, size):
    return (size - positions).flip(-2), (actions ^ 1).flip(-1)


def twin_only_exchanged(positions, actions, size):
    return positions.flip(-2), OPPOSITE[actions].flip(-1)


def twin_of_five(positions, actions, size):
    return (4 - positions).flip(-2), (actions ^ 1).flip(-1)


def twin_flips_the_batch(positions, actions, size):
    return (size - 1 - positions).flip(0), OPPOSITE[actions].flip(0)


def twin_same_names_and_directions(positions, actions, size):
    return size - 1 - positions, actions


def twin_in_place(positions, actions, size):
    positions.neg_().add_(size - 1)
    return positions.flip(-2), OPPOSITE[actions].flip(-1)


# ---- 10.2 ----

def refuse(gamma):
    if not (0 <= gamma < 1):
        raise ValueError(f"gamma must be at least 0 and less than 1, not {gamma}")


def tables_of(next_state, reward, terminated, policy):
    x = torch.arange(len(policy))
    u, v = policy.T
    return next_state[x, u, v], reward[x, u, v], terminated[x, u, v]


def policy_value(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    matrix = torch.eye(len(policy))
    for x in range(len(policy)):
        if not ends[x]:
            matrix[x, then[x]] -= gamma
    return torch.linalg.solve(matrix, paid)


def value_by_sweeps(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    v = torch.zeros_like(paid)
    while True:
        new = paid + gamma * v[then] * ~ends
        if (new - v).abs().max() < 1e-11:
            return new
        v = new


def value_by_doubling(next_state, reward, terminated, policy, gamma):
    """2, 4, 8, ... steps at once: what they earn, where they lead, what is left of the discount."""
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    left = gamma * (1.0 - ends.double())
    for _ in range(14):
        paid, left, then = paid + left * paid[then], left * left[then], then[then]
    return paid


def value_start_by_start(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    found = []
    for x in range(len(policy)):
        total, factor, at = 0.0, 1.0, x
        while factor > 1e-11:
            u, v = policy[at].tolist()
            total += factor * reward[at, u, v].item()
            factor *= gamma
            if terminated[at, u, v]:
                break
            at = next_state[at, u, v].item()
        found.append(total)
    return torch.tensor(found)


def value_numpy(next_state, reward, terminated, policy, gamma):
    if gamma < 0 or gamma >= 1:
        raise ValueError("gamma")
    p, n = policy.numpy(), len(policy)
    a = reward.shape[1]
    row = np.arange(n) * a * a + p[:, 0] * a + p[:, 1]
    then, paid, ends = (t.numpy().reshape(-1)[row] for t in (next_state, reward, terminated))
    follows = np.eye(n)[then] * (1.0 - ends)[:, None]
    return torch.from_numpy(np.linalg.inv(np.eye(n) - gamma * follows) @ paid)


def sweeps(paid, then, ends, gamma, count=6000):
    v = torch.zeros_like(paid)
    for _ in range(count):
        v = paid + gamma * torch.where(ends, 0.0, v[then])
    return v


def value_swapped(next_state, reward, terminated, policy, gamma):
    return value_by_sweeps(next_state, reward, terminated, policy[:, [1, 0]], gamma)


def value_of_the_best(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    v = torch.zeros(len(reward))
    for _ in range(3500):
        v = torch.amax(reward + gamma * v[next_state] * ~terminated, dim=(1, 2))
    return v


def value_of_dice(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    v = torch.zeros(len(reward))
    for _ in range(3500):
        v = (reward + gamma * v[next_state] * ~terminated).mean((1, 2))
    return v


def value_without_end(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, _ = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, torch.zeros(len(paid), dtype=torch.bool), gamma)


def value_unpaid_end(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    v = torch.zeros_like(paid)
    for _ in range(3500):
        v = torch.where(ends, 0.0, paid + gamma * v[then])
    return v


def value_early(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    v = torch.zeros_like(paid)
    for _ in range(3500):
        v = gamma * (paid + torch.where(ends, 0.0, v[then]))
    return v


def value_gamma_twice(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, ends, gamma * gamma)


def value_first(next_state, reward, terminated, policy, gamma):
    return tables_of(next_state, reward, terminated, policy)[1]


def value_transposed(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    follows = torch.nn.functional.one_hot(then, len(paid)).double() * ~ends[:, None]
    return torch.linalg.solve(torch.eye(len(paid)) - gamma * follows.T, paid)


def value_circles_are_nothing(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    found = []
    for x in range(len(paid)):
        total, factor, at, met = 0.0, 1.0, x, set()
        while at not in met:
            met.add(at)
            total, factor = total + factor * float(paid[at]), factor * gamma
            if ends[at]:
                break
            at = int(then[at])
        else:
            total = 0.0
        found.append(total)
    return torch.tensor(found)


def value_of_100_steps(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, ends, gamma, 100)


def value_of_one_round(next_state, reward, terminated, policy, gamma):
    """As many steps as there are states."""
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, ends, gamma, len(paid))


def value_stops_early(next_state, reward, terminated, policy, gamma):
    refuse(gamma)
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    v, new = torch.full_like(paid, torch.inf), torch.zeros_like(paid)
    while (new - v).abs().max() > 1e-3:
        v, new = new, paid + gamma * torch.where(ends, 0.0, new[then])
    return new


def value_any_gamma(next_state, reward, terminated, policy, gamma):
    then, paid, ends = tables_of(next_state, reward, terminated, policy)
    return sweeps(paid, then, ends, gamma)


def value_of_one(next_state, reward, terminated, policy, gamma):
    if not 0 <= gamma <= 1:
        raise ValueError("gamma")
    return value_any_gamma(next_state, reward, terminated, policy, gamma)


def value_of_negative(next_state, reward, terminated, policy, gamma):
    if gamma >= 1:
        raise ValueError("gamma")
    return value_any_gamma(next_state, reward, terminated, policy, gamma)


# ---- 10.3 ----

def must_agree(q):
    highest = q.flatten(1).amax(1).reshape(-1, *[1] * (q.dim() - 1))
    best = q > highest - 1e-9
    combined = torch.ones_like(best)
    for own in range(1, q.dim()):
        others = tuple(axis for axis in range(1, q.dim()) if axis != own)
        combined = combined & (best.sum(others, keepdim=True) > 0 if others else best)
    return (combined & ~best).flatten(1).any(1)


def agree_by_counting(q):
    """The combinations of good actions contain the best ones; so compare how many there are of each."""
    found = []
    for table in q:
        best = torch.isclose(table, table.max(), rtol=0, atol=1e-9)
        where = best.nonzero()
        combinations = 1
        for column in where.T:
            combinations *= len(column.unique())
        found.append(combinations != len(where))
    return torch.tensor(found)


def agree_by_sets(q):
    answers = []
    for table in q.numpy():
        best = {tuple(int(k) for k in u) for u in np.argwhere(table >= table.max() - 1e-9)}
        good = [set(column) for column in zip(*best)]
        answers.append(any(u not in best for u in itertools.product(*good)))
    return torch.tensor(answers)


def agree_by_exchange(q):
    """A set is a product exactly when any two of its members may exchange any one part."""
    answers = []
    for table in q:
        best = set(map(tuple, (table >= table.max() - 1e-9).nonzero().tolist()))
        answers.append(any(one[:i] + (two[i],) + one[i + 1:] not in best
                           for one in best for two in best for i in range(table.dim())))
    return torch.tensor(answers)


def best_of(q, room=1e-9):
    return q >= q.flatten(1).max(1).values.view(-1, *[1] * (q.dim() - 1)) - room


def good_of(best):
    """Each agent's good actions [X, A]."""
    return [best.transpose(1, i).flatten(2).any(2) if best.dim() > 2 else best for i in range(1, best.dim())]


def combined_of(best):
    n = best.dim() - 1
    out = torch.ones_like(best)
    for i, good in enumerate(good_of(best)):
        out &= good.view(len(best), *[-1 if k == i else 1 for k in range(n)])
    return out


def agree_if_ties(q):
    return best_of(q).flatten(1).sum(1) > 1


def agree_if_all_choose(q):
    return torch.stack([good.sum(1) > 1 for good in good_of(best_of(q))]).all(0)


def agree_if_somebody_chooses(q):
    return torch.stack([good.sum(1) > 1 for good in good_of(best_of(q))]).any(0)


def agree_forgets_the_best(q):
    return combined_of(best_of(q)).flatten(1).any(1)


def agree_on_everything(q):
    return (~best_of(q)).flatten(1).any(1)


def agree_wrong_axes(q):
    if q.dim() == 2:
        return torch.zeros(len(q), dtype=torch.bool)
    best = best_of(q)
    combined = torch.ones_like(best)
    goods = good_of(best)[::-1]
    for i, good in enumerate(goods):
        combined &= good.view(len(best), *[-1 if k == i else 1 for k in range(q.dim() - 1)])
    return (combined & ~best).flatten(1).any(1)


def agree_global_best(q):
    best = q >= q.max() - 1e-9
    return (combined_of(best) & ~best).flatten(1).any(1)


def agree_exactly(q):
    best = best_of(q, 0.0)
    return (combined_of(best) & ~best).flatten(1).any(1)


def agree_roughly(q):
    best = best_of(q, 0.101)
    return (combined_of(best) & ~best).flatten(1).any(1)


def agree_in_pairs(q):
    best = best_of(q)
    found = torch.zeros(len(q), dtype=torch.bool)
    n = q.dim() - 1
    for i in range(n):
        for j in range(i + 1, n):
            others = tuple(k + 1 for k in range(n) if k not in (i, j))
            pair = best.sum(others) > 0 if others else best
            found |= (pair.any(2)[:, :, None] & pair.any(1)[:, None] & ~pair).flatten(1).any(1)
    return found


def agree_turned_around(q):
    return ~must_agree(q)


# ---- ----

CATALOGUE = {
    "10.1": Answers(
        right=[twin, twin_by_bits, twin_in_loops, twin_by_rotating],
        wrong=[
            ("the agents are not exchanged", twin_same_names),
            ("the agents are not exchanged", twin_same_names_and_directions),
            ("the positions change their owners, and the actions do not", twin_forgets_actions_owner),
            ("the actions change their owners, and the positions do not", twin_forgets_positions_owner),
            ("the board is turned, and the directions are not", twin_same_directions),
            ("up and down are turned, left and right are not", twin_up_down_only),
            ("the board is flipped from top to bottom, and not turned", twin_flipped_rows),
            ("the board is flipped from left to right, and not turned", twin_flipped_columns),
            ("the board is turned by 90 degrees only", twin_quarter),
            ("rows and columns are exchanged", twin_over_the_diagonal),
            ("the four actions are counted backwards", twin_counts_down),
            ("the turned positions are off the board", twin_off_by_one),
            ("the agents are exchanged, and the positions are not turned", twin_only_exchanged),
            ("the size of the board is ignored", twin_of_five),
            ("the boards of the batch are exchanged, and not the agents", twin_flips_the_batch),
            ("your answer changes what it was given", twin_in_place),
        ]),
    "10.2": Answers(
        right=[policy_value, value_by_sweeps, value_by_doubling, value_start_by_start, value_numpy],
        wrong=[
            ("the agents' actions are swapped", value_swapped),
            ("the best policy is judged, and not this one", value_of_the_best),
            ("all joint actions are averaged", value_of_dice),
            ("the end of an episode is ignored", value_without_end),
            ("the last reward of an episode is lost", value_unpaid_end),
            ("the first reward is discounted already", value_early),
            ("γ is applied twice at every step", value_gamma_twice),
            ("only the first reward is counted", value_first),
            ("the values flow in the wrong direction", value_transposed),
            ("a policy that goes round in a circle is worth 0", value_circles_are_nothing),
            ("the sum is cut off", value_of_100_steps),
            ("the sum is cut off", value_of_one_round),
            ("the sum is cut off", value_stops_early),
            ("a γ is accepted for which there is no answer", value_any_gamma),
            ("a γ is accepted for which there is no answer", value_of_one),
            ("a γ is accepted for which there is no answer", value_of_negative),
        ]),
    "10.3": Answers(
        right=[must_agree, agree_by_counting, agree_by_sets, agree_by_exchange],
        wrong=[
            ("every state with several best joint actions counts", agree_if_ties),
            ("it is enough that everybody has a choice", agree_if_all_choose),
            ("every state with several best joint actions counts", agree_if_somebody_chooses),
            ("combinations that are best are counted as well", agree_forgets_the_best),
            ("actions that are in no best plan are counted as well", agree_on_everything),
            ("the agents' good actions are swapped", agree_wrong_axes),
            ("one best value is used for all states", agree_global_best),
            ("values that are equal but for rounding are told apart", agree_exactly),
            ("values that differ are taken for equal", agree_roughly),
            ("the agents are compared two by two only", agree_in_pairs),
            ("the answer is turned around", agree_turned_around),
        ]),
    **lesson10_judges.CATALOGUE,
}
