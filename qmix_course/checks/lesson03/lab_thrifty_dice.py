"""03.7 · Thrifty dice: see that two decisions must not share one random number."""

from __future__ import annotations

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson03.epsilon_greedy import _masked_frequencies, find_fault
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def uniform(room: Room, answer) -> bool:
    """Whether the random action alone is: with ε = 1 every available one comes up equally often."""
    return _masked_frequencies(lambda *case: room.ask(answer, *case, may_change=(3,)).long()) is None


DICE_MISTAKES = {
    "uneven": Mistake(
        "the coin and the random action still depend on each other",
        "Count the exploring actions once more. Which of them is rare now? What do the coin and that action have in "
        "common?",
        "a key that is small enough to let the coin fall is too small to win against the other keys"),
    "not uniform": Mistake(
        "the random action is not uniform any more",
        "With ε = 1 every available action should come as often as the others. Which ones do you draw among, and how "
        "likely is each?",
        "a repair must leave the rest as it was: all available actions are equally likely"),
    "team die": Mistake(
        "the symptom is hidden: one random action for the team",
        "Two agents that explore at the same time: do they draw one action, or one each?",
        "the joint actions in which exploring agents differ are never tried"),
    "another rate": Mistake(
        "the symptom is hidden: all actions are even, but ε is no longer ε",
        "How often does an agent explore now? Count with ε = 0.4.",
        "the mean, the largest or the smallest of several random numbers is not uniform: it is below ε with another "
        "probability"),
    "team coin": Mistake(
        "the symptom is hidden: one coin for the team",
        "Look at two agents at once. How many coins do you toss for them?",
        "each agent alone looks right, but agents explore together or not at all"),
    "batch coin": Mistake(
        "the symptom is hidden: one coin for all",
        "How many coins are tossed in one call? Print the shape.",
        "all rows explore together or not at all"),
    "unavailable": Mistake(
        "the mask was lost in the repair",
        "Which actions can your random one be?",
        "a repair must leave the rest as it was: chance keeps to the mask"),
    "never the best": Mistake(
        "the repair never explores with the best action",
        "A random action may be the best one too. How often should the best one come up when ε = 1?",
        "the rate of deviations is then ε and not ε (A − 1)/A"),
    "same again": Mistake(
        "the symptom is hidden behind a second generator with a fixed seed",
        "Call it twice with one generator. Are the coins the same ones?",
        "a seed belongs at the start of a run; set again in each call, chance repeats itself"),
    "other dice": Mistake(
        "the coin comes from other dice",
        "Every draw takes the generator that was given. Does yours?",
        "the run cannot be repeated any more"),
    "greedy": Mistake(
        "with ε = 0 it is not always the best action any more",
        "With ε = 0 nothing may be left to chance. What has changed in the best action?",
        "a repair must leave the rest as it was"),
    "row coin": Mistake(
        "the symptom is hidden: rows share their chance",
        "q may have several leading axes. Is there a coin of its own for every place in them?",
        "the samples of a batch are no longer independent of each other"),
}
SAME_AS = {"unmasked best": "greedy", "multiplied": "greedy", "swapped": "greedy", "not greedy": "greedy",
           "stand-in": "greedy"}


CAUSE = "E"
BLAMED = {
    "A": Mistake("the mask is blamed",
                 "Where do the curves end, at ε = 1? Could a masked action get there?",
                 "with ε = 1 action 0 comes up as often as the others, so nothing keeps it out"),
    "B": Mistake("ties are blamed",
                 "How often are two of four random numbers equal, to all their digits?",
                 "the keys are practically never alike, and ties would not depend on ε"),
    "C": Mistake("the rate is blamed",
                 "A coin that falls too seldom would lower all three curves. Do all three lie too low?",
                 "the coin falls with probability ε; what is wrong is what the agent does then"),
    "D": Mistake("chance is blamed",
                 "At ε = 0.5 action 0 should come up 2,500 times. About how often does it? Could chance do that at "
                 "every ε?",
                 "20,000 draws are right to within about half a percent, and the curve is far below"),
}


def look(room: Room, cause, answer) -> Verdict:
    fault = find_fault(room, answer)
    if fault:
        key = SAME_AS.get(fault[0], fault[0])
        key = "not uniform" if key == "uneven" and not uniform(room, answer) else key
        raise room.wrong(DICE_MISTAKES[key].name, fault[1].replace("epsilon_greedy(", "mended_dice("))
    room.letter(cause, CAUSE, {letter: mistake.name for letter, mistake in BLAMED.items()})
    return Verdict("correct")


EXERCISE = Exercise(
    number="03.7", title="Thrifty dice", answers={"cause": "value", "mended_dice": "function"},
    formerly=("wrong_line_b",),
    difficulty=4, minutes=10, practises="see that two decisions must not share one random number", lab=True,
    hints=("Each line alone is right: the coin falls with probability ε, and the keys make all actions even. What "
           "about both together?",
           "The coin falls when the key of action 0 is small. What are that action's chances then?",
           "The coin needs random numbers of its own: one for each agent, from the same generator."),
    mistakes=(*DICE_MISTAKES.values(), *BLAMED.values()), look=look)
