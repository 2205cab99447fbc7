"""Checks of lesson 05: the mixing layer, weights that are not negative, and the number of parameters."""

from __future__ import annotations

import torch

from qmix_course.checks import lesson05_rules as rules
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.lesson05_judge import JUDGE
from qmix_course.checks.lesson05_labs import LABS
from qmix_course.checks.lesson05_net import NET
from qmix_course.checks.lesson05_weights import WEIGHTS
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict

# ---- 05.1 --------------------------------------------------------------------------------------------------------------

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
    **{f"{kind} unit": "another activation stands where ELU should be" for kind in ("softplus", "selu", "sigmoid", "leaky")},
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

    sizes = (((), 1, 1), ((), 2, 2), ((), 2, 3), ((1,), 3, 2), ((2,), 1, 4), ((7,), 2, 5), ((3, 2), 4, 3), ((1, 1), 2, 2),
             ((5,), 3, 1), ((3,), 1, 1),
             ((2, 1), 2, 2))
    cases = [(draw(*lead, n), draw(*lead, n * e), draw(*lead, e), draw(*lead, e), draw(*lead)) for lead, n, e in sizes]
    return [*cases, (torch.tensor([2.0, -1.0]), torch.tensor([1.0, -2.0, -0.5, 3.0]), torch.tensor([0.5, -0.5]),
                     torch.tensor([-1.0, 2.0]), torch.tensor(-4.0)),
             tuple(torch.zeros(2, k) for k in (2, 6, 3, 3)) + (torch.zeros(2),)]


def look_at_layer(room: Room, answer) -> Verdict:
    cases = layer_cases()
    try:
        room.compare(answer, cases, rules.mixed)
    except Found as found:
        if found.verdict.title == "the values are not the expected ones":
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
    right = [torch.allclose(got.detach().double(), rules.mixed(*case), rtol=1e-9, atol=1e-9) for got, case in zip(given, cases)]
    return all(ok for ok, case in zip(right, cases) if case[4].numel() == 1)


LAYER_MISTAKES = (
    Mistake("no weight is made non-negative",
            "The weights come as the hypernetworks wrote them. What does lesson 05 do with them before they are used?",
            "with negative weights Q_tot may fall as a utility rises, and the agents' own choices no longer fit the team's"),
    Mistake("W1 keeps its negative weights",
            "A slope is a product along a path from Q_i to Q_tot. Which sign can its first factor have in your version?",
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
            "The first E numbers belong to one agent. Work out W1 for two agents and three units by hand: which number goes "
            "where?",
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
            "It may well be a good way. But what becomes of a raw weight of −3 here, and what does the exercise ask for?",
            "other functions give other values; step 7 of the lesson compares them"),
    Mistake("the utilities are made non-negative",
            "A utility of −2 is worse than one of −1. Is it still so in your version?",
            "the mixer must rise with the utilities; made non-negative, the worse of two bad ones counts more"),
    Mistake("the sum is made non-negative, not the weights in it",
            "Let one utility sink from 1 to −5. Does your sum only go down?",
            "the absolute value of a sum falls and then rises again, so Q_tot is not monotone"),
)

# ---- 05.3 --------------------------------------------------------------------------------------------------------------

KEYS = ("hyper_w1", "hyper_b1", "hyper_w2", "hyper_b2")


def linear(a: int, b: int) -> int:
    return a * b + b


def two(a: int, middle: int, b: int) -> int:
    return linear(a, middle) + linear(middle, b)


def counted(n_agents: int, state_dim: int, embed_dim: int, hypernet_dim: int) -> dict[str, int]:
    n, s, e, h = n_agents, state_dim, embed_dim, hypernet_dim
    return {"hyper_w1": two(s, h, n * e) if h else linear(s, n * e), "hyper_b1": linear(s, e),
            "hyper_w2": two(s, h, e) if h else linear(s, e), "hyper_b2": two(s, e, 1)}


