"""After a cell that failed, the check does not judge the definition of an earlier run: in a real kernel."""

import textwrap

import pytest
from jupyter_client.manager import start_new_kernel

from qmix_course.checks.cells import defined
from tools.notebooks import ROOT

RIGHT = textwrap.dedent("""\
    def one_step_target(reward, next_values, terminated):
        return reward if terminated else reward + 0.9 * max(next_values)
    """)
BROKEN = RIGHT.replace("max(next_values)", "max(next_values")
WRONG = RIGHT.replace("max", "min")
CHECK = 'check("00.1", one_step_target)'
HELPED = "def best(values): return max(values)\n" + RIGHT.replace("max", "best")


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(ROOT))

    def run(code: str) -> str:
        """What a cell shows: its value as text, or the name of its error."""
        message, shown = client.execute(code), []
        while True:
            reply = client.get_iopub_msg(timeout=300)
            content, kind = reply["content"], reply["msg_type"]
            if reply["parent_header"].get("msg_id") != message:
                continue
            shown += ([content["data"]["text/plain"]] if kind == "execute_result" else [content["ename"]]
                      if kind == "error" else [])
            if kind == "status" and content["execution_state"] == "idle":
                return "".join(shown)

    assert run("from qmix_course.checks import check, limit\nlimit.SECONDS, limit.WAITING = 2, 60") == ""
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


FAILED = "the last run of the cell that defines"


@pytest.mark.parametrize("cells, said", [
    ([RIGHT, CHECK], "correct"),
    ([RIGHT, BROKEN, CHECK], f"error in your code: {FAILED} one_step_target failed: SyntaxError"),
    ([RIGHT, "1 / 0\n" + WRONG, CHECK], f"{FAILED} one_step_target failed: ZeroDivisionError"),
    ([RIGHT, WRONG + "\nprint(unknown)", CHECK], f"{FAILED} one_step_target failed: NameError"),
    ([RIGHT, "%%time\n" + BROKEN, CHECK], f"{FAILED} one_step_target failed: SyntaxError"),
    ([RIGHT, "%%time\n1 / 0\n" + RIGHT, CHECK], f"{FAILED} one_step_target failed: ZeroDivisionError"),
    ([BROKEN, RIGHT, CHECK], "correct"),
    ([BROKEN, RIGHT + CHECK], "correct"),
    ([BROKEN, "%%time\n" + RIGHT, CHECK], "correct"),
    ([RIGHT, BROKEN, "1 / 0", CHECK], FAILED),
    ([RIGHT, "1 / 0", CHECK], "correct"),
    ([RIGHT, "one_step_target(1)", CHECK], "correct"),
    ([HELPED, CHECK], "correct"),
    ([HELPED, "def best(values): return max(values", CHECK], f"{FAILED} best failed: SyntaxError"),
    ([HELPED, "best = 1 / 0", CHECK], f"{FAILED} best failed"),
    ([HELPED, "def best(values): return max(values", "def best(values): return max(values)", CHECK], "correct"),
    ([RIGHT, "x = one_step_target = (", CHECK], FAILED),
    ([RIGHT, "raise KeyboardInterrupt\n" + RIGHT, CHECK], FAILED),
])
def test_a_check_knows_that_the_last_run_of_a_cell_failed(kernel, cells, said):
    kernel(RIGHT)                                                # whatever the test before this one left
    kernel("def best(values): return max(values)")
    for cell in cells[:-1]:
        kernel(cell)
    shown = kernel(cells[-1])
    assert said in shown if said != "correct" else shown == said


def test_the_kernel_outlives_an_answer_that_does_not_end(kernel):
    kernel(RIGHT)
    assert "it ran too long and was stopped in line " in kernel("def loops(*_):\n    while True:\n        x = "
                                                                "1\n\n\ncheck('00.1', loops)")
    assert kernel("limit.WAITING = 1") == ""
    assert "waiting" in kernel("import time\ncheck('00.1', lambda *_: time.sleep(999))")
    assert "nobody is there" in kernel("check('00.1', lambda *_: input('?'))")
    kernel("limit.WAITING = 60\n" + RIGHT)
    assert kernel(CHECK) == "correct"


@pytest.mark.parametrize("text, names", [
    ("def f(x:\n    y = 1", {"f"}), ("class A(B)\n    z = 2", {"A"}),
    ("a = 1\nb, c = 2, 3\n(d, e) = 4, 5\n[f] = 6", set("abcdef")),
    ("a: int = 1\ng = h = 2", {"a", "g", "h"}), ("a += 1\nb //= 2\nc **= 3", set("abc")),
    ("a == 1\nprint(b=2)\nc[0] = 1\nd.e = 2", set()), ("async def g(): (", {"g"}),
    ("@wraps\ndef f(): pass", {"f"}), ("%%time\ndef f(:", {"f"}), ("", set()), ("    a = 1", set()),
])
def test_what_a_cell_defines_is_read_even_where_it_is_no_python(text, names):
    assert defined(text) == names
