"""JaxMARL's environments as team environments: their rules, their ends, one compiled call a step, an exact resume."""

import numpy as np
import pytest
import torch
from outside import drawn, package, random_actions, random_return, really_trains

from qmix_course.algorithms import QMIX
from qmix_course.envs import check_env, from_jaxmarl, overcooked, smax
from qmix_course.training import TrainConfig, train

jaxmarl = package("jaxmarl")
jax = package("jax")
pytestmark = pytest.mark.filterwarnings("ignore")                       # other people's code


def smax_itself(scenario, limit):
    from jaxmarl.environments.smax import map_name_to_scenario
    return jaxmarl.make("HeuristicEnemySMAX", scenario=map_name_to_scenario(scenario), max_steps=limit)


def overcooked_itself(layout, limit):
    from jaxmarl.environments.overcooked import overcooked_layouts
    return jaxmarl.make("overcooked", layout=overcooked_layouts[layout], max_steps=limit)


def both(ours, theirs, seed, steps, watch):
    """Random play in both; ``watch(row, ours' step, theirs' step)`` after every step."""
    rows, generator, seeds = ours.num_envs, torch.Generator().manual_seed(0), torch.Generator().manual_seed(seed)
    keys = lambda: jax.random.split(jax.random.PRNGKey(drawn(seeds)), rows)
    begin, advance = jax.jit(theirs.reset), jax.jit(theirs.step_env)
    step, fresh = ours.reset(seed=seed), keys()
    now = [begin(key) for key in fresh]
    for _ in range(steps):
        actions = random_actions(step.available, generator)
        step, fresh = ours.step(actions), keys()
        for row in range(rows):
            chosen = dict(zip(theirs.agents, actions[row].tolist()))
            came = advance(fresh[row], now[row][1], chosen)
            now[row] = came[:2]
            watch(row, step, came)
        if step.ended.any():
            fresh = keys()
            for row in step.ended.nonzero().flatten().tolist():
                now[row] = begin(fresh[row])
            step = ours.reset(where=step.ended)


@pytest.mark.parametrize("limit, steps", [(12, 30), (40, 50)])
def test_the_rules_of_smax(limit, steps):
    """The clock cuts at the shorter limit; before the longer one comes, one side is beaten."""
    theirs, counts = smax_itself("3m", limit), {"ended": 0, "cut": 0, "shut": 0, "paid": 0}
    allies, masks = theirs.num_allies, jax.jit(theirs.get_avail_actions)

    def watch(row, step, came):
        obs, state, rewards, dones, _ = jax.tree.map(np.asarray, came)
        for agent, name in enumerate(theirs.agents):
            assert step.obs[row, agent].tolist() == pytest.approx(obs[name].tolist(), abs=1e-5)
        assert step.state[row].tolist() == pytest.approx(obs["world_state"].tolist(), abs=1e-5)
        assert step.reward[row].item() == pytest.approx(np.mean([rewards[name] for name in theirs.agents]), abs=1e-5)
        opened = masks(came[1])
        mask = np.stack([np.asarray(opened[name]) for name in theirs.agents]) == 1
        assert step.available[row].tolist() == mask.tolist()
        alive = state.state.unit_alive
        beaten = not alive[:allies].any() or not alive[allies:].any()
        cut = not beaten and int(state.state.step) == limit
        assert (step.terminated[row].item(), step.truncated[row].item()) == (beaten, cut)
        for key, value in (("ended", beaten), ("cut", cut), ("shut", not mask.all()), ("paid", step.reward[row] > 0)):
            counts[key] += int(value)

    both(smax("3m", num_envs=3, episode_limit=limit), theirs, 4, steps, watch)
    assert counts["shut"] and counts["paid"] and (counts["cut"] if limit == 12 else counts["ended"]) >= 3


def test_the_rules_of_overcooked():
    theirs, cuts = overcooked_itself("cramped_room", 10), []

    def watch(row, step, came):
        obs, state, rewards, dones, _ = came
        flat = [np.asarray(obs[name]).ravel() for name in theirs.agents]
        assert step.obs[row].tolist() == np.stack(flat).tolist()
        assert step.state[row].tolist() == np.concatenate(flat).tolist()
        assert step.reward[row].item() == float(rewards["agent_0"]) and not step.terminated[row]
        assert step.truncated[row].item() == bool(dones["__all__"])
        cuts.append(step.truncated[row].item())

    both(overcooked(num_envs=2, episode_limit=10), theirs, 1, 25, watch)
    assert sum(cuts) == 4


@pytest.mark.parametrize("make", [lambda: smax("3m", num_envs=3, episode_limit=20),
                                  lambda: overcooked(num_envs=2, episode_limit=20)], ids=["smax", "overcooked"])
def test_they_keep_the_contract(make):
    check_env(make())


