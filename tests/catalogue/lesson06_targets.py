"""Answers to the exercises of lesson 06 about target networks."""

import copy
import math

import numpy as np
import torch
from torch.func import functional_call

from tests.catalogue import Answers

# ---- 06.3 --------------------------------------------------------------------------------------------------------------


@torch.no_grad()
def add_in_place(target, online, tau):
    for old, new in zip(target.parameters(), online.parameters()):
        old.add_(tau * (new - old))


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
        moved = torch.nn.Parameter(torch.lerp(old.data, online.get_parameter(name).data, tau), requires_grad=old.requires_grad)
        path, _, last = name.rpartition(".")
        setattr(target.get_submodule(path), last, moved)


# ---- 06.4 --------------------------------------------------------------------------------------------------------------

def logarithms(share, tau):
    return math.ceil(math.log(1 - share) / math.log(1 - tau))


def loop(share, tau):
    position, n = 0.0, 0
    while position < share:
        position += tau * (1.0 - position)
        n += 1
    return n


def with_networks(share, tau):
    online, target = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    online.weight.data.fill_(1.0)
    target.weight.data.fill_(0.0)
    n = 0
    while target.weight.item() < share:
        add_in_place(target, online, tau)
        n += 1
    return torch.tensor(n)


def base_of_powers(share, tau):
    return int(np.ceil(np.log1p(-share) / np.log1p(-tau)))


def logarithm_to_a_base(share, tau):
    return math.ceil(math.log(1 - share, 1 - tau))


def cut_off_and_one(share, tau):
    return int(math.log1p(-share) / math.log1p(-tau)) + 1


def more_than_the_share(share, tau):
    gone, n = 0.0, 0
    while not gone > share:
        gone, n = gone + tau * (1 - gone), n + 1
    return n


def cut_off(share, tau):
    return int(math.log(1 - share) / math.log(1 - tau))


def loop_too_short(share, tau):
    left, n = 1.0, 0
    while left * (1 - tau) > 1 - share:
        left *= 1 - tau
        n += 1
    return n


def nearest(share, tau):
    return round(math.log(1 - share, 1 - tau))


def starts_at_one(share, tau):
    left, n = 1.0, 1
    while left > 1 - share:
        left *= 1 - tau
        n += 1
    return n


def rule_of_thumb(share, tau):
    return math.ceil(-math.log(1 - share) / tau)


def rule_of_thumb_rounded(share, tau):
    return round(math.log(1 / (1 - share)) / tau)


def what_is_left(share, tau):
    return math.ceil(math.log(share) / math.log(1 - tau))


def left_loop(share, tau):
    left, n = 1.0, 0
    while left > share:
        left *= 1 - tau
        n += 1
    return n


def equal_steps(share, tau):
    return math.ceil(share / tau)


def equal_steps_loop(share, tau):
    gone, n = 0.0, 0
    while gone < share:
        gone, n = gone + tau, n + 1
    return n


def exchanged(share, tau):
    return math.ceil(math.log(1 - share) / math.log(tau))


def one_by_tau(share, tau):
    return round(1 / tau)


def ln_two_by_tau(share, tau):
    return math.ceil(math.log(2) / tau)


def cut_off_but_one(share, tau):
    return max(1, math.floor(math.log(1 - share) / math.log(1 - tau)))


def half(share, tau):
    return math.ceil(math.log(0.5) / math.log(1 - tau))


# ---- 06.5 --------------------------------------------------------------------------------------------------------------

class Deep:
    """The model that the others below change in one place."""

    def __init__(self, online, every):
        self.online, self.every, self.count = online, every, 0
        self.network = copy.deepcopy(online)
        for parameter in self.network.parameters():
            parameter.requires_grad = False

    def due(self):
        return self.count % self.every == 0

    def renew(self):
        self.network.load_state_dict(self.online.state_dict())

    def after_update(self):
        self.count += 1
        if self.due():
            self.renew()


class CountsDown:
    """A new deep copy each time; a count that runs down."""

    def __init__(self, online, every):
        self.source, self.every = online, every
        self._copy()

    def _copy(self):
        self.left = self.every
        self.network = copy.deepcopy(self.source).eval().requires_grad_(False)

    def after_update(self):
        self.left -= 1
        if not self.left:
            self._copy()


