"""The matrix of numerical settings."""

import sys
import tomllib

import pytest

from tools import build, matrix, notebooks


def test_each_processor_gets_the_settings_it_can_run():
    every = set(matrix.SETTINGS)
    avx2, avx512 = "ATEN_CPU_CAPABILITY=avx2", "ATEN_CPU_CAPABILITY=avx512"
    assert len(every) == 7 and every == set(matrix.settings("AVX512"))
    assert every - set(matrix.settings("AVX2")) == {avx512}
    assert every - set(matrix.settings("DEFAULT")) == {avx512, avx2}


CLOSINGS = {
    "======= 12 passed in 3.21s =======": (0, (12, 0, [])),
    "FAILED notebooks/03_a.ipynb::Cell 4\n=== 1 failed, 11 passed in 3s ===": (1, (11, 1, ["03_a"])),
    "ERROR notebooks/04_b.ipynb::Cell 0\n1 failed, 2 errors in 3s": (1, (0, 3, ["04_b"])),
    "no tests ran in 0.01s": (5, (0, 1, ["pytest ended with 5"])),
    "FAILED tests/test_a.py::test_b[1] - assert 0\n1 failed, 3 passed, 7 deselected in 3s": (1, (3, 1, ["test_a"])),
    "": (-9, (0, 1, ["pytest ended with -9"])),
    "3 passed in 1s": (3, (3, 1, ["pytest ended with 3"])),
}


@pytest.mark.parametrize("text", CLOSINGS)
def test_the_matrix_reads_what_pytest_says(text):
    code, want = CLOSINGS[text]
    assert matrix.read_result(text, code) == want


def test_the_matrix_runs_the_kernels_in_the_setting(tmp_path, monkeypatch):
    source = tmp_path / "01_setting.py"
    source.write_text(f'{notebooks.HEADER}\n# %%\nimport os\n\nprint(os.environ.get("MKL_CBWR"))\n')
    monkeypatch.delenv("MKL_CBWR", raising=False)
    build.build(source)
    paths = [source.with_suffix(".ipynb")]
    assert matrix.run(paths, {}) == (1, 0, [])
    assert matrix.run(paths, {"MKL_CBWR": "COMPATIBLE"}) == (0, 1, ["01_setting"])


def test_the_matrix_finds_a_python_that_runs_and_says_where_there_is_none(tmp_path, monkeypatch):
    broken = tmp_path / "python3.98"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(matrix.Path, "home", lambda: tmp_path)
    assert matrix.find_python("3.98") is None
    assert matrix.run_library("3.98") == (0, 1, ["no Python 3.98 was found"])
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    kept = tmp_path / ".pyenv" / "versions" / f"{own}.9" / "bin"
    kept.mkdir(parents=True)
    (kept / f"python{own}").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert matrix.find_python(own) == str(kept / f"python{own}")


def test_the_matrix_runs_every_python_that_the_course_supports():
    project = tomllib.loads((notebooks.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    classifiers = project["classifiers"]
    listed = [text.split(" :: ")[-1] for text in classifiers if text.startswith("Programming Language :: Python :: 3.")]
    assert list(matrix.PYTHONS) == listed
