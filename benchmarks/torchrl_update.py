"""The same QMIX update written with TorchRL: its QMixerLoss, its agents, its target updater."""

from __future__ import annotations

import torch
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torch import nn
from torchrl.modules import MultiAgentMLP, QValueModule, SafeSequential
from torchrl.modules.models.multiagent import Mixer
from torchrl.objectives import SoftUpdate
from torchrl.objectives.multiagent import QMixerLoss

from qmix_course.algorithms import QMIX
from qmix_course.replay import Batch


class MixerForTorchRL(Mixer):
    """Our mixing network behind TorchRL's Mixer interface (values with a trailing axis of one)."""

    def __init__(self, mixer: nn.Module):
        super().__init__(n_agents=mixer.n_agents, needs_state=True, state_shape=(mixer.state_dim,), device="cpu")
        self.mixer = mixer

    def mix(self, chosen_action_value: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        return self.mixer(chosen_action_value.squeeze(-1), state).unsqueeze(-1)


def make_loss(algorithm: QMIX, hidden: tuple[int, ...] = (64, 64)) -> QMixerLoss:
    """TorchRL's loss with copies of ``algorithm``'s weights in it."""
    spec = algorithm.spec
    net = MultiAgentMLP(n_agent_inputs=spec.obs_dim, n_agent_outputs=spec.n_actions, n_agents=spec.n_agents,
                        centralised=False, share_params=False, depth=len(hidden), num_cells=list(hidden),
                        activation_class=nn.ReLU)
    for number, layer in enumerate(algorithm.agents.layers):
        with torch.no_grad():
            net.params[str(2 * number), "weight"].data.copy_(layer.weight.transpose(1, 2))
            net.params[str(2 * number), "bias"].data.copy_(layer.bias.squeeze(1))
    module = TensorDictModule(net, in_keys=[("agents", "observation")], out_keys=[("agents", "action_value")])
    value = QValueModule(action_space="categorical", action_value_key=("agents", "action_value"),
                         out_keys=[("agents", "action"), ("agents", "action_value"), ("agents", "chosen_action_value")])
    copy = QMIX(spec, algorithm.mixer.embed_dim, algorithm.mixer.hypernet_dim).mixer
    copy.load_state_dict(algorithm.mixer.state_dict())
    mixer = TensorDictModule(MixerForTorchRL(copy), in_keys=[("agents", "chosen_action_value"), "state"],
                             out_keys=["chosen_action_value"])
    loss = QMixerLoss(SafeSequential(module, value), mixer, action_space="categorical", delay_value=True)
    loss.set_keys(action=("agents", "action"), action_value=("agents", "action_value"),
                  local_value=("agents", "chosen_action_value"), global_value="chosen_action_value")
    loss.make_value_estimator(gamma=algorithm.gamma)
    return loss


def as_tensordict(batch: Batch) -> TensorDict:
    """A batch of transitions (T = 1) with TorchRL's keys."""
    rows = batch.reward.shape[0]
    return TensorDict({
        "agents": {"observation": batch.obs[:, 0], "action": batch.actions[:, 0]}, "state": batch.state[:, 0],
        "next": {"agents": {"observation": batch.obs[:, 1]}, "state": batch.state[:, 1], "reward": batch.reward,
                 "done": batch.terminated, "terminated": batch.terminated}}, batch_size=[rows])


def make_update(algorithm: QMIX, learning_rate: float, tau: float, fused: bool | None = None):
    """A function of a TensorDict that does one whole update: loss, gradient, clip, Adam, soft target.

    ``fused``: torch's fused Adam, or its default (None), which TorchRL's own examples use.
    """
    loss = make_loss(algorithm)
    parameters = [p for p in loss.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=learning_rate, fused=fused)
    updater = SoftUpdate(loss, tau=tau)

    def update(rows: TensorDict) -> None:
        value = loss(rows)["loss"]
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 10.0)
        optimiser.step()
        updater.step()

    return update
