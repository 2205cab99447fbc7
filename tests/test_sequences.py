"""Sequences through the replay and ``train``: where they start, what padding may do, what a memory belongs to; TD(λ).
"""

from copy import deepcopy
from dataclasses import fields, replace

import pytest
import torch

from qmix_course import checkpoint
from qmix_course.algorithms import IQL, QMIX, VDN, td_target
from qmix_course.algorithms.base import td_lambda_target
from qmix_course.collect import Collector
from qmix_course.envs import Cue, GridWorld
from qmix_course.evaluation import evaluate, play
from qmix_course.replay import Batch
from qmix_course.training import Run, TrainConfig, train

SHORT = TrainConfig(total_steps=960, learning_starts=200, batch_size=8, update_every=32, epsilon_steps=500,
                    evaluate_every=200,
                    capacity=60, evaluation_episodes=4)
ALGORITHMS = [IQL, VDN, QMIX]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)


def make(algorithm, env, **options):
    return algorithm.for_env(env, seed=1, recurrent=True, hidden=8, **options)


def frozen(algorithm, change=0.3):
    """A target that is not the online network."""
    target = deepcopy(algorithm).requires_grad_(False)
    for parameter in target.parameters():
        parameter += change * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2))
    return target


def blinds(env):
    """``env`` with a rule for what is available, so that masks matter: the action (step + agent) % A is closed."""
    class Blinds(type(env)):
        masks_actions = True

        def _remember(self, step):
            agents = torch.arange(self.spec.n_agents)
            closed = (step.state.argmax(-1, keepdim=True) + agents) % self.spec.n_actions
            step.available[:] = torch.nn.functional.one_hot(closed, self.spec.n_actions) == 0
            return super()._remember(step)

    env.__class__ = Blinds
    return env


def played(env, algorithm, steps=60, epsilon=1.0):
    """The finished rows of some exploring play, as one batch."""
    collector = Collector(env, algorithm, 0, torch.Generator().manual_seed(0))
    rows = [collector.step(epsilon) for _ in range(steps)]
    return Batch(**{field.name: torch.cat([getattr(each, field.name) for each in rows]) for field in fields(Batch)})


def some_rows(algorithm, env=None):
    """Rows of different lengths that ended in both ways, with unavailable actions."""
    env = env or blinds(GridWorld(size=2, num_envs=8, episode_limit=6, view=0, random_starts=True))
    batch = played(env, algorithm)
    assert len(batch.mask.sum(1).unique()) > 3 and 0 < batch.terminated.any(1).sum() < len(batch.mask)
    assert not batch.available.all()
    return batch


def grid(**options):
    return GridWorld(**dict(size=2, num_envs=8, episode_limit=6, view=0, random_starts=True) | options)


# ---- where a row starts ----------------------------------------------------------------------------------------------


def slow_loss(algorithm, batch, target):
    """The loss one row at a time: both networks go from the first observation to the last, one step after the other."""
    squares = []
    for b in range(len(batch.mask)):
        length = int(batch.mask[b].sum())

        def walk(net):
            memory, values = batch.memory[b:b + 1], []
            for t in range(length + 1):
                q, memory = net.act_values(batch.obs[b:b + 1, t], batch.last_actions[b:b + 1, t], memory)
                values.append(q[0])
            return values

        online, slow = walk(algorithm), walk(target)
        following = []
        for t in range(length):
            judge = online if algorithm.double_q else slow
            best = [max((a for a in range(batch.available.shape[-1]) if batch.available[b, t + 1, i, a]),
                        key=lambda a, i=i: judge[t + 1][i, a].item()) for i in range(batch.actions.shape[2])]
            following.append(torch.stack([slow[t + 1][i, a] for i, a in enumerate(best)]))
        chosen = [torch.stack([online[t][i, a] for i, a in enumerate(batch.actions[b, t])]) for t in range(length)]
        if isinstance(algorithm, VDN):
            chosen = [algorithm.mixer(q, batch.state[b, t]).unsqueeze(0) for t, q in enumerate(chosen)]
            following = [target.mixer(q, batch.state[b, t + 1]).unsqueeze(0) for t, q in enumerate(following)]
        y = torch.zeros(())
        for t in reversed(range(length)):
            share = algorithm.td_lambda if t < length - 1 else 0.0
            ahead = (1 - share) * following[t] + share * y
            y = batch.reward[b, t] + (0.0 if batch.terminated[b, t] else algorithm.gamma) * ahead
            squares.append(((chosen[t] - y.detach()) ** 2).mean())
    return sum(squares) / len(squares)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("options", [dict(), dict(double_q=True), dict(td_lambda=0.6),
                                     dict(double_q=True, td_lambda=1.0),
                                     dict(shared=False), dict(agent_id=False, last_action=False)])
