"""The labs of lesson 06: a slot that is used again, and a target network that is none."""

from __future__ import annotations

import copy
from itertools import combinations

import torch
from torch import nn
from torch.func import functional_call

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson06_targets import draw, equal, weights
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

# ---- 06.6, a lab -------------------------------------------------------------------------------------------------------

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


def look_at_store(room: Room, wrong_line, answer) -> Verdict:
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
                raise Found(Verdict("wrong shape or type", "the memory has another form now",
                                    "The slots, their length and their dtypes stay as they are."))
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
        raise room.wrong("the symptom is hidden: the old steps are emptied and still count" if all(entry[2] for entry in wrong)
                         else "the bug is still there: the old mask shows through", detail)
    fresh = [entry for entry in wrong if entry[1]]
    if fresh:
        raise room.wrong("steps that nobody played count as played", fresh[0][-1])
    raise room.wrong("only a part of the old mask is cleared", detail)


def _short(mask: torch.Tensor) -> list:
    return [int(value) if float(value).is_integer() else float(value) for value in mask.tolist()]


STORE_MISTAKES = (
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
            "Sum the mask of a slot. Is it ever more than the length of its episode, even the first time that the slot is used?",
            "there is one more state than there are steps, and a slot is longer than most episodes: the rest was never played"),
    Mistake("only a part of the old mask is cleared",
            "Does your repair hold for all lengths of the old and the new episode, and for one that the clock cut off?",
            "it works for some episodes, which is the hardest kind of bug to see"),
    Mistake("the episode is not stored as it was",
            "Compare what is in the slot, up to the episode's length, with the episode: column by column.",
            "a repair must leave the rest as it was"),
)

# ---- 06.7, a lab -------------------------------------------------------------------------------------------------------

def learned(online: nn.Module, batches: list, every: int, gamma: float, learning_rate: float, twist: str = "",
            copies: set[int] | None = None) -> tuple[list, list]:
    """The weights of the online and of the target network after all updates, on copies of the weights, step by step.

    ``copies``: the updates after which the target is renewed; every ``every`` without it.
    """
    theta = {name: parameter.detach().clone() for name, parameter in online.named_parameters()}
    slow = dict(theta)
    for update, (state, reward, next_state) in enumerate(batches, start=1):
        if twist == "one network" or twist == "new copy":
            slow = dict(theta)
        if twist == "one network after a copy" and update > every:
            slow = dict(theta)
        y = reward + gamma * functional_call(online, slow, next_state).squeeze(-1).detach()
        leaves = {name: value.clone().requires_grad_() for name, value in theta.items()}
        loss = ((functional_call(online, leaves, state).squeeze(-1) - y) ** 2).mean()
        slopes = torch.autograd.grad(loss, list(leaves.values()))
        theta = {name: (value - learning_rate * slope).detach() for (name, value), slope in zip(leaves.items(), slopes)}
        due = update % every == 0 if copies is None else update in copies
        if due and twist != "never":
            slow = dict(theta)
    if twist == "one network" or twist == "one network after a copy" and len(batches) >= every:
        slow = theta
    return list(theta.values()), list(slow.values())


def learn_case(number: int) -> tuple:
    """online, batches, every, gamma, learning_rate of case ``number`` (0 to 4), new at every call."""
    sizes = ((1, 0, 1, 2, 5), (2, 3, 4, 7, 3), (3, 4, 5, 8, 4), (2, 2, 3, 4, 1), (2, 3, 2, 9, 2))
    inputs, hidden, rows, updates, every = sizes[number]
    layers = [nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, 1)] if hidden else [nn.Linear(inputs, 1)]
    online, generator = nn.Sequential(*layers).double(), torch.Generator().manual_seed(70 + number)
    draw(online, generator)
    shapes = ((rows, inputs), (rows,), (rows, inputs))
    batches = [tuple(torch.randn(shape, generator=generator, dtype=torch.float64).round(decimals=2) for shape in shapes)
               for _ in range(updates)]
    return online, batches, every, 0.9, 0.05


def look_at_learn(room: Room, wrong_line, answer) -> Verdict:
    left, cases = [], [learn_case(number) for number in range(5)]
    for number, case in enumerate(cases):
        online = copy.deepcopy(case[0])
        start = weights(online)
        target = room.ask(answer, online, *case[1:], may_change=(0,))
        if not isinstance(target, nn.Module):
            said = f"mended_learn: expected the target network, got {values.describe(target)}"
            raise Found(Verdict("wrong shape or type", said, "The last line of the listing returns it."))
        left.append((weights(online), weights(target), start))
        draw(online, torch.Generator().manual_seed(8))
        if number == 0 and not equal(left[0][1], weights(target)):
            raise room.wrong("the bug is still there: two names, one network", _learn_line(number))
    explained = {twist: all(equal(got[0], want[0]) and equal(got[1], want[1])
                            for got, want in zip(left, [learned(*case, twist) for case in cases]))
                 for twist in ("", "one network", "new copy", "never", "one network after a copy")}
    if not explained[""]:
        _name_learn(room, left, cases, explained)
    room.line(wrong_line, 1)
    return Verdict("correct")


