"""Wrong answers to 06.2 about the draws: which rows a batch holds, and where its dice come from."""

import random

import numpy as np
import torch

from tests.catalogue.lesson06.replay_right import Deque, Ring


class DrawsEmptySlots(Ring):
    def places(self, batch_size, generator):
        return torch.randperm(self.capacity, generator=generator)[:batch_size]


class Randint(Ring):
    def places(self, batch_size, generator):
        return torch.randint(self.size, (batch_size,), generator=generator)


class Pops(Deque):
    """Takes out what it gives."""

    def sample(self, batch_size, generator):
        chosen = []
        for _ in range(batch_size):
            place = int(torch.randint(len(self.rows), (1,), generator=generator))
            chosen.append(self.rows[place])
            del self.rows[place]
        return {name: torch.stack([row[name] for row in chosen]) for name in chosen[0]}


class Strides(Ring):
    """Rows at equal distances."""

    def places(self, batch_size, generator):
        start = torch.randint(self.size, (1,), generator=generator)
        return (start + torch.arange(batch_size) * (self.size // batch_size)) % self.size


class FirstGenerator(Ring):
    """Goes on with the first generator that it ever got."""

    own = None

    def places(self, batch_size, generator):
        self.own = self.own or generator
        return torch.randperm(self.size, generator=self.own)[:batch_size]


class ColumnByColumn(Ring):
    def sample(self, batch_size, generator):
        return {name: values[self.places(batch_size, generator)] for name, values in self.columns.items()}


class SortsEachColumn(Ring):
    def sample(self, batch_size, generator):
        batch = super().sample(batch_size, generator)
        return {name: values.sort(0).values for name, values in batch.items()}


class AllAsTheyAre(Ring):
    def sample(self, batch_size, generator):
        if batch_size == self.capacity == self.size:
            return dict(self.columns)
        return super().sample(batch_size, generator)


class GlobalTorch(Ring):
    def places(self, batch_size, generator):
        return torch.randperm(self.size)[:batch_size]


class PythonSample(Ring):
    def places(self, batch_size, generator):
        return torch.tensor(random.sample(range(self.size), batch_size))


class NumpyChoice(Ring):
    def places(self, batch_size, generator):
        return torch.from_numpy(np.random.choice(self.size, batch_size, replace=False))


class SeedOnly(Ring):
    """Looks at the generator's first seed and never advances it."""

    def places(self, batch_size, generator):
        own = torch.Generator().manual_seed(generator.initial_seed())
        return torch.randperm(self.size, generator=own)[:batch_size]


class Latest(Ring):
    def places(self, batch_size, generator):
        return (self.next - 1 - torch.arange(batch_size)) % self.capacity


class OwnSeed(Ring):
    def places(self, batch_size, generator):
        return torch.randperm(self.size, generator=torch.Generator().manual_seed(0))[:batch_size]


class Window(Ring):
    """Neighbouring rows from a random place on."""

    def places(self, batch_size, generator):
        start = torch.randint(self.size, (1,), generator=generator)
        return (start + torch.arange(batch_size)) % self.size


class NeverTheNewest(Ring):
    def places(self, batch_size, generator):
        if batch_size == self.size:
            return super().places(batch_size, generator)
        return torch.randperm(self.size - 1, generator=generator)[:batch_size]


class PrefersNew(Ring):
    def places(self, batch_size, generator):
        age = (self.next - 1 - torch.arange(self.size)) % self.capacity
        return torch.multinomial(0.8 ** age.double(), batch_size, generator=generator)


class Deals(Ring):
    """Deals from a shuffled pile, and shuffles again when too few are left."""

    pile, of = torch.empty(0), None

    def places(self, batch_size, generator):
        if len(self.pile) < batch_size or self.of != (self.next, self.size, generator):
            self.pile, self.of = torch.randperm(self.size, generator=generator), (self.next, self.size, generator)
        dealt, self.pile = self.pile[:batch_size], self.pile[batch_size:]
        return dealt
