"""Formation: robots on a plane take up a shape, anywhere, in any order, without running into each other."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import torch

from qmix_course import errors
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep

STEP = 0.5
WAYS = STEP * np.array([[0, 0], [0, 1], [0, -1], [1, 0], [-1, 0]])                  # stay, north, south, east, west
NEAR = 0.75                     # robots that are closer than this are in each other's way
THERE = 0.25                    # a gap up to which the shape is there; by half units one always gets there
WAITING, FAR, CROWDED, FORMED = 0.05, 0.2, 0.5, 10.0                                # the reward's parts
GRID = 16                       # places at the start are multiples of 1/16
MOST = 6                        # robots: every order of them is looked at, 720 for six


def line(n: int) -> np.ndarray:
    """n places in a row, 1.5 apart."""
    return np.stack([1.5 * np.arange(n), np.zeros(n)], -1)


def wedge(n: int) -> np.ndarray:
    """A wedge that points north: a leader, the others behind it, left and right in turn."""
    side = (np.arange(n) + 1) // 2
    return np.stack([side * np.where(np.arange(n) % 2, -1.0, 1.0), -1.0 * side], -1)


def ring(n: int) -> np.ndarray:
    """n places evenly on a circle, neighbours 1.5 apart (two: opposite each other)."""
    turn = 2 * np.pi * np.arange(n) / n
    return 0.75 / np.sin(np.pi / n) * np.stack([np.cos(turn), np.sin(turn)], -1)


SHAPES = {"line": line, "wedge": wedge, "ring": ring}


class Formation(TeamEnv):
    """``n_agents`` robots on a plane of ``size`` × ``size`` shall take up ``shape``: a "line", a "wedge", a "ring", or
    places[N, 2] of your own. Where on the plane, and who takes which place, is up to them; the shape does not turn.

    Actions: 0 stay, 1 north, 2 south, 3 east, 4 west, by half a unit; a way that leaves the plane ends at its edge.
    All go at once. Robots closer than 0.75 are in each other's way: they pass, and the team pays for it.

    ``gap[B]`` says how far the shape is from being there: its places are laid over the robots, middle on middle, in the
    order in which the mean squared distance from robot to place is least, and of this the root is taken. Where it is at
    most 0.25 and nobody is in anybody's way, the shape is there.

    Reward: 10 when it is there, and the episode ends (``terminated``). Any other step pays −0.05 − 0.2 × gap − 0.5 for
    each pair in each other's way. ``truncated``: ``episode_limit`` steps were played.

    Observation of robot i: its own place (x, y from −1 to 1 over the plane), then for each other robot, in the order of
    their numbers, whether it is within ``view``, and dx, dy ÷ ``view``; 0 for who is not. The shape is not told; a team
    learns one. State: x, y of all. An episode begins with the robots anywhere on the plane, no two in each other's way,
    all such beginnings on a grid of 1/16 with equal chance; or at ``reset(places=[B, N, 2])``, without the B axis for
    the same in every row.
    """

    def __init__(self, shape="line", n_agents: int = 3, size: float = 8.0, view: float = 4.0, episode_limit: int = 40,
                 num_envs: int = 1):
        n = errors.whole_number("n_agents", n_agents, at_least=2, at_most=MOST)
        self.size, self.view = errors.number("size", size, 4.0, 1_000.0), errors.number("view", view, above=0.0)
        if isinstance(shape, str):
            self.shape, places = shape, SHAPES[errors.choice("shape", shape, SHAPES)](n)
        else:
            places = errors.numbers("shape", shape, "a line, a wedge, a ring, or places[N, 2]").astype(np.float64)
            self.shape = str(places.tolist())
        if places.shape != (n, 2) or not np.isfinite(places).all():
            raise ValueError(f"shape: expected a place (x, y) for each of {n} robots, got shape {places.shape}")
        if (np.ptp(places, 0) > self.size - 0.5).any():
            raise ValueError(f"shape: expected one that fits into {self.size:g} × {self.size:g}, got one of "
                             f"{np.ptp(places[:, 0]):g} × {np.ptp(places[:, 1]):g}")
        if _pairs(places[None]).min() < NEAR:
            raise ValueError(f"shape: expected places at least {NEAR:g} apart, got two that are closer")
        super().__init__(TeamSpec(n, len(WAYS), 2 + 3 * (n - 1), 2 * n, episode_limit), num_envs)
        self._shape = places
        # Every order of the shape's places, its middle at 0: [P, N, 2].
        self._orders = (places - places.mean(0))[np.array(list(permutations(range(n))))]
        self._at = np.zeros((self.num_envs, n, 2))
        self._clock = np.zeros(self.num_envs, dtype=np.int64)
        self._others = np.array([[j for j in range(n) if j != i] for i in range(n)])

    @property
    def places(self) -> torch.Tensor:
        """[B, N, 2] where the robots are, as (x, y)."""
        return torch.from_numpy(self._at.copy())

    def goals(self) -> torch.Tensor:
        """[B, N, 2] where each robot should be, if the shape is laid over them as ``gap`` says."""
        overlap, middle = self._overlap(), self._at.mean(1, keepdims=True)
        return torch.from_numpy(middle + self._orders[overlap.argmax(1)])

    def gap(self) -> torch.Tensor:
        """[B] the root of the mean squared distance from a robot to its place.

        For two sets of points a and b with one middle, the sum of squares is |a|² + |b|² − 2 a·b: an order of b matters
        in the last part alone.
        """
        centred = self._at - self._at.mean(1, keepdims=True)
        squares = (centred ** 2).sum((1, 2)) + (self._orders[0] ** 2).sum() - 2 * self._overlap().max(1)
        return torch.from_numpy(np.sqrt(squares.clip(min=0.0) / self.spec.n_agents))

    def _overlap(self) -> np.ndarray:
        """[B, P] a·b of the robots and each order of the places."""
        centred = self._at - self._at.mean(1, keepdims=True)
        return centred.reshape(len(centred), -1) @ self._orders.reshape(len(self._orders), -1).T

    def crowded(self) -> torch.Tensor:
        """[B] how many pairs are in each other's way."""
        return torch.from_numpy((_pairs(self._at) < NEAR).sum(-1))

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        self._at = np.clip(self._at + WAYS[actions.numpy()], 0.0, self.size)
        self._clock = self._clock + 1
        gap, crowded = self.gap(), self.crowded()
        terminated = (gap <= THERE + 1e-9) & (crowded == 0)
        reward = torch.where(terminated, FORMED, -WAITING - FAR * gap - CROWDED * crowded)
        truncated = torch.from_numpy(self._clock >= self.spec.episode_limit) & ~terminated
        return self._see(reward, terminated, truncated)

    def _see(self, reward: torch.Tensor, terminated: torch.Tensor, truncated: torch.Tensor) -> TeamStep:
        spec, dtype = self.spec, torch.get_default_dtype()
        own = self._at / (self.size / 2) - 1
        away = self._at[:, self._others] - self._at[:, :, None]                                     # [B, N, N − 1, 2]
        seen = (away ** 2).sum(-1, keepdims=True) <= self.view ** 2
        others = np.concatenate([seen, np.where(seen, away / self.view, 0.0)], -1).reshape(*own.shape[:2], -1)
        return TeamStep(obs=torch.from_numpy(np.concatenate([own, others], -1)).to(dtype),
                        state=torch.from_numpy(own.reshape(self.num_envs, -1)).to(dtype),
                        available=torch.ones(self.num_envs, spec.n_agents, spec.n_actions, dtype=torch.bool),
                        reward=reward.to(dtype), terminated=terminated, truncated=truncated)

    def _begin(self, where: torch.Tensor, places: np.ndarray | None = None) -> TeamStep:
        rows = where.numpy()
        fresh = self._draw(rows) if places is None else places
        self._at = np.where(rows[:, None, None], fresh, self._at)
        self._clock = np.where(rows, 0, self._clock)
        nothing = torch.zeros(self.num_envs, dtype=torch.bool)
        return self._see(torch.zeros(self.num_envs, dtype=torch.float64), nothing, nothing.clone())

    def _draw(self, rows: np.ndarray) -> np.ndarray:
        """Places[B, N, 2] for the rows that begin, drawn anew where two robots are in each other's way."""
        at, missing = self._at.copy(), rows.copy()
        while missing.any():
            dice = torch.rand(int(missing.sum()), self.spec.n_agents, 2, generator=self._generator, dtype=torch.float64)
            at[missing] = np.floor(dice.numpy() * (np.floor(self.size * GRID) + 1)) / GRID
            missing = missing & (_pairs(at).min(-1) < NEAR)
        return at

    def _check_start(self, places: torch.Tensor | None = None, **unknown) -> dict:
        super()._check_start(**unknown)
        if places is None:
            return {}
        if errors.has_axes(places, 2):
            places = places.expand(self.num_envs, *places.shape)
        errors.tensor("places", places, (self.num_envs, self.spec.n_agents, 2))
        return {"places": self._on_the_plane("places", places)}

    def _on_the_plane(self, name: str, places: torch.Tensor) -> np.ndarray:
        at = places.detach().numpy().astype(np.float64)
        if not ((at >= 0) & (at <= self.size)).all():
            raise ValueError(f"{name}: expected numbers from 0 to {self.size:g}, got others")
        return at

    def clone(self, num_envs: int | None = None) -> Formation:
        return self._another(Formation, self.shape if self.shape in SHAPES else self._shape, self.spec.n_agents,
                             self.size, self.view, self.spec.episode_limit,
                             self.num_envs if num_envs is None else num_envs)

    def state_dict(self) -> dict:
        return super().state_dict() | {"at": torch.from_numpy(self._at.copy()),
                                       "clock": torch.from_numpy(self._clock.copy())}

    def load_state_dict(self, saved: dict) -> None:
        at, clock = errors.entries("saved", saved, ("at", "clock"))
        errors.tensor("saved['at']", at, self._at.shape, torch.float64)
        errors.tensor("saved['clock']", clock, (self.num_envs,), torch.int64)
        errors.between("saved['clock']", clock, 0, self.spec.episode_limit)
        places = self._on_the_plane("saved['at']", at)
        super().load_state_dict(saved)
        self._at, self._clock = places.copy(), clock.numpy().copy()


