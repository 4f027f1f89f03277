// What `tabswarm run` tells the process of the script, by files in a folder of its own.

export interface RunSettings {
  readonly baseUrl: string;
  readonly token: string;
  /** The authority that is trusted besides Node's own, in PEM format. */
  readonly ca?: string;
  /** The script's own path, absolute. */
  readonly script: string;
  /** What follows "--". */
  readonly args: readonly string[];
  /** Of the script's jobs; no other process has the same. */
  readonly title: string;
}

export const SETTINGS_FILE = "run.json";
export const BUNDLE_FILE = "script.mjs";
