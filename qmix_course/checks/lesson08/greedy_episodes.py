"""08.4 · Without the dice: evaluate a team greedily, one episode in every row."""

from __future__ import annotations

from functools import partial

import torch

from qmix_course.checks import values as shown
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson08.world import STATES, Case, Endless, TableWorld
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict
from qmix_course.envs.base import ResetNeeded

CASES = (
    Case(rows=1, limit=4, ends=0.3, seed=21),
    Case(rows=2, limit=3, ends=0.2, seed=22),
    Case(rows=3, limit=6, ends=0.15, seed=23, masked=True),
    Case(rows=7, limit=9, ends=0.1, seed=24, n_agents=3, masked=True),
    Case(rows=6, limit=12, ends=0.25, seed=25, n_agents=1, n_actions=4),
    Case(rows=9, limit=8, ends=0.12, seed=26, n_actions=5),
    Case(rows=12, limit=17, ends=0.25, seed=29),
    Case(rows=4, limit=1, ends=0.5, seed=27),
    Case(rows=5, limit=7, ends=0.0, seed=28, masked=True),
    Case(rows=6, limit=5, ends=0.1, seed=30, n_actions=4, masked=True, low=True),
    Case(rows=3, limit=8, ends=0.0, seed=31, n_agents=1, n_actions=2, masked=True, low=True),
    Case(rows=5, limit=9, ends=0.05, seed=32, n_actions=2, masked=True, low=True),
    Case(rows=8, limit=9, ends=0.05, seed=37, n_actions=2, masked=True, lowest=True),
    Case(rows=6, limit=7, ends=0.1, seed=38, masked=True, high=True),
    Case(rows=2, limit=130, ends=0.0, seed=33),
    Case(rows=1, limit=1050, ends=0.0, seed=34, masked=True),
)


def team_values(case: Case):
    """A team's values for one case: obs[..., N, 3] → q[..., N, A], a table of random numbers."""
    draw = torch.Generator().manual_seed(case.seed + 100)
    table = (5 * torch.randn(STATES, case.n_agents, case.n_actions, generator=draw,
                             dtype=torch.float64)).round(decimals=3)
    if case.low:
        table = 1e300 * (table - 40.0)
    if case.high:
        table = table + 100.0
    if case.lowest:                         # a state's worst action is worth the lowest finite number
        table = torch.finfo(torch.float64).min * (1 - 2.0 ** -30 * table.argsort(-1).argsort(-1))

    def values(obs: torch.Tensor) -> torch.Tensor:
        return table[obs[..., 0].long(), obs[..., 1].long()].to(torch.get_default_dtype())

    values.table = table
    return values


def greedy_case(number: int):
    """Case ``number`` (0, 1, …) of the check of 08.4: the world and the team's values, to try out."""
    return TableWorld(CASES[number]), team_values(CASES[number])


def played(case: Case, twist: str | None = None):
    """returns[B] and reached[B] of greedy play, by plain loops over the tables."""
    world, table = TableWorld(case), team_values(case).table.tolist()
    rows = range(case.rows)
    episode, clock = [0] * case.rows, [0] * case.rows
    x = [int(world.first_state(row, 0)) for row in rows]
    returns, reached, playing = [0.0] * case.rows, [False] * case.rows, [True] * case.rows
    factor = 1.0
    while any(playing):
        over = [False] * case.rows
        for row in rows:
            column = 0
            for i in range(case.n_agents):
                allowed = world.allowed[x[row], i].tolist()
                mine = [a for a in range(case.n_actions) if allowed[a]]
                pick = min if twist == "worst" else max
                column += pick(mine, key=lambda a: table[x[row]][i][a]) * case.n_actions ** i
            reward, terminated = float(world.reward[x[row], column]), bool(world.ends[x[row], column])
            clock[row] += 1
            x[row] = int(world.next[x[row], column])
            over[row] = terminated or clock[row] >= case.limit
            if twist == "last lost" and over[row]:
                reward = 0.0
            returns[row] += factor * reward * (playing[row] or twist == "keeps counting")
            reached[row] |= (over[row] if twist == "clock" else terminated) and playing[row]
        if twist == "first end" and any(over):
            break
        playing = [a and not b for a, b in zip(playing, over)]
        for row in rows:
            if over[row] or twist == "all reset" and any(over):
                episode[row], clock[row] = episode[row] + 1, 0
                x[row] = int(world.first_state(row, episode[row]))
        factor *= 0.99 if twist == "discounted" else 1.0
    result = torch.tensor(returns, dtype=torch.float64)
    if twist == "mean":
        return float(result.mean()), torch.tensor(reached)
    return result, torch.tensor(reached)


