/** An array as the fixtures hold it. */
export interface CaseArray {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Reads the cases of `tests/data/ops`, which `make_ops_cases.py` made. */
export function readCases<C>(name: string): C[] {
  const url = new URL(`../../data/ops/${name}.json`, import.meta.url);
  return JSON.parse(Deno.readTextFileSync(url));
}
