"""How the fixtures' scripts write arrays.

A record is a JSON file with a pool of named arrays, so that none is written
twice. An array is its shape, its dtype and its numbers as base64 of
little-endian bytes, so that float32 comes back to the last bit.
"""

import base64
import json
import shutil

import numpy as np

ABOUT = (
    "Arrays: shape, dtype, and base64 of little-endian numbers in row-major "
    "order. An expected value names an array of the pool."
)


def clear(folder):
    """An empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class Pool:
    """Arrays under their names, each written once."""

    def __init__(self, keeps_double=False):
        self.arrays = {}
        self.keeps_double = keeps_double

    def add(self, name, value):
        """Keeps an array; the same name must bring the same numbers."""
        value = np.asarray(value)
        if value.dtype == np.float64 and not self.keeps_double:
            value = value.astype("float32")
        encoded = {
            "shape": list(value.shape),
            "dtype": str(value.dtype),
            "data": base64.b64encode(np.ascontiguousarray(value).tobytes()).decode(),
        }
        if self.arrays.setdefault(name, encoded) != encoded:
            raise ValueError(f"two different arrays are named {name}")
        return name

    def share(self, name, value):
        """Keeps an array under `name`, or gives the name that holds the same numbers."""
        value = np.asarray(value, "float32")
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        for known, encoded in self.arrays.items():
            if encoded["data"] == data and encoded["shape"] == list(value.shape):
                return known
        return self.add(name, value)


def write_record(path, record):
    """Writes a record, one array or case a line."""
    lines = ["{"]
    entries = list(record.items())
    for i, (key, value) in enumerate(entries):
        comma = "," if i < len(entries) - 1 else ""
        if isinstance(value, list) and value:
            rows = ",\n".join("    " + json.dumps(row) for row in value)
            lines.append(f"  {json.dumps(key)}: [\n{rows}\n  ]{comma}")
        elif isinstance(value, dict) and key == "arrays":
            rows = ",\n".join(
                f"    {json.dumps(name)}: {json.dumps(row)}"
                for name, row in value.items()
            )
            lines.append(f"  {json.dumps(key)}: {{\n{rows}\n  }}{comma}")
        else:
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}{comma}")
    lines.append("}")
    path.write_text("\n".join(lines) + "\n")
    json.loads(path.read_text())
