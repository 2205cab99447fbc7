"""Answers to the exercises 01.4 to 01.6."""

import itertools

import numpy as np
import torch

from tests.catalogue import Answers

# ---- 01.4 ----


def step_plain(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    new = q.clone()
    for i in range(len(q)):
        y = reward
        if not terminated:
            y += gamma * max(q[i, next_obs[i]].tolist())
        new[i, obs[i], actions[i]] = (1 - rate) * q[i, obs[i], actions[i]] + rate * y
    return new


def step_at_once(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    agents = torch.arange(q.shape[0])
    y = reward + gamma * (not terminated) * q[agents, next_obs].amax(-1)
    error = torch.zeros_like(q)
    error[agents, obs, actions] = y - q[agents, obs, actions]
    return q + rate * error


def step_numpy(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    table = q.numpy().copy()
    for i, (o, u, after) in enumerate(zip(obs.tolist(), actions.tolist(), next_obs.tolist())):
        y = reward if terminated else reward + gamma * np.max(table[i][after])
        table[i, o, u] += rate * (y - table[i, o, u])
    return torch.from_numpy(table)


def learns(target, change=lambda old, y, rate: old + rate * (y - old), who=None):
    """An answer that computes its target so: target(q, i, o, u, r, o', ended, γ)."""
    def answer(q, obs, actions, reward, next_obs, terminated, rate, gamma):
        new = q.clone()
        for i in range(len(q) if who is None else who):
            y = target(q, i, obs, actions[i], reward, next_obs, terminated, gamma)
            old = q[i, obs[i], actions[i]]
            new[i, obs[i], actions[i]] = change(old, y, rate)
        return new
    return answer


def y_search_from(lowest):
    return lambda q, i, obs, u, r, after, ended, gamma: r + gamma * (1 - ended) * max([lowest, *q[i, after[i]].tolist()])


def y_no_zeros(q, i, obs, u, r, after, ended, gamma):
    return (r or 1.0) + (gamma or 0.99) * (1 - ended) * q[i, after[i]].max()


def y_right(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (1 - ended) * q[i, after[i]].max()


def y_end(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * q[i, after[i]].max()


def y_turned(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * ended * q[i, after[i]].max()


def y_nothing(q, i, obs, u, r, after, ended, gamma):
    return 0 if ended else r + gamma * q[i, after[i]].max()


def y_tilde(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (-1 - int(ended)) * q[i, after[i]].max()          # ~ended, spelt out: Python 3.12 warns of it


def y_no_gamma(q, i, obs, u, r, after, ended, gamma):
    return r + (0 if ended else q[i, after[i]].max())


def y_team_best(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[torch.arange(len(q)), after].max()


def y_team_sum(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * sum(q[k, after[k]].max() for k in range(len(q)))


def y_first_obs(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[0]].max()


def y_first_table(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[0, after[i]].max()


def y_any_obs(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i].max()


def y_before(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, obs[i]].max()


def y_same_action(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[i], u]


def y_mean(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[i]].mean()


def y_argmax(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[i]].argmax()


def y_share(q, i, obs, u, r, after, ended, gamma):
    return r / len(q) + gamma * (not ended) * q[i, after[i]].max()


def y_gamma_on_reward(q, i, obs, u, r, after, ended, gamma):
    return gamma * r + (not ended) * q[i, after[i]].max()


def y_gamma_on_all(q, i, obs, u, r, after, ended, gamma):
    return gamma * (r + (not ended) * q[i, after[i]].max())


def y_no_reward(q, i, obs, u, r, after, ended, gamma):
    return gamma * (not ended) * q[i, after[i]].max()


def y_worst(q, i, obs, u, r, after, ended, gamma):
    return r + gamma * (not ended) * q[i, after[i]].min()


def step_of_the_sum(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    agents, new = torch.arange(len(q)), q.clone()
    future = 0.0 if terminated else q[agents, next_obs].amax(-1).sum()
    new[agents, obs, actions] += rate * (reward + gamma * future - q[agents, obs, actions].sum())
    return new


def step_of_a_row(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    new = q.clone()
    for i in range(len(q)):
        y = reward if terminated else reward + gamma * q[i, next_obs[i]].max()
        new[i, obs[i]] += rate * (y - q[i, obs[i]])
    return new


def step_in_place(q, obs, actions, reward, next_obs, terminated, rate, gamma):
    for i in range(len(q)):
        y = reward + (0 if terminated else gamma * q[i, next_obs[i]].max())
        q[i, obs[i], actions[i]] += rate * (y - q[i, obs[i], actions[i]])
    return q


# ---- 01.5 ----

def credit_by_slice(payoff, actions):
    result = []
    for i in range(payoff.dim()):
        place = list(actions)
        place[i] = slice(None)
        result.append(float(payoff[tuple(place)][actions[i]] - payoff[tuple(place)].mean()))
    return torch.tensor(result)


def credit_by_means(payoff, actions):
    """The mean over each axis at once; then every other axis is indexed."""
    return torch.stack([(payoff - payoff.mean(i, keepdim=True))[actions] for i in range(payoff.ndim)])


def credit_by_lists(payoff, actions):
    got, answer = payoff[actions].item(), torch.zeros(len(actions))
    for i, size in enumerate(payoff.shape):
        total = 0
        for own in range(size):
            joint = list(actions)
            joint[i] = own
            total += payoff[tuple(joint)].item()
        answer[i] = got - total / size
    return answer


def against(baseline, result=lambda got, base: got - base):
    """Credits against baseline(own, u_i, payoff, i): own are the payoffs of agent i's actions."""
    def answer(payoff, actions):
        found = []
        for i in range(len(actions)):
            own = payoff[tuple(slice(None) if k == i else u for k, u in enumerate(actions))]
            found.append(float(result(payoff[actions], baseline(own, actions[i], payoff, i))))
        return torch.tensor(found)
    return answer


def others_mean(own, u, payoff, i):
    return payoff.select(i, u).mean()


def without_own(own, u, payoff, i):
    return (own.sum() - own[u]) / (len(own) - 1) if len(own) > 1 else own[0]


def credit_averages(payoff, actions):
    return torch.stack([payoff.movedim(i, 0).reshape(size, -1).mean(1)[actions[i]] - payoff.mean()
                        for i, size in enumerate(payoff.shape)])


def credit_shared(payoff, actions):
    credit = credit_by_means(payoff, actions)
    return torch.full_like(credit, credit.mean())


def credit_turned(payoff, actions):
    return credit_by_means(payoff, actions).flip(0)


def credit_of_two(payoff, actions):
    u1, u2 = actions
    got = payoff[u1, u2]
    return torch.stack([got - payoff[:, u2].mean(), got - payoff[u1].mean()])


def credit_up_to_four(payoff, actions):
    places = [lambda u: (slice(None), *u[1:]), lambda u: (u[0], slice(None), *u[2:]), lambda u: (*u[:2], slice(None), *u[3:]),
              lambda u: (*u[:3], slice(None), *u[4:])]
    return torch.stack([payoff[actions] - payoff[place(actions)].mean() for place, _ in zip(places, actions)])


def credit_first_and_last(payoff, actions):
    got = payoff[actions]
    rest = [got - payoff[actions[:-1]].mean() for _ in actions[1:]]
    return torch.stack([got - payoff[(slice(None), *actions[1:])].mean(), *rest])


# ---- 01.6 ----

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


def credits_beside(payoff, actions):
    result = []
    for i, a in enumerate(actions):
        own = payoff[tuple(slice(None) if k == i else u for k, u in enumerate(actions))]
        result.append(own[a] - (own.sum() - own[a]) / (len(own) - 1))
    return torch.stack(result)


TEAM = {
    "01.4": Answers(
        right=[step_plain, step_at_once, step_numpy, learns(y_right)],
        wrong=[
            ("the end of an episode is ignored", learns(y_end)),
            ("the end is turned round", learns(y_turned)),
            ("a terminated step pays nothing at all", learns(y_nothing)),
            ("~ on a Python bool", learns(y_tilde)),
            ("the discount factor is missing", learns(y_no_gamma)),
            ("the discount factor is on the reward", learns(y_gamma_on_reward)),
            ("everything is discounted", learns(y_gamma_on_all)),
            ("the reward is missing", learns(y_no_reward)),
            ("the worst next value, not the best", learns(y_worst)),
            ("one error for the whole team", step_of_the_sum),
            ("a whole row of the table moves", step_of_a_row),
            ("the best next value of the whole team", learns(y_team_best)),
            ("the agents' futures are added up", learns(y_team_sum)),
            ("every agent looks up the first agent's observation", learns(y_first_obs)),
            ("every agent takes its future from the first agent's table", learns(y_first_table)),
            ("the best value anywhere, not at the next observation", learns(y_any_obs)),
            ("the future is read at the old observation", learns(y_before)),
            ("the next action is taken to be the one just played", learns(y_same_action)),
            ("the mean of the next values, not the best", learns(y_mean)),
            ("the number of the best action, not its value", learns(y_argmax)),
            ("the reward is divided among the agents", learns(y_share)),
            ("the entry jumps to its target", learns(y_right, lambda old, y, rate: y)),
            ("the target is added, not the distance to it", learns(y_right, lambda old, y, rate: old + rate * y)),
            ("the old value and the target have changed places",
             learns(y_right, lambda old, y, rate: rate * old + (1 - rate) * y)),
            ("the step goes away from the target", learns(y_right, lambda old, y, rate: old - rate * (y - old))),
            ("only the first agent learns", learns(y_right, who=1)),
            ("only the first two agents learn",
             lambda q, *rest: torch.cat([step_plain(q[:2], *(r[:2] if isinstance(r, torch.Tensor) else r for r in rest)), q[2:]])),
            ("a zero is taken for a missing number", learns(y_no_zeros)),
            ("a zero is taken for a missing number", learns(y_right, lambda old, y, rate: old + (rate or 0.1) * (y - old))),
            ("a fixed number takes part where values may have any size", learns(y_search_from(-1000))),
            ("a fixed number takes part where values may have any size", learns(y_search_from(-1e9))),
            ("your answer changes what it was given", step_in_place),
        ],
    ),
    "01.5": Answers(
        right=[credit_by_slice, credit_by_means, credit_by_lists],
        wrong=[
            ("compared with the mean of the whole table", against(lambda own, u, payoff, i: payoff.mean())),
            ("the mean runs over the others' actions", against(others_mean)),
            ("the action that was played is left out of the mean", credits_beside),
            ("the action that was played is left out of the mean", against(without_own)),
            ("a sum, not a mean", against(lambda own, u, payoff, i: own.sum())),
            ("compared with the best own action", against(lambda own, u, payoff, i: own.max())),
            ("compared with the worst own action", against(lambda own, u, payoff, i: own.min())),
            ("compared with action 0", against(lambda own, u, payoff, i: own[0])),
            ("everybody gets the team's whole reward", against(lambda own, u, payoff, i: 0)),
            ("the others are averaged out", credit_averages),
            ("the baseline itself, nothing is compared with it",
             against(lambda own, u, payoff, i: own.mean(), lambda got, base: base)),
            ("praise and blame have changed places", against(lambda own, u, payoff, i: own.mean(), lambda got, base: base - got)),
            ("everybody gets the same credit", credit_shared),
            ("the mean runs over the others' actions", credit_turned),
            ("right for two agents only", credit_of_two),
            ("right for two agents only", credit_first_and_last),
            ("right up to a certain number of agents only",
             lambda payoff, actions: torch.cat([credit_up_to_four(payoff, actions), torch.zeros(max(0, len(actions) - 4))])),
        ],
    ),
    "01.6": Answers(
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
    ),
}
