"""Every check against its catalogue: right answers pass, each wrong one is told its own mistake, nothing fools a check.
"""

import importlib
import inspect
import random
import re
import types
from pathlib import Path

import numpy
import pytest
import torch

from qmix_course.checks import NotCorrect, check, exercises, experiment, hint, solution
from qmix_course.checks.exercise import LESSONS
from qmix_course.checks.room import COMMON

HERE = Path(__file__).parent
WRITTEN = [number for number in LESSONS if (HERE / "catalogue" / f"lesson{number}").is_dir()]
EXERCISES = {exercise.number: exercise for number in WRITTEN for exercise in exercises(number)}
CATALOGUE = {key: value for number in WRITTEN
             for key, value in importlib.import_module(f"tests.catalogue.lesson{number}").CATALOGUE.items()}


def parts(answer) -> tuple:
    return answer if isinstance(answer, tuple) else (answer,)


def label(answer) -> str:
    """The same in every process: the text of a set of words depends on Python's hash seed, so sets go by their type."""
    return "-".join(getattr(part, "__name__", None)
                    or (str(part)[:20] if isinstance(part, (int, float, str)) else type(part).__name__)
                    for part in parts(answer))


RIGHT = [pytest.param(number, answer, id=f"{number}-{label(answer)}")
         for number, answers in CATALOGUE.items() for answer in answers.right]
WRONG = [pytest.param(number, name, answer, id=f"{number}-{label(answer)}")
         for number, answers in CATALOGUE.items() for name, answer in answers.wrong]
NUMBERS = list(EXERCISES)


def test_labels_are_the_same_in_every_process():
    """Workers that share the tests out must find the same ones: no name holds an address of memory."""
    assert not [each.id for each in (*RIGHT, *WRONG) if " at 0x" in each.id]


def test_every_lesson_and_every_exercise_has_a_catalogue():
    assert WRITTEN == list(LESSONS)
    assert list(CATALOGUE) == NUMBERS


@pytest.mark.parametrize("lesson", LESSONS)
def test_one_file_an_exercise_here_and_there(lesson):
    """Whoever has a check open finds its answers under the same name, and the other way round."""
    checks = importlib.import_module(f"qmix_course.checks.lesson{lesson}")
    homes = [name for name, part in vars(checks).items() if hasattr(part, "EXERCISE")]
    answers = importlib.import_module(f"tests.catalogue.lesson{lesson}")
    assert sorted(homes) == sorted(name for name, part in vars(answers).items()
                                   if hasattr(part, "ANSWERS") and name != "wide")
    assert len(homes) == len(checks.EXERCISES)
    for name in homes:
        number = getattr(checks, name).EXERCISE.number
        assert number.startswith(lesson) and getattr(checks, name).__doc__.startswith(f"{number} · ")
        there = answers.CATALOGUE[number].right
        assert there[:len(getattr(answers, name).ANSWERS.right)] == getattr(answers, name).ANSWERS.right


ASKED: dict = {}


@pytest.fixture
def taught_once(monkeypatch):
    """Many answers to an experiment share a function that measures, and their checks ask it for the same teams: what it
    gave, and trained, the first time stands for the next."""
    def asked(room, measure, arm, seeds, ask=experiment._asked):
        key = measure, arm, tuple(seeds)
        if key not in ASKED:
            ASKED[key] = ask(room, measure, arm, seeds)
        return ASKED[key]

    monkeypatch.setattr(experiment, "_asked", asked)


@pytest.mark.usefixtures("taught_once")
@pytest.mark.parametrize("number, answer", RIGHT)
def test_a_right_answer_passes(number, answer):
    verdict = check(number, *parts(answer))
    assert verdict.kind == "correct", verdict


@pytest.mark.usefixtures("taught_once")
@pytest.mark.parametrize("number, name, answer", WRONG)
def test_a_wrong_answer_is_told_its_own_mistake(number, name, answer):
    verdict = check(number, *parts(answer))
    known = {mistake.name: mistake for mistake in (*EXERCISES[number].mistakes, *COMMON)}
    assert (verdict.kind, verdict.title) == ("wrong", name), verdict
    assert verdict.hint == known[name].hint


