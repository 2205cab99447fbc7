"""Bad input at every public door: refused by name, with nothing changed, whatever comes."""

import os
import re
import time
import warnings

import numpy as np
import pytest
import torch
from bad_values import LABELS, LEFT_OUT, make
from door_table import DOORS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qmix_course.envs import ResetNeeded

PLACES = [(door, argument) for door in DOORS for argument in door.slots]


def digest(thing, depth=0):
    """What ``thing`` holds, all the way down, as something that can be compared."""
    if isinstance(thing, torch.Tensor):
        held = thing.detach().numpy().tobytes() if thing.layout is torch.strided and not thing.is_meta else ""
        return str(thing.dtype), tuple(thing.shape), thing.requires_grad, held
    if isinstance(thing, torch.Generator):
        return thing.get_state().numpy().tobytes()
    if isinstance(thing, np.ndarray):
        return str(thing.dtype), thing.shape, thing.tobytes()
    if depth > 8:
        return ()
    if isinstance(thing, dict):
        return [(repr(key), digest(value, depth + 1)) for key, value in thing.items()]
    if isinstance(thing, (list, tuple)):
        return [digest(each, depth + 1) for each in thing]
    if hasattr(thing, "get_children") and hasattr(thing, "get_title"):
        return len(thing.get_children()), thing.get_title()
    if type(thing).__module__.startswith(("qmix_course", "torch.nn", "doors")) and hasattr(thing, "__dict__"):
        return digest(vars(thing), depth + 1)
    return repr(thing) if isinstance(thing, (int, float, str, bytes, bool, type(None))) else id(thing)


def surroundings():
    return (torch.get_default_dtype(), digest(torch.get_rng_state()), np.random.get_state()[1].tobytes(),
            os.environ.copy())


def is_legal(slot, value):
    try:
        return bool(slot.legal(value))
    except Exception:                   # a value that cannot even be asked is not what the documents mean
        return False


def attempt(door, argument, label):
    """Call ``door`` with a bad value for ``argument``: what is wrong with how it is refused, or None."""
    slot = door.slots[argument]
    value = make(label, slot.good())
    if value is LEFT_OUT or is_legal(slot, value):
        return None
    owner = door.owner()
    others = {name: other.good() for name, other in door.slots.items() if name != argument}
    before, began = digest([owner, others]), time.perf_counter()
    around = surroundings()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            door.call(owner, **others, **{argument: value})
        except (TypeError, ValueError, FileNotFoundError) as error:
            wrong = judge(error, argument, slot, others)
        except Exception as error:
            wrong = f"foreign {type(error).__name__}: {error}"
        else:
            wrong = "accepted"
    took = time.perf_counter() - began
    if digest([owner, others]) != before:
        wrong = f"changed something ({wrong})"
    if surroundings() != around:
        wrong = f"changed the surroundings ({wrong})"
    if said:
        wrong = f"warned: {said[0].message} ({wrong})"
    return f"took {took:.1f} s" if took > door.at_most and wrong is None else wrong


def judge(error, argument, slot, others):
    """A refusal is one of the plain kinds, and names the argument before it says anything else."""
    message = str(error)
    head = message.split(": ")[0]
    names = (argument, *slot.called, *others)
    if type(error) not in (TypeError, ValueError, ResetNeeded, FileNotFoundError):
        return f"foreign {type(error).__name__}: {message}"
    if ": " not in message or not any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", head) for name in names) or not any(
            re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) for name in (argument, *slot.called)):
        return f"another name in {type(error).__name__}: {message[:300]}"
    if len(message) > 1_000 or "\n" in message:
        return f"a long message: {message[:200]}"
    return None


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_the_right_arguments_are_right(door):
    """A door that refuses everything would pass the fuzz."""
    if door.name in ("save_team", "load_team", "check", "read_plan", "read_results", "write_report"):
        return                          # needs a file, or an answer
    door.call(door.owner(), **{name: slot.good() for name, slot in door.slots.items()})


@settings(max_examples=int(os.environ.get("QMIX_COURSE_FUZZ", "2000")), derandomize=True, deadline=None, database=None,
          phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck))
@given(place=st.sampled_from(PLACES), label=st.sampled_from(LABELS))
def test_bad_input_is_refused_by_name_and_changes_nothing(place, label):
    wrong = attempt(*place, label)
    assert wrong is None, f"{place[0].name}({place[1]}={label}): {wrong}"
