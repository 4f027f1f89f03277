// The join token and the submit token: made once for a data folder, so that tabs rejoin by themselves.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { randomText } from "../shared/ids.ts";

/** What a token admits to: workers join and move blocks; clients do everything. */
export type Role = "join" | "submit";

export interface AccessTokens {
  readonly joinToken: string;
  readonly submitToken: string;
}

const tokensSchema = z.object({
  joinToken: z.string().min(20).max(200),
  submitToken: z.string().min(20).max(200),
});

/** 128 random bits as 22 URL-safe characters. */
export const freshToken = (): string => randomText(randomBytes(16));

/** Reads the tokens of a data folder, or makes them. A damaged file is replaced. */
export async function loadAccessTokens(dataDir: string): Promise<AccessTokens> {
  const path = join(dataDir, "tokens.json");
  const known = await readTokens(path);
  if (known !== undefined) {
    await chmod(path, 0o600);
    return known;
  }
  const tokens = { joinToken: freshToken(), submitToken: freshToken() };
  const draft = `${path}.new`;
  await writeFile(draft, `${JSON.stringify(tokens, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, path);
  return tokens;
}

async function readTokens(path: string): Promise<AccessTokens | undefined> {
  try {
    return tokensSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Equality in constant time; hashing first makes the lengths equal. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

/** The role that `token` admits to, or undefined. Both comparisons always run. */
export function roleOf(tokens: AccessTokens, token: string): Role | undefined {
  const isSubmit = isSame(token, tokens.submitToken);
  const isJoin = isSame(token, tokens.joinToken);
  if (isSubmit) return "submit";
  return isJoin ? "join" : undefined;
}
