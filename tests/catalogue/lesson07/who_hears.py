"""Answers to 07.1."""

import torch

from tests.catalogue import Answers


def forward(q, actions, squad, w, k):
    own = q[torch.arange(len(q)), actions]
    inside = torch.zeros(len(k)).index_add(0, squad, w * own)
    return own, inside, (k * inside.clamp(min=0)).sum()


def by_factors(q, actions, squad, w, k, y):
    _, inside, total = forward(q, actions, squad, w, k)
    heard = 2 * (total - y) * (k * (inside > 0))[squad] * w
    return torch.zeros_like(q).scatter(1, actions[:, None], heard[:, None])


def by_loops(q, actions, squad, w, k, y):
    members = [[i for i, s in enumerate(squad.tolist()) if s == number] for number in range(len(k))]
    sums = [sum(w[i] * q[i, actions[i]] for i in who) for who in members]
    error = sum(k[s] * max(float(x), 0.0) for s, x in enumerate(sums)) - y
    result = torch.zeros(q.shape)
    for s, who in enumerate(members):
        for i in who:
            result[i, actions[i]] = 2 * error * k[s] * w[i] if sums[s] > 0 else 0.0
    return result


def by_matrix(q, actions, squad, w, k, y):
    tree = torch.nn.functional.one_hot(squad, len(k)).double() * w[:, None]              # [N, M]
    one_hot = torch.nn.functional.one_hot(actions, q.shape[1]).double()
    inside = (q * one_hot).sum(1) @ tree
    gate = torch.heaviside(inside, torch.zeros(()))
    return one_hot * (tree @ (k * gate))[:, None] * 2 * (k @ (gate * inside) - y)


def by_autograd(q, actions, squad, w, k, y):
    with torch.enable_grad():
        q = q.clone().requires_grad_()
        return torch.autograd.grad((forward(q, actions, squad, w, k)[2] - y) ** 2, q)[0]


def slip(slope=None, gate=None, error=None, everywhere=False, total=None):
    """``by_factors`` with one part in another way."""
    def answer(q, actions, squad, w, k, y):
        own, inside, right = forward(q, actions, squad, w, k)
        value = right if total is None else total(k, inside)
        heard = ((2 * (value - y) if error is None else error(value, y, k, inside, squad))
                 * (k[squad] * w if slope is None else slope(own, squad, w, k))
                 * ((inside > 0)[squad] if gate is None else gate(own, inside, squad)))
        if everywhere:
            return heard[:, None].expand_as(q).clone()
        return torch.zeros_like(q).scatter(1, actions[:, None], heard[:, None])
    return answer


def greedy_played(q, actions, squad, w, k, y):
    return by_factors(q, q.argmax(1), squad, w, k, y)


def each_agent(q, actions, squad, w, k, y):
    return by_factors(q, actions, squad, w, k, y).sum(1)


def last_of_a_squad(q, actions, squad, w, k, y):
    own, inside = q.gather(1, actions[:, None])[:, 0], torch.zeros_like(k)
    for i, s in enumerate(squad.tolist()):
        inside[s] = w[i] * own[i]
    heard = 2 * (k @ inside.relu() - y) * k[squad] * w * (inside > 0)[squad]
    return torch.zeros_like(q).scatter(1, actions[:, None], heard[:, None])


def sum_of_weights(squad, w, k):
    return torch.zeros(len(k)).index_add(0, squad, w)


ANSWERS = Answers(
    right=[by_factors, by_loops, by_matrix, by_autograd],
    wrong=[("values of actions that were not played hear the error too", slip(everywhere=True)),
           ("a squad behind a closed ReLU hears the error", slip(gate=lambda own, inside, squad: 1.0)),
           ("there is no ReLU", slip(gate=lambda own, inside, squad: 1.0, total=lambda k, inside: k @ inside)),
           ("the error is that of a team without a ReLU", slip(total=lambda k, inside: k @ inside)),
           ("one agent speaks for its whole squad", last_of_a_squad),
           ("each agent has a ReLU of its own", slip(gate=lambda own, inside, squad: own > 0)),
           ("a little comes through a closed ReLU",
            slip(gate=lambda own, inside, squad: torch.where(inside > 0, 1.0, 0.01)[squad])),
           ("each squad has an error of its own",
            slip(error=lambda total, y, k, inside, squad: 2 * ((k * inside.clamp(min=0))[squad] - y))),
           ("target minus value", slip(error=lambda total, y, *_: 2 * (y - total))),
           ("the 2 of the square is missing", slip(error=lambda total, y, *_: total - y)),
           ("the top's weights are missing", slip(slope=lambda own, squad, w, k: w)),
           ("the agents' own weights are missing", slip(slope=lambda own, squad, w, k: k[squad])),
           ("all who are heard hear the same", slip(slope=lambda own, squad, w, k: 1.0)),
           ("the values themselves are factors", slip(slope=lambda own, squad, w, k: k[squad] * w * own)),
           ("the weights are made to add up to 1",
            slip(slope=lambda own, squad, w, k: k[squad] * w / sum_of_weights(squad, w, k)[squad])),
           ("the agents are taken to play their best action", greedy_played),
           ("one number for each agent, not for each of its values", each_agent)])
