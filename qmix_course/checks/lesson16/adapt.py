"""16.2 · How much noise?: KL divergence between two teams' play, the target δ(ε), and a multiplicative controller."""

from __future__ import annotations

import math

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def divergence_of(q: torch.Tensor, noisy: torch.Tensor, axis: int = -1) -> torch.Tensor:
    """KL before any mean, with the sum over ``axis`` still to be taken: [B, N, A]."""
    log_p, log_r = q.log_softmax(axis), noisy.log_softmax(axis)
    return log_p.exp() * (log_p - log_r)


def stepped(sigma: float, departure: float, delta: float) -> float:
    return sigma * 1.01 if departure < delta else sigma / 1.01


def target(epsilon: float, n_actions: int) -> float:
    return -math.log(1 - epsilon + epsilon / n_actions)


def adapt(sigma: float, q: torch.Tensor, noisy: torch.Tensor, epsilon: float) -> tuple[float, float]:
    departure = divergence_of(q, noisy).sum(-1).mean().item()
    return stepped(sigma, departure, target(epsilon, q.shape[-1])), departure


def adapt_cases() -> list[tuple]:
    """Each with δ a given factor above or below the divergence, so that the two sides, and a wrong δ, can be told
    apart."""
    generator, cases = torch.Generator().manual_seed(162), []
    for (rows, agents, actions), factor in zip(((1, 2, 2), (1, 2, 3), (2, 3, 4), (3, 2, 5), (4, 2, 2), (2, 4, 3),
                                                (2, 2, 6), (3, 1, 6), (2, 2, 4)),
                                               (1.15, 0.9, 0.85, 1.3, 0.8, 1.05, 0.97, 1.1, 0.15)):
        q = torch.randn(rows, agents, actions, generator=generator, dtype=torch.float64).round(decimals=1)
        noise, loud = torch.randn(q.shape, generator=generator, dtype=torch.float64), 0.6
        while actions == 6 and adapt(1.0, q, q + loud * noise, 0.0)[1] < 1.1:   # so loud that δ lies above ε
            loud *= 1.05
        noisy = (q + loud * noise).round(decimals=1)
        delta = factor * adapt(1.0, q, noisy, 0.0)[1]
        epsilon = (1 - math.exp(-delta)) / (1 - 1 / actions)
        cases.append((0.001 if len(cases) == 1 else 0.1 + 0.3 * len(cases), q, noisy, epsilon))
    still = torch.zeros(1, 1, 2, dtype=torch.float64)
    return [*cases, (100.0, still, still, 0.0)]        # no noise, no exploration: 0 is not below 0


def look(room: Room, answer) -> Verdict:
    cases = adapt_cases()
    try:
        for asked in (cases[:-1], cases):        # the tie comes last: what is wrong elsewhere is told first
            room.compare(answer, asked, adapt)
    except Found as found:
        if found.verdict.title != UNNAMED:
            raise
        given, wanted = [room.ask(answer, *case) for case in cases], [adapt(*case) for case in cases]
        for place, name in ((1, "the divergence is right, sigma is not"), (0, "sigma is right, the divergence is not")):
            if all(values.loosely_equal(got[place], want[place], 1e-9) for got, want in zip(given, wanted)):
                raise room.wrong(name, found.verdict.detail) from None
        raise
    return Verdict("correct")


def with_departure(measure):
    """The wrong answer whose divergence is ``measure(q, noisy)`` and that does the rest right."""
    def wrong(sigma, q, noisy, epsilon):
        departure = measure(q, noisy).item()
        return stepped(sigma, departure, target(epsilon, q.shape[-1])), departure
    return wrong


def with_step(step):
    """The wrong answer whose divergence is right and whose new σ is ``step(sigma, departure, epsilon, n_actions)``."""
    def wrong(sigma, q, noisy, epsilon):
        departure = adapt(sigma, q, noisy, epsilon)[1]
        return step(sigma, departure, epsilon, q.shape[-1]), departure
    return wrong


