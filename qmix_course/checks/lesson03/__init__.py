"""The exercises of lesson 03, in its order."""

from qmix_course.checks.lesson03 import (
    agent_ids,
    agent_nets,
    epsilon_greedy,
    joint_chances,
    lab_other_eyes,
    lab_thrifty_dice,
    measure_networks,
    who_reads_whom,
)

EXERCISES = (joint_chances.EXERCISE, epsilon_greedy.EXERCISE, agent_nets.EXERCISE, agent_ids.EXERCISE,
             who_reads_whom.EXERCISE, lab_other_eyes.EXERCISE, lab_thrifty_dice.EXERCISE, measure_networks.EXERCISE)
