"""What Python makes of arrays, before the page has seen them. `python -m unittest discover python/tests`."""

import unittest

import numpy as np

from attention_playground import AttentionPlayground, attention_matrices, qkv_matrices


def softmax(scores):
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def array(matrix):
    return np.array([float(x) for x in matrix["data"]]).reshape(matrix["shape"])


class Tensor:
    """As much of a tensor of PyTorch as is asked of it: NumPy cannot read it as it is."""

    def __init__(self, value):
        self.value = value

    def __array__(self, *_, **__):
        raise TypeError("on another device")

    def detach(self):
        return self

    cpu = float = detach

    def numpy(self):
        return self.value


class Arrays(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(7)

    def test_heads_own_columns(self):
        q = self.random.normal(size=(2, 3, 4))
        matrices, fields = qkv_matrices(q, q, q)
        self.assertEqual(matrices["q"]["shape"], [3, 8])
        np.testing.assert_allclose(array(matrices["q"])[:, 4:], q[1], rtol=1e-6)
        self.assertEqual(fields, {"heads": 2, "kvHeads": 0})

    def test_forms(self):
        q = self.random.normal(size=(5, 2, 3, 4)).astype(np.float32)
        batch, _ = qkv_matrices(q, q, q, batch=4)
        heads, _ = qkv_matrices(q[4], q[4], q[4])
        tensors, _ = qkv_matrices(*[Tensor(q[4])] * 3)
        self.assertEqual(batch, heads)
        self.assertEqual(tensors, heads)
        flat, fields = qkv_matrices(q[0, 0], q[0, 0], q[0, 0])
        self.assertEqual((flat["k"]["shape"], fields["heads"]), ([3, 4], 1))

    def test_grouped_heads(self):
        q, k = self.random.normal(size=(4, 3, 2)), self.random.normal(size=(2, 5, 2))
        _, fields = qkv_matrices(q, k, k)
        self.assertEqual(fields, {"heads": 4, "kvHeads": 2})

    def test_what_json_has_not(self):
        q = np.array([[np.nan, np.inf], [-np.inf, 1]])
        matrices, _ = qkv_matrices(q, q, q)
        self.assertEqual(matrices["q"]["data"], ["NaN", "Infinity", "-Infinity", 1.0])

    def test_refusals(self):
        q = np.ones((2, 3, 4))
        for bad in (
            lambda: qkv_matrices(q[0, 0], q, q),
            lambda: qkv_matrices(q, q, q[:1]),
            lambda: qkv_matrices(np.ones((3, 3, 4)), q, q),
            lambda: qkv_matrices(q, q, q, tokens=["one"]),
            lambda: qkv_matrices(q[np.newaxis], q, q, batch=1),
            lambda: qkv_matrices(np.ones((0, 4)), q, q),
            lambda: attention_matrices(q),
            lambda: attention_matrices(np.full((1, 2, 2), 0.49)),
            lambda: attention_matrices(np.full((1, 2, 2), np.nan)),
        ):
            with self.assertRaises(ValueError):
                bad()

    def test_as_many_heads_as_the_page_has(self):
        many, most = np.ones((32, 2, 2)), np.ones((16, 2, 2))
        qkv_matrices(most, most, most)
        for bad in (
            lambda: qkv_matrices(many, many, many),
            lambda: qkv_matrices(most, many, many),
            lambda: attention_matrices(many / 2),
        ):
            with self.assertRaisesRegex(ValueError, "expected at most 16 heads, found 32"):
                bad()

    def test_attentions_come_out_again(self):
        weights = softmax(self.random.normal(size=(1, 2, 3, 3), scale=4)).astype(np.float32)
        weights[0, 0, 0] = [1, 0, 0]
        matrices, fields = attention_matrices((weights * 0 + 1 / 3, weights), tokens=["a", "b", "c"])
        self.assertEqual(fields["scale"], 1)
        self.assertEqual(matrices["tokens"], ["a", "b", "c"])
        q, k = array(matrices["q"]), array(matrices["k"])
        for head in range(2):
            columns = slice(3 * head, 3 * head + 3)
            np.testing.assert_allclose(softmax(q[:, columns] @ k.T), weights[0, head], atol=1e-6)

    def test_heads_of_attentions_share_the_identity(self):
        matrices, fields = attention_matrices(np.full((8, 5, 5), 0.2))
        self.assertEqual((matrices["k"]["shape"], matrices["v"]["shape"]), ([5, 5], [5, 5]))
        self.assertEqual((fields["heads"], fields["kvHeads"]), (8, 1))
        self.assertEqual(attention_matrices(np.full((5, 5), 0.2))[1]["kvHeads"], 0)

    def test_attentions_in_half_precision(self):
        weights = softmax(self.random.normal(size=(2, 40, 40), scale=3)).astype(np.float32)
        # The upper half of a float's bits, as bf16 keeps them.
        half = (weights.view(np.uint32) & 0xFFFF0000).view(np.float32)
        self.assertGreater(np.abs(half.sum(axis=-1) - 1).max(), 1e-3)
        matrices, _ = attention_matrices(half)
        rows = np.exp(array(matrices["q"])).reshape(40, 2, 40).sum(axis=-1)
        np.testing.assert_allclose(rows, 1, atol=1e-5)


class Widget(unittest.TestCase):
    def test_keywords_are_fields(self):
        widget = AttentionPlayground(text="dog bites man", head_dim=3, hide=["header", "controls"], height=500)
        self.assertEqual(widget.state, {"text": "dog bites man", "headDim": 3, "hide": "header,controls"})
        self.assertEqual((widget.height, widget.matrices), (500, None))

    def test_values_are_plain(self):
        widget = AttentionPlayground(window=(-1, 0), heads=np.int64(3), causal=np.bool_(True), scale=np.float32(0.5))
        self.assertEqual(widget.state, {"window": "-1,0", "heads": 3, "causal": True, "scale": 0.5})
        self.assertEqual([type(value) for value in widget.state.values()], [str, int, bool, float])

    def test_unknown_keywords(self):
        with self.assertRaisesRegex(TypeError, "colour"):
            AttentionPlayground(colour="red")
        with self.assertRaises(TypeError):
            AttentionPlayground.from_qkv(*[np.ones((2, 2))] * 3, batches=1)

    def test_layout_is_that_of_any_widget(self):
        widget = AttentionPlayground.from_qkv(*[np.ones((2, 2))] * 3, layout={"width": "50%"})
        self.assertEqual(widget.layout.width, "50%")
        self.assertNotIn("layout", widget.state)

    def test_arrays(self):
        q = np.ones((2, 3, 4))
        widget = AttentionPlayground.from_qkv(q, q, q, stage="scores", height=500)
        self.assertEqual(widget.state, {"heads": 2, "kvHeads": 0, "stage": "scores"})
        self.assertEqual(widget.matrices["v"]["shape"], [3, 8])
        widget = AttentionPlayground.from_attentions([np.full((1, 1, 2, 2), 0.5)], stage="scores")
        self.assertEqual(widget.state["stage"], "scores")

    def test_messages(self):
        widget, sent = AttentionPlayground(), []
        widget.send = lambda content, *_: sent.append(content)
        widget.goto("weights", np.array([0, 1, 2]))
        self.assertEqual(sent, [{"method": "goto", "args": ["weights", [0, 1, 2]]}])

    def test_the_module_is_there(self):
        self.assertIn("attention-playground", str(AttentionPlayground._esm))


if __name__ == "__main__":
    unittest.main()
