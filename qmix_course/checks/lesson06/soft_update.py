"""06.3 · A small part of the way: move a target network in place, without gradients."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import NEARLY, Room
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
        module = (nn.Linear(1, 1, bias=False), nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)),
                  Scale())[kind].double()
    draw(module, torch.Generator().manual_seed(seed))
    return module


def draw(module: nn.Module, generator: torch.Generator) -> None:
    """New weights, in place."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64).round(decimals=2)
                            + 0.003)


def weights(module: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in module.parameters()]


def equal(a: list, b: list) -> bool:
    return len(a) == len(b) and all(values.loosely_equal(x, y, 1e-9) for x, y in zip(a, b))


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
              (1, 1.0, True), (1, 0.001, True))


def look(room: Room, answer) -> Verdict:
    left, told = [], []
    for number, (kind, tau, frozen) in enumerate(SOFT_CASES):
        online, target = networks(kind, number), networks(kind, 50 + number)
        if frozen:
            target.requires_grad_(False)
        asked, held = [parameter.requires_grad for parameter in target.parameters()], list(target.parameters())
        learns = [parameter.requires_grad for parameter in online.parameters()]
        for _ in range(2):                              # a second update finds the target where the first one left it
            before, goal = weights(target), weights(online)
            told.append(room.ask(answer, target, online, tau, may_change=(0, 1)))
            left.append((before, goal, weights(target), weights(online), tau))
            if any(p.grad_fn is not None or p.requires_grad != was for p, was in zip(target.parameters(), asked)):
                raise room.wrong("the update is recorded for gradients", _soft_line(tau, frozen))
            if any(new is not old for new, old in zip(target.parameters(), held)):
                raise room.wrong("the target has new parameters", _soft_line(tau, frozen))
        if learns != [parameter.requires_grad for parameter in online.parameters()]:
            raise room.wrong("the online network is changed", "its parameters no longer ask for gradients as they did")
        after = weights(target)
        draw(online, torch.Generator().manual_seed(9))
        if not equal(after, weights(target)):
            raise room.wrong("the target shares its weights with the online network", _soft_line(tau, frozen))
    _name_soft(room, left)
    if any(result is not None for result in told):
        raise room.wrong("it works in place, and returns something too")
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
    said = (f"tau = {tau}, first number in parameter {off + 1} of {len(before)}: target {first[0]:.6g}, online "
            f"{first[1]:.6g}")
    detail = (f"{_soft_run(tau, *first) if len(before) == 1 else said}\nexpected: {first[2]:.6g}\ngot:      "
              f"{first[3]:.6g}")
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
    if all(values.loosely_equal(a, soft_step(o, n, tau), 1e-5)
           for before, goal, after, _, tau in left for o, n, a in zip(before, goal, after)):
        raise room.wrong(NEARLY.name, detail)
    raise Found(Verdict("wrong", "the target is not where it should be",
                        "Take one weight, and work the formula out on paper.",
                        detail))


def _soft_run(tau: float, old: float, new: float, *_) -> str:
    return ("run: target, online = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)\n"
            f"     target.weight.data.fill_({old:.6g}), online.weight.data.fill_({new:.6g})\n"
            f"     soft_update(target, online, {tau})\n     target.weight.item()")


def _soft_line(tau: float, frozen: bool) -> str:
    flags = ("the target does not ask for gradients, the online network does"
             if frozen else "both networks ask for gradients")
    return f"tau = {tau}; {flags}"


MISTAKES = (
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
            "Go through all parameters: weights and biases, of every layer, trained or not. Which ones does your loop "
            "leave out?",
            "the target becomes a mixture of a new and an old network, whose values mean nothing"),
    Mistake("the update is recorded for gradients",
            "Look at `requires_grad` and `grad_fn` of the target's parameters afterwards. Who recorded the arithmetic?",
            "the graph grows with every update, and gradients could flow through the target"),
    Mistake("the target has new parameters",
            "Is each parameter of the target still the same object as before, with other numbers in it?",
            "whoever holds the old parameters, such as an optimiser or a saved list, would be left with weights nobody "
            "uses"),
    Mistake("the target shares its weights with the online network",
            "After your update, train the online network on. Does the target stand still?",
            "one tensor under two names is one network"),
    Mistake("it works in place, and returns something too",
            "The target is right. What does the text say about what comes back from your function?",
            "what works in place returns nothing in Python, so that nobody takes the result for a new network"),
)

LIBRARY = ("qmix_course.training.soft_update", "qmix_course.training.hard_update")

EXERCISE = Exercise(
    number="06.3", title="A small part of the way", answers={"soft_update": "function"}, difficulty=2, minutes=6,
    practises="move a target network in place, without gradients",
    hints=("Walk through the parameters of both networks side by side.",
           "Writing into a parameter needs a method that works in place; their names end in an underscore.",
           "PyTorch must not record what you do: there is a context manager, and a decorator, for that."),
    mistakes=MISTAKES, look=look, off_limits=LIBRARY)
