"""05.5 · A test from the outside: test a mixer's structure by calling it, and keep apart what q and what the state do.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise
from qmix_course.checks.lesson05.judge_mixer_mistakes import JUDGE_MISTAKES
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

# Mixers as a learner can type them, for utilities q[B, 2] and states s[B, 2].
PAIRS = (
    "lambda q, s: q.sum(-1)",
    "lambda q, s: q.sum(-1) + s[:, 0]",
    "lambda q, s: q.sum(-1) - 7.3 * s[:, 1]",
    "lambda q, s: 1.5 * q[:, 0] - q[:, 1]",
    "lambda q, s: 3 * q[:, 0] - q[:, 1]",
    "lambda q, s: 3 * q[:, 1] - q[:, 0]",
    "lambda q, s: -q.sum(-1)",
    "lambda q, s: q[:, 0]",
    "lambda q, s: q[:, 1] ** 3",
    "lambda q, s: (q ** 3).sum(-1) + s[:, 0]",
    "lambda q, s: (q * s.abs()).sum(-1)",
    "lambda q, s: (q * s).sum(-1)",
    "lambda q, s: q[:, 0] * s[:, 0].abs() + q[:, 1]",
    "lambda q, s: q[:, 0] + q[:, 1] * s[:, 1].abs()",
    "lambda q, s: q.sum(-1) * s[:, 0] ** 2 - s[:, 1]",
    "lambda q, s: 1.5 * q[:, 0] * s[:, 0].abs() - q[:, 1] * s[:, 0].abs()",
    "lambda q, s: 1.5 * q[:, 0] * s[:, 0] - q[:, 1] * s[:, 0]",
    "lambda q, s: q[:, 0] * q[:, 1]",
    "lambda q, s: q[:, 0] * q[:, 1] * s[:, 0].abs()",
    "lambda q, s: q[:, 1] - 1.5 * torch.relu(q[:, 0] - 2)",
    "lambda q, s: q[:, 0] - 1.5 * torch.relu(q[:, 1] - 2)",
    "lambda q, s: q[:, 0] + q[:, 1] * (s[:, 0] - 1)",
    "lambda q, s: torch.relu(q[:, 0] - 1) * s[:, 0].abs() + q[:, 1]",
    "lambda q, s: torch.relu(q[:, 0]) + torch.relu(q[:, 1] - 1) * s[:, 0]",
    "lambda q, s: q[:, 0] + q[:, 1] - q[:, 1] + s[:, 0]",
    "lambda q, s: q[:, 0] * s[:, 0] + q[:, 1] * (3 - s[:, 0])",
    "lambda q, s: q.min(-1).values",
    "lambda q, s: torch.relu(q.sum(-1) - 2) + s[:, 0]",
    "lambda q, s: q.sum(-1).floor()",
    "lambda q, s: -q.sum(-1).floor()",
    "lambda q, s: 2 * q.sum(-1) - q[:, 0].floor() * 3",
    "lambda q, s: s[:, 0]",
    "lambda q, s: 1e-3 * (q * s.abs()).sum(-1)",
    "lambda q, s: 5 * q[:, 0] - 1e-3 * q[:, 1]",
    "lambda q, s: q[:, 0] - 3e-7 * q[:, 1]",
    "lambda q, s: q[:, 1] - 3e-8 * q[:, 0]",
    "lambda q, s: q.sum(-1) + 3e-7 * (q * s).sum(-1)",
    "lambda q, s: q.sum(-1) + 3e-8 * (q * s).sum(-1)",
    "lambda q, s: q[:, 0] - 7e-9 * q[:, 1]",
    "lambda q, s: q[:, 0] - 8e-10 * q[:, 1]",
    "lambda q, s: q.sum(-1) + 3e-10 * q[:, 0] * s[:, 0].sign()",
    "lambda q, s: q.sum(-1) + 2.6e-9 * q[:, 0] * s[:, 0].sign()",
)
OTHERS = (
    ("lambda q, s: 2 * q[:, 0]", 1, 1), ("lambda q, s: q[:, 0] * s[:, 0]", 1, 1),
    ("lambda q, s: q[:, 0] * s[:, 0].exp()", 1, 1),
    ("lambda q, s: q.sum(-1) - 2.5 * q[:, 1]", 3, 1), ("lambda q, s: q.sum(-1) + q[:, 2] * s[:, 3] ** 2", 3, 4),
    ("lambda q, s: q.sum(-1) + q[:, 1] * s[:, 0] ** 2", 3, 2), ("lambda q, s: q.median(-1).values + s.sum(-1)", 3, 2),
)
MIXER, QS, STATE, STEP = range(4)
WIDER = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 5e-9, 2e-9)     # tolerances that overlook more than the text allows


class SmallMixer(nn.Module):
    """A mixer of the lesson's kind; ``kind`` says what is wrong with it."""

    def __init__(self, n_agents: int, state_dim: int, kind: str = ""):
        super().__init__()
        self.n_agents, self.kind = n_agents, kind
        self.w1, self.b1 = nn.Linear(state_dim, 3 * n_agents), nn.Linear(state_dim, 3)
        self.w2, self.v = nn.Linear(state_dim, 3), nn.Linear(state_dim, 1)

    def forward(self, agent_qs, state):
        with torch.no_grad():                                # the exercise says: no gradient comes through
            if agent_qs.dim() != 2 or state.dim() != 2 or len(agent_qs) != len(state):
                raise ValueError(f"mixer: expected agent_qs[B, N] and state[B, S], got {list(agent_qs.shape)}, "
                                 f"{list(state.shape)}")
            seen = state if self.kind not in ("blind", "only v") else torch.zeros_like(state)
            w1, w2 = self.w1(seen).view(-1, self.n_agents, 3), self.w2(seen)
            w1, w2 = w1 if self.kind == "w1 signed" else w1.abs(), w2 if self.kind == "w2 signed" else w2.abs()
            hidden = F.elu((agent_qs.unsqueeze(2) * w1).sum(1) + self.b1(seen))
            return (hidden * w2).sum(1) + self.v(state if self.kind == "only v" else seen).squeeze(1)


