"""Answers to 05.5."""

import torch

from tests.catalogue import Answers


def with_columns(mixer, agent_qs, state, step):
    def changes(q):
        before, columns = mixer(q, state), []
        for i in range(q.shape[1]):
            raised = q.clone()
            raised[:, i] += step
            columns.append(mixer(raised, state) - before)
        return torch.stack(columns, 1)

    fixed = changes(agent_qs[:1].expand_as(agent_qs).clone())
    return bool((changes(agent_qs) >= -1e-9).all()), bool((fixed - fixed[:1]).abs().max() > 1e-9)


def one_big_batch(mixer, agent_qs, state, step):
    B, N = agent_qs.shape
    both = torch.cat([agent_qs, agent_qs[0].repeat(B, 1)])                                       # [2B, N]
    states = torch.cat([state, state])
    raised = (both.unsqueeze(1) + step * torch.eye(N)).reshape(-1, N)                            # [2B·N, N]
    change = mixer(raised, states.repeat_interleave(N, 0)).view(-1, N) - mixer(both, states).unsqueeze(1)
    spread = change[B:].max(0).values - change[B:].min(0).values
    return change[:B].min() > -1e-9, (spread > 1e-9).any()


def sample_by_sample(mixer, agent_qs, state, step):
    falls = weighs = False
    for i in range(agent_qs.shape[1]):
        unit = torch.zeros(1, agent_qs.shape[1])
        unit[0, i] = step
        seen = []
        for q, s in zip(agent_qs, state):
            q, s, kept = q[None], s[None], agent_qs[:1]
            if mixer(q + unit, s).item() < mixer(q, s).item() - 1e-9:
                falls = True
            seen.append(mixer(kept + unit, s).item() - mixer(kept, s).item())
        weighs = weighs or max(seen) - min(seen) > 1e-9
    return not falls, weighs


def rises(mixer, agent_qs, state, step):
    columns = []
    for i in range(agent_qs.shape[1]):
        raised = agent_qs.clone()
        raised[:, i] = raised[:, i] + step
        columns.append(mixer(raised, state) - mixer(agent_qs, state))
    return torch.stack(columns, -1)


def judge(never=lambda r: bool((r >= -1e-9).all()),
          weighs=lambda r: bool(((r - r[0]).abs() > 1e-9).any()), rises=rises, kept=True):
    """A test with one of its parts replaced."""
    def answer(mixer, agent_qs, state, step):
        same = agent_qs[:1].repeat(len(agent_qs), 1) if kept else agent_qs
        return never(rises(mixer, agent_qs, state, step)), weighs(rises(mixer, same, state, step))
    return answer


def total_instead(mixer, agent_qs, state, step):
    q_tot = mixer(agent_qs[:1].repeat(len(agent_qs), 1), state)
    return bool((rises(mixer, agent_qs, state, step) >= -1e-9).all()), bool((q_tot - q_tot[0]).abs().max() > 1e-9)


def all_at_once(mixer, agent_qs, state, step):
    kept = agent_qs[:1].repeat(len(agent_qs), 1)
    change = mixer(kept + step, state) - mixer(kept, state)
    never_falls = bool((mixer(agent_qs + step, state) >= mixer(agent_qs, state) - 1e-9).all())
    return never_falls, bool((change - change[0]).abs().max() > 1e-9)


def stay_raised(mixer, agent_qs, state, step):
    raised, columns = agent_qs.clone(), []
    for i in range(agent_qs.shape[1]):
        raised[:, i] += step
        columns.append(mixer(raised, state) - mixer(agent_qs, state))
    return torch.stack(columns, -1)


def overwritten(mixer, agent_qs, state, step):
    for i in range(agent_qs.shape[1]):
        raised = agent_qs.clone()
        raised[:, i] += step
        change = mixer(raised, state) - mixer(agent_qs, state)
    return change[:, None]


def lowered(mixer, agent_qs, state, step):
    return rises(mixer, agent_qs, state, -step)


def by_autograd(mixer, agent_qs, state, step):
    q = agent_qs.clone().requires_grad_()
    out = mixer(q, state)
    if not out.requires_grad:
        return torch.zeros_like(q)
    slope = torch.autograd.grad(out.sum(), q, allow_unused=True)[0]
    return torch.zeros_like(q) if slope is None else slope


def changed_places(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs, state, step)[::-1]


def raises_the_input(mixer, agent_qs, state, step):
    result = with_columns(mixer, agent_qs, state, step)
    agent_qs[:, 0] += step
    return result


def on_the_first_utilities(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs[:1].repeat(len(agent_qs), 1), state, step)


def with_steps_of_one(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs, state, 1.0)


