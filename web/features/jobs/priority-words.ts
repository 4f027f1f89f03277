// Priorities as people choose them: three words, and the number where a program chose another.

const NAMED: readonly (readonly [number, string])[] = [
  [10, "High"],
  [0, "Normal"],
  [-10, "Low"],
];

export const priorityWords = (priority: number): string =>
  NAMED.find(([named]) => named === priority)?.[1] ?? String(priority).replace("-", "−");

/** The highest first; the present one is among them. */
export const priorityChoices = (present: number): readonly number[] =>
  [...new Set([...NAMED.map(([named]) => named), present])].toSorted((a, b) => b - a);

/** What the page says of it; nothing while it is as usual. */
export const priorityNote = (priority: number): string =>
  priority === 0
    ? ""
    : NAMED.some(([named]) => named === priority)
      ? `${priorityWords(priority)} priority`
      : `Priority ${priorityWords(priority)}`;
