"""Answers to 02.3: the wrong ones, and what each is told."""

import torch

from tests.catalogue import Answers
from tests.catalogue.lesson02.shared import (
    MOVES,
    walk_any_goal,
    walk_away_from_home,
    walk_below_zero,
    walk_home_pays,
    walk_in_a_mirror,
    walk_off_by_one,
    walk_on_a_ring,
    walk_unclipped,
    walk_without_edges,
)
from tests.catalogue.lesson02.team_step_right import paid, pieces, team_step, team_step_in_loops, team_step_on_cells


def with_moves(moves):
    def answer(positions, actions, goals, size):
        home = (positions == goals).all(-1)
        wanted = positions + torch.tensor(moves)[actions]
        outside = ((wanted < 0) | (wanted >= size)).any(-1)
        after = torch.where((home | outside)[..., None], positions, wanted)
        collided = (after[:, 0] == after[:, 1]).all(-1)
        after = torch.where(collided[:, None, None], positions, after)
        return after, *paid(after, goals, (outside & ~home).sum(1), collided)

    return answer


def step_from_walk(walks):
    """The whole step, built on one of the wrong walks above."""
    def answer(positions, actions, goals, size):
        after, bumped = walks(positions, actions, goals, size)
        collided = (after[:, 0] == after[:, 1]).all(-1)
        after = torch.where(collided[:, None, None], positions, after)
        return after, *paid(after, goals, bumped.sum(1), collided)

    answer.__name__ = "step_from_" + walks.__name__
    return answer


def distance_before(positions, actions, goals, size):
    after, reward, done = team_step(positions, actions, goals, size)
    reward = reward - 0.1 * ((positions - goals).abs().sum((1, 2)) - (after - goals).abs().sum((1, 2)))
    return after, torch.where(done, 10.0, reward), done


def no_step_cost(positions, actions, goals, size):
    after, reward, done = team_step(positions, actions, goals, size)
    return after, torch.where(done, reward, reward + 0.05), done