def test_the_loss_equals_a_loop_written_one(algorithm, options):
    env = blinds(grid())
    online = make(algorithm, env, **options)
    target, batch = frozen(online), some_rows(online, env)
    loss, slow = online.loss(batch, target), slow_loss(online, batch, target)
    torch.testing.assert_close(loss, slow, rtol=1e-12, atol=1e-12)
    names = [name for name, _ in online.named_parameters()]
    for name, one, two in zip(names, *(torch.autograd.grad(each, online.parameters()) for each in (loss, slow))):
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-12, msg=name)


@pytest.mark.parametrize("double_q", [False, True])
def test_the_target_has_seen_the_first_observation(double_q):
    """Episodes that differ in the cue alone, which only the first observation shows, have different targets at every
    step."""
    env = Cue(corridor=3, num_envs=2)
    online = make(VDN, env, double_q=double_q, last_action=False)
    target = frozen(online, 1.0)
    step, obs = env.reset(cues=torch.tensor([0, 1])), []
    for _ in range(5):
        obs.append(step.obs)
        step = env.step(torch.zeros(2, 2, dtype=torch.int64))
    batch = replace(Batch.padding(2, 5, env.spec, 8), obs=torch.stack([*obs, step.obs], 1), mask=torch.ones(2, 5))
    assert torch.equal(batch.obs[0, 1:], batch.obs[1, 1:]) and not torch.equal(batch.obs[0, 0], batch.obs[1, 0])
    following = online.best_next(online.online_qs(batch), batch, target)
    assert ((following[0] - following[1]).abs() > 1e-4).all()
    memory, by_hand = None, []        # and they are those of the target's own walk from the first observation
    for t in range(6):
        q, memory = target.act_values(batch.obs[:, t], batch.last_actions[:, t], memory)
        by_hand.append(q)
    if not double_q:
        torch.testing.assert_close(following, torch.stack(by_hand[1:], 1).amax(-1), rtol=0, atol=1e-13)


def test_unavailable_actions_are_never_chosen_nor_maximised_over():
    """Not by the collector, nor in evaluation, nor in a target: values of closed actions change no loss."""
    env = blinds(grid())
    online = make(QMIX, env)
    target, batch = frozen(online), some_rows(online, env)
    assert batch.available[:, :-1].gather(-1, batch.actions.unsqueeze(-1))[batch.mask.bool()].all()
    evaluate(blinds(grid()), online)                 # the environment refuses any other

    class Lifted(type(online)):
        """Its agents value whatever is not available at 10^6 more."""

        def unroll(self, batch, length):
            return super().unroll(batch, length) + 1e6 * ~batch.available[:, :length]

    y = online.best_next(online.online_qs(batch), batch, target)
    for double_q in (False, True):
        online.double_q = double_q
        expected = online.best_next(online.online_qs(batch), batch, target)
        lifted_online, lifted_target = deepcopy(online), deepcopy(target)
        lifted_online.__class__ = lifted_target.__class__ = Lifted
        got = lifted_online.best_next(lifted_online.online_qs(batch), batch, lifted_target)
        assert torch.equal(got, expected)
    assert y.abs().max() < 1e3


# ---- padding ---------------------------------------------------------------------------------------------------------


def rubbish(batch):
    """The same rows with other padding: everything that was never played holds random numbers and wild flags."""
    generator = torch.Generator().manual_seed(5)
    behind = torch.cat([torch.ones(len(batch.mask), 1), batch.mask], 1) == 0      # [B, T+1]: after the last observation
    off = batch.mask == 0                                                               # [B, T]
    other = {field.name: getattr(batch, field.name).clone() for field in fields(Batch)}
    for name, where in (("obs", behind), ("state", behind), ("reward", off)):
        other[name][where] = 100 * torch.randn(other[name][where].shape, generator=generator)
    n_actions = batch.available.shape[-1]
    other["actions"][off] = torch.randint(n_actions, other["actions"][off].shape, generator=generator)
    other["last_actions"][behind] = torch.randint(-1, n_actions, other["last_actions"][behind].shape,
                                                  generator=generator)
    other["terminated"][off] = torch.rand(other["terminated"][off].shape, generator=generator) < 0.5
    other["available"][behind] = torch.nn.functional.one_hot(
        torch.randint(n_actions, other["available"][behind].shape[:-1], generator=generator), n_actions).bool()
    return Batch(**other)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("options", [dict(), dict(double_q=True), dict(td_lambda=0.8), dict(shared=False)])
