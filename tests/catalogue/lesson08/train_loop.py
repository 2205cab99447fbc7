"""Answers to 08.3."""

from tests.catalogue import Answers


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


def learns_from_the_first_step(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts,
                               update_every):
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


def without_the_equals_zero(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts,
                            update_every):
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


def keeps_the_losses(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts, update_every,
                     losses=[]):
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