def test_rows_that_are_not_reset_come_back_unchanged():
    env = smax("3m", num_envs=4)
    env.reset(seed=0)
    step = [env.step(torch.zeros(4, 3, dtype=torch.int64)) for _ in range(3)][-1]
    again = env.reset(where=torch.tensor([True, False, False, True]))
    for name in ("obs", "state", "available", "reward", "terminated", "truncated"):
        assert torch.equal(getattr(step, name)[1:3], getattr(again, name)[1:3]), name
    assert not torch.equal(step.state[0], again.state[0])


def test_its_own_limit_is_a_cut_or_an_end_as_it_is_told():
    """Overcooked calls its clock done. The particle worlds do so a step too late, so ours comes first."""
    kitchen, particles = overcooked_itself("cramped_room", 3), jaxmarl.make("MPE_simple_spread_v3", max_steps=3)
    for world, clock, flags in ((kitchen, None, (True, False)), (kitchen, lambda state: True, (False, True)),
                                (particles, None, (False, True))):
        env = from_jaxmarl(world, num_envs=2, only_the_clock=clock, reward="sum")
        assert env.spec.episode_limit == 3 and env.spec.state_dim == env.spec.n_agents * env.spec.obs_dim
        env.reset(seed=0)
        steps = [env.step(torch.full((2, env.spec.n_agents), 2)) for _ in range(3)]
        assert not any(step.ended.any() for step in steps[:-1])
        assert (steps[-1].terminated.all().item(), steps[-1].truncated.all().item()) == flags


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_it_trains_for_real(dtype):
    torch.set_default_dtype(dtype)
    env = smax("3m", num_envs=8, episode_limit=25)
    assert env.reset(seed=0).obs.dtype == dtype
    really_trains(env, evaluation_episodes=8)


def test_overcooked_trains_for_real():
    really_trains(overcooked(num_envs=4, episode_limit=20), evaluation_episodes=4)


def test_a_stopped_run_resumes_to_the_same_bits(tmp_path):
    config = TrainConfig(total_steps=320, learning_starts=80, batch_size=16, evaluate_every=80, evaluation_episodes=4)

    def run(name, *stops):
        for number, stop in enumerate([*stops, 10**9]):
            env, asked = smax("3m", num_envs=4, episode_limit=15), iter(range(10**6))
            team = QMIX.for_env(env, hidden=(8,))
            train(env, team, config, checkpoint=tmp_path / name, resume=number > 0, stop=lambda: next(asked) >= stop)
        return torch.cat([weights.flatten() for weights in team.parameters()])

    assert torch.equal(run("whole"), run("parts", 17, 30))
    env = smax("8m", num_envs=4, episode_limit=15)
    with pytest.raises(ValueError):
        env.load_state_dict(smax("3m", num_envs=4, episode_limit=15).state_dict())


def test_a_saved_state_that_is_not_whole_changes_nothing():
    env = smax("3m", num_envs=2)
    env.reset(seed=0)
    saved, actions = env.state_dict(), torch.zeros(2, 3, dtype=torch.int64)
    for words, wrong in (("now", saved | {"now": saved["now"][:-1]}), ("clock", saved | {"clock": torch.zeros(3)}),
                         (r"now'\]\[0\]", saved | {"now": [torch.zeros(1), *saved["now"][1:]]}),
                         ("num_envs", saved | {"num_envs": 3})):
        with pytest.raises((TypeError, ValueError), match=words):
            env.load_state_dict(wrong)
    one = env.step(actions)
    env.load_state_dict(saved)
    assert torch.equal(one.obs, env.step(actions).obs)


def test_random_play_takes_a_fifth_of_the_enemys_health():
    assert 0.1 < random_return(smax("3m", num_envs=32), 64) < 0.3


def test_what_is_refused():
    with pytest.raises(ValueError, match="scenario: unknown name '5m_vs_7m'.*near it: 5m_vs_6m"):
        smax("5m_vs_7m")
    with pytest.raises(ValueError, match="layout: unknown name 'cramped'"):
        overcooked("cramped")
    with pytest.raises(ValueError, match="reward"):
        smax(reward="max")
    with pytest.raises(TypeError, match="env: expected a MultiAgentEnv"):
        from_jaxmarl("SMAX")
    with pytest.raises(ValueError, match="episode_limit: expected at most .*25"):
        from_jaxmarl(jaxmarl.make("MPE_simple_spread_v3"), episode_limit=26)
    with pytest.raises(TypeError, match="action of .*only those"):
        from_jaxmarl(jaxmarl.make("MPE_simple_spread_v3", action_type="Continuous"))


def test_observations_in_another_form_are_named():
    """As JaxMARL's STORM gives them: one array for all."""
    class Strange(type(jaxmarl.make("MPE_simple_spread_v3"))):
        def reset(self, key):
            obs, state = super().reset(key)
            return jax.numpy.stack(list(obs.values())), state

    with pytest.raises(ValueError, match="observations of .*: expected a dict with an array for each of .*agent_0"):
        from_jaxmarl(Strange())
