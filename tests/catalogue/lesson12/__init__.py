"""Answers to the exercises of lesson 12."""

from tests.catalogue.lesson12 import agent_inputs, lab_late_target, lambda_targets, memories

CATALOGUE = {
    "12.1": agent_inputs.ANSWERS,
    "12.2": memories.ANSWERS,
    "12.3": lambda_targets.ANSWERS,
    "12.4": lab_late_target.ANSWERS,
}
