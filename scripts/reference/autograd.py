#!/usr/bin/env python3
"""Values and gradients of every differentiable operation, computed without the engine: NumPy in double precision,
forward formulas written here as plainly as possible, gradients by central differences of those formulas.
Tests/AutogradTests compares the engine with the file this writes. Regenerate with
    python3 scripts/reference/autograd.py > Tests/AutogradTests/Reference/autograd.json
"""
import itertools
import json
import math
import sys
import zlib

import numpy as np

CASES = []
erf = np.vectorize(math.erf)


def number(value):
    return float(f"{value:.7g}")


def tensor(array):
    array = np.asarray(array, dtype=np.float64)
    return {"shape": list(array.shape), "scalars": [number(v) for v in array.ravel()]}


def gradients(function, inputs, weights):
    """d sum(weights * function(inputs)) / d inputs, by fourth-order central differences."""
    def objective(arrays):
        return float(np.sum(weights * function(*arrays)))

    result = []
    for which, array in enumerate(inputs):
        gradient = np.zeros(array.shape)
        for index in np.ndindex(*array.shape):
            def at(step):
                moved = [a.copy() for a in inputs]
                moved[which][index] += step
                return objective(moved)
            h = 1e-4
            gradient[index] = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
        result.append(gradient)
    return result


def is_smooth_nearby(function, inputs, weights, slopes, random):
    """False where a step of 2^-11 in some direction crosses a kink: the engine's own differences need that room."""
    h = 2.0 ** -11
    for _ in range(12):
        directions = [random.choice([-1.0, 1.0], a.shape) for a in inputs]
        plus = np.sum(weights * function(*[a + h * d for a, d in zip(inputs, directions)]))
        minus = np.sum(weights * function(*[a - h * d for a, d in zip(inputs, directions)]))
        expected = sum(np.sum(g * d) for g, d in zip(slopes, directions))
        if abs((plus - minus) / (2 * h) - expected) > 1e-4 * (1 + abs(expected)):
            return False
    return True


def case(name, function, *shapes, low=-1.5, high=1.5, constants=(), distinct=False):
    """Draws inputs that are short in decimal and exact in float32, until no kink is near."""
    for attempt in itertools.count():
        random = np.random.default_rng([zlib.crc32(name.encode()), attempt])
        inputs = []
        for which, shape in enumerate(shapes):
            if distinct:  # no two elements equal, for maxima
                count = int(np.prod(shape))
                array = (random.permutation(count) - count / 2) / 32 + 1 / 128
            else:
                array = np.round(random.uniform(low, high, shape) * 64) / 64 + (1 + 2 * which) / 256  # no ties
            inputs.append(np.asarray(array, dtype=np.float64).reshape(shape))
        output = function(*inputs)
        weights = random.integers(-4, 5, np.shape(output)) / 4 + 0.125
        slopes = gradients(function, inputs, weights)
        if is_smooth_nearby(function, inputs, weights, slopes, random):
            break
    CASES.append({
        "name": name, "inputs": [tensor(a) for a in inputs], "constants": [tensor(c) for c in constants],
        "weights": tensor(weights), "output": tensor(output),
        "gradients": [[number(v) for v in g.ravel()] for g in slopes],
    })


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.where(x > 0, x, 0)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def arithmetic():
    operations = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
                  "maximum": np.maximum, "minimum": np.minimum}
    shapes = {"same": [(3, 6), (3, 6)], "row": [(3, 4), (4,)], "outer": [(3, 1), (1, 4)], "scalar": [(2, 3), ()],
              "scalarFirst": [(), (2, 3)], "middle": [(2, 3, 4), (3, 1)], "both": [(2, 1, 3), (4, 1)]}
    for (name, function), (kind, pair) in itertools.product(operations.items(), shapes.items()):
        low, high = (0.5, 2) if name == "divide" else (-1.5, 1.5)
        case(f"{name}.{kind}", function, *pair, low=low, high=high)
    numbers = {"addNumber": lambda x: x + 2.5, "numberAdd": lambda x: 2.5 + x, "subtractNumber": lambda x: x - 2.5,
               "numberSubtract": lambda x: 2.5 - x, "multiplyNumber": lambda x: x * 2.5,
               "numberMultiply": lambda x: 2.5 * x, "divideNumber": lambda x: x / 2.5}
    for name, function in numbers.items():
        case(name, function, (2, 5))
    case("numberDivide", lambda x: 2.5 / x, (2, 5), low=0.5, high=2)


