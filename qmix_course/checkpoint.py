"""Checkpoint files: written so that a kill at any moment leaves a readable one, read without running any code in them."""

from __future__ import annotations

import os
from pathlib import Path

import torch

FORMAT = 1


def save(path: str | Path, settings: dict, state: dict) -> None:
    """Write the file beside its place, force it to the disk, and only then put it there in one move."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        torch.save({"format": FORMAT, "settings": settings, "state": state}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def check_place(path: str | Path) -> None:
    """``ValueError`` unless a new file can be written there: no file is there yet, and the folder can be made."""
    path = Path(path)
    if path.exists():
        raise ValueError(f"checkpoint: {path} exists already; go on from it with resume=True, or name another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"checkpoint: nothing can be written into {path.parent}")


def load(path: str | Path) -> dict:
    """What ``save`` wrote: a dict with ``settings`` and ``state``.

    ``FileNotFoundError`` if there is no such file, ``ValueError`` if it is something else.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint: there is no file {path}")
    try:
        saved = torch.load(path, weights_only=True)
    except Exception as error:                          # torch raises many kinds for a file that it cannot read
        raise ValueError(f"checkpoint: {path} cannot be read as a checkpoint ({type(error).__name__})") from error
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ValueError(f"checkpoint: {path} is no checkpoint of this course in format {FORMAT}")
    return saved


def check_settings(path: str | Path, saved: dict, here: dict) -> None:
    """Raise ``ValueError`` that names every setting in which the file and this run differ."""
    saved, here = flat(saved), flat(here)
    differ = [f"{name} is {saved.get(name, 'missing')!r} in the file and {here.get(name, 'missing')!r} here"
              for name in sorted(saved.keys() | here.keys()) if saved.get(name) != here.get(name)]
    if differ:
        raise ValueError(f"checkpoint: {path} belongs to another configuration: " + "; ".join(differ))


def flat(settings: dict, prefix: str = "") -> dict:
    """{"a": {"b": 1}} as {"a.b": 1}."""
    result = {}
    for key, value in settings.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return result
