"""The cue task against its rules, and the exact best memoryless return against every team there is."""

import itertools

import pytest
import torch

from qmix_course import exact
from qmix_course.envs import Cue, GridWorld, ResetNeeded, TwoStepGame
from qmix_course.envs.matrix import TableGame


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


# ---- the rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("corridor", [0, 1, 3])
@pytest.mark.parametrize("cue", [0, 1])
def test_every_step_of_every_ending(corridor, cue):
    """The cue is seen once, by both; nothing is seen in the corridor; only the last joint action pays, and only one of
    four."""
    for last in itertools.product((0, 1), repeat=2):
        env = Cue(corridor)
        step = env.reset(cues=torch.tensor([cue]))
        generator = torch.Generator().manual_seed(corridor)
        for t in range(corridor + 2):
            shown = [float(t == 0 and cue == 0), float(t == 0 and cue == 1), float(t == corridor + 1)]
            assert step.obs.tolist() == [[shown, shown]] and step.state[0].argmax() == cue * (corridor + 2) + t
            assert step.state.sum() == 1.0 and step.available.all() and step.reward == 0.0 and not step.ended.any()
            before = torch.randint(2, (1, 2), generator=generator)
            step = env.step(before if t <= corridor else torch.tensor([last]))
        assert step.terminated.all() and not step.truncated.any()
        assert step.reward.item() == float(last == (cue, 1 - cue))
        with pytest.raises(ResetNeeded):
            env.step(torch.zeros(1, 2, dtype=torch.int64))


def test_the_door():
    env = Cue(2, num_envs=4, door=0.7)
    env.reset(cues=torch.tensor([0, 1, 0, 1]))
    step = env.step(torch.tensor([[1, 1], [1, 1], [0, 1], [1, 0]]))
    assert step.reward.tolist() == [0.7, 0.7, 0.0, 0.0] and step.terminated.tolist() == [True, True, False, False]
    step = env.reset(where=step.ended)
    # fresh cues, and rows in their corridor
    assert step.obs[:2, :, :2].sum(-1).eq(1).all() and step.obs[2:].eq(0).all()
    for _ in range(2):
        step = env.step(torch.ones(4, 2, dtype=torch.int64) * torch.tensor([[0], [0], [1], [1]]))
    assert step.reward.eq(0).all() and not step.ended.any()        # the door is in the first step only
    assert Cue(2).settings() != Cue(2, door=0.0).settings()


def test_cues_are_fair_seeded_and_kept_apart():
    env = Cue(num_envs=4_000)
    first = env.reset(seed=3).obs[:, 0, 1]
    assert abs(first.mean().item() - 0.5) < 0.04                   # five standard deviations; one seed, fixed
    assert torch.equal(env.reset(seed=3).obs[:, 0, 1], first) and not torch.equal(env.reset().obs[:, 0, 1], first)
    where = torch.arange(4_000) < 10
    before = env.reset(seed=3)
    after = env.reset(where=where)
    assert torch.equal(after.obs[10:], before.obs[10:]) and not torch.equal(after.obs[:10], before.obs[:10])


def test_the_model_says_what_stepping_does():
    for env in (Cue(2), Cue(0), Cue(1, door=0.4)):
        model, steps = env.model(), env.spec.episode_limit
        assert model.state.shape == (2 * steps, env.spec.state_dim) and model.start.tolist() == [0, steps]
        for cue, joint in itertools.product((0, 1), itertools.product(range(4), repeat=steps)):
            one = env.clone()
            step, x = one.reset(cues=torch.tensor([cue])), int(model.start[cue])
            for u in joint:
                actions = divmod(u, 2)
                assert torch.equal(step.obs[0], model.obs[x]) and torch.equal(step.state[0], model.state[x])
                step = one.step(torch.tensor([actions]))
                assert step.reward[0] == model.reward[x][actions] and step.terminated[0] == model.terminated[x][actions]
                if step.terminated[0]:
                    break
                x = int(model.next_state[x][actions])
            assert step.terminated.all()


