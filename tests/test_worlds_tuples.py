"""Gymnasium's multi-agent form, with an environment of the test's own, and with LBF and RWARE where they are there."""

import warnings

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces

pytest.importorskip("pettingzoo")
from outside import drawn, package, random_actions, random_return, really_trains  # noqa: E402

from qmix_course.envs import check_env, foraging, from_gymnasium, warehouse  # noqa: E402


class Tuples(gymnasium.Env):
    """Two agents see the time, are paid 1 and 2 a step, and are done after ``last`` steps. ``give`` replaces fields."""

    observation_space = spaces.Tuple([spaces.Box(0, 9, (1,), np.float32)] * 2)
    action_space = spaces.Tuple([spaces.Discrete(3), spaces.Discrete(2)])

    def __init__(self, last=3, **give):
        self.last, self.give, self.t, self.orders = last, give, 0, []

    def seen(self):
        return tuple(np.float32([self.t + 4 * i]) for i in range(2))

    def reset(self, seed=None, options=None):
        self.t = 0
        return self.give.get("reset", (self.seen(), self.give.get("info", {})))

    def step(self, actions):
        self.t += 1
        self.orders.append(actions)
        fields = {"observations": self.seen(), "rewards": [1.0, 2.0], "terminated": self.t == self.last,
                  "truncated": False, "info": {}} | self.give
        return self.give.get("step", tuple(fields[name] for name in ("observations", "rewards", "terminated",
                                                                     "truncated", "info")))


def play(env, actions=((2, 1),), steps=3):
    env.reset(seed=0)
    return [env.step(torch.tensor(actions)) for _ in range(steps)]


@pytest.mark.filterwarnings("ignore:.*does not pay all agents the same")
def test_what_goes_in_and_comes_out():
    inside = Tuples()
    env = from_gymnasium(inside, episode_limit=10)
    assert vars(env.spec) == {"n_agents": 2, "n_actions": 3, "obs_dim": 1, "state_dim": 2, "episode_limit": 10}
    assert env.reset(seed=0).available[0].tolist() == [[True] * 3, [True, True, False]]
    steps = play(env)
    assert inside.orders == [(2, 1)] * 3 and [step.reward.item() for step in steps] == [1.5] * 3
    assert steps[1].obs[0].tolist() == [[2.0], [6.0]] and steps[1].state[0].tolist() == [2.0, 6.0]
    assert [step.terminated.item() for step in steps] == [False, False, True] and not steps[2].truncated.item()
    assert play(from_gymnasium(Tuples(), episode_limit=10, reward="sum"))[0].reward.item() == 3.0


@pytest.mark.filterwarnings("ignore:.*does not pay all agents the same")
def test_a_cut_is_told_from_an_end():
    """By Gymnasium's own flag, by asking the environment that calls its time limit an end, by the limit asked for."""
    clock = lambda env: env.t == 3
    for env, steps, ended, cut in (
            (from_gymnasium(Tuples(), episode_limit=10), 3, True, False),
            (from_gymnasium(Tuples(9, truncated=True), episode_limit=10), 1, False, True),
            (from_gymnasium(Tuples(1, truncated=True), episode_limit=10), 1, True, False),          # both: it has ended
            (from_gymnasium(Tuples(3), episode_limit=10, only_the_clock=clock), 3, False, True),
            (from_gymnasium(Tuples(3, truncated=[True, True], terminated=[True, True]), episode_limit=10,
                            only_the_clock=lambda env: True), 1, False, True),
            (from_gymnasium(Tuples(2), episode_limit=10, only_the_clock=clock), 2, True, False),
            (from_gymnasium(Tuples(3), episode_limit=3, only_the_clock=clock), 3, False, True),
            (from_gymnasium(Tuples(2), episode_limit=2, only_the_clock=clock), 2, True, False),
            (from_gymnasium(Tuples(9), episode_limit=2), 2, False, True)):
        *before, last = play(env, steps=steps)
        assert (last.terminated.item(), last.truncated.item()) == (ended, cut)
        assert not any(step.ended.item() for step in before)


@pytest.mark.filterwarnings("ignore:.*does not pay all agents the same")
def test_the_limit_is_the_environments_own():
    gymnasium.register("Tuples-v0", lambda: Tuples(9), max_episode_steps=2)
    env = from_gymnasium(lambda: gymnasium.make("Tuples-v0", disable_env_checker=True), num_envs=2)
    step = play(env, [[0, 0], [2, 1]], 2)[-1]
    assert env.spec.episode_limit == 2 and step.truncated.all() and not step.terminated.any()
    assert env.clone(num_envs=3).reset(seed=0).obs.shape == (3, 2, 1)
    with pytest.raises(ValueError, match="episode_limit: Tuples does not say"):
        from_gymnasium(Tuples())


