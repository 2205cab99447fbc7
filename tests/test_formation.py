"""Formation by its rules: against a slow second version, in situations made by hand, and what the contract asks."""

import itertools
import math
from functools import partial

import pytest
import torch
from touching import DESK, page  # noqa: F401 - a fixture

from qmix_course import plots
from qmix_course.algorithms import QMIX
from qmix_course.envs import Formation, ResetNeeded, check_env
from qmix_course.envs.formation import FormationGuide
from qmix_course.envs.formation_watch import follow
from qmix_course.evaluation import evaluate
from qmix_course.training import TrainConfig, train

STAY, NORTH, SOUTH, EAST, WEST = range(5)
LINE = [(0.0, 0.0), (1.5, 0.0), (3.0, 0.0)]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


def slow_gap(robots, places):
    """Every order, laid middle on middle, in plain Python."""
    n, best = len(robots), math.inf
    for order in itertools.permutations(places):
        shift = [sum(r[k] - p[k] for r, p in zip(robots, order)) / n for k in (0, 1)]
        squares = sum((r[k] - p[k] - shift[k]) ** 2 for r, p in zip(robots, order) for k in (0, 1))
        best = min(best, math.sqrt(squares / n))
    return best


def slow_step(robots, actions, places, size, clock, limit):
    moved = []
    for (x, y), action in zip(robots, actions):
        dx, dy = [(0, 0), (0, 0.5), (0, -0.5), (0.5, 0), (-0.5, 0)][action]
        moved.append((min(max(x + dx, 0.0), size), min(max(y + dy, 0.0), size)))
    gap = slow_gap(moved, places)
    crowded = sum(math.dist(a, b) < 0.75 for a, b in itertools.combinations(moved, 2))
    there = gap <= 0.25 + 1e-9 and not crowded
    reward = 10.0 if there else -0.05 - 0.2 * gap - 0.5 * crowded
    return moved, reward, there, not there and clock + 1 >= limit


def slow_observation(robots, i, size, view):
    seen = [robots[i][0] / (size / 2) - 1, robots[i][1] / (size / 2) - 1]
    for j, (x, y) in enumerate(robots):
        if j != i:
            dx, dy = x - robots[i][0], y - robots[i][1]
            seen += [1.0, dx / view, dy / view] if math.hypot(dx, dy) <= view else [0.0, 0.0, 0.0]
    return seen


SHAPES = {"line": LINE, "wedge": [(0, 0), (-1, -1), (1, -1), (-2, -2)],
          "ring": [(0.75 * math.sqrt(2) * math.cos(k * math.pi / 2), 0.75 * math.sqrt(2) * math.sin(k * math.pi / 2))
                   for k in range(4)],
          "own": [(0.0, 0.0), (2.0, 0.0), (0.0, 3.0)]}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("size, view", [(8.0, 4.0), (4.5, 1.5)])
def test_random_play_agrees_with_the_slow_version(name, size, view):
    """6 rows × 150 steps of four shapes and two planes: 7,200 steps, with ends and cuts in them."""
    places = SHAPES[name]
    shape = torch.tensor(places) if name == "own" else name
    env = Formation(shape, len(places), size, view, episode_limit=13, num_envs=6)
    generator, step = torch.Generator().manual_seed(0), env.reset(seed=3)
    robots, clocks = env.places.tolist(), [0] * 6
    for _ in range(150):
        actions = torch.randint(5, (6, len(places)), generator=generator)
        step = env.step(actions)
        for b in range(6):
            robots[b], reward, there, over = slow_step(robots[b], actions[b].tolist(), places, size, clocks[b], 13)
            clocks[b] += 1
            assert step.reward[b].item() == pytest.approx(reward, abs=1e-9)
            assert (step.terminated[b].item(), step.truncated[b].item()) == (there, over)
            want = [slow_observation(robots[b], i, size, view) for i in range(len(places))]
            torch.testing.assert_close(step.obs[b], torch.tensor(want), atol=1e-12, rtol=0)
            torch.testing.assert_close(step.state[b], torch.tensor([each for own in want for each in own[:2]]))
        if step.ended.any():
            env.reset(where=step.ended)
            for b in step.ended.nonzero().flatten().tolist():
                robots[b], clocks[b] = env.places[b].tolist(), 0


