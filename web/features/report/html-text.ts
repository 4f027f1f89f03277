// Markup from templates in which every value is escaped: what a user wrote never becomes markup.

/** Markup that is safe as it stands; only `html` and the makers of pictures here make it. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands in elements and in quoted attributes; without characters that HTML forbids. */
export const escapeText = (text: string): string =>
  text
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]|\p{Surrogate}/gu, "\uFFFD")
    .replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? char);

type Value = string | number | Html | readonly Html[];

const markupOf = (value: Value): string => {
  if (value instanceof Html) return value.markup;
  if (typeof value === "string" || typeof value === "number") return escapeText(String(value));
  return value.map(({ markup }) => markup).join("\n");
};

/** A template whose texts are escaped and whose `Html` is taken as it is. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(
    parts
      .map((part, index) => part + (index < values.length ? markupOf(values[index] ?? "") : ""))
      .join(""),
  );
}

export const NO_HTML = new Html("");
