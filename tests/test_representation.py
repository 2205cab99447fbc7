"""What a team value of two agents can be: the best tables of four classes against facts, brute force, and the
conditions of an optimum.

Breaking the code on purpose turned these tests red: one pair of orders only, steps without the corners, the sign of the
mixed difference, weights squared or left out of a mean, max and min exchanged, a staircase too few, an active set that
is never made smaller, classify that looks at one agent only, units that are not steep.
"""

import itertools

import numpy as np
import pytest
import torch

from qmix_course import cones, representation
from qmix_course.envs import PAYOFFS, penalty
from qmix_course.mixers import QMixer
from qmix_course.representation import CLASSES, best_table, best_tables, classify, errors_by_order, mixer_for

OR, AND, TWO_B = [[0, 1], [1, 1]], [[0, 0], [0, 1]], [[0, 1], [1, 8]]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def near(table, expected, tolerance=0.006):
    return bool((torch.as_tensor(table) - torch.as_tensor(expected)).abs().max() < tolerance)


def random_tables(count, n, seed=0):
    """Tables of normal numbers, and weights from 0.2 to 5."""
    generator = np.random.default_rng(seed)
    return [(4 * generator.normal(size=(n, n)), np.exp(generator.uniform(-1.6, 1.6, size=(n, n))))
            for _ in range(count)]


# ---- known numbers
# -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("game, kind, error, best", [
    ("qtran", "additive", 455.1111, [(1, 1), (1, 2), (2, 1), (2, 2)]),
    ("qtran", "qmix", 288, [(0, 0)]),
    ("qtran", "monotone", 288, [(0, 0)]),
    ("climbing", "qmix", 1364, [(2, 2)]),
    ("climbing", "monotone", 997.4167, [(2, 2)]),
    ("qplex3", "monotone", 344, [(2, 2)]),
    ("qplex1", "qmix", 102.07, [(2, 2)]),
])
def test_known_games(game, kind, error, best):
    fit = best_table(PAYOFFS[game], kind)
    assert abs(fit.error - error) < 1e-4 and fit.best == best


def test_known_tables():
    assert near(best_table(PAYOFFS["qtran"], "qmix").table, [[8, -6, -6], [-6, -6, -6], [-6, -6, -6]])
    assert near(best_table(PAYOFFS["climbing"], "monotone").table,
                [[4.25, -17.67, 4.25], [-17.67, -17.67, 4.25], [4.25, 0, 5]])
    assert near(best_table(PAYOFFS["climbing"], "qmix").table, [[-12, -12, -5], [-12, -1, 6], [-8, 3, 10]])
    assert near(best_table(TWO_B, "additive").table, [[-1.5, 2.5], [2.5, 6.5]])
    four = best_tables(PAYOFFS["two_optima"], "monotone")
    assert len(four) == 4 and all(abs(fit.error - 2 / 3) < 1e-9 for fit in four)


def test_a_large_constant_does_not_blur_which_table_is_nearest():
    payoff, weights = [[99.0, 99.1], [100.0, 99.9]], [[7.7, 0.3], [0.1, 9.9]]
    least = float(errors_by_order(payoff, "qmix", weights)[0].min())
    assert all(abs(fit.error - least) < 1e-9 for fit in best_tables(payoff, "qmix", weights))


def test_penalty_is_where_the_classes_choose_differently():
    assert {fit.best[0] for fit in best_tables(penalty(-25), "monotone")} == {(1, 1)}           # 2, the safe one
    corner = best_tables(penalty(-25), "qmix")
    assert {fit.best[0] for fit in corner} == {(0, 0), (2, 2)} and abs(corner[0].error - 1032.6667) < 1e-3
    assert {fit.best[0] for fit in best_tables(penalty(-100), "monotone")} == {(1, 1)}


def test_or_is_the_smallest_table_that_no_qmixer_makes():
    assert classify(OR).kind == "monotone" and abs(best_table(OR, "qmix").error - 0.25) < 1e-12
    assert classify(AND).kind == "qmix" and best_table(AND, "qmix").error < 1e-20
    assert classify(TWO_B).kind == "qmix" and classify(torch.full((2, 2), 7.0)).kind == "additive"
    assert classify([[8, 0], [0, 4]]).kind == "igm"


