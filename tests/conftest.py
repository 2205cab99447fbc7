"""What every test gets: torch and tqdm as they were before."""

import pytest
import torch
import tqdm


@pytest.fixture(autouse=True)
def as_it_was():
    """``lesson.start`` sets torch's default dtype and may turn bars off; no test passes that on to the next."""
    dtype, bar = torch.get_default_dtype(), vars(tqdm.tqdm)["__init__"]
    yield
    torch.set_default_dtype(dtype)
    tqdm.tqdm.__init__ = bar
