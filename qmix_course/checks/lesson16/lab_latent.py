"""16.4 · A latent that does not last: the end flags of one row, and what belongs to an episode."""

from __future__ import annotations

import itertools

import torch

from qmix_course.checks import values
from qmix_course.checks.exercise import Exercise, Mistake
from qmix_course.checks.room import Room
from qmix_course.checks.verdict import Found, Verdict
from qmix_course.envs import TeamEnv, TeamSpec, TeamStep


class Watched(TeamEnv):
    """Episodes of 1 to 4 steps, some terminated and some cut by the clock, each with a first state of its own; and a
    diary.

    state[B, 3]: the number of the row's episode, the row, the steps played in it. Each of the three agents sees all of
    it.
    """

    def __init__(self, rows: int, seed: int):
        super().__init__(TeamSpec(3, 2, 3, 3, 4), rows)
        script = torch.Generator().manual_seed(seed)
        self.length = torch.randint(1, 5, (rows, 40), generator=script)
        self.by_clock = torch.rand(rows, 40, generator=script) < 0.4
        self.episode, self.played = torch.full((rows,), -1), torch.zeros(rows, dtype=torch.int64)
        self.diary: list[torch.Tensor] = []
        self.cut = False
        self.now = None

    def clone(self, num_envs: int | None = None):
        return Watched(self.num_envs if num_envs is None else num_envs, 0)

    def _see(self, over: torch.Tensor) -> TeamStep:
        rows, n = torch.arange(self.num_envs), self.spec.n_agents
        state = torch.stack([self.episode, rows, self.played], 1).double()
        clock = self.by_clock[rows, self.episode]
        self.now = TeamStep(state.unsqueeze(1).repeat(1, n, 1), state, torch.ones(len(rows), n, 2, dtype=torch.bool),
                            torch.zeros(len(rows)), over & ~clock, over & clock)
        return self.now

    def _begin(self, where: torch.Tensor) -> TeamStep:
        if self.now is not None and bool((where & ~self.now.ended).any()):
            self.cut = True
        self.episode, self.played = self.episode + where, torch.where(where, 0, self.played)
        return self._see(torch.zeros(self.num_envs, dtype=torch.bool))

    def _advance(self, actions: torch.Tensor) -> TeamStep:
        self.diary.append(self.episode.clone())
        self.played = self.played + 1
        return self._see(self.played >= self.length[torch.arange(self.num_envs), self.episode])


