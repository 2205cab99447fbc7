"""13.1 · How far must α fall?: weigh what a table gains against what it gives up."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def largest_alpha(payoff, greedy, stay, move, twist=None):
    """The truth, entry by entry."""
    full, rest = [0.0, 0.0], [0.0, 0.0]
    best = payoff.max()
    for u in torch.cartesian_prod(*[torch.arange(payoff.shape[0])] * payoff.dim()).reshape(-1, payoff.dim()).tolist():
        u = tuple(u)
        counts = u == tuple(greedy) or payoff[u] > payoff[greedy]
        if twist == "greedy only":
            counts = u == tuple(greedy)
        elif twist == "better only":
            counts = payoff[u] > payoff[greedy]
        elif twist == "told":
            counts = payoff[u] == best
        elif twist == "ties":
            counts = payoff[u] >= payoff[greedy]
        elif twist == "by q_tot":
            counts = u == tuple(greedy) or payoff[u] > stay[greedy]
        elif twist == "either":
            counts = u in (tuple(greedy), _at(move))
        elif twist == "where move points":
            counts = u == _at(move)
        for side, table in enumerate((stay, move)):
            error = float(table[u] - payoff[u])
            error = abs(error) if twist == "absolute" else error ** 2
            underestimated = bool(table[u] < payoff[u]) if twist == "optimist" else counts
            if underestimated:
                full[side] += error
            if not underestimated or twist == "counts twice":
                rest[side] += error
    gain, price = full[0] - full[1], rest[1] - rest[0]
    if twist == "turned":
        gain, price = price, gain
    if twist == "as ratio":
        return full[1] / rest[1] if rest[1] else 1.0
    if twist == "nothing to lose":
        return max(0.0, min(1.0, gain / price if price else 1.0))
    if price <= 0 and twist != "no limit":
        return 1.0
    if price == 0:
        return torch.inf
    alpha = gain / price
    if twist == "root":
        alpha = abs(alpha) ** 0.5
    return alpha if twist == "no limit" else min(1.0, alpha)


def _at(table):
    place, at = int(table.argmax()), []
    for _ in range(table.dim()):
        place, action = divmod(place, table.shape[0])
        at.append(action)
    return tuple(reversed(at))


def cases() -> list[tuple]:
    """Random tables in quarters; of them those where ``move`` is closer where errors count in full."""
    generator = torch.Generator().manual_seed(1311)

    def drawn(n_agents, n_actions, size=24):
        return torch.randint(-size, size + 1, (n_actions,) * n_agents, generator=generator).double() / 4

    game = torch.tensor([[8.0, -12.0, -12.0], [-12.0, 6.0, 0.0], [-12.0, 0.0, 6.0]], dtype=torch.float64)
    stay = torch.tensor([[-8.0, -8.0, -8.0], [-8.0, 6.0, 3.0], [-8.0, 3.0, 3.0]], dtype=torch.float64)
    move = torch.tensor([[8.0, -6.0, -6.0], [-6.0, -6.0, -6.0], [-6.0, -6.0, -6.0]], dtype=torch.float64)
    found = [(game, (1, 1), stay, move)]
    kinds = {"one": 0, "capped": 0, "inside": 0}
    for n_agents, n_actions in ((2, 2), (2, 3), (3, 2), (2, 4), (3, 3), (1, 4)) * 40:
        payoff = drawn(n_agents, n_actions, 8)
        middle = int(payoff.flatten().argsort()[payoff.numel() // 2])
        greedy = tuple(int(at) for at in torch.unravel_index(torch.tensor(middle), payoff.shape))
        payoff.flatten()[(middle + 1) % payoff.numel()] = payoff[greedy]            # a tie
        stay, move = payoff + drawn(n_agents, n_actions, 12), payoff + drawn(n_agents, n_actions)
        better = payoff > payoff[greedy]
        better[greedy] = True
        move = torch.where(better, payoff + drawn(n_agents, n_actions, 4), move)
        errors = [(table - payoff) ** 2 for table in (stay, move)]
        gain, price = errors[0][better].sum() - errors[1][better].sum(), errors[1][~better].sum() - errors[0][
            ~better].sum()
        kind = "one" if price <= 0 else "capped" if gain >= price else "inside"
        if gain > 0 and kinds[kind] < (12 if kind == "inside" else 2):
            kinds[kind] += 1
            found.append((payoff, greedy, stay, move))
    assert min(kinds.values()) > 1
    found += [(payoff / 64, greedy, stay / 64, move / 64) for payoff, greedy, stay, move in found[:6]]
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), largest_alpha)
    return Verdict("correct")


EXERCISE = Exercise(
    number="13.1", title="How far must α fall?", answers={"largest_alpha": "function"}, difficulty=3, minutes=12,
    practises="weigh what a table gains where errors count in full against what it gives up elsewhere",
    formerly=("central_weights",),
    hints=("Split the squared errors of each table in two sums: over the joint actions that count in full, and over "
           "the others.",
           "With these four sums the loss of each table is a straight line in alpha. Where do the two lines cross?",
           "What move gains in the first sum must make up for alpha times what it loses in the second. If it loses "
           "nothing there, no alpha is too large; and none is above 1."),
    mistakes=twisted(
        largest_alpha,
        ("greedy only", "better joint actions do not count in full",
         "Which joint actions have weight 1 besides the greedy one?",
         "without them nothing ever pulls the team away from what it plays"),
        ("better only", "the greedy joint action does not count in full",
         "Every better joint action has weight 1. And the one that the team plays now?",
         "the greedy joint action always counts in full, or the team forgets what it has"),
        ("told", "only the best joint actions of the game count in full",
         "Who told the weights which joint action is the best? What do they compare with?",
         "central weights compare with the greedy joint action; all that is better than it counts"),
        ("ties", "a tie counts as better",
         "Another joint action pays as much as the greedy one. Is that above it?",
         "what is equally good has weight alpha"),
        ("by q_tot", "payoffs are compared with what the table says",
         "What is the greedy joint action worth: what Q_tot says, or what it really pays?",
         "Q_tot may be far off at the greedy joint action; the weights compare with what it is worth"),
        ("either", "what the other table points at counts in full, whatever it pays",
         "Why should the joint action that move points at have weight 1? Which others do?",
         "the weights are made from payoffs, not from where a table points"),
        ("where move points", "only the joint action that move points at counts in full",
         "Go through the rule for the weights once more, joint action by joint action.",
         "the weights are made from payoffs, not from where a table points"),
        ("optimist", "these are the optimistic weights",
         "Your weights differ between the two tables. What do CW-QMIX's weights depend on?",
         "OW-QMIX asks whether Q_tot is too low; CW-QMIX compares payoffs"),
        ("absolute", "errors are not squared",
         "An error of 3 and an error of 1: how do they compare in the loss?",
         "the loss is a sum of squares"),
        ("counts twice", "errors that count in full count again with alpha",
         "How much does one joint action count in all, if its weight is 1?",
         "every joint action has one weight: 1, or alpha"),
        ("turned", "the fraction stands on its head",
         "Let move lose much more elsewhere. Must alpha then be smaller or larger?",
         "the more there is to lose, the less it may count"),
        ("as ratio", "only one of the two tables is looked at",
         "Which loss must move's loss be below?",
         "a table is never good or bad by itself, only better than another one"),
        ("no limit", "the result is no weight between 0 and 1",
         "What if move is as good elsewhere too, or loses less there than it gains? How large may alpha be at most?",
         "alpha is at most 1; if move is better even then, the answer is 1"),
        ("nothing to lose", "where move loses nothing elsewhere, alpha comes out as 0",
         "Move is closer where errors count in full, and closer elsewhere too. Which alpha could be too large for it?",
         "the lines cross below 0, and from there on move is always better: the answer is 1"),
        ("root", "the weight is taken to stand inside the square",
         "Is it alpha times the squared error, or the square of alpha times the error?",
         "the weight stands before the square")),
    look=look)
