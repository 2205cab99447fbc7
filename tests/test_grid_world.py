"""The grid world against 48 recorded episodes, and the rules that those do not reach."""

import json
from pathlib import Path

import pytest
import torch

from qmix_course import exact
from qmix_course.envs import GridWorld

GOLDEN = json.loads((Path(__file__).parent / "data" / "grid_world_golden.json").read_text())["episodes"]
UP, DOWN, LEFT, RIGHT = range(4)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def close(tensor, values, within=1e-12):
    return torch.allclose(tensor, torch.tensor(values, dtype=tensor.dtype), rtol=0, atol=within)


def same_view(step, observations, state):
    # six decimals there
    return close(step.obs[0], observations, within=5e-7) and close(step.state[0], state, within=5e-7)


def at(*positions, **options):
    env = GridWorld(**options)
    env.reset(positions=torch.tensor(positions))
    return env


@pytest.mark.parametrize("number", range(len(GOLDEN)))
def test_every_recorded_step(number):
    episode = GOLDEN[number]
    env = GridWorld(size=episode["size"])
    step = env.reset()
    assert same_view(step, episode["first_observations"], episode["first_state"])
    for recorded in episode["steps"]:
        step = env.step(torch.tensor([recorded["actions"]]))
        assert env.positions[0].tolist() == recorded["positions"]
        assert same_view(step, recorded["observations"], recorded["state"])
        assert close(step.reward, [recorded["reward"]]) and step.terminated.tolist() == [recorded["terminated"]]


def test_the_record_is_whole():
    assert len(GOLDEN) == 48 and sum(len(episode["steps"]) for episode in GOLDEN) == 1019


def test_all_recorded_steps_in_one_batch():
    """The same steps through the rules at once: rows do not disturb each other."""
    for size in {episode["size"] for episode in GOLDEN}:
        before, actions, after, reward = [], [], [], []
        for episode in (e for e in GOLDEN if e["size"] == size):
            position = [[0, 0], [size - 1, size - 1]]
            for recorded in episode["steps"]:
                before.append(position), actions.append(recorded["actions"])
                position = recorded["positions"]
                after.append(position), reward.append(recorded["reward"])
        env = GridWorld(size=size, num_envs=len(before))
        env.reset(positions=torch.tensor(before))
        step = env.step(torch.tensor(actions))
        assert env.positions.tolist() == after and close(step.reward, reward)


def test_the_best_four_steps():
    env, rewards = GridWorld(), []
    env.reset()
    for _ in range(4):
        step = env.step(torch.tensor([[DOWN, UP]]))
        rewards.append(step.reward.item())
    assert rewards == pytest.approx([-0.65, -0.45, -0.25, 10.0], abs=1e-12)
    assert step.terminated.all() and not step.truncated.any()
    assert exact.solve(env).best_return == pytest.approx(8.65, abs=1e-12)


def test_an_agent_at_home_does_not_move_or_pay():
    env = at([4, 0], [4, 4])
    step = env.step(torch.tensor([[LEFT, UP]]))                      # agent 0 would leave the board, but it is home
    assert env.positions[0].tolist() == [[4, 0], [3, 4]]
    assert close(step.reward, [-0.05 - 0.1 * 3])


def test_walking_into_an_agent_at_home_counts():
    env = at([4, 0], [4, 1])
    step = env.step(torch.tensor([[UP, LEFT]]))
    assert env.positions[0].tolist() == [[4, 0], [4, 1]]
    assert close(step.reward, [-0.05 - 0.1 * 7 - 0.5])


def test_swapping_is_allowed_and_both_bump_into_one_cell_is_not():
    env = at([2, 1], [2, 2])
    assert close(env.step(torch.tensor([[RIGHT, LEFT]])).reward, [-0.05 - 0.1 * (4 + 5)])
    assert env.positions[0].tolist() == [[2, 2], [2, 1]]
    env = at([2, 1], [2, 3])
    assert close(env.step(torch.tensor([[RIGHT, LEFT]])).reward, [-0.05 - 0.1 * (3 + 3) - 0.5])
    assert env.positions[0].tolist() == [[2, 1], [2, 3]]


