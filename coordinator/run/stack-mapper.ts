// Names lines of users' own files in the stacks of errors that were thrown on other machines.
import { SourceMap } from "node:module";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

interface Place {
  readonly line: number;
  readonly column: number;
}

interface Script {
  readonly map: SourceMap;
  /** Where the script's text begins in the text that the map is of; from 0. */
  readonly start: Place;
  /** Characters before it on its first line. */
  readonly indent: number;
}

/** How a plain function is wrapped: see asFunctionRef in shared/client. */
const FUNCTION_INDENT = "({ default: (".length;

export class StackMapper {
  readonly #scripts = new Map<string, Script>();
  #bundle: { readonly text: string; readonly map: SourceMap } | undefined;
  #functions = 0;

  /** A bundled module, which stack traces call `name`. `map` is a source map as JSON. */
  addModule(name: string, map: string): void {
    this.#scripts.set(name, { map: sourceMap(map), start: { line: 0, column: 0 }, indent: 0 });
  }

  /** The bundle of the script itself, in which the text of its functions is found again. */
  setBundle(text: string, map: string): void {
    this.#bundle = { text, map: sourceMap(map) };
  }

  /** The name under which a function's text is to be sent, so that stacks can be mapped. */
  nameFunction(text: string): string {
    const name = `tabswarm-function-${(this.#functions += 1)}.js`;
    const at = this.#bundle?.text.indexOf(text) ?? -1;
    if (this.#bundle === undefined || at < 0) return name;
    const before = this.#bundle.text.slice(0, at).split("\n");
    const start = { line: before.length - 1, column: before.at(-1)?.length ?? 0 };
    this.#scripts.set(name, { map: this.#bundle.map, start, indent: FUNCTION_INDENT });
    return name;
  }

  /** The stack with the frames of known scripts named by their sources. */
  map(stack: string): string {
    return stack.replaceAll(/([^\s(,]+\.js):(\d+):(\d+)/g, (frame, name: string, line, column) => {
      const script = [...this.#scripts].find(([known]) => name.endsWith(known))?.[1];
      return script === undefined
        ? frame
        : (placeOf(script, Number(line), Number(column)) ?? frame);
    });
  }
}

/** Lines and columns from 1, as stacks have them. */
function placeOf({ map, start, indent }: Script, line: number, column: number): string | undefined {
  const isFirst = line === 1;
  const entry = map.findEntry(
    start.line + line - 1,
    isFirst ? start.column + column - 1 - indent : column - 1,
  );
  if (!("originalSource" in entry)) return undefined;
  return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

const sourceMap = (json: string): SourceMap =>
  new SourceMap(JSON.parse(json) as ConstructorParameters<typeof SourceMap>[0]);

/** Stacks of workers name the sandbox's frames as well, and ours these files: they tell the user nothing. */
const isForeign = (line: string): boolean =>
  /^\s+at .*(?:\/assets\/|node:internal)/.test(line) ||
  (/^\s+at /.test(line) && line.includes(import.meta.dirname));

/** A thrown value as it is printed: its stack, mapped and without frames of others, and its causes. */
export function errorText(thrown: unknown, mapper: StackMapper): string {
  if (!(thrown instanceof Error)) return `Uncaught ${String(thrown)}`;
  const stack = mapper.map(String(thrown.stack ?? thrown));
  const lines = stack.split("\n").flatMap((line) => {
    // "eval at loadModule (…)" tells where the text was evaluated; what was called is after it.
    const shown = line.replace(/\(eval at .*, ([^,]*)\)$/, "($1)");
    return isForeign(shown) ? [] : [shortened(shown)];
  });
  const cause = thrown.cause === undefined ? "" : `\nCaused by: ${errorText(thrown.cause, mapper)}`;
  return lines.join("\n") + cause;
}

/** Files below the current folder by their short names. */
const shortened = (line: string): string =>
  line.replace(/file:\/\/[^\s:)]+/, (url) => {
    try {
      return relative(process.cwd(), fileURLToPath(url)) || url;
    } catch {
      return url;
    }
  });
