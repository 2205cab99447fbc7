"""Games that fit on a napkin: one joint action (MatrixGame), two (TwoStepGame), or m (MStepGame). They terminate, never
truncate."""

from __future__ import annotations

import torch

from qmix_course import errors
from qmix_course.envs.base import Model, TeamEnv, TeamSpec, TeamStep

# payoff[a1][a2]. Sources: climbing and penalty: Claus & Boutilier 1998; qtran: Son et al. 2019;
# qplex1, qplex3: the code published with QPLEX (Wang et al. 2021); two_optima: Rashid et al. 2020 (it pays for playing
# the same).
PAYOFFS = {
    "climbing": ((11, -30, 0), (-30, 7, 6), (0, 0, 5)),
    "qtran": ((8, -12, -12), (-12, 0, 0), (-12, 0, 0)),
    "qplex1": ((10.4, 0, 10), (0, 10, 10), (10, 10, 10)),
    "qplex3": ((8, -12, -12), (-12, 6, 0), (-12, 0, 6)),
    "two_optima": ((1, 0), (0, 1)),
}
LONGEST_GAME = 1_000                    # steps: a state of its own for each, one-hot


def penalty(k: float) -> tuple:
    """The penalty game of Claus & Boutilier (1998): two equally good corners, ``k`` ≤ 0 for a misunderstanding."""
    k = errors.number("k", k, high=0.0)
    return (10, 0, k), (0, 2, 0), (k, 0, 10)


class TableGame(TeamEnv):
    """A game given by its model: a step is a look-up. Every agent observes the same state, one-hot unless
    ``states``[X, S] says how the X states are written down."""

    def __init__(self, num_envs: int, n_agents: int, n_actions: int, n_states: int, episode_limit: int,
                 states: torch.Tensor | None = None):
        self._states = torch.eye(n_states) if states is None else states
        state_dim = self._states.shape[1]
        super().__init__(TeamSpec(n_agents, n_actions, state_dim, state_dim, episode_limit), num_envs)
        shape = (n_states, *[n_actions] * n_agents)
        self._next = torch.zeros(shape, dtype=torch.int64)
        self._reward = torch.zeros(shape, dtype=torch.float64)
        self._final = torch.ones(shape, dtype=torch.bool)
        self._at = torch.zeros(self.num_envs, dtype=torch.int64)            # [B] the state each row is in

    def _see(self, reward: torch.Tensor, terminated: torch.Tensor) -> TeamStep:
        n, dtype = self.spec.n_agents, torch.get_default_dtype()
        state = self._states[self._at].to(dtype)
        return TeamStep(
            obs=state.unsqueeze(1).repeat(1, n, 1), state=state,
            available=torch.ones(self.num_envs, n, self.spec.n_actions, dtype=torch.bool),
            reward=reward.to(dtype), terminated=terminated, truncated=torch.zeros_like(terminated))

    def _begin(self, where: torch.Tensor) -> TeamStep:
        self._at = torch.where(where, 0, self._at)
        return self._see(torch.zeros(self.num_envs), torch.zeros(self.num_envs, dtype=torch.bool))

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        entry = (self._at, *actions.unbind(1))
        reward, terminated = self._reward[entry], self._final[entry]
        self._at = torch.where(terminated, self._at, self._next[entry])
        return self._see(reward, terminated)

    def model(self) -> Model:
        dtype = torch.get_default_dtype()
        state = self._states.to(dtype, copy=True)
        return Model(state=state, obs=state.unsqueeze(1).repeat(1, self.spec.n_agents, 1),
                     next_state=self._next.clone(), reward=self._reward.to(dtype),
                     terminated=self._final.clone(), start=torch.zeros(1, dtype=torch.int64))

    def settings(self) -> dict:
        return super().settings() | {"payoff": str(self._reward.tolist())}

    def state_dict(self) -> dict:
        return super().state_dict() | {"at": self._at.clone()}

    def load_state_dict(self, saved: dict) -> None:
        at, = errors.entries("saved", saved, ("at",))
        errors.tensor("saved['at']", at, (self.num_envs,), torch.int64)
        errors.between("saved['at']", at, 0, len(self._states) - 1)
        super().load_state_dict(saved)
        self._at = at.clone()


class MatrixGame(TableGame):
    """One joint action, one payoff, the end.

    ``payoff``: the name of a known game (a key of ``PAYOFFS``), or a table with one axis of A entries an agent:
    ``payoff[a1][a2]`` for two. There is one state, so O = S = 1 and both are always 1.
    """

    def __init__(self, payoff, num_envs: int = 1):
        if isinstance(payoff, str):
            payoff = PAYOFFS[errors.choice("payoff", payoff, PAYOFFS)]
        table = torch.from_numpy(errors.numbers("payoff", payoff, "a known name, or a table of numbers with one axis "
                                                                  "an agent"))
        if table.dim() < 1 or len(set(table.shape)) != 1 or table.numel() == 0:
            raise ValueError(f"payoff: expected axes of equal length, one an agent, got shape {tuple(table.shape)}")
        super().__init__(num_envs, n_agents=table.dim(), n_actions=table.shape[0], n_states=1, episode_limit=1)
        self._reward[0] = table

    @property
    def payoff(self) -> torch.Tensor:
        """[A, ..., A]: what each joint action pays, in torch's default dtype."""
        return self._reward[0].to(torch.get_default_dtype())

    def clone(self, num_envs: int | None = None) -> MatrixGame:
        return self._another(MatrixGame, self._reward[0], self.num_envs if num_envs is None else num_envs)


