"""Answers to the exercises 08.3 and 08.4 and to the lab 08.6."""

from copy import deepcopy

import torch

from qmix_course.exploration import epsilon_greedy, greedy
from qmix_course.training import hard_update
from tests.catalogue import Answers

# ---- 08.3: the loop, right ----


def plain(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def counted_calls(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    """A for loop over the calls; the reset comes before the store, and is asked for every time."""
    losses, step = [], env.reset(seed=3)
    for call in range((total_steps + env.num_envs - 1) // env.num_envs):
        before, played = step, call * env.num_envs
        actions = act(before, epsilon=epsilon_at(played))
        after = env.step(actions)
        step = env.reset(where=after.terminated | after.truncated)
        store(before, actions, after)
        played += env.num_envs
        if played < learning_starts:
            continue
        for _ in range((played - learning_starts) // update_every - len(losses)):
            losses.append(learn())
            move_target()
    return losses


def with_a_debt(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    """Counts the steps since the last update."""
    steps, debt, losses, now = 0, -learning_starts, [], env.reset()
    while True:
        u = act(now, epsilon_at(steps))
        then = env.step(u)
        store(now, u, then)
        steps, debt = steps + env.num_envs, debt + env.num_envs
        while debt >= update_every:
            losses += [learn()]
            move_target()
            debt -= update_every
        if steps >= total_steps:
            return losses
        over = (then.terminated.int() + then.truncated.int()) > 0
        now = then
        if bool(over.any()):
            now = env.reset(where=over)


# ---- 08.3: the loop, wrong: each differs from `plain` in one place ----

def a_call_is_a_step(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += 1
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def range_of_total(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, losses = env.reset(), []
    for step in range(total_steps):
        actions = act(now, epsilon_at(step))
        then = env.step(actions)
        store(now, actions, then)
        if step >= learning_starts and step % update_every == 0:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def one_call_more(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps <= total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def for_ever(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        played = steps
        actions = act(now, epsilon_at(played))
        then = env.step(actions)
        store(now, actions, then)
        played += env.num_envs
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def no_reset(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = then
    return losses


def reset_if_terminated(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.terminated) if then.terminated.any() else then
    return losses


def reset_all(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset() if then.ended.any() else then
    return losses


def reset_unnoticed(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        if then.ended.any():
            env.reset(where=then.ended)
        now = then
    return losses


def stays_at_the_start(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        if then.ended.any():
            now = env.reset(where=then.ended)
    return losses


def epsilon_after(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        steps += env.num_envs
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def epsilon_of_calls(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, calls, losses = env.reset(), 0, 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(calls))
        then = env.step(actions)
        store(now, actions, then)
        calls, steps = calls + 1, steps + env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def stores_only_inside(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        steps += env.num_envs
        if then.ended.any():
            now = env.reset(where=then.ended)
        else:
            store(now, actions, then)
            now = then
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
    return losses


def stores_the_reset(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        if then.ended.any():
            then = env.reset(where=then.ended)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = then
    return losses


def loses_the_old(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        now = env.step(actions)
        store(now, actions, now)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=now.ended) if now.ended.any() else now
    return losses


def learns_first(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        store(now, actions, then)
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def learns_from_the_first_step(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < steps // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def without_the_equals_zero(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        if steps >= learning_starts and steps % update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def a_burst_at_the_start(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while steps >= learning_starts and len(losses) < steps // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def one_at_most(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        if len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def at_the_multiples(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        if steps >= learning_starts and (steps - learning_starts) % update_every == 0:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def one_update_too_soon(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while steps >= learning_starts and len(losses) <= (steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def updates_of_calls(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, calls, losses = env.reset(), 0, 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps, calls = steps + env.num_envs, calls + 1
        while len(losses) < max(0, calls - learning_starts) // update_every:
            losses.append(learn())
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def no_target(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def target_in_every_call(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
        move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def target_first(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(0, steps - learning_starts) // update_every:
            move_target()
            losses.append(learn())
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def target_after_the_last(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        before = len(losses)
        while len(losses) < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
        if len(losses) > before:
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


def keeps_the_losses(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every, losses=[]):
    now, steps, updates = env.reset(), 0, 0
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while updates < max(0, steps - learning_starts) // update_every:
            losses.append(learn())
            updates += 1
            move_target()
        now = env.reset(where=then.ended) if then.ended.any() else then
    return losses


LOOP = Answers(
    right=[plain, counted_calls, with_a_debt],
    wrong=[
        ("a call of env.step is counted as one step", a_call_is_a_step),
        ("a call of env.step is counted as one step", range_of_total),
        ("a call of env.step is counted as one step", updates_of_calls),
        ("the run has another length", one_call_more),
        ("the run has another length", for_ever),
        ("an ended episode is not begun again", no_reset),
        ("a row whose clock ran out is not begun again", reset_if_terminated),
        ("rows are begun again in the middle of an episode", reset_all),
        ("the team acts on something that is over", reset_unnoticed),
        ("the team acts on something that is over", stays_at_the_start),
        ("ε belongs to another step", epsilon_after),
        ("ε belongs to another step", epsilon_of_calls),
        ("not every step is stored, or not once", stores_only_inside),
        ("the first observation of the next episode is stored as the last of this one", stores_the_reset),
        ("what is stored as before is not what was before", loses_the_old),
        ("it learns before it has stored the step", learns_first),
        ("it learns before learning_starts", learns_from_the_first_step),
        ("the remainder is asked the wrong way round", without_the_equals_zero),
        ("updates from before learning_starts are made up for", a_burst_at_the_start),
        ("one update at most, although several are due", one_at_most),
        ("one update at most, although several are due", at_the_multiples),
        ("the number of updates is not what is due", one_update_too_soon),
        ("the target never moves", no_target),
        ("the target moves once a call, not once an update", target_in_every_call),
        ("the target moves before the optimiser's step", target_first),
        ("the target does not move right after each update", target_after_the_last),
        ("the list of losses is not that of the updates", keeps_the_losses),
    ],
)


# ---- 08.4: greedy episodes ----

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
    return lambda env, values: greedy_unmasked_with(env, lambda step: values(step.obs).masked_fill(~step.available, number))


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


GREEDY = Answers(
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
        ("an action is chosen that is not available", greedy_with_a_penalty),
        ("a row that has ended is played on without a reset", greedy_without_reset),
        ("a row that ran out of time is never done", greedy_until_terminated),
        ("the play goes on until all rows happen to end together", greedy_for_ever),
    ],
)


# ---- 08.6: the lab ----

def learn_equals_zero(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            target.load_state_dict(team.state_dict())
    return losses


def learn_enumerated(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for k, batch in enumerate(batches):
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss))
        if not (k + 1) % copy_every:
            hard_update(target, team)
    return losses


def learn_with_a_countdown(team, target, optimiser, batches, loss_of, copy_every):
    losses, left = [], copy_every
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        left -= 1
        if left == 0:
            left = copy_every
            with torch.no_grad():
                for old, new in zip(target.parameters(), team.parameters()):
                    old.copy_(new)
    return losses


def learn_as_it_was(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every:
            target.load_state_dict(team.state_dict())
    return losses


def learn_never(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def learn_from_then_on(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) >= copy_every:
            target.load_state_dict(team.state_dict())
    return losses


def learn_copies_once(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) == copy_every:
            target.load_state_dict(team.state_dict())
    return losses


def learn_softly(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        with torch.no_grad():
            for old, new in zip(target.parameters(), team.parameters()):
                old.lerp_(new, 1 / (copy_every + 1))
    return losses


def learn_equals_one(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 1:
            target.load_state_dict(team.state_dict())
    return losses


def learn_from_zero(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for k, batch in enumerate(batches):
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if k % copy_every == 0:
            target.load_state_dict(team.state_dict())
    return losses


def learn_another_target(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            target = deepcopy(team)
    return losses


def learn_copies_early(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            target.load_state_dict(team.state_dict())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return losses


def learn_backwards(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            team.load_state_dict(target.state_dict())
    return losses


def learn_jumps(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for k, batch in enumerate(batches, start=1):
        if k % copy_every == 0:
            target.load_state_dict(team.state_dict())
            continue
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


LAB = Answers(
    right=[(8, learn_equals_zero), (8, learn_enumerated), (8, learn_with_a_countdown)],
    wrong=[
        ("the bug is still there: it copies at all the other updates", (8, learn_as_it_was)),
        ("the symptom is hidden: the target is never copied", (8, learn_never)),
        ("the symptom is hidden: it still copies far too often", (8, learn_from_then_on)),
        ("the symptom is hidden: the target moves a little in every update", (8, learn_softly)),
        ("the target is copied once, and never again", (8, learn_copies_once)),
        ("the copies come at the wrong updates", (8, learn_equals_one)),
        ("the copies come at the wrong updates", (8, learn_from_zero)),
        ("the copy is another network; the caller's target stays what it was", (9, learn_another_target)),
        ("the copy is made before the optimiser's step", (8, learn_copies_early)),
        ("the team is overwritten by its target", (8, learn_backwards)),
        ("an update is left out, or made twice", (8, learn_jumps)),
    ],
)
