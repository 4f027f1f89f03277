// Finds the buffers in what `structuredClone` made.

// Kept before any function of a user runs, which may put its own in their places.
const { apply, ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { isArray } = Array;
const Seen = WeakSet;
const mapPrototype: object = Map.prototype;
const setPrototype: object = Set.prototype;
// oxlint-disable typescript/unbound-method -- They are applied to what they are of.
const { has, add } = Seen.prototype;
const { isView } = ArrayBuffer;
const { forEach: forEachEntry } = Map.prototype;
const { forEach: forEachMember } = Set.prototype;
// oxlint-enable typescript/unbound-method

interface Stack {
  readonly value: object;
  readonly next: Stack | null;
}

/**
 * Shows every object of a clone to `count`, which knows buffers. A clone is data with the prototypes that
 * it was born with: walking through it runs nobody's code.
 */
export function countClone(clone: unknown, count: (made: object) => unknown): void {
  const seen = new Seen();
  // A linked list, as functions of users may have changed what arrays do, and clones are deep.
  let stack: Stack | null = null;
  const push = (value: unknown): void => {
    if (typeof value === "object" && value !== null) stack = { value, next: stack };
  };
  const pop = (): object | undefined => {
    const top = stack;
    stack = top?.next ?? null;
    return top?.value;
  };
  const visit = (member: unknown, key: unknown): void => {
    push(member);
    push(key);
  };
  push(clone);
  for (let value = pop(); value !== undefined; value = pop()) {
    if (apply(has, seen, [value])) continue;
    apply(add, seen, [value]);
    count(value);
    if (isView(value)) continue;
    const prototype = getPrototypeOf(value);
    if (prototype === mapPrototype) apply(forEachEntry, value, [visit]);
    if (prototype === setPrototype) apply(forEachMember, value, [visit]);
    pushMembers(value, push);
  }
}

function pushMembers(value: object, push: (member: unknown) => void): void {
  if (isArray(value)) for (let i = 0; i < value.length; i += 1) push(value[i]);
  else {
    const keys = ownKeys(value);
    for (let i = 0; i < keys.length; i += 1) {
      push(getOwnPropertyDescriptor(value, keys[i] ?? "")?.value);
    }
  }
}
