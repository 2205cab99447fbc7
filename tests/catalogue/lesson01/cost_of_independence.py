"""Answers to 01.6."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers


def cost_in_lists(tables):
    tables = tables.tolist()

    def averages(rows):
        return [sum(row) / len(row) for row in rows]

    worths = [max(averages(table)) for table in tables]
    chosen = tables[worths.index(max(worths))]
    rows, columns = averages(chosen), averages(list(zip(*chosen)))
    got = chosen[rows.index(max(rows))][columns.index(max(columns))]
    return max(itertools.chain.from_iterable(itertools.chain.from_iterable(tables))), got


def cost_in_numpy(tables):
    tables = tables.numpy()
    own = tables.mean(axis=2)
    k, u1 = np.unravel_index(own.argmax(), own.shape)
    return tables.max(), tables[k, u1, tables[k].mean(axis=0).argmax()]


def cost_in_torch(tables):
    k = torch.stack([table.mean(dim=1).max() for table in tables]).argmax()
    table = tables[k]
    row, column = table.sum(1).argmax(), table.sum(0).argmax()         # sums rank as means do
    return tables.amax(), table[row, column]


def costs(worth, choose=None, result=lambda best, paid, k, worth: (best, paid)):
    """An answer: worth(table) rates a table, choose(table) gives both second actions."""
    choose = choose or (lambda t: (t.mean(1).argmax(), t.mean(0).argmax()))

    def answer(tables):
        rated = torch.stack([torch.as_tensor(worth(table)) for table in tables])
        k = int(rated.argmax())
        u1, u2 = choose(tables[k])
        return result(float(tables.max()), float(tables[k][u1, u2]), tables[k], rated[k])
    return answer


def own_best(table):
    return table.mean(1).max()


def agreed(table):
    return divmod(int(table.argmax()), table.shape[1])


def reply(table):
    u1 = table.mean(1).argmax()
    return u1, table[u1].argmax()


def one_axis(table):
    u1 = table.mean(1).argmax()
    return u1, u1 % table.shape[1]


def swapped(table):
    return table.mean(0).argmax() % table.shape[0], table.mean(1).argmax() % table.shape[1]


def hopeful(table):
    return table.amax(1).argmax(), table.amax(0).argmax()


def truly(table):
    return table[table.mean(1).argmax(), table.mean(0).argmax()]


def cost_from(lowest):
    """Every search begins with action 0 and the value ``lowest``."""
    def best(numbers):
        place, value = 0, lowest
        for k, number in enumerate(numbers.tolist()):
            if number > value:
                place, value = k, number
        return place

    def answer(tables):
        k = best(tables.mean(2).amax(1))
        return float(tables.max()), float(tables[k, best(tables[k].mean(1)), best(tables[k].mean(0))])
    return answer


def cost_of_small_tables(tables):
    best, got = cost_in_torch(tables)
    return best, got if len(tables) < 6 and tables.shape[-1] < 5 else tables.amin()


def one_mean_for_all_tables(tables):
    first = tables.mean(2)
    k = int(first.amax(1).argmax())
    return float(tables.max()), float(tables[k, first[k].argmax(), tables.mean((0, 1)).argmax()])


def best_of_all(tables):
    return float(tables.max()), max(float(truly(table)) for table in tables)


ANSWERS = Answers(
    right=[cost_in_lists, cost_in_numpy, cost_in_torch, costs(own_best), cost_from(-float("inf"))],
    wrong=[
        ("what agent 1 believes, not what the team is paid",
         costs(own_best, result=lambda best, paid, k, worth: (best, float(worth)))),
        ("agent 1 chooses the first step as if it knew the best entries", costs(torch.max)),
        ("the first step expects random play of agent 1 itself", costs(torch.mean)),
        ("agent 2's averages choose the first step", costs(lambda table: table.mean(0).max())),
        ("the first step already knows what both will do together", costs(truly)),
        ("the agents rate an action by its best payoff, not by its average", costs(torch.max, hopeful)),
        ("the agents choose together in the second step", costs(own_best, agreed)),
        ("agent 2 sees what agent 1 has chosen", costs(own_best, reply)),
        ("both agents use agent 1's averages", costs(own_best, one_axis)),
        ("each agent uses the other one's averages", costs(own_best, swapped)),
        ("the first step already knows what both will do together", best_of_all),
        ("agent 2 does not tell the tables apart", one_mean_for_all_tables),
        ("a discounted return", costs(own_best, result=lambda best, paid, k, worth: (0.99 * best, 0.99 * paid))),
        ("the best return looks only at the table that was chosen",
         costs(own_best, result=lambda best, paid, k, worth: (float(k.max()), paid))),
        ("the two results have changed places", costs(own_best, result=lambda best, paid, k, worth: (paid, best))),
        ("the difference in place of the second result",
         costs(own_best, result=lambda best, paid, k, worth: (best, best - paid))),
        ("a fixed number takes part where payoffs may have any size", cost_from(-1000)),
        ("a fixed number takes part where payoffs may have any size", cost_from(-1e9)),
        ("right for tables of a certain size only", cost_of_small_tables),
    ],
)
