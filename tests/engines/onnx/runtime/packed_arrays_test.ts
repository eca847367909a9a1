import { assert, assertEquals } from "@std/assert";
import {
  packed,
  unpacked,
} from "../../../../lib/engines/onnx/runtime/packed_arrays.ts";

const MESSAGE = {
  kind: "run",
  feeds: { x: { data: Float32Array.of(1, 2), shape: [2] } },
  list: [Uint8Array.of(1, 2, 3).subarray(1), BigInt64Array.of(5n)],
  half: Float16Array.of(0.5),
  spare: [new ArrayBuffer(4)],
  nothing: undefined,
  none: null,
};

Deno.test("packed() holds no typed array, and unpacked() gives the message back", () => {
  const sent = structuredClone(packed(MESSAGE));
  const views: unknown[] = [];
  JSON.stringify(sent, (_, value) => {
    if (ArrayBuffer.isView(value)) views.push(value);
    return typeof value === "bigint" ? String(value) : value;
  });
  assertEquals(views, []);
  assertEquals(unpacked(sent), MESSAGE);
});

Deno.test("packed() copies nothing and changes nothing", () => {
  const data = Float32Array.of(1, 2);
  const message = { data };
  const sent = packed(message) as { data: { buffer: ArrayBuffer } };
  assert(sent.data.buffer === data.buffer);
  assert(message.data === data);
});
