"""The m-step game against a second version written as a loop over its rules, and its exact values."""

import itertools

import pytest
import torch

from qmix_course import exact
from qmix_course.envs import MStepGame


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def by_rule(m, played):
    """What the joint actions ``played`` pay, up to the end of the episode, by the rules and nothing else."""
    branch, rewards = played[0], []
    for step, joint in enumerate(played):
        reward = 1.0 if branch in ((0, 0), (1, 1)) and joint == branch else 0.0
        if step == m - 1 and branch == (0, 0):
            reward = 4.0 if joint == (1, 1) else 1.0
        rewards.append(reward)
        if reward == 0:
            break
    return rewards


@pytest.mark.parametrize("m", [2, 3, 4])
def test_every_sequence_of_joint_actions(m):
    """All 4^m of them, one in each row; a row that has ended begins again and is not looked at any more."""
    joint = list(itertools.product((0, 1), repeat=2))
    plays = list(itertools.product(joint, repeat=m))
    env = MStepGame(m, num_envs=len(plays))
    step = env.reset()
    assert (step.state[:, 0] == 1).all() and (step.state[:, 1:] == 0).all() and step.state.shape[1] == m + 2
    got, over = [[] for _ in plays], [False] * len(plays)
    for t in range(m):
        step = env.step(torch.tensor([play[t] for play in plays]))
        assert not step.truncated.any()
        for row, play in enumerate(plays):
            if over[row]:
                continue
            got[row].append(step.reward[row].item())
            over[row] = step.terminated[row].item()
            if not over[row]:
                expected = torch.zeros(m + 2)
                expected[t + 1] = expected[m + (play[0] == (1, 1))] = 1.0
                assert torch.equal(step.state[row], expected) and torch.equal(step.obs[row], expected.expand(2, -1))
        step = env.reset(where=step.ended)
    assert got == [by_rule(m, play) for play in plays] and all(over)


@pytest.mark.parametrize("m", [2, 5, 10])
def test_the_exact_values(m):
    env = MStepGame(m)
    solution = exact.solve(env, gamma=1.0)
    assert solution.best_return == m + 3
    assert len(solution.v) == 2 * m - 1 and solution.v[0] == m + 3
    for step in range(1, m):
        assert solution.v[env.row(step, 0)] == m - step + 3 and solution.v[env.row(step, 1)] == m - step
    assert solution.q[0].tolist() == [[m + 3, 0], [0, m]]
    assert solution.q[env.row(m - 1, 0)].tolist() == [[1, 1], [1, 4]]
    assert solution.q[env.row(m - 1, 1)].tolist() == [[0, 0], [0, 1]]


def test_its_settings_a_clone_and_a_resume():
    env = MStepGame(4, num_envs=3)
    assert env.clone().settings() == env.settings() != MStepGame(5, num_envs=3).settings()
    env.reset()
    env.step(torch.zeros(3, 2, dtype=torch.int64))
    other = env.clone()
    other.load_state_dict(env.state_dict())
    actions = torch.tensor([[0, 0], [1, 1], [0, 0]])
    one, two = env.step(actions), other.step(actions)
    assert (torch.equal(one.state, two.state) and torch.equal(one.reward, two.reward)
            and one.reward.tolist() == [1, 0, 1])


@pytest.mark.parametrize("steps", [1, 0, 2.0, True])
def test_a_game_without_a_last_step_is_refused(steps):
    with pytest.raises((TypeError, ValueError), match="steps"):
        MStepGame(steps)
