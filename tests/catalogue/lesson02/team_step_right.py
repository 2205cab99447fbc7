"""Right answers to 02.3, and the pieces that the wrong ones are made of."""

import torch

from tests.catalogue.lesson02.shared import walk


def pieces(positions, actions, goals, size):
    """What most of the answers share: the cells when nobody is sent back, bumps [B, 2], collisions [B]."""
    after, bumped = walk(positions, actions, goals, size)
    return after, bumped, (after[:, 0] == after[:, 1]).all(-1)


def paid(after, goals, bumps, collided, prize=10.0):
    distance = (after - goals).abs().sum((1, 2))
    return torch.where(distance == 0, prize, -0.05 - 0.1 * distance - 0.5 * bumps - 0.5 * collided), distance == 0


def team_step(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided)


def team_step_in_loops(positions, actions, goals, size):
    new, rewards, ends = [], [], []
    (g0, g1) = [tuple(goal) for goal in goals.tolist()]
    for (p0, p1), chosen in zip(positions.tolist(), actions.tolist()):
        old, cells, fault = [tuple(p0), tuple(p1)], [], 0
        for cell, goal, a in zip(old, (g0, g1), chosen):
            if cell != goal:
                row, column = cell[0] + [-1, 1, 0, 0][a], cell[1] + [0, 0, -1, 1][a]
                if min(row, column) < 0 or max(row, column) >= size:
                    fault += 1
                else:
                    cell = (row, column)
            cells.append(cell)
        if cells[0] == cells[1]:
            cells, fault = old, fault + 1
        end = cells == [g0, g1]
        far = sum(abs(cell[0] - goal[0]) + abs(cell[1] - goal[1]) for cell, goal in zip(cells, (g0, g1)))
        new.append(cells)
        rewards.append(10.0 if end else -(0.05 + 0.1 * far + 0.5 * fault))
        ends.append(end)
    return torch.tensor(new), torch.tensor(rewards), torch.tensor(ends)


def team_step_on_cells(positions, actions, goals, size):
    """Every cell as one number, row · size + column, and a table that says where it leads."""
    table, edge = torch.zeros(size * size, 4, dtype=torch.int64), torch.zeros(size * size, 4, dtype=torch.bool)
    for cell in range(size * size):
        row, column = divmod(cell, size)
        for a, (r, c) in enumerate(((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))):
            edge[cell, a] = not (0 <= r < size and 0 <= c < size)
            table[cell, a] = cell if edge[cell, a] else r * size + c
    here, home = positions @ torch.tensor([size, 1]), goals @ torch.tensor([size, 1])
    away = here != home
    new = torch.where(away, table[here, actions], here)
    faults = (edge[here, actions] & away).sum(1)
    clash = new[:, :1] == new[:, 1:]
    new = torch.where(clash, here, new)
    new = torch.stack([new // size, new % size], dim=-1)
    far = torch.cdist(new.double(), goals.double(), p=1).diagonal(dim1=1, dim2=2).sum(1)
    reward = -0.05 - 0.1 * far - 0.5 * (faults + clash[:, 0])
    done = torch.all(new == goals, dim=2).all(dim=1)
    reward[done] = 10.0
    return new, reward, done
