"""What tests share: torch as it was before, and a tiny lesson to build, break and check."""

import os
from collections import Counter
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")       # before torch: workers with two threads each fight for two cores

import pytest
import tiny_lesson
import torch

from tools import build, notebooks

# These, and all test_touch*, run notebooks or a browser, install things, start many processes or train for long. All
# others are `pytest -m library`.
SLOW = {
    "test_arms_apart", "test_bars", "test_browser", "test_build", "test_capstone", "test_catalogue", "test_cells",
    "test_check_ends", "test_check_memory", "test_checkpoint_files", "test_command_line", "test_commands",
    "test_copies", "test_copies_at_once", "test_copies_in_the_way", "test_desk", "test_exercises", "test_experiment",
    "test_experiment_clusters", "test_matrix", "test_nbgrader", "test_notebooks", "test_packaging", "test_process",
    "test_progress", "test_sealed", "test_setup_cell", "test_site", "test_tables", "test_walk", "test_worlds_jaxmarl",
    "test_worlds_named", "test_worlds_vmas"}
SLOW_TESTS = {
    "test_a_killed_run_resumes_to_the_same_bits", "test_a_stopped_run_resumes_to_the_same_bits",
    "test_a_team_that_remembers_solves_the_cue_task", "test_compiled_it_is_the_same_up_to_rounding",
    "test_each_run_is_the_run_of_train", "test_grid_teams_by_trees",
    "test_learns_its_own_game_where_no_sum_can_be_right", "test_no_false_alarm_whatever_the_rewards_units",
    "test_seeds_side_by_side_know_the_units_too", "test_the_best_return_that_the_table_compares_with",
    "test_the_default_preset_keeps_what_it_found", "test_the_default_preset_plays_optimally",
    "test_the_grid_world_is_solved_in_all_units", "test_the_loss_equals_a_loop_written_one",
    "test_the_target_knows_the_units_at_once", "test_training_makes_a_table_that_is_not_monotone"}

# Of the library's, these take more than a few seconds: what is left is `pytest -m quick`.
LONG = {
    "test_address", "test_algorithms_named", "test_alt", "test_best_team", "test_check_env", "test_clones",
    "test_doubts", "test_extending", "test_formation", "test_going_on", "test_lesson", "test_lesson20",
    "test_lesson21", "test_long_way", "test_methods", "test_minutes", "test_mutants", "test_own_algorithms",
    "test_own_doubts", "test_parameter_noise", "test_plots", "test_plots_curves", "test_plots_grid_world",
    "test_plots_skirmish", "test_practice", "test_predator_prey", "test_predator_prey_contract", "test_report",
    "test_seeds", "test_skirmish_by_hand", "test_skirmish_contract", "test_skirmish_exact", "test_state_units",
    "test_watch", "test_worlds_table"}


def pytest_collection_modifyitems(items):
    for item in items:
        stem, name = item.path.stem, getattr(item, "originalname", item.name)
        slow = stem.startswith("test_touch") or stem in SLOW or name in SLOW_TESTS
        if item.path.parent == notebooks.ROOT / "tests" and not slow:
            item.add_marker("library")
            if stem not in LONG:
                item.add_marker("quick")


PARTS = (("lessons", "notebooks/"), ("exercises", "exercises/"), ("solutions", "solutions/"),
         ("the checks' catalogue", "tests/test_catalogue"),
         ("all other tests", "tests/"))


def pytest_terminal_summary(terminalreporter):
    """How long each part took, added up over the processes, and the files that took longest."""
    files = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            files[getattr(report, "nodeid", "").split("::")[0]] += getattr(report, "duration", 0.0)
    if sum(files.values()) < 60:
        return
    parts = Counter()
    for file, seconds in files.items():
        parts[next((name for name, start in PARTS if file.startswith(start)), "else")] += seconds
    terminalreporter.section("seconds by part")
    for name, seconds in parts.most_common():
        terminalreporter.write_line(f"{seconds:7.0f}  {name}")
    terminalreporter.write_line("longest: " + ", ".join(f"{Path(file).name} {seconds:.0f}"
                                                        for file, seconds in files.most_common(8)))


try:
    import resource

    MEMORY = resource.getrlimit(resource.RLIMIT_AS)
except ImportError:                     # Windows
    resource = None


@pytest.fixture(autouse=True)
def as_it_was():
    """``lesson.start`` sets torch's default dtype and threads; no test passes that on to the next. An answer that does
    not end keeps the limit on memory, by design; a browser that a later test starts would inherit it and crash."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, MEMORY)
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    yield
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The text of the tiny lesson and the notebook that was built from it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(notebooks.ROOT))
        folder = tmp_path_factory.mktemp("lessons")
        path = folder / f"{tiny_lesson.STEM}.py"
        path.write_text(tiny_lesson.source(), encoding="utf-8")
        build.build(path)
        return path.read_text(encoding="utf-8"), path.with_suffix(".ipynb").read_bytes()


@pytest.fixture
def pair(built, tmp_path, monkeypatch):
    """A fresh copy of the built pair: the path of its source."""
    monkeypatch.setenv("PYTHONPATH", str(notebooks.ROOT))
    source = tmp_path / f"{tiny_lesson.STEM}.py"
    source.write_text(built[0], encoding="utf-8")
    source.with_suffix(".ipynb").write_bytes(built[1])
    return source