def as_the_crow_flies(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    distance = (after - goals).double().norm(dim=-1).sum(-1)
    done = distance == 0
    return after, torch.where(done, 10.0, -0.05 - 0.1 * distance - 0.5 * (bumped.sum(1) + collided)), done


def longer_way(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    distance = (after - goals).abs().amax(-1).sum(-1)
    done = distance == 0
    return after, torch.where(done, 10.0, -0.05 - 0.1 * distance - 0.5 * (bumped.sum(1) + collided)), done


def others_goal(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    reward = -0.05 - 0.1 * (after - goals.flip(0)).abs().sum((1, 2)) - 0.5 * (bumped.sum(1) + collided)
    done = (after == goals).all(-1).all(-1)
    return after, torch.where(done, torch.tensor(10.0), reward), done


def bumps_are_free(positions, actions, goals, size):
    after, _, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, 0, collided)


def any_bump(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.any(1), collided)


def less_than_ten(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided, prize=10 - 0.05)


def no_ten(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided, prize=-0.05)


def one_is_enough(positions, actions, goals, size):
    after, reward, _ = team_step(positions, actions, goals, size)
    done = (after == goals).all(-1).any(-1)
    return after, torch.where(done, 10.0, reward), done


def ended_before(positions, actions, goals, size):
    after, reward, _ = team_step(positions, actions, goals, size)
    return after, reward, (positions == goals).all(-1).all(-1)


def no_swapping(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    collided = collided | (after == positions.flip(1)).all(-1).all(-1)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided)


def one_after_the_other(positions, actions, goals, size):
    new, bumps = positions.clone(), torch.zeros(len(positions))
    collided = torch.zeros(len(positions))
    for b in range(len(positions)):
        for i in range(2):
            if (new[b, i] == goals[i]).all():
                wanted = new[b, i]
            else:
                wanted = new[b, i] + MOVES[actions[b, i]]
                if (wanted < 0).any() or (wanted >= size).any():
                    wanted, bumps[b] = new[b, i], bumps[b] + 1
            if (wanted == new[b, 1 - i]).all():
                collided[b] = 1
            else:
                new[b, i] = wanted
    return new, *paid(new, goals, bumps, collided)


def no_entry(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    blocked = (after == positions.flip(1)).all(-1) | collided[:, None]
    after = torch.where(blocked[..., None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), blocked.any(1))


def second_gives_way(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after[:, 1] = torch.where(collided[:, None], positions[:, 1], after[:, 1])
    return after, *paid(after, goals, bumped.sum(1), collided)


def first_gives_way(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after[:, 0] = torch.where(collided[:, None], positions[:, 0], after[:, 0])
    return after, *paid(after, goals, bumped.sum(1), collided)


def swap_costs(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    swapped = (after == positions.flip(1)).all(-1).all(-1)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided | swapped)


def on_one_cell(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    return after, *paid(after, goals, bumped.sum(1), collided)


def all_boards_back(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    if collided.any():
        after, collided = positions.clone(), torch.tensor(True)
    return after, *paid(after, goals, bumped.sum(1), collided)


def hosts_are_no_obstacle(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    collided = collided & ~(positions == goals).all(-1).any(-1)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided)


def measured_too_early(positions, actions, goals, size):
    wanted, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, wanted)
    done = (after == goals).all(-1).all(-1)
    reward = -0.05 - 0.1 * (wanted - goals).abs().sum((1, 2)) - 0.5 * (bumped.sum(1) + collided.int())
    return after, torch.where(done, 10.0, reward), done


def collisions_are_free(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), 0)


def both_pay_for_the_collision(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, (bumped.int() + collided[:, None].int()).sum(1), 0)


def one_fine_for_all(positions, actions, goals, size):
    after, bumped, collided = pieces(positions, actions, goals, size)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.any(1) | collided, 0)


def wished_cells(positions, actions, goals, size):
    after, bumped, _ = pieces(positions, actions, goals, size)
    wanted = positions + MOVES[actions]
    collided = (wanted[:, 0] == wanted[:, 1]).all(-1) & (after[:, 0] == after[:, 1]).all(-1)
    after = torch.where(collided[:, None, None], positions, after)
    return after, *paid(after, goals, bumped.sum(1), collided)


def single_precision(positions, actions, goals, size):
    after, reward, done = team_step(positions, actions, goals, size)
    return after, reward.float(), done


def off_by_one_and_wrong_goal(positions, actions, goals, size):
    """Two mistakes at once: the one whose rule comes first is told."""
    after, bumped = walk_off_by_one(positions, actions, goals, size)
    return after, *paid(after, goals.flip(0), bumped.sum(1), 0)


ANSWERS = Answers(
    right=[team_step, team_step_in_loops, team_step_on_cells],
    wrong=[
        ("rows and columns are swapped", with_moves([[0, -1], [0, 1], [-1, 0], [1, 0]])),
        ("up and down are turned around", with_moves([[1, 0], [-1, 0], [0, -1], [0, 1]])),
        ("the distances are taken before the move", distance_before),
        ("the cost of a step is missing", no_step_cost),
        ("the distance is measured as the crow flies", as_the_crow_flies),
        ("only the longer of the two ways is counted", longer_way),
        ("each agent is measured against the other's goal", others_goal),
        ("agents leave the board", step_from_walk(walk_without_edges)),
        ("agents leave the board", step_from_walk(walk_unclipped)),
        ("the board is one row and one column too large", step_from_walk(walk_off_by_one)),
        ("the board is a ring", step_from_walk(walk_on_a_ring)),
        ("bumping into the edge costs nothing", bumps_are_free),
        ("two bumps are paid as one", any_bump),
        ("an agent walks away from its goal", step_from_walk(walk_away_from_home)),
        ("an agent on its goal pays for the edge", step_from_walk(walk_home_pays)),
        ("every goal stops every agent", step_from_walk(walk_any_goal)),
        ("the reward at the end is not exactly 10", less_than_ten),
        ("the reward at the end is missing", no_ten),
        ("the task ends when one agent is home", one_is_enough),
        ("the task never ends", ended_before),
        ("agents that trade places are sent back", no_swapping),
        ("only the first of the two goes back", first_gives_way),
        ("agents that trade places pay for a collision", swap_costs),
        ("the agents move one after the other", one_after_the_other),
        ("an agent may not enter a cell that the other is just leaving", no_entry),
        ("only one of the two goes back", second_gives_way),
        ("two agents end on one cell", on_one_cell),
        ("a collision on one board sends the agents of all boards back", all_boards_back),
        ("walking into an agent on its goal is not counted", hosts_are_no_obstacle),
        ("the distances are taken before the agents are sent back", measured_too_early),
        ("a collision is looked for among cells that the agents never reach", wished_cells),
        ("left and right are turned around", step_from_walk(walk_in_a_mirror)),
        ("the board has no edge at row 0 or column 0", step_from_walk(walk_below_zero)),
        ("a collision costs nothing", collisions_are_free),
        ("a collision is paid twice", both_pay_for_the_collision),
        ("a bump and a collision together are paid as one", one_fine_for_all),
        ("nearly right: precision was lost on the way", single_precision),
        ("each agent is measured against the other's goal", off_by_one_and_wrong_goal),
    ],
)
