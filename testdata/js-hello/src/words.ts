export interface Counts {
  words: number;
  lines: number;
  top: [word: string, times: number][];
}

/** count counts words, whatever their script. */
export function count(text: string): Counts {
  const times = new Map<string, number>();
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  for (const w of words) times.set(w, (times.get(w) ?? 0) + 1);
  const top = [...times].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, 3);
  return { words: words.length, lines: text.split("\n").length - 1, top };
}
