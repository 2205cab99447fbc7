"""Ground truth: the best value of every joint action by dynamic programming, and what a learner believes, enumerated.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import torch

from qmix_course import errors
from qmix_course.envs.base import Model, TeamEnv
from qmix_course.evaluation import spec_of
from qmix_course.replay import Batch

MAX_SWEEPS = 100_000
MAX_LOOKS = 10_000                      # partly fixed teams that ``best_memoryless`` is willing to look at


@dataclass(frozen=True)
class Solution:
    """The exact solution of an enumerable task with ``X`` states.

    q[X, A, ..., A]: Q*(s, u), one ``A`` axis an agent · v[X]: max_u Q*(s, u) · best_return: the highest undiscounted
    return of an episode from the task's start within its step limit (the mean over the starts if there are several).
    """

    q: torch.Tensor
    v: torch.Tensor
    best_return: float
    model: Model

    def index(self, state: torch.Tensor):
        """The row of ``state[S]`` as an int, or the rows[...] of ``state[..., S]`` as a tensor."""
        errors.tensor("state", state, (..., self.model.state.shape[1]))
        flat = state.reshape(-1, state.shape[-1]).to(self.model.state.dtype)
        distance, row = torch.cdist(flat, self.model.state, p=torch.inf).min(1)
        if (distance > 1e-5).any() or not flat.isfinite().all():
            raise ValueError(f"state: {flat[distance.argmax()].tolist()} is no state of this task "
                             "(states in which everything has ended are not listed)")
        return int(row) if state.dim() == 1 else row.view(state.shape[:-1])


def solve(env: TeamEnv, gamma: float = 0.99) -> Solution:
    """Solve ``env`` exactly by value iteration on ``env.model()``; ``TypeError`` if it cannot be enumerated.

    The clock is no part of the state: ``q`` and ``v`` are those of the task without a step limit. With γ = 1 every
    state must be able to reach an end, and no circle may pay.
    """
    errors.instance("env", env, TeamEnv)
    gamma = errors.number("gamma", gamma, 0.0, 1.0)
    model = env.model()
    # From below, every sweep carries the exact values one step further from the end, until nothing changes.
    lowest = float(model.reward.min().clamp(max=0.0))
    v = torch.full(model.state.shape[:1], lowest / (1 - gamma) if gamma < 1 else -torch.inf, dtype=model.reward.dtype)
    for _ in range(MAX_SWEEPS):
        q = backup(model, v, gamma)
        new = q.flatten(1).amax(1)
        done = torch.equal(new, v) or bool((new - v).abs().max() <= torch.finfo(v.dtype).eps * new.abs().max())
        v = new
        if done:
            break
    if not done or not v.isfinite().all():
        raise ValueError(f"gamma: value iteration does not settle at {gamma} on this task; take a smaller one")
    return Solution(q=q, v=v, best_return=best_return(model, env.spec.episode_limit), model=model)


def backup(model: Model, v: torch.Tensor, gamma: float) -> torch.Tensor:
    """r + γ v(s′) for every state and joint action, and r where the task ends: v[X] → [X, A, ..., A]."""
    return model.reward + torch.where(model.terminated, 0.0, gamma * v[model.next_state])


def every_step(env: TeamEnv) -> Batch:
    """Every state and every joint action of an enumerable task once, as a batch of transitions: B = X · A^N, T = 1.

    These are all the data that there are: what is fitted to them owes nothing to chance. ``TypeError`` if ``env``
    cannot be enumerated.
    """
    model = errors.instance("env", env, TeamEnv).model()
    sizes = model.reward.shape
    plays = torch.cartesian_prod(*[torch.arange(size) for size in sizes])                           # [B, 1 + N]
    row, entry = plays[:, 0], plays.unbind(1)
    batch = Batch.padding(len(plays), 1, env.spec)
    for at, here in enumerate((row, model.next_state[entry])):
        batch.obs[:, at], batch.state[:, at] = model.obs[here], model.state[here]
    batch.actions[:, 0], batch.last_actions[:, 1] = plays[:, 1:], plays[:, 1:]
    batch.reward[:, 0], batch.terminated[:, 0], batch.mask[:] = model.reward[entry], model.terminated[entry], 1.0
    return batch


def best_return(model: Model, episode_limit: int) -> float:
    """The highest undiscounted return within ``episode_limit`` steps, averaged over the starts."""
    v = torch.zeros(model.state.shape[0], dtype=model.reward.dtype)         # no steps left: nothing more to gain
    for _ in range(episode_limit):
        v = backup(model, v, 1.0).flatten(1).amax(1)
    return float(v[model.start].mean())


def best_memoryless(env: TeamEnv, looks: int = MAX_LOOKS) -> tuple[float, torch.Tensor]:
    """The best a team can do when each agent's action is a fixed function of its present observation alone.

    The highest undiscounted return within the step limit over all such teams, averaged over the starts, and the
    actions[X, N] of one that reaches it. Every team is accounted for: they are built observation by observation, and a
    beginning is dropped only if even a free choice of all that is still open, made with full knowledge of the state,
    falls short of the best. ``ValueError`` if that takes more than ``looks`` looks at a beginning. Teams that draw
    their actions are not covered.
    """
    errors.instance("env", env, TeamEnv)
    looks = errors.whole_number("looks", looks)
    model, limit = env.model(), env.spec.episode_limit
    seen = [model.obs[:, i].unique(dim=0, return_inverse=True)[1] for i in range(env.spec.n_agents)]   # [X] each
    places = [(i, seen[i] == o) for i in range(env.spec.n_agents) for o in range(int(seen[i].max()) + 1)]
    places.sort(key=lambda place: -int(place[1].sum()))                 # what is seen in most states is fixed first
    nothing = torch.full((len(model.state), env.spec.n_agents), -1)
    number, queue = 0, [(-_bound(model, nothing, limit), 0, 0, nothing)]
    while True:
        value, depth, _, actions = heapq.heappop(queue)        # the highest bound; of equal ones, the most fixed
        if -depth == len(places):
            return -value, actions
        agent, where = places[-depth]
        for action in range(env.spec.n_actions):
            number += 1
            if number > looks:
                raise ValueError(f"env: {looks} looks did not settle which memoryless team is best, only that none "
                                 f"brings more than {-value:.6g}; take a smaller task or allow more looks")
            more = actions.clone()
            more[where, agent] = action
            heapq.heappush(queue, (-_bound(model, more, limit), depth - 1, number, more))


def _bound(model: Model, actions: torch.Tensor, episode_limit: int) -> float:
    """``best_return`` where actions[X, N] are given and −1 leaves the agent free to use all there is to know."""
    n_actions = model.reward.shape[1]
    fits = (actions.unsqueeze(-1) == torch.arange(n_actions)) | (actions.unsqueeze(-1) < 0)            # [X, N, A]
    joint = fits[:, 0]
    for i in range(1, fits.shape[1]):
        joint = joint.unsqueeze(-1) & fits[:, i].view(-1, *[1] * i, n_actions)                         # [X, A, ..., A]
    return best_return(replace(model, reward=model.reward.masked_fill(~joint, -torch.inf)), episode_limit)


@torch.no_grad()
def q_tot(algorithm, model: Model) -> torch.Tensor:
    """Q_tot[X, A, ..., A]: what a team with a mixer believes of every joint action in every state of ``model``.

    For teams without memory; an agent's last action is taken as unknown (−1).
    """
    check_beliefs(algorithm, model)
    if not hasattr(algorithm, "q_tot"):
        raise TypeError(f"algorithm: {type(algorithm).__name__} has no mixer, so it has no Q_tot")
    algorithm = settled(algorithm, model)
    q = agent_qs(algorithm, model)                                                                  # [X, N, A]
    states, n_agents, n_actions = q.shape
    joint = torch.cartesian_prod(*[torch.arange(n_actions)] * n_agents).view(-1, n_agents)         # [J, N]
    q, state = (each.unsqueeze(1).expand(-1, len(joint), *each.shape[1:]) for each in (q, model.state))
    actions = joint.expand(states, -1, -1)
    values = algorithm.q_tot(*(each.to(algorithm.device) for each in (q, actions, state)))
    return values.to(q.device).view(states, *[n_actions] * n_agents)


@torch.no_grad()
def agent_qs(algorithm, model: Model) -> torch.Tensor:
    """Q_i[X, N, A]: every agent's own values in every state of ``model``, from its own observation."""
    check_beliefs(algorithm, model)
    nothing = torch.full(model.obs.shape[:2], -1)
    return settled(algorithm, model).act_values(model.obs, nothing, None)[0]


def check_beliefs(algorithm, model: Model) -> None:
    """``algorithm`` must be a team that was made for the task of ``model``."""
    errors.instance("model", model, Model)
    spec = spec_of(algorithm)
    for name, wanted in (("n_agents", model.obs.shape[1]), ("n_actions", model.reward.shape[1]),
                         ("obs_dim", model.obs.shape[2]),
                         ("state_dim", model.state.shape[1])):
        if getattr(spec, name) != wanted:
            raise ValueError(f"algorithm, model: expected a team and a task of the same sizes, got {name} = "
                             f"{getattr(spec, name)} and {wanted}")


def settled(algorithm, model: Model):
    """A team that draws something when an episode begins (MAVEN's latent), with what it greedily takes after the first
    start."""
    return algorithm.settled(model.state[model.start[0]]) if hasattr(algorithm, "settled") else algorithm
