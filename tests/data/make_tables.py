"""Small tables, as people have them.

    .venv-images/bin/python tests/data/make_tables.py     (pyarrow 26.0.1, Pillow 13.0.0)

Writes tests/data/tables. photos.parquet is as Hugging Face's `datasets` writes a
folder of images; numbers.npz and the like are NumPy's.
"""
import decimal
import gzip
import io
import json
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).parent / "tables"
PHOTOS = FOLDER.parent / "photos"
RANDOM = np.random.default_rng(5)
SPECIES = ["setosa", "versicolor", "virginica"]


def flowers():
    rows = ["sepal_length,sepal_width,petal_length,petal_width,species"]
    for i in range(30):
        k = i % 3
        a, b = 5 + k * 0.75 + i / 100, 3.4 - k * 0.25
        rows.append(f"{a:.2f},{b:.2f},{1.5 + 2 * k:.1f},{0.1 + 0.9 * k + i / 50:.2f},{SPECIES[k]}")
    (FOLDER / "flowers.csv").write_text("\n".join(rows) + "\n")


def texts():
    lines = ['id\ttext\tvalue', 'a\t"two\nlines, ""quoted"""\t1.5', 'é\tplain\t-2', '😀\t\t3']
    (FOLDER / "quoted.tsv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n")
    (FOLDER / "numbers.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n3,4\n5,6\n", mtime=0))
    (FOLDER / "mixed.csv").write_text("a,b\n1,2\nx,4\n5,6\n")
    (FOLDER / "nulls.csv").write_text("a,b\n1,2\n3,\n5,6\n")
    records = [{"v": [i, i + 0.5], "n": i, "y": "ab"[i % 2]} for i in range(5)]
    (FOLDER / "records.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    for split, start in (("train", 0), ("test", 10)):
        folder = FOLDER / "hive" / f"split={split}"
        folder.mkdir(parents=True, exist_ok=True)
        for part in range(2):
            n = np.arange(start + 3 * part, start + 3 * part + 3)
            pq.write_table(pa.table({"n": n, "x": n / 2}), folder / f"{part}.parquet")


def parquet():
    n = 3000  # more than one vector of DuckDB, three row groups
    vectors = RANDOM.normal(size=(n, 4)).astype(np.float32)
    flat = pa.array(vectors.reshape(-1))
    pq.write_table(
        pa.table({
            "list": pa.ListArray.from_arrays(np.arange(0, 4 * n + 1, 4, dtype=np.int32), flat),
            "fixed": pa.FixedSizeListArray.from_arrays(flat, 4),
            "nested": pa.array([[[float(i)] * 2] * 2 for i in range(n)], pa.list_(pa.list_(pa.float64()))),
            "big": pa.array(np.arange(n, dtype=np.int64) + 2**53 - 1500),
            "y": pa.array((np.arange(n) % 7).astype(np.int8)),
            "id": pa.array([f"row {i}" for i in range(n)]),
            "flag": pa.array(np.arange(n) % 2 == 0),
            "when": pa.array([0] * n, pa.timestamp("s")),
        }),
        FOLDER / "vectors.parquet", row_group_size=1000, compression="zstd")
    pq.write_table(pa.table({"v": [[1.0, 2.0], [3.0], [4.0, 5.0]]}), FOLDER / "ragged.parquet")
    pq.write_table(pa.table({"v": pa.array([[1.0, 2.0], [3.0, None]])}), FOLDER / "holes.parquet")
    long = pa.array([decimal.Decimal(i) for i in range(3)], pa.decimal256(50, 0))
    pq.write_table(pa.table({"v": long}), FOLDER / "decimals.parquet")
    buffer = io.BytesIO()
    pq.write_table(pa.table({"x": RANDOM.normal(size=400)}), buffer, row_group_size=100,
                   compression="snappy", use_dictionary=False)
    data = bytearray(buffer.getvalue())
    start = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(2).column(0).data_page_offset
    data[start : start + 20] = b"\xff" * 20
    (FOLDER / "damaged.parquet").write_bytes(data)


def photos():
    rows = [(path, label) for label, name in enumerate(("circles", "squares"))
            for path in sorted((PHOTOS / name).iterdir())]
    images = [{"bytes": path.read_bytes(), "path": path.name} for path, _ in rows]
    table = pa.table({
        "image": pa.array(images, pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        "label": pa.array([label for _, label in rows], pa.int64()),
    })
    info = {"info": {"features": {
        "image": {"_type": "Image"},
        "label": {"names": ["circles", "squares"], "_type": "ClassLabel"},
    }}}
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(info)}),
                   FOLDER / "photos.parquet", row_group_size=5)


def numpy():
    x = RANDOM.integers(-100, 100, (6, 2, 3)).astype(np.float32)
    np.save(FOLDER / "rows.npy", x)
    np.save(FOLDER / "fortran.npy", np.asfortranarray(x))
    np.save(FOLDER / "big_endian.npy", x.astype(">f4"))
    np.save(FOLDER / "objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    arrays = {"x": x, "y": np.array([0, 1, 0, 2, 1, 0]), "id": np.arange(6) + 2**40,
              "fortran": np.asfortranarray(x.astype(">f8")), "far": np.arange(6) + 2**31,
              "odd": np.arange(6) + 2**24 + 1, "few": np.zeros(3)}
    np.savez(FOLDER / "arrays.npz", **arrays)
    np.savez_compressed(FOLDER / "packed.npz", **arrays)
    kinds = np.array(["dog", "ä", "", "😀", "dog", "ä"])
    np.savez(FOLDER / "named.npz", x=x, kind=kinds, swapped=kinds.astype(">U3"),
             id=np.array([b"a", b"bb", b"ccc", b"d", b"e", "é".encode()]), latin=np.array([b"\xe9"] * 6),
             object=np.array([{"a": 1}] * 6, dtype=object), complex=np.zeros(6, np.complex64))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    flowers()
    texts()
    parquet()
    photos()
    numpy()
