"""Every public name of the library that takes arguments: functions, classes, and the methods that a class writes."""

import importlib
import inspect
import pkgutil

import qmix_course

COURSE = {"__main__", "capstone", "checks", "data", "desk", "lesson", "prediction"}      # what serves the course alone
PLAIN = {"self", "cls"}


def modules():
    for found in pkgutil.walk_packages(qmix_course.__path__, "qmix_course."):
        parts = found.name.split(".")[1:]
        if parts[0] not in COURSE and not any(part.startswith("_") for part in parts):
            yield importlib.import_module(found.name)


def takes_arguments(thing):
    try:
        return bool(set(inspect.signature(thing).parameters) - PLAIN)
    except (TypeError, ValueError):
        return False


def public_names():
    """name -> what it names: ``"evaluate"``, ``"QMixer.forward"``. A method counts where it is written."""
    found = {}
    for module in modules():
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
                continue
            if inspect.isclass(thing):
                found |= {f"{name}.{method}": each for method, each in vars(thing).items()
                          if not method.startswith("_") and callable(getattr(thing, method))
                          and takes_arguments(getattr(thing, method))}
            if (inspect.isclass(thing) or inspect.isfunction(thing)) and takes_arguments(thing):
                found[name] = thing
    return found
