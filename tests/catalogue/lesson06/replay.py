"""Answers to 06.2."""

import random
from collections import deque

import numpy as np
import torch

from tests.catalogue import Answers


class Ring:
    """The model that the others below change in one place."""

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


class ColumnsAsAttributes:
    """Each column under its own name in the object, beside what the memory keeps for itself."""

    def __init__(self, capacity):
        self.capacity, self.size, self.next, self.names = capacity, 0, 0, []

    def add(self, **columns):
        count = len(next(iter(columns.values())))
        places = (self.next + torch.arange(count)) % self.capacity
        for name, values in columns.items():
            if name not in self.names:
                self.names.append(name)
                setattr(self, name, torch.zeros((self.capacity, *values.shape[1:]), dtype=values.dtype))
            getattr(self, name)[places] = values
        self.next = (self.next + count) % self.capacity
        self.size = min(self.size + count, self.capacity)

    def sample(self, batch_size, generator):
        places = torch.randperm(self.size, generator=generator)[:batch_size]
        return {name: getattr(self, name)[places] for name in self.names}

    def __len__(self):
        return self.size


class ColumnsIfNew(ColumnsAsAttributes):
    """Asks the object, not its list of names, whether a column is there already."""

    def add(self, **columns):
        for name, values in columns.items():
            if not hasattr(self, name):
                setattr(self, name, torch.zeros((self.capacity, *values.shape[1:]), dtype=values.dtype))
            if name not in self.names:
                self.names.append(name)
        super().add(**columns)


class CountsCalls(Ring):
    calls = 0

    def add(self, **columns):
        super().add(**columns)
        self.calls += 1

    def __len__(self):
        return self.calls


class CountsEverything(Ring):
    ever = 0

    def add(self, **columns):
        super().add(**columns)
        self.ever += len(next(iter(columns.values())))

    def __len__(self):
        return self.ever


class SaysCapacity(Ring):
    def __len__(self):
        return self.capacity


class Refuses(Ring):
    def add(self, **columns):
        if self.size + len(next(iter(columns.values()))) <= self.capacity:
            super().add(**columns)


class KeepsViews(Deque):
    def add(self, **columns):
        for k in range(len(next(iter(columns.values())))):
            self.rows.append({name: value[k] for name, value in columns.items()})


class DrawsEmptySlots(Ring):
    def places(self, batch_size, generator):
        return torch.randperm(self.capacity, generator=generator)[:batch_size]


class Randint(Ring):
    def places(self, batch_size, generator):
        return torch.randint(self.size, (batch_size,), generator=generator)


class KeepsTheFirst(Ring):
    def add(self, **columns):
        room = self.capacity - self.size
        super().add(**{name: values[:room] for name, values in columns.items()})


class LastSlotOnly(Ring):
    """When full, always the last slot is overwritten."""

    def add(self, **columns):
        for row in range(len(next(iter(columns.values())))):
            self.next = min(self.size, self.capacity - 1)
            super().add(**{name: values[row:row + 1] for name, values in columns.items()})


class BeginsAgain(Ring):
    """What does not fit behind is written from slot 0 on, all of it."""

    def add(self, **columns):
        rows = len(next(iter(columns.values())))
        if self.next + rows > self.capacity:
            self.next = 0
        super().add(**columns)


class NoModulo(Ring):
    """The pointer is not taken round by the number of rows but by one."""

    def add(self, **columns):
        rows = len(next(iter(columns.values())))
        places = (self.next + torch.arange(rows)) % self.capacity
        for name, values in columns.items():
            if name not in self.columns:
                self.columns[name] = values.new_zeros(self.capacity, *values.shape[1:])
            self.columns[name][places] = values
        self.next = (self.next + 1) % self.capacity
        self.size = min(self.size + rows, self.capacity)


