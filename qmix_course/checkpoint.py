"""Checkpoint files: written so that a kill at any moment leaves a readable one, read without running any code in them.

A file is what ``torch.save`` writes, an archive, followed by the SHA-256 digest of all of it as the archive's comment.
So ``torch.load(path, weights_only=True)`` reads it too; only ``load`` notices that a bit has changed on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import io
import os
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from enum import Enum
from pathlib import Path, PurePath

import numpy as np
import torch

from qmix_course import errors

FORMAT = 2
DIGEST = hashlib.sha256().digest_size
# the archive's last two bytes: its length
NO_COMMENT, WITH_COMMENT = (0).to_bytes(2, "little"), DIGEST.to_bytes(2, "little")


# What a disk without locks answers, some shared and mounted ones, to whoever asks for one.
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
# What ``load`` reads back, which runs no code in a file: these, and lists, tuples and dicts of them.
PLAIN = (bool, int, float, complex, str, bytes, bytearray, set, type(None), torch.Size, torch.dtype, torch.device)
LONG, DEEP = 200, 4          # of lists in settings: what is longer or deeper is data
PLAIN_WORDS = "expected tensors, plain numbers, words, and lists and dicts of them"


class InUse(ValueError):
    """Somebody else is writing this file at this moment."""


def save(path: str | Path, settings: dict, state: dict) -> None:
    """Write the file beside its place, force it to the disk, and only then put it there in one move.

    ``TypeError`` if one of the two holds what could not be read back, ``OSError`` if the file cannot be written (a full
    disk, say); what was there before is still there then.
    """
    path = Path(path)
    if strange := not_plain(settings, "settings") or not_plain(state, "state"):
        raise TypeError(f"checkpoint: {strange}, which could not be read back; {PLAIN_WORDS}")
    memory = io.BytesIO()                   # torch writes into memory: an interrupt amid its own file writing is fatal
    torch.save({"format": FORMAT, "settings": settings, "state": on_cpu(state)}, memory)
    text = memory.getbuffer()
    if bytes(text[-2:]) != NO_COMMENT:
        raise RuntimeError("torch.save wrote no archive that ends without a comment; this version of torch is not "
                           "known here")
    text = bytes(text[:-2]) + WITH_COMMENT
    part = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "xb") as file:
            file.write(text)
            file.write(hashlib.sha256(text).digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise OSError(error.errno, f"checkpoint: {path} could not be written, and what was there is as it was "
                                   f"({error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)


def plain(values: dict) -> dict:
    """The settings among ``values``: numbers, words, and what is made of them, as lists.

    What is None, or something else (a tensor, an array, a function), is none.
    """
    found = {name: _plain(value) for name, value in values.items()}
    return {name: value for name, value in found.items() if value is not None}


def _plain(value, depth: int = 0) -> bool | int | float | str | list | None:
    """As Python's own kinds, also what is numpy's or of a class derived from them; None where it is something else, or
    too long or too deep to be anything but data."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (dict, list, tuple, set, frozenset)):
        if len(value) > LONG or depth == DEEP:
            return None
        each = list(value.items() if isinstance(value, dict) else value)
        parts = [_plain(part, depth + 1) for part in each]
        if any(part is None and was is not None for part, was in zip(parts, each)):
            return None
        return parts if isinstance(value, (list, tuple)) else sorted(parts, key=repr)       # others have no order
    if isinstance(value, (Enum, PurePath)) and not isinstance(value, (int, float, str)):
        return str(value)
    return next((kind(value) for kind in (bool, int, float, str) if isinstance(value, kind)), None)


def note_changes(settings: dict, **now: dict) -> None:
    """Name as ``changing`` what is not as it was when the run began. Such settings are not compared."""
    changed = changed_since({name: settings[name] for name in now}, now)
    settings["changing"] = sorted({*settings["changing"], *changed})


def changed_since(begun: dict, now: dict) -> list[str]:
    """The names of the settings that are not what they were: they count along, and make no other task and no other
    team."""
    begun, now = flat(begun), flat(now)
    return sorted(name for name in begun.keys() | now.keys() if not _same(name, begun, now))


def not_plain(value, name: str) -> str:
    """The first part of ``value`` that could not be read back, as "state['rng'] is a Random"; "" if there is none."""
    if type(value) in (dict, OrderedDict):
        parts = [(key, "a key") for key in value] + [(each, f"{name}[{key!r}]") for key, each in value.items()]
    elif type(value) in (list, tuple):
        parts = [(each, f"{name}[{k}]") for k, each in enumerate(value)]
    else:
        return "" if isinstance(value, torch.Tensor) or type(value) in PLAIN else f"{name} is a {type(value).__name__}"
    return next((found for each, where in parts if (found := not_plain(each, where))), "")


def on_cpu(state):
    """The same with every tensor on the CPU: a file is read on machines without a GPU too."""
    if isinstance(state, torch.Tensor):
        return state.cpu()
    if isinstance(state, dict):
        return type(state)((key, on_cpu(value)) for key, value in state.items())
    return type(state)(map(on_cpu, state)) if type(state) in (list, tuple) else state


