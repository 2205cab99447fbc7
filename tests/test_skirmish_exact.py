"""Small skirmishes solved exactly; what is played and what is learned held against it; the scripted teams."""

import itertools

import pytest
import torch
from skirmishes import ATTACK, EAST, STOP, SlowSkirmish, at, play

from qmix_course.algorithms import QMIX
from qmix_course.envs import GridWorld, ResetNeeded, Skirmish
from qmix_course.envs.skirmish_exact import joint_values
from qmix_course.envs.skirmish_scripts import RULES, ScriptedTeam
from qmix_course.evaluation import evaluate
from qmix_course.training import TrainConfig, train


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


DRAW = (45 + 10) * 20 / (45 + 10 + 200)                 # all the damage and the kill, without the win


def by_trying(scenario, places, limit):
    """The best return, by trying every sequence of joint actions in the slow version of the rules."""
    best, actions = -1.0, []

    def go(played, so_far):
        nonlocal best, actions
        world, ended = SlowSkirmish(scenario, limit, places), False
        for joint in played:
            reward, terminated, truncated = world.step(joint)
            ended = terminated or truncated
        if played:
            so_far += reward
        best = max(best, so_far)
        if not ended:
            free = [[a for a, can in enumerate(world.available(unit)) if can] for unit in world.team]
            for joint in itertools.product(*free):
                go([*played, joint], so_far)

    go([], 0.0)
    return best


@pytest.mark.parametrize("team, enemies, limit", [([[8, 12]], [[14, 12]], 5), ([[8, 12]], [[15, 13]], 5),
                                                  ([[9, 12], [9, 13]], [[14, 12]], 3)])
def test_the_exact_value_is_the_best_of_all_sequences_of_actions(team, enemies, limit):
    env, _ = at(team, enemies, limit=limit)
    scenario = f"{len(team)}m_vs_{len(enemies)}m"
    best = by_trying(scenario, [*team, *enemies], limit)
    assert best > 0 and joint_values(env).max().item() == pytest.approx(best, abs=1e-12)


def test_one_against_one_can_only_fall_together():
    """The best that a lone marine can do against its like is a draw; from out of reach too, with time to come near."""
    for start, limit in (([8, 12], 9), ([6, 12], 14), ([8, 10], 16)):
        env, step = at([start], [[14, 12]], limit=limit)
        q = joint_values(env)
        assert q.max().item() == pytest.approx(DRAW)
        assert ((q == -torch.inf) == ~step.available[0, 0]).all()
        total = 0.0
        while not step.ended.item():                        # played by its own values: exactly what they promised
            q = joint_values(env)
            best = q.max().item()
            step = play(env, int(q.argmax()))
            after = 0.0 if step.ended.item() else joint_values(env).max().item()
            assert best == pytest.approx(step.reward.item() + after)
            total += step.reward.item()
        assert total == pytest.approx(DRAW)


def test_two_against_one_win_and_waiting_costs_it_within_five_steps():
    env, _ = at([[9, 12], [9, 13]], [[14, 12]], limit=5)
    q = joint_values(env)
    assert q.max().item() == pytest.approx(20) and q[ATTACK, ATTACK].item() == pytest.approx(20)
    assert q[STOP, ATTACK].item() == pytest.approx(20)      # shots in steps 2 and 4, and 1, 3 and 5: five in all
    assert q[STOP, STOP].item() == pytest.approx(36 * 20 / 255)
    discounted = joint_values(env, gamma=0.5).max().item()
    assert discounted == pytest.approx(20 / 255 * (18 + 0.25 * 18 + 0.0625 * (9 + 10 + 200)))


def test_what_cannot_be_valued_is_refused():
    with pytest.raises(ValueError, match="env.*not been reset"):
        joint_values(Skirmish("1m"))
    with pytest.raises(TypeError, match="env"):
        joint_values(GridWorld())
    env, _ = at([[8, 12]], [[14, 12]], limit=1)
    with pytest.raises(ValueError, match="gamma"):
        joint_values(env, gamma=2.0)
    play(env, STOP)
    with pytest.raises(ResetNeeded):
        joint_values(env)
    env = Skirmish("3m")
    env.reset(seed=0)
    with pytest.raises(ValueError, match="env: .*transitions"):
        joint_values(env)


