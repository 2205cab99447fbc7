"""Environments and algorithms of one's own that keep something on the way: runs resume all the same, in the same bits;
and what makes them another task, or another team, is told from what only counts."""

from dataclasses import replace
from enum import Enum
from pathlib import Path

import numpy
import pytest
import torch
from own_envs import Walk

from qmix_course import checkpoint
from qmix_course.algorithms import VDN
from qmix_course.envs import GridWorld, TeamEnv, TeamSpec, check_env
from qmix_course.evaluation import evaluate, play
from qmix_course.experiment import sweep
from qmix_course.plan import Plan
from qmix_course.seeds import train_seeds
from qmix_course.teams import best_of
from qmix_course.training import TrainConfig, train

SHORT = TrainConfig(total_steps=480, learning_starts=64, batch_size=16, epsilon_steps=200, evaluate_every=160,
                    evaluation_episodes=4, capacity=400)


class Keeps(Walk):
    """Keeps something from the first step on: ``first`` is what it has before."""

    first: object = None

    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self._kept = self.first

    def state_dict(self):
        return super().state_dict() | {"kept": self._kept}

    def load_state_dict(self, saved):
        super().load_state_dict(saved)
        self._kept = saved["kept"]


class Total(Keeps):
    first = 0

    def _advance(self, actions):
        step = super()._advance(actions)
        self._kept = self._kept + float(step.reward.sum())
        return step


class Last(Keeps):
    def _advance(self, actions):
        self._kept = actions.clone()
        return super()._advance(actions)


class Seen(Keeps):
    first = {}

    def _advance(self, actions):
        step = super()._advance(actions)
        self._kept = {f"row {row}": at for row, at in enumerate(self._at.tolist()) if sum(at) > 3}
        return step


class Late(Walk):
    """Laid out in the first reset."""

    def __init__(self, num_envs=1, slip=0.0, limit=6):
        TeamEnv.__init__(self, TeamSpec(n_agents=2, n_actions=3, obs_dim=2, state_dim=3, episode_limit=limit), num_envs)
        self.slip = slip

    def _begin(self, where):
        if not hasattr(self, "_at"):
            self._at = torch.zeros(self.num_envs, 2, dtype=torch.int64)
            self._clock = torch.zeros(self.num_envs, dtype=torch.int64)
        return super()._begin(where)


def stop_after(steps: int):
    count = iter(range(1, steps + 1))
    return lambda: next(count) == steps


@pytest.mark.parametrize("kind", [Walk, Total, Last, Seen, Late])
def test_whatever_it_keeps_a_stopped_run_is_the_run_that_was_not(kind, tmp_path):
    check_env(kind(num_envs=8))
    path, env = tmp_path / "c.pt", kind(num_envs=8)
    whole = train(env, VDN.for_env(env), SHORT)
    env = kind(num_envs=8)
    train(env, VDN.for_env(env), SHORT, checkpoint=path, stop=stop_after(27))
    env = kind(num_envs=8)
    gone_on = train(env, VDN.for_env(env), SHORT, checkpoint=path, resume=True)
    assert (gone_on.loss, gone_on.exploring_return, gone_on.greedy_return) == (
        whole.loss, whole.exploring_return, whole.greedy_return)


class Careless(Walk):
    """Forgets a name in ``load_state_dict``."""

    def load_state_dict(self, saved):
        super().load_state_dict(saved)
        self._at = save["at"]  # noqa: F821


def test_what_its_own_load_state_dict_raises_is_told_and_no_second_error_hides_it(tmp_path):
    path, env = tmp_path / "c.pt", Careless(num_envs=8)
    train(env, VDN.for_env(env), SHORT, checkpoint=path, stop=stop_after(27))
    env.reset(seed=1)
    with pytest.raises(ValueError, match="does not hold a whole run .NameError: name 'save' is not defined"):
        train(env, VDN.for_env(env), SHORT, checkpoint=path, resume=True)


class NotWritten(Walk):
    def state_dict(self):
        raise NotImplementedError("another day")


def test_a_state_that_is_not_written_yet_is_one_that_cannot_be_given(tmp_path):
    env = NotWritten(num_envs=8)
    check_env(env)
    with pytest.warns(UserWarning, match="NotWritten cannot give its state"):
        train(env, VDN.for_env(env), SHORT, checkpoint=tmp_path / "c.pt")


class Written(Walk):
    """The same, with the state given."""


Written.__name__ = "NotWritten"


def test_a_file_without_the_environments_state_is_told_from_one_with_it(tmp_path):
    env = NotWritten(num_envs=8)
    with pytest.warns(UserWarning, match="cannot give its state"):
        train(env, VDN.for_env(env), SHORT, checkpoint=tmp_path / "c.pt", stop=stop_after(27))
    env = Written(num_envs=8)
    with pytest.warns(UserWarning, match="holds no state of the environment. The run begins a new episode"):
        train(env, VDN.for_env(env), SHORT, checkpoint=tmp_path / "c.pt", resume=True)


