"""What goes wrong in ε-greedy, and what to tell people: the keys are what ``lesson03_dice.find_fault`` gives."""

from __future__ import annotations

from qmix_course.checks.exercise import Mistake

MISTAKES = {
    "unmasked best": Mistake(
        "the best action may be an unavailable one",
        "With ε = 0 there is no chance involved. Does your best action look at the mask?",
        "ε-greedy needs the mask twice: for the best action and for the random one"),
    "multiplied": Mistake(
        "the mask is multiplied into the values",
        "A forbidden action becomes 0 that way. What if all allowed values are negative?",
        "0 beats every negative value, and a forbidden action wins"),
    "stand-in": Mistake(
        "the stand-in for −∞ is not low enough",
        "How low can an allowed value be? Is there a number below all of them?",
        "a fixed number loses only as long as all values lie above it; −∞ always does"),
    "swapped": Mistake(
        "ε and 1 − ε are swapped",
        "Try ε = 0 and ε = 1. Which of the two should always give the best action?",
        "the agent explores most when it should rely on what it knows"),
    "not greedy": Mistake(
        "with ε = 0 it is not always the best action",
        "With ε = 0 every agent must play its best available action. Run the case below.",
        "an agent that never explores has to take the action with the largest value among the available ones"),
    "unavailable": Mistake(
        "exploring picks unavailable actions",
        "Chance has to keep to the mask too. Among which actions do you draw?",
        "the environment refuses such an action, or does something that nobody chose"),
    "other dice": Mistake(
        "random numbers from somewhere else",
        "Every draw takes a generator. Do you hand it to each of them?",
        "the run cannot be repeated: its draws depend on everything else that draws in the program"),
    "same again": Mistake(
        "every call draws the same numbers",
        "Call it twice with one generator. Who sets the generator back to its start?",
        "a seed belongs at the start of a run; set again in each step, chance repeats itself"),
    "batch coin": Mistake(
        "one coin for the whole batch",
        "How many coins do you toss in one call? Print the shape of the coin.",
        "all samples explore together or not at all, so a batch holds no mixture"),
    "never the best": Mistake(
        "exploring never takes the best action",
        "A random action may be the best one too. How often should agent 1 play its best action in the case below?",
        "the rate of deviations is then ε and not ε (A − 1)/A; the formulas of the lesson no longer hold"),
    "uneven": Mistake(
        "the random action is not uniform over the available ones",
        "Count what is drawn when an agent explores. Does each available action come up as often as the others?",
        "some actions are tried less often than others, or never"),
    "another rate": Mistake(
        "it explores with another probability than ε",
        "Count how often an agent explores. What is your coin compared with?",
        "ε says how likely each agent is to explore; anything else needs another name"),
    "team coin": Mistake(
        "one coin for the team",
        "Look at two agents at once: do they explore independently? How many coins are there a row?",
        "agents then explore together or not at all, and hardly one ever deviates alone"),
    "team die": Mistake(
        "one random action for the team",
        "Two agents that explore at the same time: do they draw one action, or one each?",
        "the joint actions in which exploring agents differ are never tried"),
    "row coin": Mistake(
        "rows of the batch share their chance",
        "q may have several leading axes. Is there a coin and a random action for every place in them?",
        "the samples of a batch are no longer independent of each other"),
}