# For each network: (the mistake, the count that it gives). The first that explains all cases is named.
COUNT_MISTAKES_OF = {
    "hyper_w1": (
        ("the first paper's single layer is not counted as one", lambda n, s, e, h: two(s, h, n * e)),
        ("hypernet_dim makes no difference", lambda n, s, e, h: linear(s, n * e)),
        ("biases are left out", lambda n, s, e, h: s * h + h * n * e if h else s * n * e),
        ("biases are left out", lambda n, s, e, h: s * h + h * n * e + n * e if h else linear(s, n * e)),
        ("biases are left out", lambda n, s, e, h: s * h + h + h * n * e if h else s * n * e),
        ("hyper_w1 writes one weight a unit, whatever the number of agents",
         lambda n, s, e, h: two(s, h, e) if h else linear(s, e)),
        ("the weights that are written are counted, not those that write them", lambda n, s, e, h: n * e),
        ("hyper_w1 is counted once for each agent", lambda n, s, e, h: n * (two(s, h, e) if h else linear(s, e))),
        ("hyper_w1 is counted once for each agent", lambda n, s, e, h: n * (two(s, h, n * e) if h else linear(s, n * e))),
    ),
    "hyper_b1": (
        ("hyper_b1 is counted as two layers", lambda n, s, e, h: two(s, h, e) if h else linear(s, e)),
        ("hyper_b1 is counted as two layers", lambda n, s, e, h: two(s, e, e)),
        ("biases are left out", lambda n, s, e, h: s * e),
        ("the weights that are written are counted, not those that write them", lambda n, s, e, h: e),
        ("hyper_b1 writes a bias for each agent", lambda n, s, e, h: linear(s, n * e)),
        ("hyper_b1 writes a bias for each agent", lambda n, s, e, h: linear(s, n)),
    ),
    "hyper_w2": (
        ("the first paper's single layer is not counted as one", lambda n, s, e, h: two(s, h, e)),
        ("hypernet_dim makes no difference", lambda n, s, e, h: linear(s, e)),
        ("biases are left out", lambda n, s, e, h: s * h + h * e if h else s * e),
        ("biases are left out", lambda n, s, e, h: s * h + h * e + e if h else linear(s, e)),
        ("biases are left out", lambda n, s, e, h: s * h + h + h * e if h else s * e),
        ("hyper_w2 writes a weight for each agent", lambda n, s, e, h: two(s, h, n * e) if h else linear(s, n * e)),
        ("the weights that are written are counted, not those that write them", lambda n, s, e, h: e),
    ),
    "hyper_b2": (
        ("the hidden layer of V(s) has another width", lambda n, s, e, h: two(s, h, 1) if h else linear(s, 1)),
        ("the hidden layer of V(s) has another width", lambda n, s, e, h: two(s, h, 1)),
        ("the hidden layer of V(s) has another width", lambda n, s, e, h: two(s, e, 1) if h else linear(s, 1)),
        ("V(s) is counted as a single layer", lambda n, s, e, h: linear(s, 1)),
        ("V(s) is counted with E outputs", lambda n, s, e, h: linear(s, e)),
        ("V(s) is counted with E outputs", lambda n, s, e, h: two(s, e, e)),
        ("biases are left out", lambda n, s, e, h: s * e + e),
        ("biases are left out", lambda n, s, e, h: s * e + e + 1),
        ("biases are left out", lambda n, s, e, h: s * e + e + e),
        ("the weights that are written are counted, not those that write them", lambda n, s, e, h: 1),
    ),
}


def look_at_count(room: Room, answer) -> Verdict:
    cases = [(1, 1, 1, 1), (2, 8, 32, 64), (2, 8, 32, 0), (1, 3, 2, 0),
             (3, 5, 4, 7), (5, 2, 9, 3), (2, 2, 8, 64), (8, 168, 32, 64)]
    try:
        room.compare(answer, cases, counted)
    except Found as found:
        if found.verdict.title != "the values are not the expected ones":
            raise
        given = [room.ask(answer, *case) for case in cases]
        for key in KEYS:
            got = [int(each[key]) for each in given]
            if got == [counted(*case)[key] for case in cases]:
                continue
            for name, formula in COUNT_MISTAKES_OF[key]:
                if got == [formula(*case) for case in cases]:
                    raise room.wrong(name, f"in {key}\n{found.verdict.detail}") from None
        raise
    return Verdict("correct")


