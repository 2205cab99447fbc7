"""Answers to the exercises of lesson 10 that break one limit of the text, or keep to all in another way."""

import itertools

import torch

from tests.catalogue import Answers


def turning(opposite):
    def twin(positions, actions, size):
        return (size - 1 - positions)[..., [1, 0], :], opposite(actions)[..., [1, 0]]
    return twin


def chosen(next_state, reward, terminated, policy):
    entry = (torch.arange(len(policy)), *policy.T)
    return next_state[entry], reward[entry], terminated[entry]


def swept(enough=1e-12, most=100_000):
    def policy_value(next_state, reward, terminated, policy, gamma):
        if gamma < 0 or gamma >= 1:
            raise ValueError("gamma")
        (after, paid, ended), value = chosen(next_state, reward, terminated, policy), torch.zeros(len(policy))
        for _ in range(most):
            before, value = value, paid + gamma * ~ended * value[after]
            if (value - before).abs().max() < enough:
                break
        return value
    return policy_value


def state_by_state(next_state, reward, terminated, policy, gamma):
    """In place, until no value changes by 1e-6."""
    if not 0 <= gamma < 1:
        raise ValueError("gamma")
    (after, paid, ended), value, change = chosen(next_state, reward, terminated, policy), torch.zeros(len(policy)), 1.0
    while change > 1e-6:
        change = 0.0
        for x in range(len(value)):
            new = paid[x] + (0.0 if ended[x] else gamma * value[after[x]])
            change, value[x] = max(change, float((new - value[x]).abs())), new
    return value


def guarded(refuses, error=ValueError):
    def policy_value(next_state, reward, terminated, policy, gamma):
        if refuses(gamma):
            raise error("gamma")
        after, paid, ended = chosen(next_state, reward, terminated, policy)
        matrix = torch.eye(len(policy))
        matrix[torch.arange(len(policy)), after] -= gamma * ~ended
        return torch.linalg.solve(matrix, paid)
    return policy_value


def until_a_state_repeats(next_state, reward, terminated, policy, gamma):
    if not 0 <= gamma < 1:
        raise ValueError("gamma")
    after, paid, ended = chosen(next_state, reward, terminated, policy)
    values = []
    for x in range(len(policy)):
        total, factor, seen = 0.0, 1.0, []
        while x not in seen:
            seen.append(x)
            total, factor = total + factor * float(paid[x]), factor * gamma
            x = x if ended[x] else int(after[x])
        values.append(total)
    return torch.tensor(values)


def judged(is_best):
    def must_agree(q):
        found = []
        for table in q:
            best = {u for u in itertools.product(*map(range, table.shape)) if is_best(table[u], table.max())}
            good = [{u[i] for u in best} for i in range(table.dim())]
            found.append(not set(itertools.product(*good)) <= best)
        return torch.tensor(found)
    return must_agree


def as_good(is_best):
    def mended_right(q, actions):
        return is_best(q[torch.arange(len(q)), actions[:, 0], actions[:, 1]], q.amax((1, 2)))
    return mended_right


def all_at_once(act, obs):
    rows, n_agents = obs.shape[:2]
    table, usual = torch.zeros(n_agents, n_agents, dtype=torch.bool), act(obs)
    for j in range(n_agents):
        exchanged = obs[:, None].repeat(1, rows, 1, 1)
        exchanged[:, :, j] = obs[:, j]
        table[:, j] = (act(exchanged.flatten(0, 1)).view(rows, rows, n_agents) != usual[:, None]).flatten(0, 1).any(0)
    return table.fill_diagonal_(False)


def first_twenty_rows(act, obs):
    return all_at_once(act, obs[:20])


APART, SETTLING = "values that are equal but for rounding are told apart", "it stops while the values still change"
EDGES = {
    "10.1": Answers(
        right=[turning(lambda actions: actions ^ 1)],
        wrong=[("each action becomes the one two numbers further", turning(lambda actions: (actions + 2) % 4)),
               ("each action becomes the next one", turning(lambda actions: (actions + 1) % 4))]),
    "10.2": Answers(
        right=[swept(), swept(0.0, 3000), guarded(lambda gamma: not 0 <= gamma < 1)],
        wrong=[(SETTLING, swept(1e-3)), (SETTLING, swept(1e-6)), (SETTLING, swept(1e-7)), (SETTLING, state_by_state),
               ("the sum is cut off", swept(0.0, 300)), ("the sum is cut off", swept(0.0, 1500)),
               ("a γ below 1 is refused", guarded(lambda gamma: not 0 <= gamma <= 0.99)),
               ("a γ below 1 is refused", guarded(lambda gamma: not 0 < gamma < 1)),
               ("a γ is accepted for which there is no answer", guarded(lambda gamma: gamma == 1 or gamma < 0)),
               ("the error is of another kind", guarded(lambda gamma: not 0 <= gamma < 1, AssertionError)),
               ("a circle is counted for one round only", until_a_state_repeats)]),
    "10.3": Answers(
        right=[judged(lambda value, top: value > top - 0.05), judged(torch.isclose)],
        wrong=[(APART, judged(lambda value, top: value > top - 1e-10)),
               (APART, judged(lambda value, top: value.round(decimals=9) == top.round(decimals=9)))]),
    "10.4": Answers(right=[all_at_once], wrong=[("some exchanges are never tried", first_twenty_rows)]),
    "10.5": Answers(
        right=[(2, as_good(torch.isclose)), (2, as_good(lambda value, top: value > top - 0.09))],
        wrong=[(APART, (2, as_good(lambda value, top: value > top - 1e-10))),
               (APART, (2, as_good(lambda value, top: value.round(decimals=9) == top.round(decimals=9))))]),
}
