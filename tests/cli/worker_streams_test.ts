/** Streams, pipes and processes of the command `worker`. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runWorkerCommand } from "../../lib/cli/worker.ts";
import { batchOf } from "./_arrow_batches.ts";
import {
  batchRows,
  MODEL,
  Receiver,
  Sender,
  streamOf,
  tableOf,
  workerOver,
} from "./_arrow_pipes.ts";

const LAYER = ["--layers", "-2"];

Deno.test("worker writes a batch before the next one is sent, and the schema before any", async () => {
  const stdin = new Sender();
  const whole = streamOf([batchOf(2), batchOf(2, 2)]);
  const one = streamOf([batchOf(2)]);
  const none = streamOf([], batchOf(0).schema);
  const stdout = new Receiver();
  const written = stdout.expect();
  const running = runWorkerCommand([MODEL], { stdin, stdout, log() {} });
  const end = 8; // the marker
  stdin.send(none.subarray(0, none.length - end));
  await written;
  const next = stdout.expect();
  stdin.send(one.subarray(none.length - end, one.length - end));
  await next; // a worker that waits for the next batch never comes here
  stdin.send(whole.subarray(one.length - end));
  stdin.end();
  assertEquals(await running, 0);
  assertEquals(batchRows(stdout.bytes), [2, 2]);
});

Deno.test("worker reads no further than two batches ahead of a slow reader", async () => {
  const stdin = new Sender();
  const batches = Array.from({ length: 40 }, (_, i) => batchOf(64, 64 * i));
  const bytes = streamOf(batches);
  stdin.send(bytes);
  stdin.end();
  const stdout = new Receiver();
  const most: number[] = [];
  const size = bytes.length / batches.length;
  let count = 0;
  const slow = {
    write: (chunk: Uint8Array) => {
      count++;
      most.push(stdin.numRead / size - count);
      return stdout.write(chunk);
    },
  };
  assertEquals(
    await runWorkerCommand([MODEL, ...LAYER], {
      ...{ stdin, stdout: slow, log() {} },
    }),
    0,
  );
  assert(Math.max(...most) < 4, `read ${Math.max(...most)} batches ahead`);
  assertEquals(batchRows(stdout.bytes).length, 40);
});

Deno.test("worker refuses a stream that is cut anywhere, and one without its marker", async () => {
  const bytes = streamOf([batchOf(5), batchOf(3, 5)]);
  const last = bytes.length - 8;
  for (const length of [4, 20, last - 30, last, last + 4]) {
    const { code, log } = await workerOver(bytes.subarray(0, length), LAYER);
    assertEquals(code, 1);
    assertStringIncludes(log, "must end with an end-of-stream marker");
    assertStringIncludes(log, "cut in message");
  }
});

Deno.test("worker refuses what is no stream, has no schema, or has two", async () => {
  const good = streamOf([batchOf(2)]);
  const schema = streamOf([], batchOf(0).schema);
  const head = schema.subarray(0, schema.length - 8);
  const join = (...parts: Uint8Array[]) =>
    new Uint8Array(parts.flatMap((part) => [...part]));
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "it must begin with a schema"],
    [new TextEncoder().encode("id,x\n1,2\n3,4\n"), "stream format of Arrow"],
    [good.subarray(head.length), "it must begin with a schema"],
    [join(head, good), "a stream must have one schema"],
    [join(good, good), "nothing must follow its end-of-stream marker"],
  ];
  for (const [bytes, message] of cases) {
    const { code, log } = await workerOver(bytes, LAYER);
    assertEquals(code, 1);
    assertStringIncludes(log, message);
  }
});

Deno.test("worker gives the schema alone for a stream without batches", async () => {
  const empty = streamOf([], batchOf(0).schema);
  const run = await workerOver(empty, LAYER);
  assertEquals(run.code, 0, run.log);
  assertEquals(tableOf(run).numRows, 0);
  const fields = tableOf(run).schema.fields.map(String);
  assertEquals(fields, [
    "id: Int64",
    "dropout: FixedSizeList[8]<Float32>",
    "sonde.logits: FixedSizeList[3]<Float32>",
  ]);
});

Deno.test("worker stops when its reader goes away, though its sender sends no end", async () => {
  const stdin = new Sender();
  const whole = streamOf([batchOf(2)]);
  stdin.send(whole.subarray(0, whole.length - 8));
  const broken = new Deno.errors.BrokenPipe("Broken pipe");
  const stdout = { write: () => Promise.reject(broken) };
  let log = "";
  const pipes = { stdin, stdout, log: (text: string) => void (log += text) };
  assertEquals(await runWorkerCommand([MODEL], pipes), 1);
  assertStringIncludes(log, "Broken pipe");
  stdin.end();
});

Deno.test("worker writes help and faults of its command line to stderr alone", async () => {
  for (
    const [args, code, text] of [
      [["--help"], 0, "Usage: worker"],
      [["--layrs", "-2"], 2, "Did you mean --layers?"],
      [["--threads", "none"], 2, "It must be a positive integer"],
      [["--pool", "median"], 2, "mean, max"],
      [["--device", "gpu"], 2, "webgpu"],
      [["--size", "28"], 2, "It must be HEIGHTxWIDTH"],
    ] as const
  ) {
    const run = await workerOver(new Uint8Array(0), args);
    assertEquals([run.code, run.bytes.length], [code, 0]);
    assertStringIncludes(run.log, text);
  }
});

Deno.test("worker says why a model cannot be opened, before it reads", async () => {
  const run = await workerOver(streamOf([batchOf(2)]), [], "none.keras");
  assertEquals([run.code, run.bytes.length], [1, 0]);
  assertStringIncludes(run.log, "Cannot load model as the file must be there");
});

Deno.test("worker ends in its process when its pipes break, and at SIGTERM", async () => {
  const script = new URL("../../lib/cli/worker.ts", import.meta.url).pathname;
  const start = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, MODEL, ...LAYER],
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
  const bytes = streamOf([batchOf(2)]);
  const open = bytes.subarray(0, bytes.length - 8);
  const [killed, broken, gone] = [start(), start(), start()];
  const writers = [killed, broken, gone].map(({ stdin }) => stdin.getWriter());
  // Each has its first batch, and waits for a next one that is never sent.
  await Promise.all(writers.map((writer) => writer.write(open)));
  const readers = [killed, broken, gone].map(({ stdout }) =>
    stdout.getReader()
  );
  await Promise.all(readers.map((reader) => reader.read()));
  killed.kill("SIGTERM");
  await readers[1]!.cancel();
  await writers[1]!.write(
    open.subarray(streamOf([], batchOf(0).schema).length - 8),
  );
  await writers[2]!.close(); // as when the sender dies
  const codes = await Promise.all(
    [killed, broken, gone].map(({ status }) => status),
  );
  assertEquals(codes.map(({ code, signal }) => signal ?? code), [
    ...["SIGTERM", 1, 1],
  ]);
  const logs = await Promise.all(
    [killed, broken, gone].map(({ stderr }) => new Response(stderr).text()),
  );
  assertStringIncludes(logs[1]!, "BrokenPipe");
  assertStringIncludes(logs[2]!, "must end with an end-of-stream marker");
  for (const reader of readers) await reader.cancel();
  await writers[0]!.abort().catch(() => {});
  await writers[1]!.abort().catch(() => {});
});
