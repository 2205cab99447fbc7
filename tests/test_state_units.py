"""The state's units do not matter: multiplied by 0.01 to 100, or one component in units of its own, the team learns the
same task."""

from dataclasses import replace

import pytest
import torch

from qmix_course import exact
from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import GridWorld, MatrixGame
from qmix_course.replay import Batch
from qmix_course.seeds import fit_seeds, train_seeds
from qmix_course.training import Run, TrainConfig, train

READ_THE_STATE = [QMIX, OWQMIX, CWQMIX, QPLEX, QTRAN, MAVEN]
SHORT = TrainConfig(total_steps=640, batch_size=16, learning_starts=64, update_every=8, evaluate_every=160,
                    capacity=400)


class InUnits(GridWorld):
    """The grid world with its state in other units: every component times ``factor``, and component 0 also plus
    ``shift``."""

    def __init__(self, factor=1.0, shift=0.0, num_envs=1, size=5, episode_limit=100):
        super().__init__(size=size, num_envs=num_envs, episode_limit=episode_limit)
        self.factor, self.shift = factor, shift

    def in_units(self, step):
        state = self.factor * step.state
        state[..., 0] += self.shift
        return replace(step, state=state)

    def _begin(self, where, **start):
        return self.in_units(super()._begin(where, **start))

    def _advance(self, actions):
        return self.in_units(super()._advance(actions))

    def model(self):
        return self.in_units(super().model())

    def clone(self, num_envs=None):
        return InUnits(self.factor, self.shift, num_envs or self.num_envs, self.size, self.spec.episode_limit)


def small(kind, env, seed=0):
    return kind.for_env(env, seed=seed, hidden=(16,))


# ---- what the networks read ------------------------------------------------------------------------------------------


def test_before_anything_was_seen_and_up_to_1_the_state_comes_as_it_is():
    team, state = QMIX.for_env(GridWorld()), torch.randn(6, 8)
    assert torch.equal(team.scaled(state), state)
    team.see(torch.zeros(3, 8))
    assert torch.equal(team.scaled(state), state)
    team.see(GridWorld().reset().state)                             # its largest number is exactly 1
    assert torch.equal(team.scaled(state), state)


@pytest.mark.parametrize("factor", [1e-6, 0.01, 0.5, 1.0, 5.0, 100.0, 1e6])
def test_what_the_networks_read_is_1_at_most_and_the_same_for_every_factor(factor):
    torch.set_default_dtype(torch.float64)
    team, state = QMIX.for_env(GridWorld()), GridWorld().model().state
    team.see(factor * state)
    torch.testing.assert_close(team.scaled(factor * state), state, rtol=1e-12, atol=1e-12)


def test_each_component_has_units_of_its_own():
    """Health up to 1,000 beside a place within ±1: neither drowns the other, and the order of sightings does not
    matter."""
    one, two = (QMIX.for_env(GridWorld()) for _ in range(2))
    states = torch.tensor([[-1000.0, 0.5, 20.0, 0, 0, 0, 0, 0], [300.0, -1.0, 5.0, 0, 0, 0, 0, 0]])
    one.see(states), two.see(states[1]), two.see(states[:1, None])
    expected = torch.tensor([[-1.0, 0.5, 1.0, 0, 0, 0, 0, 0], [0.3, -1.0, 0.25, 0, 0, 0, 0, 0]])
    torch.testing.assert_close(one.scaled(states), expected)
    assert torch.equal(one.scaled(states), two.scaled(states))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", [IQL, QMIX, MAVEN])
def test_a_state_that_is_no_number_is_refused_and_leaves_no_trace(kind, bad):
    class Broken(InUnits):
        def _advance(self, actions):
            step = super()._advance(actions)
            step.state[1, 3] = bad
            return step

    env = Broken(num_envs=4)
    run = Run(env, small(kind, env), SHORT)
    before = run.algorithm.largest_state.clone()
    with pytest.raises(ValueError, match="^state: expected finite numbers from the environment, got NaN or infinity in "
                                         "component 3"):
        run.advance()
    assert torch.equal(run.algorithm.largest_state, before) and len(run.buffer) == 0
    state = torch.full((2, len(before)), 100.0)
    run.algorithm.see(state)
    state[1, 3] = bad                           # where nothing else is larger than what was seen
    with pytest.raises(ValueError, match="^state: expected finite numbers from the environment, .* component 3"):
        run.algorithm.see(state)
    assert (run.algorithm.largest_state == 100.0).all()
    with pytest.raises(ValueError, match="state: expected shape"):
        run.algorithm.see(torch.zeros(3, 7))


