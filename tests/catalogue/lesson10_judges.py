"""Answers to 10.4, who peeks, and to the labs 10.5 and 10.6."""

import numpy as np
import torch

from tests.catalogue import Answers

# ---- 10.4 ----


def peeks(act, obs):
    usual, (rows, n, _) = act(obs), obs.shape
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for y in range(rows):
            exchanged = obs.clone()
            exchanged[:, j] = obs[y, j]
            table[:, j] |= (act(exchanged) != usual).any(0)
    return table & ~torch.eye(n, dtype=torch.bool)


def peeks_one_by_one(act, obs):
    rows, n, _ = obs.shape
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            for x in range(rows):
                actions = set()
                for y in range(rows):
                    board = obs[x].clone()
                    board[j] = obs[y, j]
                    actions.add(int(act(board[None])[0, i]))
                table[i, j] |= len(actions) > 1
    return table


def peeks_in_one_batch(act, obs):
    rows, n, width = obs.shape
    every = obs[None, :, None].repeat(n, 1, rows, 1, 1)                      # [j, x, y, N, O]
    for j in range(n):
        every[j, :, :, j] = obs[None, :, j]
    actions = act(every.reshape(-1, n, width)).reshape(n, rows, rows, n)
    changed = (actions != act(obs)[None, :, None]).flatten(1, 2).any(1)      # [j, i]
    return changed.T.logical_and(torch.arange(n)[:, None] != torch.arange(n))


def peeks_numpy(act, obs):
    n = obs.shape[1]
    usual = act(obs).numpy()
    out = np.zeros((n, n), dtype=bool)
    for shift in range(1, len(obs)):
        for j in range(n):
            rolled = obs.clone()
            rolled[:, j] = obs[:, j].roll(shift, 0)
            out[:, j] |= (act(rolled).numpy() != usual).any(axis=0)
    np.fill_diagonal(out, False)
    return torch.from_numpy(out)


def not_peeks(act, obs):
    return ~peeks(act, obs)


def transposed(act, obs):
    n = obs.shape[1]
    usual, table = act(obs), torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        for y in range(len(obs)):
            other = obs.clone()
            other[:, i] = obs[y, i]
            changed = (act(other) != usual).any(0)
            changed[i] = False
            table[i] |= changed
    return table