def test_a_wall_and_a_bump_in_one_step_are_paid_both():
    env = at([0, 0], [0, 1])
    step = env.step(torch.tensor([[UP, LEFT]]))                      # agent 0 bumps into the wall, agent 1 into agent 0
    assert env.positions[0].tolist() == [[0, 0], [0, 1]]
    assert close(step.reward, [-0.05 - 0.1 * (4 + 3) - 0.5 - 0.5])


def test_the_clock_truncates_and_terminated_wins_at_the_limit():
    env = GridWorld(episode_limit=4, num_envs=2)
    env.reset()
    for _ in range(4):
        step = env.step(torch.tensor([[DOWN, UP], [UP, UP]]))
    assert step.terminated.tolist() == [True, False] and step.truncated.tolist() == [False, True]
    assert step.reward[0] == 10.0


def test_reset_where_returns_the_full_batch():
    env = GridWorld(num_envs=3, episode_limit=2)
    env.reset()
    env.step(torch.tensor([[DOWN, UP], [UP, UP], [RIGHT, LEFT]]))
    before = env.step(torch.tensor([[DOWN, UP], [UP, UP], [RIGHT, LEFT]]))
    after = env.reset(where=torch.tensor([True, False, True]))
    assert after.reward.tolist() == [0.0, before.reward[1].item(), 0.0]
    assert after.truncated.tolist() == [False, True, False]
    assert torch.equal(after.obs[1], before.obs[1]) and torch.equal(after.state[1], before.state[1])
    assert env.positions[0].tolist() == [[0, 0], [4, 4]] and env.positions[1].tolist() == [[0, 0], [2, 4]]


def test_what_was_returned_does_not_change_later():
    env = GridWorld(num_envs=2)
    first = env.reset()
    kept = first.obs.clone(), first.state.clone(), first.reward.clone()
    env.step(torch.tensor([[DOWN, UP], [RIGHT, LEFT]]))
    env.reset(where=torch.tensor([True, False]))
    assert torch.equal(first.obs, kept[0]) and torch.equal(first.state, kept[1]) and torch.equal(first.reward, kept[2])


def test_random_starts_are_seeded_distinct_and_uniform():
    env = GridWorld(size=2, num_envs=11_000, random_starts=True)
    env.reset(seed=0)
    first = env.positions
    cells = first @ torch.tensor([2, 1])
    assert (cells[:, 0] != cells[:, 1]).all()
    assert not (cells == torch.tensor([2, 1])).all(1).any()          # the solved placement is never drawn
    counts = torch.bincount(cells @ torch.tensor([4, 1]), minlength=16)
    counts = counts[counts > 0]
    assert len(counts) == 11                                         # 4 · 3 ordered pairs of cells, less the solved one
    assert ((counts - 1000).abs() < 150).all()                       # about five standard deviations; one seed, fixed
    env.reset(seed=0)
    assert torch.equal(env.positions, first)
    env.reset(seed=1)
    assert not torch.equal(env.positions, first)


@pytest.mark.parametrize("size, n_agents", [(2, 2), (3, 3), (3, 4), (4, 4), (5, 1)])
def test_more_agents_never_share_a_cell(size, n_agents):
    env = GridWorld(size=size, n_agents=n_agents, num_envs=64)
    env.reset()
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        step = env.step(torch.randint(4, (64, n_agents), generator=generator))
        cells = env.positions @ torch.tensor([size, 1])
        assert all(len(set(row)) == n_agents for row in cells.tolist())
        assert step.obs.shape == (64, n_agents, 2 * n_agents + 2) and step.state.shape == (64, 4 * n_agents)
        if step.ended.any():
            env.reset(where=step.ended)


