"""Progress bars in a notebook, in a kernel as a learner's: they show, and nothing is left."""

import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from qmix_course import bars
from tools.notebooks import ROOT

BEGIN = "from qmix_course import bars, lesson\nimport time\n"
TRAIN = ("from qmix_course.algorithms import QMIX\nfrom qmix_course.envs import GridWorld\nfrom qmix_course.training "
         "import TrainConfig, train\nhistory = train(GridWorld(num_envs=32), QMIX.for_env(GridWorld(), seed=0), "
         "TrainConfig(total_steps=960, learning_starts=500))\n")
LOOP = "for _ in bars.bar(range(3)):\n    time.sleep(0.3)\n"
NESTED = ("for _ in bars.bar(range(2), desc='outer'):\n    for _ in bars.bar(range(3), desc='inner'):\n        "
          "time.sleep(0.3)\n")


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """What cells leave, each run in one kernel: by name."""
    cells = {"start": BEGIN + "lesson.start('00')", "alone": LOOP, "training": TRAIN, "nested": NESTED,
             "two": LOOP + LOOP, "before": "print('before')\n" + LOOP, "after": LOOP + "print('after')",
             "during": "for k in bars.bar(range(3)):\n    print(k)\n    time.sleep(0.3)", "value": LOOP + "1 + 1",
             "picture": "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))\n" + LOOP,
             "error": "try:\n    for k in bars.bar(range(3)):\n        time.sleep(0.3)\n        1 / 0\nexcept "
                      "ZeroDivisionError:\n    pass",
             "slow print": "import sys\nsys.stdout.write('no newline')\n" + LOOP,
             "fast": "for _ in bars.bar(range(3)):\n    pass"}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells.values()])
    shown = []
    client = NotebookClient(notebook, timeout=240, kernel_name="python3", coalesce_streams=True)
    seen = client.process_message

    def process(message, cell, index):
        if message["msg_type"] == "display_data" and message["content"]["data"].get("text/plain"):
            shown.append((index, message["content"]["data"]["text/plain"]))
        return seen(message, cell, index)

    client.process_message = process
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        for name in ("QMIX_COURSE_PROGRESS", "TQDM_DISABLE"):
            patch.delenv(name, raising=False)
        client.execute()
    return dict(zip(cells, (cell.outputs for cell in notebook.cells))) | {"shown": dict(shown), "order": list(cells)}


def said(outputs: list) -> list:
    return [(output.get("name") or output.output_type, output.get("text", output.get("data"))) for output in outputs]


@pytest.mark.parametrize("name", ["alone", "training", "nested", "two", "error", "fast"])
def test_a_bar_shows_and_nothing_is_left(outputs, name):
    assert outputs[name] == []
    assert outputs["order"].index(name) in outputs["shown"], "it was there"


@pytest.mark.parametrize("name, text", [("before", "before\n"), ("slow print", "no newline")])
def test_what_was_printed_before_a_bar_stays(outputs, name, text):
    assert said(outputs[name]) == [("stdout", text), ("display_data", {})]


def test_what_comes_during_and_after_a_bar_stays(outputs):
    assert said(outputs["after"]) == [("stdout", "after\n")]
    assert "".join(text for kind, text in said(outputs["during"]) if kind == "stdout") == "0\n1\n2\n"
    assert said(outputs["value"]) == [("execute_result", {"text/plain": "2"})]
    assert said(outputs["picture"])[0][1]["text/html"] == "<b>x</b>"


def test_nothing_goes_to_stderr(outputs):
    assert not [output for name in outputs["order"] for output in outputs[name] if output.get("name") == "stderr"]


def test_in_a_terminal_a_bar_is_tqdms_on_stderr_and_goes_away():
    code = "from qmix_course import bars\nfor _ in bars.bar(range(3), mininterval=0): pass"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", cwd=ROOT,
                          env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONIOENCODING": "utf-8"})
    assert done.stdout == "" and "3/3" in done.stderr and not done.stderr.splitlines()[-1].strip()


def test_bars_can_be_turned_off(monkeypatch, capsys):
    monkeypatch.setenv("QMIX_COURSE_PROGRESS", "0")
    assert list(bars.bar(range(3))) == [0, 1, 2] and capsys.readouterr() == ("", "")


def test_no_other_bar_is_made_where_learners_work():
    """A bar of tqdm's own leaves a stripe."""
    for path in (*(ROOT / "qmix_course").rglob("*.py"), *(ROOT / "notebooks").glob("*.py"),
                 *(ROOT / "solutions").glob("*.py")):
        if path.name != "bars.py":
            assert "tqdm" not in path.read_text(encoding="utf-8"), path
