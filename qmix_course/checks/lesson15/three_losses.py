"""15.2 · Three losses, and who hears them: write QTRAN's losses so that each moves the right networks."""

from __future__ import annotations

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

PARTS = ("q", "joint", "v")


def three_losses(q, joint, v, actions, y, twist=None):
    """L_td, L_opt, L_nopt, one play at a time, with the joint value held fixed in the last two."""
    td, opt, nopt = [], [], []
    for b, played in enumerate(map(tuple, actions.tolist())):
        best = tuple(q[b].argmax(1).tolist())
        if twist == "joint argmax":
            best = divmod(int(joint[b].argmax()), joint.shape[2])
        at_opt, at_nopt = played if twist == "played in opt" else best, best if twist == "best in nopt" else played
        at_td = best if twist == "best in td" else played

        def gap(u, with_v=True):
            total = q[b, 0, u[0]] + q[b, 1, u[1]]
            total = total / 2 if twist == "mean of utilities" else total
            correction = {"v turned": -v[b], "no v": 0.0 * v[b]}.get(twist, v[b])
            if twist == "computed v":
                correction = (joint[b][best] - q[b, 0, best[0]] - q[b, 1, best[1]]).detach()
            return total - joint[b][u].detach() + (correction if with_v else 0.0)

        if twist == "joint max":
            opt.append((q[b].amax(1).sum() - joint[b].max().detach() + v[b]) ** 2)
        low = gap(at_nopt, with_v=twist != "v in opt only") - (2 * v[b] if twist == "v changes sides" else 0.0)
        td.append((joint[b][at_td] - y[b]) ** 2)
        if twist != "joint max":
            opt.append(gap(at_opt, with_v=twist != "v in nopt only") ** 2)
        nopt.append({"wrong side": low.clamp(min=0) ** 2, "no clamp": low ** 2, "square first": (low ** 2).clamp(max=0),
                     "not squared": low.clamp(max=0),
                     "absolute": low.clamp(max=0).abs()}.get(twist, low.clamp(max=0) ** 2))
        if twist == "absolute":
            td[-1], opt[-1] = td[-1].sqrt(), opt[-1].sqrt()
    losses = [torch.stack(each) for each in (td, opt, nopt)]
    if twist == "exchanged":
        losses = [losses[0], losses[2], losses[1]]
    if twist == "weighted":
        losses[2] = 0.1 * losses[2]
    if twist == "violations only":
        return losses[0].mean(), losses[1].mean(), losses[2].sum() / (losses[2] > 0).sum().clamp(min=1)
    if twist == "one each":
        return tuple(losses)
    if twist == "mean first":
        return tuple((each.clamp(min=0).sqrt()).mean() ** 2 for each in losses)
    return tuple(each.sum() if twist == "added" else each.mean() for each in losses)


def loss_case(batch: int, n_actions: int, seed: int) -> tuple:
    generator = torch.Generator().manual_seed(seed)
    q, joint = (3 * torch.randn(batch, *shape, generator=generator)
                for shape in ((2, n_actions), (n_actions, n_actions)))
    v, y = (2 * torch.randn(batch, generator=generator) for _ in range(2))
    actions = torch.randint(n_actions, (batch, 2), generator=generator)
    return *(each.round(decimals=2) for each in (q, joint, v)), actions, y.round(decimals=2)


def look(room: Room, answer) -> Verdict:
    cases = [(torch.tensor([[[3.0, 0.0], [1.0, 2.0]]]), torch.tensor([[[4.0, 6.0], [9.0, 1.0]]]), torch.tensor([2.0]),
              torch.tensor([[1, 0]]), torch.tensor([7.0]))]
    cases += [loss_case(*sizes, seed) for seed, sizes in enumerate(((1, 3), (4, 2), (6, 3), (12, 4), (5, 5)))]
    room.compare(answer, cases, three_losses)
    for case in cases:
        look_at_gradients(room, answer, case)
    return Verdict("correct")


def look_at_gradients(room: Room, answer, case: tuple) -> None:
    """Which of the three parts hears which loss, and how loudly."""
    truth, given = ([each.clone().requires_grad_() for each in case[:3]] for _ in range(2))
    losses = room.ask(answer, *given, *case[3:], may_change=(0, 1, 2))
    for name, want, got in zip(("L_td", "L_opt", "L_nopt"), three_losses(*truth, *case[3:]), losses):
        wanted = torch.autograd.grad(want, truth, allow_unused=True, retain_graph=True)
        heard = [None] * 3
        if isinstance(got, torch.Tensor) and got.requires_grad:
            heard = torch.autograd.grad(got, given, allow_unused=True, retain_graph=True)
        for part, a, b, like in zip(PARTS, wanted, heard, truth):
            a, b = (torch.zeros_like(like) if each is None else each for each in (a, b))
            if torch.allclose(a, b, rtol=1e-9, atol=1e-9):
                continue
            detail = f"{name}, gradient with respect to {part}:\n" + values.table(b[0], a[0])
            if part == "joint":
                raise room.wrong("Q_jt learns nothing" if name == "L_td" else "Q_jt gives in to the agents", detail)
            if not b.any():
                raise room.wrong("V learns nothing" if part == "v" else "the utilities learn nothing", detail)
            raise room.wrong("the number is right, the gradient is not", detail)