def at(places, shape="line", **options):
    env = Formation(shape, len(places), **options)
    env.reset(places=torch.tensor(places))
    return env


def test_the_shape_counts_anywhere_and_in_any_order_but_not_turned():
    for order in itertools.permutations([(2.0, 5.0), (3.5, 5.0), (5.0, 5.0)]):
        assert at(list(order)).gap().item() == pytest.approx(0.0, abs=1e-7)
    upright = at([(2.0, 2.0), (2.0, 3.5), (2.0, 5.0)])
    assert upright.gap().item() == pytest.approx(math.sqrt(2 * (1.5 ** 2 + 1.5 ** 2) / 3))
    assert upright.step(torch.tensor([[STAY] * 3])).reward.item() == pytest.approx(-0.05 - 0.2 * math.sqrt(3))


def test_one_step_from_the_line():
    env = at([(2.0, 5.0), (3.5, 5.0), (5.0, 6.0)])
    step = env.step(torch.tensor([[STAY, STAY, SOUTH]]))           # half a unit off: 0.5 √2 ÷ 3 = 0.236
    assert env.gap().item() == pytest.approx(0.5 * math.sqrt(2) / 3)
    assert step.reward.item() == 10.0 and step.terminated.item() and not step.truncated.item()
    with pytest.raises(ResetNeeded):
        env.step(torch.tensor([[STAY] * 3]))


def test_robots_in_each_others_way_cost_and_no_shape_counts_with_them():
    env = at([(2.0, 5.0), (2.5, 5.0), (7.0, 1.0)])
    gap = env.gap().item()
    assert env.crowded().item() == 1
    assert env.step(torch.tensor([[STAY] * 3])).reward.item() == pytest.approx(-0.05 - 0.2 * gap - 0.5)
    three = at([(2.0, 5.0), (2.5, 5.0), (2.0, 5.5)])
    assert three.crowded().item() == 3 and three.step(torch.tensor([[STAY] * 3])).reward.item() < -1.5


def test_a_shape_that_is_nearly_there_does_not_count_while_two_are_in_the_way():
    env = at([(2.0, 5.0), (2.625, 5.0)], torch.tensor([[0.0, 0.0], [0.75, 0.0]]))
    step = env.step(torch.tensor([[STAY] * 2]))
    assert env.gap().item() == pytest.approx(0.0625) and env.crowded().item() == 1
    assert not step.terminated.item() and step.reward.item() == pytest.approx(-0.05 - 0.2 * 0.0625 - 0.5)


def test_the_edge_holds_and_the_limit_cuts():
    env = at([(0.0, 0.25), (4.0, 8.0), (8.0, 3.0)], episode_limit=2)
    step = env.step(torch.tensor([[WEST, NORTH, EAST]]))
    assert env.places[0].tolist() == [[0.0, 0.25], [4.0, 8.0], [8.0, 3.0]] and not step.ended.any()
    step = env.step(torch.tensor([[SOUTH, STAY, STAY]]))
    assert env.places[0, 0].tolist() == [0.0, 0.0] and step.truncated.item() and not step.terminated.item()


def test_the_last_step_may_form_the_shape():
    env = at([(2.0, 5.0), (3.5, 5.0), (5.0, 6.0)], episode_limit=1)
    step = env.step(torch.tensor([[STAY, STAY, SOUTH]]))
    assert step.terminated.item() and not step.truncated.item()


def test_no_one_sees_beyond_the_view():
    env = Formation(n_agents=2, view=2.0)
    step = env.reset(places=torch.tensor([(2.0, 2.0), (4.0, 2.0)]))
    assert step.obs[0].tolist() == [[-0.5, -0.5, 1.0, 1.0, 0.0], [0.0, -0.5, 1.0, -1.0, 0.0]]
    step = env.reset(places=torch.tensor([(2.0, 2.0), (4.0625, 2.0)]))
    assert step.obs[0, :, 2:].eq(0).all() and step.state[0].tolist() == [-0.5, -0.5, 0.015625, -0.5]


