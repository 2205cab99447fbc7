"""Answers to 16.4."""

import torch

from tests.catalogue import Answers


def explorer(after_step):
    """The listing with another way to go on: after_step(env, draw, step, z, generator) -> step, z."""
    def answer(env, draw, act, steps, generator):
        step = env.reset(seed=0)
        z = draw(step.state, generator)
        played = []
        for _ in range(steps):
            played.append(z.clone())
            step = env.step(act(step.obs, z))
            step, z = after_step(env, draw, step, z, generator)
        return torch.stack(played)
    return answer


def with_where(env, draw, step, z, generator):
    ended = step.ended
    if ended.any():
        step = env.reset(where=ended)
        z = torch.where(ended, draw(step.state, generator), z)
    return step, z


def by_index(env, draw, step, z, generator):
    ended = step.terminated | step.truncated
    if ended.any():
        step = env.reset(where=ended)
        z = z.clone()
        z[ended] = draw(step.state, generator)[ended]
    return step, z


def only_those_rows(env, draw, step, z, generator):
    ended = step.ended
    if ended.any():
        step, z = env.reset(where=ended), z.clone()
        z[ended] = draw(step.state[ended], generator)
    return step, z


def always_draws(env, draw, step, z, generator):
    ended = step.ended
    step = env.reset(where=ended)
    return step, torch.where(ended, draw(step.state, generator), z)


def listing(env, draw, step, z, generator):
    if step.ended.any():
        step = env.reset(where=step.ended)
        z = draw(step.state, generator)
    return step, z


def flags_after_the_reset(env, draw, step, z, generator):
    if step.ended.any():
        step = env.reset(where=step.ended)
        z = torch.where(step.ended, draw(step.state, generator), z)
    return step, z


def never(env, draw, step, z, generator):
    return (env.reset(where=step.ended), z) if step.ended.any() else (step, z)


def only_when_all_end(env, draw, step, z, generator):
    ended = step.ended
    if ended.any():
        step = env.reset(where=ended)
        z = draw(step.state, generator) if ended.all() else z
    return step, z


def every_step(env, draw, step, z, generator):
    if step.ended.any():
        step = env.reset(where=step.ended)
    return step, draw(step.state, generator)


def the_others(env, draw, step, z, generator):
    ended = step.ended
    if ended.any():
        step = env.reset(where=ended)
        z = torch.where(ended, z, draw(step.state, generator))
    return step, z


def where_terminated_first(env, draw, step, z, generator):
    """Only the first row that ended gets a new latent."""
    ended = step.ended
    if ended.any():
        step, z = env.reset(where=ended), z.clone()
        first = int(ended.nonzero()[0])
        z[first] = draw(step.state, generator)[first]
    return step, z


def last_row_that_ended(env, draw, step, z, generator):
    ended = step.ended
    if ended.any():
        step, z = env.reset(where=ended), z.clone()
        last = int(ended.nonzero()[-1])
        z[last] = draw(step.state, generator)[last]
    return step, z


def only_terminated(env, draw, step, z, generator):
    ended, terminated = step.ended, step.terminated
    if ended.any():
        step = env.reset(where=ended)
        z = torch.where(terminated, draw(step.state, generator), z)
    return step, z


def draws_for_the_first_rows(env, draw, step, z, generator):
    """As many latents as are needed, drawn from the states of the first rows."""
    ended = step.ended
    if ended.any():
        step, z = env.reset(where=ended), z.clone()
        z[ended] = draw(step.state[:int(ended.sum())], generator)
    return step, z


def own_generator(env, draw, step, z, generator):
    ended = step.ended
    if ended.any():
        step = env.reset(where=ended)
        z = torch.where(ended, draw(step.state, torch.Generator().manual_seed(0)), z)
    return step, z


def first_state_for_all(env, draw, act, steps, generator):
    step = env.reset(seed=0)
    start = step.state
    z, played = draw(start, generator), []
    for _ in range(steps):
        played.append(z)
        step = env.step(act(step.obs, z))
        if step.ended.any():
            ended = step.ended
            step, z = env.reset(where=ended), torch.where(ended, draw(start, generator), z)
    return torch.stack(played)


