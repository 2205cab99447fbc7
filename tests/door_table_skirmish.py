"""The public doors of Skirmish and Formation, as door_table.py has those of all else."""

import torch
from doors import (
    AX,
    Door,
    Slot,
    entries,
    fixed,
    function,
    method,
    number,
    numbers,
    plain,
    robots,
    seed,
    skirmish,
    tensor,
    text,
    thing,
    whole,
    within,
    word,
)

from qmix_course import envs, plots
from qmix_course.algorithms import VDN, Algorithm
from qmix_course.envs.formation import SHAPES, FormationGuide
from qmix_course.envs.formation_watch import Tracks, follow
from qmix_course.envs.skirmish_exact import joint_values
from qmix_course.envs.skirmish_scripts import RULES, ScriptedTeam
from qmix_course.envs.skirmish_watch import Scenes, deeds, watch

ENV = thing(skirmish, envs.Skirmish)


def places(*good):
    """[N, 2] or [B, N, 2], multiples of 1/4 on the field, in any kind of floating point or whole numbers."""
    count = len(good)

    def legal(value):
        return bool(plain(value) and value.shape in ((2, count, 2), (count, 2)) and within(0, 24)(value)
                    and (value * 4 == (value * 4).floor()).all())
    return Slot(lambda: torch.tensor(good, dtype=torch.float64), legal)


def on_the_grid(value):
    return within(0, 24)(value) and bool((value * 4 == (value * 4).floor()).all())


def whole_health(value):
    return within(0, 45)(value) and bool((value == value.floor()).all())


def scenes():
    return watch(skirmish(), ScriptedTeam(skirmish(), "weakest"))[0]


SCENES = thing(scenes, Scenes)
SKIRMISH = [
    function("battle", plots.battle, scenes=SCENES, t=whole(1, 0, 4), ax=AX, title=text()),
    function("battle_strip", plots.battle_strip, scenes=SCENES, title=text(), per_row=whole(2, 1, 10**9),
             moments=numbers([0, 2], whole=True, low=0, high=4, none=True)),
    function("animate_battle", plots.animate_battle, scenes=SCENES, title=text(),
             path=Slot(fixed(None), lambda v: v is None), fps=numbers(2.0, low=1e-6, high=50.0)),
    function("Skirmish", envs.Skirmish, scenario=Slot(fixed("2m_vs_1m")), num_envs=whole(2),
             episode_limit=whole(50, 1, 2**63 - 1, none=True)),
    method("Skirmish.reset", skirmish, seed=seed(none=True),
           where=tensor(lambda: torch.tensor([True, False]), none=True), team=places([8.0, 12.0], [8.0, 13.0]),
           enemies=places([16.0, 12.0])),
    method("Skirmish.step", skirmish, actions=tensor(lambda: torch.full((2, 2), 1), within(1, 6))),
    method("Skirmish.shots", skirmish, actions=tensor(lambda: torch.full((2, 2), 1))),
    method("Skirmish.won", skirmish, returns=Slot(lambda: torch.tensor([20.0, 3.0]), plain)),
    method("Skirmish.clone", skirmish, num_envs=whole(2, none=True)),
    entries("Skirmish.load_state_dict", skirmish, clock=within(0, 4), episode=within(0, 2**63 - 1), wait=within(0, 1),
            x=on_the_grid, y=on_the_grid, health=whole_health),
    function("joint_values", joint_values, env=ENV, gamma=number(0.9, 0.0, 1.0)),
    function("ScriptedTeam", ScriptedTeam, env=ENV, rule=word("nearest", *RULES), seed=seed()),
    Door("ScriptedTeam.act_values", lambda it, obs: it.act_values(obs),
         {"obs": Slot(lambda: skirmish().reset(seed=0).obs, lambda v: bool(
             plain(v) and v.is_floating_point() and v.dim() == 3 and v.shape[1:] == (2, 17)))},
         lambda: ScriptedTeam(skirmish(), "kite")),
    function("watch", watch, env=thing(skirmish, envs.Skirmish), seed=seed(),
             algorithm=thing(lambda: VDN.for_env(skirmish(), hidden=(4,)), Algorithm)),
    function("deeds", deeds, scenes=Slot(lambda: watch(skirmish(), ScriptedTeam(skirmish(), "weakest")))),
    function("Formation", envs.Formation, shape=word("line", *SHAPES), n_agents=whole(3, 2, 6),
             size=number(8.0, 4.0, 1000.0), view=number(4.0, above=0.0),
             episode_limit=whole(40, 1, 2**63 - 1), num_envs=whole(2)),
    method("Formation.reset", robots, seed=seed(none=True),
           where=tensor(lambda: torch.tensor([True, False]), none=True),
           places=Slot(lambda: torch.tensor([[1.0, 1.0], [3.0, 2.5]]), lambda v: v is None or bool(
               plain(v) and v.is_floating_point() and v.shape in ((2, 2, 2), (2, 2)) and within(0, 8)(v)))),
    method("Formation.step", robots, actions=tensor(lambda: torch.full((2, 2), 1), within(0, 4))),
    method("Formation.clone", robots, num_envs=whole(2, none=True)),
    entries("Formation.load_state_dict", robots, clock=within(0, 5), at=within(0, 8),
            outcome=lambda v: v is None),
    function("FormationGuide", FormationGuide, env=thing(robots, envs.Formation)),
    Door("FormationGuide.act_values", lambda it, obs: it.act_values(obs),
         {"obs": Slot(lambda: robots().reset(seed=0).obs, lambda v: bool(
             plain(v) and v.is_floating_point() and v.shape == (2, 2, 5)))}, lambda: FormationGuide(robots())),
    function("follow", follow, env=thing(robots, envs.Formation), seed=seed(),
             algorithm=thing(lambda: FormationGuide(robots()), FormationGuide)),
    function("tracks", plots.tracks, episodes=thing(lambda: follow(robots(), FormationGuide(robots()))[0], Tracks),
             title=text(), per_row=whole(2, 1, 10**9)),
    function("animate_tracks", plots.animate_tracks, title=text(), path=Slot(fixed(None), lambda v: v is None),
             episode=thing(lambda: follow(robots(), FormationGuide(robots()))[0], Tracks),
             fps=numbers(2.0, low=1e-6, high=50.0)),
]
