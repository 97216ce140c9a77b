"""Attention, step by step, in a notebook."""

from ._arrays import attention_matrices, qkv_matrices
from ._widget import AttentionPlayground

__all__ = ["AttentionPlayground", "attention_matrices", "qkv_matrices"]
