"""Plans: what a file says, the variants that grids and searches make, and what is refused."""

import pytest

from qmix_course.plan import Plan, grid, read_plan, search

FILE = """
env = ["grid", "two-step"]
algorithm = "qmix"
seeds = [3, 5]
steps = 640
[settings]
batch_size = 32
[scale]
grid = [-100, 8.65]
"""


def write(tmp_path, text):
    (tmp_path / "plan.toml").write_text(text)
    return tmp_path / "plan.toml"


def test_a_file_says_what_a_plan_is(tmp_path):
    plan = read_plan(write(tmp_path, FILE + "[grid]\ngamma = [0.9, 0.99]\ndouble_q = [true]\n"))
    assert plan == Plan(["grid", "two-step"], "qmix", [3, 5], 640, {"batch_size": 32},
                        grid(gamma=[0.9, 0.99], double_q=[True]), {"grid": [-100, 8.65]})
    runs = plan.runs()
    assert len(runs) == 2 * 2 * 2 and len({run["name"] for run in runs}) == 8
    assert runs[0]["settings"] == {"batch_size": 32, "gamma": 0.9, "double_q": True}
    assert runs[0]["name"].startswith("grid-qmix-gamma=0.9_double_q=true-seed3-")
    plan.check()


def test_named_variants_and_a_search(tmp_path):
    named = read_plan(write(tmp_path, FILE + "[variants.plain]\n[variants.double]\ndouble_q = true\n"))
    assert named.variants == {"plain": {}, "double": {"double_q": True}}
    text = FILE + "[search]\ntries = 6\nseed = 2\n[search.ranges]\nlearning_rate = "
    text += "{low = 1e-4, high = 1e-2, log = true}\n"
    drawn = read_plan(write(tmp_path, text)).variants
    assert drawn == search({"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}, 6, 2) and len(drawn) == 6


def test_a_search_draws_evenly_from_what_is_said():
    ranges = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}, "tau": {"low": 0.5, "high": 1.0},
              "batch_size": {"low": 8, "high": 128, "log": True}, "double_q": [True, False]}
    drawn = list(search(ranges, 1_000, 0).values())
    assert all(1e-4 <= each["learning_rate"] <= 1e-2 and 8 <= each["batch_size"] <= 128 for each in drawn)
    assert all(isinstance(each["batch_size"], int) for each in drawn)
    assert 0.4 < sum(each["learning_rate"] < 1e-3 for each in drawn) / 1_000 < 0.6     # the middle of a log scale
    assert 0.4 < sum(each["tau"] < 0.75 for each in drawn) / 1_000 < 0.6
    assert 0.4 < sum(each["double_q"] for each in drawn) / 1_000 < 0.6
    assert search(ranges, 3, 1) == search(ranges, 3, 1) != search(ranges, 3, 2)
    assert list(search(ranges, 3, 1)) == list(search(ranges, 5, 1))[:3]                 # more tries keep the first


@pytest.mark.parametrize("text, words", [
    ("env = [", "no TOML file"), ("algorithm = 'qmix'", "'env'"), ("env = 'grid'", "'algorithm'"),
    ("env = 'grid'\nalgorithm = 'qmax'", "algorithm: unknown name 'qmax'"),
    ("env = 'grid'\nalgorithm = 'qmix'\nspeed = 3", "plan: unknown name 'speed'"),
    ("env = 'grid'\nalgorithm = 'qmix'\nseeds = 0", "seeds: expected at least 1"),
    ("env = 'grid'\nalgorithm = 'qmix'\nseeds = [1, 1]", "seeds: expected each once"),
    ("env = []\nalgorithm = 'qmix'", "env: expected at least one"),
    ("env = 'grid'\nalgorithm = 'qmix'\nsteps = 1.5", "steps: expected a whole number"),
    ("env = 'grid'\nalgorithm = 'qmix'\ndtype = 'float16'", "dtype"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[grid]\ngamma = 0.9", "gamma: expected a list"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[grid]\ngamma = []", "gamma: expected at least one"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[variants]\na = 3", "variants.a: expected a table"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[grid]\ngamma = [1]\n[variants.a]", "one of variants, grid and search"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[search]\ntries = 2", "search.*'ranges'"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[search]\ntries = 2\n[search.ranges]\ntau = {low = 1}", "ranges.tau"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[search]\ntries = 0\n[search.ranges]\ntau = [1]", "tries"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[search]\ntries = 2\n[search.ranges]\ntau = {low = 0, high = 1, log = true}",
     "ranges.tau.low: expected a finite number greater than 0"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[scale]\ngrid = [1, 1]", "scale.grid: expected two different"),
    ("env = 'grid'\nalgorithm = 'qmix'\n[scale]\ngird = [0, 1]", "scale: unknown name 'gird', expected one of grid"),
    ("env = 'grid'\nalgorithm = 'qmix'\npunishment = 2", "punishment"), ("env = 'grid'\nalgorithm = 'qmix'\n[settings]"
     "\nx = 2026-11-27", "settings: expected numbers, texts and lists")])
def test_what_a_file_has_wrong_is_named(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        read_plan(write(tmp_path, text))
