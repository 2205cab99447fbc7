"""The form of a checked experiment: one thing is changed, teams are trained over seeds, and a conclusion is drawn.

The learner hands over three answers: ``measure(arm, seeds)``, which trains one team for each seed and gives one number
for each; ``measured``, what it gave for every arm and the seeds 0, 1, 2, …; and ``conclusion``, the letter of one of
the statements in the text. The check trains some of these teams again, by its own hand and by the learner's.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Real

import numpy
import torch

from qmix_course.checks import trained, values
from qmix_course.checks.exercise import Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

ANSWERS = {"measure": "function", "measured": "value", "conclusion": "value"}
FRESH = 1_007                           # a seed that nobody was asked for

TOO_FEW = Mistake(
    "too few seeds for a conclusion", "How many seeds does the text ask for? Were all arms given as many?",
    "what one or two seeds show may be chance")
NOT_MEASURED = Mistake(
    "the numbers are not what your function measures",
    "Run the cell again, so that measured comes from the measure that stands there now, with the seeds 0, 1, 2, … in "
    "this order.",
    "a conclusion rests on numbers that somebody else can measure again")
SAME_ARMS = Mistake(
    "two arms are the same experiment", "Which line of yours reads arm? What does it change, and where does that go?",
    "without a change there is nothing to compare")
OTHERWISE = Mistake(
    "your teams are trained or looked at in another way than the text says",
    "Below stands what differs, for some seeds of one arm. Take the first of these seeds alone and go through it: "
    "which seed, which sizes, what does this arm change, how many steps? Then when, and how, do you look at the team?",
    "what was trained or looked at in another way answers another question")
ANOTHER_LOOK = Mistake(
    "your teams are trained as the text says, and looked at in another way",
    "Leave the training as it is. Which number does the text ask for: of which play, from which starts, at which time, "
    "in which unit? And which seed's number comes first?",
    "another look at the same team answers another question")
COMMON = (TOO_FEW, NOT_MEASURED, SAME_ARMS, OTHERWISE, ANOTHER_LOOK)


@dataclass(frozen=True)
class Plan:
    """What is compared. ``run(arm, seeds)``: one number for each seed, as the text asks. ``close``: by how much a right
    measurement may differ from it; training lets rounding grow. ``follows``: letter → whether this statement follows
    from the numbers, arm → list; exactly one of them does when they are right. ``told``: any other letter → the mistake
    that it shows. ``also``: another way to train that is right too, as with sums in another order where rounding grows.
    ``given``: whether all of the training stands in the text; ``begins``: arms of which only the first weights and the
    number of updates do. ``in_here``: whether it is done in this process, where it is seen. ``closer``: asked before a
    training is called another one than the text's; it may know better what differs. ``fresh``: see ``FRESH``. ``dear``:
    a team takes long to train, so that fewer are trained again."""

    arms: tuple[str, ...]
    run: Callable[[str, Sequence[int]], list[float]]
    follows: dict[str, Callable[[dict[str, list[float]]], bool]]
    told: dict[str, str]
    close: float = 1e-6
    seeds: int = 8
    also: Callable[[str, Sequence[int]], list[float]] | None = None
    given: bool = False
    begins: tuple[str, ...] = ()
    in_here: bool = True
    closer: Callable[[Room, Callable], None] | None = None
    fresh: int = FRESH
    dear: bool = False

    def look(self, room: Room, measure, measured, conclusion) -> Verdict:
        """The verdict on an experiment; for ``Exercise.look``."""
        numbers = self._numbers(room, measured)
        letter = self._letter(room, conclusion)
        if len({len(row) for row in numbers.values()}) > 1 or min(map(len, numbers.values())) < self.seeds:
            counts = ", ".join(f"{len(numbers[arm])} for {arm!r}" for arm in self.arms)
            raise room.wrong(TOO_FEW.name, f"expected at least {self.seeds} for every arm, got {counts}")
        right = [each for each, rule in self.follows.items() if rule(numbers)]
        if letter not in right and letter in self.told and len(right) == 1:     # nothing need be trained for this one
            if len(set(map(tuple, numbers.values()))) < len(self.arms):         # … if no arm is another one's twin
                self._measure_again(room, measure, numbers)
            raise room.wrong(self.told[letter], f"your numbers do not say {letter}")
        self._measure_again(room, measure, numbers)
        if right != [letter]:
            raise room.wrong(NOT_MEASURED.name, "the teams that the check trained give another picture")
        return Verdict("correct")

    def _measure_again(self, room: Room, measure, numbers: dict[str, list[float]]) -> None:
        """The last seed and one that nobody was asked for, by the check's hand and by the learner's; then four of the
        others by the learner's alone, whose numbers decide which. Where teams are dear, these for one arm only. All in
        rising order, in which a sweep lists its runs, too."""
        last = len(numbers[self.arms[0]]) - 1
        cases = [(arm, [last, self.fresh]) for arm in self.arms]
        wanted, given, own, theirs = [], [], [], []
        for arm, seeds in cases:
            answer, runs = _asked(room, measure, arm, seeds)
            given.append(_list(room, f"measure({arm!r}, {seeds})", answer, len(seeds)))
            theirs.append(runs)
            row, runs = _again(self.run, arm, tuple(seeds), room)
            if self.also and not _near(given[-1], row, self.close):
                other, _ = _again(self.also, arm, tuple(seeds), room)
                row = other if _near(given[-1], other, self.close) else row
            wanted.append(row)
            own.append(runs)
        if not all(_near(got, want, self.close) for got, want in zip(given, wanted)):
            twins = any(_near(given[a], given[b], self.close) and not _near(wanted[a], wanted[b], self.close)
                        and trained.alike(theirs[a], theirs[b]) for a, b in combinations(range(len(cases)), 2))
            self._as_another(room, own, theirs)                     # names them both
            seen = [(runs, ran) for runs, ran in zip(theirs, own) if ran]      # the text's arms may share a training
            as_asked = self.in_here and bool(seen) and all(trained.alike(*pair) for pair in seen)
            room.match(given, wanted, cases, tolerance=self.close, name="measure", named=as_asked or not seen,
                       otherwise=(SAME_ARMS if twins else ANOTHER_LOOK if as_asked else OTHERWISE).name)
        self._told_apart(room, measure, own, theirs)
        self._seeds_apart(room, measure, last)
        for (arm, _), row in zip(cases, given):
            self._as_measured(room, arm, [last], row[:1], numbers)
        draw = random.Random(repr(numbers))                         # the same numbers, the same seeds
        others = sorted(draw.sample(range(last), min(4, last)))
        for arm in [draw.choice(self.arms)] if self.dear else self.arms:
            answer, _ = _asked(room, measure, arm, others)
            self._as_measured(room, arm, others, _list(room, f"measure({arm!r}, {others})", answer, len(others)),
                              numbers)

    def _as_measured(self, room: Room, arm: str, seeds: list[int], row: list[float], numbers: dict) -> None:
        """What ``measure`` gives now must be what ``measured`` says."""
        for seed, got in zip(seeds, row):
            said = numbers[arm][seed]
            if not _near([said], [got], self.close):
                raise room.wrong(NOT_MEASURED.name, f"measured[{arm!r}] says {said:g} for seed {seed}, measure gave "
                                                    f"{got:g}")

    def _told_apart(self, room: Room, measure, own: list[list[trained.Run]], theirs: list[list[trained.Run]]) -> None:
        """The numbers agree; but often only few different ones come out. So what was trained for each arm is looked at:
        is it another arm's training, or none? Other sizes and more updates are let pass: there are several ways to
        write an experiment, unless the text gives the whole training (``given``)."""
        self._as_another(room, own, theirs)
        for arm, wanted, runs in zip(self.arms, own, theirs):
            told = trained.difference(measure, runs, wanted, arm in self.begins)
            if told and (self.given if runs else self.in_here) and not self._as_good(room, arm, runs):
                if self.closer:
                    self.closer(room, measure)
                raise room.wrong(OTHERWISE.name, f"measure({arm!r}, …): {told}")

    def _as_another(self, room: Room, own: list[list[trained.Run]], theirs: list[list[trained.Run]]) -> None:
        """An arm that is trained as another one is, in the text or by the learner. Of arms that share a training in the
        text it is seen once only."""
        other = [a for a, runs in enumerate(theirs) if runs and not trained.holds(runs, own[a])]
        for a, b in ((a, b) for a in other for b, runs in enumerate(own) if runs and not trained.alike(own[a], runs)):
            if trained.alike(theirs[a], own[b]) or trained.alike(theirs[a], theirs[b]):
                raise room.wrong(SAME_ARMS.name, f"measure({self.arms[a]!r}, …) trains its teams as those of "
                                                 f"{self.arms[b]!r} are trained")

    def _as_good(self, room: Room, arm: str, runs: list[trained.Run]) -> bool:
        """Whether a function that keeps what it has trained trained the one team that nobody was asked for before; or
        whether it trains in the other way that is right too."""
        if not runs:
            return False
        own = [self.run, self.also] if self.also else [self.run]
        return any(trained.holds(runs, _again(each, arm, (self.fresh,), room)[1], arm in self.begins) for each in own)

    def _seeds_apart(self, room: Room, measure, last: int) -> None:
        """Where other trainings are let pass, and few different numbers come out: does every seed train a team of its
        own? One arm is asked about two seeds, one after the other."""
        if self.given or not self.in_here:
            return
        arm, alone = self.arms[0], []
        for seed in (last, self.fresh):
            _, runs = _asked(room, measure, arm, [seed])
            alone.append(runs)
        if all(alone) and trained.alike(*alone):
            if not trained.alike(*(_again(self.run, arm, (seed,), room)[1] for seed in (last, self.fresh))):
                raise room.wrong(OTHERWISE.name, f"measure({arm!r}, [{last}]) and measure({arm!r}, [{self.fresh}]) "
                                                 "train one and the same team: which seed goes where?")

    def _numbers(self, room: Room, measured) -> dict[str, list[float]]:
        names = " and ".join(repr(arm) for arm in self.arms)
        if not isinstance(measured, dict) or set(measured) != set(self.arms):
            got = values.describe(measured) if not isinstance(measured, dict) else f"the keys {list(measured)}"
            raise room.misfit(f"measured: expected a dict with {names}, got {got}",
                              "One key for each arm, and behind it the list that measure gave.")
        return {arm: _list(room, f"measured[{arm!r}]", measured[arm]) for arm in self.arms}

    def _letter(self, room: Room, conclusion) -> str:
        letters = list(self.follows)
        if not isinstance(conclusion, str) or conclusion.strip().upper() not in letters:
            raise room.misfit(f"conclusion: expected one letter, {letters[0]} to {letters[-1]}, as text, got "
                              f"{values.describe(conclusion) if not isinstance(conclusion, str) else repr(conclusion)}",
                              f'Write it with its quotes, as "{letters[0]}".')
        return conclusion.strip().upper()


def share(row: Sequence[float], best: float) -> float:
    """The share of an arm's numbers that are ``best``."""
    return sum(abs(value - best) < 1e-6 for value in row) / len(row)


