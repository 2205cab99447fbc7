"""Answers to the exercises of lesson 06."""

from tests.catalogue import together
from tests.catalogue.lesson06_edges import EDGES
from tests.catalogue.lesson06_memory import MEMORY, STORE
from tests.catalogue.lesson06_targets import LEARN, TARGETS

CATALOGUE = together(MEMORY, TARGETS, STORE, LEARN, EDGES)
