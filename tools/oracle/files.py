"""Reading and writing safetensors, and reading CIFAR-10's binary version."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

from setting import Array, Tensors

DTYPES = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "I32": np.dtype("<i4"), "U16": np.dtype("<u2"),
          "U8": np.dtype("u1")}


def read_safetensors(path: Path | str) -> tuple[Tensors, dict[str, str]]:
    """Tensors and metadata: 8 bytes of header length, a JSON header, then the data."""
    raw = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(raw[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def write_safetensors(path: Path | str, tensors: Tensors, metadata: dict[str, str] | None = None) -> None:
    """Writes tensors, the widest types first so that each lies aligned."""
    names = {dtype: name for name, dtype in DTYPES.items()}
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    chunks, offset = [], 0
    for name in sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name)):
        data = np.ascontiguousarray(tensors[name]).tobytes()
        header[name] = {"dtype": names[tensors[name].dtype], "shape": list(tensors[name].shape),
                        "data_offsets": [offset, offset + len(data)]}
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(chunks))


def read_cifar10(folder: Path | str, count: int) -> tuple[Array, Array]:
    """The first `count` training images [N,3,32,32] and labels of CIFAR-10's binary version."""
    folder = Path(folder)
    if not (folder / "data_batch_1.bin").exists():
        folder = folder / "cifar-10-batches-bin"
    files = -(-count // 10_000)
    records = np.concatenate([np.fromfile(folder / f"data_batch_{i + 1}.bin", np.uint8) for i in range(files)])
    records = records.reshape(-1, 3073)[:count]
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]
