"""Runs put together from names: what a settings table changes, and what is refused."""

import json

import pytest

from qmix_course.algorithms import QMIX
from qmix_course.choices import ALGORITHMS, check_left, make_run, on_cpu, read_setting, sort_settings, team_options
from qmix_course.config import TrainConfig

CHOICES = {"env": "grid", "algorithm": "qmix", "seed": 3}


def test_settings_reach_the_environment_the_team_and_the_training():
    env, team, config = make_run(CHOICES | {"settings": {
        "num_envs": 4, "hidden": [8], "gamma": 0.5, "embed_dim": 2, "learning_rate": 1e-3, "target_every": 10}})
    assert env.num_envs == 4 and team.gamma == 0.5 and team.mixer.embed_dim == 2
    assert [layer.weight.shape[-1] for layer in team.agents.layers[:-1]] == [8]
    assert (config.learning_rate, config.target_every, config.tau, config.seed) == (1e-3, 10, None, 3)


def test_settings_come_over_preset_and_memory():
    _, team, config = make_run(CHOICES | {"steps": 640, "settings": {"recurrent": True, "batch_size": 8}})
    assert team.recurrent and (config.total_steps, config.batch_size, config.capacity) == (640, 8, 1_000)


@pytest.mark.parametrize("name", ["speed", "seed", "spec", "self", "n_agents", ""])
def test_a_setting_that_nobody_has_is_refused_with_those_there_are(name):
    with pytest.raises(ValueError, match="settings: unknown name.*expected one of total_steps"):
        make_run(CHOICES | {"settings": {name: 1}})


@pytest.mark.parametrize("text, value", [("5e-4", 5e-4), ("7", 7), ("true", True), ("[16, 16]", [16, 16]),
                                         ('"cpu"', "cpu"), ("cuda:1", "cuda:1"), ("1\nb = 2", "1\nb = 2")])
def test_a_setting_is_written_as_in_a_toml_file(text, value):
    assert read_setting(f"name={text}") == ("name", value)


@pytest.mark.parametrize("text", ["learning_rate", "=3", ""])
def test_a_setting_without_a_name_or_a_value_is_refused(text):
    with pytest.raises(ValueError, match="expected NAME=VALUE"):
        read_setting(text)


@pytest.mark.parametrize("text, meant", [("True", "true"), ("False", "false"), ("None", "nothing, and the setting")])
def test_pythons_words_are_not_taken_for_texts(text, meant):
    with pytest.raises(ValueError, match=f"dueling: expected {meant}.*got {text}, which is Python's"):
        read_setting(f"dueling={text}")
    assert read_setting(f'dueling="{text}"') == ("dueling", text)


@pytest.mark.parametrize("text", ["[True, False]", "[1, 2", "{a = None}"])
def test_a_list_that_is_none_is_no_text(text):
    with pytest.raises(ValueError, match="flags: expected a list or a table as in a TOML file"):
        read_setting(f"flags={text}")


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T10:00:00", "10:30:00", "[2026-01-01]", "{b = 10:30:00}"])
def test_a_date_is_a_text_which_can_be_written_down(text):
    assert json.loads(json.dumps(read_setting(f"until={text}")[1])) == text


class Soft(QMIX):
    def __init__(self, spec, tau=0.03, **options):
        super().__init__(spec, **options)


class Deep(QMIX):
    @classmethod
    def for_env(cls, env, seed=0, depth=2, *, width, **options):
        return super().for_env(env, seed=seed, **options)


class Bare(QMIX):
    @classmethod
    def for_env(cls, env, seed=0, depth=2):
        return super().for_env(env, seed=seed)


def test_a_name_that_is_a_setting_and_an_option_is_refused():
    with pytest.raises(ValueError, match="tau is a setting of the training and an option of Soft"):
        sort_settings({"tau": 0.5}, Soft)
    assert sort_settings({"learning_rate": 0.5, "gamma": 0.9}, Soft) == ({"learning_rate": 0.5}, {"gamma": 0.9})


def test_no_option_of_the_courses_own_is_a_setting_too():
    for kind in {kind for kind, _ in ALGORITHMS.values()}:
        assert not set(team_options(kind)) & {*TrainConfig.in_words(), "num_envs"}


def test_for_env_of_ones_own_is_looked_at_for_options():
    assert team_options(Deep) == team_options(QMIX) | {"depth": False, "width": True}
    assert team_options(Bare) == {"depth": False}


def test_a_folder_with_another_run_or_with_somebodys_files_is_left_alone(tmp_path):
    files = "checkpoint.pt", "run.json", "history.csv"
    check_left(tmp_path / "none", files, CHOICES, False)
    (tmp_path / "history.csv").write_text("mine")
    for resume in (False, True):                            # nothing is there to be resumed
        with pytest.raises(ValueError, match="holds history.csv and no run, and it would be replaced"):
            check_left(tmp_path, files, CHOICES, resume)
    (tmp_path / "checkpoint.pt").touch()
    (tmp_path / "run.json").write_text(json.dumps(CHOICES))
    check_left(tmp_path, files, CHOICES, True)
    with pytest.raises(ValueError, match="holds a run already: add --resume"):
        check_left(tmp_path, files, CHOICES, False)
    for name, value in (("env", "two-step"), ("algorithm", "vdn")):
        with pytest.raises(ValueError, match=f"holds a run with --{name} {CHOICES[name]}, got {value}: name --run"):
            check_left(tmp_path, files, CHOICES | {name: value}, True)


def test_other_options_of_an_algorithm_of_ones_own_are_another_run(tmp_path):
    """Where it keeps them nobody knows; those of the training are in the checkpoint."""
    own = CHOICES | {"algorithm": "mine:Own"}
    (tmp_path / "checkpoint.pt").touch()
    (tmp_path / "run.json").write_text(json.dumps(own | {"settings": {"weight": 1.0, "total_steps": 100}}))
    check_left(tmp_path, (), own | {"settings": {"weight": 1.0, "total_steps": 200}}, True)
    with pytest.raises(ValueError, match="holds a run of mine:Own with the options {'weight': 1.0}, got {'weight': 50"):
        check_left(tmp_path, (), own | {"settings": {"weight": 50.0, "total_steps": 200}}, True)


def test_whoever_watches_needs_no_gpu():
    choices = CHOICES | {"device": "cuda", "settings": {"device": "cuda:1", "gamma": 0.5}}
    _, team, config = make_run(on_cpu(choices))
    assert config.device == "cpu" and team.gamma == 0.5 and choices["settings"]["device"] == "cuda:1"
