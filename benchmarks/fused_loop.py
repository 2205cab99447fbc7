"""The whole training loop as one compiled JAX program, as JaxMARL writes its baselines: play, store, sample, update.

JaxMARL's environment, and in plain JAX what ``qmix_course`` has in torch: recurrent agents that share a network, QMIX's
mixer, a replay of whole episodes, Adam with a clipped gradient, a soft target. Only for tasks whose episodes all last
as long, with every action available. tests/test_fused.py holds its loss, gradient and update against the course's.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

BETAS, TINY = (0.9, 0.999), 1e-8                # Adam's


class Settings(NamedTuple):
    rows: int
    length: int                 # steps of an episode
    updates: int                # after each round, which is one episode in every row
    batch_size: int
    capacity: int
    learning_rate: float
    max_grad_norm: float
    tau: float
    gamma: float
    epsilon: float


class Loop(NamedTuple):
    """All that changes. ``replay``: obs[C, T+1, N, O], actions[C, T, N], reward[C, T]; the state is all observations
    side by side. ``largest``: the largest |s_j| seen, online's and target's alike."""

    weights: dict
    target: dict
    moments: tuple
    replay: tuple
    size: jax.Array
    at: jax.Array
    updates: jax.Array
    largest: jax.Array
    key: jax.Array


def weights_of(team) -> dict:
    """The weights of a QMIX team of the course with recurrent agents, by the same names, as JAX's arrays."""
    return {name: jnp.asarray(value.detach().numpy()) for name, value in team.named_parameters()}


def remember(w: dict, obs, last_actions, memory):
    """q[..., N, A] and memory[..., N, H] from obs[..., N, O], last_actions[..., N] (−1: none), memory[..., N, H]."""
    n, n_actions = obs.shape[-2], w["agents.head.bias"].shape[-1]
    told = jnp.broadcast_to(jnp.eye(n, dtype=obs.dtype), (*obs.shape[:-1], n))
    x = jnp.concatenate([obs, jax.nn.one_hot(last_actions, n_actions, dtype=obs.dtype), told], -1)
    x = jax.nn.relu(x @ w["agents.encoder.weight"][0] + w["agents.encoder.bias"][0, 0])
    gates = x @ w["agents.gru.weight_ih_l0"].T + w["agents.gru.bias_ih_l0"]
    kept = memory @ w["agents.gru.weight_hh_l0"].T + w["agents.gru.bias_hh_l0"]
    (r, z, new), (r_kept, z_kept, new_kept) = jnp.split(gates, 3, -1), jnp.split(kept, 3, -1)
    r, z = jax.nn.sigmoid(r + r_kept), jax.nn.sigmoid(z + z_kept)
    memory = (1 - z) * jnp.tanh(new + r * new_kept) + z * memory
    return memory @ w["agents.head.weight"][0] + w["agents.head.bias"][0, 0], memory


def unroll(w: dict, obs, last_actions):
    """q[B, T, N, A] from obs[B, T, N, O] and last_actions[B, T, N]."""
    memory = jnp.zeros((*obs.shape[:1], obs.shape[2], w["agents.gru.weight_hh_l0"].shape[1]), obs.dtype)

    def step(memory, now):
        q, memory = remember(w, *now, memory)
        return memory, q
    return lax.scan(step, memory, (obs.swapaxes(0, 1), last_actions.swapaxes(0, 1)))[1].swapaxes(0, 1)


def mix(w: dict, agent_qs, state):
    """Q_tot[...] from agent_qs[..., N] and state[..., S]."""
    def linear(name, x):
        return x @ w[f"mixer.{name}.weight"].T + w[f"mixer.{name}.bias"]

    def two(name):
        return linear(f"{name}.2", jax.nn.relu(linear(f"{name}.0", state)))
    w1 = jnp.abs(two("hyper_w1")).reshape(*agent_qs.shape, -1)
    hidden = jax.nn.elu((agent_qs[..., None] * w1).sum(-2) + linear("hyper_b1", state))
    return (hidden * jnp.abs(two("hyper_w2"))).sum(-1) + two("hyper_b2")[..., 0]


def loss(w: dict, target: dict, obs, actions, reward, largest, gamma: float):
    """The mean squared TD error of whole episodes that the clock cut: obs[B, T+1, N, O], actions[B, T, N],
    reward[B, T]."""
    last_actions = jnp.pad(actions, ((0, 0), (1, 0), (0, 0)), constant_values=-1)
    scale = jnp.maximum(largest, jnp.minimum(largest.max(), 1.0))
    state = obs.reshape(*obs.shape[:2], -1) / jnp.where(scale > 0, scale, 1.0)
    chosen = jnp.take_along_axis(unroll(w, obs[:, :-1], last_actions[:, :-1]), actions[..., None], -1)[..., 0]
    best_next = unroll(target, obs, last_actions)[:, 1:].max(-1)
    y = reward + gamma * mix(target, best_next, state[:, 1:])
    return ((mix(w, chosen, state[:, :-1]) - lax.stop_gradient(y)) ** 2).mean()


