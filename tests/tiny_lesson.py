"""A lesson of the right shape that runs in a second: what the tools' own tests build, break and check."""

from tools.notebooks import HEADER, colab_badge, setup_cell

STEM = "02_tiny"


def source() -> str:
    """The text of the tiny lesson's source."""
    return BODY.replace("@HEADER@", HEADER).replace("@BADGE@", colab_badge(STEM)).replace("@SETUP@", setup_cell())


BODY = '''\
@HEADER@
# %% [markdown]
# # Lesson 02 · The environment
#
# @BADGE@
#
# You will have seen a lesson.
#
# **Minutes:** 3
#
# **You need:** nothing.
#
# **After this lesson you can**
# - add
# - plot
# - catch

# %%
@SETUP@

# %%
from qmix_course import lesson

lesson.start("02")

# %% [markdown]
# ## The problem

# %%
import torch

torch.tensor([1.0, 2.0]).sum().item()

# %% [markdown]
# ## Build it
#
# **Predict.** Which way does the line go?

# %%
guess = ...  # "up" or "down"
from qmix_course import plots

with lesson.prediction(guess, "up") as fold:
    fold.append(plots.lines([1, 2], {"one": [3, 4]}, "It rises", "x", "y"))

# %% [markdown]
# **Predict.** How many lines does this print?

# %%
guess = ...  # a number
with lesson.prediction(guess, 2):
    print("row 0, row 1")

# %%
from tqdm import tqdm

for number in tqdm(range(2)):
    print("row", number)

# %% [markdown]
# ## The same as the library

# %%
assert torch.get_default_dtype() == torch.float64

# %% [markdown]
# ## Break it

# %%
try:
    lesson.start("2")
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# ## Sum up
#
# ### What you can do now
#
# ### Common misreadings
#
# ### Exercises
#
# ### Sources
'''
