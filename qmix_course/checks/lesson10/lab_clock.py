"""10.6 · The judge who is full of praise: keep the end of a task and the end of its clock apart, in both uses."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

CAUSE = "B"
BLAMED = {"A": "the team is called slow", "C": "one agent is called enough", "D": "the last step is blamed",
          "E": "the rows are blamed"}


def judged(reward, terminated, truncated, twist=None):
    """The truth, board by board: returns[X], reached[X]."""
    returns, reached = [], []
    latest = max(row.index(True) if True in row else 0 for row in truncated.tolist()) if truncated.any() else None
    for rewards, ends, clocks in zip(reward.tolist(), terminated.tolist(), truncated.tolist()):
        if twist == "one clock":
            clocks = [step == latest for step in range(len(clocks))]
        total, later, found, over = 0.0, 0.0, False, False
        for paid, end, clock in zip(rewards, ends, clocks):
            left_out = {"end left out": end or clock, "clock's step": clock and not end}.get(twist, False)
            if not over and not left_out:
                total += paid
                found = found or (end and not (twist == "clock first" and clock)) or (twist == "clock" and clock)
            later += paid
            over = over or {"second chance": end, "clock only": clock, "both at once": end != clock}.get(
                twist, end or clock)
        if twist == "later verdicts":
            found = any(ends)
        if twist == "later returns":
            total = 0.0
            for paid, end in zip(rewards, ends):
                total += paid
                if end:
                    break
        if twist == "everything":
            total, found = later, any(ends)
        if twist == "spoilt":
            found = any(ends) and not any(clocks)
        if twist == "not out of time":
            found = not any(clock for k, clock in enumerate(clocks) if not any(ends[:k]) and not any(clocks[:k]))
        if twist == "turned":
            found = not found
        if twist == "positive":
            found = total > 0
        returns.append(total)
        reached.append(found)
    return torch.tensor(returns, dtype=torch.float64), torch.tensor(reached)


def cases() -> list[tuple]:
    """Recordings: what ends, and when. T: the task, C: the clock, B: both, a dot: the play goes on."""
    generator = torch.Generator().manual_seed(106)

    def flags(rows):
        return (torch.tensor([[mark in "TB" for mark in row] for row in rows]),
                torch.tensor([[mark in "CB" for mark in row] for row in rows]))

    found = []
    for rows in ([".CT."], ["T.C.", "..C.", ".B.T", "...."], ["C", "T", "B", "."]):
        ends = flags(rows)
        reward = torch.randint(-12, 9, ends[0].shape, generator=generator).double() / 4
        found.append((reward, *ends))
    for boards, steps, often in ((6, 5, 0.3), (20, 12, 0.15), (9, 30, 0.05)):
        terminated = torch.rand(boards, steps, generator=generator) < often
        truncated = torch.rand(boards, steps, generator=generator) < often
        found.append((torch.randint(-12, 9, (boards, steps), generator=generator).double() / 4, terminated, truncated))
    return found


def look(room: Room, cause, answer) -> Verdict:
    room.compare(answer, cases(), judged)
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


EXERCISE = Exercise(
    number="10.6", title="The judge who is full of praise",
    answers={"cause": "value", "mended_verdicts": "function"}, difficulty=3, minutes=10, core=True, lab=True,
    practises="keep the end of a task and the end of its clock apart when a policy is judged",
    formerly=("mended_judge", "wrong_line_b"),
    hints=("How many steps after the clock does each curve jump? How long is the way from the usual start?",
           "Take a board on which the clock runs out and the task ends later. Which of its steps belong to the first "
           "episode, and which does the listing count?",
           "Two lines ask about ends, and they need not ask the same. One wants to know when an episode is over, the "
           "other whether it was solved.",
           "An episode is over in two ways. It is solved in one."),
    mistakes=twisted(
        judged,
        ("second chance", "a board still gets a second chance after its clock has run out",
         "The clock ends the first episode. Does what comes after it count in your version?",
         "a clock ends an episode as well; what follows is another one, from another start"),
        ("clock", "the symptom is hidden: the clock counts as success",
         "A board on which nobody moves at all runs out of time. Is it solved?",
         "an episode is over when the clock runs out, and not solved"),
        ("clock only", "now an ended task no longer ends the episode",
         "Both agents are home, and the board goes on from the usual start. Does what follows count in your version?",
         "an episode is over in two ways, and either is enough"),
        ("later verdicts", "the returns are mended, the verdicts are not",
         "Your returns are those of the first episode. In which episode do you look for the goals?",
         "both numbers must be about the same episode"),
        ("later returns", "the verdicts are mended, the returns are not",
         "Your verdicts are those of the first episode. Which steps are in the sum?",
         "both numbers must be about the same episode"),
        ("everything", "now all episodes count",
         "A board's second episode begins at another start. What does it say about this one?",
         "only the first episode began where the row says"),
        ("both at once", "an episode goes on where both end it in one step",
         "Both flags are up in one step. What does your line make of two that are True?",
         "two reasons to end are one end"),
        ("not out of time", "an episode that did not run out of time counts as solved",
         "The recording stops in the middle of an episode. Did they arrive?",
         "what is not over is not solved: only terminated says that they arrived"),
        ("end left out", "the step that ends the episode is left out",
         "In which step do the agents reach their goals, and is it among those that you count?",
         "the last step of an episode belongs to it, and it is the one that pays"),
        ("clock's step", "the step in which the clock runs out is left out",
         "A board runs out of time. Is the reward of its last step in your sum?",
         "the last step of an episode belongs to it, whichever way it ends"),
        ("one clock", "one clock for all boards",
         "Two boards run out of time at different steps. Up to which step do you count on each of them?",
         "every board has an end of its own"),
        ("clock first", "where both end in one step, the clock wins",
         "The agents arrive in the very last step that they have. Did they arrive?",
         "at the limit both can happen at once, and there terminated wins"),
        ("spoilt", "a clock that runs out in a later episode spoils the verdict",
         "A board is solved, goes on from the usual start, and there its clock runs out. Was it solved?",
         "what happens after the first episode says nothing about it"),
        ("positive", "the symptom is hidden: a high return stands for success",
         "A team that arrives late has paid for a long time. Is its return still above your line?",
         "the return mixes arriving with the way; the flags say directly whether the task ended"),
        ("turned", "success and failure are exchanged",
         "Which of the two does True stand for: that they arrived, or that they did not?",
         "True means that both are on their goals"),
        (None, "the team is called slow",
         "With the clock at 10 the curve jumps before step 20. What is there at step 14 that a slow team needs?",
         "the jump comes a fixed number of steps after the clock, whichever clock it is; and the two never move"),
        (None, "one agent is called enough",
         "Suppose that it were so: would the judge wait for the clock before it counts a start where one agent is "
         "home?",
         "terminated is up only when both are home, and the judge asks for nothing else"),
        (None, "the last step is blamed",
         "In which step does over become 1: in the one that ends the episode, or in the one after it?",
         "the subtraction keeps the last step in the first episode, so the 10 at its end are in the sum"),
        (None, "the rows are blamed",
         "Along which axis do cumsum and any go?",
         "both go along the steps, so that no row hears of another one")),
    look=look)