def test_saved_and_cloned():
    env = Cue(1, num_envs=5, door=0.3)
    env.reset(seed=1)
    env.step(torch.zeros(5, 2, dtype=torch.int64))
    saved, other = env.state_dict(), Cue(1, num_envs=5, door=0.3)
    other.load_state_dict(saved)
    steps = [e.step(torch.ones(5, 2, dtype=torch.int64)) for e in (env, other)]
    assert all(torch.equal(one, two) for one, two in zip(*(vars(step).values() for step in steps)))
    steps = [e.step(torch.tensor([[0, 1]] * 5)) for e in (env, other)]
    assert torch.equal(steps[0].reward, steps[1].reward)
    assert torch.equal(env.reset().obs, other.reset().obs)         # the generators are in the same place
    copy = env.clone(3)
    assert (copy.num_envs == 3 and copy.settings() | {"num_envs": 5} == env.settings() and copy.door == 0.3
            and copy.corridor == 1)
    with pytest.raises(ValueError):
        Cue(2, num_envs=5).load_state_dict(saved)


@pytest.mark.parametrize("error, name, call", [
    (ValueError, "corridor", lambda: Cue(-1)),
    (TypeError, "corridor", lambda: Cue(1.0)),
    (TypeError, "door", lambda: Cue(door="open")),
    (ValueError, "door", lambda: Cue(door=float("nan"))),
    (ValueError, "num_envs", lambda: Cue(num_envs=0)),
    (ValueError, "cues: expected 0 or 1", lambda: Cue().reset(cues=torch.tensor([2]))),
    (ValueError, "cues", lambda: Cue(num_envs=2).reset(cues=torch.tensor([1]))),
    (TypeError, "cues", lambda: Cue().reset(cues=[1])),
    (TypeError, "reset.*positions", lambda: Cue().reset(positions=1)),
    (TypeError, "env", lambda: exact.best_memoryless("cue")),
    (ValueError, "looks", lambda: exact.best_memoryless(Cue(), looks=0)),
    (ValueError, "5 looks did not settle", lambda: exact.best_memoryless(Cue(), looks=5)),
])
def test_bad_input_is_refused_by_name(error, name, call):
    with pytest.raises(error, match=name):
        call()


# ---- the best memoryless return --------------------------------------------------------------------------------------


def every_team(env):
    """The return of every deterministic memoryless team, played out by looking up the model: no bound, nothing left
    out."""
    model = env.model()
    seen = [model.obs[:, i].unique(dim=0, return_inverse=True)[1].tolist() for i in range(env.spec.n_agents)]
    rules = [itertools.product(range(env.spec.n_actions), repeat=max(numbers) + 1) for numbers in seen]
    for team in itertools.product(*map(list, rules)):
        total = 0.0
        for x in model.start.tolist():
            for _ in range(env.spec.episode_limit):
                joint = tuple(rule[numbers[x]] for rule, numbers in zip(team, seen))
                total += model.reward[x][joint].item()
                if model.terminated[x][joint]:
                    break
                x = int(model.next_state[x][joint])
        yield total / len(model.start)


def returns_of(env, actions):
    """The mean return of the team that plays actions[X, N] in the model's states, stepped in the environment itself."""
    model, solution = env.model(), exact.solve(env)
    total = []
    for k, start in enumerate(model.start.tolist()):
        one = env.clone(1)
        step = (one.reset(cues=torch.tensor([k]))
                if isinstance(env, Cue) else one.reset(positions=env.placements()[start]))
        value = 0.0
        while not step.ended.item():
            step = one.step(actions[solution.index(step.state)])
            value += step.reward.item()
        total.append(value)
    return sum(total) / len(total)


class Random(TableGame):
    """Four states, two of which look alike to agent 0 and two others to agent 1; random rewards, roads and ends."""

    def __init__(self, seed, num_envs=1):
        super().__init__(num_envs, 2, 2, 4, 5)
        self.seed = seed
        generator = torch.Generator().manual_seed(seed)
        self._next[:] = torch.randint(4, self._next.shape, generator=generator)
        self._reward[:] = torch.randn(self._reward.shape, generator=generator, dtype=torch.float64)
        self._final[:] = torch.rand(self._final.shape, generator=generator) < 0.15

    def model(self):
        plain = super().model()
        plain.obs[1, 0], plain.obs[2, 1] = plain.obs[0, 0], plain.obs[3, 1]
        return plain

    def clone(self, num_envs=None):
        return Random(self.seed, self.num_envs if num_envs is None else num_envs)


@pytest.mark.parametrize("env", [Cue(2), Cue(0), Cue(1, door=0.7), Cue(1, door=0.3), TwoStepGame(),
                                 *map(Random, range(6))],
                         ids=lambda env: type(env).__name__)
