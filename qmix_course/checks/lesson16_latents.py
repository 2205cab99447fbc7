"""Checks of lesson 16 about latents: the bound on mutual information, and a lab about a latent that does not last."""

from __future__ import annotations

import math

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict
from qmix_course.envs import MStepGame

# ---- 16.3 --------------------------------------------------------------------------------------------------------------


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
    for rows, steps, n_latents, absent in ((3, 2, 2, False), (4, 3, 3, False), (6, 4, 4, True), (5, 5, 3, True), (8, 3, 5, False)):
        logits = torch.randn(rows, steps, n_latents, generator=generator, dtype=torch.float64)
        z = torch.arange(rows) % (n_latents - absent)                       # one latent may not occur: 0 log 0
        length = 1 + (torch.arange(rows) * 2 + z) % steps
        mask = (torch.arange(steps) < length.unsqueeze(1)).double()
        cases.append((logits.log_softmax(-1).round(decimals=3), z, mask))
    return cases


def look_at_bound(room: Room, answer) -> Verdict:
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
    """The wrong answer with another first term guess(log_guess, z, mask), or another second one h(log_guess, z, mask)."""
    def wrong(log_guess, z, mask):
        first = mean_over(right_guess(log_guess, z), mask) if guess is None else guess(log_guess, z, mask)
        second = entropy(frequency(z, mask.sum(1), log_guess.shape[-1])) if h is None else h(log_guess, z, mask)
        return float(first + second)
    return wrong


BOUND_MISTAKES = (
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
            wrong_with(guess=lambda log_guess, z, mask: ((right_guess(log_guess, z) * mask).sum(1) / mask.sum(1)).mean())),
    Mistake("the entropy is left out",
            "If all behave alike, the best guesser says 1/Z. What should the bound be then, and what is yours?",
            "without H(z) the number is a cross-entropy and no bound on the mutual information",
            wrong_with(h=lambda log_guess, z, mask: 0.0)),
    Mistake("the entropy is taken of the guess",
            "H(z) asks how uncertain z is before anybody has seen any behaviour. Does the discriminator come into that?",
            "the entropy of q(z | behaviour) measures the guesser's doubt, not the spread of z",
            wrong_with(h=lambda log_guess, z, mask: mean_over(-(log_guess.exp() * log_guess).sum(-1), mask))),
    Mistake("z is taken to be uniform",
            "In this batch, does every latent occur equally often?",
            "log Z is the entropy of a uniform z; these z are not, so the sum is no bound for them",
            wrong_with(h=lambda log_guess, z, mask: math.log(log_guess.shape[-1]))),
    Mistake("z is counted by episodes, the guess by steps",
            "The first term weighs a long episode more than a short one. Does your p(z)?",
            "the two terms must speak of the same draws: steps that were played",
            wrong_with(h=lambda log_guess, z, mask: entropy(frequency(z, torch.ones(len(z), dtype=mask.dtype), log_guess.shape[-1])))),
    Mistake("z is counted over the padding too",
            "Every row has T places, but not T steps. Which of them should be counted for p(z)?",
            "all rows then count the same, as if their padding had been played",
            lambda log_guess, z, mask: float(right_guess(log_guess, z).mean()
                                             + entropy(frequency(z, torch.ones(len(z), dtype=mask.dtype), log_guess.shape[-1])))),
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

# ---- 16.4, a lab -------------------------------------------------------------------------------------------------------


class Watched(MStepGame):
    """The game, and a diary of it: which episode each row is in when a joint action is played."""

    def __init__(self, rows: int):
        super().__init__(4, num_envs=rows)
        self.episode = torch.full((rows,), -1)
        self.diary: list[torch.Tensor] = []
        self.cut = False
        self.now = None

    def _begin(self, where: torch.Tensor):
        step = super()._begin(where)
        if self.now is not None and (where & ~self.now.ended).any():
            self.cut = True
        self.episode = self.episode + where
        self.now = step
        return step

    def _advance(self, actions: torch.Tensor):
        self.diary.append(self.episode.clone())
        self.now = super()._advance(actions)
        return self.now


