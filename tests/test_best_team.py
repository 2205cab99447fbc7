"""The best team so far is kept beside the last one; a world that cannot give its state is resumed all the same."""

from dataclasses import replace

import pytest
import torch
from alike import equal
from own_envs import Walk

from qmix_course import checkpoint, evaluation, training
from qmix_course.__main__ import main
from qmix_course.algorithms import QMIX, VDN
from qmix_course.evaluation import evaluate
from qmix_course.teams import best_of, load_team, save_team
from qmix_course.training import TrainConfig, train

SHORT = TrainConfig(total_steps=400, learning_starts=32, batch_size=16, update_every=8, epsilon_steps=200,
                    evaluate_every=40, capacity=600)


def small():
    return Walk(num_envs=8)


def looks_say(monkeypatch, returns):
    """The looks of the next run have these greedy returns."""
    told = iter(returns)

    def say(env, algorithm, seed=0):
        seen = evaluate(env, algorithm, seed=seed)
        return evaluation.Evaluation(torch.full_like(seen.returns, next(told)), seen.lengths, seen.terminated)

    monkeypatch.setattr(training, "evaluate", say)


def weights(run):
    return {name: value.clone() for name, value in run.algorithm.state_dict().items()}


@pytest.mark.parametrize("returns, best", [
    ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10), ([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 1), ([1, 5, 5, 2, 5, 0, 0, 0, 0, 5], 2),
    ([-3.0] * 10, 1), ([-9, -8, -30, -8, -7.5, -9, -9, -9, -9, -9], 5)])
def test_the_best_by_greedy_return_and_of_equals_the_earlier(tmp_path, monkeypatch, returns, best):
    looks_say(monkeypatch, returns)
    kept = []
    path = tmp_path / "run" / "checkpoint.pt"
    train(small(), QMIX.for_env(small()), SHORT, checkpoint=path, on_evaluation=lambda run: kept.append(weights(run)))
    state = checkpoint.load(best_of(path))["state"]
    assert (state["steps"], state["greedy_return"]) == (40 * best, returns[best - 1])
    for place in (path, path.parent, str(path.parent)):
        team = load_team(best_of(place), QMIX.for_env(small(), seed=7))
        assert equal(dict(team.state_dict()), kept[best - 1])
    assert equal(dict(load_team(path, QMIX.for_env(small())).state_dict()), kept[-1])


@pytest.mark.parametrize("calls", [1, 7, 20, 33])
def test_a_run_that_was_stopped_keeps_the_best_of_the_run_that_never_was(tmp_path, calls):
    train(small(), QMIX.for_env(small()), SHORT, checkpoint=tmp_path / "whole.pt")
    count = iter(range(1, 99))
    for resume in (False, True):
        train(small(), QMIX.for_env(small()), SHORT, checkpoint=tmp_path / "c.pt", resume=resume,
              stop=lambda: next(count) == calls)
    assert equal(*(checkpoint.load(best_of(tmp_path / name))["state"] for name in ("whole.pt", "c.pt")))


def test_a_resumed_run_replaces_the_best_by_a_better_one_only(tmp_path, monkeypatch):
    path = tmp_path / "c.pt"
    looks_say(monkeypatch, [3, 1] + [2, 3, 4])
    train(small(), QMIX.for_env(small()), replace(SHORT, total_steps=80), checkpoint=path)
    first = best_of(path).read_bytes()
    train(small(), QMIX.for_env(small()), replace(SHORT, total_steps=160), checkpoint=path, resume=True)
    assert best_of(path).read_bytes() == first
    train(small(), QMIX.for_env(small()), replace(SHORT, total_steps=200), checkpoint=path, resume=True)
    assert checkpoint.load(best_of(path))["state"]["greedy_return"] == 4


def test_nobody_elses_file_is_written_over(tmp_path):
    path = tmp_path / "c.pt"
    save_team(best_of(path), QMIX.for_env(small()))
    before = best_of(path).read_bytes()
    with pytest.raises(ValueError, match="c-best.pt exists already"):
        train(small(), QMIX.for_env(small()), SHORT, checkpoint=path)
    assert best_of(path).read_bytes() == before and not path.exists()
    best_of(path).unlink()
    train(small(), QMIX.for_env(small()), SHORT, checkpoint=path)
    checkpoint.save(best_of(path), {"algorithm": VDN.for_env(small()).settings()}, {"algorithm": {}})
    last = path.read_bytes()
    with pytest.raises(ValueError, match="c-best.pt belongs to another configuration"):
        train(small(), QMIX.for_env(small()), replace(SHORT, total_steps=500), checkpoint=path, resume=True)
    assert path.read_bytes() == last


def test_the_command_line_takes_either(tmp_path, capsys, monkeypatch):
    looks_say(monkeypatch, [1, 9, 2, 2])
    folder = tmp_path / "run"
    assert main(["train", "--env", "two-step", "--steps", "2000", "--run", str(folder)]) == 0
    said = "The best team of this run had a greedy return of 9.00 after 1,024 steps: evaluate"
    assert said in capsys.readouterr().out
    assert main(["evaluate", str(folder / "checkpoint-best.pt")]) == 0
    assert "checkpoint-best.pt: 1,024 steps of training" in capsys.readouterr().out
    assert main(["evaluate", str(folder)]) == 0
    assert "checkpoint" not in capsys.readouterr().out


class Silent(Walk):
    """It cannot give its state."""

    def state_dict(self):
        raise TypeError("state_dict: the walk is somebody else's")


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("noise", [False, True])
def test_where_the_state_is_not_to_be_had_a_run_goes_on_with_new_episodes(tmp_path, recurrent, noise):
    config = replace(SHORT, batch_size=8, parameter_noise=noise)

    def once(resume, calls=999):
        env, count = Silent(num_envs=8), iter(range(1, 9_999))
        team = QMIX.for_env(env, recurrent=recurrent)
        with pytest.warns(UserWarning, match="train: Silent cannot give its state"):
            history = train(env, team, config, checkpoint=tmp_path / "c.pt", resume=resume,
                            stop=lambda: next(count) == calls)
        return history, checkpoint.load(tmp_path / "c.pt")["state"]

    first, before = once(False, 23)
    second, after = once(True)
    assert second.steps == list(range(40, 401, 40)) and second.updates[-1] == (400 - 32) // 8
    assert second.greedy_return[:4] == first.greedy_return[:4] and after["steps"] == 400
    assert second.episodes[-1] > first.episodes[-1] and before["env"] is None is after["env"]
    for field in ("obs", "actions", "reward"):                  # what was in the memory is there still, in its place
        held = len(before["buffer"]["rows"]["obs"])
        assert torch.equal(after["buffer"]["rows"][field][:held], before["buffer"]["rows"][field])


def test_a_damaged_file_changes_nothing_there_either(tmp_path):
    env = Silent(num_envs=8)
    with pytest.warns(UserWarning, match="cannot give its state"):
        train(env, QMIX.for_env(env), SHORT, checkpoint=tmp_path / "c.pt")
    saved = checkpoint.load(tmp_path / "c.pt")
    saved["state"]["buffer"].pop("next")
    checkpoint.save(tmp_path / "c.pt", saved["settings"], saved["state"])
    team, before = QMIX.for_env(env, seed=4), QMIX.for_env(env, seed=4)
    with pytest.raises(ValueError, match="does not hold a whole run"), pytest.warns(UserWarning):
        train(Silent(num_envs=8), team, replace(SHORT, total_steps=500), checkpoint=tmp_path / "c.pt", resume=True)
    assert equal(dict(team.state_dict()), dict(before.state_dict()))
