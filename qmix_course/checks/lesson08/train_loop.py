"""08.3 · The loop: put play, memory, updates and targets in their order."""

from __future__ import annotations

from qmix_course.checks.exercise import Exercise
from qmix_course.checks.lesson08.train_loop_mistakes import LOOP_MISTAKES
from qmix_course.checks.lesson08.world import MOST, Case, Endless, Recorder, TableWorld
from qmix_course.checks.room import Room
from qmix_course.checks.values import same
from qmix_course.checks.verdict import Found, Verdict
from qmix_course.envs.base import ResetNeeded

# (the world, total_steps, learning_starts, update_every). The first shows every mistake.
RUNS = (
    (Case(rows=3, limit=5, ends=0.12, seed=1), 58, 8, 2),
    (Case(rows=1, limit=4, ends=0.2, seed=2), 19, 0, 1),
    (Case(rows=2, limit=6, ends=0.1, seed=3), 33, 4, 4),
    (Case(rows=1, limit=7, ends=0.1, seed=4), 40, 6, 3),
    (Case(rows=5, limit=3, ends=0.1, seed=5, n_agents=3), 52, 13, 7),
    (Case(rows=4, limit=5, ends=0.3, seed=6, n_agents=1), 24, 100, 4),
    (Case(rows=4, limit=5, ends=0.0, seed=7), 3, 0, 1),
    (Case(rows=2, limit=5, ends=0.1, seed=8), 14, 6, 1),
)


def look(room: Room, answer) -> Verdict:
    for run in (*RUNS, RUNS[0]):                                # once more at the end: nothing may be kept from before
        world, total, starts, every = TableWorld(run[0]), *run[1:]
        pieces, stopped = Recorder(world), None
        inputs = (world, pieces.act, pieces.store, pieces.learn, pieces.move_target, pieces.epsilon_at, total, starts,
                  every)
        try:
            losses = room.ask(answer, *inputs, may_change=(0, 1, 2, 3, 4, 5))
        except (ResetNeeded, Endless) as error:
            losses, stopped = [], error
        calls = by_call(world.log)
        name, detail = diagnosed(calls, losses, stopped, *run)
        if name:
            setting = (f"with {run[0].rows} row{'s' * (run[0].rows > 1)}, total_steps={total}, "
                       f"learning_starts={starts}, update_every={every}")
            if name == "else":
                raise Found(Verdict("wrong", "the run is not the expected one",
                                    "Play the first calls by hand, with pencil and "
                                    "paper, and print what your loop does in each.", f"{setting}\n{detail}"))
            if name == "type":
                raise room.misfit(detail, "Collect what learn() gives, and return the list.", setting)
            raise room.wrong(name, f"{setting}\n{detail}")
    return Verdict("correct")


def by_call(log: list) -> list[dict]:
    """What happened around each call of env.step, in order; resets belong to the call that comes after them."""
    calls, begun, acted = [], set(), []
    for event in log:
        kind = event[0]
        if kind == "reset":
            begun = begun | {row for row, yes in enumerate(event[1]) if yes}
        elif kind == "act":
            acted.append(event[1:])
        elif kind == "step":
            calls.append({"begun": begun, "acted": acted, "state": event[1], "actions": event[2], "stored": [],
                          "order": ""})
            begun, acted = set(), []
        elif calls:
            calls[-1]["order"] += {"store": "S", "learn": "L", "target": "T"}[kind]
            if kind == "store":
                calls[-1]["stored"].append(event[1:])
    return calls


def diagnosed(calls: list[dict], losses, stopped, case: Case, total: int, starts: int, every: int) -> tuple[str, str]:
    """The first thing that is wrong with a run, and where; two empty texts when nothing is."""
    rows = case.rows
    if not calls:
        return "else", ("env.step was never called" if stopped is None else
                        "nothing was played: the first thing that an environment needs is a reset")
    ends = true_ends(calls, case)
    for found in (_lengths(calls, stopped, ends, rows, total), _resets(calls, ends), _acting(calls, rows),
                  _storing(calls, ends, case), _learning(calls, rows, starts, every), _targets(calls)):
        if found[0]:
            return found
    count = sum(call["order"].count("L") for call in calls)
    want = [1.0 / (k + 1) for k in range(count)]
    if not isinstance(losses, (list, tuple)):
        return "type", f"expected the list of the losses, got {type(losses).__name__}"
    try:
        given = [float(loss) for loss in losses]
    except (TypeError, ValueError):
        return "type", "expected numbers in the list of the losses"
    if given != want:
        return "the list of losses is not that of the updates", f"{count} updates, {len(given)} losses"
    return "", ""


