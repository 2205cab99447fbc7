"""The page that compares the methods: its figures are the stored ones, its sentences are true of them."""

import numpy as np

from qmix_course import algorithms, data
from qmix_course.intervals import bootstrap, iqm
from tools import methods


def test_the_page_is_up_to_date():
    assert methods.PAGE.read_text(encoding="utf-8") == methods.page(), "run tools/methods.py"


def test_every_algorithm_of_the_library_is_on_it():
    names = {name.replace("-", "") for name in methods.METHODS.values()}
    assert names == {name for name in algorithms.__all__ if name[0].isupper() and name != "Algorithm"}


def counts(game):
    games = data.load("games")["games"][game]
    return {name: sum(np.array(games["payoff"])[tuple(joint)] == games["best"] for joint in run["joint"])
            for name, run in games["runs"].items()}


def test_what_its_advice_says_is_in_the_data():
    assert all(counts(game)["qtran"] >= 19 for game in methods.GAMES)
    assert sum(7 <= counts(game)["qplex"] <= 10 for game in methods.GAMES) >= 2
    cue = data.load("memory")["runs"]
    assert cue["qmix"].count(1) == 1 and cue["vdn"].count(1) == len(cue["vdn"]) == 20
    prey = data.load("predator_prey")["runs"]
    learned = {name for name, run in prey["-1"].items() if np.median(run["greedy_return"]) > 5}
    assert learned == {"ow_qmix", "cw_qmix", "vdn"}
    worlds = {name: {way: [run["return"] for run in runs] for way, runs in world["runs"].items()}
              for name, world in data.load("worlds")["worlds"].items()}
    foraging = ["lbf_5x5", "lbf_5x5_coop"]
    assert all(max(worlds[name], key=lambda way: iqm(worlds[name][way])) == "qplex" for name in foraging)
    low, high = ({name: {way: bootstrap(each)[end] for way, each in found.items()} for name, found in worlds.items()}
                 for end in (0, 1))
    assert all(low["lbf_5x5_coop"]["qplex"] > each for way, each in high["lbf_5x5_coop"].items() if way != "qplex")
    assert all(low[name]["qplex"] <= high[name]["qmix"] and low[name]["qmix"] <= high[name]["qplex"]
               for name in worlds if name not in foraging)
    assert [name for name, run in prey["-2"].items() if np.median(run["greedy_return"]) > 5] == ["ow_qmix"]
    assert all(counts(game)["cw_qmix"] > counts(game)["ow_qmix"] for game in methods.GAMES if "qtran" not in game
               and game != "qplex3")
