"""What a PettingZoo environment says of actions and pays: masks and rewards, read, refused, and added up for the team.
"""

import warnings

import numpy as np
import pytest
import torch

pytest.importorskip("pettingzoo")
from gymnasium import spaces  # noqa: E402
from parallel_worlds import World, at, refused  # noqa: E402

from qmix_course.envs import ResetNeeded, from_parallel_env  # noqa: E402

ZEROS = torch.zeros(1, 2, dtype=torch.int64)
NAN, INF = float("nan"), float("inf")

def masks(value, where="infos"):
    """Tamperings that give ``value`` as b's mask, a full one as a's, in the infos or in the observations."""
    def tamper(world, right):
        found = {a: np.ones(3, np.int8) if a == "a" else value(world) if callable(value) else value for a in right}
        if where == "infos":
            return {a: {"action_mask": found[a]} for a in right}
        return {a: {"observation": right[a], "action_mask": found[a]} for a in right}
    return {where: tamper}


def infos(key, value):
    return World(infos=lambda world, right: {a: {key: value} for a in right})


@pytest.mark.parametrize("key", ["avail_actions", "mask", "legal_moves", "valid actions", "ActionMask"])
def test_a_mask_under_another_name_is_spoken_of_once(key):
    with pytest.warns(UserWarning, match=f"no \"action_mask\", but '{key}' in the info of .* looks like one") as caught:
        env = from_parallel_env(infos(key, [1, 0, 1]), episode_limit=20)
        env.reset(seed=0)
        step = env.step(ZEROS)
    assert len(caught) == 1 and step.available.all()


class WithMethod(World):
    def get_avail_actions(self):
        return [[1, 0, 1]] * 2


@pytest.mark.parametrize("make, where", [
    (lambda: World(infos=lambda w, right: right | {"action_mask": dict.fromkeys(right, [1, 0, 1])}), "'action_mask'"),
    (lambda: World(infos=lambda w, right: right | {"avail": [[1, 0, 1]] * 2}), "'avail', beside the agents"),
    (WithMethod, "its method get_avail_actions")])
def test_masks_of_the_whole_team_are_spoken_of_once(make, where):
    with pytest.warns(UserWarning, match=f"no \"action_mask\", but {where}.* looks like one") as caught:
        env = from_parallel_env(make, num_envs=2, episode_limit=20)
        env.reset(seed=0)
        step = env.step(torch.zeros(2, 2, dtype=torch.int64))
        env.reset(seed=0)
    assert len(caught) == 1 and step.available.all()


