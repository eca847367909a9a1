import { runCase, sequenceCases, shapesOf } from "./_sequence_cases.ts";
for (const family of Deno.args) {
  let ok=0; const cases = sequenceCases(family);
  for (const c of cases) {
    try {
      const out = await runCase(c);
      let err=0; 
      if (out.length!==c.outputs.length) throw new Error(`${out.length} outputs for ${c.outputs.length}`);
      out.forEach((o,i)=>{ const w=c.outputs[i]!; if(o.shape.join()!==w.shape.join()) throw new Error(`shape ${o.shape} for ${w.shape}`); let m=0,l=1e-30; w.data.forEach((v,j)=>{m=Math.max(m,Math.abs(v-o.data[j]!));if (Number.isNaN(o.data[j]!)) m=Infinity;l=Math.max(l,Math.abs(v))}); err=Math.max(err,m/l)});
      if (err>1e-5) console.log("WRONG",c.name,err); else ok++;
      shapesOf(c,[0]);
    } catch(e) { console.log("FAIL",c.name, (e as Error).message.slice(0,300)); }
  }
  console.log(family, ok, "of", cases.length);
}
