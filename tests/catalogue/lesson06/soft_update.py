"""Answers to 06.3."""

import copy

import torch

from tests.catalogue import Answers
from tests.catalogue.lesson06.shared import add_in_place


def by_data(target, online, tau):
    for name, parameter in target.named_parameters():
        parameter.data = tau * online.get_parameter(name).data + (1 - tau) * parameter.data


def by_state_dict(target, online, tau):
    new, old = online.state_dict(), target.state_dict()
    target.load_state_dict({key: torch.lerp(old[key], new[key], tau) for key in old})


@torch.no_grad()
def scale_then_add(target, online, tau):
    torch._foreach_mul_(list(target.parameters()), 1 - tau)
    torch._foreach_add_(list(target.parameters()), list(online.parameters()), alpha=tau)


@torch.no_grad()
def other_side(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old.copy_(tau * old + (1 - tau) * new)


def other_side_data(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old.data.copy_(new.data + tau * (old.data - new.data))


@torch.no_grad()
def moves_away(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old += tau * (old - new)


@torch.no_grad()
def only_adds(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old.add_(new, alpha=tau)


@torch.no_grad()
def only_tau(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old.copy_(tau * new)


def hard(target, online, tau):
    target.load_state_dict(online.state_dict())


@torch.no_grad()
def moves_online(target, online, tau):
    for new, old in zip(target.parameters(), online.parameters()):
        old.add_(tau * (new - old))


@torch.no_grad()
def moves_both(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        gap = new - old
        old.add_(tau * gap)
        new.sub_(tau * gap)


@torch.no_grad()
def binds_a_name(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old = old + tau * (new - old)


def returns_a_new_one(target, online, tau):
    moved = copy.deepcopy(target)
    by_data(moved, online, tau)
    return moved


@torch.no_grad()
def state_dict_not_loaded(target, online, tau):
    weights = target.state_dict()
    for name, new in online.state_dict().items():
        weights[name] = (1 - tau) * weights[name] + tau * new


@torch.no_grad()
def weights_only(target, online, tau):
    for (name, old), new in zip(target.named_parameters(), online.parameters()):
        if "bias" not in name:
            old.lerp_(new, tau)


@torch.no_grad()
def trained_only(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        if new.requires_grad:
            old.lerp_(new, tau)


@torch.no_grad()
def if_the_target_is_trained(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        if old.requires_grad:
            old.lerp_(new, tau)


@torch.no_grad()
def linear_layers(target, online, tau):
    for old, new in zip(target.modules(), online.modules()):
        if isinstance(old, torch.nn.Linear):
            for a, b in zip(old.parameters(), new.parameters()):
                a.lerp_(b, tau)


def recorded(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old.requires_grad_(False)
        old.mul_(1 - tau)
        old.add_(tau * new)


def asks_again(target, online, tau):
    by_data(target, online, tau)
    target.requires_grad_(True)


def shares_at_one(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old.data = new.data if tau == 1 else torch.lerp(old.data, new.data, tau)


def new_parameters(target, online, tau):
    for name, old in list(target.named_parameters()):
        moved = torch.nn.Parameter(torch.lerp(old.data, online.get_parameter(name).data, tau),
                                   requires_grad=old.requires_grad)
        path, _, last = name.rpartition(".")
        setattr(target.get_submodule(path), last, moved)


ANSWERS = Answers(
    right=[add_in_place, by_data, by_state_dict, scale_then_add],
    wrong=[
        ("tau is on the wrong side", other_side),
        ("tau is on the wrong side", other_side_data),
        ("the target moves away from the online network", moves_away),
        ("the old weights do not shrink", only_adds),
        ("the old weights are forgotten", only_tau),
        ("the whole way in one step", hard),
        ("the online network is changed", moves_online),
        ("the online network is changed", moves_both),
        ("nothing moves", binds_a_name),
        ("nothing moves", returns_a_new_one),
        ("nothing moves", state_dict_not_loaded),
        ("some parameters stay behind", weights_only),
        ("some parameters stay behind", trained_only),
        ("some parameters stay behind", if_the_target_is_trained),
        ("some parameters stay behind", linear_layers),
        ("the update is recorded for gradients", recorded),
        ("the update is recorded for gradients", asks_again),
        ("the target shares its weights with the online network", shares_at_one),
        ("the target has new parameters", new_parameters),
    ],
)
