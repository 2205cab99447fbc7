"""Answers to 13.1."""

import torch

from tests.catalogue import Answers


def in_full(payoff, greedy, *_):
    counts = payoff > payoff[greedy]
    counts[greedy] = True
    return counts


def crossing(payoff, greedy, stay, move, full=in_full, error=torch.square, limit=True):
    counts = full(payoff, greedy, stay, move)
    e_stay, e_move = error(stay - payoff), error(move - payoff)
    gain = (e_stay - e_move)[counts].sum()
    price = (e_move - e_stay)[~counts].sum()
    if not limit:
        return float(gain / price)
    return 1.0 if price <= 0 else min(1.0, float(gain / price))


def by_weights(payoff, greedy, stay, move):
    """The losses at alpha = 0 and alpha = 1 give the two lines."""
    def loss(table, alpha):
        return float((torch.where(in_full(payoff, greedy), 1.0, alpha) * (table - payoff) ** 2).sum())

    at_0, at_1 = (loss(move, alpha) - loss(stay, alpha) for alpha in (0.0, 1.0))
    return 1.0 if at_1 <= 0 else at_0 / (at_0 - at_1)


def by_a_list(payoff, greedy, stay, move):
    pay, old, new = (table.flatten().tolist() for table in (payoff, stay, move))
    place = 0
    for action in greedy:
        place = place * payoff.shape[0] + action
    change = [(y - b) ** 2 - (y - c) ** 2 for y, b, c in zip(pay, old, new)]            # of the error, for the better
    full = [k == place or y > pay[place] for k, y in enumerate(pay)]
    gain = sum(d for d, counts in zip(change, full) if counts)
    price = -sum(d for d, counts in zip(change, full) if not counts)
    return gain / price if price > gain else 1.0


def using(full=in_full, **options):
    return lambda payoff, greedy, stay, move: crossing(payoff, greedy, stay, move, full, **options)


def only(u):
    def full(payoff, *rest):
        counts = torch.zeros_like(payoff, dtype=torch.bool)
        for at in u(*rest):
            counts[at] = True
        return counts
    return full


def points(table):
    return tuple(int(k) for k in torch.unravel_index(table.argmax(), table.shape))


def by_q_tot(payoff, greedy, stay, move):
    counts = payoff > stay[greedy]
    counts[greedy] = True
    return counts


def optimistic(payoff, greedy, stay, move):
    e_stay, e_move = (stay - payoff) ** 2, (move - payoff) ** 2
    gain = e_stay[stay < payoff].sum() - e_move[move < payoff].sum()
    price = e_move[move >= payoff].sum() - e_stay[stay >= payoff].sum()
    return 1.0 if price <= 0 else min(1.0, float(gain / price))


def all_with_alpha(payoff, greedy, stay, move):
    e_stay, e_move = (stay - payoff) ** 2, (move - payoff) ** 2
    gain, price = (e_stay - e_move)[in_full(payoff, greedy)].sum(), (e_move - e_stay).sum()
    return 1.0 if price <= 0 else min(1.0, float(gain / price))


def cut_off(payoff, greedy, stay, move):
    counts, e_stay, e_move = in_full(payoff, greedy), (stay - payoff) ** 2, (move - payoff) ** 2
    gain, price = (e_stay - e_move)[counts].sum(), (e_move - e_stay)[~counts].sum()
    return float((gain / price).nan_to_num(1.0).clamp(0, 1)) if price else 1.0


def upside_down(payoff, greedy, stay, move):
    counts, e_stay, e_move = in_full(payoff, greedy), (stay - payoff) ** 2, (move - payoff) ** 2
    gain, price = (e_stay - e_move)[counts].sum(), (e_move - e_stay)[~counts].sum()
    return 1.0 if gain <= 0 else min(1.0, float(price / gain))


def one_table(payoff, greedy, stay, move):
    counts, errors = in_full(payoff, greedy), (move - payoff) ** 2
    return float(errors[counts].sum() / errors[~counts].sum()) if (~counts).any() else 1.0


def rooted(payoff, greedy, stay, move):
    counts, e_stay, e_move = in_full(payoff, greedy), (stay - payoff) ** 2, (move - payoff) ** 2
    gain, price = (e_stay - e_move)[counts].sum(), (e_move - e_stay)[~counts].sum()
    return 1.0 if price <= 0 else min(1.0, float(gain / price) ** 0.5)


ANSWERS = Answers(
    right=[crossing, by_weights, by_a_list],
    wrong=[("better joint actions do not count in full", using(only(lambda greedy, *_: [greedy]))),
           ("the greedy joint action does not count in full",
            using(lambda payoff, greedy, *_: payoff > payoff[greedy])),
           ("only the best joint actions of the game count in full", using(lambda payoff, *_: payoff == payoff.max())),
           ("a tie counts as better", using(lambda payoff, greedy, *_: payoff >= payoff[greedy])),
           ("payoffs are compared with what the table says", using(by_q_tot)),
           ("what the other table points at counts in full, whatever it pays",
            using(only(lambda greedy, stay, move: [greedy, points(move)]))),
           ("only the joint action that move points at counts in full",
            using(only(lambda greedy, stay, move: [points(move)]))),
           ("these are the optimistic weights", optimistic),
           ("errors are not squared", using(error=torch.abs)),
           ("errors that count in full count again with alpha", all_with_alpha),
           ("the fraction stands on its head", upside_down),
           ("only one of the two tables is looked at", one_table),
           ("the result is no weight between 0 and 1", using(limit=False)),
           ("where move loses nothing elsewhere, alpha comes out as 0", cut_off),
           ("the weight is taken to stand inside the square", rooted)])