def keeps_the_last(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs, state, step)[0], with_columns(mixer, agent_qs.flip(0), state.flip(0), step)[1]


def keeps_zeros(mixer, agent_qs, state, step):
    return with_columns(mixer, agent_qs, state, step)[0], with_columns(mixer, torch.zeros_like(agent_qs), state,
                                                                       step)[1]


ANSWERS = Answers(
    right=[with_columns, one_big_batch, sample_by_sample,
           judge(weighs=lambda r: not torch.allclose(r, r[:1].expand_as(r), rtol=0, atol=1e-9))],
    wrong=[
        ("a state that only shifts Q_tot counts as weighing", total_instead),
        ("the utilities are not held fixed while the state changes", judge(kept=False)),
        ("agents are compared, not states", judge(weighs=lambda r: bool((r - r[:, :1]).abs().max() > 1e-9))),
        ("rounding errors count as a difference", judge(weighs=lambda r: bool((r != r[0]).any()))),
        ("only the signs of the changes are compared",
         judge(weighs=lambda r: bool(((r > 1e-9) != (r[0] > 1e-9)).any()))),
        ("one agent whose weight changes is enough",
         judge(weighs=lambda r: bool(((r - r[0]).abs() > 1e-9).any(0).all()))),
        ("small effects are overlooked", judge(weighs=lambda r: bool((r - r[0]).abs().max() > 1e-2))),
        ("small effects are overlooked", judge(never=lambda r: bool((r > -1e-2).all()))),
        *(("rounding errors count as a difference",
           judge(weighs=lambda r, wide=wide: bool((r - r[0]).abs().max() > wide)))
          for wide in (1e-10, 1e-12)),
        *(("the tolerance is too wide", judge(never=lambda r, wide=wide: bool((r >= -wide).all())))
          for wide in (2e-9, 5e-9, 1e-8)),
        *(("the tolerance is too wide", judge(weighs=lambda r, wide=wide: bool((r - r[0]).abs().max() > wide)))
          for wide in (1e-4, 1e-5, 1e-6)),
        *(("the tolerance is too wide", judge(never=lambda r, wide=wide: bool((r >= -wide).all())))
          for wide in (1e-4, 1e-5, 1e-6)),
        ("the tolerance is too wide", judge(never=lambda r: bool((r > -1e-4).all()),
                                            weighs=lambda r: bool((r - r[0]).abs().max() > 1e-4))),
        ("the tolerance is too wide", judge(weighs=lambda r: not torch.allclose(r, r[:1].expand_as(r)))),
        ("the tolerance is too wide", judge(weighs=lambda r: not torch.allclose(r, r[:1].expand_as(r), atol=1e-9))),
        ("no change counts as a fall", judge(never=lambda r: bool((r > 1e-9).all()))),
        ("one that rises is enough for you", judge(never=lambda r: bool((r >= -1e-9).any()))),
        ("a verdict is the wrong way round", judge(never=lambda r: bool((r < -1e-9).any()))),
        ("a verdict is the wrong way round",
         judge(weighs=lambda r: torch.allclose(r, r[:1].expand_as(r), rtol=0, atol=1e-9))),
        ("only some of the samples are looked at", judge(never=lambda r: bool((r[0] >= -1e-9).all()))),
        ("only some of the samples are looked at", judge(weighs=lambda r: bool((r[0] - r[1]).abs().max() > 1e-9))),
        ("the utilities are lowered, not raised", judge(rises=lowered)),
        ("all agents are raised at once", all_at_once),
        ("an agent that was raised stays raised", judge(rises=stay_raised)),
        ("only one of the agents counts", judge(rises=overwritten)),
        ("only one of the agents counts", judge(rises=lambda *case: rises(*case)[:, :1])),
        ("effects are averaged or summed before they are judged", judge(never=lambda r: bool(r.mean() >= 0))),
        ("effects are averaged or summed before they are judged",
         judge(never=lambda r: bool((r.mean(0) >= -1e-9).all()))),
        ("effects are averaged or summed before they are judged",
         judge(rises=lambda *case: rises(*case).mean(1, keepdim=True))),
        ("slopes in place of steps", judge(rises=by_autograd)),
        ("rounding errors count as a difference", judge(never=lambda r: bool((r >= 0).all()))),
        ("the first verdict looks at the kept utilities only", on_the_first_utilities),
        ("the step is not the one that was given", with_steps_of_one),
        ("the utilities that are kept are not those of the first sample", keeps_the_last),
        ("the utilities that are kept are not those of the first sample", keeps_zeros),
        ("the two verdicts have changed places", changed_places),
        ("your answer changes what it was given", raises_the_input),
    ],
)
