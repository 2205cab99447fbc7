"""The answers of lesson 20, exercise by exercise."""

from tests.catalogue.lesson20 import best_of, improvement, lab_figure, measure_rate

CATALOGUE = {
    "20.1": improvement.ANSWERS,
    "20.2": best_of.ANSWERS,
    "20.3": measure_rate.ANSWERS,
    "20.4": lab_figure.ANSWERS,
}
