"""Answers to 08.4."""

import torch

from qmix_course.exploration import epsilon_greedy, greedy
from tests.catalogue import Answers


def greedy_masked(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        q = values(step.obs).masked_fill(~step.available, -torch.inf)
        step = env.step(q.argmax(-1))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_in_lists(env, values):
    """Row by row and agent by agent, with a set of those that are done."""
    step, done = env.reset(seed=1), set()
    returns, reached = [0.0] * env.num_envs, [False] * env.num_envs
    while len(done) < env.num_envs:
        actions = torch.zeros(env.num_envs, env.spec.n_agents, dtype=torch.int64)
        for b in range(env.num_envs):
            q = values(step.obs[b:b + 1])[0]
            for i in range(env.spec.n_agents):
                open_ones = [a for a in range(env.spec.n_actions) if step.available[b, i, a]]
                actions[b, i] = max(open_ones, key=lambda a: float(q[i, a]))
        step = env.step(actions)
        for b in range(env.num_envs):
            if b not in done:
                returns[b] += float(step.reward[b])
                if step.terminated[b]:
                    reached[b] = True
                if step.terminated[b] or step.truncated[b]:
                    done.add(b)
        step = env.reset(where=step.ended)
    return torch.tensor(returns), torch.tensor(reached)


def greedy_with_tools(env, values):
    """ε-greedy with ε = 0 and torch.where."""
    now = env.reset()
    total, how = torch.zeros(env.num_envs), torch.full((env.num_envs,), -1)
    for _ in range(env.spec.episode_limit):
        then = env.step(epsilon_greedy(values(now.obs), now.available, 0.0))
        total = torch.where(how < 0, total + then.reward, total)
        how = torch.where((how < 0) & then.ended, then.terminated.long(), how)
        now = env.reset(where=then.ended)
    return total, how == 1


def greedy_counts_on(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(greedy(values(step.obs), step.available))
        returns += step.reward
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_strikes_first(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(greedy(values(step.obs), step.available))
        reached |= step.terminated & playing
        playing &= ~step.ended
        returns += step.reward * playing
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_until_the_first_end(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    while not step.ended.any():
        step = env.step(greedy(values(step.obs), step.available))
        returns += step.reward
        reached |= step.terminated
    return returns, reached


def greedy_any_end(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(greedy(values(step.obs), step.available))
        returns += step.reward * playing
        reached |= step.ended & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_any_later_end(env, values):
    """Counts the end of later episodes too. Those are episodes of rows that reached the end before: the clock is the "
    "same for all."""
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(greedy(values(step.obs), step.available))
        returns += step.reward * playing
        reached |= step.terminated
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_resets_all(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(greedy(values(step.obs), step.available))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset()
    return returns, reached


def greedy_discounted(env, values, gamma=0.99):
    step, factor = env.reset(), 1.0
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(greedy(values(step.obs), step.available))
        returns += factor * step.reward * playing
        factor *= gamma
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_mean(env, values):
    returns, reached = greedy_masked(env, values)
    return returns.mean(), reached


def greedy_smallest(env, values):
    return greedy_masked(env, lambda obs: -values(obs))


def greedy_unmasked(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(values(step.obs).argmax(-1))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_times_mask(env, values):
    return greedy_unmasked_with(env, lambda step: values(step.obs) * step.available)


def greedy_unmasked_with(env, q_of):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(q_of(step).argmax(-1))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_low_number(number):
    """A number in place of minus infinity, which is low enough only as long as no value is lower."""
    return lambda env, values: greedy_unmasked_with(
        env, lambda step: torch.where(step.available, values(step.obs),
                                      number(values(step.obs)) if callable(number) else number))


def greedy_with_a_penalty(env, values):
    return greedy_unmasked_with(env, lambda step: values(step.obs) - 1e9 * (~step.available).double())


def greedy_without_reset(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    playing = torch.ones(env.num_envs, dtype=torch.bool)
    while playing.any():
        step = env.step(greedy(values(step.obs), step.available))
        returns += step.reward * playing
        reached |= step.terminated & playing
        playing &= ~step.ended
    return returns, reached


def greedy_until_terminated(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    while not reached.all():
        step = env.step(greedy(values(step.obs), step.available))
        returns += step.reward * ~reached
        reached |= step.terminated
        if step.ended.any():
            step = env.reset(where=step.ended)
    return returns, reached


def greedy_for_ever(env, values):
    step = env.reset()
    returns, reached = torch.zeros(env.num_envs), torch.zeros(env.num_envs, dtype=torch.bool)
    while True:
        step = env.step(greedy(values(step.obs), step.available))
        playing = ~step.ended
        returns += step.reward
        reached |= step.terminated
        if not playing.any():
            return returns, reached
        step = env.reset(where=step.ended)


ANSWERS = Answers(
    right=[greedy_masked, greedy_in_lists, greedy_with_tools, greedy_any_later_end],
    wrong=[
        ("rows are counted on after their end", greedy_counts_on),
        ("the reward of the last step is lost", greedy_strikes_first),
        ("everything stops when the first row ends", greedy_until_the_first_end),
        ("an episode that ran out of time counts as one that reached its end", greedy_any_end),
        ("all rows are begun again when one has ended", greedy_resets_all),
        ("the return is discounted", greedy_discounted),
        ("the mean in place of one return a row", greedy_mean),
        ("the worst action is chosen", greedy_smallest),
        ("an action is chosen that is not available", greedy_unmasked),
        ("an action is chosen that is not available", greedy_times_mask),
        ("an action is chosen that is not available", greedy_low_number(-10.0)),
        ("an action is chosen that is not available", greedy_low_number(-1e9)),
        ("an action is chosen that is not available", greedy_low_number(lambda q: 2 * q.min() - 1)),
        ("an action is chosen that is not available", greedy_with_a_penalty),
        ("a row that has ended is played on without a reset", greedy_without_reset),
        ("a row that ran out of time is never done", greedy_until_terminated),
        ("the play goes on until all rows happen to end together", greedy_for_ever),
    ],
)
