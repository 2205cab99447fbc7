"""06.5 · A hard copy now and then: keep a copy that is really one, and renew it on time."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson06.soft_update import LIBRARY, draw, equal, networks, weights
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

HARD_CASES = ((0, 3), (1, 2), (2, 4), (1, 1), (0, 25))
HARD_LINES = ("run: online = torch.nn.Linear(1, 1)\n     slow = HardCopy(online, {every})\n"
              "     online.weight.data.add_(1.0)\n     slow.after_update()")


def look(room: Room, answer) -> Verdict:
    _two_copies(room, answer)
    for kind, every in HARD_CASES:
        online = networks(kind, every)
        flags = [parameter.requires_grad for parameter in online.parameters()]
        slow = room.ask(answer, online, every, may_change=(0,))
        _watch_copy(room, slow, online, flags, every)
    _one_network_two_copies(room, answer)
    slow = room.ask(answer, networks(1, 3), 1, may_change=(0,))
    if room.ask(slow.after_update, may_change=(0,)) is not None:
        raise room.wrong("after_update returns something")
    return Verdict("correct")


def _network(slow) -> nn.Module:
    network = getattr(slow, "network", None)
    if not isinstance(network, nn.Module):
        raise Found(Verdict("wrong shape or type", f"network: expected a network (nn.Module), got "
                                                   f"{values.describe(network)}",
                            "The copy stands in the attribute `network`, from the start on."))
    return network


def _watch_copy(room: Room, slow, online: nn.Module, flags: list, every: int) -> None:
    generator, lines = torch.Generator().manual_seed(303), HARD_LINES.format(every=every)
    asks = any(parameter.requires_grad for parameter in _network(slow).parameters())
    if not equal(weights(_network(slow)), weights(online)):
        raise room.wrong("the copy starts from other weights", f"directly after HardCopy(online, {every})")
    copied, stray = [], []
    for update in range(1, max(2 * every, 4 * min(every, 4)) + 2):
        before = weights(_network(slow))
        draw(online, generator)
        if not equal(before, weights(_network(slow))):
            name = "after the first copy the two are one network" if copied else "the copy is the online network itself"
            raise room.wrong(name, f"{lines}\nin update {update} the copy moved before after_update was called")
        trained = weights(online)
        room.ask(slow.after_update, may_change=(0,))
        if not equal(trained, weights(online)):
            raise room.wrong("the online network is changed by the copy", lines)
        now = weights(_network(slow))
        if equal(now, trained):
            copied.append(update)
        elif not equal(now, before):
            stray.append(update)
    if [parameter.requires_grad for parameter in online.parameters()] != flags:
        raise room.wrong("the online network cannot learn any more", lines)
    wanted = [k for k in range(1, update + 1) if k % every == 0]
    if stray:
        raise room.wrong("what is copied is not what the online network is now", f"every = {every}, update {stray[0]}")
    if copied != wanted:
        detail = f"{lines}\nevery = {every}, {update} updates; copies are due after {wanted}\ngot them after {copied}"
        raise room.wrong(_hard_mistake(copied, wanted, every, update), detail)
    if asks or any(parameter.requires_grad for parameter in _network(slow).parameters()):
        raise room.wrong("the copy still asks for gradients", lines)


def _hard_mistake(copied: list, wanted: list, every: int, last: int) -> str:
    numbers = range(1, last + 1)
    if every > 1 and copied == list(numbers):
        return "it copies after every update"
    if every > 1 and copied == [k for k in numbers if k % every]:
        return "it copies in all updates but the right ones"
    if not copied:
        return "no copy is ever made"
    if wanted and copied == wanted[:1]:
        return "only the first copy is made"
    return "the copies come in the wrong updates"


def _two_copies(room: Room, answer) -> None:
    """Two of them, one update each: is nothing copied when either is alone, but something when they are side by side?
    """
    def moved(many: int) -> bool:
        online = [networks(1, 1 + k) for k in range(many)]
        slow = [room.ask(answer, network, 3, may_change=(0,)) for network in online]
        for network in online:
            draw(network, torch.Generator().manual_seed(4))
        starts = [weights(_network(s)) for s in slow]       # of an alias, these have moved already
        for s in slow:
            room.ask(s.after_update, may_change=(0,))
        return not all(equal(start, weights(_network(s))) for start, s in zip(starts, slow))

    # A count in the class goes on from object to object: a single one, made anew, copies at some first call of many.
    alone = [moved(1) for _ in range(4)]
    if any(alone) != all(alone) or not any(alone) and moved(4):
        raise room.wrong("two copies share one count",
                         "several HardCopy with every = 3, one update each: nothing is due yet")


def _one_network_two_copies(room: Room, answer) -> None:
    """Two of them on one network, with an ``every`` each: nobody's count may stand where the other one writes."""
    online, generator = networks(1, 7), torch.Generator().manual_seed(6)
    slow = {every: room.ask(answer, online, every, may_change=(0,)) for every in (2, 3)}
    for update in range(1, 7):
        draw(online, generator)
        for every, one in slow.items():
            before = weights(_network(one))
            room.ask(one.after_update, may_change=(0,))
            wanted = weights(online) if update % every == 0 else before
            if not equal(weights(_network(one)), wanted):
                raise room.wrong("two copies share one count",
                                 "one network, HardCopy(online, 2) and HardCopy(online, 3): "
                                 f"that with {every} is wrong after update {update}")


