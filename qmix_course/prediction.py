"""``lesson.prediction(guess, answer)``: what the learner wrote before the cell ran, held against what it computed."""

from __future__ import annotations

import contextlib
import html
import io
import math
import sys
from collections.abc import Iterator, Sequence
from numbers import Real

from qmix_course import errors

NO_GUESS = ("No guess yet. Write one in place of the three dots and run the cell again, "
            "or open the fold to see the answer.")
MOST = 6                        # of a list, so many guesses at most are told how far off they are
CLOSE = 1e-9                    # relatively: closer than this, two numbers are the same
# JupyterLab breaks long lines of a <pre> within words.
WRAP = "white-space:pre-wrap;overflow-wrap:break-word;word-break:normal"
YES, NO = ("yes", "y", "true"), ("no", "n", "false")


class Prediction:
    """A guess beside its answer: one sentence, and a fold that stands open once there is a guess."""

    def __init__(self, sentence: str, answer: str, pictures: list, guessed: bool):
        self.sentence, self.answer, self.pictures, self.guessed = sentence, answer, pictures, guessed

    def __repr__(self) -> str:
        return f"{self.sentence}\n{self.answer}" if self.guessed else self.sentence

    def _repr_html_(self) -> str:
        below = "\n".join(picture._repr_html_() for picture in self.pictures)
        return (f"<p>{html.escape(self.sentence)}</p>\n<details{' open' if self.guessed else ''}>"
                f'<summary>The computed answer</summary>\n<pre style="{WRAP}">{html.escape(self.answer)}</pre>\n'
                f"{below}</details>")


@contextlib.contextmanager
def prediction(guess: object, answer: object, words: Sequence[str] = ()) -> Iterator[list]:
    """Say how far off a guess is, and fold away the answer, with all that the block below it prints.

    ``with lesson.prediction(guess, answer) as fold:`` shows a sentence and a fold: in it the answer, then what the
    block printed, then the figures that it gave to ``fold.append``. The fold is closed as long as there is no guess.

    Args:
        guess: what the learner wrote; ``...`` if nothing. Whatever comes, the notebook runs on. A guess of another kind
            than the answer (a text where a number is wanted) is asked for again, and the fold stays closed.
        answer: a number, a text, True or False (a guess of "yes" or "no" counts), a tensor or an array of numbers, a
            list of all these (the guess is then a list too, in the same order), or a set of texts (any order).
        words: the texts that a guess may be, or have in it, if the question offers some. Another one is not wrong but
            asked for again, as a guess of another kind is.

    Raises:
        TypeError: the answer is none of these, or ``words`` are no texts.
        ValueError: there are ``words``, and a text of the answer is not among them.
    """
    wanted = _plain(answer)
    if not _answerable(wanted):
        raise TypeError("answer: expected a number, a text, True or False, or a list of these, got "
                        f"{errors.describe(answer)}")
    _check_words(words, wanted)
    written, pictures = io.StringIO(), []
    try:
        with contextlib.redirect_stdout(written):
            yield pictures
    except BaseException:
        sys.stdout.write(written.getvalue())        # what came before the error helps to find it
        raise
    lines = [text for text in (_words(wanted), written.getvalue().rstrip()) if text]
    guess = _plain(guess)
    asked = NO_GUESS if guess is Ellipsis else _misfit(guess, wanted, words)
    _show(Prediction(asked or _compare(guess, wanted), "\n".join(lines), pictures, guessed=not asked))


def _show(result: Prediction) -> None:
    try:
        from IPython.display import display
    except ImportError:
        display = print
    display(result)


def _plain(value: object) -> object:
    """Tensors and arrays as lists or numbers, tuples as lists, huge numbers as infinity; anything else as it is."""
    if isinstance(value, int) and value.bit_length() > 1_000:       # no float holds it
        return math.inf if value > 0 else -math.inf
    if hasattr(value, "tolist"):
        try:
            value = value.tolist()
        except Exception:
            return value
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def _answerable(value: object) -> bool:
    if isinstance(value, (list, set, frozenset)) and value:
        texts = not isinstance(value, list)
        return all(isinstance(each, str) if texts else _answerable(each) for each in value)
    return isinstance(value, (str, Real))


