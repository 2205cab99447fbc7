"""Each rule of predator–prey in a situation made by hand."""

import pytest
import torch
from hunts import CATCH, LEFT, RIGHT, STAY, UP, at, play

from qmix_course.envs import ResetNeeded


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def test_two_catch_and_leave_with_their_prey():
    env, _ = at([[1, 2], [2, 1], [4, 4], [4, 0]], [[2, 2], [0, 4]])
    step = play(env, CATCH, CATCH, STAY, STAY)
    assert step.reward.item() == 10 and not step.ended.any()
    assert env.predators[0].tolist() == [[-1, -1], [-1, -1], [4, 4], [4, 0]] and env.prey[0, 0].tolist() == [-1, -1]
    assert step.available[0, :2].tolist() == [[False] * 4 + [True, False]] * 2
    assert (step.obs[0, :2] == 0).all() and step.state[0, :25].nonzero().flatten().tolist() == [20, 24]
    for cell in ((1, 2), (2, 1), (2, 2)):                                      # their cells are free again
        assert step.state[0, cell[0] * 5 + cell[1]] == 0
    with pytest.raises(ValueError, match="action 0 is not available to agent 0"):
        play(env, UP, STAY, STAY, STAY)


def test_a_third_catcher_leaves_too_and_who_only_stands_by_does_not():
    env, _ = at([[1, 2], [2, 1], [3, 2], [2, 3]], [[2, 2]])
    step = play(env, CATCH, CATCH, CATCH, STAY)
    assert step.reward.item() == 10 and step.terminated.item()
    assert env.predators[0].tolist() == [[-1, -1]] * 3 + [[2, 3]]


def test_one_alone_is_punished_and_the_prey_moves_on():
    env, _ = at([[1, 2], [2, 1], [4, 4]], [[2, 2]])
    step = play(env, CATCH, STAY, STAY)
    assert step.reward.item() == -2 and not step.ended.any()
    assert env.prey[0, 0].tolist() in ([3, 2], [2, 3]) and env.predators[0].tolist() == [[1, 2], [2, 1], [4, 4]]
    for p in (0.0, -1.25):
        assert play(at([[1, 2], [4, 4]], [[2, 2]], punishment=p)[0], CATCH, STAY).reward.item() == p


def test_one_alone_beside_two_prey_is_punished_twice():
    env, _ = at([[2, 2], [4, 4]], [[1, 2], [3, 2]])
    assert play(env, CATCH, STAY).reward.item() == -4


def test_a_pair_counts_for_one_prey_only():
    """Both predators stand between two prey: the prey whose turn is first is caught, and the other moves on unhunted.
    """
    env, _ = at([[1, 1], [2, 2]], [[1, 2], [2, 1]], rows=400)
    step = play(env, CATCH, CATCH)
    assert (step.reward == 10).all() and step.terminated.all()                 # no pair is left
    gone = (env.prey == -1).all(-1)
    assert (gone.sum(1) == 1).all() and 150 < gone[:, 0].sum() < 250           # five standard deviations: 50


def test_three_catchers_two_prey_depends_on_whose_turn_is_first():
    """Predators 0 and 1 are beside prey 0; 1 and 2 beside prey 1. The first prey takes its pair along; the third is
    alone."""
    env, _ = at([[2, 0], [2, 2], [2, 4]], [[2, 1], [2, 3]], rows=400)
    step = play(env, CATCH, CATCH, CATCH)
    assert (step.reward == 8).all() and step.terminated.all()
    assert 150 < (env.predators[:, 0] == -1).all(-1).sum() < 250


def test_catching_diagonally_is_not_possible_and_moving_is_not_catching():
    env, step = at([[1, 1], [2, 1], [4, 4]], [[2, 2]])
    assert step.available[0, :, CATCH].tolist() == [False, True, False]
    with pytest.raises(ValueError, match="action 5 is not available to agent 0"):
        play(env, CATCH, CATCH, STAY)
    step = play(env, RIGHT, CATCH, STAY)        # predator 0 arrives at (1, 2) in the same step
    assert step.reward.item() == -2 and env.predators[0, 0].tolist() == [1, 2]


def test_the_edge_of_the_board():
    _, step = at([[0, 0], [4, 2]], [[2, 2]])
    assert step.available[0].tolist() == [[False, True, False, True, True, False],
                                          [True, False, True, True, True, False]]


