"""14.2 · The duplex mixer: build the mixer, and put the detach exactly where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def explained(room: Room, answer: Callable, cases: list[tuple], truth: Callable, wrongs: list[tuple[str, Callable]],
              tolerance: float = 1e-9) -> None:
    """``room.compare``; what it cannot explain gets the name of the first of ``wrongs`` that gives the same numbers."""
    try:
        room.compare(answer, cases, truth, tolerance)
    except Found as found:
        if found.verdict.title != UNNAMED:
            raise
        given = [room.ask(answer, *case) for case in cases]
        for name, wrong in wrongs:
            if all(values.loosely_equal(got, wrong(*case), tolerance) for got, case in zip(given, cases)):
                raise room.wrong(name, found.verdict.detail) from None
        raise


INPUTS = ("agent_qs", "best_qs", "w", "b", "lam")


def q_tot(agent_qs, best_qs, w, b, lam) -> torch.Tensor:
    """Number by number, from V and λ A."""
    n_agents = agent_qs.shape[-1]
    rows = zip(*(x.reshape(-1, n_agents).tolist() for x in (agent_qs, best_qs, w, b, lam)))
    totals = []
    for q, best, weight, bias, share in rows:
        total = 0.0
        for i in range(n_agents):
            positive = abs(weight[i]) + 1e-10
            v = positive * best[i] + bias[i]
            total += v + share[i] * (positive * q[i] + bias[i] - v)
        totals.append(total)
    return torch.tensor(totals, dtype=torch.float64).view(agent_qs.shape[:-1])


def slopes(agent_qs, best_qs, w, b, lam) -> list[torch.Tensor]:
    """The gradient of the summed Q_tot for each input, with A_i held fixed in the correction."""
    positive = w.abs() + 1e-10
    return [positive, torch.zeros_like(b), agent_qs * w.sign(), torch.ones_like(b), positive * (agent_qs - best_qs)]


def twisted(agent_qs, best_qs, w, b, lam, twist: str = "") -> torch.Tensor:
    """The mixer with something done wrong."""
    positive = {"raw w": w, "relu": w.relu(), "exp": w.exp(), "softplus": torch.nn.functional.softplus(w),
                "softmax": w.softmax(-1), "floor": w.abs().clamp(min=0.01)}.get(twist, w.abs() + 1e-10)
    bias = 0 * b if twist == "no b" else b
    own, best = positive * agent_qs + bias, positive * best_qs + bias
    a = own - best
    if twist == "A before":
        a = agent_qs - best_qs
    elif twist == "best as it comes":
        a = own - best_qs
    elif twist == "sign":
        a = best - own
    live = {"no detach": a, "best only": own - best.detach(), "own only": own.detach() - best,
            "w lives": positive * (agent_qs - best_qs).detach()}
    a = live.get(twist, a.detach())
    factor = {"λ": lam, "λ gone": 0 * lam, "1 − λ": 1 - lam}.get(twist, lam - 1)
    if twist == "λ detached":
        factor = factor.detach()
    start = {"V and λ − 1": best, "first detached": own.detach(), "first sum raw": agent_qs}.get(twist, own)
    terms = start + factor * a
    if twist == "one λ":
        terms = start + (lam.prod(-1, keepdim=True) - 1) * a
    total = terms.mean(-1) if twist == "mean" else terms.sum(-1)
    return total.detach() if twist == "nothing" else total


def mixer_cases() -> list[tuple]:
    cases = []
    for seed, leading in enumerate(((1,), (4,), (2, 3), (), (5, 1, 2), (6,))):
        generator = torch.Generator().manual_seed(seed)
        shape = (*leading, (2, 3, 2, 4, 1, 2)[seed])
        agent_qs, gap, w, b = ((2 * torch.randn(shape, generator=generator)).round(decimals=2) for _ in range(4))
        lam = (3 * torch.rand(shape, generator=generator) + 0.1).round(decimals=2)
        cases.append((agent_qs, (agent_qs + gap.abs()).round(decimals=2), w, b, lam))
    # w near 0, λ from 0.001 to 50
    small = torch.tensor([[1e-4, -1e-4], [-0.003, 0.5]]), torch.tensor([[0.0, 1.0], [-2.0, 0.0]])
    return [*cases, (torch.tensor([[100.0, -80.0], [0.0, 3.0]]), torch.tensor([[150.0, -80.0], [2.0, 8.0]]), *small,
                     torch.tensor([[0.001, 1.0], [50.0, 0.2]]))]


VALUE_WRONGS = [(name, partial(twisted, twist=twist)) for name, twist in (
    ("λ stands where λ − 1 belongs", "λ"), ("the advantages are those from before the rescaling", "A before"),
    ("w may be negative", "raw w"), ("w is positive in another way than asked for", "relu"),
    ("w is positive in another way than asked for", "exp"), ("w is positive in another way than asked for", "softplus"),
    ("w is positive in another way than asked for", "softmax"), ("w is kept away from 0", "floor"),
    ("b is missing", "no b"),
    ("only the chosen values are rescaled", "best as it comes"), ("the correction has the wrong sign", "sign"),
    ("the correction has the wrong sign", "1 − λ"), ("V and λ − 1 do not go together", "V and λ − 1"),
    ("the agents are averaged", "mean"), ("the first sum is not rescaled", "first sum raw"),
    ("the correction is missing", "λ gone"))]
SLOPE_WRONGS = [(name, partial(twisted, twist=twist)) for name, twist in (
    ("the advantages are not detached", "no detach"), ("only half of the advantage is detached", "best only"),
    ("only half of the advantage is detached", "own only"), ("w still learns through the advantages", "w lives"),
    ("the first sum is detached", "first detached"), ("λ is detached", "λ detached"),
    ("no gradient at all", "nothing"))]


def measured(answer: Callable, case: tuple) -> list[torch.Tensor]:
    """The gradient of the summed Q_tot for every input; zeros where none arrives."""
    leaves = [x.clone().requires_grad_() for x in case]
    total = answer(*leaves)
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return [torch.zeros_like(x) for x in leaves]
    return list(torch.autograd.grad(total.sum(), leaves, allow_unused=True, materialize_grads=True))


def look(room: Room, answer) -> Verdict:
    cases = mixer_cases()
    explained(room, answer, cases, q_tot, VALUE_WRONGS, tolerance=1e-7)
    given = [measured(lambda *leaves: room.ask(answer, *leaves, may_change=tuple(range(5))), case) for case in cases]
    if values.loosely_equal(given, [slopes(*case) for case in cases], 1e-7):
        return Verdict("correct")
    first, want = given[0], slopes(*cases[0])
    wrong_one = next((k for k in range(5) if not values.loosely_equal(first[k], want[k], 1e-7)), 0)
    detail = f"gradient of Q_tot for {INPUTS[wrong_one]}\n" + values.table(first[wrong_one], want[wrong_one])
    for name, wrong in SLOPE_WRONGS:
        if values.loosely_equal(given, [measured(wrong, case) for case in cases], 1e-7):
            raise room.wrong(name, detail)
    raise room.wrong("the values are right, the gradient is not", detail)


MISTAKES = (
    Mistake("λ stands where λ − 1 belongs",
            "The first sum holds each advantage once already. How many times is it counted with your factor?",
            "then every advantage counts λ + 1 times, and λ → 0 no longer makes an entry equal to V"),
    Mistake("the advantages are those from before the rescaling",
            "By how much does w Q + b change when Q falls short by 1?",
            "the advantage belongs to the rescaled values; with others the two sums do not fit together, and IGM can "
            "be lost"),
    Mistake("w may be negative",
            "Print w. What happens to the order of an agent's actions when it is multiplied by −1?",
            "a negative w turns an agent's best action into the worst one for the team"),
    Mistake("w is positive in another way than asked for",
            "Yours is never negative either. Which function does the exercise ask for?",
            "other functions give other values for the same hypernetwork"),
    Mistake("w is kept away from 0",
            "Let w be 0.0001. Which w does your mixer use?",
            "a w near 0 says that an agent hardly matters in a state; a floor far above 0 takes that away"),
    Mistake("b is missing",
            "b cancels in the advantages. Does it cancel everywhere?",
            "the state's own value comes in through b, and nowhere else"),
    Mistake("only the chosen values are rescaled",
            "An advantage compares two values. Have both been through w and b?",
            "a rescaled value against one that is not is no advantage: it need not even be below 0"),
    Mistake("the correction has the wrong sign",
            "With λ = 2 and an advantage of −1, should Q_tot be above or below VDN's sum?",
            "a λ above 1 must make a deviation worth less than the sum says"),
    Mistake("V and λ − 1 do not go together",
            "From V the factor is λ, from the sum of the Q_i it is λ − 1. Which pair did you take?",
            "V + (λ − 1) A leaves one A out, and for λ below 1 a deviation is worth more than V"),
    Mistake("the agents are averaged",
            "With four agents your number is a quarter of the right one.",
            "the team's value is a sum over the agents"),
    Mistake("the first sum is not rescaled",
            "Which values go into the first sum: those before w and b, or those after?",
            "both sums speak of the same, rescaled values"),
    Mistake("the correction is missing",
            "Change λ. Does your Q_tot move?",
            "without it the mixer is a weighted VDN and cannot make more than sums"),
    Mistake("the advantages are not detached",
            "Let λ be 20. How loudly does an agent hear an error with your version?",
            "the true slope is λ w; QPLEX's agents hear the error at volume w, whatever λ is"),
    Mistake("only half of the advantage is detached",
            "An advantage is a difference of two values. Through which of them does a gradient still pass?",
            "then an error moves one end of the difference and not the other"),
    Mistake("w still learns through the advantages",
            "The utilities are shut out of the correction. Is everything else in the advantage shut out too?",
            "the rescaling is part of the advantage: the authors' code detaches the difference after it"),
    Mistake("the first sum is detached",
            "Which of the two sums is the agents' only source of a gradient?",
            "without it the agents never learn at all"),
    Mistake("λ is detached",
            "Who is to learn the size of the correction?",
            "λ must hear the error times the advantage, or it stays as it was drawn"),
    Mistake("no gradient at all",
            "Call backward on your Q_tot. Where does it arrive?",
            "the mixer is part of the network that learns; only the advantages in the correction are numbers"),
    Mistake("the values are right, the gradient is not",
            "Take the inputs one by one: for which of them does the gradient differ, and which line of yours does it "
            "pass?",
            "the values do not show where a gradient is cut off"),
)

EXERCISE = Exercise(
    number="14.2", title="The duplex mixer", answers={"duplex": "function"}, difficulty=3, minutes=15,
    practises="build the mixer, and put the detach exactly where it belongs",
    hints=("Rescale both, the chosen values and the best ones. Then compare them.",
           "Five inputs, and a gradient may reach four of them. Which one not?",
           "w = |w| + 1e-10; own = w Q + b; best = w max + b; own.sum(−1) + ((λ − 1) · (own − "
           "best).detach()).sum(−1)."),
    mistakes=MISTAKES, look=look)
