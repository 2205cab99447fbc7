"""One right environment, and the same with one mistake each: what ``check_env`` must tell apart."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import torch

from qmix_course.envs import TeamEnv, TeamSpec, TeamStep


class Walk(TeamEnv):
    """Two agents on a line of five cells; actions: down, stay, up. They want to be at the top, both.

    ``slip``: the probability that an agent does not move, drawn as it goes.
    """

    masks_actions = True

    def __init__(self, num_envs=1, slip=0.0, limit=6):
        super().__init__(TeamSpec(n_agents=2, n_actions=3, obs_dim=2, state_dim=3, episode_limit=limit), num_envs)
        self.slip = slip
        self._at = torch.zeros(num_envs, 2, dtype=torch.int64)
        self._clock = torch.zeros(num_envs, dtype=torch.int64)

    def _see(self, reward, terminated, truncated):
        at = self._at.to(torch.get_default_dtype()) / 4
        moves = self._at.unsqueeze(-1) + torch.tensor([-1, 0, 1])
        return TeamStep(obs=torch.stack([at, at.flip(-1)], -1), state=torch.cat([at, at.sum(-1, keepdim=True)], -1),
                        available=(moves >= 0) & (moves <= 4), reward=reward.to(at.dtype), terminated=terminated,
                        truncated=truncated)

    def _begin(self, where):
        starts = torch.randint(0, 3, (self.num_envs, 2), generator=self._generator)
        self._at = torch.where(where.unsqueeze(-1), starts, self._at)
        self._clock = self._clock.masked_fill(where, 0)
        none = torch.zeros(self.num_envs, dtype=torch.bool)
        return self._see(torch.zeros(self.num_envs), none, none.clone())

    def _advance(self, actions):
        moves = actions - 1
        if self.slip:
            moves = moves * (torch.rand(actions.shape, generator=self._generator) >= self.slip)
        self._at = self._at + moves
        self._clock = self._clock + 1
        terminated = (self._at == 4).all(-1)
        return self._see(self._at.sum(-1) / 8 - 1.0, terminated, (self._clock >= self.spec.episode_limit) & ~terminated)

    def clone(self, num_envs=None):
        return type(self)(self.num_envs if num_envs is None else num_envs, self.slip, self.spec.episode_limit)

    def state_dict(self):
        return super().state_dict() | {"at": self._at.clone(), "clock": self._clock.clone()}

    def load_state_dict(self, saved):
        super().load_state_dict(saved)
        self._at, self._clock = saved["at"].clone(), saved["clock"].clone()


def twist(**fields):
    """A Walk in which each of these fields is changed at every step by a function of (env, step)."""
    class Twisted(Walk):
        def _see(self, *outcome):
            step = super()._see(*outcome)
            return replace(step, **{name: change(self, step) for name, change in fields.items()})
    return Twisted


class BufferObs(Walk):
    def _see(self, *outcome):
        step = super()._see(*outcome)
        if not hasattr(self, "_buffer"):
            self._buffer = step.obs.clone()
        self._buffer.copy_(step.obs)
        return replace(step, obs=self._buffer)


class BufferReward(Walk):
    def _see(self, *outcome):
        step = super()._see(*outcome)
        if not hasattr(self, "_buffer"):
            self._buffer = step.reward.clone()
        self._buffer.copy_(step.reward)
        return replace(step, reward=self._buffer)


class OwnMemory(Walk):
    """What the agents saw last is where the next step starts from: nothing is written into again."""

    _kept = None

    def _see(self, *outcome):
        step = super()._see(*outcome)
        self._kept = step.state
        return step

    def _recall(self):
        if self._kept is not None:
            self._at = (self._kept[:, :2] * 4).round().long().clamp(0, 4)

    def _advance(self, actions):
        self._recall()
        return super()._advance(actions)

    def _begin(self, where):
        self._recall()
        return super()._begin(where)

    def load_state_dict(self, saved):
        super().load_state_dict(saved)
        self._kept = None


class IgnoresWhere(Walk):
    def _begin(self, where):
        return super()._begin(torch.ones_like(where))


class OnlyAll(Walk):
    """Rows begin anew only where all do."""

    def _begin(self, where):
        return super()._begin(where if where.all() else torch.zeros_like(where))


class NeverEnds(Walk):
    def _see(self, reward, terminated, truncated):
        return super()._see(reward, torch.zeros_like(terminated), torch.zeros_like(truncated))


class OneTooLong(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, truncated=(self._clock > self.spec.episode_limit) & ~step.terminated)


class Both(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        late = self._clock >= self.spec.episode_limit
        return replace(step, terminated=step.terminated | late, truncated=late)


class ClockStays(Walk):
    """The clock is set back after an end, not by a reset in mid-episode."""

    def _begin(self, where):
        clock = self._clock
        step = super()._begin(where)
        self._clock = torch.where(where & (clock < self.spec.episode_limit), clock, self._clock)
        return step


class OneClock(Walk):
    """One clock for all rows, set back where all begin."""

    def _begin(self, where):
        clock = self._clock
        step = super()._begin(where)
        self._clock = self._clock if where.all() else clock
        return step

    def _advance(self, actions):
        step = super()._advance(actions)
        return step


class ClockForAll(Walk):
    def _begin(self, where):
        step = super()._begin(where)
        self._clock = torch.zeros_like(self._clock)
        return step


class CloneSharesGenerator(Walk):
    def clone(self, num_envs=None):
        other = super().clone(num_envs)
        other._generator = self._generator
        return other


class CloneSharesBoard(Walk):
    """The clone's board is this one's, as after copy.copy, and moves are made in place."""

    def clone(self, num_envs=None):
        other = super().clone(num_envs)
        if other.num_envs == self.num_envs:
            other._at = self._at
        return other

    def _begin(self, where):
        board = self._at
        step = super()._begin(where)
        board.copy_(self._at)
        self._at = board
        return step

    def _advance(self, actions):
        board = self._at
        step = super()._advance(actions)
        board.copy_(self._at)
        self._at = board
        return step


class CloneForgetsRows(Walk):
    def clone(self, num_envs=None):
        return super().clone(self.num_envs)


class CloneForgetsSlip(Walk):
    def clone(self, num_envs=None):
        return type(self)(self.num_envs if num_envs is None else num_envs, 0.0, self.spec.episode_limit)


class CloneForgetsLimit(Walk):
    def clone(self, num_envs=None):
        return type(self)(self.num_envs if num_envs is None else num_envs, self.slip)


class CloneIsItself(Walk):
    def clone(self, num_envs=None):
        return self


class CloneFails(Walk):
    def clone(self, num_envs=None):
        raise NotImplementedError("later")


class OtherDice(Walk):
    """Starts come from torch's global generator."""

    def _begin(self, where):
        step = super()._begin(where)
        self._at = torch.where(where.unsqueeze(-1), torch.randint(0, 3, (self.num_envs, 2)), self._at)
        return replace(step, **{n: getattr(self._see(step.reward, step.terminated, step.truncated), n)
                                for n in ("obs", "state", "available")})


