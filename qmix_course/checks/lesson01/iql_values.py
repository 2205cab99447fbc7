"""01.3 · What an independent learner comes to believe: compute the averages that independent Q-learning learns under a
partner's policy."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def iql_values(payoff, partner, agent, twist=None):
    """The truth, entry by entry."""
    if twist == "agent ignored":
        agent = 0
    if twist == "always the second":
        agent = 1
    rows = payoff.tolist() if (agent == 0) != (twist == "axis") else payoff.T.tolist()
    p = partner.tolist()
    if twist == "broadcast" and agent == 1:        # the probabilities lie along the columns, agent 1's own actions
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
        "possible": lambda row: (lambda seen: sum(seen) / len(seen))([pay for chance, pay in zip(p, row)
                                                                      if chance > 0]),
    }
    rule = rules.get(twist, lambda row: sum(chance * pay for chance, pay in zip(p, row)))
    return torch.tensor([rule(row) for row in rows], dtype=torch.float64)


def draw_partner(size: int, generator) -> torch.Tensor:
    """Probabilities in whole hundredths."""
    cuts = torch.randint(1, 100, (size - 1,), generator=generator).sort().values.tolist()
    edges = [0, *cuts, 100]
    return torch.tensor([(b - a) / 100 for a, b in zip(edges, edges[1:])], dtype=torch.float64)


def look(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(103)
    square, other = [(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([0.25, 0.75]), agent)
                     for agent in (0, 1)], []
    for shape, cases in (((2, 2), square), ((3, 3), square), ((4, 4), square), ((2, 3), other), ((4, 2), other),
                         ((1, 3), other),
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


MISTAKES = tuple(Mistake(name, hint, why, partial(iql_values, twist=twist)) for twist, name, hint, why in (
    ("uniform", "every action of the partner counts the same",
     "A partner who plays 1 three times as often as 0 is met there more often. Where does your result depend on "
     "`partner`?",
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
     "For the second agent the partner chooses the row. Along which axis of the table does your product lay the "
     "probabilities?",
     "a row of numbers beside a table is laid along the columns, and for `agent` 1 these are the learner's own "
     "actions"),
))

EXERCISE = Exercise(
    number="01.3", title="What an independent learner comes to believe", answers={"iql_values": "function"},
    difficulty=2, minutes=8, core=True,
    practises="compute the averages that independent Q-learning learns under a partner's policy",
    hints=("Take one of the learner's own actions. Which payoffs can it bring, and how often does each come?",
           "An average with unequal frequencies: multiply, then add up.",
           "For agent 1 the own actions are the rows. Turn the table over for agent 2, and use the same rule."),
    mistakes=MISTAKES, look=look)