def test_a_collision_can_send_a_third_agent_back():
    # Agents 0 and 1 meet on (1, 1) and go back; agent 2 was about to enter the cell that agent 0 had left.
    env = at([1, 0], [1, 2], [0, 0], size=4, n_agents=3)
    step = env.step(torch.tensor([[RIGHT, LEFT, DOWN]]))
    assert env.positions[0].tolist() == [[1, 0], [1, 2], [0, 0]]
    distance = 2 + 2 + 4                                             # goals (3, 0), (0, 3) and (3, 1)
    assert env.goals.tolist() == [[3, 0], [0, 3], [3, 1]]
    assert close(step.reward, [-0.05 - 0.1 * distance - 0.5])


def test_the_model_says_what_stepping_does():
    """All 599 states × 16 joint actions, one step of the environment each, against ``model``."""
    env = GridWorld()
    model, placements = env.model(), env.placements()
    assert model.state.shape == (599, 8) and model.next_state.shape == (599, 4, 4)
    assert placements[model.start[0]].tolist() == [[0, 0], [4, 4]] and len(model.start) == 1
    everywhere = GridWorld(num_envs=599)
    for a in range(4):
        for b in range(4):
            first = everywhere.reset(positions=placements)
            assert torch.equal(first.state, model.state) and torch.equal(first.obs, model.obs)
            step = everywhere.step(torch.tensor([[a, b]]).expand(599, 2))
            assert torch.equal(step.reward, model.reward[:, a, b])
            assert torch.equal(step.terminated, model.terminated[:, a, b])
            going = ~step.terminated
            assert torch.equal(step.state[going], model.state[model.next_state[:, a, b]][going])


# ---- a viewing radius ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size, n_agents", [(2, 2), (4, 2), (4, 4)])
@pytest.mark.parametrize("view", [0, 1, 2, None])
def test_what_is_out_of_view_reads_minus_one(size, n_agents, view):
    """Against a loop: own place, each other's place if neither row nor column differ by more than ``view``, own goal.
    """
    env = GridWorld(size=size, n_agents=n_agents, num_envs=64, view=view, random_starts=True)
    step, plain = env.reset(seed=0), GridWorld(size=size, n_agents=n_agents, num_envs=64, random_starts=True)
    whole = plain.reset(positions=env.positions)
    hidden = 0
    for b in range(64):
        for i in range(n_agents):
            own, expected = env.positions[b, i], [env.positions[b, i] / (size - 1)]
            for j in (j for j in range(n_agents) if j != i):
                seen = view is None or (own - env.positions[b, j]).abs().max() <= view
                hidden += not seen
                expected.append(env.positions[b, j] / (size - 1) if seen else torch.tensor([-1.0, -1.0]))
            assert close(step.obs[b, i], torch.cat([*expected, env.goals[i] / (size - 1)]).tolist())
    assert torch.equal(step.state, whole.state) and bool(hidden) == (view is not None and view < size - 1)
    if not hidden:
        assert torch.equal(step.obs, whole.obs)


def test_the_rules_do_not_depend_on_the_view():
    one, two = (GridWorld(size=3, num_envs=32, view=view, random_starts=True, episode_limit=9) for view in (None, 0))
    one.reset(seed=0), two.reset(seed=0)
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        actions = torch.randint(4, (32, 2), generator=generator)
        first, second = one.step(actions), two.step(actions)
        for name in ("state", "reward", "terminated", "truncated", "available"):
            assert torch.equal(getattr(first, name), getattr(second, name)), name
        if first.ended.any():
            one.reset(where=first.ended), two.reset(where=second.ended)


def test_the_view_is_part_of_the_task():
    env = GridWorld(size=3, view=1, num_envs=2)
    assert env.clone(5).view == 1 and env.settings()["view"] == 1 and "view" not in GridWorld().settings()
    model, placements = env.model(), env.placements()
    everywhere = env.clone(len(placements))
    assert torch.equal(everywhere.reset(positions=placements).obs, model.obs) and model.obs.min() == -1.0
    torch.set_default_dtype(torch.float32)
    assert env.reset().obs.dtype == torch.float32
    for view, error in ((-1, ValueError), (1.0, TypeError), (True, TypeError)):
        with pytest.raises(error, match="view"):
            GridWorld(view=view)
