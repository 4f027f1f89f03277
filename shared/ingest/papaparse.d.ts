// The part of Papa Parse that csv-tokenizer.ts uses. Its published types would pull Node's globals
// into shared code, which must compile without them; hence this narrow declaration of our own.
declare module "papaparse/papaparse.js" {
  export interface PapaParserConfig {
    readonly delimiter: string;
    readonly newline: "\n" | "\r";
    readonly quoteChar: string;
    /** True: no character is a quote. Undefined: decided by whether the text holds a quote. */
    readonly fastMode: true | undefined;
  }
  export interface PapaParserResult {
    readonly data: string[][];
    /** `row` is the index in `data` of the record with the fault. */
    readonly errors: readonly { readonly code: string; readonly row: number }[];
    /** `cursor`: characters used by the complete records. */
    readonly meta: { readonly cursor: number };
  }
  export class PapaParser {
    constructor(config: PapaParserConfig);
    parse(text: string, baseIndex: number, ignoreLastRow: boolean): PapaParserResult;
  }
  const Papa: { readonly Parser: typeof PapaParser };
  export default Papa;
}