def _name_learn(room: Room, left: list, cases: list, explained: dict) -> None:
    wanted = [learned(*case) for case in cases]
    number = next(k for k, (got, want) in enumerate(zip(left, wanted)) if not (equal(got[0], want[0]) and equal(got[1], want[1])))
    part = 0 if equal(left[number][1], wanted[number][1]) else 1
    shown = ("the online network's first weights, online = case[0]", "the first weights of the target")[part]
    detail = f"{_learn_line(number)}\n     # {shown}:\n{values.table(left[number][part][0], wanted[number][part][0])}"
    names = {"one network": "the symptom is hidden: a new copy in every update",     # one object would have been noticed before
             "new copy": "the symptom is hidden: a new copy in every update",
             "never": "the target never moves",
             "one network after a copy": "after the first copy the two are one network"}
    for twist, name in names.items():
        if explained[twist]:
            raise room.wrong(name, detail)
    if all(equal(online, start) for online, _, start in left):
        raise room.wrong("nothing is learned any more", detail)
    if _other_schedule(left[1], cases[1]) and _other_schedule(left[0], cases[0]):
        raise room.wrong("the copies come after other updates", detail)
    if equal(left[0][0], wanted[0][0]) and all(equal(got[0], want[0]) for got, want in zip(left, wanted)):
        raise Found(Verdict("wrong", "the online network is right, the returned one is not",
                            "What does the last line of the listing return?", detail))
    if not equal(left[0][1], left[0][2]):               # case 0: two updates, a copy every five
        alone = [learned(*case, "one network")[0] for case in cases]
        follows = all(equal(got[0], want) for got, want in zip(left, alone))
        raise room.wrong("the symptom is hidden: a new copy in every update" if follows
                         else "the target does not begin as the online network", detail)
    raise Found(Verdict("wrong", "something else is different from the listing",
                        "The bug is not where it was. Compare your version with the listing, line by line.", detail))


def _other_schedule(got: tuple, case: tuple) -> bool:
    """Whether hard copies after some other updates explain the weights."""
    numbers = range(1, len(case[1]) + 1)
    schedules = [set(chosen) for many in range(len(numbers) + 1) for chosen in combinations(numbers, many)]
    return any(equal(got[0], want[0]) and equal(got[1], want[1])
               for want in (learned(*case, copies=schedule) for schedule in schedules))


def _learn_line(number: int) -> str:
    return ("run: from qmix_course.checks.lesson06 import learn_case\n"
            f"     case = learn_case({number})\n     target = mended_learn(*case)")


LEARN_MISTAKES = (
    Mistake("the bug is still there: two names, one network",
            "Ask `target is online`, and then the same of their weights: `target[0].weight is online[0].weight`.",
            "as long as both hold the same tensors, a step of the optimiser moves both"),
    Mistake("the symptom is hidden: a new copy in every update",
            "The two are no longer one network. But how old is the target when y is computed?",
            "a copy that is as new as the online network gives the same targets as no copy at all"),
    Mistake("the target never moves",
            "Run it for longer than `every` updates. When does the target learn something new?",
            "the targets are those of an untrained network for ever"),
    Mistake("after the first copy the two are one network",
            "Compare target and online a few updates after the first hard copy.",
            "handing over the network in place of its weights brings the bug back later"),
    Mistake("the target does not begin as the online network",
            "Before the first update, do the two networks answer alike?",
            "the first targets would come from a network that is not a copy"),
    Mistake("the copies come after other updates",
            "The rule for when to copy was right. After which updates does your version do it?",
            "a repair must leave the rest as it was"),
    Mistake("nothing is learned any more",
            "Look at the online network's weights before and after. Whose gradients did you switch off, and which network does "
            "the optimiser hold?",
            "a loss that nobody follows protects the target, and everything else"),
)

LABS = (
    Exercise(
        number="06.6", title="A slot with a past", answers={"wrong_line_6": "value", "mended_store": "function"},
        difficulty=2, minutes=8,
        practises="leave nothing of the old row when a slot is used again",
        hints=("The first round through the slots is right. What is different in the second one?",
               "Which column tells the loss how much of the others to read?",
               "What is written behind the end of the new episode, and what should be?"),
        mistakes=STORE_MISTAKES, look=look_at_store, lab=True),
    Exercise(
        number="06.7", title="A copy that is none", answers={"wrong_line_7": "value", "mended_learn": "function"},
        difficulty=3, minutes=9,
        practises="see that a target network shares its weights with the online network",
        hints=("In the symptom, no hard copy was due. Who wrote into the target?",
               "The optimiser changes tensors in place. Which networks hold those tensors?",
               "Python can copy an object without copying what is inside."),
        mistakes=LEARN_MISTAKES, look=look_at_learn, lab=True),
)
