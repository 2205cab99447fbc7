"""Skirmish: a team of units fights a scripted enemy. Micromanagement in the spirit of SMAC, with nothing to install."""

from __future__ import annotations

import numpy as np
import torch

from qmix_course import errors
from qmix_course.envs import skirmish_rules as rules
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep
from qmix_course.envs.skirmish_rules import ATTACK, MOVE, NO_OP, SIGHT, SIZE, STOP

KILL, WIN, MOST = 10.0, 200.0, 20.0                  # the reward's parts, and what a won episode pays
BEGIN_X, SPREAD_X, SPREAD_Y = (7.0, 17.0), 2.0, 4.0                 # where the two sides begin, and how far apart


class Skirmish(TeamEnv):
    """Each agent is one unit of the team. They win when no enemy is left and one of them still stands.

    ``scenario``: counts and kinds, marines (m), stalkers (s), zealots (z): "3m" is 3 marines against 3, "5m_vs_6m" 5
    against 6, "2s3z" two kinds on each side. Health/attack/reach/pause/speed: marine 45/9/6/2/1, stalker
    160/13/6/4/1.25, zealot 150/8/2/2/1. The field is 24 × 24; units are points and do not block each other.

    Actions, as in SMAC: 0 no-op, for the dead alone, who can do nothing else; 1 stop; 2 to 5 move north, south, east,
    west by the unit's speed, where that does not leave the field; 6 + j attack enemy j, where that enemy lives and is
    within reach. Unlike SMAC's, a unit that stops does not shoot. One step, for both sides at the same time:
    - who attacks and is ready shoots: its attack comes off the target's health (never below 0; what is too much is
      lost), and it is ready again ``pause`` steps later. An attack by a unit that is not ready does nothing;
    - who is still alive then moves. The dead stay dead.
    Every enemy is after the nearest agent, wherever it is (of several equally near, the one with the lowest number):
    within reach it attacks, otherwise it goes one step along the larger of the two gaps (east or west if they are
    equal).

    Reward: (damage dealt + 10 for each kill + 200 for the win) × 20 ÷ the most that this can be. A won episode pays
    exactly 20, any other less. ``terminated``: one side, or both, are dead; ``truncated``: ``episode_limit`` steps were
    played (default: 60, or 120 where not all are marines).

    Observation of agent i, within a sight of 9: whether it can move north, south, east, west; for each enemy whether it
    can be attacked, then distance, dx, dy (÷ 9) and health; for each other agent whether it is seen, then distance, dx,
    dy, health and wait; its own health and wait. Health is a share of the full one, wait the share of the pause that is
    left. With several kinds of units each block also says which kind. Who is dead or out of sight reads 0, and a dead
    agent sees nothing. State: for every unit health, wait, x and y (from −1 to 1 over the field), and its kind; 0 for
    the dead.

    An episode begins with the team on the left and the enemies on the right, their middles 10 apart, each unit up to 1
    (in x) and 2 (in y) from it, on a grid of 1/4, every place with equal chance; or as
    ``reset(team=[B, N, 2], enemies=[B, M, 2])`` says, (x, y) as multiples of 1/4, without the B axis for the same in
    every row. Each row has its own dice: its episodes depend on the seed, its number and how many it has begun, and not
    on the other rows.

    Interface and reward after SMAC (Samvelyan et al. 2019); most numbers of the units are SMAX's (Rutherford et al.
    2023), see ``skirmish_rules``.
    """

    masks_actions = True

    def __init__(self, scenario: str = "3m", num_envs: int = 1, episode_limit: int | None = None):
        self._army = army = rules.Army(scenario)
        self.scenario, n, m, kinds = scenario, army.n, army.m, army.kind.shape[1]
        if episode_limit is None:
            episode_limit = 120 if kinds or "m" not in scenario else 60
        obs = 4 + m * (5 + kinds) + (n - 1) * (6 + kinds) + 2 + kinds
        super().__init__(TeamSpec(n, ATTACK + m, obs, army.units * (4 + kinds), episode_limit), num_envs)
        self.letters = "".join(army.letters)        # everybody's kind
        nothing = np.zeros((self.num_envs, army.units))
        self._battle = rules.Battle(nothing, nothing, nothing, nothing.astype(np.int64))
        self._gaps = self._battle.gaps(n)
        self._clock = np.zeros(self.num_envs, dtype=np.int64)       # [B] steps played
        self._episode = np.zeros(self.num_envs, dtype=np.int64)     # [B] episodes begun since the last seed
        self._self = np.arange(n)
        self._of_enemies = np.array([0, 1, 2, 3, 4, *range(6, 6 + kinds)])
        self._others = np.array([[j for j in range(n) if j != i] for i in range(n)], dtype=np.int64)    # [N, N - 1]

    @property
    def places(self) -> torch.Tensor:
        """[B, N + M, 2] where everybody is, as (x, y): the team first, then the enemies. The dead are where they fell.
        """
        return torch.from_numpy(np.stack([self._battle.x, self._battle.y], -1))

    @property
    def health(self) -> torch.Tensor:
        """[B, N + M] everybody's health; 0 for the dead."""
        return torch.from_numpy(self._battle.health.copy())

    def won(self, returns: torch.Tensor) -> torch.Tensor:
        """[...] bool: which of these returns of whole episodes are those of won ones. Only a win pays 20.

        ``won(evaluate(env, team).returns).double().mean()`` is a win rate.
        """
        errors.tensor("returns", returns, (...,))
        return returns > MOST * (1 - WIN / self._army.full / 2)

    def constants(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Everybody's full health [N + M], and what a shot of each takes off [N + M]."""
        return torch.from_numpy(self._army.health.copy()), torch.from_numpy(self._army.attack.copy())

    def shots(self, actions: torch.Tensor) -> torch.Tensor:
        """[B, N + M, N + M] bool: who would shoot at whom in this step if the team played actions[B, N]."""
        errors.tensor("actions", actions, (self.num_envs, self.spec.n_agents), torch.int64)
        army, n = self._army, self._army.n
        table = np.zeros((self.num_envs, army.units, army.units), dtype=bool)
        plan = rules.enemy_plan(army, self._gaps[2][..., n:])
        table[:, :n, n:], theirs = rules.shots(army, self._battle, plan, actions.numpy())
        table[:, n:, :n] = theirs.swapaxes(1, 2)
        return torch.from_numpy(table)

    # ---- one step ----------------------------------------------------------------------------------------------------

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        army, before = self._army, self._battle
        self._battle, dealt = rules.advance(army, before, self._gaps, actions.numpy())
        self._clock = self._clock + 1
        alive = self._battle.health > 0
        standing, left = alive[:, :army.n].any(1), alive[:, army.n:].any(1)
        kills = ((before.health > 0) & ~alive)[:, army.n:].sum(1)
        reward = dealt[:, army.n:].sum(1) + KILL * kills + WIN * (standing & ~left)
        terminated = ~(standing & left)
        truncated = (self._clock >= self.spec.episode_limit) & ~terminated         # at the limit, terminated wins
        return self._pack(reward * (MOST / army.full), terminated, truncated)

    # ---- what is seen ------------------------------------------------------------------------------------------------

    def _pack(self, reward: np.ndarray, terminated: np.ndarray, truncated: np.ndarray) -> TeamStep:
        self._gaps = self._battle.gaps(self._army.n)
        dtype = torch.get_default_dtype()
        available = self._available_now()
        obs, state = self._observe(available), self._state()
        return TeamStep(torch.from_numpy(obs).to(dtype), torch.from_numpy(state).to(dtype), torch.from_numpy(available),
                        torch.from_numpy(reward).to(dtype), torch.from_numpy(terminated), torch.from_numpy(truncated))

    def _available_now(self) -> np.ndarray:
        """[B, N, A] bool: the dead have no-op alone; the living all others, as far as field and reach allow."""
        army, battle, n = self._army, self._battle, self._army.n
        alive = battle.health[:, :n] > 0
        available = np.empty((self.num_envs, n, self.spec.n_actions), dtype=bool)
        available[..., NO_OP], available[..., STOP] = ~alive, alive
        x, y, far = battle.x[:, :n], battle.y[:, :n], army.speed[:n]
        for k, free in enumerate((y <= SIZE - far, y >= far, x <= SIZE - far, x >= far)):
            available[..., MOVE + k] = alive & free
        available[..., ATTACK:] = self._gaps[2][..., n:] <= army.reach2[:n, None]
        return available

    def _observe(self, available: np.ndarray) -> np.ndarray:
        army, battle, n = self._army, self._battle, self._army.n
        dx, dy, squared = self._gaps
        kinds, rows = army.kind.shape[1], self.num_envs
        seen = squared <= SIGHT ** 2
        told = np.empty((rows, n, army.units, 6 + kinds))         # everything about everyone: [B, N, U, 6 + K]
        told[..., 0] = 1
        told[..., 1] = np.sqrt(squared) / SIGHT
        told[..., 2], told[..., 3] = dx / SIGHT, dy / SIGHT
        told[..., 4], told[..., 5] = (battle.health / army.health)[:, None], (battle.wait / army.pause)[:, None]
        told[..., 6:] = army.kind
        told[~seen] = 0
        enemies, mine = told[:, :, n:], told[:, self._self, self._self, 4:]
        enemies[..., 0] = available[..., ATTACK:]
        enemies = enemies[..., self._of_enemies]                                    # an enemy's wait is not seen
        others = told[:, self._self[:, None], self._others]
        blocks = (available[..., MOVE:ATTACK], enemies, others, mine)
        return np.concatenate([block.reshape(rows, n, -1) for block in blocks], -1)

    def _state(self) -> np.ndarray:
        army, battle = self._army, self._battle
        state = np.empty((self.num_envs, army.units, 4 + army.kind.shape[1]))
        state[..., 0], state[..., 1] = battle.health / army.health, battle.wait / army.pause
        state[..., 2], state[..., 3] = battle.x / (SIZE / 2) - 1, battle.y / (SIZE / 2) - 1
        state[..., 4:] = army.kind
        state *= (battle.health > 0)[..., None]
        return state.reshape(self.num_envs, -1)

    # ---- beginnings, and where a run stands --------------------------------------------------------------------------

    def _seed(self, seed: int) -> None:
        super()._seed(seed)
        self._episode = np.zeros(self.num_envs, dtype=np.int64)

    def _begin(self, where: torch.Tensor, placed: np.ndarray | None = None) -> TeamStep:
        rows, army = where.numpy(), self._army
        if placed is None:
            middle = np.where(np.arange(army.units) < army.n, *BEGIN_X)
            spread = np.array([SPREAD_X, SPREAD_Y])[:, None, None]
            x, y = np.floor(self._dice() * (4 * spread + 1)) / 4 - spread / 2
            placed = np.stack([middle + x, SIZE / 2 + y], -1)
        fresh = rows[:, None]
        old = self._battle
        self._battle = rules.Battle(np.where(fresh, placed[..., 0], old.x), np.where(fresh, placed[..., 1], old.y),
                              np.where(fresh, army.health, old.health), np.where(fresh, 0, old.wait))
        self._clock = np.where(rows, 0, self._clock)
        self._episode = self._episode + rows
        nothing = np.zeros(self.num_envs, dtype=bool)
        return self._pack(np.zeros(self.num_envs), nothing, nothing.copy())

    def _dice(self) -> np.ndarray:
        """[2, B, U] numbers in [0, 1) for the next episode of each row, from the seed, the row and the episode alone.

        Three rounds of splitmix64 (Steele et al. 2014), which makes any two different inputs look unrelated.
        """
        units = self._army.units
        word = np.array([self._generator.initial_seed()], dtype=np.uint64)
        for part in (np.arange(self.num_envs)[:, None], self._episode[:, None], np.arange(2 * units)):
            word = _mix(word + part.astype(np.uint64))
        return (word >> np.uint64(11)).astype(np.float64).reshape(-1, 2, units).swapaxes(0, 1) / 2.0 ** 53

    def _check_start(self, team: torch.Tensor | None = None, enemies: torch.Tensor | None = None, **unknown) -> dict:
        super()._check_start(**unknown)
        if team is None and enemies is None:
            return {}
        if team is None or enemies is None:
            raise ValueError("team, enemies: expected both or neither, got one of them")
        placed = []
        for name, value, count in (("team", team, self._army.n), ("enemies", enemies, self._army.m)):
            if errors.has_axes(value, 2):
                value = value.expand(self.num_envs, *value.shape)
            errors.tensor(name, value, (self.num_envs, count, 2))
            placed.append(_on_the_grid(name, value))
        return {"placed": np.concatenate(placed, 1)}

    def clone(self, num_envs: int | None = None) -> Skirmish:
        return self._another(Skirmish, self.scenario, self.num_envs if num_envs is None else num_envs,
                             self.spec.episode_limit)

    def state_dict(self) -> dict:
        own = vars(self._battle) | {"clock": self._clock, "episode": self._episode}
        return super().state_dict() | {name: torch.from_numpy(value.copy()) for name, value in own.items()}

    def load_state_dict(self, saved: dict) -> None:
        names = ("x", "y", "health", "wait", "clock", "episode")
        values = dict(zip(names, errors.entries("saved", saved, names)))
        shape, army = (self.num_envs, self._army.units), self._army
        for name in ("x", "y", "health"):
            errors.tensor(f"saved[{name!r}]", values[name], shape, torch.float64)
        for name, size, most in (("wait", shape, int(army.pause.max()) - 1),
                                 ("clock", shape[:1], self.spec.episode_limit), ("episode", shape[:1], errors.LONGEST)):
            errors.tensor(f"saved[{name!r}]", values[name], size, torch.int64)
            errors.between(f"saved[{name!r}]", values[name], 0, most)
        for name in ("x", "y"):
            _on_the_grid(f"saved[{name!r}]", values[name])
        health = values["health"].numpy()
        if not ((health >= 0) & (health <= army.health) & (health == np.floor(health))).all():
            raise ValueError("saved['health']: expected whole numbers from 0 to each unit's full health, got others")
        super().load_state_dict(saved)
        arrays = {name: value.numpy().copy() for name, value in values.items()}
        self._clock, self._episode = arrays.pop("clock"), arrays.pop("episode")
        self._battle = rules.Battle(**arrays)
        self._gaps = self._battle.gaps(army.n)


def _on_the_grid(name: str, value: torch.Tensor) -> np.ndarray:
    places = value.detach().numpy().astype(np.float64)
    if not ((places >= 0) & (places <= SIZE) & (places * 4 == np.floor(places * 4))).all():
        raise ValueError(f"{name}: expected multiples of 1/4 from 0 to {SIZE:g}, got others")
    return places


def _mix(word: np.ndarray) -> np.ndarray:
    word = word + np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
