"""Networks and replay on a GPU, environments on the CPU. Without a GPU torch's fake tensors stand in: they compute
nothing, but where tensors of two devices meet they raise, as a GPU would. With one, a run is trained for real."""

import dataclasses

import pytest
import torch
from fake_gpu import GPU, fake_gpu, on_gpu

from qmix_course import algorithms as algos
from qmix_course import checkpoint, errors, exact
from qmix_course.envs import GridWorld, MatrixGame, TeamSpec, TwoStepGame
from qmix_course.evaluation import evaluate, play
from qmix_course.exploration import ParameterNoise
from qmix_course.replay import Batch, ReplayBuffer
from qmix_course.seeds import train_seeds
from qmix_course.teams import load_team, save_team
from qmix_course.training import TrainConfig, train

KINDS = (algos.IQL, algos.VDN, algos.QMIX, algos.CWQMIX, algos.OWQMIX, algos.QTRAN, algos.QPLEX, algos.MAVEN)
TEAMS = [(kind, recurrent) for kind in KINDS for recurrent in (False, True)]
pytestmark = pytest.mark.filterwarnings("ignore:RNN module weights are not part of single contiguous chunk")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
SHORT = TrainConfig(total_steps=600, batch_size=16, learning_starts=64, update_every=8, evaluate_every=200,
                    capacity=400)


@pytest.fixture
def fake():
    with fake_gpu() as mode:
        yield mode


def batch(team, length, device):
    fields = vars(Batch.padding(4, length, team.spec, team.memory_dim))
    return Batch(**{name: value.to(device) for name, value in fields.items()})


@pytest.mark.parametrize("kind, recurrent", TEAMS)
def test_a_loss_stays_on_the_device_and_an_action_comes_from_it(kind, recurrent, fake):
    env = GridWorld(size=3, num_envs=2)
    team, target = (on_gpu(kind(env.spec, recurrent=recurrent, double_q=True), fake) for _ in range(2))
    rows = batch(team, 5 if team.recurrent else 1, GPU)
    assert team.loss(rows, target).device == team.played_values(rows).device == torch.device(GPU)
    memory = torch.zeros(3, 2, team.memory_dim) if team.memory_dim else None
    q, memory = team.act_values(torch.zeros(3, 2, 6), torch.zeros(3, 2, dtype=torch.int64), memory)
    assert q.device.type == "cpu" and (memory is None or memory.device.type == "cpu")


@pytest.mark.parametrize("options", [dict(td_lambda=1.0, recurrent=True), dict(shared=True, agent_id=True),
                                     dict(shared=False, recurrent=True, last_action=False), dict(layer_norm=True)],
                         ids=str)
@pytest.mark.parametrize("kind", [algos.QMIX, algos.OWQMIX, algos.QPLEX])
def test_so_do_other_teams_and_large_ones(kind, options, fake):
    spec = TeamSpec(n_agents=33, n_actions=3, obs_dim=6, state_dim=5, episode_limit=12)
    team, target = (on_gpu(kind(spec, **options), fake) for _ in range(2))
    rows = batch(team, 12 if team.recurrent else 1, GPU)
    assert team.loss(rows, target).device == torch.device(GPU)


def test_mixing_devices_raises_under_the_fake(fake):
    """Else the test above could not fail."""
    team = on_gpu(algos.QMIX(GridWorld(size=3).spec), fake)
    with pytest.raises(RuntimeError, match="device"):
        team.loss(batch(team, 1, "cpu"), team)


@pytest.mark.parametrize("recurrent", [False, True])
def test_noise_on_the_weights_plays_from_the_device(recurrent, fake):
    team = on_gpu(algos.QMIX(GridWorld(size=3).spec, recurrent=recurrent), fake)
    noise = ParameterNoise.__new__(ParameterNoise)          # its first noise is drawn from real dice
    noise.agents, noise.rows, noise.sigma = team.agents, 3, 0.1
    noise.noise = {name: torch.zeros(3, *w.shape, device=GPU) for name, w in team.agents.named_parameters()}
    memory = torch.zeros(3, 2, team.memory_dim) if recurrent else None
    q, _ = noise.act_values(torch.zeros(3, 2, 6), torch.zeros(3, 2, dtype=torch.int64), memory)
    assert q.device.type == "cpu"


