import { assertEquals } from "@std/assert";
import {
  inKerasSpelling,
  snakeCase,
} from "../../../lib/models/graph/keras_spelling.ts";

Deno.test("snakeCase() parts words at capitals", () => {
  const strings = ["channelsLast", "kernel_size", "relu6", "conv2dSame"];
  assertEquals(strings.map(snakeCase), [
    ...["channels_last", "kernel_size", "relu6", "conv2d_same"],
  ]);
});

Deno.test("inKerasSpelling() keeps names and classes, and makes nothing null", () => {
  const layer = { className: "LSTMCell", config: { name: "myCell" } };
  assertEquals(
    inKerasSpelling({
      layer,
      dataFormat: "channelsFirst",
      a: undefined,
      n: [1],
    }),
    {
      layer: { "class_name": "LSTMCell", config: { name: "myCell" } },
      "data_format": "channels_first",
      a: null,
      n: [1],
    },
  );
});
