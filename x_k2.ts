import { bytesSource } from "./lib/formats/byte_source.ts";
import { Hdf5File } from "./lib/formats/hdf5.ts";
const bytes = Deno.readFileSync("tests/data/keras_models/k3_mlp.h5");
bytes[19265]! ^= 8;
console.log([...bytes.slice(19240, 19300)].map(b=>b.toString(16)).join(" "), new TextDecoder("latin1").decode(bytes.slice(19100, 19400)).replace(/[^ -~]/g, "."));
const src = bytesSource(bytes, "x");
let n = 0;
const h = await Hdf5File.open({ ...src, read(p, i) { if (n++ > 400 && n < 420) console.log(p, i.length); bytesSource(bytes, "x").read(p, i); } });
for (const g of h.groups) { console.log(g); console.log(h.texts(g, "weight_names"), h.texts(g, "layer_names")); }
