"""The rules of Skirmish: each in a situation made by hand, and all of them against a slow second version."""

import pytest
import torch
from skirmishes import ATTACK, EAST, NAMES, NORTH, SOUTH, STOP, WEST, SlowSkirmish, at, play, random_actions

from qmix_course.envs import ResetNeeded, Skirmish


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


@pytest.mark.parametrize("scenario", NAMES)
def test_random_play_agrees_with_the_slow_version(scenario):
    """4 rows × 400 steps of each of 8 scenarios: 12,800 steps, with ends and cuts in them."""
    env = Skirmish(scenario, num_envs=4, episode_limit=35)
    generator, step = torch.Generator().manual_seed(0), env.reset(seed=1)
    slow = [SlowSkirmish(scenario, 35, places) for places in env.places.tolist()]
    ends = cuts = 0
    for t in range(400):
        actions = random_actions(step, generator, 1.0 if t < 200 else 3.0)
        step = env.step(actions)
        for b, one in enumerate(slow):
            reward, terminated, truncated = one.step(actions[b].tolist())
            assert step.reward[b].item() == pytest.approx(reward, abs=1e-12)
            assert (step.terminated[b].item(), step.truncated[b].item()) == (terminated, truncated)
            units = one.team + one.enemies
            assert env.health[b].tolist() == [unit.health for unit in units]
            assert env.places[b].tolist() == [[unit.x, unit.y] for unit in units]
            assert step.available[b].tolist() == [one.available(unit) for unit in one.team]
            torch.testing.assert_close(step.obs[b], torch.tensor([one.observation(unit) for unit in one.team]),
                                       atol=1e-12, rtol=0)
            torch.testing.assert_close(step.state[b], torch.tensor(one.state()), atol=1e-12, rtol=0)
            ends, cuts = ends + terminated, cuts + truncated
        if step.ended.any():
            step = env.reset(where=step.ended)
            for b in range(4):
                if slow[b].t >= 35 or not any(u.alive for u in slow[b].team) or not any(
                        u.alive for u in slow[b].enemies):
                    slow[b] = SlowSkirmish(scenario, 35, env.places[b].tolist())
    assert ends > 5 or cuts > 5


def test_both_shoot_at_the_same_time_and_again_two_steps_later():
    env, _ = at([[8, 12]], [[14, 12]])
    for health in (36, 36, 27, 27):
        play(env, ATTACK)
        assert env.health.tolist() == [[health, health]]


def test_the_last_two_may_fall_together_and_nobody_has_won():
    env, _ = at([[8, 12]], [[14, 12]])
    total = sum(play(env, ATTACK).reward.item() for _ in range(8))
    step = play(env, ATTACK)
    assert env.health.tolist() == [[0, 0]] and step.terminated.item() and not step.truncated.item()
    assert total + step.reward.item() == pytest.approx((45 + 10) * 20 / 255)
    assert not env.won(torch.tensor([total + step.reward.item()]))


def test_a_won_episode_pays_exactly_20_and_what_is_too_much_is_lost():
    env, _ = at([[8, 12], [9, 13], [9, 11]], [[14, 12]])
    rewards = [play(env, ATTACK, ATTACK, ATTACK).reward.item() for _ in range(3)]          # 27, nothing, 18 of 27
    assert rewards == pytest.approx([27 * 20 / 255, 0, (18 + 10 + 200) * 20 / 255])
    assert sum(rewards) == pytest.approx(20)
    with pytest.raises(ResetNeeded):
        play(env, STOP, STOP, STOP)


def test_two_kills_in_one_step_are_paid_twice():
    env, _ = at([[9, 12], [9, 4], [20, 20]], [[14, 12], [14, 4]])
    rewards = [play(env, ATTACK, ATTACK + 1, STOP).reward.item() for _ in range(9)]
    assert env.health[0, :2].tolist() == [0, 0] and env.health[0, 2] == 45        # the team's third is left: won
    assert rewards[-1] == pytest.approx((18 + 20 + 200) * 20 / 310) and sum(rewards) == pytest.approx(20)


def test_an_attack_that_is_not_ready_does_nothing_and_no_walk_shoots():
    env, _ = at([[8, 12], [1, 1]], [[14, 12]])
    play(env, ATTACK, STOP)
    before = env.health.tolist()
    assert play(env, ATTACK, STOP).reward.item() == 0 and env.health.tolist() == before
    assert env.places[0, 0].tolist() == [8, 12]
    assert play(env, WEST, STOP).reward.item() == 0 and env.places[0, 0].tolist() == [7, 12]


