"""Answers to 02.4."""

import numpy as np
import torch

from tests.catalogue import Answers


def observe(positions, goals, size):
    n = len(goals)
    rows = []
    for i in range(n):
        order = [i] + [j for j in range(n) if j != i]
        rows.append(torch.cat([positions[:, order].flatten(1), goals[i].expand(len(positions), 2)], dim=1))
    return torch.stack(rows, dim=1) / (size - 1)


def observe_in_loops(positions, goals, size):
    obs = []
    for cells in positions.tolist():
        board = []
        for i, own in enumerate(cells):
            sees = list(own)
            for j, cell in enumerate(cells):
                if i != j:
                    sees += cell
            board.append([number / (size - 1) for number in sees + goals[i].tolist()])
        obs.append(board)
    return torch.tensor(obs)


def observe_by_mask(positions, goals, size):
    batch, n, _ = positions.shape
    p, g = positions / (size - 1), goals / (size - 1)
    every = p[:, None].expand(batch, n, n, 2)
    others = every[:, ~torch.eye(n, dtype=torch.bool)].reshape(batch, n, 2 * (n - 1))
    return torch.cat([p, others, g.expand(batch, n, 2)], dim=-1)


def observe_numpy(positions, goals, size):
    p, g = positions.numpy().astype(float), goals.numpy().astype(float)
    batch, n = p.shape[:2]
    obs = np.empty((batch, n, 2 * n + 2))
    for i in range(n):
        obs[:, i, :2], obs[:, i, -2:] = p[:, i], g[i]
        obs[:, i, 2:-2] = np.delete(p, i, axis=1).reshape(batch, -1)
    return torch.from_numpy(obs / (size - 1.0))


def seen(order, divide=lambda size: size - 1, own=lambda p, g, i: g[i]):
    """Answers that put cells together in the order that ``order(p, i)`` gives, the goal last."""
    def answer(positions, goals, size):
        rows = [torch.cat([*order(positions, i), own(positions, goals, i).expand(len(positions), 2)], dim=1)
                for i in range(len(goals))]
        return torch.stack(rows, 1) / divide(size)

    return answer


def own_first(positions, i):
    return [positions[:, i]] + [positions[:, j] for j in range(positions.shape[1]) if j != i]


divided_by_size = seen(own_first, lambda size: size)
not_divided = seen(own_first, lambda size: 1)
next_goal = seen(own_first, own=lambda p, g, i: g[i - 1] if len(g) == 2 else g[(i + 1) % len(g)])
first_goal = seen(own_first, own=lambda p, g, i: g[0])
way_to_goal = seen(own_first, own=lambda p, g, i: g[i] - p[:, i])
by_number = seen(lambda p, i: [p.flatten(1)])
others_first = seen(lambda p, i: own_first(p, i)[1:] + [p[:, i]])
rolled = seen(lambda p, i: [p.roll(-i, dims=1).flatten(1)])
relative = seen(lambda p, i: [p[:, i]] + [other - p[:, i] for other in own_first(p, i)[1:]])


def whole_division(positions, goals, size):
    return observe(positions, goals, 2).long() // (size - 1)


def around_zero(positions, goals, size):
    return 2 * observe(positions, goals, size) - 1


def all_goals(positions, goals, size):
    obs = observe(positions, goals, size)[..., :-2]
    return torch.cat([obs, (goals.flatten() / (size - 1)).expand(*obs.shape[:2], -1)], dim=-1)


def the_state(positions, goals, size):
    state = torch.cat([positions.flatten(1), goals.flatten().expand(len(positions), -1)], dim=1) / (size - 1)
    return state[:, None].repeat(1, len(goals), 1)


def goal_first(positions, goals, size):
    return observe(positions, goals, size).roll(2, dims=-1)


def goal_second(positions, goals, size):
    obs = observe(positions, goals, size)
    return torch.cat([obs[..., :2], obs[..., -2:], obs[..., 2:-2]], dim=-1)


def column_first(positions, goals, size):
    return observe(positions.flip(-1), goals.flip(-1), size)


def first_agent(positions, goals, size):
    return observe(positions, goals, size)[:, :1].repeat(1, len(goals), 1)


def divides_in_place(positions, goals, size):
    goals *= 1 + (size > 2)
    return observe(positions, goals // (1 + (size > 2)), size)


ANSWERS = Answers(
    right=[observe, observe_in_loops, observe_by_mask, observe_numpy],
    wrong=[
        ("the numbers are divided by size", divided_by_size),
        ("the numbers are not scaled", not_divided),
        ("whole division throws the place on the board away", whole_division),
        ("the numbers are scaled to −1 to 1", around_zero),
        ("each agent sees another agent's goal", next_goal),
        ("everybody sees the goal of agent 1", first_goal),
        ("the others' goals leak into the observation", all_goals),
        ("the agents are given the state", the_state),
        ("the own position does not come first", by_number),
        ("the others come before the agent itself", others_first),
        ("the goal stands first", goal_first),
        ("the goal stands before the others", goal_second),
        ("rows and columns are swapped", column_first),
        ("everybody sees what agent 1 sees", first_agent),
        ("the others are seen from the agent's own place", relative),
        ("the way to the goal stands where the goal should be", way_to_goal),
        ("the others come in the wrong order", rolled),
        ("your answer changes what it was given", divides_in_place),
    ],
)
