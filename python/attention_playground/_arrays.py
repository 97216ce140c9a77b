"""Arrays of NumPy or PyTorch as the page's matrices: plain data, row by row."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from ._fields import MAX_HEADS

# What models in half precision give: rows of bf16 are off by some thousandths.
ROW_SUM_TOLERANCE = 1e-2
# Below the least weight that a softmax in f32 can give; its logarithm is finite.
SMALLEST = 1e-38


def as_array(value: Any, name: str) -> np.ndarray:
    """A float array of whatever is one: a tensor of PyTorch need not be on the CPU, nor be free of gradients, nor of a type NumPy knows."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().float().numpy()
    array = np.asarray(value, dtype=np.float32)
    if array.size == 0:
        raise ValueError(f"{name}: expected numbers, found none")
    return array


def heads_first(value: Any, name: str, batch: int) -> np.ndarray:
    """[heads, tokens, dim] of any of the three forms."""
    array = as_array(value, name)
    if array.ndim == 4:
        if not -array.shape[0] <= batch < array.shape[0]:
            raise ValueError(f"{name}: expected a batch below {array.shape[0]}, found {batch}")
        array = array[batch]
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3:
        expected = "[tokens, dim], [heads, tokens, dim] or [batch, heads, tokens, dim]"
        raise ValueError(f"{name}: expected {expected}, found {list(array.shape)}")
    if array.shape[0] > MAX_HEADS:
        raise ValueError(f"{name}: expected at most {MAX_HEADS} heads, found {array.shape[0]}")
    return array


def plain(array: np.ndarray) -> dict[str, Any]:
    """JSON has no NaN and no infinity: they stand as text."""
    flat = array.astype(np.float64).ravel()
    data = [float(x) if np.isfinite(x) else ("NaN" if np.isnan(x) else "Infinity" if x > 0 else "-Infinity") for x in flat]
    return {"shape": list(array.shape), "data": data}


def joined(array: np.ndarray) -> np.ndarray:
    """[tokens, heads * dim]: head h owns the columns h * dim up to (h + 1) * dim."""
    heads, tokens, dim = array.shape
    return array.transpose(1, 0, 2).reshape(tokens, heads * dim)


def qkv_matrices(q: Any, k: Any, v: Any, tokens: Sequence[str] | None = None, batch: int = 0) -> tuple[dict, dict]:
    """The page's matrices of queries, keys and values, and the fields that go with them."""
    arrays = {name: heads_first(value, name, batch) for name, value in (("q", q), ("k", k), ("v", v))}
    heads, kv_heads = arrays["q"].shape[0], arrays["k"].shape[0]
    if arrays["v"].shape[:2] != arrays["k"].shape[:2]:
        raise ValueError(f"v: expected as many heads and tokens as k, found {list(arrays['v'].shape)} and {list(arrays['k'].shape)}")
    if heads % kv_heads != 0:
        raise ValueError(f"q: expected a multiple of the {kv_heads} heads of k, found {heads}")
    matrices: dict[str, Any] = {name: plain(joined(array)) for name, array in arrays.items()}
    if tokens is not None:
        if len(tokens) != arrays["q"].shape[1]:
            raise ValueError(f"tokens: expected {arrays['q'].shape[1]}, found {len(tokens)}")
        matrices["tokens"] = [str(token) for token in tokens]
    return matrices, {"heads": heads, "kvHeads": 0 if kv_heads == heads else kv_heads}


def attention_matrices(attentions: Any, tokens: Sequence[str] | None = None, layer: int = -1, batch: int = 0) -> tuple[dict, dict]:
    """Matrices whose attention has these weights.

    A model that returns its attentions keeps its queries and keys to itself. Queries that are the logarithms of the weights, keys and values
    that are the identity, and a scale of 1 have these very weights: softmax(log w) = w, since each row sums to 1.
    Rows in half precision miss 1 by a little (up to 0.01 is taken): they are divided by their sum first. The heads share one identity.
    """
    weights = attentions[layer] if isinstance(attentions, (list, tuple)) else attentions
    array = heads_first(weights, "attentions", batch)
    sums = array.sum(axis=-1, keepdims=True)
    if not np.allclose(sums, 1, rtol=0, atol=ROW_SUM_TOLERANCE):
        farthest = sums.flat[np.argmax(np.abs(sums - 1))]
        raise ValueError(f"attentions: expected rows that sum to 1, found one that sums to {farthest:g}")
    identity = np.eye(array.shape[2], dtype=np.float32)
    queries = np.log(np.maximum(array / sums, SMALLEST))
    matrices, fields = qkv_matrices(queries, identity, identity, tokens)
    return matrices, {**fields, "scale": 1, "stage": "weights"}
