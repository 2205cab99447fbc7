"""Answers to a checked experiment: what people do wrong there is the same everywhere but for the conclusions."""

from qmix_course.checks import experiment
from tests.catalogue import Answers


def answers(plan: experiment.Plan, measures: list, measured: dict, letter: str, others: tuple = (),
            looks: tuple = ()) -> Answers:
    """``measures``: right functions; ``measured``: what they give for the seeds 0 to 7; ``letter``: what follows;
    ``others``: functions that give these numbers too, by another experiment than that of the text; ``looks``: functions
    that train the text's teams and look at them in another way."""
    measure, first = measures[0], plan.arms[0]

    def one_arm(arm, seeds):
        return measure(first, seeds)

    def something_else(arm, seeds):
        """Looks at something else, which no hint can know."""
        return [number + 3.7 for number in measure(arm, seeds)]

    made_up = {arm: [*row[:-1], row[-1] + 3.0] for arm, row in measured.items()}
    filled_up = {arm: [*(number + 3.0 for number in row[:-1]), row[-1]] for arm, row in measured.items()}
    return Answers(
        right=[*((each, measured, letter) for each in measures),
               (measure, {arm: tuple(row) for arm, row in measured.items()}, f" {letter.lower()}")],
        wrong=[(experiment.TOO_FEW.name, (measure, {arm: row[:3] for arm, row in measured.items()}, letter)),
               (experiment.TOO_FEW.name, (measure, measured | {first: measured[first][:7]}, letter)),
               (experiment.NOT_MEASURED.name, (measure, made_up, letter)),
               (experiment.NOT_MEASURED.name, (measure, filled_up, letter)),
               (experiment.SAME_ARMS.name, (one_arm, {arm: measured[first] for arm in plan.arms}, letter)),
               ((experiment.ANOTHER_LOOK if plan.in_here else experiment.OTHERWISE).name,
                (something_else, measured, letter)),
               *((experiment.OTHERWISE.name, (each, measured, letter)) for each in others),
               *((experiment.ANOTHER_LOOK.name, (each, measured, letter)) for each in looks),
               *((told, (measure, measured, other)) for other, told in plan.told.items())])
