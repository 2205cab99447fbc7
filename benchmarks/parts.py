"""A stopwatch for a training run: what share of its processor time each part takes."""

from __future__ import annotations

import time

from qmix_course.training import Run

PARTS = ("environment", "agents act", "store", "sample", "loss", "backward", "optimiser and target", "all else")


def stopwatch(run: Run, calls: int) -> dict[str, float]:
    """The share of ``PARTS`` in the processor time of so many calls of ``run.advance``.

    The run is wrapped, and not used again."""
    spent, learner = dict.fromkeys(PARTS, 0.0), run.learner

    def timed(part: str, thing, name: str) -> None:
        inner = getattr(thing, name)

        def call(*args, **named):
            began = time.process_time()
            try:
                return inner(*args, **named)
            finally:
                spent[part] += time.process_time() - began
        setattr(thing, name, call)

    for part, thing, names in (
            ("environment", run.env, ("step", "reset")), ("agents act", run.algorithm, ("act_values",)),
            ("store", run.buffer, ("add",)), ("store", run.collector, ("_write", "_take_rows", "_transitions")),
            ("sample", run.buffer, ("sample",)), ("loss", learner, ("losses",)),
            ("optimiser and target", learner.optimiser, ("step",)),
            ("optimiser and target", learner, ("move_target", "clear_gradients")), ("backward", learner, ("update",))):
        for name in names:
            timed(part, thing, name)
    began = time.process_time()
    for _ in range(calls):
        run.advance()
    whole = time.process_time() - began
    spent["backward"] -= spent["loss"] + spent["optimiser and target"]          # what is left of an update
    spent["all else"] = whole - sum(spent.values())
    return {part: seconds / whole for part, seconds in spent.items()}
