import assert from "node:assert/strict";
import { test } from "node:test";
import { matching, type Choice } from "./pick";

const choices: Choice[] = [{ value: "new", words: "A new state…", isSpecial: true }, ...["Pay", "Repay", "Payment", "Wait"].map((name) => ({ value: name, words: name }))];

function check(query: string, expected: readonly string[]): void {
  assert.deepEqual(matching(choices, query).map(({ words }) => words), expected, query);
}

test("names that begin with what is typed come first, and what is no name is always offered", () => {
  check("", ["A new state…", "Pay", "Repay", "Payment", "Wait"]);
  check("PAY", ["Pay", "Payment", "Repay", "A new state…"]);
  check(" wait ", ["Wait", "A new state…"]);
  check("zzz", ["A new state…"]);
});
