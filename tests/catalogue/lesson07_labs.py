"""Repairs of the labs of lesson 07, right ones and disguises."""

import itertools

import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from tests.catalogue import Answers

# ---- 07.6 -------------------------------------------------------------------------------------------------------------


def _finish(next_q, reward, terminated, gamma):
    return reward + gamma * torch.where(terminated, 0.0, next_q.sum(-1))


def untouched(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best[:, :-1]).squeeze(-1), reward, terminated, gamma)


def mended_index(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best[:, 1:]).squeeze(-1), reward, terminated, gamma)


def cut_at_the_end(online_q, target_q, available, reward, terminated, gamma):
    best = torch.where(available, online_q, -torch.inf).argmax(-1, keepdim=True)
    next_q_tot = target_q.gather(-1, best).squeeze(-1).sum(-1)[:, 1:]
    return reward + gamma * ~terminated * next_q_tot


def cut_at_the_start(online_q, target_q, available, reward, terminated, gamma):
    online_q, target_q, available = online_q[:, 1:], target_q[:, 1:], available[:, 1:]
    best = online_q.masked_fill(~available, -torch.inf).max(-1).indices
    picked = torch.nn.functional.one_hot(best, online_q.shape[-1])
    return reward + gamma * (target_q * picked).sum((2, 3)).masked_fill(terminated, 0)


def masked_target(fill):
    def mended(online_q, target_q, available, reward, terminated, gamma):
        best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
        next_q = target_q.masked_fill(~available, fill)[:, 1:].gather(-1, best[:, :-1]).squeeze(-1)
        return _finish(next_q, reward, terminated, gamma)
    return mended


def other_if_unavailable(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)[:, :-1]
    possible = available[:, 1:].gather(-1, best)
    fallback = target_q.masked_fill(~available, -torch.inf)[:, 1:].argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, torch.where(possible, best, fallback)).squeeze(-1), reward, terminated, gamma)


def both_early(online_q, target_q, available, reward, terminated, gamma):
    best = online_q.masked_fill(~available, -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, :-1].gather(-1, best[:, :-1]).squeeze(-1), reward, terminated, gamma)


def plain_maximum(online_q, target_q, available, reward, terminated, gamma):
    return _finish(target_q.masked_fill(~available, -torch.inf).amax(-1)[:, 1:], reward, terminated, gamma)


def online_maximum(online_q, target_q, available, reward, terminated, gamma):
    return _finish(online_q[:, 1:].masked_fill(~available[:, 1:], -torch.inf).amax(-1), reward, terminated, gamma)


def swapped(online_q, target_q, available, reward, terminated, gamma):
    return mended_index(target_q, online_q, available, reward, terminated, gamma)


def mask_moved(online_q, target_q, available, reward, terminated, gamma):
    best = online_q[:, :-1].masked_fill(~available[:, 1:], -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best).squeeze(-1), reward, terminated, gamma)


def mask_lost(online_q, target_q, available, reward, terminated, gamma):
    return _finish(target_q[:, 1:].gather(-1, online_q[:, 1:].argmax(-1, keepdim=True)).squeeze(-1), reward, terminated, gamma)


def mask_left_behind(online_q, target_q, available, reward, terminated, gamma):
    best = online_q[:, 1:].masked_fill(~available[:, :-1], -torch.inf).argmax(-1, keepdim=True)
    return _finish(target_q[:, 1:].gather(-1, best).squeeze(-1), reward, terminated, gamma)


# ---- 07.7 -------------------------------------------------------------------------------------------------------------

def one_list(agents, mixer, optimiser, loss, max_norm):
    optimiser.zero_grad()
    loss.backward()
    length = clip_grad_norm_(list(agents.parameters()) + list(mixer.parameters()), max_norm)
    optimiser.step()
    return float(length)


def from_the_optimiser(agents, mixer, optimiser, loss, max_norm):
    optimiser.zero_grad()
    loss.backward()
    length = clip_grad_norm_(itertools.chain(*(group["params"] for group in optimiser.param_groups)), max_norm)
    optimiser.step()
    return length


def by_hand(agents, mixer, optimiser, loss, max_norm):
    agents.zero_grad()
    mixer.zero_grad()
    loss.backward()
    gradients = [p.grad for module in (agents, mixer) for p in module.parameters()]
    length = sum(float((g ** 2).sum()) for g in gradients) ** 0.5
    if length > max_norm:
        for g in gradients:
            g *= max_norm / length
    optimiser.step()
    return length


def step_with(clip):
    """The listing with another line 3."""
    def mended(agents, mixer, optimiser, loss, max_norm):
        optimiser.zero_grad()
        loss.backward()
        length = clip(list(agents.parameters()), list(mixer.parameters()), max_norm)
        optimiser.step()
        return float(length)
    return mended


