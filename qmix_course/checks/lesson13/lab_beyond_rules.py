"""13.4 · Greedy beyond the rules: find the choice that forgets which actions are available."""

from __future__ import annotations

import operator

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

FILL = "an impossible action gets a number that real values can lie below"


def targets_and_weights(q, available, q_hat, actions, reward, terminated, gamma, alpha):
    """The truth, row by row: y[B] and w[B]."""
    ys, ws = [], []
    for b in range(len(reward)):
        def best(t, b=b):
            both = zip(q[b, t].tolist(), available[b, t].tolist())
            return tuple(max((a for a in range(len(own)) if free[a]), key=lambda a, own=own: own[a])
                         for own, free in both)
        y = float(reward[b]) + (0.0 if terminated[b] else gamma * float(q_hat[b, 1][best(1)]))
        greedy = best(0)
        full = greedy == tuple(actions[b].tolist()) or y > float(q_hat[b, 0][greedy])
        ys.append(y)
        ws.append(1.0 if full else alpha)
    return torch.tensor(ys, dtype=torch.float64), torch.tensor(ws, dtype=torch.float64)


def _cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(1304)
    cases = []
    for batch, n_actions, gamma, alpha in ((1, 3, 0.5, 0.1), (6, 2, 0.9, 0.5), (20, 3, 0.9, 0.1), (30, 4, 0.99, 0.3)):
        count = batch * 2 * 2 * n_actions
        q = (torch.randperm(count, generator=generator).to(torch.float64) - 0.6
             * count).reshape(batch, 2, 2, n_actions) / 4
        available = torch.rand(q.shape, generator=generator) < 0.5
        sure = torch.randint(0, n_actions, (batch, 2, 2, 1), generator=generator)
        available = available.scatter(-1, sure, True)
        q_hat = (4 * torch.randn(batch, 2, n_actions, n_actions, dtype=torch.float64,
                                 generator=generator)).round(decimals=1)
        chance = torch.rand(batch, 2, n_actions, generator=generator).masked_fill(~available[:, 0], -1.0)
        best = q[:, 0].masked_fill(~available[:, 0], -torch.inf).argmax(-1)
        greedy_row = (torch.arange(batch) % 3 == 0).unsqueeze(1)
        actions = torch.where(greedy_row, best, chance.argmax(-1))
        reward = torch.randn(batch, dtype=torch.float64, generator=generator).round(decimals=2)
        terminated = torch.rand(batch, generator=generator) < 0.3
        cases.append((q, available, q_hat, actions, reward, terminated, gamma, alpha))
    q, available, q_hat, *_, gamma, alpha = cases[0]                            # the case of the text
    q[0] = torch.tensor([[[2.0, 1.0, 9.0], [1.0, 4.0, 3.0]], [[3.0, 1.0, 0.0], [0.0, 2.0, 1.0]]])
    available[0] = torch.tensor([[[True, True, False], [True, True, True]], [[True, True, True], [True, True, True]]])
    q_hat[0, 0] = torch.tensor([[5.0, 6.0, 0.0], [2.0, 1.0, 3.0], [0.0, 1.0, 0.0]])
    q_hat[0, 1] = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    reward, nothing = torch.tensor([2.0], dtype=torch.float64), torch.tensor([False])
    cases[0] = (q, available, q_hat, torch.tensor([[0, 0]]), reward, nothing, gamma, alpha)
    equal = (q, available, q_hat, torch.tensor([[0, 0]]), reward + 3, nothing, gamma, alpha)    # the target is Q̂* there
    return [*cases, equal]


def _moved(cases: list[tuple], by: float) -> list[tuple]:
    """The same cases with all utilities higher or lower by one number, which changes no agent's choice."""
    return [(q + by, *rest) for q, *rest in cases]


CAUSE = "D"
BLAMED = {"A": "the target is blamed", "B": "alpha is blamed", "C": "the comparison is blamed",
          "E": "the word both is blamed"}


