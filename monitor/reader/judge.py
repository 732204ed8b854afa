"""The trained judge's weights, from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from monitor.core.forest import Forest
from monitor.core.judging import Judge
from monitor.errors import ModelError

WEIGHTS = Path(__file__).parent / "weights" / "judge.safetensors"
#: What a file of weights must hold.
TENSORS = frozenset({"roots", "feature", "threshold", "left", "right", "value", "start", "n_forests"})


def load_judge(path: Path = WEIGHTS) -> Judge:
    """Return the judge that ships. Raises: ModelError."""
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except (OSError, SafetensorError) as exc:
        raise ModelError(f"{path}: the judge's weights cannot be read ({exc}); reinstall, or train them (docs/reader.md)") from exc
    if missing := TENSORS - arrays.keys():
        raise ModelError(f"{path}: the judge's weights lack {', '.join(sorted(missing))}; reinstall, or train them (docs/reader.md)")
    forest = Forest(
        roots=arrays["roots"].astype(np.int32),
        feature=arrays["feature"].astype(np.int32),
        threshold=arrays["threshold"].astype(np.float32),
        left=arrays["left"].astype(np.int32),
        right=arrays["right"].astype(np.int32),
        value=arrays["value"].astype(np.float32),
        start=float(arrays["start"][0]),
        n_forests=int(arrays["n_forests"][0]),
    )
    return Judge(forest, metadata.get("version", "unknown"))