def judge_cases() -> list[tuple[tuple, str]]:
    """(mixer, agent_qs, state, step), and how a learner would write the mixer (empty where it is a network)."""
    generator = torch.Generator().manual_seed(55)

    def draw(rows, width):
        return (1.5 * torch.randn(rows, width, generator=generator)).round(decimals=2)

    cases = []
    for text, n, s in (*((text, 2, 2) for text in PAIRS), *OTHERS):
        for rows, step in ((2, 1.0), (4, 0.5), (9, 0.25)):
            cases.append(((eval(text), draw(rows, n), draw(rows, s), step), text))
        for same in ([0, 0, 2, 0], [0, 0, 0, 0, 4]):                 # all states alike but one
            cases.append(((eval(text), draw(len(same), n), draw(5, s)[same], 0.5), text))
            cases.append(((eval(text), draw(5, n)[same], draw(len(same), s), 0.5), text))
    for number, kind in enumerate(("", "w1 signed", "w2 signed", "blind", "only v")):
        for n, s in ((2, 3), (3, 1)):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(number)
                mixer = SmallMixer(n, s, kind).double()
            cases.append(((mixer, 2 * draw(16, n), draw(16, s), 0.5), ""))
    return cases


def changes(mixer, agent_qs, state, step, twist="") -> torch.Tensor:
    """[B, N]: how Q_tot changes when the utility of agent i, and no other, is raised by ``step``."""
    if twist == "slopes":
        q = agent_qs.clone().requires_grad_()
        q_tot = mixer(q, state)
        slope = torch.autograd.grad(q_tot.sum(), q, allow_unused=True)[0] if q_tot.requires_grad else None
        return (torch.zeros_like(q) if slope is None else slope) * step
    columns, raised = [], agent_qs.clone()
    for i in range(agent_qs.shape[1]):
        raised = raised if twist == "they stay raised" else agent_qs.clone()
        if twist == "together":
            raised += step
        elif twist == "one row":
            raised[0, i] += step
        elif twist == "lowered":
            raised[:, i] -= step
        else:
            raised[:, i] += step
        columns.append(mixer(raised, state) - mixer(agent_qs, state))
    return torch.stack(columns, -1).detach()


