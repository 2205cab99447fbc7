"""Answers to the exercises of lesson 16 about latents."""

import math

import torch
from torch.nn import functional as F

from tests.catalogue import Answers

# ---- 16.3 --------------------------------------------------------------------------------------------------------------


def right_ones(log_guess, z):
    return log_guess[torch.arange(len(z)), :, z]                                # [B, T]


def shares(z, mask, n_latents):
    return torch.stack([mask[z == k].sum() for k in range(n_latents)]) / mask.sum()


def h(p):
    return -sum(x * math.log(x) for x in p.tolist() if x > 0)


def indexing(log_guess, z, mask):
    first = (right_ones(log_guess, z) * mask).sum() / mask.sum()
    return first.item() + h(shares(z, mask, log_guess.shape[-1]))


def played_only(log_guess, z, mask):
    played = mask.bool()
    labels = z.unsqueeze(1).expand_as(mask)[played]
    p = torch.bincount(labels, minlength=log_guess.shape[-1]) / len(labels)
    return -F.nll_loss(log_guess[played], labels) + torch.special.entr(p).sum()


def loops(log_guess, z, mask):
    total, count = 0.0, [0] * log_guess.shape[-1]
    for b in range(len(z)):
        for t in range(mask.shape[1]):
            if mask[b, t]:
                total += log_guess[b, t, z[b]].item()
                count[z[b]] += 1
    n = sum(count)
    return total / n + math.log(n) - sum(c * math.log(c) for c in count if c) / n


def two_terms(guess=None, entropy=None):
    def answer(log_guess, z, mask):
        first = guess(log_guess, z, mask) if guess else (right_ones(log_guess, z) * mask).sum() / mask.sum()
        second = entropy(log_guess, z, mask) if entropy else h(shares(z, mask, log_guess.shape[-1]))
        return float(first) + float(second)
    return answer


def rows_share(log_guess, z, mask):
    return h(torch.bincount(z, minlength=log_guess.shape[-1]) / len(z))


padded = two_terms(lambda g, z, m: right_ones(g, z).mean())
divided_by_all = two_terms(lambda g, z, m: (right_ones(g, z) * m).mean())
by_episode = two_terms(lambda g, z, m: ((right_ones(g, z) * m).sum(1) / m.sum(1).clamp(min=1)).mean())
cross_entropy = two_terms(entropy=lambda g, z, m: 0.0)
guess_entropy = two_terms(entropy=lambda g, z, m: (torch.special.entr(g.exp()).sum(-1) * m).sum() / m.sum())
log_z = two_terms(entropy=lambda g, z, m: math.log(g.shape[-1]))
row_entropy = two_terms(entropy=rows_share)
no_mask_at_all = two_terms(lambda g, z, m: right_ones(g, z).mean(), rows_share)
probability = two_terms(lambda g, z, m: (right_ones(g, z).exp() * m).sum() / m.sum())
likeliest = two_terms(lambda g, z, m: (g.max(-1).values * m).sum() / m.sum())


def as_a_loss(log_guess, z, mask):
    return -indexing(log_guess, z, mask)


def nan_entropy(log_guess, z, mask):
    p = shares(z, mask, log_guess.shape[-1])
    return (right_ones(log_guess, z) * mask).sum() / mask.sum() - (p * p.log()).sum()


# ---- 16.4 --------------------------------------------------------------------------------------------------------------

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


LATENTS = {
    "16.3": Answers(
        right=[indexing, played_only, loops],
        wrong=[
            ("padding counts as behaviour", padded),
            ("the sum is divided by all steps", divided_by_all),
            ("every episode counts the same, whatever its length", by_episode),
            ("the entropy is left out", cross_entropy),
            ("the entropy is taken of the guess", guess_entropy),
            ("z is taken to be uniform", log_z),
            ("z is counted by episodes, the guess by steps", row_entropy),
            ("z is counted over the padding too", no_mask_at_all),
            ("the sign of a loss", as_a_loss),
            ("the probability of the right guess, not its logarithm", probability),
            ("the likeliest latent instead of the right one", likeliest),
            ("0 log 0 is not a number", nan_entropy),
        ],
    ),
    "16.4": Answers(
        right=[(9, explorer(with_where)), (9, explorer(by_index)), (9, explorer(only_those_rows)), (9, explorer(always_draws)), (9, row_by_row)],
        wrong=[
            ("the bug is still there: one row's end redraws every row", (9, explorer(listing))),
            ("the latent is never redrawn", (9, explorer(flags_after_the_reset))),
            ("the latent is never redrawn", (9, explorer(never))),
            ("the latent is redrawn at every step", (9, explorer(every_step))),
            ("the new latent comes a step too late", (9, too_late)),
            ("latents change in the middle of an episode", (9, explorer(the_others))),
            ("some new episodes begin with an old latent", (9, explorer(only_when_all_end))),
            ("some new episodes begin with an old latent", (9, explorer(where_terminated_first))),
            ("some new episodes begin with an old latent", (9, explorer(last_row_that_ended))),
            ("an episode that the clock cut passes its latent on", (9, explorer(only_terminated))),
            ("a row gets a latent that was drawn for another row", (9, explorer(draws_for_the_first_rows))),
            ("later episodes draw from the first state of an earlier one", (9, first_state_for_all)),
            ("a draw gets another generator", (9, explorer(own_generator))),
            ("the latent is drawn from the end of the old episode", (9, explorer(old_state))),
            ("episodes of other rows are cut short", (8, explorer(resets_all))),
            ("the latent that is written down is not the one that was played with", (9, writes_the_next_one)),
            ("the latent that is written down is not the one that was played with", (9, in_place)),
        ],
    ),
}
