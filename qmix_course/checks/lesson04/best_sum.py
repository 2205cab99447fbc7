"""04.4 · The best sum: fit VDN to a table exactly, for any number of agents and any weights."""

from __future__ import annotations

import contextlib
import itertools

import torch

from qmix_course.checks import values
from qmix_course.checks.edges import at_the_edge
from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.lesson04.shared import best_sum
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

CLOSE = 1e-6            # so near must a fit be: fits that go step by step until nothing moves are welcome


def fit_case(n_agents: int, n_actions: int, seed: int, kind: str = "free") -> tuple:
    generator = torch.Generator().manual_seed(seed)
    shape = [n_actions] * n_agents
    table = (4 * torch.randn(shape, generator=generator)).round(decimals=2)
    if kind == "sum":
        parts = (3 * torch.randn(n_agents, n_actions, generator=generator)).round(decimals=2)
        table = sum(parts[i].view([-1 if k == i else 1 for k in range(n_agents)])
                    for i in range(n_agents)).expand(shape).clone()
    weights = torch.randint(1, 9, shape, generator=generator) / 4.0
    return table, torch.full(shape, 0.25) if kind == "even" else weights


def look(room: Room, answer) -> Verdict:
    cases = [(torch.tensor([[0.0, 1.0], [1.0, 8.0]]), torch.tensor([[0.05, 0.05], [0.05, 0.85]]))]
    cases += [fit_case(*sizes, seed, kind) for seed, (sizes, kind) in enumerate((
        ((2, 2), "free"), ((2, 3), "free"), ((3, 2), "free"), ((3, 3), "free"), ((1, 4), "free"), ((4, 2), "free"),
        ((2, 4), "even"), ((3, 2), "even"), ((3, 3), "sum"), ((2, 3), "sum")))]
    with unreliable_lstsq() as used:
        for case in cases:
            room.ask(answer, *case)
    if used:
        raise room.wrong("lstsq with a driver that needs full rank", f"driver: {used[0]}")
    try:
        room.compare(answer, cases, best_sum, tolerance=CLOSE)
    except Found as found:
        if found.verdict.title == UNNAMED:
            raise why_not_best(room, answer, cases, found) from None
        raise
    for case in cases:                  # as near as the text asks, however large the entries are
        got, want = room.ask(answer, *case), best_sum(*case)
        if (got.detach().double() - want).abs().max() > CLOSE:
            raise room.wrong("the fit stops before it has arrived",
                             values.call("best_sum", case) + "\n" + values.table(got, want))
    far = []
    for table, weights in cases[1:4]:
        one = torch.zeros_like(weights)
        one.view(-1)[1] = 1
        far += [(table, 1e8 * weights), (table, 1e-3 * weights), (table, weights + 1e4 * one),
                (table, weights * (1 - one) + 1e-4 * one), (table, weights + 1e7 * one)]
    at_the_edge(room, answer, far, best_sum, "very large or very small weights do not count as they are",
                tolerance=CLOSE)
    return Verdict("correct")


@contextlib.contextmanager
def unreliable_lstsq():
    """Notes when torch's lstsq is asked about columns without full rank and its driver cannot be relied on there: it
    now and then solves another problem (pytorch issues 92537 and 187411), so that the numbers alone would leave it
    to luck."""
    before, used = torch.linalg.lstsq, []

    def lstsq(A, B, rcond=None, *, driver=None):
        if driver in (None, "gelsy", "gels") and torch.linalg.matrix_rank(A).min() < A.shape[-1]:
            used.append(driver or "the default, gelsy")
        return before(A, B, rcond, driver=driver)

    torch.linalg.lstsq = lstsq
    try:
        yield used
    finally:
        torch.linalg.lstsq = before


def why_not_best(room: Room, answer, cases: list[tuple], found: Found) -> Found:
    """What a table that is not the best sum lacks: it does not heed the weights, is no sum, or does not return a sum.
    """
    detail = found.verdict.detail
    given = [room.ask(answer, *case) for case in cases]
    for got, (table, _) in zip(given, cases):
        for i, k in itertools.combinations(range(table.dim()), 2):
            if got.diff(dim=i).diff(dim=k).abs().max() > 1e-4:
                return room.wrong("what comes back is no sum", detail)
    uneven = [(got, case) for got, case in zip(given, cases) if len(case[1].unique()) > 1 and case[0].dim() > 1]
    if all(values.loosely_equal(got, room.ask(answer, case[0], torch.ones_like(case[1])), CLOSE)
           for got, case in uneven):
        return room.wrong("the weights are ignored", detail)
    if all(values.loosely_equal(got, best_sum(*case), 1e-2) for got, case in zip(given, cases)):
        return room.wrong("the fit stops before it has arrived", detail + better(given, cases))
    sums = [(got, case) for got, case in zip(given, cases) if values.loosely_equal(best_sum(*case), case[0], CLOSE)]
    if any(not values.loosely_equal(got, case[0], CLOSE) for got, case in sums):
        return room.wrong("a table that is a sum does not come back", detail)
    return room.wrong("a sum, but not the best one", detail + better(given, cases))


