"""What stops a run by name, and what a run says when its values leave what rewards can pay."""

import warnings
from dataclasses import replace

import pytest
import torch

from qmix_course import checkpoint, exact
from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import GridWorld, MatrixGame, TwoStepGame
from qmix_course.mixers import QMixer
from qmix_course.replay import Batch
from qmix_course.seeds import fit_seeds, train_seeds
from qmix_course.training import Run, TrainConfig, train
from qmix_course.watch import TrainingDiverged, Watch

SHORT = TrainConfig(total_steps=640, batch_size=16, learning_starts=64, update_every=8, evaluate_every=80, capacity=400)
EVERYONE = [IQL, VDN, QMIX, OWQMIX, CWQMIX, QPLEX, QTRAN, MAVEN]


def small(kind, env, seed=0):
    return kind.for_env(env, seed=seed, hidden=(16,))


# ---- no numbers ------------------------------------------------------------------------------------------------------


class Falls(QMIX):
    """QMIX whose loss is no number from the 20th update on."""

    def loss(self, batch, target):
        loss, self.calls = super().loss(batch, target), [*getattr(self, "calls", []), 1]
        return loss if len(self.calls) < 20 else self.fall(loss)

    def fall(self, loss):
        return loss * float("nan")


class FallsSteeply(Falls):
    """Here the loss is fine and its gradient is none: 0 × the slope of a root at 0."""

    def fall(self, loss):
        return loss + next(self.parameters()).mul(0.0).sqrt().sum()


@pytest.mark.parametrize("kind, how", [(Falls, "loss"), (FallsSteeply, "gradient")])
def test_a_loss_that_is_no_number_stops_the_run_by_name(tmp_path, kind, how):
    env = GridWorld(num_envs=8, episode_limit=10)
    team, kept = small(kind, env), {}

    def keep(run):
        kept.update(steps=run.steps, file=(tmp_path / "run.pt").read_bytes())

    with pytest.raises(TrainingDiverged, match=rf"^{how}: (nan|inf) at update 20, after 224 steps\. .*learning_rate"):
        train(env, team, SHORT, checkpoint=tmp_path / "run.pt", on_evaluation=keep)
    assert all(weights.isfinite().all() for weights in team.parameters())
    assert kept["steps"] == 160 and (tmp_path / "run.pt").read_bytes() == kept["file"]      # the last good one
    saved = checkpoint.load(tmp_path / "run.pt")["state"]
    assert saved["steps"] == 160 and saved["updates"] == 12
    env, calls = GridWorld(num_envs=8, episode_limit=10), iter(range(10))
    train(env, small(kind, env), SHORT, checkpoint=tmp_path / "run.pt", resume=True, stop=lambda: next(calls) == 3)
    assert checkpoint.load(tmp_path / "run.pt")["state"]["updates"] == 16         # and a run can go on from it


@pytest.mark.parametrize("kind", EVERYONE)
def test_rewards_beyond_what_a_float_can_square_are_named(kind):
    class Rich(GridWorld):
        def _advance(self, actions):
            step = super()._advance(actions)
            return replace(step, reward=1e30 * step.reward)

    env = Rich(num_envs=8, episode_limit=10)
    team = small(kind, env)
    before = [weights.clone() for weights in team.parameters()]
    with pytest.raises(ValueError, match="^loss: inf at update 1, "):       # a ValueError: one line at the command line
        train(env, team, replace(SHORT, max_grad_norm=1.0))
    assert all(torch.equal(one, two) for one, two in zip(before, team.parameters()))


