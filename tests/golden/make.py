"""Makes golden.json: attention worked out by NumPy in float64, from the papers, without the engine.

    pip install numpy jax
    python tests/golden/make.py

Where JAX is there, its `jax.nn.dot_product_attention` must agree with the NumPy numbers of every case that it covers,
or nothing is written. Inputs are float32, so that the engine starts from exactly the same numbers.
"""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(20170612)


def draw(*shape, spread=1.0):
    return (rng.standard_normal(shape) * spread).astype(np.float32)


def split(x, heads):
    """[tokens, heads * dim] -> [heads, tokens, dim]"""
    tokens, channels = x.shape
    return x.reshape(tokens, heads, channels // heads).transpose(1, 0, 2)


def sinusoid(positions, width):
    even = np.arange(width) // 2 * 2
    angle = np.asarray(positions)[:, None] / 10000.0 ** (even / width)
    return np.where(np.arange(width) % 2 == 0, np.sin(angle), np.cos(angle))


def rotated(x, positions, base):
    """Halves: feature c turns with c + dim / 2. x: [heads, tokens, dim]"""
    dim = x.shape[-1]
    angle = np.asarray(positions)[:, None] * base ** (-np.arange(0, dim, 2) / dim)
    a, b = x[..., : dim // 2], x[..., dim // 2 :]
    return np.concatenate([a * np.cos(angle) - b * np.sin(angle), b * np.cos(angle) + a * np.sin(angle)], axis=-1)


def attend(q, k, v, *, scale=None, softcap=0.0, bias=None, seen=None):
    """All stages of softmax(cap(scale q k') + bias) v for one sequence. q: [heads, ...], k and v: [kv_heads, ...]"""
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    group = q.shape[0] // k.shape[0]
    k, v = np.repeat(k, group, axis=0), np.repeat(v, group, axis=0)
    stages = {"scores": np.einsum("hic,hjc->hij", q, k)}
    scores = stages["scaled"] = stages["scores"] * (1 / np.sqrt(q.shape[-1]) if scale is None else scale)
    if softcap:
        scores = stages["capped"] = softcap * np.tanh(scores / softcap)
    if bias is not None:
        scores = stages["biased"] = scores + bias
    if seen is not None:
        scores = stages["masked"] = np.where(np.broadcast_to(seen, scores.shape), scores, -np.inf)
    stages["row_max"] = scores.max(axis=-1)
    with np.errstate(invalid="ignore"):
        shifted = scores - stages["row_max"][..., None]
    stages["shifted"] = np.where(np.isneginf(scores), -np.inf, shifted)
    stages["exp"] = np.exp(stages["shifted"])
    stages["row_sum"] = stages["exp"].sum(axis=-1)
    total = stages["row_sum"][..., None]
    stages["weights"] = np.divide(stages["exp"], total, out=np.zeros_like(stages["exp"]), where=total > 0)
    stages["mixed"] = np.einsum("hij,hjc->hic", stages["weights"], v)
    stages["concat"] = stages["mixed"].transpose(1, 0, 2).reshape(q.shape[1], -1)
    return stages


def visible(queries, keys, offset=0, causal=False, window=None):
    i, j = np.arange(queries)[:, None] + offset, np.arange(keys)[None, :]
    seen = np.ones((queries, keys), bool)
    if causal:
        seen &= j <= i
    if window:
        seen &= (j >= i - window[0]) & (j <= i + window[1])
    return seen


def against_jax(name, q, k, v, expected, **options):
    """q: [batch, heads, tokens, dim], as here; JAX has tokens before heads."""
    try:
        import jax

        jax.config.update("jax_enable_x64", True)
    except ImportError:
        print(f"{name}: JAX is not there")
        return
    q, k, v = (np.asarray(x, np.float64).transpose(0, 2, 1, 3) for x in (q, k, v))
    found = np.asarray(jax.nn.dot_product_attention(q, k, v, **options)).transpose(0, 2, 1, 3)
    difference = np.abs(found - expected).max()
    assert difference < 1e-6, f"{name}: JAX differs by {difference}"
    print(f"{name}: JAX {jax.__version__} agrees within {difference:.1e}")


def tensor(x):
    """A number is enough digits of a float64; an infinity and NaN are strings, since JSON has none."""
    cells = [str(c) if not np.isfinite(c) else float(f"{c:.9g}") for c in np.asarray(x, np.float64).ravel()]
    return {"shape": list(x.shape), "data": cells}


compute = []
trace = []


def case_compute(name, options, inputs, expected):
    compute.append(
        {
            "name": name,
            "options": options,
            "inputs": {key: tensor(x) for key, x in inputs.items()},
            "expected": {key: tensor(x) for key, x in expected.items()},
        }
    )


def case_trace(name, options, inputs, expected):
    trace.append(
        {
            "name": name,
            "options": options,
            "inputs": {key: tensor(x) for key, x in inputs.items()},
            "expected": {key: tensor(x) for key, x in expected.items()},
        }
    )


def batch(q, k, v, **options):
    per_sequence = [attend(*sequence, **options) for sequence in zip(q, k, v)]
    return {key: np.stack([stages[key] for stages in per_sequence]) for key in ("mixed", "weights")}


# Attention of a batch: multi-head and causal
q, k, v = draw(2, 3, 5, 4), draw(2, 3, 5, 4), draw(2, 3, 5, 4)
found = batch(q, k, v, seen=visible(5, 5, causal=True))
against_jax("causal", q, k, v, found["mixed"], is_causal=True)
case_compute("causal", {"causal": True}, {"q": q, "k": k, "v": v}, {"output": found["mixed"], "scores": found["weights"]})

# Cross-attention of grouped heads, with a scale and a mask that is added
q, k, v, bias = draw(2, 4, 3, 6), draw(2, 2, 7, 6), draw(2, 2, 7, 6), draw(4, 3, 7)
found = batch(q, k, v, scale=0.3, bias=bias)
against_jax("grouped cross", q, k, v, found["mixed"], bias=bias[None].astype(np.float64), scale=0.3)
case_compute(
    "grouped cross", {"scale": 0.3}, {"q": q, "k": k, "v": v, "mask": bias}, {"output": found["mixed"], "scores": found["weights"]}
)

# One sequence that is much longer than it is wide, in a window, with large scores
q, k, v = draw(1, 1, 33, 3, spread=4), draw(1, 1, 33, 3, spread=4), draw(1, 1, 33, 2)
found = batch(q, k, v, seen=visible(33, 33, window=(5, 2)))
wide = np.concatenate([v, np.zeros_like(v[..., :1])], axis=-1)
against_jax("window", q, k, wide, np.concatenate([found["mixed"], np.zeros((1, 1, 33, 1))], -1), local_window_size=(5, 2))
case_compute("window", {"window": [5, 2]}, {"q": q, "k": k, "v": v}, {"output": found["mixed"], "scores": found["weights"]})

# Soft cap, past keys, causal: JAX has neither cap nor past
q, k, v, past_key, past_value = draw(1, 2, 3, 4), draw(1, 1, 3, 4), draw(1, 1, 3, 5), draw(1, 1, 4, 4), draw(1, 1, 4, 5)
joined_key, joined_value = np.concatenate([past_key, k], 2), np.concatenate([past_value, v], 2)
found = batch(q, joined_key, joined_value, softcap=1.5, seen=visible(3, 7, offset=4, causal=True))
case_compute(
    "soft cap and past",
    {"causal": True, "softcap": 1.5},
    {"q": q, "k": k, "v": v, "past_key": past_key, "past_value": past_value},
    {"output": found["mixed"], "scores": found["weights"], "present_key": joined_key},
)


def projected(x, memory, weights, heads, kv_heads):
    x, memory = x.astype(np.float64), memory.astype(np.float64)
    q = split(x @ weights["wq"] + weights.get("bq", 0), heads)
    k = split(memory @ weights["wk"] + weights.get("bk", 0), kv_heads)
    v = split(memory @ weights["wv"] + weights.get("bv", 0), kv_heads)
    return {"query": q, "key": k, "value": v}


# Full multi-head self-attention as in the paper: sinusoidal positions, projections with biases, causal, output
weights = {"wq": draw(8, 8, spread=0.5), "wk": draw(8, 8, spread=0.5), "wv": draw(8, 8, spread=0.5), "wo": draw(8, 8, spread=0.5)}
biases = {"bq": draw(8), "bk": draw(8), "bv": draw(8), "bo": draw(8)}
x = draw(6, 8)
positions = sinusoid(range(6), 8)
stages = {"positions": positions, "input": x + positions}
stages |= projected(stages["input"], stages["input"], weights | biases, 2, 2)
stages |= attend(stages["query"], stages["key"], stages["value"], seen=visible(6, 6, causal=True))
stages["output"] = stages["concat"] @ weights["wo"] + biases["bo"]
against_jax("self-attention", *(stages[s][None] for s in ("query", "key", "value")), stages["mixed"][None], is_causal=True)
case_trace("self-attention", {"heads": 2, "causal": True, "position": "sinusoidal"}, {"x": x} | weights | biases, stages)

# Cross-attention with positions on both sides and values of another size
weights = {"wq": draw(6, 6), "wk": draw(6, 6), "wv": draw(6, 9), "wo": draw(9, 6)}
x, memory = draw(3, 6), draw(5, 6)
stages = {"positions": sinusoid(range(3), 6), "memory_positions": sinusoid(range(5), 6)}
stages |= {"input": x + stages["positions"], "memory": memory + stages["memory_positions"]}
stages |= projected(stages["input"], stages["memory"], weights, 3, 3)
stages |= attend(stages["query"], stages["key"], stages["value"])
stages["output"] = stages["concat"] @ weights["wo"]
case_trace("cross-attention", {"heads": 3, "position": "sinusoidal"}, {"x": x, "memory": memory} | weights, stages)

# Grouped heads, rotary positions, past keys as they were before rotation
weights = {"wq": draw(4, 16), "wk": draw(4, 8), "wv": draw(4, 8)}
x, past_key, past_value = draw(3, 4), draw(2, 2, 4), draw(2, 2, 4)
stages = projected(x, x, weights, 4, 2)
stages["key"] = np.concatenate([past_key, stages["key"]], axis=1)
stages["value"] = np.concatenate([past_value, stages["value"]], axis=1)
stages["query_rotated"] = rotated(stages["query"], np.arange(3) + 2, 50.0)
stages["key_rotated"] = rotated(stages["key"], np.arange(5), 50.0)
stages |= attend(stages["query_rotated"], stages["key_rotated"], stages["value"], seen=visible(3, 5, offset=2, causal=True))
case_trace(
    "rotary and past",
    {"heads": 4, "kv_heads": 2, "causal": True, "position": "rotary", "base": 50.0},
    {"x": x, "past_key": past_key, "past_value": past_value} | weights,
    stages,
)

# ALiBi with three heads: slopes 1/16 and 1/256 of two heads, then the first of four, 1/4
q, k, v = draw(3, 4, 2), draw(3, 4, 2), draw(3, 4, 2)
bias = -np.array([1 / 16, 1 / 256, 1 / 4])[:, None, None] * np.abs(np.arange(4)[:, None] - np.arange(4)[None, :])
stages = {"bias": bias} | attend(q, k, v, bias=bias, seen=visible(4, 4, causal=True))
case_trace("ALiBi", {"heads": 3, "causal": True, "position": "alibi"}, {"q": q, "k": k, "v": v}, stages)

# The recurrence of gated delta, token by token
q, k, v = draw(2, 4, 3), draw(1, 4, 3, spread=0.5), draw(1, 4, 2)
decay, beta, state = -np.abs(draw(4, 3)), np.abs(draw(4, 1)), draw(1, 3, 2)
stages = {name: [] for name in ("decayed", "prediction", "error", "update", "state", "mixed")}
S = state[0].astype(np.float64)
for t in range(4):
    S = np.exp(decay[t].astype(np.float64))[:, None] * S
    stages["decayed"].append(S)
    prediction = S.T @ k[0, t].astype(np.float64)
    error = v[0, t] - prediction
    update = float(beta[t, 0]) * np.outer(k[0, t].astype(np.float64), error)
    S = S + update
    for name, cells in (("prediction", prediction), ("error", error), ("update", update), ("state", S)):
        stages[name].append(cells)
    stages["mixed"].append(np.stack([S.T @ q[h, t].astype(np.float64) / np.sqrt(3) for h in range(2)]))
stages = {name: np.stack(cells)[None] for name, cells in stages.items()}
stages["mixed"] = stages["mixed"][0].transpose(1, 0, 2)
case_trace(
    "gated delta",
    {"heads": 2, "kv_heads": 1, "rule": "gated_delta"},
    {"q": q, "k": k, "v": v, "decay": decay, "beta": beta, "past_state": state},
    stages,
)

path = pathlib.Path(__file__).with_name("golden.json")
path.write_text(json.dumps({"compute": compute, "trace": trace}) + "\n")
print(f"{path.name}: {path.stat().st_size} bytes")
