"""Checkpoint files on a disk that fails: a flipped bit, an interrupt, a second writer, no locks, no room, no part."""

import errno
import functools
import multiprocessing
import os
import random
import subprocess
import sys
import threading
from collections import Counter, OrderedDict, defaultdict
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from alike import equal

from qmix_course import checkpoint
from qmix_course.algorithms import MAVEN, QMIX
from qmix_course.envs import GridWorld
from qmix_course.teams import load_team, save_team
from qmix_course.training import TrainConfig, train

SHORT = TrainConfig(total_steps=320, learning_starts=64, batch_size=16, epsilon_steps=200, evaluate_every=160,
                    capacity=600)
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def file(tmp_path):
    path, env = tmp_path / "c.pt", GridWorld(num_envs=8)
    train(env, QMIX.for_env(env), SHORT, checkpoint=path)
    return path


def test_torch_reads_the_file_too(file):
    assert torch.load(file, weights_only=True)["state"]["steps"] == checkpoint.load(file)["state"]["steps"] == 320


@pytest.mark.parametrize("part, words", [
    ({"rng": random.Random(0)}, r"state\['env'\]\['rng'\] is a Random"), ({"n": [1, ([np.int64(2)],)]}, "is a int64"),
    ({"who": GridWorld().spec}, "is a TeamSpec"), ({"board": np.zeros(3)}, "is a ndarray"),
    ({SHORT: 1}, "a key is a TrainConfig"),
    ({"seen": Counter("aa")}, "is a Counter"), ({"seen": defaultdict(int)}, "is a defaultdict"),
    ({"where": Path("x")}, "is a PosixPath|is a WindowsPath"), ({"step": open}, "is a builtin")])
def test_what_could_not_be_read_back_is_named_before_anything_is_written(part, words, tmp_path):
    path = tmp_path / "new" / "c.pt"
    with pytest.raises(TypeError, match=f"checkpoint: .*{words}.*, which could not be read back; expected tensors"):
        checkpoint.save(path, {}, {"steps": 1, "env": part})
    assert not path.parent.exists()


def test_what_is_plain_is_read_back(tmp_path):
    path, state = tmp_path / "c.pt", {"a": [1, 2.5, True, None, "x", b"y", 1j], 3: (torch.ones(2), torch.Size([2])),
                                      "c": {1, 2}, "o": OrderedDict(x=1), "y": bytearray(b"z"),
                                      "b": {"d": torch.float64, "e": torch.device("cpu")}}
    checkpoint.save(path, {}, state)
    assert equal(checkpoint.load(path)["state"], state)


def flipped(whole, bit):
    return whole[:bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1:]


def test_every_flipped_bit_is_refused(tmp_path):
    """Every bit of a small file, and 300 of a run's own."""
    path = tmp_path / "c.pt"
    checkpoint.save(path, {"seed": 1}, {"value": torch.arange(4)})
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        path.write_bytes(flipped(whole, bit))
        with pytest.raises(ValueError, match="cannot be read"):
            checkpoint.load(path)
    path.write_bytes(whole)
    assert checkpoint.load(path)["settings"] == {"seed": 1}


def test_a_run_on_a_flipped_bit_is_refused_and_changes_nothing(file):
    whole = file.read_bytes()
    for bit in random.Random(0).sample(range(8 * len(whole)), 60):
        file.write_bytes(flipped(whole, bit))
        team = QMIX.for_env(env := GridWorld(num_envs=8), seed=3)
        weights = deepcopy(team.state_dict())
        with pytest.raises(ValueError, match="cannot be read"):
            train(env, team, SHORT, checkpoint=file, resume=True)
        assert all(torch.equal(value, weights[name]) for name, value in team.state_dict().items())


@pytest.mark.parametrize("cut", [0, 1, 34, 1000])
def test_a_file_that_ends_early_or_late_is_refused(file, cut):
    whole = file.read_bytes()
    for text in (whole[:len(whole) - cut - 1], whole + bytes(cut + 1)):
        file.write_bytes(text)
        with pytest.raises(ValueError, match="cannot be read"):
            checkpoint.load(file)


# ---- a part that is missing ------------------------------------------------------------------------------------------

def places(state, at=()):
    """The path to every entry of a nested dictionary."""
    for key, value in state.items():
        yield (*at, key)
        if isinstance(value, dict):
            yield from places(value, (*at, key))