def never_falls(mixer, agent_qs, state, step, twist="") -> bool:
    agent_qs = agent_qs[:1].expand_as(agent_qs) if twist == "kept" else agent_qs
    step = 1.0 if twist == "own step" else step
    change = changes(mixer, agent_qs, state, step, twist)
    change = {"first agent": change[:, :1], "last agent": change[:, -1:], "mean": change.mean(-1),
              "mean of all": change.mean(),
              "mean of samples": change.mean(0), "sum": change.sum(),
              "one sample": change[:1], "last sample": change[-1:]}.get(twist, change)
    if twist == "strict":
        return bool((change > 1e-9).all())
    if twist == "exact":
        return bool((change >= 0).all())
    if twist == "any":
        return bool((change >= -1e-9).any())
    if twist == "turned":
        return bool((change < -1e-9).any())
    if isinstance(twist, float):
        return bool((change >= -twist).all())
    return bool((change >= -1e-9).all())


def weighs_by_state(mixer, agent_qs, state, step, twist="") -> bool:
    kept = (agent_qs[-1:] if twist == "last kept" else agent_qs[:1]).expand_as(agent_qs)
    kept = torch.zeros_like(kept) if twist == "zeros kept" else kept
    step = 1.0 if twist == "own step" else step
    if twist in ("q_tot", "q_tot of all"):
        q_tot = mixer(kept if twist == "q_tot" else agent_qs, state).detach()
        return bool((q_tot - q_tot[0]).abs().max() > 1e-9)
    change = changes(mixer, agent_qs if twist == "own q" else kept, state, step, twist)
    change = {"first agent": change[:, :1], "last agent": change[:, -1:], "mean": change.mean(-1, keepdim=True),
              "sum": change.sum(-1, keepdim=True), "one pair": change[:2], "ends": change[[0, -1]],
              "signs": (change > 1e-9).double()}.get(twist, change)
    if twist == "between agents":
        return bool((change - change[:, :1]).abs().max() > 1e-9)
    each = (change - change[:1]).abs() > 1e-9
    if twist == "exact":
        return bool((change != change[:1]).any())
    if twist == "every agent":
        return bool(each.any(0).all())
    if twist == "every state":
        return bool(len(each) > 1 and each[1:].any(1).all())
    if isinstance(twist, float):
        return bool((change - change[:1]).abs().max() > twist)
    if twist in ("allclose", "allclose, own atol"):
        return not torch.allclose(change, change[:1].expand_as(change), atol=1e-8 if twist == "allclose" else 1e-9)
    return not each.any() if twist == "turned" else bool(each.any())


NAMES = (   # (which of the two, twist): the mistake. The first that explains all answers is named.
    (1, "q_tot", "a state that only shifts Q_tot counts as weighing"),
    (1, "q_tot of all", "the utilities are not held fixed while the state changes"),
    (1, "own q", "the utilities are not held fixed while the state changes"),
    (1, "last kept", "the utilities that are kept are not those of the first sample"),
    (1, "zeros kept", "the utilities that are kept are not those of the first sample"),
    (1, "own step", "the step is not the one that was given"),
    (1, "between agents", "agents are compared, not states"),
    (1, "exact", "rounding errors count as a difference"),
    *((part, twist, "rounding errors count as a difference") for part in (0, 1)
      for twist in (1e-10, 1e-11, 1e-12, 1e-13)),
    (1, "signs", "only the signs of the changes are compared"),
    (1, "turned", "a verdict is the wrong way round"),
    (1, "one pair", "only some of the samples are looked at"),
    (1, "ends", "only some of the samples are looked at"),
    (1, "every agent", "one agent whose weight changes is enough"),
    (1, "every state", "one agent whose weight changes is enough"),
    (1, WIDER[0], "small effects are overlooked"),
    *((1, twist, "the tolerance is too wide") for twist in (*WIDER[1:], "allclose", "allclose, own atol")),
    (0, "exact", "rounding errors count as a difference"),
    (0, "kept", "the first verdict looks at the kept utilities only"),
    (0, "own step", "the step is not the one that was given"),
    (0, "strict", "no change counts as a fall"),
    (0, "any", "one that rises is enough for you"),
    (0, "turned", "a verdict is the wrong way round"),
    (0, "one sample", "only some of the samples are looked at"),
    (0, "last sample", "only some of the samples are looked at"),
    (0, "one row", "only some of the samples are looked at"),
    (0, WIDER[0], "small effects are overlooked"),
    *((0, twist, "the tolerance is too wide") for twist in WIDER[1:]),
    (0, "lowered", "the utilities are lowered, not raised"),
    *((part, twist, name) for part in (0, 1) for twist, name in (
        ("together", "all agents are raised at once"), ("they stay raised", "an agent that was raised stays raised"),
        ("first agent", "only one of the agents counts"), ("last agent", "only one of the agents counts"),
        ("mean", "effects are averaged or summed before they are judged"),
        ("sum", "effects are averaged or summed before they are judged"),
        ("mean of all", "effects are averaged or summed before they are judged"),
        ("mean of samples", "effects are averaged or summed before they are judged"),
        ("slopes", "slopes in place of steps"))),
)


