"""The stored measurements: they load, and they belong to the settings that the library has now."""

import math
from dataclasses import asdict, replace

import pytest
import torch
from stored import as_today

from benchmarks import soldiers
from qmix_course import data
from qmix_course.envs import Skirmish
from qmix_course.evaluation import evaluate
from qmix_course.training import TrainConfig


def settings(config: TrainConfig | dict) -> dict:
    """All but the seed, which runs over several."""
    config = as_today(config) if isinstance(config, dict) else asdict(config)
    return {name: value for name, value in config.items() if name != "seed"}


def test_the_sweep_was_measured_around_todays_default():
    sweep = data.load("sweep")
    assert settings(sweep["settings"]["config"]) == settings(TrainConfig(evaluate_every=250)), (
        "run python -m benchmarks.sweep again")
    assert sweep["points"][0]["name"] == "default" and len(sweep["points"]) >= 15
    assert all(len(point["steps"]) == len(sweep["settings"]["seeds"]) for point in sweep["points"])


def test_the_reference_curve_was_measured_with_todays_preset():
    reference = data.load("reference")
    config = reference["settings"]["config"]
    assert settings(config) == settings(TrainConfig.reference(evaluate_every=config["evaluate_every"])), \
        "run python -m benchmarks.reference again"
    for run in reference["runs"]:
        assert run["greedy_return"][-1] == pytest.approx(8.65, abs=1e-3) and run["steps"][-1] >= 27_000
        assert not math.isnan(run["loss"][-1])


def test_the_soldiers_of_lesson_00_win_and_their_file_is_what_the_script_writes():
    team, env = data.soldiers(), Skirmish(soldiers.SCENARIO, num_envs=100)
    assert soldiers.OUT.stat().st_size < 80_000
    won = [int(env.won(evaluate(env, team, seed=seed).returns).sum()) for seed in (101, 102)]  # not chosen by
    assert min(won) >= 95
    short = replace(soldiers.CONFIG, total_steps=640, learning_starts=320, evaluate_every=640)
    fresh = soldiers.trained(short)
    assert ({name: value.shape for name, value in fresh.state_dict().items()}
            == {name: value.shape for name, value in team.state_dict().items()})
    assert {value.dtype for value in fresh.state_dict().values()} == {torch.float16}


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="name: unknown name 'speed', expected one of reference, sweep, two_step"):
        data.load("speed")
