"""The checks of `deno task cluster`, each in a process of its own.

    python cluster_checks.py FOLDER [NAME…]

FOLDER holds images.f32, features.f32 and logits.f32, which run_cluster.ts writes.
"""
import glob
import os
import pathlib
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks" / "cluster"
MODEL = ROOT / "notebooks" / "models" / "keras" / "digits.keras"
FOLDER = pathlib.Path(sys.argv[1])
ROWS, PARTS = 20_000, 8
STARTED = []  # processes, each the head of its group
# Guards against a hang, not bounds: on a machine that others use, Spark needs minutes to start.
MOST_SECONDS, MOST_WAIT = 900, 600


def worker(*args, model=MODEL):
    script = str(ROOT / "lib" / "cli" / "worker.ts")
    return ["deno", "run", "--allow-read", "--allow-ffi", script, str(model), "--layers", "-2", "--threads", "1",
            "--inputs", "image", "--id", "id", *args]


def write_images():
    images = np.fromfile(FOLDER / "images.f32", np.float32).reshape(ROWS, -1)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(images.ravel()), images.shape[1])
    table = pa.table({"id": pa.array(range(ROWS), pa.int64()),
                      "image": lists.cast(pa.list_(pa.float32()))})
    for name in ("images", "poisoned"):
        folder = FOLDER / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for i in range(PARTS):
            part = table.slice(i * ROWS // PARTS, ROWS // PARTS)
            if name == "poisoned" and i == 5:
                rows = part.column("image").to_pylist()
                rows[123] = [1.0, 2.0, 3.0]
                part = part.set_column(1, "image", pa.array(rows, pa.list_(pa.float32())))
            pq.write_table(part, folder / f"{i}.parquet", row_group_size=1024)


def check_result(name, logits="sonde.logits"):
    table = pq.read_table(FOLDER / name).sort_by("id")
    assert table.column("id").to_pylist() == list(range(ROWS)), "rows lost or doubled"
    for column, file in (("dropout", "features"), (logits, "logits")):
        wanted = np.fromfile(FOLDER / f"{file}.f32", np.float32)
        rows = table.column(column).combine_chunks()
        rows = rows.storage if isinstance(rows, pa.ExtensionArray) else rows
        found = rows.flatten().to_numpy()
        same = (wanted.view(np.int32) == found.view(np.int32)).mean()
        error = np.abs(wanted - found).max()
        print(f"  {name}: {column} to the bit in {same:.2%}, largest difference {error:.1e}")
        assert error <= 1e-5 * np.abs(wanted).max()


def engine(kind, source, target, *args, model=MODEL):
    """Runs a notebook's script in a process of its own; gives what it prints."""
    shutil.rmtree(FOLDER / target, ignore_errors=True)
    command = [sys.executable, __file__, FOLDER, f"--{kind}", FOLDER / source, FOLDER / target]
    process = subprocess.Popen([*map(str, command), *worker(*args, model=model)],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    STARTED.append(process)
    return process


def finished(process, ok=True, seconds=MOST_SECONDS):
    try:
        text = process.communicate(timeout=seconds)[0].decode()
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        print(process.communicate()[0].decode()[-4000:])
        raise
    if (process.returncode == 0) != ok:
        print(text[-4000:])
        raise AssertionError(f"exit code {process.returncode}")
    return text


def words_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return [b""]


def denos(of_tasks=True):
    """Workers that carry the mark of these checks; those that the engine's tasks started."""
    found = []
    for path in glob.glob("/proc/[0-9]*"):
        pid = int(path.split("/")[2])
        words = words_of(pid)
        if not words[0].endswith(b"deno") or MARK.encode() not in words:
            continue
        parent = pathlib.Path(path, "stat").read_text().rsplit(")", 1)[1].split()[1]
        starter = b" ".join(words_of(parent))
        if not of_tasks or b"ray::" in starter or b"pyspark.daemon" in starter:
            found.append(pid)
    return found


def waited(what, seconds=MOST_WAIT):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


# A batch size that nobody else writes marks the workers of these checks.
MARK = "064"


def whole(kind):
    finished(engine(kind, "images", f"{kind}-out"))
    check_result(f"{kind}-out")


def killed(kind):
    """kill -9 of a worker, once it has work: the engine tries again."""
    process = engine(kind, "images", f"{kind}-killed", "--batch", MARK)
    waited(denos)
    time.sleep(0.5)  # into its work
    killed = denos()[-1]
    os.kill(killed, signal.SIGKILL)
    print(f"  killed {killed}")
    finished(process)
    check_result(f"{kind}-killed")


def poisoned(kind):
    text = finished(engine(kind, "poisoned", f"{kind}-poisoned"), ok=False)
    row = 5 * ROWS // PARTS + 123
    assert f"(id {row})" in text, text[-3000:]
    print("  " + next(line for line in text.splitlines() if f"(id {row})" in line).strip()[:200])


def no_model(kind):
    start = time.monotonic()
    text = finished(engine(kind, "images", f"{kind}-none", model=FOLDER / "none.keras"), ok=False)
    assert "Cannot load model as the file must be there" in text, text[-3000:]
    print(f"  failed after {time.monotonic() - start:.0f} s")


def empty(kind):
    """A folder with a part without rows."""
    folder = FOLDER / "with-empty"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FOLDER / "images", folder)
    nothing = pq.read_table(folder / "0.parquet").slice(0, 0)
    pq.write_table(nothing, folder / "empty.parquet")
    finished(engine(kind, "with-empty", f"{kind}-empty"))
    check_result(f"{kind}-empty")


def driver_gone(kind):
    process = engine(kind, "images", f"{kind}-gone", "--batch", MARK)
    waited(denos)
    process.kill()
    process.wait()
    waited(lambda: not denos(of_tasks=False), 60)


def onnx(kind):
    """The same by a file of toOnnx, without Deno."""
    target = FOLDER / "onnx-out"
    shutil.rmtree(target, ignore_errors=True)
    command = [sys.executable, __file__, FOLDER, "--onnx", FOLDER / "images", target]
    finished(subprocess.Popen([*map(str, command), str(FOLDER / "digits.onnx"), "image"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              start_new_session=True))
    check_result("onnx-out", logits="logits")


def run_engine(kind, args):
    name = "onnx_ray.py" if kind == "onnx" else f"{kind}_features.py"
    sys.argv = [str(NOTEBOOKS / name), *args]
    if kind in ("ray", "onnx"):
        import ray
        ray.init(num_cpus=3, include_dashboard=False, logging_level="error")
    else:
        from pyspark.sql import SparkSession
        # Without the name, Spark looks for the machine's own in vain for a minute.
        os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_HOSTNAME": "localhost"}
        (SparkSession.builder.master("local-cluster[2,1,1024]")
         .config("spark.ui.enabled", "false")
         .config("spark.sql.execution.arrow.maxRecordsPerBatch", "512")
         # Each file is a partition, so that one without rows is too.
         .config("spark.sql.files.openCostInBytes", "64m")
         .config("spark.sql.files.maxPartitionBytes", "64m").getOrCreate())
    runpy.run_path(sys.argv[0], run_name="__main__")


def main():
    if len(sys.argv) > 2 and sys.argv[2].startswith("--"):
        return run_engine(sys.argv[2][2:], sys.argv[3:])
    write_images()
    checks = [whole, killed, poisoned, no_model, empty, driver_gone]
    for kind in ("ray", "spark"):
        for check in [*checks, *([onnx] if kind == "ray" else [])]:
            name = f"{kind} {check.__name__}"
            if sys.argv[2:] and not any(word in name for word in sys.argv[2:]):
                continue
            start = time.monotonic()
            print(name, flush=True)
            try:
                check(kind)
            finally:
                for process in STARTED:
                    if process.poll() is None:
                        os.killpg(process.pid, signal.SIGKILL)
            print(f"  ok, {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