# ---- counters and settings -------------------------------------------------------------------------------------------


class Counts(VDN):
    """Counts, and notes a number, in public and in private."""

    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.calls, self.last_loss, self._calls = 0, 0.0, 0

    def loss(self, batch, target):
        loss = super().loss(batch, target)
        self.calls, self.last_loss, self._calls = self.calls + 1, loss.item(), self._calls + 1
        return loss


class CountsBegun(Walk):
    """``begun``: in public or in private."""

    def __init__(self, num_envs=1, slip=0.0, limit=6, name="begun"):
        super().__init__(num_envs, slip, limit)
        self._name = name
        setattr(self, name, 0)

    def _begin(self, where):
        setattr(self, self._name, getattr(self, self._name) + int(where.sum()))
        return super()._begin(where)

    def clone(self, num_envs=None):
        return type(self)(num_envs or self.num_envs, self.slip, self.spec.episode_limit, self._name)


def test_an_algorithm_that_counts_resumes_and_its_best_team_too(tmp_path):
    path = tmp_path / "c.pt"
    env = Walk(num_envs=8)
    train(env, Counts.for_env(env), SHORT, checkpoint=path, stop=stop_after(27))
    env = Walk(num_envs=8)
    train(env, Counts.for_env(env), SHORT, checkpoint=path, resume=True)
    assert checkpoint.load(best_of(path))["settings"]["algorithm"]["calls"] == 0


@pytest.mark.parametrize("name", ["begun", "_begun"])
@pytest.mark.parametrize("before", [False, True])
def test_what_counts_along_is_no_setting(name, before, tmp_path):
    """Neither where the run goes on with the same objects, nor with fresh ones, nor where it began with used ones."""
    path, env = tmp_path / "c.pt", CountsBegun(num_envs=8, name=name)
    if before:
        env.reset(seed=1)
    team = Counts.for_env(env)
    train(env, team, SHORT, checkpoint=path, stop=stop_after(27))
    train(env, team, replace(SHORT, total_steps=320), checkpoint=tmp_path / "other.pt")
    train(env, team, SHORT, checkpoint=path, resume=True, stop=stop_after(7))
    env = CountsBegun(num_envs=8, name=name)
    assert train(env, Counts.for_env(env), SHORT, checkpoint=path, resume=True).steps[-1] == 480


class Moves(Walk):
    """What it keeps in a list, in public, is where things are."""

    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self.places = torch.rand(3).tolist()

    def _begin(self, where):
        self.places = torch.rand(3).tolist()
        return super()._begin(where)


def test_a_list_that_moves_is_no_setting(tmp_path):
    for resume in (False, True):
        env = Moves(num_envs=8)
        train(env, VDN.for_env(env), SHORT, checkpoint=tmp_path / "c.pt", resume=resume,
              stop=None if resume else stop_after(27))


class Goal(Walk):
    def __init__(self, num_envs=1, goal=(4, 4)):
        super().__init__(num_envs)
        self.goal = goal

    def clone(self, num_envs=None):
        return type(self)(num_envs or self.num_envs, self.goal)


class Weighs(VDN):
    def __init__(self, spec, weights=(1.0, 1.0), **options):
        super().__init__(spec, **options)
        self.weights = weights


class Mode(Enum):
    SLOW = 1
    FAST = 2


@pytest.mark.parametrize("one, other", [
    ((4, 4), (4, 0)), ([4, 4], [4, 0]), ({"a": 1.0}, {"a": 2.0}), ({1, 2}, {1, 3}), (Mode.SLOW, Mode.FAST),
    (Path("a"), Path("b")), ([1, None], [2, None]), ([{"at": (1, 2)}], [{"at": (1, 3)}]), (None, [4, 4]), (3, None)])
def test_settings_of_all_kinds_are_compared(one, other, tmp_path):
    path = tmp_path / "c.pt"
    for kind, goal, weights in ((Goal, other, one), (Goal, one, other)):
        path.unlink(missing_ok=True), best_of(path).unlink(missing_ok=True)
        env = Goal(8, goal=one)
        train(env, Weighs.for_env(env, weights=one), SHORT, checkpoint=path, stop=stop_after(27))
        env = Goal(8, goal=goal)
        with pytest.raises(ValueError, match="algorithm.weights|environment.goal"):
            train(env, Weighs.for_env(env, weights=weights), SHORT, checkpoint=path, resume=True)
    env = Goal(8, goal=one)
    train(env, Weighs.for_env(env, weights=one), SHORT, checkpoint=path, resume=True)


@pytest.mark.parametrize("one, other", [((4, 4), [4, 4]), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({8, 0}, {0, 8})])
def test_nan_is_nan_a_list_is_as_good_as_a_tuple_and_a_dict_has_no_order(one, other, tmp_path):
    for resume, goal, weights in ((False, one, [1.0, float("nan")]), (True, other, (1.0, float("nan")))):
        env = Goal(8, goal=goal)
        train(env, Weighs.for_env(env, weights=weights), SHORT, checkpoint=tmp_path / "c.pt", resume=resume,
              stop=None if resume else stop_after(27))


