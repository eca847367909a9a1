import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  abortError,
  LayerNotFoundError,
  ModelFormatError,
  UnsupportedByEngineError,
} from "../lib/errors.ts";

Deno.test("LayerNotFoundError() names the id and the nearest names", () => {
  const error = new LayerNotFoundError('"layer5"', ["layer4", "layer3"]);
  assertEquals(
    error.message,
    'Cannot find layer "layer5" in the model: nearest names are "layer4", "layer3"',
  );
  assertEquals(error.name, "LayerNotFoundError");
  assertEquals(error.id, '"layer5"');
  assertEquals(error.nearest, ["layer4", "layer3"]);
  assert(error instanceof RangeError);
});

Deno.test("LayerNotFoundError() gives a reason where there is one", () => {
  assertEquals(
    new LayerNotFoundError("9", [], "indices are 0 to 3, or -4 to -1").message,
    "Cannot find layer 9 in the model: indices are 0 to 3, or -4 to -1",
  );
  assertEquals(
    new LayerNotFoundError('"a"', ["b"], "it is a glob").message,
    'Cannot find layer "a" in the model: it is a glob; nearest name is "b"',
  );
  assertEquals(
    new LayerNotFoundError('"a"', []).message,
    'Cannot find layer "a" in the model',
  );
});

Deno.test("UnsupportedByEngineError() names the engine that lacks it", () => {
  const error = new UnsupportedByEngineError(
    "perturb inputs",
    "tfjs:graph",
    "the model must give gradients",
  );
  assertEquals(
    error.message,
    'Cannot perturb inputs as the model must give gradients: current engine is "tfjs:graph"',
  );
  assertEquals([error.name, error.engine], [
    "UnsupportedByEngineError",
    "tfjs:graph",
  ]);
  assert(error instanceof TypeError);
});

Deno.test("ModelFormatError() names the file and keeps the error underneath", () => {
  const cause = new SyntaxError("Unexpected end of JSON input");
  const error = new ModelFormatError("a/model.json", "it must be JSON", {
    cause,
  });
  assertEquals(
    error.message,
    'Cannot load model "a/model.json" as it must be JSON',
  );
  assertEquals([error.name, error.source], [
    "ModelFormatError",
    "a/model.json",
  ]);
  assertStrictEquals(error.cause, cause);
  assert(error instanceof SyntaxError);
});

Deno.test("abortError() gives the signal's own reason if it is an error", () => {
  const reason = new RangeError("too late");
  assertStrictEquals(abortError(AbortSignal.abort(reason), "now"), reason);
});

Deno.test("abortError() says how far the run was if the reason says nothing", () => {
  for (const reason of [undefined, "stop"]) {
    const error = abortError(AbortSignal.abort(reason), "after 3 of 9 samples");
    assertEquals(error.name, "AbortError");
    assertEquals(error.message, "Run was stopped after 3 of 9 samples");
  }
});

Deno.test("abortError() keeps the reason of a signal that timed out", () => {
  const reason = new DOMException("Signal timed out.", "TimeoutError");
  assertStrictEquals(abortError(AbortSignal.abort(reason), "now"), reason);
});