def _words(value: object) -> str:
    """A value as a reader would write it: numbers of four digits, words without quotation marks."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value + 0.0:.4g}"
    if isinstance(value, (set, frozenset)):
        return ", ".join(sorted(map(_words, value)))
    if isinstance(value, list):
        return f"[{', '.join(map(_words, value))}]"
    return value if isinstance(value, str) else errors.brief(value)


def _check_words(words: object, wanted: object) -> None:
    if not isinstance(words, (list, tuple)) or not all(isinstance(each, str) for each in words):
        raise TypeError(f"words: expected a list or tuple of texts, got {errors.describe(words)}")
    answers = _flat([list(wanted) if isinstance(wanted, (set, frozenset)) else wanted])
    lost = [each for each in answers if words and isinstance(each, str) and _stranger(each, words)]
    if lost:
        raise ValueError(f"words: expected every text of the answer among them, got {', '.join(words)} without "
                         f"{lost[0]!r}")


def _stranger(guess: str, words: Sequence[str]) -> bool:
    return _word(guess) not in map(_word, words)


def _misfit(guess: object, wanted: object, words: Sequence[str] = ()) -> str:
    """What kind of guess is wanted, if this one is of another; else an empty text."""
    if isinstance(wanted, list):
        if not isinstance(guess, list):
            return f"This wants a list of {len(wanted)}, in square brackets, and there came {_kind(guess)}."
        if any(isinstance(each, list) for each in wanted):
            guess, wanted = _flat(guess), _flat(wanted)
        if len(guess) != len(wanted):
            return f"This wants a list of {len(wanted)}, and there came a list of {len(guess)}."
        return next((f"Number {k} of your list: {asked}" for k, pair in enumerate(zip(guess, wanted), 1)
                     if pair[0] is not Ellipsis and (asked := _misfit(*pair, words))), "")
    if isinstance(wanted, bool):
        fits, kind = guess is True or guess is False or _word(guess) in YES + NO, "yes or no"
    elif _number(wanted):
        fits, kind = _number(guess), "a number"
    elif isinstance(wanted, str):
        fits, kind = isinstance(guess, str), "a text in quotation marks"
    else:                                               # a set of texts
        given = guess if isinstance(guess, (list, set, frozenset)) else [guess]
        fits, kind = all(isinstance(each, str) for each in given) or not words, "texts in a list"
        guess = next((each for each in given if words and isinstance(each, str) and _stranger(each, words)), guess)
    if fits and words and isinstance(guess, str) and not isinstance(wanted, bool) and _stranger(guess, words):
        return f"{guess!r} is none of the words that this takes: {', '.join(words)}."
    return "" if fits else f"This wants {kind}, and there came {_kind(guess)}."


def _kind(guess: object) -> str:
    """What came, in words."""
    if isinstance(guess, list):
        return f"a list of {len(guess)}"
    return f"the text {guess!r}" if isinstance(guess, str) else errors.brief(guess)


def _compare(guess: object, wanted: object) -> str:
    """One sentence: right, or how far off."""
    if isinstance(wanted, list):
        return _compare_lists(guess, wanted)
    if isinstance(wanted, (set, frozenset)):
        given = {_word(each) for each in (guess if isinstance(guess, (list, set, frozenset)) else [guess])}
        right = {_word(each) for each in wanted}
        if given == right:
            return f"You said {_words(wanted)}, and that is right."
        missed, extra = len(right - given), len(given - right)
        return f"You said {_words(guess)}: {len(given & right)} right, {extra} too many, {missed} missing."
    if _right(guess, wanted):
        return f"You said {_words(guess)}, and that is right."
    return f"You said {_words(guess)}. {_off(guess, wanted)}"


def _compare_lists(guess: list, wanted: list) -> str:
    if any(isinstance(each, list) for each in wanted):
        guess, wanted = _flat(guess), _flat(wanted)
    missed = [position for position, pair in enumerate(zip(guess, wanted), 1) if not _right(*pair)]
    if not missed:
        return f"You said {_words(guess)}, and {'both' if len(wanted) == 2 else f'all {len(wanted)}'} are right."
    count = f"{len(wanted) - len(missed)} of {len(wanted)} right. "
    if len(missed) == len(wanted) and all(isinstance(each, float) for each in wanted):
        count = ""                                  # a rough guess at measured numbers is not right or wrong, but near
    return f"You said {_words(guess)}: {count}" + " ".join(
        f"Number {k}: {_off(guess[k - 1], wanted[k - 1])}" for k in missed[:MOST])


def _flat(values: list) -> list:
    return [each for value in values for each in (_flat(value) if isinstance(value, list) else [value])]


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _word(value: object) -> str:
    """A word without blanks and capitals: "ELU+1" is "ELU + 1"."""
    return "".join(value.split()).casefold() if isinstance(value, str) else _words(value)


def _right(guess: object, wanted: object) -> bool:
    """Numbers: equal, or what is no whole number rounded to as many digits as the guess has, at least two."""
    if isinstance(wanted, bool):
        return guess is wanted or _word(guess) in (YES if wanted else NO)
    if _number(wanted):
        return _number(guess) and (guess == wanted or abs(guess - wanted) <= CLOSE * abs(wanted)
                                   or _rounds_to(wanted, guess))
    return _word(guess) == _word(wanted)


def _rounds_to(wanted: float, guess: float) -> bool:
    if wanted % 1 == 0:                                             # a count is exact
        return False
    digits = repr(float(guess)).lower().partition("e")[0].lstrip("-0.").replace(".", "").rstrip("0")
    return len(digits) > 1 and float(f"{wanted:.{len(digits)}g}") == guess


def _off(guess: object, wanted: object) -> str:
    if guess is Ellipsis:
        return f"No guess here; it is {_words(wanted)}."
    if isinstance(wanted, bool):
        return f"The answer is {_words(wanted)}."
    if not _number(wanted):
        return f"It is {_words(wanted)}."
    if guess != guess:
        return f"It is {_words(wanted)}."
    away, side = abs(guess - wanted), "high" if guess > wanted else "low"
    away = f"{round(away):,}" if away % 1 == 0 and away < 1e15 else _words(float(away))
    return f"It is {_words(wanted)}, so that is {away} too {side}."