def look(room: Room, cause, mended) -> Verdict:
    cases = _cases()
    try:
        room.compare(mended, cases + _moved(cases, -1e6) + [(1e6 * q, *rest) for q, *rest in cases],
                     targets_and_weights)
    except Found as found:
        if found.verdict.title != UNNAMED or not _right_in(room, mended, _moved(cases, 1e6)):
            raise
        raise room.wrong(FILL, found.verdict.detail) from None
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


def _right_in(room: Room, mended, cases: list[tuple]) -> bool:
    return all(values.problem(room.ask(mended, *case), targets_and_weights(*case), 1e-9) is None for case in cases)


def _at(table, u):
    return table[torch.arange(len(u)), u[:, 0], u[:, 1]]


def _closed(q, available, by=-torch.inf):
    return q.masked_fill(~available, by)


def _pieces(now, after=None, full=None, ties=False, one=False):
    """A wrong repair: ``now(q, available, actions, q_hat)`` the greedy joint action, ``full`` what counts in full."""
    after = after or (lambda q, av: _closed(q[:, 1], av[:, 1]).argmax(-1))
    full = full or (lambda alike, better, possible: alike | better)
    better = operator.ge if ties else operator.gt

    def mended(q, av, q_hat, u, r, end, gamma, alpha):
        y = r + gamma * torch.where(end, 0.0, _at(q_hat[:, 1], after(q, av)))
        greedy = now(q, av, u, q_hat)
        possible = av[:, 0].gather(-1, greedy.unsqueeze(-1)).squeeze(-1).all(-1)
        alike = (u == greedy).any(-1) if one else (u == greedy).all(-1)
        w = torch.where(full(alike, better(y, _at(q_hat[:, 0], greedy)), possible), 1.0, alpha)
        return y, w
    return mended


def _unmasked(q, av, u, q_hat):
    return q[:, 0].argmax(-1)


def _right(q, av, u, q_hat):
    return _closed(q[:, 0], av[:, 0]).argmax(-1)


def _half(q, av, q_hat, u, r, end, gamma, alpha):
    """Greedy among the available ones where it is held against what was played, and not where it is judged."""
    y, _ = _pieces(_right)(q, av, q_hat, u, r, end, gamma, alpha)
    full = (u == _right(q, av, u, q_hat)).all(-1) | (y > _at(q_hat[:, 0], _unmasked(q, av, u, q_hat)))
    return y, torch.where(full, 1.0, alpha)


def _largest(q, av, q_hat, u, r, end, gamma, alpha):
    """The greedy joint action is right, and the targets are held against the judge's largest entry."""
    y, _ = _pieces(_right)(q, av, q_hat, u, r, end, gamma, alpha)
    full = (u == _right(q, av, u, q_hat)).all(-1) | (y > q_hat[:, 0].flatten(1).amax(1))
    return y, torch.where(full, 1.0, alpha)


def _played_instead(q, av, u, q_hat):
    best = q[:, 0].argmax(-1, keepdim=True)
    return torch.where(av[:, 0].gather(-1, best), best, u.unsqueeze(-1)).squeeze(-1)


