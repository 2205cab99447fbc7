"""Answers to 06.6."""

import torch

from tests.catalogue import Answers


def write(memory, slot, episode):
    """The lines that are right."""
    length = len(episode["reward"])
    memory["state"][slot, :length + 1] = episode["state"]
    memory["actions"][slot, :length] = episode["actions"]
    memory["reward"][slot, :length] = episode["reward"]
    memory["terminated"][slot, :length] = episode["terminated"]
    return length


def clears_behind(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot, :length] = 1
    memory["mask"][slot, length:] = 0


def compares(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot] = (torch.arange(memory["mask"].shape[1]) < length).double()


def empties_first(memory, slot, episode):
    for column in memory.values():
        column[slot] = 0
    length = write(memory, slot, episode)
    memory["mask"][slot, :length] = 1
    return memory


def unchanged(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot, :length] = 1


def clears_only_what_it_writes(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot, :length] = 0
    memory["mask"][slot, :length] = 1


def clears_the_rewards(memory, slot, episode):
    memory["reward"][slot] = 0
    memory["terminated"][slot] = False
    unchanged(memory, slot, episode)


def clears_all_slots(memory, slot, episode):
    memory["mask"].zero_()
    unchanged(memory, slot, episode)


def new_mask(memory, slot, episode):
    unchanged(memory, slot, episode)
    length = len(episode["reward"])
    memory["mask"] = torch.zeros_like(memory["mask"])
    memory["mask"][slot, :length] = 1


def clears_afterwards(memory, slot, episode):
    unchanged(memory, slot, episode)
    memory["mask"][slot] = 0


def masks_the_last_step(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot] = 0
    memory["mask"][slot, :length - 1] = 1


def not_the_terminal_step(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot] = 0
    memory["mask"][slot, :length] = 1 - episode["terminated"].double()


def one_too_many(memory, slot, episode):
    length = write(memory, slot, episode)
    memory["mask"][slot] = 0
    memory["mask"][slot, :length + 1] = 1


def all_ones(memory, slot, episode):
    write(memory, slot, episode)
    memory["mask"][slot] = 1


def where_it_paid(memory, slot, episode):
    """Takes a reward of 0 for padding."""
    length = write(memory, slot, episode)
    memory["reward"][slot, length:] = 0
    memory["mask"][slot] = (memory["reward"][slot] != 0).double()


def clears_one(memory, slot, episode):
    unchanged(memory, slot, episode)
    memory["mask"][slot, len(episode["reward"]):len(episode["reward"]) + 1] = 0


def until_it_terminates(memory, slot, episode):
    write(memory, slot, episode)
    ended = memory["terminated"][slot].long().cumsum(0) - memory["terminated"][slot].long()
    memory["mask"][slot] = (ended == 0).double()


def pads_the_episode(memory, slot, episode):
    """Writes the rewards a step late."""
    length = write(memory, slot, episode)
    memory["reward"][slot, 1:length] = episode["reward"][:-1]
    memory["mask"][slot, :length] = 1
    memory["mask"][slot, length:] = 0


ANSWERS = Answers(
    right=[(6, clears_behind), (6, compares), (6, empties_first)],
    wrong=[
        ("the bug is still there: the old mask shows through", (6, unchanged)),
        ("the bug is still there: the old mask shows through", (6, clears_only_what_it_writes)),
        ("the symptom is hidden: the old steps are emptied and still count", (4, clears_the_rewards)),
        ("another slot is changed", (6, clears_all_slots)),
        ("another slot is changed", (6, new_mask)),
        ("steps that were played are masked out", (6, clears_afterwards)),
        ("steps that were played are masked out", (6, masks_the_last_step)),
        ("steps that were played are masked out", (6, not_the_terminal_step)),
        ("steps that nobody played count as played", (6, one_too_many)),
        ("steps that nobody played count as played", (6, all_ones)),
        ("steps that were played are masked out", (6, where_it_paid)),
        ("only a part of the old mask is cleared", (6, clears_one)),
        ("steps that nobody played count as played", (6, until_it_terminates)),
        ("the episode is not stored as it was", (6, pads_the_episode)),
    ],
)
