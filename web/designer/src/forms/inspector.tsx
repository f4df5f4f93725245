// The form of what is selected: a state, several, or the machine itself.

import { useState } from "preact/hooks";
import { fieldsOf, type Field } from "../asl/fields";
import { addBranch, deleteBranch, moveItem, wrap } from "../asl/edit/wrap";
import { convert, setField, setState, setTop } from "../asl/edit/field";
import { rename } from "../asl/edit/rename";
import { connectTo, endHere } from "../asl/edit/next";
import { addState, newRule, templateOf } from "../asl/edit/new";
import { isRefused } from "../asl/edit/edit";
import { get, itemsOf, number, pointer, string, textOf, type Json, type Path } from "../asl/json/node";
import { JsonError, tryParse } from "../asl/json/parse";
import { printAlone } from "../asl/json/print";
import { completions } from "../asl/completions";
import { assignedBy, TYPES, variablesVisible, type State } from "../asl/machine";
import { TYPE_ICON } from "../canvas/icons";
import type { Store } from "../designer/store";
import { Branches, Catchers, Retries, Rules, type ListActions } from "./cards";
import { Select, Text } from "./controls";
import { FieldControl, type Form } from "./field";
import { Icon } from "./icon";
import { Pick } from "./pick";
import { Target } from "./target";
import { isExpression } from "./value";

const TABS = ["Settings", "Data", "Errors", "Variables", "Note", "JSON"] as const;
type AnyTab = (typeof TABS)[number];

export function Inspector({ store, onDelete }: { readonly store: Store; readonly onDelete: () => void }) {
  const [first, second] = store.selected;
  if (!first) return <MachineForm store={store} />;
  if (second) return <ManyForm store={store} onDelete={onDelete} />;
  return <StateForm key={first.id} store={store} state={first} />;
}

