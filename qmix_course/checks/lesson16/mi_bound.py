"""16.3 · The bound: the variational lower bound on mutual information, over padded episodes."""

from __future__ import annotations

import math

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def right_guess(log_guess: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """[B, T]: log q of each row's own latent."""
    return log_guess.gather(-1, z.view(-1, 1, 1).expand(-1, log_guess.shape[1], 1)).squeeze(-1)


def mean_over(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (x * mask).sum() / mask.sum()


def entropy(p: torch.Tensor) -> torch.Tensor:
    return torch.special.entr(p).sum()


def frequency(z: torch.Tensor, weight: torch.Tensor, n_latents: int) -> torch.Tensor:
    """[Z]: how often each latent occurs if row b counts weight[b]."""
    one_hot = (z.unsqueeze(1) == torch.arange(n_latents)).to(weight.dtype)
    return (weight.unsqueeze(1) * one_hot).sum(0) / weight.sum()


def mi_bound(log_guess: torch.Tensor, z: torch.Tensor, mask: torch.Tensor) -> float:
    p = frequency(z, mask.sum(1), log_guess.shape[-1])
    return (mean_over(right_guess(log_guess, z), mask) + entropy(p)).item()


def bound_cases() -> list[tuple]:
    generator, cases = torch.Generator().manual_seed(163), []
    for rows, steps, n_latents, absent in ((3, 2, 2, False), (4, 3, 3, False), (6, 4, 4, True), (5, 5, 3, True),
                                           (8, 3, 5, False)):
        logits = torch.randn(rows, steps, n_latents, generator=generator, dtype=torch.float64)
        z = torch.arange(rows) % (n_latents - absent)                       # one latent may not occur: 0 log 0
        length = 1 + (torch.arange(rows) * 2 + z) % steps
        mask = (torch.arange(steps) < length.unsqueeze(1)).double()
        cases.append((logits.log_softmax(-1).round(decimals=3), z, mask))
    log_guess = torch.randn(4, 3, 3, generator=generator, dtype=torch.float64).log_softmax(-1).round(decimals=3)
    mask = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0]], dtype=torch.float64)
    cases += [(log_guess, torch.tensor([2, 0, 1, 2]), mask),        # latent 0 was drawn, and never played with
              (log_guess[:1, :1], torch.tensor([1]), mask[:1, :1]), (log_guess, torch.tensor([1, 1, 1, 1]), mask)]
    return cases


def look(room: Room, answer) -> Verdict:
    cases = bound_cases()
    given = [room.ask(answer, *case) for case in cases]
    numbers = [float(value) for value in given if isinstance(value, (int, float)) and not isinstance(value, bool)
               or isinstance(value, torch.Tensor) and value.numel() == 1]
    if len(numbers) == len(given) and any(map(math.isnan, numbers)) and not all(map(math.isnan, numbers)):
        first = next(k for k, number in enumerate(numbers) if math.isnan(number))
        raise room.wrong("0 log 0 is not a number", values.call("mi_bound", cases[first]))
    room.compare(answer, cases, mi_bound)
    return Verdict("correct")


def wrong_with(guess=None, h=None):
    """The wrong answer with another first term guess(log_guess, z, mask), or another second one h(log_guess, z, mask).
    """
    def wrong(log_guess, z, mask):
        first = mean_over(right_guess(log_guess, z), mask) if guess is None else guess(log_guess, z, mask)
        second = entropy(frequency(z, mask.sum(1), log_guess.shape[-1])) if h is None else h(log_guess, z, mask)
        return float(first + second)
    return wrong