def _judge_chooses(q, av, u, q_hat):
    both = av[:, 0, 0, :, None] & av[:, 0, 1, None, :]
    flat = q_hat[:, 0].masked_fill(~both, -torch.inf).flatten(1).argmax(-1)
    return torch.stack([flat // q.shape[3], flat % q.shape[3]], -1)


MISTAKES = (
    Mistake("an action that cannot be taken is still greedy",
            "The target is right. Which line speaks of what the team would play now, and what does it not look at?",
            "the weights then depend on the judge's opinion of a joint action that nobody can play",
            _pieces(_unmasked)),
    Mistake("the greedy action is mended in one place of two",
            "The weights ask twice what the team would play now: was it played, and what is it worth? Do both ask with "
            "the mask?",
            "targets are still held against the value of a joint action that nobody can play", _half),
    Mistake("targets are held against the largest entry of Q̂*",
            "Your greedy joint action is right. Is it the one whose value in Q̂* the target has to pass?",
            "the largest entry may be that of a joint action that the team would not play, or cannot", _largest),
    Mistake("one agent's greedy action is enough in your version",
            "A joint action is greedy if all of its parts are. What does your condition ask of the agents?",
            "many joint actions would count in full of which no team would play the other half",
            _pieces(_right, one=True)),
    Mistake("an impossible action counts as 0",
            "The impossible values became 0. Let all possible ones be negative: which wins?",
            "utilities have any sign, and 0 is a large one where all others are negative",
            _pieces(lambda q, av, u, q_hat: (q[:, 0] * av[:, 0]).argmax(-1))),
    Mistake(FILL,
            "What keeps an action that is not available from winning? Let the values be a million times as large, of "
            "either sign: does it still lose?",
            "values have any size and any sign, so only −inf, or something below all values at hand, loses against "
            "every one"),
    Mistake("the mask of the next step",
            "Two times stand in the tables: now and next. Which of them does the greedy action of the weights belong "
            "to?",
            "what will be possible after the step says nothing about what was possible before it",
            _pieces(lambda q, av, u, q_hat: _closed(q[:, 0], av[:, 1]).argmax(-1))),
    Mistake("the greedy action of the next step",
            "You use an action that was chosen with care, but for which time?",
            "the weights compare with what the team would play now",
            _pieces(lambda q, av, u, q_hat: _closed(q[:, 1], av[:, 1]).argmax(-1))),
    Mistake("the action played stands in for the impossible one",
            "An agent whose favourite is impossible has a best one among the others. Is that the one that was played?",
            "a random action becomes greedy, and its row counts in full for no reason",
            _pieces(_played_instead)),
    Mistake("rows with an impossible favourite count alpha",
            "The symptom is hidden: such rows get alpha. What would the team play in them?",
            "the team has a greedy joint action in every state, and its error must count",
            _pieces(_unmasked, full=lambda alike, better, possible: (alike | better) & possible)),
    Mistake("rows with an impossible favourite count in full",
            "The symptom is hidden: such rows get 1. What would the team play in them, and what is that worth?",
            "those rows are trained like plain QMIX",
            _pieces(_unmasked, full=lambda alike, better, possible: alike | better | ~possible)),
    Mistake("the judge chooses",
            "You look for the largest entry of Q̂*. Who chooses in Weighted QMIX, and who judges?",
            "the greedy joint action is what the agents play; for many agents nobody could find the judge's favourite",
            _pieces(_judge_chooses)),
    Mistake("the mask of the target is gone",
            "Your repair of the weights is right. Is the line that finds the next action still as it was?",
            "the target would be the value of a joint action that nobody can play",
            _pieces(_right, after=lambda q, av: q[:, 1].argmax(-1))),
    Mistake("the greedy joint action no longer counts in full",
            "Two reasons for weight 1 stand in the listing. Are both still in your repair?",
            "an overrated greedy joint action would hardly be pulled down",
            _pieces(_right, full=lambda alike, better, possible: better)),
    Mistake("a target that is no higher counts in full",
            "The listing compares with >. What becomes of a row whose target is what Q̂* says already?",
            "only a row that promises more than the greedy joint action is one to listen to",
            _pieces(_right, ties=True)),
    Mistake("the target is blamed",
            "In the figure every episode ends at once. What of the next step is in those targets?",
            "the next action is chosen among the available ones; its line is right"),
    Mistake("alpha is blamed",
            "Should any row of the figure have the weight alpha at all?",
            "the size of alpha does not decide which rows get it"),
    Mistake("the comparison is blamed",
            "In the figure all targets are 0 and all judged values 1. Turned round, what would the curve be?",
            "turned round it would let every row count in full, whatever is unavailable"),
    Mistake("the word both is blamed",
            "How high is the curve where everything is available, and both play their best?",
            "the greedy joint action needs both; the figure's teams do play it, both of them"),
)

EXERCISE = Exercise(
    number="13.4", title="Greedy beyond the rules", answers={"cause": "value", "mended": "function"},
    formerly=("wrong_line",),
    difficulty=3, minutes=10, core=True, practises="find the choice that forgets which actions are available", lab=True,
    hints=("Two joint actions are chosen in the listing, one for now and one for the next step. Compare the two lines.",
           "Play the small case below the answer by hand: may agent 1 take action 2?",
           "The same care that the next step gets is due to the present one: close what is not available, then look "
           "for the best."),
    mistakes=MISTAKES, look=look)