def test_the_nearest_is_attacked_and_of_equals_the_first():
    env, _ = at([[10, 10], [10, 14], [10, 12.25]], [[14, 12]])
    play(env, STOP, STOP, STOP)
    assert env.health.tolist() == [[45, 45, 36, 45]]
    env, _ = at([[10, 14], [10, 10]], [[14, 12]])
    play(env, STOP, STOP)
    assert env.health.tolist() == [[36, 45, 45]]
    env, _ = at([[10, 10], [10, 14]], [[14, 12]])
    play(env, STOP, NORTH)                                  # who it is after was decided before the step
    assert env.health.tolist() == [[36, 45, 45]]


def test_an_enemy_out_of_reach_goes_along_the_larger_gap_east_or_west_if_they_are_equal():
    for start, there in (([4, 2], [9, 8]), ([2, 4], [9, 8]), ([4, 4], [9, 10]), ([16, 4], [11, 10]), ([10, 1], [10, 9]),
                         ([10, 20], [10, 11])):
        env, _ = at([start], [[10, 10]] if start not in ([4, 2], [2, 4]) else [[10, 8]])
        play(env, STOP)
        assert env.places[0, 1].tolist() == there, start


def test_who_dies_in_a_step_still_shoots_in_it_but_does_not_move():
    env, _ = at([[8, 12], [8, 12]], [[14, 12]])
    for _ in range(9):
        step = play(env, STOP, STOP)
    assert env.health[0, 0] == 0 and env.health[0, 1] == 45
    assert step.available[0, 0].tolist() == [True] + [False] * 6 and (step.obs[0, 0] == 0).all()
    with pytest.raises(ValueError, match="action 1 is not available to agent 0"):
        play(env, STOP, STOP)
    step = play(env, 0, EAST)
    assert env.places[0].tolist() == [[8, 12], [9, 12], [14, 12]]
    assert step.state[0, :4].tolist() == [0, 0, 0, 0] and step.obs[0, 1, 9:15].tolist() == [0] * 6


def test_who_is_shot_dead_on_the_run_falls_where_it_stood():
    env, _ = at([[8, 12], [1, 1]], [[14, 12]])
    for _ in range(8):
        play(env, STOP, STOP)
    play(env, WEST, STOP)
    assert env.health[0, 0] == 0 and env.places[0, 0].tolist() == [8, 12]


def test_reach_and_sight_are_those_of_the_kinds_and_count_the_border():
    _, step = at([[8, 12]], [[14, 12]])
    assert step.available[0, 0].tolist() == [False, True, True, True, True, True, True]
    _, step = at([[8, 12]], [[14.25, 12]])
    assert not step.available[0, 0, ATTACK] and step.obs[0, 0, 4:9].tolist() == [0, 6.25 / 9, 6.25 / 9, 0, 1]
    _, step = at([[8, 12]], [[17, 12]])
    assert step.obs[0, 0, 4:9].tolist() == [0, 1, 1, 0, 1]
    _, step = at([[8, 12]], [[17.25, 12]])
    assert step.obs[0, 0, 4:9].tolist() == [0] * 5 and (step.state != 0).any()
    _, step = at([[8, 12]], [[11, 12]], "1z")
    assert not step.available[0, 0, ATTACK]
    _, step = at([[8, 12]], [[10, 12]], "1z")
    assert step.available[0, 0, ATTACK]


def test_the_edge_of_the_field():
    _, step = at([[0, 0.5]], [[20, 12]])
    assert step.available[0, 0, 2:6].tolist() == [True, False, True, False]
    _, step = at([[24, 24]], [[10, 12]])
    assert step.available[0, 0, 2:6].tolist() == [False, True, False, True]
    env, step = at([[1, 1.25]], [[20, 12]], "1s_vs_1z")
    assert step.available[0, 0, 2:6].tolist() == [True, True, True, False]
    play(env, SOUTH)
    assert env.places[0, 0].tolist() == [1, 0]


def test_time_out_is_a_cut_and_at_the_limit_an_end_wins():
    env, _ = at([[1, 1]], [[23, 23]], limit=2)
    assert not play(env, STOP).ended.item()
    step = play(env, STOP)
    assert step.truncated.item() and not step.terminated.item()
    env, _ = at([[8, 12], [9, 13], [9, 11]], [[14, 12]], limit=3)
    for _ in range(3):
        step = play(env, ATTACK, ATTACK, ATTACK)
    assert step.terminated.item() and not step.truncated.item()


def test_units_do_not_block_each_other():
    env, _ = at([[8, 12], [9, 12]], [[20, 12]])
    play(env, EAST, STOP)
    assert env.places[0, :2].tolist() == [[9, 12], [9, 12]]
