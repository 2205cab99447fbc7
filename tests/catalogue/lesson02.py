"""Answers to the exercises of lesson 02: the world's rules. Views and labs are in lesson02_views and lesson02_labs."""

import numpy as np
import torch

from tests.catalogue import Answers, lesson02_labs, lesson02_views, lesson02_wide

MOVES = torch.tensor([[-1, 0], [1, 0], [0, -1], [0, 1]])


# ---- 02.1 ----

def walk(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_in_loops(positions, actions, goals, size):
    after, bumped = positions.clone(), torch.zeros(actions.shape, dtype=torch.bool)
    for b in range(positions.shape[0]):
        for i in range(positions.shape[1]):
            r, c = positions[b, i].tolist()
            if [r, c] == goals[i].tolist():
                continue
            a = int(actions[b, i])
            r, c = (r - 1, c) if a == 0 else (r + 1, c) if a == 1 else (r, c - 1) if a == 2 else (r, c + 1)
            if r in range(size) and c in range(size):
                after[b, i] = torch.tensor([r, c])
            else:
                bumped[b, i] = True
    return after, bumped


def walk_clamped(positions, actions, goals, size):
    away = (positions != goals).any(dim=2)
    wanted = positions + MOVES[actions] * away.unsqueeze(-1)
    after = wanted.clamp(0, size - 1)
    return after, (after != wanted).any(dim=2)


def walk_numpy(positions, actions, goals, size):
    p, a, g = positions.numpy(), actions.numpy(), goals.numpy()
    step = np.stack([(a == 1).astype(int) - (a == 0), (a == 3).astype(int) - (a == 2)], axis=-1)
    step[(p == g).all(-1)] = 0
    after = np.clip(p + step, 0, size - 1)
    return torch.from_numpy(after), torch.from_numpy((after != p + step).any(-1))


def walk_xy(positions, actions, goals, size):
    moves = torch.tensor([[0, -1], [0, 1], [-1, 0], [1, 0]])
    home = (positions == goals).all(-1)
    wanted = positions + moves[actions]
    outside = ((wanted < 0) | (wanted > size - 1)).any(-1)
    return torch.where((home | outside).unsqueeze(-1), positions, wanted), outside & ~home


def walk_upside_down(positions, actions, goals, size):
    moves = torch.tensor([[1, 0], [-1, 0], [0, -1], [0, 1]])
    home = (positions == goals).all(-1)
    wanted = positions + moves[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside).unsqueeze(-1), positions, wanted), outside & ~home


