"""The repository's address and the set-up cell stand in one place and are written from there."""

import pytest

import qmix_course
from tools import address, check, notebooks


@pytest.fixture
def tree(pair, tmp_path):
    """A small repository around the tiny lesson."""
    root = tmp_path / "tree"
    for folder in ("notebooks", "tools"):
        (root / folder).mkdir(parents=True)
    for name in ("pyproject.toml", "CITATION.cff", "tools/setup_cell.py"):
        (root / name).write_bytes((notebooks.ROOT / name).read_bytes())
    for path in (pair, pair.with_suffix(".ipynb")):
        path.rename(root / "notebooks" / path.name)
    name = notebooks.repository().removeprefix("https://github.com/")
    (root / "README.md").write_text(
        f"    git clone https://github.com/{name}.git\n\nSee https://github.com/other/project and"
        f" [open](https://colab.research.google.com/github/{name}/blob/main/notebooks/02_tiny.ipynb).\n"
    )
    return root


def test_what_is_committed_carries_the_address():
    name = notebooks.repository().removeprefix("https://github.com/")
    cell = address.with_version(address.with_address(notebooks.setup_cell(), name), qmix_course.__version__)
    assert cell == notebooks.setup_cell() and f"@v{qmix_course.__version__}" in cell
    for path in address._files(notebooks.ROOT):
        text = path.read_text(encoding="utf-8")
        after = address.with_version(address.with_address(text, name), qmix_course.__version__)
        if path.suffix == ".py" and path.parent.name in address.FOLDERS:
            after = address.with_setup_cell(after, cell)
        assert after == text, f"{path.name}: run tools/address.py"


def test_a_new_address_is_written_everywhere_and_the_pairs_still_agree(tree):
    old = notebooks.repository().removeprefix("https://github.com/")
    changed = {path.name for path in address.write(tree, "https://github.com/ada-l/my.course")}
    assert changed == {"pyproject.toml", "CITATION.cff", "README.md", "setup_cell.py", "02_tiny.py", "02_tiny.ipynb"}
    for path in address._files(tree):
        text = path.read_text(encoding="utf-8")
        assert old not in text and "ada-l/my.course" in text, path
    assert "https://github.com/other/project" in (tree / "README.md").read_text()
    assert check.check_pair(tree / "notebooks" / "02_tiny.py") == []
    assert address.write(tree) == []


def test_a_changed_set_up_cell_reaches_the_sources(tree):
    cell = tree / "tools" / "setup_cell.py"
    cell.write_text(cell.read_text() + "print('ready')\n")
    assert [path.name for path in address.write(tree)] == ["02_tiny.py"]
    source = (tree / "notebooks" / "02_tiny.py").read_text(encoding="utf-8")
    assert "print('ready')\n\n# %%\nfrom qmix_course import lesson\n" in source
    assert any("the text differs" in found for found in check.check_pair(tree / "notebooks" / "02_tiny.py"))


def test_a_new_version_is_written_everywhere_from_the_package(tree, monkeypatch):
    monkeypatch.setattr(address, "__version__", "2.10.0rc1")
    changed = {path.name for path in address.write(tree)}
    assert changed == {"CITATION.cff", "setup_cell.py", "02_tiny.py", "02_tiny.ipynb"}
    for name in ("tools/setup_cell.py", "notebooks/02_tiny.py", "notebooks/02_tiny.ipynb"):
        assert (tree / name).read_text(encoding="utf-8").count("REPOSITORY}@v2.10.0rc1") == 1, name
    assert "\nversion: 2.10.0rc1\n" in (tree / "CITATION.cff").read_text()
    assert check.check_pair(tree / "notebooks" / "02_tiny.py") == []


WRONG = ["github.com/a/b", "https://github.com/a", "https://github.com/a/b/", "https://github.com/a/b c"]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_address_is_refused_and_nothing_is_written(wrong, tree):
    before = (tree / "pyproject.toml").read_bytes()
    with pytest.raises(ValueError, match="owner/name"):
        address.write(tree, wrong)
    assert (tree / "pyproject.toml").read_bytes() == before
