"""Answers to the exercises of lesson 12."""

from tests.catalogue.lesson12 import lab_late_target, lambda_targets, measure_told, memories, window_curve

CATALOGUE = {
    "12.1": window_curve.ANSWERS,
    "12.2": memories.ANSWERS,
    "12.3": lambda_targets.ANSWERS,
    "12.4": lab_late_target.ANSWERS,
    "12.5": measure_told.ANSWERS,
}