class TwoStepGame(TableGame):
    """The two-step game of the QMIX paper (Rashid et al. 2018, section 5).

    The first agent's first action picks the second state: 0 leads to 2A, which pays 7 whatever happens; 1 leads to 2B,
    which pays [[0, 1], [1, 8]]. The second agent's first action does nothing, and the first reward is 0. State and
    observations: one-hot (start, 2A, 2B), O = S = 3.
    """

    START, STATE_2A, STATE_2B = range(3)

    def __init__(self, num_envs: int = 1):
        super().__init__(num_envs, n_agents=2, n_actions=2, n_states=3, episode_limit=2)
        self._next[self.START, 0], self._next[self.START, 1] = self.STATE_2A, self.STATE_2B
        self._final[self.START] = False
        self._reward[self.STATE_2A] = 7.0
        self._reward[self.STATE_2B] = torch.tensor([[0.0, 1.0], [1.0, 8.0]])

    def clone(self, num_envs: int | None = None) -> TwoStepGame:
        return self._another(TwoStepGame, self.num_envs if num_envs is None else num_envs)


class MStepGame(TableGame):
    """The m-step matrix game with two good branches out of four (Mahajan et al. 2019; the details are those of their
    code).

    The first joint action of ``steps`` = m fixes the branch. (0, 0) and (1, 1) are good: each step that repeats the
    branch's joint action pays 1. Any other joint action pays 0 and ends the episode, at the first step already. The
    last step of branch (0, 0) is different: it pays [[1, 1], [1, 4]]. So m is to be had in either branch by playing on,
    and m + 3 by leaving branch (0, 0)'s habit at the last moment, together.

    State and observations: the step, one-hot [m], then the branch, one-hot [2] for (0, 0) and (1, 1), both 0 at the
    first step; O = S = m + 2. (The authors' state has four branches, and says branch (0, 0) before there is one.)
    """

    def __init__(self, steps: int = 10, num_envs: int = 1):
        steps = errors.whole_number("steps", steps, at_least=2, at_most=LONGEST_GAME)
        states = torch.zeros(2 * steps - 1, steps + 2)                      # the start, then both branches at each step
        states[0, 0] = 1.0
        for step in range(1, steps):
            for branch in (0, 1):
                states[self.row(step, branch), [step, steps + branch]] = 1.0
        super().__init__(num_envs, n_agents=2, n_actions=2, n_states=len(states), episode_limit=steps, states=states)
        self.steps = steps
        for step in range(steps):
            for branch in (0, 1):                                           # its joint action is (branch, branch)
                entry = (self.row(step, branch) if step else 0, branch, branch)
                self._reward[entry] = 1.0
                if step < steps - 1:
                    self._next[entry], self._final[entry] = self.row(step + 1, branch), False
        self._reward[self.row(steps - 1, 0)] = torch.tensor([[1.0, 1.0], [1.0, 4.0]])

    @staticmethod
    def row(step: int, branch: int) -> int:
        """The row of ``model()`` for branch (``branch``, ``branch``) at ``step``, 1 to m − 1; the start is row 0."""
        return 2 * step - 1 + branch

    def clone(self, num_envs: int | None = None) -> MStepGame:
        return self._another(MStepGame, self.steps, self.num_envs if num_envs is None else num_envs)


class LongWay(TableGame):
    """A way of ``steps`` steps that pays 10 at its end, and ``near`` ≤ 10 for whoever stops before: is the end worth
    the wait?

    Agent 1 leads: action 0 stops, which pays ``near`` and ends the episode, in every state; action 1 goes on, and from
    the last state it pays 10 and ends. Agent 2's action does nothing. State and observations: the place on the way,
    one-hot, O = S = ``steps``. By the discount factor the end is worth 10 γ^(steps − 1) at the start.
    """

    FAR = 10.0

    def __init__(self, steps: int = 6, near: float = 4.0, num_envs: int = 1):
        steps = errors.whole_number("steps", steps, at_least=2, at_most=LONGEST_GAME)
        self.near = errors.number("near", near, high=self.FAR)
        super().__init__(num_envs, n_agents=2, n_actions=2, n_states=steps, episode_limit=steps)
        self.steps = steps
        self._reward[:, 0] = self.near
        self._next[:-1, 1] = torch.arange(1, steps)[:, None]
        self._final[:-1, 1] = False
        self._reward[-1, 1] = self.FAR

    def clone(self, num_envs: int | None = None) -> LongWay:
        return self._another(LongWay, self.steps, self.near, self.num_envs if num_envs is None else num_envs)
