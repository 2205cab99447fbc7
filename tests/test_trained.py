"""What was trained is told from sums over teams: one by one and side by side look alike, another training does not."""

import pytest
import torch

from qmix_course.checks import exercises, trained
from qmix_course.checks.room import Room


@pytest.fixture
def room():
    return Room(exercises("15")[0])


def learn(room, seeds, at_once=True, steps=4, rate=0.1, weight=1.0):
    """The runs of small descents, one for each seed: in one optimiser, or in one each."""
    starts = [torch.randn(3, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in seeds]
    with trained.watching(room) as runs:
        for part in [torch.stack(starts)] if at_once else [start.unsqueeze(0) for start in starts]:
            part = part.clone().requires_grad_()
            optimiser = torch.optim.Adam([part], lr=rate)
            for _ in range(steps):
                optimiser.zero_grad()
                (weight * (part - 1) ** 2).sum().backward()
                optimiser.step()
    return runs


def test_one_by_one_is_side_by_side(room):
    together, alone = learn(room, [3, 7]), learn(room, [3, 7], at_once=False)
    assert (len(together), len(alone)) == (1, 2) and trained.alike(together, alone)
    assert trained.difference(learn, alone, together) is None


@pytest.mark.parametrize("change", [{"steps": 5}, {"rate": 0.2}, {"weight": 3.0}])
def test_another_training_is_another_one(room, change):
    one, other = learn(room, [3, 7]), learn(room, [3, 7], **change)
    assert not trained.holds(other, one) and trained.difference(learn, other, one)


@pytest.mark.parametrize("change, told", [({"steps": 5}, "5 updates"), ({"rate": 0.2}, None), ({"weight": 3.0}, None)])
def test_where_only_the_beginning_is_given_steps_and_first_weights_count(room, change, told):
    one, other = learn(room, [3, 7]), learn(room, [3, 7], **change)
    said = trained.difference(learn, other, one, begun=True)
    assert said is None if told is None else told in said
    assert "other weights" in trained.difference(learn, learn(room, [3, 8]), one, begun=True)


def test_other_seeds_are_other_weights(room):
    assert not trained.holds(learn(room, [3, 3]), learn(room, [3, 7]))


def test_what_stands_beside_it_does_not_count(room):
    more = learn(room, [1]) + learn(room, [3, 7], at_once=False) + learn(room, [2], steps=9)
    assert trained.holds(more, learn(room, [3, 7])) and not trained.alike(more, learn(room, [3, 7]))


def test_who_trains_nothing_is_told_unless_it_trained_before(room):
    wanted = learn(room, [3, 7])
    assert trained.difference(lambda arm, seeds: None, [], wanted) == "it trains nothing"
    trained.difference(learn, wanted, wanted)
    assert trained.difference(learn, [], wanted) is None


def test_adam_is_as_it_was_afterwards(room):
    before = torch.optim.Adam.step
    learn(room, [1])
    assert torch.optim.Adam.step is before