COUNT_MISTAKES = (
    Mistake("biases are left out",
            "What does `nn.Linear(3, 2)` own besides its six weights? Look at every layer.",
            "a linear layer from a to b has a·b weights and b biases"),
    Mistake("the first paper's single layer is not counted as one",
            "What does `hypernet_dim` = 0 stand for here? Is there a hidden layer at all?",
            "0 is a sign for a single linear layer, not the width of a hidden one"),
    Mistake("hypernet_dim makes no difference",
            "How many layers does a weight hypernetwork have if `hypernet_dim` is 64?",
            "with a hidden layer there are two matrices and two rows of biases"),
    Mistake("hyper_w1 writes one weight a unit, whatever the number of agents",
            "W1 has a row for each agent. How many numbers must its hypernetwork put out?",
            "W1 is [N, E], so its hypernetwork has N·E outputs"),
    Mistake("hyper_w1 is counted once for each agent",
            "Is there one network that writes all of W1, or one for each agent?",
            "one hypernetwork writes the rows of all agents at once; they share its hidden layer"),
    Mistake("hyper_b1 is counted as two layers",
            "Look at the figure of step 3: what stands between the state and b1?",
            "b1 comes from one linear layer, in both forms of the mixer"),
    Mistake("hyper_b1 writes a bias for each agent",
            "b1 is added to the hidden units. How many are there?",
            "the hidden layer has E units, and each has one bias"),
    Mistake("hyper_w2 writes a weight for each agent",
            "By the second layer the agents have been added up. What is still to be weighted there?",
            "w2 has one weight for each hidden unit, so E in all"),
    Mistake("the hidden layer of V(s) has another width",
            "Look at the figure of step 3: how wide is the layer in the middle of V(s)? Does `hypernet_dim` change it?",
            "V(s) goes from S to E to 1 in both forms; hypernet_dim belongs to the weights"),
    Mistake("V(s) is counted as a single layer",
            "Look at the figure of step 3: what stands between the state and V?",
            "V(s) has a hidden layer of E units, so that it need not be linear in the state"),
    Mistake("V(s) is counted with E outputs",
            "How many numbers does V(s) add to Q_tot?",
            "V(s) is one number, so its last layer has one output"),
    Mistake("the weights that are written are counted, not those that write them",
            "What does the optimiser change: W1 itself, or the network that writes it?",
            "the mixer's own weights are computed anew for each state; only the hypernetworks are learned"),
)

EXERCISES = (
    Exercise(
        number="05.1", title="The mixing layer", answers={"mix_by_hand": "function"}, difficulty=2, minutes=10,
        practises="turn raw hypernetwork outputs into a monotone mixing network",
        hints=("Four things in this order: make the weights what they must be, sum over the agents, bend, sum over the hidden "
               "units.",
               "How many hidden units there are can be read off b1. The numbers of one agent stand side by side in w1.",
               "To stay free of the leading axes, count axes from the back: −1 is the last one, −2 the one before it."),
        mistakes=LAYER_MISTAKES, look=look_at_layer),
    WEIGHTS,
    Exercise(
        number="05.3", title="What a mixer weighs", answers={"count_parameters": "function"}, difficulty=2, minutes=8,
        practises="know the size of each hypernetwork and what it depends on",
        hints=("Draw the four networks with the sizes of their layers. The figure of step 3 has them all.",
               "A linear layer from a to b has a·b + b parameters. Write a small helper for that.",
               "With hypernet_dim = 0 two of the four networks lose their hidden layer. The other two stay as they are."),
        mistakes=COUNT_MISTAKES, look=look_at_count, off_limits=("qmix_course.mixers.QMixer",)),
    NET,
    JUDGE,
    *LABS,
)
