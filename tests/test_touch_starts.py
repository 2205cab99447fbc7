"""The map of all starts: the browser's verdicts are those of the library's own play."""

import pytest
import torch
from selenium.webdriver.common.keys import Keys
from touching import PHONE, page  # noqa: F401 - a fixture

from qmix_course import touch
from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld
from qmix_course.evaluation import evaluate
from qmix_course.touch._starts import best_returns
from qmix_course.training import TrainConfig, train


@pytest.fixture(scope="module")
def team():
    """Optimal from the official start, and lost from some others: it trained for seconds."""
    team = QMIX.for_env(GridWorld(), seed=0)
    train(GridWorld(num_envs=32), team, TrainConfig(seed=0, total_steps=4_000))
    return team


def grades(team):
    """[X]: 2 optimal, 1 slower, 0 never, by playing every start in the library."""
    env = GridWorld(num_envs=599)
    played = evaluate(env, team, positions=env.placements())
    best = torch.tensor(best_returns(GridWorld()))
    return torch.where(played.terminated, torch.where((played.returns - best).abs() < 1e-3, 2, 1), 0).tolist()


def test_every_start_gets_the_librarys_verdict(page, team):  # noqa: F811
    page.show(touch.starts({"hasty": team}))
    found = dict(page.js("return touch.grades"))
    env = GridWorld()
    order = (env.placements() @ torch.tensor([5, 1]) @ torch.tensor([25, 1])).tolist()
    wanted = grades(team)
    assert [found[index] for index in order] == wanted and set(wanted) == {0, 1, 2}
    assert sum(grade is None for grade in found.values()) == 625 - 599
    shown = [int(each.get_attribute("data-count")) for each in page.find("[data-count]")]
    assert shown == [wanted.count(2), wanted.count(1), wanted.count(0)]


def test_a_start_is_picked_by_mouse_and_by_keys(page, team):  # noqa: F811
    page.show(touch.starts({"hasty": team}))
    squares = page.find("svg[role=application] rect")
    squares[0 * 25 + 24].click()                                         # the official start, for its column
    assert "Agent 1 from (0, 4), agent 2 from (0, 4): no such start" in page.said()
    squares[4 * 25 + 4].click()
    assert "Agent 1 from (0, 0), agent 2 from (4, 4): optimal. Return 8.65, the best is 8.65." in page.said()
    page.find("svg[role=application]")[0].send_keys(Keys.ARROW_LEFT)
    assert "agent 2 from (4, 3)" in page.said()
    page.named("Next start of the worst kind").click()
    assert "never reaches both goals" in page.said()
    assert len(page.js("return touch.film")["actions"]) == 100


def test_a_finger_picks_and_another_team_is_chosen(page, team):  # noqa: F811
    page.show(touch.starts({"hasty": team, "fresh": QMIX.for_env(GridWorld(), seed=1)}), width=PHONE)
    page.tap(page.find("svg[role=application] rect")[7 * 25 + 3])
    assert "Agent 1 from (1, 0), agent 2 from (2, 3)" in page.said()
    before = page.text()
    page.named("Team").send_keys("fresh")
    assert page.text() != before and "All starts of fresh" in page.find("svg")[0].accessible_name


def test_best_returns_are_the_exact_ones_in_any_dtype():
    torch.set_default_dtype(torch.float64)
    env = GridWorld()
    found = best_returns(env)
    torch.set_default_dtype(torch.float32)
    assert best_returns(env) == found and max(found) == 10.0
    official = (env.placements() == torch.tensor([[0, 0], [4, 4]])).all(-1).all(-1)
    assert found[int(official.nonzero())] == 8.65


@pytest.mark.parametrize("teams, error", [([], TypeError), ({}, ValueError), ({1: None}, ValueError),
                                          ({"a": "team"}, (TypeError, ValueError))])
def test_it_refuses_what_is_no_team(teams, error):
    with pytest.raises(error):
        touch.starts(teams)
