"""07.1 · Who hears the error?: the chain rule through another tree of mixers, by hand."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, twisted
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def who_hears(q, actions, squad, w, k, y, twist=None):
    """The truth, squad by squad and agent by agent."""
    n, n_actions = q.shape
    played = [max(range(n_actions), key=q[i].tolist().__getitem__) if twist == "best" else int(actions[i])
              for i in range(n)]
    own = [float(q[i, a]) for i, a in enumerate(played)]
    inside = [sum(float(w[i]) * own[i] for i in range(n) if int(squad[i]) == s) for s in range(len(k))]
    if twist == "last of a squad":
        inside = [[float(w[i]) * own[i] for i in range(n) if int(squad[i]) == s][-1] for s in range(len(k))]
    value = [x if twist in ("no relu", "no relu forwards") or x > 0 else 0.0 for x in inside]
    total = sum(float(k[s]) * value[s] for s in range(len(k)))
    gradient = torch.zeros(n, n_actions, dtype=torch.float64)
    for i in range(n):
        s = int(squad[i])
        error = (float(k[s]) * value[s] if twist == "own squad" else total) - float(y)
        if twist == "turned":
            error = -error
        slope = float(k[s]) * float(w[i])
        if twist == "no k":
            slope = float(w[i])
        if twist == "no w":
            slope = float(k[s])
        if twist == "as one":
            slope = 1.0
        if twist == "times value":
            slope *= own[i]
        if twist == "shares":
            slope = float(w[i]) / sum(float(w[j]) for j in range(n) if int(squad[j]) == s) * float(k[s])
        heard = inside[s] > 0 or twist in ("silent hears", "no relu")
        if twist == "own sign":
            heard = own[i] > 0
        if twist == "leaky" and not heard:
            heard, slope = True, 0.01 * slope
        if heard:
            places = range(n_actions) if twist == "all actions" else [played[i]]
            for a in places:
                gradient[i, a] = (1.0 if twist == "no two" else 2.0) * error * slope
    return gradient.sum(1) if twist == "agents only" else gradient


def cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(171)

    def drawn(*shape, low=-8, high=9):
        return torch.randint(low, high, shape, generator=generator).double() / 4

    found = [(torch.tensor([[1.0, 4.0], [2.0, 0.0], [-3.0, -1.0]], dtype=torch.float64), torch.tensor([1, 0, 1]),
              torch.tensor([0, 0, 1]), torch.tensor([1.0, 3.0, 2.0], dtype=torch.float64),
              torch.tensor([0.5, 2.0], dtype=torch.float64), 4.0)]
    while len(found) < 9:
        n, n_actions, squads = ((1, 3, 1), (4, 2, 2), (5, 3, 3), (6, 4, 3), (4, 3, 4), (7, 2, 2), (3, 3, 1),
                                (8, 3, 3))[len(found) - 1]
        q, actions = drawn(n, n_actions, low=-12, high=13), torch.randint(n_actions, (n,), generator=generator)
        squad = torch.cat([torch.arange(squads), torch.randint(squads, (n - squads,), generator=generator)])
        squad = squad[torch.randperm(n, generator=generator)]
        w, k = drawn(n, low=1, high=13), drawn(squads, low=1, high=9)
        inside = torch.zeros(squads, dtype=torch.float64).index_add(0, squad, w * q[torch.arange(n), actions])
        mixed = squads < 2 or (0 < int((inside > 0).sum()) < squads)
        if (inside != 0).all() and mixed and (inside > 0).any():            # at 0 a ReLU has no slope
            found.append((q, actions, squad, w, k, float(drawn(1)) + 0.125))
    return found


def look(room: Room, answer) -> Verdict:
    room.compare(answer, cases(), who_hears)
    return Verdict("correct")


EXERCISE = Exercise(
    number="07.1", title="Who hears the error?", answers={"who_hears": "function"}, difficulty=3, minutes=12,
    practises="follow the team's error by the chain rule to every value of every agent, and to none that it misses",
    formerly=("chosen_values",),
    hints=("Go forwards first and write down every squad's sum before the ReLU. Which squads are silent?",
           "Backwards there are four factors: of the square, of the top, of the ReLU, of the squad's sum.",
           "Only the value of the action that was played is in the sum. All other entries of the result are 0."),
    mistakes=twisted(
        who_hears,
        ("all actions", "values of actions that were not played hear the error too",
         "Change the value of an action that nobody played. Does Q_tot change?",
         "what is not in the sum has no slope"),
        ("silent hears", "a squad behind a closed ReLU hears the error",
         "A squad's sum is −2. Raise one of its values by a little: does Q_tot change?",
         "below 0 a ReLU is flat, and nothing comes through it"),
        ("no relu", "there is no ReLU",
         "A squad's sum is −2. What does it add to Q_tot, and to its agents' gradients?",
         "a squad with a negative sum counts as 0 and hears nothing"),
        ("no relu forwards", "the error is that of a team without a ReLU",
         "Which squads are silent on the way back is right. Do they count on the way forwards?",
         "a squad with a negative sum adds 0 to Q_tot, and the error is Q_tot minus the target"),
        ("last of a squad", "one agent speaks for its whole squad",
         "Two agents of one squad: print the squad's sum. Does `x[squad] += …` add up where a place comes twice?",
         "writing to places by index keeps what was written last; index_add adds up"),
        ("own sign", "each agent has a ReLU of its own",
         "Where does the ReLU stand: before the squad's sum, or behind it?",
         "the squad's sum decides for all of its agents, whatever the sign of their own values"),
        ("leaky", "a little comes through a closed ReLU",
         "What is the slope of a ReLU below 0?",
         "that is a leaky ReLU; this one is flat below 0"),
        ("own squad", "each squad has an error of its own",
         "How many errors does a team have?",
         "there is one Q_tot, one target and one error, and all hear the same one"),
        ("turned", "target minus value",
         "If Q_tot is above the target, is the slope of the loss positive or negative?",
         "the gradient points uphill; the optimiser goes the other way by itself"),
        ("no two", "the 2 of the square is missing",
         "What is the slope of x² at x = 3?",
         "the derivative of a square is twice the error"),
        ("no k", "the top's weights are missing",
         "Double k of one squad. What happens to Q_tot, and so to what its agents hear?",
         "every step between a value and the loss puts in its factor"),
        ("no w", "the agents' own weights are missing",
         "Two agents of one squad with w = 1 and w = 3: who moves Q_tot more?",
         "an agent hears the error as loudly as its squad listens to it"),
        ("as one", "all who are heard hear the same",
         "That is VDN. What are the slopes here?",
         "a slope of 1 for everyone belongs to a plain sum"),
        ("times value", "the values themselves are factors",
         "The derivative of w Q with respect to Q: is Q in it?",
         "the slope of a weighted sum is the weight"),
        ("shares", "the weights are made to add up to 1",
         "Does the text divide by anything?",
         "a squad's sum is weighted, not averaged"),
        ("best", "the agents are taken to play their best action",
         "What was played, and what would they play now?",
         "the error is about what happened"),
        ("agents only", "one number for each agent, not for each of its values",
         "Which shape has the gradient with respect to q?",
         "the loss has a slope for each entry of q, most of them 0")),
    look=look)