def norm_of(weights):
    return torch.cat([w.grad.flatten() for w in weights]).norm()


def only_agents(agents, mixer, limit):
    return clip_grad_norm_(agents, limit)


def only_mixer(agents, mixer, limit):
    return clip_grad_norm_(mixer, limit)


def apart(agents, mixer, limit):
    length = norm_of(agents + mixer)
    clip_grad_norm_(agents, limit)
    clip_grad_norm_(mixer, limit)
    return length


def entries(agents, mixer, limit):
    length = norm_of(agents + mixer)
    clip_grad_value_(agents + mixer, limit)
    return length


def twice(agents, mixer, limit):
    length = norm_of(agents + mixer)
    clip_grad_norm_(agents, limit)
    clip_grad_norm_(agents + mixer, limit)
    return length


def mixer_damped(agents, mixer, limit):
    length = norm_of(agents + mixer)
    clip_grad_norm_(agents, limit)
    for weight in mixer:
        weight.grad *= 0.01
    return length


def always_this_long(agents, mixer, limit):
    length = norm_of(agents + mixer)
    for weight in agents + mixer:
        weight.grad *= limit / length
    return length


def half_each(agents, mixer, limit):
    length = norm_of(agents + mixer)
    clip_grad_norm_(agents + mixer, limit / 2)
    return length


def largest_entry(agents, mixer, limit):
    length = norm_of(agents + mixer)
    clip_grad_norm_(agents + mixer, limit, norm_type=float("inf"))
    return length


def fixed_limit(agents, mixer, limit):
    return clip_grad_norm_(agents + mixer, 1.0)


def length_after(agents, mixer, limit):
    clip_grad_norm_(agents + mixer, limit)
    return norm_of(agents + mixer)


def agents_length(agents, mixer, limit):
    length = norm_of(agents)
    clip_grad_norm_(agents + mixer, limit)
    return length


def clips_after_the_step(agents, mixer, optimiser, loss, max_norm):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(clip_grad_norm_([*agents.parameters(), *mixer.parameters()], max_norm))


def clips_before_backward(agents, mixer, optimiser, loss, max_norm):
    optimiser.zero_grad()
    length = clip_grad_norm_([*agents.parameters(), *mixer.parameters()], max_norm)
    loss.backward()
    optimiser.step()
    return float(length)


def clears_nothing(agents, mixer, optimiser, loss, max_norm):
    loss.backward()
    length = clip_grad_norm_([*agents.parameters(), *mixer.parameters()], max_norm)
    optimiser.step()
    return float(length)


def skips_long_ones(agents, mixer, optimiser, loss, max_norm):
    optimiser.zero_grad()
    loss.backward()
    length = norm_of([*agents.parameters(), *mixer.parameters()])
    if length <= max_norm:
        optimiser.step()
    return float(length)


LABS = {
    "07.6": Answers(
        right=[(3, mended_index), (3, cut_at_the_end), (3, cut_at_the_start)],
        wrong=[
            ("the choice still falls one step too early", (3, untouched)),
            ("the choice still falls one step too early", (3, masked_target(0.0))),
            ("the choice still falls one step too early", (3, masked_target(-9999999))),
            ("the choice still falls one step too early", (3, other_if_unavailable)),
            ("now the action is also valued one step too early", (3, both_early)),
            ("no double-Q any more", (3, plain_maximum)),
            ("the online network values its own choice", (3, online_maximum)),
            ("the roles are swapped", (3, swapped)),
            ("only the mask was moved", (1, mask_moved)),
            ("the mask is gone", (3, mask_lost)),
            ("the mask is still that of the step before", (1, mask_left_behind)),
        ],
    ),
    "07.7": Answers(
        right=[(3, one_list), (3, from_the_optimiser), (3, by_hand)],
        wrong=[
            ("the mixer's part is still not limited", (3, step_with(only_agents))),
            ("now the agents' part is not limited", (3, step_with(only_mixer))),
            ("agents and mixer are clipped apart", (3, step_with(apart))),
            ("each entry is clipped on its own", (3, step_with(entries))),
            ("nothing is clipped", (4, clips_after_the_step)),
            ("nothing is clipped", (2, clips_before_backward)),
            ("gradients from before are still there", (3, clears_nothing)),
            ("a gradient that is short enough is changed too", (3, step_with(always_this_long))),
            ("no weight changes", (4, skips_long_ones)),
            ("the direction of the gradient has changed", (3, step_with(twice))),
            ("the direction of the gradient has changed", (3, step_with(mixer_damped))),
            ("the clipped gradient has the wrong length", (3, step_with(half_each))),
            ("the clipped gradient has the wrong length", (3, step_with(largest_entry))),
            ("the step is right, but the number that is returned is not", (3, step_with(length_after))),
            ("the step is right, but the number that is returned is not", (3, step_with(agents_length))),
        ],
    ),
}
