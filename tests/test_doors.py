"""Every public door refuses bad input by name, before anything has changed."""

import pytest
import torch

from qmix_course.agents import MLPAgents
from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import GridWorld, MatrixGame, ResetNeeded, TeamSpec, TwoStepGame, penalty
from qmix_course.evaluation import evaluate, play
from qmix_course.exploration import epsilon_greedy, greedy, linear_schedule
from qmix_course.mixers import QMixer, VDNMixer
from qmix_course.training import TrainConfig, soft_update, train

NAN = float("nan")
ONE_STEP = torch.zeros(1, 2, dtype=torch.int64)


def started(**options):
    env = GridWorld(**options)
    env.reset()
    return env


BAD = [
    # (error, what the message names, the call)
    (ValueError, "size", lambda: GridWorld(size=1)),
    (ValueError, "size", lambda: GridWorld(size=-5)),
    (TypeError, "size", lambda: GridWorld(size=5.0)),
    (TypeError, "size", lambda: GridWorld(size=True)),
    (ValueError, "n_agents", lambda: GridWorld(n_agents=0)),
    (ValueError, "n_agents", lambda: GridWorld(size=2, n_agents=3)),
    (ValueError, "num_envs", lambda: GridWorld(num_envs=0)),
    (TypeError, "num_envs", lambda: GridWorld(num_envs="3")),
    (ValueError, "episode_limit", lambda: GridWorld(episode_limit=0)),
    (TypeError, "random_starts", lambda: GridWorld(random_starts=1)),
    (ResetNeeded, "has not been reset", lambda: GridWorld().step(ONE_STEP)),
    (ResetNeeded, "has not been reset", lambda: TwoStepGame().step(ONE_STEP)),
    (TypeError, "actions", lambda: started().step([[0, 1]])),
    (TypeError, "actions.*int64", lambda: started().step(torch.zeros(1, 2))),
    (TypeError, "actions.*int64", lambda: started().step(torch.zeros(1, 2, dtype=torch.int32))),
    (ValueError, r"actions.*\[1, 2\].*\(2,\)", lambda: started().step(torch.zeros(2, dtype=torch.int64))),
    (ValueError, "actions", lambda: started().step(torch.zeros(2, 2, dtype=torch.int64))),
    (ValueError, "actions.*0 to 3.*4", lambda: started().step(ONE_STEP + 4)),
    (ValueError, "actions.*-1", lambda: started().step(ONE_STEP - 1)),
    (ValueError, "seed", lambda: GridWorld().reset(seed=-1)),
    (TypeError, "seed", lambda: GridWorld().reset(seed=0.5)),
    (TypeError, "where", lambda: started().reset(where=torch.ones(1))),
    (ValueError, "where", lambda: started().reset(where=torch.ones(2, dtype=torch.bool))),
    (ResetNeeded, "first reset", lambda: GridWorld(num_envs=2).reset(where=torch.tensor([True, False]))),
    (TypeError, "positions", lambda: started().reset(positions=[[0, 0], [1, 1]])),
    (ValueError, "positions", lambda: started().reset(positions=torch.tensor([[0, 0], [5, 1]]))),
    (ValueError, "positions.*same cell", lambda: started().reset(positions=torch.tensor([[1, 1], [1, 1]]))),
    (ValueError, "positions.*ended", lambda: started().reset(positions=torch.tensor([[4, 0], [0, 4]]))),
    (TypeError, "reset.*place", lambda: started().reset(place=3)),
    (TypeError, "positions", lambda: TwoStepGame().reset(positions=ONE_STEP)),
    (ValueError, "payoff.*chess", lambda: MatrixGame("chess")),
    (ValueError, "payoff", lambda: MatrixGame([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])),
    (ValueError, "payoff.*finite", lambda: MatrixGame([[NAN, 1.0], [0.0, 1.0]])),
    (TypeError, "payoff", lambda: MatrixGame([["a", "b"], ["c", "d"]])),
    (ValueError, "k: expected a finite number at most 0, got 1", lambda: penalty(1)),
    (ValueError, "seed.*2\\*\\*63", lambda: GridWorld().reset(seed=2**64)),
    (ValueError, "model", lambda: GridWorld(size=8, n_agents=4).placements()),
    (TypeError, "obs.*float32.*float64", lambda: MLPAgents(2, 3, 4)(torch.zeros(5, 1, 2, 3, dtype=torch.float64))),
    (TypeError, "agent_qs.*float32.*float64",
     lambda: QMixer(2, 4)(torch.zeros(3, 2).double(), torch.zeros(3, 4).double())),
    (TypeError, "last_actions", lambda: QMIX.for_env(GridWorld()).act_values(torch.zeros(1, 2, 6), None)),
    (ValueError, "tau", lambda: soft_update(torch.nn.Linear(1, 1), torch.nn.Linear(1, 1), 2.0)),
    (ValueError, "start", lambda: linear_schedule(NAN, 0.0, 10, 1)),
    (ValueError, "q.*infinity",
     lambda: greedy(torch.full((1, 2, 3), -torch.inf), torch.ones(1, 2, 3, dtype=torch.bool))),
    (ValueError, "capacity", lambda: train(GridWorld(num_envs=64), QMIX.for_env(GridWorld()),
                                           TrainConfig(capacity=32, batch_size=8))),
    (ValueError, "n_actions", lambda: TeamSpec(2, 0, 3, 4, 5)),
    (ValueError, "n_agents", lambda: QMixer(0, 4)),
    (ValueError, "state_dim", lambda: QMixer(2, -4)),
    (TypeError, "state_dim", lambda: QMixer(2, None)),
    (ValueError, "embed_dim", lambda: QMixer(2, 4, embed_dim=0)),
    (ValueError, "hypernet_dim", lambda: QMixer(2, 4, hypernet_dim=-1)),
    (ValueError, r"agent_qs.*\[\.\.\., 2\].*\(3, 1\)", lambda: QMixer(2, 4)(torch.zeros(3, 1), torch.zeros(3, 4))),
    (ValueError, "state", lambda: QMixer(2, 4)(torch.zeros(3, 2), torch.zeros(3, 5))),
    (ValueError, "state.*leading", lambda: QMixer(2, 4)(torch.zeros(3, 2), torch.zeros(2, 4))),
    (TypeError, "state", lambda: QMixer(2, 4)(torch.zeros(3, 2))),
    (TypeError, "state", lambda: QMixer(2, 4)(torch.zeros(3, 2), torch.zeros(3, 4, dtype=torch.float64))),
    (TypeError, "agent_qs", lambda: VDNMixer(2)(torch.zeros(3, 2, dtype=torch.int64))),
    (ValueError, "agent_qs", lambda: VDNMixer(2)(torch.zeros(3))),
    (ValueError, "hidden", lambda: MLPAgents(2, 3, 4, hidden=(0,))),
    (TypeError, "hidden", lambda: MLPAgents(2, 3, 4, hidden=64)),
    (TypeError, "shared", lambda: MLPAgents(2, 3, 4, shared="yes")),
    (ValueError, "obs", lambda: MLPAgents(2, 3, 4)(torch.zeros(5, 2, 3))),
    (ValueError, "obs", lambda: MLPAgents(2, 3, 4)(torch.zeros(5, 1, 2, 4))),
    (ValueError, "epsilon", lambda: epsilon_greedy(torch.zeros(1, 2, 3), torch.ones(1, 2, 3, dtype=torch.bool), 1.5)),
    (ValueError, "epsilon", lambda: epsilon_greedy(torch.zeros(1, 2, 3), torch.ones(1, 2, 3, dtype=torch.bool), NAN)),
    (TypeError, "available", lambda: greedy(torch.zeros(1, 2, 3), torch.ones(1, 2, 3))),
    (ValueError, "available", lambda: greedy(torch.zeros(1, 2, 3), torch.ones(1, 2, 2, dtype=torch.bool))),
    (ValueError, "available", lambda: greedy(torch.zeros(1, 2, 3), torch.zeros(1, 2, 3, dtype=torch.bool))),
    (ValueError, "q.*NaN", lambda: greedy(torch.full((1, 2, 3), NAN), torch.ones(1, 2, 3, dtype=torch.bool))),
    (ValueError, "steps", lambda: linear_schedule(1.0, 0.0, 0, 1)),
    (ValueError, "step", lambda: linear_schedule(1.0, 0.0, 10, -1)),
    (ValueError, "gamma", lambda: QMIX.for_env(GridWorld(), gamma=1.01)),
    (ValueError, "gamma", lambda: VDN.for_env(GridWorld(), gamma=-0.1)),
    (ValueError, "gamma", lambda: IQL.for_env(GridWorld(), gamma=NAN)),
    (TypeError, "double_q", lambda: QMIX.for_env(GridWorld(), double_q=1)),
    (TypeError, "env", lambda: QMIX.for_env("grid")),
    (ValueError, "seed", lambda: QMIX.for_env(GridWorld(), seed=-1)),
    (TypeError, "embed", lambda: QMIX.for_env(GridWorld(), embed=3)),
    (ValueError, "obs", lambda: QMIX.for_env(GridWorld()).act_values(torch.zeros(1, 2, 5), ONE_STEP)),
    (ValueError, "total_steps", lambda: TrainConfig(total_steps=0)),
    (TypeError, "total_steps", lambda: TrainConfig(total_steps=1e4)),
    (ValueError, "batch_size.*capacity", lambda: TrainConfig(batch_size=64, capacity=32)),
    (ValueError, "learning_rate", lambda: TrainConfig(learning_rate=0.0)),
    (ValueError, "learning_rate", lambda: TrainConfig(learning_rate=float("inf"))),
    (ValueError, "max_grad_norm", lambda: TrainConfig(max_grad_norm=-1.0)),
    (ValueError, "tau", lambda: TrainConfig(tau=0.0)),
    (ValueError, "tau", lambda: TrainConfig(tau=1.5)),
    (ValueError, "tau, target_every", lambda: TrainConfig(tau=0.1, target_every=10)),
    (ValueError, "tau, target_every", lambda: TrainConfig(tau=None)),
    (ValueError, "target_every", lambda: TrainConfig(tau=None, target_every=0)),
    (ValueError, "epsilon_start", lambda: TrainConfig(epsilon_start=1.1)),
    (ValueError, "epsilon_end", lambda: TrainConfig(epsilon_end=-0.1)),
    (ValueError, "seed", lambda: TrainConfig(seed=-1)),
    (TypeError, "momentum", lambda: TrainConfig.reference(momentum=0.9)),
    (TypeError, "env", lambda: train("grid", QMIX.for_env(GridWorld()))),
    (TypeError, "algorithm", lambda: train(GridWorld(), "qmix")),
    (TypeError, "config", lambda: train(GridWorld(), QMIX.for_env(GridWorld()), {"seed": 0})),
    (ValueError, "algorithm.*n_actions = 2.*4", lambda: train(GridWorld(), QMIX.for_env(TwoStepGame()))),
    (ValueError, "algorithm.*n_agents", lambda: evaluate(GridWorld(n_agents=3), QMIX.for_env(GridWorld()))),
    (ValueError, "episodes", lambda: evaluate(GridWorld(), QMIX.for_env(GridWorld()), episodes=0)),
    (ValueError, "num_envs=1", lambda: play(GridWorld(num_envs=2), QMIX.for_env(GridWorld()))),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input_is_refused_by_name(number):
    error, name, call = BAD[number]
    with pytest.raises(error, match=name) as caught:
        call()
    assert isinstance(caught.value, (TypeError, ValueError))


def test_a_refused_step_changes_nothing():
    env = started(num_envs=2)
    before = env.positions
    for actions in (torch.full((2, 2), 7), torch.zeros(2, 2), torch.zeros(1, 2, dtype=torch.int64)):
        with pytest.raises((TypeError, ValueError)):
            env.step(actions)
    assert torch.equal(env.positions, before)
    env.step(torch.ones(2, 2, dtype=torch.int64))


def test_a_refused_reset_changes_nothing():
    one, two = GridWorld(num_envs=3, random_starts=True), GridWorld(num_envs=3, random_starts=True)
    one.reset(seed=0), two.reset(seed=0)
    with pytest.raises(ValueError):
        one.reset(seed=7, positions=torch.zeros(3, 2, 2, dtype=torch.int64))
    assert torch.equal(one.reset().obs, two.reset().obs)             # the generator was not seeded either


@pytest.mark.parametrize("ended", ["terminated", "truncated"])
def test_an_ended_episode_waits_for_its_reset(ended):
    env = started(num_envs=2, episode_limit=100 if ended == "terminated" else 2)
    if ended == "terminated":
        env.reset(positions=torch.tensor([[[3, 0], [1, 4]], [[0, 0], [4, 4]]]))
    down_up = torch.tensor([[1, 0], [1, 0]])
    step = env.step(down_up)
    if ended == "truncated":
        step = env.step(down_up)
    assert getattr(step, ended).any()
    with pytest.raises(ResetNeeded, match=r"row\(s\) \[0"):
        env.step(down_up)
    env.reset(where=step.ended)
    env.step(down_up)


def test_unavailable_actions_are_refused():
    class OneDoor(TwoStepGame):
        masks_actions = True

        def _see(self, reward, terminated):
            step = super()._see(reward, terminated)
            step.available[:, 1, 0] = False
            return step

    env = OneDoor()
    env.reset()
    with pytest.raises(ValueError, match="action 0 is not available to agent 1 in row 0"):
        env.step(torch.tensor([[1, 0]]))
    env.step(torch.tensor([[1, 1]]))
