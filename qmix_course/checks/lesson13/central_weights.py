"""13.1 · What counts in full: compute the weights of CW-QMIX for a batch."""

from __future__ import annotations

import torch

from qmix_course.checks import values as compared
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict


def central_weights(agent_qs, actions, y, q_greedy, alpha):
    """The truth, row by row."""
    w = []
    for b in range(len(y)):
        best = [max(range(agent_qs.shape[2]), key=lambda a, q=q: q[a]) for q in agent_qs[b].tolist()]
        full = best == actions[b].tolist() or bool(y[b] > q_greedy[b])
        w.append(1.0 if full else alpha)
    return torch.tensor(w, dtype=torch.float64)


def _central_cases() -> list[tuple]:
    """All that can happen: greedy or not in all, some or no agents; y above, on and below Q̂*(ū)."""
    generator = torch.Generator().manual_seed(1301)
    cases = []
    for batch, agents, n_actions, alpha in ((1, 2, 2, 0.1), (12, 2, 3, 0.5), (30, 3, 3, 0.1), (18, 1, 4, 0.75),
                                            (12, 4, 2, 1.0), (42, 5, 2, 1e-4)):
        count = batch * agents * n_actions
        q = (torch.randperm(count, generator=generator).to(torch.float64)
             - count // 2).reshape(batch, agents, n_actions) / 4
        best = q.argmax(-1)
        other = (best + torch.randint(1, n_actions, best.shape, generator=generator)) % n_actions
        # 0: all greedy, 1 … N: agent i alone is not, N + 1: nobody is
        kind = torch.arange(batch).unsqueeze(1) % (agents + 2)
        alone = torch.arange(agents) == kind - 1
        actions = torch.where((kind == agents + 1) | alone, other, best)
        q_greedy = torch.randint(-8, 9, (batch,), generator=generator).to(torch.float64) / 2
        # below, a tie, above
        y = q_greedy + (torch.arange(batch) // (agents + 2) % 3 - 1) * (1e-7 if agents % 2 else 0.5)
        cases.append((q, actions, y, q_greedy, alpha))
    return cases


def look(room: Room, answer) -> Verdict:
    cases = _central_cases()
    try:
        room.compare(answer, cases, central_weights)
    except Found as found:
        if found.verdict.title == UNNAMED and _one_agent_decides(cases, [room.ask(answer, *case) for case in cases]):
            raise room.wrong("one of the agents decides for all", found.verdict.detail) from None
        if found.verdict.title == UNNAMED:
            _name_a_row(room, answer, cases)
        raise
    return Verdict("correct")


def _name_a_row(room: Room, answer, cases: list[tuple]) -> None:
    """Names what happens in the first row whose weight is 1 in place of alpha, or alpha in place of 1."""
    for q, u, y, g, alpha in cases:
        for row, (got, want) in enumerate(zip(room.ask(answer, q, u, y, g, alpha).tolist(),
                                              central_weights(q, u, y, g, alpha).tolist())):
            if {got, want} == {1.0, alpha} and got != want:
                seen = (f"agents' own best: {q[row].argmax(-1).tolist()} · played: {u[row].tolist()} · y = "
                        f"{y[row]:.8g}, q_greedy = {g[row]:.8g}")
                raise room.wrong("a joint action counts in full without a reason" if got == 1.0 else
                                 "a reason to count in full goes unnoticed",
                                 f"{seen}\nexpected: {want:g}\ngot:      {got:g}") from None


def _one_agent_decides(cases: list[tuple], given: list) -> bool:
    """Whether the weights look at the first agent's action only, or at the last one's."""
    return any(all(compared.loosely_equal(got, _weigh(_alike(q, u)[:, agent] | (y > g), alpha), 1e-9)
                   for got, (q, u, y, g, alpha) in zip(given, cases)) for agent in (0, -1))


def _alike(q, actions):
    return q.argmax(-1) == actions                                      # [B, N]


def _weigh(full, alpha):
    return torch.where(full, 1.0, alpha)


MISTAKES = (
    Mistake("one greedy agent is enough",
            "Two agents, one plays its best action, the other does not. Is that the greedy joint action?",
            "the greedy joint action is one single joint action, and every agent has to play its part",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).any(-1) | (y > g), alpha)),
    Mistake("one of the agents decides for all",
            "Three agents, and only the one in the middle plays something else. What is the weight of that row, and "
            "what is yours?",
            "the greedy joint action needs every agent, not the first or the last"),
    Mistake("a tie counts as better",
            "y equal to the value of the greedy joint action: does that joint action seem better?",
            "whatever is as good as the greedy one would count in full, as in plain QMIX",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1) | (y >= g), alpha)),
    Mistake("a joint action counts in full without a reason",
            "Look at the row below: does every agent play its own best action? Is y above what the greedy joint action "
            "is worth?",
            "only the greedy joint action and those that turn out better count in full"),
    Mistake("a reason to count in full goes unnoticed",
            "Look at the row below: either every agent plays its best action, or y is above, perhaps by very little. "
            "Which test of yours misses it?",
            "greedy in all agents or better by however little: either is enough"),
    Mistake("what is nearly as good counts as better",
            "y may lie below the value of the greedy joint action by a ten-millionth. What does your comparison say "
            "then?",
            "better means above, by however little; a tolerance lets worse ones in",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1) | (y > g) | torch.isclose(y, g), alpha)),
    Mistake("alpha is on the wrong side",
            "Which errors should count less: those about the greedy and the better joint actions, or the others?",
            "the loss then cares for everything but what the team plays",
            lambda q, u, y, g, alpha: torch.where(_alike(q, u).all(-1) | (y > g), alpha, 1.0)),
    Mistake("what is better does not count",
            "The greedy joint action has weight 1. What if another one turns out to pay more?",
            "the first greedy joint action would confirm itself for ever",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1), alpha)),
    Mistake("the greedy joint action does not count",
            "The better ones have weight 1. What about the joint action that is greedy now, if its y is no better than "
            "Q̂* says?",
            "nothing would pull a greedy joint action down that is overrated",
            lambda q, u, y, g, alpha: _weigh(y > g, alpha)),
    Mistake("both are asked for at once",
            "Two reasons to count in full. Is one of them enough?",
            "a joint action that is better is hardly ever the greedy one",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1) & (y > g), alpha)),
    Mistake("the comparison is turned round",
            "Which joint actions count in full: those whose y is above the greedy one's value, or below?",
            "the loss would be careful about what is worse than what the team plays",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u).all(-1) | (y < g), alpha)),
    Mistake("the other errors do not count at all",
            "What is alpha for? Look at the weight of a joint action that is neither greedy nor better.",
            "nothing would hold the rest of the table, and whatever drifts up becomes greedy",
            lambda q, u, y, g, alpha: (_alike(q, u).all(-1) | (y > g)).to(y.dtype)),
    Mistake("the weights are made to add up to 1",
            "Are these weights or shares? What does the text say the weight of the greedy joint action is?",
            "how much an error counts would depend on what else happens to be in the batch",
            lambda q, u, y, g, alpha: (w := _weigh(_alike(q, u).all(-1) | (y > g), alpha)) / w.sum()),
    Mistake("two reasons count twice",
            "A joint action can be greedy and have a y that is better than expected. How large may a weight be?",
            "a weight is 1 or alpha, however many reasons there are",
            lambda q, u, y, g, alpha: alpha + (1 - alpha) * (_alike(q, u).all(-1).to(y.dtype) + (y > g))),
    Mistake("a weight for each agent",
            "How many errors does one row have? Q_tot is one number a row.",
            "there is one team value, so there is one error to weigh",
            lambda q, u, y, g, alpha: _weigh(_alike(q, u) | (y > g).unsqueeze(-1), alpha)),
    Mistake("each agent's worst action counts as greedy",
            "Which of its values does a greedy agent look for?",
            "the weights then single out what nobody will play",
            lambda q, u, y, g, alpha: _weigh((q.argmin(-1) == u).all(-1) | (y > g), alpha)),
)

EXERCISE = Exercise(
    number="13.1", title="What counts in full", answers={"central_weights": "function"}, difficulty=2, minutes=10,
    practises="compute the weights of CW-QMIX for a batch",
    hints=("First find each agent's greedy action, [B, N]. Then: in which rows do all agents play theirs?",
           "Two conditions a row, joined by or. The comparison is strict.",
           "torch.where chooses between 1.0 and alpha row by row."),
    mistakes=MISTAKES, look=look)