def test_one_of_many_seeds_is_named():
    env = GridWorld(num_envs=8, episode_limit=10)
    teams = [small(QMIX, env, seed) for seed in (0, 1)]
    with torch.no_grad():
        next(teams[1].mixer.parameters()).fill_(float("inf"))
    with pytest.raises(TrainingDiverged, match=r"^loss: nan of algorithms\[1\] at update 1"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            train_seeds(env, teams, SHORT, [0, 1])
    env = MatrixGame("qtran", num_envs=1)
    batch = replace(Batch.padding(1, 1, env.spec), mask=torch.ones(1, 1), reward=torch.full((1, 1), 1e30))
    with pytest.raises(TrainingDiverged, match=r"^loss: inf at update 1"):
        fit_seeds([small(QMIX, env)], [batch], SHORT, 3)


# ---- values that nothing can pay -------------------------------------------------------------------------------------


def rows(rewards, terminated, mask=None):
    spec = TwoStepGame().spec
    rewards = torch.tensor(rewards).view(-1, 1)
    mask = torch.ones_like(rewards) if mask is None else torch.tensor(mask).view(-1, 1)
    return replace(Batch.padding(len(rewards), 1, spec), reward=rewards,
                   terminated=torch.tensor(terminated).view(-1, 1), mask=mask)


class Believes:
    value_name = "Q_tot"

    def played_values(self, batch):
        return torch.full(batch.mask.shape, self.value)


def test_what_comes_back_is_no_cause_for_alarm():
    """Allowed: 2 × (7 + 1) = 16. Out by 100, 40, 15, 0, 20: each less than half of the one before, or alone. Then out
    by 10."""
    watch, team, batch = Watch(gamma=0.9, episode_limit=5), Believes(), rows([7.0], [True])
    team.value = 1_000.0
    watch.look(team, batch, 5), watch.look(team, batch, 5)          # no reward was seen yet: nothing to compare with
    watch.see(batch)
    for out in (100.0, 40.0, 15.0, 0.0, 20.0):
        team.value = 16 + out
        watch.look(team, batch, 5)
    team.value = 26.0
    with pytest.warns(RuntimeWarning, match="Q_tot is 26 in the mean of a batch, but the rewards seen so far cannot "
                                            "pay more than 7"):
        watch.look(team, batch, 5)


def test_bounds_by_hand():
    watch = Watch(gamma=0.9, episode_limit=5)
    assert watch.bounds() == (0.0, 0.0)
    watch.see(rows([1.0, -0.5, 7.0, 100.0], [False, False, True, True], mask=[1.0, 1.0, 1.0, 0.0]))
    assert watch.bounds() == pytest.approx((-5.0, 17.0))            # 10 × -0.5, and 10 × 1 + 7; padding pays nothing
    watch.see(rows([0.5, -3.0], [False, True]))
    assert watch.bounds() == pytest.approx((-8.0, 17.0))
    watch = Watch(gamma=1.0, episode_limit=5)
    watch.see(rows([2.0], [False]))
    assert watch.bounds() == (0.0, 10.0)


@pytest.mark.parametrize("env", [GridWorld(size=3), TwoStepGame(), MatrixGame("climbing")],
                         ids=["grid", "two-step", "climbing"])
def test_the_exact_values_lie_within_the_bounds(env):
    model, watch = env.model(), Watch(0.99, env.spec.episode_limit)
    watch.see(rows(model.reward.flatten().tolist(), model.terminated.flatten().tolist()))
    low, high = watch.bounds()
    q = exact.solve(env, gamma=0.99).q
    assert low <= q.min() and q.max() <= high


class AsItComes(QMIX):
    """QMIX that reads the state in the units of the environment."""

    def scaled(self, state):
        return state


class Large(GridWorld):
    def _begin(self, where, **start):
        step = super()._begin(where, **start)
        return replace(step, state=100 * step.state)

    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, state=100 * step.state)

    def clone(self, num_envs=None):
        return Large(self.size, 2, num_envs or self.num_envs, self.spec.episode_limit)


def test_a_run_says_so_once_when_its_values_leave_what_rewards_can_pay(tmp_path):
    config = replace(SHORT, total_steps=2_000, learning_rate=2e-3)

    def run(**options):
        env = Large(num_envs=8, episode_limit=20)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            train(env, AsItComes.for_env(env, seed=0), config, checkpoint=tmp_path / "run.pt", **options)
        return [str(each.message) for each in caught]

    calls = iter(range(10_000))
    said = run(stop=lambda: next(calls) == 200)
    assert len(said) == 1 and run(resume=True) == []                # once a run, however often it is resumed
    assert "values: after" in said[0] and "Q_tot is" in said[0] and "learning_rate" in said[0]
    saved = checkpoint.load(tmp_path / "run.pt")["state"]["watch"]
    assert saved["said"] and saved["ending"] == [0.0, 10.0]


