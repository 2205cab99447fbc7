"""One PettingZoo environment, step by step: who is in play, what they see and may do, what it pays, how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pettingzoo import ParallelEnv

from qmix_course import errors, strangers
from qmix_course.envs import foreign
from qmix_course.envs.pettingzoo_calls import names_of, reset, space_of, state_of

ALL = "__all__"                     # in a dict of flags: holds for every agent


@dataclass(frozen=True)
class Seen:
    """One row: for each agent its observation (None: it has none) and its mask; the environment's own state or None."""

    obs: list[np.ndarray | None]
    available: list[np.ndarray]
    state: np.ndarray | None


class Task:
    """What all rows have in common: the agents, how each is read, and what has been noticed that is worth a word."""

    def __init__(self, first: ParallelEnv, reward: str, episode_limit: int | None):
        kind = type(first.unwrapped).__name__
        metadata = foreign.mapping(f"metadata of {kind}", getattr(first, "metadata", None))
        self.name, self.reward = str(metadata.get("name", kind)), reward
        self.names = names_of(self.name, first)
        self.observed, self.acts, self.choices = [], [], []
        for a in self.names:
            sees, acts = (space_of(self.name, first, which, a) for which in ("observation_space", "action_space"))
            self.observed.append(foreign.Observed(f"observation of {a} in {self.name}", sees))
            self.acts.append(acts)
            self.choices.append(foreign.action_count(f"action of {a} in {self.name}", acts))
        self.all_open = [np.ones(n, dtype=bool) for n in self.choices]          # without a mask (nobody writes into it)
        self.waiting = [np.arange(n) == 0 for n in self.choices]                # who is not in play has action 0 alone
        self.sizes = [observed.size for observed in self.observed]
        self.own_limit = foreign.own_limit(first.unwrapped, metadata)
        if episode_limit is None:
            try:
                of_team = getattr(first.unwrapped, "episode_limit", None)       # what as_parallel_env made says so
                episode_limit = errors.whole_number("max_cycles", self.own_limit or of_team)
            except (TypeError, ValueError) as error:
                raise ValueError(f"episode_limit: {self.name} does not say how long an episode lasts ({error}); "
                                 "give a number of steps") from error
        self.episode_limit = episode_limit
        self.masked: dict[int, bool] = {}           # agent: whether it comes with a mask, as its first observation told
        self.noticed: dict[str, str] = {}
        self.at_limit = {"ended": 0, "cut": 0}      # how the episodes that lasted until its own limit were flagged

    def look(self, first: ParallelEnv, images: bool) -> tuple:
        """Reset it, see what the state is like, refuse pictures that nobody asked for; what the reset gave."""
        foreign.takes_a_seed(self.name, first.reset)
        came = reset(self.name, first, 0)
        state = state_of(self.name, first)
        self.state_shape = None if state is None else state.shape
        self.state_dim = sum(self.sizes) if state is None else state.size
        found = [(observed.what, shape) for observed in self.observed for shape in observed.images]
        if state is not None and foreign.is_image(state.shape, state.dtype):
            found.append((f"state of {self.name}", state.shape))
        if found and not images:
            what, shape = found[0]
            row = 2 * (len(self.sizes) * max(self.sizes) + self.state_dim) * 4      # now and next, in float32
            raise TypeError(f"{what}: a picture of shape {shape}. The networks here are small and dense, without "
                            f"convolutions, and one transition in the replay memory would take {row / 2**20:,.1f} MiB, "
                            f"10,000 of them {row * 1e4 / 2**30:,.1f} GiB. Observe less, or say images=True")
        return came

    def see_limit(self, how: str) -> None:
        """Another episode lasted until the environment's own limit. If such ones never are cuts, a word is said."""
        self.at_limit[how] += 1
        if self.at_limit == {"ended": 3, "cut": 0}:
            self.notice("limit", f"{self.name} flagged all 3 episodes that lasted until its own limit of "
                                 f"{self.own_limit} steps as terminated. If only the clock ran out there, it is a cut, "
                                 "and the team learns that the clock kills: flag truncation (from_gymnasium takes "
                                 "only_the_clock for that)")

    def notice(self, what: str, words: str) -> None:
        self.noticed.setdefault(what, words)

    def news(self, said: set) -> list[str]:
        """What was noticed and not yet ``said``; it is now."""
        new = [what for what in self.noticed if what not in said]
        said.update(new)
        return [self.noticed[what] for what in new]


