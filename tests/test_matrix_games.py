"""The matrix games and the two-step game, against their tables; exact solutions against values worked out by hand."""

import numpy as np
import pytest
import torch

from qmix_course import exact
from qmix_course.envs import PAYOFFS, GridWorld, MatrixGame, TwoStepGame, penalty


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


@pytest.mark.parametrize("payoff", [*PAYOFFS, penalty(-100), [[1.0, 2.0], [3.0, 4.0]],
                                    torch.arange(27.0).view(3, 3, 3)])
def test_every_joint_action_pays_its_entry_and_terminates(payoff):
    env = MatrixGame(payoff)
    table = env.payoff
    for joint in torch.cartesian_prod(*[torch.arange(table.shape[0])] * table.dim()):
        step = env.reset()
        assert step.obs.eq(1).all() and step.state.eq(1).all() and step.available.all()
        step = env.step(joint.unsqueeze(0))
        assert step.reward.item() == table[tuple(joint)] and step.terminated.all() and not step.truncated.any()
    solution = exact.solve(env)
    assert torch.equal(solution.q[0], table) and solution.best_return == table.max()


def test_the_tables_are_the_published_ones():
    assert MatrixGame("climbing").payoff.tolist() == [[11, -30, 0], [-30, 7, 6], [0, 0, 5]]
    assert MatrixGame("qtran").payoff.tolist() == [[8, -12, -12], [-12, 0, 0], [-12, 0, 0]]
    assert MatrixGame("qplex1").payoff.tolist() == [[10.4, 0, 10], [0, 10, 10], [10, 10, 10]]
    assert MatrixGame("qplex3").payoff.tolist() == [[8, -12, -12], [-12, 6, 0], [-12, 0, 6]]
    assert MatrixGame("two_optima").payoff.tolist() == [[1, 0], [0, 1]]
    assert MatrixGame(penalty(-25)).payoff.tolist() == [[10, 0, -25], [0, 2, 0], [-25, 0, 10]]


@pytest.mark.parametrize("first", range(2))
@pytest.mark.parametrize("ignored", range(2))
def test_the_two_step_game(first, ignored):
    pays = [[[7, 7], [7, 7]], [[0, 1], [1, 8]]][first]
    for a in range(2):
        for b in range(2):
            env = TwoStepGame()
            assert env.reset().state.tolist() == [[1, 0, 0]]
            step = env.step(torch.tensor([[first, ignored]]))
            assert step.reward.item() == 0 and not step.ended.any()
            assert step.state.tolist() == [[0, 1, 0] if first == 0 else [0, 0, 1]]
            assert step.obs.tolist() == [[step.state[0].tolist()] * 2]
            step = env.step(torch.tensor([[a, b]]))
            assert step.reward.item() == pays[a][b] and step.terminated.all() and not step.truncated.any()


def test_the_two_step_game_solved():
    solution = exact.solve(TwoStepGame(), gamma=0.99)
    expected = torch.tensor([[[6.93, 6.93], [7.92, 7.92]], [[7.0, 7.0], [7.0, 7.0]], [[0.0, 1.0], [1.0, 8.0]]])
    torch.testing.assert_close(solution.q, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(solution.v, torch.tensor([7.92, 7.0, 8.0]), rtol=0, atol=1e-12)
    assert solution.best_return == 8.0
    assert solution.index(torch.tensor([0.0, 0.0, 1.0])) == 2
    assert solution.index(torch.eye(3)[[2, 0]]).tolist() == [2, 0]
    with pytest.raises(ValueError, match="state"):
        solution.index(torch.tensor([0.5, 0.5, 0.0]))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 0.99, 1.0])
def test_the_grid_world_solved(gamma):
    """Bellman's equation holds everywhere; at the start the value is that of the four best steps, by hand."""
    solution = exact.solve(GridWorld(), gamma)
    model = solution.model
    after = torch.where(model.terminated, 0.0, gamma * solution.q.flatten(1).amax(1)[model.next_state])
    torch.testing.assert_close(solution.q, model.reward + after, rtol=0, atol=1e-9)
    torch.testing.assert_close(solution.v, solution.q.flatten(1).amax(1), rtol=0, atol=1e-9)
    if gamma >= 0.9:
        by_hand = sum(gamma ** t * r for t, r in enumerate([-0.65, -0.45, -0.25, 10.0]))
        assert solution.v[model.start].item() == pytest.approx(by_hand, abs=1e-9)
    assert solution.best_return == pytest.approx(8.65, abs=1e-12)


def test_the_best_return_knows_the_clock():
    assert exact.solve(GridWorld(episode_limit=3)).best_return == pytest.approx(-0.65 - 0.45 - 0.25)


def test_what_cannot_be_solved_says_so():
    class Unlisted(TwoStepGame):
        def model(self):
            return super(type(self).__mro__[2], self).model()

    with pytest.raises(TypeError, match="cannot list its states"):
        exact.solve(Unlisted())
    with pytest.raises(ValueError, match="model: .* more than"):
        exact.solve(GridWorld(size=8, n_agents=4))
    for gamma in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="gamma"):
            exact.solve(TwoStepGame(), gamma)
    with pytest.raises(TypeError, match="env"):
        exact.solve("grid")


def test_a_payoff_that_stands_behind_a_mask_of_numpy_is_refused():
    table = np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]])
    assert MatrixGame(table).payoff.tolist() == [[1, 2], [3, 4]]
    table[1, 1] = np.ma.masked
    for each in (table, list(table)):
        with pytest.raises(TypeError, match="payoff: expected"):
            MatrixGame(each)
