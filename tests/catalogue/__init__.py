"""The answers that people give: for each exercise wrong ones, with the mistake that each must be told, and right ones.

A module a lesson holds ``CATALOGUE``: number → ``Answers``. tests/test_catalogue.py holds every check against it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Answers:
    """``right``: answers that must pass. ``wrong``: (name of the mistake, answer) pairs. An answer to an exercise with
    several parts, such as a lab, is the tuple of them."""

    right: list
    wrong: list


def together(*catalogues: dict[str, Answers]) -> dict[str, Answers]:
    """One catalogue of several that know the same exercises: the answers of the later ones come last."""
    joined: dict[str, Answers] = {}
    for number, answers in [entry for catalogue in catalogues for entry in catalogue.items()]:
        before = joined.get(number, Answers([], []))
        joined[number] = Answers([*before.right, *answers.right], [*before.wrong, *answers.wrong])
    return joined
