"""What a step is for the team: the browser says what the bridge does, in every combination of flags."""

import itertools
import warnings

import pytest
import torch
from parallel_worlds import World
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from touching import DESK, PHONE, page  # noqa: F401 - a fixture

from qmix_course import touch
from qmix_course.envs.pettingzoo import from_parallel_env

NAMES = ("robot 1", "robot 2", "robot 3")
PLAYS_ON, TERMINATED, TRUNCATED, BOTH, LEFT_BEFORE = range(5)
REWARDS = [1.0, -2.5, 4.0]


class Told(World):
    """Two steps: in the first one those leave who have left before, in the second one everybody is flagged as told."""

    def __init__(self, flags):
        super().__init__(cycles=9, team=NAMES)
        self.now = dict(zip(NAMES, flags))

    def step(self, actions):
        self.t += 1
        playing = list(self.agents)
        first = {a: TERMINATED if self.now[a] == LEFT_BEFORE else PLAYS_ON for a in playing}
        flag = first if self.t == 1 else {a: self.now[a] for a in playing}
        self.agents = [a for a in playing if flag[a] == PLAYS_ON]
        return (self.observe(playing), {a: REWARDS[NAMES.index(a)] if self.t == 2 else 1.0 for a in playing},
                {a: flag[a] in (TERMINATED, BOTH) for a in playing},
                {a: flag[a] in (TRUNCATED, BOTH) for a in playing}, {a: {} for a in playing})


def test_every_combination_is_what_the_bridge_says(page):  # noqa: F811
    page.show(touch.outcome())
    tried, kinds = 0, set()
    for flags in itertools.product(range(5), repeat=3):
        if set(flags) == {LEFT_BEFORE}:
            continue                                            # then nobody plays the step
        for limit, reward in itertools.product((False, True), ("mean", "sum")):
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                env = from_parallel_env(lambda flags=flags: Told(flags), episode_limit=2 if limit else 9,
                                        reward=reward)
                env.reset(seed=0)
                for _ in range(2):
                    step = env.step(torch.zeros(1, 3, dtype=torch.int64))
            got = page.js("return touch.outcome(...arguments)", list(flags), limit, reward == "sum", REWARDS)
            wanted = step.terminated.item(), step.truncated.item()
            assert (got["terminated"], got["truncated"]) == wanted, (flags, limit)
            assert got["reward"] == pytest.approx(step.reward.item(), abs=1e-6), (flags, reward)
            value = step.reward.item() + (0 if wanted[0] else 0.9 * 10)
            assert f"{value:.2f}".replace("-", "\u2212") in page.text().split("Target: ")[1]
            assert page.said().startswith(f"For the team: terminated {wanted[0]}, truncated {wanted[1]}, reward")
            warned = any("does not pay all agents the same" in str(each.message) for each in said)
            assert warned == ("Not all who played are paid the same" in page.text()), flags
            tried, kinds = tried + 1, kinds | {wanted}
    assert tried == 4 * (5**3 - 1) and len(kinds) == 3 and page.complaints() == []


def test_by_hand_on_a_phone(page):  # noqa: F811
    page.show(touch.outcome(), width=PHONE)
    assert page.said() == "For the team: terminated True, truncated False, reward 2.00."
    assert "Target: the reward alone, 2.00. Told as a cut it would be 11.00." in page.text()
    for name in NAMES:
        page.named(f"flag of {name}").send_keys("trun")
    assert page.said().startswith("For the team: terminated False, truncated True")
    assert "= 2.00 + 0.9 · 10 = 11.00. Told as an end it would be 2.00." in page.text()
    page.named("flag of robot 3").send_keys("plays")
    assert "The episode goes on: robot 3 plays on." in page.text()
    page.named("episode_limit is reached").click()
    assert "Our own clock has run out" in page.text()
    page.named("The team is paid the").send_keys("sum")
    assert "1 + 1 + 4 = 6.00" in page.text()
    assert page.js("return document.documentElement.scrollWidth <= window.innerWidth")
    page.named("Reset: all as at the start").click()
    assert page.said() == "For the team: terminated True, truncated False, reward 2.00."


def test_nobody_is_left_to_play_and_what_is_no_number(page):  # noqa: F811
    page.show(touch.outcome(), width=DESK)
    for name in NAMES:
        page.named(f"flag of {name}").send_keys("left")
    assert [each.find_element(By.CSS_SELECTOR, "option:checked").text for each in page.find("tr select")] == [
        "left before", "left before", "both flags"], "the last one plays this step"
    assert [each.is_enabled() for each in page.find("input[type=number]")] == [False, False, True]
    assert "(0 + 0 + 4) / 3 = 1.33" in page.text()
    field = page.find("input[type=number]")[2]
    field.send_keys(Keys.CONTROL + "a")
    field.send_keys(Keys.BACKSPACE)
    assert field.get_attribute("aria-invalid") == "true" and "(0 + 0 + 4) / 3" in page.text()
    assert "The marked reward is no number below a million" in page.text()
    field.send_keys("1e39")
    assert field.get_attribute("aria-invalid") == "true" and "(0 + 0 + 1000) / 3" in page.text(), "1e3 was a number"
    for _ in "1e39":
        field.send_keys(Keys.BACKSPACE)
    field.send_keys("-3")
    assert field.get_attribute("aria-invalid") is None and "(0 + 0 + \u22123) / 3 = \u22121.00" in page.text()