class Pops(Deque):
    """Takes out what it gives."""

    def sample(self, batch_size, generator):
        chosen = []
        for _ in range(batch_size):
            place = int(torch.randint(len(self.rows), (1,), generator=generator))
            chosen.append(self.rows[place])
            del self.rows[place]
        return {name: torch.stack([row[name] for row in chosen]) for name in chosen[0]}


class OneForAll(Ring):
    """The columns live in the class."""

    shared: dict = {}

    def __init__(self, capacity):
        super().__init__(capacity)
        self.columns = self.shared


class OneListForAll:
    """The rows are in a list of the class."""

    rows: list = []

    def __init__(self, capacity):
        self.capacity = capacity
        self.rows.clear()

    def add(self, **columns):
        for place in range(len(next(iter(columns.values())))):
            self.rows.append({name: values[place].clone() for name, values in columns.items()})
        del self.rows[:-self.capacity]

    def sample(self, batch_size, generator):
        chosen = torch.randperm(len(self.rows), generator=generator)[:batch_size].tolist()
        return {name: torch.stack([self.rows[place][name] for place in chosen]) for name in self.rows[0]}

    def __len__(self):
        return len(self.rows)


class Backwards(Ring):
    def add(self, **columns):
        super().add(**{name: values.flip(0) for name, values in columns.items()})


class Replaces(Ring):
    """Overwrites a random row."""

    def add(self, **columns):
        for row in range(len(next(iter(columns.values())))):
            if self.size == self.capacity:
                self.next = random.randrange(self.capacity)
            super().add(**{name: values[row:row + 1] for name, values in columns.items()})


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


class TopsUp(Deque):
    """A right one: draws again what it has already."""

    def sample(self, batch_size, generator):
        chosen = []
        while len(chosen) < batch_size:
            place = torch.randint(len(self.rows), (1,), generator=generator).item()
            if place not in chosen:
                chosen.append(place)
        return {name: torch.stack([self.rows[place][name] for place in sorted(chosen)]) for name in self.rows[0]}


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


ANSWERS = Answers(
    right=[Ring, Deque, Concatenated, TwoPieces, TopsUp],
    wrong=[
        ("a column's name gets in the way", ColumnsAsAttributes),
        ("a column's name gets in the way", ColumnsIfNew),
        ("the length is not the number of rows held", CountsCalls),
        ("the length is not the number of rows held", CountsEverything),
        ("the length is not the number of rows held", SaysCapacity),
        ("the length is not the number of rows held", Refuses),
        ("the memory keeps the caller's own tensors", KeepsViews),
        ("slots that were never written are drawn", DrawsEmptySlots),
        ("slots that were never written are drawn", BeginsAgain),
        ("a batch holds a row twice", Randint),
        ("new rows are lost when the memory is full", KeepsTheFirst),
        ("it is not the oldest rows that make place", LastSlotOnly),
        ("it is not the oldest rows that make place", NoModulo),
        ("it is not the oldest rows that make place", Backwards),
        ("it is not the oldest rows that make place", Replaces),
        ("sampling takes rows away", Pops),
        ("two memories share their rows", OneForAll),
        ("two memories share their rows", OneListForAll),
        ("the numbers do not come from the generator", FirstGenerator),
        ("some rows are drawn more often than others", Strides),
        ("the columns of a row come apart", ColumnByColumn),
        ("the columns of a row come apart", SortsEachColumn),
        ("a batch is a piece of the memory itself", AllAsTheyAre),
        ("the numbers do not come from the generator", GlobalTorch),
        ("the numbers do not come from the generator", PythonSample),
        ("the numbers do not come from the generator", NumpyChoice),
        ("every call gives the same rows", SeedOnly),
        ("every call gives the same rows", Latest),
        ("every call gives the same rows", OwnSeed),
        ("some rows are drawn more often than others", Window),
        ("some rows are drawn more often than others", NeverTheNewest),
        ("some rows are drawn more often than others", PrefersNew),
        ("a batch depends on the one before it", Deals),
    ],
)
