"""A GPU that is none: torch's fake tensors on the device "cuda:0", also where torch was built without CUDA."""

import contextlib
import warnings

import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.overrides import TorchFunctionMode

GPU = "cuda:0"


class WithoutLibrary(TorchFunctionMode):
    """``x[...]`` and ``~x`` by the operators that they stand for: Python's own way asks CUDA for its device."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.__getitem__:
            return pick(*args)
        if func is torch.Tensor.contiguous:
            return torch.ops.aten.clone.default(*args)
        if func is torch.Tensor.__invert__:
            return torch.ops.aten.bitwise_not.default(*args)
        if func is torch.Tensor.aminmax:            # for a check of the numbers, of which there are none
            return 0, 0
        if getattr(func, "__name__", "") == "gru":  # torch has no fake of it: (inputs, memory, weights, …)
            devices = {each.device for each in (*args[:2], *args[2])}
            if len(devices) > 1:
                raise RuntimeError(f"expected all tensors on one device, got {devices}")
            return args[0].new_empty(*args[0].shape[:-1], args[1].shape[-1]), args[1].clone()
        return func(*args, **(kwargs or {}))


def pick(x, index):
    index = list(index) if isinstance(index, tuple) else [index]
    if any(part is ... for part in index):
        at = next(k for k, part in enumerate(index) if part is ...)
        rest = sum(part is not None for part in index) - 1
        index[at:at + 1] = [slice(None)] * (x.dim() - rest)
    axis, tensors = 0, {}
    for part in index:
        if part is None:
            x = x.unsqueeze(axis)
        elif isinstance(part, slice):
            start, stop, step = part.indices(x.shape[axis])
            x = torch.ops.aten.slice.Tensor(x, axis, start, stop, step)
        elif isinstance(part, int):
            x, axis = torch.ops.aten.select.int(x, axis, part), axis - 1
        else:
            tensors[axis] = part
        axis += 1
    return torch.ops.aten.index.Tensor(x, [tensors.get(k) for k in range(max(tensors) + 1)]) if tensors else x


@contextlib.contextmanager
def fake_gpu():
    """Within, tensors compute nothing, "cuda:0" is a device like any other, and where two devices meet torch raises."""
    with warnings.catch_warnings(), FakeTensorMode() as mode, WithoutLibrary(), torch.no_grad():  # it has no gradients
        warnings.simplefilter("ignore")
        yield mode


def on_gpu(module, mode):
    """The module with fake weights on the fake GPU."""
    for part in module.modules():
        for name, weight in part._parameters.items():
            part._parameters[name] = nn.Parameter(mode.from_tensor(weight.data).to(GPU), weight.requires_grad)
        for name, buffer in part._buffers.items():
            part._buffers[name] = mode.from_tensor(buffer).to(GPU)
    return module
