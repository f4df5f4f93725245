// Variables as rows of a name and a value.

import { insert, remove, renameKey, set } from "../asl/json/change";
import { isObject, membersOf, objectOf, string, type Json } from "../asl/json/node";
import type { Language } from "../asl/machine";
import { Text } from "./controls";
import type { Expressions } from "./expression";
import { Icon, Square } from "./icon";
import { read, shown } from "./value";

interface Props {
  readonly label: string;
  readonly help?: string | undefined;
  readonly language: Language;
  readonly node: Json | null;
  readonly expressions: Expressions;
  readonly onChange: (node: Json | null) => void;
}

export function Assign({ label, help, language, node, expressions, onChange }: Props) {
  const holder = isObject(node) ? node : objectOf({});
  const members = membersOf(holder);
  const isPath = language === "JSONPath";
  const rename = (from: string, typed: string): string | undefined => {
    const to = typed.trim();
    if (to === "") return "A variable needs a name.";
    if (members.some(({ key }) => key === to)) return "There is one of that name already.";
    onChange(renameKey(holder, from, to));
    return undefined;
  };
  const setValue = (key: string, typed: string, old: Json): string | undefined => {
    if (key.endsWith(".$")) {
      onChange(set(holder, key, string(typed.trim())));
      return undefined;
    }
    const result = read("json", typed, language, old);
    if ("bad" in result) return result.bad;
    if (result.value) onChange(set(holder, key, result.value));
    return result.value ? undefined : "A variable needs a value.";
  };
  const add = (): void => {
    const names = new Set(members.map(({ key }) => key));
    let name = isPath ? "variable.$" : "variable";
    for (let count = 2; names.has(name); count++) name = isPath ? `variable${count}.$` : `variable${count}`;
    onChange(insert(holder, members.length, name, string(isPath ? "$" : "{% $states.input %}")));
  };
  return (
    <fieldset class="rows" aria-label={label}>
      <legend>{label}</legend>
      {help ? <p class="hint">{help}</p> : null}
      {members.map((member, at) => (
        <div class="row-card" key={at}>
          <div class="row-head">
            <span class="hint">Variable {at + 1}</span>
            <Square
              icon="trash-2"
              label={`Delete variable ${member.key}`}
              onClick={() => {
                const next = remove(holder, member.key);
                onChange(next.members.length === 0 ? null : next);
              }}
            />
          </div>
          <Text label={`Name ${at + 1}`} value={member.key} onChange={(typed) => rename(member.key, typed)} isCode isLate />
          <Text
            label={`Value ${at + 1}`}
            value={member.key.endsWith(".$") ? shown("text", member.value) : shown("json", member.value)}
            onChange={(typed) => setValue(member.key, typed, member.value)}
            isCode
            expressions={expressions}
            isLong={!member.key.endsWith(".$")}
            help={isPath && at === 0 ? "A name that ends in .$ takes its value from a path." : undefined}
          />
        </div>
      ))}
      <button type="button" class="button" onClick={add}>
        <Icon name="plus" />
        Add a variable
      </button>
    </fieldset>
  );
}
