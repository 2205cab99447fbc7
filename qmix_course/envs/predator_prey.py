"""PredatorPrey: two predators must catch a prey together; one that tries alone is punished."""

from __future__ import annotations

import numpy as np
import torch

from qmix_course import errors
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep

CATCH = 5                                               # 0 to 3 are the moves, 4 is to stay
FREE, PREDATOR, PREY, WALL = range(4)                   # what stands on a cell
CAPTURE_REWARD = 10.0
LARGEST = 500                                           # sizes of the board and of what is seen


class PredatorPrey(TeamEnv):
    """Predators (the agents) hunt prey on a ``size`` × ``size`` board. No two of them ever share a cell.

    Actions: 0 up, 1 down, 2 left, 3 right, 4 stay, 5 catch. A move off the board is unavailable, and so is catch
    without a prey on one of the four neighbouring cells. A predator that has left the board can only stay. One step:

    - The predators move one after the other, in an order drawn afresh; one whose way is blocked stays where it is.
    - Then each prey in turn, in an order drawn afresh. All predators beside it that play catch count, wherever else
      they
      stand. Two or more: the team gets 10, and the prey and those predators leave the board (they count for no other
      prey). One alone: the team gets ``punishment`` ≤ 0, once for each prey beside which it is alone.
    - A prey that was not caught moves to a free neighbouring cell, all with equal chance, and rests only if there is
      none.

    ``terminated``: no prey is left, or fewer than two predators. ``truncated``: ``episode_limit`` steps were played.
    An episode begins with all of them on different cells, every placement equally likely, or as
    ``reset(predators=[B, N, 2], prey=[B, M, 2])`` says: (row, column), int64, without the B axis for the same in every
    row.

    Observation of an agent: which cells of the (2 · view + 1)² around it hold predators (itself in the middle), prey,
    and which are outside; then its own (r, c) ÷ (size − 1). O = 3 (2 · view + 1)² + 2; all 0 once it has left the
    board. State: which cells hold predators, which hold prey; S = 2 size².

    The rules and sizes (the defaults) are those of the code of Weighted QMIX (Rashid et al. 2020, ``stag_hunt.py`` and
    ``pred_prey_punish.yaml``), which comes from Deep Coordination Graphs (Böhmer et al. 2020). Two things differ: there
    an agent sees neither the edge of the board nor its own place, and a last predator, which can gain nothing, plays
    on.
    """

    masks_actions = True

    def __init__(self, size: int = 10, n_predators: int = 8, n_prey: int = 8, view: int = 2, episode_limit: int = 200,
                 punishment: float = 0.0, num_envs: int = 1):
        self.size = errors.whole_number("size", size, at_least=2, at_most=LARGEST)
        self.n_predators = errors.whole_number("n_predators", n_predators, at_least=2)
        self.n_prey = errors.whole_number("n_prey", n_prey)
        self.view = errors.whole_number("view", view, at_most=LARGEST)
        self.punishment = errors.number("punishment", punishment, high=0.0)
        if n_predators + n_prey > size * size:
            raise ValueError(f"n_predators, n_prey: a board of size {size} has room for {size * size} in all, "
                             f"got {n_predators} and {n_prey}")
        patch = (2 * view + 1) ** 2
        super().__init__(TeamSpec(n_predators, 6, 3 * patch + 2, 2 * size * size, episode_limit), num_envs)

        # Inside, the board has a wall of ``view`` cells around it; a cell is one number, and 0 (in the wall) means
        # gone.
        width = size + 2 * view
        row, column = np.divmod(np.arange(width * width), width)
        inside = (np.minimum(row, column) >= view) & (np.maximum(row, column) < size + view)
        self._empty = np.where(inside, FREE, WALL)                                          # [cells]
        self._inside = np.flatnonzero(inside)        # [size²] the board's own cells
        self._scaled = np.stack([row - view, column - view], -1) / (size - 1)               # [cells, 2]
        self._go = np.array([-width, width, -1, 1, 0, 0])                                   # [A] what each action adds
        around = np.arange(-view, view + 1)
        self._patch = (around[:, None] * width + around).ravel()                            # [(2 view + 1)²]
        self._rows = np.arange(self.num_envs)
        self._predators = np.zeros((self.num_envs, n_predators), dtype=np.int64)            # [B, N] cells
        self._prey = np.zeros((self.num_envs, n_prey), dtype=np.int64)                      # [B, M] cells
        self._clock = np.zeros(self.num_envs, dtype=np.int64)                               # [B] steps played
        self._board = np.tile(self._empty, (self.num_envs, 1))        # [B, cells] what stands where

    @property
    def predators(self) -> torch.Tensor:
        """[B, N, 2] int64: where the predators are, as (row, column); (−1, −1) for those that have left the board."""
        return self._row_column(self._predators)

    @property
    def prey(self) -> torch.Tensor:
        """[B, M, 2] int64: where the prey are, as (row, column); (−1, −1) for those that were caught."""
        return self._row_column(self._prey)

    def _row_column(self, cells: np.ndarray) -> torch.Tensor:
        places = np.stack(np.divmod(cells, self.size + 2 * self.view), -1) - self.view
        return torch.from_numpy(np.where((cells > 0)[..., None], places, -1))

    # ---- the rules -------------------------------------------------------------------------------------------------

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        actions = actions.numpy()
        n, m, dice = self.n_predators, self.n_prey, self._roll()
        for who in dice[:, :n].argsort(1).T:
            self._move_predator(who, actions[self._rows, who])
        catching = actions == CATCH                                                         # [B, N]
        reward = np.zeros(self.num_envs)
        for who in dice[:, n:n + m].argsort(1).T:
            reward += self._hunt(who, catching)
            self._move_prey(who, dice[self._rows, n + m + who])
        self._clock = self._clock + 1
        terminated = (self._prey == 0).all(1) | ((self._predators > 0).sum(1) < 2)
        truncated = (self._clock >= self.spec.episode_limit) & ~terminated        # at the limit, terminated wins
        return self._pack(reward, terminated, truncated)

    def _roll(self) -> np.ndarray:
        """All dice of a step, [B, N + 2M] in [0, 1): the predators' order, the prey's order, and where each prey goes.

        Always as many, so that what one row draws does not depend on what happens in another.
        """
        shape = self.num_envs, self.n_predators + 2 * self.n_prey
        return torch.rand(*shape, generator=self._generator, dtype=torch.float64).numpy()

    def _move_predator(self, who: np.ndarray, actions: np.ndarray) -> None:
        """In each row, predator who[B] goes where actions[B] say if that cell is free."""
        here = self._predators[self._rows, who]
        there = here + self._go[actions]                # who stays, catches or is gone finds its own cell taken
        rows = np.flatnonzero(self._board[self._rows, there] == FREE)
        self._board[rows, here[rows]], self._board[rows, there[rows]] = FREE, PREDATOR
        self._predators[rows, who[rows]] = there[rows]

    def _hunt(self, who: np.ndarray, catching: np.ndarray) -> np.ndarray:
        """The reward[B] of the attempts on prey who[B] by the predators that play catch, catching[B, N]."""
        here = self._prey[self._rows, who]
        beside = (self._go[:4, None, None] + here[:, None] == self._predators).any(0)       # [B, N]
        hunters = catching & beside & (here > 0)[:, None]
        count = hunters.sum(1)
        caught = count >= 2
        if caught.any():
            rows, leaving = np.nonzero(hunters & caught[:, None])
            self._board[rows, self._predators[rows, leaving]] = FREE
            self._predators[rows, leaving] = 0        # beside no prey from here on
            rows = np.flatnonzero(caught)
            self._board[rows, here[rows]] = FREE
            self._prey[rows, who[rows]] = 0
        return CAPTURE_REWARD * caught + self.punishment * (count == 1)

    def _move_prey(self, who: np.ndarray, dice: np.ndarray) -> None:
        """In each row, prey who[B] goes to one of its free neighbouring cells, which one its die dice[B] in [0, 1)
        says."""
        here = self._prey[self._rows, who]
        near = here[:, None] + self._go[:4]                                                 # [B, 4]
        free = (self._board[self._rows[:, None], near] == FREE) & (here > 0)[:, None]
        choice = (dice * free.sum(1)).astype(np.int64)                                      # which of the free ones
        there = near[self._rows, (free.cumsum(1) > choice[:, None]).argmax(1)]
        rows = np.flatnonzero(free.any(1))
        self._board[rows, here[rows]], self._board[rows, there[rows]] = FREE, PREY
        self._prey[rows, who[rows]] = there[rows]

    # ---- what is seen ------------------------------------------------------------------------------------------------

    def _pack(self, reward: np.ndarray, terminated: np.ndarray, truncated: np.ndarray) -> TeamStep:
        dtype = torch.get_default_dtype()
        floats = "float64" if dtype == torch.float64 else "float32"
        rows, gone = self._rows[:, None, None], (self._predators == 0)[..., None]           # gone[B, N, 1]
        patch = self._board[rows, self._predators[..., None] + self._patch]                 # [B, N, (2 view + 1)²]
        seen = [patch == PREDATOR, patch == PREY, patch == WALL, self._scaled[self._predators]]
        obs = np.concatenate(seen, -1, dtype=floats)
        obs[gone[..., 0]] = 0
        board = self._board[:, self._inside]
        state = np.concatenate([board == PREDATOR, board == PREY], -1, dtype=floats)
        near = self._board[rows, self._predators[..., None] + self._go[:4]]                 # [B, N, 4]
        always, prey = np.ones_like(gone), (near == PREY).any(-1, keepdims=True)
        available = np.concatenate([near != WALL, always, prey], -1)        # who is gone has walls all around
        return TeamStep(*map(torch.from_numpy, (obs, state, available)), torch.from_numpy(reward).to(dtype),
                        *map(torch.from_numpy, (terminated, truncated)))

    # ---- beginnings, and where a run stands
    # ----------------------------------------------------------------------------

    def _begin(self, where: torch.Tensor, placed: np.ndarray | None = None) -> TeamStep:
        rows, n = where.numpy(), self.n_predators
        if placed is None:
            placed = np.zeros((self.num_envs, n + self.n_prey), dtype=np.int64)
            keys = torch.rand(int(rows.sum()), self.size ** 2, generator=self._generator, dtype=torch.float64)
            placed[rows] = self._inside[keys.argsort(1)[:, :n + self.n_prey].numpy()]
        self._predators = np.where(rows[:, None], placed[:, :n], self._predators)
        self._prey = np.where(rows[:, None], placed[:, n:], self._prey)
        self._clock = np.where(rows, 0, self._clock)
        self._fill_board()
        nothing = np.zeros(self.num_envs, dtype=bool)
        return self._pack(np.zeros(self.num_envs), nothing, nothing.copy())

    def _fill_board(self) -> None:
        self._board = np.tile(self._empty, (self.num_envs, 1))
        for cells, what in ((self._predators, PREDATOR), (self._prey, PREY)):
            rows, which = np.nonzero(cells)
            self._board[rows, cells[rows, which]] = what

    def _check_start(self, predators: torch.Tensor | None = None, prey: torch.Tensor | None = None, **unknown) -> dict:
        super()._check_start(**unknown)
        if predators is None and prey is None:
            return {}
        if predators is None or prey is None:
            raise ValueError("predators, prey: expected both or neither, got one of them")
        placed = []
        for name, value, count in (("predators", predators, self.n_predators), ("prey", prey, self.n_prey)):
            if errors.has_axes(value, 2):
                value = value.expand(self.num_envs, *value.shape)
            errors.tensor(name, value, (self.num_envs, count, 2), torch.int64)
            if value.min() < 0 or value.max() >= self.size:
                raise ValueError(f"{name}: expected rows and columns from 0 to {self.size - 1}, "
                                 f"got {int(value.min())} to {int(value.max())}")
            placed.append((value.numpy() + self.view) @ [self.size + 2 * self.view, 1])
        placed = np.concatenate(placed, 1)
        twice = (np.diff(np.sort(placed, 1), axis=1) == 0).any(1)
        if twice.any():
            raise ValueError("predators, prey: expected each on a cell of its own, got two on the same cell in row "
                             f"{int(twice.argmax())}")
        return {"placed": placed}

    def clone(self, num_envs: int | None = None) -> PredatorPrey:
        return self._another(PredatorPrey, self.size, self.n_predators, self.n_prey, self.view, self.spec.episode_limit,
                             self.punishment, self.num_envs if num_envs is None else num_envs)

    def state_dict(self) -> dict:
        own = {"predators": self._predators, "prey": self._prey, "clock": self._clock}
        return super().state_dict() | {name: torch.from_numpy(value.copy()) for name, value in own.items()}

    def load_state_dict(self, saved: dict) -> None:
        values = errors.entries("saved", saved, ("predators", "prey", "clock"))
        for name, value, shape in zip(("predators", "prey", "clock"), values,
                                      (self._predators.shape, self._prey.shape, (self.num_envs,))):
            errors.tensor(f"saved[{name!r}]", value, shape, torch.int64)
            errors.between(f"saved[{name!r}]", value, 0,
                           self.spec.episode_limit if name == "clock" else len(self._empty) - 1)
            if name != "clock" and not np.isin(value.numpy(), [0, *self._inside]).all():
                raise ValueError(f"saved[{name!r}]: expected cells of the board, or 0 for who is gone, got others")
        for row in torch.cat(values[:2], 1).tolist():
            here = [cell for cell in row if cell]
            if len(set(here)) < len(here):
                raise ValueError("saved['predators'], saved['prey']: expected each on a cell of its own, got two on "
                                 "the same cell")
        super().load_state_dict(saved)
        self._predators, self._prey, self._clock = (value.numpy().copy() for value in values)
        self._fill_board()
