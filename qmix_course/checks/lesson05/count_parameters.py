"""05.3 · What a mixer weighs: know the size of each hypernetwork and what it depends on."""

from __future__ import annotations

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import UNNAMED, Room
from qmix_course.checks.verdict import Found, Verdict

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
        ("hyper_w1 is counted once for each agent", lambda n, s, e,
         h: n * (two(s, h, n * e) if h else linear(s, n * e))),
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


def look(room: Room, answer) -> Verdict:
    cases = [(1, 1, 1, 1), (2, 8, 32, 64), (2, 8, 32, 0), (1, 3, 2, 0),
             (3, 5, 4, 7), (5, 2, 9, 3), (2, 2, 8, 64), (8, 168, 32, 64)]
    try:
        room.compare(answer, cases, counted)
    except Found as found:
        if found.verdict.title != UNNAMED:
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


MISTAKES = (
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

EXERCISE = Exercise(
    number="05.3", title="What a mixer weighs", answers={"count_parameters": "function"}, difficulty=2, minutes=8,
    practises="know the size of each hypernetwork and what it depends on",
    hints=("Draw the four networks with the sizes of their layers. The figure of step 3 has them all.",
           "A linear layer from a to b has a·b + b parameters. Write a small helper for that.",
           "With hypernet_dim = 0 two of the four networks lose their hidden layer. The other two stay as they are."),
    mistakes=MISTAKES, look=look, off_limits=("qmix_course.mixers.QMixer",))
