"""07.4 · The loss of a padded batch: write the masked mean of squared TD errors, with the gradient where it belongs."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson07.qmix_update import ROUGH
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


def td_loss(q_tot, next_q_tot, reward, terminated, truncated, mask, gamma):
    """The truth, step by step."""
    total = count = 0.0
    for b, t in torch.cartesian_prod(*(torch.arange(size) for size in q_tot.shape)).reshape(-1, 2).tolist():
        if mask[b, t] > 0:
            future = 0.0 if terminated[b, t] else gamma * float(next_q_tot[b, t])
            total, count = total + (float(q_tot[b, t]) - float(reward[b, t]) - future) ** 2, count + 1
    return total / count


def _loss_cases() -> list[tuple]:
    """Episodes of different lengths, some of which terminate and some of which the clock ends; then padding.

    In most of them the padding holds any numbers and flags, and in two of them a row has no step that was played.
    """
    generator = torch.Generator().manual_seed(704)
    cases = []
    for batch, time, gamma in ((1, 1, 0.5), (1, 2, 0.9), (2, 3, 0.9), (4, 5, 0.99), (3, 1, 0.8), (5, 4, 1.0)):
        q_tot, after, reward = (3 * torch.randn(3, batch, time, dtype=torch.float64,
                                                generator=generator)).round(decimals=2)
        played = torch.randint(1, time + 1, (batch,), generator=generator)
        if batch == 1:
            played[0] = max(1, time - 1)
        clock = torch.arange(time)
        mask = (clock < played.unsqueeze(1)).to(torch.float64)
        last = clock == played.unsqueeze(1) - 1
        by_task = torch.arange(batch).unsqueeze(1) % 2 == 1
        ended, cut = last & by_task, last & ~by_task
        if batch > 1:
            ended, cut = (torch.where(mask > 0, flag, torch.rand(batch, time, generator=generator) < 0.5)
                          for flag in (ended, cut))
            after = torch.where(mask > 0, after, 40 * after)
        cases.append((q_tot, after, reward * (mask if batch == 1 else 1), ended, cut, mask, gamma))
    q_tot, after, reward, _, truncated, _, gamma = cases[4]                  # one step a row: nothing is padded
    ended, on_the_clock = torch.ones_like(truncated), torch.zeros_like(truncated)
    cases.append((q_tot, after, reward, ended, on_the_clock, torch.ones(3, 1, dtype=torch.float64), gamma))
    for case, played in ((cases[2], [[1, 1, 0], [0, 0, 0]]), (cases[3], [[0] * 5, [1] + [0] * 4, [0] * 5, [0] * 5])):
        cases.append((*case[:5], torch.tensor(played, dtype=torch.float64), case[6]))
    return cases


def look(room: Room, answer) -> Verdict:
    cases = _loss_cases()
    try:
        room.compare(answer, cases, td_loss, ROUGH)
    except Found as found:
        known = {mistake.name for mistake in MISTAKES}
        if (found.verdict.kind == "wrong" and found.verdict.title not in known
            and _is_number(room.ask(answer, *cases[0]))):
            _in_small(room, answer)
        raise
    for case in cases[2:4]:
        q_tot, after = case[0].clone().requires_grad_(), case[1].clone().requires_grad_()
        loss = room.ask(answer, q_tot, after, *case[2:], may_change=(0, 1))
        if not (q_tot.requires_grad and after.requires_grad and torch.equal(q_tot, case[0])
                and torch.equal(after, case[1])):
            name = "q_tot" if not q_tot.requires_grad or not torch.equal(q_tot, case[0]) else "next_q_tot"
            raise room.wrong("your answer changes what it was given",
                             f"{name} came in with requires_grad=True: afterwards its requires_grad or its values are "
                             f"others")
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
                                "Does every part of q_tot reach the loss with its gradient?",
                                values.table(to_q, wanted)))
    return Verdict("correct")


def _is_number(loss) -> bool:
    return isinstance(loss, (torch.Tensor, float, int)) and torch.as_tensor(loss).numel() == 1


def _batch(*rows: str, error: float = 3.0) -> tuple:
    """A batch from words: p a played step, e one that terminated, c one that the clock ended, 0 padding with zeros,
    x padding with numbers. Each played step has the same error, or with ``error=0`` the k-th the error k."""
    steps = [[(letter, error or 1.0 + len(row) * b + t) for t, letter in enumerate(row)] for b, row in enumerate(rows)]
    reward = torch.tensor([[0.0 if letter == "0" else 0.5 for letter, _ in row] for row in steps])
    after = torch.tensor([[{"0": 0.0, "x": 70.0}.get(letter, 3.0) for letter, _ in row] for row in steps])
    ended, cut = (torch.tensor([[letter == flag for letter, _ in row] for row in steps]) for flag in "ec")
    q_tot = torch.tensor([[{"0": 0.0, "x": -20.0}.get(letter, size) for letter, size in row] for row in steps])
    mask = torch.tensor([[float(letter in "pec") for letter, _ in row] for row in steps])
    return q_tot + mask * (reward + 0.5 * after * ~ended), after, reward, ended, cut, mask, 0.5


def _in_small(room: Room, answer) -> None:
    """One step of each kind, then more steps, then padding: say what is the first thing that is off."""
    single = [(*_batch("p", error=error)[:6], gamma) for error, gamma in ((3.0, 0.5), (-2.0, 0.9), (0.5, 0.0))]
    stages = ((single, "the error of a single step is another one"),
              ([_batch("e"), _batch("c"), _batch("e", error=2.0)], None),
              ([_batch("e")], "the end of an episode is ignored"),
              ([_batch("c")], "a clock that ran out cuts the target"),
              ([_batch("pp"), _batch("p", "p"), _batch("ppp", "ppp")], DIVIDED),
              ([_batch("p0"), _batch("p", "0"), _batch("pp00")], DIVIDED),
              ([_batch("px"), _batch("x", "p")], "the mask is forgotten"),
              ([_batch("pp0", "ppp", error=0)], "the steps do not count the same"))
    for cases, fallback in stages:
        given, expected = [room.ask(answer, *case) for case in cases], [td_loss(*case) for case in cases]
        off = [k for k, (got, want) in enumerate(zip(given, expected)) if values.problem(got, want, ROUGH)]
        if not off:
            continue
        explained = (mistake.name for mistake in MISTAKES if mistake.wrong and all(
            values.loosely_equal(got, mistake.wrong(*case), ROUGH) for got, case in zip(given, cases)))
        name = next(explained, fallback)
        if name:
            raise room.wrong(name, values.call("td_loss", cases[off[0]]) + "\n"
                             + values.table(given[off[0]], expected[off[0]]))


def _square(q, after, r, end, g):
    return (q - (r + g * ~end * after)) ** 2


DIVIDED = "divided by something else than the number of played steps"
MISTAKES = (
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
    Mistake("the mean is squared, not the errors",
            "Let one error be 3 and another one −3. In which order do you square and take the mean?",
            "errors of both signs would make up for each other",
            lambda q, after, r, end, cut, m, g: (((q - (r + g * ~end * after)) * m).sum() / m.sum()) ** 2),
    Mistake("the root of the mean",
            "The text asks for the mean of the squares itself. What have you done to it afterwards?",
            "the root has other gradients: they no longer get smaller with the error",
            lambda q, after, r, end, cut, m, g: ((_square(q, after, r, end, g) * m).sum() / m.sum()).sqrt()),
    Mistake("the discount factor is a fixed number",
            "Call your function twice with different gamma: does the loss change?",
            "the function would be right for one setting only, and say nothing when that setting changes",
            lambda q, after, r, end, cut, m, g: (_square(q, after, r, end, 0.99) * m).sum() / m.sum()),
    Mistake("a terminated step pays nothing at all",
            "The step that ends an episode has a reward of its own. Is it still in your target?",
            "in the grid world only the last step pays the 10",
            lambda q, after, r, end, cut, m, g: ((q - ~end * (r + g * after)) ** 2 * m).sum() / m.sum()),
    Mistake("the steps that ended the task are left out",
            "A step that terminated was played and has an error. Is it in your sum, and in your count?",
            "in the grid world that is the step that pays",
            lambda q, after, r, end, cut, m, g: (
                (_square(q, after, r, end, g) * m * ~end).sum() / (m * ~end).sum().clamp(min=1))),
    Mistake("the error of a single step is another one",
            "Take one row with one step that did not end the episode: no mask, no mean, no flags. Work out on paper "
            "how far q_tot is from its target there, and square it. Which part of the target is another one in your "
            "code?",
            "what is wrong for one step is wrong for all of them"),
    Mistake(DIVIDED,
            "Let every played step be off by 3. Then the loss is 9, whatever the shape of the batch and however much "
            "is padded. What do you divide by?",
            "the step size would depend on the shape of the batch or on its padding"),
    Mistake("the steps do not count the same",
            "Let one played step be off by 3, and the others by 0. Does it matter in which row and column it stands?",
            "every played step counts the same, wherever it stands"),
    Mistake("the gradient flows through the target",
            "The value is right. But ask for the gradient of next_q_tot: what should a target do when the loss pulls "
            "at it?",
            "the next state's value is pulled back towards the present one's, backwards in time"),
    Mistake("nothing can be learned from this loss",
            "The value is right, but there is no way back from it to q_tot. Which step cuts it?",
            "a loss without a gradient moves no weight"),
)

EXERCISE = Exercise(
    number="07.4", title="The loss of a padded batch", answers={"td_loss": "function"}, difficulty=3, minutes=10,
    practises="write the masked mean of squared TD errors, with the gradient where it belongs",
    hints=("First the targets. Which of the two flags cuts them?",
           "The target is a number to aim at. The lesson computes it where torch keeps no record for the gradient.",
           "The mask multiplies the squared errors. Then divide by how many of them count."),
    mistakes=MISTAKES, look=look,
    off_limits=("qmix_course.algorithms.base.masked_mean", "qmix_course.algorithms.td_target"))
