"""Answers to 15.2."""

import torch

from tests.catalogue import Answers


def pick(joint, actions):
    return joint[torch.arange(len(joint)), actions[:, 0], actions[:, 1]]


def total(q, actions):
    return q.gather(2, actions.unsqueeze(2)).squeeze(2).sum(1)


def build(td=None, opt=None, nopt=None, mean=torch.mean, own=None):
    """An answer with some of its parts replaced; each part gets (q, joint, v, actions, y, best)."""
    td = td or (lambda q, joint, v, actions, y, best: (pick(joint, actions) - y) ** 2)
    opt = opt or (lambda q, joint, v, actions, y, best: (total(q, best) - pick(joint, best).detach() + v) ** 2)
    nopt = nopt or (lambda q, joint, v, actions, y,
                    best: (total(q, actions) - pick(joint, actions).detach() + v).clamp(max=0) ** 2)

    def answer(q, joint, v, actions, y):
        best = own(q, joint) if own else q.argmax(2)
        return tuple(mean(part(q, joint, v, actions, y, best)) for part in (td, opt, nopt))

    return answer


def by_parts(q, joint, v, actions, y):
    held, rows = joint.detach(), torch.arange(len(q))
    values, best = q.max(-1)
    error = joint[rows, actions[:, 0], actions[:, 1]] - y
    at_best = values.sum(-1) - held[rows, best[:, 0], best[:, 1]] + v
    at_played = q[rows, 0, actions[:, 0]] + q[rows, 1, actions[:, 1]] - held[rows, actions[:, 0], actions[:, 1]] + v
    return error.square().mean(), at_best.square().mean(), torch.minimum(at_played, torch.zeros_like(v)).square().mean()


def by_relu(q, joint, v, actions, y):
    with torch.no_grad():
        held = joint.clone()
    gap = q[:, 0, :, None] + q[:, 1, None, :] - held + v[:, None, None]
    return [torch.nn.functional.mse_loss(pick(joint, actions), y), pick(gap, q.argmax(2)).pow(2).mean(),
            torch.relu(-pick(gap, actions)).pow(2).mean()]


def play_by_play(q, joint, v, actions, y):
    losses = [0.0, 0.0, 0.0]
    for b in range(len(q)):
        u, best = actions[b], q[b].argmax(1)
        losses[0] = losses[0] + (joint[b, u[0], u[1]] - y[b]) ** 2 / len(q)
        losses[1] = losses[1] + (q[b].max(1)[0].sum() - joint[b, best[0], best[1]].detach() + v[b]) ** 2 / len(q)
        gap = q[b, 0, u[0]] + q[b, 1, u[1]] - joint[b, u[0], u[1]].detach() + v[b]
        if gap < 0:
            losses[2] = losses[2] + gap ** 2 / len(q)
    return tuple(torch.as_tensor(loss) for loss in losses)