@pytest.mark.parametrize("value, error", [("cuda:99", "a device that torch sees"), ("xpu", "a device that torch sees"),
                                          ("gpu", "the name of a device"), ("", "the name of a device"),
                                          (3, "the name of a device"), (None, "the name of a device")])
def test_a_device_that_is_not_there_is_refused_by_name(value, error):
    for call in (lambda: TrainConfig(device=value), lambda: ReplayBuffer(4, GridWorld().spec, device=value),
                 lambda: Batch.padding(1, 1, GridWorld().spec, device=value)):
        with pytest.raises((TypeError, ValueError), match=f"^device: expected .*{error}"):
            call()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so():
    with pytest.raises(ValueError, match=r"^device: expected cpu or .* sees here \(no other\), got 'cuda'"):
        TrainConfig(device="cuda")


def test_the_default_is_the_cpu_and_a_device_is_a_plain_word():
    assert TrainConfig().device == "cpu" and TrainConfig(device=torch.device("cpu")).device == "cpu"
    assert errors.device("device", "cpu") == "cpu"


# ---- for real --------------------------------------------------------------------------------------------------------


@needs_gpu
@pytest.mark.parametrize("kind, recurrent", TEAMS)
@pytest.mark.parametrize("noise", [False, True])
def test_a_run_on_the_gpu(kind, recurrent, noise, tmp_path):
    def made(seed):
        return kind.for_env(env, seed=seed, recurrent=recurrent, hidden=16 if recurrent else (16,))

    env = GridWorld(size=3, num_envs=8, episode_limit=20)
    config = dataclasses.replace(SHORT, device="cuda", parameter_noise=noise)
    team = made(0)
    calls = iter(range(10**6))
    train(env, team, config, checkpoint=tmp_path / "run.pt", stop=lambda: next(calls) == 40)
    history = train(env, team, config, checkpoint=tmp_path / "run.pt", resume=True)
    assert team.device.type == "cuda" and history.updates[-1] > 0
    saved = checkpoint.flat(checkpoint.load(tmp_path / "run.pt")["state"]).values()
    assert all(value.device.type == "cpu" for value in saved if isinstance(value, torch.Tensor))
    again = load_team(tmp_path / "run.pt", made(1))
    assert again.device.type == "cpu"
    save_team(tmp_path / "team.pt", team)
    there, here = (evaluate(GridWorld(size=3, num_envs=2, episode_limit=20), each).returns for each in (team, again))
    assert torch.equal(there, here)
    assert play(GridWorld(size=3, episode_limit=20), team).agent_qs.device.type == "cpu"
    if not recurrent and kind is not algos.IQL:
        model = GridWorld(size=3).model()
        torch.testing.assert_close(exact.q_tot(team, model), exact.q_tot(again, model), rtol=1e-4, atol=1e-4)


@needs_gpu
def test_seeds_side_by_side_on_the_gpu():
    env = MatrixGame("two_optima", num_envs=8)
    config = dataclasses.replace(SHORT, device="cuda")
    teams = [algos.QMIX.for_env(env, seed=k) for k in range(3)]
    assert all(h.updates[-1] > 0 for h in train_seeds(env, teams, config, range(3)))


@needs_gpu
def test_the_gpu_learns_what_the_cpu_learns():
    """In float64 the first 30 updates agree to rounding: same dice, same rows, same arithmetic."""
    torch.set_default_dtype(torch.float64)
    losses = []
    for device in ("cpu", "cuda"):
        env = TwoStepGame(num_envs=8)
        team = algos.QMIX.for_env(env, seed=0)
        history = train(env, team, dataclasses.replace(SHORT, total_steps=304, device=device))
        losses.append(history.loss)
    torch.testing.assert_close(*(torch.tensor(each) for each in losses), rtol=1e-9, atol=1e-12, equal_nan=True)
