// Errors of the HTTP interface: RFC 9457 problem details, in plain words.
import type { Problem } from "../shared/protocol/http.ts";

const titles: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Not allowed",
  403: "Not allowed from here",
  404: "Not found",
  406: "Not in this format",
  409: "Not possible now",
  410: "Gone",
  413: "Too large",
  415: "Wrong content type",
  416: "Range not available",
  421: "Unknown host name",
  422: "Wrong content",
  429: "Too many requests",
  500: "The coordinator failed",
  503: "Too busy",
  504: "No answer in time",
  507: "No room on the disk",
};

/** A request that cannot be served: thrown in a handler, answered as problem+json. */
export class HttpProblem extends Error {
  override name = "HttpProblem";
  readonly status: number;

  constructor(status: number, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.status = status;
  }
}

/** The body of an error response. */
export const problemBody = (status: number, detail: string): Problem => ({
  type: "about:blank",
  title: titles[status] ?? "Error",
  status,
  detail,
});
