"""``check_env``: the mistakes in an environment of one's own that no error tells of."""

from __future__ import annotations

import contextlib
import io
import warnings
from copy import deepcopy

import torch

from qmix_course import checkpoint, errors, strangers
from qmix_course.envs.base import TeamEnv, TeamSpec
from qmix_course.envs.doubts import (
    FEW,
    blank_doubt,
    clock_doubt,
    cut_doubt,
    sight_doubt,
    state_doubt,
    units_doubt,
)
from qmix_course.envs.habits import habits
from qmix_course.envs.probe import Probe, Stop
from qmix_course.envs.twins import FAR, ROWS, SEED, Twins


def check_env(env: TeamEnv) -> None:
    """Play ``env`` and clones of it; ``errors.Faults``, a ``ValueError`` with one sentence a fault, if it breaks the
    contract of ``TeamEnv``.

    Looked at: every field's type, shape, dtype and values at every step; that what was returned is never written into
    again; that a seed brings the same episodes back, also in an environment that was played before; that ``where``
    resets its rows and no other, clock and all; that rows do not depend on one another; that every episode ends by
    ``episode_limit``; masks and refusals; that clones share nothing; that ``state_dict`` holds everything. Reset
    ``env`` afterwards. What breaks no rule is warned of: observations that are large or in several units, a state or
    observations that never change, a limit of 10 steps or more at which every episode is flagged terminated, a cut
    before the limit, last observations that are blank or those of the next episode, rows that all begin alike, actions
    that make no difference.

    Episodes longer than 2,000 steps are not played to their end. Where an environment draws by chance as it goes, rows
    that depend on one another are looked for as long as the same numbers are drawn, from torch's generator; beyond
    that they cannot be told from chance, and chance from elsewhere, numpy's too, hides them. Nor can any check know
    what you meant: a mask that forbids the wrong actions, another reward, or one that adds up what was paid before;
    one agent whose actions make no difference (in ``LongWay`` that is the task); what agents see a step late; a task
    that changes with the number of resets.
    """
    errors.instance("env", env, TeamEnv)
    if not isinstance(getattr(env, "spec", None), TeamSpec) or not hasattr(env, "_generator"):
        raise errors.Faults(f"check_env, {type(env).__name__}", [
            "__init__: expected it to call super().__init__(TeamSpec(...), num_envs), which sets spec and num_envs"])
    found = _Check(env)
    found.run()
    for words in found.doubts():
        warnings.warn(f"check_env, {called(env)}: {words}", stacklevel=2)
    if found.faults:
        raise errors.Faults(f"check_env, {called(env)}", list(found.faults.values()))


def called(env: TeamEnv) -> str:
    """By its own name where a bridge leads to somebody else's environment; else by its class."""
    name = getattr(env, "name", None)
    return name if type(name) is str and hasattr(env, "_task") else type(env).__name__


