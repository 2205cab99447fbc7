"""What can be read in an answer's code: whether it is written yet, where it failed, how it returns, how it rounds."""

from __future__ import annotations

import ast
import contextlib
import dis
import inspect
import linecache
import textwrap
import traceback
import types
from types import CodeType, FrameType

from torch import nn

from qmix_course.checks.limit import Overrun, is_library
from qmix_course.checks.surroundings import NobodyThere
from qmix_course.checks.verdict import Verdict
from qmix_course.strangers import in_short

ROUNDERS = {"round", "round_", "around", "rint", "trunc", "fix", "quantize", "decimals", "format", "int", "floor",
            "ceil", "Decimal"}


def unwritten(answer) -> bool:
    """Whether this is still the stub of an exercise: ``...``, a function with nothing but ``...`` in it, a class with
    one."""
    if answer is ...:
        return True
    if isinstance(answer, dict):
        return any(value is ... for value in answer.values())
    if isinstance(answer, (tuple, list)):
        return any(value is ... for value in answer)
    if isinstance(answer, type):
        return any(unwritten(part) for part in vars(answer).values() if isinstance(part, types.FunctionType))
    return isinstance(answer, types.FunctionType) and _is_stub(answer.__code__)


def _is_stub(code: CodeType) -> bool:
    told = [step for step in dis.get_instructions(code)
            if step.opname not in ("RESUME", "NOP", "CACHE", "COPY_FREE_VARS")]
    if any(step.opname not in ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE") for step in told):
        return False
    constants = [step.argval for step in told if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return constants in ([None], [...])


# ---- where it failed -------------------------------------------------------------------------------------------------

def own_place(error: BaseException) -> tuple[FrameType, int] | None:
    """The learner's innermost frame in the traceback of an error, and the line there."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if not is_library(frame.f_code.co_filename):
            return frame, line
    return None


def place(frame: FrameType, line: int) -> tuple[str, str]:
    """``line 3 of answer``, counted from the ``def`` line of the function, and the text of that line."""
    code = frame.f_code
    return f"line {line - code.co_firstlineno + 1} of {code.co_name}", linecache.getline(code.co_filename, line).strip()


def error_verdict(error: BaseException) -> Verdict:
    """The verdict for an exception in the learner's code."""
    said = in_short(error)
    found = own_place(error)
    if found is None:
        return Verdict("error in your code", said,
                       "It was raised before the first line of your code ran: do the names and the number of its "
                       "arguments match?")
    where, text = place(*found)
    hint = "Read the message. What did this line expect, and what did it get?"
    if isinstance(error, NobodyThere):
        hint = "Take input() out, and give the value in the code."
    elif isinstance(error, MemoryError) or "allocate memory" in said:
        hint = "This line asks for more memory than a check may take. What is it that grows, and how large must it be?"
    elif isinstance(error, RecursionError):
        hint = "The function calls itself without end. Which case must not call it again?"
    return Verdict("error in your code", f"{where}: {said}", hint, text)


def overrun_verdict(overrun: Overrun) -> Verdict:
    """The verdict for code that did not come to an end in time."""
    if overrun.frame is None:
        return Verdict("error in your code", f"the check did not come to its end: {overrun.why}",
                       "Your code was not running at that moment. Is the computer busy with something else? Then check "
                       "again.")
    where, text = place(overrun.frame, overrun.line)
    if "memory" in overrun.why:
        return Verdict("error in your code", f"it was stopped in {where}: {overrun.why}",
                       "What is it that grows there, and how large must it be?", text)
    if "waiting" in overrun.why:
        return Verdict("error in your code", f"it ran too long and was stopped in {where}: {overrun.why}",
                       "It computes nothing there. What does it wait for, and does that ever come?", text)
    return Verdict("error in your code", f"it ran too long and was stopped in {where}: {overrun.why}",
                   "Is there a loop that never ends? Look at what must change for it to end: does it change in every "
                   "round, and can it step over the value that is waited for?", text)


# ---- how it returns --------------------------------------------------------------------------------------------------

NOTHING = "your function returns nothing"


def returns_nothing(answer) -> Verdict:
    """The verdict on a function that gave None, by what its code says about it."""
    returns, falls_off = _returns(answer)
    empty = [node for node in returns if node.value is None
             or isinstance(node.value, ast.Constant) and node.value.value is None]
    if empty:
        hint = (f"Line {empty[0].lineno} returns None. Was that way through your function meant to be taken here, and "
                f"what should it return?")
    elif returns and falls_off:
        hint = "Does every way through it end in a return?"
    elif returns:
        hint = ("It returns something whose value is None. Methods that change a thing in place, as list.sort() or "
                "list.append(), and print() give None.")
    elif falls_off:
        hint = "It has no return. Which line hands its result over to the caller?"
    else:
        hint = "The result is None. Which line hands it over to the caller, and what does that line give?"
    return Verdict("wrong shape or type", NOTHING, hint)


def _returns(answer) -> tuple[list[ast.Return], bool]:
    """The return statements of a function, and whether its end can be reached; ``([], False)`` where its text is not to
    be had."""
    try:
        if not inspect.isroutine(answer):
            answer = type(answer).forward if isinstance(answer, nn.Module) else type(answer).__call__
        function = inspect.unwrap(answer)
        text = textwrap.dedent(inspect.getsource(function))
        node = ast.parse(text).body[0]
    except (OSError, TypeError, ValueError, SyntaxError, IndexError, AttributeError):
        return [], False
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [], False
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    found: list[ast.Return] = []
    waiting = list(node.body)
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, ast.Return):
            part.lineno -= first - 1
            found.append(part)
        elif not isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(part))
    return sorted(found, key=lambda part: part.lineno), not _ends(node.body)


