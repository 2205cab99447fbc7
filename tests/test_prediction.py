"""A guess typed before the cell runs: what is said of it, and that its answer stays folded until then."""

import re

import numpy as np
import pytest
import torch

from qmix_course import lesson, plots, prediction


def told(guess, answer, block=lambda fold: None, words=()):
    shown = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prediction, "_show", shown.append)
        with lesson.prediction(guess, answer, words) as fold:
            block(fold)
    return shown[0]


RIGHT = [
    (0.33, 1 / 3),                      # the digits that were given, at least two
    (5.69, 5.6923),
    (-1.2, -1.2345),
    (1500, 1499.9),
    (3, 3),
    (3.0, 3),
    (torch.tensor(3), 3),
    (np.float64(0.5), 0.5),
    (1 / 3, torch.tensor(1.0, dtype=torch.float64) / 3),
    (True, True),
    ("yes", True),
    ("No", False),
    ("sine", "Sine"),
    (" the  state ", "the state"),
    ("ELU+1", "ELU + 1"),
    (["y", "N"], [True, False]),
    ([3, 0.5], [3, 0.5]),
    ((3, 0.5), torch.tensor([3.0, 0.5])),
    ([[1, 2], [3, 4]], torch.tensor([[1, 2], [3, 4]])),
    (["relu", "tanh"], {"tanh", "ReLU"}),
    ({"relu", "tanh"}, {"tanh", "ReLU"}),
    ("sine", {"sine"}),
    (["a", 2, "yes"], ["A", 2.0, True]),
    (float("inf"), float("inf")),
    (0, 0.0),
    (-0.0, 0),
]


@pytest.mark.parametrize("guess, answer", RIGHT)
def test_a_right_guess_is_called_right(guess, answer):
    sentence = told(guess, answer).sentence
    assert re.search(r"(that is|both are|all \d are) right\.$", sentence), sentence


WRONG = [
    (0.34, 1 / 3, "too high"),
    (0.3, 1 / 3, "too low"),
    (6, 5.6923, "too high"),
    (5.68, 5.6923, "too low"),
    (120, 123, "too low"),              # a count is exact
    (8, 7, "1 too high"),
    (3, 4, "It is 4, so that is 1 too low."),
    (5.5, 4, "so that is 1.5 too high."),
    (float("nan"), 1, "It is 1."),
    ("no", True, "The answer is yes."),
    ("ELU", "sine", "It is sine."),
    ([3, 5], [3, 4], "1 of 2 right. Number 2: It is 4, so that is 1 too high."),
    ([8, 5], [8.42, 4.06], "You said [8, 5]: Number 1: It is 8.42, so that is 0.42 too low. Number 2: It is 4.06"),
    ([8, 5, 1], [7, 5, 3], "1 of 3 right. Number 1: It is 7, so that is 1 too high. Number 3: It is 3, so that is 2"),
    ([3, ...], [3, 4], "Number 2: No guess here; it is 4."),
    ([[1, 2], [3, 5]], [[1, 2], [3, 4]], "3 of 4 right. Number 4"),
    (["relu", "elu"], {"relu", "tanh"}, "1 right, 1 too many, 1 missing"),
    (10**400, 0.5, "too high"),
    (-10**400, 3, "too low"),
    (1e-12, 0, "too high"),
    (0.3332, 1 / 3, "too low"),
]


@pytest.mark.parametrize("guess, answer, words", WRONG)
def test_a_wrong_guess_is_told_by_how_much_and_nothing_raises(guess, answer, words):
    sentence = told(guess, answer).sentence
    assert words in sentence and "is right." not in sentence, sentence


OTHER = [
    ("three", 3, "This wants a number, and there came the text 'three'."),
    (True, 1, "This wants a number, and there came True."),
    (object(), 3, "This wants a number"),
    (1j, 3, "This wants a number"),
    (None, 3, "This wants a number, and there came None."),
    (1, True, "This wants yes or no, and there came 1."),
    ("maybe", False, "This wants yes or no, and there came the text 'maybe'."),
    (None, "sine", "This wants a text in quotation marks, and there came None."),
    (2, "sine", "This wants a text"),
    (["sine"], "sine", "This wants a text in quotation marks, and there came a list of 1."),
    ([3], [3, 4], "This wants a list of 2, and there came a list of 1."),
    (3, [3, 4], "This wants a list of 2, in square brackets, and there came 3."),
    ("sine, relu", ["sine", "relu"], "a list of 2, in square brackets, and there came the text 'sine, relu'."),
    ([1, 2], [[1, 2], [3, 4]], "This wants a list of 4, and there came a list of 2."),
    (["yes", "perhaps"], [True, False], "Number 2 of your list: This wants yes or no, and there came the text"),
    ([[1, "x"], [3, 4]], [[1, 2], [3, 4]], "Number 2 of your list: This wants a number"),
]


