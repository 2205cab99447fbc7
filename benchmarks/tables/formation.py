"""Robots in formation: what methods reach, what a team believes and what it gets, and what the mixer should read.

Three robots, a line, a plane of 6; 20,000 steps. Beside it: what a channel adds to speaker and listener.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import torch
from torch import nn

from qmix_course import plots
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import Formation, SpeakerListener
from qmix_course.envs.base import TeamEnv
from qmix_course.envs.formation import FormationGuide
from qmix_course.evaluation import evaluate
from qmix_course.mixers import Mixer, QMixer
from qmix_course.seeds import train_seeds
from qmix_course.training import TrainConfig

NAME, TITLE = "formation", "Three robots, a line: eight seeds"
SEEDS, STARTS = list(range(8)), 256
TASK = {"shape": "line", "n_agents": 3, "size": 6.0}
CONFIG = TrainConfig(total_steps=20_000, capacity=20_000, learning_rate=2e-3, epsilon_steps=10_000,
                     evaluate_every=2_000, evaluation_episodes=64)
WORDS = TrainConfig(total_steps=64_000, capacity=50_000, learning_rate=1e-3, epsilon_steps=16_000,
                    evaluate_every=8_000, evaluation_episodes=64)
TALK = {"gamma": 0.9, "double_q": True, "hidden": (128, 128)}
TALKERS = [0, 1, 2]


class Read(Formation):
    """Formation whose state is ``read(obs[B, N, O])``, [B, S]."""

    def __init__(self, read, num_envs=1):
        super().__init__(**TASK, num_envs=num_envs)
        self.read = read
        length = read(torch.zeros(1, self.spec.n_agents, self.spec.obs_dim)).shape[1]
        self.spec = replace(self.spec, state_dim=length)

    def _see(self, *outcome):
        step = super()._see(*outcome)
        return replace(step, state=self.read(step.obs))

    def clone(self, num_envs=None):
        return Read(self.read, self.num_envs if num_envs is None else num_envs)


class EncodedMixer(Mixer):
    """Reads observations side by side: one small network for each of them, the mean of what it gives, then QMIX."""

    def __init__(self, n_agents, state_dim, width=16):
        super().__init__(n_agents, state_dim)
        self.encoder = nn.Sequential(nn.Linear(state_dim // n_agents, width), nn.ReLU())
        self.inner = QMixer(n_agents, width)

    def mix(self, agent_qs, state):
        each = self.encoder(state.view(len(state), self.n_agents, -1))
        return self.inner(agent_qs, each.mean(1))


class Encoded(QMIX):
    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.mixer = EncodedMixer(spec.n_agents, spec.state_dim)


class Blind(QMIX):
    """The mixer's weights are learned, but the same in every state."""

    def scaled(self, state):
        return torch.zeros_like(state)


class SumAndValue(Mixer):
    """VDN plus V(s): the state adds a value, and weighs nobody."""

    def __init__(self, n_agents, state_dim, width=32):
        super().__init__(n_agents, state_dim)
        self.value = nn.Sequential(nn.Linear(state_dim, width), nn.ReLU(), nn.Linear(width, 1))

    def mix(self, agent_qs, state):
        return agent_qs.sum(1) + self.value(state).squeeze(1)


class VDNWithValue(VDN):
    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.mixer = SumAndValue(spec.n_agents, spec.state_dim)


class EightTimes(Mixer):
    """VDN with a constant gain: Q_tot = 8 Σ Q_i."""

    def mix(self, agent_qs, state):
        return 8 * agent_qs.sum(1)


class VDNEightTimes(VDN):
    def __init__(self, spec, **options):
        super().__init__(spec, **options)
        self.mixer = EightTimes(spec.n_agents)


class HalfMixer(QMixer):
    """Both layers' weights are half as large, so what passes through both is a quarter."""

    def non_negative(self, weights):
        return weights.abs() / 2


class Half(QMIX):
    def __init__(self, spec, embed_dim=32, hypernet_dim=64, **options):
        super().__init__(spec, **options)
        self.mixer = HalfMixer(spec.n_agents, spec.state_dim, embed_dim, hypernet_dim)


def side_by_side(obs):
    return obs.flatten(1)


def pooled(obs):
    return obs.mean(1)


class Mute(SpeakerListener):
    """The listener hears nothing, and the state does not tell either."""

    def _see(self, *outcome):
        step = super()._see(*outcome)
        step.obs[:, 1, 8:], step.state[:, 11:] = 0.0, 0.0
        return step

    def clone(self, num_envs=None):
        return Mute(self.spec.episode_limit, self.num_envs if num_envs is None else num_envs)


# arm → the kind of team, its options, and what is read in place of the state
METHODS = {"IQL": (IQL, {}, None), "VDN": (VDN, {}, None), "QMIX": (QMIX, {}, None)}
CAUSES = {"sum + V(s)": (VDNWithValue, {}, None), "8 × the sum": (VDNEightTimes, {}, None),
          "double Q": (QMIX, {"double_q": True}, None), "γ = 0.95": (QMIX, {"gamma": 0.95}, None),
          "weights without a state": (Blind, {}, None), "half the weights": (Half, {}, None),
          "linear hypernetworks": (QMIX, {"hypernet_dim": 0}, None),
          "linear, half the weights": (Half, {"hypernet_dim": 0}, None)}