# What the form of an experiment tells apart in other tests: an answer of each kind need not be in every catalogue.
ELSEWHERE = {experiment.OTHERWISE.name, experiment.ANOTHER_LOOK.name}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_catalogue_is_rich_enough(number):
    exercise, answers = EXERCISES[number], CATALOGUE[number]
    reached = {name for name, _ in answers.wrong}
    own = {mistake.name for mistake in exercise.mistakes}
    never = own - reached
    assert never < ELSEWHERE, f"never reached: {never}"
    assert len(reached & own) >= (3 if exercise.lab else 6)
    assert len(answers.right) >= 2
    hints = [mistake.hint for mistake in exercise.mistakes]
    assert len(set(hints)) == len(hints), "two mistakes have one hint"


OLDER = [number for number, exercise in EXERCISES.items()
         if "cause" in exercise.answers and any(name.startswith("wrong_line") for name in exercise.formerly)]


@pytest.mark.parametrize("number", OLDER)
def test_the_number_of_a_line_where_a_cause_is_asked_is_told_that_the_copy_is_older(number):
    _, *mended = parts(CATALOGUE[number].right[0])
    verdict = check(number, 3, *mended)
    assert verdict.kind == "not attempted" and f"an earlier exercise {number}" in verdict.title
    assert f"reset {number[:2]}" in verdict.hint


@pytest.mark.parametrize("number", NUMBERS)
def test_an_exercise_says_all_that_it_must(number):
    exercise = EXERCISES[number]
    assert 1 <= exercise.difficulty <= 5 and 2 <= exercise.minutes <= 45
    assert len(exercise.hints) >= 2 and exercise.practises and exercise.title
    assert all(kind in ("function", "class", "value") for kind in exercise.answers.values())
    for mistake in exercise.mistakes:
        assert mistake.name and len(mistake.hint) > 15 and len(mistake.why) > 15


@pytest.mark.parametrize("number", NUMBERS)
def test_hints_can_be_reached_and_give_no_solution_away(number):
    exercise = EXERCISES[number]
    for k in range(1, len(exercise.hints) + 1):
        assert exercise.hints[k - 1].split()[-1] in hint(number, k)
    squeezed = re.sub(r"\s", "", "\n".join([*exercise.hints, *(mistake.hint for mistake in exercise.mistakes)]))
    code = [line.strip() for line in solution(number).split("Why the usual mistakes fail")[0].splitlines()]
    telling = [re.sub(r"\s", "", line.removeprefix("return ")) for line in code
               if re.match(r"return |[\w.\[\], ]+ = ", line)]
    for line in telling:
        if len(line) >= 16:
            assert line not in squeezed, line


@pytest.mark.parametrize("number", NUMBERS)
def test_nothing_written_is_not_attempted(number):
    names = EXERCISES[number].answers

    def stub(*_):
        """What it should do."""
        ...

    class Stub:
        def __init__(self, *_):
            ...

        def forward(self, *_):
            ...

    empty = {"function": stub, "class": Stub, "value": ...}
    assert check(number, *(empty[kind] for kind in names.values())).kind == "not attempted"
    assert check(number, *[...] * len(names)).kind == "not attempted"


CONSTANTS = [None, 0, 1.0, True, "x", [], {}, numpy.zeros(3), torch.zeros(()), torch.zeros(2, 3)]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_constant_or_an_error_is_never_correct_and_never_raises(number):
    for constant in CONSTANTS:
        def gives(*_, constant=constant, **__):
            return constant if constant is not None else print(end="")

        class Gives(torch.nn.Module):
            def __init__(self, *_, **__):
                super().__init__()
                self.nothing = torch.nn.Parameter(torch.zeros(()))

            def __getattr__(self, name):
                if name.startswith("_") or name == "nothing":
                    return super().__getattr__(name)
                return gives

            def forward(self, *_, **__):
                return gives()

        def raises(*_, **__):
            raise RuntimeError("no")

        for function, kind in ((gives, Gives), (raises, object)):
            answers = {"function": function, "class": kind, "value": constant}
            verdict = check(number, *(answers[kind] for kind in EXERCISES[number].answers.values()))
            assert verdict.kind != "correct" and repr(verdict) and verdict._repr_html_()


