"""Answers to 01.5."""

import torch

from tests.catalogue import Answers


def credit_by_slice(payoff, actions):
    result = []
    for i in range(payoff.dim()):
        place = list(actions)
        place[i] = slice(None)
        result.append(float(payoff[tuple(place)][actions[i]] - payoff[tuple(place)].mean()))
    return torch.tensor(result)


def credit_by_means(payoff, actions):
    """The mean over each axis at once; then every other axis is indexed."""
    return torch.stack([(payoff - payoff.mean(i, keepdim=True))[actions] for i in range(payoff.ndim)])


def credit_by_lists(payoff, actions):
    got, answer = payoff[actions].item(), torch.zeros(len(actions))
    for i, size in enumerate(payoff.shape):
        total = 0
        for own in range(size):
            joint = list(actions)
            joint[i] = own
            total += payoff[tuple(joint)].item()
        answer[i] = got - total / size
    return answer


def against(baseline, result=lambda got, base: got - base):
    """Credits against baseline(own, u_i, payoff, i): own are the payoffs of agent i's actions."""
    def answer(payoff, actions):
        found = []
        for i in range(len(actions)):
            own = payoff[tuple(slice(None) if k == i else u for k, u in enumerate(actions))]
            found.append(float(result(payoff[actions], baseline(own, actions[i], payoff, i))))
        return torch.tensor(found)
    return answer


def others_mean(own, u, payoff, i):
    return payoff.select(i, u).mean()


def without_own(own, u, payoff, i):
    return (own.sum() - own[u]) / (len(own) - 1) if len(own) > 1 else own[0]


def credit_averages(payoff, actions):
    return torch.stack([payoff.movedim(i, 0).reshape(size, -1).mean(1)[actions[i]] - payoff.mean()
                        for i, size in enumerate(payoff.shape)])


def credit_shared(payoff, actions):
    credit = credit_by_means(payoff, actions)
    return torch.full_like(credit, credit.mean())


def credit_turned(payoff, actions):
    return credit_by_means(payoff, actions).flip(0)


def credit_of_two(payoff, actions):
    u1, u2 = actions
    got = payoff[u1, u2]
    return torch.stack([got - payoff[:, u2].mean(), got - payoff[u1].mean()])


def credit_up_to_four(payoff, actions):
    places = [lambda u: (slice(None), *u[1:]), lambda u: (u[0], slice(None), *u[2:]),
              lambda u: (*u[:2], slice(None), *u[3:]),
              lambda u: (*u[:3], slice(None), *u[4:])]
    return torch.stack([payoff[actions] - payoff[place(actions)].mean() for place, _ in zip(places, actions)])


def credit_first_and_last(payoff, actions):
    got = payoff[actions]
    rest = [got - payoff[actions[:-1]].mean() for _ in actions[1:]]
    return torch.stack([got - payoff[(slice(None), *actions[1:])].mean(), *rest])


def credits_beside(payoff, actions):
    result = []
    for i, a in enumerate(actions):
        own = payoff[tuple(slice(None) if k == i else u for k, u in enumerate(actions))]
        result.append(own[a] - (own.sum() - own[a]) / (len(own) - 1))
    return torch.stack(result)


ANSWERS = Answers(
    right=[credit_by_slice, credit_by_means, credit_by_lists],
    wrong=[
        ("compared with the mean of the whole table", against(lambda own, u, payoff, i: payoff.mean())),
        ("the mean runs over the others' actions", against(others_mean)),
        ("the action that was played is left out of the mean", credits_beside),
        ("the action that was played is left out of the mean", against(without_own)),
        ("a sum, not a mean", against(lambda own, u, payoff, i: own.sum())),
        ("compared with the best own action", against(lambda own, u, payoff, i: own.max())),
        ("compared with the worst own action", against(lambda own, u, payoff, i: own.min())),
        ("compared with action 0", against(lambda own, u, payoff, i: own[0])),
        ("everybody gets the team's whole reward", against(lambda own, u, payoff, i: 0)),
        ("the others are averaged out", credit_averages),
        ("the baseline itself, nothing is compared with it",
         against(lambda own, u, payoff, i: own.mean(), lambda got, base: base)),
        ("praise and blame have changed places",
         against(lambda own, u, payoff, i: own.mean(), lambda got, base: base - got)),
        ("everybody gets the same credit", credit_shared),
        ("the mean runs over the others' actions", credit_turned),
        ("right for two agents only", credit_of_two),
        ("right for two agents only", credit_first_and_last),
        ("right up to a certain number of agents only",
         lambda payoff, actions: torch.cat([credit_up_to_four(payoff, actions),
                                            torch.zeros(max(0, len(actions) - 4))])),
    ],
)