MISTAKES = (
    Mistake("the divergence is taken the other way round",
            "KL(p ‖ r) weighs the logarithms with p. Which of the two teams is p here?",
            "KL is not symmetric: the weights belong to the unperturbed team",
            with_departure(lambda q, noisy: divergence_of(noisy, q).sum(-1).mean())),
    Mistake("added up over the agents",
            "With ten agents instead of two, should the noise per agent become smaller? Look at what you average over.",
            "δ is the divergence of one agent, so the mean goes over agents as well as rows",
            with_departure(lambda q, noisy: divergence_of(q, noisy).sum((1, 2)).mean())),
    Mistake("added up over everything",
            "Double the number of rows by repeating them. Should the divergence double?",
            "the sum goes over actions only; over rows and agents it is a mean",
            with_departure(lambda q, noisy: divergence_of(q, noisy).sum())),
    Mistake("averaged over the actions",
            "Σ_a p_a log(p_a / r_a) is a sum. What does a mean over the actions make of it?",
            "the weights p_a add up to 1 already; dividing by A makes the divergence too small",
            with_departure(lambda q, noisy: divergence_of(q, noisy).mean())),
    Mistake("the softmax goes over the agents",
            "Whose probabilities must add up to 1: those of one agent's actions, or those of one action over the "
            "agents?",
            "play is a distribution over an agent's own actions, the last axis",
            with_departure(lambda q, noisy: divergence_of(q, noisy, axis=1).sum(1).mean())),
    Mistake("values are compared, not play",
            "Add 100 to all values of the perturbed team. Does it play differently? Does your measure change?",
            "a shift of all values changes nothing in what is played",
            with_departure(lambda q, noisy: (q - noisy).square().mean())),
    Mistake("delta forgets that a random action may be the greedy one",
            "With ε = 1 an agent plays everything equally often. Is that infinitely far from greedy?",
            "the greedy action keeps 1 − ε + ε/A, and δ is minus the logarithm of that",
            with_step(lambda s, d, e, a: stepped(s, d, -math.log(max(1 - e, 1e-300))))),
    Mistake("delta is epsilon itself",
            "δ is a divergence, ε is a probability. Which formula turns the one into the other?",
            "δ = −log(1 − ε + ε/A) is how far ε-greedy play is from greedy play; ε is another number",
            with_step(lambda s, d, e, a: stepped(s, d, e))),
    Mistake("delta has lost its minus sign",
            "Print your δ. Can a divergence ever be below a negative number?",
            "the logarithm of a probability is negative, so σ would shrink for ever",
            with_step(lambda s, d, e, a: stepped(s, d, -target(e, a)))),
    Mistake("a tie counts as too little",
            "Let ε be 0 and the noise do nothing, so divergence and δ are both 0. Is the divergence below δ?",
            "σ grows only if the divergence is below δ, not where the two are equal",
            with_step(lambda s, d, e, a: s * 1.01 if d <= target(e, a) else s / 1.01)),
    Mistake("the divergence is right, sigma is not",
            "Your divergence is the one asked for. Print δ beside it: is δ right, is the comparison, is the factor?",
            "σ takes one of two values, and which one depends on the divergence and δ alone"),
    Mistake("sigma is right, the divergence is not",
            "Your σ moves as it should. Take one agent of one row and add up p_a log(p_a / r_a) by hand: is it your "
            "number?",
            "a measure that lands on the same side of δ in a few cases need not do so in the next one"),
    Mistake("sigma moves the wrong way",
            "The play differs too little. Should the noise become larger or smaller?",
            "it runs away from the target instead of towards it",
            with_step(lambda s, d, e, a: s / 1.01 if d < target(e, a) else s * 1.01)),
    Mistake("the step down is not the inverse of the step up",
            "Up and down once: does σ come back to where it was?",
            "0.99 · 1.01 is less than 1, so σ creeps down even on target",
            with_step(lambda s, d, e, a: s * 1.01 if d < target(e, a) else s * 0.99)),
    Mistake("sigma grows by a fixed amount",
            "Let σ be 0.001, then 100. Is one percent the same amount for both?",
            "σ can be of any size, so it moves by a factor",
            with_step(lambda s, d, e, a: s + 0.01 if d < target(e, a) else s - 0.01)),
)

EXERCISE = Exercise(
    number="16.2", title="How much noise?", answers={"adapt": "function"}, difficulty=3, minutes=12,
    practises="KL divergence between two teams' play, the target δ(ε), and a multiplicative controller", look=look,
    hints=("Three steps: the divergence of every agent in every row, their mean, and the comparison with δ.",
           "log_softmax over the last axis gives both logarithms; their difference, weighted by one of the two "
           "softmaxes and summed over the actions, is the divergence."),
    mistakes=MISTAKES, off_limits=("qmix_course.exploration.divergence", "qmix_course.exploration.target_divergence"))
