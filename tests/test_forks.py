"""What an answer forks ends with the answer: the check goes on in one process only."""

import multiprocessing
import os
import signal

import pytest

from qmix_course.checks import forks
from qmix_course.checks.exercise import Exercise
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
QUESTIONS = 5


def judge(answer, asked):
    """The verdict of an exercise that puts five questions, in the way of ``asked(room, answer, question)``."""

    def look(room, answer):
        for question in range(QUESTIONS):
            asked(room, answer, question)
        return Verdict("correct")

    exercise = Exercise(number="99.2", title="A form", answers={"answer": "function"}, difficulty=1, minutes=2,
                        practises="", hints=("", ""), mistakes=(), look=look)
    return Room(exercise).judge((answer,))


def through_the_room(room, answer, question):
    room.ask(answer, question)


def directly(room, answer, question):
    answer(question)


def returns(question):
    return question


def raises(question):
    if not question:
        raise ValueError


def writing(after, path, born):
    """An answer that forks at each question and writes a line in both processes. Never more than a few: as long as
    children went on, there were thirty-two at the end."""

    def answer(question):
        if path.read_text().count("\n") < 40:
            born.append(os.fork())
        with path.open("a") as file:
            file.write(f"{os.getpid()} {question}\n")
        return after(question)

    return answer


@pytest.mark.parametrize("asked, after, kind", [
    (through_the_room, returns, "correct"), (through_the_room, raises, "error in your code"),
    (directly, returns, "correct")])
def test_the_child_of_an_answer_asks_nothing_more(asked, after, kind, tmp_path):
    path = tmp_path / "seen"
    path.write_text("")
    born = []
    assert judge(writing(after, path, born), asked).kind == kind
    for child in born:
        os.waitpid(child, 0)
    seen = [line.split() for line in path.read_text().splitlines()]
    own = [question for process, question in seen if process == str(os.getpid())]
    assert own == [str(question) for question in range(QUESTIONS if kind == "correct" else 1)]
    children = {process for process, _ in seen} - {str(os.getpid())}
    assert len(children) == len(own) == len(seen) - len(own)           # one for each question, and none asked again


def test_a_child_that_forks_no_more_ends_at_its_first_answer(tmp_path):
    path, born = tmp_path / "seen", []

    def answer(question):
        born.extend([os.fork()] if not born else [])
        with path.open("a") as file:
            file.write(f"{born[0] == 0} {question}\n")

    assert judge(lambda question: (answer(question), question), through_the_room).kind == "correct"
    os.waitpid(born[0], 0)
    assert sorted(path.read_text().split("\n")) == ["", *(f"False {each}" for each in range(QUESTIONS)), "True 0"]


def test_a_child_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(forks, "SECONDS", 1)
    born = []

    def answer(question):
        born.append(os.fork())
        while not born[-1]:
            pass
        return question

    assert judge(answer, through_the_room).kind == "correct"
    assert [os.WTERMSIG(os.waitpid(child, 0)[1]) for child in born] == [signal.SIGALRM] * QUESTIONS


def test_a_child_that_ends_by_itself_and_a_pool_of_processes_are_left_alone():
    def answer(question):
        child = os.fork()
        if not child:
            os._exit(question + 1)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), pool.map(abs, [-question, -7])

    def asked(room, answer, question):
        assert room.ask(answer, question) == (question + 1, [question, 7])

    assert judge(answer, asked).kind == "correct"


def test_outside_of_answers_a_fork_is_what_it_always_was():
    child = os.fork()
    if not child:
        os._exit(7 if signal.alarm(0) == 0 and not forks._Here.child else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
