"""06.6 · A slot with a past: leave nothing of the old row when a slot is used again."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def empty_memory(slots: int, steps: int) -> dict[str, torch.Tensor]:
    whole = {"dtype": torch.int64}
    return {"state": torch.zeros(slots, steps + 1, 2), "actions": torch.zeros(slots, steps, 2, **whole),
            "reward": torch.zeros(slots, steps), "terminated": torch.zeros(slots, steps, dtype=torch.bool),
            "mask": torch.zeros(slots, steps)}


def episode_of(length: int, ends: bool, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Any column may hold zeros, so that only the length tells what was played."""
    flags = torch.zeros(length, dtype=torch.bool)
    flags[-1] = ends
    return {"state": torch.randint(2, (length + 1, 2), generator=generator).double(),
            "actions": torch.randint(3, (length, 2), generator=generator),
            "reward": torch.randint(-1, 2, (length,), generator=generator).double(), "terminated": flags}


# (slots, steps, the episodes: slot, length, terminated)
STORIES = (
    (1, 4, ((0, 4, True), (0, 2, True))),
    (2, 5, ((0, 5, False), (1, 4, True), (0, 2, True), (1, 5, True), (0, 1, False))),
    (3, 6, ((0, 6, True), (1, 6, False), (2, 3, True), (0, 5, False), (1, 1, True), (2, 6, False), (0, 3, True))),
    (2, 1, ((0, 1, True), (1, 1, False), (0, 1, False))),
    (1, 8, ((0, 7, True), (0, 8, False), (0, 1, True), (0, 7, False), (0, 2, True), (0, 1, True))),
)


def look(room: Room, wrong_line, answer) -> Verdict:
    left: list[tuple] = []                                  # what the mask says behind the end of each short episode
    for slots, steps, story in STORIES:
        memory, generator = empty_memory(slots, steps), torch.Generator().manual_seed(slots + steps)
        names = tuple(memory)
        for slot, length, ends in story:
            episode = episode_of(length, ends, generator)
            before = {name: column.clone() for name, column in memory.items()}
            room.ask(answer, memory, slot, episode, may_change=(0,))
            if set(memory) != set(names) or not all(
                    isinstance(memory[name], torch.Tensor) and memory[name].shape == before[name].shape
                    and memory[name].dtype == before[name].dtype for name in names):
                raise room.misfit("the memory has another form now",
                                  "The slots, their length and their dtypes stay as they are.")
            _examine_slots(room, memory, before, episode, slot, left)
    _name_left(room, left)
    room.line(wrong_line, 6)
    return Verdict("correct")


def _examine_slots(room: Room, memory: dict, before: dict, episode: dict, slot: int, left: list) -> None:
    others = [s for s in range(len(memory["mask"])) if s != slot]
    if any(not torch.equal(memory[name][others], before[name][others]) for name in memory):
        raise room.wrong("another slot is changed")
    mask, length, steps = memory["mask"][slot], len(episode["reward"]), memory["mask"].shape[1]
    right = torch.tensor([1.0 if t < length else 0.0 for t in range(steps)])
    detail = (f"an episode of {length} steps in a slot of {steps}\n"
              f"expected mask: {right.long().tolist()}\ngot:           {_short(mask)}")
    if not all(torch.equal(memory[name][slot, :len(column)], column) for name, column in episode.items()):
        raise room.wrong("the episode is not stored as it was")
    if not torch.equal(mask[:length], right[:length]):
        raise room.wrong("steps that were played are masked out", detail)
    behind, old = mask != right, before["mask"][slot].bool() & (right == 0)
    empty = not any(memory[name][slot, length:].any() for name in ("reward", "terminated"))
    if length < steps:
        left.append((torch.equal(behind, old), bool((behind & ~old).any()), empty, bool(behind.any()), detail))


def _name_left(room: Room, left: list) -> None:
    wrong = [entry for entry in left if entry[3]]
    if not wrong:
        return
    detail = wrong[0][-1]
    if all(old for old, *_ in left):
        raise room.wrong("the symptom is hidden: the old steps are emptied and still count"
                         if all(entry[2] for entry in wrong)
                         else "the bug is still there: the old mask shows through", detail)
    fresh = [entry for entry in wrong if entry[1]]
    if fresh:
        raise room.wrong("steps that nobody played count as played", fresh[0][-1])
    raise room.wrong("only a part of the old mask is cleared", detail)


def _short(mask: torch.Tensor) -> list:
    return [int(value) if float(value).is_integer() else float(value) for value in mask.tolist()]


MISTAKES = (
    Mistake("the bug is still there: the old mask shows through",
            "A slot that held a long episode gets a short one. What stands behind the short one's end?",
            "the loss then counts steps of an episode that was overwritten, glued to the end of another one"),
    Mistake("the symptom is hidden: the old steps are emptied and still count",
            "The sum of the rewards is right again. Over how many steps does the loss take its mean?",
            "steps that never happened, with reward 0, are still learned from"),
    Mistake("another slot is changed",
            "Print the masks of all slots before and after. Whose episode did you lose?",
            "what the other slots hold is valid and must stay"),
    Mistake("steps that were played are masked out",
            "Sum the mask of a slot. Is it ever less than the length of its episode?",
            "what is masked out is never learned from"),
    Mistake("steps that nobody played count as played",
            "Sum the mask of a slot. Is it ever more than the length of its episode, even the first time that the slot "
            "is used?",
            "there is one more state than there are steps, and a slot is longer than most episodes: the rest was never "
            "played"),
    Mistake("only a part of the old mask is cleared",
            "Does your repair hold for all lengths of the old and the new episode, and for one that the clock cut off?",
            "it works for some episodes, which is the hardest kind of bug to see"),
    Mistake("the episode is not stored as it was",
            "Compare what is in the slot, up to the episode's length, with the episode: column by column.",
            "a repair must leave the rest as it was"),
)

EXERCISE = Exercise(
    number="06.6", title="A slot with a past", answers={"wrong_line_a": "value", "mended_store": "function"},
    difficulty=2, minutes=8, core=True,
    practises="leave nothing of the old row when a slot is used again",
    hints=("The first round through the slots is right. What is different in the second one?",
           "Which column tells the loss how much of the others to read?",
           "What is written behind the end of the new episode, and what should be?"),
    mistakes=MISTAKES, look=look, lab=True)
