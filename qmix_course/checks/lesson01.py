"""Checks of lesson 01: a turning point, the numbers of joint actions, what an independent learner comes to believe."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson01_numbers import NUMBERS
from qmix_course.checks.lesson01_team import TEAM
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

# ---- 01.1 a turning point ----------------------------------------------------------------------------------------------

TURN = 13.0                                             # (1 + x) / 2 = 7


def look_at_turn(room: Room, answer) -> Verdict:
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


TURN_MISTAKES = (
    Mistake("the partner's second action is left out",
            "Half of the time the partner plays 0. What does agent 1's action 1 pay then?",
            "agent 1 meets x only half of the time, so x itself must be larger than what 2A pays",
            lambda: 7),
    Mistake("a sum, not an average",
            "You have added what the action pays against each of the partner's actions. How often does each of them happen?",
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
            "One of the two ones lies in a row that agent 1 does not play. Which entries stand in the row of its action 1?",
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

# ---- 01.3 what an independent learner comes to believe -----------------------------------------------------------------

def iql_values(payoff, partner, agent, twist=None):
    """The truth, entry by entry."""
    if twist == "agent ignored":
        agent = 0
    if twist == "always the second":
        agent = 1
    rows = payoff.tolist() if (agent == 0) != (twist == "axis") else payoff.T.tolist()
    p = partner.tolist()
    if twist == "broadcast" and agent == 1:                 # the probabilities lie along the columns, agent 1's own actions
        return (payoff.double() * partner.double()).sum(0)
    likely = p.index(max(p))
    rules = {
        "uniform": lambda row: sum(row) / len(row),
        "sum": sum,
        "best": max,
        "worst": min,
        "likely": lambda row: row[likely],
        "divided": lambda row: sum(chance * pay for chance, pay in zip(p, row)) / len(row),
        "forward": lambda row: sum(chance * pay for chance, pay in zip(reversed(p), row)),
        "possible": lambda row: (lambda seen: sum(seen) / len(seen))([pay for chance, pay in zip(p, row) if chance > 0]),
    }
    rule = rules.get(twist, lambda row: sum(chance * pay for chance, pay in zip(p, row)))
    return torch.tensor([rule(row) for row in rows], dtype=torch.float64)


def draw_partner(size: int, generator) -> torch.Tensor:
    """Probabilities in whole hundredths."""
    cuts = torch.randint(1, 100, (size - 1,), generator=generator).sort().values.tolist()
    edges = [0, *cuts, 100]
    return torch.tensor([(b - a) / 100 for a, b in zip(edges, edges[1:])], dtype=torch.float64)


def look_at_belief(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(103)
    square, other = [(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([0.25, 0.75]), agent) for agent in (0, 1)], []
    for shape, cases in (((2, 2), square), ((3, 3), square), ((4, 4), square), ((2, 3), other), ((4, 2), other), ((1, 3), other),
                         ((3, 1), other)):
        payoff = (5 * torch.randn(*shape, dtype=torch.float64, generator=generator)).round(decimals=2)
        cases += [(payoff, draw_partner(shape[1 - agent], generator), agent) for agent in (0, 1)]
        sure = torch.zeros(shape[0], dtype=torch.float64)
        sure[-1] = 1.0                                      # a partner who always plays one action
        cases.append((payoff, sure, 1))
    room.compare(answer, square, iql_values)
    payoff = torch.tensor([[-3.0, 1e6, 2.0], [0.0, -1e6, 5.0]])
    for k, agent in ((0, 0), (1, 0), (2, 0), (0, 1), (1, 1)):       # a partner who always plays the same action
        sure = torch.zeros(payoff.shape[1 - agent])
        sure[k] = 1.0
        other.append((payoff, sure, agent))
    other += [(torch.tensor([[-4.0]]), torch.ones(1), agent) for agent in (0, 1)]
    room.compare(answer, square + other, iql_values)
    return Verdict("correct")


BELIEF_MISTAKES = tuple(Mistake(name, hint, why, partial(iql_values, twist=twist)) for twist, name, hint, why in (
    ("uniform", "every action of the partner counts the same",
     "A partner who plays 1 three times as often as 0 is met there more often. Where does your result depend on `partner`?",
     "the plain mean is right for one partner only, the one that plays all actions equally often"),
    ("axis", "the average runs over one's own actions",
     "The result has one entry for each of the learner's OWN actions. Whose actions must have disappeared?",
     "the learner knows what it did itself; what it cannot see is the partner's action"),
    ("agent ignored", "both agents get the values of the first",
     "Whose actions are the rows of the table, and whose are the columns? Does your result change with `agent`?",
     "the second agent's own actions are the columns"),
    ("always the second", "both agents get the values of the second",
     "Whose actions are the rows of the table? Ask once with `agent` 0 and once with 1.",
     "the first agent's own actions are the rows"),
    ("sum", "the payoffs are added up, not averaged",
     "How often does each of these payoffs come?",
     "a learner gets one payoff at a time, and its entry becomes their average"),
    ("best", "the partner is expected to do what is best",
     "That is what the action could bring with a partner who knows. What has this partner brought in the past?",
     "this is the value a team could have, and that an independent learner never sees in its averages"),
    ("worst", "the partner is expected to do what is worst",
     "Nobody plays against the learner here. How often does the worst payoff come?",
     "an average over experience holds good and bad luck alike"),
    ("likely", "only the partner's favourite action counts",
     "The partner plays its other actions too. What do they pay, and how often?",
     "rare payoffs can be large: one -30 in ten changes an average by 3"),
    ("divided", "divided by the number of actions on top",
     "What do the probabilities of all the partner's actions add up to? Is there anything left to divide by?",
     "weights that sum to one make an average already"),
    ("forward", "the probabilities belong to other actions",
     "Which probability goes with which column? Try a partner who always plays action 0.",
     "each payoff must be counted with the probability of just the action that leads to it"),
    ("broadcast", "the probabilities lie along the second agent's own actions",
     "For the second agent the partner chooses the row. Along which axis of the table does your product lay the probabilities?",
     "a row of numbers beside a table is laid along the columns, and for `agent` 1 these are the learner's own actions"),
))


EXERCISES = (
    Exercise(
        number="01.1", title="From which payoff on", answers={"turning_x": "value"}, difficulty=1, minutes=4,
        practises="predict by hand what independent learners on random data prefer",
        hints=("Agent 1 rates each of its own actions in 2B by the average over the partner's two actions.",
               "Write the average of agent 1's action 1, with x in it. With which number must it be compared?",
               "Both are paid in the second step, so that γ plays no part. You have one equation with one unknown."),
        mistakes=TURN_MISTAKES, look=look_at_turn),
    NUMBERS,
    Exercise(
        number="01.3", title="What an independent learner comes to believe", answers={"iql_values": "function"},
        difficulty=2, minutes=8,
        practises="compute the averages that independent Q-learning learns under a partner's policy",
        hints=("Take one of the learner's own actions. Which payoffs can it bring, and how often does each come?",
               "An average with unequal frequencies: multiply, then add up.",
               "For agent 0 the own actions are the rows. Turn the table over for agent 1, and use the same rule."),
        mistakes=BELIEF_MISTAKES, look=look_at_belief),
    *TEAM,
)