def test_where_masks_are_read_others_are_not_spoken_of():
    class Both(WithMethod):
        def __init__(self):
            super().__init__(**masks([1, 0, 1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = from_parallel_env(Both, episode_limit=20)
        env.reset(seed=0)
        assert env.step(ZEROS).available[0, 1].tolist() == [True, False, True]


@pytest.mark.parametrize("key, value", [("mask", [1, 0]), ("mask", [[1], [1, 0], [1]]), ("mask", [1, 2, 0]),
                                        ("mask", None), ("mask", "101"), ("position", [1, 0, 1]), (7, [1, 0, 1])],
                         ids=str)
def test_what_is_no_mask_is_not_spoken_of(key, value):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = from_parallel_env(infos(key, value), episode_limit=20)
        env.reset(seed=0)
        env.step(ZEROS)


def test_a_class_of_the_form_is_told_what_it_lacks():
    class Duck:
        possible_agents = ("a", "b")

    with pytest.raises(TypeError, match=r"say so: class Duck\(pettingzoo.ParallelEnv\), with metadata"):
        from_parallel_env(Duck)


READ = [np.array([1, 0, 1], np.int8), np.array([True, False, True]), np.array([1.0, 0.0, 1.0]),
        np.array([1, 0, 1], np.uint8), [1, 0, 1],
        (True, False, True), torch.tensor([1, 0, 1]), np.array([1, 0, 1], np.float32), np.array([1, 0, 1], np.int64)]


@pytest.mark.parametrize("where", ["infos", "observations"])
@pytest.mark.parametrize("mask", READ, ids=str)
def test_masks_that_are_read(mask, where):
    env = from_parallel_env(World(**masks(mask, where)), episode_limit=20)
    for step in (env.reset(seed=0), env.step(ZEROS)):
        assert step.available[0].tolist() == [[True] * 3, [True, False, True]]
        assert step.obs[0].sum(-1).tolist() == [1.0, 1.0]


NO_MASK = {
    "additive": [0.0, -INF, -INF], "additive, large": [0, -1e9, -1e9], "additive, finfo": np.float32([0, -3.4e38, 0]),
    "indices": [0, 1, 2],
    "indices from one": [1, 2, 3], "too long": [1, 0, 1, 1], "too short": [1, 0], "one number": 1,
    "one number, 0-d": np.array(1),
    "one number, 1-d": [1], "a row": np.ones((1, 3), np.int8), "a column": np.ones((3, 1), np.int8), "nan": [1, NAN, 0],
    "negative": [1, -1, 0],
    "probabilities": [0.2, 0.3, 0.5], "words": ["1", "0", "1"], "a word": "101", "Nones": [1, None, 0], "empty": [],
    "a dict": {0: 1, 1: 0, 2: 1},
    "a set": {0, 2}, "two": [2, 0, 1], "complex": [1j, 0, 1], "nested": [[1, 0, 1], [1]], "infinite": [INF, 0, 1]}


@pytest.mark.parametrize("where", ["infos", "observations"])
@pytest.mark.parametrize("kind", NO_MASK)
def test_what_is_no_mask(kind, where):
    """Refused by name, at the start and later on, and on a step that the clock cuts."""
    words = "action_mask of b in tampered: expected 0 or 1 .*3 actions"
    with pytest.raises(ValueError, match=words):
        from_parallel_env(World(**masks(NO_MASK[kind], where)), episode_limit=20)
    late = masks(lambda world: NO_MASK[kind] if world.t == 3 else [1, 0, 1], where)
    refused(from_parallel_env(World(**late), episode_limit=20), 3, words)
    refused(from_parallel_env(World(**late), episode_limit=3), 3, words)


def test_a_mask_must_leave_an_action_unless_nothing_follows():
    """All zero in the middle is refused. On the step that the clock cuts it says nothing, and every own action counts.
    """
    nothing = masks(lambda world: np.zeros(3, np.int8) if world.t == 3 else np.array([1, 0, 1], np.int8))
    refused(from_parallel_env(World(**nothing), episode_limit=20), 3,
            "action_mask of b in tampered: expected at least one available action")
    with pytest.raises(ValueError, match="action_mask of b in tampered: expected at least one"):
        from_parallel_env(World(**masks(np.zeros(3, np.int8))), episode_limit=20)
    for world in (World(**nothing), World(cycles=3, **nothing)):
        env = from_parallel_env(world, episode_limit=3)
        env.reset(seed=0)
        step = [env.step(ZEROS) for _ in range(3)][-1]
        assert step.ended.item() and step.available.any(-1).all()
        assert step.terminated.item() or step.available[0, 1].tolist() == [True] * 3


def test_a_mask_that_comes_and_goes():
    gone = masks(lambda world: None if world.t == 2 else [1, 0, 1])
    refused(from_parallel_env(World(**gone), episode_limit=20), 2,
            "action_mask of b in tampered: expected one at every step .* got none now")
    refused(from_parallel_env(World(**gone), episode_limit=2), 2,
            "action_mask of b in tampered: expected one at every step")
    lost = World(infos=lambda w, right: {a: {} if w.t == 2 else {"action_mask": [1, 0, 1]} for a in right})
    refused(from_parallel_env(lost, episode_limit=20), 2,
            "action_mask of a in tampered: expected one at every step .* got none now")
    late = masks(lambda world: [1, 0, 1] if world.t == 2 else None)
    refused(from_parallel_env(World(**late), episode_limit=20), 2,
            "action_mask of b in tampered: expected one at every step .* got one now")


def test_two_masks_must_agree():
    same = masks([1, 0, 1]) | masks([True, False, True], "observations")
    assert (from_parallel_env(World(**same), episode_limit=20).reset(seed=0).available[0, 1].tolist()
            == [True, False, True])
    with pytest.raises(ValueError, match="action_mask of b in tampered: expected the same one in observation and info"):
        from_parallel_env(World(**masks([1, 0, 1]) | masks([1, 1, 0], "observations")), episode_limit=20)


def test_fewer_actions_are_filled_up_with_closed_ones():
    acts = {"a": spaces.Discrete(2), "b": spaces.Discrete(4)}
    env = from_parallel_env(World(acts=acts), episode_limit=20)
    assert env.reset(seed=0).available[0].tolist() == [[True, True, False, False], [True] * 4]
    with pytest.raises(ValueError, match="action 2 is not available to agent 0"):
        env.step(torch.tensor([[2, 3]]))
    with pytest.raises(ValueError, match="action_mask of a in tampered.*2 actions"):
        from_parallel_env(World(acts=acts, infos=lambda w, right: {a: {"action_mask": np.ones(4, int)} for a in right}),
                          episode_limit=20)


@pytest.mark.parametrize("space", [spaces.Box(-1, 1, (2,)), spaces.MultiDiscrete([2, 2]), spaces.MultiBinary(2),
                                   spaces.Discrete(3, start=1),
                                   spaces.Tuple([spaces.Discrete(2)]), 3, None, spaces.Dict({"x": spaces.Discrete(2)})],
                                   ids=str)
def test_only_discrete_actions_from_zero(space):
    with pytest.raises(TypeError, match="action of b in tampered: expected Discrete actions from 0"):
        from_parallel_env(World(acts={"a": spaces.Discrete(3), "b": space}), episode_limit=20)


@pytest.mark.parametrize("value", [NAN, INF, -INF, None, "1", True, np.array([1.0]), np.ones(2), [1.0], {}, 1j,
                                   np.False_, 10**400],
                         ids=lambda value: repr(value)[:12])
def test_what_is_no_reward(value):
    env = from_parallel_env(World(rewards=at(2, lambda w, right: right | {"b": value})), episode_limit=20)
    refused(env, 2, "reward of b in tampered: expected one finite number")


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int8(2), np.array(2.0), torch.tensor(2.0)], ids=repr)
def test_what_is_a_reward(value):
    env = from_parallel_env(World(rewards=lambda w, right: dict.fromkeys(right, value)), episode_limit=20)
    env.reset(seed=0)
    assert env.step(ZEROS).reward.item() == 2.0


def test_rewards_that_are_not_there():
    refused(from_parallel_env(World(rewards=at(2, {"a": 1.0})), episode_limit=20), 2,
            "reward of b in tampered: .*no entry")
    for nothing in (None, 1.0, [1.0, 1.0]):
        refused(from_parallel_env(World(rewards=at(2, nothing)), episode_limit=20), 2,
                "rewards of tampered: expected a dict")


@pytest.mark.parametrize("field, key", [("rewards", "team"), ("rewards", "__all__"), ("rewards", 0),
                                        ("terminations", "all"), ("truncations", "c")])
def test_what_is_said_of_nobody_is_not_lost(field, key):
    """A reward of the team beside those of its agents was worth 0; an end of "all" never came."""
    value = 10.0 if field == "rewards" else True
    refused(from_parallel_env(World(**{field: at(2, lambda w, right: right | {key: value})}), episode_limit=20), 2,
            f"{field} of tampered: expected entries for .* alone, got one for {key!r}")


def test_a_reward_too_large_for_the_batch():
    for each, how in ((1e300, "mean"), (1.5e308, "sum")):
        env = from_parallel_env(World(rewards=at(2, {"a": each, "b": each})), episode_limit=20, reward=how)
        refused(env, 2, "reward of the team in tampered, as torch.float32: expected one finite number")


@pytest.mark.parametrize("row", [0, 2])
@pytest.mark.parametrize("field, large, words", [
    ("observations", lambda world, right: {a: np.float64([1e300 if a == "b" else 0.0]) for a in right},
     "observation of b in tampered"),
    ("state", lambda world, right: np.float64([0.0, -1e300]), "state of tampered"),
    ("rewards", lambda world, right: dict.fromkeys(right, 1e300), "reward of the team in tampered")])
def test_what_is_too_large_for_torch_is_refused_in_every_row(field, large, words, row):
    """It would come as infinity. Whichever row it is, all are to be reset then, and go on as before."""
    made, space = [], spaces.Box(-np.inf, np.inf, (1,), np.float64)
    usual = {"observations": lambda world, right: dict.fromkeys(right, np.zeros(1)),
             "state": lambda world, right: right}

    def tamper(world, right):
        small = usual.get(field, lambda world, right: right)(world, right)
        return large(world, right) if world.t == 2 and world is made[row] else small

    def make():
        made.append(World(seen=space, **(usual | {field: tamper})))
        return made[-1]
    env, still = from_parallel_env(make, num_envs=3, episode_limit=20), torch.zeros(3, 2, dtype=torch.int64)
    for _ in range(2):
        env.reset(seed=0)
        env.step(still)
        with pytest.raises(ValueError, match=f"{words}, as torch.float32: expected .*finite number.*infinity"):
            env.step(still)
        with pytest.raises(ResetNeeded):
            env.step(still)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_a_step_gave_stays_as_it_was(dtype):
    """The bridge writes the next step into arrays of its own, and whoever has a step may write into that."""
    def infos(world, right):
        return {a: {"action_mask": np.arange(3) != world.t % 3} for a in right}
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        env = from_parallel_env(lambda: World(infos=infos), num_envs=2, episode_limit=20)
        steps = [env.reset(seed=0)]
        kept = [steps[0].copy()]
        for t in range(3):
            steps.append(env.step(torch.full((2, 2), (t + 1) % 3)))
            kept.append(steps[-1].copy())
            for name, value in vars(steps[-1]).items():
                value.zero_()
                assert all((getattr(step, name) == getattr(copy, name)).all()
                           for step, copy in zip(steps[:-1], kept)), name
            steps[-1] = kept[-1]
        assert [step.obs.argmax(-1).unique().tolist() for step in kept] == [[0], [1], [2], [3]]
        assert [(~step.available).long().argmax(-1).unique().tolist() for step in kept] == [[0], [1], [2], [0]]
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("how, worth", [("mean", 2.5), ("sum", 10.0)])
@pytest.mark.filterwarnings("ignore:.*does not pay all agents the same")
def test_the_same_kills_pay_the_same_however_many_have_died(how, worth):
    """Agent d makes ten kills a step; a, b and c have died by step 2, and whether their 0 is still reported changes
    nothing."""
    for reported in (True, False):
        def rewards(world, right):
            return {a: 10.0 if a == "d" else 0.0 for a in ("abcd" if reported else right)}
        world = World(team="abcd", rewards=rewards, agents=lambda w,
                      right: [] if w.t >= 5 else ["d"] if w.t >= 2 else list("abcd"))
        env = from_parallel_env(world, episode_limit=20, reward=how)
        env.reset(seed=0)
        assert [env.step(torch.zeros(1, 4, dtype=torch.int64)).reward.item() for _ in range(5)] == [worth] * 5


def test_who_has_left_and_is_still_paid_counts():
    """A team reward that goes on being paid to a, which has left, stays the team's; without it a counts with 0."""
    for who, worth in (("ab", 1.0), ("b", 0.5)):
        world = World(agents=lambda w, right: [] if w.t >= 5 else ["b"] if w.t >= 2 else ["a", "b"],
                      rewards=lambda w, right: dict.fromkeys(who if w.t > 2 else "ab", 1.0))
        env = from_parallel_env(world, episode_limit=20)
        env.reset(seed=0)
        assert [env.step(ZEROS).reward.item() for _ in range(5)] == [1.0, 1.0, worth, worth, worth]


@pytest.mark.parametrize("paid, n", [(0.1, 3), (1 / 3, 7), (-0.7, 49), (2.3, 5)])
def test_a_shared_reward_stays_what_it_is_to_the_last_bit(paid, n):
    team = [f"agent_{i}" for i in range(n)]
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            env = from_parallel_env(World(team=team, rewards=lambda w, right: dict.fromkeys(right, paid)),
                                    episode_limit=20)
            env.reset(seed=0)
            assert env.step(torch.zeros(1, n, dtype=torch.int64)).reward.item() == paid
    finally:
        torch.set_default_dtype(default)


@pytest.mark.parametrize("how", ["mean", "sum"])
@pytest.mark.parametrize("pay", [{"a": 1.0, "b": -1.0}, {"a": 1.0, "b": 1.001}, {"a": 0.0, "b": 1e-3}])
def test_different_rewards_are_said_once(pay, how):
    """Once for an environment, its rows and its clones; the number is the mean or the sum."""
    env, words = from_parallel_env(lambda: World(rewards=at(2, pay)), num_envs=2, episode_limit=20, reward=how), []
    for env in (env, env.clone(), env.clone(num_envs=1)):
        env.reset(seed=0)
        zeros = torch.zeros(env.num_envs, 2, dtype=torch.int64)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for _ in range(4):
                env.step(zeros)
            env.reset(seed=0)
            paid = [env.step(zeros).reward[0].item() for _ in range(2)][-1]
        assert paid == pytest.approx(sum(pay.values()) / (2 if how == "mean" else 1))
        words += told
    assert len(words) == 1 and words[0].filename == __file__
    assert (str(words[0].message).startswith("tampered does not pay")
            and f"paid the {how} over all 2" in str(words[0].message))


def test_reward_and_images_are_words_of_ours():
    for wrong in ("average", "", "Mean"):
        with pytest.raises(ValueError, match="reward"):
            from_parallel_env(World(), episode_limit=20, reward=wrong)
    with pytest.raises(TypeError, match="reward"):
        from_parallel_env(World(), episode_limit=20, reward=None)
    with pytest.raises(TypeError, match="images"):
        from_parallel_env(World(), episode_limit=20, images=1)


def hidden(values, where=0):
    """An array whose entry ``where`` stands behind a mask of numpy."""
    array = np.ma.masked_array(values)
    array[where] = np.ma.masked
    return array


@pytest.mark.parametrize("tampered", [
    {"rewards": at(2, {"a": 1.0, "b": hidden([1.0])[0]})},
    {"rewards": at(2, {"a": 1.0, "b": hidden(1.0, ())})},
    {"observations": at(2, lambda w, right: right | {"b": hidden(right["b"])})},
    {"terminations": at(2, {"a": False, "b": hidden(True, ())})},
    {"state": at(2, lambda w, right: hidden(right))},
    masks(lambda w: hidden([1, 1, 1], 1) if w.t == 2 else [1, 1, 1])])
def test_what_stands_behind_a_mask_of_numpy_is_refused(tampered):
    refused(from_parallel_env(World(**tampered), episode_limit=20), 2, "expected .*, got")


def test_a_mask_of_numpy_that_hides_nothing_is_an_array_like_any_other():
    world = World(observations=lambda w, right: {a: np.ma.masked_array(each) for a, each in right.items()},
                  rewards=lambda w, right: dict.fromkeys(right, np.ma.masked_array(2.0)))
    env = from_parallel_env(world, episode_limit=20)
    env.reset(seed=0)
    assert env.step(ZEROS).reward.tolist() == [2.0]
