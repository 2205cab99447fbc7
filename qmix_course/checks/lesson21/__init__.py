"""The exercises of lesson 21, in its order."""

from qmix_course.checks.lesson21 import lab_workers, machines, measure_batch, needed, replay_bytes

EXERCISES = (needed.EXERCISE, replay_bytes.EXERCISE, measure_batch.EXERCISE, machines.EXERCISE, lab_workers.EXERCISE)
