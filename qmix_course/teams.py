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
    settings = {"algorithm": algorithm.settings(), "dtype": str(torch.get_default_dtype())}
    checkpoint.save(path, settings, {"algorithm": algorithm.state_dict()})


def load_team(path: str | Path, algorithm: Algorithm) -> Algorithm:
    """Give ``algorithm`` the weights in a file and return it: ``team = load_team("team.pt", QMIX.for_env(env))``.

    ``path``: a file of ``save_team``, the checkpoint of a run, or the run's folder. ``algorithm`` is made as it was for
    the run, with the same options; its first weights do not matter. ``ValueError`` that names every difference if it
    was made otherwise, and then nothing has changed. Weights in another float dtype are converted.
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


def _shapes(weights: dict) -> dict:
    return {name: tuple(value.shape) if isinstance(value, torch.Tensor) and value.is_floating_point() else "no weights"
            for name, value in weights.items()}


def _check(path: str | Path, algorithm: Algorithm) -> None:
    errors.path("path", path)
    errors.instance("algorithm", algorithm, Algorithm)
