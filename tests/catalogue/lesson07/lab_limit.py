"""Answers to 07.7."""

import itertools

import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

from tests.catalogue import Answers


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


def clears_the_agents(agents, mixer, optimiser, loss, max_norm):
    agents.zero_grad()
    return clears_nothing(agents, mixer, optimiser, loss, max_norm)


def largest_of_each(agents, mixer, limit):
    """The length of the largest entries: right where every tensor holds one number."""
    length = torch.stack([weight.grad.abs().max() for weight in agents + mixer]).norm()
    for weight in agents + mixer:
        weight.grad *= min(1.0, limit / float(length))
    return length


def skips_long_ones(agents, mixer, optimiser, loss, max_norm):
    optimiser.zero_grad()
    loss.backward()
    length = norm_of([*agents.parameters(), *mixer.parameters()])
    if length <= max_norm:
        optimiser.step()
    return float(length)


ANSWERS = Answers(
    right=[("D", one_list), (" d", from_the_optimiser), ("D", by_hand)],
    wrong=[
        ("the mixer's part is still not limited", ("D", step_with(only_agents))),
        ("now the agents' part is not limited", ("D", step_with(only_mixer))),
        ("agents and mixer are clipped apart", ("D", step_with(apart))),
        ("each entry is clipped on its own", ("D", step_with(entries))),
        ("nothing is clipped", ("D", clips_after_the_step)),
        ("nothing is clipped", ("D", clips_before_backward)),
        ("gradients from before are still there", ("D", clears_nothing)),
        ("gradients from before are still there", ("D", clears_the_agents)),
        ("the clipped gradient has the wrong length", ("D", step_with(largest_of_each))),
        ("a gradient that is short enough is changed too", ("D", step_with(always_this_long))),
        ("no weight changes", ("D", skips_long_ones)),
        ("the direction of the gradient has changed", ("D", step_with(twice))),
        ("the direction of the gradient has changed", ("D", step_with(mixer_damped))),
        ("the clipped gradient has the wrong length", ("D", step_with(half_each))),
        ("the clipped gradient has the wrong length", ("D", step_with(largest_entry))),
        ("the step is right, but the number that is returned is not", ("D", step_with(length_after))),
        ("the step is right, but the number that is returned is not", ("D", step_with(agents_length))),
        ("the order is blamed", ("A", one_list)), ("old gradients are blamed", ("B", one_list)),
        ("the kind of limit is blamed", ("C", one_list)), ("the learning rate is blamed", ("E", one_list)),
    ],
)
