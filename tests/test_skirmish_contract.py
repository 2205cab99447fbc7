"""Skirmish keeps the contract of an environment, each row has its own dice, and bad input is refused by name."""

import math
from dataclasses import fields, replace

import pytest
import torch
from skirmishes import NAMES, STOP, at, play, random_actions

from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import ResetNeeded, Skirmish, TeamStep
from qmix_course.training import TrainConfig, train


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def test_shapes_types_and_sizes():
    sizes = {"3m": (3, 9, 4 + 15 + 12 + 2, 24), "5m_vs_6m": (5, 12, 4 + 30 + 24 + 2, 44),
             "2s3z": (5, 11, 4 + 35 + 32 + 4, 60), "1m1s1z_vs_2z1m": (3, 9, 4 + 24 + 18 + 5, 42)}
    for scenario, (n, a, o, s) in sizes.items():
        env = Skirmish(scenario, num_envs=3)
        step, spec = env.reset(seed=0), env.spec
        assert (spec.n_agents, spec.n_actions, spec.obs_dim, spec.state_dim) == (n, a, o, s)
        assert spec.episode_limit == (60 if scenario in ("3m", "5m_vs_6m") else 120)
        assert step.obs.shape == (3, n, o) and step.state.shape == (3, s) and step.available.shape == (3, n, a)
        assert step.available.dtype == torch.bool and {step.obs.dtype, step.reward.dtype} == {torch.float64}
        assert env.clone(7).settings() == env.settings() | {"num_envs": 7}
        assert step.obs.abs().max() <= 1 and step.state.abs().max() <= 1
    torch.set_default_dtype(torch.float32)
    env = Skirmish()
    after = env.reset(), env.step(torch.full((1, 3), STOP))
    assert {each.dtype for step in after for each in (step.obs, step.state, step.reward)} == {torch.float32}


def run(env, seed, steps=60, rows=None):
    """What a run shows, in its first ``rows`` rows; each row's actions come from a generator of its own."""
    step, shown, rows = env.reset(seed=seed), [], rows or env.num_envs
    generators = [torch.Generator().manual_seed(row) for row in range(env.num_envs)]

    def note(step):
        shown.append([getattr(step, f.name)[:rows] for f in fields(TeamStep)])

    for _ in range(steps):
        note(step)
        keys = torch.stack([torch.rand(step.available.shape[1:], generator=each) for each in generators])
        step = env.step(keys.masked_fill(~step.available, -1).argmax(-1))
        if step.ended.any():
            note(step)
            step = env.reset(where=step.ended)
        else:
            note(step)
    return shown


def same(one, two) -> bool:
    return all(torch.equal(a, b) for each, other in zip(one, two, strict=True) for a, b in zip(each, other))


def test_a_seed_gives_the_same_run_and_another_seed_another():
    env = Skirmish("3m", 3, 20)
    first = run(env, 3)
    assert same(first, run(env, 3)) and same(first, run(env.clone(), 3)) and not same(first, run(env, 4))
    fresh = Skirmish("3m", 3, 20)
    assert torch.equal(fresh.reset().state, Skirmish("3m", 3, 20).reset().state)


@pytest.mark.parametrize("scenario", ["3m", "2s3z"])
def test_a_row_does_not_depend_on_how_many_there_are_nor_on_what_the_others_do(scenario):
    """Many ends fall into 150 steps, at different times in each row: the first two rows are the same among 2 and 9."""
    alone, among = run(Skirmish(scenario, 2, 21), 5, 150), run(Skirmish(scenario, 9, 21), 5, 150, rows=2)
    assert same(alone, among)


def test_rows_and_episodes_begin_differently_and_every_place_is_equally_likely():
    env = Skirmish("1m", 20_000)
    env.reset(seed=0)
    first = env.places
    env.reset()
    assert (env.places != first).any(-1).any(-1).double().mean() > 0.99
    for unit, x in ((0, 7), (1, 17)):
        places = first[:, unit]
        across, up = ((places - torch.tensor([x, 12.0])) * 4).T
        assert across.abs().max() == 4 and up.abs().max() == 8
        counts = torch.bincount(((across + 4) * 17 + up + 8).long(), minlength=153)
        expected = 20_000 / 153
        assert len(counts) == 153 and (counts - expected).abs().max() < 5 * math.sqrt(expected)
    flat = first.flatten(1).T
    assert (torch.corrcoef(flat) - torch.eye(4)).abs().max() < 0.04                # five standard deviations: 0.035


