"""OW-QMIX: QMIX whose loss counts some errors less, and whose targets come from a network without the restriction
(Rashid et al. 2020: "Weighted QMIX")."""

from __future__ import annotations

import torch

from qmix_course import errors
from qmix_course.algorithms.base import Algorithm, masked_mean, own_best
from qmix_course.algorithms.qmix import QMIX
from qmix_course.algorithms.vdn import VDN
from qmix_course.envs.base import TeamSpec
from qmix_course.mixers import CentralMixer
from qmix_course.replay import Batch


class OWQMIX(QMIX):
    """Unlike QMIX, an error counts ``alpha`` where Q_tot is high enough already, and the targets come from Q̂*.

    Agents and mixer are QMIX's, and Q_tot is as monotone as ever: the weights sit on the loss and nowhere else.

    ``alpha``: the smaller weight α, 0 < α ≤ 1 (0.1 as in the authors' configurations). ``central_dim``: the width of
    Q̂*'s mixer. Q̂* is the submodule ``central``, so that it is trained, copied into the target and saved with the
    rest.
    """

    def __init__(self, spec: TeamSpec, alpha: float = 0.1, central_dim: int = 256, embed_dim: int = 32,
                 hypernet_dim: int = 64, **options):
        central_dim = errors.whole_number("central_dim", central_dim)       # before anything is drawn
        alpha = errors.number("alpha", alpha, high=1.0, above=0.0)
        super().__init__(spec, embed_dim, hypernet_dim, **options)
        self.alpha = alpha
        self.central = Central(spec, central_dim, **options)

    def loss(self, batch: Batch, target: Algorithm) -> torch.Tensor:
        self.check_loss(batch, target)
        length, state = batch.actions.shape[1], batch.state[:, :-1]
        q = self.online_qs(batch)                                                           # [B, T or T+1, N, A]
        q_tot = self.q_tot(q[:, :length], batch.actions, state)                             # [B, T]
        central = self.central.q_tot(self.central.unroll(batch, length), batch.actions, state)      # Q̂*(s, u): [B, T]
        with torch.no_grad():
            central_q = target.central.unroll(batch, length + 1)                            # [B, T+1, N, A]
            # Q̂* has no argmax that agents could find on their own. The monotone agents choose, Q̂* says what that is
            # worth.
            judge = q if self.double_q else target.unroll(batch, length + 1)
            best = own_best(judge[:, 1:], batch.available[:, 1:])                           # ū′[B, T, N]
            y = self.targets(batch, target.central.q_tot(central_q[:, 1:], best, batch.state[:, 1:]))       # [B, T]
            # The action that is greedy now is the online agents' own, and the target's Q̂* judges it, as in the
            # authors' code: so y and Q̂*(ū) come from one frozen network.
            greedy = own_best(q[:, :length], batch.available[:, :-1])                       # ū[B, T, N]
            q_greedy = target.central.q_tot(central_q[:, :length], greedy, state)           # [B, T]
            w = self.weights(q_tot, y, (batch.actions == greedy).all(-1), q_greedy)         # [B, T], constants
        # Divided by the number of steps and not by the sum of the weights; Q̂* learns without weights.
        return masked_mean(w * (q_tot - y) ** 2, batch.mask) + masked_mean((central - y) ** 2, batch.mask)

    def weights(self, q_tot: torch.Tensor, y: torch.Tensor, greedy: torch.Tensor,
                q_greedy: torch.Tensor) -> torch.Tensor:
        """w[B, T]: 1 where Q_tot(s, u) < y, else α (optimistic: what was underestimated counts in full).

        ``greedy``[B, T] bool: u is the greedy joint action ū. ``q_greedy``[B, T]: Q̂*(s, ū). Neither is used here.
        """
        return torch.where(q_tot < y, 1.0, self.alpha)


class Central(VDN):
    """Q̂*(s, u): agents of its own, of the same kind, and a mixer that may be any function. It never acts.

    ``exact.q_tot(algorithm.central, model)`` enumerates it like any other team's Q_tot. Agents that remember begin a
    row with the row's memory, which is zero, as a row is a whole episode.
    """

    def __init__(self, spec: TeamSpec, central_dim: int, **options):
        super().__init__(spec, **options)
        self.mixer = CentralMixer(spec.n_agents, spec.state_dim, central_dim)
