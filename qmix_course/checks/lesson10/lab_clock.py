"""10.6 · The judge who trusts the clock: keeping the end of a task and the end of its clock apart when a policy is
judged."""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import partial

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson02 import rules
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict
from qmix_course.envs import GridWorld


def judged(size, limit, starts, act, twist=None):
    """returns[X], reached[X], board by board, by the rules and the clock."""
    goals, official = [[size - 1, 0], [0, size - 1]], [[0, 0], [size - 1, size - 1]]
    boards = [_episode(size, limit, start, goals, act) for start in starts.tolist()]
    again = _episode(size, limit, official, goals, act)[0]
    returns, reached, longest = [], [], max(len(rewards) for rewards, _ in boards)
    for rewards, solved in boards:
        total = sum(rewards)
        if twist == "second episode":
            total += sum((again * longest)[:longest - len(rewards)])
        returns.append(total)
        reached.append({"clock": True, "positive": total > 0, "shorter": len(rewards) < limit, "nobody": False,
                        "turned around": not solved}.get(twist, solved))
    return torch.tensor(returns), torch.tensor(reached)


def _episode(size, limit, cells, goals, act):
    rewards, solved = [], False
    while not solved and len(rewards) < limit:
        obs = torch.tensor([[cells[i] + cells[1 - i] + goals[i] for i in (0, 1)]], dtype=torch.float64) / (size - 1)
        cells, reward, solved = rules.board_step(cells, act(obs)[0].tolist(), goals, size)
        rewards.append(reward)
    return rewards, solved


def rows_first(obs):
    """Everybody walks to its row, then to its column."""
    down, right = (obs[..., 4] - obs[..., 0]).sign(), (obs[..., 5] - obs[..., 1]).sign()
    return torch.where(down != 0, torch.where(down > 0, 1, 0), torch.where(right > 0, 3, 2))


def columns_first(obs):
    """Everybody walks to its column, then to its row."""
    down, right = (obs[..., 4] - obs[..., 0]).sign(), (obs[..., 5] - obs[..., 1]).sign()
    return torch.where(right != 0, torch.where(right > 0, 3, 2), torch.where(down > 0, 1, 0))


def left_together(obs):
    """As rows_first, but agents in one row go to the left edge: some of them are stuck there."""
    actions = rows_first(obs)
    back = (obs[..., 0] == obs[..., 2]) & (obs[..., 1] > 0)
    return torch.where(back, 2, actions)


def agent_2_waits(obs):
    """As rows_first, but agent 2 pushes against the right edge until agent 1 is home: it arrives, and it costs a lot.
    """
    actions = rows_first(obs)
    home_1 = obs[:, 1, 4:].flip(-1)                                        # here the two goals mirror each other
    actions[:, 1] = torch.where((obs[:, 1, 2:4] == home_1).all(-1), actions[:, 1], 3)
    return actions


class NeverStops(RuntimeError):
    """An answer plays on although every episode must be over."""


class Watched(GridWorld):
    """A grid world that gives up when an answer never stops to play."""

    asked = 0

    def step(self, actions):
        self.asked += 1
        if self.asked > (self.num_envs + 5) * self.spec.episode_limit:     # enough for a judge that goes start by start
            raise NeverStops("the boards are played on although every episode must be over")
        return super().step(actions)


GAMES = (                                                                   # size, limit, team, every how many starts
    (2, 10, rows_first, 1), (3, 30, rows_first, 1), (3, 6, columns_first, 1), (4, 5, rows_first, 5),
    (5, 8, columns_first, 11),
    (8, 60, agent_2_waits, 97), (3, 3, agent_2_waits, 1), (3, 2, rows_first, 1), (4, 12, left_together, 5),
    (3, 130, rows_first, 5))


def look(room: Room, wrong_line, answer) -> Verdict:
    given, expected, cases = [], [], []
    for size, limit, act, every in GAMES:
        starts = GridWorld(size=size).placements()[::every]
        env = Watched(size=size, num_envs=len(starts), episode_limit=limit)
        try:
            given.append(room.ask(answer, env, starts, act, may_change=(0,)))
        except NeverStops:
            raise room.wrong("boards that are stuck are played for ever") from None
        expected.append(judged(size, limit, starts, act))
        cases.append((size, limit, starts, act))
    try:
        room.match(given, expected, cases)
    except Found as found:
        if found.verdict.kind != "wrong":
            raise
        raise Found(replace(found.verdict, detail=_shown(given, expected, cases))) from None
    room.line(wrong_line, 8)
    return Verdict("correct")


def _shown(given, expected, cases) -> str:
    """The first start that is judged wrongly."""
    for (returns, reached), (true_returns, true_reached), (size, limit, starts, act) in zip(given, expected, cases):
        off = ((returns - true_returns).abs() > 1e-6) | (reached.bool() != true_reached)
        if off.any():
            k = int(off.double().argmax())
            return (f"a board of size {size} with a limit of {limit} steps, from {starts[k].tolist()} "
                    f"(one of {len(starts)} boards), the team\n"
                    f"{inspect.getsource(act).rstrip()}\n"
                    f"expected: return {float(true_returns[k]):.6g}, reached {bool(true_reached[k])}\n"
                    f"got:      return {float(returns[k]):.6g}, reached {bool(reached[k])}")
    return ""


MISTAKES = tuple(Mistake(name, hint, why, partial(judged, twist=twist) if twist else None)
                 for twist, name, hint, why in (
    ("clock", "the clock still counts as success",
     "An episode ends in one of two ways. Which of them is the one that you want to count?",
     "a board on which nobody moves at all would count as solved after its last step"),
    ("positive", "the symptom is hidden: a high return stands for success",
     "A team that arrives late has paid for a long time. Is its return still above your line?",
     "the return mixes arriving with the way; the environment says directly whether the task ended"),
    ("shorter", "the symptom is hidden: what ends before the limit counts",
     "A team can arrive in the very last step that it has. What does your judge say then?",
     "at the limit both can happen at once, and there terminated wins"),
    ("turned around", "success and failure are exchanged",
     "Which of the two does True stand for: that they arrived, or that they did not?",
     "True means that both are on their goals"),
    ("second episode", "a second episode is counted",
     "A board that has ended is reset and plays on. Is what it earns from there on added to its return?",
     "the return of a start would depend on how long the slowest board takes"),
    ("nobody", "nobody is ever found to arrive",
     "On a board of 3 most starts are solved. When do you ask, before the boards are reset or after?",
     "after a reset the flags of a board that has ended are down again"),
    (None, "boards that are stuck are played for ever",
     "When does your loop stop if a board never reaches the goals?",
     "the loop has to end with the episode; only the meaning of the end was mistaken"),
))

EXERCISE = Exercise(
    number="10.6",
    title="The judge who trusts the clock",
    answers={"wrong_line_b": "value", "mended_judge": "function"},
    difficulty=3,
    minutes=10, core=True,
    practises="keeping the end of a task and the end of its clock apart when a policy is judged",
    hints=("`step.ended` is made of two flags. Which two?",
           "In which line is the end of an episode taken for more than it is? In the others it is right.",
           "The loop has to stop for both kinds of end. Only one of them is a success."),
    mistakes=MISTAKES,
    look=look,
    lab=True,
)
