"""07.3 · The targets of a batch: compute TD targets for a whole batch."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson07.qmix_update import ROUGH
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def td_targets(reward, terminated, next_q_tot, gamma):
    """The truth, row by row."""
    rows = zip(reward.tolist(), terminated.tolist(), next_q_tot.tolist())
    return torch.tensor([r if ended else r + gamma * after for r, ended, after in rows], dtype=torch.float64)


def look(room: Room, answer) -> Verdict:
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


MISTAKES = (
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

EXERCISE = Exercise(
    number="07.3", title="The targets of a batch", answers={"td_targets": "function"}, difficulty=2, minutes=5,
    practises="compute TD targets for a whole batch",
    hints=("Two terms: one is paid now, one lies a step ahead.",
           "The later term is counted gamma times, and not at all where the task terminated.",
           "One line is enough: torch can choose between two tensors entry by entry. A product with a flag does it "
           "too."),
    mistakes=MISTAKES, look=look, off_limits=("qmix_course.algorithms.td_target",))
