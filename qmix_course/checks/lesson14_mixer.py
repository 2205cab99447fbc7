"""Checks of lesson 14: the duplex mixer with its gradient, and the lab about a maximum that counts too much."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

UNNAMED = "the values are not the expected ones"                    # the verdict on results that no mistake explains


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


# ---- 14.2: the mixer ---------------------------------------------------------------------------------------------------

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
                "softmax": w.softmax(-1)}.get(twist, w.abs() + 1e-10)
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
    return cases


VALUE_WRONGS = [(name, partial(twisted, twist=twist)) for name, twist in (
    ("λ stands where λ − 1 belongs", "λ"), ("the advantages are those from before the rescaling", "A before"),
    ("w may be negative", "raw w"), ("w is positive in another way than asked for", "relu"),
    ("w is positive in another way than asked for", "exp"), ("w is positive in another way than asked for", "softplus"),
    ("w is positive in another way than asked for", "softmax"), ("b is missing", "no b"),
    ("only the chosen values are rescaled", "best as it comes"), ("the correction has the wrong sign", "sign"),
    ("the correction has the wrong sign", "1 − λ"), ("V and λ − 1 do not go together", "V and λ − 1"),
    ("the agents are averaged", "mean"), ("the first sum is not rescaled", "first sum raw"), ("the correction is missing", "λ gone"))]
SLOPE_WRONGS = [(name, partial(twisted, twist=twist)) for name, twist in (
    ("the advantages are not detached", "no detach"), ("only half of the advantage is detached", "best only"),
    ("only half of the advantage is detached", "own only"), ("w still learns through the advantages", "w lives"),
    ("the first sum is detached", "first detached"), ("λ is detached", "λ detached"), ("no gradient at all", "nothing"))]


def measured(answer: Callable, case: tuple) -> list[torch.Tensor]:
    """The gradient of the summed Q_tot for every input; zeros where none arrives."""
    leaves = [x.clone().requires_grad_() for x in case]
    total = answer(*leaves)
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return [torch.zeros_like(x) for x in leaves]
    return list(torch.autograd.grad(total.sum(), leaves, allow_unused=True, materialize_grads=True))


def look_at_mixer(room: Room, answer) -> Verdict:
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


MIXER_MISTAKES = (
    Mistake("λ stands where λ − 1 belongs",
            "The first sum holds each advantage once already. How many times is it counted with your factor?",
            "then every advantage counts λ + 1 times, and λ → 0 no longer makes an entry equal to V"),
    Mistake("the advantages are those from before the rescaling",
            "By how much does w Q + b change when Q falls short by 1?",
            "the advantage belongs to the rescaled values; with others the two sums do not fit together, and IGM can be lost"),
    Mistake("w may be negative",
            "Print w. What happens to the order of an agent's actions when it is multiplied by −1?",
            "a negative w turns an agent's best action into the worst one for the team"),
    Mistake("w is positive in another way than asked for",
            "Yours is never negative either. Which function does the exercise ask for?",
            "other functions give other values for the same hypernetwork"),
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
            "Take the inputs one by one: for which of them does the gradient differ, and which line of yours does it pass?",
            "the values do not show where a gradient is cut off"),
)

# ---- 14.5: the lab -----------------------------------------------------------------------------------------------------

FILL = "an unavailable action gets a number that real values can lie below"


def errors_of(q, next_q, actions, available, next_available, reward, terminated, w, b, lam, next_w, next_b, twist: str = ""):
    """QPLEX's TD errors[B], row by row; γ = 0.99."""
    errors = []
    for k in range(len(q)):
        total, ahead = 0.0, 0.0
        for i in range(q.shape[1]):
            row, later = q[k, i].tolist(), next_q[k, i].tolist()
            may, may_later = available[k, i].tolist(), next_available[k, i].tolist()
            if twist == "now's mask":
                may_later = may
            if twist in ("unmasked", "swapped"):
                may_later = [True] * len(may_later)
            if twist == "first unmasked":
                may = [True] * len(may)
            scale, shift, share = float(w[k, i]), float(b[k, i]), float(lam[k, i])
            best = scale * max(x for x, m in zip(row, may) if m) + shift
            own = scale * row[int(actions[k, i])] + shift
            total += own + (share - 1) * (own - best)
            options = [x * m for x, m in zip(later, may_later)] if twist == "zeros" else [x for x, m in zip(later, may_later) if m]
            top = sum(options) / len(options) if twist == "mean" else max(options)
            ahead += top if twist == "not rescaled" else float(next_w[k, i]) * top + float(next_b[k, i])
        if twist == "w, b of now":
            ahead = sum(float(w[k, i]) * max(x for x, m in zip(next_q[k, i].tolist(), next_available[k, i].tolist()) if m)
                        + float(b[k, i]) for i in range(q.shape[1]))
        goes_on = 1.0 if twist == "terminated lost" else 1.0 - float(terminated[k])
        errors.append(total - float(reward[k]) - 0.99 * goes_on * ahead)
    return torch.tensor(errors, dtype=torch.float64)


