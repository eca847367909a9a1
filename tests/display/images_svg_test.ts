import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mapsSvg, MOST_MAPS } from "../../lib/display/maps_svg.ts";
import { SPECS } from "./_specs.ts";

const MAP = { caption: "", z: [0, 1, 2, 3], height: 2, width: 2 };

Deno.test("mapsSvg() escapes captions and names what is not finite", () => {
  const { svg } = mapsSvg(SPECS.maps);
  assertStringIncludes(svg, ">0&lt;1</text>");
  assertStringIncludes(svg, "grey not finite, in 1<");
});

Deno.test("mapsSvg() draws the first of many maps, and says so", () => {
  const maps = Array.from({ length: MOST_MAPS + 4 }, () => MAP);
  const { svg } = mapsSvg({ kind: "maps", title: "t", maps });
  assertStringIncludes(svg, `the first ${MOST_MAPS} of ${MOST_MAPS + 4}`);
});

Deno.test("mapsSvg() makes a full grid when the count can be divided", () => {
  // Cells of 72 pixels and 8 between: nine would fit, six fill two rows.
  const maps = Array.from({ length: 12 }, () => ({ ...MAP, caption: "c" }));
  const { svg } = mapsSvg({ kind: "maps", title: "t", maps });
  const lefts = [...svg.matchAll(/<text x="(\d+)"[^>]*>c</g)].map((m) => m[1]);
  assertEquals(new Set(lefts).size, 6);
});

Deno.test("mapsSvg() averages large maps over blocks, and says so", () => {
  const z = new Float32Array(300 * 300);
  const maps = [{ caption: "", z, height: 300, width: 300 }];
  const { svg } = mapsSvg({ kind: "maps", title: "t", maps });
  assertMatch(svg, /averaged[^]*over blocks|averaged over[^]*blocks/);
});

Deno.test("mapsSvg() says that there are none", () => {
  assertMatch(mapsSvg({ kind: "maps", title: "t", maps: [] }).svg, />no maps</);
});
