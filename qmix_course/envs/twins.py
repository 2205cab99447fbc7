"""Two environments that should do the same, played side by side: seeds, resets, rows, and whose memory is whose."""

from __future__ import annotations

import random

import numpy as np
import torch

from qmix_course.envs.base import TeamEnv, TeamStep
from qmix_course.envs.probe import NAMES, Probe, Stop, dice_of, differences, drew_alike

ROWS, FAR, SEED = 3, 2_000, 5       # rows that are played side by side; the most steps that are played in one go


class Twins:
    """What is known of one environment so far. Each look uses fresh clones, so that one fault does not hide another."""

    def __init__(self, env: TeamEnv):
        self.env, self.faults = env, {}              # what it is -> the sentence
        self.limit = env.spec.episode_limit
        self.far = min(self.limit + 3, FAR)
        self.rows = ROWS

    def fresh(self, rows: int | None = None, **options) -> Probe:
        env = self.env.clone(num_envs=rows or self.rows) if self.copies else self.env
        return Probe(env, self.faults, **options)

    def begun(self, rows: int | None = None, **options) -> Probe:
        probe = self.fresh(rows, **options)
        probe.reset(seed=SEED)
        return probe

    def fault(self, words: str) -> None:
        self.faults.setdefault(words, words)

    def chance(self) -> bool:
        """Whether a step draws by chance."""
        probe = self.begun()
        for turn in range(min(self.far, 100)):
            if probe.now.ended.any():
                probe.reset(where=probe.now.ended)
            before = dice_of(probe.env)
            probe.play(1, dice=turn)
            if dice_of(probe.env) != before:
                return True
        return False

    def compare(self, one: list[TeamStep], two: list[TeamStep], words: str, rows=slice(None), method: str = "",
                clock: str = "", lenient: int | None = None) -> bool:
        """A fault with ``words`` where two trips differ, or with ``clock`` if all that differs first is truncated.

        ``lenient``: after so many steps chance may have made a difference, so that only the clock is a fault.
        """
        found = first_difference(one, two, rows)
        if found is None:
            return True
        at, names = found
        if clock and names == ["truncated"]:
            self.fault(f"{clock} (only truncated came at another time); expected a full episode_limit = {self.limit} "
                       "steps from a row's own reset")
        elif lenient is None or at <= lenient:
            when = "from the start" if at == 0 else f"after {at} calls"
            method = method or ("_begin" if at == 0 else "_advance")
            self.faults.setdefault(words, f"{method}: " + words.format(" and ".join(names), when))
        else:
            return True
        return False

    def chance_from(self) -> str:
        """Where the dice of a right environment come from: of one behind a bridge, its writer has no generator here."""
        if hasattr(self.env, "_generator") and not hasattr(self.env, "_task"):
            return "draw all chance from self._generator"
        return "reset(seed=...) of the environment must begin all its chance afresh, and nothing else may be drawn from"

    # ---- one look each -----------------------------------------------------------------------------------------------

    def same_seed(self) -> None:
        trips = []
        for _ in range(2):
            probe = self.fresh()
            trips.append([probe.reset(seed=SEED), *probe.play(self.far)])
        self.compare(*trips, "two clones were reset with the same seed and played the same actions, and {} differ {}; "
                             f"expected the same episode: {self.chance_from()}")

    def played_before(self) -> None:
        """The same seed again, in an environment that has been in use: in mid-episode, and after an end."""
        fresh = self.fresh()
        first = [fresh.reset(seed=SEED), *fresh.play(self.far)]
        for steps in sorted({1, (self.limit + 1) // 2, self.limit - 1, self.limit} & set(range(1, FAR))):
            used = self.fresh()
            used.reset(seed=SEED + 1)
            used.play(steps, dice=1)
            second = [used.reset(seed=SEED), *used.play(self.far)]
            if not self.compare(first, second, "an environment that had been played was reset with a seed, and {} "
                                "differ {} from one that is new; expected reset to leave nothing of the old episode",
                                method="_begin", clock="_begin: the clock is not set back: after a reset in "
                                "mid-episode the next one is cut early"):
                return

    def where_seen(self) -> None:
        if self.rows < 2:
            return
        probe = self.begun()
        for turn in range(min(2 * self.far, 60)):
            before = probe.now
            where = before.ended.clone()
            if not where.any():
                where[turn % self.rows] = turn % (self.rows + 1) < self.rows    # now and then no row at all
            after = probe.reset(where=where)
            for name in differences(before, after, ~where):
                row = next(r for r in range(self.rows) if not where[r]
                           and name in differences(before, after, slice(r, r + 1)))
                self.fault(f"_begin: reset(where=...) changed {name} in row {row}, which was not in where; expected "
                           "rows outside of where to come back as they were")
                return
            probe.play(1 + turn % 3, dice=turn)
            if probe.now.ended.any():
                probe.reset(where=probe.now.ended)
                probe.play(1, dice=turn)

    def rows_apart(self) -> None:
        if self.rows < 2:
            return
        chance = self.chance()
        for dice, other in enumerate(("other", "last", "first")):
            pair = self.begun(), self.begun()
            for probe in pair if chance else ():
                probe.drawn = []
            one, two = pair[0].now, pair[1].now
            for step in range(self.far):
                if one.ended.any() or two.ended.any():
                    break
                one = pair[0].play(1, dice=1_000 * dice + step)[-1]
                two = pair[1].play(1, dice=1_000 * dice + step, other=other)[-1]
                if chance and (pair[0].drawn[-1][-1] is None or pair[0].drawn[-1] != pair[1].drawn[-1]):
                    break                                       # chance may make the difference from here on
                found = differences(one, two, slice(1, None))
                if found:
                    self.fault(f"_advance: {' and '.join(found)} of row 1 or 2 changed with the actions of row 0, at "
                               f"step {step + 1}; expected rows that do not depend on one another")
                    return

    def shared_dice(self) -> None:
        """Torch's, numpy's and Python's own generators belong to everybody. (Of a stranger's task nobody here can say
        what it draws from.)"""
        if hasattr(self.env, "_task"):
            return
        probe, kept = self.fresh(), (torch.get_rng_state(), np.random.get_state(), random.getstate())
        torch.manual_seed(SEED), np.random.seed(SEED), random.seed(SEED)        # whatever they are set to, it shows
        before = dice_of(probe.env)
        try:
            probe.reset(seed=SEED + 1)
            probe.play(min(self.far, 20))
            after = dice_of(probe.env)
        finally:
            torch.set_rng_state(kept[0]), np.random.set_state(kept[1]), random.setstate(kept[2])
        names = [name for name, old, new in zip(("torch", "numpy", "numpy", "Python"), before, after) if old != new]
        if names:
            self.fault(f"_begin or _advance: draws from {names[0]}'s global generator, or sets it, which changes what "
                       "everybody else draws from it (first weights, other environments); expected chance from "
                       "self._generator alone")

    def where_hidden(self) -> None:
        """What only shows later: the clock, or anything else, of rows that were, or were not, reset on their own."""
        if self.rows < 2:
            return
        chance, row = self.chance(), torch.arange(self.rows) == 0
        for steps in sorted({1, (self.limit + 1) // 2} & set(range(1, self.limit))):
            early, late, plain = self.begun(), self.begun(), self.begun()
            late.play(steps), plain.play(steps)
            if late.now.ended.any():
                return
            stay = self.begun()
            stay.play(steps)
            for probe in (early, late):
                probe.drawn = [] if chance else None
                probe.reset(seed=SEED + 1, where=row)
            stay.reset(where=row)
            trips = [[probe.now, *probe.play(self.far, dice=2, resets=False)] for probe in (early, late, plain, stay)]
            alike = drew_alike(early, late) if chance else None
            self.compare(*(first_episode(trip, 0) for trip in trips[:2]), "row 0 was reset on its own, at the start "
                         "and later, and {} differ {}; expected reset to leave nothing of the old episode",
                         rows=slice(0, 1), method="_begin", lenient=alike,
                         clock="_begin: the clock of a row is not set back where the row is reset on its own")
            self.compare(*(first_episode(trip, 1) for trip in trips[2:]), "row 1 was not in where as row 0 was reset, "
                         "and {} differ {} from an episode without that reset; expected where to pick the rows",
                         rows=slice(1, 2), method="_begin", lenient=-1 if chance else None,
                         clock="_begin: a reset of row 0 changed the clock of row 1, which was not in where")

    def own_memory(self) -> None:
        plain = self.fresh()
        plain = [plain.reset(seed=SEED), *plain.play(self.far)]

        def changed(names) -> bool:
            probe = self.fresh(scribble=names)
            probe.faults = {}                   # what goes wrong now is the scribbler's doing
            try:
                return first_difference(plain, [probe.reset(seed=SEED), *probe.play(self.far)]) is not None
            except Stop:
                return True

        if not changed(NAMES):
            return
        for name in NAMES:
            if f"{name} written into" not in self.faults and changed((name,)):
                self.fault(f"_advance: {name} is the environment's own memory: what the caller writes into it changes "
                           f"the game; expected a tensor that belongs to the caller (return {name}.clone())")


def first_difference(one: list[TeamStep], two: list[TeamStep], rows=slice(None)) -> tuple[int, list[str]] | None:
    for at, (a, b) in enumerate(zip(one, two)):
        names = differences(a, b, rows)
        if names:
            return at, names
    return None


def first_episode(trip: list[TeamStep], row: int) -> list[TeamStep]:
    """The trip up to the first end of that row."""
    end = next((i for i, step in enumerate(trip) if step.ended[row]), len(trip) - 1)
    return trip[:end + 1]
