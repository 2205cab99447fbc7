"""13.3 · The whole loss: put weighted and unweighted errors together, with the gradient where it belongs."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

ROUGH = 1e-9


def ow_loss(q_tot, q_hat, ahead, reward, terminated, mask, gamma, alpha):
    """The truth, step by step."""
    total = count = 0.0
    for b, t in torch.cartesian_prod(*(torch.arange(size) for size in q_tot.shape)).reshape(-1, 2).tolist():
        if mask[b, t] > 0:
            y = float(reward[b, t]) + (0.0 if terminated[b, t] else gamma * float(ahead[b, t]))
            error = float(q_tot[b, t]) - y
            total += (1.0 if error < 0 else alpha) * error**2 + (float(q_hat[b, t]) - y) ** 2
            count += 1
    return total / count


def _cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(1303)
    cases = []
    for batch, time, gamma, alpha in (
            (1, 1, 0.5, 0.1), (1, 2, 0.9, 0.5), (2, 3, 0.9, 0.1), (4, 5, 0.99, 0.75), (6, 1, 0.8, 0.25),
            (5, 3, 1.0, 0.001), (3, 2, 0.0, 1.0)):
        numbers = 3 * torch.randn(4, batch, time, dtype=torch.float64, generator=generator)
        q_tot, q_hat, ahead, reward = numbers.round(decimals=2)
        played = torch.randint(1, time + 1, (batch,), generator=generator)
        if batch == 1:
            played[0] = max(1, time - 1)
        if batch == 5:
            played[0] = 0                                                       # a row that nobody has filled yet
        clock = torch.arange(time)
        mask = (clock < played.unsqueeze(1)).to(torch.float64)
        ended = (clock == played.unsqueeze(1) - 1) & (torch.arange(batch).unsqueeze(1) % 2 == 1)
        # at least one error each way where there are two rows
        q_tot[:, 0] = reward[:, 0] + 2 * (torch.arange(batch) % 2 - 0.5)
        cases.append((q_tot, q_hat, ahead, reward * mask, ended, mask, gamma, alpha))
    return cases


def look(room: Room, answer) -> Verdict:
    cases = _cases()
    room.compare(answer, cases, ow_loss, ROUGH)
    for case in cases[2:4]:
        leaves = [part.clone().requires_grad_() for part in case[:3]]
        loss = room.ask(answer, *leaves, *case[3:], may_change=(0, 1, 2))
        for name, leaf, part in zip(("q_tot", "q_hat", "ahead"), leaves, case):
            if not leaf.requires_grad or not torch.equal(leaf.detach(), part):
                raise room.wrong("your answer changes what it was given",
                                 f"{name} came in with requires_grad=True: afterwards its requires_grad or its values "
                                 f"are others")
        if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
            raise room.wrong("nothing can be learned from this loss")
        to_q, to_hat, to_ahead = torch.autograd.grad(loss.sum(), leaves, allow_unused=True)
        if to_ahead is not None and to_ahead.abs().max() > 1e-12:
            raise room.wrong("the gradient flows through the target")
        if to_q is None or not to_q.any():
            raise room.wrong("nothing can be learned from this loss")
        if to_hat is None or not to_hat.any():
            raise room.wrong("Q̂* cannot learn from this loss")
        _compare_gradients(to_q, to_hat, case)
    return Verdict("correct")


def _compare_gradients(to_q, to_hat, case) -> None:
    q_tot, q_hat, ahead, reward, ended, mask, gamma, alpha = case
    y = reward + gamma * ahead * ~ended
    share = 2 * mask / mask.sum()
    weighted = torch.where(q_tot < y, 1.0, alpha) * (q_tot - y)
    for name, got, wanted in (("q_tot", to_q, share * weighted), ("q_hat", to_hat, share * (q_hat - y))):
        if not torch.allclose(got, wanted, rtol=ROUGH, atol=ROUGH):
            raise Found(Verdict("wrong", "the loss is right, but its gradient is not",
                                f"Does every part of {name} reach the loss with its gradient?",
                                values.table(got, wanted)))


def _with(weigh=None, ends=True, g=True, total=None):
    """A wrong loss: ``weigh(q_tot, q_hat, y, alpha)`` gives the weights, ``total(q², hat², w, mask)`` adds the errors
    up."""
    weigh = weigh or (lambda q, hat, y, alpha: torch.where(q < y, 1.0, alpha))
    total = total or (lambda one, two, w, m: ((w * one + two) * m).sum() / m.sum())

    def loss(q, hat, ahead, r, end, m, gamma, alpha):
        y = r + (gamma if g else 1.0) * (ahead * ~end if ends else ahead)
        return total((q - y) ** 2, (hat - y) ** 2, weigh(q, hat, y, alpha), m)
    return loss


MISTAKES = (
    Mistake("Q̂* is weighted too",
            "Which of the two networks may choose what to be wrong about? What is the other one for?",
            "Q̂* has to be right everywhere: it judges, and y comes from it",
            _with(total=lambda one, two, w, m: (w * (one + two) * m).sum() / m.sum())),
    Mistake("the weights are on the wrong network",
            "Two errors, one weight. Which network is restricted and cannot be right everywhere?",
            "the restricted one would be trained like plain QMIX",
            _with(total=lambda one, two, w, m: ((one + w * two) * m).sum() / m.sum())),
    Mistake("nothing is weighted",
            "Where does alpha enter your loss?",
            "agents and mixer would be trained like plain QMIX, with other targets",
            _with(total=lambda one, two, w, m: ((one + two) * m).sum() / m.sum())),
    Mistake("divided by the sum of the weights",
            "What do the squared errors get divided by: how many steps there are, or how much they weigh?",
            "then a batch of overestimates would count as much as a batch of underestimates, and alpha would cancel in "
            "it",
            _with(total=lambda one, two, w, m: (w * one * m).sum() / (w * m).sum() + (two * m).sum() / m.sum())),
    Mistake("Q̂*'s error is missing",
            "One network is trained by your loss. Who teaches the one that judges?",
            "Q̂* would stay as random as it began",
            _with(total=lambda one, two, w, m: (w * one * m).sum() / m.sum())),
    Mistake("Q_tot's error is missing",
            "Q̂* learns. And the agents, who have to act?",
            "the agents would never learn anything",
            _with(total=lambda one, two, w, m: (two * m).sum() / m.sum())),
    Mistake("alpha is on the wrong side",
            "Q_tot is too low somewhere: does that error count in full, or alpha?",
            "a pessimist: what is overestimated would be pulled down hard, and the best joint action with it",
            _with(lambda q, hat, y, alpha: torch.where(q < y, alpha, 1.0))),
    Mistake("the wrong network is compared with y",
            "Whose underestimates count in full: those of the network that is weighted, or those of the judge?",
            "the weights would follow the errors of a network that they are not for",
            _with(lambda q, hat, y, alpha: torch.where(hat < y, 1.0, alpha))),
    Mistake("Q_tot is compared with Q̂*",
            "What is Q_tot to be compared with: the other network's opinion, or the target of both?",
            "the two networks may be wrong together, and then nothing says so",
            _with(lambda q, hat, y, alpha: torch.where(q < hat, 1.0, alpha))),
    Mistake("the weight is squared with the error",
            "Is the weight inside the square or in front of it?",
            "α² in place of α",
            _with(total=lambda one, two, w, m: ((w**2 * one + two) * m).sum() / m.sum())),
    Mistake("the end of an episode is ignored",
            "After a step that terminated nothing follows. What is left of y there?",
            "the last steps get a future that never comes",
            _with(ends=False)),
    Mistake("the end is turned round",
            "Which steps get a future in your y: those that terminated, or the others?",
            "the future is added exactly where there is none",
            lambda q, hat, ahead, r, end, m, gamma, alpha: _with()(q, hat, ahead, r, ~end, m, gamma, alpha)),
    Mistake("the errors are not squared",
            "The text asks for squared errors. Let one error be 3: how much does it add?",
            "that is another loss: it pulls at all errors equally hard",
            _with(total=lambda one, two, w, m: ((w * one.sqrt() + two.sqrt()) * m).sum() / m.sum())),
    Mistake("the discount factor is missing",
            "What comes one step later counts a little less. Where does gamma enter?",
            "with γ = 1 being quick is worth nothing",
            _with(g=False)),
    Mistake("the mask is forgotten",
            "Some entries were never played. What keeps them out of your loss?",
            "numbers that mean nothing would rule the loss",
            _with(total=lambda one, two, w, m: (w * one + two).mean())),
    Mistake("divided by all entries",
            "The sum has only the steps that were played. How many are they?",
            "a batch with much padding would count less",
            _with(total=lambda one, two, w, m: ((w * one + two) * m).mean())),
    Mistake("every row counts the same, however long it is",
            "One row has one step, another has five. How many terms does each have in a mean over the steps?",
            "a step of a short episode would count more than a step of a long one",
            _with(total=lambda one, two, w, m: (((w * one + two) * m).sum(1) / m.sum(1).clamp(min=1)).mean())),
    Mistake("the sum, not the mean",
            "Would twice as many steps give twice the loss?",
            "the step size would grow with the number of steps in the batch",
            _with(total=lambda one, two, w, m: ((w * one + two) * m).sum())),
    Mistake("the mean of the two losses",
            "The text adds the two. Let both be 3: what is the loss?",
            "all gradients come out half as long",
            _with(total=lambda one, two, w, m: ((w * one + two) * m).sum() / m.sum() / 2)),
    Mistake("the gradient flows through the target",
            "The value is right. But ask for the gradient of ahead: what should a target do when the loss pulls at it?",
            "the next state's value would be pulled towards the present one's, backwards in time"),
    Mistake("nothing can be learned from this loss",
            "The value is right, but there is no way back from it to q_tot. Which step cuts it?",
            "a loss without a gradient moves no weight"),
    Mistake("Q̂* cannot learn from this loss",
            "The value is right, but there is no way back from it to q_hat. What is a constant here, and what is not?",
            "y is a constant for both networks; Q̂*'s own value of the joint action played is not"),
)

EXERCISE = Exercise(
    number="13.3", title="The whole loss", answers={"ow_loss": "function"}, difficulty=3, minutes=15,
    practises="put weighted and unweighted errors together, with the gradient where it belongs",
    hints=("First y: one target for both networks, and a constant.",
           "Then the weights, from q_tot and y. They go before one of the two squared errors.",
           "Add the two squared errors step by step, keep the steps that were played, divide by how many they are."),
    mistakes=MISTAKES, look=look,
    off_limits=("qmix_course.algorithms.base.masked_mean", "qmix_course.algorithms.td_target"))
