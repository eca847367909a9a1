import { assertEquals } from "@std/assert";
import { markdownTable } from "./markdown_table.ts";

Deno.test("markdownTable() prints ratios to peers, and leaves out who was not measured", () => {
  const row = (peer: string, ratio: string) => ({
    benchmark: "peers",
    case: `vit, batch 16, ${peer}`,
    ours: "1234.5",
    ratio,
    threads: "2",
    date: "2026-01-31",
  });
  assertEquals(
    markdownTable([row("oodeel", "2.346"), row("PyTorch", "12.6")]),
    [
      "| network | batch | Sonde, inputs/s | oodeel | Keras predict | tf.function | PyTorch | ONNX Runtime in Python | TF.js wasm |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
      "| vit | 16 | 1,235 | 2.35 | – | – | 13 | – | – |",
      "",
      "Measured 2026-01-31 on 2 threads; how many times as fast Sonde is.",
    ].join("\n"),
  );
});
