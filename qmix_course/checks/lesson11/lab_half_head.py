"""11.4 · A fit that gives up: keep weights non-negative without cutting off their gradient."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch.nn import functional as F

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

CAUSE = "D"
BLAMED = {"A": "the step size is blamed", "B": "the class of the table is blamed", "C": "ELU is blamed",
          "E": "biases and V are blamed"}
AS_IT_WAS = "the listing as it was"
FAR = 40.0              # on the straight side of ELU; at −FAR its slope is 4e-18


def head_cases() -> list[tuple]:
    """agent_qs[B, N], raw_w1[B, N, E], raw_b1[B, E], raw_w2[B, E], raw_v[B]."""
    cases = []
    for seed, (batch, n_agents, units) in enumerate(((1, 1, 1), (3, 2, 1), (4, 2, 3), (2, 3, 4), (5, 1, 2))):
        generator = torch.Generator().manual_seed(seed)
        shapes = (batch, n_agents), (batch, n_agents, units), (batch, units), (batch, units), (batch,)
        case = [torch.randn(shape, generator=generator).mul(1.5).round(decimals=2) for shape in shapes]
        case[1][case[1].abs() < 0.1] = -0.4
        case[3][case[3].abs() < 0.1] = -0.3
        cases.append(tuple(case))
    far = torch.tensor([-30.0, -4.0, -0.001, 0.001, 4.0, 30.0])        # small and large raw weights, one unit a head
    for signs in (1.0, -1.0):
        cases.append((torch.tensor([[0.7]] * 6), far.view(6, 1, 1), torch.full((6, 1), 0.2), signs * far.view(6, 1),
                      torch.full((6,), -3.0)))
    return cases


def gradients(room: Room, answer, case) -> list[torch.Tensor]:
    """dQ_tot/d(each of the five inputs), summed over the batch; zeros where nothing arrives."""
    leaves = [value.clone().requires_grad_() for value in case]
    result = room.ask(answer, *leaves, may_change=range(len(leaves)))
    if not isinstance(result, torch.Tensor) or not result.requires_grad:
        raise room.wrong("nothing can be learned from it")
    found = torch.autograd.grad(result.sum(), leaves, allow_unused=True)
    return [torch.zeros_like(leaf) if grad is None else grad for leaf, grad in zip(leaves, found)]


def effective(room: Room, answer, case) -> tuple[torch.Tensor, torch.Tensor]:
    """What the repaired head makes of the raw weights: w1[B, N, E] and w2[B, E], read from its slopes with one unit on
    at a time. Where w2 is 0, no slope tells w1: it is read with raw_w2 above zero."""
    _, raw_w1, raw_b1, raw_w2, _ = case
    zero, units = torch.zeros_like(case[0]), raw_b1.shape[1]
    w1, w2 = torch.zeros_like(raw_w1), torch.zeros_like(raw_b1)
    for k in range(units):
        biases = torch.full_like(raw_b1, -FAR)
        biases[:, k] = FAR
        slopes = gradients(room, answer, (zero, raw_w1, biases, *case[3:]))
        w2[:, k] = slopes[2][:, k]
        cut = w2[:, k] == 0
        if cut.any():
            opened = gradients(room, answer, (zero, raw_w1, biases, torch.where(raw_w2 < 0, -raw_w2, raw_w2), case[4]))
            slopes = [torch.where(cut.view(-1, *[1] * (old.dim() - 1)), new, old) for old, new in zip(slopes, opened)]
        passed = slopes[2][:, k].unsqueeze(1)
        w1[:, :, k] = torch.where(passed == 0, 0.0, slopes[0] / passed)
    return w1, w2


def head(agent_qs, w1, b1, w2, v):
    """Q_tot[B] of weights that are ready."""
    return (F.elu(torch.einsum("bn,bne->be", agent_qs, w1) + b1) * w2).sum(1) + v


def twisted_head(agent_qs, raw_w1, raw_b1, raw_w2, raw_v, twist):
    if twist == "as it was":
        return head(agent_qs, raw_w1.relu(), raw_b1, raw_w2.relu(), raw_v)
    if twist == "no treatment":
        return head(agent_qs, raw_w1, raw_b1, raw_w2, raw_v)
    if twist == "biases":
        return head(agent_qs, raw_w1.abs(), raw_b1.abs(), raw_w2.abs(), raw_v)
    if twist == "value":
        return head(agent_qs, raw_w1.abs(), raw_b1, raw_w2.abs(), raw_v.abs())
    if twist == "everything":
        return head(agent_qs, raw_w1.abs(), raw_b1.abs(), raw_w2.abs(), raw_v.abs())
    if twist == "utilities":
        return head(agent_qs.abs(), raw_w1.abs(), raw_b1, raw_w2.abs(), raw_v)
    if twist == "products":
        hidden = F.elu(torch.einsum("bn,bne->be", agent_qs, raw_w1).abs() + raw_b1)
        return (hidden * raw_w2.abs()).sum(1) + raw_v
    if twist == "hidden":
        return (F.elu(torch.einsum("bn,bne->be", agent_qs, raw_w1) + raw_b1).abs() * raw_w2.abs()).sum(1) + raw_v
    if twist == "result":
        return (F.elu(torch.einsum("bn,bne->be", agent_qs, raw_w1) + raw_b1) * raw_w2).sum(1).abs() + raw_v
    if twist == "no value":
        return head(agent_qs, raw_w1.abs(), raw_b1, raw_w2.abs(), torch.zeros_like(raw_v))
    raise LookupError(twist)


def look(room: Room, cause, answer) -> Verdict:
    cases = head_cases()
    given = [room.ask(answer, *case) for case in cases]
    for got, case in zip(given, cases):
        problem = values.problem(got, torch.zeros_like(case[4]), 1e300)
        if problem is not None:
            raise room.misfit(problem.text, "The listing gives one number for each of the B rows.",
                              values.call("mended_value", case))
    for mistake in room.exercise.mistakes:
        if mistake.wrong is not None and all(values.loosely_equal(got, mistake.wrong(*case), 1e-9)
                                             for got, case in zip(given, cases)):
            if mistake.name == AS_IT_WAS and len(cut_off(room, answer, cases)) < 2:
                continue                                    # the same numbers, and another gradient
            raise room.wrong(mistake.name)
    below, dead = [], cut_off(room, answer, cases)
    for case in cases:
        w1, w2 = effective(room, answer, case)
        for name, weights, raw in (("w1", w1, case[1]), ("w2", w2, case[3])):
            if bool((weights < -1e-12).any()):
                below.append((name, float((weights / raw)[weights < -1e-12].abs().max())))
    if below and all(share < 0.5 for _, share in below):
        raise room.wrong("a leak lets weights below zero")
    if below:
        raise room.wrong("weights below zero" if {name for name, _ in below} == {"w1", "w2"}
                         else "one of the two kinds of weights is below zero")
    if ceiling(room, answer):
        raise room.wrong("the weights have a ceiling")
    if dead:
        raise room.wrong("no gradient reaches the weights that came out negative" if len(dead) == 2 else
                         "only one of the two kinds of weights is repaired")
    for got, case in zip(given, cases):
        w1, w2 = effective(room, answer, case)
        wanted = head(case[0], w1, case[2], w2, case[4])
        if not values.loosely_equal(got, wanted, 1e-7):
            raise room.wrong("the weights are right, and something else has changed", values.table(got, wanted))
    if not alone(room, answer):
        raise room.wrong("the weights are right, and something else has changed",
                         "a weight depends on how many units there are")
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


def cut_off(room: Room, answer, cases) -> set[str]:
    """Which raw weights below zero get no gradient, with every unit on and all other weights above zero."""
    found = set()
    for case in cases:
        ones, biases = torch.ones_like(case[0]), torch.full_like(case[2], FAR)
        for place, name in ((1, "w1"), (3, "w2")):
            raw = [ones, case[1].abs(), biases, case[3].abs(), case[4]]
            raw[place] = -raw[place]
            found |= {name} if bool((gradients(room, answer, raw)[place] == 0).any()) else set()
    return found


def alone(room: Room, answer) -> bool:
    """Whether a raw weight becomes the same weight in a head of one unit and in one of three."""
    sizes = []
    for units in (1, 3):
        case = (torch.zeros(1, 1), torch.full((1, 1, units), 0.7), torch.zeros(1, units), torch.full((1, units), -0.4),
                torch.zeros(1))
        w1, w2 = effective(room, answer, case)
        sizes.append((float(w1[0, 0, 0]), float(w2[0, 0])))
    return values.loosely_equal(sizes[0], sizes[1], 1e-7)


def ceiling(room: Room, answer) -> bool:
    """Whether a weight stops growing, however large the raw weight becomes, of either sign."""
    def grown(place: int, raw: float) -> float:
        sizes = []
        for sign in (1.0, -1.0):
            case = [torch.zeros(1, 1), torch.ones(1, 1, 1), torch.zeros(1, 1), torch.ones(1, 1), torch.zeros(1)]
            case[place] = torch.full_like(case[place], sign * raw)
            sizes.append(float(effective(room, answer, tuple(case))[place // 2].squeeze()))
        return max(sizes) if all(map(math.isfinite, sizes)) else math.inf    # exp leaves all numbers behind: no ceiling

    return any(grown(place, 1e8) <= 1.01 * grown(place, 1e4) < math.inf for place in (1, 3))


def twist(name: str) -> partial:
    return partial(twisted_head, twist=name)


MISTAKES = (
    Mistake(AS_IT_WAS,
            "Nothing has changed. What does the gradient of relu look like where its input is negative?",
            "weights that come out negative are zero, and so is their gradient, for good; and no weight into a unit "
            "whose own weight is cut off gets a gradient either", twist("as it was")),
    Mistake("weights below zero", "The weights learn now. Let a raw weight be −1: what happens to Q_tot when that "
                                  "utility rises?",
            "without a treatment the mixer is not monotone, and the agents are misled (lesson 04)",
            twist("no treatment")),
    Mistake("one of the two kinds of weights is below zero",
            "One of w1 and w2 is kept from going below zero. Is the other?",
            "a path from a utility to Q_tot passes two weights, and the sign of one alone turns it around"),
    Mistake("a leak lets weights below zero",
            "A leak gives a gradient, and a small negative weight. Is the mixer monotone with it?",
            "a weight a little below zero still turns the order of an agent's actions around"),
    Mistake("only one of the two kinds of weights is repaired",
            "Take the gradient of Q_tot with respect to both raw_w1 and raw_w2. In which are there still zeros?",
            "both kinds were cut off, and half of the kind that is left never learns"),
    Mistake("no gradient reaches the weights that came out negative",
            "The weights are at or above zero. Take their gradient where the raw weight is negative: a floor is flat.",
            "a clamp, or a small number added to relu, hides the zeros and leaves the gradient as it was"),
    Mistake("the biases are made non-negative too",
            "Which factors stand in the product of lesson 05, step 1? Can AND be made if no unit may bend to the right "
            "of zero?",
            "the biases may have any sign; without negative ones the units cannot bend where the table needs it",
            twist("biases")),
    Mistake("V is made non-negative too", "Can a team expect −6 from a state with your head?",
            "V(s) lifts the whole table and changes no order, so it may have any sign", twist("value")),
    Mistake("everything is made non-negative",
            "Only what a utility passes through must not be negative. Which of the four is that?",
            "biases and V(s) are no factors of any slope", twist("everything")),
    Mistake("the utilities are made positive", "Let a utility rise from −2 to −1. Does Q_tot rise in your version?",
            "a utility below zero then counts the wrong way round", twist("utilities")),
    Mistake("the absolute value is taken of the product",
            "You made q · w1 positive, which is not the same as w1. What if q rises from −1 to 0?",
            "the sign of the utility is lost along with that of the weight", twist("products")),
    Mistake("the absolute value is taken behind the unit",
            "Which sign may the weights in front of the unit still have?",
            "the slope of the absolute value is −1 on the left, so that the value falls there", twist("hidden")),
    Mistake("the absolute value is taken at the end",
            "Where the sum is negative, what does your absolute value do to its slope?",
            "then Q_tot falls where it should rise", twist("result")),
    Mistake("V is lost", "Add 1 to raw_v. What should Q_tot do?", "without V(s) no head can set the level of a state",
            twist("no value")),
    Mistake("the weights have a ceiling",
            "Make a raw weight larger and larger. Does its weight follow, or does it stop somewhere? The listing's "
            "could grow.",
            "a sigmoid, a softmax or an upper clamp limits the weights, and with them the range of what can be made"),
    Mistake("the weights are right, and something else has changed",
            "Weights and gradients are fine. Compare the last two lines of your version with the listing.",
            "the repair should change how the weights are treated and nothing else"),
    Mistake("nothing can be learned from it", "Which part of your head cuts it off from the raw weights?",
            "without a gradient no hypernetwork ever learns"),
    Mistake("the step size is blamed", "How much do the five errors change between update 200 and update 600?",
            "five curves are level: whoever stands still gets nowhere with more steps"),
    Mistake("the class of the table is blamed", "Does no start arrive at all? Look at start 5.",
            "AND is in QMIX's class, and one start makes it"),
    Mistake("ELU is blamed", "What is the slope of ELU at −2? And look at start 3: of the two weights into its unit 1, "
            "has only one moved?",
            "the slope of ELU is e to the x below zero and never 0, and a unit that did not learn would not move any "
            "of its weights"),
    Mistake("biases and V are blamed", "Which factors does the slope of Q_tot with respect to a utility have? Is a "
            "bias one of them?",
            "biases and V(s) are in no slope, so they cannot break the promise"),
)

EXERCISE = Exercise(
    number="11.4", title="A fit that gives up", answers={"cause": "value", "mended_value": "function"},
    formerly=("wrong_line",), difficulty=3, minutes=15, core=True,
    practises="keep weights non-negative without cutting off their gradient", lab=True,
    hints=("The head is monotone, so the promise is kept. What about the gradient of a weight that comes out negative?",
           "Which entries of the two tables are the same before and after? What do they have in common? (A "
           "weight above zero may stand still too, if the way from its unit to Q_tot is blocked.)",
           "You look for a function that is never negative and nowhere flat. Lesson 05 compared three."),
    mistakes=MISTAKES, look=look)
