"""06.2: what goes wrong, and what is said to whom it does."""

from __future__ import annotations

from qmix_course.checks.exercise import Mistake

MISTAKES = (
    Mistake("the length is not the number of rows held",
            "Count rows, not calls and not slots. And what happens to the count when old rows are overwritten?",
            "training starts when enough rows are held; a wrong count starts it too early or draws what is not there"),
    Mistake("there is room for more rows than are held",
            "Rows come for which not enough slots are free. How many of the old rows must go then, and how many rows "
            "are held afterwards?",
            "a row that is given up before its slot is needed is one that the team can no longer learn from"),
    Mistake("more rows are held than there is room for",
            "The length is true, and too large. What happens to the oldest rows in your memory?",
            "a memory that only grows fills the computer, and keeps the first clumsy steps for ever"),
    Mistake("the memory keeps the caller's own tensors",
            "After `add`, the caller writes into its tensors. Which tensors does your memory look at?",
            "an environment that writes its observations into one array would then change the past"),
    Mistake("slots that were never written are drawn",
            "While the memory is not full yet, how many slots may be drawn?",
            "rows of nothing but zeros teach the networks about a world that does not exist"),
    Mistake("a batch holds a row twice",
            "Draw as many rows as are held. Is each of them there once?",
            "some rows then count twice and others are left out; the exercise asks for distinct rows"),
    Mistake("new rows are lost when the memory is full",
            "The memory is full and a new row arrives. Which row has to go?",
            "the team would learn from its first clumsy steps for ever"),
    Mistake("it is not the oldest rows that make room",
            "Write more rows than there are slots, a few at a time, and note what stands in each slot. What happens at "
            "the last slot?",
            "what is held should be the latest rows and nothing else, also when one call reaches over the end of the "
            "ring"),
    Mistake("sampling takes rows away",
            "Draw twice as many rows as are held, in two calls. Should that be possible?",
            "a row is drawn many times before it is overwritten; that is what makes a memory worth its place"),
    Mistake("two memories share their rows",
            "Make two memories and fill one. What do you find in the other? Where do the rows live: in the object, or "
            "in the class?",
            "runs that are made one after the other in one program would learn from each other's data"),
    Mistake("the columns of a row come apart",
            "Which row does each column of your batch come from? They have to agree.",
            "rewards then meet actions that did not earn them, as with separate memories in the lesson"),
    Mistake("a column's name gets in the way",
            "What does your object keep under the names of the columns, and what else does it keep under such names?",
            "the caller chooses the names: a column called size must not overwrite the size of the memory"),
    Mistake("it does not hold columns of other names, shapes and dtypes",
            "Which names, sizes or dtypes are written down in your code? Does every number survive its way through "
            "them?",
            "a memory that turns everything into one dtype rounds what that dtype cannot hold"),
    Mistake("a batch is a piece of the memory itself",
            "Somebody writes into a batch. What does the next batch look like?",
            "what is done to a batch, such as scaling the rewards, would be done to the memory, again and again"),
    Mistake("the numbers do not come from the generator",
            "Two generators with the same seed should draw the same rows. Which source of chance do you use?",
            "the run could not be repeated"),
    Mistake("every call gives the same rows",
            "Draw twice. Where does the difference between the two batches come from?",
            "the networks would see the same few rows for ever"),
    Mistake("some rows are drawn more often than others",
            "Count how often each pair of rows is drawn together. Is there one that never comes?",
            "the batch would be correlated again, or blind for a part of the memory"),
    Mistake("a batch depends on the one before it",
            "Does each call draw from all rows that are held, whatever the call before it gave?",
            "the exercise asks for a fresh draw; dealing from a shuffled pile also lets rows get old while they wait"),
)
