"""A trained team in a file of its own: its weights, for playing. No environment is in it, so this works with every one.
"""

from __future__ import annotations

from pathlib import Path

import torch

from qmix_course import checkpoint, errors
from qmix_course.algorithms import Algorithm


def save_team(path: str | Path, algorithm: Algorithm) -> None:
    """Write the weights of ``algorithm`` into a file. One that holds a team already is replaced, any other is refused.
    """
    _check(path, algorithm)
    if Path(path).exists() and "collector" in checkpoint.load(path)["state"]:
        raise ValueError(f"path: {path} holds a run, which would be lost; name another file")
    checkpoint.save(path, _settings(algorithm), {"algorithm": algorithm.state_dict()})


def load_team(path: str | Path, algorithm: Algorithm) -> Algorithm:
    """Give ``algorithm`` the weights in a file and return it: ``team = load_team("team.pt", QMIX.for_env(env))``.

    ``path``: a file of ``save_team``, the checkpoint of a run, or the run's folder for its last team, ``best_of`` that
    folder for its best. ``algorithm`` is made as it was for the run, with the same options; its first weights do not
    matter. ``ValueError`` that names every difference if it was made otherwise, and then nothing has changed. Weights
    in another float dtype are converted.
    """
    _check(path, algorithm)
    path = Path(path)
    path = path / "checkpoint.pt" if path.is_dir() else path
    saved = checkpoint.load(path)
    settings = {"algorithm": saved["settings"].get("algorithm")}
    checkpoint.check_settings(path, settings, {"algorithm": algorithm.settings()})
    weights = saved["state"].get("algorithm")
    if not isinstance(weights, dict) or _shapes(weights) != _shapes(algorithm.state_dict()):
        raise ValueError(f"path: {path} does not hold the weights that its own settings name")
    algorithm.load_state_dict(weights)
    return algorithm


def best_of(path: str | Path) -> Path:
    """The file beside a checkpoint that holds the best team of the run: ``checkpoint-best.pt`` of ``checkpoint.pt``.

    ``path``: a checkpoint, or a run's folder.
    """
    path = errors.path("path", path)
    path = path / "checkpoint.pt" if path.is_dir() else path
    return path.with_stem(f"{path.stem}-best")


class Best:
    """The best team that the evaluations of one run have seen, in a file beside its checkpoint.

    The file says after how many steps that was, and with which greedy return. ``resume``: one that is there already is
    this run's, and is only replaced by a better one.
    """

    def __init__(self, path: str | Path, algorithm: Algorithm, resume: bool):
        self.path, self.greedy_return = best_of(path), None
        if resume and self.path.is_file():
            saved = checkpoint.load(self.path)
            checkpoint.check_settings(self.path, {"algorithm": saved["settings"].get("algorithm")},
                                      {"algorithm": algorithm.settings()})
            self.greedy_return = errors.number("greedy_return", saved["state"].get("greedy_return"))
        elif not resume:
            checkpoint.check_place(self.path)

    def see(self, algorithm: Algorithm, greedy_return: float, steps: int) -> None:
        """Write the team down if it is better than all before; of equals the earlier one stays."""
        if self.greedy_return is None or greedy_return > self.greedy_return:
            self.greedy_return = greedy_return
            checkpoint.save(self.path, _settings(algorithm), {"algorithm": algorithm.state_dict(), "steps": steps,
                                                              "greedy_return": greedy_return})


def _settings(algorithm: Algorithm) -> dict:
    return {"algorithm": algorithm.settings(), "dtype": str(torch.get_default_dtype())}


def _shapes(weights: dict) -> dict:
    return {name: tuple(value.shape) if isinstance(value, torch.Tensor) and value.is_floating_point() else "no weights"
            for name, value in weights.items()}


def _check(path: str | Path, algorithm: Algorithm) -> None:
    errors.path("path", path)
    errors.instance("algorithm", algorithm, Algorithm)
