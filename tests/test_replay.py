"""The replay memory: what goes in comes out, uniformly, and never what was overwritten or never written."""

from dataclasses import fields, replace

import pytest
import torch

from qmix_course import replay
from qmix_course.envs import TeamSpec
from qmix_course.replay import Batch, ReplayBuffer, bytes_a_row, distinct

SPEC = TeamSpec(n_agents=2, n_actions=3, obs_dim=4, state_dim=5, episode_limit=6)


def rows(numbers, length=1):
    """Rows that carry their number in every field that can hold it."""
    number = torch.as_tensor(numbers, dtype=torch.get_default_dtype())
    empty = Batch.padding(len(number), length, SPEC)
    return replace(empty, obs=empty.obs + number.view(-1, 1, 1, 1), state=empty.state + number.view(-1, 1, 1),
                   reward=empty.reward + number.view(-1, 1), actions=empty.actions + (number % 3).long().view(-1, 1, 1),
                   terminated=(number % 2 == 0).view(-1, 1).expand(-1, length).clone(),
                   mask=torch.ones(len(number), length))


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
        "^obs: ": (replace(good, obs=torch.tensor(0.0)), ValueError),
    }
    for name, (batch, error) in bad.items():
        with pytest.raises(error, match=name):
            buffer.add(batch)
        assert held(buffer) == [1, 2], name
    remembering = ReplayBuffer(4, SPEC, memory_dim=2)
    memory = torch.zeros(1, SPEC.n_agents, 2)
    memory[0, 0, 1] = torch.nan
    with pytest.raises(ValueError, match="memory: expected finite numbers"):
        remembering.add(replace(good, memory=memory))
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


def test_an_agent_may_have_one_action_left_and_a_row_may_carry_a_gradient():
    """What is kept has none: a buffer that did would hold on to every network that a row came from."""
    buffer, row = ReplayBuffer(4, SPEC), rows([3])
    row.available[..., 1:] = False
    buffer.add(replace(row, reward=row.reward.clone().requires_grad_()))
    sample = buffer.sample(1)
    assert torch.equal(sample.available, row.available) and torch.equal(sample.reward, row.reward)
    assert not sample.reward.requires_grad
    other = ReplayBuffer(4, SPEC)
    other.load_state_dict({"rows": vars(replace(row, obs=row.obs.clone().requires_grad_())), "next": 1})
    assert not other.sample(1).obs.requires_grad


@pytest.mark.parametrize("written", [0, 3, 4, 6])             # none, not yet full, just full, gone round
def test_a_buffer_that_was_saved_is_the_buffer_that_went_on(written):
    buffer, other = ReplayBuffer(4, SPEC), ReplayBuffer(4, SPEC)
    for number in range(written):
        buffer.add(rows([number]))
    other.load_state_dict(buffer.state_dict())
    for number in range(written, written + 5):
        buffer.add(rows([number]))
        other.add(rows([number]))
        assert held(other) == held(buffer) == list(range(max(0, number - 3), number + 1))


@pytest.mark.parametrize("written, following", [(4, 4), (4, -1), (3, 0), (3, 2), (0, 1)])
def test_a_next_place_that_no_buffer_could_have_is_refused(written, following):
    buffer = ReplayBuffer(4, SPEC)
    buffer.add(rows(range(written)))
    saved, other = buffer.state_dict(), ReplayBuffer(4, SPEC)
    with pytest.raises(ValueError, match=r"^saved\['next'\]"):
        other.load_state_dict(saved | {"next": following})
    assert len(other) == 0


@pytest.mark.parametrize("name", [name for name, _, _ in replay.FIELDS])
def test_fields_that_do_not_agree_are_named(name):
    """One axis too many or too few, one row or step too many, another kind of number."""
    good = replace(rows(range(4), 6), memory=torch.zeros(4, 2, 5))
    good.agree()
    value = getattr(good, name)
    wrong = [value.unsqueeze(-1), value[..., 0], value[:-1]]
    wrong += [torch.cat([value, value[:, :1]], 1)] if name != "actions" else []      # from it the others take T
    for each in wrong:
        with pytest.raises(ValueError, match=r"^(\w+): ") as refused:
            replace(good, **{name: each}).agree()
        assert name == "actions" or str(refused.value).startswith(f"{name}: ")
    with pytest.raises(TypeError, match=f"^{name}: "):
        replace(good, **{name: value.to(torch.int32)}).agree()


def test_padding_is_what_the_contract_says():
    empty = Batch.padding(2, 3, SPEC)
    assert empty.available.all() and empty.last_actions.eq(-1).all()
    for name in ("obs", "state", "actions", "reward", "terminated", "mask"):
        assert getattr(empty, name).eq(0).all()


# ---- long episodes ---------------------------------------------------------------------------------------------------

def test_a_batch_ends_at_its_longest_played_step():
    """Rows of 6 steps of which 1 to 4 were played; the batch is that of a buffer without padding, in every field."""
    played = torch.tensor([1, 4, 2, 3, 1, 1, 2])
    full = replace(rows(range(7), 6), mask=(torch.arange(6) < played.unsqueeze(1)).to(torch.get_default_dtype()))
    buffer = ReplayBuffer(7, SPEC, 6)
    buffer.add(full)
    for seed in range(20):
        batch = buffer.sample(2, torch.Generator().manual_seed(seed))
        drawn = batch.reward[:, 0].long()
        assert batch.actions.shape[1] == played[drawn].max() and batch.obs.shape[1] == played[drawn].max() + 1
        batch.agree()
        for name, axes, _ in replay.FIELDS:
            whole = getattr(full, name)[drawn]
            assert torch.equal(getattr(batch, name), whole[:, :getattr(batch, name).shape[1]]), name


def test_a_step_that_was_played_is_never_cut_off():
    gap = replace(rows([3], 6), mask=torch.tensor([[1.0, 0, 0, 1, 0, 0]]))
    buffer = ReplayBuffer(2, SPEC, 6)
    buffer.add(gap)
    assert buffer.sample(1).mask.tolist() == [[1, 0, 0, 1]]
    buffer = ReplayBuffer(2, SPEC, 6)
    buffer.add(Batch.padding(1, 6, SPEC))
    assert buffer.sample(1).actions.shape == (1, 1, 2)              # nothing was played: one step of padding is left


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("length, memory_dim", [(1, 0), (1, 5), (6, 0), (6, 5)])
def test_the_bytes_of_a_row_are_what_it_takes(length, memory_dim, dtype):
    torch.set_default_dtype(dtype)
    row = Batch.padding(1, length, SPEC, memory_dim)
    assert bytes_a_row(length, SPEC, memory_dim) == sum(value.nbytes for value in vars(row).values())


def test_more_than_the_machine_has_is_refused_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(replay, "machine_bytes", lambda device: 2**34)
    with pytest.raises(ValueError, match=r"^capacity: expected rows that fit .* got 10,000 of 10,000,000 steps, .* or "
                                         r"a shorter episode_limit"):
        ReplayBuffer(10_000, SPEC, 10_000_000)
    with pytest.raises(ValueError, match=r"choose a smaller capacity$"):
        ReplayBuffer(2**31 - 1, SPEC)
    monkeypatch.setattr(replay, "machine_bytes", lambda device: 100 * bytes_a_row(1, SPEC))
    assert ReplayBuffer(100, SPEC).capacity == 100
    with pytest.raises(ValueError, match="capacity"):
        ReplayBuffer(101, SPEC)
    monkeypatch.setattr(replay, "machine_bytes", lambda device: None)
    assert ReplayBuffer(101, SPEC).capacity == 101