MISTAKES = (
    Mistake("the copy starts from other weights",
            "Before any update, what should the copy answer?",
            "until the first hard copy the targets would come from a network that has nothing to do with this one"),
    Mistake("the copy is the online network itself",
            "Change a weight of the online network and look at the same weight of your copy.",
            "two names for one network: the target moves with every step, and no error tells you"),
    Mistake("after the first copy the two are one network",
            "In the update in which you copy: do you copy numbers, or hand over the network?",
            "it works until the first copy is made, and from there on there is no target network"),
    Mistake("the online network is changed by the copy",
            "Which of the two networks receives the weights?",
            "each copy would throw away what was learned since the last one"),
    Mistake("the online network cannot learn any more",
            "Look at `requires_grad` of the online network after your code. Which network did you mean to freeze?",
            "gradients are switched off for the network that is to be trained"),
    Mistake("what is copied is not what the online network is now",
            "When is what you copy taken from the online network: now, or earlier?",
            "the target would be older than asked for, or would stay the first network for ever"),
    Mistake("it copies after every update",
            "Where does your code use `every`?",
            "right after each copy there is no difference between the two: no target network"),
    Mistake("it copies in all updates but the right ones",
            "What is `count % every` in update 3 of every 3, and what does `if` make of that number?",
            "the remainder is 0 exactly when a copy is due, and 0 counts as False"),
    Mistake("no copy is ever made",
            "Does your count go on from call to call? And is it the caller's online network that you copy from, and "
            "your own one that you copy to?",
            "the targets stay those of an untrained network"),
    Mistake("only the first copy is made",
            "One copy was right. What keeps the next one from coming?",
            "after that the target is frozen for ever"),
    Mistake("the copies come in the wrong updates",
            "Number the calls from 1 and write down after which of them you copy.",
            "the exercise says: after the updates every, 2 · every, 3 · every, …"),
    Mistake("the copy still asks for gradients",
            "The copy is never trained. What do its parameters say about gradients?",
            "without care gradients are computed for a network that never uses them, and an optimiser might move it"),
    Mistake("two copies share one count",
            "Make two of them and call each once. Where does the count live: in the object, or somewhere that both "
            "share?",
            "agents and mixer may have a copy each, and both would come too early"),
    Mistake("after_update returns something",
            "The copies are right. What does the text say about what comes back from `after_update`?",
            "a caller could take the result for something that it must go on with"),
)

EXERCISE = Exercise(
    number="06.5", title="A hard copy now and then", answers={"HardCopy": "class"}, difficulty=3, minutes=10,
    practises="keep a copy that is really one, and renew it on time",
    hints=("The copy must own its weights. Which function of Python's `copy` goes all the way down?",
           "Keep the number of updates in the object. When is a copy due, in terms of a remainder?",
           "To renew it, copy the numbers of the online weights into those of the copy. Do not bind the name anew to "
           "the online network."),
    mistakes=MISTAKES, look=look, off_limits=LIBRARY)