class OtherDiceInPlay(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, reward=step.reward + torch.rand(self.num_envs))


class SomethingStays(Walk):
    """What was paid in the last episode is paid again in the next."""

    _paid = 0.0

    def _advance(self, actions):
        step = super()._advance(actions)
        self._paid = self._paid + 1.0
        return replace(step, reward=step.reward + 0.01 * self._paid)

    def state_dict(self):
        return super().state_dict() | {"paid": self._paid}

    def load_state_dict(self, saved):
        super().load_state_dict(saved)
        self._paid = saved["paid"]


class SharedReward(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, reward=step.reward.mean().expand(self.num_envs).clone())


class EndsTogether(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        terminated = step.terminated.any().expand(self.num_envs).clone()
        return replace(step, terminated=terminated, truncated=step.truncated & ~terminated)


class NoMaskFlag(Walk):
    masks_actions = False

    def _advance(self, actions):
        at = self._at
        step = super()._advance(actions)
        self._at = self._at.clamp(0, 4)
        return replace(step, **{n: getattr(self._see(step.reward, step.terminated, step.truncated), n)
                                for n in ("obs", "state", "available")}) if at is not None else step


class OwnStep(Walk):
    """step of its own, without a look at the actions."""

    def step(self, actions):
        return self._remember(self._advance(actions.clamp(0, 2)))

    def _advance(self, actions):
        moves = torch.where(self._available.gather(-1, actions.unsqueeze(-1)).squeeze(-1), actions, 1)
        return super()._advance(moves)


class WritesActions(Walk):
    def _advance(self, actions):
        step = super()._advance(actions)
        actions[:, 0] = 1
        return step


class PaysAtReset(Walk):
    def _begin(self, where):
        step = super()._begin(where)
        return replace(step, reward=torch.ones_like(step.reward))


class ForgetsState(Walk):
    """Nothing of its own is saved: what TeamEnv saves is all."""

    state_dict, load_state_dict = TeamEnv.state_dict, TeamEnv.load_state_dict


class ForgetsClock(Walk):
    def load_state_dict(self, saved):
        clock = self._clock
        super().load_state_dict(saved)
        self._clock = clock


class SavesObjects(Walk):
    def state_dict(self):
        return super().state_dict() | {"who": TeamSpec(1, 1, 1, 1, 1)}


class StateDictFails(Walk):
    def state_dict(self):
        return {}["board"]


class Raises(Walk):
    def _advance(self, actions):
        if (self._clock == 3).any():
            raise RuntimeError("the board is gone")
        return super()._advance(actions)


class NoSuper(Walk):
    def __init__(self, num_envs=1):
        self.num_envs = num_envs


class NumpyBuffer(Walk):
    """One numpy array, of which every step is a view."""

    def _see(self, *outcome):
        step = super()._see(*outcome)
        if not hasattr(self, "_array"):
            self._array = step.state.numpy().copy()
        self._array[:] = step.state.numpy()
        return replace(step, state=torch.from_numpy(self._array))


class ShallowClone(Walk):
    def clone(self, num_envs=None):
        return copy.copy(self) if num_envs in (None, self.num_envs) else super().clone(num_envs)


class NumpyDice(OtherDice):
    """Starts come from numpy's global generator."""

    def _begin(self, where):
        step = super()._begin(where)
        starts = torch.from_numpy(np.random.randint(0, 3, (self.num_envs, 2)))
        self._at = torch.where(where.unsqueeze(-1), starts, self._at)
        return self._see(step.reward, step.terminated, step.truncated)


class BeginsCut(Walk):
    def _begin(self, where):
        return replace(super()._begin(where), truncated=where.clone())


class DeepClone(Walk):
    """Right: a deep copy shares nothing."""

    def clone(self, num_envs=None):
        return copy.deepcopy(self) if num_envs in (None, self.num_envs) else super().clone(num_envs)


class OwnRng(Walk):
    """Right: dice of its own, which come from ``_generator`` when episodes begin. It cannot give its state."""

    def _begin(self, where):
        self._dice = np.random.default_rng(int(torch.randint(2**31, (), generator=self._generator)))
        return super()._begin(where)

    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, reward=step.reward + torch.from_numpy(self._dice.random(self.num_envs)).to(step.reward))

    def state_dict(self):
        raise TypeError("state_dict: the dice cannot be written down")


