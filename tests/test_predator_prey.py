"""Predator–prey with punishment against a second, slow version of its rules, and situations made by hand for each rule.
"""

import math
from dataclasses import fields

import pytest
import torch

from qmix_course.algorithms import IQL, QMIX, VDN
from qmix_course.envs import PredatorPrey, ResetNeeded, TeamStep
from qmix_course.training import TrainConfig, train

UP, DOWN, LEFT, RIGHT, STAY, CATCH = range(6)
STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))
GONE = (-1, -1)
SIZES = [  # size, predators, prey, view, limit, punishment
    (10, 8, 8, 2, 200, -1.5), (5, 4, 2, 2, 40, -2.0), (4, 2, 1, 1, 30, 0.0), (3, 5, 4, 3, 50, -1.0),
    (2, 2, 2, 1, 25, -2.0),
    (6, 3, 1, 2, 60, -0.5), (4, 7, 5, 1, 60, -1.0)]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


# ---- a second version of the rules: one row, one creature and one cell at a time
# -----------------------------------------


class SlowGame:
    """One row of the game, with (row, column) pairs in lists and no board."""

    def __init__(self, env, predators, prey):
        self.size, self.view, self.limit, self.punishment = env.size, env.view, env.spec.episode_limit, env.punishment
        self.predators, self.prey, self.clock = [tuple(p) for p in predators], [tuple(p) for p in prey], 0

    def on_board(self, cell):
        return all(0 <= x < self.size for x in cell)

    def free(self, cell):
        return self.on_board(cell) and cell not in self.predators and cell not in self.prey

    @staticmethod
    def beside(cell):
        return [(cell[0] + r, cell[1] + c) for r, c in STEPS]

    def step(self, actions, dice):
        """The reward and both flags. ``dice``: N order keys of predators, M of prey, then a number for each prey's
        move."""
        n, m = len(self.predators), len(self.prey)
        for i in sorted(range(n), key=lambda i: dice[i]):
            if self.predators[i] != GONE and actions[i] < 4:
                target = self.beside(self.predators[i])[actions[i]]
                if self.free(target):
                    self.predators[i] = target
        reward, left = 0.0, set()
        for j in sorted(range(m), key=lambda j: dice[n + j]):
            if self.prey[j] == GONE:
                continue
            hunters = [i for i in range(n) if actions[i] == CATCH and i not in left
                       and self.predators[i] in self.beside(self.prey[j])]
            if len(hunters) >= 2:
                reward += 10
                self.prey[j] = GONE
                for i in hunters:
                    self.predators[i] = GONE
                    left.add(i)
                continue
            if len(hunters) == 1:
                reward += self.punishment
            open_cells = [cell for cell in self.beside(self.prey[j]) if self.free(cell)]
            if open_cells:
                self.prey[j] = open_cells[int(dice[n + m + j] * len(open_cells))]
        self.clock += 1
        terminated = all(p == GONE for p in self.prey) or sum(p != GONE for p in self.predators) < 2
        return reward, terminated, self.clock >= self.limit and not terminated

    def available(self, i):
        here = self.predators[i]
        if here == GONE:
            return [False] * 4 + [True, False]
        return ([self.on_board(cell) for cell in self.beside(here)]
                + [True, any(c in self.prey for c in self.beside(here))])

    def obs(self, i):
        here, around = self.predators[i], range(-self.view, self.view + 1)
        if here == GONE:
            return [0.0] * (3 * len(around) ** 2 + 2)
        cells = [(here[0] + r, here[1] + c) for r in around for c in around]
        inside = [self.on_board(c) for c in cells]
        planes = [[ok and c in self.predators for c, ok in zip(cells, inside)],
                  [ok and c in self.prey for c, ok in zip(cells, inside)], [not ok for ok in inside]]
        return [float(x) for plane in planes for x in plane] + [x / (self.size - 1) for x in here]

    def state(self):
        cells = [(r, c) for r in range(self.size) for c in range(self.size)]
        return [float(c in self.predators) for c in cells] + [float(c in self.prey) for c in cells]