def test_qtrans_game_by_order_and_the_ridge_between():
    least, orders = errors_by_order(PAYOFFS["qtran"], "qmix")
    at = {order: k for k, order in enumerate(orders)}
    assert abs(least[at[0, 1, 2], at[0, 1, 2]] - 320) < 1e-9 and abs(least[at[1, 2, 0], at[1, 2, 0]] - 288) < 1e-9
    assert ((least < 320.1).sum(), (least < 288.1).sum()) == (8, 4)
    # Whoever moves agent 1's action 0 from the bottom to the top passes a table in which it ties with another action.
    payoff = torch.tensor(PAYOFFS["qtran"], dtype=torch.float64)
    for other in (1, 2):
        tied = payoff.clone()
        tied[[0, other]] = payoff[[0, other]].mean(0)
        fit = best_table(tied, "qmix")
        assert near(fit.table[0], fit.table[other], 1e-9)
        assert abs(((fit.table - payoff) ** 2).sum() - 411.42857) < 1e-4


# ---- against second versions
# ---------------------------------------------------------------------------------------------

def by_every_subset(payoff, weights):
    """The best supermodular table, as it stands: least squares on every subset of the steps, the best one without
    negatives."""
    blocks = cones.steps(len(payoff)).reshape(-1, payoff.size).T
    root = np.sqrt(weights).ravel()
    best = None
    for mask in itertools.product([False, True], repeat=blocks.shape[1]):
        design = np.concatenate([np.ones((payoff.size, 1)), blocks[:, list(mask)]], 1)
        heights = np.linalg.lstsq(root[:, None] * design, root * payoff.ravel(), rcond=None)[0]
        error = (weights.ravel() * (design @ heights - payoff.ravel()) ** 2).sum()
        if (heights[1:] >= -1e-10).all() and (best is None or error < best[0]):
            best = error, (design @ heights).reshape(payoff.shape)
    return best[1]


@pytest.mark.parametrize("n, count", [(2, 40), (3, 25)])
def test_the_best_supermodular_table_is_the_best_of_every_subset(n, count):
    for payoff, weights in random_tables(count, n):
        assert near(cones.best_supermodular(payoff, weights), by_every_subset(payoff, weights), 1e-8)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_best_rising_table_is_a_combination_of_staircases(n):
    for payoff, weights in random_tables(15, n, seed=n):
        blocks, root, share = cones.staircases(n).T, np.sqrt(weights).ravel(), weights.ravel() / weights.sum()
        centred = blocks - share @ blocks
        heights = cones.nnls(root[:, None] * centred, root * (payoff.ravel() - share @ payoff.ravel()))
        table = (share @ payoff.ravel() + centred @ heights).reshape(n, n)
        assert near(cones.best_rising(payoff, weights), table, 1e-8)


@pytest.mark.parametrize("kind, find", [("qmix", cones.best_supermodular), ("monotone", cones.best_rising)])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_conditions_of_an_optimum_hold(kind, find, n):
    """The residual pulls up no building block, is orthogonal to the fit, and its mean is 0: that proves the least
    error."""
    blocks = cones.staircases(n) if kind == "monotone" else cones.steps(n).reshape(-1, n * n)
    for payoff, weights in random_tables(20, n, seed=10 + n):
        table = find(payoff, weights)
        assert (np.diff(table, axis=0) > -1e-9).all() and (np.diff(table, axis=1) > -1e-9).all()
        assert kind == "monotone" or (cones.mixed_differences(table) > -1e-9).all()
        residual = (weights * (payoff - table)).ravel()
        assert (blocks @ residual).max() < 1e-8 and abs(residual.sum()) < 1e-8 and abs(residual @ table.ravel()) < 1e-7


def test_nnls_against_every_subset():
    """Columns that are alike: the active set must give up columns that it took in."""
    generator = np.random.default_rng(2)
    for _ in range(60):
        matrix, target = generator.uniform(size=(6, 5)), generator.normal(size=6)
        errors = []
        for mask in itertools.product([False, True], repeat=5):
            x = np.linalg.lstsq(matrix[:, list(mask)], target, rcond=None)[0]
            errors += [np.linalg.norm(matrix[:, list(mask)] @ x - target)] if (x >= -1e-12).all() else []
        ours = cones.nnls(matrix, target)
        assert (ours >= 0).all() and abs(np.linalg.norm(matrix @ ours - target) - min(errors)) < 1e-9


