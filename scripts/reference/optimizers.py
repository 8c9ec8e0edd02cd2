#!/usr/bin/env python3
"""Reference values for the tests of the Optimizers target.

Formulas from the Keras documentation, in NumPy's double precision, independent of the Swift code. Run from the
package's root; writes Tests/OptimizersTests/Reference/{optimizers,schedules}.json.
"""

import json
import math
import pathlib

import numpy as np

OUTPUT = pathlib.Path("Tests/OptimizersTests/Reference")
COUNT, STEPS = 37, 6


def sgd(w, g, s, t, rate, momentum=0.0, nesterov=False, dampening=0.0):
    """`dampening` as in torch.optim.SGD, which leaves the first step as it is."""
    if momentum == 0:
        return w - rate * g
    s["velocity"] = momentum * s.get("velocity", 0) - rate * g * (1 if t == 1 else 1 - dampening)
    return w + (momentum * s["velocity"] - rate * g if nesterov else s["velocity"])


def adam(w, g, s, t, rate, beta1=0.9, beta2=0.999, epsilon=1e-7):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    alpha = rate * math.sqrt(1 - beta2**t) / (1 - beta1**t)
    return w - alpha * s["m"] / (np.sqrt(s["v"]) + epsilon)


def rmsprop(w, g, s, t, rate, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    s["mean_square"] = rho * s.get("mean_square", 0) + (1 - rho) * g**2
    if centered:
        s["mean"] = rho * s.get("mean", 0) + (1 - rho) * g
    step = rate * g / np.sqrt(s["mean_square"] + epsilon - (s["mean"] ** 2 if centered else 0))
    if momentum == 0:
        return w - step
    s["velocity"] = momentum * s.get("velocity", 0) + step
    return w - s["velocity"]


def adagrad(w, g, s, t, rate, initial=0.1, epsilon=1e-7):
    s["accumulator"] = s.get("accumulator", initial) + g**2
    return w - rate * g / np.sqrt(s["accumulator"] + epsilon)


def adadelta(w, g, s, t, rate, rho=0.95, epsilon=1e-7):
    s["mean_square"] = rho * s.get("mean_square", 0) + (1 - rho) * g**2
    step = np.sqrt(s.get("mean_square_step", 0) + epsilon) * g / np.sqrt(s["mean_square"] + epsilon)
    s["mean_square_step"] = rho * s.get("mean_square_step", 0) + (1 - rho) * step**2
    return w - rate * step


def nadam(w, g, s, t, rate, beta1=0.9, beta2=0.999, epsilon=1e-7, momentum_decay=1.0):
    """With a `momentum_decay` of 0.004 torch.optim.NAdam's."""
    momenta = [beta1 * (1 - 0.5 * 0.96 ** (k * momentum_decay)) for k in range(1, t + 2)]
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g**2
    ahead = momenta[t] * s["m"] / (1 - np.prod(momenta)) + (1 - momenta[t - 1]) * g / (1 - np.prod(momenta[:t]))
    return w - rate * ahead / (np.sqrt(s["v"] / (1 - beta2**t)) + epsilon)


def run(rule, rate, start, gradients, l2=0.0, decoupled=0.0, clip_norm=None, clip_value=None, **options):
    """The parameters after every step, and the last state."""
    w, state, history = start.copy(), {}, []
    for t, g in enumerate(gradients, start=1):
        if clip_norm is not None:
            g = g * clip_norm / max(np.linalg.norm(g), clip_norm)
        if clip_value is not None:
            g = np.clip(g, -clip_value, clip_value)
        g = g + l2 * w
        w = w - decoupled * rate * w
        w = rule(w, g, state, t, rate, **options)
        history.append(w.tolist())
    return {"parameters": history, "state": {name: value.tolist() for name, value in state.items()}}


def optimizers():
    random = np.random.default_rng(7)
    start = random.normal(size=COUNT).astype(np.float32).astype(float)
    # Magnitudes from 1e-4 to 10, so that a misplaced epsilon shows.
    scales = 10.0 ** random.uniform(-4, 1, size=COUNT)
    gradients = (random.normal(size=(STEPS, COUNT)) * scales).astype(np.float32).astype(float)
    cases = {
        "sgd": run(sgd, 0.1, start, gradients),
        "sgd-l2": run(sgd, 0.1, start, gradients, l2=0.05),
        "sgd-momentum": run(sgd, 0.1, start, gradients, momentum=0.9),
        "sgd-nesterov": run(sgd, 0.1, start, gradients, momentum=0.9, nesterov=True, l2=0.05),
        "adam": run(adam, 0.1, start, gradients),
        "adam-options": run(adam, 0.1, start, gradients, beta1=0.8, beta2=0.95, epsilon=1e-2, l2=0.05),
        "adamw": run(adam, 0.1, start, gradients, decoupled=0.04),
        "rmsprop": run(rmsprop, 0.1, start, gradients),
        "rmsprop-options": run(rmsprop, 0.1, start, gradients, rho=0.8, momentum=0.7, epsilon=1e-2, l2=0.05),
        "rmsprop-decoupled": run(rmsprop, 0.1, start, gradients, decoupled=0.04),
        "adagrad": run(adagrad, 0.1, start, gradients),
        "adagrad-options": run(adagrad, 0.1, start, gradients, initial=0.5, epsilon=1e-2, l2=0.05),
        "adadelta": run(adadelta, 1.0, start, gradients),
        "adadelta-options": run(adadelta, 1.0, start, gradients, rho=0.8, epsilon=1e-2, l2=0.05),
        "nadam": run(nadam, 0.1, start, gradients),
        "nadam-options": run(nadam, 0.1, start, gradients, beta1=0.8, beta2=0.95, epsilon=1e-2, l2=0.05),
        "rmsprop-centered": run(rmsprop, 0.1, start, gradients, epsilon=1e-2, centered=True),
        "rmsprop-centered-momentum": run(
            rmsprop, 0.1, start, gradients, rho=0.8, momentum=0.7, epsilon=1e-2, l2=0.05, centered=True),
        "sgd-dampening": run(sgd, 0.1, start, gradients, momentum=0.9, l2=0.05, dampening=0.4),
        "nadam-decay": run(nadam, 0.1, start, gradients, momentum_decay=0.004),
        "clip-norm": run(sgd, 0.1, start, gradients, clip_norm=1.5),
        "clip-value": run(adam, 0.1, start, gradients, clip_value=0.5),
        "clip-both": run(sgd, 0.1, start, gradients, momentum=0.9, clip_norm=2.0, clip_value=0.5),
    }
    return {"start": start.tolist(), "gradients": gradients.tolist(), "cases": cases}


def exponential(step, rate=0.1, decay_rate=0.96, decay_steps=100, staircase=False):
    exponent = step / decay_steps
    return rate * decay_rate ** (math.floor(exponent) if staircase else exponent)


def cosine(step, rate=0.1, decay_steps=1000, alpha=0.0):
    completed = min(step, decay_steps) / decay_steps
    return rate * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * completed)) + alpha)