# ---- every algorithm that reads the state
# -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", READ_THE_STATE)
@pytest.mark.parametrize("factor", [0.01, 5.0, 100.0])
def test_every_algorithm_learns_the_same_in_all_units(kind, factor):
    """Loss, gradients and values in other units are those of the plain ones, from the same weights and rows."""
    torch.set_default_dtype(torch.float64)
    found = []
    for unit in (1.0, factor):
        env = InUnits(unit, num_envs=8, size=3, episode_limit=6)
        team = small(kind, env)
        team.see(env.model().state)                                 # all there is: also the team whose rows say less
        run = Run(env, team, SHORT)
        with torch.no_grad():                                       # a target that is not the online network
            for weights in run.target.parameters():
                weights.add_(0.1)
        while len(run.buffer) < SHORT.batch_size:
            run.play()
        batch = run.buffer.sample(SHORT.batch_size, run.generator)
        loss = team.loss(batch, run.target)
        gradients = torch.autograd.grad(loss, list(team.parameters()), allow_unused=True)
        values = exact.q_tot(team, env.model()), exact.q_tot(run.target, env.model()), team.played_values(batch)
        more = [exact.q_tot(team.central, env.model())] if hasattr(team, "central") else []
        more += [team.joint_table(env.model()), team.v_joint(env.model().state)] if kind is QTRAN else []
        more += [team.z_policy(env.model().state)] if kind is MAVEN else []
        found.append([batch.obs, batch.actions, loss, *[g for g in gradients if g is not None], *values, *more])
    for plain, scaled in zip(*found, strict=True):
        torch.testing.assert_close(scaled, plain, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", READ_THE_STATE + [VDN, IQL])
@pytest.mark.parametrize("target", [dict(tau=0.02), dict(tau=None, target_every=50)], ids=["soft", "hard"])
def test_the_target_knows_the_units_at_once(kind, target):
    env = InUnits(100.0, num_envs=8, episode_limit=10)
    run = Run(env, small(kind, env), replace(SHORT, **target))
    assert run.algorithm.largest_state.max() == 100        # from the first state on, before MAVEN draws its first z
    while not run.finished():
        run.advance()
        for old, new in zip(run.target.buffers(), run.algorithm.buffers(), strict=True):
            assert torch.equal(old, new)
    if hasattr(run.algorithm, "central"):
        assert torch.equal(run.algorithm.central.largest_state, run.algorithm.largest_state)


def test_in_units_of_1_the_runs_keep_their_bits():
    """The grid world's state is at most 1: with the scale taken out the run is the same to the last bit."""
    class AsItComes(QMIX):
        def scaled(self, state):
            return state

    teams = []
    for kind in (QMIX, AsItComes):
        env = GridWorld(num_envs=8)
        teams.append(small(kind, env))
        train(env, teams[-1], SHORT)
    assert all(torch.equal(one, two) for one, two in zip(teams[0].parameters(), teams[1].parameters()))


# ---- whole runs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [QMIX, OWQMIX, MAVEN])
def test_a_stopped_run_in_large_units_resumes_to_the_same_bits(tmp_path, kind):
    def team(env):
        return kind.for_env(env, seed=1, hidden=(16,))

    def world():
        return InUnits(7.0, 30.0, num_envs=8, episode_limit=20)

    env = world()
    whole = team(env)
    train(env, whole, SHORT)
    env, calls = world(), iter(range(1_000))
    train(env, team(env), SHORT, checkpoint=tmp_path / "run.pt", stop=lambda: next(calls) == 37)
    env = world()
    resumed = kind.for_env(env, seed=9, hidden=(16,))
    train(env, resumed, SHORT, checkpoint=tmp_path / "run.pt", resume=True)
    assert all(torch.equal(value, whole.state_dict()[name]) for name, value in resumed.state_dict().items())


@pytest.mark.parametrize("kind", [QMIX, OWQMIX, QPLEX])
def test_seeds_side_by_side_know_the_units_too(kind):
    torch.set_default_dtype(torch.float64)
    env = InUnits(5.0, 20.0, num_envs=8, size=2, episode_limit=5)
    together = [small(kind, env, seed) for seed in (3, 11)]
    train_seeds(env, together, SHORT, [3, 11])
    for seed, team in zip((3, 11), together):
        alone = small(kind, env, seed)
        train(env.clone(), alone, replace(SHORT, seed=seed))
        assert torch.equal(team.largest_state, alone.largest_state)
        for name, value in alone.named_parameters():
            torch.testing.assert_close(team.get_parameter(name), value, rtol=1e-6, atol=1e-6)


def test_a_fit_knows_the_units_too():
    torch.set_default_dtype(torch.float64)
    env = MatrixGame("qtran", num_envs=9)
    losses = []
    for unit in (1.0, 50.0):
        batch = replace(Batch.padding(9, 1, env.spec),
                        actions=torch.cartesian_prod(torch.arange(3), torch.arange(3)).unsqueeze(1),
                        obs=torch.ones(9, 2, 2, 1), state=unit * torch.ones(9, 2, 1), reward=env.payoff.reshape(9, 1),
                        terminated=torch.ones(9, 1, dtype=torch.bool), mask=torch.ones(9, 1))
        losses.append(fit_seeds([small(QMIX, env)], [batch], TrainConfig(), 20))
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("factor, shift", [(0.01, 0.0), (5.0, 0.0), (100.0, 0.0), (100.0, -300.0)])
def test_the_grid_world_is_solved_in_all_units(factor, shift):
    """3 seeds that nothing was tuned on: the best return within 2,500 steps, as in its own units, and no value that
    cannot be.

    In the environment's units, with × 5, × 100 and × 100 − 300, seed 100 is not solved in these steps; × 100 makes
    Q_tot 8,192.
    """
    env, seeds = InUnits(factor, shift, num_envs=32), range(100, 103)
    teams = [QMIX.for_env(env, seed=seed) for seed in seeds]
    config = TrainConfig(total_steps=2_500, learning_rate=2e-3, epsilon_steps=3_000)
    histories = train_seeds(env, teams, config, seeds)
    assert [max(history.greedy_return) for history in histories] == pytest.approx([8.65] * 3, abs=1e-4)
    model = GridWorld().model()
    for team in teams:
        q_tot = exact.q_tot(team, replace(model, state=env.in_units(model).state))
        assert q_tot.max() < 12 and q_tot.min() > -60
