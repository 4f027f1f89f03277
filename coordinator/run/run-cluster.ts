// What scripts of `tabswarm run` find as `cluster`.
import type { Cluster, FunctionRef } from "../client.ts";

/** The exports of a loaded file, to be given to `submit`, `map` and `lazy`; they are not called here. */
export type LoadedModule = Readonly<Record<string, FunctionRef>>;

export interface RunCluster extends Cluster {
  /**
   * Bundles a file with everything that it imports, and gives its exported functions for `submit` and
   * `map`. The path is relative to the script. With `cluster.load<typeof import("./file.ts")>("./file.ts")`
   * the functions have their types. Rejects when the file cannot be bundled.
   */
  load<Module = LoadedModule>(path: string): Promise<Module>;
}
