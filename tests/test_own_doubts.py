"""``check_algorithm`` and ``check_agents`` say a word where something is meant by few, and no word of what is right.

By hand, with 20 first weights each: the eight algorithms in ten ways for four sizes of team (6,400 in all), and the
unusual ones here in four ways for two sizes (2,720). Of three a word was said at first; they have tests below.
"""

import warnings

import pytest
import torch
from own_agents import RIGHT as RIGHT_AGENTS
from own_agents import SIZES
from own_agents import made as made_agents
from own_algorithms import RIGHT as RIGHT_BEFORE
from own_doubts import (
    KINDS,
    RIGHT,
    WITH_MEMORY,
    WORDS,
    AboveTheMean,
    DetachedRead,
    FirstMemory,
    Forgotten,
    ForgottenToo,
    Frozen,
    ascends,
    begins_late,
    deaf_to_one,
)

from qmix_course.algorithms import CWQMIX, IQL, MAVEN, OWQMIX, QMIX, QPLEX, QTRAN, VDN
from qmix_course.envs import TeamSpec
from qmix_course.own import check_agents, check_algorithm
from qmix_course.own.doubts import algorithm_doubts

SPEC = TeamSpec(n_agents=3, n_actions=4, obs_dim=5, state_dim=6, episode_limit=7)
PAIR = TeamSpec(n_agents=2, n_actions=2, obs_dim=3, state_dim=4, episode_limit=5)
OPTIONS = [dict(), dict(double_q=True), dict(recurrent=True), dict(recurrent=True, double_q=True, td_lambda=0.6)]


def said(check, *given):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check(*given)
    return caught


@pytest.mark.parametrize("mistake", WORDS, ids=lambda mistake: mistake.__name__)
@pytest.mark.parametrize("recurrent", [True, False])
def test_each_mistake_is_said_alone_and_to_whoever_asked(mistake, recurrent):
    for kind in KINDS:
        torch.manual_seed(0)
        words = said(check_algorithm, mistake(kind)(SPEC, recurrent=recurrent))
        if mistake in WITH_MEMORY and not recurrent:            # nobody remembers, so nothing is forgotten
            assert not words
            continue
        assert len(words) == 1 and words[0].filename != check_algorithm.__code__.co_filename
        start, text = words[0].message.args[0].split(": ", 1)
        assert start == f"check_algorithm, {mistake(kind).__name__}" and text.startswith(WORDS[mistake]), text


@pytest.mark.parametrize("spec", [SPEC, PAIR], ids=["three", "pair"])
@pytest.mark.parametrize("kind", [IQL, VDN, QMIX, OWQMIX, CWQMIX, QPLEX, QTRAN, MAVEN, *RIGHT, *RIGHT_BEFORE],
                         ids=lambda kind: kind.__name__)
def test_of_right_ones_no_word_is_said(kind, spec):
    for seed, options in enumerate([*OPTIONS, dict(gamma=0.0), dict(gamma=1.0)]):
        torch.manual_seed(seed)
        assert check_algorithm(kind(spec, **options)) is None           # a warning is an error here


def test_shared_networks_and_one_agent_with_one_action():
    for kind in (IQL, VDN, QMIX, QPLEX, QTRAN, MAVEN):
        check_algorithm(kind(SPEC, shared=True))
        check_algorithm(kind(TeamSpec(1, 1, 1, 1, 1)))


def test_a_layer_that_is_deaf_by_chance_is_no_mistake():
    torch.manual_seed(10)                                       # the one of the 6,400 of which a word was said at first
    check_algorithm(QTRAN(TeamSpec(5, 9, 20, 30, 25), hidden=(8,)))


def test_a_baseline_of_the_batch_turns_the_slope_and_is_no_wrong_sign():
    for options in OPTIONS[2:]:                                 # the two of the 2,720
        torch.manual_seed(5)
        check_algorithm(AboveTheMean(PAIR, **options))


def test_where_memory_stays_as_it_was_a_target_may_begin_at_the_second_observation():
    torch.manual_seed(0)
    check_algorithm(begins_late(MAVEN)(SPEC))                   # its agents remember z alone
    assert len(said(check_algorithm, begins_late(MAVEN)(SPEC, recurrent=True))) == 1


def test_two_mistakes_are_two_words_and_the_algorithm_stays_as_it_is():
    algorithm, dice = deaf_to_one(ascends(QMIX))(SPEC), torch.get_rng_state()
    kept = {name: value.clone() for name, value in algorithm.state_dict().items()}
    assert len(said(check_algorithm, algorithm)) == 2
    assert torch.equal(dice, torch.get_rng_state()) and algorithm.gamma == 0.99
    assert all(torch.equal(kept[name], value) for name, value in algorithm.state_dict().items())
    assert not any(algorithm.agents._forward_hooks.values()) and all(p.grad is None for p in algorithm.parameters())


def test_what_fails_while_it_is_asked_for_a_word_says_nothing():
    class Fixed(QMIX):
        gamma = property(lambda self: 0.9, lambda self, value: None if value == 0.99 else 1 / 0)

    assert list(algorithm_doubts(Fixed(SPEC))) == []


@pytest.mark.parametrize("kind, word", [
    (Forgotten, "parameters: no value depends on forgotten.weight and 1 more"),
    (ForgottenToo, "parameters: no value depends on scale."),
    (FirstMemory, None), (Frozen, None), (DetachedRead, None)])
def test_weights_that_nobody_reads(kind, word):
    words = said(check_agents, kind(*SIZES), TeamSpec(SIZES[0], SIZES[2], SIZES[1], 6, 5))
    assert [each.message.args[0].startswith(f"check_agents, {kind.__name__}: {word}") for each in words] == [True] * (
        word is not None)


def test_of_right_agents_no_word_is_said():
    for kind in RIGHT_AGENTS:
        assert not said(check_agents, made_agents(kind), TeamSpec(SIZES[0], SIZES[2], SIZES[1], 6, 5))