@pytest.mark.parametrize("guess, answer, words", OTHER)
def test_a_guess_of_another_kind_is_asked_for_again_and_the_answer_stays_folded(guess, answer, words):
    result = told(guess, answer, lambda fold: print("the secret"))
    assert words in result.sentence and "secret" not in repr(result) and "<details>" in result._repr_html_()


FEW = ("few", "about half", "more than half")
STRANGE = [
    ("some", "few", FEW, "'some' is none of the words that this takes: few, about half, more than half."),
    ("half", "about half", FEW, "'half' is none of the words"),
    (["sine", "relu6"], ["sine", "ReLU"], ("ELU", "ReLU", "sine"),
     "Number 2 of your list: 'relu6' is none of the words that this takes: ELU, ReLU, sine."),
    (["softminus", 10], ["softplus", 10], ("abs", "softplus"), "Number 1 of your list: 'softminus' is none of the"),
    (["utilities", "W"], {"utilities", "V"}, ("utilities", "V"), "'W' is none of the words that this takes"),
    ("W", {"utilities", "V"}, ("utilities", "V"), "'W' is none of the words"),
    ([1], {"utilities", "V"}, ("utilities", "V"), "This wants texts in a list, and there came a list of 1."),
    (3, "few", FEW, "This wants a text in quotation marks, and there came 3."),
]


@pytest.mark.parametrize("guess, answer, words, sentence", STRANGE)
def test_a_word_that_is_none_of_those_offered_is_not_called_wrong(guess, answer, words, sentence):
    result = told(guess, answer, lambda fold: print("the secret"), words)
    assert sentence in result.sentence and "secret" not in repr(result) and "<details>" in result._repr_html_()


@pytest.mark.parametrize("guess, answer, words, sentence", [
    ("Few", "few", FEW, "that is right"), (" about  half", "few", FEW, "It is few."),
    (["v", "utilities"], {"utilities", "V"}, ("utilities", "Q_jt", "V"), "that is right"),
    ({"V"}, {"utilities", "V"}, ("utilities", "Q_jt", "V"), "1 right, 0 too many, 1 missing"),
    (["elu + 1", 30], ["ELU + 1", 30], ("abs", "ELU + 1"), "both are right"),
    (["no", ...], [True, "few"], FEW, "yes")])
def test_words_that_are_offered_are_judged_as_before(guess, answer, words, sentence):
    result = told(guess, answer, lambda fold: None, words)
    assert sentence in result.sentence and "<details open>" in result._repr_html_()


@pytest.mark.parametrize("words, answer, error, message", [
    ("few", "few", TypeError, "words: expected a list or tuple of texts"), ([1], "few", TypeError, "words: expected"),
    (None, "few", TypeError, "words: expected"), (FEW, "none", ValueError, "words: expected every text of the answer"),
    (FEW, ["few", "none"], ValueError, "without 'none'"), (FEW, {"few", "none"}, ValueError, "without 'none'")])
def test_words_that_leave_the_answer_out_are_refused_before_the_block_runs(words, answer, error, message):
    with pytest.raises(error, match=message), lesson.prediction("few", answer, words=words):
        pytest.fail("the block ran")


def test_without_a_guess_the_answer_and_what_was_printed_stand_in_a_closed_fold():
    result = told(..., 0.125, lambda fold: print("a < b\nlast line"))
    page = result._repr_html_()
    outside, inside = page.split("<details>")
    assert "0.125" not in outside and "0.125\na &lt; b\nlast line</pre>" in inside and page.endswith("</details>")
    assert repr(result) == prediction.NO_GUESS, "the text form, which a terminal shows, keeps the secret"


def test_with_a_guess_the_fold_is_open():
    result = told(1, 2, lambda fold: print("more"))
    assert "<details open>" in result._repr_html_() and repr(result).endswith("2\nmore")


def test_nothing_printed_in_the_block_comes_out_before_the_fold(capsys):
    told(..., 1, lambda fold: print("the answer"))
    assert capsys.readouterr().out == ""


def test_figures_of_the_block_stand_in_the_fold():
    result = told(..., 1, lambda fold: fold.append(plots.lines([0, 1], {"a": [0, 1]}, "A title", "x", "y")))
    page = result._repr_html_()
    assert page.index("<details>") < page.index("<img ") < page.index("</details>")


def test_an_error_in_the_block_comes_out_with_what_was_printed_before(capsys):
    with pytest.raises(ZeroDivisionError), lesson.prediction(..., 1):
        print("got here")
        1 / 0
    assert capsys.readouterr().out == "got here\n"


@pytest.mark.parametrize("answer", [None, object(), [], set(), [None], {1, 2}, {}, ...])
def test_an_answer_that_is_none_is_refused_before_the_block_runs(answer):
    with pytest.raises(TypeError, match="^answer: expected a number, a text"), lesson.prediction(3, answer):
        pytest.fail("the block ran")