def adam(w: dict, gradient: dict, moments: tuple, count, settings: Settings):
    """Weights and moments after one step, the gradient shortened first as torch does it. ``count``: from 1."""
    norm = jnp.sqrt(sum((each ** 2).sum() for each in gradient.values()))
    shorter = jnp.minimum(settings.max_grad_norm / (norm + 1e-6), 1.0)
    after, (first, second) = {}, ({}, {})
    for name, each in gradient.items():
        each = each * shorter
        first[name] = BETAS[0] * moments[0][name] + (1 - BETAS[0]) * each
        second[name] = BETAS[1] * moments[1][name] + (1 - BETAS[1]) * each ** 2
        root = jnp.sqrt(second[name] / (1 - BETAS[1] ** count)) + TINY
        after[name] = w[name] - settings.learning_rate * first[name] / (1 - BETAS[0] ** count) / root
    return after, (first, second)


def learn(loop: Loop, batch: tuple, settings: Settings) -> tuple[Loop, jax.Array]:
    """One update on a batch, and the target after it; the loss."""
    value, gradient = jax.value_and_grad(loss)(loop.weights, loop.target, *batch, loop.largest, settings.gamma)
    weights, moments = adam(loop.weights, gradient, loop.moments, loop.updates + 1, settings)
    target = {name: old + settings.tau * (weights[name] - old) for name, old in loop.target.items()}
    return loop._replace(weights=weights, target=target, moments=moments, updates=loop.updates + 1), value


def make(env, settings: Settings):
    """(begin(team), collect(loop), play(loop)): the last two compiled. ``collect`` plays and stores one episode in
    every row, ``play`` makes the updates that are due as well; both give the loop and the mean return."""
    agents, n = list(env.agents), len(env.agents)
    n_actions, obs_dim = env.action_space(agents[0]).n, env.observation_space(agents[0]).shape[0]

    def look(obs):
        return jnp.stack([obs[agent] for agent in agents], 1)                       # [B, N, O]

    def begin(team, seed: int = 0) -> Loop:
        weights = weights_of(team)
        zeros = {name: jnp.zeros_like(value) for name, value in weights.items()}
        replay = (jnp.zeros((settings.capacity, settings.length + 1, n, obs_dim)),
                  jnp.zeros((settings.capacity, settings.length, n), int),
                  jnp.zeros((settings.capacity, settings.length)))
        nothing = jnp.zeros((), int)
        loop = Loop(weights, weights, (zeros, zeros), replay, nothing, nothing, nothing, jnp.zeros(n * obs_dim),
                    jax.random.PRNGKey(seed))
        return jax.tree.map(jnp.copy, loop)             # nothing twice: the compiled programs write into it

    def collect(loop: Loop) -> tuple[Loop, jax.Array]:
        key, start = jax.random.split(loop.key)
        obs, state = jax.vmap(env.reset)(jax.random.split(start, settings.rows))
        first = look(obs)

        def step(carry, key):
            obs, state, memory, last_actions = carry
            of_coin, of_action, of_env = jax.random.split(key, 3)
            q, memory = remember(loop.weights, obs, last_actions, memory)
            explores = jax.random.uniform(of_coin, last_actions.shape) < settings.epsilon
            anything = jax.random.randint(of_action, last_actions.shape, 0, n_actions)
            actions = jnp.where(explores, anything, q.argmax(-1))
            seen, state, rewards, _, _ = jax.vmap(env.step_env)(
                jax.random.split(of_env, settings.rows), state,
                {agent: actions[:, i] for i, agent in enumerate(agents)})
            obs = look(seen)
            return (obs, state, memory, actions), (obs, actions, sum(rewards.values()) / n)

        memory = jnp.zeros((settings.rows, n, loop.weights["agents.gru.weight_hh_l0"].shape[1]))
        fresh = (first, state, memory, jnp.full((settings.rows, n), -1))
        _, (later, actions, reward) = lax.scan(step, fresh, jax.random.split(key, settings.length))
        rows = (jnp.concatenate([first[None], later]).swapaxes(0, 1), actions.swapaxes(0, 1), reward.T)
        places = (loop.at + jnp.arange(settings.rows)) % settings.capacity
        replay = tuple(store.at[places].set(each) for store, each in zip(loop.replay, rows))
        seen = jnp.abs(rows[0]).reshape(-1, n * obs_dim).max(0)
        return loop._replace(
            replay=replay, size=jnp.minimum(loop.size + settings.rows, settings.capacity),
            at=(loop.at + settings.rows) % settings.capacity, largest=jnp.maximum(loop.largest, seen),
            key=jax.random.fold_in(key, 1)), reward.sum(0).mean()

    def update(loop: Loop, _) -> tuple[Loop, jax.Array]:
        key, dice = jax.random.split(loop.key)
        lots = jax.random.uniform(dice, (settings.capacity,))
        lots = jnp.where(jnp.arange(settings.capacity) < loop.size, lots, -1.0)
        places = lax.top_k(lots, settings.batch_size)[1]                            # different rows, all equally likely
        return learn(loop._replace(key=key), tuple(store[places] for store in loop.replay), settings)

    def play(loop: Loop) -> tuple[Loop, jax.Array]:
        loop, returns = collect(loop)
        return lax.scan(update, loop, None, settings.updates)[0], returns

    return begin, jax.jit(collect, donate_argnums=0), jax.jit(play, donate_argnums=0)
