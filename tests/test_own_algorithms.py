"""``check_algorithm`` names each mistake alone, and says nothing of the course's own algorithms."""

import pytest
import torch
from own_algorithms import (
    ONLY_EPISODES,
    ONLY_STEPS,
    RIGHT,
    WRONG,
    EndsIgnored,
    NoMask,
    OneLearns,
    PartlyOwnTarget,
    Unregistered,
    Written,
)

from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import TeamSpec
from qmix_course.errors import Faults
from qmix_course.own import check_algorithm

SPEC = TeamSpec(n_agents=3, n_actions=4, obs_dim=5, state_dim=6, episode_limit=7)
ALL = [IQL, VDN, QMIX, OWQMIX, CWQMIX, QPLEX, QTRAN, MAVEN, Written]


def made(kind, spec=SPEC, **options):
    torch.manual_seed(0)
    return kind(spec, **options)


@pytest.mark.parametrize("options", [dict(), dict(double_q=True), dict(recurrent=True),
                                     dict(recurrent=True, double_q=True, td_lambda=0.6), dict(gamma=0.0)])
@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_algorithm_of_the_course_passes(kind, options):
    assert check_algorithm(made(kind, **options)) is None


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_also_a_team_of_one_with_one_action_and_in_float64(kind):
    assert check_algorithm(made(kind, TeamSpec(1, 1, 1, 1, 1))) is None
    torch.set_default_dtype(torch.float64)
    try:
        assert check_algorithm(made(kind)) is None
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("seed", range(5))
def test_first_weights_do_not_matter(seed):
    torch.manual_seed(seed)
    for kind in (QMIX, QPLEX, QTRAN):
        assert check_algorithm(kind(SPEC)) is None


@pytest.mark.parametrize("kind", WRONG, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("recurrent", [True, False])
def test_each_mistake_is_named_alone(kind, recurrent):
    if kind in ONLY_STEPS and recurrent:
        return
    if not recurrent and ("padding" in WRONG[kind] or kind in ONLY_EPISODES):
        return assert_passes(kind)                              # rows of one step have no padding
    with pytest.raises(Faults) as caught:
        check_algorithm(made(kind, recurrent=recurrent))
    found = caught.value.faults
    assert len(found) == 1 + (kind is OneLearns) and found[0].startswith(WRONG[kind]) and "expected" in found[0], found


@pytest.mark.parametrize("kind", RIGHT, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("options", [dict(), dict(recurrent=True), dict(recurrent=True, double_q=True, td_lambda=1.0)])
def test_right_ones_that_are_not_usual_pass(kind, options):
    for seed in range(3):
        torch.manual_seed(seed)
        assert check_algorithm(kind(SPEC, **options)) is None


def assert_passes(kind):
    assert check_algorithm(made(kind)) is None


def test_several_at_once():
    class Three(EndsIgnored, Unregistered):
        def act_values(self, obs, last_actions, memory=None):
            return super().act_values(obs - obs.mean(1, keepdim=True), last_actions, memory)

    with pytest.raises(Faults) as caught:
        check_algorithm(made(Three))
    assert [words.split(":")[0] for words in caught.value.faults] == ["act_values", "parameters", "loss"]
    assert str(caught.value).startswith("check_algorithm, Three: 3 faults\n- act_values")


def test_the_algorithm_stays_as_it_is():
    algorithm, before = made(QMIX), torch.get_rng_state()
    kept = {name: value.clone() for name, value in algorithm.state_dict().items()}
    check_algorithm(algorithm)
    assert torch.equal(torch.get_rng_state(), before) and all(p.grad is None for p in algorithm.parameters())
    assert all(torch.equal(kept[name], value) for name, value in algorithm.state_dict().items())
    for kind in (PartlyOwnTarget, NoMask):
        with pytest.raises(Faults):
            check_algorithm(made(kind))
    with pytest.raises(TypeError, match="algorithm: expected an Algorithm"):
        check_algorithm(SPEC)
