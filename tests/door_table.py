"""The public doors of the library: how each is called rightly, and what besides is right for each argument."""

import dataclasses
import os

import numpy as np
import torch
from bad_values import Angry
from door_table_figures import FIGURES
from door_table_skirmish import SKIRMISH
from doors import (
    DEVICE,
    Door,
    Slot,
    actions,
    batch_fields,
    config_slots,
    cue,
    entries,
    env_slot,
    finite,
    fixed,
    floats,
    function,
    game,
    grid,
    hunt,
    is_number,
    is_whole,
    long_way,
    m_step,
    matrix,
    memory,
    method,
    noise,
    number,
    numbers,
    parallel,
    plain,
    row_slots,
    rows,
    seed,
    switch,
    team,
    tensor,
    thing,
    whole,
    within,
    word,
    words,
)

from qmix_course import algorithms as algos
from qmix_course import (
    checks,
    choices,
    collect,
    data,
    envs,
    errors,
    evaluation,
    exact,
    experiment,
    exploration,
    intervals,
    lesson,
    mixers,
    own,
    plan,
    replay,
    report,
    representation,
    seeds,
    teams,
    training,
)
from qmix_course.agents import GRUAgents, MLPAgents
from qmix_course.config import TrainConfig
from qmix_course.envs.pettingzoo import from_parallel_env
from qmix_course.envs.to_pettingzoo import as_parallel_env

SPEC = thing(lambda: envs.TwoStepGame().spec, envs.TeamSpec)
GENERATOR = thing(torch.Generator, torch.Generator, none=True)
TEAM = thing(team, algos.Algorithm)
WHERE = tensor(lambda: torch.tensor([True, False]), none=True)
Q = Slot(lambda: torch.rand(2, 3, 4),
         lambda v: plain(v) and v.is_floating_point() and v.shape == (2, 3, 4) and finite(v))
AVAILABLE = tensor(lambda: torch.ones(2, 3, 4, dtype=torch.bool), lambda v: bool(v.any(-1).all()))
CELLS = Slot(lambda: torch.tensor([[[0, 1], [1, 1]], [[0, 0], [2, 2]]]),
             lambda v: v is None or v.dtype == torch.int64 and v.shape in ((2, 2, 2), (2, 2)) and within(0, 2)(v)
             and bool(
                 (v[..., 0, :] != v[..., 1, :]).any(-1).all()))
WIDTHS = Slot(fixed((8, 8)), lambda v: isinstance(v, (tuple, list)) and all(is_whole(k, 1, 1000) for k in v))
HIDDEN, LIMIT = whole(8), whole(50, 1, 2**63 - 1)
SHORT = {"total_steps": 6, "batch_size": 2, "learning_starts": 0, "update_every": 1}
TABLE = numbers([[1.0, 2.0], [2.0, 4.0]])
NETWORK = thing(lambda: torch.nn.Linear(2, 2), torch.nn.Module, called=("target, online",))


def good_algorithm(kind, **slots):
    options = {"gamma": number(0.9, 0.0, 1.0), "double_q": switch(), "td_lambda": number(0.5, 0.0, 1.0),
               "hidden": WIDTHS}
    return function(f"{kind.__name__}.for_env", kind.for_env, env=env_slot(), seed=seed(), **options | slots)


def two(kind):
    """Two teams, for those that learn side by side."""
    return Slot(lambda: [kind.for_env(envs.MatrixGame("two_optima"), seed=k, hidden=(4,)) for k in (0, 1)])


def one_shot():
    game = envs.MatrixGame("two_optima")
    return dataclasses.replace(replay.Batch.padding(2, 1, game.spec), mask=torch.ones(2, 1))


MIXED = {"embed_dim": HIDDEN, "hypernet_dim": whole(8, 0)}

def some_seeds(value):
    """How many, or a list of different ones."""
    return is_whole(value, 1, 100_000) or (isinstance(value, (list, tuple, range)) and len(value) > 0 and len(
        set(value)) == len(value) and all(is_whole(each, 0, 2**63 - 1) for each in value))