def test_padding_never_leaks(algorithm, options):
    """Other padding: the loss and every gradient stay equal in every bit."""
    env = blinds(grid())
    online = make(algorithm, env, **options)
    target, batch = frozen(online), some_rows(online, env)
    other = rubbish(batch)
    assert all(not torch.equal(getattr(batch, name), getattr(other, name)) for name in
               ("obs", "state", "available", "actions", "last_actions", "reward", "terminated"))
    losses = [online.loss(each, target) for each in (batch, other)]
    assert torch.equal(*losses)
    for one, two in zip(*(torch.autograd.grad(loss, online.parameters()) for loss in losses)):
        assert torch.equal(one, two)


def test_a_step_that_was_played_does_count():
    """The test above would pass for a loss that reads nothing: every played entry matters."""
    env = blinds(grid())
    online = make(QMIX, env)
    target, batch = frozen(online), some_rows(online, env)
    loss = online.loss(batch, target)
    row = int(batch.mask.sum(1).argmin())
    last = int(batch.mask[row].sum()) - 1
    for name, at in (("obs", last), ("state", last), ("reward", last), ("obs", 0), ("state", 0)):
        value = getattr(batch, name).clone()
        value[row, at] += 1.0
        assert online.loss(replace(batch, **{name: value}), target) != loss, (name, at)


# ---- whose memory ----------------------------------------------------------------------------------------------------


class Latent(VDN):
    """Fresh episodes begin with a memory that is drawn, not zero: it must travel with its rows."""

    def start(self, batch, generator=None):
        drawn = torch.zeros(*batch.obs.shape[:2], self.memory_dim)    # greedy play gives no generator: nothing is drawn
        return drawn if generator is None else drawn.normal_(generator=generator)


@pytest.mark.parametrize("algorithm", [VDN, Latent])
@pytest.mark.parametrize("whole", [True, False])
def test_memory_in_the_batch_is_what_the_row_began_with(algorithm, whole):
    """Playing each row again from ``Batch.memory`` gives the values that the team had when it played."""
    env = grid(episode_limit=5)
    team = make(algorithm, env)
    team.recurrent = whole                           # False: rows of one step, of agents that remember all the same
    calls = []

    def act_values(obs, last_actions, memory, inner=team.act_values):
        q, after = inner(obs, last_actions, memory)
        calls.append((memory.clone(), q))
        return q, after

    team.act_values = act_values
    collector = Collector(env, team, 0, torch.Generator().manual_seed(0))
    assert collector.length == (5 if whole else 1)
    age, begun, expected, rows = torch.zeros(8, dtype=torch.int64), [None] * 8, [], []
    for _ in range(40):
        out = collector.step(1.0)
        memory, q = calls[-1]
        for b in range(8):
            if age[b] == 0 and not issubclass(algorithm, Latent):
                assert memory[b].eq(0).all()        # every row of the environment begins its episode afresh, on its own
            if age[b] == 0 or not whole:
                begun[b] = (memory[b], [])
            begun[b][1].append(q[b])
        ended = collector.last_actions[:, 0] == -1
        expected += [begun[b] for b in range(8) if ended[b] or not whole]
        age = torch.where(ended, 0, age + 1)
        rows += [replace(out, **{f.name: getattr(out, f.name)[k:k + 1] for f in fields(Batch)})
                 for k in range(len(out.mask))]
    assert len(rows) == len(expected) > 40
    assert any(memory.ne(0).any() for memory, _ in expected) == (algorithm is Latent or not whole)
    for row, (memory, values) in zip(rows, expected):
        assert torch.equal(row.memory[0], memory)
        torch.testing.assert_close(team.unroll(row, len(values))[0], torch.stack(values), rtol=0, atol=1e-12)


