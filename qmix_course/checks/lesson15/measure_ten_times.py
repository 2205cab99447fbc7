"""15.5 · Measure it: ten times the weight, or ten times the steps: change one thing, train over seeds, conclude no more
than was measured."""

from __future__ import annotations

import torch

from qmix_course.checks import experiment
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.envs import MatrixGame

BEST = 8.0
WEIGHT, STEPS = "ten times the weight", "ten times the steps"
ARMS = {"as it is": (1.0, 500), WEIGHT: (10.0, 500), STEPS: (1.0, 5_000)}


def run(arm, seeds) -> list[float]:
    payoff, (weight, n_steps) = MatrixGame("qtran").payoff.double(), ARMS[arm]
    share = torch.tensor([1 / 12, 10 / 12, 1 / 12], dtype=torch.float64)
    often, teams = share.outer(share), torch.arange(len(seeds))
    starts = [_start(seed) for seed in seeds]
    own, joint, v = parts = [torch.stack(each).requires_grad_() for each in zip(*starts)]
    optimiser = torch.optim.Adam(parts, lr=0.05)
    for _ in range(n_steps):
        held, best = joint.detach(), own.argmax(2)
        gap = own[:, 0, :, None] + own[:, 1, None, :] - held + v[:, None, None]
        td = (often * (joint - payoff) ** 2).sum()
        opt = (gap[teams, best[:, 0], best[:, 1]] ** 2).sum()
        nopt = (often * gap.clamp(max=0) ** 2).sum()
        optimiser.zero_grad()
        (td + opt + weight * nopt).backward()
        optimiser.step()
    best = own.argmax(2)
    return payoff[best[:, 0], best[:, 1]].tolist()


def _start(seed) -> tuple[torch.Tensor, ...]:
    """The utilities [2, A], Q_jt [A, A] and V of one team before it learns."""
    generator = torch.Generator().manual_seed(int(seed))
    return tuple(0.1 * torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((2, 3), (3, 3), ()))


def ahead(numbers, arm, *others) -> bool:
    """Clearly more of its teams choose the 8."""
    return experiment.ahead(numbers, arm, BEST, *others)


PLAN = experiment.Plan(
    arms=tuple(ARMS), run=run, given=True, fresh=1_039,     # with ten times the steps its agents do not agree
    follows={
        "A": lambda numbers: not ahead(numbers, WEIGHT, "as it is") and not ahead(numbers, STEPS, "as it is"),
        "B": lambda numbers: ahead(numbers, STEPS, WEIGHT),
        "C": lambda numbers: any(0 < value < BEST for value in numbers[STEPS]),
        "D": lambda numbers: ahead(numbers, WEIGHT),
        "E": lambda numbers: False,
    },
    told={
        "A": "the joint value is blamed for what the agents do",
        "B": "patience is taken for a stronger push",
        "C": "a mean is read as if each team had it",
        "E": "more is concluded than was measured",
    })

MISTAKES = (
    *experiment.COMMON,
    Mistake("the joint value is blamed for what the agents do",
            "What do the teams with ten times the weight choose? Did they see other data?",
            "the table knows the 8 in all arms; what differs is how hard it pushes the agents"),
    Mistake("patience is taken for a stronger push",
            "In which arm do more teams choose 8? How many times as long did they learn?",
            "more steps leave the balance between the two penalties as it was, and many teams stay where it is"),
    Mistake("a mean is read as if each team had it",
            "Print the list of one arm, not its mean. Which numbers stand in it?",
            "each team chooses one entry of the table, and no entry lies between 0 and 8: what changes is how many "
            "choose the 8"),
    Mistake("more is concluded than was measured",
            "How many weights did you try, and how many games?",
            "one game and two weights say nothing of the next game, or of a hundred times the weight"),
)

EXERCISE = Exercise(
    number="15.5", title="Measure it: ten times the weight, or ten times the steps", answers=experiment.ANSWERS,
    difficulty=3, minutes=12, practises="tell a force that is too weak from a time that is too short",
    hints=(
        "learn gives utilities, not choices. What does each agent take, when it has the utilities own[k, i]?",
        "PAYOFF[u1, u2] works for two tensors of indices as well: one entry for each team.",
        "Before you conclude, look at the lists themselves: how many teams of each arm have the 8?",
    ),
    mistakes=MISTAKES, look=PLAN.look)
