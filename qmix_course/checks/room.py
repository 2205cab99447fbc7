"""The room in which an answer is examined: known seeds, private copies, off-limits parts, and the comparison."""

from __future__ import annotations

import contextlib
import copy

import numpy
import torch

from qmix_course.checks import cells, code, forks, limit, steps, surroundings, values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.guard import Guard
from qmix_course.checks.verdict import Found, Verdict

CHANGES_INPUT = Mistake(
    "your answer changes what it was given",
    "The caller still needs its inputs as they were. Which of your lines writes into one of them?",
    "the caller goes on with inputs that are no longer what they were")
REMEMBERS = Mistake(
    "the same question got two different answers",
    "Called twice with the same inputs, your function gave two results. What does it keep, or draw at random?",
    "a result must depend on the inputs alone")
SEEDS = Mistake(
    "your answer seeds a global generator",
    "That changes everybody's random numbers. Use the generator you are given, or none.",
    "it makes every later draw of the whole program start again from the same place")
NEARLY = Mistake(
    "nearly right: precision was lost on the way",
    "Return the numbers as they come, in float64: no round, no float32.",
    "rounded numbers differ from the exact ones in the digits that were dropped")
UNNAMED = "the values are not the expected ones"              # the title where no mistake explains them
OFF_LIMITS_HINT = "This part of the library is what the exercise asks you to write. Build it yourself."
COMMON = (CHANGES_INPUT, REMEMBERS, SEEDS, NEARLY)

REPLACES = "It belongs to everybody: what comes after your answer would use your version. Give yours a name of its own."


