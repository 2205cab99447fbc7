"""10.4: the teams that are asked, and what their agents see."""

from __future__ import annotations

import torch


# Each is shown to a learner as it stands here, to be run; so each is complete in itself. obs[B, N, O] -> actions[B, N].
def alone(obs):
    return (10 * obs.sum(-1)).round().long() % 4


def alone_with_a_number(obs):
    number = torch.arange(obs.shape[1])
    return ((10 * obs[..., 0]).round().long() + number) % 4


def alone_where_it_counts(obs):
    odd = ((obs < 0) | (obs > 1)).flatten(1).any(1) | obs.isnan().flatten(1).any(1)
    return torch.where(odd[:, None], 3, (obs[..., 0] > 0.45).long())


def all_eyes(obs):
    return ((10 * obs).round().long().sum((1, 2)) % 4)[:, None].expand(obs.shape[:2])


def last_looks_at_first(obs):
    own = (obs[..., 0] > 0.45).long()
    own[:, -1] = (obs[:, 0, 0] > 0.45).long()
    return own


def first_looks_at_last(obs):
    own = (obs[..., 1] > 0.45).long()
    own[:, 0] = own[:, 0] + 2 * (obs[:, -1, 0] > 0.45).long()
    return own


def neighbours_look(obs):
    return (obs[..., 0] > 0.45).long() + 2 * (obs.roll(1, dims=1)[..., 1] > 0.55).long()


def looks_when_it_is_lost(obs):
    lost = obs[..., 0] > 0.75
    return torch.where(lost, (obs.roll(-1, dims=1)[..., 0] > 0.45).long(), 2)


def looks_for_one_thing(obs):
    there = obs.roll(1, dims=1)[..., 0] > 0.85
    return torch.where(there, 3, (obs[..., 0] > 0.45).long())


def looks_once(obs):
    own = (obs[..., 1] > 0.45).long()
    once = (obs[:, 0, 0] > 0.75) & (obs[:, 0, 1] > 0.45) & (obs[:, -1, 0] < 0.25) & (obs[:, -1, 1] < 0.55)
    own[:, -1] = torch.where(once, 2, own[:, -1])
    return own


def differs_from_the_first(obs):
    """Actions of the others change in as many rows one way as the other way."""
    own = obs[..., 0].round().long()
    own[:, 1:] = own[:, 1:] ^ own[:, :1]
    return own


def goes_round_the_sum(obs):
    """0, 1 or 2: what agent 1 sees moves the last agent's action round by one or two."""
    own = obs[..., 0].round().long()
    own[:, -1] = (own[:, -1] + own[:, 0]) % 3
    return own


def rare(obs, who, whom, here, there):
    """A team in which agent ``who`` peeks in row ``here`` only, and only at what agent ``whom`` sees in row ``there``.
    """
    own, glimpse = obs[here, who].clone(), obs[there, whom].clone()

    def act(shown):
        actions = (shown[..., 0] > 0.45).long()
        once = (shown[:, who] == own).all(-1) & (shown[:, whom] == glimpse).all(-1)
        actions[:, who] = torch.where(once, 3, actions[:, who])
        return actions

    act.__doc__ = (f"Agent {who + 1} peeks in row {here} only: its action is another one there "
                   f"when agent {whom + 1} sees what it has in row {there}.")
    return act


def seen(rows: int, n_agents: int, width: int, seed: int) -> torch.Tensor:
    """Observations between 0 and 0.9 in steps of 0.1."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(10, (rows, n_agents, width), generator=generator).double() / 10


def unlike(rows: int, n_agents: int, seed: int) -> torch.Tensor:
    """Observations of two numbers, of which no agent has one twice."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.stack([torch.randperm(100, generator=generator)[:rows] for _ in range(n_agents)], dim=1)
    return torch.stack([numbers // 10, numbers % 10], dim=-1).double() / 10


def every_pair(numbers: int, n_agents: int = 2) -> torch.Tensor:
    """All that the first and the last agent can see together, one number each; those between them see 0."""
    pairs = torch.cartesian_prod(torch.arange(numbers), torch.arange(numbers)).double()
    obs = torch.zeros(len(pairs), n_agents, 1, dtype=torch.float64)
    obs[:, 0, 0], obs[:, -1, 0] = pairs.unbind(1)
    return obs


def rare_cases() -> list[tuple]:
    """Teams with a single leak each, of all kinds: first and last rows, rows side by side, rows far apart."""
    wide, deep = unlike(9, 3, 20), unlike(22, 2, 21)
    spots = ((0, 1, 0, 21), (1, 0, 21, 0), (0, 1, 20, 21), (1, 0, 1, 0), (0, 1, 5, 16), (1, 0, 18, 9))
    return ([(rare(deep, *spot), deep) for spot in spots]
            + [(rare(wide, *spot), wide) for spot in ((0, 2, 8, 3), (1, 0, 2, 7), (2, 1, 4, 0), (1, 2, 0, 8))])


def stages() -> list[list[tuple]]:
    """act and obs of all cases, in groups: the easiest first."""
    shaped = (
        ([alone, alone_with_a_number, all_eyes, last_looks_at_first, first_looks_at_last],
         ((6, 2, 2, 1), (8, 2, 3, 2))),
        ([alone, neighbours_look, last_looks_at_first, first_looks_at_last, all_eyes],
         ((8, 3, 2, 3), (9, 4, 2, 4), (5, 1, 2, 5))),
        ([looks_when_it_is_lost, looks_for_one_thing, looks_once, neighbours_look],
         ((12, 2, 2, 6), (10, 3, 2, 7), (12, 2, 3, 8), (9, 4, 2, 9))),
        ([alone_where_it_counts], ((8, 2, 2, 10), (9, 3, 3, 11))),
    )
    balanced = [(differs_from_the_first, every_pair(2)), (goes_round_the_sum, every_pair(3)),
                (differs_from_the_first, every_pair(2, 3)), (goes_round_the_sum, every_pair(3, 4))]
    return [[(act, seen(*shape)) for act in acts for shape in shapes] for acts, shapes in shaped] + [
        rare_cases(), balanced]