def better(given: list, cases: list[tuple]) -> str:
    """The two weighted errors of the first case that went wrong."""
    got, (table, weights) = next((got, case) for got, case in zip(given, cases)
                                 if not values.loosely_equal(got, best_sum(*case), CLOSE))
    mine, least = ((weights * (fit - table) ** 2).sum().item() for fit in (got, best_sum(table, weights)))
    return f"\nweighted squared error on a table of {table.numel()} entries: {mine:.6g}; the least is {least:.6g}"


MISTAKES = twisted(
    best_sum,
    ("ignored", "the weights are ignored",
     "Ask twice, with equal weights and with the weights of 'Break it'. Should the two fits agree?",
     "least squares follows the data, so joint actions that come often must count more"),
    ("squared", "the weights count twice",
     "The error is squared after you multiplied it. By which number must you multiply, so that its square is counted w "
     "times?",
     "an error that is multiplied by w and then squared counts w² times"),
    ("weighted payoffs", "only one side of the equations is weighted",
     "A weight belongs to a whole equation: sum of utilities = payoff. Which side did you leave as it was?",
     "an entry with weight w is then fitted to w times its payoff"),
    ("means", "the formula with means holds for equal weights only",
     "Row mean + column mean − mean of all was derived with all entries equally frequent. Are they?",
     "with other weights the agents' actions come together in patterns, and the means mix one agent's effect with the "
     "other's"),
    ("added means", "each agent is fitted alone",
     "For a table whose entries are all 7, what does the sum of all agents' means say?",
     "the mean of all is then counted once for every agent; and one agent's mean holds what the others did"),
    ("mean off once", "the mean of all is taken off once, which is for two agents",
     "With three agents, how often does the mean of all enter when you add up three one-agent means?",
     "every agent's mean holds the mean of all, and it should count only once"),
    ("one sweep", "one round is not enough",
     "Once the last agent is fitted, is the first agent's fit still the best? Go round again and see whether anything "
     "moves.",
     "each agent was fitted to what the earlier ones left, but the earlier ones did not know of the later ones"),
    ("average", "the mean over agents, not the sum",
     "The team value is the sum of the utilities. By which number is yours too small with two agents, and with three?",
     "VDN adds; with the mean every table comes out N times too small"),
    ("last left out", "the last agent is left out",
     "How many utilities does each entry of the table add up from, and how many columns of ones and zeros have you?",
     "then the fit is flat along the last axis, whatever that agent does"),
    ("exchanged", "the agents are exchanged",
     "Which axis of the table is agent 1's? In which order do you put the fitted entries back?",
     "the fitted table is another game, in which the agents have changed places"),
    (None, "lstsq with a driver that needs full rank",
     "The text says which driver of torch's `lstsq` can be relied on here. Which one does yours use?",
     "the columns add up to the same for every agent, so they lack full rank, and that driver then solves another "
     "problem now and then"),
    (None, "very large or very small weights do not count as they are",
     "Multiply all weights by the same number, a very large or a very small one. Should the best sum change?",
     "only how the weights compare with each other counts; a limit or something added to them changes that"),
    (None, "what comes back is no sum",
     "In a sum, a switch of one agent changes all entries by the same amount. Does it in your table?",
     "what is asked for is the sum of utilities, and this table has none"),
    (None, "a table that is a sum does not come back",
     "Try a table that you made by adding utilities. The best sum has error zero there. What does yours have?",
     "a table that is a sum is its own best fit, whatever the weights"),
    (None, "the fit stops before it has arrived",
     "Your table is near the best sum, and not within 1e-6 of it. Let it run ten times as long: do the entries still "
     "move? If not: in which dtype do you compute?",
     "a fit by small steps is right once nothing moves any more; a limit of rounds or a coarse test of rest ends it "
     "early, float32 does not come nearer"),
    (None, "a sum, but not the best one",
     "Tables that are sums come back, and the weights have some effect. Does a larger weight make that entry's error "
     "smaller?",
     "another sum has a smaller weighted error, as the verdict shows"),
)

EXERCISE = Exercise(
    number="04.4", title="The best sum", answers={"best_sum": "function"}, difficulty=4, minutes=15,
    practises="fit VDN to a table exactly, for any number of agents and any weights",
    hints=("It is one linear least squares problem, as in step 3: one equation for each joint action, one unknown for "
           "each utility.",
           "Write down, for each joint action, a row of zeros with N ones: one for each agent's chosen action.",
           "A weight w enters as the root of w, in front of the whole equation. The unknowns are not unique, so a "
           "solver for full rank will complain; their sums are.",
           "Another way: go round the agents, fit each to what the others leave, as a weighted mean, and repeat until "
           "nothing moves."),
    mistakes=MISTAKES, look=look)
