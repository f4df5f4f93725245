// What an expression can name where it stands: variables, functions, and paths that an input is known to have.

import { isArray, isObject, type Json } from "./json/node";
import { variablesVisible, type Language, type State } from "./machine";

const JSONATA = (
  "abs append assert average base64decode base64encode boolean ceil contains count decodeUrl decodeUrlComponent distinct each encodeUrl encodeUrlComponent error " +
  "exists filter floor formatBase formatInteger formatNumber fromMillis hash join keys length lookup lowercase map match max merge millis min not now number " +
  "pad parse parseInteger partition power random range reduce replace reverse round shuffle sift single sort split spread sqrt string substring " +
  "substringAfter substringBefore sum toMillis trim type uppercase uuid zip"
).split(" ");
const INTRINSICS = (
  "Array ArrayContains ArrayGetItem ArrayLength ArrayPartition ArrayRange ArrayUnique Base64Decode Base64Encode Format Hash JsonMerge JsonToString MathAdd MathRandom StringSplit StringToJson UUID"
).split(" ");
const CONTEXT = "Execution.Id Execution.Input Execution.Name Execution.StartTime State.EnteredTime State.Name State.RetryCount StateMachine.Id StateMachine.Name Task.Token".split(" ");

const PATHS_MAX = 400;
const DEPTH_MAX = 5;

/** Everything that may be written at `state`, the likeliest first. */
export function completions(state: State, language: Language, input: Json | null, result: Json | null): string[] {
  const variables = variablesVisible(state).map((name) => `$${name}`);
  if (language === "JSONata") {
    return [
      ...variables, "$states.input", ...paths("$states.input", input), "$states.result", ...paths("$states.result", result), "$states.errorOutput.Error", "$states.errorOutput.Cause",
      ...CONTEXT.map((path) => `$states.context.${path}`), ...JSONATA.map((name) => `$${name}(`),
    ];
  }
  return [...variables, ...paths("$", input), ...CONTEXT.map((path) => `$$.${path}`), ...INTRINSICS.map((name) => `States.${name}(`)];
}

/** The paths below a value, outermost first. */
export function paths(from: string, value: Json | null): string[] {
  const found: string[] = [];
  let level: [string, Json][] = value ? [[from, value]] : [];
  for (let depth = 0; depth < DEPTH_MAX && level.length > 0; depth++) {
    const next: [string, Json][] = [];
    for (const [path, node] of level) {
      const inside = isArray(node) ? node.items.slice(0, 1).map((item) => [`${path}[0]`, item] as [string, Json]) : isObject(node) ? node.members.map((member) => [`${path}${stepTo(member.key, from)}`, member.value] as [string, Json]) : [];
      next.push(...inside);
    }
    found.push(...next.map(([path]) => path));
    if (found.length >= PATHS_MAX) break;
    level = next;
  }
  return found.slice(0, PATHS_MAX);
}

function stepTo(key: string, from: string): string {
  if (/^[A-Za-z_]\w*$/.test(key)) return `.${key}`;
  return from === "$" ? `['${key.replace(/['\\]/g, "\\$&")}']` : `.\`${key.replace(/`/g, "")}\``;
}

/** The word that is being written at the end of `text`, and what it can become. */
export function completed(text: string, words: readonly string[], most = 8): { readonly from: number; readonly choices: readonly string[] } {
  const word = /(?:\$\$?|States\.)?[\w.[\]]*$/.exec(text)?.[0] ?? "";
  const from = text.length - word.length;
  if (!/^(?:\$|States?\b|St)/.test(word)) return { from, choices: [] };
  const small = word.toLowerCase();
  return { from, choices: words.filter((each) => each !== word && each.toLowerCase().startsWith(small)).slice(0, most) };
}
