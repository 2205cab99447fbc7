"""02.5 · Find the leak: test the structure of an observation by changing what must not matter."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


# Each is shown to a learner as it stands here, to be run; so each is complete in itself.
def sees_what_it_may(positions, goals, size):
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions)], dim=-1) / (size - 1)


def sees_its_own_way(positions, goals, size):
    way = goals - positions
    return torch.cat([positions, way, way.abs(), way.sign()], dim=-1) / (size - 1)


def sees_the_other_nearby(positions, goals, size):
    other = positions.flip(1)
    near = ((other - positions).abs().sum(-1, keepdim=True) <= 1)
    return torch.cat([positions, torch.where(near, other, -1), goals.expand_as(positions)], dim=-1)


def sees_two_of_three(positions, goals, size):
    return torch.cat([goals.expand_as(positions), positions.flip(1)], dim=-1) / (size - 1)


def leaks_the_state(positions, goals, size):
    own = torch.cat([positions, positions.flip(1), goals.expand_as(positions)], dim=-1)
    state = torch.cat([positions.flatten(1), goals.flatten().expand(len(positions), -1)], dim=1)
    return torch.cat([own, state[:, None].expand(-1, 2, -1)], dim=-1) / (size - 1)


def leaks_the_wrong_goal(positions, goals, size):
    return torch.cat([positions, positions.flip(1), goals.flip(0).expand_as(positions)], dim=-1) / (size - 1)


def leaks_to_agent_1(positions, goals, size):
    seen = torch.stack([goals[0] + 10 * goals[1], goals[1]])
    return torch.cat([positions, positions.flip(1), seen.expand_as(positions)], dim=-1)


def leaks_to_agent_2(positions, goals, size):
    seen = torch.stack([goals[0], goals[1] + 10 * goals[0]])
    return torch.cat([positions, positions.flip(1), seen.expand_as(positions)], dim=-1)


def leaks_how_far_up(positions, goals, size):
    far = goals.flip(0).sum(-1, keepdim=True).expand(len(positions), 2, 1)
    return torch.cat([positions, goals.expand_as(positions), far], dim=-1)


def leaks_how_far_down(positions, goals, size):
    far = goals.flip(0).sum(-1, keepdim=True).expand(len(positions), 2, 1)
    return torch.cat([positions, goals.expand_as(positions), -far], dim=-1)


def leaks_the_row(positions, goals, size):
    rows = goals.flip(0)[:, :1].expand(len(positions), 2, 1)
    return torch.cat([positions, goals.expand_as(positions), rows], dim=-1) / (size - 1)


def leaks_the_column(positions, goals, size):
    columns = goals.flip(0)[:, 1:].expand(len(positions), 2, 1)
    return torch.cat([positions, goals.expand_as(positions), columns], dim=-1) / (size - 1)


def leaks_a_little(positions, goals, size):
    seen = goals + goals.flip(0) / 1000
    return torch.cat([positions, positions.flip(1), seen.expand_as(positions)], dim=-1) / (size - 1)


def leaks_next_to_nothing(positions, goals, size):
    honest = torch.cat([positions, positions.flip(1), goals.expand_as(positions)], dim=-1) / (size - 1)
    return honest + (goals.flip(0) * 1e-9).repeat(1, 3)


def leaks_almost_nothing(positions, goals, size):
    trace = (goals.flip(0) * 1e-100).expand_as(positions)
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), trace], dim=-1)


def leaks_in_the_last_digits(positions, goals, size):
    seen = 1 + goals + goals.flip(0) * 1e-13
    return torch.cat([positions, positions.flip(1), seen.expand_as(positions)], dim=-1)


def leaks_two_that_cancel(positions, goals, size):
    other = goals.flip(0).expand_as(positions)
    return torch.cat([positions, other, goals.expand_as(positions), -other], dim=-1)


def leaks_by_the_order(positions, goals, size):
    top = (goals.flip(0)[:, :1] == 0).long().expand(len(positions), 2, 1)
    return torch.cat([positions, goals.expand_as(positions), top, 1 - top], dim=-1)


def leaks_when_the_other_is_home(positions, goals, size):
    done = (positions == goals).all(-1).flip(1)
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), done[..., None]], dim=-1) / (size - 1)


def leaks_next_to_the_others_goal(positions, goals, size):
    near = ((positions - goals.flip(0)).abs().sum(-1, keepdim=True) == 1)
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), near], dim=-1) / (size - 1)


def leaks_one_goal(positions, goals, size):
    middle = (goals.flip(0) == size // 2).all(-1).expand(len(positions), 2)
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), middle[..., None]], dim=-1) / (size - 1)


def leaks_from_the_last_corner(positions, goals, size):
    from_here = (positions == size - 1).all(-1, keepdim=True)
    seen = torch.where(from_here, goals.flip(0), -1)
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), seen], dim=-1) / (size - 1)


def leaks_once(positions, goals, size):
    here = (positions == torch.tensor([[0, 1], [1, 0]])).flatten(1).all(1)
    once = here & (goals == torch.tensor([[1, 1], [0, 1]])).all()
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), once[:, None, None].expand(-1, 2, 1)],
                     dim=-1)


def leaks_for_a_moment(positions, goals, size):
    here = (positions == torch.tensor([[2, 1], [0, 2]])).flatten(1).all(1)
    once = here & (goals == torch.tensor([[0, 0], [2, 2]])).all()
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), once[:, None, None].expand(-1, 2, 1)],
                     dim=-1)


def leaks_in_one_case(positions, goals, size):
    there = (positions == torch.tensor([[1, 1], [2, 0]])).flatten(1).all(1)
    once = (there & (goals == torch.tensor([[0, 1], [1, 2]])).all())[:, None] & torch.tensor([False, True])
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), once[..., None]], dim=-1)


def leaks_one_pair_to_agent_1(positions, goals, size):
    there = (positions == torch.tensor([[1, 1], [2, 0]])).flatten(1).all(1)
    once = (there & (goals == torch.tensor([[0, 1], [1, 2]])).all())[:, None] & torch.tensor([True, False])
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), once[..., None]], dim=-1)


def leaks_one_pair_to_agent_2(positions, goals, size):
    there = (positions == torch.tensor([[1, 1], [2, 0]])).flatten(1).all(1)
    once = (there & (goals == torch.tensor([[1, 2], [0, 1]])).all())[:, None] & torch.tensor([False, True])
    return torch.cat([positions, positions.flip(1), goals.expand_as(positions), once[..., None]], dim=-1)


@dataclass(frozen=True)
class Case:
    look: Callable
    size: int
    leak: bool
    mistake: str        # what somebody who misjudges it, and nothing that stands above it, has left out


CASES = (
    Case(sees_what_it_may, 2, False, "an honest observation is accused"),
    Case(leaks_the_state, 2, True, "a plain leak is not found"),
    Case(sees_its_own_way, 2, False, "the numbers are counted, or looked for, and nothing is changed"),
    Case(leaks_the_wrong_goal, 2, True, "the numbers are counted, or looked for, and nothing is changed"),
    Case(sees_two_of_three, 2, False, "an honest observation is accused"),
    Case(sees_the_other_nearby, 2, False, "an honest observation is accused"),
    Case(leaks_to_agent_2, 2, True, "only agent 1 is examined"),
    Case(leaks_to_agent_1, 2, True, "only agent 2 is examined"),
    Case(leaks_how_far_up, 2, True, "only a change in one direction is noticed"),
    Case(leaks_how_far_down, 2, True, "only a change in one direction is noticed"),
    Case(leaks_the_row, 2, True, "the other's goal is moved in one direction only"),
    Case(leaks_the_column, 2, True, "the other's goal is moved in one direction only"),
    Case(leaks_two_that_cancel, 2, True, "differences are added up, and cancel"),
    Case(leaks_by_the_order, 2, True, "the numbers are compared without their places"),
    Case(leaks_a_little, 2, True, "a small difference is taken for none"),
    Case(leaks_next_to_nothing, 2, True, "a small difference is taken for none"),
    Case(leaks_almost_nothing, 2, True, "a small difference is taken for none"),
    Case(leaks_in_the_last_digits, 2, True, "a small difference is taken for none"),
    Case(leaks_from_the_last_corner, 2, True, "one placement of the agents stands for all"),
    Case(leaks_when_the_other_is_home, 2, True, "one placement of the agents stands for all"),
    Case(leaks_next_to_the_others_goal, 2, True, "one placement of the agents stands for all"),
    Case(leaks_the_state, 3, True, "it works on one size of board only"),
    Case(leaks_from_the_last_corner, 3, True, "one placement of the agents stands for all"),
    Case(leaks_one_goal, 3, True, "one place of the other's goal stands for all"),
    Case(leaks_once, 2, True, "some combinations are never tried"),
    Case(leaks_once, 3, True, "some combinations are never tried"),
    Case(leaks_for_a_moment, 3, True, "some combinations are never tried"),
    Case(leaks_in_one_case, 3, True, "some combinations are never tried"),
    Case(leaks_one_pair_to_agent_1, 3, True, "some combinations are never tried"),
    Case(leaks_one_pair_to_agent_2, 3, True, "some combinations are never tried"),
)


def look_at_leaks(room: Room, answer) -> Verdict:
    given = [room.ask(answer, case.look, case.size) for case in CASES]
    wants = [case.leak for case in CASES]
    try:
        room.match(given, wants, [(case.look, case.size) for case in CASES])
    except Found as found:
        if found.verdict.kind != "wrong":
            raise
        verdicts = [bool(got) for got in given]
        if [not verdict for verdict in verdicts] == wants:
            raise room.wrong("the answer is turned around") from None
        first = next(k for k, case in enumerate(CASES) if verdicts[k] != case.leak)
        raise room.wrong(CASES[first].mistake, _shown(CASES[first])) from None
    return Verdict("correct")


def _shown(case: Case) -> str:
    return (f"leaks({case.look.__name__}, {case.size}) should be {case.leak}, with\n"
            + textwrap.dedent(inspect.getsource(case.look)).rstrip())


MISTAKES = (
    Mistake("the answer is turned around",
            "Which of the two does True stand for: that there is a leak, or that there is none?",
            "True means that something leaks"),
    Mistake("an honest observation is accused",
            "What do you change between the two looks? An agent may react to its own goal and to everybody's position.",
            "only the other's goal is forbidden, so only the other's goal may differ between the two looks"),
    Mistake("a plain leak is not found",
            "This look hands over the whole state. Does your function ever compare what is seen with two different "
            "goals of the other?",
            "a test that never says yes proves nothing"),
    Mistake("the numbers are counted, or looked for, and nothing is changed",
            "Neither the width of an observation nor a number in it tells where a number came from. What could you "
            "change to find out?",
            "a leak can hide behind the right width, and an honest number can equal the other's goal by chance"),
    Mistake("only agent 1 is examined",
            "There are two agents. Whose goal do you move, and whose observation do you look at?",
            "each agent has to be blind to the other's goal"),
    Mistake("only agent 2 is examined",
            "You find what leaks to agent 2. What about agent 1?",
            "a leak to one agent is enough to spoil the team's return"),
    Mistake("the other's goal is moved in one direction only",
            "A goal has a row and a column. Did you change each of them at some point?",
            "half of a goal may leak too"),
    Mistake("a small difference is taken for none",
            "How close is close enough to you? Here any difference at all is a leak.",
            "a network can read a small number as well as a large one"),
    Mistake("differences are added up, and cancel",
            "One number of an observation goes up and another one goes down by as much. What does their sum say?",
            "a sum of numbers can stay the same although each of them changes; compare number by number"),
    Mistake("only a change in one direction is noticed",
            "When the other's goal moves, a number of the observation may rise or fall. Does your comparison notice "
            "both?",
            "a number that is larger and one that is smaller are both another number"),
    Mistake("the numbers are compared without their places",
            "Two numbers of an observation change places when the other's goal moves. What does your comparison see?",
            "a network reads every number in its place, so the order alone can tell what must not be told"),
    Mistake("one placement of the agents stands for all",
            "An observation may leak only while the agents stand on certain cells. How many placements have you tried?",
            "on a small board all placements can be listed, so nothing needs to be left to luck"),
    Mistake("one place of the other's goal stands for all",
            "Which cells did you try for the other's goal, and beside which goals of the agent itself? Were those all?",
            "two of the other's goals may look the same and a third one not"),
    Mistake("some combinations are never tried",
            "This look leaks for a single placement with a single pair of goals. Which combinations do you leave out?",
            "on a small board all combinations can be listed, so the test can be complete"),
    Mistake("it works on one size of board only",
            "Which of your cells are written down as numbers? Where is the size in your function?",
            "the function is asked about any board"),
)

EXERCISE = Exercise(
    number="02.5", title="Find the leak", answers={"leaks": "function"}, difficulty=4, minutes=15,
    practises="test the structure of an observation by changing what must not matter",
    hints=("Keep all but one thing as it is and look twice. Which thing?",
           "A batch can hold all placements of the agents at once, so one call of `look` sees them all.",
           "For each agent and each goal of its own, try every goal of the other, and compare what this agent sees.",
           "`itertools.permutations(cells, 2)` lists all placements of two agents; `torch.equal` compares every "
           "number."),
    mistakes=MISTAKES, look=look_at_leaks)