def test_exact_resume_in_the_middle_of_an_episode():
    env, generator = Skirmish("5m_vs_6m", 3, 25), torch.Generator().manual_seed(1)
    run(env, 0, 33)
    saved, other = env.state_dict(), env.clone()
    other.load_state_dict(saved)
    actions = torch.where(saved["available"][..., 0], 0, STOP)
    for _ in range(80):
        step, again = env.step(actions), other.step(actions)
        if step.ended.any():
            assert same([vars(step).values()], [vars(again).values()])
            step, again = env.reset(where=step.ended), other.reset(where=step.ended)
        assert same([vars(step).values()], [vars(again).values()])
        actions = random_actions(step, generator)
    assert torch.equal(env.reset(seed=9).state, other.reset(seed=9).state)
    with pytest.raises(ValueError, match="saved"):
        Skirmish("5m_vs_6m", 4, 25).load_state_dict(saved)


@pytest.mark.parametrize("name, change", [("x", 0.1), ("y", 30.0), ("health", 46.0), ("health", -46.0), ("wait", 2),
                                          ("clock", 26), ("episode", -2), ("x", math.nan)])
def test_a_saved_state_that_cannot_be_is_refused_and_nothing_changes(name, change):
    env = Skirmish("3m", 2, 25)
    env.reset(seed=0)
    saved, before = env.state_dict(), env.places
    saved[name] = saved[name] + change
    with pytest.raises(ValueError, match=name):
        env.load_state_dict(saved)
    assert torch.equal(env.places, before)


def test_reset_where_returns_the_full_batch_and_touches_no_other_row():
    env, _ = at([[8, 12]], [[14, 12]], rows=3, limit=2)
    play(env, STOP)
    before = play(env, STOP)
    assert before.truncated.all() and not before.terminated.any()
    after = env.reset(where=torch.tensor([True, False, True]))
    assert after.truncated.tolist() == [False, True, False] and after.reward[0] == 0
    assert torch.equal(after.obs[1], before.obs[1]) and torch.equal(after.state[1], before.state[1])
    with pytest.raises(ResetNeeded):
        play(env, STOP)


def test_what_was_returned_belongs_to_the_caller():
    env, twin = Skirmish("3m", 2), Skirmish("3m", 2)
    step = env.reset(seed=0)
    twin.reset(seed=0)
    for _ in range(6):
        kept = [getattr(step, f.name).clone() for f in fields(TeamStep)]
        actions = torch.full((2, 3), STOP)
        now, then = env.step(actions), twin.step(actions)
        assert all(torch.equal(getattr(step, f.name), value) for f, value in zip(fields(TeamStep), kept))
        for f in fields(TeamStep):
            getattr(now, f.name).fill_(1)
        env.places.fill_(0), env.health.fill_(0)
        step = then
        assert torch.equal(env.places, twin.places) and torch.equal(env.health, twin.health)


def test_only_a_win_is_a_win():
    """The most that a lost episode can pay, all damage and all kills in a draw, is not taken for one."""
    for scenario in NAMES:
        env = Skirmish(scenario)
        full = {"m": 45, "s": 160, "z": 150}
        enemies = scenario.split("_vs_")[-1]
        count = [(int(enemies[k]), enemies[k + 1]) for k in range(0, len(enemies), 2)]
        most = sum(n * (full[letter] + 10) for n, letter in count)
        draw = 20 * most / (most + 200)
        assert env.won(torch.tensor([draw, 20.0, 0.0])).tolist() == [False, True, False]
        assert env.won(torch.tensor([[draw + 1e-4, 20.0 - 1e-4]])).tolist() == [[False, True]]