def only_functions(number) -> bool:
    return set(EXERCISES[number].answers.values()) == {"function"} and len(EXERCISES[number].answers) == 1


FUNCTIONS = [number for number in NUMBERS if only_functions(number)]


@pytest.mark.parametrize("number", FUNCTIONS)
def test_an_answer_that_seeds_or_spoils_its_input_is_not_correct(number):
    right = CATALOGUE[number].right[0]

    def seeds(*inputs, **named):
        torch.manual_seed(0)
        return right(*inputs, **named)

    def spoils(*inputs, **named):
        result = right(*inputs, **named)
        for value in inputs:
            if isinstance(value, torch.Tensor) and value.numel() and not value.requires_grad:
                value.copy_(~value if value.dtype == torch.bool else value + 1)
            elif isinstance(value, list):
                value.append(value[0] if value else 0)
        return result

    assert check(number, seeds).kind == "wrong"
    parameters = [p for p in inspect.signature(right).parameters.values() if p.default is p.empty]
    if parameters and spoils_something(number, right):
        assert check(number, spoils).kind == "wrong"


def spoils_something(number, right) -> bool:
    """Whether the check ever hands this exercise's answer a tensor or a list."""
    seen = []

    def notes(*inputs, **named):
        seen.extend(value for value in inputs if isinstance(value, (torch.Tensor, list)))
        return right(*inputs, **named)

    check(number, notes)
    return bool(seen)


# All experiments ask and train through one form: here these alone, in this process and in others, train their teams.
TRAINED_ANEW = {"05.8", "20.3"}


@pytest.mark.parametrize("number", NUMBERS)
def test_the_surroundings_neither_change_a_verdict_nor_are_changed(number, request):
    if EXERCISES[number].measures and number not in TRAINED_ANEW:
        request.getfixturevalue("taught_once")
    right = parts(CATALOGUE[number].right[0])
    name, wrong = CATALOGUE[number].wrong[0]
    torch.manual_seed(5)
    random.seed(5)
    numpy.random.seed(5)
    before = torch.get_rng_state(), random.getstate(), numpy.random.get_state()[1].copy()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.no_grad():
            assert check(number, *parts(wrong)).title == name
            assert check(number, *right).kind == "correct"
        assert torch.get_default_dtype() == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(before[0], torch.get_rng_state()) and before[1] == random.getstate()
    assert (before[2] == numpy.random.get_state()[1]).all()


@pytest.mark.parametrize("number", [number for number in FUNCTIONS if EXERCISES[number].off_limits])
def test_what_is_off_limits_is_noticed_even_when_the_error_is_swallowed(number):
    right = CATALOGUE[number].right[0]
    for dotted in EXERCISES[number].off_limits:
        module, _, last = dotted.rpartition(".")
        part = getattr(importlib.import_module(module), last)

        def cheats(*inputs, **named):
            try:
                direct = isinstance(part, (type, types.FunctionType))
                part(*inputs, **named) if direct else getattr(importlib.import_module(module), last)()
            except Exception:
                pass
            return right(*inputs, **named)

        verdict = check(number, cheats)
        assert verdict.kind == "wrong" and "off limits" in verdict.title
        assert check(number, right).kind == "correct", "the part works again afterwards"


# one a lesson: the mode is no exercise's own
@pytest.mark.parametrize("number", [number for number in NUMBERS if number.endswith(".1")])
def test_strict_mode_raises_unless_correct(number, monkeypatch):
    monkeypatch.setenv("QMIX_COURSE_STRICT", "1")
    assert check(number, *parts(CATALOGUE[number].right[-1])).kind == "correct"
    with pytest.raises(NotCorrect, match="wrong"):
        check(number, *parts(CATALOGUE[number].wrong[-1][1]))
    with pytest.raises(NotCorrect, match="not attempted"):
        check(number, *[...] * len(EXERCISES[number].answers))
