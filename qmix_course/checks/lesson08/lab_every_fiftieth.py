"""08.6 · Every fiftieth: see what a remainder says when it stands alone."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

# copy_every, number of batches
SETTINGS = ((3, 10), (1, 4), (2, 5), (5, 3), (4, 8), (7, 7), (3, 0))
CAUSE = "D"
BLAMED = {"A": "a missing copy is blamed", "B": "a soft update is blamed", "C": "the direction of the copy is blamed",
          "E": "the size of the steps is blamed"}


def flat(module: nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in module.parameters()]).clone()


def make_net(seed: int) -> nn.Module:
    net, draw = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in net.parameters():
            weights.copy_(torch.randn(weights.shape, generator=draw))
    return net


class Watch:
    """The loss that a lab's answer is given; it writes down the weights of both networks at every call."""

    def __init__(self):
        self.seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def __call__(self, team, target, batch) -> torch.Tensor:
        self.seen.append((flat(team), flat(target)))
        with torch.no_grad():
            y = batch[:, :1] + 0.9 * target(batch[:, 1:3])
        return (team(batch[:, 3:5]) - y).pow(2).mean()


def setting(copy_every: int, count: int):
    draw = torch.Generator().manual_seed(copy_every + 10 * count)
    batches = [torch.randn(4, 5, generator=draw, dtype=torch.float64) for _ in range(count)]
    team, target = make_net(1), make_net(2).requires_grad_(False)
    return team, target, torch.optim.SGD(team.parameters(), lr=0.05), batches


def look(room: Room, cause, answer) -> Verdict:
    for copy_every, count in SETTINGS:
        team, target, optimiser, batches = setting(copy_every, count)
        watch, first = Watch(), flat(target)
        losses = room.ask(answer, team, target, optimiser, batches, watch, copy_every, may_change=(0, 1, 2, 4))
        after = [*watch.seen[1:], (flat(team), flat(target))] if watch.seen else [(flat(team), flat(target))] * count
        if any(a.data_ptr() == b.data_ptr() for a, b in zip(team.parameters(), target.parameters())):
            raise room.wrong("after a copy the two share their tensors",
                             f"with {count} batches and copy_every={copy_every}")
        name, text = _diagnosed(watch.seen, after, first, copy_every, count, flat(target))
        want_losses, want_team, want_target = _truth(copy_every, count)
        setting_text = f"with {count} batches and copy_every={copy_every}"
        if name:
            raise room.wrong(name, f"{setting_text}\n{text}")
        if not torch.allclose(flat(team), want_team) or not torch.allclose(flat(target), want_target):
            raise Found(Verdict("wrong", "the weights at the end are not the expected ones",
                                "Change as little as you can: what does each line do that you changed?", setting_text))
        room.match([losses], [want_losses], [(team,)], name="mended_updates")
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


def _truth(copy_every: int, count: int):
    team, target, _, batches = setting(copy_every, count)
    losses = []
    for k, batch in enumerate(batches, start=1):
        loss = Watch()(team, target, batch)
        slopes = torch.autograd.grad(loss, list(team.parameters()))
        with torch.no_grad():
            for weights, slope in zip(team.parameters(), slopes):
                weights.sub_(0.05 * slope)
        losses.append(loss.item())
        if k % copy_every == 0:
            target = deepcopy(team)
    return losses, flat(team), flat(target)


def _diagnosed(seen, after, first, every, count, last_target) -> tuple[str, str]:
    if len(seen) != count:
        return "an update is left out, or made twice", f"{count} batches, {len(seen)} updates"
    if torch.equal(last_target, first) and any(not torch.equal(target, first) for _, target in seen):
        return "the copy is another network; the caller's target stays what it was", ""
    copied = []
    for k in range(count):
        before, then = seen[k], after[k]
        if torch.equal(then[0], before[1]) and torch.equal(then[1], before[1]) and not torch.equal(then[0], before[0]):
            return "the team is overwritten by its target", f"after update {k + 1}"
        if torch.equal(then[1], then[0]) and not torch.equal(then[0], before[0]):
            copied.append(k + 1)
        elif torch.equal(then[1], before[0]) and not torch.equal(then[1], before[1]):
            return "the copy is made before the optimiser's step", f"in update {k + 1}"
        elif not torch.equal(then[1], before[1]):
            return ("the symptom is hidden: the target moves a little in every update",
                    f"after update {k + 1} it is neither the old one nor the team")
    due = [k for k in range(1, count + 1) if k % every == 0]
    text = f"copies are due after the updates {due}, made after {copied}"
    if copied == due:
        return "", ""
    if copied == [k for k in range(1, count + 1) if k % every]:
        return "the bug is still there: it copies at all the other updates", text
    if due and due[-1] == count and copied == due[:-1]:
        return "the copy is made before the next update, and after the last one never", text
    if len(due) > 1 and copied == due[:1]:
        return "the target is copied once, and never again", text
    if not copied:
        return "the symptom is hidden: the target is never copied", text
    if len(copied) == count or len(copied) > len(due) + 1:
        return "the symptom is hidden: it still copies far too often", text
    return "the copies come at the wrong updates", text


