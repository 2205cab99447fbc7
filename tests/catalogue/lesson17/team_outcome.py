"""Answers to 17.1."""

from tests.catalogue import Answers


def plainly(rewards, terminations, truncations, names):
    over = all(terminations[name] or truncations[name] for name in terminations)
    terminated = over and any(terminations.values())
    return sum(rewards.values()) / len(names), terminated, over and not terminated


def with_zeros(rewards, terminations, truncations, names):
    reward = sum(rewards.get(name, 0.0) for name in names) / len(names)
    left = [name for name in terminations if not (terminations[name] or truncations[name])]
    if left:
        return reward, False, False
    return reward, True in terminations.values(), True not in terminations.values()


def of_those_present(rewards, terminations, truncations, names):
    return (sum(rewards.values()) / len(rewards), *plainly(rewards, terminations, truncations, names)[1:])


def a_sum(rewards, terminations, truncations, names):
    return (sum(rewards.values()), *plainly(rewards, terminations, truncations, names)[1:])


def the_first(rewards, terminations, truncations, names):
    return (next(iter(rewards.values())), *plainly(rewards, terminations, truncations, names)[1:])


def one_is_enough(rewards, terminations, truncations, names):
    over = any(terminations.values()) or any(truncations.values())
    terminated = any(terminations.values())
    return sum(rewards.values()) / len(names), terminated, over and not terminated


def whenever(rewards, terminations, truncations, names):
    reward, terminated, truncated = plainly(rewards, terminations, truncations, names)
    return reward, any(terminations.values()), truncated


def all_ended(rewards, terminations, truncations, names):
    over = all(terminations[name] or truncations[name] for name in terminations)
    terminated = all(terminations.values())
    return sum(rewards.values()) / len(names), terminated, over and not terminated


def done(rewards, terminations, truncations, names):
    over = all(terminations[name] or truncations[name] for name in terminations)
    return sum(rewards.values()) / len(names), over, False


def both_flags(rewards, terminations, truncations, names):
    over = all(terminations[name] or truncations[name] for name in terminations)
    return (sum(rewards.values()) / len(names), over and any(terminations.values()),
            over and any(truncations.values()))


def clock_first(rewards, terminations, truncations, names):
    over = all(terminations[name] or truncations[name] for name in terminations)
    truncated = over and any(truncations.values())
    return sum(rewards.values()) / len(names), over and not truncated, truncated


def asks_the_paid(rewards, terminations, truncations, names):
    over = all(terminations[name] or truncations[name] for name in rewards if name in terminations)
    ended = any(terminations[name] for name in rewards if name in terminations)
    return sum(rewards.values()) / len(names), over and ended, over and not ended


def pays_the_players(rewards, terminations, truncations, names):
    return (sum(rewards.get(name, 0.0) for name in terminations) / len(names),
            *plainly(rewards, terminations, truncations, names)[1:])


def waits_for_all(rewards, terminations, truncations, names):
    over = all(terminations.get(name, False) or truncations.get(name, False) for name in names)
    ended = any(terminations.values())
    return sum(rewards.values()) / len(names), over and ended, over and not ended


ANSWERS = Answers(
    right=[plainly, with_zeros],
    wrong=[("the last pay of who has left is lost", pays_the_players),
           ("who has left keeps the episode open", waits_for_all),
           ("who plays and is not paid is forgotten", asks_the_paid),
           ("the mean runs over those who are paid now", of_those_present), ("a sum, not a mean", a_sum),
           ("one agent's pay is taken for the team's", the_first),
           ("one agent's ending ends the team's episode", one_is_enough),
           ("the episode terminates while somebody still plays", whenever),
           ("only if all terminate is it an end", all_ended), ("a cut is called an end", done),
           ("both flags at once", both_flags), ("the cut wins over the end", clock_first)])
