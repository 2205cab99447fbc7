"""09.4 · A perfect team that earns nothing: count an episode up to its end, the end included."""

from __future__ import annotations

import torch

from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Verdict


def board_by_board(per_board):
    """A version for one board, ``per_board(rewards, ended)`` → return, length, as one for B boards."""
    def version(rewards, ended):
        pairs = [per_board(r, e) for r, e in zip(rewards.tolist(), ended.tolist())]
        return torch.tensor([float(total) for total, _ in pairs]), torch.tensor([length for _, length in pairs])
    return version


def length_of_first(ended: list) -> int:
    return ended.index(True) + 1 if True in ended else len(ended)


def without_the_end(ended: list) -> int:
    return ended.index(True) if True in ended else len(ended)


def first_k(rewards, length):
    return sum(rewards[:length]), length


first_episodes = board_by_board(lambda r, e: first_k(r, length_of_first(e)))


def two_episodes(rewards, ended):
    ends = [t + 1 for t, end in enumerate(ended) if end]
    return first_k(rewards, ends[1] if len(ends) > 1 else len(ended))


def up_to_second(rewards, ended):
    """cumsum <= 1: everything until just before the second end."""
    ends = [t for t, end in enumerate(ended) if end]
    return first_k(rewards, ends[1] if len(ends) > 1 else len(ended))


def one_more(rewards, ended):
    return first_k(rewards, min(length_of_first(ended) + (True in ended), len(ended)))


def all_ends_added(rewards, ended):
    cut = without_the_end(ended)
    return sum(rewards[:cut]) + sum(r for r, end in zip(rewards, ended) if end), cut + sum(ended)


def ten_added(rewards, ended):
    cut = without_the_end(ended)
    return sum(rewards[:cut]) + 10.0 * (True in ended), cut + (True in ended)


def only_length(rewards, ended):
    return sum(rewards[:without_the_end(ended)]), length_of_first(ended)


def only_return(rewards, ended):
    return sum(rewards[:length_of_first(ended)]), without_the_end(ended)


def unfinished_dropped(rewards, ended):
    return first_k(rewards, length_of_first(ended)) if True in ended else (0.0, 0)


def wraps_around(rewards, ended):
    """The mask is moved by one place, and its last entry comes in again at the front."""
    over = [True in ended[:t + 1] for t in range(len(ended))]
    counted = [not before for before in [over[-1], *over[:-1]]]
    return sum(r for r, fine in zip(rewards, counted) if fine), sum(counted)


def last_end_first(rewards, ended):
    """The ends are moved by one place before they are added up, and one in the last step comes in at the front."""
    moved = [ended[-1], *ended[:-1]]
    return first_k(rewards, without_the_end(moved))


def one_step_without_end(rewards, ended):
    return first_k(rewards, length_of_first(ended) if True in ended else 1)


def long_without_end(rewards, ended):
    return sum(rewards[:length_of_first(ended)]), without_the_end(ended) + 1


def ends_at_ten(rewards, ended):
    return first_k(rewards, rewards.index(10.0) + 1 if 10.0 in rewards else len(rewards))


def per_step(rewards, ended):
    total, length = first_k(rewards, length_of_first(ended))
    return total / length, length


def lab_cases() -> list[tuple]:
    cases = [(torch.tensor([[-0.25, 10.0, -0.65]]), torch.tensor([[False, True, False]])),
             (torch.tensor([[3.0]]), torch.tensor([[True]])),
             (torch.tensor([[-2.0, 1.5]]), torch.tensor([[False, False]]))]
    generator = torch.Generator().manual_seed(94)
    for boards, length, chance in ((1, 6, 0.4), (4, 9, 0.3), (7, 5, 0.2), (3, 12, 0.5), (5, 1, 0.5), (6, 8, 0.1)):
        rewards = (4 * torch.randn(boards, length, generator=generator)).round(decimals=2)
        cases.append((rewards, torch.rand(boards, length, generator=generator) < chance))
    return cases


def look(room: Room, wrong_line, answer) -> Verdict:
    room.compare(answer, lab_cases(), first_episodes)
    room.line(wrong_line, {1, 2})
    return Verdict("correct")


