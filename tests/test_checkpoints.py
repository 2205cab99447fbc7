"""What a checkpoint takes, what it refuses, and that reading one runs no code."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from qmix_course import checkpoint
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.training import TrainConfig, train

SHORT = TrainConfig(total_steps=320, learning_starts=64, batch_size=16, update_every=16, epsilon_steps=200,
                    evaluate_every=160, capacity=600)


@pytest.mark.parametrize("name, value", [("total_steps", np.int64(320)), ("learning_rate", np.float64(1e-3)),
                                         ("tau", np.float32(0.5)), ("gamma", np.float64(0.9)), ("size", np.int64(4))])
def test_numpy_numbers_make_checkpoints_that_load(tmp_path, name, value):
    """In the settings of the run, of the team and of the environment."""
    def once(resume):
        env = GridWorld(num_envs=8, **({name: value} if name == "size" else {}))
        team = QMIX.for_env(env, **({name: value} if name == "gamma" else {}))
        config = replace(SHORT, **({} if name in ("size", "gamma") else {name: value}))
        return train(env, team, config, checkpoint=tmp_path / "c.pt", resume=resume)

    assert once(resume=False).steps == once(resume=True).steps == [160, 320]


class Mine(GridWorld):
    """With a setting of its own, set from outside as it comes."""

    cost = 0.0

    def clone(self, num_envs=None):
        made = super().clone(num_envs)
        made.cost = self.cost
        return made


class MyQMIX(QMIX):
    """A team with a constant of its own."""


class Word(str):
    pass


@pytest.mark.parametrize("value, other", [(np.float64(0.5), 0.25), (np.float32(0.5), 0.25), (np.int64(3), 4),
                                          (np.bool_(True), False), (np.str_("hard"), "easy"), (Word("hard"), "easy")])
def test_settings_of_ones_own_may_be_numpys_and_are_held_against_the_file(tmp_path, value, other):
    """numpy's numbers among the settings once made files that nobody could read, or were not looked at."""
    def once(mine, his, resume):
        env = Mine(num_envs=8)
        team = MyQMIX.for_env(env)
        env.cost, team.weight = mine, his
        return train(env, team, SHORT, checkpoint=tmp_path / "c.pt", resume=resume)

    assert once(value, value, resume=False).steps == once(value, value, resume=True).steps == [160, 320]
    plain = value.item() if isinstance(value, np.generic) else str(value)
    assert once(plain, plain, resume=True).steps == [160, 320]
    with pytest.raises(ValueError, match="environment.cost is"):
        once(other, value, resume=True)
    with pytest.raises(ValueError, match="algorithm.weight is"):
        once(value, other, resume=True)


def test_settings_that_could_not_be_read_back_are_no_file(tmp_path):
    with pytest.raises(TypeError, match=r"settings\['a'\] is a float64"):
        checkpoint.save(tmp_path / "c.pt", {"a": np.float64(1)}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_refused_resume_changes_nothing(tmp_path):
    path, env = tmp_path / "c.pt", GridWorld(num_envs=8)
    train(env, QMIX.for_env(env), SHORT, checkpoint=path)
    env.reset()
    env.step(torch.ones(8, 2, dtype=torch.int64))
    team, before, file = QMIX.for_env(env, seed=5), env.state_dict(), path.read_bytes()
    weights = deepcopy(team.state_dict())
    with pytest.raises(ValueError, match="config.seed"):
        train(env, team, replace(SHORT, seed=9), checkpoint=path, resume=True)
    after = env.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in ("cells", "clock", "generator"))
    assert all(torch.equal(value, weights[name]) for name, value in team.state_dict().items())
    assert path.read_bytes() == file


class Malicious:
    """Opens a file for writing as soon as it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_checkpoint_runs_no_code(tmp_path):
    torch.save({"format": checkpoint.FORMAT, "settings": {}, "state": Malicious(tmp_path / "ran")}, tmp_path / "c.pt")
    with pytest.raises(ValueError, match="cannot be read"):
        checkpoint.load(tmp_path / "c.pt")
    assert not (tmp_path / "ran").exists()
