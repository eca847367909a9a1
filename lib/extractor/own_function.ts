const names = new WeakMap<object, string>();

/**
 * What a caller's own function is called in the settings of a feature set.
 *
 * Its text would not say what it closes over, so each function gets a name
 * that no other has, in this process or another: sets that it made equal each
 * other, and nothing else.
 *
 * @param step The function.
 * @returns The same text for the same function.
 */
export function ownName(step: object): string {
  const known = names.get(step);
  if (known !== undefined) return known;
  const name = `own ${crypto.randomUUID()}`;
  names.set(step, name);
  return name;
}
