// Ordered lists of a state as cards: what is tried again, what is caught, the rules of a Choice, the
// branches of a Parallel.

import { CATCHER, fieldsIn, RETRIER, RULE, type Field } from "../asl/fields";
import { array, isObject, itemsOf, objectOf, type Json, type JsonObject } from "../asl/json/node";
import { ruleOf } from "../asl/words";
import { Condition } from "./condition";
import { FieldControl, type Form } from "./field";
import { Icon, Square } from "./icon";

/** What can be done with an element of a list beside its fields. */
export interface ListActions {
  move(list: string, from: number, to: number): void;
  addBranch(): void;
  deleteBranch(index: number): void;
  duplicate(list: string, index: number): void;
}

interface ListProps {
  readonly form: Form;
  readonly actions: ListActions;
}

interface CardsProps extends ListProps {
  readonly list: string;
  readonly word: string;
  readonly title: (item: Json, index: number) => string;
  readonly fields: readonly Field[];
  readonly fresh: () => JsonObject;
  readonly empty: string;
  readonly before?: (form: Form, index: number) => preact.ComponentChildren;
}

function Cards({ form, actions, list, word, title, fields, fresh, empty, before }: CardsProps) {
  const items = itemsOf(form.state.node, list);
  return (
    <section class="cards-list" aria-label={list}>
      {items.length === 0 ? <p class="hint">{empty}</p> : null}
      <ol>
        {items.map((item, index) => {
          const inner: Form = { ...form, node: isObject(item) ? item : objectOf({}), base: [list, index] };
          const main = fields.filter(({ kind }) => kind !== "assign" && kind !== "json" && kind !== "path");
          const more = fields.filter((field) => !main.includes(field));
          return (
            <li class="row-card" key={index}>
              <div class="row-head">
                <h4>{`${word} ${index + 1}`}</h4>
                <span class="row-title">{title(item, index)}</span>
                <Square icon="arrow-up" label={`Move ${word.toLowerCase()} ${index + 1} up`} isDisabled={index === 0} onClick={() => actions.move(list, index, index - 1)} />
                <Square icon="arrow-down" label={`Move ${word.toLowerCase()} ${index + 1} down`} isDisabled={index === items.length - 1} onClick={() => actions.move(list, index, index + 1)} />
                <Square icon="copy" label={`Duplicate ${word.toLowerCase()} ${index + 1}`} onClick={() => actions.duplicate(list, index)} />
                <Square icon="trash-2" label={`Delete ${word.toLowerCase()} ${index + 1}`} onClick={() => form.set([list, index], null)} />
              </div>
              {before ? before(inner, index) : null}
              {main.map((field) => (
                <FieldControl key={field.path.join()} field={field} form={inner} />
              ))}
              {more.length > 0 ? (
                <details open={more.some(({ key }) => isObject(item) && item.members.some((member) => member.key === key))}>
                  <summary>What goes on</summary>
                  {more.map((field) => (
                    <FieldControl key={field.path.join()} field={field} form={inner} />
                  ))}
                </details>
              ) : null}
            </li>
          );
        })}
      </ol>
      <button type="button" class="button" onClick={() => (items.length === 0 ? form.set([list], array([fresh()])) : form.set([list, items.length], fresh()))}>
        <Icon name="plus" />
        {`Add a ${word.toLowerCase()}`}
      </button>
    </section>
  );
}

function errorsOf(item: Json): string {
  return itemsOf(item, "ErrorEquals").flatMap((each) => (each.kind === "string" ? [each.value] : [])).join(", ");
}

export function Retries(props: ListProps) {
  return (
    <Cards
      {...props}
      list="Retry"
      word="Retrier"
      title={errorsOf}
      fields={fieldsIn(RETRIER, props.form.language)}
      fresh={() => objectOf({ ErrorEquals: ["States.ALL"], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2 })}
      empty="Nothing is tried again."
    />
  );
}

export function Catchers(props: ListProps) {
  const { form } = props;
  // Where there is no state for failures none is guessed: an error that leads anywhere is a loop nobody meant.
  const target = form.state.scope.states.find(({ type }) => type === "Fail")?.name;
  return (
    <Cards
      {...props}
      list="Catch"
      word="Catcher"
      title={errorsOf}
      fields={fieldsIn(CATCHER, form.language)}
      fresh={() => objectOf({ ErrorEquals: ["States.ALL"], Next: target ?? "" })}
      empty="Nothing is caught: an error fails the execution."
    />
  );
}

export function Rules(props: ListProps & { readonly fresh: () => JsonObject }) {
  const { form, fresh } = props;
  return (
    <Cards
      {...props}
      list="Choices"
      word="Rule"
      title={(item) => ruleOf(item)}
      fields={fieldsIn(RULE, form.language)}
      fresh={fresh}
      empty="There is no rule yet."
      before={(inner, index) => <Condition form={inner} path={["Choices", index]} label={`Rule ${index + 1}`} />}
    />
  );
}

export function Branches({ form, actions }: ListProps) {
  const { branches } = form.state;
  return (
    <section class="cards-list" aria-label="Branches">
      <h3>Branches</h3>
      <ol>
        {branches.map((branch, index) => (
          <li class="row-card" key={branch.id}>
            <div class="row-head">
              <h4>{`Branch ${index + 1}`}</h4>
              <span class="row-title">{branch.states.length === 0 ? "empty" : `${branch.start ?? ""}, ${branch.states.length} ${branch.states.length === 1 ? "state" : "states"}`}</span>
              <Square icon="arrow-up" label={`Move branch ${index + 1} to the left`} isDisabled={index === 0} onClick={() => actions.move("Branches", index, index - 1)} />
              <Square icon="arrow-down" label={`Move branch ${index + 1} to the right`} isDisabled={index === branches.length - 1} onClick={() => actions.move("Branches", index, index + 1)} />
              <Square icon="copy" label={`Duplicate branch ${index + 1}`} onClick={() => actions.duplicate("Branches", index)} />
              <Square icon="trash-2" label={`Delete branch ${index + 1}`} isDisabled={branches.length <= 1} onClick={() => actions.deleteBranch(index)} />
            </div>
          </li>
        ))}
      </ol>
      <button type="button" class="button" onClick={() => actions.addBranch()}>
        <Icon name="plus" />
        Add a branch
      </button>
    </section>
  );
}

