"""06.2 · A memory for any rows: write a ring buffer that keeps rows in one piece, and draw from it without replacement.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import numpy
import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise
from qmix_course.checks.lesson06.replay_mistakes import MISTAKES
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def rows_of(first: int, count: int) -> dict[str, torch.Tensor]:
    """``count`` rows whose columns all tell the number of the row, each in its own way."""
    number = torch.arange(first, first + count)
    return {"number": number, "obs": number.double().view(-1, 1, 1) / 3
            + torch.tensor([[0.25, 0.5, 0.75], [-0.25, -0.5, -0.75]]),
            "reward": -0.1 * number.double(), "terminated": number % 3 == 0}


class Script:
    """What was done with one memory, as lines that a learner can run; only the column ``number`` is shown."""

    def __init__(self, room: Room, answer, capacity: int):
        self.room, self.capacity, self.count, self.next = room, capacity, 0, 1
        self.lines = [f"run: memory = Replay({capacity})"]
        self.memory = room.ask(answer, capacity)

    def is_empty(self) -> None:
        length = self.room.ask(len, self.memory, may_change=(0,))
        if length != 0:
            self.wrong("the length is not the number of rows held", "     len(memory)", 0, length)

    def add(self, count: int) -> None:
        """Add the next ``count`` rows; afterwards the caller goes on to use its tensors for something else."""
        rows = rows_of(self.next, count)
        before = {name: column.clone() for name, column in rows.items()}
        self.lines.append(f"     memory.add(number=torch.arange({self.next}, {self.next + count}))")
        self.room.ask(lambda: self.memory.add(**rows), may_change=(0,))
        if not values.same(rows, before):
            raise self.room.wrong("your answer changes what it was given")
        for column in rows.values():
            column.zero_() if column.dtype == torch.bool else column.fill_(-99)
        self.count, self.next = min(self.count + count, self.capacity), self.next + count
        length = self.room.ask(len, self.memory, may_change=(0,))
        if length != self.count:
            true = self._gives(length) and not self._gives(length + 1)
            self.wrong("the length is not the number of rows held" if not true
                       else "there is room for more rows than are held" if length < self.count
                       else "more rows are held than there is room for", "     len(memory)", self.count, length)

    def _gives(self, batch_size) -> bool:
        """Whether so many rows come when they are asked for, each of them one that was added, and none twice."""
        try:
            batch = self.room.ask(lambda: self.memory.sample(batch_size, fixed(0)))
            numbers = batch["number"].tolist()
        except Exception:
            return False
        return batch_size == len(set(numbers)) == len(numbers) and all(0 < each < self.next for each in numbers)

    def draw(self, batch_size: int, generator) -> dict:
        batch = self.room.ask(lambda: self.memory.sample(batch_size, generator))
        if not isinstance(batch, dict):
            raise Found(Verdict("wrong shape or type", f"sample: expected a dictionary, got {values.describe(batch)}",
                                "The batch has the columns that were added, under the same names."))
        like = rows_of(0, batch_size)
        problem = None
        if batch.keys() != like.keys():
            problem = f"expected the columns {', '.join(like)}, got {', '.join(map(str, batch))}"
        for name, column in like.items():
            if problem is None and (not isinstance(batch[name], torch.Tensor) or batch[name].shape != column.shape
                                    or batch[name].dtype != column.dtype):
                problem = f"column {name}: expected {values.describe(column)}, got {values.describe(batch[name])}"
        if problem:
            raise Found(Verdict("wrong shape or type", problem,
                                f"{batch_size} of {self.count} rows were asked for. Shapes and "
                                "dtypes of a column stay as they were added.", "\n".join(self.lines)))
        length = self.room.ask(len, self.memory, may_change=(0,))
        if length != self.count:
            self.wrong("sampling takes rows away",
                       f"     memory.sample({batch_size}, torch.Generator())\n     len(memory)",
                       self.count, length)
        return batch

    def wrong(self, name: str, line: str = "", expected=None, got=None):
        told = [line, f"expected: {expected}", f"got:      {got}"] if line else []
        raise self.room.wrong(name, "\n".join([*self.lines, *told]))


def fixed(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def look(room: Room, answer) -> Verdict:
    _two_memories(room, answer)
    for capacity, counts in ((4, (1, 2)), (4, (3, 3, 4, 1, 2)), (1, (1, 1, 1)), (7, (2, 2, 2, 2, 7, 1, 5, 6)),
                             (20, (8,) * 6),
                             (5, (5, 5, 2)), (6, (4, 2, 6, 3))):
        script = Script(room, answer, capacity)
        script.is_empty()
        for count in counts:
            script.add(count)
            for seed in range(12 if script.count < 4 else 4):
                _examine(script, script.draw(script.count, fixed(seed)), seed)
    _other_columns(room, answer)
    _columns_named_like_attributes(room, answer)
    script = Script(room, answer, 8)
    script.add(3)
    script.add(2)
    _use_of_the_generator(script)
    _every_set(script)
    script = Script(room, answer, 6)                             # once more, with a ring that went round
    for count in (4, 4, 3):
        script.add(count)
    _every_set(script)
    _every_set(script, together=4)
    return Verdict("correct")


def _examine(script: Script, batch: dict, seed: int) -> None:
    """A batch of all rows that are held: is it the latest ones, each whole and once?"""
    got = batch["number"].tolist()
    newest = list(range(script.next - script.count, script.next))
    line = f'     sorted(memory.sample({script.count}, torch.Generator().manual_seed({seed}))["number"].tolist())'
    if -99 in got or all((batch[name] == -99).all() for name in ("obs", "reward")):
        script.wrong("the memory keeps the caller's own tensors",
                     "     # then the caller writes −99 into the tensors that it added\n" + line, newest, sorted(got))
    if any(not 1 <= number < script.next for number in got):
        script.wrong("slots that were never written are drawn", line, newest, sorted(got))
    if len(set(got)) < len(got):
        script.wrong("a batch holds a row twice", line, newest, sorted(got))
    if sorted(got) != newest:
        oldest = max(got) <= script.capacity and script.next > script.capacity + 1
        script.wrong("new rows are lost when the memory is full"
                     if oldest else "it is not the oldest rows that make room",
                     line, newest, sorted(got))
    truth = {name: column[torch.tensor(got) - 1] for name, column in rows_of(1, script.next - 1).items()}
    for name in ("obs", "reward", "terminated"):
        if not torch.equal(batch[name], truth[name]):
            raise script.room.wrong("the columns of a row come apart",
                                    f"row number {got}\n{name} belongs to other rows: "
                                    f"{batch[name].reshape(len(batch[name]), -1)[:, 0].tolist()}")
    batch["number"].fill_(-77)
    if (script.draw(script.count, fixed(seed))["number"] == -77).any():
        script.wrong("a batch is a piece of the memory itself")


def _two_memories(room: Room, answer) -> None:
    """What goes into one memory must not show in another."""
    one, other = Script(room, answer, 3), Script(room, answer, 3)
    other.is_empty()
    one.add(3)
    shared = room.ask(len, other.memory, may_change=(0,)) == 3
    room.ask(lambda: other.memory.add(**rows_of(50, 2)), may_change=(0,))
    for seed in range(0 if shared else 8):
        if room.ask(len, one.memory, may_change=(0,)) != 3:
            break                                           # another mistake, told below
        batch = room.ask(lambda: one.memory.sample(3, fixed(seed)))
        numbers = batch.get("number") if isinstance(batch, dict) else None
        shared = shared or isinstance(numbers, torch.Tensor) and bool((numbers >= 50).any())
    if shared:
        one.wrong("two memories share their rows",
                  "     another = Replay(3)\n     another.add(number=torch.arange(50, 52))\n"
                  "     memory.sample(3, torch.Generator())", [1, 2, 3], "rows of both")


def _other_columns(room: Room, answer) -> None:
    """Other names, other shapes: what the columns are called is the caller's choice."""
    memory = room.ask(answer, 3)
    for first in (0, 2):
        number = torch.tensor([[first], [first + 1]], dtype=torch.int32)
        whole = 2 ** 53 + 1 + 2 * number.long()                  # no float64 holds these
        room.ask(lambda: memory.add(state=number.float().expand(2, 5), x=number, whole=whole), may_change=(0,))
    batch = room.ask(lambda: memory.sample(3, fixed(0)))
    fine = isinstance(batch, dict) and {name: (part.shape, part.dtype) for name, part in batch.items()} == {
        "state": ((3, 5), torch.float32), "x": ((3, 1), torch.int32), "whole": ((3, 1), torch.int64)}
    if not fine or sorted(batch["x"].flatten().tolist()) != [1, 2, 3] or not torch.equal(batch["state"][:, :1].int(),
                                                                                         batch["x"]) \
            or not torch.equal(batch["whole"], 2 ** 53 + 1 + 2 * batch["x"].long()):
        raise room.wrong("it does not hold columns of other names, shapes and dtypes",
                         "run: memory = Replay(3)\n     memory.add(state=torch.zeros(2, 5, dtype=torch.float32), "
                         "x=torch.tensor([[0], [1]], dtype=torch.int32), whole=torch.tensor([[2 ** 53 + 1], [2 ** 53 + "
                         "3]]))\n     memory.sample(2, torch.Generator())")


