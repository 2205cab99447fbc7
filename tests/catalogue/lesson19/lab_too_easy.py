"""Answers to 19.5."""

import torch

from tests.catalogue import Answers


def both_first(health, wait, targets, attack, pause, n):
    ready = (health > 0) & (wait == 0) & (targets >= 0)
    hits = torch.zeros_like(health).index_add(0, targets[ready], attack[ready])
    return (health - hits).clamp(min=0), (torch.where(ready, pause, wait) - 1).clamp(min=0)


def in_a_list(health, wait, targets, attack, pause, n):
    health, wait = health.clone(), wait.clone()
    ready = [u for u in range(len(health)) if health[u] > 0 and wait[u] == 0 and targets[u] >= 0]
    for u in ready:
        health[targets[u]] = max(health[targets[u]] - attack[u], 0)
        wait[u] = pause[u]
    return health, (wait - 1).clamp(min=0)


def from_a_copy(health, wait, targets, attack, pause, n):
    before, health, wait = health.clone(), health.clone(), wait.clone()
    for side in (range(n), range(n, len(health))):
        for u in side:
            if before[u] > 0 and wait[u] == 0 and targets[u] >= 0:
                health[targets[u]] = max(health[targets[u]] - attack[u], 0)
                wait[u] = pause[u]
    return health, (wait - 1).clamp(min=0)


def _sides(health, wait, targets, attack, pause, sides):
    health, wait = health.clone(), wait.clone()
    for side in sides:
        ready = [u for u in side if health[u] > 0 and wait[u] == 0 and targets[u] >= 0]
        for u in ready:
            health[targets[u]] = max(health[targets[u]] - attack[u], 0)
            wait[u] = pause[u]
    return health, (wait - 1).clamp(min=0)


def unchanged(health, wait, targets, attack, pause, n):
    return _sides(health, wait, targets, attack, pause, (range(n), range(n, len(health))))


def turned_round(health, wait, targets, attack, pause, n):
    return _sides(health, wait, targets, attack, pause, (range(n, len(health)), range(n)))


def one_by_one(health, wait, targets, attack, pause, n):
    return _sides(health, wait, targets, attack, pause, [[u] for u in range(len(health))])


def _all_at_once(health, wait, targets, attack, pause, ready):
    hits = torch.zeros_like(health).index_add(0, targets[ready], attack[ready])
    return (health - hits).clamp(min=0), (torch.where(ready, pause, wait) - 1).clamp(min=0)


def ghosts(health, wait, targets, attack, pause, n):
    return _all_at_once(health, wait, targets, attack, pause, (wait == 0) & (targets >= 0))


def no_wait(health, wait, targets, attack, pause, n):
    return _all_at_once(health, wait, targets, attack, pause, (health > 0) & (targets >= 0))


def never_waits(health, wait, targets, attack, pause, n):
    return both_first(health, wait, targets, attack, pause, n)[0], (wait - 1).clamp(min=0)


def no_clock(health, wait, targets, attack, pause, n):
    ready = (health > 0) & (wait == 0) & (targets >= 0)
    return both_first(health, wait, targets, attack, pause, n)[0], torch.where(ready, pause, wait)


def below_zero(health, wait, targets, attack, pause, n):
    ready = (health > 0) & (wait == 0) & (targets >= 0)
    hits = torch.zeros_like(health).index_add(0, targets[ready], attack[ready])
    return health - hits, both_first(health, wait, targets, attack, pause, n)[1]


def one_shot(health, wait, targets, attack, pause, n):
    hits = torch.zeros_like(health)
    for u in range(len(health)):
        if health[u] > 0 and wait[u] == 0 and targets[u] >= 0:
            hits[targets[u]] = attack[u]
    return (health - hits).clamp(min=0), both_first(health, wait, targets, attack, pause, n)[1]


def whole_pause(health, wait, targets, attack, pause, n):
    ready = (health > 0) & (wait == 0) & (targets >= 0)
    return both_first(health, wait, targets, attack, pause, n)[0], torch.where(ready, pause, (wait - 1).clamp(min=0))


def a_step_early(health, wait, targets, attack, pause, n):
    left, rest = health.clone(), wait.clone()
    for u in [u for u in range(len(health)) if health[u] > 0 and wait[u] <= 1 and targets[u] >= 0]:
        left[targets[u]] = max(left[targets[u]] - attack[u], 0)
        rest[u] = pause[u]
    return left, (rest - 1).clamp(min=0)


def hardly_alive(health, wait, targets, attack, pause, n):
    ready = (health > 1) & (wait == 0) & (targets >= 0)
    hits = torch.zeros_like(health).index_add(0, targets[ready], attack[ready])
    return (health - hits).clamp(min=0), (torch.where(ready, pause, wait) - 1).clamp(min=0)


ANSWERS = Answers(
    right=[both_first, in_a_list, from_a_copy],
    wrong=[("the team still shoots first", unchanged), ("now the enemies shoot first", turned_round),
           ("the team still shoots first", one_by_one), ("the fallen shoot", ghosts),
           ("who hardly lives is taken for dead", hardly_alive),
           ("who waits for one more step shoots already", a_step_early),
           ("who has just shot waits a step too long", whole_pause),
           ("who has to wait shoots all the same", no_wait), ("who has shot does not wait", never_waits),
           ("the time of waiting does not pass", no_clock), ("health falls below 0", below_zero),
           ("of several shots at one unit only one counts", one_shot)])