class Room:
    """What a check works with: it runs answers (``ask``), compares them (``compare``) and names mistakes (``wrong``).
    """

    def __init__(self, exercise: Exercise):
        self.exercise = exercise
        self._answers: tuple = ()
        self._guards: list[Guard] = []
        self._given: tuple = ()                     # what the last question was answered, if it was
        self._raised: BaseException | None = None   # what an answer raised

    # ---- from answers to a verdict ---------------------------------------------------------------------------------

    def judge(self, answers: tuple) -> Verdict:
        """The verdict on the answers; whatever they raise becomes one too, and so does an answer that never ends.
        What they change is put back."""
        failed = self._failed_cells(answers)
        if failed:
            return failed
        empty = [name for name, answer in zip(self.exercise.answers, answers) if code.unwritten(answer)]
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
        self._answers, self._over = answers, False
        with surroundings.quiet() as replaced, steps.in_steps(answers):
            try:
                verdict = limit.within(self._look, self.exercise.seconds)
            except limit.Overrun as overrun:
                verdict = code.overrun_verdict(overrun)
            finally:
                self._over = True
                for guard in self._guards:          # left behind when an answer was stopped
                    guard.open()
        if replaced and verdict.kind == "correct":
            return Verdict("wrong", f"your answer replaces {replaced[0]}", REPLACES)
        return verdict

    def _failed_cells(self, answers: tuple) -> Verdict | None:
        """In a notebook: the verdict when the last run of a cell that the answers come from failed."""
        log = cells.log()
        if log is None or not log.failed:
            return None
        for name in (*self.exercise.answers, *sorted(set().union(*map(code.names_in, answers)))):
            if name in log.failed:
                return Verdict("error in your code", f"the last run of the cell that defines {name} failed: "
                                                     f"{log.failed[name]}",
                               "What is there now may be the definition of an earlier run. Fix that cell, run it "
                               "again, then check.")
        return None

    def _look(self) -> Verdict:
        with torch.inference_mode(False), torch.enable_grad():
            try:
                return self.exercise.look(self, *self._answers)
            except Found as found:
                return found.verdict
            except limit.Stop:
                raise
            except BaseException as error:
                if (self._given and error is not self._raised and isinstance(error, Exception)
                    and code.own_place(error) is None):
                    return self._unusable(error)
                return code.error_verdict(error)

    def _unusable(self, error: Exception) -> Verdict:
        """The answer ran, and what it gave is nothing that the check could work with."""
        return Verdict("wrong shape or type", f"your answer gave {values.describe(self._given[0])}, which cannot be "
                                              f"used here",
                       "What does the text ask for: which type, which shape, which dtype? Print what your answer gives "
                       "for one small case.",
                       code.in_short(error))

    def wrong(self, name: str, detail: str = "") -> Found:
        """``raise room.wrong("the name of a mistake")``: the verdict for one of the exercise's mistakes."""
        for mistake in (*self.exercise.mistakes, *COMMON):
            if mistake.name == name:
                return Found(Verdict("wrong", mistake.name, mistake.hint, detail))
        raise LookupError(f"exercise {self.exercise.number} has no mistake named {name!r}")

    def misfit(self, text: str, hint: str = "", detail: str = "") -> Found:
        """``raise room.misfit("expected …, got …", hint)``: the verdict for a result that is not of the kind asked."""
        return Found(Verdict("wrong shape or type", text, hint, detail))

    # ---- running an answer -----------------------------------------------------------------------------------------

    def ask(self, answer, *inputs, may_change: tuple[int, ...] = (), may_seed: bool = False, **named):
        """``answer(*inputs, **named)`` with private copies of the inputs: its result.

        Raises ``Found`` when it changes an input (but those whose places ``may_change`` names: they are passed as they
        are), calls what is off limits, seeds a global generator (unless it ``may_seed``: it makes teams), returns
        ``...`` or returns nothing.
        """
        given = [value if place in may_change else copy.deepcopy(value) for place, value in enumerate(inputs)]
        given_named = copy.deepcopy(named)
        guard = Guard(self.exercise.off_limits)
        self._guards.append(guard)
        self._given = ()
        with _settings_kept(self), guard, forks.only_here():
            try:
                result = answer(*given, **given_named)
            except BaseException as error:
                if not guard.called or not isinstance(error, Exception):
                    self._raised = error
                    raise
        self._guards.remove(guard)
        if guard.called:
            raise Found(Verdict("wrong", f"{guard.called[0]} is off limits here", OFF_LIMITS_HINT))
        if guard.seeded and not may_seed:
            raise self.wrong(SEEDS.name)
        for place, (before, after) in enumerate(zip(inputs, given)):
            if place not in may_change and not values.same(before, after):
                raise self.wrong(CHANGES_INPUT.name, f"changed: {code.parameter(answer, place)}")
        if not values.same(named, given_named):
            raise self.wrong(CHANGES_INPUT.name)
        if result is ...:
            raise Found(Verdict("not attempted"))
        if result is None and not may_change:
            raise Found(code.returns_nothing(answer))
        self._given = (result,)
        return result

    @contextlib.contextmanager
    def watching(self, owner: type, name: str, notice):
        """Meanwhile ``notice`` is called with whatever the method ``owner.name`` is called with, before it."""
        method, guard = getattr(owner, name), Guard()

        def noticed(*inputs, **named):
            notice(*inputs, **named)
            return method(*inputs, **named)

        self._guards.append(guard)                  # put back by ``judge`` should the answer be stopped
        guard.replace(owner, name, noticed)
        try:
            yield
        finally:
            guard.open()
            self._guards.remove(guard)

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

    def match(self, given: list, expected: list, cases: list[tuple], tolerance: float = 1e-9,
              name: str | None = None, otherwise: str | None = None, named: bool = True) -> None:
        """As ``compare``, for answers that are there already: ``given[k]`` belongs to ``cases[k]``.

        ``name``: what the learner would call to see a case again; without it, the exercise's function. ``otherwise``:
        the mistake to name where no other one explains the values; if not ``named``, no other one is looked for.
        """
        name = name or next((name for name, kind in self.exercise.answers.items() if kind != "value"), "answer")
        problems = [values.problem(got, want, tolerance) for got, want in zip(given, expected)]
        if not any(problems):
            return
        # Right numbers in a wrong type are a matter of the type, unless a mistake gives that very type.
        strict = all(values.loosely_equal(got, want, tolerance) for got, want in zip(given, expected))
        for mistake in self.exercise.mistakes:
            if named and mistake.wrong is not None and _explains(mistake.wrong, given, cases, tolerance, strict):
                raise self.wrong(mistake.name, self._example(problems, given, expected, cases, name))
        shapes = [problem for problem in problems if problem and problem.kind == "wrong shape or type"]
        if shapes:
            first = problems.index(shapes[0])
            raise Found(Verdict("wrong shape or type", shapes[0].text,
                                "Print what your answer gives for one small case, "
                                "and its shape and dtype.", values.call(name, cases[first])))
        lost = values.lost_digits(given, expected) if all(problem is None or problem.close
                                                          for problem in problems) else ""
        if lost == "float32" or lost and code.may_round(self._answers):
            raise self.wrong(NEARLY.name)
        example = self._example(problems, given, expected, cases, name)
        if otherwise:
            raise self.wrong(otherwise, example)
        smallest = self._smallest(problems, given, expected, cases)
        raise Found(Verdict("wrong", UNNAMED, values.what_next(problems, given, expected, cases[smallest],
                                                                expected[smallest]), example))

    def _smallest(self, problems, given, expected, cases) -> int:
        """The smallest case that went wrong."""
        differ = [k for k, (got, want) in enumerate(zip(given, expected)) if not values.loosely_equal(got, want, 1e-6)]
        failed = differ or [k for k, problem in enumerate(problems) if problem]
        return min(failed, key=lambda k: values.size(cases[k]) + values.size(expected[k]))

    def _example(self, problems, given, expected, cases, name) -> str:
        """The smallest case that went wrong: a line to run, expected, got, where they differ."""
        smallest = self._smallest(problems, given, expected, cases)
        return "\n".join(filter(None, [values.call(name, cases[smallest]),
                                       values.table(given[smallest], expected[smallest])]))

    def line(self, named, right: int | set[int]) -> None:
        """In a lab: is this the line with the bug? Ask after the repair has been examined."""
        right = {right} if isinstance(right, int) else right
        if isinstance(named, bool) or not isinstance(named, int):
            raise Found(Verdict("wrong shape or type", f"the line: expected a whole number, got "
                                                       f"{values.describe(named)}",
                                "Give the number that stands behind the line in the listing, as 3."))
        if named not in right:
            raise Found(Verdict("wrong", "your repair is right, but the bug is not in the line that you name",
                                "Go through the listing line by line: which is the first line whose result is not what "
                                "it should be?"))

    def letter(self, cause, right: str, blamed: dict[str, str]) -> None:
        """Of several causes, is this the one? ``blamed``: any other letter → its mistake. Ask after the repair."""
        letters = sorted((right, *blamed))
        if isinstance(cause, int) and self.exercise.formerly:           # the number of a line, in an older copy
            raise Found(self.exercise.earlier(self.exercise.formerly))
        if not isinstance(cause, str) or cause.strip().upper() not in letters:
            raise self.misfit(f"cause: expected one letter, {letters[0]} to {letters[-1]}, as text, got "
                              f"{values.describe(cause) if not isinstance(cause, str) else repr(cause)}",
                              f'Write it with its quotes, as "{letters[0]}".')
        if cause.strip().upper() != right:
            raise self.wrong(blamed[cause.strip().upper()])


def _explains(wrong, given: list, cases: list[tuple], tolerance: float, strict: bool) -> bool:
    for got, case in zip(given, cases):
        try:
            claimed = wrong(*copy.deepcopy(case))
        except Exception:
            return False
        agrees = (values.problem(got, claimed, tolerance) is None
                  if strict else values.loosely_equal(got, claimed, tolerance))
        if not agrees:
            return False
    return True


@contextlib.contextmanager
def _settings_kept(room: Room):
    """What an answer sets in its thread or in torch does not reach the check's own sums."""
    dtype, threads, grad, errors = (torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled(),
                                    numpy.geterr())
    try:
        yield
    finally:
        if not (getattr(room, "_over", False) or limit.given_up()):
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(grad)
            numpy.seterr(**errors)
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            if torch.get_default_device().type != "cpu":
                torch.set_default_device(None)
