"""Training: 20 seeds of the default preset, exact resume after a kill, checkpoints that survive anything."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from alike import equal

from qmix_course import checkpoint
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import GridWorld, MatrixGame, TwoStepGame
from qmix_course.evaluation import evaluate, play
from qmix_course.seeds import train_seeds
from qmix_course.training import History, Run, TrainConfig, train

SHORT = TrainConfig(total_steps=960, learning_starts=200, batch_size=32, update_every=16, epsilon_steps=500,
                    evaluate_every=200, capacity=600)


@pytest.mark.parametrize("seed", range(2))
def test_the_default_preset_plays_optimally(seed):
    """The best return, 8.65 in 4 steps, and from the first 5,000 steps on at every evaluation."""
    env = GridWorld(num_envs=32)
    algorithm = QMIX.for_env(env, seed=seed)
    history = train(env, algorithm, TrainConfig(seed=seed))
    result = evaluate(GridWorld(), algorithm)
    assert result.mean_return == pytest.approx(8.65, abs=1e-4) and result.lengths.tolist() == [4]
    assert result.terminated.all()
    late = [value for steps, value in zip(history.steps, history.greedy_return) if steps >= 5_000]
    assert late == pytest.approx([8.65] * len(late), abs=1e-4) and len(late) >= 5


def test_the_default_preset_keeps_what_it_found():
    """Optimal at every look after step 5,000: 20 of the 100 seeds, 1000 to 1099, that the preset was proved on, 60 in
    the weekly run. None of them was looked at while it was tuned (that was done on the 40 from 100 to 139). The preset
    before it lost the best return in a few of a hundred.
    """
    torch.set_default_dtype(torch.float64)
    env, seeds = GridWorld(num_envs=32), range(1000, 1000 + int(os.environ.get("QMIX_COURSE_SEEDS", "20")))
    histories = train_seeds(env, [QMIX.for_env(env, seed=seed) for seed in seeds], TrainConfig(), seeds)
    for seed, history in zip(seeds, histories):
        late = [value for steps, value in zip(history.steps, history.greedy_return) if steps >= 5_000]
        assert late == pytest.approx([8.65] * len(late), abs=1e-6) and len(late) >= 6, seed


class Episodes(QMIX):
    """QMIX whose replay rows are whole padded episodes."""

    recurrent = True


@pytest.mark.parametrize("algorithm", [IQL, VDN, QMIX, Episodes])
def test_the_same_seed_gives_the_same_bits(algorithm):
    def once():
        env = GridWorld(num_envs=8, episode_limit=20)
        team = algorithm.for_env(env, seed=3)
        before = torch.get_rng_state()
        history = train(env, team, SHORT)
        assert torch.equal(before, torch.get_rng_state())           # torch's global generator is left alone
        return team.state_dict(), history

    (one, first), (two, second) = once(), once()
    assert all(torch.equal(one[name], two[name]) for name in one) and same(first, second)
    assert first.updates[-1] == (first.steps[-1] - 200) // 16


def same(one: History, two: History) -> bool:
    """Equal in every column but the clock; NaN equals NaN."""
    return all(str(a) == str(b) for name, a in vars(one).items() for b in [vars(two)[name]] if name != "seconds")


def test_another_seed_gives_another_team():
    def once(seed):
        env = GridWorld(num_envs=8)
        team = QMIX.for_env(env, seed=3)
        train(env, team, replace(SHORT, seed=seed))
        return next(team.parameters())

    assert not torch.equal(once(0), once(1))


def test_hard_updates_copy_at_the_right_moment():
    env = GridWorld(num_envs=8)
    run = Run(env, QMIX.for_env(env), replace(SHORT, tau=None, target_every=3))
    copies = 0
    while run.updates < 9:
        old, updates = next(run.target.parameters()).clone(), run.updates
        run.advance()
        if run.updates > updates:
            moved = not torch.equal(old, next(run.target.parameters()))
            equal = torch.equal(next(run.algorithm.parameters()), next(run.target.parameters()))
            assert moved == equal == (run.updates % 3 == 0)
            copies += moved
    assert copies == 3


def test_soft_updates_follow_the_online_network():
    env = GridWorld(num_envs=8)
    run = Run(env, QMIX.for_env(env), replace(SHORT, tau=0.25))
    while run.updates < 5:
        old, updates = [p.clone() for p in run.target.parameters()], run.updates
        run.advance()
        if run.updates == updates + 1:
            for before, after, online in zip(old, run.target.parameters(), run.algorithm.parameters()):
                torch.testing.assert_close(after, 0.75 * before + 0.25 * online)


def test_episode_rows_never_run_across_an_end():
    """Every row of the buffer replays in a fresh environment, step by step, and ends where the episode did.

    On the smallest board random walkers come home after any number of steps, or are cut by the clock.
    """
    env = GridWorld(size=2, num_envs=8, episode_limit=20)
    run = Run(env, Episodes.for_env(env), replace(SHORT, epsilon_end=1.0))
    while not run.finished():
        run.advance()
    assert len(run.buffer) >= 20
    rows = run.buffer.sample(len(run.buffer))
    lengths = rows.mask.sum(1)
    solved = rows.terminated.any(1)
    assert len(lengths.unique()) > 5 and solved.sum() >= 10 and not solved.all()
    single = GridWorld(size=2, episode_limit=20)
    for row in range(len(run.buffer)):
        length = int(lengths[row])
        assert rows.mask[row, :length].all() and not rows.mask[row, length:].any()
        step = single.reset()
        for t in range(length):
            assert torch.equal(step.obs[0], rows.obs[row, t]) and not step.ended.any()
            assert torch.equal(rows.last_actions[row, t], rows.actions[row, t - 1] if t else torch.tensor([-1, -1]))
            step = single.step(rows.actions[row, t].unsqueeze(0))
            assert step.reward[0] == rows.reward[row, t] and step.terminated[0] == rows.terminated[row, t]
        assert torch.equal(step.obs[0], rows.obs[row, length]) and step.ended.all()
        assert rows.obs[row, length + 1:].eq(0).all() and rows.available[row, length + 1:].all()


def test_transitions_hold_what_came_next_also_at_the_clock():
    """At a time limit the true last observation is kept and ``terminated`` is False."""
    env = GridWorld(num_envs=4, episode_limit=5)
    run = Run(env, QMIX.for_env(env), replace(SHORT, total_steps=40, epsilon_start=1.0, epsilon_end=1.0))
    while not run.finished():
        now = run.collector.step_now
        run.advance()
        number = run.steps // 4 - 1
        rows = run.buffer.state_dict()["rows"]
        assert torch.equal(rows["obs"][4 * number:, 0], now.obs)
        replay = GridWorld(num_envs=4, episode_limit=5)
        replay.reset(positions=(now.state[:, :4].view(4, 2, 2) * 4).round().long())
        then = replay.step(rows["actions"][4 * number:, 0])
        assert torch.equal(rows["obs"][4 * number:, 1], then.obs)
        assert torch.equal(rows["reward"][4 * number:, 0], then.reward)
        assert torch.equal(rows["terminated"][4 * number:, 0], then.terminated)
    assert not rows["terminated"].any() and run.collector.episodes == 8          # eight episodes, all cut by the clock


# ---- checkpoints -----------------------------------------------------------------------------------------------------


def final_state(path):
    """Every part of a finished run, read from its checkpoint, but for the clock."""
    state = checkpoint.load(path)["state"]
    state.pop("seconds")
    state["history"] = {name: str(column) for name, column in state["history"].items() if name != "seconds"}
    return state


@pytest.mark.parametrize("algorithm", [QMIX, Episodes])
@pytest.mark.parametrize("make_env", [lambda: GridWorld(num_envs=8, episode_limit=20, random_starts=True),
                                      lambda: TwoStepGame(num_envs=8)])
def test_a_stopped_run_resumes_to_the_same_bits(tmp_path, algorithm, make_env):
    def team(env):
        return algorithm.for_env(env, seed=1)

    env = make_env()
    whole = team(env)
    history = train(env, whole, SHORT, checkpoint=tmp_path / "whole.pt")
    for stop_after in (1, 37, 60):                                   # steps before learning, between and at evaluations
        path, calls = tmp_path / f"{stop_after}.pt", iter(range(10_000))
        env = make_env()
        train(env, team(env), SHORT, checkpoint=path, stop=lambda: next(calls) == stop_after - 1)
        assert checkpoint.load(path)["state"]["steps"] == 8 * stop_after
        env = make_env()
        resumed = algorithm.for_env(env, seed=99)                    # whatever it holds is replaced
        again = train(env, resumed, SHORT, checkpoint=path, resume=True)
        assert same(again, history)
        assert equal(final_state(path), final_state(tmp_path / "whole.pt"))
        assert equal(resumed.state_dict(), whole.state_dict())


def test_a_killed_run_resumes_to_the_same_bits(tmp_path):
    """SIGKILL at three moments, resumed each time, against a run that nobody disturbed."""
    command = [sys.executable, "-m", "qmix_course", "train", "--seed", "4", "--steps", "2500", "--run"]
    surroundings = os.environ | {"QMIX_COURSE_PROGRESS": "0", "OMP_NUM_THREADS": "1"}
    root = Path(__file__).parent.parent

    def start(*more):
        return subprocess.Popen([*command, *more], cwd=root, env=surroundings, stdout=subprocess.DEVNULL)

    assert start(tmp_path / "whole").wait() == 0
    killed = 0
    for _ in range(3):
        file = tmp_path / "killed" / "checkpoint.pt"
        before = file.stat().st_mtime_ns if file.exists() else 0
        run = start(tmp_path / "killed", *(["--resume"] if before else []))
        while run.poll() is None and (not file.exists() or file.stat().st_mtime_ns == before):
            time.sleep(0.005)                                        # until it has got one checkpoint further
        if run.poll() is None:
            run.send_signal(signal.SIGKILL)
            killed += 1
        run.wait()
        checkpoint.load(file)                                        # readable, whenever the kill came
    assert killed >= 2 and start(tmp_path / "killed", "--resume").wait() == 0
    states = [final_state(tmp_path / name / "checkpoint.pt") for name in ("whole", "killed")]
    assert equal(*states)


def test_a_kill_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    checkpoint.save(path, {}, {"value": torch.ones(3)})

    def dies(thing, file):
        file.write(b"half a file")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", dies)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(path, {}, {"value": torch.zeros(3)})
    assert checkpoint.load(path)["state"]["value"].eq(1).all()


def test_a_file_from_another_configuration_is_refused_by_name(tmp_path):
    path = tmp_path / "checkpoint.pt"
    env = GridWorld(num_envs=8)
    train(env, QMIX.for_env(env), replace(SHORT, total_steps=80, learning_starts=32), checkpoint=path)

    def resume(env=None, algorithm=None, **changes):
        env = env or GridWorld(num_envs=8)
        team = algorithm(env) if algorithm else QMIX.for_env(env)
        train(env, team, replace(SHORT, total_steps=80, learning_starts=32, **changes), checkpoint=path, resume=True)

    resume()
    for expected, options in {
        "config.seed is 0 in the file and 1 here": {"seed": 1},
        "config.learning_rate": {"learning_rate": 0.1},
        "environment.random_starts": {"env": GridWorld(num_envs=8, random_starts=True)},
        "environment.num_envs": {"env": GridWorld(num_envs=4)},
        "environment.size": {"env": GridWorld(size=4, num_envs=8)},
        "algorithm.name is 'QMIX' in the file and 'VDN' here": {"algorithm": VDN.for_env},
        "algorithm.gamma": {"algorithm": lambda env: QMIX.for_env(env, gamma=0.9)},
        "algorithm.double_q": {"algorithm": lambda env: QMIX.for_env(env, double_q=True)},
        "algorithm.shape.mixer.hyper_w2.0.weight": {"algorithm": lambda env: QMIX.for_env(env, hypernet_dim=32)},
    }.items():
        with pytest.raises(ValueError, match=expected):
            resume(**options)
    torch.set_default_dtype(torch.float64)
    with pytest.raises(ValueError, match="dtype is 'torch.float32' in the file"):
        resume()


def test_payoffs_make_environments_different(tmp_path):
    path = tmp_path / "checkpoint.pt"
    config = replace(SHORT, total_steps=80, learning_starts=32)
    for payoff, resume in (("climbing", False), ("qtran", True)):
        env = MatrixGame(payoff, num_envs=8)
        if resume:
            with pytest.raises(ValueError, match="environment.payoff"):
                train(env, QMIX.for_env(env), config, checkpoint=path, resume=True)
        else:
            train(env, QMIX.for_env(env), config, checkpoint=path)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    env = GridWorld(num_envs=8)
    team = QMIX.for_env(env)
    with pytest.raises(FileNotFoundError, match="no file"):
        train(env, team, SHORT, checkpoint=tmp_path / "none.pt", resume=True)
    with pytest.raises(ValueError, match="resume"):
        train(env, team, SHORT, resume=True)
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no checkpoint")
    with pytest.raises(ValueError, match="cannot be read"):
        train(env, team, SHORT, checkpoint=broken, resume=True)
    torch.save({"weights": torch.ones(2)}, broken)
    with pytest.raises(ValueError, match="no checkpoint of this course"):
        train(env, team, SHORT, checkpoint=broken, resume=True)


def test_a_checkpoint_is_never_overwritten_by_a_new_run(tmp_path):
    path = tmp_path / "new folder" / "checkpoint.pt"
    env = GridWorld(num_envs=8)
    train(env, QMIX.for_env(env), replace(SHORT, total_steps=80, learning_starts=32), checkpoint=path)
    kept = path.read_bytes()
    with pytest.raises(ValueError, match="exists already"):
        train(env, QMIX.for_env(env), replace(SHORT, total_steps=80, learning_starts=32), checkpoint=path)
    with pytest.raises(ValueError, match="expected a file, got .*, which is a folder"):
        train(env, QMIX.for_env(env), SHORT, checkpoint=tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no file .*, but a folder"):
        train(env, QMIX.for_env(env), SHORT, checkpoint=tmp_path, resume=True)
    (tmp_path / "team-best.pt").mkdir()
    with pytest.raises(ValueError, match="expected a file, got .*team-best.pt, which is a folder"):
        train(env, QMIX.for_env(env), SHORT, checkpoint=tmp_path / "team.pt")
    assert path.read_bytes() == kept
    assert {p.name for p in path.parent.iterdir()} == {"checkpoint.pt", "checkpoint-best.pt"}


# ---- looking at a team -----------------------------------------------------------------------------------------------


def test_evaluation_is_greedy_seeded_and_counts_every_episode_once():
    env = GridWorld(num_envs=7, random_starts=True, episode_limit=30)
    team = QMIX.for_env(env, seed=0)
    result = evaluate(env, team, episodes=18, seed=5)
    assert result.returns.shape == result.lengths.shape == result.terminated.shape == (18,)
    again = evaluate(env, team, episodes=18, seed=5)
    assert torch.equal(result.returns, again.returns) and torch.equal(result.lengths, again.lengths)
    everywhere = GridWorld(num_envs=599, episode_limit=30)
    result = evaluate(everywhere, team, positions=everywhere.placements())
    for number in range(0, 599, 60):                                   # against episodes played one at a time
        episode = play(GridWorld(episode_limit=30), team, positions=everywhere.placements()[number])
        assert len(episode.rewards) == result.lengths[number] and episode.terminated == result.terminated[number]
        assert episode.rewards.sum().item() == pytest.approx(result.returns[number].item(), abs=1e-4)
        assert torch.equal(episode.actions, episode.agent_qs.argmax(-1))


def test_acting_never_reads_the_state():
    """The same observations with another state behind them: the same actions."""
    env = GridWorld(num_envs=16, random_starts=True)
    team = QMIX.for_env(env)
    step = env.reset(seed=0)
    nothing = torch.full((16, 2), -1)
    before = team.act_values(step.obs, nothing)[0]
    step.state.fill_(float("nan"))
    team.mixer.requires_grad_(False)
    for parameter in team.mixer.parameters():
        parameter.fill_(float("nan"))
    assert torch.equal(before, team.act_values(step.obs, nothing)[0])