def make(size, n_predators, n_prey, view, limit, punishment, num_envs=1):
    return PredatorPrey(size, n_predators, n_prey, view, limit, punishment, num_envs)


def random_actions(step, generator, hunt=3.0):
    """Random available actions, catch more often than the others, so that much happens."""
    keys = torch.rand(step.available.shape, generator=generator)
    keys[..., CATCH] *= hunt
    return keys.masked_fill(~step.available, -1.0).argmax(-1)


def hold(env, games, step, outcomes):
    """Everything that came out against the slow games."""
    assert env.predators.tolist() == [[list(p) for p in game.predators] for game in games]
    assert env.prey.tolist() == [[list(p) for p in game.prey] for game in games]
    n = env.spec.n_agents
    assert torch.equal(step.obs, torch.tensor([[game.obs(i) for i in range(n)] for game in games]))
    assert torch.equal(step.state, torch.tensor([game.state() for game in games]))
    assert torch.equal(step.available, torch.tensor([[game.available(i) for i in range(n)] for game in games]))
    reward, terminated, truncated = zip(*outcomes)
    assert torch.allclose(step.reward, torch.tensor(reward), rtol=0, atol=1e-12)
    assert step.terminated.tolist() == list(terminated) and step.truncated.tolist() == list(truncated)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_step_by_step_as_the_slow_rules_say(sizes):
    """Four rows, 250 steps, whole episodes with resets; seed 0. The slow version is told the dice, and nothing else."""
    rows, env = 4, make(*sizes, num_envs=4)
    n, m = env.n_predators, env.n_prey
    generator = torch.Generator().manual_seed(0)
    step = env.reset(seed=0)
    games = [SlowGame(env, env.predators[b].tolist(), env.prey[b].tolist()) for b in range(rows)]
    seen = [(0.0, False, False)] * rows
    ends, caught, alone = 0, 0, 0
    for _ in range(250):
        hold(env, games, step, seen)
        if step.ended.any():
            ends += int(step.ended.sum())
            step = env.reset(where=step.ended)
            for b in range(rows):
                if seen[b][1] or seen[b][2]:
                    games[b], seen[b] = SlowGame(env, env.predators[b].tolist(),
                                                 env.prey[b].tolist()), (0.0, False, False)
            hold(env, games, step, seen)
        dice = torch.rand(rows, n + 2 * m, dtype=torch.float64,
                          generator=torch.Generator().set_state(env.state_dict()["generator"])).tolist()
        actions = random_actions(step, generator)
        step = env.step(actions)
        seen = [games[b].step(actions[b].tolist(), dice[b]) for b in range(rows)]
        caught += sum(r >= 5 for r, _, _ in seen)
        alone += sum(r < 0 for r, _, _ in seen)
    assert ends >= 4 and caught >= 2 and (alone >= 10 or sizes[-1] == 0)          # enough happened


# ---- each rule by hand
# -------------------------------------------------------------------------------------------------------


def at(predators, prey, size=5, view=1, punishment=-2.0, limit=20, rows=1):
    env = PredatorPrey(size, len(predators), len(prey), view, limit, punishment, rows)
    return env, env.reset(seed=0, predators=torch.tensor(predators), prey=torch.tensor(prey))


def play(env, *actions):
    return env.step(torch.tensor([actions]).expand(env.num_envs, -1))