def walk_without_edges(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    after = torch.where(home[..., None], positions, positions + MOVES[actions])
    return after, torch.zeros_like(home)


def walk_unclipped(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    after = torch.where(home[..., None], positions, positions + MOVES[actions])
    return after, ((after < 0) | (after >= size)).any(-1)


def walk_off_by_one(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted > size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_on_a_ring(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = torch.remainder(positions + MOVES[actions], size)
    return torch.where(home[..., None], positions, wanted), torch.zeros_like(home)


def walk_never_bumps(positions, actions, goals, size):
    after, _ = walk_clamped(positions, actions, goals, size)
    return after, (after < 0).any(-1) | (after >= size).any(-1)


def walk_away_from_home(positions, actions, goals, size):
    wanted = positions + MOVES[actions]
    after = wanted.clamp(0, size - 1)
    return after, (after != wanted).any(-1)


def walk_home_pays(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    bumped = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | bumped)[..., None], positions, wanted), bumped


def walk_standing_pays(positions, actions, goals, size):
    after, _ = walk(positions, actions, goals, size)
    return after, (after == positions).all(-1)


def walk_any_goal(positions, actions, goals, size):
    home = (positions[:, :, None] == goals[None, None]).all(-1).any(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_half_home(positions, actions, goals, size):
    home = (positions == goals).any(-1)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_one_stops_all(positions, actions, goals, size):
    home = (positions == goals).all(-1).any(-1, keepdim=True)
    wanted = positions + MOVES[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_in_a_mirror(positions, actions, goals, size):
    moves = torch.tensor([[-1, 0], [1, 0], [0, 1], [0, -1]])
    home = (positions == goals).all(-1)
    wanted = positions + moves[actions]
    outside = ((wanted < 0) | (wanted >= size)).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_below_zero(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    wanted = positions + MOVES[actions]
    outside = (wanted >= size).any(-1)
    return torch.where((home | outside)[..., None], positions, wanted), outside & ~home


def walk_five(positions, actions, goals, size):
    return walk(positions, actions, goals, 5)


def walk_in_place(positions, actions, goals, size):
    home = (positions == goals).all(-1)
    positions += MOVES[actions] * ~home[..., None]
    bumped = ((positions < 0) | (positions >= size)).any(-1)
    return positions.clamp_(0, size - 1), bumped


# ---- 02.2 ----

def settle(before, after):
    oneself = torch.eye(len(before), dtype=torch.bool)
    collided = False
    while True:
        shares = ((after[:, None] == after[None]).all(-1) & ~oneself).any(1)
        if not shares.any():
            return after, collided
        collided, after = True, torch.where(shares[:, None], before, after)


def settle_with_sets(before, after):
    old, new = [tuple(cell) for cell in before.tolist()], [tuple(cell) for cell in after.tolist()]
    collided = len(set(new)) < len(new)
    while len(set(new)) < len(new):
        new = [o if new.count(n) > 1 else n for o, n in zip(old, new)]
    return torch.tensor(new), collided


def settle_again(before, after):
    _, which, counts = torch.unique(after, dim=0, return_inverse=True, return_counts=True)
    shared = counts[which] > 1
    if not bool(shared.any()):
        return after.clone(), torch.tensor(False)
    settled, _ = settle_again(before, torch.where(shared.unsqueeze(1), before, after))
    return settled, torch.tensor(True)


def settle_by_distance(before, after):
    after = after.clone()
    conflict = False
    for _ in range(len(before)):
        apart = torch.cdist(after.double(), after.double(), p=1).fill_diagonal_(1)
        back = (apart < 0.5).any(0)
        conflict = conflict or bool(back.any())
        after[back] = before[back]
    return after, conflict


def settle_no_swap(before, after):
    n = len(before)
    back = torch.zeros(n, dtype=torch.bool)
    for i in range(n):
        for j in range(n):
            if i != j and (torch.equal(after[i], after[j])
                           or torch.equal(after[i], before[j]) and torch.equal(after[j], before[i])):
                back[i] = True
    return torch.where(back[:, None], before, after), bool(back.any())


def settle_no_entry(before, after):
    taken = (after[:, None] == torch.cat([before, after])[None]).all(-1)
    n = len(before)
    index = torch.arange(n)
    taken[index, index] = False
    taken[index, index + n] = False
    back = taken.any(1)
    return torch.where(back[:, None], before, after), bool(back.any())


def settle_any_axis(before, after):
    shares = (after[:, None] == after[None]).any(-1) & ~torch.eye(len(before), dtype=torch.bool)
    back = shares.any(1)
    return torch.where(back[:, None], before, after), bool(back.any())


def settle_first_come(before, after):
    placed, collided = [], False
    for old, new in zip(before.tolist(), after.tolist()):
        if new in placed:
            collided = True
            new = old
        placed.append(new)
    return torch.tensor(placed), collided


def settle_last_come(before, after):
    after, collided = after.clone(), False
    for i in range(len(after)):
        for j in range(i + 1, len(after)):
            if torch.equal(after[i], after[j]):
                after[i], collided = before[i], True
    return after, collided


def settle_two_rounds(before, after):
    collided = False
    for _ in range(2):
        shares = (after[:, None] == after[None]).all(-1).sum(1) > 1
        after, collided = torch.where(shares[:, None], before, after), collided or bool(shares.any())
    return after, collided


def settle_pairs_until_quiet(before, after):
    new, collided, again = after.clone(), False, True
    while again:
        again = False
        for i in range(len(before)):
            for j in range(i):
                if torch.equal(new[i], new[j]):
                    new[i], new[j], again, collided = before[i], before[j], True, True
    return new, collided


def settle_grows(before, after):
    """Who must go back only ever grows."""
    old, new = [tuple(x) for x in before.tolist()], [tuple(x) for x in after.tolist()]
    back, cells = set(), new
    while True:
        more = {i for i in range(len(new)) if cells.count(cells[i]) > 1} - back
        if not more:
            return torch.tensor(cells), bool(back)
        back |= more
        cells = [old[i] if i in back else new[i] for i in range(len(new))]


def settle_only_says(before, after):
    return after, len(torch.unique(after, dim=0)) < len(after)


def settle_asks_too_late(before, after):
    settled, _ = settle(before, after)
    return settled, bool(len(torch.unique(settled, dim=0)) < len(settled))


def settle_movers_only(before, after):
    moved = (before != after).any(-1)
    while True:
        shares = (after[:, None] == after[None]).all(-1) & moved[:, None] & moved[None]
        shares &= ~torch.eye(len(before), dtype=torch.bool)
        if not shares.any():
            return after, bool((moved & (after == before).all(-1)).any())
        after = torch.where(shares.any(1)[:, None], before, after)
        moved = (before != after).any(-1)


def settle_all_back(before, after):
    collided = len(torch.unique(after, dim=0)) < len(after)
    return (before if collided else after), collided


def settle_neighbours(before, after):
    new, collided = after.clone(), False
    for i in range(len(before) - 1):
        if (new[i] == new[i + 1]).all():
            new[i], new[i + 1] = before[i], before[i + 1]
            collided = True
    return new, collided


def settle_for_two(before, after):
    if len(before) < 2:
        return after, False
    collided = bool((after[0] == after[1]).all())
    return (torch.cat([before[:2], after[2:]]) if collided else after), collided


def settle_pairs(before, after):
    new, collided = after.clone(), False
    for i in range(len(before)):
        for j in range(i + 1, len(before)):
            if torch.equal(new[i], new[j]):
                new[i], new[j], collided = before[i], before[j], True
    return new, collided


def settle_one_round(before, after):
    shares = (after[:, None] == after[None]).all(-1).sum(1) > 1
    return torch.where(shares[:, None], before, after), bool(shares.any())


def rounds_at_most(rounds):
    def answer(before, after):
        collided = False
        for _ in range(rounds):
            shares = (after[:, None] == after[None]).all(-1).sum(1) > 1
            after, collided = torch.where(shares[:, None], before, after), collided or bool(shares.any())
        return after, collided

    answer.__name__ = f"at_most_{rounds}_rounds"
    return answer


def by_cell_number(width):
    def answer(before, after):
        collided = False
        while True:
            cell = after[:, 0] * width + after[:, 1]
            shares = (cell[:, None] == cell[None]).sum(1) > 1
            if not shares.any() or collided and torch.equal(after, before):
                return after, collided
            collided, after = True, torch.where(shares[:, None], before, after)

    answer.__name__ = f"cell_numbers_of_width_{width}"
    return answer


def settle_by_text(before, after):
    names, collided = [f"{r}{c}" for r, c in after.tolist()], False
    while len(set(names)) < len(names) and not (collided and torch.equal(after, before)):
        back = torch.tensor([names.count(name) > 1 for name in names])
        after, collided = torch.where(back[:, None], before, after), True
        names = [f"{r}{c}" for r, c in after.tolist()]
    return after, collided


def settle_in_place(before, after):
    shares = (after[:, None] == after[None]).all(-1).sum(1) > 1
    collided = bool(shares.any())
    while shares.any():
        after[shares] = before[shares]
        shares = (after[:, None] == after[None]).all(-1).sum(1) > 1
    return after, collided


# ---- 02.3 ----

def pieces(positions, actions, goals, size):
    """What most of the answers below share: the cells when nobody is sent back, bumps [B, 2], collisions [B]."""
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


def with_moves(moves):
    def answer(positions, actions, goals, size):
        home = (positions == goals).all(-1)
        wanted = positions + torch.tensor(moves)[actions]
        outside = ((wanted < 0) | (wanted >= size)).any(-1)
        after = torch.where((home | outside)[..., None], positions, wanted)
        collided = (after[:, 0] == after[:, 1]).all(-1)
        after = torch.where(collided[:, None, None], positions, after)
        return after, *paid(after, goals, (outside & ~home).sum(1), collided)

    return answer


def step_from_walk(walks):
    """The whole step, built on one of the wrong walks above."""
    def answer(positions, actions, goals, size):
        after, bumped = walks(positions, actions, goals, size)
        collided = (after[:, 0] == after[:, 1]).all(-1)
        after = torch.where(collided[:, None, None], positions, after)
        return after, *paid(after, goals, bumped.sum(1), collided)

    answer.__name__ = "step_from_" + walks.__name__
    return answer


def distance_before(positions, actions, goals, size):
    after, reward, done = team_step(positions, actions, goals, size)
    reward = reward - 0.1 * ((positions - goals).abs().sum((1, 2)) - (after - goals).abs().sum((1, 2)))
    return after, torch.where(done, 10.0, reward), done


def no_step_cost(positions, actions, goals, size):
    after, reward, done = team_step(positions, actions, goals, size)
    return after, torch.where(done, reward, reward + 0.05), done


def as_the_crow_flies(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    distance = (after - goals).double().norm(dim=-1).sum(-1)
    done = distance == 0
    return after, torch.where(done, 10.0, -0.05 - 0.1 * distance - 0.5 * (bumped.sum(1) + collided)), done


def longer_way(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    distance = (after - goals).abs().amax(-1).sum(-1)
    done = distance == 0
    return after, torch.where(done, 10.0, -0.05 - 0.1 * distance - 0.5 * (bumped.sum(1) + collided)), done


def others_goal(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    reward = -0.05 - 0.1 * (after - goals.flip(0)).abs().sum((1, 2)) - 0.5 * (bumped.sum(1) + collided)
    done = (after == goals).all(-1).all(-1)
    return after, torch.where(done, torch.tensor(10.0), reward), done


def bumps_are_free(positions, actions, goals, size):
    after, _, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, 0, collided)


def any_bump(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.any(1), collided)


def less_than_ten(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided, prize=10 - 0.05)


def no_ten(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided, prize=-0.05)


def one_is_enough(positions, actions, goals, size):
    after, reward, _ = team_step(positions, actions, goals, size)
    done = (after == goals).all(-1).any(-1)
    return after, torch.where(done, 10.0, reward), done


def ended_before(positions, actions, goals, size):
    after, reward, _ = team_step(positions, actions, goals, size)
    return after, reward, (positions == goals).all(-1).all(-1)


def no_swapping(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    collided = collided | (after == positions.flip(1)).all(-1).all(-1)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided)


def one_after_the_other(positions, actions, goals, size):
    new, bumps = positions.clone(), torch.zeros(len(positions))
    collided = torch.zeros(len(positions))
    for b in range(len(positions)):
        for i in range(2):
            if (new[b, i] == goals[i]).all():
                wanted = new[b, i]
            else:
                wanted = new[b, i] + MOVES[actions[b, i]]
                if (wanted < 0).any() or (wanted >= size).any():
                    wanted, bumps[b] = new[b, i], bumps[b] + 1
            if (wanted == new[b, 1 - i]).all():
                collided[b] = 1
            else:
                new[b, i] = wanted
    return new, *paid(new, goals, bumps, collided)


def no_entry(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    blocked = (after == positions.flip(1)).all(-1) | collided[:, None]
    after = torch.where(blocked[..., None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), blocked.any(1))


def second_gives_way(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after[:, 1] = torch.where(collided[:, None], positions[:, 1], after[:, 1])
    return after, *paid(after, goals, bumped.sum(1), collided)


def first_gives_way(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after[:, 0] = torch.where(collided[:, None], positions[:, 0], after[:, 0])
    return after, *paid(after, goals, bumped.sum(1), collided)


def swap_costs(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    swapped = (after == positions.flip(1)).all(-1).all(-1)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided | swapped)


def on_one_cell(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    return after, *paid(after, goals, bumped.sum(1), collided)


def all_boards_back(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    if collided.any():
        after, collided = positions.clone(), torch.tensor(True)
    return after, *paid(after, goals, bumped.sum(1), collided)


def hosts_are_no_obstacle(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    collided = collided & ~(positions == goals).all(-1).any(-1)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided)


def measured_too_early(positions, actions, goals, size):
    wanted, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, wanted)
    done = (after == goals).all(-1).all(-1)
    reward = -0.05 - 0.1 * (wanted - goals).abs().sum((1, 2)) - 0.5 * (bumped.sum(1) + collided.int())
    return after, torch.where(done, 10.0, reward), done


def collisions_are_free(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), 0)


def both_pay_for_the_collision(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, (bumped.int() + collided[:, None].int()).sum(1), 0)


def one_fine_for_all(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.any(1) | collided, 0)


def wished_cells(positions, actions, goals, size):
    after, bumped, _ = pieces(positions, actions, goals, size)
    wanted = positions + MOVES[actions]
    collided = (wanted[:, 0] == wanted[:, 1]).all(-1) & (after[:, 0] == after[:, 1]).all(-1)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided)


def single_precision(positions, actions, goals, size):
    after, reward, done = team_step(positions, actions, goals, size)
    return after, reward.float(), done


def off_by_one_and_wrong_goal(positions, actions, goals, size):
    """Two mistakes at once: the one whose rule comes first is told."""
    after, bumped = walk_off_by_one(positions, actions, goals, size)
    return after, *paid(after, goals.flip(0), bumped.sum(1), 0)


CATALOGUE = {
    "02.1": Answers(
        right=[walk, walk_in_loops, walk_clamped, walk_numpy],
        wrong=[
            ("rows and columns are swapped", walk_xy),
            ("up and down are turned around", walk_upside_down),
            ("agents leave the board", walk_without_edges),
            ("agents leave the board", walk_unclipped),
            ("the board is one row and one column too large", walk_off_by_one),
            ("the board is a ring", walk_on_a_ring),
            ("nobody notices a bump", walk_never_bumps),
            ("an agent walks away from its goal", walk_away_from_home),
            ("an agent on its goal pays for the edge", walk_home_pays),
            ("an agent on its goal counts as bumped because it stands still", walk_standing_pays),
            ("every goal stops every agent", walk_any_goal),
            ("an agent counts as home when only its row or its column is right", walk_half_home),
            ("the size of the board is ignored", walk_five),
            ("one agent that is home stops the whole board", walk_one_stops_all),
            ("left and right are turned around", walk_in_a_mirror),
            ("the board has no edge at row 0 or column 0", walk_below_zero),
            ("your answer changes what it was given", walk_in_place),
        ],
    ),
    "02.2": Answers(
        right=[settle, settle_with_sets, settle_again, settle_by_distance, settle_grows],
        wrong=[
            ("agents that trade places are sent back", settle_no_swap),
            ("an agent may not enter a cell that somebody is just leaving", settle_no_entry),
            ("the same row or the same column counts as the same cell", settle_any_axis),
            ("only one of the two goes back", settle_first_come),
            ("only one of the two goes back", settle_last_come),
            ("going back makes a new conflict, and it stays", settle_two_rounds),
            *[("going back makes a new conflict, and it stays", rounds_at_most(rounds)) for rounds in (3, 4, 5, 10)],
            *[("two different cells count as one", by_cell_number(width)) for width in (5, 6, 8, 10, 100)],
            ("two different cells count as one", settle_by_text),
            ("a third agent on the cell is overlooked", settle_pairs_until_quiet),
            ("the conflict is seen, but nobody goes back", settle_only_says),
            ("the second result never says that there was a conflict", settle_asks_too_late),
            ("an agent that stood still cannot be run into", settle_movers_only),
            ("everybody goes back when any two meet", settle_all_back),
            ("only neighbours in the list are compared", settle_neighbours),
            ("only the first two agents are compared", settle_for_two),
            ("a third agent on the cell is overlooked", settle_pairs),
            ("going back makes a new conflict, and it stays", settle_one_round),
            ("your answer changes what it was given", settle_in_place),
        ],
    ),
    "02.3": Answers(
        right=[team_step, team_step_in_loops, team_step_on_cells],
        wrong=[
            ("rows and columns are swapped", with_moves([[0, -1], [0, 1], [-1, 0], [1, 0]])),
            ("up and down are turned around", with_moves([[1, 0], [-1, 0], [0, -1], [0, 1]])),
            ("the distances are taken before the move", distance_before),
            ("the cost of a step is missing", no_step_cost),
            ("the distance is measured as the crow flies", as_the_crow_flies),
            ("only the longer of the two ways is counted", longer_way),
            ("each agent is measured against the other's goal", others_goal),
            ("agents leave the board", step_from_walk(walk_without_edges)),
            ("agents leave the board", step_from_walk(walk_unclipped)),
            ("the board is one row and one column too large", step_from_walk(walk_off_by_one)),
            ("the board is a ring", step_from_walk(walk_on_a_ring)),
            ("bumping into the edge costs nothing", bumps_are_free),
            ("two bumps are paid as one", any_bump),
            ("an agent walks away from its goal", step_from_walk(walk_away_from_home)),
            ("an agent on its goal pays for the edge", step_from_walk(walk_home_pays)),
            ("every goal stops every agent", step_from_walk(walk_any_goal)),
            ("the reward at the end is not exactly 10", less_than_ten),
            ("the reward at the end is missing", no_ten),
            ("the task ends when one agent is home", one_is_enough),
            ("the task never ends", ended_before),
            ("agents that trade places are sent back", no_swapping),
            ("only the first of the two goes back", first_gives_way),
            ("agents that trade places pay for a collision", swap_costs),
            ("the agents move one after the other", one_after_the_other),
            ("an agent may not enter a cell that the other is just leaving", no_entry),
            ("only one of the two goes back", second_gives_way),
            ("two agents end on one cell", on_one_cell),
            ("a collision on one board sends the agents of all boards back", all_boards_back),
            ("walking into an agent on its goal is not counted", hosts_are_no_obstacle),
            ("the distances are taken before the agents are sent back", measured_too_early),
            ("a collision is looked for among cells that the agents never reach", wished_cells),
            ("left and right are turned around", step_from_walk(walk_in_a_mirror)),
            ("the board has no edge at row 0 or column 0", step_from_walk(walk_below_zero)),
            ("a collision costs nothing", collisions_are_free),
            ("a collision is paid twice", both_pay_for_the_collision),
            ("a bump and a collision together are paid as one", one_fine_for_all),
            ("nearly right: precision was lost on the way", single_precision),
            ("each agent is measured against the other's goal", off_by_one_and_wrong_goal),
        ],
    ),
} | lesson02_views.CATALOGUE | lesson02_labs.CATALOGUE
for number, answers in lesson02_wide.WRONG.items():
    CATALOGUE[number].wrong.extend(answers)
for number, answer in lesson02_wide.RIGHT.items():
    CATALOGUE[number].right.append(answer)
