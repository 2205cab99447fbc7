"""GridWorld: each agent walks to the far corner of its own side, and nobody may bump. The reference task of the course.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from qmix_course import errors
from qmix_course.envs.base import Model, TeamEnv, TeamSpec, TeamStep

MOVES = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]])     # up, down, left, right as (row, column)
GOAL_REWARD, STEP_COST, DISTANCE_COST, BUMP_COST = 10.0, 0.05, 0.1, 0.5
LARGEST, LARGEST_SEEN = 500, 100                         # boards: tables of size², and with a view of size⁴, entries
MODEL_LIMIT = 5_000_000                                  # transitions that ``model`` is willing to list


class GridWorld(TeamEnv):
    """Each agent walks to its own goal; the team is paid once both are there.

    Actions: 0 up, 1 down, 2 left, 3 right. Positions are (row, column); row 0 is the top. All at the same time,
    - an agent on its goal stays there, whatever its action, at no cost;
    - any other agent moves; off the board it stays and the team pays 0.5 for each such agent;
    - agents that would now share a cell go back to where they were, and the team pays 0.5 once (walking into an agent
      on its goal counts; swapping cells is allowed).
    All on their goals: reward exactly 10 and ``terminated``. Otherwise −0.05 − 0.1 × (sum of Manhattan distances to
    the goals after the move) − the penalties; after ``episode_limit`` steps ``truncated``.

    Observation of agent i: own (r, c), the others' (r, c), own goal's (r, c), each ÷ (size − 1): O = 2N + 2.
    State: all positions, then all goals, scaled the same: S = 4N.

    Agent 0 starts in the top left corner and its goal is the bottom left one; agent 1 starts in the bottom right corner
    and its goal is the top right one. With more agents, pair p walks down column p and up column size − 1 − p.
    ``random_starts`` draws every placement of the agents on distinct cells with equal chance, but for the solved one.
    ``view`` is a viewing radius: an agent sees another one only if neither row nor column differ by more (a square of
    2 · view + 1 cells); the place of one that it does not see reads (−1, −1), which no cell does. The state shows all.
    """

    def __init__(self, size: int = 5, n_agents: int = 2, num_envs: int = 1, episode_limit: int = 100,
                 random_starts: bool = False, view: int | None = None):
        size = errors.whole_number("size", size, at_least=2, at_most=LARGEST)
        n_agents = errors.whole_number("n_agents", n_agents)
        if view is not None:
            view = errors.whole_number("view", view, at_least=0)
            errors.whole_number("size", size, at_least=2, at_most=LARGEST_SEEN)
        if n_agents > 2 * ((size + 1) // 2):
            raise ValueError(f"n_agents: a board of size {size} has room for at most {2 * ((size + 1) // 2)}, "
                             f"got {n_agents}")
        super().__init__(TeamSpec(n_agents, len(MOVES), 2 * n_agents + 2, 4 * n_agents, episode_limit), num_envs)
        self.size, self.random_starts = size, errors.switch("random_starts", random_starts)
        self.view, num_envs = view, self.num_envs

        # A cell is one number, row · size + column. Agents come first inside: numpy reduces a leading axis fastest.
        pair, upward = np.divmod(np.arange(n_agents), 2)
        self._start = np.where(upward, size * size - 1 - pair, pair)                        # [N] cells
        self._goal = np.where(upward, size - 1 - pair, size * (size - 1) + pair)            # [N] cells
        self._cells = np.repeat(self._start[:, None], num_envs, axis=1)                     # [N, B]
        self._clock = np.zeros(num_envs, dtype=np.int64)                                    # [B] steps played

        # What each agent would do if it were alone is a small table, its goal a place that it does not leave.
        cells, agents = np.arange(size * size), np.arange(n_agents)
        row_column = np.stack(np.divmod(cells, size), axis=1)                               # [cells, 2]
        wanted = row_column[:, None] + MOVES                                                # [cells, A, 2]
        outside = ((wanted < 0) | (wanted >= size)).any(-1)                                 # [cells, A]
        self._to = np.tile(np.where(outside, cells[:, None], wanted @ [size, 1]), (n_agents, 1, 1))
        self._bump = np.tile(outside, (n_agents, 1, 1))                                     # [N, cells, A], as _to
        self._to[agents, self._goal] = self._goal[:, None]
        self._bump[agents, self._goal] = False
        self._distance = np.abs(row_column - row_column[self._goal][:, None]).sum(-1)       # [N, cells]
        self._row = agents[:, None] * size * size                                           # where agent i's rows begin
        # Observations are looked up, in whatever dtype is torch's default when they are made. One cell more: not seen.
        scaled = np.concatenate([row_column / (size - 1), [[-1.0, -1.0]]])                  # [cells + 1, 2]
        self._scaled = {dtype: scaled.astype(name)
                        for dtype, name in ((torch.float32, "float32"), (torch.float64, "float64"))}
        near = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) <= (size if view is None else view)
        self._hidden = None if view is None else ~np.kron(near, near)                       # [cells, cells]
        # [N, N + 1], see _see
        self._sees = np.array([[i, *(j for j in agents if j != i), n_agents + i] for i in agents])

    @property
    def positions(self) -> torch.Tensor:
        """[B, N, 2] int64: where everyone is, as (row, column)."""
        return self._row_column(self._cells.T)

    @property
    def goals(self) -> torch.Tensor:
        """[N, 2] int64: the goals, as (row, column)."""
        return self._row_column(self._goal)

    def _row_column(self, cells: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.stack(np.divmod(cells, self.size), axis=-1))

    # ---- the rules -------------------------------------------------------------------------------------------------

    def _move(self, cells: np.ndarray, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One step of the rules: cells[N, B], actions[N, B] → cells after it [N, B], reward[B], terminated[B]."""
        entry = (self._row + cells) * len(MOVES) + actions
        after = self._to.take(entry)
        bumps = self._bump.take(entry).sum(0)
        shared = self._shared(after)
        if shared.any():
            bumps += shared.any(0)
            while shared.any():                     # whoever is sent back may now stand in a third agent's way
                after = np.where(shared, cells, after)
                shared = self._shared(after)
        distance = self._distance.take(self._row + after).sum(0)
        solved = distance == 0
        reward = np.where(solved, GOAL_REWARD, -STEP_COST - DISTANCE_COST * distance - BUMP_COST * bumps)
        return after, reward, solved

    @staticmethod
    def _shared(cells: np.ndarray) -> np.ndarray:
        """[N, B] bool: the agents that stand on a cell together with another one."""
        shared = np.zeros(cells.shape, dtype=bool)
        for i in range(len(cells)):
            for j in range(i):
                same = cells[i] == cells[j]
                shared[i] |= same
                shared[j] |= same
        return shared

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        self._cells, reward, terminated = self._move(self._cells, actions.numpy().T)
        self._clock = self._clock + 1
        truncated = (self._clock >= self.spec.episode_limit) & ~terminated        # at the limit, terminated wins
        return self._pack(reward, terminated, truncated)

    def _see(self, cells: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """What each agent observes and what training may know: cells[N, B] → obs[B, N, O], state[B, S]."""
        n, batch = cells.shape
        things = np.concatenate([cells, self._goal[:, None].repeat(batch, 1)]).T     # [B, 2N] everyone, then every goal
        scaled = self._scaled[torch.get_default_dtype()]
        state = scaled.take(things, axis=0).reshape(batch, 4 * n)
        seen = things.take(self._sees, axis=1)        # [B, N, N + 1] own, others', own goal
        if self.view is not None:
            others = seen[..., 1:-1]
            others[self._hidden[seen[..., :1], others]] = self.size ** 2
        obs = scaled.take(seen, axis=0).reshape(batch, n, 2 * n + 2)
        return torch.from_numpy(obs), torch.from_numpy(state)

    def _pack(self, reward: np.ndarray, terminated: np.ndarray, truncated: np.ndarray) -> TeamStep:
        obs, state = self._see(self._cells)
        return TeamStep(obs, state, torch.ones(*obs.shape[:2], len(MOVES), dtype=torch.bool),
                        torch.from_numpy(reward).to(obs.dtype),
                        torch.from_numpy(terminated), torch.from_numpy(truncated))

    # ---- beginnings ------------------------------------------------------------------------------------------------

    def _begin(self, where: torch.Tensor, positions: np.ndarray | None = None) -> TeamStep:
        rows = where.numpy()
        if positions is not None:
            fresh = positions[:, rows]
        elif self.random_starts:
            fresh = self._draw(int(rows.sum()))
        else:
            fresh = self._start[:, None]
        self._cells = self._cells.copy()
        self._cells[:, rows] = fresh
        self._clock = np.where(rows, 0, self._clock)
        nothing = np.zeros(self.num_envs, dtype=bool)
        return self._pack(np.zeros(self.num_envs), nothing, nothing.copy())

    def _draw(self, count: int) -> np.ndarray:
        """``count`` random placements [N, count] on distinct cells, never the solved one."""
        keys = torch.rand(count, self.size ** 2, generator=self._generator, dtype=torch.float64)
        cells = keys.argsort(1)[:, :self.spec.n_agents].numpy().T.copy()
        solved = self._solved(cells)
        if solved.any():
            cells[:, solved] = self._draw(int(solved.sum()))
        return cells

    def _solved(self, cells: np.ndarray) -> np.ndarray:
        """[B] bool, from cells[N, B]: everyone is home."""
        return (cells == self._goal[:, None]).all(0)

    def _check_start(self, positions: torch.Tensor | None = None, **unknown) -> dict:
        super()._check_start(**unknown)
        if positions is None:
            return {}
        n = self.spec.n_agents
        if errors.has_axes(positions, 2):
            positions = positions.expand(self.num_envs, *positions.shape)
        errors.tensor("positions", positions, (self.num_envs, n, 2), torch.int64)
        if positions.min() < 0 or positions.max() >= self.size:
            raise ValueError(f"positions: expected rows and columns from 0 to {self.size - 1}, "
                             f"got {int(positions.min())} to {int(positions.max())}")
        cells = (positions.numpy() @ [self.size, 1]).T
        shared, solved = self._shared(cells).any(0), self._solved(cells)
        if shared.any():
            raise ValueError("positions: expected every agent on a cell of its own, got two on the same cell in row "
                             f"{int(shared.argmax())}")
        if solved.any():
            raise ValueError("positions: all agents already stand on their goals in row "
                             f"{int(solved.argmax())}; such an episode has ended")
        return {"positions": cells}

    def clone(self, num_envs: int | None = None) -> GridWorld:
        return self._another(GridWorld, self.size, self.spec.n_agents, self.num_envs if num_envs is None else num_envs,
                             self.spec.episode_limit, self.random_starts, self.view)

    # ---- the whole task, and where a run stands
    # -----------------------------------------------------------------------

    def placements(self) -> torch.Tensor:
        """[X, N, 2] int64: every placement of the agents on distinct cells but the solved one, in ``model``'s order."""
        return self._row_column(self._list_placements().T)

    def _list_placements(self) -> np.ndarray:
        states = math.perm(self.size ** 2, self.spec.n_agents)
        if states * len(MOVES) ** self.spec.n_agents > MODEL_LIMIT:
            raise ValueError(f"model: {states} states × {len(MOVES) ** self.spec.n_agents} joint actions are more than "
                             f"the {MODEL_LIMIT} transitions that can be listed; take a smaller board or fewer agents")
        listed = itertools.permutations(range(self.size ** 2), self.spec.n_agents)
        placements = np.array(list(listed)).T                                      # [N, X + 1]
        return placements[:, ~self._solved(placements)]

    def model(self) -> Model:
        """Every state but the solved one, and what each of the 4^N joint actions does there; the clock is left out."""
        n, joint = self.spec.n_agents, len(MOVES) ** self.spec.n_agents
        cells = self._list_placements()
        actions = np.array(list(itertools.product(range(len(MOVES)), repeat=n))).T
        after, reward, terminated = self._move(np.repeat(cells, joint, axis=1), np.tile(actions, cells.shape[1]))
        key = self.size ** (2 * np.arange(n)[::-1])            # reads a placement as one number, ordered like the list
        rows = np.searchsorted(key @ cells, key @ after)
        shape = (cells.shape[1], *[len(MOVES)] * n)
        begin = np.arange(cells.shape[1]) if self.random_starts else np.searchsorted(key @ cells, [key @ self._start])
        obs, state = self._see(cells)
        return Model(state, obs, torch.from_numpy(np.where(terminated, 0, rows).reshape(shape)),
                     torch.from_numpy(reward.reshape(shape)).to(state.dtype),
                     torch.from_numpy(terminated.reshape(shape)), torch.from_numpy(begin))

    def state_dict(self) -> dict:
        return super().state_dict() | {"cells": torch.from_numpy(self._cells.copy()),
                                       "clock": torch.from_numpy(self._clock.copy())}

    def load_state_dict(self, saved: dict) -> None:
        cells, clock = errors.entries("saved", saved, ("cells", "clock"))
        errors.tensor("saved['cells']", cells, self._cells.shape, torch.int64)
        errors.between("saved['cells']", cells, 0, self.size ** 2 - 1)
        if self._shared(cells.numpy()).any():
            raise ValueError("saved['cells']: expected every agent on a cell of its own, got two on the same cell")
        errors.tensor("saved['clock']", clock, (self.num_envs,), torch.int64)
        errors.between("saved['clock']", clock, 0, self.spec.episode_limit)
        super().load_state_dict(saved)
        self._cells, self._clock = cells.numpy().copy(), clock.numpy().copy()
