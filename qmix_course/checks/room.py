"""The room in which an answer is examined: known seeds, private copies, off-limits parts, and the comparison."""

from __future__ import annotations

import contextlib
import copy
import dis
import io
import linecache
import random
import sysconfig
import traceback
import types
import warnings
from pathlib import Path

import numpy
import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.guard import Guard
from qmix_course.checks.verdict import Found, Verdict

CHANGES_INPUT = Mistake(
    "your answer changes what it was given",
    "The caller still needs its inputs as they were. Which of your lines writes into one of them?",
    "the caller goes on with inputs that are no longer what they were")
REMEMBERS = Mistake(
    "the same question got two different answers",
    "Called twice with the same inputs, your function gave two results. What does it keep from an earlier call?",
    "a result must depend on the inputs alone")
SEEDS = Mistake(
    "your answer seeds a global generator",
    "That changes everybody's random numbers. Use the generator you are given, or none.",
    "it makes every later draw of the whole program start again from the same place")
NEARLY = Mistake(
    "nearly right: precision was lost on the way",
    "Return the numbers as they come, in float64: no round, no float32.",
    "rounded numbers differ from the exact ones in the digits that were dropped")
OFF_LIMITS_HINT = "This part of the library is what the exercise asks you to write. Build it yourself."
COMMON = (CHANGES_INPUT, REMEMBERS, SEEDS, NEARLY)

_LIBRARIES = tuple({str(Path(__file__).parents[1]), *(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))})


class Room:
    """What a check works with: it runs answers (``ask``), compares them (``compare``) and names mistakes (``wrong``)."""

    def __init__(self, exercise: Exercise):
        self.exercise = exercise

    # ---- from answers to a verdict ---------------------------------------------------------------------------------

    def judge(self, answers: tuple) -> Verdict:
        """The verdict on the answers; whatever they raise becomes one too. The caller's random state is left as it was."""
        empty = [name for name, answer in zip(self.exercise.answers, answers) if _unwritten(answer)]
        if len(empty) == len(answers):
            return Verdict("not attempted")
        if empty:
            return Verdict("not attempted", f"{' and '.join(empty)} is still empty" if len(empty) == 1
                           else f"{', '.join(empty)} are still empty")
        for (name, kind), answer in zip(self.exercise.answers.items(), answers):
            if kind == "function" and not callable(answer):
                return Verdict("wrong shape or type", f"{name}: expected a function, got {values.describe(answer)}",
                               "Hand over the function itself, without calling it: no parentheses behind its name.")
            if kind == "class" and not isinstance(answer, type):
                return Verdict("wrong shape or type", f"{name}: expected a class, got {values.describe(answer)}",
                               "Hand over the class itself, without parentheses behind its name.")
        with _quiet_surroundings():
            try:
                return self.exercise.look(self, *answers)
            except Found as found:
                return found.verdict
            except (Exception, SystemExit) as error:
                return _error(error)

    def wrong(self, name: str, detail: str = "") -> Found:
        """``raise room.wrong("the name of a mistake")``: the verdict for one of the exercise's mistakes."""
        for mistake in (*self.exercise.mistakes, *COMMON):
            if mistake.name == name:
                return Found(Verdict("wrong", mistake.name, mistake.hint, detail))
        raise LookupError(f"exercise {self.exercise.number} has no mistake named {name!r}")

    # ---- running an answer -----------------------------------------------------------------------------------------

    def ask(self, answer, *inputs, may_change: tuple[int, ...] = (), **named):
        """``answer(*inputs, **named)`` with private copies of the inputs: its result.

        Raises ``Found`` when it changes an input (but those whose places ``may_change`` names: they are passed as they
        are), calls what is off limits, seeds a global generator, returns ``...`` or returns nothing.
        """
        given = [value if place in may_change else copy.deepcopy(value) for place, value in enumerate(inputs)]
        given_named = copy.deepcopy(named)
        with Guard(self.exercise.off_limits) as guard:
            try:
                result = answer(*given, **given_named)
            except Exception:
                if not guard.called:
                    raise
        if guard.called:
            raise Found(Verdict("wrong", f"{guard.called[0]} is off limits here", OFF_LIMITS_HINT))
        if guard.seeded:
            raise self.wrong(SEEDS.name)
        for place, (before, after) in enumerate(zip(inputs, given)):
            if place not in may_change and not values.same(before, after):
                raise self.wrong(CHANGES_INPUT.name, f"changed: argument {place + 1}")
        if not values.same(named, given_named):
            raise self.wrong(CHANGES_INPUT.name)
        if result is ...:
            raise Found(Verdict("not attempted"))
        if result is None and not may_change:
            raise Found(Verdict("wrong shape or type", "your function returns nothing",
                                "Does every way through it end in a return?"))
        return result

    # ---- comparing -------------------------------------------------------------------------------------------------

    def compare(self, answer, cases: list[tuple], truth, tolerance: float = 1e-9, repeat: bool = True) -> None:
        """Ask ``answer`` about every case and hold it against ``truth(*case)``; raise ``Found`` unless all agree.

        A mistake of the exercise is named when its ``wrong(*case)`` explains every answer given. ``repeat``: ask the
        first case once more at the end, which must give the same again.
        """
        given = [self.ask(answer, *case) for case in cases]
        if repeat:
            again = self.ask(answer, *cases[0])          # a solver may round otherwise the second time
            if not values.same(given[0], again) and not values.loosely_equal(given[0], again, tolerance):
                raise self.wrong(REMEMBERS.name)
        expected = [truth(*copy.deepcopy(case)) for case in cases]
        self.match(given, expected, cases, tolerance)

    def match(self, given: list, expected: list, cases: list[tuple], tolerance: float = 1e-9, name: str | None = None) -> None:
        """As ``compare``, for answers that are there already: ``given[k]`` belongs to ``cases[k]``.

        ``name``: what the learner would call to see a case again; without it, the exercise's function.
        """
        name = name or next((name for name, kind in self.exercise.answers.items() if kind != "value"), "answer")
        problems = [values.problem(got, want, tolerance) for got, want in zip(given, expected)]
        if not any(problems):
            return
        # Right numbers in a wrong type are a matter of the type, unless a mistake gives that very type.
        strict = all(values.loosely_equal(got, want, tolerance) for got, want in zip(given, expected))
        for mistake in self.exercise.mistakes:
            if mistake.wrong is not None and _explains(mistake.wrong, given, cases, tolerance, strict):
                raise self.wrong(mistake.name, self._example(problems, given, expected, cases, name))
        shapes = [problem for problem in problems if problem and problem.kind == "wrong shape or type"]
        if shapes:
            first = problems.index(shapes[0])
            raise Found(Verdict("wrong shape or type", shapes[0].text, "Print what your answer gives for one small case, "
                                "and its shape and dtype.", values.call(name, cases[first])))
        if all(problem is None or problem.nearly for problem in problems):
            raise self.wrong(NEARLY.name)
        raise Found(Verdict("wrong", "the values are not the expected ones", "Work this one case out on paper, step by "
                            "step, and compare.", self._example(problems, given, expected, cases, name)))

    def _example(self, problems, given, expected, cases, name) -> str:
        """The smallest case that went wrong: a line to run, expected, got, the largest difference."""
        differ = [k for k, (got, want) in enumerate(zip(given, expected)) if not values.loosely_equal(got, want, 1e-6)]
        failed = differ or [k for k, problem in enumerate(problems) if problem]
        smallest = min(failed, key=lambda k: values.size(cases[k]))
        return "\n".join(filter(None, [values.call(name, cases[smallest]),
                                       values.table(given[smallest], expected[smallest])]))

    def line(self, named, right: int | set[int]) -> None:
        """In a lab: is this the line with the bug? Ask after the repair has been examined."""
        right = {right} if isinstance(right, int) else right
        if isinstance(named, bool) or not isinstance(named, int):
            raise Found(Verdict("wrong shape or type", f"the line: expected a whole number, got {values.describe(named)}",
                                "Give the number that stands behind the line in the listing, as 3."))
        if named not in right:
            raise Found(Verdict("wrong", "your repair is right, but the bug is not in the line that you name",
                                "Go through the listing line by line: which is the first line whose result is not what it should be?"))


