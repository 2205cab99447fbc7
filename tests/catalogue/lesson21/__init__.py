"""The answers of lesson 21, exercise by exercise."""

from tests.catalogue.lesson21 import lab_workers, machines, measure_batch, needed, replay_bytes

CATALOGUE = {
    "21.1": needed.ANSWERS,
    "21.2": replay_bytes.ANSWERS,
    "21.3": measure_batch.ANSWERS,
    "21.4": machines.ANSWERS,
    "21.5": lab_workers.ANSWERS,
}