def unary():
    anywhere = {
        "negate": np.negative, "exp": np.exp, "square": np.square, "tanh": np.tanh, "sigmoid": sigmoid, "relu": relu,
        "softplus": lambda x: np.log(1 + np.exp(x)), "abs": np.abs, "sin": np.sin, "cos": np.cos,
        "silu": lambda x: x * sigmoid(x),
        "erf": erf, "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
        "geluTanh": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3))),
        "clamp": lambda x: np.minimum(np.maximum(x, -0.5), 0.75), "cube": lambda x: x ** 3,
    }
    positive = {"log": np.log, "sqrt": np.sqrt, "power2.5": lambda x: x ** 2.5, "power-1.5": lambda x: x ** -1.5}
    for name, function in anywhere.items():
        case(name, function, (3, 7), low=-3, high=3)
    for name, function in positive.items():
        case(name, function, (3, 7), low=0.5, high=3)


def reductions():
    functions = {"sum": np.sum, "mean": np.mean, "max": np.max}
    axes = {"all": (None, 0), "allKept": (None, 1), "0": ((0,), 0), "1": ((1,), 0), "2": ((2,), 0), "1Kept": ((1,), 1),
            "01": ((0, 1), 0), "12": ((1, 2), 0), "02": ((0, 2), 0), "02Kept": ((0, 2), 1)}
    for (name, function), (kind, (axis, kept)) in itertools.product(functions.items(), axes.items()):
        case(f"{name}.{kind}", lambda x, f=function, a=axis, k=kept: f(x, axis=a, keepdims=bool(k)), (2, 3, 4),
             distinct=name == "max")


def layout():
    case("reshape", lambda x: x.reshape(4, 3), (2, 6))
    case("reshapeInferred", lambda x: x.reshape(3, -1, 2), (2, 6))
    case("flatten", lambda x: x.reshape(2, -1), (2, 3, 2))
    case("transpose", lambda x: np.transpose(x, (2, 0, 1)), (2, 3, 4))
    case("slice.0", lambda x: x[1:3], (4, 3))
    case("slice.-2", lambda x: x[:, 1:2, :], (2, 3, 4))
    case("concatenate.0", lambda x, y: np.concatenate([x, y], 0), (2, 3), (1, 3))
    case("concatenate.-1", lambda x, y, z: np.concatenate([x, y, z], -1), (2, 3), (2, 1), (2, 2))
    case("concatenate.1", lambda x, y: np.concatenate([x, y], 1), (2, 2, 3), (2, 1, 3))
    indices = np.array([[3, 0, 3], [1, 3, 0]])
    case("gather", lambda x: x[indices], (4, 5), constants=[indices])
    case("gatherScalars", lambda x: x[indices], (4,), constants=[indices])


def products():
    for name, a, b in [("plain", (3, 4), (4, 5)), ("batched", (2, 3, 4), (2, 4, 5)), ("rightShared", (2, 3, 4), (4, 5)),
                       ("leftShared", (3, 4), (2, 4, 5)), ("outerLead", (2, 1, 3, 4), (3, 4, 2)),
                       ("vectorTail", (1, 19), (19, 17)), ("column", (5, 3), (3, 1)),
                       ("vector", (2, 3, 4), (4,)), ("vectors", (4,), (4,))]:
        case(f"matmul.{name}", np.matmul, a, b)
    for rank, shape in [(1, (4,)), (2, (3, 4)), (3, (2, 3, 4))]:
        case(f"dense.{rank}", lambda x, k: x @ k, shape, (4, 5))
        case(f"dense.{rank}.relu", lambda x, k: relu(x @ k), shape, (4, 5))
        case(f"dense.{rank}.bias", lambda x, k, b: x @ k + b, shape, (4, 5), (5,))
        case(f"dense.{rank}.bias.relu", lambda x, k, b: relu(x @ k + b), shape, (4, 5), (5,))


