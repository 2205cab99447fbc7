"""``check_agents`` names each mistake alone, and says nothing of right agents."""

import pytest
import torch
from own_agents import RIGHT, SIZES, WRONG, Plain, Remember, SharesActions, made

from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.envs import TeamSpec
from qmix_course.errors import Faults
from qmix_course.own import check_agents

SPEC = TeamSpec(SIZES[0], SIZES[2], SIZES[1], 6, 5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("options", [dict(), dict(shared=True), dict(shared=True, agent_id=True), dict(hidden=())])
def test_agents_without_memory_pass(options, dtype):
    torch.set_default_dtype(dtype)
    try:
        assert check_agents(MLPAgents(*SIZES, **options), SPEC) is None
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("options", [dict(), dict(shared=False), dict(agent_id=False), dict(last_action=False)])
def test_agents_with_memory_pass(options):
    assert check_agents(GRUAgents(*SIZES, **options), SPEC) is None


def test_teams_of_one_and_one_action_pass():
    assert check_agents(MLPAgents(1, 1, 1), TeamSpec(1, 1, 1, 1, 1)) is None
    assert check_agents(GRUAgents(1, 1, 1, hidden=1), TeamSpec(1, 1, 1, 1, 1)) is None


@pytest.mark.parametrize("kind", WRONG, ids=lambda kind: kind.__name__)
def test_each_mistake_is_named_alone(kind):
    with pytest.raises(Faults) as caught:
        check_agents(made(kind), SPEC)
    found = caught.value.faults
    assert len(found) == 1 and found[0].startswith(WRONG[kind]) and "expected" in found[0], found


@pytest.mark.parametrize("kind", RIGHT, ids=lambda kind: kind.__name__)
def test_right_ones_that_are_not_usual_pass(kind):
    for seed in range(5):
        torch.manual_seed(seed)
        assert check_agents(kind(), SPEC) is None


def test_several_at_once():
    class Two(SharesActions):
        def forward(self, obs, last_actions, memory=None):
            return super().forward(obs + obs.mean(0, keepdim=True), last_actions, memory)

    with pytest.raises(Faults) as caught:
        check_agents(made(Two), SPEC)
    assert len(caught.value.faults) == 2


def test_nothing_is_left_behind():
    agents, before = made(Remember), torch.get_rng_state()
    kept = {name: value.clone() for name, value in agents.state_dict().items()}
    check_agents(agents, SPEC)
    assert torch.equal(torch.get_rng_state(), before) and all(p.grad is None for p in agents.parameters())
    assert all(torch.equal(kept[name], value) for name, value in agents.state_dict().items())


def test_what_is_none_is_refused():
    with pytest.raises(TypeError, match="agents: expected a Module"):
        check_agents(lambda obs: obs, SPEC)
    with pytest.raises(TypeError, match="spec: expected a TeamSpec"):
        check_agents(made(Plain), "grid")
