"""Draw docs/course.png, the README's figure, from runs made on the spot: python tools/readme_figure.py"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from qmix_course import exact, plots, process  # noqa: E402
from qmix_course.algorithms import IQL, QMIX, VDN  # noqa: E402
from qmix_course.envs import GridWorld, TwoStepGame  # noqa: E402
from qmix_course.evaluation import evaluate, play  # noqa: E402
from qmix_course.training import TrainConfig, train  # noqa: E402


def main() -> None:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    plots.use_style()
    figure, axes = plots.panels(1, 4, size=(16, 3.9))
    grid_team, history = trained(GridWorld(num_envs=32), QMIX, TrainConfig(seed=0))
    draw_episode(play(GridWorld(), grid_team), axes[0])
    draw_returns(history, axes[1])
    draw_surface(axes[2])
    draw_two_step(axes[3])
    (ROOT / "docs").mkdir(exist_ok=True)
    figure.savefig(ROOT / "docs" / "course.png", metadata={"Software": None}, dpi=110)


def trained(env, algorithm, config):
    team = algorithm.for_env(env, seed=config.seed)
    return team, train(env, team, config)


def draw_episode(episode, ax) -> None:
    plots.board(episode.positions[0], episode.size, goals=episode.goals, ax=ax,
                title="A team that was trained in seconds")
    for i, shift in ((0, -0.18), (1, 0.18)):
        path = episode.positions[:, i].double()
        for (r0, c0), (r1, c1) in zip(path[:-1], path[1:]):
            ax.annotate("", (c1 + shift, r1), (c0 + shift, r0),
                        arrowprops={"arrowstyle": "->", "color": plots.COLOURS[i], "linewidth": 2})


def draw_returns(history, ax) -> None:
    plots.lines(history.steps, {"greedy": history.greedy_return, "exploring": history.exploring_return},
                "What it can do, and what you see", "environment steps", "return", best=8.65, ax=ax)


def draw_surface(ax) -> None:
    """A mixer with weights drawn at random, to show the shape of what it can make."""
    mixer = QMIX.for_env(TwoStepGame(), seed=3).mixer
    with torch.no_grad():
        for parameter in mixer.parameters():
            parameter.mul_(2.0)
    state = F.one_hot(torch.tensor(2), 3).to(torch.get_default_dtype())
    plots.surface(lambda q1, q2: mixer(torch.stack([q1, q2], -1), state.expand(*q1.shape, -1)),
                  title="A mixer: uphill for every agent", ax=ax)


def draw_two_step(ax) -> None:
    """Five seeds of each algorithm on uniform data."""
    config = TrainConfig(total_steps=10_000, epsilon_end=1.0, learning_rate=2e-3, update_every=16,
                         evaluate_every=10_000)
    returns = {}
    for algorithm in (IQL, VDN, QMIX):
        runs = []
        for seed in range(5):
            team, _ = trained(TwoStepGame(num_envs=32), algorithm, TrainConfig(**(vars(config) | {"seed": seed})))
            runs.append(evaluate(TwoStepGame(), team).mean_return)
        returns[algorithm.__name__] = runs
        print(algorithm.__name__, [round(value, 2) for value in runs])
    best = exact.solve(TwoStepGame()).best_return
    plots.bars(returns, "The game that shows why (5 seeds)", "return", best=best, ax=ax)


if __name__ == "__main__":
    process.forgive_output()
    main()
