"""Answers to 07.5."""

import itertools

import torch
from torch.nn import functional as F

from tests.catalogue import Answers


def straight(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    q = agents(batch["obs"].unsqueeze(1)).squeeze(1)
    chosen = q.gather(-1, batch["actions"].unsqueeze(-1)).squeeze(-1)
    q_tot = mixer(chosen, batch["state"])
    with torch.no_grad():
        next_q = target_agents(batch["next_obs"].unsqueeze(1)).squeeze(1)
        best = next_q.masked_fill(~batch["next_available"], -torch.inf).amax(-1)
        next_q_tot = target_mixer(best, batch["next_state"])
        y = batch["reward"] + gamma * torch.where(batch["terminated"], 0.0, next_q_tot)
    loss = ((q_tot - y) ** 2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


@torch.no_grad()
def _targets(target_agents, target_mixer, batch, gamma):
    values = target_agents(batch["next_obs"][:, None])[:, 0]
    team = []
    for b in range(len(values)):
        team.append([max(values[b, n][batch["next_available"][b, n]]) for n in range(values.shape[1])])
    future = target_mixer(torch.tensor(team), batch["next_state"])
    return batch["reward"] + gamma * (1 - batch["terminated"].double()) * future


def in_pieces(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    """Targets first, one-hot for gather, mse_loss, the gradients set by hand; a tensor with one number comes back."""
    y = _targets(target_agents, target_mixer, batch, gamma)
    q = agents(batch["obs"][:, None])[:, 0]
    q_tot = mixer((q * F.one_hot(batch["actions"], q.shape[-1])).sum(-1), batch["state"])
    loss = F.mse_loss(q_tot, y)
    weights = [*agents.parameters(), *mixer.parameters()]
    for weight, gradient in zip(weights, torch.autograd.grad(loss, weights)):
        weight.grad = gradient
    optimiser.step()
    return loss.detach()


def as_closure(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    """Both observations through one call a network, and an optimiser that is given a closure."""
    rows = torch.arange(len(batch["reward"])).unsqueeze(1)
    team = torch.arange(batch["actions"].shape[1])

    def closure():
        optimiser.zero_grad(set_to_none=False)
        q_tot = mixer(agents(batch["obs"].unsqueeze(1))[rows, 0, team, batch["actions"]], batch["state"])
        loss = (q_tot - _targets(target_agents, target_mixer, batch, gamma)).square().sum() / len(q_tot)
        loss.backward()
        return loss

    return float(optimiser.step(closure))


def update_but(*, next_state="next_state", state="state", next_obs="next_obs", choose=None, value="target", chosen=None,
               mix=True,
               ended=lambda flag: flag, error=lambda q_tot, y: (q_tot - y).pow(2).mean(), clear=True, watch=False,
               gamma_is=None,
               cut=False, cut_mixer=False, before=None, step=True, late=False, after=None, own=None, returns=None):
    """An update in the usual order of lines, in which some can be exchanged."""
    def qmix_update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
        if own is not None:
            optimiser = own([*agents.parameters(), *mixer.parameters()])

        def loss_now():
            q = agents(batch["obs"].unsqueeze(1))[:, 0]
            picked = chosen(q, batch) if chosen else q.gather(2, batch["actions"][..., None])[..., 0]
            picked = picked.detach() if cut else picked
            q_tot = mixer(picked, batch[state]) if mix else picked.sum(1)
            if cut_mixer:
                q_tot = q_tot.detach() + picked.sum(1) - picked.sum(1).detach()
            with torch.set_grad_enabled(watch):
                valued_by = {"target": (target_agents, target_mixer), "online": (agents, mixer),
                             "online agents": (agents, target_mixer), "online mixer": (target_agents, mixer)}[value]
                next_q = valued_by[0](batch[next_obs].unsqueeze(1))[:, 0]
                if choose:
                    best = choose(next_q, batch, agents)
                else:
                    best = next_q.masked_fill(~batch["next_available"], -torch.inf).max(-1).values
                next_tot = valued_by[1](best, batch[next_state]) if mix else best.sum(1)
                goes_on = 1.0 - ended(batch["terminated"]).double()
                y = batch["reward"] + (gamma if gamma_is is None else gamma_is) * goes_on * next_tot
            return error(q_tot, y)

        loss = loss_now()
        if clear:
            optimiser.zero_grad()
        loss.backward()
        if before:
            before([*agents.parameters(), *mixer.parameters()])
        if step:
            optimiser.step()
        if after:
            after(agents, mixer, target_agents, target_mixer)
        if returns:
            return returns(loss)
        return loss_now().item() if late else loss.item()
    return qmix_update


def double_q(next_q, batch, agents):
    online = agents(batch["next_obs"].unsqueeze(1))[:, 0].masked_fill(~batch["next_available"], -torch.inf)
    return next_q.gather(-1, online.argmax(-1, keepdim=True)).squeeze(-1)


def zero_for_unavailable(next_q, batch, agents):
    best = (next_q * batch["next_available"]).argmax(-1, keepdim=True)
    return next_q.gather(-1, best).squeeze(-1)


def smallest(next_q, batch, agents):
    return torch.where(batch["next_available"], next_q, torch.inf).amin(-1)


def steps_twice(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    loss = straight(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma)
    optimiser.step()
    return loss


def everyone_alone(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    q = agents(batch["obs"].unsqueeze(1))[:, 0].gather(2, batch["actions"][..., None])[..., 0]
    with torch.no_grad():
        after = target_agents(batch["next_obs"].unsqueeze(1))[:, 0].masked_fill(~batch["next_available"],
                                                                                -torch.inf).amax(-1)
        y = batch["reward"][:, None] + gamma * after * ~batch["terminated"][:, None]
    loss = F.mse_loss(q, y)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def over_all_joint_actions(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    """Right, and slow: no use of IGM."""
    q = agents(batch["obs"].unsqueeze(1))[:, 0].gather(2, batch["actions"][..., None])[..., 0]
    with torch.no_grad():
        values = target_agents(batch["next_obs"].unsqueeze(1))[:, 0]
        best = torch.full_like(batch["reward"], -torch.inf)
        for joint in itertools.product(range(values.shape[-1]), repeat=values.shape[1]):
            chosen = torch.stack([values[:, i, a] for i, a in enumerate(joint)], 1)
            allowed = torch.stack([batch["next_available"][:, i, a] for i, a in enumerate(joint)]).all(0)
            best = torch.where(allowed, torch.maximum(best, target_mixer(chosen, batch["next_state"])), best)
        y = torch.where(batch["terminated"], batch["reward"], batch["reward"] + gamma * best)
    loss = F.mse_loss(mixer(q, batch["state"]), y)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def follow(agents, mixer, target_agents, target_mixer):
    with torch.no_grad():
        for slow, fast in zip(target_agents.parameters(), agents.parameters()):
            slow.lerp_(fast, 0.01)


def clears_too_late(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
    q_tot = mixer(agents(batch["obs"].unsqueeze(1))[:, 0].gather(2, batch["actions"][..., None])[..., 0],
                  batch["state"])
    loss = F.mse_loss(q_tot, _targets(target_agents, target_mixer, batch, gamma))
    loss.backward()
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


def sum_for_target_mixer(together):
    """The online side is mixed, the next values are not."""
    def qmix_update(agents, mixer, target_agents, target_mixer, optimiser, batch, gamma):
        q = agents(batch["obs"].unsqueeze(1))[:, 0].gather(2, batch["actions"][..., None])[..., 0]
        with torch.no_grad():
            next_q = target_agents(batch["next_obs"].unsqueeze(1))[:, 0].masked_fill(~batch["next_available"],
                                                                                     -torch.inf).amax(-1)
            next_q_tot = together(next_q)
            y = batch["reward"] + gamma * (1 - batch["terminated"].double()) * next_q_tot
        loss = F.mse_loss(mixer(q, batch["state"]), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()
    return qmix_update


ANSWERS = Answers(
    right=[straight, in_pieces, as_closure, over_all_joint_actions, update_but()],
    wrong=[
        ("gradients from before are still there", update_but(clear=False)),
        ("the target mixer reads the state before the step", update_but(next_state="state")),
        ("the mixer reads the state after the step", update_but(state="next_state")),
        ("the next values come from the observations before the step", update_but(next_obs="obs")),
        ("the online networks value the next step", update_but(value="online")),
        ("the online networks value the next step", update_but(value="online agents")),
        ("the online networks value the next step", update_but(value="online mixer")),
        ("the gradient flows through the target", update_but(value="online", watch=True)),
        ("the gradient flows through the target", update_but(value="online mixer", watch=True)),
        ("the end of an episode is ignored", update_but(ended=torch.zeros_like)),
        ("the end is turned round", update_but(ended=torch.logical_not)),
        ("unavailable actions are chosen too", update_but(choose=lambda next_q, batch, agents: next_q.amax(-1))),
        ("an unavailable action counts as 0", update_but(choose=zero_for_unavailable)),
        ("an unavailable action counts as 0",
         update_but(choose=lambda q, batch, _: (q * batch["next_available"]).amax(-1))),
        ("the best actions, not the ones that were played", update_but(chosen=lambda q, batch: q.max(-1).values)),
        ("the mixer is left out", update_but(mix=False)),
        ("the mixer is left out", everyone_alone),
        ("gradients from before are still there",
         update_but(clear=False, error=lambda q_tot, y: (q_tot - y).square().sum())),
        ("the target mixer is left out", sum_for_target_mixer(lambda next_q: next_q.sum(-1))),
        ("the target mixer is left out", sum_for_target_mixer(lambda next_q: next_q.mean(-1))),
        ("every row meets every target", update_but(error=lambda q_tot, y: ((q_tot[:, None] - y[None]) ** 2).mean())),
        ("every row meets every target", update_but(error=lambda q_tot, y: ((q_tot - y.unsqueeze(1)) ** 2).mean())),
        ("the sum, not the mean", update_but(error=lambda q_tot, y: F.mse_loss(q_tot, y, reduction="sum"))),
        ("another loss than the mean of the squares", update_but(error=lambda q_tot, y: 0.5 * F.mse_loss(q_tot, y))),
        ("another loss than the mean of the squares", update_but(error=F.smooth_l1_loss)),
        ("another loss than the mean of the squares", update_but(error=F.l1_loss)),
        ("the worst available actions, not the best", update_but(choose=smallest)),
        ("the step has another length", steps_twice),
        ("the step has another length",
         update_but(before=lambda weights: torch.nn.utils.clip_grad_norm_(weights, 1.0))),
        ("the target mixer reads the state before the step", update_but(next_state="state", ended=torch.zeros_like)),
        ("the end of an episode is ignored",
         update_but(ended=torch.zeros_like, error=lambda q, y: (q - y).pow(2).sum())),
        ("unavailable actions are chosen too", update_but(value="online", choose=lambda q, batch, agents: q.amax(-1))),
        ("gamma is not used", update_but(gamma_is=1)),
        ("gamma is not used", update_but(gamma_is=0.99)),
        ("the online agents choose the next actions", update_but(choose=double_q)),
        ("no agent learns", update_but(cut=True)),
        ("the mixer does not learn", update_but(cut_mixer=True)),
        ("no weight changes", update_but(step=False)),
        ("no weight changes", clears_too_late),
        ("the target networks were moved", update_but(after=follow)),
        ("the target networks get gradients", update_but(watch=True)),
        ("the loss that is returned is another one", update_but(late=True)),
        ("the loss that is returned is another one", update_but(returns=lambda loss: loss.item() / 2)),
        ("the given optimiser does not make the step",
         update_but(own=lambda weights: torch.optim.Adam(weights, lr=5e-4))),
    ],
)