def row_by_row(env, draw, act, steps, generator):
    step = env.reset(seed=0)
    z, played = draw(step.state, generator), []
    for _ in range(steps):
        played.append(z.clone())
        step = env.step(act(step.obs, z))
        ended = [row for row in range(len(z)) if step.terminated[row] or step.truncated[row]]
        if ended:
            step, z = env.reset(where=step.ended), z.clone()
        for row in ended:
            z[row] = draw(step.state[row:row + 1], generator)[0]
    return torch.stack(played)


def old_state(env, draw, step, z, generator):
    ended = step.ended
    if ended.any():
        z = torch.where(ended, draw(step.state, generator), z)
        step = env.reset(where=ended)
    return step, z


def resets_all(env, draw, step, z, generator):
    if step.ended.any():
        step = env.reset()
        z = draw(step.state, generator)
    return step, z


def too_late(env, draw, act, steps, generator):
    step = env.reset(seed=0)
    z, waiting = draw(step.state, generator), torch.zeros(env.num_envs, dtype=torch.bool)
    played = []
    for _ in range(steps):
        played.append(z)
        state = step.state
        step = env.step(act(step.obs, z))
        z = torch.where(waiting, draw(state, generator), z)
        waiting = step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return torch.stack(played)


def writes_the_next_one(env, draw, act, steps, generator):
    step = env.reset(seed=0)
    z = draw(step.state, generator)
    played = []
    for _ in range(steps):
        step = env.step(act(step.obs, z))
        step, z = with_where(env, draw, step, z, generator)
        played.append(z)
    return torch.stack(played)


def in_place(env, draw, act, steps, generator):
    """The record holds one tensor many times."""
    step = env.reset(seed=0)
    z = draw(step.state, generator)
    played = []
    for _ in range(steps):
        played.append(z)
        step = env.step(act(step.obs, z))
        ended = step.ended
        if ended.any():
            step = env.reset(where=ended)
            z[ended] = draw(step.state, generator)[ended]
    return torch.stack(played)


def stays_at_the_end(env, draw, step, z, generator):
    """What the reset gives is read for the draw, and not for the next joint action."""
    if step.ended.any():
        z = torch.where(step.ended, draw(env.reset(where=step.ended).state, generator), z)
    return step, z


ANSWERS = Answers(
    right=[("C", explorer(with_where)), (" c", explorer(by_index)), ("C", explorer(only_those_rows)),
           ("C", explorer(always_draws)), ("C", row_by_row)],
    wrong=[
        ("the team acts on what it saw before the reset", ("C", explorer(stays_at_the_end))),
        ("the bug is still there: one row's end redraws every row", ("C", explorer(listing))),
        ("the latent is never redrawn", ("C", explorer(flags_after_the_reset))),
        ("the latent is never redrawn", ("C", explorer(never))),
        ("the latent is redrawn at every step", ("C", explorer(every_step))),
        ("the new latent comes a step too late", ("C", too_late)),
        ("latents change in the middle of an episode", ("C", explorer(the_others))),
        ("some new episodes begin with an old latent", ("C", explorer(only_when_all_end))),
        ("some new episodes begin with an old latent", ("C", explorer(where_terminated_first))),
        ("some new episodes begin with an old latent", ("C", explorer(last_row_that_ended))),
        ("an episode that the clock cut passes its latent on", ("C", explorer(only_terminated))),
        ("a row gets a latent that was drawn for another row", ("C", explorer(draws_for_the_first_rows))),
        ("later episodes draw from the first state of an earlier one", ("C", first_state_for_all)),
        ("a draw gets another generator", ("C", explorer(own_generator))),
        ("the latent is drawn from the end of the old episode", ("C", explorer(old_state))),
        ("episodes of other rows are cut short", ("C", explorer(resets_all))),
        ("the latent that is written down is not the one that was played with", ("C", writes_the_next_one)),
        ("the latent that is written down is not the one that was played with", ("C", in_place)),
        ("a draw at every step is blamed", ("A", row_by_row)), ("a late draw is blamed", ("B", row_by_row)),
        ("the environment is blamed", ("D", row_by_row)), ("the generator is blamed", ("E", row_by_row)),
    ],
)
