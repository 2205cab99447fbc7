"""The exercises of lesson 04, in its order."""

from qmix_course.checks.lesson04 import best_sum, igm_holds, lab_too_sure, measure_mixer, monotone_in, rings, share

EXERCISES = (igm_holds.EXERCISE, rings.EXERCISE, monotone_in.EXERCISE, best_sum.EXERCISE, share.EXERCISE,
             lab_too_sure.EXERCISE, measure_mixer.EXERCISE)
