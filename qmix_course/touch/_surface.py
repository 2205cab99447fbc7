"""A small mixer to drag: its weights, its state, and the absolute value that keeps it monotone."""

from __future__ import annotations

import torch

from qmix_course import errors
from qmix_course.mixers import QMixer
from qmix_course.touch._piece import Piece


def surface(mixer: QMixer | None = None) -> Piece:
    """Q_tot over (Q_1, Q_2), with sliders for the state and for every weight, and the slopes dQ_tot/dQ_i at a point.

    ``mixer``: two agents, one number of state (S = 1), single linear hypernetworks (``hypernet_dim=0``), at most four
    units; by default a small one with round numbers. Its parameters are the start: to drag a weight moves the bias of
    the hypernetwork that writes it.
    """
    mixer = small_mixer() if mixer is None else mixer
    errors.instance("mixer", mixer, QMixer)
    for name, most in (("n_agents", 2), ("state_dim", 1), ("hypernet_dim", 0), ("embed_dim", 4)):
        size = getattr(mixer, name)
        if size > most or (name != "embed_dim" and size < most):
            raise ValueError(f"mixer: expected one with {name} = {most}" + " or less" * (name == "embed_dim") +
                             f", got {size}")
    if not all(errors.finite(weights) for weights in mixer.parameters()):
        raise ValueError("mixer: expected finite weights, got NaN or infinity among them")
    first, _, last = mixer.hyper_b2
    value = {"offset": last.bias.item(), "units": [
        {"slope": slope, "offset": offset, "out": out} for slope, offset, out in
        zip(first.weight.flatten().tolist(), first.bias.tolist(), last.weight.flatten().tolist())]}
    layers = {"w1": mixer.hyper_w1, "w2": mixer.hyper_w2, "b1": mixer.hyper_b1}
    params = {name: {"slope": layer.weight.flatten().tolist(), "offset": layer.bias.tolist()}
              for name, layer in layers.items()}
    return Piece(("surface",), {"units": mixer.embed_dim, "params": params | {"v": value}},
                 "a mixer whose weights and state you drag; take the absolute value away and watch a slope turn "
                 "negative.")


def small_mixer() -> QMixer:
    """Two agents, one number of state, two units, in float64. One raw weight is negative where the state is 0."""
    mixer = QMixer(2, 1, embed_dim=2, hypernet_dim=0).double()
    values = {"hyper_w1.weight": (0.5, -0.3, 0.2, 0.6), "hyper_w1.bias": (0.9, -0.4, 0.5, 0.8),
              "hyper_w2.weight": (-0.4, 0.3), "hyper_w2.bias": (0.8, 0.6),
              "hyper_b1.weight": (0.5, 0.0), "hyper_b1.bias": (-1.0, 1.0),
              "hyper_b2.0.weight": (1.0, -1.0), "hyper_b2.0.bias": (0.0, 0.0),
              "hyper_b2.2.weight": (1.0, 0.5), "hyper_b2.2.bias": (0.0,)}
    with torch.no_grad():
        for name, parameter in mixer.named_parameters():
            parameter.copy_(torch.tensor(values[name], dtype=torch.float64).view(parameter.shape))
    return mixer
