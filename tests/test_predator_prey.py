"""Predator–prey with punishment against a second, slow version of its rules: row by row and creature by creature."""

import pytest
import torch
from hunts import CATCH, SIZES, make, random_actions

STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))
GONE = (-1, -1)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


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