def ahead(numbers: dict[str, list[float]], arm: str, best: float, *others: str) -> bool:
    """Whether clearly more of the numbers of ``arm`` are ``best`` than of each of ``others`` (none named: all)."""
    others = others or [other for other in numbers if other != arm]
    return all(share(numbers[arm], best) >= share(numbers[other], best) + 0.2 for other in others)


TRAINED: dict = {}          # what ``_again`` keeps


def _again(run: Callable, arm: str, seeds: tuple[int, ...], room: Room) -> tuple[list[float], list[trained.Run]]:
    """What ``run`` measures, and what it trains for it; whoever checks twice does not wait twice."""
    if (run, arm, seeds) not in TRAINED:
        with trained.watching(room) as runs:
            row = [float(number) for number in run(arm, seeds)]
        TRAINED[run, arm, seeds] = row, runs
    return TRAINED[run, arm, seeds]


def _asked(room: Room, measure, arm: str, seeds: list[int]) -> tuple[object, list[trained.Run]]:
    """What the learner's ``measure`` gives for these seeds, and what it trains for it."""
    with trained.watching(room) as runs:
        answer = room.ask(measure, arm, seeds, may_seed=True)
    return answer, runs


def _list(room: Room, name: str, given, length: int | None = None) -> list[float]:
    """``given`` as a list of numbers, whatever kind of row it is."""
    if isinstance(given, (torch.Tensor, numpy.ndarray)) and given.ndim == 1:
        given = given.tolist()
    if not isinstance(given, (list, tuple)):
        raise room.misfit(f"{name}: expected a list with one number for each seed, got {values.describe(given)}",
                          "Do not average: chance shows only when every seed has a number of its own.")
    row = [each.item() if isinstance(each, (torch.Tensor, numpy.ndarray, numpy.generic)) and math.prod(each.shape) == 1
           else each for each in given]
    odd = next((each for each in row if isinstance(each, bool) or not isinstance(each, Real)
                or not math.isfinite(each)), None)
    if odd is not None:
        raise room.misfit(f"{name}: expected finite numbers, got {values.describe(odd)} among them",
                          "Print the list: does every seed have one number?")
    if length is not None and len(row) != length:
        raise room.misfit(f"{name}: expected one number for each of {length} seeds, got {len(row)}",
                          "Which seeds does your function train? Those that it is given, and no others.")
    return [float(each) for each in row]


def _near(got: Sequence[float], want: Sequence[float], close: float) -> bool:
    return len(got) == len(want) and all(abs(a - b) <= close for a, b in zip(got, want))
