"""Answers to the exercises of lesson 06 about the memory."""

import math
import random
from collections import deque

import numpy as np
import torch

from tests.catalogue import Answers

# ---- 06.1 --------------------------------------------------------------------------------------------------------------


def power(held, batch_size, updates):
    return (1 - batch_size / held) ** updates


def counting(held, batch_size, updates):
    return (math.comb(held - 1, batch_size) / math.comb(held, batch_size)) ** updates


def draw_by_draw(held, batch_size, updates):
    missed = np.prod([1 - 1 / (held - j) for j in range(batch_size)])
    return torch.tensor(missed, dtype=torch.float64).pow(updates)


def with_replacement(held, batch_size, updates):
    return ((held - 1) / held) ** (batch_size * updates)


def one_row_a_batch(held, batch_size, updates):
    return (1 - 1 / held) ** updates


def chance_to_be_drawn(held, batch_size, updates):
    never = (1 - batch_size / held) ** updates
    return 1 - never


def in_every_batch(held, batch_size, updates):
    return (batch_size / held) ** updates


def summed(held, batch_size, updates):
    return 1 - updates * batch_size / held


def summed_and_cut(held, batch_size, updates):
    return max(1 - updates * (batch_size / held), 0)


def one_batch(held, batch_size, updates):
    return (held - batch_size) / held


def exponential(held, batch_size, updates):
    return math.exp(-updates * batch_size / held)


def rounded_chance(held, batch_size, updates):
    return round(power(held, batch_size, updates), 4)


# ---- 06.2 --------------------------------------------------------------------------------------------------------------

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


# ---- 06.6 --------------------------------------------------------------------------------------------------------------

def write(memory, slot, episode):
    """The lines that are right."""
    length = len(episode["reward"])
    memory["state"][slot, :length + 1] = episode["state"]
    memory["actions"][slot, :length] = episode["actions"]
    memory["reward"][slot, :length] = episode["reward"]
    memory["terminated"][slot, :length] = episode["terminated"]
    return length


def clears_behind(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot, :length] = 1
    memory["mask"][slot, length:] = 0


def compares(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot] = (torch.arange(memory["mask"].shape[1]) < length).double()


def empties_first(memory, slot, episode):
    for column in memory.values():
        column[slot] = 0
    length = write(memory, slot, episode)
    memory["mask"][slot, :length] = 1
    return memory


def unchanged(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot, :length] = 1


def clears_only_what_it_writes(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot, :length] = 0
    memory["mask"][slot, :length] = 1


def clears_the_rewards(memory, slot, episode):
    memory["reward"][slot] = 0
    memory["terminated"][slot] = False
    unchanged(memory, slot, episode)


def clears_all_slots(memory, slot, episode):
    memory["mask"].zero_()
    unchanged(memory, slot, episode)


def new_mask(memory, slot, episode):
    unchanged(memory, slot, episode)
    length = len(episode["reward"])
    memory["mask"] = torch.zeros_like(memory["mask"])
    memory["mask"][slot, :length] = 1


def clears_afterwards(memory, slot, episode):
    unchanged(memory, slot, episode)
    memory["mask"][slot] = 0


def masks_the_last_step(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot] = 0
    memory["mask"][slot, :length - 1] = 1


def not_the_terminal_step(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot] = 0
    memory["mask"][slot, :length] = 1 - episode["terminated"].double()


def one_too_many(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot] = 0
    memory["mask"][slot, :length + 1] = 1


def all_ones(memory, slot, episode):
    write(memory, slot, episode)
    memory["mask"][slot] = 1


def where_it_paid(memory, slot, episode):
    """Takes a reward of 0 for padding."""
    length = write(memory, slot, episode)
    memory["reward"][slot, length:] = 0
    memory["mask"][slot] = (memory["reward"][slot] != 0).double()


def clears_one(memory, slot, episode):
    unchanged(memory, slot, episode)
    memory["mask"][slot, len(episode["reward"]):len(episode["reward"]) + 1] = 0


def until_it_terminates(memory, slot, episode):
    write(memory, slot, episode)
    ended = memory["terminated"][slot].long().cumsum(0) - memory["terminated"][slot].long()
    memory["mask"][slot] = (ended == 0).double()


def pads_the_episode(memory, slot, episode):
    """Writes the rewards a step late."""
    length = write(memory, slot, episode)
    memory["reward"][slot, 1:length] = episode["reward"][:-1]
    memory["mask"][slot, :length] = 1
    memory["mask"][slot, length:] = 0


MEMORY = {
    "06.1": Answers(
        right=[power, counting, draw_by_draw],
        wrong=[
            ("the rows of a batch are drawn with replacement", with_replacement),
            ("a batch counts as one row", one_row_a_batch),
            ("the chance that it is drawn", chance_to_be_drawn),
            ("the chance that every batch holds it", in_every_batch),
            ("the chances are added up", summed),
            ("all batches come from one shuffle", summed_and_cut),
            ("only one batch is looked at", one_batch),
            ("an approximation for large memories", exponential),
            ("nearly right: precision was lost on the way", rounded_chance),
        ],
    ),
    "06.2": Answers(
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
    ),
}

STORE = {
    "06.6": Answers(
        right=[(6, clears_behind), (6, compares), (6, empties_first)],
        wrong=[
            ("the bug is still there: the old mask shows through", (6, unchanged)),
            ("the bug is still there: the old mask shows through", (6, clears_only_what_it_writes)),
            ("the symptom is hidden: the old steps are emptied and still count", (4, clears_the_rewards)),
            ("another slot is changed", (6, clears_all_slots)),
            ("another slot is changed", (6, new_mask)),
            ("steps that were played are masked out", (6, clears_afterwards)),
            ("steps that were played are masked out", (6, masks_the_last_step)),
            ("steps that were played are masked out", (6, not_the_terminal_step)),
            ("steps that nobody played count as played", (6, one_too_many)),
            ("steps that nobody played count as played", (6, all_ones)),
            ("steps that were played are masked out", (6, where_it_paid)),
            ("only a part of the old mask is cleared", (6, clears_one)),
            ("steps that nobody played count as played", (6, until_it_terminates)),
            ("the episode is not stored as it was", (6, pads_the_episode)),
        ],
    ),
}
