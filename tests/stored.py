"""What a stored measurement says of the settings that it was made with."""

from dataclasses import asdict

from qmix_course.training import TrainConfig


def as_today(config: dict) -> dict:
    """``config`` with the settings that the library has had only since then: at their defaults, as they acted then."""
    return {name: value for name, value in asdict(TrainConfig()).items() if name not in config} | config
