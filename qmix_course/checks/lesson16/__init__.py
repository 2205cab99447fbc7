"""The exercises of lesson 16, in its order."""

from qmix_course.checks.lesson16 import adapt, lab_latent, lucky_chance, measure_guessing, mi_bound

EXERCISES = (lucky_chance.EXERCISE, adapt.EXERCISE, mi_bound.EXERCISE, lab_latent.EXERCISE,
             measure_guessing.EXERCISE)