class EndsEarly(Walk):
    """Right: many episodes are over after one step."""

    def _advance(self, actions):
        step = super()._advance(actions)
        terminated = step.terminated | (self._at == 0).any(-1)
        return replace(step, terminated=terminated, truncated=step.truncated & ~terminated)


class Expanded(Walk):
    """Right: three numbers of the state are one in memory, which nobody can write into, and nobody needs to."""

    def _see(self, *outcome):
        step = super()._see(*outcome)
        return replace(step, state=step.state[:, :1].expand(-1, 3))


# name: (the environment, how its one sentence begins, what else stands in it)
WRONG = {
    "buffer": (lambda: BufferObs(), "_advance: wrote into the obs", "obs.clone()"),
    "buffer of rewards": (lambda: BufferReward(), "_advance: wrote into the reward", ""),
    "numpy buffer": (lambda: NumpyBuffer(), "_advance: wrote into the state", "state.clone()"),
    "shallow clone": (lambda: ShallowClone(), "clone: a clone was played", "shares nothing"),
    "numpy dice": (lambda: NumpyDice(), "_begin: two clones were reset with the same seed", "self._generator"),
    "begins cut": (lambda: BeginsCut(), "_begin: truncated is [True", "expected False"),
    "own memory": (lambda: OwnMemory(), "_advance: state is the environment's own memory", "state.clone()"),
    "ignores where": (lambda: IgnoresWhere(), "_begin: reset(where=...) changed", "not in where"),
    "only all": (lambda: OnlyAll(), "_begin: row 0 was reset on its own", "leave nothing"),
    "never ends": (lambda: NeverEnds(), "_advance: the episode is not over after episode_limit = 6 steps", "truncated"),
    "one too long": (lambda: OneTooLong(), "_advance: the episode is not over after episode_limit = 6", ""),
    "both": (lambda: Both(), "_advance: terminated and truncated are both True", "only where nothing but the clock"),
    "clock stays": (lambda: ClockStays(), "_begin: the clock is not set back", "mid-episode"),
    "one clock": (lambda: OneClock(), "_begin: the clock of a row is not set back", "on its own"),
    "one clock, with chance": (lambda: OneClock(slip=0.3), "_begin: the clock of a row is not set back", ""),
    "clock for all": (lambda: ClockForAll(), "_begin: a reset of row 0 changed the clock of row 1", "not in where"),
    "clone shares generator": (lambda: CloneSharesGenerator(), "clone: a clone was played", "shares nothing"),
    "clone shares board": (lambda: CloneSharesBoard(), "clone: a clone was played", "shares nothing"),
    "clone forgets rows": (lambda: CloneForgetsRows(), "clone: expected another environment with num_envs = 3", ""),
    "clone forgets slip": (lambda: CloneForgetsSlip(slip=0.4), "clone: with the same seed and actions", "setting"),
    "clone forgets limit": (lambda: CloneForgetsLimit(limit=5), "clone: expected another", "episode_limit = 6"),
    "clone is itself": (lambda: CloneIsItself(), "clone: expected another environment", "the same object"),
    "clone fails": (lambda: CloneFails(), "clone: raised NotImplementedError: later (own_envs.py, line ",
                    "num_envs rows"),
    "state_dict fails": (lambda: StateDictFails(), "state_dict: raised KeyError: 'board' (own_envs.py, line ",
                         "TypeError"),
    "other dice": (lambda: OtherDice(), "_begin: two clones were reset with the same seed", "self._generator"),
    "other dice in play": (lambda: OtherDiceInPlay(), "_advance: two clones were reset with the same seed", "reward"),
    "something stays": (lambda: SomethingStays(), "_begin: an environment that had been played", "reward"),
    "shared reward": (lambda: SharedReward(), "_advance: reward of row 1 or 2 changed with the actions of row 0", ""),
    "ends together": (lambda: EndsTogether(), "_advance: terminated of row 1 or 2 changed with", "do not depend"),
    "no mask flag": (lambda: NoMaskFlag(), "masks_actions: available is False somewhere", "masks_actions = True"),
    "writes actions": (lambda: WritesActions(), "_advance: wrote into `actions`", "actions.clone()"),
    "pays at reset": (lambda: PaysAtReset(), "_begin: reward is [1.0", "expected 0"),
    "forgets state": (lambda: ForgetsState(), "state_dict: an environment that was loaded", "everything"),
    "forgets clock": (lambda: ForgetsClock(), "state_dict: an environment that was loaded", "truncated"),
    "saves objects": (lambda: SavesObjects(), "state_dict: cannot be written into a checkpoint and read back (it['who']"
                                              " is a TeamSpec)", "plain numbers"),
    "raises": (lambda: Raises(), "_advance: raised RuntimeError: the board is gone (own_envs.py, line 341, in "
                                   "_advance)", "TeamStep"),
    "no super": (lambda: NoSuper(), "__init__: expected it to call super().__init__", "TeamSpec"),
    "obs dtype": (lambda: twist(obs=lambda env, step: step.obs.double())(), "_begin: obs: expected float32", "float64"),
    "reward dtype": (lambda: twist(reward=lambda env, step: step.reward.double())(), "_begin: reward: expected float32",
                     "float64"),
    "available dtype": (lambda: twist(available=lambda env, step: step.available.int())(),
                        "_begin: available: expected bool", "int32"),
    "flag dtype": (lambda: twist(terminated=lambda env, step: step.terminated.int())(),
                   "_begin: terminated: expected bool", "int32"),
    "obs shape": (lambda: twist(obs=lambda env, step: step.obs[..., :1])(), "_begin: obs: expected shape [", "1)"),
    "reward shape": (lambda: twist(reward=lambda env, step: step.reward.unsqueeze(-1))(), "_begin: reward: expected",
                     "shape"),
    "reward array": (lambda: twist(reward=lambda env, step: step.reward.numpy())(), "_begin: reward: expected a tensor",
                     "ndarray"),
    "state None": (lambda: twist(state=lambda env, step: None)(), "_begin: state: expected a tensor", "NoneType None"),
    "gradient": (lambda: twist(obs=lambda env, step: step.obs.requires_grad_())(), "_begin: obs: expected a tensor on",
                 "no gradient"),
    "nan": (lambda: twist(obs=lambda env, step: step.obs.masked_fill((env._at == 2).unsqueeze(-1), torch.nan))(),
            None, "obs: expected finite numbers, got NaN or infinity"),
    "infinite reward": (lambda: twist(reward=lambda env, step: step.reward / (env._clock < 4))(),
                        "_advance: reward: expected finite", ""),
    "masks all zero": (lambda: twist(available=lambda env, step: step.available & (env._at != 4).unsqueeze(-1))(),
                       "_advance: available: agent", "no action at all"),
}