def test_nobody_walks_into_a_taken_cell():
    env, step = at([[2, 1], [1, 2]], [[2, 2]])
    assert step.available[0, 0, RIGHT]                                         # allowed, and nothing happens
    assert play(env, RIGHT, STAY).reward.item() == 0 and env.predators[0].tolist() == [[2, 1], [1, 2]]
    env, _ = at([[2, 1], [2, 2]], [[4, 4]])
    play(env, RIGHT, STAY)
    assert env.predators[0].tolist() == [[2, 1], [2, 2]]


def test_the_order_in_which_predators_move_is_drawn():
    """Two want the same cell, and one wants the cell that another leaves: who is first decides, each way about as
    often."""
    env, _ = at([[2, 1], [2, 3]], [[0, 0]], rows=400)
    play(env, RIGHT, LEFT)
    first, second = (env.predators[:, i, 1] == 2 for i in (0, 1))
    assert (first ^ second).all() and 150 < first.sum() < 250
    env, _ = at([[2, 1], [2, 2]], [[0, 0]], rows=400)
    play(env, RIGHT, RIGHT)
    assert (env.predators[:, 1, 1] == 3).all() and 150 < (env.predators[:, 0, 1] == 2).sum() < 250
    env, _ = at([[2, 1], [2, 2]], [[0, 0]], rows=400)                          # changing places never works
    play(env, RIGHT, LEFT)
    assert (env.predators == torch.tensor([[2, 1], [2, 2]])).all()


def test_prey_go_to_each_free_neighbour_equally_often():
    env, _ = at([[4, 4], [1, 2]], [[2, 2]], rows=3000)
    play(env, STAY, STAY)
    counts = [(env.prey[:, 0] == torch.tensor(cell)).all(-1).sum().item() for cell in ([3, 2], [2, 1], [2, 3])]
    assert sum(counts) == 3000 and all(abs(count - 1000) < 130 for count in counts)      # five standard deviations
    env, _ = at([[0, 1], [1, 0]], [[0, 0]], rows=10)                           # shut in: it rests
    assert play(env, STAY, STAY).reward.eq(0).all() and (env.prey == 0).all()


def test_a_fleeing_prey_can_still_be_reached_only_where_it_stood():
    """Attempts count where the prey stands before it moves, and the observation shows where it went."""
    env, _ = at([[1, 2], [3, 2]], [[2, 2]], view=2, punishment=-1.0)
    assert play(env, CATCH, STAY).reward.item() == -1
    r, c = env.prey[0, 0].tolist()
    step = play(env, STAY, STAY)
    assert (r, c) != (2, 2) and step.state[0, 25:].sum() == 1


def test_the_end():
    env, _ = at([[1, 2], [2, 1], [4, 4]], [[2, 2], [0, 4]])
    step = play(env, CATCH, CATCH, STAY)        # one prey and one predator are left: over
    assert step.terminated.item() and not step.truncated.item()
    with pytest.raises(ResetNeeded, match=r"row\(s\) \[0"):
        play(env, STAY, STAY, STAY)
    env, _ = at([[1, 2], [2, 1]], [[2, 2]], limit=1)
    step = play(env, CATCH, CATCH)
    assert step.terminated.item() and not step.truncated.item()                # at the limit, terminated wins
    env, _ = at([[1, 2], [2, 1]], [[2, 2]], limit=2)
    assert not play(env, STAY, STAY).ended.item()
    step = play(env, STAY, STAY)
    assert step.truncated.item() and not step.terminated.item()


def test_what_one_sees():
    _, step = at([[0, 0], [1, 1], [4, 4]], [[0, 1], [2, 2]])
    predators, prey, outside, place = (step.obs[0, 0, :9], step.obs[0, 0, 9:18], step.obs[0, 0, 18:27],
                                       step.obs[0, 0, 27:])
    assert predators.view(3, 3).tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert prey.view(3, 3).tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert outside.view(3, 3).tolist() == [[1, 1, 1], [1, 0, 0], [1, 0, 0]] and place.tolist() == [0, 0]
    assert step.obs[0, 2, 27:].tolist() == [1, 1]
    # What lies beyond the view makes no difference.
    _, other = at([[0, 0], [1, 1], [3, 4]], [[0, 1], [4, 2]])
    assert torch.equal(step.obs[0, 0], other.obs[0, 0]) and not torch.equal(step.state, other.state)
