"""Runs that stop, go on and grow, settings that cannot learn, teams in files, and the targets' doors."""

from dataclasses import asdict, replace

import pytest
import torch
from alike import equal
from torch import nn

from qmix_course import checkpoint
from qmix_course.__main__ import main
from qmix_course.algorithms import IQL, MAVEN, OWQMIX, QMIX, VDN
from qmix_course.envs import GridWorld, TwoStepGame
from qmix_course.evaluation import evaluate
from qmix_course.seeds import train_seeds
from qmix_course.teams import load_team, save_team
from qmix_course.training import TrainConfig, hard_update, soft_update, train

SHORT = TrainConfig(total_steps=400, learning_starts=64, batch_size=16, update_every=16, epsilon_steps=200,
                    evaluate_every=160,
                    capacity=600)


def small():
    return GridWorld(size=2, num_envs=8, episode_limit=6, random_starts=True)


def state(path):
    """All that a checkpoint holds of a run, but for the clock."""
    state = checkpoint.load(path)["state"]
    state.pop("seconds"), state["history"].pop("seconds")
    return state


# ---- stopped, and longer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", [1, 7, 20, 33])
def test_what_was_played_until_a_stop_is_in_the_history(tmp_path, calls):
    """Before the first entry, between two, at one: in what is returned, in the file, and told to on_evaluation."""
    env, path, count, told = small(), tmp_path / "c.pt", iter(range(1, 99)), []
    history = train(env, QMIX.for_env(env), SHORT, checkpoint=path, stop=lambda: next(count) == calls,
                    on_evaluation=lambda run: told.append(run.steps))
    assert history.steps == told == [step for step in (160, 320) if step < 8 * calls] + [8 * calls]
    assert history.updates[-1] == max(0, 8 * calls - 64) // 16 and history.episodes[-1] >= calls // 6 * 8
    assert (history.loss[-1] == history.loss[-1]) == (history.updates[-1] > (history.updates[-2:-1] or [0])[0])
    kept = checkpoint.load(path)["state"]["history"]
    assert ({name: str(column) for name, column in kept.items()}
            == {name: str(column) for name, column in asdict(history).items()})


@pytest.mark.parametrize("config", [SHORT, replace(SHORT, tau=None, target_every=7),
                                    replace(SHORT, evaluate_every=10**6)])
def test_a_run_stopped_three_times_is_the_run_that_never_stopped(tmp_path, config):
    def team():
        return QMIX.for_env(small(), seed=1)

    train(small(), team(), config, checkpoint=tmp_path / "whole.pt")
    path = tmp_path / "c.pt"
    for number, calls in enumerate((3, 19, 2)):                         # the second one runs over an entry
        count = iter(range(1, 99))
        train(small(), team(), config, checkpoint=path, resume=number > 0, stop=lambda: next(count) == calls)
    train(small(), team(), config, checkpoint=path, resume=True)
    assert equal(state(path), state(tmp_path / "whole.pt"))


@pytest.mark.parametrize("first", [200, 320, 400])                      # 320 is where an entry is due anyway
def test_a_finished_run_that_grows_is_the_longer_run(tmp_path, first):
    """In memory, learning, chance and history, also where the shorter run ended between two entries."""
    def once(total, path, resume=False):
        env = small()
        return train(env, QMIX.for_env(env, seed=4), replace(SHORT, total_steps=total), checkpoint=path, resume=resume)

    assert once(first, tmp_path / "c.pt").steps[-1] == first
    grown = once(1_000, tmp_path / "c.pt", resume=True)
    assert grown.steps == once(1_000, tmp_path / "whole.pt").steps == [160, 320, 480, 640, 800, 960, 1000]
    assert equal(state(tmp_path / "c.pt"), state(tmp_path / "whole.pt"))
    again = once(1_000, tmp_path / "c.pt", resume=True)                 # finished: nothing is left to do
    assert again.steps == grown.steps
    with pytest.raises(ValueError, match="config.total_steps is 1000 in the file and 900 here"):
        once(900, tmp_path / "c.pt", resume=True)


# ---- settings with which nothing is learned --------------------------------------------------------------------------

NEVER = {
    "learning_starts = 400": dict(learning_starts=400),
    "learning_starts = 399": dict(learning_starts=399),
    "update_every = 1000": dict(update_every=1_000),
    "batch_size = 401": dict(batch_size=401),
    "target_every = 22": dict(tau=None, target_every=22),               # 21 updates are due in 400 steps
}


