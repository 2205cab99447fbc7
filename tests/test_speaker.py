"""Speaker and listener: by hand, and the same rules as mpe2's where that is installed."""

import pytest
import torch

from qmix_course.envs import SpeakerListener, TeamSpec, check_env


def play(env, *actions):
    return env.step(torch.tensor([actions]).expand(env.num_envs, -1))


def test_one_episode_by_hand():
    env = SpeakerListener(num_envs=2)
    assert env.spec == TeamSpec(2, 5, 11, 14, 25)
    step = env.reset(seed=3)
    there = env.places
    goal = int(there["goal"][0])
    colour = [0.15, 0.15, 0.15]
    colour[goal] = 0.65
    assert step.obs[0, 0].tolist() == pytest.approx(colour + [0.0] * 8)
    ways = there["landmarks"][0] - there["listener"][0]
    assert step.obs[0, 1].tolist() == pytest.approx([0.0, 0.0, *ways.flatten().tolist(), 0.0, 0.0, 0.0])
    assert torch.equal(step.state, torch.cat([step.obs[:, 0, :3], step.obs[:, 1]], 1))
    assert step.available[0].tolist() == [[True] * 3 + [False] * 2, [True] * 5]
    step = play(env, 2, 4)                                      # the push is felt at the next step
    distance = ((there["listener"][0] - there["landmarks"][0, goal]) ** 2).sum()
    assert step.reward[0].item() == pytest.approx(-distance.item())
    assert step.obs[0, 1, :2].tolist() == [0.0, 0.5] and step.obs[0, 1, 8:].tolist() == [0.0, 0.0, 1.0]
    step, moved = play(env, 0, 0), env.places["listener"][0] - there["listener"][0]
    assert moved.tolist() == pytest.approx([0.0, 0.05])
    assert step.obs[0, 1, :2].tolist() == pytest.approx([0.0, 0.375]) and step.obs[0, 1, 8:].tolist() == [1, 0, 0]
    for _ in range(23):
        assert not step.ended.any()
        step = play(env, 1, 1)
    assert step.truncated.all() and not step.terminated.any()


def test_the_check_finds_nothing():
    assert check_env(SpeakerListener(num_envs=2, episode_limit=7)) is None


def test_what_is_said_matters_to_nobody_but_the_listener():
    """The word is no part of the reward or of the walk."""
    one, two = SpeakerListener(), SpeakerListener()
    one.reset(seed=1), two.reset(seed=1)
    for _ in range(25):
        a, b = play(one, 0, 2), play(two, 2, 2)
        assert torch.equal(a.reward, b.reward) and torch.equal(a.obs[..., :8], b.obs[..., :8])


def test_the_rules_are_mpe2s():
    """The same places, the same actions: the same observations, states and rewards, for four episodes."""
    module = pytest.importorskip("mpe2.simple_speaker_listener_v4", reason="needs mpe2: pip install mpe2")
    other = module.parallel_env()
    env, dice = SpeakerListener(), torch.Generator().manual_seed(0)
    for seed in range(4):
        other.reset(seed=seed)
        step, places = env.reset(seed=seed), env.places
        world = other.unwrapped.world
        world.agents[1].state.p_pos = places["listener"][0].numpy().copy()
        for landmark, place in zip(world.landmarks, places["landmarks"][0]):
            landmark.state.p_pos = place.numpy().copy()
        world.agents[0].goal_b = world.landmarks[int(places["goal"][0])]
        truncated = {"speaker_0": False}
        assert torch.allclose(step.state[0].float(), torch.tensor(other.state()), atol=1e-6)
        while not step.ended.any():
            said, push = (int(torch.randint(n, (), generator=dice)) for n in (3, 5))
            seen, paid, ended, truncated, _ = other.step({"speaker_0": said, "listener_0": push})
            step = play(env, said, push)
            assert torch.allclose(step.obs[0, 0, :3].float(), torch.tensor(seen["speaker_0"]), atol=1e-6)
            assert torch.allclose(step.obs[0, 1].float(), torch.tensor(seen["listener_0"]), atol=1e-6)
            assert torch.allclose(step.state[0].float(), torch.tensor(other.state()), atol=1e-6)
            assert step.reward.item() == pytest.approx(paid["speaker_0"], abs=1e-6) and len(set(paid.values())) == 1
            assert [step.truncated.item()] * 2 == list(truncated.values()) and not any(ended.values())


@pytest.mark.parametrize("limit", [0, 10_001, 2.5])
def test_bad_limits_are_refused(limit):
    with pytest.raises((TypeError, ValueError), match="episode_limit"):
        SpeakerListener(episode_limit=limit)


def test_a_damaged_state_changes_nothing():
    env = SpeakerListener(num_envs=2)
    env.reset(seed=0)
    before = env.state_dict()
    for name, value in {"goal": torch.tensor([0, 3]), "place": torch.full((2, 2), torch.nan, dtype=torch.float64),
                        "clock": torch.tensor([0, 26]), "velocity": torch.zeros(2, 3, dtype=torch.float64)}.items():
        with pytest.raises((TypeError, ValueError), match=name):
            env.load_state_dict(before | {"board": before["board"] | {name: value}})
    after = env.state_dict()
    assert all(torch.equal(before["board"][name], after["board"][name]) for name in before["board"])
