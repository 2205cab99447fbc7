"""The exercises of lesson 19, in its order."""

from qmix_course.checks.lesson19 import lab_too_easy, largest, masks, targets, volley

EXERCISES = (targets.EXERCISE, volley.EXERCISE, masks.EXERCISE, largest.EXERCISE, lab_too_easy.EXERCISE)
