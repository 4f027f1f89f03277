// Who may talk to the coordinator: Host allow-list, Origin check, tokens, and limits on failures.
import { hostname } from "node:os";
import { roleOf, type AccessTokens, type Role } from "./access-tokens.ts";
import { HttpProblem } from "./problem.ts";
import { RateLimiter, type RateLimit } from "./rate-limiter.ts";

/** Requests of one address: far above what a dashboard and its workers need. */
const REQUEST_LIMIT: RateLimit = { perSecond: 1_000, burst: 4_000 };
/** Wrong tokens of one address before it is told to wait. */
const FAILURE_LIMIT: RateLimit = { perSecond: 0.5, burst: 20 };

export interface RequestGuardOptions {
  readonly tokens: AccessTokens;
  readonly scheme: "http" | "https";
  /** This machine's addresses, read anew at each use: laptops change networks. */
  readonly ownAddresses: () => readonly string[];
  /** Further names that a Host header may carry. */
  readonly allowedHosts: readonly string[];
  readonly nowMs: () => number;
}

/** The headers that the guard looks at. */
export interface GuardedHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly authorization?: string | undefined;
}

/** The name in a Host header, without its port and brackets, in lower case. */
function hostName(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

export class RequestGuard {
  readonly #options: RequestGuardOptions;
  readonly #names: ReadonlySet<string>;
  readonly #requests: RateLimiter;
  readonly #failures: RateLimiter;

  constructor(options: RequestGuardOptions) {
    this.#options = options;
    const machine = hostname().toLowerCase();
    const names = ["localhost", "127.0.0.1", "::1", machine, `${machine}.local`];
    this.#names = new Set([...names, ...options.allowedHosts.map((name) => name.toLowerCase())]);
    this.#requests = new RateLimiter(REQUEST_LIMIT, options.nowMs);
    this.#failures = new RateLimiter(FAILURE_LIMIT, options.nowMs);
  }

  /**
   * Throws 421 for a Host that is not this machine. Without this check a web page could point its
   * own name at this address and so become the same origin (DNS rebinding).
   */
  checkHost(headers: GuardedHeaders): void {
    const name = headers.host === undefined ? undefined : hostName(headers.host);
    if (name !== undefined && (this.#names.has(name) || this.#isOwnAddress(name))) return;
    throw new HttpProblem(
      421,
      "This coordinator does not answer to that host name. Open it by its address, " +
        "or start it with --host and the name you want to use.",
    );
  }

  #isOwnAddress(name: string): boolean {
    return this.#options.ownAddresses().some((address) => address.toLowerCase() === name);
  }

  /**
   * Throws 403 when the request comes from another site's page. Browsers always send Origin on
   * WebSocket upgrades and on requests that change something; without one it is a program, which
   * must bring a bearer token instead.
   */
  checkOrigin(headers: GuardedHeaders, mayLackOrigin: boolean): void {
    if (headers.origin === undefined) {
      if (mayLackOrigin || headers.authorization !== undefined) return;
    } else if (headers.origin === `${this.#options.scheme}://${headers.host ?? ""}`) {
      return;
    }
    throw new HttpProblem(403, "This request comes from a page of another site, which is refused.");
  }

  /** Throws 429 when an address sends more requests than any honest page would. */
  checkRate(address: string): void {
    if (this.#requests.take(address)) return;
    throw new HttpProblem(429, "Too many requests from this address. Wait a few seconds.");
  }

  /**
   * The role of a token, or undefined. A right token is always admitted, even from an address
   * whose stale tabs keep trying wrong ones: the tokens are too long to guess.
   */
  admit(token: string): Role | undefined {
    return roleOf(this.#options.tokens, token);
  }

  /** Counts a wrong token; false when this address has tried too many. */
  countFailure(address: string): boolean {
    return this.#failures.take(address);
  }

  /** The role of a request's bearer token. Throws 401, or 429 after many wrong ones. */
  requireRole(headers: GuardedHeaders, address: string): Role {
    const token = /^Bearer ([\w-]{1,200})$/.exec(headers.authorization ?? "")?.[1];
    const role = token === undefined ? undefined : this.admit(token);
    if (role !== undefined) return role;
    if (!this.countFailure(address)) {
      throw new HttpProblem(429, "Too many wrong tokens from this address. Wait a minute.");
    }
    throw new HttpProblem(
      401,
      "The token is missing or wrong. Open the address that the coordinator printed when it started.",
    );
  }

  /** As `requireRole`, but only the submit token will do. */
  requireSubmit(headers: GuardedHeaders, address: string): void {
    if (this.requireRole(headers, address) === "submit") return;
    throw new HttpProblem(
      401,
      "The join token does not admit to this. Use the dashboard address, which holds the submit token.",
    );
  }
}
