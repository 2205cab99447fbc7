"""The exercises of lesson 15, in its order."""

from qmix_course.checks.lesson15 import lab_switches, meet_alternative, three_losses, violations

EXERCISES = (violations.EXERCISE, three_losses.EXERCISE, meet_alternative.EXERCISE, lab_switches.EXERCISE)
