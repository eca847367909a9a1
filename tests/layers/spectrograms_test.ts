import { assertEquals, assertThrows } from "@std/assert";
import { testLayerCases } from "../support/layer_cases.ts";
import { assertAllClose } from "../support/all_close.ts";
import { called, layerOf, shapeAfter } from "./_one_call.ts";

testLayerCases("spectrograms");

Deno.test("stftSpectrogram() refuses the angle", () => {
  assertThrows(
    () => layerOf("STFTSpectrogram", { mode: "angle" }),
    Error,
    `current value is "angle"`,
  );
});

Deno.test("stftSpectrogram() must know the number of channels", () => {
  const layer = layerOf("STFTSpectrogram", { mode: "real", "frame_length": 4 });
  const kernel = [4, 1, 3];
  assertEquals(shapeAfter(layer, [null, null, 2], [kernel]), [null, null, 6]);
  assertThrows(
    () => shapeAfter(layer, [null, 9, null], [kernel]),
    TypeError,
    "the number of its input's channels must be known",
  );
});

Deno.test("melSpectrogram() clips decibels relative to the largest value of the batch", async () => {
  const options = { "fft_length": 4, "sequence_stride": 4, "num_mel_bins": 2 };
  const bands = { "sampling_rate": 8, "min_freq": 0, "max_freq": 4 };
  const limits = { "top_db": 30, "ref_power": 2, "min_power": 1e-3 };
  const signals = [
    [0, 4, 8, 12, 16, 12, 8, 4, 0],
    [0, 0.005, 0, -0.005, 0, 0.005, 0, -0.005, 0],
  ];
  const valuesOf = async (isScaled: boolean) => {
    const config = { ...options, ...bands, ...limits };
    const layer = layerOf("MelSpectrogram", {
      ...config,
      "power_to_db": isScaled,
    });
    return (await called(layer, signals) as number[][][]).flat(2);
  };
  const power = await valuesOf(false);
  const relative = power.map((p) => 10 * Math.log10(Math.max(p, 1e-3) / 2));
  const least = Math.max(...relative) - 30;
  const expected = relative.map((value) => Math.max(value, least));
  assertAllClose(await valuesOf(true), expected, { rtol: 1e-6 });
});
