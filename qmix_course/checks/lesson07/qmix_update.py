"""07.5 · The whole update: write one gradient step of QMIX."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise
from qmix_course.checks.lesson07.qmix_update_mistakes import MISTAKES
from qmix_course.checks.lesson07.update_cases import (
    AGENTS,
    BATCH,
    GAMMA,
    HIGH,
    LOW,
    MIXER,
    OPTIMISER,
    TARGET_AGENTS,
    TARGET_MIXER,
    WORLDS,
    batch_of,
    update_case,
)
from qmix_course.checks.lesson07.update_flaws import FLAWS, update_with
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

ROUGH = 1e-6        # a flag that is turned into float32 costs digits, and is no mistake


def _apply(update: Callable, number: int) -> list:
    """Two updates in a row: for each the returned loss, the agents' weights and the mixer's afterwards."""
    arguments = list(update_case(number))
    result = []
    for which in range(2):
        arguments[BATCH] = batch_of(number, which)
        loss = update(*arguments)
        result.append((loss, _weights(arguments[AGENTS]), _weights(arguments[MIXER])))
    return result


def _weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().reshape(-1) for p in module.parameters()]).clone()


def _same(given: list, wanted: list) -> bool:
    return all(values.problem(g, w, ROUGH) is None for got, want in zip(given, wanted) for g, w in zip(got, want))


def look(room: Room, answer) -> Verdict:
    def asked(*arguments):
        before = [_weights(arguments[place]) for place in (TARGET_AGENTS, TARGET_MIXER)]
        loss = room.ask(answer, *arguments, may_change=(AGENTS, MIXER, TARGET_AGENTS, TARGET_MIXER, OPTIMISER))
        if any(not torch.equal(old, _weights(arguments[place]))
               for old, place in zip(before, (TARGET_AGENTS, TARGET_MIXER))):
            raise room.wrong("the target networks were moved")
        return loss

    given = {number: _apply(asked, number) for number in WORLDS}
    wanted = {number: _apply(update_with(), number) for number in WORLDS}
    failed = [number for number in WORLDS if not _same(given[number], wanted[number])]
    if failed:
        _name_it(room, asked, given, wanted, failed)
    arguments = update_case(2)
    asked(*arguments)
    if any(p.grad is not None and p.grad.any() for place in (TARGET_AGENTS, TARGET_MIXER)
           for p in arguments[place].parameters()):
        raise room.wrong("the target networks get gradients",
                         _line(2) + "\nafterwards: p.grad of the target's weights is not None")
    for number in (LOW, HIGH):
        given, wanted = ([_apply(update, number)[0]] for update in (asked, update_with()))
        if not _same(given, wanted):
            right_loss = values.problem(given[0][0], wanted[0][0], ROUGH) is None
            raise room.wrong("the step has another length" if right_loss else "a number that is not low enough",
                             _detail({number: given}, {number: wanted}, number))
    return Verdict("correct")


def _name_it(room: Room, asked: Callable, given: dict, wanted: dict, failed: list[int]) -> None:
    """Say what went wrong: by the flaw that explains everything, or by what did not move."""
    detail = _detail(given, wanted, failed[0])
    moved = {place: any((after - _weights(update_case(number)[place])).abs().max() > 0
                        for number in WORLDS for after in [given[number][0][1 + place]]) for place in (AGENTS, MIXER)}
    if not any(moved.values()):
        raise room.wrong("no weight changes", _line(2))
    for flaw, name in FLAWS.items():
        if all(_same(given[number], _apply(update_with(flaw), number)) for number in WORLDS):
            raise room.wrong(name, detail)
    _probe(room, asked, detail)
    if not torch.allclose(*(_after_clearing(asked, clear) for clear in (False, True)), atol=ROUGH):
        raise room.wrong("gradients from before are still there", detail)
    if not moved[MIXER]:
        raise room.wrong("the mixer does not learn", detail)
    if not moved[AGENTS]:
        raise room.wrong("no agent learns", detail)
    if all(_same([part[1:] for part in given[n]], [part[1:] for part in wanted[n]]) for n in WORLDS):
        first = failed[0]
        problem = values.problem(given[first][0][0], wanted[first][0][0], ROUGH)
        if problem and problem.kind == "wrong shape or type":
            raise room.misfit(f"the loss that is returned: {problem.text}",
                              "The weights are right. What does your function return?", _line(first))
        raise room.wrong("the loss that is returned is another one", detail)
    arguments = update_case(2)
    start = _weights(arguments[AGENTS])
    for group in arguments[OPTIMISER].param_groups:
        group["lr"] = 0.0
    asked(*arguments)
    if not torch.equal(start, _weights(arguments[AGENTS])):
        raise room.wrong("the given optimiser does not make the step", _line(2))
    if values.problem(given[1][0][0], wanted[1][0][0], ROUGH) is None:        # case 1: plain SGD, no old gradients
        start = torch.cat([_weights(update_case(1)[place]) for place in (AGENTS, MIXER)])
        step, right = (torch.cat(part[1][0][1:]) - start for part in (given, wanted))
        if not torch.allclose(step, right, atol=ROUGH) and torch.allclose(step / step.norm(), right / right.norm(),
                                                                          atol=ROUGH):
            raise room.wrong("the step has another length", detail)
    raise Found(Verdict("wrong", "the step is not the expected one",
                        "Print the shape of every line, and work one row out on "
                        "paper.", detail))


def _after_clearing(asked: Callable, clear: bool) -> torch.Tensor:
    """The agents' weights after an update in case 2, with or without gradients from before."""
    arguments = update_case(2)
    if clear:
        arguments[OPTIMISER].zero_grad()
    asked(*arguments)
    return _weights(arguments[AGENTS])


