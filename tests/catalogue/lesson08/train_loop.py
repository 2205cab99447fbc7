"""Answers to 08.3: the right ones, and what each wrong one is told."""

from tests.catalogue import Answers
from tests.catalogue.lesson08.train_loop_steps import (
    a_call_is_a_step,
    epsilon_after,
    epsilon_of_calls,
    for_ever,
    loses_the_old,
    no_reset,
    one_call_more,
    range_of_total,
    reset_all,
    reset_if_terminated,
    reset_unnoticed,
    stays_at_the_start,
    stores_only_inside,
    stores_the_reset,
    updates_of_calls,
)
from tests.catalogue.lesson08.train_loop_updates import (
    a_burst_at_the_start,
    at_least_one_step_beyond,
    at_the_multiples,
    keeps_the_losses,
    learns_first,
    learns_from_the_first_step,
    no_target,
    one_at_most,
    one_update_too_soon,
    target_after_the_last,
    target_first,
    target_in_every_call,
    without_the_equals_zero,
)


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


ANSWERS = Answers(
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
        ("it learns before learning_starts", at_least_one_step_beyond),
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
