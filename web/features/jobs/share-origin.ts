// Which origin an address that is sent to another machine must have.

/** "localhost" means another machine to everybody else: the first join address that does not is taken. */
export function shareOrigin(
  { hostname, origin }: Pick<Location, "hostname" | "origin">,
  joinLinks: readonly string[],
): string {
  if (!isLoopback(hostname)) return origin;
  const link = joinLinks.find((one) => !isLoopback(new URL(one).hostname));
  return link === undefined ? origin : new URL(link).origin;
}

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
