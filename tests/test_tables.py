"""make tables: its pieces run, what is stored belongs to today's settings, and its goals were met when it was made."""

from dataclasses import asdict, replace

import pytest
import torch
from matplotlib import pyplot
from stored import as_today

from benchmarks.tables import formation, games, m_step, memory, predator_prey, skirmish, teams, two_step, worlds
from qmix_course import data, exact
from qmix_course.envs import Cue, MatrixGame, TwoStepGame

TABLES = [formation, games, m_step, memory, predator_prey, skirmish, two_step, worlds]


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.NAME)
def test_what_is_stored_can_be_shown(table):
    stored = data.load(table.NAME)
    assert stored["made_by"] == "make tables" and stored["date"] and stored["core_seconds"] > 0
    lines = table.show(stored)
    assert len(lines) >= 4 and all(isinstance(line, str) for line in lines)
    figure = table.figure(stored)
    assert figure.axes
    pyplot.close(figure)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.NAME)
def test_the_pieces_are_independent_and_can_be_sent_to_a_process(table):
    import pickle
    tasks = table.tasks()
    assert len(tasks) > 1 and pickle.loads(pickle.dumps(tasks)) == tasks


def test_the_games_were_trained_with_todays_settings():
    stored = data.load("games")
    assert as_today(stored["settings"]["config"]) == asdict(games.CONFIG)
    assert stored["settings"]["updates"] == games.UPDATES
    assert list(stored["games"]) == list(games.GAMES) and len(games.SEEDS) >= 20
    for game, found in stored["games"].items():
        payoff = torch.tensor(found["payoff"], dtype=torch.float64)
        assert torch.equal(payoff, MatrixGame(games.GAMES[game]).payoff) and found["best"] == payoff.max()
        assert list(found["runs"]) == list(teams.NAMES)
        for run in found["runs"].values():
            assert len(run["value"]) == len(run["joint"]) == len(run["table"]) == len(games.SEEDS)


def test_the_stored_value_is_what_the_greedy_joint_action_pays():
    for found in data.load("games")["games"].values():
        for name, run in found["runs"].items():
            for value, joint, table in zip(run["value"], run["joint"], run["table"]):
                assert value == pytest.approx(found["payoff"][joint[0]][joint[1]])
                # IGM: the table's best entry is played
                if name in ("vdn", "qmix", "cw_qmix", "ow_qmix", "qplex", "maven"):
                    assert table[joint[0]][joint[1]] >= max(map(max, table)) - 2e-3


def test_the_goals_in_the_games():
    """Both variants of QTRAN, and CW-QMIX, choose 8 in QTRAN's game in at least 19 of 20 seeds."""
    stored = data.load("games")
    for name in ("qtran", "qtran_alt", "cw_qmix"):
        assert games.solved(stored, "qtran", name) >= 19, name


def test_the_goals_in_the_two_step_game():
    """Every cell of Q_tot within 0.05 of the exact one in every seed; 8, 7 and 7 are what the teams earn."""
    stored = data.load("two_step")
    assert len(stored["settings"]["seeds"]) == 10 and as_today(stored["settings"]["config"]) == asdict(two_step.CONFIG)
    torch.testing.assert_close(torch.tensor(stored["exact"]), exact.solve(TwoStepGame(), gamma=0.99).q)
    assert two_step.largest(stored["runs"]["qmix"]["table"], stored["exact"]) < 0.05
    assert two_step.largest(stored["runs"]["qmix"]["table"], stored["paper"]) < 0.05
    for name, expected in (("qmix", 8), ("vdn", 7), ("iql", 7)):
        assert stored["runs"][name]["greedy_return"] == [expected] * 10


def test_only_teams_with_memory_and_names_learn_the_cue():
    """The bounds are exact: one half without memory, 0 for agents that nothing tells apart."""
    stored = data.load("memory")
    assert as_today(stored["settings"]["config"]) == asdict(memory.CONFIG) and len(stored["settings"]["seeds"]) >= 20
    assert (max(stored["runs"]["vdn_forgets"]) <= stored["best_memoryless"] == 0.5
            and max(stored["runs"]["vdn_nameless"]) == 0.0)
    assert memory.solved(stored, "vdn") >= 19
    assert memory.solved(stored, "qmix") <= 5 and memory.solved(stored, "qmix_no_cue") >= 15        # lesson 12 says so


def test_the_mixer_without_the_cue_tells_steps_apart_and_cues_not():
    env = Cue()
    team, model = memory.make("qmix_no_cue", env, 0, memory.WAYS["qmix_no_cue"][2]), env.model()
    steps, q = env.spec.episode_limit, torch.randn(1, 2, generator=torch.Generator().manual_seed(0))
    q_tot = team.mixer(q.expand(len(model.state), 2), model.state)
    torch.testing.assert_close(q_tot[:steps], q_tot[steps:])
    assert len(q_tot[:steps].unique()) == steps


def test_a_short_run_of_the_games(monkeypatch):
    """2 seeds, 3 updates: what comes has the shape of what is stored."""
    monkeypatch.setattr(games, "SEEDS", range(2))
    monkeypatch.setattr(games, "UPDATES", 3)
    stored = games.collect([function(*arguments) for function, arguments in games.tasks()])
    assert len(games.show(stored)) == len(games.show(data.load("games")))
    runs = stored["games"]["qtran"]["runs"]
    assert torch.tensor(runs["maven"]["table"]).shape == torch.tensor(runs["ow_qmix"]["joint_table"]).shape == (2, 3, 3)
    assert runs["iql"]["table"] == [None, None] and runs["qmix"]["joint_table"] == [None, None]