STATES = {"side by side": (QMIX, {"double_q": True}, side_by_side), "pooled": (QMIX, {"double_q": True}, pooled),
          "encoded": (Encoded, {"double_q": True}, side_by_side), "none": (Blind, {"double_q": True}, None)}
ARMS = METHODS | CAUSES | STATES
VOICES = {"with words": SpeakerListener, "mute": Mute}


def world(arm: str, rows: int) -> TeamEnv:
    read = ARMS[arm][2]
    return Formation(**TASK, num_envs=rows) if read is None else Read(read, rows)


@torch.no_grad()
def belief(env: TeamEnv, team, gamma: float) -> tuple[float, float]:
    """Mean over the starts: what Q_tot says of the best joint action, and the discounted return that comes of it."""
    played, step = evaluate(env, team, seed=1), env.reset(seed=1)
    last = torch.full((env.num_envs, env.spec.n_agents), -1)
    q, _ = team.act_values(step.obs, last)
    believed = team.mixer(q.amax(-1), team.scaled(step.state)).mean().item()
    got, playing = torch.zeros(env.num_envs), torch.ones(env.num_envs)
    for t in range(int(played.lengths.max())):
        q, _ = team.act_values(step.obs, last)
        step = env.step(q.argmax(-1))
        got += gamma ** t * step.reward * playing
        playing *= ~step.ended
        if step.ended.any():
            step = env.reset(where=step.ended)
    return believed, got.mean().item()


def run(arm: str) -> list[dict]:
    kind, options, _ = ARMS[arm]
    env, many = world(arm, 32), world(arm, STARTS)
    trained = [kind.for_env(env, seed=seed, **options) for seed in SEEDS]
    runs = []
    for history, team in zip(train_seeds(env, trained, CONFIG, SEEDS), trained):
        played = evaluate(many, team, seed=1)
        found = {"steps": history.steps, "greedy": [round(each, 3) for each in history.greedy_return],
                 "loss": history.loss[-1], "return": played.mean_return,
                 "formed": played.terminated.double().mean().item()}
        if hasattr(team, "mixer"):
            found["believed"], found["got"] = belief(many, team, team.gamma)
            found["weights"] = sum(each.numel() for each in team.mixer.parameters())
        runs.append(found)
    return runs


def talk(voice: str) -> list[float]:
    """The mean return of 512 episodes after the last step, a number for each seed."""
    kind = VOICES[voice]
    trained = [QMIX.for_env(kind(), seed=seed, **TALK) for seed in TALKERS]
    train_seeds(kind(num_envs=32), trained, WORDS, TALKERS)
    return [evaluate(kind(num_envs=512), team, seed=1).mean_return for team in trained]


def baselines() -> dict:
    """The guide, and a team that draws its actions, from the starts on which the trained teams are judged."""
    env = Formation(**TASK, num_envs=STARTS)
    guide, step = evaluate(env, FormationGuide(env), seed=1), env.reset(seed=1)
    dice, total, playing = torch.Generator().manual_seed(0), torch.zeros(STARTS), torch.ones(STARTS)
    for _ in range(env.spec.episode_limit):
        step = env.step(torch.randint(5, (STARTS, 3), generator=dice))
        total += step.reward * playing
        playing *= ~step.ended
        if step.ended.any():
            env.reset(where=step.ended)
    return {"guide": guide.mean_return, "random": total.mean().item()}


def tasks() -> list[tuple]:
    return [(run, (arm,)) for arm in ARMS] + [(talk, (voice,)) for voice in VOICES] + [(baselines, ())]


def collect(results: list) -> dict:
    found = iter(results)
    return {"settings": {"seeds": SEEDS, "starts": STARTS, "dtype": "float64", "num_envs": 32, "task": TASK,
                         "config": asdict(CONFIG), "words": asdict(WORDS), "talkers": TALKERS},
            "runs": {arm: next(found) for arm in ARMS}, "talk": {voice: next(found) for voice in VOICES},
            "baselines": next(found)}


def show(stored: dict) -> list[str]:
    lines = [f"greedy return from {STARTS} starts after the last step, {len(SEEDS)} seeds in order; then, means: shape "
             "there, believed, got",
             "expected: no published figures, the world is this course's own",
             "  " + ", ".join(f"{name} {value:.1f}" for name, value in stored["baselines"].items())]
    for arm, runs in stored["runs"].items():
        mean = {key: sum(run[key] for run in runs) / len(runs) for key in ("formed", "believed", "got")
                if key in runs[0]}
        lines.append(f"  {arm:24}" + "".join(f"{run['return']:7.1f}" for run in sorted(
            runs, key=lambda run: run["return"])) + f"   {mean['formed']:.2f}"
            + "".join(f"{mean[key]:7.1f}" for key in ("believed", "got") if key in mean))
    return lines + [f"  {voice:24}" + "".join(f"{each:7.1f}" for each in returns)
                    for voice, returns in stored["talk"].items()]


def figure(stored: dict):
    figure, axes = plots.panels(1, 2, size=(9.5, 4.2), title=TITLE)
    for ax, (title, arms) in zip(axes, (("Methods", METHODS), ("One thing changed", CAUSES))):
        plots.bars({arm: [run["return"] for run in stored["runs"][arm]] for arm in arms}, title=title,
                   xlabel="greedy return, one dot for each seed", dots=True, ax=ax)
    return figure

