// What the local authority may sign for: names and addresses that nobody on the internet has.
import { BlockList, isIP } from "node:net";

/**
 * Addresses of private networks, of one link, of this machine, and of providers' and overlay networks;
 * names that are set aside for home networks and single machines.
 */
const PRIVATE_NAMES: readonly string[] = [
  "localhost",
  "local",
  "home.arpa",
  "internal",
  "lan",
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "::1/128",
  "fc00::/7",
  "fe80::/10",
];

/**
 * The permitted names of a new authority: private ones, and whatever else this machine is reached by, as
 * some offices have public addresses.
 */
export function permittedNames(reachedBy: readonly string[]): readonly string[] {
  const outside = reachedBy.filter((name) => !isPermitted(name, PRIVATE_NAMES));
  const single = outside.flatMap((name) => {
    const version = isIP(name);
    if (version !== 0) return [`${name}/${version === 4 ? 32 : 128}`];
    return couldBeTopLevel(name) ? [] : [name.toLowerCase()];
  });
  return [...PRIVATE_NAMES, ...new Set(single)];
}

/**
 * A machine called "dev" must not give an authority for all of ".dev": a permitted name covers all that
 * is below it. Domains of the first level consist of letters only, or begin with "xn--".
 */
const couldBeTopLevel = (name: string): boolean => /^([a-z]+|xn--[a-z0-9-]+)$/i.test(name);

/** Whether an authority with these permitted names may sign for the host name or address. */
export function isPermitted(name: string, permitted: readonly string[]): boolean {
  const version = isIP(name);
  if (version === 0) {
    const lower = name.toLowerCase();
    return permitted.some((base) => lower === base || lower.endsWith(`.${base}`));
  }
  const family = version === 4 ? "ipv4" : "ipv6";
  const ranges = new BlockList();
  for (const base of permitted) {
    const [address, bits] = base.split("/");
    if (address !== undefined && bits !== undefined && isIP(address) === version) {
      ranges.addSubnet(address, Number(bits), family);
    }
  }
  return ranges.check(name, family);
}