def own_eyes(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for row in obs:
            other = obs.clone()
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any(0)
    return table


def whole_team(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for row in obs:
            other = obs.clone()
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any()
    return table.fill_diagonal_(False)


def all_others_at_once(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        for row in obs:
            other = row.expand_as(obs).clone()
            other[:, i] = obs[:, i]
            if (act(other)[:, i] != usual[:, i]).any():
                table[i] = True
    return table & ~torch.eye(n).bool()


def two_rows(act, obs):
    """Whatever differs between the first row and the second is taken for the other's doing."""
    n = obs.shape[1]
    differs = (act(obs[:1]) != act(obs[1:2]))[0]
    return differs[:, None].repeat(1, n).fill_diagonal_(False)


def everybody_sees_another_row(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for row in obs:
        table |= (act(row.expand_as(obs)) != usual).any(0)[:, None]
    return table & ~torch.eye(n, dtype=torch.bool)


def first_row(act, obs):
    n = obs.shape[1]
    usual, table = act(obs[:1])[0], torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        boards = obs[:1].repeat(len(obs), 1, 1)
        boards[:, j] = obs[:, j]
        table[:, j] = (act(boards) != usual).any(0)
    return table.fill_diagonal_(False)


def one_exchange(how):
    def answer(act, obs):
        usual, n = act(obs), obs.shape[1]
        table = torch.zeros(n, n, dtype=torch.bool)
        for j in range(n):
            other = obs.clone()
            other[:, j] = how(obs[:, j])
            table[:, j] = (act(other) != usual).any(0)
        return table.fill_diagonal_(False)

    return answer


next_row = one_exchange(lambda column: column.roll(-1, 0))
row_above = one_exchange(lambda column: column.roll(1, 0))
first_glimpse = one_exchange(lambda column: column[:1])
last_glimpse = one_exchange(lambda column: column[-1:])
backwards = one_exchange(lambda column: column.flip(0))
with_zeros = one_exchange(torch.zeros_like)
with_nan = one_exchange(lambda column: torch.full_like(column, torch.nan))
with_noise = one_exchange(lambda column: 3 * torch.randn(column.shape, generator=torch.Generator().manual_seed(0)))
with_shuffled = one_exchange(lambda column: column[torch.randperm(len(column), generator=torch.Generator().manual_seed(0))])


def many_shuffles(act, obs):
    usual, n, dice = act(obs), obs.shape[1], torch.Generator().manual_seed(3)
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for _ in range(30):
            other = obs.clone()
            other[:, j] = obs[torch.randperm(len(obs), generator=dice), j]
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


def first_six(act, obs):
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for row in obs[:6]:
            other = obs.clone()
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


def not_put_back(act, obs):
    usual, n, other = act(obs), obs.shape[1], obs.clone()
    table = torch.zeros(n, n, dtype=torch.bool)
    for j in range(n):
        for row in obs:
            other[:, j] = row[j]
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


def much_noise(act, obs):
    usual, n, dice = act(obs), obs.shape[1], torch.Generator().manual_seed(1)
    table = torch.zeros(n, n, dtype=torch.bool)
    for _ in range(200):
        for j in range(n):
            other = obs.clone()
            other[:, j] = 4 * torch.rand(other[:, j].shape, generator=dice) - 2
            table[:, j] |= (act(other) != usual).any(0)
    return table.fill_diagonal_(False)


def two_agents(act, obs):
    """Only the neighbour in the list."""
    usual, n = act(obs), obs.shape[1]
    table = torch.zeros(n, n, dtype=torch.bool)
    for i in range(n):
        j = (i + 1) % n
        for row in obs:
            other = obs.clone()
            other[:, j] = row[j]
            table[i, j] |= (act(other)[:, i] != usual[:, i]).any()
    return table.fill_diagonal_(False)


# ---- 10.5 ----

def right_states(q, actions):
    best = q.flatten(1).amax(1)
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] > best - 1e-9


def right_by_gather(q, actions):
    a = q.shape[-1]
    flat = q.flatten(1)
    best = torch.isclose(flat, flat.max(1, keepdim=True).values, rtol=0.0, atol=1e-9)
    played = actions[:, 0] * a + actions[:, 1]
    return best.gather(1, played[:, None])[:, 0]


def right_in_loops(q, actions):
    return torch.tensor([abs(table.max().item() - table[u, v].item()) < 1e-6 for table, (u, v) in zip(q, actions.tolist())])


def right_rounded(q, actions):
    n_actions = q.shape[-1]
    q = q.round(decimals=6).flatten(1)
    played = actions[:, 0] * n_actions + actions[:, 1]
    return q[torch.arange(len(q)), played] == q.max(1)[0]


def first_best(q, actions):
    best = q.flatten(1).round(decimals=9).argmax(1)
    return actions[:, 0] * q.shape[-1] + actions[:, 1] == best


def last_best(q, actions):
    n = q.shape[-1]
    best = n * n - 1 - q.flatten(1).flip(1).argmax(1)
    return actions[:, 0] * n + actions[:, 1] == best


def first_or_last(q, actions):
    return first_best(q, actions) | last_best(q, actions)


def exactly_best(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] == q.amax((1, 2))


def nearly_best(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] >= q.amax((1, 2)) - 0.101


def good_halves(q, actions):
    best = q > q.amax((1, 2), keepdim=True) - 1e-9
    x = torch.arange(len(q))
    return best.any(2)[x, actions[:, 0]] & best.any(1)[x, actions[:, 1]]


def a_good_half(q, actions):
    best = q > q.amax((1, 2), keepdim=True) - 1e-9
    x = torch.arange(len(q))
    return best.any(2)[x, actions[:, 0]] | best.any(1)[x, actions[:, 1]]


def best_response(q, actions):
    x = torch.arange(len(q))
    row = q[x, actions[:, 0]]
    return row[x, actions[:, 1]] >= row.max(1).values - 1e-9


def one_best_for_all(q, actions):
    return q[torch.arange(len(q)), actions[:, 0], actions[:, 1]] > q.max() - 1e-9


def other_axis(q, actions):
    return q[torch.arange(len(q)), actions[:, 1], actions[:, 0]] > q.amax((1, 2)) - 1e-9


def all_right(q, actions):
    return torch.ones(len(q), dtype=torch.bool)


# ---- 10.6 ----

def judge_with(success, stops=lambda step: step.ended, counts_all=False, resets_first=False):
    def judge(env, starts, act):
        step = env.reset(positions=starts)
        returns, lengths = torch.zeros(len(starts)), torch.zeros(len(starts))
        reached = torch.zeros(len(starts), dtype=torch.bool)
        playing = torch.ones(len(starts), dtype=torch.bool)
        while playing.any():
            step = env.step(act(step.obs))
            returns += step.reward * (1 if counts_all else playing)
            lengths += playing
            ended, stopped = step.ended, stops(step)
            if resets_first and ended.any():
                step = env.reset(where=ended)
            reached |= success(step, playing, returns, lengths, env)
            playing &= ~stopped
            if step.ended.any():
                step = env.reset(where=step.ended)
        return returns, reached

    return judge


mended = judge_with(lambda step, playing, returns, lengths, env: step.terminated & playing)
mended_by_flags = judge_with(lambda step, playing, returns, lengths, env: step.ended & ~step.truncated & playing)
mended_by_prize = judge_with(lambda step, playing, returns, lengths, env: (step.reward == 10) & playing)
mended_by_place = judge_with(
    lambda step, playing, returns, lengths, env: (env.positions == env.goals).flatten(1).all(1) & playing)
as_it_was = judge_with(lambda step, playing, returns, lengths, env: step.ended & playing)
by_the_clock = judge_with(lambda step, playing, returns, lengths, env: step.truncated & playing)
asks_too_late = judge_with(lambda step, playing, returns, lengths, env: step.terminated & playing, resets_first=True)
counts_again = judge_with(lambda step, playing, returns, lengths, env: step.terminated & playing, counts_all=True)
never_stops = judge_with(lambda step, playing, returns, lengths, env: step.terminated & playing,
                         stops=lambda step: step.terminated & (step.reward > 10))


def judge_one_by_one(env, starts, act):
    """Board by board, each the only one that is counted."""
    returns, reached = [], []
    for k in range(len(starts)):
        step, total = env.reset(positions=starts), 0.0
        while True:
            step = env.step(act(step.obs))
            total += float(step.reward[k])
            if step.ended[k]:
                break
            if step.ended.any():
                step = env.reset(where=step.ended)
        returns.append(total)
        reached.append(bool(step.terminated[k]))
    return torch.tensor(returns), torch.tensor(reached)


def judge_by_return(env, starts, act):
    returns, _ = mended(env, starts, act)
    return returns, returns > 0


def judge_by_length(env, starts, act):
    step = env.reset(positions=starts)
    returns = torch.zeros(len(starts))
    lengths = torch.zeros(len(starts), dtype=torch.int64)
    playing = torch.ones(len(starts), dtype=torch.bool)
    while playing.any():
        step = env.step(act(step.obs))
        returns += step.reward * playing
        lengths += playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, lengths < env.spec.episode_limit


def judge_only_terminated_stops(env, starts, act):
    step = env.reset(positions=starts)
    returns = torch.zeros(len(starts))
    reached = torch.zeros(len(starts), dtype=torch.bool)
    playing = torch.ones(len(starts), dtype=torch.bool)
    while not reached.all():
        step = env.step(act(step.obs))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def line(number, *answers):
    return [(number, answer) for answer in answers]


CATALOGUE = {
    "10.4": Answers(
        right=[peeks, peeks_one_by_one, peeks_in_one_batch, peeks_numpy],
        wrong=[
            ("the answer is turned around", not_peeks),
            ("who looks and who is looked at are exchanged", transposed),
            ("an agent is accused of using its own eyes", own_eyes),
            ("anybody's action counts as everybody's", whole_team),
            ("the other agents' observations are exchanged all at once", all_others_at_once),
            ("the agent's own observation is exchanged as well", everybody_sees_another_row),
            ("one situation stands for all", first_row),
            ("each observation is exchanged for one other only", next_row),
            ("each observation is exchanged for that of the row above only", row_above),
            ("one substitute observation stands for all", first_glimpse),
            ("the last observation stands for all substitutes", last_glimpse),
            ("the team is shown what no agent has ever seen", with_zeros),
            ("the team is shown what no agent has ever seen", with_nan),
            ("the team is shown what no agent has ever seen", with_noise),
            ("the team is shown what no agent has ever seen", much_noise),
            ("some exchanges are never tried", backwards),
            ("some exchanges are never tried", with_shuffled),
            ("some exchanges are never tried", two_agents),
            ("some exchanges are never tried", many_shuffles),
            ("some exchanges are never tried", first_six),
            ("an agent is accused of what it did not do", not_put_back),
            ("an agent is accused of what it did not do", two_rows),
        ]),
    "10.5": Answers(
        right=[*line(2, right_states, right_in_loops), *line(4, right_by_gather, right_rounded)],
        wrong=[
            ("one best joint action still stands for all of them", (4, first_best)),
            ("another one of the best joint actions stands for all of them", (2, last_best)),
            ("the symptom is hidden: two of the best joint actions are accepted", (2, first_or_last)),
            ("values that are equal but for rounding are told apart", (2, exactly_best)),
            ("the symptom is hidden: anything near the best is accepted", (4, nearly_best)),
            ("the symptom is hidden: good halves are taken for a good whole", (2, good_halves)),
            ("the symptom is hidden: one good half is enough", (2, a_good_half)),
            ("the symptom is hidden: the best answer to the other's action is enough", (2, best_response)),
            ("one best value is used for all states", (2, one_best_for_all)),
            ("the agents' axes were exchanged in the repair", (2, other_axis)),
            ("the symptom is hidden: everybody is declared right", (4, all_right)),
        ]),
    "10.6": Answers(
        right=line(8, mended, mended_by_flags, mended_by_prize, mended_by_place, judge_one_by_one),
        wrong=[
            ("the clock still counts as success", (8, as_it_was)),
            ("success and failure are exchanged", (8, by_the_clock)),
            ("nobody is ever found to arrive", (8, asks_too_late)),
            ("a second episode is counted", (8, counts_again)),
            ("boards that are stuck are played for ever", (8, never_stops)),
            ("boards that are stuck are played for ever", (5, judge_only_terminated_stops)),
            ("the symptom is hidden: a high return stands for success", (8, judge_by_return)),
            ("the symptom is hidden: what ends before the limit counts", (8, judge_by_length)),
        ]),
}