def look(room: Room, answer) -> Verdict:
    given, longer, shorter = [], False, False
    for number, case in enumerate((*CASES, CASES[0])):
        world = TableWorld(case)
        run = run_line(number)
        try:
            given.append(room.ask(answer, world, team_values(case), may_change=(0, 1)))
            longer |= world.steps > case.limit
            # none of these is over before its limit
            shorter |= world.steps < case.limit and case.ends == 0 and case.limit > 7
        except ResetNeeded:
            raise room.wrong("a row that has ended is played on without a reset", run) from None
        except Endless:
            given.append(None)
            longer = True
        except ValueError as error:
            if "is not available" not in str(error):
                raise
            low = ("\nAll values are below -1e301 here. What number stands in for those that are not available?"
                   if case.low or case.lowest else "")
            raise room.wrong("an action is chosen that is not available", f"{run}\n{error}{low}") from None
    expected = [played(case) for case in CASES]
    if not shown.same(given[0], given[-1]):
        raise room.wrong("the same question got two different answers")
    given = [(result[0], result[1]) if isinstance(result, list) and len(result) == 2 else result for result in given]
    try:
        room.match(given[:-1], expected, [(case,) for case in CASES])
    except Found as found:
        if any(result is None and case.ends == 0 for result, case in zip(given, CASES)):
            raise room.wrong("a row that ran out of time is never done") from None
        number = next(k for k, (got, want) in enumerate(zip(given, expected)) if shown.problem(got, want, 1e-9))
        if shorter and found.verdict.title not in {mistake.name for mistake in MISTAKES}:
            raise room.wrong("the play stops before the episodes do", f"{run_line(number)}\n"
                             f"the step limit of this world: {CASES[number].limit}") from None
        if longer and found.verdict.title not in {mistake.name for mistake in MISTAKES}:
            raise room.wrong("the play goes on until all rows happen to end together") from None
        head, detail = run_line(number), found.verdict.detail or shown.table(given[number], expected[number])
        raise Found(Verdict(found.verdict.kind, found.verdict.title, found.verdict.hint, f"{head}\n{detail}")) from None
    return Verdict("correct")


def run_line(number: int) -> str:
    return (f"from qmix_course.checks.lesson08.greedy_episodes import greedy_case\nrun: "
            f"greedy_episodes(*greedy_case({number}))")


def _twisted(twist):
    return partial(played, twist=twist)


MISTAKES = (
    Mistake("rows are counted on after their end",
            "A row that is done early is reset and plays on while the others finish. Whose rewards are these?",
            "short episodes, the good ones, would be mixed with pieces of others; a return can even be better than the "
            "best possible one",
            _twisted("keeps counting")),
    Mistake("the reward of the last step is lost",
            "The step that ends an episode pays too. When do you strike a row off the list, before or after counting?",
            "in this course's tasks the last step is the one that pays",
            _twisted("last lost")),
    Mistake("everything stops when the first row ends",
            "Episodes differ in length. Until when must the play go on?",
            "the longer an episode is, the more of it is cut off",
            _twisted("first end")),
    Mistake("an episode that ran out of time counts as one that reached its end",
            "Every episode ends, this way or that. Which of the two flags says that the task is done?",
            "a team that walks in circles until the clock runs out would look as good as one that arrives",
            _twisted("clock")),
    Mistake("a row that ran out of time is never done",
            "An episode can end in two ways. Does your function strike a row off the list for both?",
            "a team that walks in circles would keep the evaluation busy for ever"),
    Mistake("all rows are begun again when one has ended",
            "Which rows does your reset begin again? The others were in the middle of an episode.",
            "episodes are cut in two, and the halves are counted as one",
            _twisted("all reset")),
    Mistake("the return is discounted",
            "The return that is reported is the plain sum of the rewards. Where does a factor come in?",
            "it would no longer be comparable with the best possible return",
            _twisted("discounted")),
    Mistake("the mean in place of one return a row",
            "The caller wants to see each episode. In which of your lines do the rows become one number?",
            "a mean hides that one row fails from where it starts",
            _twisted("mean")),
    Mistake("the worst action is chosen",
            "Greedy means the largest value. Is yours?",
            "it measures the opposite of what the team believes",
            _twisted("worst")),
    Mistake("an action is chosen that is not available",
            "The largest value may belong to an action that is not open. What does a step say about that?",
            "the environment refuses it, and in a game one could not press it"),
    Mistake("the play stops before the episodes do",
            "How long may an episode take? Who knows that: your code, or the environment? What ends your loop?",
            "an episode that is cut short has a return that nobody earned, and a late arrival is never seen"),
    Mistake("a row that has ended is played on without a reset",
            "While some rows still play, the others have ended. What must happen to those before the next call of "
            "env.step?",
            "no row may be stepped once it has ended, so that nothing that happens after an end can slip into the "
            "data"),
    Mistake("the play goes on until all rows happen to end together",
            "A row that was reset is not ended any more. What remembers that its episode is done?",
            "with a few rows that takes longer than it should, with many it never happens"),
)

EXERCISE = Exercise(
    number="08.4", title="Without the dice", answers={"greedy_episodes": "function"}, difficulty=3, minutes=12,
    practises="evaluate a team greedily, one episode in every row",
    hints=("Keep a bool for each row that says whether its first episode is still going on, and stop when none is.",
           "Count first, then strike off: the last step of an episode belongs to it.",
           "Rows that are done must still be reset, so that env.step can go on for the others; what they play then is "
           "not counted.",
           "Before the argmax, give the actions that are not available a value that never wins."),
    mistakes=MISTAKES, look=look,
    off_limits=("qmix_course.evaluation.play_rows",))
