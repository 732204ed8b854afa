"""The matter head: question, seeds' headlines and one article, read together, to the step that the article tells of this matter.

A sentence alone says that something ended; only beside the question does it say that *this* strike ended and not another. So the states
that the encoder has made of question, seeds and article are laid in one row and run through a small transformer (two layers, pre-norm,
Vaswani et al. 2017), together with what the reading head made of each sentence. Several nets, each trained without a part of the storylines, are
averaged. Pure numpy, as the row is about a hundred tokens long.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from threadpoolctl import ThreadpoolController

from monitor.core.types import FloatArray
from monitor.errors import ModelError
from monitor.reader.head import PHASES, gelu, softmax

WEIGHTS = Path(__file__).parent / "weights" / "matter.safetensors"
#: Kinds of rows, in the order of the weights; 0 is padding. Gists stand for sentences: what the reading head made of them.
QUESTION, SEED, HEADLINE, LEAD, HEAD_GIST, BODY_GIST = range(1, 7)
#: Tokens of each text that are read, seeds (the latest) that are shown, and body sentences that leave a gist.
MAX_TOKENS = {QUESTION: 40, SEED: 24, HEADLINE: 32, LEAD: 64}
MAX_SEEDS, MAX_BODY_GISTS = 3, 4
N_HEADS = 4
#: Probabilities of phases enter the output as logarithms, cut here and shifted so that the cut is nearly nothing.
LEAST_PROBABILITY, LOG_SHIFT = 3e-3, 3.5
_LAYER_NORM_EPSILON = 1e-5
#: What every net of a file of weights must hold, beside its layers.
_TENSORS = ("norm", "proj", "gist", "out", "told", "kinds")


@dataclass(frozen=True, slots=True)
class Row:
    """What is laid before the head: parts in the order of a row."""

    #: (kind, (n_tokens, 2 * dim) float32): the reading head's mixture of layers beside the last layer.
    texts: tuple[tuple[int, FloatArray], ...]
    #: (kind, (20,)): probabilities of phases and stances of headline and lead, then of body sentences.
    gists: tuple[tuple[int, FloatArray], ...]


@dataclass(frozen=True, slots=True)
class _Layer:
    weights: dict[str, FloatArray]

    def __call__(self, rows: FloatArray) -> FloatArray:
        weights = self.weights
        rows = rows + self._attend(_normed(rows, weights["norm1.weight"], weights["norm1.bias"]))
        inner = gelu(_normed(rows, weights["norm2.weight"], weights["norm2.bias"]) @ weights["linear1.weight"].T + weights["linear1.bias"])
        found: FloatArray = rows + inner @ weights["linear2.weight"].T + weights["linear2.bias"]
        return found

    def _attend(self, rows: FloatArray) -> FloatArray:
        n_rows, dim = rows.shape
        mixed = rows @ self.weights["self_attn.in_proj_weight"].T + self.weights["self_attn.in_proj_bias"]
        queries, keys, values = mixed.reshape(n_rows, 3, N_HEADS, dim // N_HEADS).transpose(1, 2, 0, 3)
        attention = softmax(queries @ keys.transpose(0, 2, 1) / np.sqrt(dim // N_HEADS))
        joined = (attention @ values).transpose(1, 0, 2).reshape(n_rows, dim)
        found: FloatArray = joined @ self.weights["self_attn.out_proj.weight"].T + self.weights["self_attn.out_proj.bias"]
        return found


class MatterHead:
    """Applies the weights."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Load the weights. Raises: ModelError."""
        try:
            with safe_open(path, framework="numpy") as file:
                tensors: dict[str, FloatArray] = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
                self.metadata: dict[str, str] = file.metadata() or {}
        except (OSError, SafetensorError) as exc:
            raise ModelError(
                f"{path}: the matter head's weights cannot be read ({exc}); reinstall, or train them (docs/reader.md)"
            ) from exc
        numbers = sorted({int(name.split(".")[0]) for name in tensors if name.split(".")[0].isdigit()})
        self._threads = ThreadpoolController()
        self._nets = tuple(_Net(_inside(tensors, str(number))) for number in numbers)
        if not self._nets:
            raise ModelError(f"{path}: the matter head's weights hold no net; reinstall, or train them (docs/reader.md)")

    @property
    def encoder_id(self) -> str:
        """`model_id` of the encoder whose states the weights were trained on."""
        return self.metadata.get("encoder", "")

    @property
    def version(self) -> str:
        """Name of this set of weights."""
        return self.metadata.get("version", "unknown")

    @property
    def n_nets(self) -> int:
        """Number of nets; storyline `i` of the sorted training corpus is unknown to net `i % n_nets`."""
        return len(self._nets)

    def alone(self, number: int) -> MatterHead:
        """Return a head of one net only."""
        found = copy(self)
        found._nets = (self._nets[number],)
        return found

    def tell(self, row: Row) -> FloatArray:
        """Return the probabilities of a row, in the order of `core.telling.NAMES`: (22,), the mean over the nets."""
        # Threads wait for each other far longer than such small products take, twenty times so on busy cores.
        with self._threads.limit(limits=1, user_api="blas"):
            found: FloatArray = np.mean([net.tell(row) for net in self._nets], axis=0, dtype=np.float32)
        return found


