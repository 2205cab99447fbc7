"""The lessons as they are shipped. That they run and print what is stored, nbval tests, cell by cell."""

from tools import check
from tools.notebooks import NOTEBOOKS, sources


def test_lessons_agree_with_their_sources_and_have_the_anatomy():
    assert check.check_folder(NOTEBOOKS) == []


def test_there_are_lessons():
    numbers = [path.name[:2] for path in sources([])]
    assert numbers[:1] == ["00"] and len(numbers) >= 11