class Loops(Deep):
    @torch.no_grad()
    def renew(self):
        for mine, theirs in zip(self.network.parameters(), self.online.parameters()):
            mine.copy_(theirs)


class FreshWeights(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        for parameter in self.network.parameters():
            torch.nn.init.normal_(parameter)


class Alias(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        self.network = online


class Shallow(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        self.network = copy.copy(online)


class AliasLater(Deep):
    def renew(self):
        self.network = self.online


class DataAliasLater(Deep):
    def renew(self):
        for mine, theirs in zip(self.network.parameters(), self.online.parameters()):
            mine.data = theirs.data


class Backwards(Deep):
    def renew(self):
        self.online.load_state_dict(self.network.state_dict())


class FreezesOnline(Deep):
    def __init__(self, online, every):
        super().__init__(online.requires_grad_(False), every)


class FirstSnapshot(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        self.snapshot = {name: 2 * weight for name, weight in online.state_dict().items()}

    def renew(self):
        self.network.load_state_dict(self.snapshot)


class OneCallOld(Deep):
    """Copies what the online network was in the call before."""

    def __init__(self, online, every):
        super().__init__(online, every)
        self.last = copy.deepcopy(online.state_dict())

    def after_update(self):
        self.count += 1
        if self.due():
            self.network.load_state_dict(self.last)
        self.last = copy.deepcopy(self.online.state_dict())


class Always(Deep):
    def after_update(self):
        self.renew()


class Remainder(Deep):
    def due(self):
        return self.count % self.every or self.every == 1


class DeepCopyOfItself(Deep):
    def renew(self):
        self.network.load_state_dict(self.network.state_dict())


class NeverCounts(Deep):
    def after_update(self):
        count = 0
        count += 1
        if self.every > 1 and count % self.every == 0:
            self.renew()


class OwnCopyOfOnline(Deep):
    """Follows a network that nobody trains."""

    def __init__(self, online, every):
        super().__init__(copy.deepcopy(online), every)


class LocalName(Deep):
    def renew(self):
        network = copy.deepcopy(self.online)
        network.requires_grad_(False)


class Half(Deep):
    @torch.no_grad()
    def renew(self):
        for mine, theirs in zip(self.network.parameters(), self.online.parameters()):
            mine.lerp_(theirs, 0.5)


class CountsUp(Deep):
    """A right one: the weights in a list, the count set back."""

    def renew(self):
        torch.nn.utils.vector_to_parameters(torch.nn.utils.parameters_to_vector(self.online.parameters()).detach().clone(),
                                            self.network.parameters())
        self.count = 0


class Once(Deep):
    def due(self):
        return self.count == self.every


class CountsFromZero(Deep):
    def after_update(self):
        if self.due():
            self.renew()
        self.count += 1


class OneLate(Deep):
    def after_update(self):
        self.count += 1
        if self.count > self.every:
            self.renew()
            self.count = 0


class OneEarly(Deep):
    def due(self):
        return (self.count + 1) % self.every == 0


class FromThenOn(Deep):
    def due(self):
        return self.count >= self.every


class AsksForGradients(Deep):
    def __init__(self, online, every):
        self.online, self.every, self.count = online, every, 0
        self.network = copy.deepcopy(online)


class AsksAgain(Deep):
    def renew(self):
        self.network = copy.deepcopy(self.online)


class ClassCount(Deep):
    total = 0

    def __init__(self, online, every):
        super().__init__(online, every)
        ClassCount.total = 0

    def after_update(self):
        ClassCount.total += 1
        if ClassCount.total % self.every == 0:
            self.renew()


class ClassCountForEver(Deep):
    """The count stands in the class, and no new object sets it back."""

    total = 0

    def after_update(self):
        type(self).total += 1
        if type(self).total % self.every == 0:
            self.renew()


SHARED = {"updates": 0}


class GlobalCount(Deep):
    def after_update(self):
        SHARED["updates"] += 1
        if SHARED["updates"] % self.every == 0:
            self.renew()


class GlobalCountDown(Deep):
    left = []

    def __init__(self, online, every):
        super().__init__(online, every)
        self.left.append(every)

    def after_update(self):
        self.left[0] -= 1
        if self.left[0] <= 0:
            self.renew()
            self.left[0] = self.every


# ---- 06.7 --------------------------------------------------------------------------------------------------------------

def run(target, online, batches, every, gamma, learning_rate, renew=None, before=None):
    """The lines 2 to 12. ``before`` gives the target that is used from the next update on, ``renew`` the one after a copy."""
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


TARGETS = {
    "06.3": Answers(
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
    ),
    "06.4": Answers(
        right=[logarithms, loop, with_networks, base_of_powers, logarithm_to_a_base],
        wrong=[
            ("exactly the share is enough", cut_off_and_one),
            ("exactly the share is enough", more_than_the_share),
            ("one update too few", cut_off),
            ("one update too few", loop_too_short),
            ("rounded to the nearest", nearest),
            ("one update too many", starts_at_one),
            ("a rule of thumb, not the number itself", rule_of_thumb),
            ("a rule of thumb, not the number itself", rule_of_thumb_rounded),
            ("share is what is left, not what is gone", what_is_left),
            ("share is what is left, not what is gone", left_loop),
            ("every update goes equally far", equal_steps),
            ("every update goes equally far", equal_steps_loop),
            ("tau and 1 − tau are exchanged", exchanged),
            ("always half of the way", half),
            ("always half of the way", ln_two_by_tau),
            ("a rule of thumb, not the number itself", one_by_tau),
            ("one update too few", cut_off_but_one),
        ],
    ),
    "06.5": Answers(
        right=[Deep, CountsDown, Loops, CountsUp],
        wrong=[
            ("the copy starts from other weights", FreshWeights),
            ("the copy is the online network itself", Alias),
            ("the copy is the online network itself", Shallow),
            ("after the first copy the two are one network", AliasLater),
            ("after the first copy the two are one network", DataAliasLater),
            ("the online network is changed by the copy", Backwards),
            ("the online network cannot learn any more", FreezesOnline),
            ("what is copied is not what the online network is now", FirstSnapshot),
            ("what is copied is not what the online network is now", OneCallOld),
            ("what is copied is not what the online network is now", Half),
            ("it copies after every update", Always),
            ("it copies in all updates but the right ones", Remainder),
            ("no copy is ever made", DeepCopyOfItself),
            ("no copy is ever made", NeverCounts),
            ("no copy is ever made", OwnCopyOfOnline),
            ("no copy is ever made", LocalName),
            ("only the first copy is made", Once),
            ("the copies come in the wrong updates", CountsFromZero),
            ("the copies come in the wrong updates", OneLate),
            ("the copies come in the wrong updates", OneEarly),
            ("the copies come in the wrong updates", FromThenOn),
            ("the copy still asks for gradients", AsksForGradients),
            ("the copy still asks for gradients", AsksAgain),
            ("two copies share one count", ClassCount),
            ("two copies share one count", ClassCountForEver),
            ("two copies share one count", GlobalCount),
            ("two copies share one count", GlobalCountDown),
        ],
    ),
}

LEARN = {
    "06.7": Answers(
        right=[(1, deep), (1, deep_again), (1, snapshot)],
        wrong=[
            ("the bug is still there: two names, one network", (1, plain_name)),
            ("the bug is still there: two names, one network", (1, shallow)),
            ("the symptom is hidden: a new copy in every update", (1, copies_each_time)),
            ("the symptom is hidden: a new copy in every update", (1, copies_after_each)),
            ("the target never moves", (11, never_again)),
            ("the target never moves", (1, onto_itself)),
            ("after the first copy the two are one network", (11, handed_over)),
            ("after the first copy the two are one network", (1, shallow_later)),
            ("the target does not begin as the online network", (1, new_weights)),
            ("the target does not begin as the online network", (1, zeros)),
            ("the copies come after other updates", (10, one_update_late)),
            ("the copies come after other updates", (1, counts_from_zero)),
            ("nothing is learned any more", (2, frozen_online)),
            ("nothing is learned any more", (1, optimises_the_target)),
        ],
    ),
}