MISTAKES = (
    Mistake("the bug is still there: it copies at all the other updates",
            "Which numbers does your condition let through? Try it with copy_every=3 and the numbers 1 to 6, on paper.",
            "a target that is copied in nearly every update is no target network any more"),
    Mistake("the symptom is hidden: the target is never copied",
            "Now it no longer follows too closely. Does it follow at all?",
            "the targets would be made of the first weights for ever"),
    Mistake("the symptom is hidden: it still copies far too often",
            "Count the copies in 100 updates with copy_every=50. How many should there be?",
            "with a copy in every update the targets run after the values that they are to hold still"),
    Mistake("the symptom is hidden: the target moves a little in every update",
            "A soft update is another method. What does the docstring of the function promise?",
            "who sets copy_every asks for a target that stands still in between"),
    Mistake("the target is copied once, and never again",
            "The first copy comes when it should. For which numbers of updates does your condition hold after that?",
            "from then on the targets are those of an early team"),
    Mistake("the copy is made before the next update, and after the last one never",
            "All copies but one come when they should. With copy_every=2 and four batches, who makes the copy after "
            "the fourth update?",
            "a copy belongs to the update after which it is due; who goes on with this target begins with an old one"),
    Mistake("the copies come at the wrong updates",
            "The first copy is due after update number copy_every. After which one does yours come? Does your counter "
            "begin at 0 or at 1?",
            "two implementations that differ by one update differ in every weight from there on"),
    Mistake("the copy is another network; the caller's target stays what it was",
            "Assigning to a name inside a function gives the name to something else. What happens to the network that "
            "was handed in?",
            "whoever called the function still holds the old target, and saves it in the checkpoint"),
    Mistake("after a copy the two share their tensors",
            "The copy comes when it is due. But who moves the target in the updates after it? Does your copy hand over "
            "numbers, or the tensors that hold them?",
            "one tensor under two names is one network: from then on the optimiser moves both"),
    Mistake("the copy is made before the optimiser's step",
            "After an update in which a copy is due, target and team must be equal. Are they?",
            "the target would lag one update more behind than it says"),
    Mistake("the team is overwritten by its target",
            "Which of the two networks gets the weights of the other?",
            "all that was learned since the last copy is thrown away"),
    Mistake("an update is left out, or made twice",
            "Each batch makes one update. Is that still so in your version?",
            "a repair must leave the rest as it was"),
    Mistake("a missing copy is blamed",
            "A target that is never copied keeps the first weights. Which of the two curves would its distance follow?",
            "the target's distance stays near zero while the team moves away: it is copied, and often"),
    Mistake("a soft update is blamed",
            "A target that goes a part of the way never reaches the team. Print the second list.",
            "before nearly every update the target is exactly where the team is; a part of the way would leave a rest"),
    Mistake("the direction of the copy is blamed",
            "Could the team come away from its first weights if it were given those of the target again and again?",
            "the team moves on and the loss falls; it is the target that follows"),
    Mistake("the size of the steps is blamed",
            "How far does the team come in 50 updates? That is how far the target should be behind.",
            "in 50 updates the team goes a long way, and a target that stood still would show it"),
)

EXERCISE = Exercise(
    number="08.6", title="Every fiftieth", answers={"cause": "value", "mended_updates": "function"},
    formerly=("wrong_line",), difficulty=2, minutes=8,
    practises="see by its distance from the team how often a target is copied",
    hints=("How far should the target be behind after 49 updates with copy_every=50? And how far is it?",
           "For which numbers does a remainder count as True in an `if`, and for which as False?",
           "Put 1, 2, …, 6 into the condition, with copy_every=3, and write down for which it holds."),
    mistakes=MISTAKES, look=look, lab=True)
