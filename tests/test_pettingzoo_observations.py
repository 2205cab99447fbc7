"""What a PettingZoo environment shows: observations of every kind, pictures, its own state."""

import numpy as np
import pytest
import torch

pytest.importorskip("pettingzoo")
from gymnasium import spaces  # noqa: E402
from parallel_worlds import World, at, refused  # noqa: E402

from qmix_course.envs import from_parallel_env  # noqa: E402
from qmix_course.envs.foreign import Observed  # noqa: E402

ZEROS = torch.zeros(1, 2, dtype=torch.int64)
NAN, INF = float("nan"), float("inf")
SPACES = {
    "Box": spaces.Box(-5, 5, (2, 3)), "Box float64": spaces.Box(-INF, INF, (3,), np.float64),
    "Box int": spaces.Box(-3, 9, (4,), np.int16),
    "Box 0-d": spaces.Box(0, 1, ()), "bytes": spaces.Box(0, 255, (4,), np.uint8), "Discrete": spaces.Discrete(4),
    "Discrete from 3": spaces.Discrete(4, start=3), "MultiDiscrete": spaces.MultiDiscrete([2, 3, 4]),
    "MultiDiscrete 2-d": spaces.MultiDiscrete([[2, 3], [4, 5]]),
    "MultiDiscrete from": spaces.MultiDiscrete([2, 3], start=[1, -1]),
    "MultiBinary": spaces.MultiBinary(5), "MultiBinary 2-d": spaces.MultiBinary([2, 3]),
    "Dict": spaces.Dict({"z": spaces.Discrete(3), "a": spaces.Box(0, 1, (2,)), "observation": spaces.MultiBinary(2)}),
    "Tuple": spaces.Tuple([spaces.Discrete(2), spaces.Box(-1, 1, (1, 2)), spaces.MultiDiscrete([3, 2])]),
    "nested": spaces.Dict({"in": spaces.Tuple([spaces.Dict({"x": spaces.Discrete(2, start=-1)}),
                                               spaces.Box(0, 9, (2, 2))]),
                           "out": spaces.MultiBinary(3)})}


@pytest.mark.parametrize("kind", SPACES)
def test_observations_are_flattened_as_gymnasium_does(kind):
    space = SPACES[kind]
    space.seed(0)
    given = []

    def draw(world, right):
        given.append({a: space.sample() for a in right})
        return given[-1]
    env = from_parallel_env(World(seen=space, observations=draw), episode_limit=20)
    assert env.spec.obs_dim == spaces.flatdim(space) and env.spec.state_dim == 2 * env.spec.obs_dim
    step = env.reset(seed=0)
    for _ in range(4):
        for i, agent in enumerate("ab"):
            expected = torch.as_tensor(spaces.flatten(space, given[-1][agent]), dtype=step.obs.dtype)
            assert torch.equal(step.obs[0, i], expected)
        assert torch.equal(step.state, step.obs.flatten(1))
        step = env.step(ZEROS)


def test_a_mask_inside_a_dict_is_no_observation():
    """Everything else in it is: PettingZoo's "observation", and what stands beside it."""
    space = spaces.Dict({"observation": spaces.Box(0, 1, (2,)), "action_mask": spaces.MultiBinary(3),
                         "goal": spaces.Discrete(2)})
    value = {"observation": np.float32([0.25, 0.5]), "action_mask": np.int8([0, 1, 1]), "goal": 1}
    step = from_parallel_env(World(seen=space, observations=lambda w, right: dict.fromkeys(right, value)),
                             episode_limit=20).reset(seed=0)
    assert step.obs[0].tolist() == [[0.0, 1.0, 0.25, 0.5]] * 2        # goal before observation: the space's order
    assert step.available[0].tolist() == [[False, True, True]] * 2


