// Which of this machine's addresses other machines on the same network can open.
import { isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

/** What `os.networkInterfaces()` returns. */
export type NetworkInterfaces = Readonly<
  Record<string, readonly NetworkInterfaceInfo[] | undefined>
>;

/**
 * Interfaces of containers, virtual machines and overlay networks: other machines of the home or
 * office cannot reach them, so their addresses would only mislead.
 */
const VIRTUAL_INTERFACE =
  /^(docker|br-|veth|virbr|vmnet|vboxnet|vethernet|cni|flannel|cali|lxc|lxd|podman|tailscale|zt|tun|tap|utun|wg|awdl|llw|anpi)/i;

const isPrivateIpv4 = (address: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);
const isLinkLocal = (address: string): boolean => /^(169\.254\.|fe[89ab])/i.test(address);
const isUniqueLocal = (address: string): boolean => /^f[cd]/i.test(address);

/** Lower is better: what home networks use comes first. */
function rank(address: string): number {
  if (isPrivateIpv4(address)) return address.startsWith("192.168.") ? 0 : 1;
  return isUniqueLocal(address) ? 3 : 2;
}

/**
 * The addresses under which other machines can join, best first. IPv6 addresses are offered only
 * where there is no IPv4: they are long to type, and browsers treat a global one as public.
 */
export function joinAddresses(interfaces: NetworkInterfaces): string[] {
  const reachable = Object.entries(interfaces)
    .filter(([name]) => !VIRTUAL_INTERFACE.test(name))
    .flatMap(([, infos]) => infos ?? [])
    .filter((info) => !info.internal && !isLinkLocal(info.address));
  const ipv4 = reachable.filter((info) => info.family === "IPv4");
  const fitting = ipv4.length > 0 ? ipv4 : reachable;
  return [...new Set(fitting.map((info) => info.address))].toSorted((a, b) => rank(a) - rank(b));
}

/** Every address of this machine, loopback and virtual ones too: what a Host header may name. */
export function ownAddresses(interfaces: NetworkInterfaces): string[] {
  return Object.values(interfaces).flatMap((infos) => (infos ?? []).map((info) => info.address));
}

/** An address as it stands in a URL. */
export const urlHost = (address: string): string =>
  address.includes(":") ? `[${address}]` : address;

/** IPv4 in its own writing, also where the socket speaks IPv6. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:/i, "");

export interface Whereabouts {
  /** "192.168.1.0/24"; null for an address that is in none of our networks. */
  readonly network: string | null;
  readonly isOwnMachine: boolean;
}

/** Which of this machine's networks an address belongs to. */
export function whereaboutsOf(address: string, interfaces: NetworkInterfaces): Whereabouts {
  const infos = Object.values(interfaces).flatMap((all) => all ?? []);
  if (infos.some((info) => info.address === address)) return { network: null, isOwnMachine: true };
  const asked = bitsOf(address);
  for (const { family, netmask, address: own, cidr } of infos) {
    const [ownBits, mask] = [bitsOf(own), bitsOf(netmask)];
    if (asked === null || ownBits === null || mask === null || cidr === null) continue;
    if (
      (family === "IPv4") !== asked.isIpv4 ||
      (asked.bits & mask.bits) !== (ownBits.bits & mask.bits)
    )
      continue;
    const prefix = cidr.slice(cidr.indexOf("/"));
    return {
      network: textOf(ownBits.bits & mask.bits, asked.isIpv4) + prefix,
      isOwnMachine: false,
    };
  }
  return { network: null, isOwnMachine: false };
}

/** The address as one number; null for what is none. */
function bitsOf(address: string): { readonly bits: bigint; readonly isIpv4: boolean } | null {
  const plain = address.split("%", 1)[0] ?? "";
  if (isIP(plain) === 0) return null;
  const isIpv4 = isIP(plain) === 4;
  const groups = isIpv4 ? plain.split(".").map(Number) : groupsOfIpv6(plain);
  const width = isIpv4 ? 8n : 16n;
  return { bits: groups.reduce((bits, group) => (bits << width) | BigInt(group), 0n), isIpv4 };
}

function groupsOfIpv6(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const read = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [first, last] = [read(head), read(tail ?? "")];
  const gap = tail === undefined ? 0 : 8 - first.length - last.length;
  return [...first, ...Array.from({ length: gap }, () => 0), ...last];
}

function textOf(bits: bigint, isIpv4: boolean): string {
  const [count, width] = isIpv4 ? [4, 8n] : [8, 16n];
  const groups = Array.from({ length: count }, (_, index) =>
    Number((bits >> (BigInt(count - 1 - index) * width)) & ((1n << width) - 1n)),
  );
  return isIpv4 ? groups.join(".") : groups.map((group) => group.toString(16)).join(":");
}
