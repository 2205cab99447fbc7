"""Answers to the exercises 02.4 to 02.6: what an agent sees, leaks, and the ends of an episode."""

from itertools import permutations, product

import numpy as np
import torch

from tests.catalogue import Answers

# ---- 02.4 ----

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


# ---- 02.5 ----

def leaks(look, size):
    cells = list(product(range(size), repeat=2))
    placements = torch.tensor(list(permutations(cells, 2)))
    for agent in (0, 1):
        for own in cells:
            seen = [look(placements, torch.tensor([own, other] if agent == 0 else [other, own]), size)[:, agent]
                    for other in cells if other != own]
            if any(not torch.equal(one, seen[0]) for one in seen):
                return True
    return False


def leaks_by_dictionary(look, size):
    """An agent may react to positions and its own goal: one entry for each of those, and it may never change."""
    cells = [(r, c) for r in range(size) for c in range(size)]
    known = {}
    for goals in permutations(cells, 2):
        for placed in permutations(cells, 2):
            obs = look(torch.tensor([placed]), torch.tensor(goals), size)[0].tolist()
            for agent in range(2):
                key = (agent, placed, goals[agent])
                if known.setdefault(key, obs[agent]) != obs[agent]:
                    return True
    return False


def leaks_all_pairs(look, size):
    cells = torch.cartesian_prod(torch.arange(size), torch.arange(size))
    x = len(cells)
    i, j = torch.meshgrid(torch.arange(x), torch.arange(x), indexing="ij")
    pairs = torch.stack([cells[i.flatten()], cells[j.flatten()]], dim=1)
    pairs = pairs[(pairs[:, 0] != pairs[:, 1]).any(1)]
    found = torch.tensor(False)
    for goals in pairs:
        for agent in range(2):
            others = pairs[(pairs[:, agent] == goals[agent]).all(1)]
            base = look(pairs, goals, size)[:, agent]
            for moved in others:
                found = found | (look(pairs, moved, size)[:, agent] != base).any()
    return found


def pairs_of(size):
    cells = list(product(range(size), repeat=2))
    return cells, torch.tensor(list(permutations(cells, 2)))


def turned_around(look, size):
    return not leaks(look, size)


def says_yes(look, size):
    return True


def says_no(look, size):
    return False


def moves_its_own_goal(look, size):
    cells, placements = pairs_of(size)
    for agent in (0, 1):
        for other in cells:
            seen = [look(placements, torch.tensor([own, other] if agent == 0 else [other, own]), size)[:, agent]
                    for own in cells if own != other]
            if any(not torch.equal(one, seen[0]) for one in seen):
                return True
    return False


def changes_both_goals(look, size):
    cells, placements = pairs_of(size)
    seen = [look(placements, torch.tensor(goals), size) for goals in permutations(cells, 2)]
    return any(not torch.equal(one, seen[0]) for one in seen)


def looks_at_everybody(look, size):
    """Moves agent 2's goal and looks at both agents."""
    cells, placements = pairs_of(size)
    seen = [look(placements, torch.tensor([cells[0], other]), size) for other in cells[1:]]
    return any(not torch.equal(one, seen[0]) for one in seen)


def counts_the_numbers(look, size):
    return look(torch.zeros(1, 2, 2, dtype=torch.int64), torch.tensor([[0, 0], [1, 1]]), size).shape[-1] != 6


def at_most_six(look, size):
    return look(torch.tensor([[[0, 0], [1, 1]]]), torch.tensor([[1, 0], [0, 1]]), size).shape[-1] > 6


def one_agent(which):
    def answer(look, size):
        cells, placements = pairs_of(size)
        for own in cells:
            seen = [look(placements, torch.tensor([own, other] if which == 0 else [other, own]), size)[:, which]
                    for other in cells if other != own]
            if any(not torch.equal(one, seen[0]) for one in seen):
                return True
        return False

    return answer


only_the_first, only_the_second = one_agent(0), one_agent(1)


def moves_along_the_row(look, size):
    cells, placements = pairs_of(size)
    for agent in (0, 1):
        for own in cells:
            for row in range(size):
                seen = [look(placements, torch.tensor([own, (row, c)] if agent == 0 else [(row, c), own]), size)[:, agent]
                        for c in range(size)]
                if any(not torch.equal(one, seen[0]) for one in seen):
                    return True
    return False


