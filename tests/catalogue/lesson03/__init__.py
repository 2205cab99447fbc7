"""Answers to the exercises of lesson 03."""

from tests.catalogue.lesson03 import (
    agent_ids,
    agent_nets,
    epsilon_greedy,
    joint_chances,
    lab_other_eyes,
    lab_thrifty_dice,
    measure_networks,
    who_reads_whom,
)

CATALOGUE = {
    "03.1": joint_chances.ANSWERS,
    "03.2": epsilon_greedy.ANSWERS,
    "03.3": agent_nets.ANSWERS,
    "03.4": agent_ids.ANSWERS,
    "03.5": who_reads_whom.ANSWERS,
    "03.6": lab_other_eyes.ANSWERS,
    "03.7": lab_thrifty_dice.ANSWERS,
    "03.8": measure_networks.ANSWERS,
}
