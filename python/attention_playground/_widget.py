"""The widget: a face of Python for the element of the page."""

from __future__ import annotations

import pathlib
from typing import Any, Sequence

import anywidget
import numpy as np
import traitlets

from ._arrays import attention_matrices, qkv_matrices
from ._fields import FIELD_NAMES

HEIGHT = 640


def field_name(keyword: str) -> str:
    """`head_dim` is `headDim`."""
    first, *rest = keyword.split("_")
    return first + "".join(part.capitalize() for part in rest)


def field_value(value: Any) -> Any:
    """As the page and JSON have it: lists are text, and a scalar of NumPy is a number."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return value.item() if isinstance(value, np.generic) else value


class AttentionPlayground(anywidget.AnyWidget):
    """Attention, step by step. Keywords are the fields of the page's state; those that are not given have its defaults.

    What any widget has, such as `layout`, is passed on.
    """

    _esm = pathlib.Path(__file__).parent / "static" / "anywidget.js"

    state = traitlets.Dict().tag(sync=True)
    matrices = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    height = traitlets.Int(HEIGHT).tag(sync=True)

    def __init__(self, *, height: int = HEIGHT, matrices: dict | None = None, **fields: Any) -> None:
        common = {name: fields.pop(name) for name in list(fields) if self.has_trait(name)}
        state = {field_name(name): field_value(value) for name, value in fields.items()}
        for keyword in fields:
            if field_name(keyword) not in FIELD_NAMES:
                raise TypeError(f"{type(self).__name__}: unexpected keyword {keyword!r}")
        super().__init__(height=height, matrices=matrices, state=state, **common)

    @classmethod
    def from_qkv(cls, q: Any, k: Any, v: Any, *, tokens: Sequence[str] | None = None, batch: int = 0, **fields: Any) -> AttentionPlayground:
        """Shows arrays of NumPy or tensors of PyTorch: [tokens, dim], [heads, tokens, dim] or [batch, heads, tokens, dim]."""
        matrices, own = qkv_matrices(q, k, v, tokens, batch)
        return cls._of(matrices, own, fields)

    @classmethod
    def from_attentions(
        cls, attentions: Any, *, tokens: Sequence[str] | None = None, layer: int = -1, batch: int = 0, **fields: Any
    ) -> AttentionPlayground:
        """Shows what a model of Hugging Face returns with `output_attentions=True`: one layer of them."""
        matrices, own = attention_matrices(attentions, tokens, layer, batch)
        return cls._of(matrices, own, fields)

    @classmethod
    def _of(cls, matrices: dict, own: dict, fields: dict) -> AttentionPlayground:
        height = fields.pop("height", HEIGHT)
        widget = cls(height=height, matrices=matrices, **fields)
        widget.state = {**own, **widget.state}
        return widget

    def goto(self, stage: str, index: Sequence[int] | None = None) -> None:
        """Shows a stage, and holds one of its cells where an index is given."""
        self.send({"method": "goto", "args": [stage, None if index is None else [int(i) for i in index]]})

    def play(self) -> None:
        """Plays from where it stands."""
        self.send({"method": "play"})

    def pause(self) -> None:
        """Stops playing."""
        self.send({"method": "pause"})
