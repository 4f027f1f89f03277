// Knows about how many bytes of buffers a thread holds, and refuses what would be beyond its limit.
//
// Browsers tell nobody what a Worker's buffers take, and of garbage they tell only after the function that
// made it has returned. This is how it is noticed sooner: an object that is counted carries tags, in a
// private field that nobody else can see; the tags are known from here by weak references alone, which end
// with the object. A reference that is asked keeps its tag, by the rules of the language, until the turn is
// over; that is why there are several tags, and why references are made in turns before.

// Kept before any function of a user runs, which may put its own in their places.
const { apply } = Reflect;
const { ceil } = Math;
const RangeErrorType = RangeError;
const Reference = WeakRef;
// oxlint-disable-next-line typescript/unbound-method -- It is applied to the references.
const { deref } = Reference.prototype;

/** How often an object's life can be asked for in one turn; one that lived so long counts until its end. */
const LIVES = 3;
/**
 * Marks that are ready for one turn. Each stands for a 512th of the limit at first, and for a 512th of all
 * that the turn has made when that is more, but at most for a 16th of the limit: this many last for about a
 * hundred times the limit. What a single turn makes beyond that is bounded by the browser alone.
 */
const MARKS = 4_096;
const PARTS = 512;
const PARTS_MIN = 16;
/** Watched objects may grow unseen, each up to the limit: when so many are there, their sizes are looked at. */
const UNSEEN_MAX = 8;
const MIB = 2 ** 20;

/** What looks at an object's present size, for objects that grow by themselves. */
type Measure = () => number;

class Tag {
  /** Of the last tag alone: while it is kept, so is the object. */
  measure: Measure | null = null;
}

/** Stands for bytes that are held for as long as some object lives. */
class Mark {
  bytes = 0;
  /** How many of the references were asked in this turn. */
  asked = 0;
  next: Mark | null = null;
  isWatched = false;
  /** Until they are put on an object, which alone keeps them then. */
  tags: readonly Tag[] | null;
  /** To ask for its life; and to ask for its size. */
  readonly lives: readonly WeakRef<Tag>[];
  readonly size: WeakRef<Tag>;

  /** Array literals, as functions of users may have changed what arrays do. */
  constructor() {
    const a = new Tag();
    const b = new Tag();
    const c = new Tag();
    const d = new Tag();
    this.tags = [a, b, c, d];
    this.lives = [new Reference(a), new Reference(b), new Reference(c)];
    this.size = new Reference(d);
  }
}

// oxlint-disable-next-line typescript/no-extraneous-class -- Private fields come with a class.
class Given {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return -- A subclass's private fields are put on it.
    return object;
  }
}

/** Puts tags on any object, where its owner can neither see nor remove them. */
class Tagged extends Given {
  readonly #tags: readonly Tag[] | null;
  readonly #mark: Mark;

  constructor(object: object, tags: readonly Tag[] | null, mark: Mark) {
    super(object);
    this.#tags = tags;
    this.#mark = mark;
  }

  static markOf(object: object): Mark | null {
    return #mark in object && object.#tags !== null ? object.#mark : null;
  }
}

export interface MemoryBudgetParts {
  /** In bytes. */
  readonly limit: number;
  /** Has the engine look for garbage now, as far as it can be moved to. */
  readonly collectGarbage: () => void;
  /** Calls back in a later turn. */
  readonly later: (callback: () => void) => void;
  /** From 0 up to 1. */
  readonly random: () => number;
}

export class MemoryBudget {
  /** What was counted last: so that nobody counts it again. */
  newest: object | null = null;
  readonly #parts: MemoryBudgetParts;
  /** Bytes that marks stand for. */
  #held = 0;
  /** Bytes that the next mark will stand for, and how many it takes to make it. */
  #unmarked = 0;
  #enough = 0;
  /** Bytes counted in this turn. */
  #made = 0;
  /** Watched objects since the last look. */
  #unseen = 0;
  /** The youngest first. */
  #marks: Mark | null = null;
  #spare: Mark | null = null;
  #spares = 0;
  #isTidyDue = false;

  constructor(parts: MemoryBudgetParts) {
    this.#parts = parts;
    this.#prepare();
  }

  /** About how many bytes are held; what has become garbage since the last look is among them. */
  get heldBytes(): number {
    return this.#held + this.#unmarked;
  }

