"""How an episode of a PettingZoo environment ends: every style of flags, agents that leave and join, and what it does
to a target."""

import warnings
from copy import deepcopy

import numpy as np
import pytest
import torch

pytest.importorskip("pettingzoo")
from parallel_worlds import World, at, refused  # noqa: E402

from qmix_course.algorithms import VDN  # noqa: E402
from qmix_course.collect import Collector  # noqa: E402
from qmix_course.envs import ResetNeeded, from_parallel_env  # noqa: E402
from qmix_course.replay import Batch  # noqa: E402
from qmix_course.training import TrainConfig, train  # noqa: E402


def flags(value, only=None, **more):
    """A tampering of flags: ``value`` for every agent (or for ``only`` those) on the last step, False before; ``more``
    keys as given."""
    def tamper(world, right):
        last = world.t >= world.cycles
        kind = type(value)
        found = {a: value if last and (only is None or a in only) else (kind(0) if kind is not bool else False)
                 for a in right}
        return found | {"__all__" if k == "all" else k: v if last else False for k, v in more.items()}
    return tamper


def stay(world, right):
    return list(world.possible_agents)


NO = flags(False)
# name: (tampering, terminated, truncated) of a world of 5 steps. Most of them are in somebody's public environment.
STYLES = {
    "terminated": ({}, True, False),
    "truncated": ({"terminations": NO, "truncations": flags(True)}, False, True),
    "both": ({"truncations": flags(True)}, True, False),
    "numpy bools": ({"terminations": flags(np.True_), "truncations": flags(np.True_)}, True, False),
    "zero and one": ({"terminations": flags(1), "truncations": flags(1)}, True, False),
    "int8": ({"terminations": flags(np.int8(1)), "truncations": flags(np.int8(1))}, True, False),
    "a 0-d array": ({"terminations": lambda w, right: {a: np.array(v) for a, v in right.items()}}, True, False),
    "a terminated, b truncated": ({"terminations": flags(True, "a"), "truncations": flags(True, "b")}, True, False),
    "a both, b truncated": ({"terminations": flags(True, "a"), "truncations": flags(True)}, True, False),
    "agents stay listed": ({"agents": stay}, True, False),
    "agents stay listed, both": ({"agents": stay, "truncations": flags(True)}, True, False),
    "agents stay listed, truncated": ({"agents": stay, "terminations": NO, "truncations": flags(True)}, False, True),
    "one stays listed": ({"agents": lambda w, right: right or ["b"]}, True, False),
    "only __all__": ({"agents": stay, "terminations": lambda w, r: {"__all__": w.t >= 5},
                      "truncations": lambda w, r: {"__all__": False}}, True, False),
    "__all__ of both": ({"agents": stay, "terminations": flags(False, all=True), "truncations": flags(False, all=True)},
                        True, False),
    "__all__ truncated": ({"agents": stay, "terminations": flags(False, all=False),
                           "truncations": flags(False, all=True)}, False, True),
    "a terminated, __all__ truncated": ({"terminations": flags(True, "a"), "truncations": flags(False, all=True)}, True,
                                        False),
    "__all__ terminated, both truncated": ({"terminations": flags(False, all=True), "truncations": flags(True)}, True,
                                           False),
    "__all__ says no, agents say yes": ({"agents": stay, "terminations": flags(True, all=False)}, True, False),
    "flags only of who is left": ({"terminations": lambda w, r: {a: v for a, v in r.items() if not v}}, True, False),
    "no flag at all": ({"terminations": NO}, True, False),
}
SILENT = ("flags only of who is left", "no flag at all")


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_flags(style):
    tamper, terminated, truncated = STYLES[style]
    env = from_parallel_env(lambda: World(**tamper), num_envs=2, episode_limit=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if style in SILENT else "error")
        for _ in range(2):
            env.reset(seed=0)
            steps = [env.step(torch.zeros(2, 2, dtype=torch.int64)) for _ in range(5)]
            assert [step.ended.tolist() for step in steps] == [[False] * 2] * 4 + [[True] * 2]
            assert steps[-1].terminated.tolist() == [terminated] * 2 and steps[-1].truncated.tolist() == [truncated] * 2
            assert steps[-1].available.any(-1).all() and [step.reward[0].item() for step in steps] == [1.0] * 5