def _pairs(at: np.ndarray) -> np.ndarray:
    """The distance of every pair of robots: at[B, N, 2] → [B, N (N − 1) / 2]."""
    one, two = np.triu_indices(at.shape[1], 1)
    return np.sqrt(((at[:, one] - at[:, two]) ** 2).sum(-1))


class FormationGuide:
    """One hand for all robots, for ``evaluate``: it sees the whole plane and sends each robot straight to its place in
    the shape as ``Formation.goals`` lays it over them, along the longer way first.

    A rule of thumb to hold teams against: no robot of a team sees what the guide sees, and a guide who thought ahead
    would do better.
    """

    def __init__(self, env: Formation):
        self._env, self.spec = errors.instance("env", env, Formation), env.spec

    def start(self, batch, generator=None) -> None:
        return None

    def act_values(self, obs: torch.Tensor, last_actions: torch.Tensor | None = None, memory=None):
        """Values[B, N, A], 1 for the way that each robot should take in ``env`` as it stands now, and no memory.

        From ``obs`` only the size: the guide looks at the plane itself.
        """
        errors.tensor("obs", obs, (self._env.num_envs, self.spec.n_agents, self.spec.obs_dim))
        left = self._env.goals() - self._env.places
        axis = left.abs().argmax(-1, keepdim=True)
        longer = left.gather(-1, axis).squeeze(-1)
        way = torch.where(axis.squeeze(-1) == 1, torch.where(longer > 0, 1, 2), torch.where(longer > 0, 3, 4))
        way = torch.where(longer.abs() <= STEP / 2, 0, way)
        return torch.nn.functional.one_hot(way, self.spec.n_actions).to(obs.dtype), None
