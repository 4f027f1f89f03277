// The façade for @peculiar/asn1-x509: an authority's certificate, and server certificates signed by it.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from "node:crypto";
import { isIP } from "node:net";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  NameConstraints,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
} from "@peculiar/asn1-x509";

/** The versions of certificates count from zero: this is X.509 v3, the one with extensions. */
const VERSION_3 = 2;
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";
const DAY_MS = 86_400_000;
/** Clocks of other machines may be late; a certificate from their future would be refused. */
const BACKDATED_MS = DAY_MS;

/** A certificate and the key that it is for, both in PEM format. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

export interface AuthoritySpec {
  readonly name: string;
  /** The names and addresses ("10.0.0.0/8") that it may sign for; everything below a name, too. */
  readonly permitted: readonly string[];
  readonly validDays: number;
  readonly nowMs: number;
}

export interface ServerSpec {
  /** Host names and addresses; the first that is no address is the certificate's own name. */
  readonly names: readonly string[];
  readonly validDays: number;
  readonly nowMs: number;
  /** The key to certify, in PEM format; a fresh one is made without it. */
  readonly key?: string;
}

/** A fresh key and a certificate that signs itself, of an authority for servers with permitted names only. */
export function makeAuthority({ name, permitted, validDays, nowMs }: AuthoritySpec): CertifiedKey {
  const key = freshKey();
  const subtrees = permitted.map((base) => new GeneralSubtree({ base: generalName(base) }));
  const usage = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
  const issuer = named(name);
  const cert = certify(key, {
    issuer,
    subject: issuer,
    publicKey: key,
    validity: validity(nowMs, validDays),
    extensions: [
      extension(
        id_ce_basicConstraints,
        true,
        new BasicConstraints({ cA: true, pathLenConstraint: 0 }),
      ),
      extension(id_ce_keyUsage, true, new KeyUsage(usage)),
      // Programs that know this extension sign nothing else with it: neither code nor mail.
      extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth])),
      extension(
        id_ce_nameConstraints,
        true,
        new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) }),
      ),
      extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyId(key))),
    ],
  });
  return { cert, key: pemOfKey(key) };
}

/** A certificate for a server, signed by the authority. */
export function signServer(authority: CertifiedKey, spec: ServerSpec): CertifiedKey {
  const { names, validDays, nowMs } = spec;
  const key = spec.key === undefined ? freshKey() : createPrivateKey(spec.key);
  const issuerKey = createPrivateKey(authority.key);
  const issuer = AsnConvert.parse(derOf(authority.cert), Certificate).tbsCertificate.subject;
  const issuerId = new KeyIdentifier(keyId(issuerKey));
  const cert = certify(issuerKey, {
    issuer,
    // Verifiers may take this for a host name: an address would be none that is permitted.
    subject: named(names.find((name) => isIP(name) === 0) ?? "Tabswarm coordinator"),
    publicKey: key,
    validity: validity(nowMs, validDays),
    extensions: [
      extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
      extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
      extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth])),
      extension(
        id_ce_subjectAltName,
        false,
        new SubjectAlternativeName(names.map((name) => generalName(name))),
      ),
      extension(
        id_ce_authorityKeyIdentifier,
        false,
        new AuthorityKeyIdentifier({ keyIdentifier: issuerId }),
      ),
      extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyId(key))),
    ],
  });
  return { cert, key: pemOfKey(key) };
}

/** The bytes inside of a PEM block. */
export const derOf = (pem: string): Buffer =>
  Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");

interface Statement {
  readonly issuer: Name;
  readonly subject: Name;
  readonly publicKey: KeyObject;
  readonly validity: Validity;
  readonly extensions: readonly Extension[];
}

function certify(issuerKey: KeyObject, statement: Statement): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const body = new TBSCertificate({
    version: VERSION_3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: statement.issuer,
    validity: statement.validity,
    subject: statement.subject,
    subjectPublicKeyInfo: AsnConvert.parse(spkiOf(statement.publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions([...statement.extensions]),
  });
  const signature = sign("sha256", Buffer.from(AsnConvert.serialize(body)), issuerKey);
  const certificate = new Certificate({
    tbsCertificate: body,
    signatureAlgorithm: algorithm,
    signatureValue: bufferOf(signature),
  });
  return pemOf("CERTIFICATE", Buffer.from(AsnConvert.serialize(certificate)));
}

/** P-256: every browser and system knows it. */
const freshKey = (): KeyObject =>
  generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;

const pemOfKey = (key: KeyObject): string =>
  key.export({ type: "pkcs8", format: "pem" }).toString();

const spkiOf = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ type: "spki", format: "der" });

/** RFC 7093, method 1: the first 160 bits of the SHA-256 of the public key's bits. */
function keyId(key: KeyObject): ArrayBuffer {
  const { subjectPublicKey } = AsnConvert.parse(spkiOf(key), SubjectPublicKeyInfo);
  const hash = createHash("sha256").update(Buffer.from(subjectPublicKey)).digest();
  return bufferOf(hash.subarray(0, 20));
}

/** 127 random bits below a one, so that it is positive and has no leading zeros. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bufferOf(bytes);
}

const validity = (nowMs: number, validDays: number): Validity =>
  new Validity({
    notBefore: new Date(nowMs - BACKDATED_MS),
    notAfter: new Date(nowMs - BACKDATED_MS + validDays * DAY_MS),
  });

const named = (text: string): Name =>
  new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({
        type: COMMON_NAME,
        // A common name has at most 64 characters.
        value: new AttributeValue({ utf8String: text.slice(0, 64) }),
      }),
    ]),
  ]);

const generalName = (text: string): GeneralName =>
  isIP(text.split("/", 1)[0] ?? "") === 0
    ? new GeneralName({ dNSName: text })
    : new GeneralName({ iPAddress: text });

const extension = (extnID: string, critical: boolean, value: unknown): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

function pemOf(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** The bytes in a buffer of their own, as the library takes them. */
const bufferOf = (bytes: Buffer): ArrayBuffer => Uint8Array.from(bytes).buffer;

/** The names that an authority may sign for, as they were given to `makeAuthority`; none if it has no limits. */
export function permittedOf(pem: string): readonly string[] {
  const { extensions } = AsnConvert.parse(derOf(pem), Certificate).tbsCertificate;
  const found = extensions?.find(({ extnID }) => extnID === id_ce_nameConstraints);
  if (found === undefined) return [];
  const { permittedSubtrees } = AsnConvert.parse(found.extnValue.buffer, NameConstraints);
  return (permittedSubtrees ?? []).map(({ base }) => base.dNSName ?? base.iPAddress ?? "");
}
