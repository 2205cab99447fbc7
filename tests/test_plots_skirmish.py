"""Battles in pictures, as films, and as pieces to touch: they show what happened, and nothing else."""

import pytest
import torch
from skirmishes import at
from touching import DESK, page  # noqa: F401 - a fixture

from qmix_course import plots, touch
from qmix_course.envs import Skirmish
from qmix_course.envs.skirmish_scripts import ScriptedTeam
from qmix_course.envs.skirmish_watch import deeds, watch
from qmix_course.evaluation import evaluate


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def scenes(scenario="3m", rule="weakest", row=1):
    env = Skirmish(scenario, num_envs=row + 1)
    return watch(env, ScriptedTeam(env, rule))[row]


# ---- what is written down and counted --------------------------------------------------------------------------------


def test_what_is_watched_is_what_evaluate_plays():
    env = Skirmish("3m", num_envs=40)
    seen = watch(env, ScriptedTeam(env, "weakest"), seed=7)
    played = evaluate(env, ScriptedTeam(env, "weakest"), seed=7)
    assert [len(each.rewards) for each in seen] == played.lengths.tolist()
    torch.testing.assert_close(torch.stack([each.rewards.sum() for each in seen]), played.returns)
    assert [each.won for each in seen] == env.won(played.returns).tolist() and len({each.won for each in seen}) == 2
    for each in seen:                                   # every loss of health is the damage of the shots that were seen
        hits = (each.shots.double() * each.attack[:, None]).sum(1)
        assert torch.equal(torch.minimum(hits, each.health[:-1]), each.health[:-1] - each.health[1:])


def test_deeds_of_a_battle_that_can_be_counted_by_hand():
    env, _ = at([[9, 12], [9, 13], [9, 11]], [[14, 12]])
    start = {"team": torch.tensor([[9.0, 12], [9, 13], [9, 11]]), "enemies": torch.tensor([[14.0, 12]])}
    found = deeds(watch(env, ScriptedTeam(env, "nearest"), **start))
    assert (found.battles, found.wins, found.fallen) == (1, 1, 0)
    assert (found.shots, found.kills, found.volleys, found.focused) == (6, 1, 2, 2)
    assert (found.dealt, found.wasted) == (45, 9)
    env, _ = at([[9, 12], [9, 4]], [[14, 12], [14, 4]])             # each at its own enemy: no focus, nothing wasted
    start = {"team": torch.tensor([[9.0, 12], [9, 4]]), "enemies": torch.tensor([[14.0, 12], [14, 4]])}
    found = deeds(watch(env, ScriptedTeam(env, "nearest"), **start))
    assert (found.wins, found.fallen, found.shots, found.kills) == (0, 2, 10, 2)
    assert (found.volleys, found.focused, found.dealt, found.wasted) == (5, 0, 90, 0)
    with pytest.raises(ValueError, match="scenes"):
        deeds([])


# ---- pictures --------------------------------------------------------------------------------------------------------


def test_a_moment_shows_the_living_their_health_the_fallen_and_the_shots():
    one = scenes()
    for t in (0, 6, len(one.rewards)):
        ax = plots.battle(one, t).axes[0]
        alive = int((one.health[t] > 0).sum())
        fired = int(one.shots[t].sum()) if t < len(one.rewards) else 0
        crosses = [line for line in ax.lines if line.get_marker() == "x"]
        assert len(ax.texts) == alive and len(crosses) == 6 - alive and len(ax.lines) == fired + 6 - alive
        assert len(ax.patches) == 3 * alive
        places = {tuple(text.get_position()) for text in ax.texts}
        assert len(places) == alive                                 # nobody hides another
    assert "agent 1 has 45 of 45" in plots.battle(one).axes[0].alt
    kinds = plots.battle(scenes("2s3z")).axes[0]
    assert {text.get_text() for text in kinds.texts} == {"1s", "2s", "3z", "4z", "5z"}


def test_strips_and_films(tmp_path):
    one = scenes()
    assert len(plots.battle_strip(one).axes) == 8 and len(plots.battle_strip(one, [0, 3]).axes) == 2
    film = plots.animate_battle(one, tmp_path / "film.gif", title="A battle")
    assert len(film.frames) == len(one.rewards) + 1 and (tmp_path / "film.gif").stat().st_size > 1_000
    assert len({frame.size for frame in film.frames}) == 1
    assert repr(film) == "Animation: A battle"
    assert "<img" in film._repr_html_() and film.png == plots.animate_battle(one, title="A battle").png


@pytest.mark.parametrize("call, name", [
    (lambda: plots.battle("3m"), "scenes"), (lambda: plots.battle(scenes(), 99), "t: expected at most"),
    (lambda: plots.battle_strip(scenes(), [99]), "moments"), (lambda: plots.battle_strip(scenes(), []), "moments"),
    (lambda: plots.animate_battle(scenes(), fps=0), "fps"), (lambda: plots.animate_battle(scenes(), "a.mp4"), "path")])
def test_what_cannot_be_drawn_is_refused(call, name):
    with pytest.raises((ValueError, TypeError), match=name):
        call()


def test_the_film_in_a_browser_shows_each_moment(page):  # noqa: F811
    one = scenes()
    page.show(plots.animate_battle(one)._piece, width=DESK)
    for t in (0, 6, len(one.rewards)):
        page.js("touch.go(arguments[0])", t)
        standing = [int((one.health[t, side] > 0).sum()) for side in (slice(0, 3), slice(3, 6))]
        assert f"{standing[0]} of the team and {standing[1]} enemies stand" in page.said()
        shown = page.js("return [...card.querySelectorAll('svg g[visibility=visible]')].length")
        lines = page.js("return card.querySelectorAll('svg line').length")
        assert shown == sum(standing)
        assert lines == (int(one.shots[t].sum()) if t < len(one.rewards) else 0)
    assert "The end:" in page.said() and page.complaints() == []
    assert touch.battle.__name__ == "battle"