MISTAKES = twisted(
    three_losses,
    ("joint argmax", "ū is taken from Q_jt",
     "Who chooses ū? The agents do, each by its own utilities.",
     "with Q_jt's own best entry L_opt is content wherever the sum touches it, whatever the agents choose"),
    ("joint max", "the sum at ū is held against the best entry of Q_jt",
     "Sum and table must be looked at in the same place. Where does your L_opt look?",
     "the sum then never hears what Q_jt says about ū"),
    ("violations only", "the mean of L_nopt is taken over the violations only",
     "Two plays, one violation of size 2. Is the mean over the plays 4 or 2?",
     "plays without a violation count as well, with 0; else the last small violation weighs as much as all of them "
     "did"),
    ("wrong side", "the wrong side is punished",
     "The sum lies 3 above the table at what was played. What should L_nopt be?",
     "above is allowed, below is the violation; min(gap, 0) keeps what is below"),
    ("no clamp", "gaps above 0 are punished too",
     "The second condition says ≥ 0. What does L_nopt cost where the gap is 3?",
     "without the minimum the sum is fitted to the whole table, which is VDN's problem again"),
    ("square first", "the square comes before the minimum",
     "Which sign does a square have? What does the minimum of it and 0 leave?",
     "the smaller of a square and 0 is 0, so the loss is always 0"),
    ("not squared", "L_nopt is not squared",
     "Is your L_nopt ever above 0?",
     "min(gap, 0) is negative, and a loss that falls with every violation asks for more of them"),
    ("absolute", "absolute values in place of squares",
     "All three losses are squares. Which power do you take?",
     "the penalties have other slopes then, and never fade as they get small"),
    ("v turned", "V has the wrong sign",
     "Write the gap down once more. With which sign does V stand in it?",
     "V is added to the sum, so that the sum with it reaches the table"),
    ("no v", "V is left out", "Which of your inputs is never used?",
     "without V the agents would have to know how good the state is"),
    ("v changes sides", "V has the wrong sign in L_nopt",
     "If you turned the gap around in L_nopt, did V turn with it?",
     "the two conditions must agree on one V, with one sign"),
    ("exchanged", "L_opt and L_nopt are exchanged", "Which of the two is to come second?",
     "the order asked for is L_td, L_opt, L_nopt"),
    ("weighted", "L_nopt carries its weight already", "Asked are the three losses. Where do their weights belong?",
     "the weights come in when the three are added up"),
    ("v in opt only", "V is missing in L_nopt",
     "Both conditions are about one and the same gap. Is yours the same in both?",
     "the two conditions must agree on one V"),
    ("v in nopt only", "V is missing in L_opt", "V stands in one of your two gaps. And in the other?",
     "then V can be raised until the second condition holds, and the first never notices"),
    ("computed v", "V is computed, so L_opt is always 0",
     "Look at your L_opt for a few random inputs. What do you notice, and why?",
     "V = Q_jt(ū) − Q′(ū) makes the first condition true by construction; V is an input here, learned"),
    ("played in opt", "L_opt looks at what was played",
     "The first condition is about one joint action. Which one?",
     "at what was played the sum need not touch the table"),
    ("best in nopt", "L_nopt looks at ū",
     "The second condition is about the joint actions in the data. At which do you look?",
     "then no joint action but ū is ever held against the table"),
    ("best in td", "L_td looks at ū", "y belongs to what was played. Which entry of Q_jt should move there?",
     "the target of one joint action is given to another"),
    ("mean of utilities", "the mean of the utilities, not their sum", "Q′ is a sum over the agents. Is yours?",
     "Q′ is VDN's sum, with one term an agent"),
    ("added", "the sum over the plays, not the mean", "Give the same play twice. Should the losses double?",
     "the losses grow with the batch, and with them every step"),
    ("one each", "one loss for each play, not their mean", "Asked are three numbers. How many do you return?",
     "a loss is one number, the mean over the plays"),
    ("mean first", "errors of different plays are averaged before the square",
     "What is the mean of the squares of 1 and 3?",
     "the mean comes last, or errors of both kinds could hide each other"),
) + (
    Mistake("Q_jt gives in to the agents",
            "Q_jt is held fixed in two of the losses. What in your code keeps their gradients from it, at ū and at "
            "what was played?",
            "Q_jt is to learn what is true; here it moves towards what suits the agents"),
    Mistake("Q_jt learns nothing",
            "One of the three losses must move Q_jt. Which of your lines cuts it off?",
            "with nobody to tell the truth there is nothing for the agents to follow"),
    Mistake("V learns nothing",
            "V is a network with a loss. Which of your lines cuts it off?",
            "V must move until both conditions agree on it"),
    Mistake("the utilities learn nothing",
            "Which of your lines stands between the utilities and L_opt or L_nopt?",
            "Q_jt is the one that is held fixed, and the utilities are to follow it"),
    Mistake("the number is right, the gradient is not",
            "Every loss is right as a number. Is something counted twice, or once too few, on the way back?",
            "the optimiser follows the gradient, not the number"),
)

EXERCISE = Exercise(
    number="15.2", title="Three losses, and who hears them", answers={"three_losses": "function"}, difficulty=3,
    minutes=20,
    practises="write QTRAN's losses so that each moves the right networks",
    hints=("Collect five things for each play: Q_jt at what was played, Q_jt at ū, Q′ at what was played, Q′ at ū, and "
           "V.",
           "Two of the losses are about the same kind of gap, at different joint actions. One is an equality, one an "
           "inequality.",
           "Which of the five things are held fixed, and in which loss? Q_jt at what was played appears twice: once it "
           "learns, once it does not."),
    mistakes=MISTAKES, look=look)
