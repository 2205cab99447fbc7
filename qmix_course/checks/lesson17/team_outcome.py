"""17.1 · One reward, one ending: from what each agent is told to what the team is told."""

from __future__ import annotations

import random

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def outcome(rewards, terminations, truncations, names, twist=None):
    pays = [pay for name, pay in rewards.items() if name in terminations or twist != "players"]
    count = {"present": max(1, len(pays)), "sum": 1}.get(twist, len(names))
    reward = sum(pays[:1]) if twist == "first" else sum(pays) / count
    asked = [name for name in terminations if name in rewards or twist != "paid"]
    told = [(terminations[name], truncations[name]) for name in asked]
    over = (any if twist == "one" else all)(ended or cut for ended, cut in told)
    if twist == "gone":
        over = over and len(terminations) == len(names)
    ended = any(ended for ended, _ in told)
    if twist == "all ended":
        ended = all(ended for ended, _ in told)
    if twist == "cut is end":
        return float(reward), over, False
    if twist == "both":
        return float(reward), over and ended, over and any(cut for _, cut in told)
    if twist == "cut wins":
        cut = any(cut for _, cut in told)
        return float(reward), over and not cut, over and cut
    if twist == "whenever":
        return float(reward), ended, over and not ended
    return float(reward), over and ended, over and not ended


def cases() -> list[tuple]:
    dice, found = random.Random(17), []
    for count in (1, 2, 2, 3, 3, 3, 4, 4, 4, 5) * 6:
        names = [f"robot_{k}" for k in range(count)]
        playing = dice.sample(names, dice.randint(1, count))
        paid = dice.sample(playing, dice.randint(1, len(playing)))         # some who play, some who have left
        paid = dict.fromkeys(paid + dice.sample(names, dice.randint(0, count)))
        chance = dice.choice((0.0, 0.3, 0.9, 1.0))
        ends = {name: dice.random() < dice.choice((0.0, 0.5, 1.0)) * chance for name in playing}
        cuts = {name: dice.random() < chance for name in playing}
        found.append(({name: dice.choice((-2.5, -1.0, 0.0, 0.5, 3.0)) for name in paid}, ends, cuts, names))
    both = {"a": True, "b": False}
    return [*found, ({"a": 1.0, "b": 3.0}, both, {"a": False, "b": True}, ["a", "b"]),
            ({"a": 1.0}, {"a": True}, {"a": True}, ["a", "b", "c"]),
            ({"a": 2.0, "b": 1.0}, both, {"a": False, "b": False}, ["a", "b"]),
            ({"a": 2.0}, both, {"a": False, "b": False}, ["a", "b"]),                           # b plays on, unpaid
            ({"a": 2.0, "b": 1.0}, dict.fromkeys("ab", False), dict.fromkeys("ab", True), ["a", "b"])]


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), outcome)
    return Verdict("correct")


MISTAKES = twisted(
    outcome,
    ("present", "the mean runs over those who are paid now",
     "Three robots, one has left and is no longer paid. By how much do you divide?",
     "the reward of the same deed would change whenever somebody leaves"),
    ("sum", "a sum, not a mean", "Two robots are paid 1 each. What is the team paid, by the text?",
     "the text asks for the mean; either would do, but not one where the other was agreed"),
    ("players", "the last pay of who has left is lost",
     "A robot has left and is paid once more. Where does that go in your version?",
     "what an agent earned counts for the team, also when it comes late"),
    ("gone", "who has left keeps the episode open",
     "A robot left earlier, so no flag names it. Does the episode wait for it?",
     "an episode that somebody has left would never be over"),
    ("first", "one agent's pay is taken for the team's", "What is the second agent's reward good for in your version?",
     "where agents are paid differently, the others' rewards are lost"),
    ("one", "one agent's ending ends the team's episode", "One robot is done, the other one still walks. Is it over?",
     "the others would be reset in the middle of their work"),
    ("whenever", "the episode terminates while somebody still plays",
     "The first robot is flagged terminated, the second one is not flagged at all. What do you return?",
     "the team's episode goes on as long as anybody plays"),
    ("all ended", "only if all terminate is it an end",
     "One robot has finished the task, the clock takes the other one out at the same step. Which of the two wins?",
     "the task has ended, and nothing comes after it, whatever the clock says"),
    ("cut is end", "a cut is called an end",
     "All are flagged truncated and nobody terminated. Does nothing come after?",
     "at a cut the target must look at what would have come"),
    ("both", "both flags at once", "Can the same step count what would have come and not count it?",
     "exactly one of the two flags may be True at the end of an episode"),
    ("paid", "who plays and is not paid is forgotten",
     "A robot plays on and is not among the paid. Is the episode over?",
     "the flags say who plays; a reward may be missing, and nobody stops for it"),
    ("cut wins", "the cut wins over the end", "The task is done at the very step at which the clock runs out. Is there "
     "anything left that could come?", "where the task is over, the clock no longer matters"),
)

EXERCISE = Exercise(
    number="17.1", title="One reward, one ending", answers={"team_outcome": "function"}, difficulty=2, minutes=10,
    core=True, practises="read rewards and flags of many agents as those of one team",
    hints=("Write the three rules as three lines: the reward; whether it is over; whether anybody has terminated.",
           "It is over when every agent that has a flag has one of the two. How long is `names`, and how long is "
           "`rewards`?"),
    mistakes=MISTAKES, look=look)
