"""The exercises of lesson 15, in its order."""

from qmix_course.checks.lesson15 import lab_switches, measure_ten_times, meet_alternative, smallest_gaps, violations

EXERCISES = (violations.EXERCISE, smallest_gaps.EXERCISE, meet_alternative.EXERCISE, lab_switches.EXERCISE,
             measure_ten_times.EXERCISE)