def cosine_with_warm_up(step, start=0.01, target=0.1, warm_up_steps=50):
    """CosineDecay(initial_learning_rate=start, warmup_target=target, warmup_steps=...)"""
    if step < warm_up_steps:
        return start + (target - start) * step / warm_up_steps
    return cosine(step - warm_up_steps, rate=target)


def piecewise(step, boundaries=(99, 299), values=(0.1, 0.05, 0.001)):
    """PiecewiseConstantDecay: values[k] as long as step <= boundaries[k]."""
    for boundary, value in zip(boundaries, values):
        if step <= boundary:
            return value
    return values[-1]


def cosine_restarts(step, rate=0.1, period=100, lengthening=2.0, shrinking=1.0, alpha=0.0):
    """CosineDecayRestarts(first_decay_steps=period, t_mul=lengthening, m_mul=shrinking)"""
    start, length, scale = 0.0, float(period), 1.0
    while step >= start + length:
        start, length, scale = start + length, length * lengthening, scale * shrinking
    fraction = scale * 0.5 * (1 + math.cos(math.pi * (step - start) / length))
    return rate * ((1 - alpha) * fraction + alpha)


def inverse_time(step, rate=0.1, decay_rate=0.5, decay_steps=100, staircase=False):
    passed = step / decay_steps
    return rate / (1 + decay_rate * (math.floor(passed) if staircase else passed))


def polynomial(step, rate=0.1, decay_steps=1000, end=0.0001, power=1.0, cycle=False):
    if cycle:
        decay_steps *= max(1, math.ceil(step / decay_steps))
    return (rate - end) * (1 - min(step, decay_steps) / decay_steps) ** power + end


def one_cycle(step, peak=0.1, steps=1000, rise=0.3, start_factor=25.0, end_factor=1e4, linear=False, three_phases=False):
    """torch.optim.lr_scheduler.OneCycleLR; after the last step the rate stays."""
    top, last, first = rise * steps - 1, steps - 1, peak / start_factor
    phases = [(top, first, peak), (last, peak, first / end_factor)]
    if three_phases:
        phases = [(top, first, peak), (2 * top, peak, first), (last, first, first / end_factor)]
    step, start = min(step, last), 0
    for end, a, b in phases:
        if step <= end:
            fraction = (step - start) / (end - start)
            return a + (b - a) * fraction if linear else b + (a - b) / 2 * (1 + math.cos(math.pi * fraction))
        start = end


def schedules():
    functions = {
        "constant": lambda step: 0.1,
        "step": lambda step: 0.1 * 0.5 ** (step // 100),
        "exponential": exponential,
        "exponential-staircase": lambda step: exponential(step, staircase=True),
        "cosine": cosine,
        "cosine-alpha": lambda step: cosine(step, alpha=0.1),
        "cosine-restarts": cosine_restarts,
        "cosine-restarts-options": lambda step: cosine_restarts(step, lengthening=1.5, shrinking=0.7, alpha=0.1),
        "polynomial": polynomial,
        "polynomial-squared": lambda step: polynomial(step, power=2.0, end=0.01),
        "polynomial-cycle": lambda step: polynomial(step, decay_steps=300, end=0.01, power=2.0, cycle=True),
        "inverse-time": inverse_time,
        "inverse-time-staircase": lambda step: inverse_time(step, staircase=True),
        "one-cycle": one_cycle,
        "one-cycle-linear": lambda step: one_cycle(step, linear=True),
        "one-cycle-three-phases": lambda step: one_cycle(step, start_factor=10.0, three_phases=True),
        "warm-up-cosine": cosine_with_warm_up,
        "joined-constants": piecewise,
        "joined": lambda step: (
            cosine(step) if step < 100 else exponential(step - 100) if step < 300 else cosine(step - 300, alpha=0.1)
        ),
    }
    steps = [0, 1, 49, 50, 51, 99, 100, 101, 199, 200, 201, 299, 300, 500, 999, 1000, 1001, 1050, 5000]
    return {"steps": steps, "rates": {name: [f(step) for step in steps] for name, f in functions.items()}}


if __name__ == "__main__":
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for name, values in [("optimizers", optimizers()), ("schedules", schedules())]:
        (OUTPUT / f"{name}.json").write_text(json.dumps(values) + "\n")
