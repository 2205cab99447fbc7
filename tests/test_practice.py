"""What practice adds: layer norm, an orthogonal start, a learning rate that falls, rewards in other units."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from qmix_course.agents import MLPAgents
from qmix_course.algorithms import QMIX, VDN
from qmix_course.config import REWARD_UNITS
from qmix_course.envs import GridWorld, MStepGame, TeamEnv
from qmix_course.seeds import train_seeds
from qmix_course.training import Run, TrainConfig, train

SHORT = TrainConfig(total_steps=1_600, evaluate_every=400, epsilon_steps=800, learning_starts=320)


@pytest.fixture(autouse=True)
def float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


class Paid(GridWorld):
    """The grid world, every reward times ``factor``, plus ``more``."""

    factor, more = 1.0, 0.0

    def step(self, actions):
        step = super().step(actions)
        return replace(step, reward=self.factor * step.reward + self.more)


def weights(team):
    return nn.utils.parameters_to_vector(team.parameters()).detach()


def trained(config=SHORT, env=GridWorld, seed=0, **options):
    team = QMIX.for_env(GridWorld(), seed=seed, **options)
    history = train(env(num_envs=32), team, replace(config, seed=seed))
    return team, history


@pytest.mark.parametrize("shared", [False, True])
def test_layer_norm_is_torchs_for_each_agent(shared):
    agents = MLPAgents(3, 5, 4, hidden=(7, 6), shared=shared, layer_norm=True)
    with torch.no_grad():
        for each in agents.norms.parameters():
            each.add_(torch.randn(each.shape, generator=torch.Generator().manual_seed(1)))
    obs = torch.randn(2, 3, 3, 5)
    for i in range(3):
        copy, x = (0 if shared else i), obs[:, :, i]
        for linear, norm in zip(agents.layers, agents.norms):
            own = nn.LayerNorm(linear.weight.shape[-1])
            own.weight.data, own.bias.data = norm.weight[copy, 0], norm.bias[copy, 0]
            x = torch.relu(own(x @ linear.weight[copy] + linear.bias[copy, 0]))
        x = x @ agents.layers[-1].weight[copy] + agents.layers[-1].bias[copy, 0]
        assert torch.allclose(agents(obs)[0][:, :, i], x, atol=1e-12)


def test_without_the_options_nothing_is_there_and_the_draws_are_the_same():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        plain = MLPAgents(2, 6, 4)
        torch.manual_seed(3)
        normed = MLPAgents(2, 6, 4, layer_norm=True)
    assert not [name for name in plain.state_dict() if "norm" in name]
    assert all(torch.equal(a.weight, b.weight) for a, b in zip(plain.layers, normed.layers))


def test_the_orthogonal_start_is_orthogonal_in_every_agent():
    agents = MLPAgents(3, 20, 5, hidden=(16, 16), orthogonal=True)
    for layer, gain in zip(agents.layers, (math.sqrt(2), math.sqrt(2), 0.01)):
        assert not layer.bias.any()
        for copy in layer.weight:                                   # [inputs, outputs], no more outputs than inputs
            assert torch.allclose(copy.T @ copy, gain ** 2 * torch.eye(copy.shape[1]), atol=1e-12)
    assert not torch.equal(agents.layers[0].weight[0], agents.layers[0].weight[1])


@pytest.mark.parametrize("options", [{"layer_norm": 1}, {"orthogonal": "yes"}])
def test_a_switch_is_a_switch(options):
    with pytest.raises(TypeError, match=next(iter(options))):
        MLPAgents(2, 6, 4, **options)


def test_the_learning_rate_falls_as_torchs_own_schedule_does():
    config = replace(SHORT, learning_rate_steps=2_000)
    run, seen = Run(GridWorld(num_envs=32), QMIX.for_env(GridWorld()), config), []
    while not run.finished():
        before = run.updates
        run.advance()
        if run.updates > before:
            seen.append((run.steps, run.learner.optimiser.param_groups[0]["lr"]))
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=2_000)
    rates = []
    for _ in range(1_700):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    assert len(seen) > 30 and all(abs(rate - rates[steps]) < 1e-12 for steps, rate in seen)


def test_a_rate_that_would_be_zero_before_the_end_is_refused():
    with pytest.raises(ValueError, match="learning_rate_steps: expected at least total_steps = 8000, .* got 7999"):
        TrainConfig(learning_rate_steps=7_999)
    for bad in (0, 1.5, True, "many"):
        with pytest.raises((TypeError, ValueError), match="learning_rate_steps"):
            TrainConfig(learning_rate_steps=bad)
    with pytest.raises(ValueError, match="reward_units: unknown name 'std', expected one of as paid, spread, standard"):
        TrainConfig(reward_units="std")


def test_in_units_of_their_spread_the_size_of_rewards_does_not_matter():
    """Eight times the reward: the same team, up to rounding; in the units as paid it is another one."""
    class Larger(Paid):
        factor = 8.0                    # a power of two: nothing is rounded, so the runs are the same to the bit

    for units, same in (("spread", True), ("standard", True), ("as paid", False)):
        config = replace(SHORT, reward_units=units)
        one, other = trained(config)[0], trained(config, Larger)[0]
        assert torch.allclose(weights(one), weights(other), atol=1e-9) == same, units


def test_standardised_rewards_do_not_know_what_was_added_to_each():
    class More(Paid):
        more = 3.0

    for units, same in (("standard", True), ("spread", False)):
        config = replace(SHORT, reward_units=units, total_steps=480)
        one, other = trained(config)[0], trained(config, More)[0]
        assert torch.allclose(weights(one), weights(other), atol=1e-6 if same else 1e-3) == same


def test_mean_and_spread_are_those_of_the_steps_that_were_played():
    """Recurrent rows are padded, and padding stays 0; a ring that has gone round has forgotten."""
    team = VDN.for_env(MStepGame(4), recurrent=True)
    run = Run(MStepGame(4, num_envs=8), team, TrainConfig(capacity=16, batch_size=16, reward_units="standard"))
    assert run.buffer.rewards() == (0.0, 0.0)
    for _ in range(24):
        run.play()
    rows = run.buffer._rows
    paid = rows.reward[rows.mask > 0]
    mean, spread = run.buffer.rewards()
    assert len(run.buffer) == 16 and 16 < len(paid) < rows.mask.numel() and abs(mean) > 0.1
    assert abs(mean - paid.mean()) < 1e-12 and abs(spread - paid.std(correction=0)) < 1e-12
    batch = run.sample(torch.Generator().manual_seed(0))
    plain = run.buffer.sample(16, torch.Generator().manual_seed(0))
    played = plain.mask > 0
    assert torch.allclose(batch.reward[played], (plain.reward[played] - mean) / spread)
    assert (~played).any() and not batch.reward[~played].any()


@pytest.mark.filterwarnings("ignore:train. every reward")
def test_rewards_that_are_all_alike_are_left_alone():
    """0.1 has no exact float: its computed spread is about 1e-17, by which nothing may be divided."""
    class Alike(Paid):
        factor, more = 0.0, 0.0

    class Tenth(Alike):
        more = 0.1

    for world in (Alike, Tenth):
        for units in REWARD_UNITS:
            _, history = trained(replace(SHORT, reward_units=units, total_steps=800), world)
            assert all(math.isfinite(loss) and loss < 10 for loss in history.loss[1:]), (world, units)


@pytest.mark.parametrize("change", [{"learning_rate_steps": 1_600}, {"reward_units": "standard"},
                                    {"reward_units": "spread"}])
def test_a_run_with_them_resumes_to_the_bit_and_trains_side_by_side(change, tmp_path):
    config = replace(SHORT, **change)
    whole, history = trained(config, layer_norm=True, orthogonal=True)
    assert weights(whole).ne(weights(trained(SHORT, layer_norm=True, orthogonal=True)[0])).any()
    steps = iter(range(10**6))
    halves = [QMIX.for_env(GridWorld(), layer_norm=True, orthogonal=True) for _ in range(2)]
    train(GridWorld(num_envs=32), halves[0], config, checkpoint=tmp_path / "run.pt", stop=lambda: next(steps) == 20)
    gone_on = train(GridWorld(num_envs=32), halves[1], config, checkpoint=tmp_path / "run.pt", resume=True)
    assert torch.equal(weights(whole), weights(halves[1])) and gone_on.loss == history.loss
    teams = [QMIX.for_env(GridWorld(), seed=seed, layer_norm=True, orthogonal=True) for seed in range(2)]
    histories = train_seeds(GridWorld(num_envs=32), teams, config, range(2))
    assert torch.allclose(weights(teams[0]), weights(whole), atol=1e-9)
    assert all(abs(a - b) < 1e-9 for a, b in zip(histories[0].loss[1:], history.loss[1:]))


@pytest.mark.parametrize("units", REWARD_UNITS)
def test_the_watch_compares_in_the_units_in_which_the_team_learns(units, recwarn):
    """Rewards of hundreds, learned in units of their spread, or the other way round: 3 seeds, and no false word."""
    class Large(Paid):
        factor = 100.0 if units != "as paid" else 1.0

    class Small(Paid):                  # what is learned is then far beyond what is paid
        factor = 0.001 if units != "as paid" else 1.0

    for seed in range(3):
        for world in (Large, Small):
            trained(replace(SHORT, reward_units=units, total_steps=4_000), world, seed)
    assert not [each for each in recwarn if "values:" in str(each.message)]
    run = Run(Large(num_envs=32), QMIX.for_env(GridWorld()), replace(SHORT, reward_units=units))
    for _ in range(20):
        run.play()
    low, high = run.watch.bounds(*run.reward_units())
    mean, spread = run.reward_units()
    (going, ending) = run.watch.going, run.watch.ending
    assert math.isclose(high, max(0, 100 * (going[1] - mean) / spread) + max(0, (ending[1] - mean) / spread))
    assert math.isclose(low, min(0, 100 * (going[0] - mean) / spread) + min(0, (ending[0] - mean) / spread))


def test_the_environment_of_these_tests_is_the_grid_world():
    assert issubclass(Paid, TeamEnv) and Paid().reset(seed=0).reward.abs().sum() == 0
