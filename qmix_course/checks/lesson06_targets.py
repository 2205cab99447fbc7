"""Checks of lesson 06 about target networks: soft and hard updates, and how far back they look."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict


class Scale(nn.Module):
    """A network with parameters of odd shapes: a single number, and one that is not trained."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(()))
        self.table = nn.Parameter(torch.zeros(2, 1, 3), requires_grad=False)
        self.inner = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1, bias=False))

    def forward(self, x):
        return self.gain * self.inner(x)


def networks(kind: int, seed: int) -> nn.Module:
    """A small network of kind 0, 1 or 2 with weights of two decimals."""
    with torch.random.fork_rng(devices=[]):
        module = (nn.Linear(1, 1, bias=False), nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), Scale())[kind].double()
    draw(module, torch.Generator().manual_seed(seed))
    return module


def draw(module: nn.Module, generator: torch.Generator) -> None:
    """New weights, in place."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64).round(decimals=2) + 0.003)


def weights(module: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


def equal(a: list, b: list) -> bool:
    return len(a) == len(b) and all(values.loosely_equal(x, y, 1e-9) for x, y in zip(a, b))


# ---- 06.3 --------------------------------------------------------------------------------------------------------------

def soft_step(old: torch.Tensor, new: torch.Tensor, tau: float) -> torch.Tensor:
    return (1 - tau) * old + tau * new


# What becomes of (target, online) instead: the name of the mistake and the weights that it leaves.
SOFT_SLIPS = (
    ("tau is on the wrong side", lambda old, new, tau: soft_step(new, old, tau)),
    ("the target moves away from the online network", lambda old, new, tau: old - tau * (new - old)),
    ("the old weights do not shrink", lambda old, new, tau: old + tau * new),
    ("the old weights are forgotten", lambda old, new, tau: tau * new),
    ("the whole way in one step", lambda old, new, tau: new),
)
# kind of network, tau, whether the target is frozen
SOFT_CASES = ((0, 0.25, True), (0, 0.9, False), (1, 0.02, True), (1, 0.3, False), (2, 0.15, True), (2, 0.7, False),
              (1, 1.0, True))


def look_at_soft(room: Room, answer) -> Verdict:
    left = []
    for number, (kind, tau, frozen) in enumerate(SOFT_CASES):
        online, target = networks(kind, number), networks(kind, 50 + number)
        if frozen:
            target.requires_grad_(False)
        asked, held = [parameter.requires_grad for parameter in target.parameters()], list(target.parameters())
        for _ in range(2):                              # a second update finds the target where the first one left it
            before, goal = weights(target), weights(online)
            room.ask(answer, target, online, tau, may_change=(0, 1))
            left.append((before, goal, weights(target), weights(online), tau))
            if any(p.grad_fn is not None or p.requires_grad != was for p, was in zip(target.parameters(), asked)):
                raise room.wrong("the update is recorded for gradients", _soft_line(tau, frozen))
            if any(new is not old for new, old in zip(target.parameters(), held)):
                raise room.wrong("the target has new parameters", _soft_line(tau, frozen))
        after = weights(target)
        draw(online, torch.Generator().manual_seed(9))
        if not equal(after, weights(target)):
            raise room.wrong("the target shares its weights with the online network", _soft_line(tau, frozen))
    _name_soft(room, left)
    return Verdict("correct")


def _name_soft(room: Room, left: list) -> None:
    right = [equal(after, [soft_step(o, n, tau) for o, n in zip(before, goal)]) and equal(goal, online)
             for before, goal, after, online, tau in left]
    if all(right):
        return
    before, goal, after, online, tau = next(entry for entry, fine in zip(left, right) if not fine)
    wanted = [soft_step(o, n, tau) for o, n in zip(before, goal)]
    off = next((k for k, (a, w) in enumerate(zip(after, wanted)) if not values.loosely_equal(a, w, 1e-9)), 0)
    first = [float(part[off].flatten()[0]) for part in (before, goal, wanted, after)]
    said = f"tau = {tau}, first number in parameter {off + 1} of {len(before)}: target {first[0]:.6g}, online {first[1]:.6g}"
    detail = f"{_soft_run(tau, *first) if len(before) == 1 else said}\nexpected: {first[2]:.6g}\ngot:      {first[3]:.6g}"
    if any(not equal(goal, online) for _, goal, _, online, _ in left):
        raise room.wrong("the online network is changed", detail)
    if all(equal(before, after) for before, _, after, _, _ in left):
        raise room.wrong("nothing moves", detail)
    for name, slip in SOFT_SLIPS:
        if all(equal(after, [slip(o, n, tau) for o, n in zip(before, goal)]) for before, goal, after, _, tau in left):
            raise room.wrong(name, detail)
    if all(values.loosely_equal(a, o, 1e-9) or values.loosely_equal(a, soft_step(o, n, tau), 1e-9)
           for before, goal, after, _, tau in left for o, n, a in zip(before, goal, after)):
        raise room.wrong("some parameters stay behind", detail)
    raise Found(Verdict("wrong", "the target is not where it should be", "Take one weight, and work the formula out on paper.",
                        detail))


def _soft_run(tau: float, old: float, new: float, *_) -> str:
    return ("run: target, online = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)\n"
            f"     target.weight.data.fill_({old:.6g}), online.weight.data.fill_({new:.6g})\n"
            f"     soft_update(target, online, {tau})\n     target.weight.item()")


def _soft_line(tau: float, frozen: bool) -> str:
    flags = "the target does not ask for gradients, the online network does" if frozen else "both networks ask for gradients"
    return f"tau = {tau}; {flags}"


SOFT_MISTAKES = (
    Mistake("tau is on the wrong side",
            "With tau = 0.02, which of the two networks should the new target resemble most?",
            "the target jumps almost onto the online network, so it is hardly a target network"),
    Mistake("the target moves away from the online network",
            "Put in target 0, online 1 and tau 0.25. Does your target come nearer to 1?",
            "the distance grows with every update, and the values run away"),
    Mistake("the old weights do not shrink",
            "Let target and online be equal. Should an update then change anything?",
            "the weights of the target grow without bound"),
    Mistake("the old weights are forgotten",
            "With tau = 0.02, how much of the old target is still in the new one?",
            "the target shrinks to tau times the online network: its values are far too small"),
    Mistake("the whole way in one step",
            "Where does your code use tau?",
            "a target that equals the online network after each update is no target network"),
    Mistake("the online network is changed",
            "Which of the two networks is trained by the optimiser, and which follows it?",
            "what has just been learned is overwritten"),
    Mistake("nothing moves",
            "A line that makes a new tensor does not write into the parameter. What writes in place?",
            "the name is bound to a new tensor while the module keeps its old one"),
    Mistake("some parameters stay behind",
            "Go through all parameters: weights and biases, of every layer, trained or not. Which ones does your loop leave out?",
            "the target becomes a mixture of a new and an old network, whose values mean nothing"),
    Mistake("the update is recorded for gradients",
            "Look at `requires_grad` and `grad_fn` of the target's parameters afterwards. Who recorded the arithmetic?",
            "the graph grows with every update, and gradients could flow through the target"),
    Mistake("the target has new parameters",
            "Is each parameter of the target still the same object as before, with other numbers in it?",
            "whoever holds the old parameters, such as an optimiser or a saved list, would be left with weights nobody uses"),
    Mistake("the target shares its weights with the online network",
            "After your update, train the online network on. Does the target stand still?",
            "one tensor under two names is one network"),
)


# ---- 06.4 --------------------------------------------------------------------------------------------------------------

def updates_until(share: float, tau: float) -> int:
    """By counting. The same as the ceiling of ``log(1 − share) / log(1 − tau)``."""
    rest, updates = 1.0, 0
    while 1 - rest < share:
        rest, updates = rest * (1 - tau), updates + 1
    return updates


# What people compute before they round, in place of log(1 − share) / log(1 − tau).
DELAYS: tuple[tuple[str, Callable], ...] = (
    ("a rule of thumb, not the number itself", lambda share, tau: -math.log(1 - share) / tau),
    ("a rule of thumb, not the number itself", lambda share, tau: 1 / tau),
    ("share is what is left, not what is gone", lambda share, tau: math.log(share) / math.log(1 - tau)),
    ("every update goes equally far", lambda share, tau: share / tau),
    ("tau and 1 − tau are exchanged", lambda share, tau: math.log(1 - share) / math.log(tau)),
    ("always half of the way", lambda share, tau: math.log(0.5) / math.log(1 - tau)),
    ("always half of the way", lambda share, tau: math.log(2) / tau),
)
# Ways to make a whole number of it, and what each is called when the number itself was right.
ROUNDINGS: tuple[tuple[str, Callable], ...] = (
    ("one update too few", math.floor), ("one update too few", lambda x: max(1, math.floor(x))),
    ("one update too few", lambda x: math.floor(x) - 1), ("rounded to the nearest", round),
    ("rounded to the nearest", lambda x: max(1, round(x))), ("one update too many", lambda x: math.floor(x) + 2),
    ("", math.ceil), ("", float),
)


# Exactly the share is gone after a whole number of updates, and no way of reckoning rounds off: "at least" decides.
DRAWS = ((0.5, 0.5), (0.75, 0.5), (0.875, 0.5), (0.9375, 0.5), (0.4375, 0.25), (0.9375, 0.75))


def look_at_delay(room: Room, answer) -> Verdict:
    generator = torch.Generator().manual_seed(64)
    cases = [(0.5, 0.4), (0.5, 0.02), (0.9, 0.001), (0.3, 0.8), (0.99, 0.005), *DRAWS]
    while len(cases) < 25 + len(DRAWS):
        share, tau = (torch.rand(2, generator=generator) * torch.tensor([0.97, 0.6]) + 0.01).round(decimals=3).tolist()
        exact = math.log(1 - share) / math.log(1 - tau)
        if abs(exact - round(exact)) > 0.02:            # no draw: rounding in the last digit must not decide
            cases.append((share, tau))
    cases.sort(key=lambda case: updates_until(*case))
    given = [room.ask(answer, *case) for case in cases]
    expected = [updates_until(*case) for case in cases]
    drawn = [case in DRAWS for case in cases]
    if all(values.loosely_equal(got, want + draw, 1e-9) for got, want, draw in zip(given, expected, drawn)):
        raise room.wrong("exactly the share is enough", values.call("updates_until", DRAWS[0]) + "\n"
                         + values.table(given[cases.index(DRAWS[0])], updates_until(*DRAWS[0])))
    try:
        room.match(given, expected, cases)
    except Found as found:
        name = _delay_mistake(given, cases)
        if name is None:
            raise
        raise room.wrong(name, found.verdict.detail) from None
    return Verdict("correct")


def _delay_mistake(given: list, cases: list[tuple]) -> str | None:
    """The slip that explains all answers (of draws, there are several): in the number, or only in how it is made whole."""
    given, cases = zip(*((got, case) for got, case in zip(given, cases) if case not in DRAWS))

    def explained(delay, rounding):
        return all(values.loosely_equal(got, rounding(delay(*case)), 1e-9) for got, case in zip(given, cases))

    def exact(share, tau):
        return math.log(1 - share) / math.log(1 - tau)

    tried = [(name, exact, rounding) for name, rounding in ROUNDINGS if name]
    tried += [(name, delay, rounding) for name, delay in DELAYS for _, rounding in ROUNDINGS]
    return next((name for name, delay, rounding in tried if explained(delay, rounding)), None)


DELAY_MISTAKES = (
    Mistake("exactly the share is enough",
            "Let tau be 0.5. After one update, exactly half of the way is gone. Is that at least half?",
            "\"at least\" includes the share itself; where the logarithms give a whole number, none is to be added"),
    Mistake("one update too few",
            "Make as many soft updates as you say. Has the target gone far enough by then?",
            "after that many updates the target is still short of the share"),
    Mistake("rounded to the nearest",
            "Take 34.3. Is the target there after 34 updates?",
            "the first update by which the share is reached is asked for, so a fraction counts as one more"),
    Mistake("one update too many",
            "Make one soft update less than you say. Has the target already gone far enough?",
            "the smallest such number is asked for"),
    Mistake("a rule of thumb, not the number itself",
            "Try tau = 0.4 and count by hand. For which tau is the rule good enough?",
            "ln 2 / tau and its kin hold for small tau only; the exercise asks for every tau"),
    Mistake("share is what is left, not what is gone",
            "Try share = 0.9 and share = 0.1. Which of them should take longer?",
            "what is left shrinks by 1 − tau; what is gone is 1 minus that"),
    Mistake("every update goes equally far",
            "The second update: is the way that is left still the whole one?",
            "each update goes the part tau of what is left, so the steps get shorter and shorter"),
    Mistake("tau and 1 − tau are exchanged",
            "Try a tiny tau. Does it take your target many updates, or few?",
            "the distance shrinks by the factor 1 − tau with each update, not by tau"),
    Mistake("always half of the way",
            "Does your answer change with the share?",
            "the half is the lesson's example; any share is asked for"),
)


# ---- 06.5 --------------------------------------------------------------------------------------------------------------

HARD_CASES = ((0, 3), (1, 2), (2, 4), (1, 1), (0, 25))
HARD_LINES = ("run: online = torch.nn.Linear(1, 1)\n     slow = HardCopy(online, {every})\n"
              "     online.weight.data.add_(1.0)\n     slow.after_update()")


def look_at_hard(room: Room, answer) -> Verdict:
    _two_copies(room, answer)
    for kind, every in HARD_CASES:
        online = networks(kind, every)
        flags = [parameter.requires_grad for parameter in online.parameters()]
        slow = room.ask(answer, online, every, may_change=(0,))
        _watch_copy(room, slow, online, flags, every)
    return Verdict("correct")


def _network(slow) -> nn.Module:
    network = getattr(slow, "network", None)
    if not isinstance(network, nn.Module):
        raise Found(Verdict("wrong shape or type", f"network: expected a network (nn.Module), got {values.describe(network)}",
                            "The copy stands in the attribute `network`, from the start on."))
    return network


def _watch_copy(room: Room, slow, online: nn.Module, flags: list, every: int) -> None:
    generator, lines = torch.Generator().manual_seed(303), HARD_LINES.format(every=every)
    asks = any(parameter.requires_grad for parameter in _network(slow).parameters())
    if not equal(weights(_network(slow)), weights(online)):
        raise room.wrong("the copy starts from other weights", f"directly after HardCopy(online, {every})")
    copied, stray = [], []
    for update in range(1, 4 * min(every, 4) + 2):
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
    """Two of them, one update each: is nothing copied when either is alone, but something when they are side by side?"""
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
        raise room.wrong("two copies share one count", "several HardCopy with every = 3, one update each: nothing is due yet")


HARD_MISTAKES = (
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
            "Does your count go on from call to call? And is it the caller's online network that you copy from, and your own one "
            "that you copy to?",
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
            "Make two of them and call each once. Where does the count live: in the object, or in the class?",
            "agents and mixer may have a copy each, and both would come too early"),
)


LIBRARY = ("qmix_course.training.soft_update", "qmix_course.training.hard_update")
TARGETS = (
    Exercise(
        number="06.3", title="A small part of the way", answers={"soft_update": "function"}, difficulty=2, minutes=6,
        practises="move a target network in place, without gradients",
        hints=("Walk through the parameters of both networks side by side.",
               "Writing into a parameter needs a method that works in place; their names end in an underscore.",
               "PyTorch must not record what you do: there is a context manager, and a decorator, for that."),
        mistakes=SOFT_MISTAKES, look=look_at_soft, off_limits=LIBRARY),
    Exercise(
        number="06.4", title="How far back a tau looks", answers={"updates_until": "function"}, difficulty=2, minutes=7,
        practises="translate tau into a number of updates",
        hints=("What is left of the distance after one update? After two? After n?",
               "You may count in a loop, or solve the inequality with logarithms.",
               "With logarithms: dividing by a negative number turns the inequality round, and the answer has to be a whole "
               "number that is large enough."),
        mistakes=DELAY_MISTAKES, look=look_at_delay),
    Exercise(
        number="06.5", title="A hard copy now and then", answers={"HardCopy": "class"}, difficulty=3, minutes=10,
        practises="keep a copy that is really one, and renew it on time",
        hints=("The copy must own its weights. Which function of Python's `copy` goes all the way down?",
               "Keep the number of updates in the object. When is a copy due, in terms of a remainder?",
               "To renew it, copy the numbers of the online weights into those of the copy. Do not bind the name anew to the "
               "online network."),
        mistakes=HARD_MISTAKES, look=look_at_hard, off_limits=LIBRARY),
)
