// Bundles users' scripts: the one that `tabswarm run` runs here, and files whose functions run elsewhere.
import { createHash } from "node:crypto";
import { basename, dirname, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type BuildFailure, type BuildOptions, type Plugin } from "esbuild";

/** Under this key the global object has the library, which bundled scripts share with `cluster`. */
export const LIBRARY_SYMBOL = "tabswarm.client";
const LIBRARY = "tabswarm/client";

/** A script that cannot be bundled: where, and why, in one line each. */
export class BundleError extends Error {
  override name = "BundleError";
}

export interface Bundle {
  readonly text: string;
  /** The source map (version 3) as JSON. */
  readonly map: string;
}

/** A file as a script that workers evaluate, and what it exports. */
export interface ModuleBundle extends Bundle {
  readonly exportNames: readonly string[];
  /** What stack traces call the script. */
  readonly sourceName: string;
}

/**
 * The script and its own imports as one ES module for this process. Packages are left to Node, which
 * loads them from where the script would; `libraryNames` are the exports of "tabswarm/client".
 */
export async function bundleScript(path: string, libraryNames: readonly string[]): Promise<Bundle> {
  const file = resolve(path);
  return bundled({
    entryPoints: [file],
    absWorkingDir: dirname(file),
    // Sources in the map are named relative to this, in whatever folder the bundle is put.
    outfile: `${file}.mjs`,
    format: "esm",
    platform: "node",
    target: "node20",
    plugins: [shareLibrary(libraryNames), leavePackages],
    define: {
      "import.meta.url": JSON.stringify(pathToFileURL(file).href),
      "import.meta.filename": JSON.stringify(file),
      "import.meta.dirname": JSON.stringify(dirname(file)),
    },
  });
}

/** A file with everything that it imports, for workers. Throws BundleError. */
export async function bundleModule(path: string): Promise<ModuleBundle> {
  const file = resolve(path);
  const common = {
    entryPoints: [file],
    // The text names files relative to this, and has to be the same wherever the command is run.
    absWorkingDir: dirname(file),
    outfile: `${file}.js`,
    platform: "browser",
    // The oldest browsers that may join.
    target: ["chrome111", "firefox114", "safari16.4"],
  } satisfies BuildOptions;
  const { exportNames } = await bundled({ ...common, format: "esm" });
  const { text, map } = await bundled({ ...common, format: "iife", globalName: MODULE_GLOBAL });
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const sourceName = `tabswarm-${digest}/${basename(file).replaceAll(/[^\w.-]/g, "_")}.js`;
  // The exports are getters of the bundler's, which only a plain copy turns into data.
  return {
    text: `${text}\n;({ ...${MODULE_GLOBAL} });\n//# sourceURL=${sourceName}`,
    map,
    exportNames,
    sourceName,
  };
}

/** Every module has this name: the next one takes it over, once its exports were taken. */
const MODULE_GLOBAL = "tabswarmModule";

async function bundled(
  options: BuildOptions,
): Promise<Bundle & { readonly exportNames: readonly string[] }> {
  try {
    const { outputFiles, metafile } = await build({
      ...options,
      bundle: true,
      write: false,
      metafile: true,
      sourcemap: "external",
      logLevel: "silent",
    });
    const isMap = ({ path }: { readonly path: string }): boolean => path.endsWith(".map");
    const script = outputFiles.find((file) => !isMap(file));
    const map = outputFiles.find(isMap);
    if (script === undefined || map === undefined) throw new BundleError("Nothing was bundled.");
    return {
      text: script.text,
      map: withAbsoluteSources(map.text, dirname(script.path)),
      exportNames: Object.values(metafile.outputs).flatMap(({ exports }) => exports),
    };
  } catch (error) {
    if (!isBuildFailure(error)) throw error;
    const lines = error.errors.map(({ text, location }) => {
      if (location === null) return text;
      const file = relative(process.cwd(), resolve(options.absWorkingDir ?? "", location.file));
      return `${file}:${location.line}:${location.column + 1}: ${text}`;
    });
    throw new BundleError(lines.join("\n"), { cause: error });
  }
}

/** Sources by their addresses, so that bundle and map may lie anywhere. */
function withAbsoluteSources(json: string, folder: string): string {
  const map = JSON.parse(json) as { sources: string[] };
  map.sources = map.sources.map((source) => pathToFileURL(resolve(folder, source)).href);
  return JSON.stringify(map);
}

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && "errors" in error && Array.isArray(error.errors);

/** The library's objects are recognised by identity, so that a script must not get a second copy. */
const shareLibrary = (names: readonly string[]): Plugin => ({
  name: "share-library",
  setup(builder) {
    builder.onResolve({ filter: /^tabswarm\/client$/ }, () => ({
      path: LIBRARY,
      namespace: LIBRARY,
    }));
    builder.onLoad({ filter: /.*/, namespace: LIBRARY }, () => ({
      contents:
        `const { ${names.join(", ")} } = globalThis[Symbol.for("${LIBRARY_SYMBOL}")];\n` +
        `export { ${names.join(", ")} };`,
    }));
  },
});

/** Packages stay where they are: they may have files or native code beside them. */
const leavePackages: Plugin = {
  name: "leave-packages",
  setup(builder) {
    builder.onResolve({ filter: /^[^./]/ }, async (args) => {
      const isOurs: unknown = args.pluginData;
      if (isOurs === OURS || args.kind === "entry-point") return undefined;
      const { path, errors, external } = await builder.resolve(args.path, {
        kind: args.kind,
        resolveDir: args.resolveDir,
        importer: args.importer,
        pluginData: OURS,
      });
      if (errors.length > 0) return { errors };
      // Built into Node, a workspace's own TypeScript, or a package.
      if (external || !/[\\/]node_modules[\\/]/.test(path)) return undefined;
      return { path: pathToFileURL(path).href, external: true };
    });
  },
};
const OURS = Symbol("resolved by this plugin");