def test_two_catch_and_leave_with_their_prey():
    env, _ = at([[1, 2], [2, 1], [4, 4], [4, 0]], [[2, 2], [0, 4]])
    step = play(env, CATCH, CATCH, STAY, STAY)
    assert step.reward.item() == 10 and not step.ended.any()
    assert env.predators[0].tolist() == [[-1, -1], [-1, -1], [4, 4], [4, 0]] and env.prey[0, 0].tolist() == [-1, -1]
    assert step.available[0, :2].tolist() == [[False] * 4 + [True, False]] * 2
    assert (step.obs[0, :2] == 0).all() and step.state[0, :25].nonzero().flatten().tolist() == [20, 24]
    for cell in ((1, 2), (2, 1), (2, 2)):                                      # their cells are free again
        assert step.state[0, cell[0] * 5 + cell[1]] == 0
    with pytest.raises(ValueError, match="action 0 is not available to agent 0"):
        play(env, UP, STAY, STAY, STAY)


def test_a_third_catcher_leaves_too_and_who_only_stands_by_does_not():
    env, _ = at([[1, 2], [2, 1], [3, 2], [2, 3]], [[2, 2]])
    step = play(env, CATCH, CATCH, CATCH, STAY)
    assert step.reward.item() == 10 and step.terminated.item()
    assert env.predators[0].tolist() == [[-1, -1]] * 3 + [[2, 3]]


def test_one_alone_is_punished_and_the_prey_moves_on():
    env, _ = at([[1, 2], [2, 1], [4, 4]], [[2, 2]])
    step = play(env, CATCH, STAY, STAY)
    assert step.reward.item() == -2 and not step.ended.any()
    assert env.prey[0, 0].tolist() in ([3, 2], [2, 3]) and env.predators[0].tolist() == [[1, 2], [2, 1], [4, 4]]
    for p in (0.0, -1.25):
        assert play(at([[1, 2], [4, 4]], [[2, 2]], punishment=p)[0], CATCH, STAY).reward.item() == p


def test_one_alone_beside_two_prey_is_punished_twice():
    env, _ = at([[2, 2], [4, 4]], [[1, 2], [3, 2]])
    assert play(env, CATCH, STAY).reward.item() == -4


def test_a_pair_counts_for_one_prey_only():
    """Both predators stand between two prey: the prey whose turn is first is caught, and the other moves on unhunted.
    """
    env, _ = at([[1, 1], [2, 2]], [[1, 2], [2, 1]], rows=400)
    step = play(env, CATCH, CATCH)
    assert (step.reward == 10).all() and step.terminated.all()                 # no pair is left
    gone = (env.prey == -1).all(-1)
    assert (gone.sum(1) == 1).all() and 150 < gone[:, 0].sum() < 250           # five standard deviations: 50


def test_three_catchers_two_prey_depends_on_whose_turn_is_first():
    """Predators 0 and 1 are beside prey 0; 1 and 2 beside prey 1. The first prey takes its pair along; the third is
    alone."""
    env, _ = at([[2, 0], [2, 2], [2, 4]], [[2, 1], [2, 3]], rows=400)
    step = play(env, CATCH, CATCH, CATCH)
    assert (step.reward == 8).all() and step.terminated.all()
    assert 150 < (env.predators[:, 0] == -1).all(-1).sum() < 250


def test_catching_diagonally_is_not_possible_and_moving_is_not_catching():
    env, step = at([[1, 1], [2, 1], [4, 4]], [[2, 2]])
    assert step.available[0, :, CATCH].tolist() == [False, True, False]
    with pytest.raises(ValueError, match="action 5 is not available to agent 0"):
        play(env, CATCH, CATCH, STAY)
    step = play(env, RIGHT, CATCH, STAY)        # predator 0 arrives at (1, 2) in the same step
    assert step.reward.item() == -2 and env.predators[0, 0].tolist() == [1, 2]


def test_the_edge_of_the_board():
    _, step = at([[0, 0], [4, 2]], [[2, 2]])
    assert step.available[0].tolist() == [[False, True, False, True, True, False],
                                          [True, False, True, True, True, False]]