def test_nnls_against_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    generator = np.random.default_rng(0)
    for rows, columns in ((4, 3), (9, 8), (16, 15), (9, 20), (16, 70), (5, 1)) * 10:
        matrix, target = generator.normal(size=(rows, columns)), generator.normal(size=rows)
        if generator.random() < 0.5:        # repeated columns and zeros: solutions are not unique
            matrix = matrix.round()
        ours, theirs = cones.nnls(matrix, target), optimize.nnls(matrix, target)[0]
        assert (ours >= 0).all()
        assert abs(np.linalg.norm(matrix @ ours - target) - np.linalg.norm(matrix @ theirs - target)) < 1e-9


def test_all_pairs_of_orders_are_tried():
    """A table of each class, shuffled, is its own best table, and its actions come out sorted."""
    for seed in range(30):
        generator = np.random.default_rng(seed)
        n = 2 + seed % 3
        heights = generator.exponential(size=(n - 1) * (n + 1))
        ordered = np.tensordot(heights, cones.steps(n), 1) + generator.normal()
        rows, columns = generator.permutation(n), generator.permutation(n)
        table = np.empty((n, n))
        table[np.ix_(rows, columns)] = ordered
        fit = best_table(table, "qmix")
        assert fit.error < 1e-15 and fit.orders == (tuple(rows), tuple(columns)) == classify(table).orders
        assert classify(table).kind == "qmix"


def test_the_classes_are_nested():
    for payoff, weights in random_tables(8, 3, seed=3) + random_tables(1, 4, seed=4):
        fits = [best_table(payoff, kind, weights) for kind in CLASSES]
        assert all(a.error >= b.error - 1e-9 for a, b in zip(fits, fits[1:])) and fits[-1].error == 0
        for k, fit in enumerate(fits):
            assert CLASSES.index(classify(fit.table).kind) <= k
            assert all(order[-1] == u for order, u in zip(fit.orders, fit.best[0])) or len(fit.best) > 1


def test_weights_count_as_copies_and_their_scale_does_not_matter():
    payoff, _ = random_tables(1, 3, seed=5)[0]
    weights = np.array([[1.0, 2, 1], [3, 1, 1], [1, 1, 2]])
    for kind in CLASSES:
        one, two = best_table(payoff, kind, weights), best_table(payoff, kind, 10 * weights)
        assert near(one.table, two.table, 1e-8) and abs(two.error - 10 * one.error) < 1e-7
        assert one.error <= (weights * (best_table(payoff, kind).table.numpy() - payoff) ** 2).sum() + 1e-9
    # exact: 8 − c/w₁₁
    assert near(best_table(TWO_B, "additive", [[0.05, 0.05], [0.05, 0.85]]).table[1, 1], 8 - 6 * 0.05 / 2.6, 1e-9)


def test_classify_against_a_search_through_all_orders():
    def slow(table):
        n = len(table)
        kinds = set()
        for rows, columns in itertools.product(itertools.permutations(range(n)), repeat=2):
            each = table[np.ix_(rows, columns)]
            if (np.diff(each, axis=0) >= 0).all() and (np.diff(each, axis=1) >= 0).all():
                differences = np.diff(np.diff(each, axis=0), axis=1)
                kinds.add("additive" if (differences == 0).all() else "qmix"
                          if (differences >= 0).all() else "monotone")
        return next((kind for kind in CLASSES if kind in kinds), "igm")

    found = []
    for entries in itertools.product(range(3), repeat=4):
        table = np.array(entries, dtype=float).reshape(2, 2)
        found.append(classify(table).kind)
        assert found[-1] == slow(table), table
    # of 81: 19 additive and 59 monotone, as in lesson 04
    assert [found.count(kind) for kind in CLASSES] == [19, 20, 20, 22]
    generator = np.random.default_rng(1)
    for _ in range(300):
        a, b = np.sort(generator.integers(4, size=(2, 3)))
        mixed = [a[:, None] + b, np.maximum(a[:, None], b), np.minimum(a[:, None], b), a[:, None] * b,
                 generator.integers(3, size=(3, 3))]
        table = mixed[generator.integers(5)][generator.permutation(3)][:, generator.permutation(3)].astype(float)
        assert classify(table).kind == slow(table), table


def test_a_place_names_a_witness_that_can_be_checked():
    assert (classify([[8, 0], [0, 4]]).why
            == "agent 1: action 1 is better than 0 where the other plays 1, and worse where the other plays 0")
    assert "gains -1 more" in classify(OR).why and "mixed difference of 6" in classify(TWO_B).why
    assert classify([[0, 1], [1, 2]]).why == ""


