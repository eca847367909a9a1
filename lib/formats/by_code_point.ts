/**
 * Compares strings by code points, as Python does; JavaScript compares UTF-16
 * units, which orders emoji before some letters.
 *
 * @param a A string.
 * @param b Another.
 * @returns Below 0 if `a` comes first, above 0 if `b` does, 0 for equal
 * strings.
 */
export function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === length) return a.length - b.length;
  // The second half of a surrogate pair is not significant.
  const isSecond = at > 0 && isLow(a, at) && isLow(b, at);
  const start = isSecond && isHigh(a, at - 1) ? at - 1 : at;
  return a.codePointAt(start)! - b.codePointAt(start)!;
}

function isHigh(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000;
}
