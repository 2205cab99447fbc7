"""The exercises of lesson 18, in its order."""

from qmix_course.checks.lesson18 import lab_still, meetings, places, pooled, shared

EXERCISES = (places.EXERCISE, pooled.EXERCISE, meetings.EXERCISE, shared.EXERCISE, lab_still.EXERCISE)