def _explains(wrong, given: list, cases: list[tuple], tolerance: float, strict: bool) -> bool:
    for got, case in zip(given, cases):
        try:
            claimed = wrong(*copy.deepcopy(case))
        except Exception:
            return False
        agrees = values.problem(got, claimed, tolerance) is None if strict else values.loosely_equal(got, claimed, tolerance)
        if not agrees:
            return False
    return True


# ---- what is not written yet -----------------------------------------------------------------------------------------

def _unwritten(answer) -> bool:
    """Whether this is still the stub of an exercise: ``...``, a function with nothing but ``...`` in it, a class with one."""
    if answer is ...:
        return True
    if isinstance(answer, dict):
        return any(value is ... for value in answer.values())
    if isinstance(answer, (tuple, list)):
        return any(value is ... for value in answer)
    if isinstance(answer, type):
        return any(_unwritten(part) for part in vars(answer).values() if isinstance(part, types.FunctionType))
    return isinstance(answer, types.FunctionType) and _is_stub(answer.__code__)


def _is_stub(code: types.CodeType) -> bool:
    told = [step for step in dis.get_instructions(code) if step.opname not in ("RESUME", "NOP", "CACHE", "COPY_FREE_VARS")]
    if any(step.opname not in ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE") for step in told):
        return False
    constants = [step.argval for step in told if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return constants in ([None], [...])


# ---- errors ----------------------------------------------------------------------------------------------------------

def _error(error: BaseException) -> Verdict:
    """The verdict for an exception in the learner's code: its line, as counted from the ``def`` line of its function."""
    said = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}".rstrip(": ")
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if not frame.f_code.co_filename.startswith((*_LIBRARIES, "<frozen")):
            number = line - frame.f_code.co_firstlineno + 1
            text = linecache.getline(frame.f_code.co_filename, line).strip()
            return Verdict("error in your code", f"line {number} of {frame.f_code.co_name}: {said}",
                           "Read the message. What did this line expect, and what did it get?", text)
    return Verdict("error in your code", said,
                   "It was raised before the first line of your code ran: do the names and the number of its arguments match?")


@contextlib.contextmanager
def _quiet_surroundings():
    """Known random numbers, float64, gradients on, no warnings, nothing printed (an answer runs many times); afterwards
    everything is as it was."""
    saved = random.getstate(), numpy.random.get_state(), torch.get_default_dtype()
    with (contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), torch.random.fork_rng(devices=[]), torch.inference_mode(False),
          torch.enable_grad()):
        warnings.simplefilter("ignore")
        random.seed(20_261)
        numpy.random.seed(20_262)
        torch.manual_seed(20_263)
        torch.set_default_dtype(torch.float64)
        try:
            yield
        finally:
            random.setstate(saved[0])
            numpy.random.set_state(saved[1])
            torch.set_default_dtype(saved[2])