@pytest.mark.parametrize("shape, n", [("line", 2), ("wedge", 3), ("ring", 5), (torch.tensor(SHAPES["own"]), 3)])
def test_the_contract(shape, n):
    check_env(Formation(shape, n, num_envs=3, episode_limit=9))
    env = Formation(shape, n, num_envs=4, view=3.0)
    assert env.clone().settings() == env.settings() != Formation(shape, n, num_envs=4, view=2.0).settings()
    assert env.clone(2).num_envs == 2
    first = env.reset(seed=5)
    assert torch.equal(env.clone().reset(seed=5).state, first.state)
    assert env.crowded().eq(0).all() and (env.places * 16 == (env.places * 16).round()).all()


def test_starts_are_spread_over_the_plane():
    env = Formation(num_envs=4_000)
    env.reset(seed=0)
    assert env.places.mean((0, 1)).sub(4.0).abs().max() < 0.1 and env.places.min() < 0.2 and env.places.max() > 7.8


def test_nobody_starts_outside_of_a_plane_that_is_no_multiple_of_the_grid():
    env = Formation("line", 2, size=4.01, num_envs=2_000)
    env.reset(seed=0)
    assert env.places.max() == 4.0 and env.places.min() == 0.0
    env.clone().load_state_dict(env.state_dict())


def test_a_run_goes_on_from_a_saved_state_to_the_bit():
    env, generator = Formation("ring", 4, num_envs=3, episode_limit=7), torch.Generator().manual_seed(1)
    step = env.reset(seed=2)
    for _ in range(5):
        step = env.step(torch.randint(5, (3, 4), generator=generator))
    other = env.clone()
    other.load_state_dict(env.state_dict())
    for _ in range(20):
        if step.ended.any():
            step, again = env.reset(where=step.ended), other.reset(where=step.ended)
            assert torch.equal(step.state, again.state)
        actions = torch.randint(5, (3, 4), generator=generator)
        step, again = env.step(actions), other.step(actions)
        assert torch.equal(step.obs, again.obs) and torch.equal(step.reward, again.reward)


@pytest.mark.parametrize("arguments, words", [
    (dict(n_agents=1), "n_agents"), (dict(n_agents=7), "n_agents"), (dict(shape="star"), "shape"),
    (dict(shape=[[0, 0], [1, 0]]), "shape: expected a place"), (dict(shape=[[0, 0], [9, 0], [4, 0]]), "that fits into"),
    (dict(shape=[[0, 0], [0.5, 0], [4, 0]]), "closer"), (dict(size=2.0), "size"), (dict(view=0.0), "view"),
    (dict(shape="line", n_agents=6, size=5.0), "that fits into")])
def test_what_is_refused(arguments, words):
    with pytest.raises((ValueError, TypeError), match=words):
        Formation(**arguments)


def test_starts_that_are_refused():
    env = Formation()
    for places in (torch.zeros(2, 2), torch.full((3, 2), 9.0), torch.zeros(3, 2, dtype=torch.int64), [[0.0, 0.0]] * 3):
        with pytest.raises((ValueError, TypeError), match="places"):
            env.reset(places=places)


@pytest.mark.parametrize("shape, n", [("line", 3), ("wedge", 4), ("ring", 4)])
def test_a_guide_who_sees_everything_gets_there_nearly_always(shape, n):
    """What one hand could do with all robots: a rule of thumb to hold teams against. 512 starts each."""
    env = Formation(shape, n, num_envs=512)
    played = evaluate(env, FormationGuide(env))
    assert played.terminated.double().mean() > 0.95 and 7.5 < played.mean_return < 10


def test_what_is_followed_is_what_evaluate_plays():
    env = Formation(num_envs=40)
    seen, played = follow(env, FormationGuide(env), seed=7), evaluate(env, FormationGuide(env), seed=7)
    assert [len(each.rewards) for each in seen] == played.lengths.tolist()
    torch.testing.assert_close(torch.stack([each.rewards.sum() for each in seen]), played.returns)
    assert [each.formed for each in seen] == played.terminated.tolist()
    for each in seen:
        assert (each.places.diff(dim=0).abs().sum(-1) <= 0.5).all() and len(each.places) == len(each.crowded)
        gap = (each.goals - each.places[-1]).square().sum(-1).mean().sqrt()
        assert not each.formed or gap <= 0.25 + 1e-9 and each.crowded[-1] == 0


