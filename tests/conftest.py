"""What every test gets: torch as it was before."""

import pytest
import torch


@pytest.fixture(autouse=True)
def as_it_was():
    """``lesson.start`` sets torch's default dtype and threads; no test passes that on to the next."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    yield
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)
