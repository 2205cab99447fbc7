"""Answers to 02.8."""

import torch

from tests.catalogue import Answers

NAMES = ("state", "actions", "reward", "terminated", "next_state")


def collect(env, choose, steps):
    columns = {name: [] for name in NAMES}
    now = env.reset()
    for _ in range(steps):
        actions = choose(now)
        after = env.step(actions)
        columns["state"].append(now.state)
        columns["actions"].append(actions)
        columns["reward"].append(after.reward)
        columns["terminated"].append(after.terminated)
        columns["next_state"].append(after.state)
        now = env.reset(where=after.ended) if after.ended.any() else after
    return {name: torch.cat(parts) for name, parts in columns.items()}


def collect_first(env, choose, steps):
    """The next state is written down before anything is reset."""
    rows, now = [], env.reset()
    for _ in range(steps):
        actions, state = choose(now), now.state
        now = env.step(actions)
        rows.append((state, actions, now.reward, now.terminated, now.state))
        if (now.terminated | now.truncated).any():
            now = env.reset(where=now.terminated | now.truncated)
    return dict(zip(NAMES, map(torch.cat, zip(*rows))))


def collect_with_a_third_name(env, choose, steps):
    columns = {name: [] for name in NAMES}
    now = env.reset()
    for _ in range(steps):
        actions = choose(now)
        after = env.step(actions)
        fresh = after
        if after.ended.any():
            fresh = env.reset(where=after.ended)
        for name, part in zip(NAMES, (now.state, actions, after.reward, after.terminated, after.state)):
            columns[name].append(part.clone())
        now = fresh
    return {name: torch.stack(parts).flatten(0, 1) for name, parts in columns.items()}


def collect_resets_below(env, choose, steps):
    """The listing with lines 11 and 12 changed over: line 12 stands as it was, but after what line 11 was."""
    columns = {name: [] for name in NAMES}
    now = env.reset()
    for _ in range(steps):
        actions = choose(now)
        after = env.step(actions)
        columns["state"].append(now.state)
        columns["actions"].append(actions)
        columns["reward"].append(after.reward)
        columns["terminated"].append(after.terminated)
        now = after
        columns["next_state"].append(now.state)
        if now.ended.any():
            now = env.reset(where=now.ended)
    return {name: torch.cat(parts) for name, parts in columns.items()}


def variant(fix):
    """The listing with its last lines replaced: ``fix(columns, env, now, after)`` fills the end and gives the next
    step."""
    def answer(env, choose, steps):
        columns = {name: [] for name in NAMES}
        now = env.reset()
        for _ in range(steps):
            actions = choose(now)
            after = env.step(actions)
            columns["state"].append(now.state)
            columns["actions"].append(actions)
            columns["reward"].append(after.reward)
            columns["terminated"].append(after.terminated)
            now = fix(columns, env, now, after)
        return {name: torch.cat(parts) for name, parts in columns.items()}

    return answer


def begin_again(env, after):
    return env.reset(where=after.ended) if after.ended.any() else after


def _as_it_was(columns, env, now, after):
    now = begin_again(env, after)
    columns["next_state"].append(now.state)
    return now


def _clock_terminates(columns, env, now, after):
    columns["terminated"][-1] = after.ended
    return _as_it_was(columns, env, now, after)


def _clock_terminates_too(columns, env, now, after):
    columns["terminated"][-1] = after.terminated | after.truncated
    columns["next_state"].append(after.state)
    return begin_again(env, after)


def _resets_all(columns, env, now, after):
    columns["next_state"].append(after.state)
    return env.reset() if after.ended.any() else after


def _stays_there(columns, env, now, after):
    columns["next_state"].append(after.state)
    begin_again(env, after)
    return after


def _made_up(columns, env, now, after):
    columns["next_state"].append(torch.where(after.ended[:, None], now.state, after.state))
    return begin_again(env, after)


def _zeros(columns, env, now, after):
    columns["next_state"].append(after.state * ~after.ended[:, None])
    return begin_again(env, after)


def _only_truncated(columns, env, now, after):
    fresh = begin_again(env, after)
    columns["next_state"].append(torch.where(after.truncated[:, None], after.state, fresh.state))
    return fresh


def _only_terminated(columns, env, now, after):
    fresh = begin_again(env, after)
    columns["next_state"].append(torch.where(after.terminated[:, None], after.state, fresh.state))
    return fresh


as_it_was, clock_terminates = variant(_as_it_was), variant(_clock_terminates)
clock_terminates_too = variant(_clock_terminates_too)
resets_all, stays_there, made_up, zeros = (variant(_resets_all), variant(_stays_there), variant(_made_up),
                                           variant(_zeros))
only_truncated, only_terminated = variant(_only_truncated), variant(_only_terminated)


def leaves_rows_out(env, choose, steps):
    columns = {name: [] for name in NAMES}
    now = env.reset()
    for _ in range(steps):
        actions = choose(now)
        after = env.step(actions)
        going = ~after.ended
        for name, part in zip(NAMES, (now.state, actions, after.reward, after.terminated, after.state)):
            columns[name].append(part[going])
        now = begin_again(env, after)
    return {name: torch.cat(parts) for name, parts in columns.items()}


def loses_the_reward(env, choose, steps):
    columns = {name: [] for name in NAMES}
    now = env.reset()
    for _ in range(steps):
        actions = choose(now)
        last = env.step(actions)
        after = begin_again(env, last)
        for name, part in zip(NAMES, (now.state, actions, after.reward, after.terminated, last.state)):
            columns[name].append(part)
        now = after
    return {name: torch.cat(parts) for name, parts in columns.items()}


ANSWERS = Answers(
    right=[(12, collect), (12, collect_first), (12, collect_with_a_third_name), (11, collect_resets_below)],
    wrong=[
        ("the bug is still there: the last next state is another episode's first", (12, as_it_was)),
        ("the symptom is hidden: the clock counts as the end of the task", (10, clock_terminates)),
        ("the symptom is hidden: the clock counts as the end of the task", (10, clock_terminates_too)),
        ("every board begins again when one has ended", (11, resets_all)),
        ("it goes on from boards that are no longer there", (12, stays_there)),
        ("the symptom is hidden: the last next state is made up", (12, made_up)),
        ("the symptom is hidden: the last next state is made up", (12, zeros)),
        ("only one of the two ends is repaired", (12, only_truncated)),
        ("only one of the two ends is repaired", (12, only_terminated)),
        ("rows are left out", (12, leaves_rows_out)),
        ("what the last step paid is lost", (12, loses_the_reward)),
    ],
)
