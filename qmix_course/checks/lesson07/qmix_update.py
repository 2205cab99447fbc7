"""07.5 · The whole update: write one gradient step of QMIX."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson07.update_cases import (
    AGENTS,
    BATCH,
    GAMMA,
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
        if any(not torch.equal(old, _weights(arguments[place])) for old, place in zip(before, (TARGET_AGENTS, TARGET_MIXER))):
            raise room.wrong("the target networks were moved")
        return loss

    given = {number: _apply(asked, number) for number in WORLDS}
    wanted = {number: _apply(update_with(), number) for number in WORLDS}
    failed = [number for number in WORLDS if not _same(given[number], wanted[number])]
    if failed:
        _name_it(room, asked, given, wanted, failed)
    arguments = update_case(2)
    asked(*arguments)
    if any(p.grad is not None and p.grad.any() for place in (TARGET_AGENTS, TARGET_MIXER) for p in arguments[place].parameters()):
        raise room.wrong("the target networks get gradients",
                         _line(2) + "\nafterwards: p.grad of the target's weights is not None")
    given, wanted = ([_apply(update, LOW)[0]] for update in (asked, update_with()))
    if not _same(given, wanted):
        right_loss = values.problem(given[0][0], wanted[0][0], ROUGH) is None
        raise room.wrong("the step has another length" if right_loss else "a number that is not low enough",
                         _detail({LOW: given}, {LOW: wanted}, LOW))
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
            raise Found(Verdict("wrong shape or type", f"the loss that is returned: {problem.text}",
                                "The weights are right. What does your function return?", _line(first)))
        raise room.wrong("the loss that is returned is another one", detail)
    arguments = update_case(2)
    start = _weights(arguments[AGENTS])
    for group in arguments[OPTIMISER].param_groups:
        group["lr"] = 0.0
    asked(*arguments)
    if not torch.equal(start, _weights(arguments[AGENTS])):
        raise room.wrong("the given optimiser does not make the step", _line(2))
    if values.problem(given[1][0][0], wanted[1][0][0], ROUGH) is None:                 # case 1: plain SGD, no old gradients
        start = torch.cat([_weights(update_case(1)[place]) for place in (AGENTS, MIXER)])
        step, right = (torch.cat(part[1][0][1:]) - start for part in (given, wanted))
        if not torch.allclose(step, right, atol=ROUGH) and torch.allclose(step / step.norm(), right / right.norm(), atol=ROUGH):
            raise room.wrong("the step has another length", detail)
    raise Found(Verdict("wrong", "the step is not the expected one", "Print the shape of every line, and work one row out on "
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
    return f"run: from qmix_course.checks.lesson07.update_cases import update_case\n     qmix_update(*update_case({number}))"


def _detail(given: dict, wanted: dict, number: int) -> str:
    """The case to run, the loss of its first update, and where the weights differ."""
    (loss, *weights), (right, *right_weights) = given[number][0], wanted[number][0]
    lines = [_line(number), values.table(loss, right)]
    lines += [f"weights after the step, {name}: largest difference {float((w - r).abs().max()):.3g}"
              for name, w, r in zip(("agents", "mixer"), weights, right_weights)]
    if values.problem(loss, right, ROUGH) is None and all((w - r).abs().max() < ROUGH for w, r in zip(weights, right_weights)):
        lines.append("the first update is right, the next one is not")
    return "\n".join(lines)


MISTAKES = (
    Mistake("gradients from before are still there",
            "backward() adds to the gradients that it finds. Who cleared those of the last update?",
            "each step then follows the sum of all gradients since the start"),
    Mistake("the target mixer reads the state before the step",
            "The next values are mixed into the value of the next situation. In which state is that?",
            "the loss can become as small as you like, and the values are not those of the task"),
    Mistake("the mixer reads the state after the step",
            "Q_tot of the played actions is a value in the state in which they were played. Which one is that?",
            "the value would be explained by what nobody could know when acting"),
    Mistake("the next values come from the observations before the step",
            "What do the agents see when they choose their next actions?",
            "the target must value where the step led to, not where it began"),
    Mistake("the online networks value the next step",
            "There are two copies of each network. Which copy is meant to stand still while the other one learns?",
            "the target moves with every step that is taken towards it"),
    Mistake("the gradient flows through the target",
            "The target is a number to aim at. Can the loss also be made smaller by pulling at the target itself?",
            "the next value is pulled back towards the present one; where chance is involved all values come out wrong"),
    Mistake("the end of an episode is ignored",
            "Look at a row that terminated: what follows it?",
            "the last steps get a future that never comes"),
    Mistake("the end is turned round",
            "Which rows get the future in your code: those that terminated, or the others?",
            "the future is added exactly where there is none"),
    Mistake("unavailable actions are chosen too",
            "Which entry of the batch does your code never read?",
            "the target counts on values that the agents can never get"),
    Mistake("an unavailable action counts as 0",
            "Let all next values be negative: which action wins in your code?",
            "an action that cannot be taken wins with its 0 wherever the others are below zero"),
    Mistake("a number that is not low enough",
            "It is right for everyday values. Which number stands in for an action that is not available, and what if all available "
            "ones are lower?",
            "made-up numbers such as −9999999 win against lower values, and have leaked into the targets of published code"),
    Mistake("the best actions, not the ones that were played",
            "The reward followed from the actions in the batch. Does your Q_tot depend on them?",
            "the reward would be credited to actions that nobody took"),
    Mistake("the mixer is left out",
            "A plain sum is VDN's mixer, and no sum at all is learning alone. Is the mixer called on both sides?",
            "the mixer that is meant to be trained has no part in the loss"),
    Mistake("the target mixer is left out",
            "Q_tot of the next situation comes out of a mixer too. Which of the networks that you are given is never called?",
            "a mixed value is then compared with a plain sum of the agents' values, which is another quantity"),
    Mistake("every row meets every target",
            "Print the shapes of the two things that you subtract. What is the shape of their difference?",
            "every value is pulled towards the mean of all targets"),
    Mistake("the sum, not the mean",
            "Should a batch twice as large make steps twice as long?",
            "the step size would depend on the size of the batch"),
    Mistake("another loss than the mean of the squares",
            "The text asks for the mean of the squared errors, not of half of them or of another function. Try it on one row.",
            "all of these can be trained with, but they give other gradients than the ones that were asked for"),
    Mistake("the worst available actions, not the best",
            "Look at what wins among the next actions: the largest value or the smallest?",
            "the target would prepare the team for agents that work against it"),
    Mistake("the step has another length",
            "Loss and direction are right. What happens to the gradient that was not asked for, or how often is a step made?",
            "clipping, scaling or a second step belong where the one who calls can see them"),
    Mistake("gamma is not used",
            "Call your function with two different gamma. Does the loss differ?",
            "the values would be those of another task than the one that was asked for"),
    Mistake("the online agents choose the next actions",
            "That is double-Q, a good idea from this lesson, but not what is asked for here. Who chooses without it?",
            "this exercise asks for the plain target, where the target agents choose and value"),
    Mistake("no agent learns",
            "The mixer moves and the agents stand still. Follow the gradient from Q_tot back: where does the way end?",
            "the loss falls, because the mixer has V(s), and nobody learns to act"),
    Mistake("the mixer does not learn",
            "The agents move and the mixer stands still. Through which of your lines should the gradient reach its weights?",
            "the agents' values are then mixed for ever as they were on the first day"),
    Mistake("no weight changes",
            "Three things come after the loss. Is each there, and do the gradients still exist when the step is made?",
            "a loss that nobody follows teaches nothing"),
    Mistake("the target networks were moved",
            "This step trains the online networks. When the target follows, and how far, is decided elsewhere.",
            "with a target that is moved here as well, nobody outside can set its pace"),
    Mistake("the target networks get gradients",
            "The step itself is right. But torch kept a record of the target's side too: how does one tell it not to?",
            "it costs time and memory, and gradients pile up in networks that are not trained"),
    Mistake("the loss that is returned is another one",
            "The weights are right. Was the loss that you return computed before the step, and is it the one that was minimised?",
            "a curve of losses is read as if each belonged to the weights before its step"),
    Mistake("the given optimiser does not make the step",
            "Set the learning rate of the optimiser to 0: the weights still move. Who moves them?",
            "an optimiser that is made anew each time forgets its averages, and nobody outside can set its learning rate"),
)

EXERCISE = Exercise(
    number="07.5", title="The whole update", answers={"qmix_update": "function"}, difficulty=4, minutes=20,
    practises="write one gradient step of QMIX",
    hints=("Three parts: what the online side says about what was played; the targets; the step. Print the shape of every line.",
           "The agents want an axis for time: put one of length one behind B, and take it away again. The mixers want none.",
           "Online side: agents on obs, the values of the actions that were played, the mixer in the state. Target side, without "
           "gradients: target agents on next_obs, the best available values, the target mixer in the next state, then y.",
           "The step has three calls: clear the old gradients, compute the new ones, let the optimiser move. Return the loss as "
           "a number."),
    mistakes=MISTAKES, look=look)