def test_shorter_observations_are_filled_up_with_zeros():
    seen = {"a": spaces.Discrete(2), "b": spaces.Box(0, 9, (4,))}
    env = from_parallel_env(World(seen=seen, observations=lambda w, right: {"a": 1, "b": np.float32([1, 2, 3, 4])}),
                            episode_limit=20)
    assert env.spec.obs_dim == 4 and env.spec.state_dim == 6
    step = env.reset(seed=0)
    assert step.obs[0].tolist() == [[0, 1, 0, 0], [1, 2, 3, 4]] and step.state[0].tolist() == [0, 1, 1, 2, 3, 4]


BOX, BYTES, DISCRETE = spaces.Box(-1, 1, (3,)), spaces.Box(0, 9, (2,), np.uint8), spaces.Discrete(3)
MULTI, BINARY = spaces.MultiDiscrete([2, 3]), spaces.MultiBinary(3)
DICT, TUPLE = spaces.Dict({"x": DISCRETE, "y": BOX}), spaces.Tuple([DISCRETE, BINARY])
OUTSIDE = [
    (BOX, [0, 0, 1.01]), (BOX, [0, 0]), (BOX, [0, 0, 0, 0]), (BOX, 0.5), (BOX, [0.5]), (BOX, np.zeros((1, 3))),
    (BOX, np.zeros((3, 1))),
    (BOX, [0, NAN, 0]), (BOX, [0, INF, 0]), (BOX, "abc"), (BOX, [None] * 3), (BOX, [[0], [0, 0]]), (BOX, {"x": 1}),
    (BOX, np.array(["0", "0", "0"])),
    # arrays of the space's own type, as they come most often
    (BOX, np.float32([0, NAN, 0])), (BOX, np.float32([0, 0, -INF])), (BOX, np.float32([0, 1.01, 0])),
    (spaces.Box(-INF, INF, (2,)), np.float32([0, INF])), (spaces.Box(-INF, INF, (2,)), np.float32([-INF, 0])),
    (spaces.Box(-INF, INF, (2,)), np.float32([NAN, 0])), (spaces.Box(-INF, INF, (1,), np.float64), np.float64([INF])),
    (spaces.Box(-INF, INF, (1,), np.float64), np.float64([1e300])), (BYTES, np.uint8([0, 10])),
    (BOX, [1j, 0, 0]), (spaces.Box(-INF, INF, (1,)), [INF]), (spaces.Box(-INF, INF, (1,)), [1e300]), (BYTES, [0, -1]),
    (BYTES, [0, 10]),
    (BYTES, [0, 0.5]), (BYTES, [0, 256]), (DISCRETE, 3), (DISCRETE, -1), (DISCRETE, 1.5), (DISCRETE, [1]),
    (DISCRETE, np.eye(3)[0]), (DISCRETE, "1"),
    (DISCRETE, NAN), (spaces.Discrete(3, start=2), 1), (MULTI, [0, 3]), (MULTI, [-1, 0]), (MULTI, [0]), (MULTI, 0),
    (MULTI, [0.5, 1]),
    (BINARY, [0, 1, 2]), (BINARY, [0, 1]), (BINARY, 1), (BINARY, [0, 0.5, 1]), (DICT, {"x": 1}),
    (DICT, {"x": 1, "y": [0, 0, 0], "z": 1}),
    (DICT, {"x": 1, "y": [0, 0, 2]}), (DICT, {"x": 3, "y": [0, 0, 0]}), (DICT, [1, [0, 0, 0]]), (TUPLE, (1,)),
    (TUPLE, (1, [0, 1, 0], 0)),
    (TUPLE, (3, [0, 1, 0])), (TUPLE, (1, [0, 1])), (TUPLE, 1)]


