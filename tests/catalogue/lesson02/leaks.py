"""Answers to 02.5."""

from itertools import permutations, product

import torch

from tests.catalogue import Answers


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
                seen = [look(placements, torch.tensor([own, (row, c)] if agent == 0 else [(row, c), own]),
                             size)[:, agent]
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
            seen = torch.stack([look(placements, torch.tensor([own, other] if agent == 0 else [other, own]),
                                     size)[:, agent]
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


def differing(differs, tried=lambda own, other: other != own):
    """All goals that are ``tried``, all placements; ``differs(one, first)`` compares what an agent sees."""
    def answer(look, size):
        cells, placements = pairs_of(size)
        for agent in (0, 1):
            for own in cells:
                seen = [look(placements, torch.tensor([own, other] if agent == 0 else [other, own]), size)[:, agent]
                        for other in cells if tried(own, other)]
                if any(differs(one, seen[0]) for one in seen):
                    return True
        return False

    return answer


unlike = differing(lambda one, first: bool((one - first).abs().double().amax() > 0))
rises = differing(lambda one, first: bool((one > first).any()))
falls = differing(lambda one, first: bool((one < first).any()))
goals_behind = differing(lambda one, first: not torch.equal(one, first), lambda own, other: other < own)
goals_ahead = differing(lambda one, first: not torch.equal(one, first), lambda own, other: other > own)
in_order = differing(lambda one, first: not torch.equal(one.sort(-1).values, first.sort(-1).values))


ANSWERS = Answers(
    right=[leaks, leaks_by_dictionary, leaks_all_pairs, unlike],
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
        ("only a change in one direction is noticed", rises),
        ("only a change in one direction is noticed", falls),
        ("the numbers are compared without their places", in_order),
        ("a small difference is taken for none", roughly),
        ("a small difference is taken for none", all_close),
        ("a small difference is taken for none", within_a_millionth),
        ("one placement of the agents stands for all", from_the_start_only),
        ("one place of the other's goal stands for all", corners_only),
        ("some combinations are never tried", goals_behind),
        ("some combinations are never tried", goals_ahead),
        ("some combinations are never tried", one_goal_of_its_own),
        ("some combinations are never tried", a_few_at_random),
        ("it works on one size of board only", for_two_by_two),
    ],
)
