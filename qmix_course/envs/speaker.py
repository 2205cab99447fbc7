"""Speaker and listener: one agent knows where to go, the other one can walk (Lowe et al. 2017, the task that MPE and
PettingZoo call simple_speaker_listener)."""

from __future__ import annotations

import numpy as np
import torch

from qmix_course import errors
from qmix_course.envs.base import TeamEnv, TeamSpec, TeamStep

COLOURS = np.full((3, 3), 0.15) + 0.5 * np.eye(3)   # of the three landmarks; the speaker sees its goal's
PUSHES = np.array([[0.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])  # none, left, right, down, up
TICK, FRICTION, FORCE = 0.1, 0.25, 5.0


class SpeakerListener(TeamEnv):
    """The rules of mpe2's simple_speaker_listener_v4, batched and with nothing to install.

    Agent 0, the speaker, does not move: it sees the goal's colour and says one of three words (actions 0 to 2). Agent
    1, the listener, sees its velocity, where the three landmarks are from where it stands, and the word of the step
    before; it pushes itself left, right, down or up, or not at all (actions 1 to 4, and 0). The team is paid minus the
    squared distance between listener and goal, at every step; an episode is cut after ``episode_limit`` steps and never
    ends otherwise.

    obs: O = 11, the speaker's 3 numbers with zeros behind them. state: S = 14, both observations side by side.
    """

    masks_actions = True

    def __init__(self, episode_limit: int = 25, num_envs: int = 1):
        limit = errors.whole_number("episode_limit", episode_limit, at_most=10_000)
        super().__init__(TeamSpec(n_agents=2, n_actions=5, obs_dim=11, state_dim=14, episode_limit=limit), num_envs)
        self._board = {"goal": np.zeros(num_envs, dtype=np.int64), "word": np.full(num_envs, -1),
                       "place": np.zeros((num_envs, 2)), "velocity": np.zeros((num_envs, 2)),
                       "landmarks": np.zeros((num_envs, 3, 2)), "clock": np.zeros(num_envs, dtype=np.int64)}

    @property
    def places(self) -> dict[str, torch.Tensor]:
        """Where everything is: listener[B, 2] and landmarks[B, 3, 2], and which landmark is the goal[B] int64."""
        return {"listener": torch.from_numpy(self._board["place"].copy()),
                "landmarks": torch.from_numpy(self._board["landmarks"].copy()),
                "goal": torch.from_numpy(self._board["goal"].copy())}

    def _begin(self, where: torch.Tensor) -> TeamStep:
        rows, board = where.numpy(), self._board
        count = int(rows.sum())
        goals = torch.randint(3, (count,), generator=self._generator).numpy()
        places = torch.rand(count, 4, 2, generator=self._generator, dtype=torch.float64).numpy() * 2 - 1
        new = {"goal": goals, "word": -1, "place": places[:, 0], "velocity": 0.0, "landmarks": places[:, 1:],
               "clock": 0}
        for name, value in new.items():
            board[name] = board[name].copy()
            board[name][rows] = value
        return self._see(np.zeros(self.num_envs), np.zeros(self.num_envs, dtype=bool))

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        said, push = actions.numpy().T
        board = self._board
        self._board = board | {
            "word": said.copy(), "place": board["place"] + TICK * board["velocity"], "clock": board["clock"] + 1,
            "velocity": (1 - FRICTION) * board["velocity"] + TICK * FORCE * PUSHES[push]}
        goal = self._board["landmarks"][np.arange(self.num_envs), self._board["goal"]]
        reward = -((self._board["place"] - goal) ** 2).sum(-1)
        return self._see(reward, self._board["clock"] >= self.spec.episode_limit)

    def _see(self, reward: np.ndarray, truncated: np.ndarray) -> TeamStep:
        board, rows = self._board, self.num_envs
        word = (board["word"][:, None] == np.arange(3)).astype(np.float64)
        ways = (board["landmarks"] - board["place"][:, None]).reshape(rows, 6)
        listener = np.concatenate([board["velocity"], ways, word], 1)
        speaker = COLOURS[board["goal"]]
        obs = np.zeros((rows, 2, 11))
        obs[:, 0, :3], obs[:, 1] = speaker, listener
        available = torch.ones(rows, 2, 5, dtype=torch.bool)
        available[:, 0, 3:] = False
        dtype = torch.get_default_dtype()
        return TeamStep(obs=torch.from_numpy(obs).to(dtype), available=available,
                        state=torch.from_numpy(np.concatenate([speaker, listener], 1)).to(dtype),
                        reward=torch.from_numpy(reward).to(dtype), terminated=torch.zeros(rows, dtype=torch.bool),
                        truncated=torch.from_numpy(truncated))

    def clone(self, num_envs: int | None = None) -> SpeakerListener:
        return self._another(SpeakerListener, self.spec.episode_limit,
                             self.num_envs if num_envs is None else num_envs)

    def state_dict(self) -> dict:
        return super().state_dict() | {"board": {name: torch.from_numpy(value.copy())
                                                 for name, value in self._board.items()}}

    def load_state_dict(self, saved: dict) -> None:
        board, = errors.entries("saved", saved, ("board",))
        values = errors.entries("saved['board']", board, self._board)
        for (name, here), value in zip(self._board.items(), values):
            whole = here.dtype.kind == "i"
            errors.tensor(f"saved['board'][{name!r}]", value, here.shape, torch.int64 if whole else torch.float64)
            if not whole and not errors.finite(value):
                raise ValueError(f"saved['board'][{name!r}]: expected finite numbers, got NaN or infinity")
        for name, low, high in (("goal", 0, 2), ("word", -1, 2), ("clock", 0, self.spec.episode_limit)):
            errors.between(f"saved['board'][{name!r}]", board[name], low, high)
        super().load_state_dict(saved)
        self._board = {name: board[name].numpy().copy() for name in self._board}