def padding(length, window, stride, same):
    if not same:
        return (length - window) // stride + 1, 0
    output = -(-length // stride)
    return output, max(0, (output - 1) * stride + window - length) // 2


def convolution(x, kernel, stride=1, same=False, dilation=1, groups=1):
    """By definition: a loop over every output position and kernel tap."""
    batch, height, width, channels = x.shape
    kh, kw, inner, filters = kernel.shape
    oh, top = padding(height, (kh - 1) * dilation + 1, stride, same)
    ow, left = padding(width, (kw - 1) * dilation + 1, stride, same)
    out = np.zeros((batch, oh, ow, filters))
    per = filters // groups
    for oy, ox, ky, kx in itertools.product(range(oh), range(ow), range(kh), range(kw)):
        iy, ix = oy * stride - top + ky * dilation, ox * stride - left + kx * dilation
        if 0 <= iy < height and 0 <= ix < width:
            for g in range(groups):
                to = slice(g * per, (g + 1) * per)
                out[:, oy, ox, to] += x[:, iy, ix, g * inner:(g + 1) * inner] @ kernel[ky, kx, :, to]
    return out


CONVOLUTIONS = {  # input, kernel, options
    "plain": ((2, 5, 5, 1), (3, 3, 1, 2), {}),
    "channels": ((1, 4, 4, 3), (3, 3, 3, 4), {}),
    "strided": ((2, 6, 5, 2), (3, 3, 2, 2), {"stride": 2}),
    "same": ((1, 5, 4, 2), (3, 3, 2, 3), {"same": True}),
    "sameEven": ((1, 5, 5, 1), (2, 2, 1, 2), {"same": True}),
    "sameStrided": ((1, 6, 5, 2), (3, 3, 2, 2), {"same": True, "stride": 2}),
    "sameStrideBeyondWindow": ((1, 5, 5, 2), (1, 1, 2, 2), {"same": True, "stride": 3}),
    "dilated": ((1, 6, 7, 2), (2, 3, 2, 2), {"dilation": 2}),
    "sameDilated": ((1, 5, 5, 1), (3, 3, 1, 2), {"same": True, "dilation": 2}),
    "groups": ((1, 4, 4, 4), (3, 3, 2, 6), {"groups": 2}),
    "groupsSameStrided": ((1, 5, 4, 4), (3, 3, 2, 4), {"groups": 2, "same": True, "stride": 2}),
    "depthwise": ((1, 4, 5, 3), (3, 3, 1, 3), {"groups": 3}),
    "depthwiseMany": ((1, 3, 3, 16), (2, 2, 1, 16), {"groups": 16}),
    "pointwise": ((1, 3, 3, 5), (1, 1, 5, 7), {}),
    "whole": ((2, 3, 4, 2), (3, 4, 2, 3), {}),
    "wide": ((1, 3, 3, 17), (2, 2, 17, 1), {}),
    "manyFilters": ((1, 3, 3, 1), (2, 2, 1, 33), {}),
}


def convolutions():
    for name, (x, k, options) in CONVOLUTIONS.items():
        case(f"conv.{name}", lambda x, k, o=options: convolution(x, k, **o), x, k)
    for name in ["plain", "sameStrided", "groups"]:
        x, k, options = CONVOLUTIONS[name]
        case(f"conv.{name}.bias", lambda x, k, b, o=options: convolution(x, k, **o) + b, x, k, (k[3],))
        case(f"conv.{name}.bias.relu", lambda x, k, b, o=options: relu(convolution(x, k, **o) + b), x, k, (k[3],))
        case(f"conv.{name}.relu", lambda x, k, o=options: relu(convolution(x, k, **o)), x, k)


def pooling(x, reduce, window, stride, same):
    oh, top = padding(x.shape[1], window, stride, same)
    ow, left = padding(x.shape[2], window, stride, same)
    out = np.zeros((x.shape[0], oh, ow, x.shape[3]))
    for oy, ox in itertools.product(range(oh), range(ow)):
        rows = [y for y in range(oy * stride - top, oy * stride - top + window) if 0 <= y < x.shape[1]]
        columns = [c for c in range(ox * stride - left, ox * stride - left + window) if 0 <= c < x.shape[2]]
        out[:, oy, ox] = reduce(x[:, rows][:, :, columns], axis=(1, 2))
    return out


def poolings():
    kinds = {"tiled": ((2, 4, 4, 3), 2, 2, False), "rest": ((1, 5, 5, 2), 2, 2, False),
             "overlapping": ((1, 5, 5, 2), 3, 1, False), "overlappingStrided": ((1, 7, 6, 1), 3, 2, False),
             "same": ((1, 5, 5, 2), 3, 2, True), "sameDense": ((1, 4, 3, 2), 2, 1, True),
             "gaps": ((1, 6, 6, 1), 2, 3, False), "vectors": ((1, 4, 2, 17), 2, 2, False)}
    for name, (shape, window, stride, same) in kinds.items():
        for kind, reduce in [("maxPool", np.max), ("averagePool", np.mean)]:
            case(f"{kind}.{name}", lambda x, r=reduce, o=(window, stride, same): pooling(x, r, *o), shape,
                 distinct=kind == "maxPool")


def philox(counter, key):
    """Philox4x32-10 as in the paper (Salmon et al. 2011), in Python's integers."""
    counter, key = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & 0xFFFFFFFF, (a >> 32) ^ counter[3] ^ key[1], a & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


# The authors' known answers (Random123, kat_vectors).
assert philox([0, 0, 0, 0], [0, 0]) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
assert philox([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0]) == [
    0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


def dropout():
    # Seed 7 + 2^32, step 5, shard 2, first dropout of the pass; purpose 3.
    def mask(count, rate):
        words = [w for j in range(-(-count // 4)) for w in philox([j, 3, 5, 2 << 16 | 1], [7, 1])][:count]
        return (np.array(words) >> 8) / 2.0 ** 24 >= rate
    case("dropout", lambda x: x * mask(x.size, 0.3).reshape(x.shape) / 0.7, (5, 7))


def losses():
    for name, shape in [("1", (5,)), ("2", (3, 7)), ("3", (2, 3, 4)), ("wide", (2, 21))]:
        case(f"softmax.{name}", softmax, shape)
        case(f"logSoftmax.{name}", lambda x: np.log(softmax(x)), shape)
    labels = np.array([2, 0, 4, 2])
    rows = np.arange(4)
    case("sparse.logits", lambda x: -np.log(softmax(x)[rows, labels]), (4, 5), constants=[labels])
    case("sparse.softmax", lambda x: -np.log(softmax(x)[rows, labels]), (4, 5), constants=[labels])
    case("sparse.probabilities", lambda p: -np.log((p / p.sum(-1, keepdims=True))[rows, labels]), (4, 5),
         low=0.1, high=1, constants=[labels])
    targets = np.round(np.random.default_rng(1).dirichlet(np.ones(5), 4) * 64) / 64
    case("categorical.logits", lambda x: -np.sum(targets * np.log(softmax(x)), -1), (4, 5), constants=[targets])
    case("categorical.softmax", lambda x: -np.sum(targets * np.log(softmax(x)), -1), (4, 5), constants=[targets])
    case("categorical.probabilities",
         lambda p: -np.sum(targets * np.log(p / p.sum(-1, keepdims=True)), -1), (4, 5), low=0.1, high=1,
         constants=[targets])
    hits = np.array([[0, 1, 1], [1, 0, 0.25], [0, 0, 1]])

    def binary(p):
        return -np.mean(hits * np.log(p) + (1 - hits) * np.log(1 - p), -1)
    case("binary.logits", lambda x: binary(sigmoid(x)), (3, 3), low=-4, high=4, constants=[hits])
    case("binary.probabilities", binary, (3, 3), low=0.1, high=0.9, constants=[hits])
    goal = np.random.default_rng(2).integers(-8, 8, (2, 3, 2)) / 8
    case("meanSquared", lambda x: np.mean((x - goal) ** 2, (1, 2)), (2, 3, 2), constants=[goal])
    case("meanAbsolute", lambda x: np.mean(np.abs(x - goal), (1, 2)), (2, 3, 2), constants=[goal])
    case("meanSquared.vector", lambda x: (x - goal[0, :, 0]) ** 2, (3,), constants=[goal[0, :, 0]])


def arrangements():
    for mode in ["constant", "reflect", "edge", "wrap"]:
        options = {"constant_values": 0.75} if mode == "constant" else {}
        case(f"pad.{mode}", lambda x, m=mode, o=options: np.pad(x, [(2, 1), (0, 4)], mode=m, **o), (3, 3))
    case("tile", lambda x: np.tile(x, (2, 1, 3)), (2, 3, 2))
    case("tile.last", lambda x: np.tile(x, 3), (2, 2))
    case("tile.more", lambda x: np.tile(x, (2, 1, 2)), (2, 2))
    case("pad.reflect.single", lambda x: np.pad(x, [(2, 1), (0, 0)], mode="reflect"), (1, 3))
    case("pad.crop", lambda x: np.pad(x[1:, :-2], [(0, 2), (1, 0)]), (3, 4))
    case("gather.1", lambda x: np.take(x, np.array([[2, 0], [1, 1]]), 1), (2, 3, 2),
         constants=[np.array([[2, 0], [1, 1]])])
    case("gather.-1", lambda x: np.take(x, np.array([2, 0]), -1), (2, 3), constants=[np.array([2, 0])])
    case("expand", lambda x: np.broadcast_to(x, (2, 3, 4)), (3, 1))
    case("slice.step", lambda x: x[:, 1:6:2], (2, 7))
    case("slice.reversed", lambda x: x[5:0:-2], (6, 2))
    indices = np.array([[2, 0, 2], [1, 1, 0]])
    case("gatherAlong.0", lambda x: np.take_along_axis(x, indices, 0), (3, 3), constants=[indices])
    case("gatherAlong.-1", lambda x: np.take_along_axis(x, indices, 1), (2, 4), constants=[indices])
    case("topK", lambda x: -np.sort(-x, -1)[..., :3], (2, 3, 5), distinct=True)
    case("topK.smallest", lambda x: np.sort(x, 1)[:, :2], (2, 4, 3), distinct=True)
    case("tril", lambda x: np.tril(x, 1), (2, 3, 4))
    case("triu", lambda x: np.triu(x, -1), (4, 3))


def selections():
    for name, function in {"greater": np.greater, "greaterOrEqual": np.greater_equal, "less": np.less,
                           "lessOrEqual": np.less_equal, "equal": np.equal, "notEqual": np.not_equal}.items():
        case(name, lambda x, y, f=function: f(x, y) * (x + y), (2, 3), (3,))
    condition = np.array([[1, 0, 1], [0, 0, 1]])
    case("where", lambda x, y: np.where(condition, x, y), (2, 3), (3,), constants=[condition])
    case("sign", lambda x: np.sign(x) * x, (3, 5))
    case("powerOf", np.power, (2, 3), (3,), low=0.5, high=2)


def cumulative():
    case("cumulativeSum.1", lambda x: np.cumsum(x, 1), (2, 5, 2))
    case("cumulativeSum.reversed", lambda x: np.cumsum(x[::-1], 0)[::-1], (4, 3))
    case("cumulativeProduct.1", lambda x: np.cumprod(x, 1), (2, 5, 2))
    case("cumulativeProduct.reversed", lambda x: np.cumprod(x[::-1], 0)[::-1], (4, 3))
    case("norm.order1", lambda x: np.sum(np.abs(x), 1), (2, 3, 2))
    case("norm.order3", lambda x: np.sum(np.abs(x) ** 3, 1) ** (1 / 3), (2, 3, 2))
    case("norm.infinity", lambda x: np.max(np.abs(x), 1), (2, 3, 2), distinct=True)
    for kind, (axis, kept) in {"all": (None, 0), "1": ((1,), 0), "02Kept": ((0, 2), 1)}.items():
        for name, function in {
            "product": np.prod, "norm": lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
            "logSumExp": lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
            "min": np.min, "variance": np.var,
        }.items():
            case(f"{name}.{kind}", lambda x, f=function, a=axis, k=kept: f(x, axis=a, keepdims=bool(k)), (2, 3, 2),
                 distinct=name == "min")


for group in [arithmetic, unary, reductions, layout, products, convolutions, poolings, dropout, losses, arrangements,
              selections, cumulative]:
    group()
sys.stdout.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in CASES) + "\n]\n")
