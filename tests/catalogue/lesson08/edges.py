"""Answers to the exercises of lesson 08 that break one limit of the text, or keep to all in another way."""

import math

import torch

from qmix_course.exploration import linear_schedule
from tests.catalogue import Answers


def played_out(total_steps, rows, learning_starts, update_every, batch_size):
    steps = calls = updates = 0
    while steps < total_steps:
        steps, calls = steps + rows, calls + 1
        while updates < max(0, steps - learning_starts) // update_every:
            updates += 1
    return calls, updates, batch_size * updates / steps


def counted(updates=None, ratio=None, calls=None):
    def count_run(total_steps, rows, learning_starts, update_every, batch_size):
        n = (calls or (lambda total, rows: -(-total // rows)))(total_steps, rows)
        played = n * rows
        count = (updates or (lambda beyond, every, rows, n: max(0, beyond) // every))(played - learning_starts,
                                                                                      update_every, rows, n)
        return n, count, (ratio or (lambda u, k, stored, n: u * k / stored))(count, batch_size, played, n)
    return count_run


def each_call_from_its_steps(total_steps, rows, learning_starts, update_every, batch_size):
    calls = math.ceil(total_steps / rows)
    updates = sum(rows // update_every for call in range(calls) if (call + 1) * rows > learning_starts)
    return calls, updates, updates * batch_size / (calls * rows)


def searched(start, end, steps, value, rows, calls=None):
    for step in range(0, steps + rows if calls is None else calls * rows, rows):
        if linear_schedule(start, end, steps, step) <= value:
            return step
    return math.inf


def searched_1000_calls(start, end, steps, value, rows):
    return searched(start, end, steps, value, rows, 1000)


def constant_never_arrives(start, end, steps, value, rows):
    return math.inf if start == end else searched(start, end, steps, value, rows)


def greedy_with(fill=-torch.inf, most=None):
    def greedy_episodes(env, values):
        step, returns = env.reset(), torch.zeros(env.num_envs)
        reached, playing = torch.zeros(env.num_envs, dtype=torch.bool), torch.ones(env.num_envs, dtype=torch.bool)
        for _ in range(most or env.spec.episode_limit):
            q = values(step.obs)
            step = env.step(torch.where(step.available, q, fill if fill is not None else q.min() - 1).argmax(-1))
            returns += torch.where(playing, step.reward, 0.0)
            reached |= playing & step.terminated
            playing = playing & ~step.ended
            step = env.reset(where=step.ended) if step.ended.any() else step
            if not playing.any():
                break
        return returns, reached
    return greedy_episodes


def stopping(good, found=lambda step: step):
    def stop_step(steps, greedy_returns, best, patience):
        for k in range(patience, len(steps) + 1):
            if all(good(value, best) for value in greedy_returns[k - patience:k]):
                return found(steps[k - 1])
        return math.inf
    return stop_step


def near(value, best):
    return abs(value - best) < 1e-6


def against_its_own_best(steps, greedy_returns, best, patience):
    return stopping(near)(steps, greedy_returns, max(greedy_returns, default=best), patience)


def hands_its_tensors_over(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for batch in batches:
        loss = loss_of(team, target, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if len(losses) % copy_every == 0:
            for slow, fast in zip(target.parameters(), team.parameters()):
                slow.data = fast.data
    return losses


def assigned(team, target, optimiser, batches, loss_of, copy_every):
    losses = []
    for number, batch in enumerate(batches, start=1):
        optimiser.zero_grad()
        loss = loss_of(team, target, batch)
        loss.backward()
        optimiser.step()
        losses += [float(loss)]
        if not number % copy_every:
            target.load_state_dict(team.state_dict(), assign=True)
    return losses


NOT_AVAILABLE = "an action is chosen that is not available"
EDGES = {
    "08.1": Answers(
        right=[played_out, counted()],
        wrong=[("an update comes one step late", counted(lambda beyond, every, rows, n: max(0, beyond - 1) // every)),
               ("an update at learning_starts itself",
                counted(lambda beyond, every, rows, n: max(0, beyond // every + 1))),
               ("an update is counted before its steps are full",
                counted(lambda beyond, every, rows, n: -(-max(0, beyond) // every))),
               ("every call is counted on its own", each_call_from_its_steps),
               ("the calls are counted wrongly", counted(calls=lambda total, rows: total // rows + 2)),
               ("the calls are counted wrongly", counted(calls=lambda total, rows: max(2, -(-total // rows)))),
               ("the calls are right, and the updates are not",
                counted(lambda beyond, every, rows, n: max(0, beyond) // max(rows, every))),
               ("the calls are right, and the updates are not",
                counted(lambda beyond, every, rows, n: max(1, beyond) // every)),
               ("calls and updates are right, and the ratio is not", counted(ratio=lambda u, k, stored, n: u * k / n)),
               ("calls and updates are right, and the ratio is not",
                counted(ratio=lambda u, k, stored, n: u * k * stored))]),
    "08.2": Answers(
        right=[searched],
        wrong=[("the search ends before ε gets there", searched_1000_calls),
               ("ε that never falls is taken for one that never gets there", constant_never_arrives)]),
    "08.4": Answers(
        right=[greedy_with()],
        wrong=[("the play stops before the episodes do", greedy_with(most=20)),
               ("the play stops before the episodes do", greedy_with(most=100)),
               ("the play stops before the episodes do", greedy_with(most=1000)),
               (NOT_AVAILABLE, greedy_with(-1e38)), (NOT_AVAILABLE, greedy_with(None)),
               (NOT_AVAILABLE, greedy_with(torch.finfo(torch.float64).min))]),
    "08.5": Answers(
        right=[stopping(near), stopping(lambda value, best: math.isclose(value, best, rel_tol=0.0, abs_tol=1e-6))],
        wrong=[("the tolerance is not that of the text", stopping(lambda value, best: abs(value - best) < 2e-6)),
               ("the tolerance is not that of the text",
                stopping(lambda value, best: round(value, 6) == round(best, 6))),
               ("a number that is 0 counts as nothing", stopping(near, lambda step: step or math.inf)),
               ("a number that is 0 counts as nothing", stopping(lambda value, best: value and near(value, best))),
               ("the best of this run is taken for the best return there is", against_its_own_best)]),
    "08.6": Answers(
        right=[],
        wrong=[("after a copy the two share their tensors", ("D", hands_its_tensors_over)),
               ("after a copy the two share their tensors", ("D", assigned))]),
}
