"""19.4 · Measure it: how many zealots can five stalkers beat, and by which rule? What decides is seen in numbers."""

from __future__ import annotations

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

# Measured as the text says. Nothing is drawn but the starts, so it comes out the same everywhere (a test plays it).
TRUTH = {"nearest": 4, "weakest": 5, "kite": 6}
SLIPS = {"returns of 10": {"nearest": 5, "weakest": 5, "kite": 7}, "any": {"nearest": 5, "weakest": 5, "kite": 6},
         "all": dict.fromkeys(TRUTH, 4), "first lost": {rule: most + 1 for rule, most in TRUTH.items()},
         "last but one": {rule: most - 1 for rule, most in TRUTH.items()}}


def look(room: Room, most) -> Verdict:
    if not isinstance(most, dict) or set(most) != set(TRUTH):
        raise room.misfit(f"expected a dict with the keys {', '.join(TRUTH)}, got {sorted(map(str, most))}"
                          if isinstance(most, dict) else f"expected a dict, got {type(most).__name__}",
                          'Hand in {"nearest": …, "weakest": …, "kite": …}, a whole number of zealots for each.')
    try:
        got = {rule: float(most[rule]) for rule in TRUTH}
    except (TypeError, ValueError):
        raise room.misfit("expected a whole number of zealots for each rule, got something else") from None
    if any(value != int(value) for value in got.values() if abs(value) < 1e9) or any(
            abs(value) >= 1e9 or value != value for value in got.values()):
        raise room.misfit("expected a whole number of zealots for each rule, got another",
                          "The question is how many zealots there are, not how often the team wins.")
    if got == TRUTH:
        return Verdict("correct")
    for name, slip in SLIPS.items():
        if got == slip:
            raise room.wrong(NAMES[name])
    if sorted(got.values()) == sorted(TRUTH.values()):
        raise room.wrong(NAMES["exchanged"])
    if max(got.values()) > 30:
        raise room.wrong(NAMES["battles"])
    if min(got.values()) >= 8:
        raise room.wrong(NAMES["ended"])
    if len(set(got.values())) == 1:
        raise room.wrong(NAMES["same"])
    raise room.wrong(NAMES["other"])


TOLD = {
    "returns of 10": ("half of the reward was taken for half of the battles",
                      "A battle that is lost by a hair pays nearly as much as half of a win. What do you count: "
                      "rewards, or battles won?",
                      "reward is paid for damage and kills as well; env.won tells which returns are those of a win"),
    "any": ("a single win was taken for enough",
            "In how many of the 200 battles must the team win? In how many does it, at your numbers?",
            "one win in 200 is luck; the question asks for at least half"),
    "all": ("every battle had to be won",
            "In how many of the 200 battles must the team win? You stop as soon as one is lost.",
            "at least half are asked for, not all"),
    "first lost": ("that is the first number that is too many",
                   "Against your numbers, does the team win at least half? Look at the last number before it.",
                   "the largest number that is still beaten comes just before the first that is not"),
    "last but one": ("one more would still be beaten",
                     "Try one zealot more than you say. In how many of the 200 battles does the team win?",
                     "a loop that stops too early gives the last but one"),
    "exchanged": ("the numbers belong to other rules",
                  "Which rule does each of your runs really play? Print it beside the result.",
                  "the rules differ in nothing but their names in your code; one was passed for the other"),
    "battles": ("those are battles, not zealots",
                "In which unit are your numbers?",
                "the number of wins belongs to one number of zealots; the question asks for the number of zealots"),
    "ended": ("a battle that ended was taken for one that was won",
              "A battle terminates too when the whole team has fallen. How do you tell who won?",
              "terminated says that it is over, not for whom"),
    "same": ("the same number for every rule",
             "Do your three teams really play three rules? Compare their returns for one number of zealots.",
             "with one rule in all three runs nothing was varied, so nothing was learned about rules"),
    "other": ("these are not the numbers of this experiment",
              "Five stalkers (5s), one to eight zealots, 200 rows, seed 0, and each rule from the first to the last "
              "number. Which of these is different in yours?",
              "with another scenario, another number of battles or other starts it is another experiment"),
}
NAMES = {key: name for key, (name, _, _) in TOLD.items()}

EXERCISE = Exercise(
    number="19.4", title="Measure it: five stalkers", answers={"most": "value"}, difficulty=2, minutes=12,
    practises="run a small experiment in which one thing varies, and read the answer off it",
    hints=('Skirmish("5s_vs_3z", num_envs=200): 200 battles against three zealots. ScriptedTeam(env, rule) plays them.',
           "evaluate(env, team).returns holds 200 returns; env.won(...) says which are those of a win.",
           "Two loops: over the rules, and over the zealots; keep the last number with at least 100 wins."),
    mistakes=tuple(Mistake(*each) for each in TOLD.values()), look=look)
