"""What a user is told of settings: each in a line, the preset for whole episodes, and one look where starts differ."""

import inspect
import warnings
from dataclasses import asdict, fields, replace

import pytest

from qmix_course.__main__ import main
from qmix_course.algorithms import QMIX, VDN
from qmix_course.choices import make_run
from qmix_course.config import TrainConfig
from qmix_course.envs import Cue, GridWorld, MatrixGame, SpeakerListener
from qmix_course.evaluation import starts_differ
from qmix_course.training import train

SHORT = TrainConfig(total_steps=320, learning_starts=64, batch_size=16, evaluate_every=160)
NOISY = "train: each look plays one greedy episode"


def test_the_help_says_every_setting_with_its_default(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = capsys.readouterr().out
    for name, words in TrainConfig.in_words().items():
        assert words and words in inspect.getdoc(TrainConfig)
        if name != "seed":                              # has an option of its own
            assert f"  {name} = {getattr(TrainConfig(), name)}: {words}\n" in said
    assert "options of the team: recurrent, gamma, double_q" in said


def test_every_field_has_its_line_in_the_docstring():
    words = TrainConfig.in_words()
    assert list(words) == [each.name for each in fields(TrainConfig)] and all(words.values())


def test_python_gets_for_whole_episodes_what_the_command_line_gets():
    _, team, config = make_run({"env": "grid", "algorithm": "vdn", "seed": 0, "recurrent": True})
    assert team.recurrent and config == TrainConfig.of_episodes()
    changed = TrainConfig.of_episodes(total_steps=500, batch_size=4)
    assert asdict(changed) == asdict(replace(TrainConfig.of_episodes(), total_steps=500, batch_size=4))
    with pytest.raises(ValueError, match="batch_size"):
        TrainConfig.of_episodes(batch_size=0)


def noisy(make, config, checkpoint):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(make(num_envs=8), VDN.for_env(make(num_envs=8)), config, checkpoint=checkpoint)
    return sum(NOISY in str(each.message) for each in caught)


def wide(num_envs):
    return GridWorld(size=3, random_starts=True, episode_limit=8, num_envs=num_envs)


def test_one_look_is_said_where_starts_differ_and_the_best_team_is_kept(tmp_path):
    assert noisy(wide, SHORT, tmp_path / "a.pt") == 1
    assert noisy(wide, replace(SHORT, evaluation_episodes=4), tmp_path / "b.pt") == 0
    assert noisy(wide, SHORT, None) == 0                # nobody is chosen by it
    assert noisy(lambda num_envs: GridWorld(size=3, num_envs=num_envs), SHORT, tmp_path / "c.pt") == 0


def test_the_look_at_the_starts_changes_nothing(tmp_path):
    one, two = QMIX.for_env(wide(8)), QMIX.for_env(wide(8))
    with pytest.warns(UserWarning, match=NOISY):
        kept = train(wide(8), one, SHORT, checkpoint=tmp_path / "c.pt")
    plain = train(wide(8), two, SHORT)
    assert asdict(kept) | {"seconds": 0} == asdict(plain) | {"seconds": 0}


def test_which_tasks_begin_in_different_ways():
    assert all(starts_differ(env) for env in (Cue(), SpeakerListener(), wide(1)))
    assert not any(starts_differ(env) for env in (GridWorld(), MatrixGame("climbing")))


def test_the_command_line_says_it_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["train", "--env", "formation:line2", "--steps", "640", "--set", "learning_starts=64"]
    assert main([*arguments, "--set", "evaluation_episodes=1"]) == 0
    assert f"qmix_course: {NOISY}" in capsys.readouterr().err
    assert main(arguments) == 0 and NOISY not in capsys.readouterr().err
