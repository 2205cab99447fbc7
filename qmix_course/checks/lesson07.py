"""Checks of lesson 07: the targets and the loss; beside them the values that enter, the update and the labs."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson07_cases import update_case
from qmix_course.checks.lesson07_labs import LABS
from qmix_course.checks.lesson07_update import ROUGH, UPDATE
from qmix_course.checks.lesson07_values import VALUES
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

__all__ = ["EXERCISES", "update_case"]          # update_case: verdicts name it, so that a learner can run a case again


# ---- 07.3 the targets -------------------------------------------------------------------------------------------------

def td_targets(reward, terminated, next_q_tot, gamma):
    """The truth, row by row."""
    rows = zip(reward.tolist(), terminated.tolist(), next_q_tot.tolist())
    return torch.tensor([r if ended else r + gamma * after for r, ended, after in rows], dtype=torch.float64)


def look_at_targets(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(703)
    cases = []
    for batch, gamma in ((1, 0.5), (1, 0.9), (3, 0.9), (8, 0.99), (5, 1.0), (4, 0.0), (7, 0.937)):
        reward, after = (4 * torch.randn(2, batch, dtype=torch.float64, generator=generator)).round(decimals=2)
        cases.append((reward, torch.rand(batch, generator=generator) < 0.4, after, gamma))
    reward, _, after, gamma = cases[3]
    cases[1] = (cases[1][0], torch.tensor([True]), cases[1][2], 0.9)
    cases += [(reward, torch.full((8,), flag), after, gamma) for flag in (True, False)]
    table = room.ask(answer, *cases[2])
    if isinstance(table, torch.Tensor) and table.shape == (3, 3):
        raise room.wrong("a table in place of a list", values.call("td_targets", cases[2]) + "\n"
                         + values.table(table, td_targets(*cases[2])))
    room.compare(answer, cases, td_targets, ROUGH)
    return Verdict("correct")


TARGET_MISTAKES = (
    Mistake("the end of an episode is ignored",
            "After a step that terminated nothing follows. What is left of the target there?",
            "the last steps get a future that never comes, and hand it on to all earlier ones",
            lambda r, end, after, g: r + g * after),
    Mistake("the end is turned round",
            "Which rows get the future in your code: those that terminated, or the others?",
            "the future is added exactly where there is none",
            lambda r, end, after, g: r + g * end * after),
    Mistake("a terminated step pays nothing at all",
            "The step that ends an episode has a reward of its own.",
            "in the grid world only the last step pays the 10",
            lambda r, end, after, g: ~end * (r + g * after)),
    Mistake("the discount factor is missing",
            "What comes one step later counts a little less. Where does gamma enter?",
            "with γ = 1 being quick is worth nothing",
            lambda r, end, after, g: r + ~end * after),
    Mistake("the discount factor is on the reward",
            "The reward comes now. Which term lies one step in the future?",
            "what comes now is not late",
            lambda r, end, after, g: g * r + ~end * after),
    Mistake("everything is discounted",
            "Only one of the two terms lies in the future.",
            "all targets come out γ times too small",
            lambda r, end, after, g: g * (r + ~end * after)),
    Mistake("discounted twice",
            "How many steps lie between the reward and the next state? Count how often gamma is multiplied in.",
            "the future loses γ² a step in place of γ",
            lambda r, end, after, g: r + g * g * ~end * after),
    Mistake("the discount factor is a fixed number",
            "Call your function twice with different gamma: do the targets change?",
            "the function would be right for one setting only, and say nothing when that setting changes",
            lambda r, end, after, g: r + 0.99 * ~end * after),
    Mistake("the reward is missing",
            "The step itself paid something. Is it in your sum?",
            "without rewards all values go to zero",
            lambda r, end, after, g: g * ~end * after),
    Mistake("one row that ended ends the whole batch",
            "Every row is a transition of its own. Does your code ask one question for all rows, or one a row?",
            "the other rows lose their future because of a row that has nothing to do with them",
            lambda r, end, after, g: r if end.any() else r + g * after),
    Mistake("a table in place of a list",
            "Print the shape of your result for three rows. Which two shapes met, so that every row met every row?",
            "a loss of such a table pulls every value to the mean of all targets"),
)


# ---- 07.4 the loss of a padded batch ----------------------------------------------------------------------------------

def td_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    """The truth, step by step."""
    total = count = 0.0
    for b, t in torch.cartesian_prod(*(torch.arange(size) for size in q_tot.shape)).reshape(-1, 2).tolist():
        if mask[b, t] > 0:
            future = 0.0 if terminated[b, t] else gamma * float(next_q_tot[b, t])
            total, count = total + (float(q_tot[b, t]) - float(reward[b, t]) - future) ** 2, count + 1
    return total / count


def _loss_cases() -> list[tuple]:
    """Episodes of different lengths, some of which terminate and some of which the clock ends; then padding."""
    generator = torch.Generator().manual_seed(704)
    cases = []
    for batch, time, gamma in ((1, 1, 0.5), (1, 2, 0.9), (2, 3, 0.9), (4, 5, 0.99), (3, 1, 0.8), (5, 4, 1.0)):
        q_tot, after, reward = (3 * torch.randn(3, batch, time, dtype=torch.float64, generator=generator)).round(decimals=2)
        played = torch.randint(1, time + 1, (batch,), generator=generator)
        if batch == 1:
            played[0] = max(1, time - 1)
        clock = torch.arange(time)
        mask = (clock < played.unsqueeze(1)).to(torch.float64)
        last = clock == played.unsqueeze(1) - 1
        by_task = torch.arange(batch).unsqueeze(1) % 2 == 1
        cases.append((q_tot, after, reward * mask, last & by_task, last & ~by_task, mask, gamma))
    q_tot, after, reward, _, truncated, _, gamma = cases[4]                  # one step a row: nothing is padded
    ended, on_the_clock = torch.ones_like(truncated), torch.zeros_like(truncated)
    cases.append((q_tot, after, reward, ended, on_the_clock, torch.ones(3, 1, dtype=torch.float64), gamma))
    return cases


def look_at_loss(room: Room, answer) -> Verdict:
    cases = _loss_cases()
    room.compare(answer, cases, td_loss, ROUGH)
    for case in cases[2:4]:
        q_tot, after = case[0].clone().requires_grad_(), case[1].clone().requires_grad_()
        loss = room.ask(answer, q_tot, after, *case[2:], may_change=(0, 1))
        if not (q_tot.requires_grad and after.requires_grad and torch.equal(q_tot, case[0]) and torch.equal(after, case[1])):
            name = "q_tot" if not q_tot.requires_grad or not torch.equal(q_tot, case[0]) else "next_q_tot"
            raise room.wrong("your answer changes what it was given",
                             f"{name} came in with requires_grad=True: afterwards its requires_grad or its values are others")
        if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
            raise room.wrong("nothing can be learned from this loss")
        to_q, to_next = torch.autograd.grad(loss.sum(), (q_tot, after), allow_unused=True)
        if to_next is not None and to_next.abs().max() > 1e-12:
            raise room.wrong("the gradient flows through the target")
        if to_q is None or not to_q.any():
            raise room.wrong("nothing can be learned from this loss")
        _, _, reward, ended, _, mask, gamma = case
        wanted = 2 * (case[0] - reward - gamma * case[1] * ~ended) * mask / mask.sum()
        if not torch.allclose(to_q, wanted, rtol=ROUGH, atol=ROUGH):
            raise Found(Verdict("wrong", "the loss is right, but its gradient is not",
                                "Does every part of q_tot reach the loss with its gradient?", values.table(to_q, wanted)))
    return Verdict("correct")


def _square(q, after, r, end, g):
    return (q - (r + g * ~end * after)) ** 2


LOSS_MISTAKES = (
    Mistake("the mask is forgotten",
            "Some entries were never played. What keeps them out of your loss?",
            "numbers that mean nothing would rule the loss",
            lambda q, after, r, end, cut, m, g: _square(q, after, r, end, g).mean()),
    Mistake("divided by all entries",
            "The sum has only the steps that were played. How many are they? What do you divide by?",
            "a batch with much padding would count less: a learning rate that depends on how long the episodes were",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, end, g) * m).mean()),
    Mistake("the sum, not the mean",
            "Would twice as many steps give twice the loss?",
            "the step size would grow with the number of steps in the batch",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, end, g) * m).sum()),
    Mistake("the mean of the rows' means",
            "Should a step of a short episode count more than a step of a long one?",
            "every played step counts the same, wherever it stands",
            lambda q, after, r, end, cut, m, g: ((_square(q, after, r, end, g) * m).sum(-1) / m.sum(-1)).mean()),
    Mistake("divided by the number of rows",
            "How many squared errors are in your sum? That is not the number of episodes.",
            "long episodes would make long steps",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, end, g) * m).sum() / len(q)),
    Mistake("a clock that ran out cuts the target",
            "The task went on when the clock stopped it. Is the next state worth nothing there?",
            "the team learns that time itself ends the world, and values states by the clock that it does not see",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, end | cut, g) * m).sum() / m.sum()),
    Mistake("truncated in place of terminated",
            "Which of the two flags says that nothing follows, and which that nobody looked?",
            "the future is cut where there is one and kept where there is none",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, cut, g) * m).sum() / m.sum()),
    Mistake("the end of an episode is ignored",
            "Where the task terminated, what follows?",
            "the last steps get a future that never comes",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, torch.zeros_like(end), g) * m).sum() / m.sum()),
    Mistake("the discount factor is missing",
            "What comes one step later counts a little less. Where does gamma enter?",
            "with γ = 1 being quick is worth nothing",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, end, 1.0) * m).sum() / m.sum()),
    Mistake("the steps at which the clock ran out are left out",
            "Such a step was played, and its next state is known. Why should nothing be learned from it?",
            "they are steps like all others: what follows is worth what the next state is worth",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, end, g) * m * ~cut).sum() / (m * ~cut).sum()),
    Mistake("half the loss",
            "The text asks for the mean of the squared errors. Let there be one error of 3: what is the loss?",
            "all gradients come out half as long, as if the learning rate were half as large",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, end, g) * m).sum() / m.sum() / 2),
    Mistake("only one side of the difference is masked",
            "In the padding both numbers must go. Which one is still there?",
            "what remains of the padding is squared and added like an error",
            lambda q, after, r, end, cut, m, g: ((q * m - (r + g * ~end * after)) ** 2).sum() / m.sum()),
    Mistake("the errors are not squared",
            "Can an error of +1 and one of −1 cancel in your loss?",
            "errors of both signs would make up for each other",
            lambda q, after, r, end, cut, m, g: ((q - (r + g * ~end * after)) * m).sum() / m.sum()),
    Mistake("absolute errors",
            "The text asks for squared errors. Let one error be 3: how much does it add?",
            "that is another loss, with other gradients: it pulls at all errors equally hard",
            lambda q, after, r, end, cut, m, g: ((q - (r + g * ~end * after)).abs() * m).sum() / m.sum()),
    Mistake("the gradient flows through the target",
            "The value is right. But ask for the gradient of next_q_tot: what should a target do when the loss pulls at it?",
            "the next state's value is pulled back towards the present one's, backwards in time"),
    Mistake("nothing can be learned from this loss",
            "The value is right, but there is no way back from it to q_tot. Which step cuts it?",
            "a loss without a gradient moves no weight"),
)


EXERCISES = (
    *VALUES,
    Exercise(
        number="07.3", title="The targets of a batch", answers={"td_targets": "function"}, difficulty=2, minutes=5,
        practises="compute TD targets for a whole batch",
        hints=("Two terms: one is paid now, one lies a step ahead.",
               "The later term is counted gamma times, and not at all where the task terminated.",
               "One line is enough: torch can choose between two tensors entry by entry. A product with a flag does it too."),
        mistakes=TARGET_MISTAKES, look=look_at_targets, off_limits=("qmix_course.algorithms.td_target",)),
    Exercise(
        number="07.4", title="The loss of a padded batch", answers={"td_loss": "function"}, difficulty=3, minutes=10,
        practises="write the masked mean of squared TD errors, with the gradient where it belongs",
        hints=("First the targets. Which of the two flags cuts them?",
               "The target is a number to aim at. The lesson computes it where torch keeps no record for the gradient.",
               "The mask multiplies the squared errors. Then divide by how many of them count."),
        mistakes=LOSS_MISTAKES, look=look_at_loss,
        off_limits=("qmix_course.algorithms.base.masked_mean", "qmix_course.algorithms.td_target")),
    UPDATE,
    *LABS,
)
