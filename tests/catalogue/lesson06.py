"""Answers to the exercises of lesson 06."""

from tests.catalogue.lesson06_memory import MEMORY, STORE
from tests.catalogue.lesson06_targets import LEARN, TARGETS

CATALOGUE = {**MEMORY, **TARGETS, **STORE, **LEARN}
