"""Scripted teams for Skirmish: what a rule of thumb reaches. Each acts like a trained team, from observations alone."""

from __future__ import annotations

import torch

from qmix_course import errors
from qmix_course.envs.skirmish import Skirmish
from qmix_course.envs.skirmish_rules import ATTACK, MOVE, STOP

RULES = ("nearest", "weakest", "kite", "random")


class ScriptedTeam:
    """A team for ``evaluate`` and ``play`` that follows one rule in every agent:

    - ``"nearest"``: attack the nearest enemy within reach (of equals, the one with the lowest number); with none there,
      go towards the nearest one in sight, along the larger gap; with none in sight, stop.
    - ``"weakest"``: the same, but attack the enemy with the least health within reach (of equals, the nearest).
    - ``"kite"``: as "weakest" when ready to shoot; while it waits, go away from the nearest enemy in sight.
    - ``"random"``: every available action with equal chance, from dice that ``seed`` starts.
    """

    def __init__(self, env: Skirmish, rule: str, seed: int = 0):
        errors.instance("env", env, Skirmish)
        self.rule, self.spec = errors.choice("rule", rule, RULES), env.spec
        self._enemies = env.spec.n_actions - ATTACK
        self._kinds = env.spec.state_dim // (env.spec.n_agents + self._enemies) - 4
        self._generator = torch.Generator().manual_seed(errors.seed("seed", seed))

    def start(self, batch, generator=None) -> None:
        return None

    def act_values(self, obs: torch.Tensor, last_actions: torch.Tensor | None = None, memory=None):
        """Values [B, N, A] that are highest for the action that the rule takes, and None for the memory.

        No value says what is available: whoever plays them takes the best one that is (``exploration.greedy``).
        """
        errors.tensor("obs", obs, ("B", self.spec.n_agents, self.spec.obs_dim))
        if self.rule == "random":
            return torch.rand(*obs.shape[:2], self.spec.n_actions, generator=self._generator), None
        enemies = obs[..., 4:4 + self._enemies * (5 + self._kinds)].unflatten(-1, (self._enemies, -1))
        reachable, distance, dx, dy, health = enemies[..., :5].unbind(-1)
        wait = obs[..., -1 - self._kinds]
        q = obs.new_zeros(*obs.shape[:2], self.spec.n_actions)
        q[..., STOP] = 0.1
        # Attacks are worth 2 to 4, ways 1: nearer is better, and for all but "nearest" weakness comes first.
        worth = 3 - distance.clamp(max=1.0) if self.rule == "nearest" else 4 - health - 0.001 * distance
        q[..., ATTACK:] = torch.where(reachable > 0, worth, 0.0)
        seen = health > 0
        nearest = torch.where(seen, distance, torch.inf).argmin(-1, keepdim=True)
        across, up = dx.gather(-1, nearest).squeeze(-1), dy.gather(-1, nearest).squeeze(-1)
        way = torch.where(across.abs() >= up.abs(), torch.where(across > 0, 2, 3), torch.where(up > 0, 0, 1))
        worth = torch.where(seen.any(-1), 1.0, 0.0)
        if self.rule == "kite":
            flee = (wait > 0) & seen.any(-1)
            way, worth = torch.where(flee, way ^ 1, way), torch.where(flee, 9.0, worth)
        q.scatter_(-1, (MOVE + way).unsqueeze(-1), worth.unsqueeze(-1).to(q.dtype))
        return q, None
