"""05.1 · The mixing layer: turn raw hypernetwork outputs into a monotone mixing network."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson05 import rules
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

LAYER_TWISTS = {
    "sum abs": "the sum is made non-negative, not the weights in it",
    "w1 signed": "W1 keeps its negative weights",
    "w2 signed": "w2 keeps its negative weights",
    "b1 abs": "a bias is made non-negative too",
    "v abs": "V is made non-negative too",
    "order": "W1 is cut into pieces of the wrong length",
    "no unit": "there is no activation between the two layers",
    "relu unit": "another activation stands where ELU should be",
    "tanh unit": "another activation stands where ELU should be",
    **{f"{kind} unit": "another activation stands where ELU should be"
       for kind in ("softplus", "selu", "sigmoid", "leaky")},
    "elu before v": "ELU is applied once more at the end",
    "elu at the end": "ELU is applied once more at the end",
    "no v": "V is missing",
    "no b1": "b1 is missing",
    "b1 late": "b1 is added after the activation",
    "mean": "the hidden units are averaged",
    **{twist: "negative weights are cut off, not made positive" for twist in ("relu", "w1 relu", "w2 relu")},
    "softmax": "softmax in place of the absolute value",
    "softmax over agents": "softmax in place of the absolute value",
    "softplus": "another way to make weights non-negative than the one asked for",
    "square": "another way to make weights non-negative than the one asked for",
    "exp": "another way to make weights non-negative than the one asked for",
    "elu + 1": "another way to make weights non-negative than the one asked for",
    "q abs": "the utilities are made non-negative",
}


def layer_cases() -> list[tuple]:
    """(agent_qs, w1, b1, w2, v): no leading axis, one, two; one agent, one unit; N = E."""
    generator = torch.Generator().manual_seed(51)

    def draw(*shape, scale=1.5):
        return (scale * torch.randn(shape, generator=generator)).round(decimals=2)

    sizes = (((), 1, 1), ((), 2, 2), ((), 2, 3), ((1,), 3, 2), ((2,), 1, 4), ((7,), 2, 5), ((3, 2), 4, 3),
             ((1, 1), 2, 2),
             ((5,), 3, 1), ((3,), 1, 1),
             ((2, 1), 2, 2))
    cases = [(draw(*lead, n), draw(*lead, n * e), draw(*lead, e), draw(*lead, e), draw(*lead)) for lead, n, e in sizes]
    return [*cases, (torch.tensor([2.0, -1.0]), torch.tensor([1.0, -2.0, -0.5, 3.0]), torch.tensor([0.5, -0.5]),
                     torch.tensor([-1.0, 2.0]), torch.tensor(-4.0)),
             tuple(torch.zeros(2, k) for k in (2, 6, 3, 3)) + (torch.zeros(2),)]


def look(room: Room, answer) -> Verdict:
    cases = layer_cases()
    try:
        room.compare(answer, cases, rules.mixed)
    except Found as found:
        if found.verdict.title == UNNAMED:
            given = [room.ask(answer, *case) for case in cases]
            if _same_as(given, cases, "w1 signed", "w2 signed"):
                raise room.wrong("no weight is made non-negative", found.verdict.detail) from None
            if _transposed_batch(given, cases):
                raise room.wrong("W1 is cut across the samples of the batch", found.verdict.detail) from None
        raise rules.name_twist(room, found, answer, cases, LAYER_TWISTS) from None
    return Verdict("correct")


def _same_as(given: list, cases: list[tuple], *twists: str) -> bool:
    return all(torch.allclose(got.detach().double(), rules.twisted(*case, *twists), rtol=1e-9, atol=1e-9)
               for got, case in zip(given, cases))


def _transposed_batch(given: list, cases: list[tuple]) -> bool:
    """Right for every single sample and wrong for some batch."""
    right = [torch.allclose(got.detach().double(), rules.mixed(*case), rtol=1e-9, atol=1e-9)
             for got, case in zip(given, cases)]
    return all(ok for ok, case in zip(right, cases) if case[4].numel() == 1)


MISTAKES = (
    Mistake("no weight is made non-negative",
            "The weights come as the hypernetworks wrote them. What does lesson 05 do with them before they are used?",
            "with negative weights Q_tot may fall as a utility rises, and the agents' own choices no longer fit the "
            "team's"),
    Mistake("W1 keeps its negative weights",
            "A slope is a product along a path from Q_i to Q_tot. Which sign can its first factor have in your "
            "version?",
            "every factor on the path from a utility to Q_tot must be non-negative, in both layers"),
    Mistake("w2 keeps its negative weights",
            "A slope is a product along a path from Q_i to Q_tot. Which sign can its last factor have in your version?",
            "one negative factor in the second layer turns the whole path round"),
    Mistake("a bias is made non-negative too",
            "Is b1 multiplied with a utility anywhere? What does the lesson say about its sign?",
            "biases are added, so they do not touch the slopes' signs; without negative ones fewer shapes can be made"),
    Mistake("V is made non-negative too",
            "What would a team say that expects a return of −20?",
            "V(s) sets the level of the whole table, and that level may well be negative"),
    Mistake("W1 is cut into pieces of the wrong length",
            "The first E numbers belong to one agent. Work out W1 for two agents and three units by hand: which number "
            "goes where?",
            "the numbers of different agents get mixed up; the mixer stays monotone, so no test of slopes notices"),
    Mistake("W1 is cut across the samples of the batch",
            "Single samples are right, batches are not. Along which axes did you take the numbers of w1 apart?",
            "a sample is then mixed with weights that were written for another state"),
    Mistake("there is no activation between the two layers",
            "Without a bend, two layers are one. Which function stands between them?",
            "two linear layers make a weighted sum, and a weighted sum cannot make the table of 2B"),
    Mistake("another activation stands where ELU should be",
            "Step 2 of the lesson compares four activations. Which one does QMIX use, and what does it do below zero?",
            "another activation makes other tables; ReLU, for one, is flat below zero"),
    Mistake("ELU is applied once more at the end",
            "What is the range of your result? Can it go below −1?",
            "an ELU at the end holds Q_tot above a floor that no state can move as it should"),
    Mistake("V is missing",
            "Compare Q_tot for two values of v. Does yours change?",
            "without V the level must come out of the weights, which are there to say who matters"),
    Mistake("b1 is missing",
            "Where does a hidden unit bend in your version? Does b1 have a say in it?",
            "every unit then bends where its weighted sum is zero, in every state"),
    Mistake("b1 is added after the activation",
            "b1 says where a unit bends. What must it be added to, then?",
            "behind the activation it only shifts the level, which V does already"),
    Mistake("the hidden units are averaged",
            "Write out w2 · hidden for two units. Is there a division in it?",
            "the dot product is a sum; the mean makes every effect E times too small"),
    Mistake("negative weights are cut off, not made positive",
            "What becomes of a raw weight of −3 in your version, and what with the absolute value?",
            "where the weight is cut to zero its slope is zero too, and its hypernetwork learns nothing through it"),
    Mistake("softmax in place of the absolute value",
            "Add up the weights that come out. May a weight be larger than 1?",
            "softmax ties the weights to each other and holds every one below 1"),
    Mistake("another way to make weights non-negative than the one asked for",
            "It may well be a good way. But what becomes of a raw weight of −3 here, and what does the exercise ask "
            "for?",
            "other functions give other values; step 7 of the lesson compares them"),
    Mistake("the utilities are made non-negative",
            "A utility of −2 is worse than one of −1. Is it still so in your version?",
            "the mixer must rise with the utilities; made non-negative, the worse of two bad ones counts more"),
    Mistake("the sum is made non-negative, not the weights in it",
            "Let one utility sink from 1 to −5. Does your sum only go down?",
            "the absolute value of a sum falls and then rises again, so Q_tot is not monotone"),
)

EXERCISE = Exercise(
    number="05.1", title="The mixing layer", answers={"mix_by_hand": "function"}, difficulty=2, minutes=10,
    practises="turn raw hypernetwork outputs into a monotone mixing network",
    hints=("Four things in this order: make the weights what they must be, sum over the agents, bend, sum over the "
           "hidden units.",
           "How many hidden units there are can be read off b1. The numbers of one agent stand side by side in w1.",
           "To stay free of the leading axes, count axes from the back: −1 is the last one, −2 the one before it."),
    mistakes=MISTAKES, look=look)