def check_place(path: str | Path) -> None:
    """``ValueError`` unless a new file can be written there: no file is there yet, and the folder can be made."""
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"checkpoint: expected a file, got {path}, which is a folder; name a file in it")
    if path.exists():
        raise ValueError(f"checkpoint: {path} exists already; go on from it with resume=True, or name another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"checkpoint: nothing can be written into {path.parent}")


@contextlib.contextmanager
def hold(path: str | Path) -> Iterator[None]:
    """Within this block no other process, and no other run of this one, may write ``path``.

    ``InUse``, a ``ValueError``, if one is writing it already. The lock goes with its process, however that ends.
    """
    lock = Path(f"{path}.lock")
    if not lock.parent.is_dir():
        raise FileNotFoundError(f"checkpoint: there is no file {path}")
    while True:
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ValueError(f"checkpoint: nothing can be written into {lock.parent} ({error.strerror})") from error
        try:
            _lock(handle)
        except OSError:
            os.close(handle)
            raise InUse(f"checkpoint: another run is writing {path} at this moment; name another file, or wait "
                             f"for it") from None
        try:
            if os.stat(lock).st_ino == os.fstat(handle).st_ino:
                break                       # else the one before has just removed the file that was locked here
        except FileNotFoundError:
            pass
        os.close(handle)
    try:
        # of a run that was killed as it wrote
        for left in Path(path).parent.glob(f"{glob.escape(Path(path).name)}.*.part"):
            left.unlink(missing_ok=True)
        yield
    finally:
        if os.name == "nt":                 # Windows removes no file that is open
            os.close(handle)
        with contextlib.suppress(OSError):
            os.unlink(lock)
        if os.name != "nt":
            os.close(handle)


def _lock(handle: int) -> None:
    """Lock an open file for this process, without waiting; ``OSError`` if another one has it. A disk that has no locks
    cannot tell: there the run goes on without."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise


def load(path: str | Path) -> dict:
    """What ``save`` wrote: a dict with ``settings`` and ``state``.

    ``FileNotFoundError`` if there is no such file, ``ValueError`` if it is something else, or not to the bit what was
    written.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint: there is no file {path}{', but a folder' if path.is_dir() else ''}")
    text = path.read_bytes()
    if text[-DIGEST - 2:-DIGEST] != WITH_COMMENT:
        raise ValueError(f"checkpoint: {path} cannot be read as one: it is no checkpoint of this course in format "
                         f"{FORMAT}")
    if hashlib.sha256(text[:-DIGEST]).digest() != text[-DIGEST:]:
        raise ValueError(f"checkpoint: {path} cannot be read: it is damaged, not to the bit what was written")
    try:
        saved = torch.load(io.BytesIO(text), weights_only=True)
    except Exception as error:                          # torch raises many kinds for a file that it cannot read
        raise ValueError(f"checkpoint: {path} cannot be read as a checkpoint ({type(error).__name__})") from error
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ValueError(f"checkpoint: {path} is no checkpoint of this course in format {FORMAT}")
    missing = [name for name in ("settings", "state") if not isinstance(saved.get(name), dict)]
    if missing:
        raise ValueError(f"checkpoint: {path} has no {' and no '.join(missing)}")
    return saved


def check_settings(path: str | Path, saved: dict, here: dict) -> None:
    """Raise ``ValueError`` that names every setting in which the file and this run differ, but for those that the file
    itself names as ``changing``."""
    changing = saved.get("changing")
    if "changing" in saved and not (isinstance(changing, list) and all(isinstance(name, str) for name in changing)):
        raise ValueError(f"checkpoint: {path} is no run's: changing is {errors.brief(changing)} in it, expected names")
    saved, here = ({name: value for name, value in flat(each).items() if name != "changing"} for each in (saved, here))
    names = [name for name in sorted(saved.keys() | here.keys(), key=str) if not _same(name, saved, here)]
    if changing is None:                            # an older file, of a time when lists and the like were no settings
        names = [name for name in names if name in saved or name.startswith("algorithm.shape.")]
    differ = [f"{name} is {_told(name, saved)} in the file and {_told(name, here)} here"
              for name in names if name not in (changing or ())]
    if differ:
        raise ValueError(f"checkpoint: {path} belongs to another configuration: " + "; ".join(differ))


def _same(name: str, one: dict, other: dict) -> bool:
    """NaN is NaN, here."""
    return (name in one) == (name in other) and (one.get(name) == other.get(name)
                                                 or repr(one.get(name)) == repr(other.get(name)))


def _told(name: str, settings: dict) -> str:
    return errors.brief(settings[name]) if name in settings else "'missing'"


def check_whole(saved: dict, fresh: dict) -> None:
    """``ValueError`` that names a part which ``fresh``, the state of a new run, has and the saved state has not, or not
    in kind."""
    saved, fresh = ({name: str(value.dtype) if isinstance(value, torch.Tensor) else type(value).__name__
                     for name, value in flat(state).items()} for state in (saved, fresh))
    for name, kind in fresh.items():
        if saved.get(name) != kind:
            raise ValueError(f"{name}: expected {kind}, got {saved.get(name, 'nothing')}")


def flat(settings: dict, prefix: str = "") -> dict:
    """{"a": {"b": 1}} as {"a.b": 1}."""
    result = {}
    for key, value in settings.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return result