@pytest.mark.parametrize("algorithm", [QMIX, MAVEN])
def test_a_missing_or_wrong_part_is_refused_by_name_and_nothing_has_changed(tmp_path, algorithm):
    def world():
        return GridWorld(num_envs=8, episode_limit=10)

    path, env = tmp_path / "c.pt", world()
    train(env, algorithm.for_env(env), SHORT, checkpoint=path)
    saved = checkpoint.load(path)
    state, count = saved["state"], 0
    for place in list(places(state)):
        for spoil in ("missing", "wrong") if algorithm is QMIX else ("missing",):
            spoilt = deepcopy(state)
            holder = functools.reduce(dict.get, place[:-1], spoilt)
            if spoil == "missing":
                del holder[place[-1]]
            else:
                holder[place[-1]] = "a word"
            checkpoint.save(path, saved["settings"], spoilt)
            env = world()
            env.reset(seed=8)
            team = algorithm.for_env(env, seed=3)
            weights, before = deepcopy(team.state_dict()), deepcopy(env.state_dict())
            try:
                train(env, team, SHORT, checkpoint=path, resume=True)
            except ValueError as error:
                assert str(error).startswith("checkpoint:"), error
                count += 1
                assert all(torch.equal(value, weights[name]) for name, value in team.state_dict().items()), place
                assert equal(before, env.state_dict()), place
            else:
                raise AssertionError(f"{spoil}: {place}")
    assert count > 60


def spoilt(content, place, how):
    """A copy of a nested dictionary without the entry at ``place``, or with something else there."""
    content = deepcopy(content)
    holder = content
    for key in place[:-1]:
        holder = holder[key]
    old = holder.pop(place[-1])
    if how != "missing":
        holder[place[-1]] = old.long() if how == "rounded" and isinstance(old, torch.Tensor) else how
    return content


@pytest.mark.parametrize("how", ["missing", "a word", 3, None, {}])
def test_a_missing_or_wrong_setting_is_refused_by_name(tmp_path, how):
    """Of a run that goes on, and of a team that is loaded; nothing has changed."""
    def world():
        return GridWorld(num_envs=8, episode_limit=10)

    path, env = tmp_path / "c.pt", world()
    train(env, QMIX.for_env(env), SHORT, checkpoint=path)
    saved = checkpoint.load(path)
    for place in places(saved["settings"]):
        if spoilt(saved["settings"], place, how) == saved["settings"] or (place[-1], how) in (
                ("total_steps", 3), ("changing", "missing")):
            continue                                    # what stands there, a run that may grow, a file of before
        checkpoint.save(path, spoilt(saved["settings"], place, how), saved["state"])
        team = QMIX.for_env(world(), seed=3)
        before = deepcopy(team.state_dict())
        with pytest.raises(ValueError, match="^checkpoint: "):
            train(world(), team, SHORT, checkpoint=path, resume=True)
        if place[0] == "algorithm" and (len(place) == 1 or place[1] in ("name", "recurrent", "memory_dim", "shape")):
            with pytest.raises(ValueError, match="^checkpoint: "):
                load_team(path, team)
        assert all(torch.equal(value, before[name]) for name, value in team.state_dict().items()), place


@pytest.mark.parametrize("how", ["missing", "a word", "rounded", 3, {}])
def test_a_team_is_loaded_whole_or_not_at_all(tmp_path, how):
    path, env = tmp_path / "team.pt", GridWorld()
    save_team(path, QMIX.for_env(env))
    saved = checkpoint.load(path)
    for place in places(saved["state"]):
        if how == "rounded" and len(place) == 1:
            continue
        checkpoint.save(path, saved["settings"], spoilt(saved["state"], place, how))
        team = QMIX.for_env(env, seed=3)
        before = deepcopy(team.state_dict())
        with pytest.raises(ValueError, match="does not hold the weights"):
            load_team(path, team)
        assert all(torch.equal(value, before[name]) for name, value in team.state_dict().items()), place


# ---- interrupts ------------------------------------------------------------------------------------------------------

