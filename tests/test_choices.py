"""Runs put together from names: what a settings table changes, and what is refused."""

import pytest

from qmix_course.choices import make_run, read_setting

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