def test_tracks_show_every_robot_and_say_how_it_ended():
    env = Formation("wedge", 4, num_envs=3)
    figure = plots.tracks(follow(env, FormationGuide(env)), title="Three starts")
    assert len(figure.axes) == 3 and repr(figure) == "Figure: Three starts"
    for ax in figure.axes:
        assert {text.get_text() for text in ax.texts} == {"1", "2", "3", "4"} and "robot 4 from" in ax.alt
    for bad in ([], [figure], None, "x"):
        with pytest.raises((ValueError, TypeError), match="episodes"):
            plots.tracks(bad)


def test_a_film_of_robots(tmp_path):
    env = Formation("wedge", 3, num_envs=2)
    one = follow(env, FormationGuide(env), seed=3)[1]
    film = plots.animate_tracks(one, tmp_path / "film.gif", title="A ride")
    assert len(film.frames) == len(one.places) and (tmp_path / "film.gif").stat().st_size > 1_000
    assert len({frame.size for frame in film.frames}) == 1 and repr(film) == "Animation: A ride"
    assert "<img" in film._repr_html_() and film.png == plots.animate_tracks(one, title="A ride").png
    assert [len(each) for each in film._piece.data["close"]] == one.crowded.tolist()
    for arguments, name in ((("x",), "episode"), ((one, None, 0), "fps"), ((one, "a.mp4"), "path")):
        with pytest.raises((ValueError, TypeError), match=name):
            plots.animate_tracks(*arguments)


def pairs_within(places, far):
    apart = (places[:, None] - places).square().sum(-1).sqrt()
    return [f"{i + 1} and {j + 1}" for i in range(3) for j in range(i + 1, 3) if apart[i, j] <= far]


def test_the_film_of_robots_in_a_browser_shows_each_moment(page):  # noqa: F811
    env = Formation("line", 3, view=3.0)
    one = follow(env, FormationGuide(env), places=torch.tensor([[2.0, 2.0], [2.5, 2.0], [7.0, 6.0]]))[0]
    page.show(plots.animate_tracks(one)._piece, width=DESK)
    for t in (0, 3, len(one.rewards)):
        page.js("touch.go(arguments[0])", t)
        near = partial(pairs_within, one.places[t])
        said = page.said()
        seen = said.split("See each other: ")[1].split(". ")[0]
        assert set(seen.split(", ")) == set(near(3.0) or ["nobody"])
        close = said.split("each other's way: ")[1].split(". ")[0]
        assert set(close.split(", ")) == set(near(0.75 - 1e-9) or ["nobody"])
        lines = page.js("return [...card.querySelectorAll('svg line')].length")
        assert lines == len(near(3.0)) + one.crowded[t].item()
        middles = page.js("return [...card.querySelectorAll('svg > g[transform]')]"
                          ".map(group => group.getAttribute('transform'))")
        x = [float(each.split("(")[1].split()[0]) for each in middles]
        assert x == pytest.approx([14 + 312 / 8 * each for each in one.places[t, :, 0].tolist()])
    assert "The end: the shape is there" in page.said() and page.complaints() == []
    page.js("card.querySelector('input[type=checkbox]').click()")
    assert page.js("return card.querySelectorAll('svg circle').length") == 3


def test_a_team_learns_the_line_of_two():
    """Two robots side by side, a small plane; seed 0 of the three that were tried, all above."""
    env = Formation("line", 2, size=4.0, num_envs=32)
    team = QMIX.for_env(env, seed=0)
    before = evaluate(env.clone(128), team).terminated.double().mean()
    train(env, team, TrainConfig(total_steps=12_000, epsilon_steps=6_000, evaluate_every=12_000, update_every=16))
    assert before < 0.5 < 0.8 < evaluate(env.clone(128), team).terminated.double().mean()
