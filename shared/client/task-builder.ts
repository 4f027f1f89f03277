// From a call (function or kernel, with its arguments) to a task with its key, its inputs and their blocks.
import { FUNCTION_KERNEL, type JsonValue, type SmallBlock } from "../graph/task.ts";
import type { TaskCost, TaskInput, TaskWork } from "../graph/task.ts";
import { taskKey } from "../graph/task-key.ts";
import { INPUTS_PER_TASK_MAX, TASK_LIMIT_MS_MAX } from "../limits.ts";
import { encodeValue, type Reference } from "../values/encode-value.ts";
import type { BlockShelf, ShelvedBlock } from "./block-shelf.ts";
import { functionGroup } from "../graph/function-group.ts";
import type { FunctionRef, KernelRef } from "./callable.ts";
import type { ClusterTools } from "./cluster-tools.ts";
import { readyOf, type TaskNode } from "./task-node.ts";

/** What a future or a lazy node stands for when it is an argument. */
export interface Source {
  readonly input: TaskInput;
  /** The task that makes it; null when the block is there already. */
  readonly node: TaskNode | null;
  /** An element of the array in the block: a result of a batch. */
  readonly item?: number;
}

/** How a task is to be run; beside what it is. */
export interface TaskSettings {
  readonly retries: number;
  readonly limitMs: number | null;
  readonly isPure: boolean;
  /** Only for kernels: functions are measured as they run. */
  readonly cost?: TaskCost;
}

/** Functions of users are measured, not known: one call is one operation, and most results are small. */
const RESULT_BYTES_EXPECTED = 200;
/** A batch beyond this is worth splitting: its items take longer to travel than a task costs. */
const BATCH_BYTES_MAX = 4 * 2 ** 20;
/** Modules whose blocks are remembered; a program has a few functions, a generator of them may have many. */
const MODULES_MAX = 1_000;

export class TaskBuilder {
  readonly #shelf: BlockShelf;
  readonly #tools: ClusterTools;
  readonly #sourceOf: (value: object) => Source | null;
  readonly #requireFunctions: () => void;
  readonly #modules = new Map<string, ShelvedBlock>();

  /**
   * `sourceOf` recognises values that stand for results, and throws for those that never come.
   * `requireFunctions` throws where functions of users are not run.
   */
  constructor(
    shelf: BlockShelf,
    tools: ClusterTools,
    sourceOf: (value: object) => Source | null,
    requireFunctions: () => void,
  ) {
    this.#shelf = shelf;
    this.#tools = tools;
    this.#sourceOf = sourceOf;
    this.#requireFunctions = requireFunctions;
  }

  /** One call. Throws ValueError for arguments that cannot travel. */
  call(fn: FunctionRef, args: readonly unknown[], settings: TaskSettings): TaskNode {
    const { bytes, references } = this.#encodeArgs(args, "args");
    return this.#functionTask(fn, bytes, references, null, settings);
  }

  /**
   * A call for each item, as one task. Null when an item refers to a result, as each is to wait for its
   * own only, or when the items are too large to go together.
   */
  batch(fn: FunctionRef, items: readonly unknown[], settings: TaskSettings): TaskNode | null {
    const { bytes, references } = this.#encodeArgs(items, "items");
    if (references.list.length > 0 || bytes.length > BATCH_BYTES_MAX) return null;
    return this.#functionTask(fn, bytes, references, items.length, settings);
  }

