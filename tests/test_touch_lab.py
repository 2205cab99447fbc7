"""Pieces to touch in JupyterLab itself: they come alive when their cell has run, and keep their keys to themselves."""

import nbformat
import pytest
from browser import Lab, fresh_copy, programs
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from qmix_course import touch

NAME = "my/notebooks/touching.ipynb"
CELLS = ["from qmix_course import touch", "touch.play()", "touch.surface()"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    programs()
    course = fresh_copy(tmp_path_factory.mktemp("a course") / "qmix course")
    lab = Lab(course, tmp_path_factory.mktemp("jupyter"))
    yield lab
    lab.close()


def stored():
    """A notebook whose output was made elsewhere, and which JupyterLab therefore does not trust."""
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    data = {"text/html": touch.play()._repr_html_(), "text/plain": repr(touch.play())}
    cells[1].outputs = [nbformat.v4.new_output("execute_result", data, execution_count=2)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {
        "name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}))


def inside(lab, script):
    """What a script returns that knows the pieces' hosts, and the cards of those that live."""
    return lab.js("const hosts = [...widget.node.querySelectorAll('.qmix-touch')], cards = hosts.map(host => "
                  f"host.shadowRoot && host.shadowRoot.querySelector('.card')); {script}")


def test_it_is_words_before_its_cell_has_run_and_a_piece_afterwards(lab):
    lab.js("await jupyterapp.serviceManager.contents.save(arguments[0], {type: 'file', format: 'text', content: "
           "arguments[1]})", NAME, stored())
    lab.open(NAME)
    lab.wait(lambda: "a board on which you move both agents" in lab.js("return widget.node.innerText"), "the words")
    assert inside(lab, "return cards.every(card => card === null)")
    lab.run_all()
    lab.wait(lambda: inside(lab, "return cards.length === 2 && cards.every(card => card)"), "the pieces")


def test_its_keys_are_not_the_notebooks(lab):
    """In JupyterLab A makes a new cell above, D twice deletes one, and the arrows walk from cell to cell."""
    cells = lab.js("return widget.content.widgets.length")
    board = inside(lab, "return cards[0].querySelector('svg')")
    lab.page.execute_script("arguments[0].scrollIntoView({block: 'center'})", board)
    ActionChains(lab.page).click(board).send_keys("s", Keys.ARROW_UP).perform()
    assert inside(lab, "return hosts[0].touch.cells") == [[1, 0], [3, 4]]
    ActionChains(lab.page).send_keys("d", "a", "d", Keys.ARROW_DOWN, "a", "d", Keys.ARROW_LEFT).perform()
    assert inside(lab, "return hosts[0].touch.cells") == [[1, 2], [4, 3]]
    assert lab.js("return widget.content.widgets.length") == cells
    knob = inside(lab, "return cards[1].querySelector('input[type=range]')")
    before = inside(lab, "return cards[1].querySelector('output[data-value]').dataset.value")
    lab.page.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].focus()", knob)
    ActionChains(lab.page).send_keys(Keys.ARROW_UP, Keys.ARROW_RIGHT).perform()
    assert inside(lab, "return cards[1].querySelector('output[data-value]').dataset.value") != before
    assert lab.js("return widget.content.widgets.length") == cells
