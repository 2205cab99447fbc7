"""Predator–prey keeps the contract of an environment, refuses bad input, and works with the rest of the library."""

import math
from dataclasses import fields

import pytest
import torch
from hunts import CATCH, SIZES, STAY, at, make, play, random_actions

from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import PredatorPrey, ResetNeeded, TeamStep
from qmix_course.training import TrainConfig, train


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


# ---- the contract ----------------------------------------------------------------------------------------------------


def test_shapes_types_and_sizes():
    for sizes in SIZES:
        env = make(*sizes, num_envs=3)
        step, spec = env.reset(seed=0), env.spec
        size, n, m, view, limit, _ = sizes
        assert (spec.n_agents, spec.n_actions, spec.obs_dim, spec.state_dim, spec.episode_limit) == (
            n, 6, 3 * (2 * view + 1) ** 2 + 2, 2 * size ** 2, limit)
        assert step.obs.shape == (3, n, spec.obs_dim) and step.state.shape == (3, spec.state_dim)
        assert step.available.shape == (3, n, 6) and step.available.dtype == torch.bool
        assert {step.obs.dtype, step.state.dtype, step.reward.dtype} == {torch.float64}
        assert step.state.sum().item() == 3 * (n + m)
        assert env.clone(7).settings() == env.settings() | {"num_envs": 7}
    torch.set_default_dtype(torch.float32)
    env = PredatorPrey(4, 2, 1)
    step = env.reset()
    after = env.step(random_actions(step, None))
    assert {each.dtype for each in (step.obs, step.state, step.reward, after.obs, after.reward)} == {torch.float32}


def run(env, seed, steps=60):
    """Everything that a run shows; the actions depend on the row alone."""
    step, shown = env.reset(seed=seed), []
    generator = torch.Generator().manual_seed(5)
    for _ in range(steps):
        shown.append(step)
        step = env.step(random_actions(step, generator))
        if step.ended.any():
            shown.append(step)
            step = env.reset(where=step.ended)
    return shown


def same(one: TeamStep, two: TeamStep) -> bool:
    return all(torch.equal(getattr(one, f.name), getattr(two, f.name)) for f in fields(TeamStep))


def test_a_seed_gives_the_same_run_and_another_seed_another():
    env = PredatorPrey(5, 4, 2, 2, 20, -1.0, num_envs=3)
    first = run(env, seed=3)
    assert all(map(same, first, run(env, seed=3))) and all(map(same, first, run(env.clone(), seed=3)))
    assert not same(first[0], run(env, seed=4)[0])


def test_exact_resume_in_the_middle_of_an_episode():
    env = PredatorPrey(5, 4, 2, 2, 20, -1.0, num_envs=3)
    run(env, seed=0, steps=33)
    saved, other = env.state_dict(), env.clone()
    other.load_state_dict(saved)
    generator = torch.Generator().manual_seed(1)
    step = None
    for _ in range(60):
        actions = random_actions(step, generator) if step else torch.full((3, 4), STAY)
        step, again = env.step(actions), other.step(actions)
        assert same(step, again) and torch.equal(env.predators, other.predators)
        if step.ended.any():
            step, again = env.reset(where=step.ended), other.reset(where=step.ended)
            assert same(step, again)
    with pytest.raises(ValueError, match="saved"):
        PredatorPrey(5, 4, 2, 2, 20, -1.0, num_envs=4).load_state_dict(saved)


def test_rows_do_not_disturb_each_other():
    """What row 1 does changes nothing in row 0, neither what happens nor what is drawn."""
    one, two = (PredatorPrey(5, 4, 3, 1, 60, -1.0, num_envs=2) for _ in range(2))
    a, b = one.reset(seed=0), two.reset(seed=0)
    generator, other = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)
    for _ in range(25):
        first, second = random_actions(a, generator), random_actions(b, other, hunt=0.0)
        second[0] = first[0]
        a, b = one.step(first), two.step(second)
        for f in fields(TeamStep):
            assert torch.equal(getattr(a, f.name)[0], getattr(b, f.name)[0])
        if a.ended.any() or b.ended.any():
            break
    assert not torch.equal(a.state[1], b.state[1])


def test_rows_in_another_order_bring_the_same_in_that_order():
    """With dice that say the same in every row, rows are nothing but copies of the game that stand side by side."""
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    envs = [PredatorPrey(4, 3, 2, 2, 100, -1.0, num_envs=16) for _ in range(2)]
    envs[0].reset(seed=0)
    start = {"predators": envs[0].predators, "prey": envs[0].prey}
    a = envs[0].reset(seed=1, **start)
    b = envs[1].reset(seed=1, **{name: value[order] for name, value in start.items()})
    generator, rand = torch.Generator().manual_seed(0), torch.rand
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "rand", lambda rows, *shape,
                      **options: rand(1, *shape, **options).expand(rows, *shape).clone())
        for _ in range(30):
            actions = random_actions(a, generator)
            a, b = envs[0].step(actions), envs[1].step(actions[order])
            for f in fields(TeamStep):
                assert torch.equal(getattr(a, f.name)[order], getattr(b, f.name))
            if a.ended.any():
                break


def test_reset_where_returns_the_full_batch_and_touches_no_other_row():
    env, _ = at([[1, 2], [2, 1]], [[2, 2]], rows=3, limit=2)
    env.step(torch.tensor([[STAY, STAY], [CATCH, STAY], [STAY, STAY]]))
    before = env.step(torch.full((3, 2), STAY))
    assert before.truncated.all()
    after = env.reset(where=torch.tensor([True, False, True]))
    assert after.truncated.tolist() == [False, True, False] and after.reward[0] == 0
    assert torch.equal(after.obs[1], before.obs[1]) and torch.equal(after.state[1], before.state[1])
    with pytest.raises(ResetNeeded):
        env.step(torch.full((3, 2), STAY))