MISTAKES = (
    Mistake("padding counts as behaviour",
            "Change an entry of log_guess where mask is 0. May the bound change?",
            "steps that nobody played say nothing about z",
            wrong_with(guess=lambda log_guess, z, mask: right_guess(log_guess, z).mean())),
    Mistake("the sum is divided by all steps",
            "Let half of the steps be padding. Over how many steps is the mean taken, and over how many should it be?",
            "a masked mean divides by the mask's sum",
            wrong_with(guess=lambda log_guess, z, mask: (right_guess(log_guess, z) * mask).mean())),
    Mistake("every episode counts the same, whatever its length",
            "One episode has one step, another has five. How many terms does each contribute to a mean over steps?",
            "the first term is a mean over steps that were played, not over episodes",
            wrong_with(guess=lambda log_guess, z,
                       mask: ((right_guess(log_guess, z) * mask).sum(1) / mask.sum(1).clamp(min=1)).mean())),
    Mistake("the entropy is left out",
            "If all behave alike, the best guesser says 1/Z. What should the bound be then, and what is yours?",
            "without H(z) the number is a cross-entropy and no bound on the mutual information",
            wrong_with(h=lambda log_guess, z, mask: 0.0)),
    Mistake("the entropy is taken of the guess",
            "H(z) asks how uncertain z is before anybody has seen any behaviour. Does the discriminator come into "
            "that?",
            "the entropy of q(z | behaviour) measures the guesser's doubt, not the spread of z",
            wrong_with(h=lambda log_guess, z, mask: mean_over(-(log_guess.exp() * log_guess).sum(-1), mask))),
    Mistake("z is taken to be uniform",
            "In this batch, does every latent occur equally often?",
            "log Z is the entropy of a uniform z; these z are not, so the sum is no bound for them",
            wrong_with(h=lambda log_guess, z, mask: math.log(log_guess.shape[-1]))),
    Mistake("z is counted by episodes, the guess by steps",
            "The first term weighs a long episode more than a short one. Does your p(z)?",
            "the two terms must speak of the same draws: steps that were played",
            wrong_with(h=lambda log_guess, z, mask: entropy(frequency(z, torch.ones(len(z), dtype=mask.dtype),
                                                                      log_guess.shape[-1])))),
    Mistake("z is counted over the padding too",
            "Every row has T places, but not T steps. Which of them should be counted for p(z)?",
            "all rows then count the same, as if their padding had been played",
            lambda log_guess, z, mask: float(right_guess(log_guess, z).mean()
                                             + entropy(frequency(z, torch.ones(len(z), dtype=mask.dtype),
                                                                 log_guess.shape[-1])))),
    Mistake("the sign of a loss",
            "A bound on the mutual information is to go up. Which sign does yours have for a perfect guesser?",
            "an optimiser minimises the negative bound; the bound itself is asked for",
            lambda log_guess, z, mask: -mi_bound(log_guess, z, mask)),
    Mistake("the probability of the right guess, not its logarithm",
            "What is the first term of a guesser who is always sure and always right: 0 or 1?",
            "the bound is in logarithms throughout",
            wrong_with(guess=lambda log_guess, z, mask: mean_over(right_guess(log_guess, z).exp(), mask))),
    Mistake("the likeliest latent instead of the right one",
            "The guesser may be sure of something wrong. Whose log-probability counts?",
            "taking the largest one praises every guesser that is sure of itself",
            wrong_with(guess=lambda log_guess, z, mask: mean_over(log_guess.amax(-1), mask))),
    Mistake("0 log 0 is not a number",
            "What does p log p give for a latent that never occurs in the batch, and what is its limit as p goes to 0?",
            "a latent that does not occur contributes 0 to the entropy"),
)

EXERCISE = Exercise(
    number="16.3", title="The bound", answers={"mi_bound": "function"}, difficulty=3, minutes=12, core=True,
    practises="the variational lower bound on mutual information, over padded episodes", look=look,
    hints=("Two terms. The first is a masked mean over steps, as in every loss of this course. The second needs only z "
           "and the mask.",
           "p(z) is the share of the played steps that belong to rows with this z. torch.special.entr gives −p log p, "
           "and 0 for p = 0."),
    mistakes=MISTAKES)
