"""Epsilon as a slider: exact returns, and an episode whose dice can be followed."""

import pytest
import torch
from selenium.webdriver.common.keys import Keys
from touching import PHONE, page  # noqa: F401 - a fixture

from qmix_course import touch
from qmix_course.envs import GridWorld
from qmix_course.touch._dice import expected_return
from qmix_course.touch._play import perfect


@pytest.fixture(autouse=True)
def exact_numbers():
    torch.set_default_dtype(torch.float64)


def test_the_returns_are_those_of_two_thousand_played_boards():
    """Sampled without the dynamic program: the team's table on the library's own environment."""
    table, boards = perfect(5), GridWorld(num_envs=2000)
    for epsilon in (0.25, 0.75):
        dice = torch.Generator().manual_seed(0)
        step, returns, playing = boards.reset(), torch.zeros(2000), torch.ones(2000, dtype=torch.bool)
        while playing.any():
            cells = (boards.positions @ torch.tensor([5, 1])) @ torch.tensor([25, 1])
            joint = torch.tensor([int(table[cell], 16) for cell in cells.tolist()])
            best = torch.stack([joint // 4, joint % 4], 1)
            random = torch.rand(2000, 2, generator=dice) < epsilon
            step = boards.step(torch.where(random, torch.randint(4, (2000, 2), generator=dice), best))
            returns += step.reward * playing
            playing &= ~step.ended
            if step.ended.any():
                step = boards.reset(where=step.ended)
        distance = abs(returns.mean().item() - expected_return(5, table, epsilon))
        assert distance < 3 * returns.std().item() / 2000**0.5


def test_its_data_are_exact_and_fall_with_epsilon():
    data = touch.dice().data
    assert data["returns"][0] == 8.65 and len(data["returns"]) == len(data["epsilons"]) == 21
    assert data["returns"] == sorted(data["returns"], reverse=True)
    assert data["returns"][15] == round(expected_return(5, perfect(5), 0.75), 2)
    with torch.no_grad():
        torch.set_default_dtype(torch.float32)
        assert touch.dice().data == data                                  # whatever the default dtype


@pytest.mark.parametrize("epsilon, error", [(1.5, ValueError), (-0.05, ValueError), ("0.5", TypeError),
                                            (None, TypeError)])
def test_it_refuses_what_is_no_epsilon(epsilon, error):
    with pytest.raises(error, match="^epsilon: expected"):
        touch.dice(epsilon)
    assert touch.dice(0.31).data["epsilon"] == 0.3


def test_an_episode_is_what_its_dice_say(page):  # noqa: F811
    page.show(touch.dice())
    table, lengths = perfect(5), set()
    for epsilon in (0.0, 0.5, 0.75, 1.0):
        for roll in (1, 2, 3):
            film, dice = page.js("return [touch.play(...arguments), touch.throwDice(arguments[1])]", epsilon, roll)
            assert film["dice"] == dice and len(dice) == 100
            env = GridWorld()
            env.reset()
            for actions, reward, after, coins in zip(film["actions"], film["rewards"], film["positions"][1:], dice):
                cells = env.positions[0] @ torch.tensor([5, 1])
                joint = int(table[int(cells[0]) * 25 + int(cells[1])], 16)
                wanted = [die["action"] if die["coin"] < epsilon else best
                          for die, best in zip(coins, (joint // 4, joint % 4))]
                step = env.step(torch.tensor([wanted]))
                assert actions == wanted and env.positions[0].tolist() == after
                assert reward == pytest.approx(step.reward.item(), abs=1e-9)
            assert step.ended.item() and film["solved"] == step.terminated.item()
            lengths.add(len(film["actions"]))
            assert (len(film["actions"]) == 4) or epsilon > 0
    assert len(lengths) > 4 and 4 in lengths


def test_the_dice_are_fair(page):  # noqa: F811
    page.show(touch.dice())
    dice = page.js("return Array.from({length: 200}, (_, k) => touch.throwDice(k + 1)).flat(2)")
    coins = torch.tensor([die["coin"] for die in dice])
    counts = torch.bincount(torch.tensor([die["action"] for die in dice]), minlength=4)
    assert len(dice) == 40_000 and abs(coins.mean() - 0.5) < 0.006 and 0 <= coins.min() and coins.max() < 1
    assert (counts - 10_000).abs().max() < 350
    assert len({die["coin"] for die in dice}) > 39_000


def test_by_keyboard_and_by_touch(page):  # noqa: F811
    page.show(touch.dice(), width=PHONE)
    knob = page.named("ε")
    knob.send_keys(Keys.HOME)
    assert "With ε = 0.00: 8.65 on average; with the dice of roll 1: 8.65 in 4 steps" in page.said()
    knob.send_keys(Keys.END)
    before = page.said()
    page.tap(page.named("Roll new dice"))
    assert "roll 2" in page.said() and page.said() != before
    page.tap(page.named("One step on"))
    assert "coin" in page.text() and "1 of " in page.text()