def test_what_was_returned_does_not_change_later():
    env, first = at([[1, 2], [2, 1]], [[2, 2]])
    kept = [getattr(first, f.name).clone() for f in fields(TeamStep)]
    play(env, CATCH, CATCH), env.reset()
    assert all(torch.equal(getattr(first, f.name), value) for f, value in zip(fields(TeamStep), kept))


def test_beginnings_are_distinct_and_uniform():
    env = PredatorPrey(2, 2, 1, 1, num_envs=24_000)
    env.reset(seed=0)
    cells = torch.cat([env.predators, env.prey], 1) @ torch.tensor([2, 1])
    counts = torch.bincount(cells @ torch.tensor([16, 4, 1]), minlength=64)
    counts = counts[counts > 0]
    assert len(counts) == 4 * 3 * 2 and ((counts - 1000).abs() < 160).all()  # every placement; five standard deviations


BAD = [
    (ValueError, "size", lambda: PredatorPrey(size=1)),
    (TypeError, "size", lambda: PredatorPrey(size=5.0)),
    (ValueError, "n_predators", lambda: PredatorPrey(n_predators=1)),
    (ValueError, "n_prey", lambda: PredatorPrey(n_prey=0)),
    (ValueError, "n_predators, n_prey.*room for 9", lambda: PredatorPrey(size=3, n_predators=6, n_prey=4)),
    (ValueError, "view", lambda: PredatorPrey(view=0)),
    (ValueError, "punishment.*at most 0", lambda: PredatorPrey(punishment=1.0)),
    (ValueError, "punishment", lambda: PredatorPrey(punishment=math.nan)),
    (ValueError, "episode_limit", lambda: PredatorPrey(episode_limit=0)),
    (ValueError, "num_envs", lambda: PredatorPrey(num_envs=0)),
    (ValueError, "prey", lambda: at([[0, 0], [1, 1]], [[2, 2]])[0].reset(predators=torch.tensor([[0, 0], [1, 1]]))),
    (ValueError, "predators.*0 to 4", lambda: at([[0, 0], [5, 1]], [[2, 2]])),
    (ValueError, "same cell in row 0", lambda: at([[0, 0], [2, 2]], [[2, 2]])),
    (TypeError, "prey", lambda: at([[0, 0], [1, 1]], [[2.0, 2.0]])),
    (ValueError, "prey", lambda: at([[0, 0], [1, 1]], [[2, 2]])[0].reset(predators=torch.tensor([[0, 0], [1, 1]]),
                                                                         prey=torch.tensor([[0, 3], [2, 2]]))),
    (TypeError, "reset.*positions", lambda: PredatorPrey().reset(positions=torch.zeros(8, 2))),
    (ValueError, "actions", lambda: play(at([[0, 0], [1, 1]], [[3, 3]])[0], 6, 0)),
    (TypeError, "model", lambda: PredatorPrey().model()),
    (ResetNeeded, "has not been reset", lambda: PredatorPrey(4, 2, 1).step(torch.full((1, 2), STAY))),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input_is_refused_by_name(number):
    error, name, call = BAD[number]
    with pytest.raises(error, match=name):
        call()


# ---- with the rest of the library ------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm, options", [(IQL, {}), (VDN, {"recurrent": True, "hidden": 8}),
                                                (QMIX, {"shared": True})])
def test_training_never_plays_what_is_unavailable_and_resumes_to_the_same_bits(algorithm, options, tmp_path):
    """An unavailable action would raise in ``step``. Stopped in the middle and resumed: the same weights, bit for bit.
    """
    env = PredatorPrey(4, 3, 1, 1, 15, -1.0, num_envs=8)
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


def test_through_pettingzoos_door():
    pytest.importorskip("pettingzoo")
    from qmix_course.envs import as_parallel_env, from_parallel_env
    env = PredatorPrey(4, 2, 1, 1, 20, -1.0)
    back = from_parallel_env(as_parallel_env(env.clone()), episode_limit=20)
    inner = int(torch.randint(2**31 - 1, (), generator=torch.Generator().manual_seed(0)))
    one, two, generator = env.reset(seed=inner), back.reset(seed=0), torch.Generator().manual_seed(0)
    for _ in range(20):
        for name in ("available", "reward", "terminated", "truncated", "state"):
            assert torch.equal(getattr(one, name), getattr(two, name)) or one.ended.any() and name == "available"
        assert torch.allclose(one.obs, two.obs, rtol=0, atol=1e-6)             # it goes through float32
        if one.ended.any():
            break
        actions = random_actions(one, generator)
        one, two = env.step(actions), back.step(actions)


def test_the_best_return_that_the_table_compares_with():
    """Within one step only the starts with both predators beside the prey bring 10: a share that can be counted by
    hand."""
    from benchmarks.tables import predator_prey as table
    pairs = 4 * 2 * 1 + 8 * 3 * 2 + 4 * 4 * 3        # a corner has 2 neighbours, an edge cell 3, the others 4
    assert table.GAME["size"] == 4
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(table.GAME, "episode_limit", 1)
        assert table.best_return(-2) == pytest.approx(10 * pairs / (16 * 15 * 14), abs=1e-12)
