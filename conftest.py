"""Notebooks and tests run in the same surroundings on every machine; see tools/kernel.py."""

from pathlib import Path

from tools import kernel


def pytest_configure(config):
    if getattr(config.option, "nbval_sanitize_with", ...) is None:      # what of an output is not compared
        config.option.nbval_sanitize_with = str(Path(__file__).with_name("tests") / "nbval.cfg")
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist inherit the controller's environment
        config.stash_surroundings = kernel.prepare()


def pytest_unconfigure(config):
    surroundings = getattr(config, "stash_surroundings", None)
    if surroundings is not None:
        surroundings.cleanup()


def pytest_collection_modifyitems(items):
    # Python's warnings are errors in our kernels. What else goes to stderr (a font cache being built, a debugger's
    # greeting) depends on the machine and is not compared.
    for item in items:
        if hasattr(item.parent, "skip_compare") and "stderr" not in item.parent.skip_compare:
            item.parent.skip_compare += ("stderr",)
