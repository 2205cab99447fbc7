"""The five lines of the README that log a run: with TensorBoard where it is installed, else with a stand-in."""

import sys
import types

import pytest
from outside import package

from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.training import TrainConfig, train
from tools.notebooks import ROOT

SHORT = {"total_steps": 320, "evaluate_every": 160, "learning_starts": 32, "batch_size": 16}
NAMES = {"greedy_return", "exploring_return", "loss", "epsilon"}


def train_as_the_readme_says(folder, monkeypatch):
    """Run the README's own lines, with a short run in place of a long one."""
    monkeypatch.chdir(folder)
    blocks = (ROOT / "README.md").read_text(encoding="utf-8").split("```python\n")
    code = next(block.split("```")[0] for block in blocks if "SummaryWriter" in block)
    assert len([line for line in code.splitlines() if line.strip()]) <= 5
    names = {"train": train, "env": GridWorld(num_envs=8), "TrainConfig": lambda seed: TrainConfig(seed=seed, **SHORT)}
    exec(code, names | (known := {"algorithm": QMIX.for_env(names["env"], seed=0)}), known)
    return known


def test_the_lines_log_every_entry(tmp_path, monkeypatch):
    logged = []

    class Writer:
        def __init__(self, folder):
            self.folder = folder

        def add_scalar(self, name, value, steps):
            logged.append((name, value, steps))

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", types.SimpleNamespace(SummaryWriter=Writer))
    history = train_as_the_readme_says(tmp_path, monkeypatch)["history"]
    for name in NAMES:
        ours = [(value, steps) for other, value, steps in logged if other == name]
        assert str(ours) == str(list(zip(getattr(history, name), history.steps)))       # nan is as nan


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_has_what_the_history_has(tmp_path, monkeypatch):
    package("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    known = train_as_the_readme_says(tmp_path, monkeypatch)
    known["log"].__defaults__[0].flush()
    events = EventAccumulator(str(tmp_path / "runs" / "board")).Reload()
    assert set(events.Tags()["scalars"]) == NAMES
    assert [each.step for each in events.Scalars("greedy_return")] == known["history"].steps
    assert [each.value for each in events.Scalars("greedy_return")] == pytest.approx(known["history"].greedy_return)