def _ends(body: list[ast.stmt]) -> bool:
    """Whether every way through these statements returns or raises."""
    for part in body:
        if isinstance(part, (ast.Return, ast.Raise)):
            return True
        if isinstance(part, ast.If) and part.orelse and _ends(part.body) and _ends(part.orelse):
            return True
        if isinstance(part, (ast.With, ast.AsyncWith)) and _ends(part.body):
            return True
        if (isinstance(part, ast.While) and isinstance(part.test, ast.Constant) and part.test.value
            and not _breaks(part)):
            return True
        if isinstance(part, ast.Try) and (_ends(part.finalbody) or (
                _ends(part.body + part.orelse) and all(_ends(handler.body) for handler in part.handlers))):
            return True
        if isinstance(part, ast.Match) and all(_ends(case.body) for case in part.cases) and any(
                isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None
                for case in part.cases):
            return True
    return False


def _breaks(loop: ast.While) -> bool:
    return any(isinstance(part, ast.Break) for part in ast.walk(loop))


# ---- how it rounds ---------------------------------------------------------------------------------------------------

def names_in(answer) -> set[str]:
    """The global names that an answer's code uses, inside its own functions and methods too."""
    return {name for code in _codes(answer) for step in dis.get_instructions(code)
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") for name in [step.argval]}


def may_round(answers: tuple) -> bool:
    """Whether the code of an answer names an operation that rounds; True where no code can be read."""
    codes = [code for answer in answers for code in _codes(answer)]
    return not codes or any(ROUNDERS & set(code.co_names) or ROUNDERS & set(_keywords(code))
                            or any(step.opname.startswith("FORMAT_") for step in dis.get_instructions(code))
                            for code in codes)


def _keywords(code: CodeType) -> list[str]:
    return [name for constant in code.co_consts if isinstance(constant, tuple) for name in constant
            if isinstance(name, str)]


def _codes(answer, depth: int = 2) -> list[CodeType]:
    """The code of a function or of a class's methods, of what is defined in it, and of the learner's functions that it
    names."""
    if isinstance(answer, type):
        return [code for part in vars(answer).values() for code in _codes(part, depth)]
    if isinstance(answer, (staticmethod, classmethod, types.MethodType)):
        answer = answer.__func__
    if not isinstance(answer, types.FunctionType) or is_library(answer.__code__.co_filename):
        return []
    found, waiting = [], [answer.__code__]
    while waiting:
        code = waiting.pop()
        found.append(code)
        waiting.extend(part for part in code.co_consts if isinstance(part, CodeType))
    if depth:
        known = {**answer.__globals__, **{name: cell.cell_contents
                                          for name, cell in zip(answer.__code__.co_freevars, answer.__closure__ or ())
                                          if _filled(cell)}}
        used = {name for code in found for name in (*code.co_names, *code.co_freevars)}
        found += [code for name in used if isinstance(known.get(name), types.FunctionType) and known[name] is not answer
                  for code in _codes(known[name], depth - 1)]
    return found


def _filled(cell) -> bool:
    try:
        cell.cell_contents
    except ValueError:
        return False
    return True


def parameter(answer, place: int) -> str:
    """What a function calls the argument at this place, counted from 0."""
    with contextlib.suppress(TypeError, ValueError, IndexError):
        kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
        return [name for name, each in inspect.signature(answer).parameters.items() if each.kind in kinds][place]
    return f"argument {place + 1}"