def test_a_team_learns_what_is_the_best_there_is():
    """1 against 1: a draw from every start. 2 against 1: a win from every start. A random team gets about 1 and 5."""
    torch.set_default_dtype(torch.float32)
    for scenario, best, random in (("1m", DRAW, 2.0), ("2m_vs_1m", 20.0, 7.0)):
        env, many = Skirmish(scenario, 32), Skirmish(scenario, 200)
        assert evaluate(many, ScriptedTeam(many, "random")).mean_return < random
        team = QMIX.for_env(env, seed=0, shared=True)
        train(env, team, TrainConfig(total_steps=20_000, learning_rate=1e-3, learning_starts=1_000,
                                     evaluate_every=20_000))
        returns = evaluate(many, team).returns
        assert (returns > best - 1e-4).double().mean() > 0.95 and (returns < best + 1e-4).all()


def test_the_truth_of_exercise_19_4_and_its_slips_are_what_is_measured():
    from qmix_course.checks.lesson19.largest import SLIPS, TRUTH
    counts = {"won": {}, "any": {}, "all": {}, "returns of 10": {}}
    for rule in TRUTH:
        for zealots in range(4, 9):
            env = Skirmish(f"5s_vs_{zealots}z", num_envs=200)
            returns = evaluate(env, ScriptedTeam(env, rule)).returns
            wins = int(env.won(returns).sum())
            for name, holds in (("won", wins >= 100), ("any", wins >= 1), ("all", wins == 200),
                                ("returns of 10", returns.mean() >= 10)):
                if holds:
                    counts[name][rule] = zealots
    assert counts.pop("won") == TRUTH and all(SLIPS[name] == found for name, found in counts.items())


# ---- the scripted teams ----------------------------------------------------------------------------------------------


def test_nearest_and_weakest_choose_as_they_say():
    env, step = at([[8, 12], [12, 12]], [[14, 12], [13, 12]], "2m")
    near = ScriptedTeam(env, "nearest").act_values(step.obs)[0].masked_fill(~step.available, -1)
    assert near.argmax(-1).tolist() == [[ATTACK + 1, ATTACK + 1]]
    step = play(env, ATTACK, ATTACK)                        # enemy 0 is hurt, and farther away
    for rule, choice in (("weakest", ATTACK), ("nearest", ATTACK + 1)):
        q = ScriptedTeam(env, rule).act_values(step.obs)[0].masked_fill(~step.available, -1)
        assert q.argmax(-1).tolist() == [[choice, choice]]
    away = ScriptedTeam(env, "kite").act_values(step.obs)[0].masked_fill(~step.available, -1)
    assert away.argmax(-1).tolist() == [[5, 5]]             # both wait, and the enemies are in the east
    _, step = at([[8, 12], [8, 4]], [[16.5, 12]])           # in sight but out of reach: towards it; out of sight: stop
    assert ScriptedTeam(env.clone(), "nearest").spec == env.spec
    env = Skirmish("2m_vs_1m")
    q = ScriptedTeam(env, "nearest").act_values(step.obs)[0].masked_fill(~step.available, -1)
    assert q.argmax(-1).tolist() == [[EAST, STOP]]


def test_what_rules_of_thumb_win():
    """Kiting is for those who are faster and reach farther: 3 stalkers against 3 zealots."""
    rates = {}
    for scenario in ("3m", "3s_vs_3z"):
        env = Skirmish(scenario, 200)
        for rule in RULES:
            rates[scenario, rule] = env.won(evaluate(env, ScriptedTeam(env, rule)).returns).double().mean().item()
    assert rates["3m", "random"] == 0 == rates["3s_vs_3z", "random"]
    assert 0.15 < rates["3m", "nearest"] < rates["3m", "weakest"] < 0.45 and rates["3m", "kite"] < 0.25
    assert rates["3s_vs_3z", "nearest"] < 0.2 < 0.4 < rates["3s_vs_3z", "weakest"] < 0.8
    assert rates["3s_vs_3z", "kite"] == 1


def test_a_random_team_plays_all_that_is_available_equally_often_and_repeats_itself():
    env = Skirmish("3m", 500)
    step, team = env.reset(seed=0), ScriptedTeam(env, "random", seed=3)
    q = team.act_values(step.obs)[0]
    counts = torch.bincount(q.masked_fill(~step.available, -1).argmax(-1).flatten(), minlength=9)
    assert counts[0] == 0 and (counts[1:6] - 300).abs().max() < 80
    assert torch.equal(q, ScriptedTeam(env, "random", seed=3).act_values(step.obs)[0])
    with pytest.raises(ValueError, match="rule"):
        ScriptedTeam(env, "strongest")
    with pytest.raises(TypeError, match="env"):
        ScriptedTeam(GridWorld(), "nearest")
