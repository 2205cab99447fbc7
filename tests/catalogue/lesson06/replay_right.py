"""Right answers to 06.2; the wrong ones differ from one of them in one thing."""

from collections import deque

import numpy as np
import torch


class Ring:
    """The model that the others change in one place."""

    def __init__(self, capacity):
        self.capacity, self.size, self.next, self.columns = capacity, 0, 0, {}

    def add(self, **columns):
        for row in range(len(next(iter(columns.values())))):
            for name, values in columns.items():
                if name not in self.columns:
                    self.columns[name] = torch.zeros((self.capacity, *values.shape[1:]), dtype=values.dtype)
                self.columns[name][self.next] = values[row]
            self.next = (self.next + 1) % self.capacity
            self.size = min(self.size + 1, self.capacity)

    def places(self, batch_size, generator):
        return torch.randperm(self.size, generator=generator)[:batch_size]

    def sample(self, batch_size, generator):
        places = self.places(batch_size, generator)
        return {name: values[places] for name, values in self.columns.items()}

    def __len__(self):
        return self.size


class Deque:
    """Rows as dictionaries in a deque."""

    def __init__(self, capacity):
        self.rows = deque(maxlen=capacity)

    def add(self, **columns):
        for k in range(next(iter(columns.values())).shape[0]):
            self.rows.append({name: value[k].clone() for name, value in columns.items()})

    def sample(self, batch_size, generator):
        keys = torch.rand(len(self.rows), generator=generator)
        chosen = [self.rows[k] for k in keys.argsort()[:batch_size].tolist()]
        return {name: torch.stack([row[name] for row in chosen]) for name in chosen[0]}

    def __len__(self):
        return len(self.rows)


class Concatenated:
    """Everything in one tensor a column, the oldest cut off."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.data = None

    def add(self, **columns):
        if self.data is None:
            self.data = {name: value.clone() for name, value in columns.items()}
        else:
            self.data = {name: torch.cat([self.data[name], value])[-self.capacity:] for name, value in columns.items()}

    def sample(self, batch_size, generator):
        seed = int(torch.randint(2**31, (1,), generator=generator))
        index = np.random.default_rng(seed).choice(len(self), size=batch_size, replace=False)
        return {name: value[torch.from_numpy(index)] for name, value in self.data.items()}

    def __len__(self):
        return 0 if self.data is None else next(iter(self.data.values())).shape[0]


class TwoPieces(Ring):
    """Writes up to the end of the ring, then from its start; draws by rejection with torch.multinomial."""

    def add(self, **columns):
        rows = len(list(columns.values())[0])
        first = min(rows, self.capacity - self.next)
        for name, values in columns.items():
            store = self.columns.setdefault(name, torch.empty(self.capacity, *values.shape[1:], dtype=values.dtype))
            store[self.next:self.next + first] = values[:first]
            store[:rows - first] = values[first:]
        self.next = (self.next + rows) % self.capacity
        self.size = min(self.capacity, self.size + rows)

    def sample(self, batch_size, generator):
        index = torch.multinomial(torch.ones(self.size), batch_size, replacement=False, generator=generator)
        return {name: values.index_select(0, index) for name, values in self.columns.items()}


class TopsUp(Deque):
    """A right one: draws again what it has already."""

    def sample(self, batch_size, generator):
        chosen = []
        while len(chosen) < batch_size:
            place = torch.randint(len(self.rows), (1,), generator=generator).item()
            if place not in chosen:
                chosen.append(place)
        return {name: torch.stack([self.rows[place][name] for place in sorted(chosen)]) for name in self.rows[0]}
