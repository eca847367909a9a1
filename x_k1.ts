import { openKerasFile } from "./lib/models/keras_file.ts";
import { readTopology } from "./lib/models/keras_topology.ts";
import { seededRandom } from "./lib/math/seeded_random.ts";
const random = seededRandom(Number(Deno.args[0]));
for (const name of ["k3_mlp.h5", "k2_mlp.h5"]) {
  const bytes = Deno.readFileSync("tests/data/keras_models/" + name);
  for (let i = 0; i < Number(Deno.args[1]); i++) {
    const at = Math.floor(random() * bytes.length), mask = 1 << Math.floor(random() * 8);
    bytes[at]! ^= mask;
    const t = performance.now();
    let stage = "open";
    const log = (s: string) => { stage = s; Deno.writeTextFileSync("/tmp/k1/last", `${s} ${name} ${at} ${mask} ${i}`); };
    log("open");
    try { const k = await openKerasFile(bytes); try { log("topo"); const s = readTopology(k.config, k.major, name); log("bind"); k.weights.bind(s); log("close") } finally { k.close(); } } catch (e) { if ((e as Error).name !== "ModelFormatError") console.log(name, at, mask, (e as Error).message.slice(0,200)); }
    const d = performance.now() - t; if (d > 300) console.log("slow", stage, name, at, mask, d);
    bytes[at]! ^= mask;
  }
}
