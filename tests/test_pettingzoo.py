"""The bridge to PettingZoo, under PettingZoo's own tests and with an environment that nobody here wrote."""

import warnings

import pytest
import torch

pytest.importorskip("pettingzoo")
from parallel_worlds import World  # noqa: E402
from pettingzoo.test import parallel_api_test, parallel_seed_test  # noqa: E402
from pettingzoo.test.example_envs import generated_agents_parallel_v0  # noqa: E402

from qmix_course.algorithms import QMIX  # noqa: E402
from qmix_course.envs import Cue, GridWorld, MatrixGame, PredatorPrey, TwoStepGame, as_parallel_env, from_parallel_env  # noqa: E402
from qmix_course.training import TrainConfig, train  # noqa: E402

ENVIRONMENTS = [lambda: GridWorld(), lambda: GridWorld(size=4, n_agents=3, random_starts=True, episode_limit=30),
                lambda: TwoStepGame(), lambda: MatrixGame("climbing"), lambda: Cue()]


@pytest.mark.parametrize("make", ENVIRONMENTS)
def test_pettingzoos_own_tests(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(as_parallel_env(make()), num_cycles=300)
        parallel_seed_test(lambda: as_parallel_env(make()), num_cycles=100)


@pytest.mark.parametrize("make", ENVIRONMENTS)
def test_there_and_back_the_limit_is_known_and_no_end_is_doubted(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back = from_parallel_env(as_parallel_env(make()))
        assert back.spec == make().spec
        step = back.reset(seed=0)
        for _ in range(5 * min(back.spec.episode_limit, 10)):
            step = back.reset(where=step.ended) if step.ended.any() else step
            step = back.step(torch.zeros(1, back.spec.n_agents, dtype=torch.int64))


def test_pettingzoos_own_test_with_masks():
    """It looks for masks in the observation only. Info and observation hold the same, and the way back reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(as_parallel_env(PredatorPrey(4, 2, 1, 1, 20, -1.0)), num_cycles=100)
    parallel = as_parallel_env(PredatorPrey(4, 2, 1, 1, 20, -1.0))
    observations, infos = parallel.reset(seed=0)
    for agent in parallel.agents:
        assert parallel.observation_space(agent).contains(observations[agent])
        assert observations[agent]["action_mask"].tolist() == infos[agent]["action_mask"].tolist()
    back = from_parallel_env(parallel, episode_limit=20)
    assert (back.spec, back.reset(seed=0).available.all().item()) == (parallel.env.spec, False)


def test_what_goes_wrong_on_the_other_side():
    """Wrong actions change nothing, and an ended episode waits for its reset."""
    parallel = as_parallel_env(MatrixGame("climbing"))
    with pytest.raises(ValueError, match="call reset"):
        parallel.step({})
    with pytest.raises(ValueError, match="state.*reset"):
        parallel.state()
    observations, _ = parallel.reset(seed=0)
    for wrong in ({"agent_0": 0}, {"agent_0": 0, "agent_1": 3}, {"agent_0": 0, "agent_1": -1},
                  {"agent_0": 0, "agent_1": 0, "agent_2": 0}):
        with pytest.raises(ValueError, match="actions"):
            parallel.step(wrong)
    for wrong in ([0, 0], {"agent_0": 0, "agent_1": 1.0}, {"agent_0": 0, "agent_1": None},
                  {"agent_0": True, "agent_1": 0}):
        with pytest.raises(TypeError, match="actions"):
            parallel.step(wrong)
    assert parallel.agents == ["agent_0", "agent_1"] and parallel.state_space.contains(parallel.state())
    _, rewards, terminated, truncated, _ = parallel.step({"agent_1": 0, "agent_0": 0})
    assert (set(rewards.values()) == {11.0} and all(terminated.values()) and not any(truncated.values())
            and parallel.agents == [])
    with pytest.raises(ValueError, match="call reset"):
        parallel.step({})
    assert parallel.render() is None and parallel.close() is None


@pytest.mark.parametrize("make", ENVIRONMENTS)
def test_there_and_back_again_is_the_same(make):
    """What goes through both bridges steps like the original, number for number."""
    here = make()
    there = from_parallel_env(as_parallel_env(make().clone()), episode_limit=here.spec.episode_limit)
    assert there.spec == here.spec
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        two = there.reset(seed=0)
        inner = int(torch.randint(2**31 - 1, (), generator=torch.Generator().manual_seed(0)))
        one = here.reset(seed=inner)                                   # the bridge draws a seed for each of its rows
        while True:
            for name in ("obs", "state", "reward", "terminated", "truncated"):
                assert torch.equal(getattr(one, name), getattr(two, name)), name
            if one.ended.any():
                break
            actions = torch.randint(here.spec.n_actions, (1, here.spec.n_agents), generator=generator)
            one, two = here.step(actions), there.step(actions)


def spread():
    return pytest.importorskip("mpe2.simple_spread_v3").parallel_env(N=3, max_cycles=25)


@pytest.mark.filterwarnings("ignore")                                  # other people's code
def test_simple_spread_through_train():
    env = from_parallel_env(spread, num_envs=2)
    assert (env.spec.n_agents, env.spec.n_actions, env.spec.obs_dim, env.spec.state_dim,
            env.spec.episode_limit) == (3, 5, 18, 54, 25)
    step = env.reset(seed=0)
    assert torch.equal(step.state, step.obs.flatten(1))        # its own state() is all observations side by side
    team = QMIX.for_env(env, shared=True)
    before = [p.clone() for p in team.parameters()]
    history = train(env, team, TrainConfig(total_steps=150, learning_starts=40, batch_size=16, evaluate_every=50))
    assert len(history) == 3 and history.updates[-1] > 5 and all(r < 0 for r in history.greedy_return)
    assert all(not torch.equal(a, b) for a, b in zip(before, team.parameters()))


@pytest.mark.filterwarnings("ignore")
def test_the_team_is_paid_the_mean_and_the_clock_truncates():
    ours, theirs = from_parallel_env(spread), spread()
    ours.reset(seed=0)
    theirs.reset(seed=int(torch.randint(2**31 - 1, (), generator=torch.Generator().manual_seed(0))))
    for t in range(25):
        step = ours.step(torch.tensor([[1, 2, 3]]))
        _, rewards, *_ = theirs.step(dict(zip(theirs.possible_agents, (1, 2, 3))))
        assert step.reward.item() == pytest.approx(sum(rewards.values()) / 3, rel=1e-6)
        assert step.truncated.item() == (t == 24) and not step.terminated.any()
    assert step.available.all()                       # only the clock ran out: the target looks at what could come next


@pytest.mark.parametrize("name, differ", [("simple_tag_v3", True), ("simple_adversary_v3", True),
                                          ("simple_spread_v3", True),
                                          ("simple_reference_v3", True), ("simple_speaker_listener_v4", False)])
def test_rivals_are_told_once(name, differ):
    """Rivals, and with them teams whose members are paid a share of their own (simple_spread's local_ratio). Not one
    shared reward."""
    module = pytest.importorskip(f"mpe2.{name}")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        env = from_parallel_env(lambda: module.parallel_env(max_cycles=25), num_envs=2)
        step, generator = env.reset(seed=0), torch.Generator().manual_seed(0)
        for _ in range(130 if name == "simple_tag_v3" else 30):        # who is never caught is paid 0, like the hunters
            actions = torch.multinomial(step.available.flatten(0, 1).float(), 1, generator=generator).view(2, -1)
            step = env.step(actions)
            step = env.reset(where=step.ended) if step.ended.any() else step
    assert [str(each.message).split(" ")[0] for each in told if "does not pay" in str(each.message)] == [name] * differ


@pytest.mark.filterwarnings("ignore")
def test_pettingzoos_example_of_generated_agents_is_refused_by_name():
    """Its agents are made up as it goes, so nobody can say how many networks there are."""
    with pytest.raises(ValueError, match="possible_agents of generated_agents_parallel_v0"):
        from_parallel_env(generated_agents_parallel_v0.parallel_env())


@pytest.mark.filterwarnings("ignore")
def test_knights_die_and_the_others_play_on():
    """PettingZoo's own environment with agents that are terminated one by one, and the clock for those who live."""
    module = pytest.importorskip("pettingzoo.butterfly.knights_archers_zombies_v11")
    env = from_parallel_env(lambda: module.parallel_env(max_cycles=150), reward="sum")
    step, generator, left = env.reset(seed=1), torch.Generator().manual_seed(0), []
    while not step.ended.item():
        step = env.step(torch.multinomial(step.available[0].float(), 1, generator=generator).view(1, -1))
        left.append(int((step.available[0].sum(-1) > 1).sum()))
    assert left == sorted(left, reverse=True) and left[0] == 4 and len(left) <= 150
    assert step.truncated.item() == (len(left) == 150)


@pytest.mark.filterwarnings("ignore")
def test_a_game_seen_in_pictures():
    module = pytest.importorskip("pettingzoo.butterfly.cooperative_pong_v6")
    with pytest.raises(TypeError, match="cooperative_pong_v6: a picture of shape.*GiB"):
        from_parallel_env(lambda: module.parallel_env(), episode_limit=900)


def test_the_other_kind_of_environment():
    module = pytest.importorskip("mpe2.simple_spread_v3")
    with pytest.raises(TypeError, match="ParallelEnv.*aec_to_parallel"):
        from_parallel_env(module.env())


@pytest.mark.filterwarnings("ignore")
def test_a_run_in_somebody_elses_world_is_resumed_inexactly_and_says_so(tmp_path):
    """The team, the memory, the history and the dice go on; every row begins a new episode."""
    def once(stop=None, resume=False):
        env = from_parallel_env(spread)
        config = TrainConfig(total_steps=200, batch_size=16, learning_starts=32, evaluate_every=50)
        with pytest.warns(UserWarning, match="simple_spread_v3 cannot give its state.*not exactly"):
            return train(env, QMIX.for_env(env), config, checkpoint=tmp_path / "c.pt", resume=resume, stop=stop)

    count = iter(range(1, 999))
    first = once(stop=lambda: next(count) == 110)
    assert first.steps == [50, 100, 110]
    again = once(resume=True)
    assert again.steps == [50, 100, 150, 200] and again.greedy_return[:2] == first.greedy_return[:2]
    assert again.updates[-1] == (200 - 32) // 16
    with pytest.raises(TypeError, match="simple_spread_v3.*resumed exactly"):
        from_parallel_env(spread).state_dict()


class Angry:
    """Fails whatever it is asked for."""

    def __getattr__(self, name):
        raise RuntimeError(name)


def test_bad_input():
    with pytest.raises(TypeError, match="env"):
        as_parallel_env("grid")
    with pytest.raises(ValueError, match="num_envs=1"):
        as_parallel_env(GridWorld(num_envs=2))
    with pytest.raises(TypeError, match="env"):
        from_parallel_env(3)
    with pytest.raises(TypeError, match="ParallelEnv"):
        from_parallel_env(lambda: 3)
    with pytest.raises(TypeError, match="env: expected a PettingZoo ParallelEnv"):
        from_parallel_env(Angry())
    with pytest.raises(ValueError, match="episode_limit"):
        from_parallel_env(World())
    with pytest.raises(ValueError, match="function"):
        from_parallel_env(as_parallel_env(GridWorld()), num_envs=2, episode_limit=100)
    parallel = as_parallel_env(GridWorld())
    parallel.reset(seed=0)
    with pytest.raises(ValueError, match="actions"):
        parallel.step({"agent_0": 1})