WORTH = 4.0951                         # 1 + .9 + .81 + .729 + .6561: reward 1 a step, five steps, γ = 0.9


@pytest.mark.filterwarnings("ignore:.*without a termination or truncation flag")
@pytest.mark.parametrize("style", [style for style, (_, terminated, _) in STYLES.items() if terminated])
def test_vdn_learns_what_five_steps_are_worth(style):
    """Read as truncated, the last step would add the value of what never comes. One episode, fitted until it is solved.
    """
    torch.manual_seed(0)
    env = from_parallel_env(World(acts=1, **STYLES[style][0]), episode_limit=20)
    team = VDN.for_env(env, seed=0, gamma=0.9, hidden=())                 # linear in a one-hot time: a table
    collector = Collector(env, team, 0, torch.Generator())
    rows = [collector.step(1.0) for _ in range(5)]
    batch = Batch(**{field: torch.cat([getattr(row, field) for row in rows]) for field in vars(rows[0])})
    for _ in range(6):
        target, optimizer = deepcopy(team), torch.optim.LBFGS(team.parameters(), max_iter=30,
                                                              line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            loss = team.loss(batch, target)
            loss.backward()
            return loss
        optimizer.step(closure)
    q, _ = team.act_values(batch.obs[:1, 0], torch.full((1, 2), -1), None)
    assert q.sum().item() == pytest.approx(WORTH, abs=0.01)


def test_train_learns_what_five_steps_are_worth():
    """The same end to end, where both flags are True on the last step."""
    env = from_parallel_env(lambda: World(acts=1, truncations=flags(True)), num_envs=4, episode_limit=20)
    team = VDN.for_env(env, seed=0, gamma=0.9, hidden=())
    train(env, team, TrainConfig(total_steps=1_200, learning_starts=40, batch_size=32, update_every=4, capacity=400,
                                 tau=0.1,
                                 learning_rate=3e-2, evaluate_every=1_200))
    q, _ = team.act_values(env.reset(seed=0).obs[:1], torch.full((1, 2), -1), None)
    assert q.sum().item() == pytest.approx(WORTH, abs=0.1)


def test_no_flag_at_the_limit_is_the_clock():
    """Nobody says why it ended; where that is also the limit it was the clock, before it the task. It is said once."""
    for limit, truncated in ((5, True), (6, False)):
        env = from_parallel_env(lambda: World(terminations=NO), episode_limit=limit)
        env.reset(seed=0)
        with pytest.warns(UserWarning, match="tampered.*without a termination or truncation flag"):
            step = [env.step(torch.zeros(1, 2, dtype=torch.int64)) for _ in range(5)][-1]
        assert step.truncated.item() == truncated and step.terminated.item() != truncated


@pytest.mark.parametrize("value, told", [(True, True), (np.True_, True), (False, False), ("yes", False),
                                         (np.ones(2), False)])
def test_an_end_that_the_info_calls_a_time_out_is_spoken_of(value, told):
    """As wrappers of old did, which had one flag for both."""
    world = World(infos=lambda w, right: {a: {"TimeLimit.truncated": value} if w.t >= 5 else {} for a in right})
    env = from_parallel_env(world, episode_limit=20)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            env.reset(seed=0)
            step = [env.step(torch.zeros(1, 2, dtype=torch.int64)) for _ in range(5)][-1]
    assert step.terminated.item() and len(caught) == told
    assert not told or "tampered flagged an end as terminated whose info says TimeLimit.trunc" in str(caught[0].message)


@pytest.mark.parametrize("value", ["False", "True", "", 2, -1, 0.5, 1.0, float("nan"), None, [True], np.array([True]),
                                   np.ones(2, bool), {}])
@pytest.mark.parametrize("field", ["terminations", "truncations"])
def test_what_is_no_flag(field, value):
    env = from_parallel_env(World(**{field: at(2, lambda w, right: right | {"b": value})}), episode_limit=20)
    refused(env, 2, f"{field[:-1]} of b in tampered: expected True or False")


@pytest.mark.parametrize("flags, words", [
    (None, "terminations of tampered: expected a dict"), (False, "terminations of tampered: expected a dict"),
    ([False, False], "terminations of tampered: expected a dict"),
    ({"a": False}, "termination of b in tampered.*no entry"),
    ({"__all__": "no"}, "termination of __all__ in tampered")])
def test_flags_that_are_not_there(flags, words):
    refused(from_parallel_env(World(terminations=at(2, flags)), episode_limit=20), 2, words)


def one_dies(world, right):
    """Agent a is terminated by step 2 and taken out, b goes on to the end."""
    return {a: world.t >= (2 if a == "a" else 5) for a in right}


def without_the_dead(world, right):
    return [a for a in right if not (a == "a" and world.t >= 2)] if world.t < 5 else []


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("end, terminated", [("terminations", True), ("truncations", False), ("both", True)])
def test_some_have_ended_before(end, terminated, listed):
    """The end of the last ones is the team's; that a died earlier, flagged once or ever after, is no termination of the
    episode."""
    def ends(field):
        return lambda w, right: {a: end in (field, "both") and w.t >= 5 for a in right}
    tamper = {"terminations": lambda w, right: ends("terminations")(w, right) | ({"a": True} if w.t >= 2 else {}),
              "truncations": ends("truncations"), "agents": stay if listed else without_the_dead}
    env = from_parallel_env(World(**tamper), episode_limit=20)
    step = env.reset(seed=0)
    for t in range(1, 6):
        step = env.step(torch.zeros(1, 2, dtype=torch.int64))
        assert step.ended.item() == (t == 5), t
        if t == 3:
            assert (not step.obs[0, 0].any() and step.available[0, 0].tolist() == [True, False, False]
                    and step.obs[0, 1].any())
    assert step.terminated.item() == terminated and step.truncated.item() != terminated


def test_one_that_was_flagged_stays_out():
    """Listed all along it plays nothing but its action 0; taken out and put back it is refused, as PettingZoo's own
    test does."""
    world = World(terminations=one_dies, agents=stay)
    env = from_parallel_env(world, episode_limit=20)
    env.reset(seed=0)
    env.step(torch.tensor([[2, 2]]))
    env.step(torch.tensor([[2, 2]]))
    with pytest.raises(ValueError, match="action 1 is not available to agent 0"):
        env.step(torch.tensor([[1, 1]]))
    env.step(torch.tensor([[0, 1]]))
    assert world.orders == {"a": 0, "b": 1}
    back = World(terminations=lambda w, right: one_dies(w, right) if w.t <= 2 else dict.fromkeys(right, False),
                 agents=lambda w, right: ["b"] if w.t == 2 else ["a", "b"])
    refused(from_parallel_env(back, episode_limit=20), 3,
            "agents of tampered: expected a, whose end was flagged, to stay out")


def test_one_that_joins_plays_from_then_on():
    """b is there from step 2 on. Before: zeros, only action 0, which is not sent. Then: its observation and all its
    actions, at once."""
    world = World(agents=lambda w, right: [] if w.t >= 5 else ["a", "b"] if w.t >= 2 else ["a"],
                  observations=lambda w, right: {a: np.eye(6, dtype=np.float32)[w.t]
                                                 for a in (["a", "b"] if w.t >= 2 else ["a"])})
    env = from_parallel_env(world, episode_limit=20)
    step = env.reset(seed=0)
    for t in range(5):
        here = t >= 2
        assert step.available[0, 1].tolist() == [True, here, here] and step.obs[0, 1].any().item() == here, t
        step = env.step(torch.tensor([[1, 2 if here else 0]]))
        assert world.orders == ({"a": 1, "b": 2} if here else {"a": 1})
        assert step.reward.item() == (1.0 if here else 0.5)            # the mean over both, whoever is there
    assert step.terminated.item()


def test_one_may_step_out_and_in_again_unflagged():
    world = World(agents=lambda w, right: [] if w.t >= 5 else ["a"] if w.t == 2 else ["a", "b"],
                  observations=lambda w, right: {a: np.eye(6, dtype=np.float32)[w.t] for a in "ab"})
    env = from_parallel_env(world, episode_limit=20)
    env.reset(seed=0)
    steps = [env.step(torch.zeros(1, 2, dtype=torch.int64)) for _ in range(4)]
    assert [step.available[0, 1].sum().item() for step in steps] == [3, 1, 3, 3]


def test_a_joiner_on_the_step_that_our_limit_cuts_counts_for_the_target():
    late = World(cycles=9, agents=lambda w, right: ["a", "b"] if w.t >= 3 else ["a"],
                 observations=lambda w, right: {a: np.eye(10, dtype=np.float32)[w.t]
                                                for a in (["a", "b"] if w.t >= 3 else ["a"])})
    env = from_parallel_env(late, episode_limit=3)
    env.reset(seed=0)
    step = [env.step(torch.zeros(1, 2, dtype=torch.int64)) for _ in range(3)][-1]
    assert step.truncated.item() and step.available.all() and step.obs[0, 1].any()


@pytest.mark.parametrize("nothing", [lambda w, right: {}, lambda w, right: dict.fromkeys(right), lambda w,
                                     right: {"a": right["a"]}])
def test_a_truncated_end_needs_the_last_observations(nothing):
    """As in PettingZoo's own tutorial, which builds them for ``self.agents`` after it has emptied it. A terminated end
    may lack them."""
    cut = World(terminations=NO, truncations=flags(True), observations=at(5, nothing), infos=at(5, {}))
    refused(from_parallel_env(cut, episode_limit=20), 5,
            "observation of [ab] in tampered.*truncated step needs the last observations")
    refused(from_parallel_env(World(cycles=9, observations=at(5, nothing)), episode_limit=5), 5,
            "observation of [ab] in tampered.*trunc")
    env = from_parallel_env(World(observations=at(5, nothing), infos=at(5, {})), episode_limit=20)
    env.reset(seed=0)
    step = [env.step(torch.zeros(1, 2, dtype=torch.int64)) for _ in range(5)][-1]
    assert step.terminated.item() and step.obs.isfinite().all()
    refused(from_parallel_env(World(observations=at(3, nothing)), episode_limit=20), 3,
            "observation of [ab] in tampered: .*got nothing$")


@pytest.mark.parametrize("agents, words", [
    (None, "expected a list"), ("ab", "expected a list"), (["a", "a"], "different ones"), (["a", "c"], "out of"),
    ({"a": 1}, "expected a list"), ([["a"], "b"], "expected a list")])
def test_agents_that_make_no_sense(agents, words):
    refused(from_parallel_env(World(agents=at(2, agents)), episode_limit=20), 2, f"agents of tampered.*{words}")


def test_possible_agents_may_not_change():
    def grow(world, right):
        world.possible_agents = ["a", "b", "c"] if world.t >= 2 else ["a", "b"]
        return ["a", "b"]
    refused(from_parallel_env(World(agents=grow), episode_limit=20), 2, "possible_agents of tampered")


def test_nobody_there_after_a_reset():
    with pytest.raises(ValueError, match="agents of tampered: expected at least one"):
        from_parallel_env(World(agents=at(0, [])), episode_limit=20)


def test_an_environment_that_fails_leaves_a_clear_state():
    """Its own error comes through, in a step and in the reset of one row of two; then all rows want a reset."""
    def crash(world, right):
        raise RuntimeError("the simulator is gone")
    env = from_parallel_env(World(rewards=at(3, crash)), episode_limit=20)
    env.reset(seed=0)
    env.step(torch.zeros(1, 2, dtype=torch.int64))
    env.step(torch.zeros(1, 2, dtype=torch.int64))
    with pytest.raises(RuntimeError, match="the simulator is gone"):
        env.step(torch.zeros(1, 2, dtype=torch.int64))
    with pytest.raises(ResetNeeded):
        env.step(torch.zeros(1, 2, dtype=torch.int64))
    resets = []

    def third_time(world, right):
        resets.append(world)
        return crash(world, right) if len(resets) == 4 else right
    env = from_parallel_env(lambda: World(cycles=1, reset=third_time), num_envs=2, episode_limit=20)
    env.reset(seed=0)
    step = env.step(torch.zeros(2, 2, dtype=torch.int64))
    with pytest.raises(RuntimeError, match="the simulator is gone"):
        env.reset(where=step.ended)
    with pytest.raises(ResetNeeded, match="every row"):
        env.reset(where=torch.tensor([True, False]))
    assert torch.equal(env.reset(seed=0).obs, env.reset(seed=0).obs)