def joint_best(q, joint):
    flat = joint.flatten(1).argmax(1)
    return torch.stack([flat // joint.shape[2], flat % joint.shape[2]], 1)


def no_v(q, joint, v, actions, y):
    return build()(q, joint, 0 * v, actions, y)


def other_v(q, joint, v, actions, y):
    return build()(q, joint, -v, actions, y)


def half(q, joint, v, actions, y):
    return build()(q / 2, joint, v, actions, y)


def nopt_with(change):
    return build(nopt=lambda q, joint, v, actions, y,
                 best: change(total(q, actions) - pick(joint, actions).detach() + v))


def absolutes(q, joint, v, actions, y):
    best = q.argmax(2)
    return (pick(joint, actions) - y).abs().mean(), (total(q, best) - pick(joint, best).detach() + v).abs().mean(), \
        (total(q, actions) - pick(joint, actions).detach() + v).clamp(max=0).abs().mean()


def computed(q, joint, v, actions, y):
    best = q.argmax(2)
    v = (pick(joint, best) - total(q, best)).detach()
    return build()(q, joint, v, actions, y)


def errors_averaged(q, joint, v, actions, y):
    best = q.argmax(2)
    return (pick(joint, actions) - y).abs().mean() ** 2, (total(q, best) - pick(joint, best).detach()
                                                          + v).abs().mean() ** 2, \
        (total(q, actions) - pick(joint, actions).detach() + v).clamp(max=0).mean() ** 2


def exchanged_losses(q, joint, v, actions, y):
    td, opt, nopt = by_parts(q, joint, v, actions, y)
    return td, nopt, opt


def weighted(q, joint, v, actions, y):
    td, opt, nopt = by_parts(q, joint, v, actions, y)
    return td, 1.0 * opt, 0.1 * nopt


def v_on_the_other_side(q, joint, v, actions, y):
    td, opt, _ = by_parts(q, joint, v, actions, y)
    return td, opt, (pick(joint, actions).detach() - total(q, actions) + v).clamp(min=0).pow(2).mean()


def violations_alone(q, joint, v, actions, y):
    td, opt, _ = build()(q, joint, v, actions, y)
    gap = total(q, actions) - pick(joint, actions).detach() + v
    low = gap[gap < 0]
    return td, opt, low.square().mean() if len(low) else 0.0 * gap.sum()


against_the_best_entry = build(opt=lambda q, joint, v, actions, y,
                               best: (q.amax(2).sum(1) - joint.detach().amax((1, 2)) + v) ** 2)
opt_gives_in = build(opt=lambda q, joint, v, actions, y, best: (total(q, best) - pick(joint, best) + v) ** 2)
nopt_gives_in = build(nopt=lambda q, joint, v, actions, y,
                      best: (total(q, actions) - pick(joint, actions) + v).clamp(max=0) ** 2)
deaf_joint = build(td=lambda q, joint, v, actions, y, best: (pick(joint, actions).detach() - y) ** 2)
deaf_v = build(opt=lambda q, joint, v, actions, y,
               best: (total(q, best) - pick(joint, best).detach() + v.detach()) ** 2)
deaf_utilities = build(opt=lambda q, joint, v, actions, y,
                       best: (total(q.detach(), best) - pick(joint, best).detach() + v) ** 2)


def v_held_with_the_table(q, joint, v, actions, y):
    """detach() around too much."""
    best = q.argmax(2)
    return build(opt=lambda *_: (total(q, best) - (pick(joint, best) - v).detach()) ** 2)(q, joint, v, actions, y)


def agent_2_held(q, joint, v, actions, y):
    best = q.argmax(2)
    one = torch.stack([q[:, 0], q[:, 1].detach()], 1)
    return build(opt=lambda *_: (total(one, best) - pick(joint, best).detach() + v) ** 2)(q, joint, v, actions, y)


def all_detached(q, joint, v, actions, y):
    td, opt, nopt = build()(q, joint, v, actions, y)
    return td, opt.detach(), nopt.detach()


ANSWERS = Answers(
    right=[by_parts, by_relu, build(), play_by_play],
    wrong=[
        ("ū is taken from Q_jt", build(own=joint_best)),
        ("the sum at ū is held against the best entry of Q_jt", against_the_best_entry),
        ("the mean of L_nopt is taken over the violations only", violations_alone),
        ("the wrong side is punished", nopt_with(lambda gap: gap.clamp(min=0) ** 2)),
        ("the wrong side is punished", nopt_with(lambda gap: torch.relu(gap) ** 2)),
        ("gaps above 0 are punished too", nopt_with(lambda gap: gap ** 2)),
        ("the square comes before the minimum", nopt_with(lambda gap: (gap ** 2).clamp(max=0))),
        ("L_nopt is not squared", nopt_with(lambda gap: gap.clamp(max=0))),
        ("absolute values in place of squares", absolutes),
        ("V has the wrong sign", other_v),
        ("V is left out", no_v),
        ("V has the wrong sign in L_nopt", v_on_the_other_side),
        ("L_opt and L_nopt are exchanged", exchanged_losses),
        ("L_nopt carries its weight already", weighted),
        ("V is missing in L_nopt", build(nopt=lambda q, joint, v, actions, y, best:
                                         (total(q, actions) - pick(joint, actions).detach()).clamp(max=0) ** 2)),
        ("V is missing in L_opt",
         build(opt=lambda q, joint, v, actions, y, best: (total(q, best) - pick(joint, best).detach()) ** 2)),
        ("V is computed, so L_opt is always 0", computed),
        ("L_opt looks at what was played", build(opt=lambda q, joint, v, actions, y, best:
                                                 (total(q, actions) - pick(joint, actions).detach() + v) ** 2)),
        ("L_nopt looks at ū", build(nopt=lambda q, joint, v, actions, y, best:
                                    (total(q, best) - pick(joint, best).detach() + v).clamp(max=0) ** 2)),
        ("L_td looks at ū", build(td=lambda q, joint, v, actions, y, best: (pick(joint, best) - y) ** 2)),
        ("the mean of the utilities, not their sum", half),
        ("the sum over the plays, not the mean", build(mean=torch.sum)),
        ("one loss for each play, not their mean", build(mean=lambda loss: loss)),
        ("errors of different plays are averaged before the square", errors_averaged),
        ("Q_jt gives in to the agents", opt_gives_in),
        ("Q_jt gives in to the agents", nopt_gives_in),
        ("Q_jt learns nothing", deaf_joint),
        ("V learns nothing", deaf_v),
        ("V learns nothing", v_held_with_the_table),
        ("the utilities learn nothing", deaf_utilities),
        ("the utilities learn nothing", all_detached),
        ("the number is right, the gradient is not", agent_2_held),
    ],
)