def test_equal_to_the_best_of_all_teams(env):
    value, actions = exact.best_memoryless(env)
    assert value == pytest.approx(max(every_team(env)), abs=1e-12)
    model = env.model()
    for i in range(2):                                             # the actions are a function of the observation alone
        for o in model.obs[:, i].unique(dim=0):
            assert len(actions[(model.obs[:, i] == o).all(-1), i].unique()) == 1
    if isinstance(env, Cue):
        assert returns_of(env, actions) == pytest.approx(value, abs=1e-12)


def test_where_everything_is_seen_memory_brings_nothing():
    for env in (TwoStepGame(), GridWorld(size=2), GridWorld(size=2, random_starts=True, episode_limit=8)):
        assert exact.best_memoryless(env)[0] == pytest.approx(exact.solve(env).best_return, abs=1e-12)


def test_the_cue_task_needs_memory():
    """1/2 without, 1 with. Drawing the last actions does not help: agent 0 plays 1 with probability p, agent 1 with q.
    """
    assert exact.best_memoryless(Cue(3))[0] == 0.5 and exact.solve(Cue(3)).best_return == 1.0
    p = torch.linspace(0, 1, 101)
    chance = 0.5 * (1 - p).unsqueeze(1) * p + 0.5 * p.unsqueeze(1) * (1 - p)   # cue 0 pays for (0, 1), cue 1 for (1, 0)
    assert chance.max() == 0.5
    assert exact.best_memoryless(Cue(2, door=0.7))[0] == pytest.approx(0.5 * (1 + 0.7))


def test_a_grid_world_that_needs_memory():
    """3×3, blind agents, all 71 starts: a bound that every memoryless team keeps, reached by one; more can be had with
    memory."""
    env = GridWorld(size=3, view=0, random_starts=True, episode_limit=12)
    value, actions = exact.best_memoryless(env)
    assert returns_of(env, actions) == pytest.approx(value, abs=1e-12)
    assert (value == pytest.approx(9.19154929577465, abs=1e-9)
            and exact.solve(env).best_return == pytest.approx(9.57957746478873))


def test_grid_teams_by_trees():
    """A second proof for blind agents on 3×3. An agent whose own rule does not lead it home from a cell, ignoring
    the other, fails from all 8 starts in that cell, and those 8 failures cost more than the best team loses. The
    rules that do lead home are the 192 spanning trees of the board: all 192² pairs are played."""
    env = GridWorld(size=3, view=0, random_starts=True, episode_limit=12)
    model, places = env.model(), env.placements() @ torch.tensor([3, 1])               # [X, 2] cells
    rules = []
    for i in range(2):
        home = int(env.goals[i] @ torch.tensor([3, 1]))
        options = {c: [a for a in range(4) if env._to[i, c, a] != c] for c in range(9) if c != home}
        for choice in itertools.product(*options.values()):
            to = torch.arange(9)
            to[list(options)] = torch.tensor([int(env._to[i, c, a]) for c, a in zip(options, choice)])
            for _ in range(4):
                to = to[to]                                        # sixteen steps on
            if (to == home).all():
                rules.append((i, torch.zeros(9, dtype=torch.int64).index_put((torch.tensor(list(options)),),
                                                                             torch.tensor(choice))))
    first, second = (torch.stack([rule for who, rule in rules if who == i]) for i in range(2))
    assert len(first) == len(second) == 192
    a, b = first.repeat_interleave(192, 0), second.repeat(192, 1)
    x = model.start.expand(len(a), -1).clone()
    total, alive = torch.zeros(x.shape), torch.ones(x.shape, dtype=torch.bool)
    for _ in range(12):
        joint = x, a.gather(1, places[x, 0]), b.gather(1, places[x, 1])
        total += model.reward[joint] * alive
        alive &= ~model.terminated[joint]
        x = torch.where(alive, model.next_state[joint], x)
    best = total.mean(1).max().item()
    assert best == pytest.approx(exact.best_memoryless(env)[0], abs=1e-12)
    # What a rule that does not lead home costs: 8 starts with at most −0.15 a step, where the worst start could bring
    # v.
    v = torch.zeros(71)
    for _ in range(12):
        v = exact.backup(model, v, 1.0).flatten(1).amax(1)
    assert v.mean() - 8 / 71 * (v.min() + 12 * 0.15) < best
