"""07.7 · A limit that does not hold: clip the gradient of all weights together."""

from __future__ import annotations

import torch
from torch import nn

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict

RATE = 0.1

# The gradients of the agents' weights, of the mixer's, and the limit.
CLIPPED = (([6.0, -3.0], [4.0, 12.0], 2.0), ([3.0], [4.0], 1.0), ([30.0, -2.0], [0.2], 10.0),
           ([0.1, 0.2], [-40.0, 9.0, 1.0], 2.5), ([3e6], [-4e6], 1.0), ([-3.0], [4.0], 4.5),
           ([6.0, 1.0, -2.0], [7.0, 7.0], 0.5))
SHORT = (([0.3], [-0.4], 1.0), ([2.0, -1.0], [3.0, 1.5], 10.0))


class Weights(nn.Module):
    """``count`` weights, all 1: two in a first tensor, the others in a second one."""

    def __init__(self, count: int):
        super().__init__()
        self.parts = nn.ParameterList([nn.Parameter(torch.ones(size, dtype=torch.float64))
                                       for size in (min(2, count), count - min(2, count)) if size])


def _moved(room: Room, mended, of_agents: list[float], of_mixer: list[float], limit: float) -> tuple:
    """Let the answer make one step on a loss with these gradients: (returned, the gradients that the step followed)."""
    agents, mixer = Weights(len(of_agents)), Weights(len(of_mixer))
    weights = [*agents.parameters(), *mixer.parameters()]
    for weight in weights:
        weight.grad = torch.full_like(weight, 5.0)
    optimiser = torch.optim.SGD(weights, lr=RATE)
    loss = sum((slope * weight).sum() for module, slopes in ((agents, of_agents), (mixer, of_mixer))
               for slope, weight in zip([torch.tensor(part) for part in (slopes[:2], slopes[2:])], module.parameters()))
    length = room.ask(mended, agents, mixer, optimiser, loss, limit, may_change=(0, 1, 2, 3))
    followed = [torch.cat([(1 - w.detach()) / RATE for w in module.parameters()]) for module in (agents, mixer)]
    return length, *followed


CAUSE = "D"
BLAMED = {"A": "the order is blamed", "B": "old gradients are blamed", "C": "the kind of limit is blamed",
          "E": "the learning rate is blamed"}


def look(room: Room, cause, mended) -> Verdict:
    for of_agents, of_mixer, limit in (*CLIPPED, *SHORT):
        length, *followed = _moved(room, mended, of_agents, of_mixer, limit)
        full = [torch.tensor(of_agents, dtype=torch.float64), torch.tensor(of_mixer, dtype=torch.float64)]
        norm = float(torch.cat(full).norm())
        wanted = [part * min(1.0, limit / norm) for part in full]
        if not all(_near(got, want) for got, want in zip(followed, wanted)):
            _name_clipping(room, followed, full, wanted, limit)
        if values.problem(length, norm, 1e-5):
            raise room.wrong("the step is right, but the number that is returned is not",
                             f"gradient of the agents {of_agents}, of the mixer {of_mixer}\n"
                             + values.table(length, norm))
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


def _near(got, want) -> bool:
    return torch.allclose(got, want, rtol=1e-5, atol=1e-9)      # torch's own clipping adds 1e-6 to the length


def _name_clipping(room: Room, followed, full, wanted, limit: float) -> None:
    agents, mixer = full
    apart = [part * min(1.0, limit / float(part.norm())) for part in full]
    norm = float(torch.cat(full).norm())
    detail = "\n".join([f"gradient of the agents {agents.tolist()}, of the mixer {mixer.tolist()}, max_norm {limit}",
                        "expected after clipping: " + _rows(wanted), "the step followed:       " + _rows(followed)])
    for of_agents, of_mixer in ((5.0, 5.0), (5.0, 0.0), (0.0, 5.0)):             # of both, or of one alone
        joined = torch.cat([agents + of_agents, mixer + of_mixer])
        if torch.allclose(torch.cat(followed) / torch.cat(followed).norm(), joined / joined.norm(), atol=1e-5):
            raise room.wrong("gradients from before are still there", detail)
    if not any(part.any() for part in followed):
        raise room.wrong("no weight changes", detail)
    if norm <= limit:
        raise room.wrong("a gradient that is short enough is changed too", detail)
    for name, parts in (("nothing is clipped", full),
                        ("the mixer's part is still not limited", (apart[0], mixer)),
                        ("now the agents' part is not limited", (agents, apart[1])),
                        ("agents and mixer are clipped apart", apart),
                        ("each entry is clipped on its own", [part.clamp(-limit, limit) for part in full])):
        if all(map(_near, followed, parts)):
            raise room.wrong(name, detail)
    together, direction = torch.cat(followed), torch.cat(full)
    if not torch.allclose(together / together.norm(), direction / norm, atol=1e-5):
        raise room.wrong("the direction of the gradient has changed", detail)
    raise room.wrong("the clipped gradient has the wrong length", detail)