@pytest.mark.parametrize("kind, name", [(IQL, "Q_i"), (VDN, "Q_tot"), (QTRAN, "Q_jt"), (MAVEN, "Q_tot"),
                                        (QPLEX, "Q_tot")])
def test_what_is_compared_is_what_the_algorithm_learns(kind, name):
    """A team whose values are 50 too high or too low is caught, in the mean of a batch; a fresh one is not."""
    env = GridWorld(num_envs=8, episode_limit=10)
    run = Run(env, small(kind, env), SHORT)
    while len(run.buffer) < SHORT.batch_size:
        run.play()
    watch, batch, team = run.watch, run.buffer.sample(SHORT.batch_size, run.generator), run.algorithm
    honest = team.played_values
    watch.look(team, batch, 5), watch.look(team, batch, 5)          # a warning would be an error here
    for wrong, words in ((50.0, "more than 0"), (-5_000.0, "less than -")):
        watch.said, watch.beyond, team.played_values = False, 0.0, lambda batch: honest(batch) + wrong
        watch.look(team, batch, 5)                                  # once may be a fresh network, on its way back
        with pytest.warns(RuntimeWarning, match=rf"^values: after 10 steps {name} is -?[\d.e+]+ .* cannot pay {words}"):
            watch.look(team, batch, 10)
        watch.look(team, batch, 10)


@pytest.mark.filterwarnings("ignore:train. rewards were large")      # true of 1e3, and nothing that values did
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("kind", [IQL, VDN, QMIX, QPLEX, QTRAN])
def test_no_false_alarm_whatever_the_rewards_units(kind, unit):
    env = MatrixGame((unit * MatrixGame("climbing").payoff).tolist(), num_envs=8)
    train(env, small(kind, env), SHORT)


class Unpaid(GridWorld):
    """A task whose reward nobody has found yet: 0 at every step."""

    def _advance(self, actions):
        step = super()._advance(actions)
        return replace(step, reward=0 * step.reward, obs=self.unit * step.obs)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [IQL, VDN, QMIX])
def test_while_every_reward_is_zero_values_that_run_away_are_told_and_others_are_not(kind, seed):
    def said(unit, double_q, **changes):
        env = Unpaid(size=3, num_envs=8, episode_limit=20, random_starts=True)
        env.unit = unit
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            team = kind.for_env(env, seed=seed, hidden=(16,), double_q=double_q)
            try:
                train(env, team, replace(SHORT, seed=seed, total_steps=2_000, **changes))
            except TrainingDiverged as error:           # QMIX may be beyond all floats before the second look
                return [str(error)]
        words = [str(each.message) for each in caught]
        unpaid = [each for each in words if each.startswith("train: every reward in 2,000 steps was 0")]
        assert len(unpaid) == 1
        return [each for each in words if each not in unpaid]

    assert said(1.0, True) == []
    away = said(10.0, False, learning_rate=0.02, tau=1.0, update_every=4)
    assert len(away) == 1 and ("cannot pay" in away[0] or "beyond what a float holds" in away[0])


class ReadsObservations(QMIX):
    """Its mixer reads all observations in place of the state, so the batch's state is not what it values."""

    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.mixer = QMixer(spec.n_agents, spec.n_agents * spec.obs_dim)

    def scaled(self, state):
        return state

    def loss(self, batch, target):
        return super().loss(replace(batch, state=batch.obs.flatten(2)), target)


def test_a_team_that_values_in_its_own_way_trains_on():
    env = GridWorld(num_envs=8)
    with pytest.warns(RuntimeWarning, match=r"ReadsObservations\.played_values\(batch\) does not work") as said:
        history = train(env, ReadsObservations.for_env(env), SHORT)
    assert history.updates[-1] > 0 and len(history) > 2 and len(said) == 1


def test_a_mixer_that_reads_something_else_is_told_what_to_write():
    env = GridWorld(num_envs=8)
    team = ReadsObservations.for_env(env)
    with pytest.raises(ValueError, match="a method scaled of its own"):
        QMIX.scaled(team, torch.zeros(3, 12))
