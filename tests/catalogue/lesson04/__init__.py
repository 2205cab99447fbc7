"""Answers to the exercises of lesson 04."""

from tests.catalogue.lesson04 import best_sum, igm_holds, lab_too_sure, measure_mixer, monotone_in, rings, share

CATALOGUE = {
    "04.1": igm_holds.ANSWERS,
    "04.2": rings.ANSWERS,
    "04.3": monotone_in.ANSWERS,
    "04.4": best_sum.ANSWERS,
    "04.5": share.ANSWERS,
    "04.6": lab_too_sure.ANSWERS,
    "04.7": measure_mixer.ANSWERS,
}