@pytest.mark.parametrize("algorithm", [VDN, QMIX])
def test_rows_of_an_evaluation_do_not_share_memories(algorithm):
    """Many rows that end at different times bring what each brings alone: in ``evaluate`` and in ``play``."""
    env = GridWorld(size=3, view=0, num_envs=71, random_starts=True, episode_limit=9)
    team = make(algorithm, env)
    for parameter in team.agents.parameters():
        parameter.data.mul_(3.0)                     # memories that matter
    places = env.placements()
    together = evaluate(env, team, positions=places)
    assert len(together.lengths.unique()) > 2
    for k in range(0, 71, 3):
        alone = evaluate(env.clone(1), team, positions=places[k])
        assert alone.returns[0] == pytest.approx(together.returns[k].item(),
                                                 abs=1e-12) and alone.lengths[0] == together.lengths[k]
        episode = play(env.clone(1), team, positions=places[k])
        assert episode.rewards.sum() == pytest.approx(together.returns[k].item(), abs=1e-12)
        memory, last_actions = None, torch.full((1, 2), -1)      # and its values are those of a walk from a zero memory
        for t, action in enumerate(episode.actions):
            q, memory = team.act_values(episode.obs[t:t + 1], last_actions, memory)
            last_actions = action.unsqueeze(0)
            torch.testing.assert_close(q[0], episode.agent_qs[t], rtol=0, atol=1e-12)


def test_rounds_of_an_evaluation_begin_afresh():
    env = Cue(num_envs=2)
    team = make(VDN, env)
    once, thrice = (evaluate(Cue(num_envs=1), team, episodes=count, seed=3) for count in (1, 12))
    assert thrice.returns[0] == once.returns[0] and set(thrice.lengths.tolist()) == {4}
    cues = evaluate(env, team, cues=torch.tensor([0, 1])).returns.tolist()
    assert set(thrice.returns.tolist()) <= set(cues)


# ---- through train ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm, options", [(QMIX, dict(double_q=True, td_lambda=0.5)), (VDN, dict(shared=False)),
                                                (Latent, {})])
def test_a_stopped_run_resumes_to_the_same_bits(tmp_path, algorithm, options):
    def team(seed=1):
        return algorithm.for_env(grid(), seed=seed, recurrent=True, hidden=8, **options)

    whole = team()
    history = train(grid(), whole, SHORT, checkpoint=tmp_path / "whole.pt")
    assert history.updates[-1] > 15
    for stop_after in (3, 37, 60):                   # in the middle of episodes
        path, calls = tmp_path / f"{stop_after}.pt", iter(range(10_000))
        train(grid(), team(), SHORT, checkpoint=path, stop=lambda: next(calls) == stop_after - 1)
        resumed = team(seed=99)
        again = train(grid(), resumed, SHORT, checkpoint=path, resume=True)
        states = [checkpoint.load(each)["state"] for each in (path, tmp_path / "whole.pt")]
        assert equal(*(state["algorithm"] for state in states)) and equal(*(state["target"] for state in states))
        assert equal(*(state["buffer"] for state in states)) and equal(*(state["collector"] for state in states))
        assert equal(*(state["generator"] for state in states)) and str(again.loss) == str(history.loss)
        assert again.greedy_return == history.greedy_return


def equal(one, two) -> bool:
    if isinstance(one, torch.Tensor):
        return one.dtype == two.dtype and torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(equal(one[key], two[key]) for key in one)
    return one == two


def test_another_memory_is_another_team(tmp_path):
    env, path = grid(), tmp_path / "run.pt"
    train(env, make(QMIX, env), replace(SHORT, total_steps=80, learning_starts=32), checkpoint=path)
    for expected, team in {"td_lambda": make(QMIX, env, td_lambda=0.5),
                           "memory_dim": QMIX.for_env(env, recurrent=True, hidden=9),
                           "recurrent": QMIX.for_env(env)}.items():
        with pytest.raises(ValueError, match=f"algorithm.{expected}"):
            train(grid(), team, replace(SHORT, total_steps=80, learning_starts=32), checkpoint=path, resume=True)
    with pytest.raises(ValueError, match="environment.view"):
        train(grid(view=None), make(QMIX, env), replace(SHORT, total_steps=80, learning_starts=32), checkpoint=path,
              resume=True)


def test_the_replay_of_a_run_holds_whole_episodes_with_their_memory():
    env = grid()
    run = Run(env, make(Latent, env), replace(SHORT, total_steps=400))
    while not run.finished():
        run.advance()
    rows = run.buffer.sample(len(run.buffer))
    assert rows.memory.shape == (len(run.buffer), 2, 8) and rows.memory.ne(0).all()
    assert rows.mask.shape[1] == env.spec.episode_limit and rows.last_actions[:, 0].eq(-1).all()
    assert torch.equal(rows.last_actions[:, 1:][rows.mask.bool()], rows.actions[rows.mask.bool()])