def test_a_short_run_of_the_two_step_game(monkeypatch):
    monkeypatch.setattr(two_step, "SEEDS", range(2))
    monkeypatch.setattr(two_step, "CONFIG", replace(two_step.CONFIG, total_steps=1_000))
    stored = two_step.collect([function(*arguments) for function, arguments in two_step.tasks()])
    assert torch.tensor(stored["runs"]["qmix"]["table"]).shape == (2, 3, 2, 2)
    assert len(two_step.show(stored)) == 7


def test_every_joint_action_stands_once_in_the_uniform_data():
    """With MAVEN once for each latent, which stands in the memory of both agents."""
    env = MatrixGame("climbing")
    for name in ("qmix", "maven"):
        team = teams.make(name, env, 0, **games.SIZES)
        batch = games.uniform(team, env)
        latent = team.latent(batch.memory).argmax(1) if name == "maven" else torch.zeros(9, dtype=torch.int64)
        seen = {(int(z), *map(int, u)) for z, u in zip(latent, batch.actions[:, 0])}
        assert len(seen) == len(batch.reward) == 9 * (team.n_latents if name == "maven" else 1)
        for u, r in zip(batch.actions[:, 0].tolist(), batch.reward[:, 0].tolist()):
            assert r == env.payoff[tuple(u)]
        batch.check(1, env.spec, team.memory_dim)


def test_pieces_run_in_processes_of_their_own(monkeypatch):
    """As make tables runs them; the pieces' own results come back in their order."""
    from types import SimpleNamespace

    from benchmarks.tables import __main__ as runner
    table = SimpleNamespace(tasks=lambda: [(divmod, (7, 2)), (torch.get_default_dtype, ()),
                                           (torch.get_num_threads, ())],
                            collect=lambda results: {"results": results})
    monkeypatch.setattr(runner, "TABLES", {"small": table})
    stored = runner.compute(["small"], jobs=2)["small"]
    assert (stored["results"] == [(3, 1), torch.float64, 1] and stored["made_by"] == "make tables"
            and stored["core_seconds"] >= 0)


def test_what_is_stored_of_skirmish_was_measured_with_todays_settings():
    stored = data.load("skirmish")
    assert ({name: as_today(config) for name, config in stored["settings"]["config"].items()}
            == {name: asdict(config) for name, (config, _) in skirmish.RUNS.items()})
    assert stored["settings"]["team"] == skirmish.TEAM and len(stored["settings"]["seeds"]) == 5
    for scenario, (config, names) in skirmish.RUNS.items():
        assert tuple(stored["runs"][scenario]) == names and tuple(stored["rules"][scenario]) == skirmish.RULES
        for runs in stored["runs"][scenario].values():
            assert len(runs) == 5 and all(run["steps"][-1] == config.total_steps for run in runs)
        for rule, found in stored["rules"][scenario].items():           # nothing is trained: the same on every machine
            assert skirmish.scripted(scenario, rule) == found, rule


def test_the_goals_in_skirmish():
    """QMIX wins nearly everything on 3m in every seed, VDN most, IQL about half; and QMIX learns to kite."""
    shares = {name: list(map(skirmish.rate, runs)) for name, runs in data.load("skirmish")["runs"]["3m"].items()}
    assert min(shares["qmix"]) > 0.9 and min(shares["vdn"]) > max(shares["iql"])
    rules = {rule: skirmish.rate(found) for rule, found in data.load("skirmish")["rules"]["3m"].items()}
    assert min(shares["vdn"]) > max(rules.values()) == rules["weakest"] > rules["nearest"] > rules["random"] == 0
    kiting = data.load("skirmish")
    runs, rule = kiting["runs"]["3s_vs_3z"]["qmix"], kiting["rules"]["3s_vs_3z"]["kite"]
    assert min(map(skirmish.rate, runs)) > 0.9
    assert skirmish.counted(runs)["fallen"] < skirmish.counted([rule])["fallen"] < 1


def test_a_small_run_of_skirmish(monkeypatch):
    config, names = skirmish.RUNS["3m"]
    small = replace(config, total_steps=960, learning_starts=200, evaluate_every=480, capacity=1_000, batch_size=16)
    monkeypatch.setattr(skirmish, "RUNS", {"3m": (small, names)})
    monkeypatch.setattr(skirmish, "BATTLES", 8)
    found = skirmish.run("3m", "vdn", 0)
    assert found["steps"] == [480, 960] and len(found["won"]) == 2 and found["deeds"]["battles"] == 8


def test_the_stored_formation_was_measured_with_todays_settings():
    stored = data.load("formation")["settings"]
    for name, config in (("config", formation.CONFIG), ("words", formation.WORDS)):
        assert as_today(stored[name]) == asdict(config)
    assert (stored["task"], stored["seeds"], stored["starts"]) == (formation.TASK, formation.SEEDS, formation.STARTS)
    assert set(data.load("formation")["runs"]) == set(formation.ARMS)
