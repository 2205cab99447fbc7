"""The board to play: the rules of GridWorld in the browser, and a perfect team on it."""

import json
import random

import pytest
import torch
from selenium.webdriver.common.keys import Keys
from touching import PHONE, page  # noqa: F401 - a fixture

from qmix_course import touch
from qmix_course.envs import GridWorld
from tools.notebooks import ROOT

GOLDEN = json.loads((ROOT / "tests" / "data" / "grid_world_golden.json").read_text())["episodes"]
STEP = """touch.put(arguments[0]); return arguments[1].map(actions => ({...touch.step(actions),
          observations: touch.observe(), state: touch.state()}))"""


@pytest.fixture(autouse=True)
def exact_numbers():
    torch.set_default_dtype(torch.float64)


@pytest.mark.parametrize("size", sorted({golden["size"] for golden in GOLDEN} & set(range(2, 7))))
def test_it_plays_the_golden_trajectories(page, size):  # noqa: F811
    page.show(touch.play(size))
    played = 0
    for golden in GOLDEN:
        if golden["size"] != size:
            continue
        steps = golden["steps"]
        start = [[0, 0], [size - 1, size - 1]]
        for wanted, got in zip(steps, page.js(STEP, start, [each["actions"] for each in steps]), strict=True):
            assert got["cells"] == wanted["positions"]
            assert got["reward"] == pytest.approx(wanted["reward"], abs=1e-6)
            assert got["state"] == pytest.approx(wanted["state"], abs=1e-6)
            assert (got["over"] == "terminated") == wanted["terminated"]
            for one, other in zip(got["observations"], wanted["observations"]):
                assert one == pytest.approx(other, abs=1e-6)
        played += 1
    assert played


@pytest.mark.parametrize("size", [2, 3, 5])
def test_it_plays_as_the_library_from_random_starts(page, size):  # noqa: F811
    page.show(touch.play(size))
    dice, env, ends = random.Random(0), GridWorld(size), set()
    for position in dice.sample(env.placements().tolist(), 8):
        env.reset(positions=torch.tensor(position))
        steps, cells, actions = [], [], []
        while not (steps and steps[-1].ended):
            actions.append([dice.randrange(4), dice.randrange(4)])
            steps.append(env.step(torch.tensor([actions[-1]])))
            cells.append(env.positions[0].tolist())
        got = page.js(STEP, position, actions)
        assert [each["cells"] for each in got] == cells
        for each, wanted in zip(got, steps, strict=True):
            assert each["reward"] == pytest.approx(wanted.reward.item(), abs=1e-9)
            assert each["observations"] == [pytest.approx(o) for o in wanted.obs[0].tolist()]
            assert each["state"] == pytest.approx(wanted.state[0].tolist())
        ends.add(got[-1]["over"])
        assert got[-1]["over"] == ("terminated" if wanted.terminated else "truncated")
    assert ends == {"terminated", "truncated"} if size == 3 else ends


def test_by_keys_both_must_choose_and_then_both_move(page):  # noqa: F811
    page.show(touch.play())
    board = page.named(page.find("svg")[0].accessible_name)
    board.send_keys("s")
    assert "Agent 2 has not chosen yet" in page.said() and page.js("return touch.cells") == [[0, 0], [4, 4]]
    board.send_keys(Keys.ARROW_UP)
    assert page.js("return touch.cells") == [[1, 0], [3, 4]] and "Reward −0.65, return −0.65" in page.said()
    for _ in range(3):
        board.send_keys("S", Keys.ARROW_UP)
    assert "return 8.65" in page.said() and "terminated" in page.said()
    assert not any(each.is_enabled() for each in page.find(".pad button"))


def test_by_touch_and_who_is_home_need_not_choose(page):  # noqa: F811
    page.show(touch.play(), width=PHONE)
    page.js("touch.put([[4, 0], [2, 4]])")
    page.tap(page.named("agent 2 right"))
    assert page.js("return touch.cells") == [[4, 0], [2, 4]] and "Agent 2 walks into the wall" in page.said()
    page.tap(page.named("agent 2 up"))
    page.tap(page.named("agent 2 up"))
    assert "Reward 10.00" in page.said() and "return 9.10" in page.said()


@pytest.mark.parametrize("size", [2, 4, 5])
def test_the_team_that_plays_on_is_perfect_from_everywhere(page, size):  # noqa: F811
    page.show(touch.play(size))
    env = GridWorld(size)
    best = best_returns(env)
    for position, wanted in zip(env.placements().tolist(), best):
        total = page.js("touch.put(arguments[0]); let total = 0; while (!touch.over) total += "
                        "touch.step(touch.act()).reward; return total", position)
        assert total == pytest.approx(wanted, abs=1e-9), position


def best_returns(env):
    """The highest undiscounted return from every placement, by dynamic programming over the time limit."""
    model = env.model()
    v = torch.zeros(len(model.state))
    for _ in range(env.spec.episode_limit):
        v = (model.reward + torch.where(model.terminated, 0.0, v[model.next_state])).flatten(1).amax(1)
    return v.tolist()