# ---- the class is the mixer's
# -------------------------------------------------------------------------------------------

def head_tables(mixer, q):
    n = q.shape[-1]
    pairs = torch.stack([q[0].unsqueeze(1).expand(n, n), q[1].expand(n, n)], -1)                     # [A, A, 2]
    return mixer(pairs, torch.ones(n, n, mixer.state_dim)).detach()


def test_no_random_head_leaves_the_class():
    torch.manual_seed(0)
    bent = 0
    for k in range(300):
        q = 3 * torch.randn(2, 2 + k % 3)
        mixer = QMixer(2, 1, embed_dim=4, hypernet_dim=8)
        for parameter in mixer.parameters():
            parameter.data.mul_(4)
        kind = classify(head_tables(mixer, q)).kind
        assert kind in ("additive", "qmix")
        bent += kind == "qmix"
    assert bent > 200


@pytest.mark.parametrize("closeness", [1e-2, 1e-4])
def test_every_table_of_the_class_is_made_by_a_head(closeness):
    for seed in range(30):
        generator = np.random.default_rng(seed)
        n = 2 + seed % 3
        heights = generator.exponential(size=(n - 1) * (n + 1)) * (generator.random((n - 1) * (n + 1)) < 0.6)
        table = np.tensordot(heights, cones.steps(n), 1)[generator.permutation(n)][:, generator.permutation(n)] - 5
        q, mixer = mixer_for(table, closeness)
        assert near(head_tables(mixer, q), table, 4 * closeness * (1 + np.ptp(table)))
    torch.set_default_dtype(torch.float32)
    q, mixer = mixer_for(AND)
    assert q.dtype == torch.float64 and mixer.hyper_b1.bias.dtype == torch.float64
    with pytest.raises(ValueError, match="only monotone"):
        mixer_for(OR)


def test_fitted_heads_come_near_the_bound_and_never_beat_it():
    torch.manual_seed(0)
    for payoff, bound in ((OR, 0.25), (PAYOFFS["qtran"], 288.0)):
        payoff = torch.tensor(payoff, dtype=torch.float64)
        n, starts = len(payoff), 16
        q, w1, b1, w2, v = (torch.randn(starts, *shape).requires_grad_() for shape in ((2, n), (2, 8), (8,), (8,), ()))
        optimiser = torch.optim.Adam([q, w1, b1, w2, v], lr=0.05)
        lowest = torch.inf
        for _ in range(600):
            z = (q[:, 0, :, None, None] * w1[:, 0].abs()[:, None, None] + q[:, 1, None, :, None]
                 * w1[:, 1].abs()[:, None, None])
            table = (torch.nn.functional.elu(z + b1[:, None, None])
                     * w2.abs()[:, None, None]).sum(-1) + v[:, None, None]
            error = ((table - payoff) ** 2).sum((1, 2))
            lowest = min(lowest, error.min().item())
            optimiser.zero_grad()
            error.sum().backward()
            optimiser.step()
        assert bound - 1e-9 <= lowest < 1.15 * bound


# ---- the doors
# -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("call, error, says", [
    (lambda: best_table([[1, 2, 3], [4, 5, 6]], "qmix"), ValueError, "payoff: expected a table"),
    (lambda: best_table("ab", "qmix"), TypeError, "payoff: expected a table of numbers"),
    (lambda: best_table(np.zeros((5, 5)), "qmix"), ValueError, "A from 2 to 4"),
    (lambda: best_table([[1, float("nan")], [0, 0]], "qmix"), ValueError, "finite"),
    (lambda: best_table(OR, "vdn"), ValueError, "unknown name 'vdn'"),
    (lambda: best_table(OR, "qmix", [[1, 1], [1, 0]]), ValueError, "weights: expected numbers above 0"),
    (lambda: best_table(OR, "qmix", [[1]]), ValueError, "weights"),
    (lambda: errors_by_order(OR, "igm"), ValueError, "unknown name 'igm'"),
    (lambda: mixer_for(AND, closeness=0.5), ValueError, "closeness"),
    (lambda: classify([1, 2]), ValueError, "payoff"),
])
def test_what_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_the_four_classes_are_the_documented_ones():
    assert CLASSES == ("additive", "qmix", "monotone", "igm") and representation.__doc__