def _probe(room: Room, asked: Callable, detail: str) -> None:
    """Which inputs does the loss depend on? Finds one of several flaws at once."""
    def loss(change: Callable | None = None):
        arguments = list(update_case(2))
        if change:
            change(arguments)
        return asked(*arguments)

    def shift(key: str, rows: torch.Tensor):
        def change(arguments):
            arguments[BATCH][key] = arguments[BATCH][key] + rows.view(-1, *[1] * (arguments[BATCH][key].dim() - 1))
        return change

    def exchange(key: str):
        def change(arguments):
            arguments[BATCH][key] = arguments[BATCH][key].flip(-1)
        return change

    def grow(place: int):
        def change(arguments):
            with torch.no_grad():
                for weight in arguments[place].parameters():
                    weight.mul_(1.5)
        return change

    def half_gamma(arguments):
        arguments[GAMMA] /= 2

    ended = torch.tensor(WORLDS[2][7]).double()
    before = loss()
    without = [values.problem(loss(grow(place)), before, ROUGH) is None for place in (TARGET_MIXER, MIXER)]
    called = []
    arguments = list(update_case(2))
    for place in (TARGET_MIXER, MIXER):
        arguments[place].register_forward_hook(lambda module, given, result, place=place: called.append(place))
    asked(*arguments)
    if without[0] and not without[1] and TARGET_MIXER not in called and called.count(MIXER) == 1:
        raise room.wrong("the target mixer is left out", detail)
    for change, must, name in (
            (grow(MIXER), True, "the mixer is left out"),
            (exchange("actions"), True, "the best actions, not the ones that were played"),
            (shift("next_state", 1 - ended), True, "the target mixer reads the state before the step"),
            (shift("next_obs", 1 - ended), True, "the next values come from the observations before the step"),
            (shift("next_state", ended), False, "the end of an episode is ignored"),
            (exchange("next_available"), True, "unavailable actions are chosen too"),
            (grow(TARGET_AGENTS), True, "the online networks value the next step"),
            (grow(TARGET_MIXER), True, "the online networks value the next step"),
            (half_gamma, True, "gamma is not used")):
        if (values.problem(loss(change), before, ROUGH) is not None) != must:
            raise room.wrong(name, detail)


def _line(number: int) -> str:
    return (f"run: from qmix_course.checks.lesson07.update_cases import update_case\n     "
            f"qmix_update(*update_case({number}))")


def _detail(given: dict, wanted: dict, number: int) -> str:
    """The case to run, the loss of its first update, and where the weights differ."""
    (loss, *weights), (right, *right_weights) = given[number][0], wanted[number][0]
    lines = [_line(number), values.table(loss, right)]
    lines += [f"weights after the step, {name}: largest difference {float((w - r).abs().max()):.3g}"
              for name, w, r in zip(("agents", "mixer"), weights, right_weights)]
    if values.problem(loss, right, ROUGH) is None and all((w - r).abs().max() < ROUGH
                                                          for w, r in zip(weights, right_weights)):
        lines.append("the first update is right, the next one is not")
    return "\n".join(lines)


EXERCISE = Exercise(
    number="07.5", title="The whole update", answers={"qmix_update": "function"}, difficulty=4, minutes=20, core=True,
    practises="write one gradient step of QMIX",
    hints=("Three parts: what the online side says about what was played; the targets; the step. Print the shape of "
           "every line.",
           "The agents want an axis for time: put one of length one behind B, and take it away again. The mixers want "
           "none.",
           "Online side: agents on obs, the values of the actions that were played, the mixer in the state. Target "
           "side, without gradients: target agents on next_obs, the best available values, the target mixer in the "
           "next state, then y.",
           "The step has three calls: clear the old gradients, compute the new ones, let the optimiser move. Return "
           "the loss as a number."),
    mistakes=MISTAKES, look=look)
