"""Wrong answers to 08.3 about the steps: how they are counted, where a row begins again, ε, and what is stored."""


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
