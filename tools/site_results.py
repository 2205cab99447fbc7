"""The tables of the site's results page that are figures: what ``make bench`` has stored."""

from __future__ import annotations

import json

from tools.notebooks import ROOT

BENCH = ROOT / "benchmarks" / "results" / "bench.json"


def speed() -> str:
    """The part *Speed* of benchmarks/README.md, in Markdown."""
    bench = json.loads(BENCH.read_text(encoding="utf-8"))
    until, rival = bench["until_optimal"], bench["torchrl"]
    return "\n".join([
        "", f"Measured on {bench['date']} with Python {bench['python']} and torch {bench['torch']}, on one thread.", "",
        *table(["rows side by side", "environment steps a second", "agent steps a second, with resets"],
               [[f"{row['rows']:,}", f"{row['env_steps_per_second']:,.0f}",
                 f"{row['agent_steps_per_second_with_resets']:,.0f}"] for row in bench["environment"]]),
        *table(["update of", "milliseconds", "updates a second"],
               [[row["case"], f"{row['milliseconds']:.2f}", f"{row['updates_per_second']:,.0f}"]
                for row in bench["update"]]),
        *([f"The first of these updates through TorchRL's `QMixerLoss`, from equal weights on equal rows, takes "
           f"{rival['torchrl']['ratio_median']:.1f} times as long "
           f"({rival['torchrl']['ratio_min']:.1f} to {rival['torchrl']['ratio_max']:.1f}).", ""] if rival else []),
        f"On the grid world, {until['solved']} of {until['seeds']} seeds were optimal for good: after "
        f"{until['steps_median']:,.0f} environment steps in the median and {until['steps_worst']:,} at worst, "
        f"{until['seconds_median']:.1f} and {until['seconds_worst']:.1f} seconds.", ""])


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table: words on the left, figures on the right."""
    return ["| " + " | ".join(cells) + " |" for cells in
            [head, ["---", *["---:"] * (len(head) - 1)], *rows]] + [""]