def look(room: Room, answer) -> Verdict:
    cases = judge_cases()
    wanted = [(never_falls(*case), weighs_by_state(*case)) for case, _ in cases]
    given = []
    for case, text in cases:
        got = room.ask(answer, *case)
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            raise room.misfit("expected two values, never_falls and weighs_by_state, got "
                              f"{values.describe(got)}", "Return the two verdicts side by side.", _shown(case, text))
        problem = values.problem(tuple(got), (True, True), 0.0)
        if problem and problem.kind == "wrong shape or type":
            raise room.misfit(problem.text, "Each verdict is one truth value for all samples.", _shown(case, text))
        given.append(tuple(map(bool, got)))
    if given == wanted:
        return Verdict("correct")
    failed = [k for k in range(len(cases)) if given[k] != wanted[k] and cases[k][1]] or [
        k for k in range(len(cases)) if given[k] != wanted[k]]
    first = min(failed, key=lambda k: values.size(cases[k][0][1:3]))
    detail = (f"{_shown(*cases[first])}\nexpected: never_falls {wanted[first][0]}, weighs_by_state {wanted[first][1]}"
              f"\ngot:      never_falls {given[first][0]}, weighs_by_state {given[first][1]}")
    if all(got == want[::-1] for got, want in zip(given, wanted)):
        raise room.wrong("the two verdicts have changed places", detail)
    for part, twist, name in NAMES:
        judged = (never_falls, weighs_by_state)[part]
        if [got[part] for got in given] == [want[part] for want in wanted]:
            continue
        if all(got[part] == judged(*case, twist) for got, (case, _) in zip(given, cases)):
            raise room.wrong(name, detail)
    raise Found(Verdict("wrong", "a mixer is judged wrongly",
                        "Work this one mixer out on paper: raise one utility of one sample, then the next, and write "
                        "down each change.", detail))


def _shown(case: tuple, text: str) -> str:
    if text:
        return f"run: judge_mixer({text}, {values.literal(case[QS])}, {values.literal(case[STATE])}, {case[STEP]})"
    kind = {"": "as it should be", "w1 signed": "whose W1 may be negative", "w2 signed": "whose w2 may be negative",
            "blind": "that does not see the state", "only v": "in which the state reaches V only"}[case[MIXER].kind]
    return f"a network like the lesson's, {kind}; {len(case[QS])} samples, {case[QS].shape[1]} agents"


EXERCISE = Exercise(
    number="05.5", title="A test from the outside", answers={"judge_mixer": "function"}, difficulty=3, minutes=12,
    practises="test a mixer's structure by calling it, and keep apart what q and what the state do",
    hints=("Begin with one small thing: a tensor [B, N] that says how much Q_tot changes when the utility of agent i "
           "alone goes up.",
           "Copy the utilities afresh for each agent before you raise its column.",
           "For the second verdict use the same thing again, with utilities that are equal in all rows. Then only the "
           "state differs between rows."),
    mistakes=JUDGE_MISTAKES, look=look)
