"""Answers to 11.3."""

from tests.catalogue import Answers

RIGHT = {"a": ["ELU", "tanh"], "b": ["mirrored", "tanh"], "c": ["ELU", "mirrored", "tanh"], "d": [],
         "e": ["mirrored", "tanh"],
         "f": ["tanh"]}


def makers(**changes):
    return RIGHT | changes


ANSWERS = Answers(
    right=[RIGHT, {key: tuple(reversed(units)) for key, units in RIGHT.items()},
           {key: set(units) for key, units in RIGHT.items()} | {"f": "tanh"}],
    wrong=[
        ("a table that is not monotone is made by a monotone mixer", makers(d=["tanh"])),
        ("monotone is taken for enough", makers(f=["ELU", "mirrored", "tanh"])),
        ("convex and concave make the same tables",
         makers(a=["ELU", "mirrored", "tanh"], b=["ELU", "mirrored", "tanh"])),
        ("convex and concave are exchanged", makers(a=["mirrored", "tanh"], b=["ELU", "tanh"], e=["ELU", "tanh"])),
        ("table e is judged as it stands", makers(e=["ELU", "tanh"])),
        ("a curved unit can never be straight", makers(c=[])),
        ("a sum is made by some units only", makers(c=["ELU", "mirrored"])),
        ("tanh is left out where it bends the right way", makers(a=["ELU"], b=["mirrored"], e=["mirrored"])),
        ("one square of table f is looked at", makers(f=["ELU", "tanh"])),
        ("one square of table f is looked at", makers(f=["mirrored", "tanh"])),
        ("table f is given up", makers(f=[])),
        ("some letters are right, others are not", makers(b=["mirrored"])),
        ("some letters are right, others are not", makers(e=["ELU", "mirrored", "tanh"])),
    ],
)