@pytest.mark.skipif(os.name == "nt", reason="no timers that send signals")
def test_an_interrupt_at_any_moment_of_writing_is_a_keyboard_interrupt_and_no_more(tmp_path):
    """In a process of its own: SIGINT again and again while it writes. It must neither die nor turn it into another
    error."""
    code = f"""
import signal, sys, torch
from pathlib import Path
from qmix_course import checkpoint
path = Path({str(tmp_path / "c.pt")!r})
state = {{str(k): torch.randn(50, 20) for k in range(60)}}
checkpoint.save(path, {{}}, state)
interrupted = 0
for trial in range(300):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.00002 + 0.00002 * trial)
        checkpoint.save(path, {{}}, state)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupted += 1
    checkpoint.load(path)
signal.setitimer(signal.ITIMER_REAL, 0)
print(interrupted, sorted(each.name for each in path.parent.iterdir()))
"""
    code = code.replace("interrupted = 0", "interrupted = 0\nsignal.signal(signal.SIGALRM, signal.default_int_handler)")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    count, names = done.stdout.strip().split(" ", 1)
    assert int(count) >= 20 and names == "['c.pt']", done.stdout


# ---- a second writer -------------------------------------------------------------------------------------------------

def _hold(path, ready, done):
    with checkpoint.hold(path):
        ready.set()
        done.wait(60)


def test_a_second_run_on_one_file_is_refused_by_name(file):
    """From another process, and from another thread of this one; when the first has ended, it may."""
    def resume():
        env = GridWorld(num_envs=8)
        train(env, QMIX.for_env(env), replace(SHORT), checkpoint=file, resume=True)

    for kind, event in ((multiprocessing.get_context("spawn").Process, multiprocessing.get_context("spawn").Event),
                        (threading.Thread, threading.Event)):
        ready, done = event(), event()
        first = kind(target=_hold, args=(file, ready, done))
        first.start()
        assert ready.wait(60)
        with pytest.raises(ValueError, match="another run is writing"):
            resume()
        done.set()
        first.join()
        resume()
    assert {each.name for each in file.parent.iterdir()} == {"c.pt", "c-best.pt"}


def test_a_killed_run_leaves_no_lock_and_no_litter(file):
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    never = context.Event()
    first = context.Process(target=_hold, args=(file, ready, never))
    first.start()
    assert ready.wait(60)
    first.kill()
    first.join()
    (file.parent / "c.pt.123-abc.part").write_bytes(b"half")
    with checkpoint.hold(file):
        pass
    assert {each.name for each in file.parent.iterdir()} == {"c.pt", "c-best.pt"}


@pytest.mark.skipif(os.name == "nt", reason="flock is not what Windows has")
@pytest.mark.parametrize("code", "ENOLCK EOPNOTSUPP ENOSYS EINVAL EWOULDBLOCK EACCES".split())
def test_a_disk_without_locks_is_no_second_writer(file, monkeypatch, code):
    """Some shared disks have none: that is not "another run is writing", and a learner's run goes on there."""
    answer = Mock(side_effect=OSError(getattr(errno, code), os.strerror(getattr(errno, code))))
    monkeypatch.setattr("fcntl.flock", answer)
    refused = pytest.raises(checkpoint.InUse) if code in ("EWOULDBLOCK", "EACCES") else nullcontext()
    with refused, checkpoint.hold(file):
        assert answer.called


# ---- a full disk -----------------------------------------------------------------------------------------------------

@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on the size of files")
def test_a_full_disk_is_said_and_the_old_file_stays(tmp_path):
    """A limit on the size of files stands for the full disk; the command ends with a line, not with a traceback."""
    command = [sys.executable, "-m", "qmix_course", "train", "--run", str(tmp_path / "run")]
    surroundings = os.environ | {"QMIX_COURSE_PROGRESS": "0", "OMP_NUM_THREADS": "1"}
    assert subprocess.run([*command, "--steps", "640"], cwd=ROOT, env=surroundings, capture_output=True).returncode == 0
    kept = (tmp_path / "run" / "checkpoint.pt").read_bytes()
    code = (f"import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
            f"resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); from qmix_course.__main__ import main; "
            f"sys.exit(main({[*command[3:], '--steps', '1280', '--resume']!r}))")
    (tmp_path / "run" / "run.json").write_text((tmp_path / "run" / "run.json").read_text().replace("640", "1280"))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert "could not be written" in done.stderr and "as it was" in done.stderr
    assert (tmp_path / "run" / "checkpoint.pt").read_bytes() == kept