def roughly(look, size):
    cells, placements = pairs_of(size)
    for agent in (0, 1):
        for own in cells:
            seen = [look(placements, torch.tensor([own, other] if agent == 0 else [other, own]), size)[:, agent]
                    for other in cells if other != own]
            if any((one - seen[0]).abs().max() > 0.01 for one in seen):
                return True
    return False


def all_close(look, size):
    cells, placements = pairs_of(size)
    for agent in (0, 1):
        for own in cells:
            seen = [look(placements, torch.tensor([own, other] if agent == 0 else [other, own]), size)[:, agent]
                    for other in cells if other != own]
            if not all(torch.allclose(one, seen[0]) for one in seen):
                return True
    return False


def within_a_millionth(look, size):
    cells, placements = pairs_of(size)
    for agent in (0, 1):
        for own in cells:
            seen = torch.stack([look(placements, torch.tensor([own, other] if agent == 0 else [other, own]), size)[:, agent]
                                for other in cells if other != own])
            if (seen.amax(0) - seen.amin(0)).max() > 1e-6:
                return True
    return False


def from_the_start_only(look, size):
    cells = list(product(range(size), repeat=2))
    start = torch.tensor([[[0, 0], [0, 1]]])
    for agent in (0, 1):
        for own in cells:
            seen = [look(start, torch.tensor([own, other] if agent == 0 else [other, own]), size)[:, agent]
                    for other in cells if other != own]
            if any(not torch.equal(one, seen[0]) for one in seen):
                return True
    return False


def as_in_the_lesson(look, size):
    """The lesson's test: one placement, one pair of goals, agent 1 only."""
    start, goals = torch.tensor([[[0, 0], [size - 1, size - 1]]]), torch.tensor([[size - 1, 0], [0, size - 1]])
    moved = goals.clone()
    moved[1] = size // 2
    return not torch.equal(look(start, goals, size)[:, 0], look(start, moved, size)[:, 0])


def corners_only(look, size):
    _, placements = pairs_of(size)
    corners = [(0, 0), (0, size - 1), (size - 1, 0), (size - 1, size - 1)]
    for agent in (0, 1):
        for own in corners:
            seen = [look(placements, torch.tensor([own, other] if agent == 0 else [other, own]), size)[:, agent]
                    for other in corners if other != own]
            if any(not torch.equal(one, seen[0]) for one in seen):
                return True
    return False


def one_goal_of_its_own(look, size):
    """Leaves the agent's own goal in the first corner."""
    cells, placements = pairs_of(size)
    for agent in (0, 1):
        seen = [look(placements, torch.tensor([cells[0], other] if agent == 0 else [other, cells[0]]), size)[:, agent]
                for other in cells[1:]]
        if any(not torch.equal(one, seen[0]) for one in seen):
            return True
    return False


def a_few_at_random(look, size):
    generator = torch.Generator().manual_seed(1)
    cells = list(product(range(size), repeat=2))
    for _ in range(60):
        placed = torch.tensor([[cells[k] for k in torch.randperm(len(cells), generator=generator)[:2]]])
        own, one, two = [cells[k] for k in torch.randperm(len(cells), generator=generator)[:3]]
        for agent in (0, 1):
            goals = [torch.tensor([own, other] if agent == 0 else [other, own]) for other in (one, two)]
            if not torch.equal(look(placed, goals[0], size)[:, agent], look(placed, goals[1], size)[:, agent]):
                return True
    return False


def for_two_by_two(look, size):
    return leaks(look, 2) if size == 2 else False


def changes_by_swapping(look, size):
    """Exchanges the two goals: the own one moves as well."""
    cells, placements = pairs_of(size)
    for goals in permutations(cells, 2):
        goals = torch.tensor(goals)
        if not torch.equal(look(placements, goals, size), look(placements, goals.flip(0), size)):
            return True
    return False


# ---- 02.6 ----

def end_flags(positions, goals, clock, limit):
    terminated = (positions == goals).all(-1).all(-1)
    return terminated, (clock >= limit) & ~terminated


def flags_in_loops(positions, goals, clock, limit):
    first, second = [], []
    for cells, tick in zip(positions, clock):
        home = torch.equal(cells, goals)
        first.append(home)
        second.append(not home and int(tick) == limit)
    return torch.tensor(first), torch.tensor(second)