BAD = [
    (ValueError, "scenario", lambda: Skirmish("3q")),
    (ValueError, "scenario", lambda: Skirmish("3m_vs_")),
    (ValueError, "scenario", lambda: Skirmish("0m")),
    (ValueError, "scenario", lambda: Skirmish("31m")),
    (ValueError, "scenario", lambda: Skirmish("3m\n")),
    (ValueError, "scenario", lambda: Skirmish(3)),
    (ValueError, "num_envs", lambda: Skirmish(num_envs=0)),
    (ValueError, "episode_limit", lambda: Skirmish(episode_limit=0)),
    (ValueError, "team, enemies", lambda: Skirmish("1m").reset(team=torch.tensor([[1.0, 1.0]]))),
    (ValueError, "team.*1/4", lambda: at([[1.1, 1]], [[2, 2]])),
    (ValueError, "enemies.*24", lambda: at([[1, 1]], [[24.25, 2]])),
    (ValueError, "team", lambda: at([[math.nan, 1]], [[2, 2]])),
    (ValueError, "enemies", lambda: at([[1, 1]], [[2, 2], [3, 3]], "1m")),
    (TypeError, "team", lambda: Skirmish("1m").reset(team=[[1.0, 1.0]], enemies=[[2.0, 2.0]])),
    (TypeError, "reset.*positions", lambda: Skirmish().reset(positions=torch.zeros(3, 2))),
    (ValueError, "action 0 is not available to agent 0", lambda: play(at([[8, 12]], [[14, 12]])[0], 0)),
    (ValueError, "action 6 is not available", lambda: play(at([[8, 12]], [[15, 12]])[0], 6)),
    (TypeError, "returns", lambda: Skirmish().won([20.0])),
    (TypeError, "model", lambda: Skirmish().model()),
    (ResetNeeded, "has not been reset", lambda: Skirmish().step(torch.full((1, 3), STOP))),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input_is_refused_by_name(number):
    error, name, call = BAD[number]
    with pytest.raises(error, match=name):
        call()


def test_by_name_it_is_trained_as_in_the_table():
    """The command line's settings are those with which QMIX was seen to win; every algorithm takes them."""
    from benchmarks.tables import skirmish as table
    from qmix_course.choices import ALGORITHMS, make_run
    for name in ALGORITHMS:
        env, team, config = make_run({"env": "skirmish:3m", "algorithm": name, "seed": 0})
        assert (env.scenario, env.num_envs, team.double_q) == ("3m", 32, True)
        episodes = {"capacity": 1_000, "batch_size": 16} if team.recurrent else {}
        assert config == replace(table.CONFIG, evaluation_episodes=32, **episodes)
    recurrent = make_run({"env": "skirmish:3m", "algorithm": "qmix", "seed": 0, "recurrent": True})
    assert recurrent[1].recurrent and recurrent[2].batch_size == 16
    assert not make_run({"env": "skirmish:3m", "algorithm": "qmix", "seed": 0,
                         "settings": {"double_q": False}})[1].double_q


@pytest.mark.parametrize("algorithm, options", [(IQL, {}), (VDN, {"recurrent": True, "hidden": 8}),
                                                (QMIX, {"shared": True})])
def test_training_never_plays_what_is_unavailable_and_resumes_to_the_same_bits(algorithm, options, tmp_path):
    env = Skirmish("2m_vs_1m", 8, 15)
    config = TrainConfig(total_steps=960, learning_starts=100, batch_size=8, capacity=200, evaluate_every=240,
                         evaluation_episodes=4)
    whole = algorithm.for_env(env, seed=0, **options)
    history = train(env, whole, config)
    first = algorithm.for_env(env, seed=0, **options)
    calls = iter(range(1000))
    train(env.clone(), first, config, checkpoint=tmp_path / "c.pt", stop=lambda: next(calls) == 63)
    again = algorithm.for_env(env, seed=9, **options)
    resumed = train(env.clone(), again, config, checkpoint=tmp_path / "c.pt", resume=True)
    assert resumed.greedy_return == history.greedy_return and history.updates[-1] > 20
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), whole.parameters()))
