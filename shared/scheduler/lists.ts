// Short lists that are replaced and never changed in place: nearly all have no entry or one, there are
// some for every task and block, and whoever goes through one need not fear that it changes meanwhile.

/** The empty list, shared by all. */
export const NONE: readonly never[] = [];

export const withItem = <T>(list: readonly T[], item: T): readonly T[] =>
  list.length === 0 ? [item] : [...list, item];

export function without<T>(list: readonly T[], item: T): readonly T[] {
  if (list.length === 1) return list[0] === item ? NONE : list;
  return list.filter((other) => other !== item);
}