def _rows(parts) -> str:
    return " and ".join("[" + ", ".join(f"{number:.4g}" for number in part.tolist()) + "]" for part in parts)


MISTAKES = (
    Mistake("the mixer's part is still not limited",
            "Which weights does the clipping know of? Look at what the optimiser moves.",
            "one large error still throws the mixer's weights as far as it likes"),
    Mistake("now the agents' part is not limited",
            "The mixer is limited now. And the agents?",
            "the same bug with the roles changed"),
    Mistake("agents and mixer are clipped apart",
            "Both are short now, each for itself. Take 3 and 4 with limit 1: which direction has (3, 4), and which has "
            "yours?",
            "two limits change the direction, and the whole may be longer than the limit"),
    Mistake("gradients from before are still there",
            "backward() adds to the gradients that it finds. Is the first line of the listing still where it was?",
            "each step then follows the sum of all gradients since the start"),
    Mistake("each entry is clipped on its own",
            "The limit is on the length of the whole gradient. What happens to its direction in your version?",
            "cutting entries turns the gradient towards the diagonal"),
    Mistake("nothing is clipped",
            "The step follows the full gradient. In which order do gradients, clipping and step come?",
            "clipping works on the gradients that exist when it is called, and for the step that comes after it"),
    Mistake("a gradient that is short enough is changed too",
            "Clipping is a limit. What should happen to a gradient that is shorter?",
            "near a solution the gradients are small, and small steps are what one wants there"),
    Mistake("no weight changes",
            "What becomes of a step whose gradient is too long? It should be shortened, not left out.",
            "rare large errors are often the ones to learn most from"),
    Mistake("the direction of the gradient has changed",
            "By which factor do you shorten the agents' part, and by which the mixer's? How many factors should there "
            "be?",
            "clipping shortens the gradient of all weights together and keeps its direction"),
    Mistake("the clipped gradient has the wrong length",
            "The direction is right. How long is the gradient of all weights together, before and after?",
            "the limit that was asked for is not the limit that holds"),
    Mistake("the step is right, but the number that is returned is not",
            "What was promised: the length before or after the clipping, of which weights?",
            "who watches this number wants to see how large the gradients were"),
    Mistake("the order is blamed",
            "The lower curve never passes the limit. Would it keep to it, if the clipping came too late?",
            "the agents' part is limited before the step; a clipping after it would limit nothing"),
    Mistake("old gradients are blamed",
            "Which line of the listing takes care of gradients from before? And does the lower curve grow?",
            "they are cleared at the beginning of every update"),
    Mistake("the kind of limit is blamed",
            "The agents have 16 weights here. How long could their part be, if only each entry were held to 5?",
            "with entries cut at the limit, the agents' curve could pass it too, and it lies on it"),
    Mistake("the learning rate is blamed",
            "The curves show the step divided by the learning rate. What is left of it in them?",
            "the length of the gradient that was followed has no learning rate in it"),
)

EXERCISE = Exercise(
    number="07.7", title="A limit that does not hold", answers={"cause": "value", "mended_step": "function"},
    difficulty=3, minutes=10, core=True, practises="clip the gradient of all weights together", lab=True,
    formerly=("wrong_line_b",),
    hints=("Which weights does the optimiser move? Which does the clipping see?",
           "The length that counts is one number: that of the gradient of all weights together.",
           "Weights of two modules can stand in one list. Clip once."),
    mistakes=MISTAKES, look=look)
