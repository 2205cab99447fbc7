"""What a run looked like, written down while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass
class History:
    """What a run looked like: one entry every ``evaluate_every`` steps in every column, and one where the run ended.

    steps, episodes, updates: counted from the start of the run · epsilon: at that step · loss: the mean over the
    updates since the entry before (NaN if there were none) · exploring_return, the mean over the episodes that ended
    since then (NaN if none) · greedy_return, greedy_length: means over greedy episodes played beside the run · seconds:
    the clock.
    """

    steps: list[int] = field(default_factory=list)
    episodes: list[int] = field(default_factory=list)
    updates: list[int] = field(default_factory=list)
    epsilon: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    exploring_return: list[float] = field(default_factory=list)
    greedy_return: list[float] = field(default_factory=list)
    greedy_length: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def append(self, **row) -> None:
        """One more entry in every column."""
        for column in fields(self):
            getattr(self, column.name).append(row[column.name])

    def drop_last(self) -> None:
        """One entry less in every column."""
        for column in fields(self):
            getattr(self, column.name).pop()

    def __len__(self) -> int:
        return len(self.steps)

    def in_short(self) -> dict[str, str]:
        """The last entry in short, for the progress bar."""
        last = {name: getattr(self, name)[-1]
                for name in ("episodes", "epsilon", "loss", "exploring_return", "greedy_return")}
        return {"episodes": last["episodes"], "ε": f"{last['epsilon']:.2f}", "loss": f"{last['loss']:.3g}",
                "exploring": f"{last['exploring_return']:.2f}", "greedy": f"{last['greedy_return']:.2f}"}


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
