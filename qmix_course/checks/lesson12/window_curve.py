"""12.1 · What a window can know: what cannot be told apart must be answered alike."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def window_curve(sights, wants, twist=None):
    """The truth: episodes with one and the same window form a group, and the best action is right in its majority."""
    episodes, steps = sights.shape
    curve = []
    for k in range(1, steps + 1):
        groups: dict[tuple, list[int]] = {}
        for row, want in zip(sights.tolist(), wants.tolist()):
            groups.setdefault(_window(row, k, twist), []).append(want)
        right = [_right(group, twist) for group in groups.values()]
        if twist == "groups alike":
            curve.append(sum(score / len(group) for score, group in zip(right, groups.values())) / len(groups))
        else:
            curve.append(sum(right) / (1 if twist == "counts" else episodes))
    if twist == "backwards":
        curve.reverse()
    return torch.tensor(curve, dtype=torch.float64)


def _window(row, k, twist):
    if twist == "from the start":
        return tuple(row[:k])
    if twist == "one sight":
        return (row[-k],)
    if twist == "no order":
        return tuple(sorted(row[-k:]))
    if twist == "a set":
        return tuple(sorted(set(row[-k:])))
    if twist == "digits":
        return sum(sight * 10**place for place, sight in enumerate(row[-k:]))
    if twist == "one less":
        return tuple(row[len(row) - k + 1:])
    if twist == "one more":
        return tuple(row[-k - 1:])
    return tuple(row[-k:])


def _right(group, twist):
    """In how many episodes of a group the best action is right."""
    most = max(map(group.count, group))
    if twist == "only the sure":
        return len(group) if most == len(group) else 0
    if twist == "even guess":
        return len(group) / len(set(group))
    if twist == "as often as wanted":
        return sum(group.count(want) for want in group) / len(group)
    if twist == "one a group":
        return 1
    return most


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(121)
    found = [(torch.tensor([[1, 0, 0, 3], [2, 0, 0, 3]]), torch.tensor([0, 1])),
             (torch.tensor([[1, 2, 0], [2, 1, 0], [1, 1, 0], [2, 2, 0], [2, 2, 0]]), torch.tensor([0, 1, 2, 2, 0])),
             (torch.tensor([[0, 1, 3], [10, 0, 3], [11, 0, 3]]), torch.tensor([0, 1, 0])),   # two digits
             (torch.tensor([[5]]), torch.tensor([7])), (torch.tensor([[4, 4], [4, 4]]), torch.tensor([1, 0]))]
    for episodes, steps, kinds, actions in ((6, 3, 2, 2), (12, 5, 2, 3), (25, 4, 3, 4), (40, 6, 2, 5)):
        found.append((torch.randint(kinds, (episodes, steps), generator=generator) - 1,
                      torch.randint(actions, (episodes,), generator=generator)))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), window_curve)
    return Verdict("correct")


EXERCISE = Exercise(
    number="12.1", title="What a window can know", answers={"window_curve": "function"}, difficulty=3, minutes=12,
    practises="compute what any agent with a short memory can reach, from what it cannot tell apart",
    formerly=("agent_inputs",),
    hints=("Two episodes whose last k sights are the same: can the agent do one thing here and another there?",
           "For each k, sort the episodes into groups that look alike. In each group the agent has one action.",
           "The best action of a group is the one wanted most often in it. Add up these numbers over the groups, and "
           "divide once."),
    mistakes=twisted(
        window_curve,
        ("from the start", "the window stands at the beginning of the episode",
         "At the last step, which k sights are the latest?",
         "a window forgets the beginning first; that is why cues get lost"),
        ("digits", "two windows become one number",
         "Write down your number for the sights 0, 1 and for the sights 10, 0. Are these windows alike?",
         "a sight may be any whole number, so digits run into each other"),
        ("one sight", "the agent knows one sight, k steps back, and not those after it",
         "A window of 3: how many sights does it hold?",
         "a window holds the last k sights, all of them"),
        ("no order", "the order of the sights does not count",
         "Seen 1 and then 2, or 2 and then 1: is that the same to an agent with a window?",
         "order is knowledge too: a door that opens and closes is another story than one that closes and opens"),
        ("a set", "how often and when something was seen does not count",
         "Which windows does your set hold to be the same, although an agent can tell them apart?",
         "a set forgets order and number, a window does not"),
        ("one less", "the window is one sight short",
         "With k = 1 the agent knows the last sight. How many different windows do you find for k = 1?",
         "the sight of the last step itself belongs to the window"),
        ("one more", "the window is one sight too long",
         "With k = 1 the agent knows the last sight, and not the one before it. How many sights does your window hold?",
         "the curve is then that of a longer memory"),
        ("backwards", "the longest window comes first",
         "Which entry of your result belongs to k = 1, and can a longer memory be worth less?",
         "the result goes from k = 1 to k = T"),
        ("only the sure", "only episodes that are known for sure count",
         "Three episodes look alike; two of them want action 0. What does playing 0 bring there?",
         "an agent that is not sure is still right in the larger part of a group"),
        ("even guess", "the agent guesses evenly among the wanted actions",
         "Three episodes look alike; two of them want action 0. Is drawing lots the best that can be done?",
         "the best agent plays what is wanted most often, always"),
        ("as often as wanted", "the agent draws each action as often as it is wanted",
         "Two thirds want action 0. What does playing 0 always bring, and what does playing it two times in three?",
         "matching the frequencies pays the sum of their squares, which is less than the largest of them"),
        ("one a group", "one episode of each group is right",
         "Ten episodes look alike and all want action 0. In how many of them is the agent right?",
         "a group counts with all of its episodes that want its best action"),
        ("groups alike", "each group counts the same, however many episodes are in it",
         "One group of nine episodes and one of a single one: how likely is each?",
         "episodes are equally likely, groups are not"),
        ("counts", "episodes are counted, and not divided by their number",
         "The expected reward is between 0 and 1. What is missing?",
         "the expectation is a share of all episodes")),
    look=look)