def lab_cases() -> list[tuple]:
    cases = []
    for seed, (rows, n, a) in enumerate(((1, 1, 2), (1, 2, 3), (6, 2, 3), (8, 3, 4), (10, 2, 2))):
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape, generator=generator):
            return torch.randn(shape, generator=generator).round(decimals=2)

        available, next_available = (torch.rand(rows, n, a, generator=generator) < 0.6 for _ in range(2))
        actions = torch.randint(a, (rows, n), generator=generator)
        available.scatter_(-1, actions.unsqueeze(-1), True)
        next_available.scatter_(-1, torch.randint(a, (rows, n, 1), generator=generator), True)
        shift = -4.0 if seed % 2 else 0.0
        q, next_q = draw(rows, n, a) + shift, draw(rows, n, a) + shift
        if seed < 2:                                            # in the smallest cases the largest value is out of reach
            next_available[:] = False
            next_available.scatter_(-1, next_q.argmin(-1, keepdim=True), True)
        cases.append((q, next_q, actions, available, next_available, draw(rows), torch.rand(rows, generator=generator) < 0.3,
                      *(part.round(decimals=2) for part in (draw(rows, n).abs() + 0.1, draw(rows, n), draw(rows, n).abs() + 0.1,
                                                              draw(rows, n).abs() + 0.1, draw(rows, n)))))
    return cases


LAB_WRONGS = [(name, partial(errors_of, twist=twist)) for name, twist in (
    ("unavailable actions still count in the target", "unmasked"), ("the target has the mask of the step before", "now's mask"),
    ("unavailable actions count as 0", "zeros"), ("the first maximum lost its mask in the repair", "first unmasked"),
    ("the target takes a mean", "mean"), ("something else was changed in the repair", "terminated lost"),
    ("something else was changed in the repair", "not rescaled"), ("something else was changed in the repair", "w, b of now"))]


def moved(cases: list[tuple], by: float) -> list[tuple]:
    """The same cases with the utilities of both steps higher or lower by one number."""
    return [(q + by, next_q + by, *rest) for q, next_q, *rest in cases]


def look_at_lab(room: Room, wrong_line, answer) -> Verdict:
    cases = lab_cases()
    try:
        explained(room, answer, cases + moved(cases, -1e6), errors_of, LAB_WRONGS)
    except Found as found:
        if found.verdict.title != UNNAMED:
            raise
        if all(values.problem(room.ask(answer, *case), errors_of(*case), 1e-9) is None for case in moved(cases, 1e6)):
            raise room.wrong(FILL, found.verdict.detail) from None
        q, next_q, actions, available, next_available, *rest = cases[3]
        other = torch.where(next_available, next_q, next_q + 1000.0)
        one, two = (room.ask(answer, q, each, actions, available, next_available, *rest) for each in (next_q, other))
        if not values.loosely_equal(one, two, 1e-9):
            raise room.wrong("unavailable actions still count in the target", found.verdict.detail) from None
        raise
    room.line(wrong_line, 6)
    return Verdict("correct")


LAB_MISTAKES = (
    Mistake("unavailable actions still count in the target",
            "Give an action that is not available next the value 1000. Does your error change?",
            "the target promises a value that no team can reach, and the promise is handed back from step to step"),
    Mistake("the target has the mask of the step before",
            "There are two masks. Which of them belongs to the observation that next_q was computed from?",
            "what an agent could do before says nothing of what it can do now"),
    Mistake("unavailable actions count as 0",
            "Let all values be below 0. Which one wins your maximum?",
            "a 0 is a value like any other, and among negative ones it is the largest"),
    Mistake(FILL,
            "Which number do you put in for what is not available? Let all values of the agents be a million lower: does it still lose?",
            "values have any size and any sign, so only −inf, or something below all values at hand, loses against every one"),
    Mistake("the first maximum lost its mask in the repair",
            "An advantage compares with the best action that the agent *could* take. Is that what you compare with?",
            "the first maximum was right in the listing; a repair leaves what is right as it is"),
    Mistake("the target takes a mean",
            "What does a greedy team do next?",
            "the target is the value of the best joint action that is available, and no average"),
    Mistake("something else was changed in the repair",
            "Put your version beside the listing. Exactly one line should differ.",
            "a repair leaves what was right as it was"),
)

MIXERS = (
    Exercise(
        number="14.2", title="The duplex mixer", answers={"duplex": "function"}, difficulty=3, minutes=15,
        practises="build the mixer, and put the detach exactly where it belongs",
        hints=("Rescale both, the chosen values and the best ones. Then compare them.",
               "Five inputs, and a gradient may reach four of them. Which one not?",
               "w = |w| + 1e-10; own = w Q + b; best = w max + b; own.sum(−1) + ((λ − 1) · (own − best).detach()).sum(−1)."),
        mistakes=MIXER_MISTAKES, look=look_at_mixer),
    Exercise(
        number="14.5", title="A promise that nobody can keep", answers={"wrong_line_5": "value", "mended_errors": "function"}, lab=True,
        difficulty=2, minutes=8, practises="see that every maximum in an update needs the mask of its own step",
        hints=("There are two maxima in the listing. Compare what they are taken over.",
               "Follow `masked_next`. Where is it used?"),
        mistakes=LAB_MISTAKES, look=look_at_lab),
)