def true_ends(calls: list[dict], case: Case) -> list[dict]:
    """What each call really led to, by the tables: state, reward, terminated, truncated, each a list over the rows."""
    world, found = TableWorld(case), []
    for call in calls:
        after = {"state": [], "obs": [], "reward": [], "terminated": [], "truncated": []}
        for (x, row, episode, clock), actions in zip(call["state"], call["actions"]):
            column = sum(a * case.n_actions ** i for i, a in enumerate(actions))
            then = [float(world.next[int(x), column]), row, episode, clock + 1]
            terminated = bool(world.ends[int(x), column])
            after["state"].append(then)
            after["obs"].append([[then[0], float(i), then[3]] for i in range(case.n_agents)])
            after["reward"].append(float(world.reward[int(x), column]))
            after["terminated"].append(terminated)
            after["truncated"].append(clock + 1 >= case.limit and not terminated)
        found.append(after)
    return found


def _lengths(calls, stopped, ends, rows, total):
    if isinstance(stopped, ResetNeeded):
        last = ends[-1]
        waiting = [row for row in range(rows) if last["terminated"][row] or last["truncated"][row]]
        ever = any(call["begun"] for call in calls[1:]) or any(any(e["terminated"]) for e in ends[:-1])
        if ever and not any(last["terminated"]):
            return ("a row whose clock ran out is not begun again",
                    f"after call {len(calls)}: row {waiting[0]} is truncated")
        return "an ended episode is not begun again", f"after call {len(calls)}: row {waiting[0]} has ended"
    if stopped and calls[-1]["order"].count("L") > MOST // 2:
        return ("the number of updates is not what is due",
                f"in call {len(calls)} one update follows the other without end")
    need = -(-total // rows)
    text = f"expected {need} calls of env.step, got {'many more' if stopped else len(calls)}"
    if len(calls) == total != need:
        return "a call of env.step is counted as one step", text
    if stopped or len(calls) != need:
        return "the run has another length", text
    return "", ""


def _resets(calls, ends):
    if len(calls[0]["begun"]) != len(calls[0]["state"]):
        return "else", "before the first call every row must be reset"
    for k in range(1, len(calls)):
        due = {row for row, (t, c) in enumerate(zip(ends[k - 1]["terminated"], ends[k - 1]["truncated"])) if t or c}
        if calls[k]["begun"] - due:
            return ("rows are begun again in the middle of an episode",
                    f"after call {k}: ended {sorted(due)}, reset {sorted(calls[k]['begun'])}")
    return "", ""


def _acting(calls, rows):
    for k, call in enumerate(calls):
        if not call["acted"]:
            return "else", f"call {k + 1}: act was not asked"
        state, epsilon, actions = call["acted"][-1]
        if state != call["state"]:
            return ("the team acts on something that is over",
                    f"call {k + 1}: the state is {call['state'][0]} in row 0, "
                    f"and act was shown {state[0]}  (state, row, episode, clock)" if state[0] != call["state"][0] else
                    f"call {k + 1}: act was shown another state than the one the team was in")
        if actions != call["actions"] or len(call["acted"]) > 1:
            return "else", f"call {k + 1}: ask act once, and play the actions that it gives"
        if abs(epsilon - 1.0 / (1.0 + k * rows)) > 1e-12:
            return "ε belongs to another step", f"call {k + 1}: expected epsilon_at({k * rows}), got another value"
    return "", ""


def _storing(calls, ends, case):
    for k, (call, true) in enumerate(zip(calls, ends)):
        if len(call["stored"]) != 1:
            return "not every step is stored, or not once", f"call {k + 1}: stored {len(call['stored'])} times"
        before, actions, after = call["stored"][0]
        if after["state"] != true["state"] or after["obs"] != true["obs"]:
            ended = any(true["terminated"]) or any(true["truncated"])
            fresh = ended and after["state"] != call["state"]
            name = "the first observation of the next episode is stored as the last of this one" if fresh else "else"
            return name, f"call {k + 1}: led to {true['state']}, stored {after['state']}  (state, row, episode, clock)"
        if not all(same(after[name], true[name]) for name in ("reward", "terminated", "truncated")):
            return "else", f"call {k + 1}: the reward or the flags that were stored are not those of the step"
        if before["state"] != call["state"]:
            return ("what is stored as before is not what was before",
                    f"call {k + 1}: began in {call['state']}, stored {before['state']}")
        if actions != call["actions"]:
            return "else", f"call {k + 1}: other actions were stored than played"
    return "", ""


def _learning(calls, rows, starts, every):
    steps = [(k + 1) * rows for k in range(len(calls))]
    each = [call["order"].count("L") for call in calls]
    got = [sum(each[:k + 1]) for k in range(len(calls))]
    due = [max(0, s - starts) // every for s in steps]
    if got == due:
        early = [k for k, call in enumerate(calls) if "L" in call["order"].split("S")[0]]
        if early:
            return "it learns before it has stored the step", f"call {early[0] + 1}: order {_words(calls[early[0]])}"
        return "", ""
    first = next(k for k in range(len(calls)) if got[k] != due[k])
    text = f"after call {first + 1} ({steps[first]} steps): {due[first]} updates are due in all, got {got[first]}"
    if any(g and s < starts for g, s in zip(got, steps)) and not all(s % every for s, e in zip(steps, each)
                                                                     if e and s >= starts):
        return "it learns before learning_starts", text
    learned = [s for s, e in zip(steps, each) if e]
    if learned and max(each) == 1 and all(s % every for s in learned) and \
            all(s in learned for s in steps if s > starts and s % every):
        return "the remainder is asked the wrong way round", text
    if any(g and s < starts for g, s in zip(got, steps)):
        return "it learns before learning_starts", text
    counted = [[max(0, k + 1 - starts) // every for k in range(len(calls))],
               [max(0, k + 1 - -(-starts // rows)) // every for k in range(len(calls))]]
    if got in counted:
        return "a call of env.step is counted as one step", text
    if got[-1] >= due[-1] and all(g in (0, s // every) for g, s in zip(got, steps)):
        return "updates from before learning_starts are made up for", text
    if all(g <= d for g, d in zip(got, due)) and max(each) <= 1 < max(b - a for a, b in zip([0, *due], due)):
        return "one update at most, although several are due", text
    return "the number of updates is not what is due", text


def _targets(calls):
    whole = "".join(call["order"].replace("S", "") for call in calls)
    learned, moved = whole.count("L"), whole.count("T")
    if whole == "LT" * learned:
        return "", ""
    where = next(k for k, call in enumerate(calls) if call["order"].replace("S", "") != "LT" * call["order"].count("L"))
    text = f"call {where + 1}: {_words(calls[where])}"
    if moved == 0:
        return "the target never moves", text
    if all(call["order"].count("T") == 1 for call in calls):
        return "the target moves once a call, not once an update", text
    if whole == "TL" * learned:
        return "the target moves before the optimiser's step", text
    return "the target does not move right after each update", text


def _words(call) -> str:
    return ", ".join({"S": "store", "L": "learn", "T": "move_target"}[letter] for letter in call["order"]) or "nothing"


EXERCISE = Exercise(
    number="08.3", title="The loop", answers={"train_loop": "function"}, difficulty=4, minutes=20, core=True,
    practises="put play, memory, updates and targets in their order",
    hints=("Three things live from one call to the next: what the team sees, how many steps were played, and the "
           "losses.",
           "Two names for two steps: what was before the call, and what it led to. Store both before anything is "
           "reset.",
           "Ask after each call how many updates should have been made since the start of the run, and learn until "
           "there are as many.",
           "Only the rows that have ended are reset, and the result of the reset is what the team sees next."),
    mistakes=LOOP_MISTAKES, look=look)