def test_nobody_walks_into_a_taken_cell():
    env, step = at([[2, 1], [1, 2]], [[2, 2]])
    assert step.available[0, 0, RIGHT]                                         # allowed, and nothing happens
    assert play(env, RIGHT, STAY).reward.item() == 0 and env.predators[0].tolist() == [[2, 1], [1, 2]]
    env, _ = at([[2, 1], [2, 2]], [[4, 4]])
    play(env, RIGHT, STAY)
    assert env.predators[0].tolist() == [[2, 1], [2, 2]]


def test_the_order_in_which_predators_move_is_drawn():
    """Two want the same cell, and one wants the cell that another leaves: who is first decides, each way about as
    often."""
    env, _ = at([[2, 1], [2, 3]], [[0, 0]], rows=400)
    play(env, RIGHT, LEFT)
    first, second = (env.predators[:, i, 1] == 2 for i in (0, 1))
    assert (first ^ second).all() and 150 < first.sum() < 250
    env, _ = at([[2, 1], [2, 2]], [[0, 0]], rows=400)
    play(env, RIGHT, RIGHT)
    assert (env.predators[:, 1, 1] == 3).all() and 150 < (env.predators[:, 0, 1] == 2).sum() < 250
    env, _ = at([[2, 1], [2, 2]], [[0, 0]], rows=400)                          # changing places never works
    play(env, RIGHT, LEFT)
    assert (env.predators == torch.tensor([[2, 1], [2, 2]])).all()


def test_prey_go_to_each_free_neighbour_equally_often():
    env, _ = at([[4, 4], [1, 2]], [[2, 2]], rows=3000)
    play(env, STAY, STAY)
    counts = [(env.prey[:, 0] == torch.tensor(cell)).all(-1).sum().item() for cell in ([3, 2], [2, 1], [2, 3])]
    assert sum(counts) == 3000 and all(abs(count - 1000) < 130 for count in counts)      # five standard deviations
    env, _ = at([[0, 1], [1, 0]], [[0, 0]], rows=10)                           # shut in: it rests
    assert play(env, STAY, STAY).reward.eq(0).all() and (env.prey == 0).all()


def test_a_fleeing_prey_can_still_be_reached_only_where_it_stood():
    """Attempts count where the prey stands before it moves, and the observation shows where it went."""
    env, _ = at([[1, 2], [3, 2]], [[2, 2]], view=2, punishment=-1.0)
    assert play(env, CATCH, STAY).reward.item() == -1
    r, c = env.prey[0, 0].tolist()
    step = play(env, STAY, STAY)
    assert (r, c) != (2, 2) and step.state[0, 25:].sum() == 1


def test_the_end():
    env, _ = at([[1, 2], [2, 1], [4, 4]], [[2, 2], [0, 4]])
    step = play(env, CATCH, CATCH, STAY)        # one prey and one predator are left: over
    assert step.terminated.item() and not step.truncated.item()
    with pytest.raises(ResetNeeded, match=r"row\(s\) \[0"):
        play(env, STAY, STAY, STAY)
    env, _ = at([[1, 2], [2, 1]], [[2, 2]], limit=1)
    step = play(env, CATCH, CATCH)
    assert step.terminated.item() and not step.truncated.item()                # at the limit, terminated wins
    env, _ = at([[1, 2], [2, 1]], [[2, 2]], limit=2)
    assert not play(env, STAY, STAY).ended.item()
    step = play(env, STAY, STAY)
    assert step.truncated.item() and not step.terminated.item()


