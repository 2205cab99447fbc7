"""The bridge to PettingZoo: agents of different sizes, masks that change, agents that leave."""

import pytest
import torch

pytest.importorskip("pettingzoo")
import numpy as np  # noqa: E402
from gymnasium import spaces  # noqa: E402
from pettingzoo import ParallelEnv  # noqa: E402

from qmix_course.envs import GridWorld, ResetNeeded, as_parallel_env, from_parallel_env  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:leaving does not pay all agents the same")
FIRST = torch.zeros(1, 2, dtype=torch.int64)           # both agents play action 0


class Leaving(ParallelEnv):
    """Agent a leaves after three steps; sizes differ, masks change, and every action that comes in is checked.

    ``masks`` says where they are found: in the "observation", in the "info", or nowhere ("none").
    """

    metadata = {"name": "leaving"}
    render_mode = None
    size = {"a": 3, "b": 2}                             # of the observations
    count = {"a": 2, "b": 4}                            # of the actions

    def __init__(self, masks, cycles=6):
        self.possible_agents, self.agents, self.masks, self.cycles = ["a", "b"], [], masks, cycles

    def observation_space(self, agent):
        box = spaces.Box(-9, 9, (self.size[agent],), np.float32)
        if self.masks != "observation":
            return box
        return spaces.Dict({"observation": box, "action_mask": spaces.MultiBinary(self.count[agent])})

    def action_space(self, agent):
        return spaces.Discrete(self.count[agent])

    def mask(self, agent):
        mask = np.ones(self.count[agent], np.int8)
        mask[self.t % self.count[agent]] = 0
        return mask

    def observe(self, agents):
        observations = {a: np.full(self.size[a], self.t + 1, np.float32) for a in agents}
        infos = {a: {"action_mask": self.mask(a)} if self.masks == "info" else {} for a in agents}
        if self.masks == "observation":
            observations = {a: {"observation": observations[a], "action_mask": self.mask(a)} for a in agents}
        return observations, infos

    def reset(self, seed=None, options=None):
        self.t, self.agents = 0, ["a", "b"]
        return self.observe(self.agents)

    def step(self, actions):
        assert set(actions) == set(self.agents) and all(action < self.count[a] for a, action in actions.items())
        assert self.masks == "none" or all(self.mask(a)[action] for a, action in actions.items())
        self.t += 1
        playing = self.agents
        gone = {a: (a == "a" and self.t == 3) or self.t == self.cycles for a in playing}
        self.agents = [a for a in playing if not gone[a]]
        observations, infos = self.observe(playing)
        rewards = {a: 2.0 if a == "a" else 4.0 for a in playing}
        return observations, rewards, gone, dict.fromkeys(playing, False), infos


def available_at(t, masks):
    """[N, A]: what each agent may do after ``t`` steps; whoever has left can only play action 0."""
    expected = torch.zeros(2, 4, dtype=torch.bool)
    for i, name in enumerate("ab"):
        if name == "a" and t >= 3:
            expected[i, 0] = True
            continue
        expected[i, :Leaving.count[name]] = True
        if masks != "none":
            expected[i, t % Leaving.count[name]] = False
    return expected


@pytest.mark.parametrize("masks", ["observation", "info", "none"])
def test_agents_that_leave(masks):
    """Filled up with zeros and closed actions, paid the mean over both, over when the last one has left."""
    env = from_parallel_env(lambda: Leaving(masks), episode_limit=6)
    assert (env.spec.obs_dim, env.spec.n_actions, env.spec.state_dim) == (3, 4, 5)
    step = env.reset(seed=0)
    for t in range(6):
        expected = available_at(t, masks)
        assert torch.equal(step.available[0], expected), t
        assert step.obs[0, 0].tolist() == ([t + 1.0] * 3 if t <= 3 else [0.0] * 3)
        assert step.obs[0, 1].tolist() == [t + 1.0] * 2 + [0.0]
        assert torch.equal(step.state[0], torch.cat([step.obs[0, 0], step.obs[0, 1, :2]]))
        step = env.step(expected.int().argmax(-1).unsqueeze(0))
        assert step.reward.item() == (3.0 if t < 3 else 2.0)
        assert step.terminated.item() == (t == 5) and not step.truncated.item()


def test_our_limit_cuts_a_longer_episode():
    env = from_parallel_env(lambda: Leaving("none", cycles=50), episode_limit=4)
    for _ in range(2):                                                 # the clock starts afresh with the second episode
        env.reset()
        steps = [env.step(FIRST) for _ in range(4)]
        assert [step.truncated.item() for step in steps] == [False, False, False, True]
        assert not steps[-1].terminated.item()


class PaysNaN(Leaving):
    def step(self, actions):
        observations, rewards, *rest = super().step(actions)
        return observations, dict.fromkeys(rewards, float("nan")), *rest


def test_a_reward_of_nan_is_refused_by_name():
    env = from_parallel_env(lambda: PaysNaN("none"), episode_limit=6)
    env.reset()
    with pytest.raises(ValueError, match="reward.*leaving"):
        env.step(FIRST)
    with pytest.raises(ResetNeeded):
        env.step(FIRST)        # the inner environment has moved on, so nothing but a reset is left


def test_masks_and_names_of_ours():
    """The masks are handed out, and an action goes to the agent of its name, in whatever order they come."""
    parallel = as_parallel_env(GridWorld())
    _, infos = parallel.reset(seed=0)
    assert [info["action_mask"].tolist() for info in infos.values()] == [[1, 1, 1, 1]] * 2
    parallel.step({"agent_1": 3, "agent_0": 1})
    assert parallel.env.positions[0].tolist() == [[1, 0], [4, 4]]


class Joining(Leaving):
    """Agent b is there from the second step on, and is flagged the moment it comes, but still listed for one step."""

    def reset(self, seed=None, options=None):
        came = super().reset(seed)
        self.agents = ["a"]
        return {"a": came[0]["a"]}, {}

    def step(self, actions):
        self.t += 1
        self.seen = set(actions)
        self.agents = ["a", "b"] if self.t == 1 else ["a"]
        over = {"b": True} if self.t == 1 else {}
        observations, infos = self.observe(self.agents)
        return (observations, dict.fromkeys(self.agents, 1.0), {"a": False} | over, dict.fromkeys(self.agents, False),
                infos)


def test_who_joins_and_is_flagged_at_once_never_plays():
    env = from_parallel_env(Joining("none"), episode_limit=5)
    env.reset(seed=0)
    step = env.step(FIRST)
    assert step.available[0, 1].tolist() == [True, False, False, False] and not step.ended.item()
    assert step.obs[0, 1].tolist() == [0.0] * 3
    assert not env.step(FIRST).ended.item()
