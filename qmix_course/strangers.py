"""Code that is not the course's: found by its name, and where in it something failed."""

from __future__ import annotations

import os
import traceback
from importlib import import_module
from pathlib import Path
from types import ModuleType

from qmix_course import errors

OURS = str(Path(__file__).parent) + os.sep
WHERE = "raised in "                 # how a note of ours begins
NOT_OWN = ("site-packages", "dist-packages", "<frozen", "/lib/python")


def find(argument: str, name: str, expected: str) -> tuple[ModuleType, object]:
    """The module and what MODULE:NAME names in it, None if there is no such thing. ``argument``: whose value it is.

    ``ValueError`` if there is no such module, or if it fails; an ``ImportError`` of its own is left as it is.
    """
    module, _, thing = name.partition(":")
    try:
        found = import_module(module) if all(part.isidentifier() for part in module.split(".")) else None
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise                                               # the module is there, and misses something itself
        found = None
    except ImportError:
        raise
    except Exception as error:
        raise ValueError(f"{argument}: the module {module} raised {told(error)}") from error
    if found is None:
        raise ValueError(f"{argument}: {expected}, got {errors.brief(name)}; there is no module "
                         f"{errors.brief(module)} here")
    return found, getattr(found, thing, None)


def is_ours(error: BaseException) -> bool:
    """Whether the course itself raised ``error``, in words of its own."""
    return traceback.extract_tb(error.__traceback__)[-1].filename.startswith(OURS)


def of_vmap(error: RuntimeError) -> bool:
    """Whether torch says that it cannot vectorise what it was given, and nothing else went wrong."""
    return any(word in str(error) for word in ("vmap", "functorch", "atching rule"))


class asked:
    """``with asked("step", env):`` around a call of somebody's own code. An exception out of it keeps its kind and its
    words; a note says which call it came from, of which environment (or what else has that name), and where in it."""

    def __init__(self, call: str, of):
        self.call, self.of = call, of

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind, error, trace) -> None:
        theirs = isinstance(error, Exception) and (trace.tb_next is None or not is_ours(error))  # or the call itself
        if theirs and not notes_of(error):                                                   # the innermost knows best
            place = place_of(error)
            name = self.of if isinstance(self.of, str) else getattr(self.of, "name", type(self.of).__name__)
            error.add_note(f"{WHERE}{self.call} of {name}" + (f" ({place})" if place else ""))


def notes_of(error: BaseException) -> list[str]:
    """What ``asked`` wrote on ``error``."""
    return [note for note in getattr(error, "__notes__", ()) if str(note).startswith(WHERE)]


def words_of(error: BaseException) -> str:
    """Its message, and what ``asked`` wrote on it."""
    try:
        said = str(error)
    except Exception:
        said = in_short(error)
    return " ".join([said, *(f"({note})" for note in notes_of(error))])


def told(error: Exception) -> str:
    """An error of somebody's own code in a line: its kind, its first words, and file and line."""
    said = in_short(error)[:200] if first_words(error) else f"{type(error).__name__}: (without a word)"
    place = place_of(error)
    return said + (f" ({place})" if place else "")


def in_short(error: BaseException) -> str:
    """Its kind and its first line."""
    return f"{type(error).__name__}: {first_words(error)}".rstrip(": ")


def first_words(error: BaseException) -> str:
    """Its first line, "" if it has none, or if its own code cannot say it."""
    try:
        return (str(error).splitlines() or [""])[0]
    except Exception:
        return ""


def place_of(error: BaseException) -> str:
    """"meet.py, line 12, in _advance": the last line of somebody's own that ``error`` went through, "" if none.

    Where there is none but of installed packages, the last of these.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}, line {error.lineno}"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith(OURS)]
    own = [each for each in frames if not any(part in each.filename.replace("\\", "/") for part in NOT_OWN)]
    frames = own or [each for each in frames if "site-packages/torch/" not in each.filename.replace("\\", "/")]
    if not frames:
        return ""
    last = frames[-1]
    file = "a cell" if "ipykernel" in last.filename or last.filename.startswith("<") else Path(last.filename).name
    return f"{file}, line {last.lineno}, in {last.name}"