ENVS = [
    function("GridWorld", envs.GridWorld, size=whole(3, 2, 200), n_agents=whole(2, 1, 4), num_envs=whole(2),
             episode_limit=LIMIT,
             random_starts=switch(), view=whole(1, 0, none=True)),
    function("MatrixGame", envs.MatrixGame, num_envs=whole(2),
             payoff=Slot(fixed("climbing"), lambda v: (isinstance(v, str) and v in envs.PAYOFFS)
                         or legal_payoff(list(v) if isinstance(v, range) else v))),
    function("TwoStepGame", envs.TwoStepGame, num_envs=whole(2)),
    function("MStepGame", envs.MStepGame, steps=whole(3, 2, 100), num_envs=whole(2)),
    function("LongWay", envs.LongWay, steps=whole(3, 2, 100), near=number(4.0, high=10.0), num_envs=whole(2)),
    function("Cue", envs.Cue, corridor=whole(1, 0, 100), num_envs=whole(2), door=number(0.5, none=True)),
    function("PredatorPrey", envs.PredatorPrey, size=whole(4, 2, 100), n_predators=whole(2, 2, 15),
             n_prey=whole(1, 1, 14), view=whole(1, 1, 50),
             episode_limit=LIMIT, punishment=number(-1.0, -1e308, 0.0), num_envs=whole(2)),
    function("SpeakerListener", envs.SpeakerListener, episode_limit=whole(5, 1, 10_000), num_envs=whole(2)),
    function("penalty", envs.penalty, k=number(-1.0, -1e308, 0.0)),
    function("TeamSpec", envs.TeamSpec, n_agents=whole(2), n_actions=whole(2), obs_dim=whole(2), state_dim=whole(2),
             episode_limit=LIMIT),
    method("GridWorld.reset", grid, seed=seed(none=True), where=WHERE, positions=CELLS),
    method("TwoStepGame.reset", game, seed=seed(none=True), where=WHERE),
    method("Cue.reset", cue, seed=seed(none=True), where=WHERE,
           cues=tensor(lambda: torch.tensor([0, 1]), lambda v: bool(((v == 0) | (v == 1)).all()), none=True)),
    method("PredatorPrey.reset", hunt, seed=seed(none=True), where=WHERE,
           prey=Slot(lambda: torch.tensor([[3, 3]]).expand(2, 1, 2).clone(),
                     lambda v: v.shape in ((2, 1, 2), (1, 2)) and within(0, 3)(v)),
           predators=Slot(lambda: torch.tensor([[[0, 1], [1, 1]]] * 2),
                          lambda v: v.shape in ((2, 2, 2), (2, 2)) and v.dtype == torch.int64 and within(0, 3)(v))),
    method("PredatorPrey.step", hunt, actions=tensor(lambda: torch.full((2, 2), 4))),
    method("GridWorld.step", grid, actions=actions()), method("TwoStepGame.step", game, actions=actions(n_actions=2)),
    method("Cue.step", cue, actions=actions(n_actions=2)),
    *(method(f"{make().__class__.__name__}.reset", make, seed=seed(none=True), where=WHERE)
      for make in (matrix, m_step, long_way, words)),
    method("MatrixGame.step", matrix, actions=actions(n_actions=3)),
    method("MStepGame.step", m_step, actions=actions(n_actions=2)),
    method("LongWay.step", long_way, actions=actions(n_actions=2)),
    method("SpeakerListener.step", words, actions=tensor(lambda: torch.ones(2, 2, dtype=torch.int64), lambda v: bool(
        (v >= 0).all() and (v[:, 0] < 3).all() and (v[:, 1] < 5).all()))),
    Door("as_parallel_env().reset", lambda it, seed: it.reset(seed=seed), {"seed": seed(none=True)}, parallel),
    Door("as_parallel_env().step", lambda it, actions: it.step(actions), {"actions": Slot(
        lambda: {"agent_0": 0, "agent_1": 1}, lambda v: isinstance(v, dict) and set(v) == {"agent_0", "agent_1"}
        and all(is_whole(each, 0, 1) for each in v.values()))}, parallel),
    *(method(f"{make().__class__.__name__}.clone", make, num_envs=whole(2, none=True))
      for make in (grid, game, cue, hunt, matrix, m_step, long_way, words)),
    entries("GridWorld.load_state_dict", grid, clock=within(0, 100), outcome=lambda v: v is None,
            cells=lambda v: within(0, 8)(v) and bool((v[0] != v[1]).all())),
    entries("TwoStepGame.load_state_dict", game, at=within(0, 2), outcome=lambda v: v is None),
    entries("Cue.load_state_dict", cue, at=within(0, 7), outcome=lambda v: v is None),
    entries("PredatorPrey.load_state_dict", hunt, clock=within(0, 5), prey=within(7, 28)),
    *(Door(f"{make().__class__.__name__}.load_state_dict of", lambda it, saved: it.load_state_dict(saved),
           {"saved": Slot(lambda make=make: make().state_dict())}, make) for make in (grid, game, words)),
    function("as_parallel_env", as_parallel_env,
             env=Slot(envs.TwoStepGame, lambda v: isinstance(v, envs.TeamEnv) and v.num_envs == 1)),
    function("from_parallel_env", from_parallel_env, env=Slot(lambda: as_parallel_env(envs.TwoStepGame()), callable),
             num_envs=whole(1, 1, 1, called=("env",)),
             episode_limit=whole(5, 1, 2**63 - 1, none=True), reward=word("mean", "mean", "sum"), images=switch()),
]
NETWORKS = [
    function("MLPAgents", MLPAgents, n_agents=whole(2), obs_dim=whole(3), n_actions=whole(2), hidden=WIDTHS,
             shared=switch(), agent_id=switch(), layer_norm=switch(), orthogonal=switch()),
    function("GRUAgents", GRUAgents, n_agents=whole(2), obs_dim=whole(3), n_actions=whole(2), hidden=HIDDEN,
             shared=switch(), agent_id=switch(),
             last_action=switch()),
    method("MLPAgents.forward", lambda: MLPAgents(2, 3, 2), obs=floats(2, 1, 2, 3, free=2, also=lambda v: True)),
    *(method("GRUAgents.forward", lambda shared=shared: GRUAgents(2, 3, 4, 5, shared),
             obs=floats(2, 1, 2, 3, also=lambda v: True, called=("last_actions",)),
             last_actions=tensor(lambda: torch.full((2, 1, 2), -1), lambda v: bool((v >= -1).all() and (v < 4).all())),
             memory=floats(2, 2, 5, also=lambda v: True, none=True)) for shared in (True, False)),
    function("VDNMixer", mixers.VDNMixer, n_agents=whole(2)),
    function("QMixer", mixers.QMixer, n_agents=whole(2), state_dim=whole(3), **MIXED),
    function("DuplexMixer", mixers.DuplexMixer, n_agents=whole(2), state_dim=whole(3), n_actions=whole(2),
             heads=whole(2), hypernet_dim=whole(8, 0),
             head_hidden=WIDTHS),
    function("CentralMixer", mixers.CentralMixer, n_agents=whole(2), state_dim=whole(3), hidden=HIDDEN),
    method("VDNMixer.forward", lambda: mixers.VDNMixer(2),
           agent_qs=Slot(lambda: torch.ones(3, 2),
                         lambda v: plain(v) and v.is_floating_point() and v.dim() > 0 and v.shape[-1] == 2),
           state=Slot(lambda: None, lambda v: True)),
    *(method(f"{make().__class__.__name__}.forward", make,
             agent_qs=floats(3, 2, also=lambda v: True, called=("state",)), state=floats(3, 4, also=lambda v: True))
      for make in (lambda: mixers.QMixer(2, 4), lambda: mixers.CentralMixer(2, 4, 8))),
    method("DuplexMixer.forward", lambda: mixers.DuplexMixer(2, 4, 3),
           agent_qs=floats(3, 2, also=lambda v: True, called=("state",)), state=floats(3, 4, also=lambda v: True),
           best_qs=floats(3, 2, also=lambda v: True), actions=actions(3, 2, 3)),
]
MEMORY = [
    function("Batch", replay.Batch, **batch_fields()),
    function("Batch.padding", replay.Batch.padding, rows=whole(2, 0, 10**6), length=whole(1), spec=SPEC,
             memory_dim=whole(0, 0), device=DEVICE),
    function("ReplayBuffer", replay.ReplayBuffer, capacity=whole(8), spec=SPEC, length=whole(1),
             memory_dim=whole(0, 0), device=DEVICE),
    method("ReplayBuffer.add", memory, rows=thing(rows, replay.Batch)),
    Door("ReplayBuffer.add of", lambda it, **fields: it.add(replay.Batch(**fields)), row_slots(), memory),
    method("ReplayBuffer.sample", memory, batch_size=whole(2, 1, 3), generator=GENERATOR),
    entries("ReplayBuffer.load_state_dict", memory),
    function("linear_schedule", exploration.linear_schedule, start=number(1.0), end=number(0.0), steps=LIMIT,
             step=whole(1, 0, 2**63 - 1)),
    function("greedy", exploration.greedy, q=Q, available=AVAILABLE),
    function("epsilon_greedy", exploration.epsilon_greedy, q=Q, available=AVAILABLE, epsilon=number(0.5, 0.0, 1.0),
             generator=GENERATOR),
    function("target_divergence", exploration.target_divergence, epsilon=number(0.5, 0.0, 1.0),
             n_actions=whole(3, 1, 2**63 - 1)),
    function("divergence", exploration.divergence, q=Q, noisy=Q, available=AVAILABLE),
    function("ParameterNoise", exploration.ParameterNoise, agents=thing(lambda: team().agents, torch.nn.Module),
             rows=whole(2), generator=GENERATOR, sigma=number(0.1, above=0.0)),
    method("ParameterNoise.redraw", noise, where=tensor(lambda: torch.tensor([True, False]))),
    entries("ParameterNoise.load_state_dict", noise, sigma=lambda v: is_number(v, above=0.0)),
    function("Collector", collect.Collector, env=env_slot(called=("algorithm",)), algorithm=TEAM, seed=seed(),
             generator=GENERATOR, parameter_noise=switch()),
    method("Collector.step", lambda: collect.Collector(grid(), team(), 0, torch.Generator().manual_seed(0)),
           epsilon=number(0.5, 0.0, 1.0)),
]
LEARNING = [
    good_algorithm(algos.IQL), good_algorithm(algos.VDN), good_algorithm(algos.QMIX, **MIXED),
    good_algorithm(algos.CWQMIX, alpha=number(0.5, 0.0, 1.0, 0.0)),
    good_algorithm(algos.OWQMIX, alpha=number(0.5, 0.0, 1.0, 0.0), central_dim=HIDDEN, recurrent=switch()),
    good_algorithm(algos.QTRAN, alternative=switch(), opt_weight=number(1.0, 0.0), nopt_weight=number(1.0, 0.0),
                   joint_dim=HIDDEN),
    good_algorithm(algos.QPLEX, heads=whole(2), hypernet_dim=whole(8, 0), head_hidden=WIDTHS),
    good_algorithm(algos.MAVEN, n_latents=whole(2), mi_weight=number(0.1, 0.0), temperature=number(1.0, above=0.0),
                   discriminator_dim=HIDDEN,
                   hidden=Slot(fixed((8, 8)), lambda v: isinstance(v, (tuple, list)) and len(v) > 0
                               and all(is_whole(k, 1, 1000) for k in v))),
    function("QMIX", algos.QMIX, spec=SPEC, **MIXED),
    *(method("QMIX.act_values", lambda options=options: team(**options),
             obs=floats(2, 2, 6, also=lambda v: True, called=("last_actions",)),
             last_actions=actions(lowest=-1) if options else tensor(actions().good))
             for options in ({}, {"recurrent": True})),
    *(Door(f"{kind.__name__}.loss", lambda it, batch, target: it.loss(batch, target),
           {"batch": thing(rows, replay.Batch),
            "target": Slot(lambda kind=kind: kind.for_env(game()), lambda v: isinstance(v, algos.VDN))},
            lambda kind=kind: kind.for_env(game()))
      for kind in (algos.IQL, algos.VDN, algos.QMIX, algos.CWQMIX, algos.OWQMIX, algos.QTRAN, algos.QPLEX)),
    method("QMIX.see", team, state=Slot(lambda: torch.ones(2, 8), lambda v: v.is_floating_point() and v.dim() > 0
                                        and v.shape[-1] == 8 and finite(v))),
    method("MAVEN.fixed", lambda: team(algos.MAVEN), z=whole(1, 0, 7)),
    method("MAVEN.memory_of", lambda: team(algos.MAVEN),
           z=tensor(lambda: torch.tensor([1, 0]), lambda v: bool((v >= 0).all() and (v < 8).all()), free=True)),
    function("TrainConfig", lambda **a: TrainConfig(**a), **config_slots()),
    function("train", training.train, env=env_slot(called=("algorithm",)), algorithm=TEAM,
             config=thing(lambda: TrainConfig(**SHORT), TrainConfig),
             checkpoint=Slot(fixed(None), lambda v: v is None or isinstance(v, (str, os.PathLike))), resume=switch(),
             on_evaluation=Slot(fixed(None), lambda v: v is None or callable(v)),
             stop=Slot(fixed(None), lambda v: v is None or callable(v))),
    function("soft_update", training.soft_update, target=NETWORK, online=NETWORK, tau=number(0.5, 0.0, 1.0, 0.0)),
    function("hard_update", training.hard_update, target=NETWORK, online=NETWORK),
    function("train_seeds", seeds.train_seeds,
             env=env_slot(lambda: envs.MatrixGame("two_optima"), called=("algorithm", "algorithms")),
             algorithms=two(algos.VDN),
             config=thing(lambda: TrainConfig(**SHORT), TrainConfig),
             seeds=Slot(fixed([0, 1]), lambda v: isinstance(v, (list, tuple, range)) and len(v) == 2
                        and all(is_whole(k, 0, 2**62) for k in v))),
    function("fit_seeds", seeds.fit_seeds, algorithms=two(algos.VDN), batches=Slot(lambda: [one_shot(), one_shot()]),
             config=thing(TrainConfig, TrainConfig), updates=whole(1, 1, errors.LONGEST)),
    function("check_env", envs.check_env, env=env_slot(lambda: grid(num_envs=1, episode_limit=3))),
    function("check_agents", own.check_agents, agents=thing(lambda: MLPAgents(2, 3, 2), torch.nn.Module,
                                                            called=("check_agents",)),
             spec=SPEC),
    function("check_algorithm", own.check_algorithm, algorithm=TEAM),
    function("save_team", teams.save_team, path=Slot(fixed("/nonexistent/team.pt"), lambda v: isinstance(v, str)
                                                     or hasattr(v, "suffix")), algorithm=TEAM),
    function("load_team", teams.load_team, path=Slot(fixed("/nonexistent/team.pt"), called=("checkpoint",)),
             algorithm=TEAM),
    function("evaluate", evaluation.evaluate, env=env_slot(called=("algorithm",)),
             algorithm=Slot(team, lambda v: isinstance(v, (algos.Algorithm, type(abs), Angry))     # whose own errors
                            or type(v) is str and v == "random",
                            called=("actions",)),
             episodes=whole(2, 1, 4, none=True), seed=seed()),
    function("play", evaluation.play, env=env_slot(lambda: grid(num_envs=1), called=("algorithm",)), algorithm=TEAM,
             seed=seed()),
    function("success_interval", evaluation.success_interval, successes=whole(1, 0, 3),
             trials=whole(3, 1, called=("successes",))),
]
# A list of any length is a list of scores; what is wrong within one: test_intervals.py.
SCORES = Slot(fixed([1.0, 2.0]), lambda v: isinstance(v, (list, tuple, range, np.ndarray, torch.Tensor)))
TRUTH = [
    function("solve", exact.solve, env=env_slot(), gamma=number(0.5, 0.0, 1.0)),
    function("every_step", exact.every_step, env=env_slot()),
    function("best_memoryless", exact.best_memoryless, env=env_slot(lambda: envs.Cue(0)), looks=whole(1000, 500)),
    function("q_tot", exact.q_tot, algorithm=TEAM, model=thing(lambda: grid().model(), envs.Model)),
    function("agent_qs", exact.agent_qs, algorithm=TEAM, model=thing(lambda: grid().model(), envs.Model)),
    method("Solution.index", lambda: exact.solve(game()),
           state=Slot(lambda: torch.tensor([[1.0, 0.0, 0.0]]),
                      lambda v: plain(v) and v.is_floating_point() and v.shape[-1] == 3 and within(0, 1)(v))),
    function("classify", representation.classify, payoff=TABLE),
    *(function(f.__name__, f, payoff=TABLE, kind=word("qmix", "qmix", "monotone", *known),
               weights=numbers([[1.0, 2.0], [2.0, 1.0]], low=1e-300, none=True))
      for f, known in ((representation.best_table, ("additive", "igm")),
                       (representation.best_tables, ("additive", "igm")), (representation.errors_by_order, ()))),
    function("mixer_for", representation.mixer_for, table=TABLE, closeness=number(1e-3, 1e-5, 0.1)),
    function("iqm", intervals.iqm, scores=SCORES),
    function("bootstrap", intervals.bootstrap, scores=SCORES, samples=whole(10, 1, 1_000_000), seed=seed(),
             statistic=Slot(fixed(intervals.iqm), callable), level=number(0.9, 0.0, 1.0, 0.0)),
    function("profile", intervals.profile, scores=SCORES, thresholds=SCORES),
    function("improvement", intervals.improvement, ours=SCORES, theirs=SCORES,
             samples=whole(10, 1, 1_000_000), seed=seed(), level=number(0.9, 0.0, 1.0, 0.0)),
    function("Plan", plan.Plan, seeds=Slot(fixed(2), some_seeds), algorithm=word("qmix", *choices.ALGORITHMS),
             env=Slot(fixed("grid"), lambda v: all(isinstance(each, str)
                                                   for each in ([v] if isinstance(v, str) else v))),
             steps=whole(8, 1, 2**63 - 1, none=True),
             settings=Slot(dict, lambda v: isinstance(v, dict)), variants=Slot(dict, lambda v: v == {}),
             scale=Slot(dict, lambda v: v == {}), preset=word("default", *choices.PRESETS),
             punishment=number(-1.0, -1e308, 0.0, none=True), dtype=word("float64", *plan.DTYPES)),
    function("read_plan", plan.read_plan, path=Slot(fixed("/nonexistent/plan.toml"), called=("plan",))),
    function("search", plan.search, ranges=Slot(lambda: {"tau": [0.1, 0.2]}), tries=whole(2, 1, 100_000), seed=seed()),
    function("read_results", experiment.read_results, folder=Slot(fixed("/nonexistent/runs"))),
    function("write_report", report.write_report, folder=Slot(fixed("/nonexistent/runs")),
             samples=whole(2, 1, 1_000_000)),
    function("data.load", data.load, name=word("reference", *data.NAMES)),
    function("lesson.start", lesson.start, number=word("03", *lesson.TITLES, "capstone")),
    function("check", lambda number: checks.check(number), number=Slot(fixed("03"))),
    function("hint", checks.hint, number=word("03.1"), which=whole(1, 1, 3)),
    function("solution", checks.solution, number=word("03.1")),
    function("exercises", checks.exercises, lesson=word("03", *lesson.TITLES)),
]


def legal_payoff(value):
    if not isinstance(value, (torch.Tensor, np.ndarray, list, tuple)):
        return False
    shape = tuple(value.shape) if isinstance(value, torch.Tensor) else np.shape(value)
    return len(shape) > 0 and len(set(shape)) == 1 and numbers(np.zeros(shape).tolist()).legal(value)


DOORS = ENVS + NETWORKS + MEMORY + LEARNING + TRUTH + FIGURES + SKIRMISH