class _Check(Twins):
    """All looks at one environment, in an order in which a fault is told by its own name and not by what follows."""

    def run(self) -> None:
        self.clone_sizes()
        for look in (self.fields, self.ends, self.refusals):
            self.attempt(look)
        reproducible = self.attempt(self.same_seed)
        if reproducible and not self.attempt(self.shared_dice):
            return                                              # what others draw would look like what a reset left
        seen = self.attempt(self.where_seen)
        if not reproducible or not self.copies:
            return                                              # without that, no two episodes can be compared
        again, apart = self.attempt(self.played_before), self.attempt(self.rows_apart)
        if seen and again and apart:
            self.attempt(self.where_hidden)
        self.attempt(self.own_memory)
        if self.attempt(self.clone_apart):
            self.attempt(self.saved)
            if again:
                self.attempt(self.clone_alike)

    def doubts(self) -> list[str]:
        """What is no fault and still worth a word, of what a team that draws its actions met."""
        seen = getattr(self, "seen", [])
        if not seen:
            return []
        obs, state = torch.cat([step.obs for step in seen]), torch.cat([step.state for step in seen])
        told = "both" in self.faults or not hasattr(self, "ended")      # whoever sets both flags has been told that
        clock = None if told else clock_doubt(*self.ended, self.limit)
        if not told:
            clock = clock or cut_doubt(self.ended[0], [not each for each in self.ended[1]], self.limit)
        flags = (torch.stack([getattr(step, name) for step in seen]) for name in ("truncated", "ended"))
        found = [units_doubt(obs), state_doubt(obs, state), sight_doubt(obs, state), clock,
                 blank_doubt(torch.stack([step.obs for step in seen]), *flags)]
        if self.copies and not self.faults:
            with contextlib.suppress(Stop):
                found += habits(self)
        return [words for words in found if words is not None]

    def attempt(self, look) -> bool:
        """Whether it found nothing new."""
        before = len(self.faults)
        try:
            look()
        except Stop:
            return False
        return len(self.faults) == before

    # ---- one look each -----------------------------------------------------------------------------------------------

    def clone_sizes(self) -> None:
        """How many rows there can be; a bridge may have one copy of a stranger's environment and no way to more."""
        self.copies = True
        for rows in (ROWS, 1):
            try:
                copy = self.env.clone(num_envs=rows)
            except Exception as error:
                if rows == 1:
                    self.fault(f"clone: raised {strangers.told(error)}; expected the same task with "
                               "num_envs rows, which train needs for its evaluations")
                    self.copies, self.rows = False, self.env.num_envs
                else:
                    self.rows = 1
                continue
            wrong = [f"{name} = {there}" for name, there, here in (
                ("num_envs", getattr(copy, "num_envs", None), rows),
                *((name, getattr(getattr(copy, "spec", None), name, None), here)
                  for name, here in vars(self.env.spec).items())) if there != here]
            if copy is self.env or not isinstance(copy, TeamEnv) or wrong:
                said = "the same object" if copy is self.env else " and ".join(wrong) or errors.describe(copy)
                self.fault(f"clone: expected another environment with num_envs = {rows} and the sizes of this one, got "
                           f"{said}")
                self.copies, self.rows = False, self.env.num_envs
                return

    def fields(self) -> None:
        for rows in {self.rows, 1 if self.copies else self.rows}:
            for style in ("random", "first", "last"):
                self.begun(rows).play(self.far, style)
        probe = self.begun()
        self.seen = [probe.now, *probe.play(max(self.far, FEW))]
        masked = any((~step.available).any() for step in self.seen)
        if masked and not self.env.masks_actions:
            self.fault("masks_actions: available is False somewhere, and step lets such actions through; expected "
                       "masks_actions = True in the class, with which step refuses them")

    def ends(self) -> None:
        if self.limit > FAR or not self.copies:
            return
        self.ended = [], []                                     # how long episodes were, and whether they terminated
        for style in ("random", "first", "last"):
            probe = self.begun(1)
            trip = probe.play(self.limit, style)
            steps = next((i for i, step in enumerate(trip, 1) if step.ended.any()), None)
            if steps is None:
                self.fault(f"_advance: the episode is not over after episode_limit = {self.limit} steps; expected "
                           "truncated (or terminated) by then")
                return
            self.ended[0].append(steps)
            self.ended[1].append(bool(trip[steps - 1].terminated))

    def refusals(self) -> None:
        for wrong in (self.env.spec.n_actions, -1):
            probe = self.begun()
            actions = probe.now.available.int().argmax(-1)
            actions[0, 0] = wrong
            self.refused(probe, actions, f"action {wrong} of {self.env.spec.n_actions}")
        probe = self.begun()
        for turn in range(min(self.far, 50)):
            closed = (~probe.now.available).nonzero()
            if len(closed) and self.env.masks_actions and not probe.now.ended.any():
                row, agent, action = closed[0].tolist()
                actions = probe.now.available.int().argmax(-1)
                actions[row, agent] = action
                self.refused(probe, actions, f"action {action} of agent {agent}, which available rules out")
                break
            probe.play(1, dice=turn)

    def refused(self, probe: Probe, actions: torch.Tensor, what: str) -> None:
        try:
            probe.env.step(actions)
        except (TypeError, ValueError, IndexError):
            return
        self.fault(f"step: took {what}; expected ValueError before anything has changed (write _advance and leave step "
                   "to TeamEnv)")

    def clone_apart(self) -> None:
        trips = []
        for disturbed in (False, True):
            probe = self.begun()
            probe.play(1, dice=3)
            if disturbed:
                copy = Probe(probe.env.clone(num_envs=self.rows), self.faults)
                copy.reset(seed=SEED + 2)
                copy.play(min(self.far, 5), dice=4)
            trips.append(probe.play(2 * self.far, dice=5))
        self.compare(*trips, "a clone was played, and in the environment that it was made from {} differ {}; expected "
                             "a clone that shares nothing (clone must make new tensors, and a generator of its own)",
                     method="clone")

    def clone_alike(self) -> None:
        trips = []
        try:
            copy = self.env.clone()
        except Exception:
            copy = None
        if copy is None or copy.num_envs != self.env.num_envs:
            self.fault(f"clone: expected clone() to have {self.env.num_envs} rows, as many as here, got "
                       f"{errors.describe(getattr(copy, 'num_envs', None))}")
            return
        for env in (self.env, copy):
            probe = Probe(env, self.faults)
            trips.append([probe.reset(seed=SEED), *probe.play(min(self.far, 200))])
        self.compare(*trips, "with the same seed and actions {} differ {} between the environment and its clone; "
                             "expected the same task (clone must hand on every setting)", method="clone")

    def saved(self) -> None:
        probe = self.begun()
        probe.play(max(1, (self.limit + 1) // 2), dice=6)
        try:
            state = deepcopy(probe.env.state_dict())
        except (TypeError, NotImplementedError):                # it says that it cannot, and is taken at its word
            return
        except Exception as error:
            self.fault(f"state_dict: raised {strangers.told(error)}; expected everything that the game depends on, or "
                       "TypeError if it cannot be given")
            return
        memory, strange = io.BytesIO(), checkpoint.not_plain(state, "it")
        try:
            torch.save(state, memory)
            torch.load(io.BytesIO(memory.getvalue()), weights_only=True)
        except Exception as error:
            strange = strange or type(error).__name__
        if strange:
            self.fault(f"state_dict: cannot be written into a checkpoint and read back ({strange}); "
                       f"{checkpoint.PLAIN_WORDS}")
            return
        other = self.fresh()
        try:
            other.env.load_state_dict(state)
        except Exception as error:
            self.fault(f"load_state_dict: raised {strangers.told(error)} on what state_dict gave; "
                       "expected to go on from there")
            return
        other.now = probe.now
        self.compare(probe.play(2 * self.far, dice=7), other.play(2 * self.far, dice=7),
                     "an environment that was loaded from state_dict went on otherwise, {} differ {}; expected "
                     "state_dict and load_state_dict to hold everything that the game depends on (or to raise "
                     "TypeError if they cannot: then a run resumes from the start of episodes)", method="state_dict")