  /** A kernel's task: `args` are its parameters, then its inputs. */
  kernel(ref: KernelRef, args: readonly unknown[], settings: TaskSettings): TaskNode {
    const [params = {}, ...values] = args;
    const inputs = new Inputs();
    for (const value of values) {
      const source = this.#blockOf(value);
      if (source === null) inputs.addBlock(this.#shelf.put(this.#encode(value)));
      else if (source.item === undefined) inputs.push(source);
      else {
        throw new TypeError(
          "An item of a batch cannot be a kernel's input. Map with { batch: 1 } instead.",
        );
      }
    }
    return this.#node(
      { kernel: ref.kernel, params: asJson(params, settings, this.#tools), inputs: inputs.list },
      inputs,
      settings,
      settings.cost ?? { operations: 1, outputBytes: RESULT_BYTES_EXPECTED },
    );
  }

  /** Bytes of a value that refers to no other. */
  encode(value: unknown): Uint8Array {
    return this.#encode(value);
  }

  #encode(value: unknown): Uint8Array {
    return encodeValue(value, { encodeText: this.#tools.encode, name: "value" });
  }

  #blockOf(value: unknown): Source | null {
    if (typeof value !== "object" || value === null) return null;
    const source = this.#sourceOf(value);
    if (source !== null) return source;
    const { block, sizeBytes } = value as { block?: unknown; sizeBytes?: unknown };
    const isBlock = typeof block === "string" && typeof sizeBytes === "number";
    return isBlock ? { input: value as Source["input"], node: null } : null;
  }

  #encodeArgs(
    args: readonly unknown[],
    name: string,
  ): { readonly bytes: Uint8Array; readonly references: Inputs } {
    this.#requireFunctions();
    const references = new Inputs();
    const bytes = encodeValue(args, {
      encodeText: this.#tools.encode,
      name,
      toReference: (value): Reference | null => {
        const source = this.#sourceOf(value);
        if (source === null) return null;
        const ref = references.add(source);
        return source.item === undefined ? { ref } : { ref, item: source.item };
      },
    });
    return { bytes, references };
  }

  #functionTask(
    fn: FunctionRef,
    args: Uint8Array,
    references: Inputs,
    batch: number | null,
    settings: TaskSettings,
  ): TaskNode {
    const module = this.#moduleOf(fn);
    const inputs = new Inputs();
    inputs.addBlock(module);
    inputs.addBlock(this.#shelf.put(args));
    inputs.append(references);
    const params = {
      name: fn.exportName,
      batch,
      retries: batch === null ? 0 : settings.retries,
      ...(settings.isPure ? {} : { nonce: this.#tools.nonce() }),
    };
    const operations = batch ?? 1;
    return this.#node(
      { kernel: FUNCTION_KERNEL, params, inputs: inputs.list },
      inputs,
      settings,
      { operations, outputBytes: operations * RESULT_BYTES_EXPECTED },
      {
        group: functionGroup(module.ref.block, fn.label ?? fn.exportName),
        times: operations,
      },
    );
  }

  #node(
    work: TaskWork,
    { dependencies, blocks, uploads, list }: Inputs,
    { retries, limitMs }: TaskSettings,
    cost: TaskCost,
    { group, times }: { readonly group?: string; readonly times: number } = { times: 1 },
  ): TaskNode {
    if (list.length > INPUTS_PER_TASK_MAX) {
      throw new RangeError(
        `A task takes at most ${INPUTS_PER_TASK_MAX} inputs, not ${list.length}. Combine results in steps.`,
      );
    }
    const task = {
      ...work,
      key: taskKey(work, this.#tools.hash, this.#tools.encode),
      cost,
      retries,
      // The limit is meant for each call.
      ...(limitMs === null ? {} : { limitMs: Math.min(TASK_LIMIT_MS_MAX, limitMs * times) }),
      ...(group === undefined ? {} : { group }),
    };
    return { task, dependencies, blocks, ready: readyOf(uploads, dependencies) };
  }

  #moduleOf({ moduleText }: FunctionRef): ShelvedBlock {
    const known = this.#modules.get(moduleText);
    if (known !== undefined) return known;
    const module = this.#shelf.put(this.#encode(moduleText));
    if (this.#modules.size >= MODULES_MAX) this.#modules.clear();
    this.#modules.set(moduleText, module);
    // The next call tries again.
    module.uploaded?.catch(() => this.#modules.delete(moduleText));
    return module;
  }
}

/** The inputs of one task, and what they bring with them. */
class Inputs {
  readonly list: TaskInput[] = [];
  readonly dependencies: TaskNode[] = [];
  readonly blocks: SmallBlock[] = [];
  readonly uploads: Promise<void>[] = [];
  readonly #places = new Map<string, number>();

  /** The place of the input; the same one for the same input. */
  add(source: Source): number {
    const { input } = source;
    const name = "block" in input ? input.block : `${input.task}/${input.output}`;
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.push(source);
    this.#places.set(name, place);
    return place;
  }

  /** At a place of its own. */
  push({ input, node }: Source): number {
    if (node !== null) this.dependencies.push(node);
    return this.list.push(input) - 1;
  }

  addBlock({ ref, small, uploaded }: ShelvedBlock): void {
    this.list.push(ref);
    if (small !== null) this.blocks.push(small);
    if (uploaded !== null) this.uploads.push(uploaded);
  }

  append({ list, dependencies }: Inputs): void {
    this.list.push(...list);
    this.dependencies.push(...dependencies);
  }
}

/** Parameters of a kernel are plain JSON. */
function asJson(params: unknown, { isPure }: TaskSettings, tools: ClusterTools): JsonValue {
  const isObject = typeof params === "object" && params !== null;
  if (!isObject && !["string", "number", "boolean"].includes(typeof params) && params !== null) {
    throw new TypeError("A kernel's first argument is its parameters, as plain JSON.");
  }
  const json = JSON.parse(JSON.stringify(params)) as JsonValue;
  if (isPure) return json;
  if (!isObject || Array.isArray(params)) {
    throw new TypeError(
      "Only a kernel whose parameters are an object can be run with { pure: false }.",
    );
  }
  return { ...(json as { readonly [name: string]: JsonValue }), nonce: tools.nonce() };
}
