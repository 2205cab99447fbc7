"""01.1 · From which payoff on: predict by hand what independent learners on random data prefer."""

from __future__ import annotations

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

TURN = 13.0                                             # (1 + x) / 2 = 7


def look(room: Room, answer) -> Verdict:
    problem = values.problem(answer, TURN, 1e-9)
    if problem is None:
        return Verdict("correct")
    if problem.kind == "wrong shape or type":
        raise Found(Verdict(problem.kind, f"turning_x: expected one number, got {values.describe(answer)}",
                            "Give the number alone, as 2.5."))
    for mistake in room.exercise.mistakes:
        if values.problem(answer, float(mistake.wrong()), 5e-4) is None:
            raise room.wrong(mistake.name)
    x = float(answer)
    raise Found(Verdict("wrong", "with this x, 2A and 2B are not worth the same",
                        "Write down agent 1's average of each of its two actions in 2B, with your x in it.",
                        f"2A is worth 7; with x = {x:.6g} the best average in 2B is {max(0.5, (1 + x) / 2):.6g}"))


MISTAKES = (
    Mistake("the partner's second action is left out",
            "Half of the time the partner plays 0. What does agent 1's action 1 pay then?",
            "agent 1 meets x only half of the time, so x itself must be larger than what 2A pays",
            lambda: 7),
    Mistake("a sum, not an average",
            "You have added what the action pays against each of the partner's actions. How often does each of them "
            "happen?",
            "each of the two happens half of the time only",
            lambda: 6),
    Mistake("the wrong entry stands beside x",
            "Agent 1 plays 1. Which entry of the table does it get when the partner plays 0?",
            "0 is what both get for (0, 0), and agent 1's action 1 is not part of that",
            lambda: 14),
    Mistake("the average of the whole table",
            "Agent 1 knows which action was its own. Over whose actions does it average?",
            "a learner that keeps a value for each own action does not mix its own actions",
            lambda: 26),
    Mistake("both ones of the table are counted",
            "One of the two ones lies in a row that agent 1 does not play. Which entries stand in the row of its "
            "action 1?",
            "the row of action 1 has two entries, 1 and x",
            lambda: 12),
    Mistake("one of the two sides is discounted, the other is not",
            "2A and 2B are paid at the same time. Does γ change which of them is better?",
            "γ stands on both sides and cancels",
            lambda: 2 * 7 / 0.99 - 1),
    Mistake("the first step of 2A is compared with the second step of 2B",
            "6.93 is a value of the first step. Is your value of 2B one of the first step, too?",
            "γ stands on both sides and cancels",
            lambda: 2 * 6.93 - 1),
    Mistake("a value in place of the payoff",
            "That is what 2B looks worth with the 8. Which number must stand in the table so that it looks worth 7?",
            "the question is about an entry of the table, not about its average",
            lambda: 4.5),
    Mistake("the sign of the one is wrong",
            "What the partner's action 0 pays, does it help agent 1's action or harm it?",
            "the 1 is earned, so x has to bring less than twice 7",
            lambda: 15),
)

EXERCISE = Exercise(
    number="01.1", title="From which payoff on", answers={"turning_x": "value"}, difficulty=1, minutes=4,
    practises="predict by hand what independent learners on random data prefer",
    hints=("Agent 1 rates each of its own actions in 2B by the average over the partner's two actions.",
           "Write the average of agent 1's action 1, with x in it. With which number must it be compared?",
           "Both are paid in the second step, so that γ plays no part. You have one equation with one unknown."),
    mistakes=MISTAKES, look=look)