def test_what_one_sees():
    _, step = at([[0, 0], [1, 1], [4, 4]], [[0, 1], [2, 2]])
    predators, prey, outside, place = (step.obs[0, 0, :9], step.obs[0, 0, 9:18], step.obs[0, 0, 18:27],
                                       step.obs[0, 0, 27:])
    assert predators.view(3, 3).tolist() == [[0, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert prey.view(3, 3).tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert outside.view(3, 3).tolist() == [[1, 1, 1], [1, 0, 0], [1, 0, 0]] and place.tolist() == [0, 0]
    assert step.obs[0, 2, 27:].tolist() == [1, 1]
    # What lies beyond the view makes no difference.
    _, other = at([[0, 0], [1, 1], [3, 4]], [[0, 1], [4, 2]])
    assert torch.equal(step.obs[0, 0], other.obs[0, 0]) and not torch.equal(step.state, other.state)


# ---- the contract
# ---------------------------------------------------------------------------------------------------------------


def test_shapes_types_and_sizes():
    for sizes in SIZES:
        env = make(*sizes, num_envs=3)
        step, spec = env.reset(seed=0), env.spec
        size, n, m, view, limit, _ = sizes
        assert (spec.n_agents, spec.n_actions, spec.obs_dim, spec.state_dim, spec.episode_limit) == (
            n, 6, 3 * (2 * view + 1) ** 2 + 2, 2 * size ** 2, limit)
        assert step.obs.shape == (3, n, spec.obs_dim) and step.state.shape == (3, spec.state_dim)
        assert step.available.shape == (3, n, 6) and step.available.dtype == torch.bool
        assert {step.obs.dtype, step.state.dtype, step.reward.dtype} == {torch.float64}
        assert step.state.sum().item() == 3 * (n + m)
        assert env.clone(7).settings() == env.settings() | {"num_envs": 7}
    torch.set_default_dtype(torch.float32)
    env = PredatorPrey(4, 2, 1)
    step = env.reset()
    after = env.step(random_actions(step, None))
    assert {each.dtype for each in (step.obs, step.state, step.reward, after.obs, after.reward)} == {torch.float32}


def run(env, seed, steps=60):
    """Everything that a run shows; the actions depend on the row alone."""
    step, shown = env.reset(seed=seed), []
    generator = torch.Generator().manual_seed(5)
    for _ in range(steps):
        shown.append(step)
        step = env.step(random_actions(step, generator))
        if step.ended.any():
            shown.append(step)
            step = env.reset(where=step.ended)
    return shown


def same(one: TeamStep, two: TeamStep) -> bool:
    return all(torch.equal(getattr(one, f.name), getattr(two, f.name)) for f in fields(TeamStep))


def test_a_seed_gives_the_same_run_and_another_seed_another():
    env = PredatorPrey(5, 4, 2, 2, 20, -1.0, num_envs=3)
    first = run(env, seed=3)
    assert all(map(same, first, run(env, seed=3))) and all(map(same, first, run(env.clone(), seed=3)))
    assert not same(first[0], run(env, seed=4)[0])


def test_exact_resume_in_the_middle_of_an_episode():
    env = PredatorPrey(5, 4, 2, 2, 20, -1.0, num_envs=3)
    run(env, seed=0, steps=33)
    saved, other = env.state_dict(), env.clone()
    other.load_state_dict(saved)
    generator = torch.Generator().manual_seed(1)
    step = None
    for _ in range(60):
        actions = random_actions(step, generator) if step else torch.full((3, 4), STAY)
        step, again = env.step(actions), other.step(actions)
        assert same(step, again) and torch.equal(env.predators, other.predators)
        if step.ended.any():
            step, again = env.reset(where=step.ended), other.reset(where=step.ended)
            assert same(step, again)
    with pytest.raises(ValueError, match="saved"):
        PredatorPrey(5, 4, 2, 2, 20, -1.0, num_envs=4).load_state_dict(saved)


def test_rows_do_not_disturb_each_other():
    """What row 1 does changes nothing in row 0, neither what happens nor what is drawn."""
    one, two = (PredatorPrey(5, 4, 3, 1, 60, -1.0, num_envs=2) for _ in range(2))
    a, b = one.reset(seed=0), two.reset(seed=0)
    generator, other = torch.Generator().manual_seed(0), torch.Generator().manual_seed(1)
    for _ in range(25):
        first, second = random_actions(a, generator), random_actions(b, other, hunt=0.0)
        second[0] = first[0]
        a, b = one.step(first), two.step(second)
        for f in fields(TeamStep):
            assert torch.equal(getattr(a, f.name)[0], getattr(b, f.name)[0])
        if a.ended.any() or b.ended.any():
            break
    assert not torch.equal(a.state[1], b.state[1])


def test_rows_in_another_order_bring_the_same_in_that_order():
    """With dice that say the same in every row, rows are nothing but copies of the game that stand side by side."""
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    envs = [PredatorPrey(4, 3, 2, 2, 100, -1.0, num_envs=16) for _ in range(2)]
    envs[0].reset(seed=0)
    start = {"predators": envs[0].predators, "prey": envs[0].prey}
    a = envs[0].reset(seed=1, **start)
    b = envs[1].reset(seed=1, **{name: value[order] for name, value in start.items()})
    generator, rand = torch.Generator().manual_seed(0), torch.rand
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "rand", lambda rows, *shape,
                      **options: rand(1, *shape, **options).expand(rows, *shape).clone())
        for _ in range(30):
            actions = random_actions(a, generator)
            a, b = envs[0].step(actions), envs[1].step(actions[order])
            for f in fields(TeamStep):
                assert torch.equal(getattr(a, f.name)[order], getattr(b, f.name))
            if a.ended.any():
                break


def test_reset_where_returns_the_full_batch_and_touches_no_other_row():
    env, _ = at([[1, 2], [2, 1]], [[2, 2]], rows=3, limit=2)
    env.step(torch.tensor([[STAY, STAY], [CATCH, STAY], [STAY, STAY]]))
    before = env.step(torch.full((3, 2), STAY))
    assert before.truncated.all()
    after = env.reset(where=torch.tensor([True, False, True]))
    assert after.truncated.tolist() == [False, True, False] and after.reward[0] == 0
    assert torch.equal(after.obs[1], before.obs[1]) and torch.equal(after.state[1], before.state[1])
    with pytest.raises(ResetNeeded):
        env.step(torch.full((3, 2), STAY))


def test_what_was_returned_does_not_change_later():
    env, first = at([[1, 2], [2, 1]], [[2, 2]])
    kept = [getattr(first, f.name).clone() for f in fields(TeamStep)]
    play(env, CATCH, CATCH), env.reset()
    assert all(torch.equal(getattr(first, f.name), value) for f, value in zip(fields(TeamStep), kept))


def test_beginnings_are_distinct_and_uniform():
    env = PredatorPrey(2, 2, 1, 1, num_envs=24_000)
    env.reset(seed=0)
    cells = torch.cat([env.predators, env.prey], 1) @ torch.tensor([2, 1])
    counts = torch.bincount(cells @ torch.tensor([16, 4, 1]), minlength=64)
    counts = counts[counts > 0]
    assert len(counts) == 4 * 3 * 2 and ((counts - 1000).abs() < 160).all()  # every placement; five standard deviations


BAD = [
    (ValueError, "size", lambda: PredatorPrey(size=1)),
    (TypeError, "size", lambda: PredatorPrey(size=5.0)),
    (ValueError, "n_predators", lambda: PredatorPrey(n_predators=1)),
    (ValueError, "n_prey", lambda: PredatorPrey(n_prey=0)),
    (ValueError, "n_predators, n_prey.*room for 9", lambda: PredatorPrey(size=3, n_predators=6, n_prey=4)),
    (ValueError, "view", lambda: PredatorPrey(view=0)),
    (ValueError, "punishment.*at most 0", lambda: PredatorPrey(punishment=1.0)),
    (ValueError, "punishment", lambda: PredatorPrey(punishment=math.nan)),
    (ValueError, "episode_limit", lambda: PredatorPrey(episode_limit=0)),
    (ValueError, "num_envs", lambda: PredatorPrey(num_envs=0)),
    (ValueError, "prey", lambda: at([[0, 0], [1, 1]], [[2, 2]])[0].reset(predators=torch.tensor([[0, 0], [1, 1]]))),
    (ValueError, "predators.*0 to 4", lambda: at([[0, 0], [5, 1]], [[2, 2]])),
    (ValueError, "same cell in row 0", lambda: at([[0, 0], [2, 2]], [[2, 2]])),
    (TypeError, "prey", lambda: at([[0, 0], [1, 1]], [[2.0, 2.0]])),
    (ValueError, "prey", lambda: at([[0, 0], [1, 1]], [[2, 2]])[0].reset(predators=torch.tensor([[0, 0], [1, 1]]),
                                                                         prey=torch.tensor([[0, 3], [2, 2]]))),
    (TypeError, "reset.*positions", lambda: PredatorPrey().reset(positions=torch.zeros(8, 2))),
    (ValueError, "actions", lambda: play(at([[0, 0], [1, 1]], [[3, 3]])[0], 6, 0)),
    (TypeError, "model", lambda: PredatorPrey().model()),
    (ResetNeeded, "has not been reset", lambda: PredatorPrey(4, 2, 1).step(torch.full((1, 2), STAY))),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input_is_refused_by_name(number):
    error, name, call = BAD[number]
    with pytest.raises(error, match=name):
        call()


# ---- with the rest of the library
# -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm, options", [(IQL, {}), (VDN, {"recurrent": True, "hidden": 8}),
                                                (QMIX, {"shared": True})])