class Draws:
    """``draw``: no two latents are alike, so each tells which draw it came from and for which of the states it was
    given."""

    def __init__(self, generator: torch.Generator):
        self.generator, self.asked, self.used, self.foreign = generator, [], [], False
        self.env, self.behind = None, False

    def draw(self, state: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        self.foreign |= generator is not self.generator
        self.asked.append(state.clone())
        return 1000 * (len(self.asked) - 1) + torch.arange(len(state))

    def act(self, obs: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        self.used.append(z.clone())
        self.behind |= not torch.equal(obs, self.env.now.obs)
        return torch.zeros(obs.shape[:2], dtype=torch.int64)

    def state_of(self, z: torch.Tensor) -> list[float]:
        """The state that this latent was drawn for."""
        call, place = divmod(int(z), 1000)
        return self.asked[call][place].tolist()


LAB_CASES = ((1, 12, 0), (3, 12, 1), (5, 20, 2), (2, 15, 3), (8, 25, 4))


CAUSE = "C"
BLAMED = {"A": "a draw at every step is blamed", "B": "a late draw is blamed", "D": "the environment is blamed",
          "E": "the generator is blamed"}


def look(room: Room, cause, answer) -> Verdict:
    stories = []
    for rows, steps, seed in LAB_CASES:
        env, generator = Watched(rows, seed), torch.Generator().manual_seed(seed)
        draws = Draws(generator)
        draws.env = env
        result = room.ask(answer, env, draws.draw, draws.act, steps, generator, may_change=(0, 1, 2, 4))
        if not isinstance(result, torch.Tensor) or result.shape != (steps, rows) or result.dtype != torch.int64:
            raise room.misfit(f"expected the latents z[{steps}, {rows}], int64, got "
                              f"{values.describe(result)}",
                              "One row of latents for each step, stacked, as in the listing.")
        if len(env.diary) != steps:
            raise Found(Verdict("wrong", f"{steps} joint actions were to be played, {len(env.diary)} were",
                                "The repair should not change how many steps are played."))
        stories.append((env, draws, result, torch.stack(draws.used) if draws.used else None))
    _name_explore(room, stories)
    if any(draws.behind for _, draws, *_ in stories):
        raise room.wrong("the team acts on what it saw before the reset")
    room.letter(cause, CAUSE, BLAMED)
    return Verdict("correct")


def _name_explore(room: Room, stories: list) -> None:
    if any(env.cut for env, *_ in stories):
        raise room.wrong("episodes of other rows are cut short")
    changed, stale, by_clock, late, everywhere, shared = 0, 0, 0, 0, True, True
    moments = 0
    for env, draws, result, used in stories:
        if used is None or used.shape != result.shape or not torch.equal(used, result):
            raise room.wrong("the latent that is written down is not the one that was played with")
        episode = torch.stack(env.diary)                                        # [steps, B]
        same, ended = episode[1:] == episode[:-1], (episode[1:] != episode[:-1])
        moved = result[1:] != result[:-1]
        changed += int((moved & same).sum())
        everywhere &= bool(moved.all())
        # others only change when somebody's episode ended
        shared &= bool((~(moved & same) | ended.any(1, keepdim=True)).all())
        stale += int((~moved & ended).sum())
        rows = torch.arange(result.shape[1])
        by_clock += int((~moved & ended & env.by_clock[rows, episode[:-1]]).sum())
        late += int((moved[1:] & same[1:] & ended[:-1]).sum())                  # at the second step of an episode
        moments += int(ended.sum())
    if stale and late and changed == late:
        raise room.wrong("the new latent comes a step too late")
    if stale == moments and not changed:
        raise room.wrong("the latent is never redrawn")
    if changed:
        if everywhere:
            raise room.wrong("the latent is redrawn at every step")
        raise room.wrong("the bug is still there: one row's end redraws every row" if shared and not stale
                         else "latents change in the middle of an episode")
    if stale:
        raise room.wrong("an episode that the clock cut passes its latent on"
                         if stale == by_clock else "some new episodes begin with an old latent")
    for env, draws, result, _ in stories:
        for t, row in itertools.product(range(len(result)), range(result.shape[1])):
            episode, number, played = draws.state_of(result[t, row])
            if number != row:
                raise room.wrong("a row gets a latent that was drawn for another row")
            if played:
                raise room.wrong("the latent is drawn from the end of the old episode")
            if episode != env.diary[t][row]:
                raise room.wrong("later episodes draw from the first state of an earlier one")
        if draws.foreign:
            raise room.wrong("a draw gets another generator")


MISTAKES = (
    Mistake("the bug is still there: one row's end redraws every row",
            "Row 0 ends, row 1 is in the middle of its episode. What does your version do to row 1's latent?",
            "a latent that can change at any moment commits to nothing"),
    Mistake("the latent is never redrawn",
            "What do the flags of the step say after the reset, and which flags does your condition read?",
            "reset returns False in both flags, so whoever asks them afterwards finds that nothing ended; every "
            "episode then has the first latent"),
    Mistake("the latent is redrawn at every step",
            "How long does a latent last in your version, and how long should it?",
            "drawn at every step it is one more coin, shared by the team"),
    Mistake("the new latent comes a step too late",
            "With which latent does the first joint action of a new episode get played?",
            "the first step, which picks the branch, is still played with the old latent"),
    Mistake("latents change in the middle of an episode",
            "Print z and the end flags side by side. Does z change in a row whose episode goes on?",
            "z belongs to the episode, from its first step to its last"),
    Mistake("some new episodes begin with an old latent",
            "Two rows may end at the same step, and one row twice in a row. Does every one of them get a new latent?",
            "an episode without a draw of its own repeats what was tried already"),
    Mistake("the latent is drawn from the end of the old episode",
            "p(z | s0) reads the first state. Which state does your draw get to see?",
            "before the reset the state is the last one of the episode that is over"),
    Mistake("an episode that the clock cut passes its latent on",
            "An episode can end in two ways. Which of the two flags does your version ask?",
            "after a cut a new episode begins as well, and it needs a latent of its own"),
    Mistake("a row gets a latent that was drawn for another row",
            "Rows 2 and 5 end, and you draw. Which state was the latent of row 5 drawn from?",
            "p(z | s0) reads the row's own first state, so the latents must go back to the rows they were drawn for"),
    Mistake("later episodes draw from the first state of an earlier one",
            "Episodes need not begin in the same state. Which state does your draw get for a row's third episode?",
            "the policy over z is asked about the episode that begins, not about one that is long over"),
    Mistake("a draw gets another generator",
            "explore is given a generator. Does every draw get that one?",
            "a new generator with a fixed seed gives the same latents again and again"),
    Mistake("episodes of other rows are cut short",
            "Which rows does reset() without an argument reset?",
            "every end in one row would end all the others"),
    Mistake("the latent that is written down is not the one that was played with",
            "Compare the z that act was given with the z in your record, step by step.",
            "the replay row would say that the episode was played with another latent"),
    Mistake("the team acts on what it saw before the reset",
            "Which step does act read after a reset: the one that reset gave, or the one that ended the episode?",
            "the first joint action of a new episode would be chosen from the end of the old one"),
    Mistake("a draw at every step is blamed",
            "Follow one row through the first two steps. Do its numbers change?",
            "as long as no episode ends anywhere, all latents stay"),
    Mistake("a late draw is blamed",
            "Look into the frames. Does a new number stand in each?",
            "every episode begins with a new latent; what is wrong comes in the middle of it"),
    Mistake("the environment is blamed",
            "How far apart are the frames in row 2, and how long are its episodes?",
            "row 2 is never reset before its four steps are over: only its latent changes"),
    Mistake("the generator is blamed",
            "A generator gives other numbers if others draw before. Would a row that draws nothing change its latent?",
            "one generator for all rows is as good as many; in row 2 something is put in the place of its latent"),
)

EXERCISE = Exercise(
    number="16.4", title="A latent that does not last", difficulty=3, minutes=10, core=True,
    answers={"cause": "value", "mended_explore": "function"}, formerly=("wrong_line",),
    practises="the end flags of one row, and what belongs to an episode", look=look, lab=True,
    hints=("Follow row 2 while row 0's episode ends. Which of its things change that should not?",
           "Only the rows whose episode has ended get a new latent. The flags say which, but not after the reset any "
           "more."),
    mistakes=MISTAKES)
