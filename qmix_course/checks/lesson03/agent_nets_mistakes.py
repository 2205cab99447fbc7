"""03.3: what goes wrong, and what is said to whom it does."""

from __future__ import annotations

from qmix_course.checks.exercise import Mistake

MISTAKES = (
    Mistake("the weights are hidden from PyTorch",
            "Ask for `list(agents.parameters())`. How does a module learn of the layers that it holds in a list?",
            "an optimiser finds nothing to train, and saving or copying the module leaves the weights behind"),
    Mistake("no gradient reaches the weights",
            "Look for the place where the values are cut off from the weights, or for weights that are never used.",
            "training would leave such weights as they are"),
    Mistake("samples, time steps and agents are mixed up",
            "One sample's observation was changed, and another sample's values moved. Look for a reshape where axes "
            "should be swapped, or for something that is computed over the whole batch.",
            "the shapes are right, and agents act on what somebody saw in another sample or at another time"),
    Mistake("an agent's values depend on another agent's observation",
            "Change agent 2's observation only. Which of your layers sees both agents at once?",
            "such an agent cannot act from its own observation: the team is not decentralised"),
    Mistake("an agent's weights change with its place in the batch",
            "Give it one sample alone, then as one of many. Which slice of the weights does it go through?",
            "two reshapes can undo each other's shape and still hand rows to the wrong agent's network"),
    Mistake("all agents share one network",
            "Give two agents the same observation. Should their values be the same here? How many networks do you "
            "make?",
            "a list of N times one module holds one module N times; agents that see the same then do the same"),
    Mistake("the width is not the one asked for",
            "Make a team with hidden=8 and one without saying. How wide are their layers?",
            "the argument promises a width and something else decides"),
    Mistake("the biases are missing",
            "Each of the three layers adds something after the product. Does each of yours?",
            "without biases all units switch at the same point, the zero observation"),
    Mistake("another number of hidden layers",
            "Two hidden layers are three products. How many do you have?",
            "the hidden layers are those between the observation and the values"),
    Mistake("the parameters do not add up",
            "Count by hand: for each agent, three layers, each with inputs × outputs weights and a bias for each "
            "output.",
            "layers of other sizes, or parameters that nobody uses"),
    Mistake("there is no relu",
            "What does a chain of products without anything in between amount to?",
            "linear layers in a row are one linear layer, which cannot prefer left here and right there"),
    Mistake("one of the two relus is missing",
            "There are two hidden layers. Is there a relu after each of them?",
            "two linear layers without a relu between them act as one"),
    Mistake("the last layer is squeezed",
            "Can your values be −3? And +20? What stands behind the last product?",
            "returns may be negative and large; a relu, tanh or softmax at the end cuts them off"),
    Mistake("another activation",
            "The text names the function between the layers. Which one is yours?",
            "it may work as well, and it is not the network that was asked for"),
    Mistake("it computes something else",
            "Write out what your forward does for one agent with one number: two relus, three products, three sums?",
            "only product, sum, relu, product, sum, relu, product, sum is the network of the lesson"),
    Mistake("the first weights are far too large",
            "Step 2 of the lesson: how should the size of the first weights depend on the number of inputs?",
            "values explode from layer to layer, and the first steps of training go into bringing them back"),
    Mistake("the first weights are far too small",
            "Do fresh networks give nearly the same values for all observations? Which fan-in did the initialiser "
            "take?",
            "every observation looks the same to the last layer, and learning starts slowly or, from zeros, not at "
            "all"),
    Mistake("all agents start alike",
            "Each agent has its own weights, and they begin with the same numbers. Where were they copied from?",
            "agents that begin alike and see the same do the same: own weights should be drawn for each agent"),
    Mistake("a value is drawn at random",
            "The same observations got other values at the second call. Which of your layers rolls dice? Is it in the "
            "formula?",
            "dropout and noise have no place in the formula: the same observation must always get the same value"),
)
