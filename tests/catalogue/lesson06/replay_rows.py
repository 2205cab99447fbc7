"""Wrong answers to 06.2 about the rows: which are held, where, and how many there are."""

import random

import torch

from tests.catalogue.lesson06.replay_right import Concatenated, Deque, Ring


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


class DropsAllThatIsOld(Concatenated):
    """When the rows do not all find room, only the new ones are kept."""

    def add(self, **columns):
        rows = len(next(iter(columns.values())))
        if len(self) + rows > self.capacity:
            self.data = None
        super().add(**columns)


class DropsOneTooMany(Concatenated):
    def add(self, **columns):
        rows = len(next(iter(columns.values())))
        if len(self) + rows > self.capacity:
            self.data = {name: values[len(self) + rows - self.capacity + 1:] for name, values in self.data.items()}
        super().add(**columns)


class Grows(Concatenated):
    """Nothing is ever overwritten."""

    def __init__(self, capacity):
        super().__init__(10 ** 9)
