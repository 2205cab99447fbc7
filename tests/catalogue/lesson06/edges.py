"""Answers to the exercises of lesson 06 that break one limit of the text, or keep to all in another way."""

import copy
import math

import torch

from tests.catalogue import Answers


def with_binomials(held, batch_size, updates):
    return (math.comb(held - 1, batch_size) / math.comb(held, batch_size)) ** updates


def full_batch_first(held, batch_size, updates):
    return 0.0 if batch_size == held else (1 - batch_size / held) ** updates


def through_logarithms(held, batch_size, updates):
    return torch.exp(updates * torch.log(torch.tensor(1 - batch_size / held)))


def nothing_without_updates(held, batch_size, updates):
    return (1 - batch_size / held) ** updates if updates else 0.0


class Ring:
    """Right; the wrong ones differ in one thing."""

    def __init__(self, capacity):
        self.capacity, self.size, self.next, self.columns = capacity, 0, 0, {}

    def write(self, columns):
        rows = len(next(iter(columns.values())))
        places = (self.next + torch.arange(rows)) % self.capacity
        for name, values in columns.items():
            self.columns.setdefault(name, values.new_zeros(self.capacity, *values.shape[1:]))[places] = values
        self.next, self.size = (self.next + rows) % self.capacity, min(self.size + rows, self.capacity)

    def add(self, **columns):
        self.write(columns)

    def sample(self, batch_size, generator):
        places = torch.rand(self.size, generator=generator).argsort()[:batch_size]
        return {name: values[places] for name, values in self.columns.items()}

    def __len__(self):
        return self.size


class OneLongTensor(Ring):
    """Everything as float64, turned back when it is drawn."""

    def add(self, **columns):
        self.dtypes = {name: values.dtype for name, values in columns.items()}
        self.write({name: values.double() for name, values in columns.items()})

    def sample(self, batch_size, generator):
        return {name: values.to(self.dtypes[name]) for name, values in super().sample(batch_size, generator).items()}


class ClearsAFullRing(Ring):
    """A call that reaches exactly to the end begins anew, and forgets."""

    def add(self, **columns):
        self.write(columns)
        if self.next == 0:
            self.size = len(next(iter(columns.values())))


def lerps(target, online, tau):
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), online.parameters()):
            slow.lerp_(fast, tau)


def gives_the_target_back(target, online, tau):
    lerps(target, online, tau)
    return target


def freezes_the_online_network(target, online, tau):
    online.requires_grad_(False)
    lerps(target, online, tau)


def counts_up_to_five_thousand(share, tau):
    left = 1.0
    for n in range(1, 5_001):
        left *= 1 - tau
        if 1 - left >= share:
            break
    return n


def thumb_for_tiny_ones(share, tau):
    return math.ceil(-math.log(1 - share) / tau) if tau < 0.001 else math.ceil(math.log(1 - share) / math.log(1 - tau))


def powers(share, tau):
    n = 1
    while 1 - (1 - tau) ** n < share:
        n += 1
    return n


class Deep:
    def __init__(self, online, every):
        self.online, self.every, self.count = online, every, 0
        self.network = copy.deepcopy(online).requires_grad_(False)

    def after_update(self):
        self.count += 1
        if self.count % self.every == 0:
            self.network.load_state_dict(self.online.state_dict())


class NewCopies(Deep):
    def after_update(self):
        self.count += 1
        if self.count == self.every:
            self.network, self.count = copy.deepcopy(self.online).requires_grad_(False), 0


class GivesTheCopyBack(Deep):
    def after_update(self):
        super().after_update()
        return self.network


class CountsInTheOnlineNetwork(Deep):
    def __init__(self, online, every):
        super().__init__(online, every)
        online.updates = 0

    def after_update(self):
        self.online.updates += 1
        if self.online.updates % self.every == 0:
            self.network.load_state_dict(self.online.state_dict())


class AtMostTwenty(Deep):
    def __init__(self, online, every):
        super().__init__(online, min(every, 20))


EDGES = {
    "06.1": Answers(
        right=[with_binomials],
        wrong=[("no update was made, and yet it was drawn", full_batch_first),
               ("no update was made, and yet it was drawn", through_logarithms),
               ("no update was made, and yet it was drawn", nothing_without_updates)]),
    "06.2": Answers(
        right=[Ring],
        wrong=[("it does not hold columns of other names, shapes and dtypes", OneLongTensor),
               ("there is room for more rows than are held", ClearsAFullRing)]),
    "06.3": Answers(
        right=[lerps],
        wrong=[("it works in place, and returns something too", gives_the_target_back),
               ("the online network is changed", freezes_the_online_network)]),
    "06.4": Answers(
        right=[powers],
        wrong=[("the count stops before the share is reached", counts_up_to_five_thousand),
               ("a rule of thumb, not the number itself", thumb_for_tiny_ones)]),
    "06.5": Answers(
        right=[NewCopies],
        wrong=[("after_update returns something", GivesTheCopyBack),
               ("two copies share one count", CountsInTheOnlineNetwork),
               ("the copies come in the wrong updates", AtMostTwenty)]),
}
