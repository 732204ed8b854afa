"""The reading head: token states of a sentence to phase and stance, by weights that `training` made.

A learned mixture of the encoder's layers, pooled by a few learned queries, one hidden layer, two outputs. Pure numpy: the encoder's pass
costs hundreds of times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from monitor.core.ladder import Phase
from monitor.core.types import FloatArray, Stance
from monitor.errors import ModelError

#: Order of the phase output; the first is "tells of no step".
PHASES: tuple[Phase | None, ...] = (None, *Phase)
#: Order of the stance output.
STANCES = tuple(Stance)
WEIGHTS = Path(__file__).parent / "weights" / "head.safetensors"
#: What a file of weights must hold.
TENSORS = frozenset(
    {"mix", "queries", *(f"{layer}.{kind}" for layer in ("norm", "hidden", "phase", "stance") for kind in ("weight", "bias"))}
)


@dataclass(frozen=True, slots=True)
class HeadReading:
    """Probabilities of one sentence."""

    #: (14,), in the order of `PHASES`.
    phases: FloatArray
    #: (6,), in the order of `STANCES`.
    stances: FloatArray


class ReadingHead:
    """Applies the weights."""

    def __init__(self, path: Path = WEIGHTS) -> None:
        """Load the weights. Raises: ModelError."""
        try:
            with safe_open(path, framework="numpy") as file:
                self._weights: dict[str, FloatArray] = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
                self.metadata: dict[str, str] = file.metadata() or {}
        except (OSError, SafetensorError) as exc:
            raise ModelError(f"{path}: the reader's weights cannot be read ({exc}); reinstall, or train them (docs/reader.md)") from exc
        if missing := TENSORS - self._weights.keys():
            raise ModelError(f"{path}: the reader's weights lack {', '.join(sorted(missing))}; reinstall, or train them (docs/reader.md)")

    @property
    def encoder_id(self) -> str:
        """`model_id` of the encoder whose states the weights were trained on: they mean nothing on another's."""
        return self.metadata.get("encoder", "")

    @property
    def version(self) -> str:
        """Name of this set of weights."""
        return self.metadata.get("version", "unknown")

    def read(self, states: Sequence[FloatArray]) -> list[HeadReading]:
        """Return the probabilities of sentences given as (n_layers, n_tokens, dim) states."""
        return [self._read_one(state) for state in states]

    def mixed(self, state: FloatArray) -> FloatArray:
        """Return the head's own mixture (n_tokens, dim) of the layers of states (n_layers, n_tokens, dim)."""
        found: FloatArray = np.tensordot(softmax(self._weights["mix"]), state, axes=1)
        return found

    def _read_one(self, state: FloatArray) -> HeadReading:
        weights = self._weights
        tokens = self.mixed(state)
        tokens = (tokens - tokens.mean(-1, keepdims=True)) / np.sqrt(tokens.var(-1, keepdims=True) + 1e-5)
        tokens = tokens * weights["norm.weight"] + weights["norm.bias"]
        attention = softmax(weights["queries"] @ tokens.T)
        pooled = (attention @ tokens).reshape(-1)
        hidden = gelu(weights["hidden.weight"] @ pooled + weights["hidden.bias"])
        return HeadReading(
            phases=softmax(weights["phase.weight"] @ hidden + weights["phase.bias"]),
            stances=softmax(weights["stance.weight"] @ hidden + weights["stance.bias"]),
        )


def softmax(values: FloatArray) -> FloatArray:
    """Return the probabilities along the last axis."""
    shifted = np.exp(values - values.max(-1, keepdims=True))
    found: FloatArray = shifted / shifted.sum(-1, keepdims=True)
    return found


def gelu(values: FloatArray) -> FloatArray:
    """Return the tanh form of GELU, the one that the weights were trained with."""
    found: FloatArray = 0.5 * values * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (values + 0.044715 * values**3)))
    return found