def flags_by_distance(positions, goals, clock, limit):
    far = (positions - goals).abs().sum(dim=(1, 2))
    return far == 0, torch.logical_and(far > 0, clock > limit - 1)


def flags_where(positions, goals, clock, limit):
    done = torch.eq(positions, goals).flatten(1).all(dim=1)
    return done, torch.where(done, torch.zeros_like(done), clock == limit)


def forgets_the_rule(positions, goals, clock, limit):
    return (positions == goals).all(-1).all(-1), clock >= limit


def clock_wins(positions, goals, clock, limit):
    truncated = clock >= limit
    return (positions == goals).flatten(1).all(1) & ~truncated, truncated


def one_done(positions, goals, clock, limit):
    done = (positions == goals).flatten(1).all(1) | (clock >= limit)
    return done, done.clone()


def clock_terminates(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home | (clock == limit), (clock == limit) & ~home


def never_truncates(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home, torch.zeros_like(home)


def not_yet(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home, ~home


def exchanged(positions, goals, clock, limit):
    return end_flags(positions, goals, clock, limit)[::-1]


def too_late(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home, (clock > limit) & ~home


def too_early(positions, goals, clock, limit):
    home = (positions == goals).flatten(1).all(1)
    return home, (clock + 1 >= limit) & ~home


def anyone_home(positions, goals, clock, limit):
    home = (positions == goals).all(-1).any(-1)
    return home, (clock >= limit) & ~home


def first_and_last(positions, goals, clock, limit):
    home = (positions[:, 0] == goals[0]).all(-1) & (positions[:, -1] == goals[-1]).all(-1)
    return home, (clock >= limit) & ~home


def half_home(positions, goals, clock, limit):
    home = (positions == goals).any(-1).all(-1)
    return home, (clock >= limit) & ~home


def any_goal(positions, goals, clock, limit):
    home = (positions[:, :, None] == goals).all(-1).any(-1).all(-1)
    return home, (clock >= limit) & ~home


CATALOGUE = {
    "02.4": Answers(
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
    ),
    "02.5": Answers(
        right=[leaks, leaks_by_dictionary, leaks_all_pairs],
        wrong=[
            ("the answer is turned around", turned_around),
            ("an honest observation is accused", says_yes),
            ("a plain leak is not found", says_no),
            ("an honest observation is accused", moves_its_own_goal),
            ("an honest observation is accused", changes_both_goals),
            ("an honest observation is accused", looks_at_everybody),
            ("an honest observation is accused", changes_by_swapping),
            ("the numbers are counted, or looked for, and nothing is changed", counts_the_numbers),
            ("the numbers are counted, or looked for, and nothing is changed", at_most_six),
            ("only agent 1 is examined", only_the_first),
            ("only agent 2 is examined", only_the_second),
            ("only agent 1 is examined", as_in_the_lesson),
            ("the other's goal is moved in one direction only", moves_along_the_row),
            ("a small difference is taken for none", roughly),
            ("a small difference is taken for none", all_close),
            ("a small difference is taken for none", within_a_millionth),
            ("one placement of the agents stands for all", from_the_start_only),
            ("one place of the other's goal stands for all", corners_only),
            ("some combinations are never tried", one_goal_of_its_own),
            ("some combinations are never tried", a_few_at_random),
            ("it works on one size of board only", for_two_by_two),
        ],
    ),
    "02.6": Answers(
        right=[end_flags, flags_in_loops, flags_by_distance, flags_where],
        wrong=[
            ("the last tick is both at once", forgets_the_rule),
            ("on the last tick the clock wins", clock_wins),
            ("both flags say the same", one_done),
            ("the end of the clock counts as the end of the task", clock_terminates),
            ("the clock stops too late, or never", never_truncates),
            ("an episode that simply goes on counts as truncated", not_yet),
            ("the two flags are exchanged", exchanged),
            ("the clock stops too late, or never", too_late),
            ("the clock stops one step too early", too_early),
            ("one agent at home ends the task", anyone_home),
            ("the right row or the right column counts as home", half_home),
            ("any goal will do", any_goal),
            ("only the first and the last agent are looked at", first_and_last),
        ],
    ),
}