def _columns_named_like_attributes(room: Room, answer) -> None:
    """A column may be called as something that a memory keeps for itself."""
    names = ("size", "capacity", "next", "rows", "data", "sample", "count", "add", "columns", "length", "batch_size")
    for name in names:
        memory = room.ask(answer, 3)
        try:
            for first in (0, 2):
                room.ask(lambda: memory.add(**{name: torch.arange(first, first + 2)}), may_change=(0,))
            batch = room.ask(lambda: memory.sample(3, fixed(0)))
            fine = (room.ask(len, memory, may_change=(0,)) == 3 and list(batch) == [name]
                    and sorted(batch[name].tolist()) == [1, 2, 3])
        except Found:
            raise
        except Exception:
            fine = False
        if not fine:
            raise room.wrong("a column's name gets in the way", _named(name))


def _named(name: str) -> str:
    return (f"run: memory = Replay(3)\n     memory.add({name}=torch.arange(2))\n     memory.add({name}=torch.arange(2, "
            "4))\n     memory.sample(3, torch.Generator())")


def _use_of_the_generator(script: Script) -> None:
    def drawn(generator):
        return [sorted(script.draw(3, generator)["number"].tolist()) for _ in range(40)]

    first = drawn(fixed(5))
    torch.rand(17), random.random(), numpy.random.rand()                    # global generators move on
    second, third = drawn(fixed(5)), drawn(fixed(6))
    if first != second:
        line = '     memory.sample(3, torch.Generator().manual_seed(5))["number"]'
        once, again = next((a, b) for a, b in zip(first, second) if a != b)
        script.wrong("the numbers do not come from the generator", line, once, f"{again} when asked again later")
    if first == third or all(batch == first[0] for batch in first):
        script.wrong("every call gives the same rows")


