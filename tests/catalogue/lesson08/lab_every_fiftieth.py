"""Answers to 08.6."""

from copy import deepcopy

import torch

from qmix_course.training import hard_update
from tests.catalogue import Answers


def learn_equals_zero(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            target.load_state_dict(team.state_dict())
    return losses


def learn_enumerated(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for k, batch in enumerate(batches):
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss))
        if not (k + 1) % copy_every:
            hard_update(target, team)
    return losses


def learn_with_a_countdown(team, target, optimiser, batches, loss_of, copy_every):
    losses, left = [], copy_every
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        left -= 1
        if left == 0:
            left = copy_every
            with torch.no_grad():
                for old, new in zip(target.parameters(), team.parameters()):
                    old.copy_(new)
    return losses


def learn_as_it_was(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every:
            target.load_state_dict(team.state_dict())
    return losses


def learn_never(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def learn_from_then_on(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) >= copy_every:
            target.load_state_dict(team.state_dict())
    return losses


def learn_copies_once(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) == copy_every:
            target.load_state_dict(team.state_dict())
    return losses


def learn_softly(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        with torch.no_grad():
            for old, new in zip(target.parameters(), team.parameters()):
                old.lerp_(new, 1 / (copy_every + 1))
    return losses


def learn_equals_one(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 1:
            target.load_state_dict(team.state_dict())
    return losses


def learn_from_zero(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for k, batch in enumerate(batches):
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if k % copy_every == 0:
            target.load_state_dict(team.state_dict())
    return losses


def learn_another_target(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            target = deepcopy(team)
    return losses


def learn_copies_early(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            target.load_state_dict(team.state_dict())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return losses


def learn_backwards(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            team.load_state_dict(target.state_dict())
    return losses


def learn_jumps(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for k, batch in enumerate(batches, start=1):
        if k % copy_every == 0:
            target.load_state_dict(team.state_dict())
            continue
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def learn_copies_before_the_next(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        if losses and len(losses) % copy_every == 0:
            target.load_state_dict(team.state_dict())
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


ANSWERS = Answers(
    right=[("D", learn_equals_zero), ("d ", learn_enumerated), ("D", learn_with_a_countdown)],
    wrong=[
        ("the bug is still there: it copies at all the other updates", ("D", learn_as_it_was)),
        ("the symptom is hidden: the target is never copied", ("D", learn_never)),
        ("the symptom is hidden: it still copies far too often", ("D", learn_from_then_on)),
        ("the symptom is hidden: the target moves a little in every update", ("D", learn_softly)),
        ("the target is copied once, and never again", ("D", learn_copies_once)),
        ("the copy is made before the next update, and after the last one never", ("D", learn_copies_before_the_next)),
        ("the copies come at the wrong updates", ("D", learn_equals_one)),
        ("the copies come at the wrong updates", ("D", learn_from_zero)),
        ("the copy is another network; the caller's target stays what it was", ("D", learn_another_target)),
        ("the copy is made before the optimiser's step", ("D", learn_copies_early)),
        ("the team is overwritten by its target", ("D", learn_backwards)),
        ("an update is left out, or made twice", ("D", learn_jumps)),
        ("a missing copy is blamed", ("A", learn_equals_zero)),
        ("a soft update is blamed", ("B", learn_equals_zero)),
        ("the direction of the copy is blamed", ("C", learn_enumerated)),
        ("the size of the steps is blamed", ("E", learn_equals_zero)),
    ],
)