def test_training_never_plays_what_is_unavailable_and_resumes_to_the_same_bits(algorithm, options, tmp_path):
    """An unavailable action would raise in ``step``. Stopped in the middle and resumed: the same weights, bit for bit.
    """
    env = PredatorPrey(4, 3, 1, 1, 15, -1.0, num_envs=8)
    config = TrainConfig(total_steps=960, learning_starts=100, batch_size=8, capacity=200, evaluate_every=240,
                         evaluation_episodes=4)
    whole = algorithm.for_env(env, seed=0, **options)
    history = train(env, whole, config)
    first = algorithm.for_env(env, seed=0, **options)
    calls = iter(range(1000))
    train(env.clone(), first, config, checkpoint=tmp_path / "c.pt", stop=lambda: next(calls) == 63)
    again = algorithm.for_env(env, seed=9, **options)
    resumed = train(env.clone(), again, config, checkpoint=tmp_path / "c.pt", resume=True)
    assert resumed.greedy_return == history.greedy_return and history.updates[-1] > 20
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), whole.parameters()))


def test_through_pettingzoos_door():
    pytest.importorskip("pettingzoo")
    from qmix_course.envs import as_parallel_env, from_parallel_env
    env = PredatorPrey(4, 2, 1, 1, 20, -1.0)
    back = from_parallel_env(as_parallel_env(env.clone()), episode_limit=20)
    inner = int(torch.randint(2**31 - 1, (), generator=torch.Generator().manual_seed(0)))
    one, two, generator = env.reset(seed=inner), back.reset(seed=0), torch.Generator().manual_seed(0)
    for _ in range(20):
        for name in ("available", "reward", "terminated", "truncated", "state"):
            assert torch.equal(getattr(one, name), getattr(two, name)) or one.ended.any() and name == "available"
        assert torch.allclose(one.obs, two.obs, rtol=0, atol=1e-6)             # it goes through float32
        if one.ended.any():
            break
        actions = random_actions(one, generator)
        one, two = env.step(actions), back.step(actions)


def test_the_best_return_that_the_table_compares_with():
    """Within one step only the starts with both predators beside the prey bring 10: a share that can be counted by
    hand."""
    from benchmarks.tables import predator_prey as table
    pairs = 4 * 2 * 1 + 8 * 3 * 2 + 4 * 4 * 3        # a corner has 2 neighbours, an edge cell 3, the others 4
    assert table.GAME["size"] == 4
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(table.GAME, "episode_limit", 1)
        assert table.best_return(-2) == pytest.approx(10 * pairs / (16 * 15 * 14), abs=1e-12)
