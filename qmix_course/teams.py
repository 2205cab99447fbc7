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
    folder for its best. ``algorithm`` is of the class and the sizes of the one that was trained; its first weights do
    not matter, nor what only training reads (``gamma``, ``double_q``, …). ``ValueError`` that says what is otherwise
    if it is not, and then nothing has changed. Weights in another float dtype are converted.
    """
    _check(path, algorithm)
    path = Path(path)
    path = path / "checkpoint.pt" if path.is_dir() else path
    saved = checkpoint.load(path)
    _check_kind(path, saved["settings"].get("algorithm"), algorithm.settings())
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

    The file says after how many steps that was, and with which greedy return. ``settings``: the run's, as they were
    when it began. ``resume``: one that is there already is this run's, and is only replaced by a better one.
    """

    def __init__(self, path: str | Path, settings: dict, resume: bool):
        self.path, self.settings, self.greedy_return = best_of(path), settings, None
        if resume and self.path.is_file():
            saved = checkpoint.load(self.path)
            checkpoint.check_settings(self.path, _of_team(saved["settings"]), _of_team(settings))
            self.greedy_return = errors.number("greedy_return", saved["state"].get("greedy_return"))
        elif not resume:
            if self.path.exists() and not self.path.is_dir():       # no checkpoint is beside it: train has looked
                raise ValueError(f"checkpoint: {self.path} exists already, the best team of another run, or of one "
                                 "that was killed before its first checkpoint; move it away, or name another file")
            checkpoint.check_place(self.path)

    def see(self, algorithm: Algorithm, greedy_return: float, steps: int) -> None:
        """Write the team down if it is better than all before; of equals the earlier one stays."""
        if self.greedy_return is None or greedy_return > self.greedy_return:
            self.greedy_return = greedy_return
            checkpoint.save(self.path, _of_team(self.settings) | {"dtype": self.settings["dtype"]},
                            {"algorithm": algorithm.state_dict(), "steps": steps, "greedy_return": greedy_return})


def _check_kind(path: Path, saved, here: dict) -> None:
    """``ValueError`` unless these settings, of the team in a file and of the one here, are of the same networks."""
    saved = saved if isinstance(saved, dict) else {}
    for name, what in (("name", "class"), ("recurrent", "recurrent"), ("memory_dim", "memory_dim")):
        if saved.get(name) != here[name]:
            raise ValueError(f"checkpoint: {path} holds a team with {what} = {saved.get(name)}, and the one to be "
                             f"loaded has {what} = {here[name]}; make it as it was made for the run")
    there, shapes = saved.get("shape"), here["shape"]
    there = there if isinstance(there, dict) else {}
    words = {"largest_state": "the state"}                  # of its size
    differ = [f"{words.get(name, name)} is {there.get(name, 'missing')} in the file and "
              f"{shapes.get(name, 'missing')} here"
              for name in [*shapes, *(there.keys() - shapes.keys())] if there.get(name) != shapes.get(name)]
    if differ:
        more = f", and {len(differ) - 2} more" if len(differ) > 2 else ""
        raise ValueError(f"checkpoint: {path} holds a team with networks of other sizes: {'; '.join(differ[:2])}{more}"
                         ". Make it for the same environment and with the same options (hidden, shared, …) as for the "
                         "run")


def _of_team(settings: dict) -> dict:
    """Those of a run that say which team it is."""
    return {name: settings[name] for name in ("algorithm", "changing") if name in settings}


def _settings(algorithm: Algorithm) -> dict:
    return {"algorithm": algorithm.settings(), "dtype": str(torch.get_default_dtype())}


def _shapes(weights: dict) -> dict:
    return {name: tuple(value.shape) if isinstance(value, torch.Tensor) and value.is_floating_point() else "no weights"
            for name, value in weights.items()}


def _check(path: str | Path, algorithm: Algorithm) -> None:
    errors.path("path", path)
    errors.instance("algorithm", algorithm, Algorithm)
