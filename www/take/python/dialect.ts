/** Where NumPy and PyTorch differ; all else is written the same for both. */

export interface Dialect {
  name: "numpy" | "torch";
  /** The module as it is called in the script. */
  np: string;
  /** Before all else: imports, and arrays of f32, in f64 and back. */
  head: string;
  /** Key heads, so many times each. */
  repeat(array: string, times: number): string;
}

const HEAD = `import base64
from math import inf, nan

`;

export const NUMPY: Dialect = {
  name: "numpy",
  np: "np",
  head: `${HEAD}import numpy as np

np.seterr(all="ignore")


def numbers(held, *shape):
    if isinstance(held, str):
        held = np.frombuffer(base64.b64decode(held), "<f4")
    return np.array(held, np.float32).reshape(shape)


def places(count):
    return np.arange(count, dtype=np.float64)


def zeros(*shape):
    return np.zeros(shape, np.float32)


def wide(array):
    return array.astype(np.float64)


def f32(array):
    return np.asarray(array).astype(np.float32)
`,
  repeat: (array, times) => `np.repeat(${array}, ${times}, axis=0)`,
};

export const TORCH: Dialect = {
  name: "torch",
  np: "torch",
  head: `${HEAD}import torch


def numbers(held, *shape):
    if isinstance(held, str):
        held = torch.frombuffer(bytearray(base64.b64decode(held)), dtype=torch.float32)
    return torch.as_tensor(held, dtype=torch.float32).reshape(shape).clone()


def places(count):
    return torch.arange(count, dtype=torch.float64)


def zeros(*shape):
    return torch.zeros(shape, dtype=torch.float32)


def wide(array):
    return array.double()


def f32(array):
    return array.float()
`,
  repeat: (array, times) => `torch.repeat_interleave(${array}, ${times}, dim=0)`,
};
