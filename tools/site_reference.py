"""The API pages of the site: one page for each room of the library, written from the modules themselves.

Which rooms there are, and in which order, is what the docstring of ``qmix_course`` says; which names are public is what
the modules say. Nothing is listed here.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from types import ModuleType

import qmix_course

LONGEST_VALUE = 100     # characters of a constant that are shown
LITERAL = re.compile(r"(``.+?``)")


def rooms() -> list[str]:
    """The rooms of the library, in the order in which the lessons meet them."""
    plan = qmix_course.__doc__.split("\n\n")[-1].split("Apart from these")[0]
    return re.findall(r"``(\w+)``", plan)


def modules(room: str) -> list[ModuleType]:
    """A room's module, and in a package the modules in it whose names are public."""
    first = importlib.import_module(f"qmix_course.{room}")
    parts = [each.name for each in pkgutil.iter_modules(getattr(first, "__path__", ()), f"{first.__name__}.")]
    return [first] + [importlib.import_module(name) for name in parts if not name.split(".")[-1].startswith("_")]


def made_by(node: ast.stmt) -> list[str]:
    """The public names that a statement makes: a class, a function, constants."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        names = [node.name]
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    else:
        names = []
    return [name for name in names if not name.startswith("_")]


def written_in(module: ModuleType) -> list[str]:
    """The public names that a module's own text makes, from top to bottom."""
    return list(dict.fromkeys(name for node in ast.parse(inspect.getsource(module)).body for name in made_by(node)))


def public_names(room: str) -> dict[str, list[str]]:
    """Module → the public names that stand there. A package also has those that it hands out from parts of its own."""
    first, *parts = modules(room)
    found = {part.__name__: written_in(part) for part in parts}
    elsewhere = {name for names in found.values() for name in names}
    own = getattr(first, "__all__", None) or written_in(first)
    return {first.__name__: [name for name in own if name not in elsewhere], **found}


def handed_out(room: str) -> list[str]:
    """The lines that say what a package hands out from modules that have public names, too."""
    whole = importlib.import_module(f"qmix_course.{room}")
    where = {name: module for module, names in public_names(room).items() for name in names}
    names = [name for name in getattr(whole, "__all__", ()) if where[name] != whole.__name__]
    links = ", ".join(f":py:obj:`~{where[name]}.{name}`" for name in names)
    return [f"``from {whole.__name__} import`` {links}.", ""] if names else []


def entry(module: str, name: str) -> list[str]:
    """The lines of one name on the page of its room."""
    thing = getattr(importlib.import_module(module), name)
    if not inspect.isclass(thing) and not inspect.isroutine(thing):
        value = " ".join(repr(thing).split())
        value = value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + " …"
        said = [f"   {line}" for line in comment(module, name)]
        return [f".. py:data:: {name}", f"   :module: {module}", f"   :value: {value}", "", *said, ""]
    if inspect.isroutine(thing):
        return [f".. autofunction:: {module}.{name}", ""]
    bases = [] if thing.__bases__ == (object,) else ["   :show-inheritance:"]
    return [f".. autoclass:: {module}.{name}", "   :members:", *bases, ""]


def page(room: str) -> str:
    """The page of a room, in reStructuredText, as the docstrings are."""
    lines: list[str] = []
    for module, names in public_names(room).items():
        lines += [module, "=" * len(module) if not lines else "-" * len(module), "", f".. automodule:: {module}", ""]
        lines += handed_out(room) if module == f"qmix_course.{room}" else []
        lines += [line for name in names for line in entry(module, name)]
    return "\n".join(lines)


def index() -> str:
    """The page that leads to the rooms."""
    def link(found: re.Match) -> str:
        return f":doc:`{found[1]} <{found[1]}>`" if found[1] in rooms() else found[0]

    title, plan = "The library", re.sub(r"``(\w+)``", link, inspect.getdoc(qmix_course))
    listed = "\n".join(f"   {room}" for room in rooms())
    return (f"{title}\n{'=' * len(title)}\n\n.. py:module:: qmix_course\n\n{plan}\n\n"
            f".. toctree::\n   :maxdepth: 1\n\n{listed}\n")


# ---- what the docstrings say -----------------------------------------------------------------------------------------


def comment(module: str, name: str) -> list[str]:
    """What the source says of a constant: the comment beside it, or the lines of comment above."""
    whole = importlib.import_module(module)
    parts = [importlib.import_module(each.name)
             for each in pkgutil.iter_modules(getattr(whole, "__path__", ()), f"{module}.")]
    for part in [whole, *parts]:
        lines = inspect.getsource(part).splitlines()
        for node in ast.parse("\n".join(lines)).body:
            if name in made_by(node):
                _, hash_, beside = lines[node.lineno - 1].partition("  # ")
                above = node.lineno - 1
                while above and lines[above - 1].startswith("# "):
                    above -= 1
                said = [beside.strip()] if hash_ else [line[2:] for line in lines[above:node.lineno - 1]]
                return as_text(said)
    return []


def fields(thing) -> list[str]:
    """The comments that stand beside the fields of a dataclass, as a list for the end of its docstring."""
    if not dataclasses.is_dataclass(thing):
        return []
    rows = re.findall(r"^    (\w+): [^#\n]+?  +# (.+)$", inspect.getsource(thing), re.MULTILINE)
    return ["", *as_text([f"- ``{name}``: {said}" for name, said in rows]), ""] if rows else []


def as_text(lines: list[str]) -> list[str]:
    """Lines of a docstring as reStructuredText wants them: a list has blank lines around it, ``obs``[B, N, O] may stand
    without a space, and a bar is a bar."""
    result, listing = [], False
    for line in lines:
        starts = line.lstrip().startswith("- ")
        goes_on = starts or not line or line.startswith(" ")
        if (starts and not listing or listing and not goes_on) and result and result[-1]:
            result.append("")
        listing = starts or listing and goes_on
        pieces = LITERAL.split(line)
        for place, piece in enumerate(pieces):
            if place % 2:
                after = pieces[place + 1][:1]
                pieces[place] = piece + ("\\ " if after.isalnum() or after in "[(" and after else "")
            else:
                pieces[place] = piece.replace("|", "\\|")
        result.append("".join(pieces))
    return result