def test_data_is_no_setting():
    """Long, deep, or in a circle: neither slow nor endless, and no message of a megabyte."""
    circle, deep = [1], 1
    circle.append(circle)
    for _ in range(3_000):
        deep = (deep,)
    for data in (circle, deep, list(range(10**6)), [torch.zeros(2)], {None, print}, {"a": torch.zeros(2)},
                 torch.zeros(2), numpy.zeros(2)):
        assert "goal" not in Goal(8, goal=data).settings()
    told = checkpoint.changed_since({"a": list(range(150))}, {"a": list(range(1, 151))})
    assert told == ["a"]
    with pytest.raises(ValueError) as error:
        checkpoint.check_settings("c.pt", {"a": list(range(150)), "changing": []}, {"a": list(range(1, 151))})
    assert len(str(error.value)) < 400


def test_files_from_before_go_on(tmp_path):
    """Lists were not among the settings then, and nobody said which change."""
    path = tmp_path / "c.pt"
    env = Goal(8)
    train(env, Weighs.for_env(env), SHORT, checkpoint=path, stop=stop_after(27))
    for file in (path, best_of(path)):
        saved = checkpoint.load(file)
        for part, name in (("environment", "goal"), ("algorithm", "weights")):
            if part in saved["settings"]:
                del saved["settings"][part][name]
        del saved["settings"]["changing"]
        checkpoint.save(file, saved["settings"], saved["state"])
    env = Goal(8)
    assert train(env, Weighs.for_env(env), SHORT, checkpoint=path, resume=True).steps[-1] == 480


def test_teams_with_other_lists_are_not_trained_side_by_side():
    env = Walk(num_envs=8)
    teams = [Weighs.for_env(env, seed=seed, weights=[weight]) for seed, weight in enumerate((1.0, 50.0))]
    with pytest.raises(ValueError, match="teams of one kind, .* got others in weights"):
        train_seeds(env, teams, SHORT, [0, 1])


# ---- what is seen in greedy play -------------------------------------------------------------------------------------


class Board(Walk):
    """What it calls positions, goals and size is not the grid world's."""

    kind: object

    def _see(self, *given):
        self.positions, self.goals, self.size = self.kind(self._at), "the top", "large"
        return super()._see(*given)


@pytest.mark.parametrize("kind", [lambda at: at, lambda at: at.numpy(), lambda at: {"all": at}, lambda at: None])
def test_only_the_grid_worlds_board_is_put_into_an_episode(kind):
    env = type("Board", (Board,), {"kind": staticmethod(kind)})()
    episode = play(env, VDN.for_env(env))
    assert (episode.positions, episode.goals, episode.size) == (None, None, None)
    grid = GridWorld()
    episode = play(grid, VDN.for_env(grid))
    assert episode.positions.shape == (len(episode.rewards) + 1, 2, 2) and episode.size == grid.size


class PaysNothingKnown(Walk):
    pay = float("nan")

    def _advance(self, actions):
        step = super()._advance(actions)
        if self.num_envs == 4:
            step.reward[2] = self.pay
        return step


@pytest.mark.parametrize("pay", [float("nan"), float("inf")])
def test_a_return_that_is_no_number_is_nobodys_best(pay, tmp_path):
    kind = type("Paid", (PaysNothingKnown,), {"pay": pay})
    with pytest.raises(ValueError, match="reward: expected finite numbers from Paid, got NaN or infinity in row 2"):
        evaluate(kind(num_envs=4), "random")
    env = kind(num_envs=8)
    with pytest.raises(ValueError, match="in row 2"):
        train(env, VDN.for_env(env), SHORT, checkpoint=tmp_path / "c.pt")


class ClonesBadly(Walk):
    def clone(self, rows=None):
        return type(self)(rows or self.num_envs)


def test_a_clone_of_ones_own_that_fails_is_named_and_no_setting_is_blamed():
    env = ClonesBadly(num_envs=8)
    with pytest.raises(ValueError, match="env: clone.num_envs=4. of ClonesBadly raised TypeError") as error:
        train(env, VDN.for_env(env), SHORT)
    assert "evaluation_episodes" not in str(error.value)


# ---- somebody's own files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, text", [("results.csv", "day,what\n1,mine\n"), ("plan.json", '{"mine": 1}'),
                                        ("plan.json", "words")])
def test_a_sweep_replaces_no_file_that_is_not_its_own(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    plan = Plan(env=["two-step"], algorithm=["vdn"], seeds=[0], settings={"total_steps": 32})
    with pytest.raises(ValueError, match=f"folder: .*{name} was not written by a sweep"):
        sweep(plan, tmp_path, jobs=1)
    assert (tmp_path / name).read_text() == text and len(list(tmp_path.iterdir())) == 1