def _every_set(script: Script, together: int = 2, draws: int = 3000) -> None:
    """A few rows at a time: each set of them equally often, and no matter what the batch before was."""
    generator = fixed(11)
    got = script.room.ask(lambda: [script.memory.sample(together, generator)["number"] for _ in range(draws)])
    drawn = [tuple(sorted(numbers.tolist())) for numbers in got]
    possible = list(combinations(range(script.next - script.count, script.next), together))
    if not set(drawn) <= set(possible):
        twice = any(len(set(numbers)) < len(numbers) for numbers in drawn)
        script.wrong("a batch holds a row twice" if twice else "it is not the oldest rows that make room")
    share, counts = 1 / len(possible), Counter(drawn)
    allowed = 6 * (share * (1 - share) / draws) ** 0.5
    worst = max(possible, key=lambda numbers: abs(counts[numbers] / draws - share))
    if abs(counts[worst] / draws - share) > allowed:
        line = f"     # {draws} draws of {together} of {script.count} rows: how often are they {list(worst)}?"
        script.wrong("some rows are drawn more often than others", line, f"{share:.3f}", f"{counts[worst] / draws:.3f}")
    again = sum(a == b for a, b in zip(drawn, drawn[1:])) / (draws - 1)
    apart = sum(not set(a) & set(b) for a, b in zip(drawn, drawn[1:])) / (draws - 1)
    wanted = sum(not set(possible[0]) & set(numbers) for numbers in possible) / len(possible)
    if abs(again - share) > allowed or abs(apart - wanted) > 6 * (0.25 / draws) ** 0.5:
        script.wrong("a batch depends on the one before it",
                     "     # batches of two rows: how often do neighbours share no row?",
                     f"{wanted:.3f}", f"{apart:.3f}")


EXERCISE = Exercise(
    number="06.2", title="A memory for any rows", answers={"Replay": "class"}, difficulty=4, minutes=18, core=True,
    practises="write a ring buffer that keeps rows in one piece, and draw from it without replacement",
    hints=("Three things must be remembered beside the rows: how many slots there are, how many are written, and which "
           "comes next.",
           "The names and shapes of the columns are known only at the first `add`: that is the moment to take the "
           "memory.",
           "For several rows at once: the slots are consecutive numbers, taken modulo the capacity.",
           "To sample: shuffle the numbers of the written slots with the generator, keep the first few, and use the "
           "same ones for every column."),
    mistakes=MISTAKES, look=look,
    off_limits=("qmix_course.replay.ReplayBuffer", "qmix_course.replay.distinct"))