  /** Throws RangeError when so many more would be beyond the limit. */
  admit(bytes: number): void {
    if (this.#held + this.#unmarked + bytes > this.#parts.limit) this.#makeRoom(bytes);
  }

  /**
   * Counts an object that was just made. True when it must be given to `mark`: of small objects one stands
   * for many, drawn by chance, so that counting them costs next to nothing.
   */
  count(bytes: number): boolean {
    return (this.#unmarked += bytes) >= this.#enough;
  }

  /** Has the object stand for what was counted since the last mark. */
  mark(object: object): void {
    const bytes = this.#unmarked;
    this.#unmarked = 0;
    this.#put(object, bytes, null);
  }

  /** Counts an object whose size changes by itself, and looks at it whenever memory gets scarce. */
  watch(object: object, measure: Measure): void {
    this.#put(object, measure(), measure);
    this.#unseen += 1;
    if (this.#unseen >= UNSEEN_MAX && this.#look() >= UNSEEN_MAX) this.#measure();
  }

  /** The watched object has this size now. */
  resized(object: object, bytes: number): void {
    const mark = Tagged.markOf(object);
    if (mark !== null) this.#size(mark, bytes);
  }

  isMarked(object: object): boolean {
    return Tagged.markOf(object) !== null;
  }

  #put(object: object, bytes: number, measure: Measure | null): void {
    const mark = this.#spare;
    const tags = mark?.tags ?? null;
    this.#tidyLater();
    if (mark === null || tags === null) return;
    this.#spare = mark.next;
    this.#spares -= 1;
    const last = tags[LIVES];
    if (last !== undefined) last.measure = measure;
    mark.isWatched = measure !== null;
    mark.tags = null;
    mark.bytes = bytes;
    mark.next = this.#marks;
    this.#marks = mark;
    this.#held += bytes;
    this.#made += bytes;
    this.#draw();
    void new Tagged(object, tags, mark);
  }

  /** How much the next mark will stand for: by chance, as what functions make comes in patterns. */
  #draw(): void {
    const { limit, random } = this.#parts;
    let part = this.#made > limit ? this.#made / PARTS : limit / PARTS;
    if (part > limit / PARTS_MIN) part = limit / PARTS_MIN;
    this.#enough = part * (0.5 + random());
  }

  #makeRoom(bytes: number): void {
    const { limit } = this.#parts;
    if (bytes <= limit) {
      this.#look();
      this.#measure();
    }
    if (this.heldBytes + bytes > limit) {
      throw new RangeErrorType(
        `${mebibytes(bytes)} more are too much memory: a function's thread may hold ` +
          `${mebibytes(limit)} in buffers, and holds ${mebibytes(this.heldBytes)}. Work on smaller pieces.`,
      );
    }
  }

  /** Lets go of what is gone; says how many of the rest are watched. */
  #look(): number {
    this.newest = null;
    this.#unseen = 0;
    this.#parts.collectGarbage();
    return this.#sweep(false);
  }

  /** Looks at the sizes of what is watched, and keeps it alive for this turn by that. */
  #measure(): void {
    for (let mark = this.#marks; mark !== null; mark = mark.next) {
      if (!mark.isWatched) continue;
      const tag = apply(deref, mark.size, []) as Tag | undefined;
      const measure = tag?.measure;
      if (measure) this.#size(mark, measure());
    }
  }

  #tidyLater(): void {
    if (this.#isTidyDue) return;
    this.#isTidyDue = true;
    this.#parts.later(() => this.#tidy());
  }

  /** In a turn of its own: every reference can be asked again, and new ones be made. */
  #tidy(): void {
    this.#isTidyDue = false;
    this.newest = null;
    this.#made = 0;
    this.#sweep(true);
    this.#measure();
    this.#prepare();
  }

  #sweep(isTurnOver: boolean): number {
    let watched = 0;
    let before: Mark | null = null;
    for (let mark = this.#marks; mark !== null; mark = mark.next) {
      if (isTurnOver) mark.asked = 0;
      const isAlive = mark.asked >= LIVES || this.#isAlive(mark);
      if (isTurnOver) mark.asked = 0;
      if (isAlive) {
        before = mark;
        if (mark.isWatched) watched += 1;
        continue;
      }
      this.#held -= mark.bytes;
      if (before === null) this.#marks = mark.next;
      else before.next = mark.next;
    }
    return watched;
  }

  #isAlive(mark: Mark): boolean {
    const life = mark.lives[mark.asked];
    mark.asked += 1;
    return life === undefined || apply(deref, life, []) !== undefined;
  }

  #size(mark: Mark, bytes: number): void {
    this.#held += bytes - mark.bytes;
    mark.bytes = bytes;
  }

  #prepare(): void {
    for (; this.#spares < MARKS; this.#spares += 1) {
      const mark = new Mark();
      mark.next = this.#spare;
      this.#spare = mark;
    }
    this.#draw();
  }
}

const mebibytes = (bytes: number): string => `${ceil(bytes / MIB)} MiB`;
