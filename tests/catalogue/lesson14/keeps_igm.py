"""Answers to 14.4."""

import numpy

from tests.catalogue import Answers

TRUE = {"A": True, "B": False, "C": True, "D": False, "E": False, "F": False, "G": True, "H": True, "I": False,
        "J": True}


def flip(*letters):
    return {letter: said != (letter in letters) for letter, said in TRUE.items()}


ANSWERS = Answers(
    right=[TRUE, {letter: numpy.bool_(keeps) for letter, keeps in TRUE.items()}, dict(reversed(TRUE.items()))],
    wrong=[(f"{letter} is judged wrongly", flip(letter)) for letter in TRUE]
    + [("A is judged wrongly", dict.fromkeys(TRUE, False)), ("B is judged wrongly", dict.fromkeys(TRUE, True)),
       ("D is judged wrongly", flip("D", "I"))])