@pytest.mark.parametrize("named", NEVER)
def test_what_cannot_learn_is_warned_of_by_name(named):
    env, config = small(), replace(SHORT, **NEVER[named])
    with pytest.warns(UserWarning, match="train: ") as said:
        history = train(env, QMIX.for_env(env), config)
    assert named in str(said[0].message)
    assert ((history.updates[-1] == 0) == ("target_every" not in named)
            == ("without a single update" in str(said[-1].message)))
    with pytest.warns(UserWarning, match="train_seeds: ") as said:
        histories = train_seeds(small(), [QMIX.for_env(env)], config, [0])
    assert named in str(said[0].message)
    assert (histories[0].updates[-1] == 0) == ("without a single update" in str(said[-1].message))


@pytest.mark.parametrize("changes", [dict(learning_starts=384), dict(batch_size=400), dict(tau=None, target_every=21)])
def test_what_can_learn_is_not_warned_of(changes):
    """The same settings, one step on the other side; a warning is an error in these tests."""
    env = small()
    assert train(env, QMIX.for_env(env), replace(SHORT, **changes)).updates[-1] > 0


def test_long_episodes_and_whole_episodes_as_rows():
    """Recurrent QMIX on the default settings, 4,000 steps: 32 episodes of 100, where an update needs 128."""
    env = GridWorld(num_envs=32)
    config = TrainConfig(total_steps=4_000, epsilon_end=1.0)
    count = iter(range(1, 9))
    with pytest.warns(UserWarning, match="32 episodes of 100 steps; unless many end earlier"):
        train(env, QMIX.for_env(env, recurrent=True), config, stop=lambda: next(count) == 2)
    with pytest.warns(UserWarning, match="train: ") as said:            # to the end, with a short clock
        env = GridWorld(num_envs=8, episode_limit=40)
        history = train(env, QMIX.for_env(env, recurrent=True, hidden=4), replace(SHORT, total_steps=480))
    assert history.updates[-1] == 0 and "8 episodes of 40 steps" in str(said[0].message)
    assert "8 replay rows were stored and an update needs batch_size = 16" in str(said[1].message)


def test_the_command_line_says_it_in_a_line(tmp_path, capsys):
    assert main(["train", "--env", "climbing", "--steps", "320", "--run", str(tmp_path / "run")]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("qmix_course: train: with these settings nothing is learned. learning_starts")
               for line in lines) == 1
    assert not any("Warning" in line for line in lines)


# ---- a team in a file ------------------------------------------------------------------------------------------------


def same(one, two) -> bool:
    return all(torch.equal(value, two.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize("kind", [IQL, VDN, QMIX])
def test_a_team_comes_back_from_a_run_a_checkpoint_and_a_file(tmp_path, kind):
    env = small()
    team = kind.for_env(env, seed=3)
    folder = tmp_path / "run"
    train(env, team, SHORT, checkpoint=folder / "checkpoint.pt",
          on_evaluation=lambda run: save_team(tmp_path / "team.pt", team))
    for path in (folder, folder / "checkpoint.pt", tmp_path / "team.pt", str(tmp_path / "team.pt")):
        fresh = kind.for_env(env, seed=9)
        assert not same(fresh, team) and load_team(path, fresh) is fresh and same(fresh, team)


def test_a_team_file_is_no_run_and_a_run_no_place_for_a_team(tmp_path):
    env = small()
    team = QMIX.for_env(env)
    save_team(tmp_path / "team.pt", team)
    with pytest.raises(ValueError, match="holds the weights of a team and no run"):
        train(env, team, SHORT, checkpoint=tmp_path / "team.pt", resume=True)
    train(env, team, SHORT, checkpoint=tmp_path / "c.pt")
    kept = (tmp_path / "c.pt").read_bytes()
    with pytest.raises(ValueError, match="holds a run, which would be lost"):
        save_team(tmp_path / "c.pt", team)
    assert (tmp_path / "c.pt").read_bytes() == kept


def test_a_team_of_another_make_is_refused_unchanged(tmp_path):
    env = small()
    save_team(tmp_path / "team.pt", QMIX.for_env(env))
    for named, other in {"class = QMIX, and the one to be loaded has class = VDN": VDN.for_env(env),
                         "recurrent = False, .* recurrent = True": QMIX.for_env(env, recurrent=True),
                         "other sizes: agents.layers.0.*, and . more": QMIX.for_env(env, hidden=(8,)),
                         "hyper_w1.2.weight is .64, 64. in the file and .16, 64. here": QMIX.for_env(env, embed_dim=8),
                         "the state is .8,. in the file and .3,. here; agents": QMIX.for_env(
                             TwoStepGame())}.items():
        before = {name: value.clone() for name, value in other.state_dict().items()}
        with pytest.raises(ValueError, match=named) as refused:
            load_team(tmp_path / "team.pt", other)
        assert len(str(refused.value)) < 500
        assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())
    for error, path in ((FileNotFoundError, tmp_path / "none.pt"), (FileNotFoundError, tmp_path), (TypeError, 3),
                        (TypeError, None)):
        with pytest.raises(error):
            load_team(path, QMIX.for_env(env))
    for call in (save_team, load_team):
        with pytest.raises(TypeError, match="algorithm: expected an Algorithm"):
            call(tmp_path / "team.pt", nn.Linear(1, 1))


def test_what_only_training_reads_does_not_matter_for_playing(tmp_path):
    env = small()
    for kind, trained, here in ((QMIX, {"gamma": 0.9, "double_q": True}, {"td_lambda": 0.5}),
                                (OWQMIX, {"alpha": 0.3}, {}), (MAVEN, {"mi_weight": 0.5, "temperature": 2.0}, {})):
        team = kind.for_env(env, **trained)
        save_team(tmp_path / f"{kind.__name__}.pt", team)
        other = load_team(tmp_path / f"{kind.__name__}.pt", kind.for_env(env, seed=4, **here))
        assert torch.equal(evaluate(env, other).returns, evaluate(env, team).returns) and same(other, team)
        assert other.gamma == here.get("gamma", 0.99)                   # only the weights come from the file
    # A run that goes on is another matter: it must be the same run.
    train(env, QMIX.for_env(env, gamma=0.9), SHORT, checkpoint=tmp_path / "c.pt")
    with pytest.raises(ValueError, match="algorithm.gamma is 0.9 in the file and 0.99 here"):
        train(env, QMIX.for_env(env), SHORT, checkpoint=tmp_path / "c.pt", resume=True)


def test_a_file_that_lost_a_weight_changes_nothing(tmp_path):
    env = small()
    team = QMIX.for_env(env)
    weights = team.state_dict()
    weights.popitem()
    checkpoint.save(tmp_path / "team.pt", {"algorithm": team.settings()}, {"algorithm": weights})
    other = QMIX.for_env(env, seed=5)
    with pytest.raises(ValueError, match="does not hold the weights"):
        load_team(tmp_path / "team.pt", other)
    assert same(other, QMIX.for_env(env, seed=5))


# ---- doors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, value", [("on_evaluation", 3), ("on_evaluation", "print"), ("stop", True),
                                         ("stop", [1]),
                                         ("checkpoint", 3), ("checkpoint", b"c.pt"), ("resume", 1), ("resume", "no")])
