"""Wrong answers to 08.3 about the updates: when they come, how many, and when the target moves."""


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


def at_least_one_step_beyond(env, act, store, learn, move_target, epsilon_at, total_steps, learning_starts,
                             update_every):
    now, steps, losses = env.reset(), 0, []
    while steps < total_steps:
        actions = act(now, epsilon_at(steps))
        then = env.step(actions)
        store(now, actions, then)
        steps += env.num_envs
        while len(losses) < max(1, steps - learning_starts) // update_every:
            losses.append(learn())
            move_target()
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
