// Checks that every trouble of the connection is said in words that help.
import { describe, expect, it } from "vitest";
import { connectionAdvice, refusalAdvice, retryWords } from "./connection-words.ts";
import { refusalReasons } from "../../shared/protocol/messages.ts";

describe("connectionAdvice", () => {
  it("is silent while all is well", () => {
    expect(connectionAdvice({ state: "connected" }, 0)).toBeNull();
    expect(connectionAdvice({ state: "connecting" }, 0)).toBeNull();
  });

  it("says what a lost connection means and when it is tried again", () => {
    const advice = connectionAdvice({ state: "lost", retryAtMs: 5_500 }, 3_000);
    expect(advice?.text).toBe("Work goes on; trying again in 3 s.");
    expect(retryWords(3_000, 3_000)).toBe("trying again now");
  });

  it("tells a stale page to reload", () => {
    const advice = connectionAdvice({ state: "refused", reason: "wrong-version", message: "" }, 0);
    expect(advice).toMatchObject({
      title: "This page is older than the coordinator",
      canReload: true,
    });
  });

  it("has words for every reason and uses the coordinator's where it has none of its own", () => {
    for (const reason of refusalReasons) {
      const advice = refusalAdvice(reason, "The page sent 900 messages in a second.");
      expect(advice.title.length).toBeGreaterThan(10);
      expect(advice.text.length).toBeGreaterThan(10);
    }
    expect(refusalAdvice("too-fast", "Slower, please.").text).toBe("Slower, please.");
  });
});
