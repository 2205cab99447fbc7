"""06.7 · A copy that is none: see that a target network shares its weights with the online network."""

from __future__ import annotations

import copy
from itertools import combinations

import torch
from torch import nn
from torch.func import functional_call

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson06.soft_update import draw, equal, weights
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


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


CAUSE = "B"
NOT_RETURNED = "the online network is right, the returned one is not"
BLAMED = {"A": "the rhythm of the copies is blamed", "C": "the gradient is blamed", "D": "the learning rate is blamed",
          "E": "the direction of the copy is blamed"}


def look(room: Room, cause, answer) -> Verdict:
    left, cases, same = [], [learn_case(number) for number in range(5)], False
    for number, case in enumerate(cases):
        online = copy.deepcopy(case[0])
        start = weights(online)
        target = room.ask(answer, online, *case[1:], may_change=(0,))
        if not isinstance(target, nn.Module):
            said = f"mended_learn: expected the target network, got {values.describe(target)}"
            raise room.misfit(said, "The last line of the listing returns it.")
        left.append((weights(online), weights(target), start))
        draw(online, torch.Generator().manual_seed(8))
        same |= number == 0 and not equal(left[0][1], weights(target))
    if same:                                                # and inside, were there two?
        trained = all(equal(got[0], learned(*case)[0]) for got, case in zip(left, cases))
        raise room.wrong(NOT_RETURNED if trained else "the bug is still there: two names, one network", _learn_line(0))
    explained = {twist: all(equal(got[0], want[0]) and equal(got[1], want[1])
                            for got, want in zip(left, [learned(*case, twist) for case in cases]))
                 for twist in ("", "one network", "new copy", "never", "one network after a copy")}
    if not explained[""]:
        _name_learn(room, left, cases, explained)
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


def _name_learn(room: Room, left: list, cases: list, explained: dict) -> None:
    wanted = [learned(*case) for case in cases]
    number = next(k for k, (got, want) in enumerate(zip(left, wanted))
                  if not (equal(got[0], want[0]) and equal(got[1], want[1])))
    part = 0 if equal(left[number][1], wanted[number][1]) else 1
    shown = ("the online network's first weights, online = case[0]", "the first weights of the target")[part]
    detail = f"{_learn_line(number)}\n     # {shown}:\n{values.table(left[number][part][0], wanted[number][part][0])}"
    # one object would have been noticed before
    names = {"one network": "the symptom is hidden: a new copy in every update",
             "new copy": "the symptom is hidden: a new copy in every update",
             "never": "the target never moves",
             "one network after a copy": "after the first copy the two are one network"}
    for twist, name in names.items():
        if explained[twist]:
            raise room.wrong(name, detail)
    if all(equal(online, start) for online, _, start in left):
        raise room.wrong("nothing is learned any more", detail)
    if all(equal(got[0], want[0]) for got, want in zip(left, wanted)):
        raise room.wrong(NOT_RETURNED, detail)
    if _other_schedule(left[1], cases[1]) and _other_schedule(left[0], cases[0]):
        raise room.wrong("the copies come after other updates", detail)
    if not equal(left[0][1], left[0][2]):               # case 0: two updates, a copy every five
        alone = [learned(*case, "one network")[0] for case in cases]
        follows = all(equal(got[0], want) for got, want in zip(left, alone))
        raise room.wrong("the symptom is hidden: a new copy in every update" if follows
                         else "the target is not the network of the start until the first copy", detail)
    raise Found(Verdict("wrong", "something else is different from the listing",
                        "The bug is not where it was. Compare your version with the listing, line by line.", detail))


def _other_schedule(got: tuple, case: tuple) -> bool:
    """Whether hard copies after some other updates explain the weights."""
    numbers = range(1, len(case[1]) + 1)
    schedules = [set(chosen) for many in range(len(numbers) + 1) for chosen in combinations(numbers, many)]
    return any(equal(got[0], want[0]) and equal(got[1], want[1])
               for want in (learned(*case, copies=schedule) for schedule in schedules))


def _learn_line(number: int) -> str:
    return ("run: from qmix_course.checks.lesson06.lab_copy import learn_case\n"
            f"     case = learn_case({number})\n     target = mended_learn(*case)")


MISTAKES = (
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
    Mistake("the target is not the network of the start until the first copy",
            "Before the first update, do the two networks answer alike? What moves the target before the first copy?",
            "it begins as a copy, and nothing but another copy changes it: it is not trained"),
    Mistake("the copies come after other updates",
            "The rule for when to copy was right. After which updates does your version do it?",
            "a repair must leave the rest as it was"),
    Mistake("nothing is learned any more",
            "Look at the online network's weights before and after. Whose gradients did you switch off, and which "
            "network does the optimiser hold?",
            "a loss that nobody follows protects the target, and everything else"),
    Mistake(NOT_RETURNED,
            "The online network was trained as it should be, towards a target of its own. Which of the networks does "
            "the last line of the listing return?",
            "whoever goes on with the result needs the network of the latest copy, and got another one"),
    Mistake("the rhythm of the copies is blamed",
            "Read the condition in front of load_state_dict. For which updates does it hold?",
            "the rule for when to copy is right: the target moves between the copies as well"),
    Mistake("the gradient is blamed",
            "In which block is y computed? And which network's weights does the optimiser hold?",
            "no gradient comes through no_grad; two networks that were trained apart would not answer alike to the "
            "last digit"),
    Mistake("the learning rate is blamed",
            "How far does the online network's answer move in the first 20 updates? And the target's?",
            "the online network has come a long way, and a target of its own would have stayed"),
    Mistake("the direction of the copy is blamed",
            "A target that is renewed from itself never changes. Does its curve?",
            "the copy goes from the online network to the target, as it should"),
)

EXERCISE = Exercise(
    number="06.7", title="A copy that is none", answers={"cause": "value", "mended_learn": "function"},
    difficulty=3, minutes=9, formerly=("wrong_line_b",),
    practises="see that a target network shares its weights with the online network",
    hints=("In the first 19 updates no hard copy was due. Who wrote into the target?",
           "The optimiser changes tensors in place. Which networks hold those tensors?",
           "Python can copy an object without copying what is inside."),
    mistakes=MISTAKES, look=look, lab=True)
