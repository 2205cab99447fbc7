"""Small parts against what their docstrings say: first weights, the mixer, the exact solution, environments copied."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from qmix_course import exact
from qmix_course.agents import MLPAgents
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld, MatrixGame, ResetNeeded, TwoStepGame
from qmix_course.mixers import QMixer


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


# ---- networks --------------------------------------------------------------------------------------------------------


def test_copies_start_apart():
    for layer in MLPAgents(n_agents=3, obs_dim=5, n_actions=4).layers:
        for parameter in (layer.weight, layer.bias):
            first, second, third = parameter
            assert not torch.equal(first, second) and not torch.equal(second, third) and not torch.equal(first, third)


def test_for_env_leaves_the_global_generator_alone():
    """The first weights hang on ``seed`` alone."""
    before, one = torch.get_rng_state(), QMIX.for_env(GridWorld(), seed=3)
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(5)
    two, other = QMIX.for_env(GridWorld(), seed=3), QMIX.for_env(GridWorld(), seed=4)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters()))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))


def test_the_two_layer_mixer_by_hand():
    mixer = QMixer(n_agents=2, state_dim=3, embed_dim=4, hypernet_dim=5)
    agent_qs, state = torch.randn(7, 2), torch.randn(7, 3)

    def by_hand(hypernet):
        hidden = torch.relu(state @ hypernet[0].weight.T + hypernet[0].bias)
        return hidden @ hypernet[2].weight.T + hypernet[2].bias

    w1, w2 = by_hand(mixer.hyper_w1).abs().view(7, 2, 4), by_hand(mixer.hyper_w2).abs()
    b1 = state @ mixer.hyper_b1.weight.T + mixer.hyper_b1.bias
    hidden = nn.functional.elu(torch.einsum("mn,mne->me", agent_qs, w1) + b1)
    expected = (hidden * w2).sum(1) + by_hand(mixer.hyper_b2)[:, 0]
    torch.testing.assert_close(mixer(agent_qs, state), expected, rtol=1e-12, atol=1e-12)


# ---- the exact solution ----------------------------------------------------------------------------------------------


def test_q_tot_by_hand():
    """Every joint action of every state: the mixer of the values of the actions that the agents take."""
    env = TwoStepGame()
    team, model = QMIX.for_env(env), env.model()
    q, own = exact.q_tot(team, model), exact.agent_qs(team, model)
    for x in range(3):
        for a in range(2):
            for b in range(2):
                chosen = torch.stack([own[x, 0, a], own[x, 1, b]])
                torch.testing.assert_close(q[x, a, b], team.mixer(chosen, model.state[x]))


def test_random_starts_in_the_model():
    """Every placement but the solved one is a start, and the best return is the mean over them."""
    env = GridWorld(size=3, random_starts=True)
    solution, placements = exact.solve(env), env.placements()
    model = solution.model
    assert len(model.start) == len(placements) == 9 * 8 - 1
    there = GridWorld(size=3, num_envs=71).reset(positions=placements)
    assert torch.equal(there.state, model.state[model.start])
    alone = [exact.best_return(replace(model, start=model.start[k:k + 1]), 100) for k in range(71)]
    assert solution.best_return == pytest.approx(sum(alone) / 71) and len(set(alone)) > 5


def test_the_usual_start_in_the_model():
    model = GridWorld(size=3).model()
    assert torch.equal(model.state[model.start], GridWorld(size=3).reset().state)


def test_the_mean_over_starts_and_strangers():
    """With γ = 1 and no clock in the way, the best return is the mean of v; anything else than a state is refused."""
    solution = exact.solve(GridWorld(size=3, random_starts=True), gamma=1.0)
    assert solution.best_return == pytest.approx(solution.v.mean().item())
    stranger = solution.model.state[5].clone()
    assert solution.index(stranger) == 5
    stranger[0] += 0.01
    with pytest.raises(ValueError, match="no state"):
        solution.index(stranger)
    stranger[0] = float("nan")
    with pytest.raises(ValueError, match="no state"):
        solution.index(stranger)


# ---- environments ----------------------------------------------------------------------------------------------------


def test_four_agents_start_and_see_as_the_docstring_says():
    env = GridWorld(n_agents=4)
    step = env.reset()
    assert env.positions[0].tolist() == [[0, 0], [4, 4], [0, 1], [4, 3]]
    assert env.goals.tolist() == [[4, 0], [0, 4], [4, 1], [0, 3]]
    places, goals = env.positions[0] / 4, env.goals / 4
    for i in range(4):
        others = [places[j] for j in range(4) if j != i]
        assert torch.equal(step.obs[0, i], torch.cat([places[i], *others, goals[i]]))


@pytest.mark.parametrize("env", [GridWorld(size=4, n_agents=3, num_envs=5, episode_limit=7, random_starts=True),
                                 MatrixGame("qtran", num_envs=3), TwoStepGame(num_envs=4)])
def test_a_clone_is_the_same_task(env):
    assert env.clone().settings() == env.settings()
    assert env.clone(num_envs=2).settings() == env.settings() | {"num_envs": 2}


def test_a_loaded_environment_still_waits_for_its_reset():
    env, other = GridWorld(episode_limit=1), GridWorld(episode_limit=1)
    actions = torch.zeros(1, 2, dtype=torch.int64)
    env.reset()
    env.step(actions)
    other.load_state_dict(env.state_dict())
    with pytest.raises(ResetNeeded):
        other.step(actions)


def test_what_the_caller_writes_into_a_step_stays_out_of_the_environment():
    env, actions = GridWorld(num_envs=2, episode_limit=3), torch.ones(2, 2, dtype=torch.int64)
    env.reset()
    step = env.step(actions)
    obs, reward = step.obs[1].clone(), step.reward[1].clone()
    for value in (step.obs, step.state, step.reward):
        value.fill_(99.0)
    step.available.fill_(False)
    step.terminated.fill_(True)
    again = env.reset(where=torch.tensor([True, False]))
    assert torch.equal(again.obs[1], obs) and again.reward[1] == reward
    assert again.available.all() and not again.terminated.any()
    env.step(actions)                                                  # and nothing waits for a reset