@pytest.mark.parametrize("space, value", OUTSIDE, ids=lambda each: repr(each)[:30])
def test_values_outside_their_space(space, value):
    """At the first look and in the middle: refused with environment, agent and field."""
    good = space.sample()
    def give(t):
        return lambda w, right: {a: value if a == "b" and w.t == t else good for a in right}
    with pytest.raises(ValueError, match="observation of b in tampered"):
        from_parallel_env(World(seen=space, observations=give(0)), episode_limit=20)
    refused(from_parallel_env(World(seen=space, observations=give(2)), episode_limit=20), 2,
            "observation of b in tampered")


def test_the_entry_that_is_outside_is_named():
    box = spaces.Box(0.0, 1.0, (2, 3))
    world = World(seen=box, observations=lambda w, right: {a: np.float32([[0, 1, 0.5], [1, 85, 0]]) for a in right})
    with pytest.raises(ValueError, match="expected a value in .*; entry 4 is 85$"):
        from_parallel_env(world, episode_limit=20)


@pytest.mark.parametrize("space, value, expected", [
    (BOX, (0, 1, -1), [0, 1, -1]), (BOX, np.float64([0.1, 0.2, 0.3]), [0.1, 0.2, 0.3]),
    (BOX, torch.tensor([0.0, 1.0, 1.0]), [0, 1, 1]),
    (BOX, np.float32([1.0000001, 0, 0]), [1, 0, 0]), (MULTI, (1, 2), [0, 1, 0, 0, 1]),
    (DISCRETE, np.int8(2), [0, 0, 1]), (BINARY, [True, False, True], [1, 0, 1]),
    (spaces.Box(0, 0.7, (1,)), [0.7], [0.7]), (BYTES, [1.0, 2.0], [1, 2])], ids=lambda each: repr(each)[:30])
def test_what_says_the_same_in_another_type(space, value, expected):
    """PettingZoo's tutorial observes a tuple in a MultiDiscrete; float64 in a float32 Box is everyday; so is the last
    rounded bit."""
    env = from_parallel_env(World(seen=space, observations=lambda w, right: dict.fromkeys(right, value)),
                            episode_limit=20)
    assert env.reset(seed=0).obs[0, 0].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("space", [spaces.Text(5), spaces.Graph(BOX, None), spaces.Sequence(DISCRETE),
                                   spaces.OneOf([DISCRETE, BOX]), None, 3,
                                   spaces.Dict({"x": spaces.Text(3)}), spaces.Dict({"action_mask": BINARY}),
                                   spaces.Tuple([spaces.Sequence(BOX)])],
                         ids=lambda each: repr(each)[:30])
def test_spaces_that_are_not_read(space):
    with pytest.raises((TypeError, ValueError), match="observation of b in tampered"):
        from_parallel_env(World(seen={"a": BOX, "b": space}), episode_limit=20)


@pytest.mark.parametrize("space", [spaces.Box(0, 255, (457, 120, 3), np.uint8), spaces.Box(0, 1, (7, 7, 3)),
                                   spaces.Box(0, 255, (84, 84), np.uint8), spaces.Box(0, 1, (84, 84)),
                                   spaces.Box(-1, 1, (32, 200), np.float64),
                                   spaces.Dict({"pixels": spaces.Box(0, 255, (8, 8), np.uint8)}),
                                   spaces.Box(0, 1, (2, 8, 8, 3))], ids=str)
def test_pictures_are_refused_unless_wanted(space):
    def world():
        return World(seen=space, observations=lambda w, right: {a: space.sample() for a in right})
    with pytest.raises(TypeError, match=r"observation of a in tampered: a picture .*MiB.* GiB.*images=True"):
        from_parallel_env(world, episode_limit=20)
    assert from_parallel_env(world, episode_limit=20, images=True).spec.obs_dim == spaces.flatdim(space)


@pytest.mark.parametrize("shape", [(31, 200), (400, 4), (5, 5), (1, 96)])
def test_a_table_of_numbers_is_no_picture(shape):
    space = spaces.Box(-1, 1, shape, np.float32)
    world = lambda: World(seen=space, observations=lambda w, right: {a: space.sample() for a in right})
    assert from_parallel_env(world, episode_limit=20).spec.obs_dim == spaces.flatdim(space)