def test_train_refuses_before_it_plays(name, value):
    env = small()
    team = QMIX.for_env(env)
    with pytest.raises(TypeError, match=name):
        train(env, team, SHORT, **{name: value})
    assert env.state_dict()["outcome"] is None and same(team, QMIX.for_env(env))


class OneRow(GridWorld):
    """An environment of which there is only one."""

    def clone(self, num_envs=None):
        if num_envs not in (None, 1):
            raise ValueError(f"env: expected a function that makes an environment for num_envs = {num_envs}")
        return super().clone(1)


def test_many_greedy_episodes_with_a_single_environment(tmp_path):
    env = OneRow(size=2, episode_limit=6)
    team = QMIX.for_env(env)
    with pytest.raises(ValueError, match="evaluation_episodes: expected 1.* got 4.* from a function"):
        train(env, team, replace(SHORT, evaluation_episodes=4))
    assert env.state_dict()["outcome"] is None
    train(env, team, SHORT)


class Odd(nn.Module):
    def __init__(self, *shapes, dtype=torch.float32):
        super().__init__()
        self.weights = nn.ParameterList(nn.Parameter(torch.rand(shape, dtype=dtype)) for shape in shapes)


@pytest.mark.parametrize("online", [
    Odd((3,), (1,)),                                    # would be broadcast
    Odd((3,), (2, 2)), Odd((3,)), Odd((3,), (2,), (2,)), Odd(), Odd((3,), (2,), dtype=torch.float64), nn.Linear(3, 2)])
@pytest.mark.parametrize("update", [lambda *both: soft_update(*both, 0.5), hard_update])
def test_targets_follow_networks_of_their_own_make_alone(online, update):
    target = Odd((3,), (2,))
    before = [weights.clone() for weights in target.parameters()]
    for pair in ((target, online), (online, target)):
        with pytest.raises(ValueError, match="target, online: expected networks of one architecture"):
            update(*pair)
    for wrong in (None, [torch.ones(3)], torch.ones(3)):
        with pytest.raises(TypeError, match="online"):
            update(target, wrong)
        with pytest.raises(TypeError, match="target"):
            update(wrong, target)
    assert all(torch.equal(one, two) for one, two in zip(before, target.parameters()))
    update(target, Odd((3,), (2,)))
    assert not torch.equal(before[0], target.weights[0])