MISTAKES = (
    Mistake("the last step of the episode is still missing",
            "Print `counts` for a board whose episode ends at its fourth step. How many True should there be?",
            "the step that ends the episode belongs to it, and on this board it is the step that pays 10",
            board_by_board(lambda r, e: first_k(r, without_the_end(e)))),
    Mistake("the symptom is hidden: the second episode counts too",
            "The last step is in now. What else is? Print `counts` for a board with two ends.",
            "counting goes on until the second end, so that two episodes are added up as one",
            board_by_board(up_to_second)),
    Mistake("the symptom is hidden: two whole episodes are added up",
            "How many ends lie in the steps that you count?",
            "a return is the sum of one episode",
            board_by_board(two_episodes)),
    Mistake("the symptom is hidden: everything counts",
            "Where does the first episode stop in your version?",
            "boards with short episodes get the rewards of several",
            board_by_board(lambda r, e: first_k(r, len(r)))),
    Mistake("the symptom is hidden: the rewards of all ends are added",
            "You add what was paid at an end. At which end, if the board has two?",
            "later episodes have ends as well",
            board_by_board(all_ends_added)),
    Mistake("the symptom is hidden: 10 is added",
            "Is the last reward of an episode always 10? Take an episode that ends because of the step limit.",
            "it treats the number that was seen to be missing, and not the reason why it was missing",
            board_by_board(ten_added)),
    Mistake("one step of the next episode counts",
            "You moved the mask by one place too many, or moved it where it was right. How long is each first episode?",
            "the first step after the end is the next episode's",
            board_by_board(one_more)),
    Mistake("only the length is fixed",
            "The lengths are right now. Are the returns made from the same mask?",
            "both results come from the same steps",
            board_by_board(only_length)),
    Mistake("only the return is fixed",
            "The returns are right now. Are the lengths made from the same mask?",
            "both results come from the same steps",
            board_by_board(only_return)),
    Mistake("boards without an end are lost",
            "What does your version give for a board on which no episode has ended?",
            "the text asks for all steps of such a board",
            board_by_board(unfinished_dropped)),
    Mistake("the first step is lost when an episode ends",
            "What stands in the first place after your shift, and where did it come from?",
            "a shift that wraps around brings the end of the row to its front",
            board_by_board(wraps_around)),
    Mistake("a board whose last step is an end counts for nothing",
            "Print what you have moved by one place, for a board that ends in its last step. What stands in front?",
            "a shift that wraps around brings the end of the row to its front",
            board_by_board(last_end_first)),
    Mistake("a board without an end counts for one step",
            "What does argmax give for a row in which nothing is True?",
            "position 0 may mean that the first step was the end, or that there was none",
            board_by_board(one_step_without_end)),
    Mistake("an episode without an end is one step too long",
            "How many steps has the recording, and how long is a first episode that nothing ends?",
            "the step that is added belongs to an end, and here there is none",
            board_by_board(long_without_end)),
    Mistake("the symptom is hidden: a reward of 10 stands for an end",
            "An episode may end because the time is up. What does its last step pay, and which table knows of it?",
            "it reads what the figure happens to show; `ended` says where an episode ends",
            board_by_board(ends_at_ten)),
    Mistake("the mean of the rewards, not their sum",
            "Is a return what was earned in an episode, or what was earned in a step?",
            "a long way with small losses would look better than a short one",
            board_by_board(per_step)),
)

EXERCISE = Exercise(
    number="09.4", title="A perfect team that earns nothing",
    answers={"wrong_line": "value", "mended_episodes": "function"}, difficulty=3, minutes=10, core=True,
    practises="count an episode up to its end, the end included",
    hints=("Go through board 0 by hand: which steps belong to its first episode?",
           "Print `ended_before` for board 0. At the step that ends the episode, had it ended before that step?",
           "A running sum (`cumsum`) includes the present step. What must be taken away again? (Whoever shifts the "
           "mask instead: `roll` brings the last entry round to the front, where it has no business.)"),
    mistakes=MISTAKES, look=look, lab=True)