def test_the_size_of_a_picture_is_the_size_of_its_row():
    """Two agents with 100 × 50 × 3 bytes: now and next, and the state that is both of them, four bytes a number."""
    numbers = 2 * (2 * 15_000 + 2 * 15_000)
    with pytest.raises(TypeError, match=rf"would take {numbers * 4 / 2**20:.1f} MiB, 10,000 of them "
                                        rf"{numbers * 4e4 / 2**30:.1f} GiB"):
        from_parallel_env(World(seen=spaces.Box(0, 255, (100, 50, 3), np.uint8)), episode_limit=20)


def test_the_environments_own_state():
    env = from_parallel_env(World(state=lambda w, right: np.array([[w.t, 7], [1, 2]])), episode_limit=20)
    assert env.spec.state_dim == 4 and env.reset(seed=0).state[0].tolist() == [0, 7, 1, 2]
    assert env.step(ZEROS).state[0].tolist() == [1, 7, 1, 2]


@pytest.mark.parametrize("value", [None, [NAN, 0], [INF, 0], "ab", [], {}, [None, 0], [[1], [1, 2]]], ids=str)
def test_what_is_no_state(value):
    with pytest.raises(ValueError, match="state of tampered"):
        from_parallel_env(World(state=lambda w, right: value), episode_limit=20)
    refused(from_parallel_env(World(state=at(2, lambda w, right: value)), episode_limit=20), 2, "state of tampered")


@pytest.mark.parametrize("value", [[1.0], [1.0, 2.0, 3.0], 1.0, [[1.0, 2.0]], [[1.0], [2.0]]], ids=str)
def test_a_state_that_varies(value):
    refused(from_parallel_env(World(state=at(2, lambda w, right: value)), episode_limit=20), 2,
            r"state of tampered: expected .*\(2,\)")


def test_where_there_is_no_state():
    """Not written (PettingZoo's base raises NotImplementedError), or an attribute of the environment's own:
    observations side by side."""
    plain, attribute = World(), World()
    attribute.state = {"board": 3}
    for world in (plain, attribute):
        env = from_parallel_env(world, episode_limit=20)
        step = env.reset(seed=0)
        assert env.spec.state_dim == 12 and torch.equal(step.state, step.obs.flatten(1))

    def unfinished(world, right):
        raise NotImplementedError
    with pytest.raises(NotImplementedError):                      # it had one, and then has not
        env = from_parallel_env(World(state=at(2, unfinished)), episode_limit=20)
        env.reset(seed=0)
        env.step(ZEROS)
        env.step(ZEROS)
    def broken(world, right):
        raise AttributeError("self.board")
    with pytest.raises(AttributeError, match="self.board"):                # a fault inside it is not "no state"
        from_parallel_env(World(state=broken), episode_limit=20)


def test_a_state_that_is_a_picture():
    picture = {"state": lambda w, right: np.zeros((560, 880, 3), np.uint8)}
    with pytest.raises(TypeError, match="state of tampered: a picture.*11.3 MiB"):
        from_parallel_env(World(**picture), episode_limit=20)
    assert from_parallel_env(World(**picture), episode_limit=20, images=True).spec.state_dim == 560 * 880 * 3


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_space_as_wide_as_its_numbers_go_is_read_without_a_warning(dtype):
    """As CartPole's: its bounds are the largest floats that there are. (A warning is an error in these tests.)"""
    most = np.finfo(dtype).max
    seen = Observed("obs", spaces.Box(-most, most, (2,), dtype))
    for value in (np.array([most, -most]), np.zeros(2, dtype)):
        assert (seen.read(value.astype(dtype)) == value).all()
    with pytest.raises(ValueError, match="NaN or infinity"):
        seen.read(np.array([np.inf, 0], dtype))