class Draws:
    """``draw``: no two latents are alike, so every draw can be told from every other. ``act``: a fixed play, which ends the
    rows' episodes at different times."""

    def __init__(self, env: Watched, seed: int):
        self.env, self.calls, self.asked = env, 0, []
        self.script = torch.Generator().manual_seed(seed)
        self.used: list[torch.Tensor] = []

    def draw(self, state: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        self.calls += 1
        self.asked.append((self.calls, len(self.env.diary), state.clone()))
        return 100 * self.calls + torch.arange(len(state))

    def act(self, obs: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        self.used.append(z.clone())
        habit = obs[:, :, -1].long()                                            # keep to the branch, but for a slip now and then
        slip = torch.rand(len(obs), generator=self.script) < 0.25
        return torch.where(slip.unsqueeze(1) & (torch.arange(2) == 1), 1 - habit, habit)


LAB_CASES = ((3, 12, 0), (5, 20, 1), (2, 15, 2), (8, 25, 3))


def look_at_explore(room: Room, wrong_line, answer) -> Verdict:
    stories = []
    for rows, steps, seed in LAB_CASES:
        env = Watched(rows)
        draws = Draws(env, seed)
        result = room.ask(answer, env, draws.draw, draws.act, steps, torch.Generator().manual_seed(seed), may_change=(0, 1, 2, 4))
        if not isinstance(result, torch.Tensor) or result.shape != (steps, rows) or result.dtype != torch.int64:
            raise Found(Verdict("wrong shape or type", f"expected the latents z[{steps}, {rows}], int64, got {values.describe(result)}",
                                "One row of latents for each step, stacked, as in the listing."))
        if len(env.diary) != steps:
            raise Found(Verdict("wrong", f"{steps} joint actions were to be played, {len(env.diary)} were",
                                "The repair should not change how many steps are played."))
        stories.append((env, draws, result, torch.stack(draws.used) if draws.used else None))
    _name_explore(room, stories)
    room.line(wrong_line, 9)
    return Verdict("correct")


def _name_explore(room: Room, stories: list) -> None:
    if any(env.cut for env, *_ in stories):
        raise room.wrong("episodes of other rows are cut short")
    changed, stale, late, everywhere, shared = 0, 0, 0, True, True
    moments = 0
    for env, draws, result, used in stories:
        if used is None or used.shape != result.shape or not torch.equal(used, result):
            raise room.wrong("the latent that is written down is not the one that was played with")
        episode = torch.stack(env.diary)                                        # [steps, B]
        same, ended = episode[1:] == episode[:-1], (episode[1:] != episode[:-1])
        moved = result[1:] != result[:-1]
        changed += int((moved & same).sum())
        everywhere &= bool(moved.all())
        shared &= bool((~(moved & same) | ended.any(1, keepdim=True)).all())    # others only change when somebody's episode ended
        stale += int((~moved & ended).sum())
        late += int((moved[1:] & same[1:] & ended[:-1]).sum())                  # at the second step of an episode
        moments += int(ended.sum())
    if stale and late and changed == late:
        raise room.wrong("the new latent comes a step too late")
    if stale == moments and not changed:
        raise room.wrong("the latent is never redrawn")
    if changed:
        if everywhere:
            raise room.wrong("the latent is redrawn at every step")
        raise room.wrong("the bug is still there: one row's end redraws every row" if shared and not stale
                         else "latents change in the middle of an episode")
    if stale:
        raise room.wrong("some new episodes begin with an old latent")
    for _, draws, result, _ in stories:
        for call, played, state in draws.asked[1:]:                             # this draw was first played with at step `played`
            if played < len(result):
                fresh = result[played] // 100 == call
                seen = state[fresh] if len(state) == len(fresh) else state
                if fresh.any() and not (seen[:, 0] == 1).all():
                    raise room.wrong("the latent is drawn from the end of the old episode")


LAB_MISTAKES = (
    Mistake("the bug is still there: one row's end redraws every row",
            "Row 0 ends, row 1 is in the middle of its episode. What does your version do to row 1's latent?",
            "a latent that can change at any moment commits to nothing"),
    Mistake("the latent is never redrawn",
            "What do the flags of the step say after the reset, and which flags does your condition read?",
            "reset returns False in both flags, so whoever asks them afterwards finds that nothing ended; every episode then has "
            "the first latent"),
    Mistake("the latent is redrawn at every step",
            "How long does a latent last in your version, and how long should it?",
            "drawn at every step it is one more coin, shared by the team"),
    Mistake("the new latent comes a step too late",
            "With which latent does the first joint action of a new episode get played?",
            "the first step, which picks the branch, is still played with the old latent"),
    Mistake("latents change in the middle of an episode",
            "Print z and the end flags side by side. Does z change in a row whose episode goes on?",
            "z belongs to the episode, from its first step to its last"),
    Mistake("some new episodes begin with an old latent",
            "Two rows may end at the same step, and one row twice in a row. Does every one of them get a new latent?",
            "an episode without a draw of its own repeats what was tried already"),
    Mistake("the latent is drawn from the end of the old episode",
            "p(z | s0) reads the first state. Which state does your draw get to see?",
            "before the reset the state is the last one of the episode that is over"),
    Mistake("episodes of other rows are cut short",
            "Which rows does reset() without an argument reset?",
            "every end in one row would end all the others"),
    Mistake("the latent that is written down is not the one that was played with",
            "Compare the z that act was given with the z in your record, step by step.",
            "the replay row would say that the episode was played with another latent"),
)

LATENTS = (
    Exercise(
        number="16.3", title="The bound", answers={"mi_bound": "function"}, difficulty=3, minutes=12,
        practises="the variational lower bound on mutual information, over padded episodes", look=look_at_bound,
        hints=("Two terms. The first is a masked mean over steps, as in every loss of this course. The second needs only z and the mask.",
               "p(z) is the share of the played steps that belong to rows with this z. torch.special.entr gives −p log p, and 0 "
               "for p = 0."),
        mistakes=BOUND_MISTAKES),
    Exercise(
        number="16.4", title="A latent that does not last", difficulty=3, minutes=10,
        answers={"wrong_line_4": "value", "mended_explore": "function"},
        practises="the end flags of one row, and what belongs to an episode", look=look_at_explore, lab=True,
        hints=("Follow row 1 while row 0's episode ends. Which of its things change that should not?",
               "Only the rows whose episode has ended get a new latent. The flags say which, but not after the reset any more."),
        mistakes=LAB_MISTAKES),
)