class _Net:
    """One trained net."""

    def __init__(self, weights: dict[str, FloatArray]) -> None:
        if missing := [name for name in _TENSORS if f"{name}.weight" not in weights]:
            raise ModelError(f"the matter head's weights lack {', '.join(missing)}; reinstall, or train them (docs/reader.md)")
        self._weights = weights
        numbers = sorted({int(name.split(".")[2]) for name in weights if name.startswith("layers.layers.")})
        self._layers = tuple(_Layer(_inside(weights, f"layers.layers.{number}")) for number in numbers)

    def tell(self, row: Row) -> FloatArray:
        weights = self._weights
        kinds = [kind for kind, part in row.texts for _ in range(len(part))] + [kind for kind, _ in row.gists]
        texts = np.concatenate([part for _, part in row.texts])
        rows = self._linear(_normed(texts, weights["norm.weight"], weights["norm.bias"]), "proj")
        if row.gists:
            rows = np.concatenate([rows, self._linear(np.stack([gist for _, gist in row.gists]), "gist")])
        rows = np.concatenate([weights["summary"][None], rows + weights["kind.weight"][kinds]])
        for layer in self._layers:
            rows = layer(rows)
        rows = _normed(rows, weights["out.weight"], weights["out.bias"])
        of_article = np.isin(kinds, (HEADLINE, LEAD))
        pooled = np.concatenate([rows[0], rows[1:][of_article].mean(0) if of_article.any() else np.zeros_like(rows[0])])
        told = self._linear(pooled, "told")
        for weight, gist in zip(weights["skip"], (gist for kind, gist in row.gists if kind == HEAD_GIST), strict=False):
            told[1:] += weight * (np.log(np.maximum(gist[1 : len(PHASES)], LEAST_PROBABILITY)) + LOG_SHIFT)
        return np.concatenate([softmax(told), softmax(self._linear(pooled, "kinds"))])

    def _linear(self, rows: FloatArray, name: str) -> FloatArray:
        found: FloatArray = rows @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return found


def _inside(tensors: dict[str, FloatArray], prefix: str) -> dict[str, FloatArray]:
    return {name.removeprefix(f"{prefix}."): value for name, value in tensors.items() if name.startswith(f"{prefix}.")}


def _normed(rows: FloatArray, weight: FloatArray, bias: FloatArray) -> FloatArray:
    found: FloatArray = (rows - rows.mean(-1, keepdims=True)) / np.sqrt(rows.var(-1, keepdims=True) + _LAYER_NORM_EPSILON) * weight + bias
    return found