class Row:
    """One environment and its episode."""

    def __init__(self, task: Task, env: ParallelEnv, row: int):
        self.task, self.env = task, env
        if not self._as_ever():
            raise ValueError(f"env: expected the same agents and spaces in every row of {task.name}, got others "
                             f"in row {row}")

    def _as_ever(self) -> bool:
        """Whether agents and spaces are those of the first look at the first row."""
        task, env = self.task, self.env
        return names_of(task.name, env) == task.names and all(
            space_of(task.name, env, "observation_space", agent) == observed.space
            and space_of(task.name, env, "action_space", agent) == acts
            for agent, observed, acts in zip(task.names, task.observed, task.acts))

    def reset(self, seed: int) -> Seen:
        came = reset(self.task.name, self.env, seed)
        if not self._as_ever():
            raise ValueError(f"reset of {self.task.name}: expected agents and spaces to stay as they were, got others")
        return self.begin(*came)

    def begin(self, observations, infos) -> Seen:
        """The episode that a reset has just begun."""
        self.clock = 0
        self.flagged: set = set()                   # who was flagged in this episode,
        self.gone: set = set()                      # … and has been taken out of ``agents`` since
        self.playing = self.listed = self._listed()     # who is in play; who is on the environment's own list
        if not self.playing:
            raise ValueError(f"agents of {self.task.name}: expected at least one in play after reset, got none")
        seen = self._see(observations, infos, reading=self.playing, acting=self.playing, last=False)
        self._look_around(infos)
        return seen

    def step(self, chosen: list[int]) -> tuple[Seen, float, bool, bool]:
        """Play one joint action: what is seen then, the team's reward, and whether it terminated or was truncated."""
        task, playing = self.task, self.playing
        # One that was flagged and is still listed sends its action 0: an environment may ask everybody on its list.
        sent = {agent: action for agent, action in zip(task.names, chosen) if agent in self.listed}
        with strangers.asked("step", task.name):
            came = self.env.step(sent)
        if not isinstance(came, tuple) or len(came) != 5:
            got = f"a tuple of {len(came)}" if isinstance(came, tuple) else foreign.came(came)
            raise ValueError(f"step of {task.name}: expected a tuple (observations, rewards, terminations, "
                             f"truncations, infos), got {got}")
        observations, rewards, terminations, truncations, infos = came
        self.clock += 1
        reward = self._pay(rewards)
        self.listed = listed = self._listed()
        terminated = self._flags("termination", terminations, playing)
        truncated = self._flags("truncation", truncations, playing)
        joined = [agent for agent in listed if agent not in playing and agent not in self.flagged]
        at_once = self._flags("termination", terminations, joined) | self._flags("truncation", truncations, joined)
        back = self.gone & set(listed)
        if back:
            raise ValueError(f"agents of {task.name}: expected {min(map(str, back))}, whose end was flagged, to stay "
                             "out until the reset, as PettingZoo asks, got it back")
        self.flagged |= (terminated | truncated | at_once) - {ALL}
        self.gone |= self.flagged - set(listed)
        self.playing = [agent for agent in listed if agent not in self.flagged]
        over = not self.playing or ALL in terminated | truncated
        at_limit = self.clock >= task.episode_limit
        ended = over and bool(terminated or not truncated and not at_limit)             # termination wins
        cut = (over or at_limit) and not ended
        if self.clock == task.own_limit and (ended or cut):
            task.see_limit("cut" if cut else "ended")
        if over and not terminated and not truncated:
            task.notice("ends", f"{task.name} takes its last agents out without a termination or truncation flag; the "
                                "episode counts as terminated, or as truncated where that happens at episode_limit = "
                                f"{task.episode_limit}")
        reading = [a for a in task.names if a in playing or a in self.playing]
        # Where only the clock ran out, what an agent could have done next still counts for its target.
        acting = [a for a in reading if a not in terminated] if cut else [] if ended else self.playing
        seen = self._see(observations, infos, reading, acting, last=cut)
        told = [infos[a].get("TimeLimit.truncated") for a in reading if a in infos] if ended else []
        if any(isinstance(each, (bool, np.bool_)) and each for each in told):
            task.notice("limit", f"{task.name} flagged an end as terminated whose info says TimeLimit.truncated: if "
                                 "only the clock ran out there, it is a cut, and the team learns that the clock kills. "
                                 "Flag truncation")
        return seen, reward, ended, cut

    def _listed(self) -> list:
        """The environment's ``agents`` now, in the order of ``possible_agents``, which may not change."""
        task = self.task
        if names_of(task.name, self.env) != task.names:
            raise ValueError(f"possible_agents of {task.name}: expected {task.names} throughout, got "
                             f"{foreign.came(self.env.possible_agents)}")
        agents = getattr(self.env, "agents", None)
        if not foreign.different(agents) or set(agents) - set(task.names):
            raise ValueError(f"agents of {task.name}: expected a list of different ones out of {task.names}, got "
                             f"{foreign.came(agents)}")
        return [agent for agent in task.names if agent in agents]

    def _flags(self, field: str, flags, agents: list) -> set:
        """Which of ``agents``, who were playing or have joined, are flagged, and "__all__"."""
        name = self.task.name
        foreign.entries(f"{field}s of {name}", flags, [*self.task.names, ALL])
        found = set()
        for agent in [*agents, ALL]:
            if agent in flags:
                if foreign.flag(f"{field} of {agent} in {name}", flags[agent]):
                    found.add(agent)
            elif agent in self.playing and agent in self.listed and ALL not in flags:      # who is out may lack one
                raise ValueError(f"{field} of {agent} in {name}: expected True or False, got no entry")
        return found

    def _pay(self, rewards) -> float:
        task = self.task
        foreign.entries(f"rewards of {task.name}", rewards, task.names)
        paid = {}
        for agent in task.names:
            if agent in rewards:
                paid[agent] = foreign.reward(f"reward of {agent} in {task.name}", rewards[agent])
            elif agent in self.playing:
                raise ValueError(f"reward of {agent} in {task.name}: expected one finite number, got no entry")
        shares = [paid[agent] for agent in self.playing]
        low, high = min(shares), max(shares)
        if high - low > foreign.ROUNDING * max(1.0, abs(low), abs(high)):
            task.notice("rewards", f"{task.name} does not pay all agents the same ({low:g} to {high:g} in one step). "
                                   f"The team is paid the {task.reward} over all {len(task.names)}; if they are "
                                   "rivals, that means nothing")
        return foreign.pay(list(paid.values()), len(task.names), task.reward)

    def _see(self, observations, infos, reading: list, acting: list, last: bool) -> Seen:
        """What the agents see and may do.

        ``reading``: whose observation is taken if there is one; ``acting``, of those: who needs one, and its mask. The
        others see nothing and can play only action 0. ``last``: the episode was cut here, so a mask that leaves nothing
        open is no fault.
        """
        task = self.task
        foreign.mapping(f"observations of {task.name}", observations)
        foreign.mapping(f"infos of {task.name}", infos)
        seen: list[np.ndarray | None] = [None] * len(task.names)
        available = list(task.waiting)
        for i, agent in enumerate(task.names):
            if agent not in reading:
                continue
            info = foreign.mapping(f"info of {agent} in {task.name}", infos[agent]) if agent in infos else {}
            value, mask = task.observed[i].split(observations[agent] if agent in observations else None)
            if value is not None:
                seen[i] = task.observed[i].read(value)
            elif agent in acting:
                why = "; a truncated step needs the last observations, for what could have come next" if last else ""
                raise ValueError(f"{task.observed[i].what}: expected a value in its space, got nothing{why}")
            if agent in acting:
                available[i] = self._mask(i, mask, info.get("action_mask"), last)
                if not task.masked[i]:
                    self._look_for_masks(i, info, "info")
                    self._look_for_masks(i, value, "observation")
        own = None if task.state_shape is None else state_of(task.name, self.env, task.state_shape).ravel()
        return Seen(seen, available, own)

    def _mask(self, i: int, inside, beside, last: bool) -> np.ndarray:
        """[A of agent i] bool, from the mask ``inside`` its observation and the one ``beside`` it in the info."""
        task = self.task
        what, n = f"action_mask of {task.names[i]} in {task.name}", task.choices[i]
        masks = [foreign.action_mask(what, mask, n) for mask in (inside, beside) if mask is not None]
        if task.masked.setdefault(i, bool(masks)) != bool(masks):
            raise ValueError(f"{what}: expected one at every step or at none, got "
                             f"{'one now and none' if masks else 'none now and one'} before")
        if not masks:
            return task.all_open[i]
        if (masks[0] != masks[-1]).any():
            raise ValueError(f"{what}: expected the same one in observation and info, got {masks[0].tolist()} and "
                             f"{masks[1].tolist()}")
        if masks[0].any():
            return masks[0]
        if last:
            return task.all_open[i]
        raise ValueError(f"{what}: expected at least one available action, got none")

    def _look_for_masks(self, i: int, entries, where: str) -> None:
        """Say it if something there looks like a mask and has another name than the one that is read."""
        task = self.task
        for key, value in entries.items() if isinstance(entries, Mapping) else ():
            if foreign.named_as_mask(key) and foreign.could_be_mask(value, task.choices[i]):
                self._say_masks(f"{str(key)!r} in the {where} of {task.names[i]}")

    def _look_around(self, infos: Mapping) -> None:
        """Say it too if nobody comes with a mask, and they may be elsewhere: beside the agents' infos, or in a method.
        """
        if any(self.task.masked.values()):
            return
        for key in infos:
            if key not in self.task.names and foreign.named_as_mask(key):
                self._say_masks(f"{str(key)!r}, beside the agents in the infos,")
        for name in foreign.MASK_METHODS:
            if callable(getattr(self.env.unwrapped, name, None)):
                self._say_masks(f"its method {name}")

    def _say_masks(self, what: str) -> None:
        self.task.notice("masks", f"{self.task.name} has no \"action_mask\", but {what} looks like one. It is not "
                                  "read: all actions count as available. If it is the mask, hand it out under the "
                                  "name \"action_mask\", in each agent's observation or info")
