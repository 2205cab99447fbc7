"""Answers to 02.2."""

import torch

from tests.catalogue import Answers


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


ANSWERS = Answers(
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
)
