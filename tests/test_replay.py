"""The replay memory: what goes in comes out, uniformly, and never what was overwritten or never written."""

from dataclasses import fields, replace

import pytest
import torch

from qmix_course.envs import TeamSpec
from qmix_course.replay import Batch, ReplayBuffer, distinct

SPEC = TeamSpec(n_agents=2, n_actions=3, obs_dim=4, state_dim=5, episode_limit=6)


def rows(numbers, length=1):
    """Rows that carry their number in every field that can hold it."""
    number = torch.as_tensor(numbers, dtype=torch.get_default_dtype())
    empty = Batch.padding(len(number), length, SPEC)
    return replace(empty, obs=empty.obs + number.view(-1, 1, 1, 1), state=empty.state + number.view(-1, 1, 1),
                   reward=empty.reward + number.view(-1, 1), actions=empty.actions + (number % 3).long().view(-1, 1, 1),
                   terminated=(number % 2 == 0).view(-1, 1).expand(-1, length).clone(), mask=torch.ones(len(number), length))


def held(buffer):
    """The numbers of all rows that the buffer can hand out."""
    return sorted(buffer.sample(len(buffer), torch.Generator().manual_seed(0)).reward[:, 0].long().tolist())


@pytest.mark.parametrize("length", [1, 6])
def test_every_field_comes_back_as_it_went_in(length):
    buffer = ReplayBuffer(10, SPEC, length)
    buffer.add(rows([3, 1, 4], length))
    sample = buffer.sample(3, torch.Generator().manual_seed(0))
    order = sample.reward[:, 0].long().tolist()
    expected = rows(order, length)
    for field in fields(Batch):
        assert torch.equal(getattr(sample, field.name), getattr(expected, field.name)), field.name


def test_the_oldest_rows_make_room():
    buffer = ReplayBuffer(5, SPEC)
    for number in range(12):
        buffer.add(rows([number]))
        assert held(buffer) == list(range(max(0, number - 4), number + 1))
    buffer.add(rows([20, 21, 22]))
    assert held(buffer) == [10, 11, 20, 21, 22] and len(buffer) == 5


def test_rows_that_were_never_written_are_never_drawn():
    buffer = ReplayBuffer(1000, SPEC)
    buffer.add(rows([7, 8, 9]))
    for seed in range(50):
        assert set(buffer.sample(2, torch.Generator().manual_seed(seed)).reward[:, 0].long().tolist()) <= {7, 8, 9}


@pytest.mark.parametrize("n, k", [(10, 4), (400, 8)])        # the crowded and the roomy way of drawing
def test_sampling_is_uniform_and_without_replacement(n, k):
    generator, draws = torch.Generator().manual_seed(0), 20_000
    counts, pairs = torch.zeros(n), 0
    for _ in range(draws):
        drawn = distinct(n, k, generator)
        assert drawn.unique().numel() == k and 0 <= drawn.min() and drawn.max() < n
        counts[drawn] += 1
        pairs += bool((drawn < 2).sum() == 2)                # how often rows 0 and 1 come together
    expected, spread = draws * k / n, (draws * k / n * (1 - k / n)) ** 0.5
    assert ((counts - expected).abs() < 5 * spread).all()    # five standard deviations; one seed, fixed
    together = draws * k * (k - 1) / (n * (n - 1))
    assert abs(pairs - together) < 5 * together ** 0.5 + 1


def test_sampling_is_seeded_and_samples_are_copies():
    buffer = ReplayBuffer(10, SPEC)
    buffer.add(rows(range(10)))
    one, two = (buffer.sample(4, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one.reward, two.reward)
    one.obs.fill_(99.0)
    assert held(buffer) == list(range(10)) and not buffer.sample(10).obs.eq(99).any()


def test_refuses_bad_rows_and_stays_as_it_was():
    buffer = ReplayBuffer(4, SPEC)
    buffer.add(rows([1, 2]))
    good = rows([3])
    bad = {
        "reward": (replace(good, reward=torch.tensor([[float("nan")]])), ValueError),
        "obs": (replace(good, obs=good.obs[..., :3]), ValueError),
        "state": (replace(good, state=torch.full_like(good.state, torch.inf)), ValueError),
        "actions": (replace(good, actions=good.actions + 3), ValueError),
        "last_actions": (replace(good, last_actions=good.last_actions - 1), ValueError),
        "available": (replace(good, available=torch.zeros_like(good.available)), ValueError),
        "terminated": (replace(good, terminated=good.terminated.float()), TypeError),
        "mask": (replace(good, mask=good.mask * 0.5), ValueError),
    }
    for name, (batch, error) in bad.items():
        with pytest.raises(error, match=name):
            buffer.add(batch)
        assert held(buffer) == [1, 2], name
    with pytest.raises(ValueError, match="capacity"):
        buffer.add(rows(range(5)))
    with pytest.raises(ValueError, match="batch_size: expected at most the 2"):
        buffer.sample(3)
    for batch_size, error in ((0, ValueError), (-1, ValueError), (1.0, TypeError)):
        with pytest.raises(error, match="batch_size"):
            buffer.sample(batch_size)
    for arguments in ((0, SPEC), (-1, SPEC), (3, SPEC, 0)):
        with pytest.raises(ValueError):
            ReplayBuffer(*arguments)


def test_padding_is_what_the_contract_says():
    empty = Batch.padding(2, 3, SPEC)
    assert empty.available.all() and empty.last_actions.eq(-1).all()
    for name in ("obs", "state", "actions", "reward", "terminated", "mask"):
        assert getattr(empty, name).eq(0).all()
