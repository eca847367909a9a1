"""Features of a Parquet dataset, by Ray Data and Sonde's worker.

    python ray_features.py IN OUT \\
        deno run --allow-read --allow-ffi jsr:@sonde/sonde/worker model.keras --layers -2

Needs ray[data] and pyarrow, and Deno on every node.
"""
import subprocess
import sys
import tempfile

import pyarrow as pa
import ray


class Extract:
    """Keeps one worker. A table that goes in comes out with its features."""

    def __init__(self, command):
        self.command, self.schema = command, None

    def start(self, schema):
        if self.schema:  # of another block: a column may hold nulls alone
            self.writer.close()
            self.worker.communicate()
        pipe, self.schema, self.log = subprocess.PIPE, schema, tempfile.TemporaryFile()
        self.worker = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=self.log)
        self.writer = pa.ipc.new_stream(self.worker.stdin, schema)

    def __call__(self, table):
        try:
            if is_new := table.schema != self.schema:
                self.start(table.schema)
            # One batch goes in and comes out before the next: it needs no thread.
            [batch] = table.combine_chunks().to_batches()
            self.writer.write_batch(batch)
            self.worker.stdin.flush()
            if is_new:
                self.reader = pa.ipc.open_stream(self.worker.stdout)
            return pa.Table.from_batches([self.reader.read_next_batch()])
        except (OSError, StopIteration, pa.ArrowInvalid) as error:
            self.schema = None  # the next table gets another worker
            self.worker.communicate()
            self.log.seek(0)
            text, code = self.log.read().decode()[-2000:], self.worker.returncode
            raise ChildProcessError(code) if code < 0 else RuntimeError(text) from error


if __name__ == "__main__":
    source, target, *command = sys.argv[1:]
    ray.init(ignore_reinit_error=True)
    # A worker that was killed, as for want of memory: Ray tries its task again.
    ray.data.DataContext.get_current().actor_task_retry_on_errors = [ChildProcessError]
    # With as many actors as CPUs, none is left for the tasks that read.
    actors = max(1, int(ray.cluster_resources()["CPU"]) - 1)
    ray.data.read_parquet(source).map_batches(
        Extract, fn_constructor_args=[command], batch_format="pyarrow", batch_size=512,
        compute=ray.data.ActorPoolStrategy(size=actors),
    ).write_parquet(target)
