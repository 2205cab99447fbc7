"""The exercises of lesson 12, in its order."""

from qmix_course.checks.lesson12 import agent_inputs, lab_late_target, lambda_targets, memories

EXERCISES = (agent_inputs.EXERCISE, memories.EXERCISE, lambda_targets.EXERCISE, lab_late_target.EXERCISE)