def test_masks_are_read_from_the_info():
    masks = {"action_mask": [[1, 0, 1], [0, 1]]}
    env = from_gymnasium(Tuples(info=masks), episode_limit=10)
    assert env.reset(seed=0).available[0].tolist() == [[True, False, True], [False, True, False]]
    with pytest.raises(ValueError, match="action_mask of Tuples: expected one for each of 2 agents"):
        from_gymnasium(Tuples(info={"action_mask": [1, 0, 1]}), episode_limit=10)
    with pytest.raises(ValueError, match="action_mask of agent 1 in Tuples: expected 0 or 1"):
        from_gymnasium(Tuples(info={"action_mask": [[1, 0, 1], [1, 7]]}), episode_limit=10)


def news(env) -> list[str]:
    env.reset(seed=0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(3):
            env.step(torch.zeros(1, 2, dtype=torch.int64))
    return [str(each.message) for each in said if "pay all agents" not in str(each.message)]


class WithMethod(Tuples):
    def get_avail_actions(self):
        return [[1, 0, 1], [0, 1]]


@pytest.mark.parametrize("inside, words", [
    (Tuples(info={"avail_actions": [[1, 0, 1], [0, 1]]}), "'avail_actions' in the info of agent 0 looks like one"),
    (Tuples(info={"legal": [1, 0, 1]}), "'legal', beside the agents in the infos, looks like one"),
    (Tuples(info={"invalid_moves": 0, "available_time": 3.5, "validation": "x"}), ""),
    (WithMethod(), "its method get_avail_actions looks like one"),
    (Tuples(info={"TimeLimit.truncated": True}), "whose info says TimeLimit.truncated"),
    (Tuples(info={"TimeLimit.truncated": False, "action_mask": None, "valid": None, "score": [1, 2]}), "")])
def test_what_the_bridge_has_a_word_for_is_said_here_too(inside, words):
    said = news(from_gymnasium(inside, episode_limit=10))
    assert len(said) == bool(words) and words in "".join(said)


@pytest.mark.parametrize("words, give", [
    ("rewards of Tuples: expected one for each of 2 agents, got float 1.0", {"rewards": 1.0}),
    ("rewards of Tuples: expected one for each of 2", {"rewards": [1.0, 2.0, 3.0]}),
    ("reward of agent 1 in Tuples: expected one finite number", {"rewards": [1.0, float("nan")]}),
    ("observations of Tuples: expected one for each of 2", {"observations": (np.zeros(1, np.float32),)}),
    ("observation of agent 0 in Tuples", {"observations": (np.float32([99]), np.float32([0]))}),
    ("terminated of Tuples: expected True or False", {"terminated": 0.5}),
    ("terminated of Tuples: expected one for each of 2", {"terminated": [True]}),
    ("truncated of Tuples: expected True or False", {"truncated": [False, 2]}),
    ("info of Tuples: expected a dict", {"info": None}),
    ("step of Tuples: expected a tuple", {"step": (1, 2, 3, 4)}),
    ("info of Tuples: expected a dict", {"reset": ((np.zeros(1), np.zeros(1)), None)}),
    ("reset of Tuples: expected a tuple", {"reset": [1, 2, 3]})])
def test_what_is_not_as_it_should_be_is_named(words, give):
    with pytest.raises(ValueError, match=words):
        play(from_gymnasium(Tuples(**give), episode_limit=10))


def test_bad_input():
    for wrong in (3, None, "Foraging-5x5-2p-1f-v3"):
        with pytest.raises(TypeError, match="env: expected a Gymnasium environment"):
            from_gymnasium(wrong)
    with pytest.raises(TypeError, match="env: expected an Env"):
        from_gymnasium(lambda: 3)
    with pytest.raises(TypeError, match="only_the_clock"):
        from_gymnasium(Tuples(), only_the_clock=True)
    plain = Tuples()
    plain.action_space = spaces.Discrete(2)
    with pytest.raises(TypeError, match="action_space of Tuples: expected a Tuple"):
        from_gymnasium(plain)
    plain.action_space = spaces.Tuple([spaces.Discrete(2)])
    with pytest.raises(ValueError, match="action_space of Tuples: expected one entry for each of 2"):
        from_gymnasium(plain)


# ---- LBF and RWARE ---------------------------------------------------------------------------------------------------

TASKS = [("lbforaging", foraging, "Foraging-5x5-2p-1f-v3"), ("lbforaging", foraging, "Foraging-8x8-3p-2f-coop-v3"),
         ("rware", warehouse, "rware-tiny-2ag-v2")]


def over(theirs) -> bool:
    """Whether the task itself has ended."""
    return "Foraging" in theirs.spec.id and theirs.unwrapped.field.sum() == 0


@pytest.mark.filterwarnings("ignore")                                  # other people's code
@pytest.mark.parametrize("name, make, task", TASKS, ids=[task for *_, task in TASKS])
def test_the_rules_are_their_own(name, make, task):
    """Random play in both: observations, rewards, ends and cuts, row by row. Theirs is a new one for each episode."""
    package(name)
    rows, fresh = 3, lambda: gymnasium.make(task, disable_env_checker=True)
    ours, theirs = make(task, num_envs=rows), [fresh() for _ in range(rows)]
    seeds, generator = torch.Generator().manual_seed(7), torch.Generator().manual_seed(0)
    step = ours.reset(seed=7)
    seen = [each.reset(seed=drawn(seeds))[0] for each in theirs]
    ends, cuts = 0, 0
    for _ in range(1_050 if name == "rware" else 400):
        for row in range(rows):
            assert step.obs[row].tolist() == np.stack(seen[row]).tolist()
            assert step.state[row].tolist() == np.concatenate(seen[row]).tolist()
        actions = random_actions(step.available, generator)
        step = ours.step(actions)
        for row, each in enumerate(theirs):
            seen[row], rewards, done, truncated, _ = each.step(actions[row].tolist())
            assert step.reward[row].item() == pytest.approx(sum(rewards), abs=1e-6)
            assert step.ended[row].item() == (done or truncated) and step.terminated[row].item() == over(each)
            ends, cuts = ends + over(each), cuts + int(done and not over(each))
        if step.ended.any():
            for row in step.ended.nonzero().flatten().tolist():
                theirs[row] = fresh()
                seen[row] = theirs[row].reset(seed=drawn(seeds))[0]
            step = ours.reset(where=step.ended)
    assert cuts > 3 and (ends > 3 or "5x5" not in task)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name, make, task", TASKS, ids=[task for *_, task in TASKS])
def test_it_trains_for_real(name, make, task):
    package(name)
    check_env(make(task, num_envs=3, episode_limit=20))
    really_trains(make(task, num_envs=4, episode_limit=20))


@pytest.mark.filterwarnings("ignore")
def test_random_play_finds_food_about_every_second_time():
    package("lbforaging")
    assert 0.35 < random_return(foraging(num_envs=8), 200) < 0.6


def test_a_name_that_is_not_theirs():
    package("lbforaging")
    with pytest.raises(ValueError, match="name: .*Foraging-99x5.*"):
        foraging("Foraging-99x5-2p-1f-v3")


@pytest.mark.filterwarnings("ignore:.*does not pay all agents the same")
def test_the_limit_of_a_wrapper_counts_and_a_method_of_that_name_does_not():
    class Method(Tuples):
        def max_steps(self):
            return 3

    wrapped = gymnasium.wrappers.TimeLimit(gymnasium.wrappers.OrderEnforcing(Method(last=99)), 4)
    env = from_gymnasium(gymnasium.wrappers.OrderEnforcing(wrapped))
    assert env.spec.episode_limit == 4
    assert [step.truncated.item() for step in play(env, steps=4)] == [False, False, False, True]
    with pytest.raises(ValueError, match="Method does not say how long an episode lasts"):
        from_gymnasium(Method())


@pytest.mark.filterwarnings("ignore:.*does not pay all agents the same")
def test_a_reset_needs_a_seed_and_no_options():
    class NoSeed(Tuples):
        def reset(self):
            return super().reset()

    class NoOptions(Tuples):
        def reset(self, seed=None):
            return super().reset()

    for env in (NoSeed(), gymnasium.wrappers.OrderEnforcing(NoSeed())):
        with pytest.raises(ValueError, match=r"reset of NoSeed: expected it to take a seed, as in reset\(seed=0\)"):
            from_gymnasium(env, episode_limit=5)
    assert play(from_gymnasium(NoOptions(), episode_limit=5))[0].reward.item() == 1.5


@pytest.mark.filterwarnings("ignore:.*does not pay all agents the same")
def test_pictures_are_refused_and_can_be_asked_for():
    class Pictures(Tuples):
        observation_space = spaces.Tuple([spaces.Box(0, 1, (3, 4, 4), np.float32)] * 2)

        def seen(self):
            return tuple(np.zeros((3, 4, 4), np.float32) for _ in range(2))

    with pytest.raises(TypeError, match="a picture of shape .*say images=True"):
        from_gymnasium(Pictures(), episode_limit=5)
    for env in (Pictures(), Pictures):
        assert play(from_gymnasium(env, episode_limit=5, images=True))[0].obs.shape == (1, 2, 48)
