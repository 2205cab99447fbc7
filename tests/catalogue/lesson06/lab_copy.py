"""Answers to 06.7."""

import copy

import torch
from torch.func import functional_call

from tests.catalogue import Answers


def run(target, online, batches, every, gamma, learning_rate, renew=None, before=None):
    """The lines 2 to 12. ``before`` gives the target that is used from the next update on, ``renew`` the one after a
    copy."""
    optimiser = torch.optim.SGD(online.parameters(), lr=learning_rate)
    for update, (state, reward, next_state) in enumerate(batches, start=1):
        if before is not None:
            target = before(target)
        with torch.no_grad():
            y = reward + gamma * target(next_state).squeeze(-1)
        loss = ((online(state).squeeze(-1) - y) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if update % every == 0:
            if renew is None:
                target.load_state_dict(online.state_dict())
            else:
                target = renew(target)
    return target


def deep(online, batches, every, gamma, learning_rate):
    return run(copy.deepcopy(online), online, batches, every, gamma, learning_rate)


def deep_again(online, batches, every, gamma, learning_rate):
    frozen = copy.deepcopy(online).requires_grad_(False)
    return run(frozen, online, batches, every, gamma, learning_rate, lambda _: copy.deepcopy(online))


def snapshot(online, batches, every, gamma, learning_rate):
    """Keeps weights instead of a network."""
    frozen = {name: weight.clone() for name, weight in online.state_dict().items()}
    for number, (state, reward, next_state) in enumerate(batches):
        y = reward + gamma * functional_call(online, frozen, (next_state,))[:, 0].detach()
        loss = (online(state)[:, 0] - y).pow(2).mean()
        online.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in online.parameters():
                parameter -= learning_rate * parameter.grad
        if (number + 1) % every == 0:
            frozen = {name: weight.clone() for name, weight in online.state_dict().items()}
    target = copy.deepcopy(online)
    target.load_state_dict(frozen)
    return target


def plain_name(online, batches, every, gamma, learning_rate):
    return run(online, online, batches, every, gamma, learning_rate)


def shallow(online, batches, every, gamma, learning_rate):
    target = copy.copy(online)
    target.load_state_dict(copy.deepcopy(online.state_dict()))
    return run(target, online, batches, every, gamma, learning_rate)


def copies_each_time(online, batches, every, gamma, learning_rate):
    return run(online, online, batches, every, gamma, learning_rate, before=lambda _: copy.deepcopy(online))


def copies_after_each(online, batches, every, gamma, learning_rate):
    return run(copy.deepcopy(online), online, batches, 1, gamma, learning_rate)


def never_again(online, batches, every, gamma, learning_rate):
    return run(copy.deepcopy(online), online, batches, every, gamma, learning_rate, lambda target: target)


def onto_itself(online, batches, every, gamma, learning_rate):
    def renew(target):
        target.load_state_dict(target.state_dict())
        return target

    return run(copy.deepcopy(online), online, batches, every, gamma, learning_rate, renew)


def handed_over(online, batches, every, gamma, learning_rate):
    return run(copy.deepcopy(online), online, batches, every, gamma, learning_rate, lambda _: online)


def shallow_later(online, batches, every, gamma, learning_rate):
    return run(copy.deepcopy(online), online, batches, every, gamma, learning_rate, lambda _: copy.copy(online))


def new_weights(online, batches, every, gamma, learning_rate):
    target = copy.deepcopy(online)
    for layer in target:
        if isinstance(layer, torch.nn.Linear):
            layer.reset_parameters()
    return run(target, online, batches, every, gamma, learning_rate)


def zeros(online, batches, every, gamma, learning_rate):
    target = copy.deepcopy(online)
    for parameter in target.parameters():
        torch.nn.init.zeros_(parameter)
    return run(target, online, batches, every, gamma, learning_rate)


def one_update_late(online, batches, every, gamma, learning_rate):
    return run(copy.deepcopy(online), online, batches, every + 1, gamma, learning_rate)


def counts_from_zero(online, batches, every, gamma, learning_rate):
    """Copies after the updates 1, 1 + every, …"""
    first = run(copy.deepcopy(online), online, batches[:1], 1, gamma, learning_rate)
    for begin in range(1, len(batches), every):
        part = batches[begin:begin + every]
        first = run(first, online, part, every, gamma, learning_rate)
    return first


def optimises_the_target(online, batches, every, gamma, learning_rate):
    target = copy.deepcopy(online)
    optimiser = torch.optim.SGD(target.parameters(), lr=learning_rate)
    for update, (state, reward, next_state) in enumerate(batches, start=1):
        y = reward + gamma * target(next_state).squeeze(-1).detach()
        loss = ((online(state).squeeze(-1) - y) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if update % every == 0:
            target.load_state_dict(online.state_dict())
    return target


def frozen_online(online, batches, every, gamma, learning_rate):
    target = copy.deepcopy(online)
    return run(target, copy.deepcopy(online), batches, every, gamma, learning_rate)


def trains_both(online, batches, every, gamma, learning_rate):
    target = copy.deepcopy(online)
    optimiser = torch.optim.SGD([*online.parameters(), *target.parameters()], lr=learning_rate)
    for update, (state, reward, next_state) in enumerate(batches, start=1):
        y = reward + gamma * target(next_state).squeeze(-1)
        loss = ((online(state).squeeze(-1) - y) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if update % every == 0:
            target.load_state_dict(online.state_dict())
    return target


def gives_the_online_network(online, batches, every, gamma, learning_rate):
    deep(online, batches, every, gamma, learning_rate)
    return online


def gives_a_copy_of_the_online_network(online, batches, every, gamma, learning_rate):
    return copy.deepcopy(gives_the_online_network(online, batches, every, gamma, learning_rate))


def gives_the_network_of_the_start(online, batches, every, gamma, learning_rate):
    start = copy.deepcopy(online)
    deep(online, batches, every, gamma, learning_rate)
    return start


def one_network_and_a_copy_of_it(online, batches, every, gamma, learning_rate):
    return copy.deepcopy(plain_name(online, batches, every, gamma, learning_rate))


ANSWERS = Answers(
    right=[("B", deep), ("b ", deep_again), ("B", snapshot)],
    wrong=[
        ("the bug is still there: two names, one network", ("B", plain_name)),
        ("the bug is still there: two names, one network", ("B", shallow)),
        ("the symptom is hidden: a new copy in every update", ("B", copies_each_time)),
        ("the symptom is hidden: a new copy in every update", ("B", copies_after_each)),
        ("the target never moves", ("B", never_again)),
        ("the target never moves", ("B", onto_itself)),
        ("after the first copy the two are one network", ("B", handed_over)),
        ("after the first copy the two are one network", ("B", shallow_later)),
        ("the target is not the network of the start until the first copy", ("B", new_weights)),
        ("the target is not the network of the start until the first copy", ("B", zeros)),
        ("the target is not the network of the start until the first copy", ("B", trains_both)),
        ("the copies come after other updates", ("B", one_update_late)),
        ("the copies come after other updates", ("B", counts_from_zero)),
        ("nothing is learned any more", ("B", frozen_online)),
        ("nothing is learned any more", ("B", optimises_the_target)),
        ("the online network is right, the returned one is not", ("B", gives_the_online_network)),
        ("the online network is right, the returned one is not", ("B", gives_a_copy_of_the_online_network)),
        ("the online network is right, the returned one is not", ("B", gives_the_network_of_the_start)),
        ("the symptom is hidden: a new copy in every update", ("B", one_network_and_a_copy_of_it)),
        ("the rhythm of the copies is blamed", ("A", deep)), ("the gradient is blamed", ("C", deep)),
        ("the learning rate is blamed", ("D", deep)), ("the direction of the copy is blamed", ("E", deep)),
    ],
)