function StateForm({ store, state }: { readonly store: Store; readonly state: State }) {
  const [chosen, setTab] = useState<AnyTab>("Settings");
  const form = formOf(store, state);
  const fields = fieldsOf(state.type, state.language).filter((field) => !field.isOld || get(state.node, field.key) !== null);
  const tabs = TABS.filter((tab) => tab === "Note" || tab === "JSON" || fields.some((field) => field.tab === tab));
  const tab = tabs.includes(chosen) ? chosen : "Settings";
  const here = fields.filter((field) => field.tab === tab);
  const general = store.problems.filter((problem) => store.stateOf(problem) === state && !fields.some((field) => problem.pointer?.startsWith(state.id + pointer(field.path))));
  return (
    <div class="inspector-form">
      <header class="inspector-head">
        <span class={`tile type-${state.type.toLowerCase()}`}>
          <Icon name={TYPE_ICON[state.type]} />
        </span>
        <h2>{state.name}</h2>
      </header>
      <Text
        label="Name"
        value={state.name}
        focus={store.naming}
        isLate
        onChange={(typed) => {
          const edit = rename(store.document.machine, state.id, typed);
          if (isRefused(edit)) return edit.refused;
          store.apply(edit);
          return undefined;
        }}
      />
      {general.map((problem, at) => (
        <p class={problem.isError ? "bad" : "bad is-warning"} key={at}>
          <Icon name="triangle-alert" />
          {problem.message}
        </p>
      ))}
      <div class="tabs" role="tablist" aria-label="Parts of the state" onKeyDown={(event) => tabKeys(event, tabs, tab, setTab)}>
        {tabs.map((each) => (
          <button key={each} type="button" role="tab" id={`tab-${each}`} aria-selected={each === tab} aria-controls="tab-panel" tabIndex={each === tab ? 0 : -1} onClick={() => setTab(each)}>
            {each}
            {countOn(each, state) > 0 ? <span class="count">{countOn(each, state)}</span> : null}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`} key={tab}>
        {tab === "Settings" ? (
          <Select
            label="Type"
            value={state.spelledType}
            options={[...(TYPES.some((type) => type === state.spelledType) ? [] : [[state.spelledType, state.spelledType || "Choose one"] as const]), ...TYPES.map((type) => [type, type] as const)]}
            onChange={(type) => {
              const known = TYPES.find((each) => each === type);
              if (known) store.apply(convert(store.document.machine, state.id, known));
            }}
          />
        ) : null}
        {tab === "Settings" && state.type === "Task" ? <Target form={form} /> : null}
        <FieldList fields={here} form={form} actions={actionsOf(store, state)} />
        {tab === "Variables" ? <VisibleVariables state={state} /> : null}
        {tab === "Note" ? <Text label="Note" value={textOf(state.node, "Comment") ?? ""} help="For people; kept as the state's Comment." isLong onChange={(typed) => (form.set(["Comment"], typed === "" ? null : string(typed)), undefined)} /> : null}
        {tab === "JSON" ? <StateText store={store} state={state} /> : null}
      </div>
    </div>
  );
}

function tabKeys(event: KeyboardEvent, tabs: readonly AnyTab[], tab: AnyTab, setTab: (tab: AnyTab) => void): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  if (!next) return;
  setTab(next);
  document.getElementById(`tab-${next}`)?.focus();
}

function countOn(tab: AnyTab, state: State): number {
  if (tab === "Errors") return itemsOf(state.node, "Retry").length + itemsOf(state.node, "Catch").length;
  if (tab === "Variables") return assignedBy(state).length;
  return tab === "Note" && textOf(state.node, "Comment") ? 1 : 0;
}

function FieldList({ fields, form, actions }: { readonly fields: readonly Field[]; readonly form: Form; readonly actions: ListActions }) {
  const groups = [...new Set(fields.flatMap(({ group }) => group ?? []))];
  const one = (field: Field) => {
    switch (field.kind) {
      case "retry":
        return <section key="retry"><h3>Retry</h3><Retries form={form} actions={actions} /></section>;
      case "catch":
        return <section key="catch"><h3>Catch</h3><Catchers form={form} actions={actions} /></section>;
      case "rules":
        return <section key="rules"><h3>Rules</h3><Rules form={form} actions={actions} fresh={() => ruleFor(form)} /></section>;
      case "branches":
        return <Branches key="branches" form={form} actions={actions} />;
      default:
        return <FieldControl key={field.path.join()} field={field} form={form} />;
    }
  };
  return (
    <>
      {fields.filter(({ group }) => group === undefined).map(one)}
      {groups.map((group) => {
        const inside = fields.filter((field) => field.group === group);
        return (
          <details key={group} open={inside.some(({ key }) => get(form.node, key) !== null)}>
            <summary>{group}</summary>
            {inside.map(one)}
          </details>
        );
      })}
    </>
  );
}

function ruleFor(form: Form) {
  const rule = newRule(form.language);
  const target = form.state.links[0]?.target ?? form.state.scope.states.find(({ name }) => name !== form.state.name)?.name ?? "";
  return { ...rule, members: [...rule.members, { key: "Next", value: string(target), origin: null }] };
}

/** What the fields of a state need. */
export function formOf(store: Store, state: State): Form {
  const { machine } = store.document;
  const apply = (path: Path, value: Json | null): void => {
    store.apply(setField(store.document.machine, state.id, path, value), `${state.id} ${path.join("/")}`);
  };
  return {
    state,
    language: state.language,
    node: state.node,
    base: [],
    functions: store.functions,
    machines: store.machines,
    connections: store.connections,
    expressions: {
      words: () => {
        const input = tryParse(store.tried.input);
        return completions(state, state.language, input instanceof JsonError ? null : input, store.tried.result);
      },
      look: (text) => {
        const trimmed = text.trim();
        const isOne = state.language === "JSONata" ? isExpression(trimmed) : /^(?:\$|States\.)./.test(trimmed);
        return isOne && store.hasTried ? store.api.evaluate(state.language, trimmed, store.tried) : null;
      },
    },
    set: apply,
    lead: (path, to) => {
      if (to === "end") store.apply(endHere(machine, state.id));
      else if (to === "new") addNew(store, state, path);
      else store.apply(connectTo(machine, state.id, path, to.name));
    },
    problemAt: (path) => {
      const place = state.id + pointer(path);
      return store.problems.find((problem) => problem.isError && problem.pointer === place)?.message;
    },
  };
}

/** A new state where a line leads. */
function addNew(store: Store, state: State, path: Path): void {
  const link = state.links.find((each) => each.path.join() === path.join());
  const place = link ? ({ kind: "link", state: state.id, path } as const) : ({ kind: "end", state: state.id } as const);
  if (store.apply(addState(store.document.machine, place, templateOf("Pass")))) store.naming++;
}

function actionsOf(store: Store, state: State): ListActions {
  const { machine } = store.document;
  return {
    move: (list, from, to) => store.apply(moveItem(machine, state.id, list, from, to)),
    addBranch: () => store.apply(addBranch(machine, state.id)),
    deleteBranch: (index) => store.apply(deleteBranch(machine, state.id, index)),
    duplicate: (list, index) => {
      const item = itemsOf(state.node, list)[index];
      if (list === "Branches") store.duplicateBranch(state.id, index);
      else if (item) store.apply(setField(machine, state.id, [list, itemsOf(state.node, list).length], item));
    },
  };
}

function VisibleVariables({ state }: { readonly state: State }) {
  const names = variablesVisible(state);
  return (
    <section>
      <h3>Seen here</h3>
      {names.length === 0 ? <p class="hint">No state around this one assigns a variable.</p> : null}
      <ul class="names">
        {names.map((name) => (
          <li key={name} class="mono">{`$${name}`}</li>
        ))}
      </ul>
    </section>
  );
}

function StateText({ store, state }: { readonly store: Store; readonly state: State }) {
  return (
    <Text
      label="Definition of this state"
      value={printAlone(state.node)}
      isLong
      isCode
      onChange={(typed) => {
        const node = tryParse(typed);
        if (node instanceof JsonError) return `Line ${node.line}: ${node.message}.`;
        const edit = setState(store.document.machine, state.id, node);
        if (isRefused(edit)) return edit.refused;
        store.apply(edit, `${state.id} text`);
        return undefined;
      }}
    />
  );
}

function ManyForm({ store, onDelete }: { readonly store: Store; readonly onDelete: () => void }) {
  const { machine } = store.document;
  return (
    <div class="inspector-form">
      <header class="inspector-head">
        <h2>{`${store.selected.length} states`}</h2>
      </header>
      <ul class="names">
        {store.selected.map(({ id, name }) => (
          <li key={id}>{name}</li>
        ))}
      </ul>
      <div class="stack">
        <button type="button" class="button" onClick={() => store.apply(wrap(machine, store.selection, "Parallel"))}>
          <Icon name="columns-3" /> Wrap in a Parallel
        </button>
        <button type="button" class="button" onClick={() => store.apply(wrap(machine, store.selection, "Map"))}>
          <Icon name="repeat" /> Wrap in a Map
        </button>
        <button type="button" class="button danger" onClick={onDelete}>
          <Icon name="trash-2" /> Delete them
        </button>
      </div>
    </div>
  );
}

function MachineForm({ store }: { readonly store: Store }) {
  const { machine } = store.document;
  const { root } = machine;
  const setText = (key: string) => (typed: string) => (store.apply(setTop(store.document.machine, key, typed === "" ? null : string(typed)), key), undefined);
  const timeout = get(root, "TimeoutSeconds");
  const starts = machine.scope.states.map(({ name }) => ({ value: name, words: name }));
  return (
    <div class="inspector-form">
      <header class="inspector-head">
        <span class="tile">
          <Icon name="workflow" />
        </span>
        <h2>{store.machine?.name ?? "New machine"}</h2>
      </header>
      <p class="hint">Select a state to see its fields. These are the machine's own.</p>
      <Text label="Comment" value={textOf(root, "Comment") ?? ""} isLong onChange={setText("Comment")} help="What the machine is for." />
      <Select
        label="Query language"
        value={textOf(root, "QueryLanguage") ?? ""}
        options={[["", "JSONPath (where nothing is said)"], ["JSONPath", "JSONPath"], ["JSONata", "JSONata"]]}
        onChange={(value) => store.apply(setTop(machine, "QueryLanguage", value === "" ? null : string(value)))}
        help="How states read and shape data, where they do not say otherwise."
      />
      {starts.length > 0 ? (
        <Pick label="First state" value={textOf(root, "StartAt") ?? ""} choices={starts} onChange={(value) => store.apply(setTop(machine, "StartAt", string(value)))} />
      ) : null}
      <Text
        label="Timeout in seconds"
        value={timeout?.kind === "number" ? timeout.text : ""}
        inputMode="numeric"
        help="How long an execution may take. Absent: as long as the server allows."
        onChange={(typed) => {
          const text = typed.trim();
          if (text !== "" && !/^\d+$/.test(text)) return "A whole number such as 3600.";
          store.apply(setTop(store.document.machine, "TimeoutSeconds", text === "" ? null : number(text)), "TimeoutSeconds");
          return undefined;
        }}
      />
      <Text label="Version of the language" value={textOf(root, "Version") ?? ""} onChange={setText("Version")} placeholder="1.0" />
    </div>
  );
}

