"""The labs of lesson 10: a judge that knows only one best joint action, and one that takes the clock for success."""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import partial

import torch

from qmix_course.checks import lesson02_rules as rules
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict
from qmix_course.envs import GridWorld

# ---- 10.5 --------------------------------------------------------------------------------------------------------------


def right_states(q, actions, twist=None):
    """[X] bool: is what was played as good as anything in this state?"""
    right = []
    for table, (u, v) in zip(q.tolist(), actions.tolist()):
        numbers = [number for row in table for number in row]
        top, number = max(numbers), u * len(table) + v
        best = [k for k, value in enumerate(numbers) if value >= top - 1e-9]
        halves = max(table[u]) >= top - 1e-9, max(row[v] for row in table) >= top - 1e-9
        right.append({
            "halves": all(halves), "a half": any(halves), "first best": number == best[0], "last best": number == best[-1],
            "first or last": number in (best[0], best[-1]), "swapped": table[v][u] >= top - 1e-9,
            "best response": table[u][v] >= max(table[u]) - 1e-9, "all states": table[u][v] >= float(q.max()) - 1e-9,
            "exact": table[u][v] == top, "generous": table[u][v] >= top - 0.11, "everybody": True,
        }.get(twist, table[u][v] >= top - 1e-9))
    return torch.tensor(right)


def played(states: int, actions: int, levels: int, seed: int, noise: float = 0.0) -> tuple:
    """A case of ``right_states``: tables with ties, and joint actions of which many are best and many are not."""
    generator = torch.Generator().manual_seed(seed)
    q = torch.randint(levels, (states, actions, actions), generator=generator).double() / 10
    q = q - torch.randint(5, (states, 1, 1), generator=generator).double()
    any_action = torch.randint(actions ** 2, (states,), generator=generator)
    best = (q.flatten(1) + 1e-3 * torch.rand(states, actions ** 2, generator=generator, dtype=torch.float64)).argmax(1)
    chosen = torch.where(torch.rand(states, generator=generator) < 0.5, any_action, best)
    q = q.round(decimals=2) + (torch.rand((states, 1, 1), generator=generator, dtype=torch.float64) if noise else 0.0)
    q = q + noise * (torch.rand(q.shape, generator=generator, dtype=torch.float64) - 0.5)
    return q, torch.stack([chosen // actions, chosen % actions], dim=1)


def look_at_right_states(room: Room, wrong_line, answer) -> Verdict:
    plain = [
        played(2, 2, 2, 3), played(30, 4, 3, 1), played(20, 3, 2, 2), played(1, 4, 2, 4), played(40, 4, 40, 5), played(4, 1, 2, 6)]
    room.compare(answer, plain, right_states)
    noisy = [played(2, 2, 2, seed, 0.9e-9) for seed in range(10, 18)] + [played(40, 4, 3, 20, 0.9e-9)]
    try:
        room.compare(answer, noisy, right_states)
    except Found as found:
        if found.verdict.title == "the values are not the expected ones":       # all else is the same as without the noise
            raise room.wrong("values that are equal but for rounding are told apart", found.verdict.detail) from None
        raise
    room.line(wrong_line, {2, 4})
    return Verdict("correct")


TIE_MISTAKES = tuple(Mistake(name, hint, why, partial(right_states, twist=twist)) for twist, name, hint, why in (
    ("first best", "one best joint action still stands for all of them",
     "How many joint actions of a state can be best? With how many do you compare?",
     "argmax names one of the best, and the others are counted as errors"),
    ("last best", "another one of the best joint actions stands for all of them",
     "Now the last of the best is right and the first is wrong. How would you accept both?",
     "the judge changes its mind about who is innocent, and still condemns the others"),
    ("first or last", "the symptom is hidden: two of the best joint actions are accepted",
     "A state may have three best joint actions. What becomes of the one in the middle?",
     "a state with three best joint actions still has one that is condemned"),
    ("exact", "values that are equal but for rounding are told apart",
     "Two entries differ by 1e-12, or by half of 1e-9. Does your judge call them equal?",
     "a solver adds numbers in different orders, and equal values come out with different last digits"),
    ("generous", "the symptom is hidden: anything near the best is accepted",
     "Here 0.1 is a real loss. How much room does your judge leave?",
     "decisions that really give something away pass as well"),
    ("halves", "the symptom is hidden: good halves are taken for a good whole",
     "Each action is part of some best joint action. Is the pair that was played one of them?",
     "two good halves of different plans are the collision of the lesson, and the judge lets it pass"),
    ("a half", "the symptom is hidden: one good half is enough",
     "One agent does its part of a best plan. And the other one?",
     "half of a plan is no plan: the other agent may do anything"),
    ("best response", "the symptom is hidden: the best answer to the other's action is enough",
     "Agent 2 makes the best of what agent 1 does. Could both of them have done better?",
     "the best of one row of the table need not be the best of the table"),
    ("all states", "one best value is used for all states",
     "Over which axes do you take the maximum? Every state has its own best value.",
     "in a state far from the goals even the best decision would be called wrong"),
    ("swapped", "the agents' axes were exchanged in the repair",
     "Which of the two axes of a state's table is agent 1's?",
     "the judge then looks up what the other one's action would have been worth"),
    ("everybody", "the symptom is hidden: everybody is declared right",
     "Hand your judge a policy that always goes up. What does it say?",
     "a judge that never finds an error is of no use"),
))


# ---- 10.6 --------------------------------------------------------------------------------------------------------------

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
    """As rows_first, but agent 2 pushes against the right edge until agent 1 is home: it arrives, and it costs a lot."""
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
        if self.asked > (self.num_envs + 5) * self.spec.episode_limit:         # enough for a judge that goes start by start
            raise NeverStops("the boards are played on although every episode must be over")
        return super().step(actions)


GAMES = (                                                                   # size, limit, team, every how many starts
    (2, 10, rows_first, 1), (3, 30, rows_first, 1), (3, 6, columns_first, 1), (4, 5, rows_first, 5), (5, 8, columns_first, 11),
    (8, 60, agent_2_waits, 97), (3, 3, agent_2_waits, 1), (3, 2, rows_first, 1), (4, 12, left_together, 5), (3, 130, rows_first, 5))


def look_at_judge(room: Room, wrong_line, answer) -> Verdict:
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


JUDGE_MISTAKES = tuple(Mistake(name, hint, why, partial(judged, twist=twist) if twist else None) for twist, name, hint, why in (
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


LABS = (
    Exercise(
        number="10.5",
        title="The judge who knows one way",
        answers={"wrong_line_5": "value", "mended_right": "function"},
        difficulty=2,
        minutes=8,
        practises="comparing a decision with the set of the best ones, and not with one of them",
        hints=("How many best joint actions does a state have? Look at the framed entries of the lesson's last table.",
               "Which question does the judge ask: is this *the* best joint action, or is it as good as the best?",
               "Compare values in place of indices, and leave room for rounding."),
        mistakes=TIE_MISTAKES,
        look=look_at_right_states,
        lab=True,
    ),
    Exercise(
        number="10.6",
        title="The judge who trusts the clock",
        answers={"wrong_line_6": "value", "mended_judge": "function"},
        difficulty=3,
        minutes=10,
        practises="keeping the end of a task and the end of its clock apart when a policy is judged",
        hints=("`step.ended` is made of two flags. Which two?",
               "In which line is the end of an episode taken for more than it is? In the others it is right.",
               "The loop has to stop for both kinds of end. Only one of them is a success."),
        mistakes=JUDGE_MISTAKES,
        look=look_at_judge,
        lab=True,
    ),
)