@pytest.mark.parametrize("seed", range(3))
def test_a_team_that_remembers_solves_the_cue_task(seed):
    """3 seeds of 3; without memory the best is 1/2 (tests/test_cue.py)."""
    env = Cue(num_envs=32)
    team = VDN.for_env(env, seed=seed, recurrent=True, hidden=16)
    train(env, team, TrainConfig(seed=seed, total_steps=10_000, capacity=2_000, batch_size=64, update_every=32,
                                 learning_rate=1e-2,
                                 tau=0.05, epsilon_steps=5_000, evaluate_every=10_000))
    assert evaluate(Cue(num_envs=2), team, cues=torch.tensor([0, 1])).returns.tolist() == [1.0, 1.0]


# ---- TD(λ) -----------------------------------------------------------------------------------------------------------


def lambda_rows():
    """Rows of 5 steps: one terminated at its end, one cut by the clock, a full one, one of a single step."""
    generator = torch.Generator().manual_seed(0)
    reward, following = torch.randn(4, 5, generator=generator), torch.randn(4, 5, generator=generator)
    mask = torch.tensor([[1.0] * 3 + [0.0] * 2, [1.0] * 4 + [0.0], [1.0] * 5, [1.0] + [0.0] * 4])
    terminated = torch.zeros(4, 5, dtype=torch.bool)
    terminated[0, 2] = terminated[3, 0] = True
    return reward * mask, terminated, following * mask, mask


def test_lambda_zero_is_the_one_step_target():
    reward, terminated, following, mask = lambda_rows()
    assert torch.equal(td_lambda_target(reward, terminated, following, mask, 0.9, 0.0),
                       td_target(reward, terminated, following, 0.9))


def test_lambda_one_adds_up_the_rewards():
    """By hand: γ = 0.5, rewards 8, 4, 2; terminated there, then only cut, where a next value of 100 still counts."""
    reward, mask = torch.tensor([[8.0, 4.0, 2.0, 0.0]]), torch.tensor([[1.0, 1.0, 1.0, 0.0]])
    following = torch.tensor([[30.0, 60.0, 100.0, 7.0]])
    for ends, expected in ((True, [8 + 2 + 0.5, 4 + 1.0, 2.0]), (False, [10.5 + 12.5, 5.0 + 25.0, 2.0 + 50.0])):
        terminated = torch.tensor([[False, False, ends, False]])
        y = td_lambda_target(reward, terminated, following, mask, 0.5, 1.0)
        assert y[0, :3].tolist() == expected


@pytest.mark.parametrize("td_lambda", [0.0, 0.3, 0.8, 1.0])
@pytest.mark.parametrize("agents", [None, 2])
def test_lambda_returns_are_weighted_sums_of_n_step_returns(td_lambda, agents):
    """The definition, (1 − λ) Σ λ^(n−1) G_n and the rest on the longest, row by row; with one value a row or one an
    agent."""
    reward, terminated, following, mask = lambda_rows()
    many = [reward, terminated, following, mask]
    if agents:
        following = torch.stack([following, -2 * following], -1)
        many = [reward.unsqueeze(-1), terminated.unsqueeze(-1), following, mask.unsqueeze(-1)]
    y = td_lambda_target(*many, 0.9, td_lambda)
    for b in range(4):
        length = int(mask[b].sum())
        for t in range(length):
            total, left = 0.0, 1.0
            for n in range(1, length - t + 1):
                end = t + n - 1        # G_n: rewards from t to this step, then the next value, unless it ended
                g = sum(0.9 ** k * reward[b, t + k] for k in range(n))
                g = g + (0.0 if terminated[b, end] else 0.9 ** n * following[b, end])
                weight = left if n == length - t else (1 - td_lambda) * left
                total, left = total + weight * g, left - weight
            torch.testing.assert_close(y[b, t], torch.as_tensor(total).expand_as(y[b, t]), rtol=1e-12, atol=1e-12)


def test_padding_is_not_in_a_lambda_return():
    reward, terminated, following, mask = lambda_rows()
    y = td_lambda_target(reward, terminated, following, mask, 0.9, 0.7)
    off = mask == 0
    spoilt = [reward.masked_fill(off, 50.0), terminated ^ off, following.masked_fill(off, -80.0)]
    assert torch.equal(td_lambda_target(*spoilt, mask, 0.9, 0.7)[~off], y[~off])
