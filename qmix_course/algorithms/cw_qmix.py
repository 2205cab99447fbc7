"""CW-QMIX: OW-QMIX with other weights (Rashid et al. 2020)."""

from __future__ import annotations

import torch

from qmix_course.algorithms.ow_qmix import OWQMIX


class CWQMIX(OWQMIX):
    """Unlike OW-QMIX, what counts in full is the joint action that is greedy now, and any that seems better than it."""

    def weights(self, q_tot: torch.Tensor, y: torch.Tensor, greedy: torch.Tensor,
                q_greedy: torch.Tensor) -> torch.Tensor:
        """w[B, T]: 1 where u is the greedy ū or y > Q̂*(s, ū), else α (central: only what concerns the argmax counts in
        full).

        The ideal weights compare with the true best action; ū and Q̂* stand in for it.
        """
        return torch.where(greedy | (y > q_greedy), 1.0, self.alpha)
