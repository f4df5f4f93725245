// Every field that the language has, as the forms show it: one list, walked by the inspector, by the
// completion of the text and by a test that compares it with the language.

import type { Path } from "./json/node";
import { TYPES, type Language, type Type } from "./machine";

/** How a field's value is shown and read. */
export type Kind =
  /** One line of text; an expression in JSONata. */
  | "text"
  /** A whole or broken number; in JSONata an expression as well. */
  | "number"
  /** Any JSON value; in JSONata an expression as well. */
  | "json"
  /** A JSONPath, or null where that has a meaning. */
  | "path"
  /** One of `options`. */
  | "select"
  /** A list of texts. */
  | "texts"
  /** The name of a state to go to. */
  | "next"
  | "retry"
  | "catch"
  | "rules"
  | "branches"
  | "assign"
  | "resource";

export type Tab = "Settings" | "Data" | "Errors" | "Variables";

export interface Field {
  /** The name in the text; for nested ones that of the outermost object. */
  readonly key: string;
  readonly path: Path;
  readonly label: string;
  readonly kind: Kind;
  readonly tab: Tab;
  readonly help: string;
  readonly languages: readonly Language[];
  readonly options?: readonly string[];
  /** Whether `null` may be written: it discards. */
  readonly nullable?: boolean;
  /** Under this heading, closed until it holds something. */
  readonly group?: string;
  /** Offered only where it is there already: an older spelling. */
  readonly isOld?: boolean;
}

const BOTH: readonly Language[] = ["JSONPath", "JSONata"];
const PATH: readonly Language[] = ["JSONPath"];
const NATA: readonly Language[] = ["JSONata"];

interface More {
  readonly options?: readonly string[];
  readonly nullable?: boolean;
  readonly group?: string;
  readonly isOld?: boolean;
}

function field(path: string, label: string, kind: Kind, tab: Tab, languages: readonly Language[], help: string, more: More = {}): Field {
  const steps = path.split(/\.(?!\$)/);
  return { key: steps[0] ?? path, path: steps, label, kind, tab, languages, help, ...more };
}

const next = field("Next", "Next state", "next", "Settings", BOTH, "Where the flow goes on.");
const inputPath = field("InputPath", "Input path", "path", "Data", PATH, "The part of the input that the state sees. Absent: all of it.", { nullable: true });
const outputPath = field("OutputPath", "Output path", "path", "Data", PATH, "The part of the result that goes on. Absent: all of it.", { nullable: true });
const resultPath = field("ResultPath", "Result path", "path", "Data", PATH, "Where the result goes in the input. Absent: in its place. Null: nowhere.", { nullable: true });
const resultSelector = field("ResultSelector", "Result selector", "json", "Data", PATH, "Shapes the result before it is put into the output.");
const parameters = field("Parameters", "Parameters", "json", "Data", PATH, "What is passed on. A name that ends in .$ takes its value from a path.");
const args = field("Arguments", "Arguments", "json", "Data", NATA, "What is passed on. Texts in {% … %} are expressions.");
const assign = field("Assign", "Variables", "assign", "Variables", BOTH, "Variables that later states can use.");
const output = field("Output", "Output", "json", "Data", NATA, "What goes on. Absent: the result, or the input where there is none.");
const retry = field("Retry", "Retry", "retry", "Errors", BOTH, "Which errors are tried again, and when.");
const catchers = field("Catch", "Catch", "catch", "Errors", BOTH, "Where the flow goes after an error that is not tried again.");

const afterwards = [resultSelector, resultPath, outputPath, output, assign];

const reader = "Item reader";
const batcher = "Batches";
const writer = "Result writer";
const failures = "Tolerated failures";

export const FIELDS_OF_TYPE: Readonly<Record<Type, readonly Field[]>> = {
  Task: [
    field("Resource", "Resource", "resource", "Settings", BOTH, "The function or service that does the work."),
    inputPath,
    parameters,
    args,
    ...afterwards,
    field("TimeoutSeconds", "Timeout in seconds", "number", "Settings", BOTH, "How long an attempt may take.", { group: "Time limits" }),
    field("TimeoutSecondsPath", "Timeout path", "path", "Settings", PATH, "Takes the timeout from the input.", { group: "Time limits" }),
    field("HeartbeatSeconds", "Heartbeat in seconds", "number", "Settings", BOTH, "How long the worker may be silent.", { group: "Time limits" }),
    field("HeartbeatSecondsPath", "Heartbeat path", "path", "Settings", PATH, "Takes the heartbeat from the input.", { group: "Time limits" }),
    field("Credentials.RoleArn", "Role", "text", "Settings", BOTH, "The role under which the task runs.", { group: "Credentials" }),
    field("Credentials.RoleArn.$", "Role path", "path", "Settings", PATH, "Takes the role from the input.", { group: "Credentials" }),
    retry,
    catchers,
    next,
  ],
  Pass: [
    inputPath,
    parameters,
    field("Result", "Result", "json", "Data", PATH, "A fixed result, whatever came in."),
    resultPath,
    outputPath,
    output,
    assign,
    next,
  ],
  Choice: [
    field("Choices", "Rules", "rules", "Settings", BOTH, "The first rule that holds decides."),
    field("Default", "Otherwise go to", "next", "Settings", BOTH, "Where the flow goes when no rule holds. Absent: the execution fails."),
    inputPath,
    outputPath,
    output,
    assign,
  ],
  Wait: [
    field("Seconds", "Seconds", "number", "Settings", BOTH, "How long to wait."),
    field("Timestamp", "Until", "text", "Settings", BOTH, "A moment, such as 2026-12-24T18:00:00Z."),
    field("SecondsPath", "Seconds path", "path", "Settings", PATH, "Takes the seconds from the input."),
    field("TimestampPath", "Until path", "path", "Settings", PATH, "Takes the moment from the input."),
    inputPath,
    outputPath,
    output,
    assign,
    next,
  ],
  Succeed: [inputPath, outputPath, output],
  Fail: [
    field("Error", "Error", "text", "Settings", BOTH, "A short name that catchers and people look for."),
    field("ErrorPath", "Error path", "path", "Settings", PATH, "Takes the error from the input."),
    field("Cause", "Cause", "text", "Settings", BOTH, "A sentence for people."),
    field("CausePath", "Cause path", "path", "Settings", PATH, "Takes the cause from the input."),
  ],
  Parallel: [
    field("Branches", "Branches", "branches", "Settings", BOTH, "Flows that run at the same time."),
    inputPath,
    parameters,
    args,
    ...afterwards,
    retry,
    catchers,
    next,
  ],
  Map: [
    field("ItemsPath", "Items path", "path", "Settings", PATH, "The list in the input. Absent: the input itself."),
    field("Items", "Items", "json", "Settings", NATA, "The list. Absent: the input itself."),
    field("ItemProcessor.ProcessorConfig.Mode", "Mode", "select", "Settings", BOTH, "INLINE runs items inside this execution; DISTRIBUTED gives each an execution of its own.", { options: ["INLINE", "DISTRIBUTED"] }),
    field("ItemProcessor.ProcessorConfig.ExecutionType", "Execution type", "select", "Settings", BOTH, "Of the executions of a distributed Map.", { options: ["STANDARD", "EXPRESS"] }),
    field("MaxConcurrency", "Items at once", "number", "Settings", BOTH, "0 or absent: as many as there are."),
    field("MaxConcurrencyPath", "Items at once, path", "path", "Settings", PATH, "Takes the number from the input."),
    field("Label", "Label", "text", "Settings", BOTH, "Names the runs of a distributed Map. 40 characters at most."),
    inputPath,
    field("ItemSelector", "Item selector", "json", "Data", BOTH, "What each item's flow begins with."),
    field("Parameters", "Parameters (older)", "json", "Data", PATH, "The older name of the item selector.", { isOld: true }),
    ...afterwards,
    field("ToleratedFailureCount", "Failures tolerated", "number", "Errors", BOTH, "How many items may fail.", { group: failures }),
    field("ToleratedFailureCountPath", "Failures tolerated, path", "path", "Errors", PATH, "Takes the number from the input.", { group: failures }),
    field("ToleratedFailurePercentage", "Percentage tolerated", "number", "Errors", BOTH, "Which share of the items may fail.", { group: failures }),
    field("ToleratedFailurePercentagePath", "Percentage tolerated, path", "path", "Errors", PATH, "Takes the share from the input.", { group: failures }),
    field("ItemReader.Resource", "Read from", "text", "Settings", BOTH, "The service action that reads the items.", { group: reader }),
    field("ItemReader.Parameters", "Reader parameters", "json", "Settings", PATH, "Bucket and key, or bucket and prefix.", { group: reader }),
    field("ItemReader.Arguments", "Reader arguments", "json", "Settings", NATA, "Bucket and key, or bucket and prefix.", { group: reader }),
    field("ItemReader.ReaderConfig.InputType", "Format", "select", "Settings", BOTH, "How the file is written.", { group: reader, options: ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"] }),
    field("ItemReader.ReaderConfig.CSVDelimiter", "CSV delimiter", "select", "Settings", BOTH, "What separates columns.", { group: reader, options: ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"] }),
    field("ItemReader.ReaderConfig.CSVHeaderLocation", "CSV header", "select", "Settings", BOTH, "Where the names of columns are.", { group: reader, options: ["FIRST_ROW", "GIVEN"] }),
    field("ItemReader.ReaderConfig.CSVHeaders", "CSV column names", "texts", "Settings", BOTH, "Where the header is given.", { group: reader }),
    field("ItemReader.ReaderConfig.ManifestType", "Manifest type", "select", "Settings", BOTH, "Which manifest it is.", { group: reader, options: ["ATHENA_DATA", "S3_INVENTORY"] }),
    field("ItemReader.ReaderConfig.ItemsPointer", "Items pointer", "text", "Settings", BOTH, "A JSON Pointer to the list in the file.", { group: reader }),
    field("ItemReader.ReaderConfig.MaxItems", "Items at most", "number", "Settings", BOTH, "Reads no more than these.", { group: reader }),
    field("ItemReader.ReaderConfig.MaxItemsPath", "Items at most, path", "path", "Settings", PATH, "Takes the number from the input.", { group: reader }),
    field("ItemReader.ReaderConfig.Transformation", "Listing", "select", "Settings", BOTH, "LOAD_AND_FLATTEN reads the objects of a listing.", { group: reader, options: ["NONE", "LOAD_AND_FLATTEN"] }),
    field("ItemBatcher.MaxItemsPerBatch", "Items in a batch", "number", "Settings", BOTH, "How many items a child gets.", { group: batcher }),
    field("ItemBatcher.MaxItemsPerBatchPath", "Items in a batch, path", "path", "Settings", PATH, "Takes the number from the input.", { group: batcher }),
    field("ItemBatcher.MaxInputBytesPerBatch", "Bytes in a batch", "number", "Settings", BOTH, "At most 262,144.", { group: batcher }),
    field("ItemBatcher.MaxInputBytesPerBatchPath", "Bytes in a batch, path", "path", "Settings", PATH, "Takes the number from the input.", { group: batcher }),
    field("ItemBatcher.BatchInput", "Input of every batch", "json", "Settings", BOTH, "Given to each batch beside its items.", { group: batcher }),
    field("ResultWriter.Resource", "Write to", "text", "Settings", BOTH, "The service action that writes the results.", { group: writer }),
    field("ResultWriter.Parameters", "Writer parameters", "json", "Settings", PATH, "Bucket and prefix.", { group: writer }),
    field("ResultWriter.Arguments", "Writer arguments", "json", "Settings", NATA, "Bucket and prefix.", { group: writer }),
    field("ResultWriter.WriterConfig.OutputType", "Output format", "select", "Settings", BOTH, "How results are written.", { group: writer, options: ["JSON", "JSONL"] }),
    field("ResultWriter.WriterConfig.Transformation", "Output shape", "select", "Settings", BOTH, "What is written of each result.", { group: writer, options: ["NONE", "COMPACT", "FLATTEN"] }),
    retry,
    catchers,
    next,
  ],
};

/** Fields of every state beside those of its type. */
export const COMMON: readonly Field[] = [
  field("QueryLanguage", "Query language", "select", "Data", BOTH, "How this state reads and shapes data.", { options: ["JSONPath", "JSONata"] }),
];

const part = (path: string, label: string, kind: Kind, languages: readonly Language[], help: string, more: More = {}): Field =>
  ({ ...field(path, label, kind, "Errors", languages, help, more) });

/** One entry of `Retry`. */
export const RETRIER: readonly Field[] = [
  part("ErrorEquals", "Errors", "texts", BOTH, "Names of errors, one a line. States.ALL is any."),
  part("IntervalSeconds", "First wait in seconds", "number", BOTH, "1 where absent."),
  part("MaxAttempts", "Attempts", "number", BOTH, "3 where absent; 0 is never."),
  part("BackoffRate", "Backoff rate", "number", BOTH, "Each wait is so many times the one before. 2 where absent."),
  part("MaxDelaySeconds", "Longest wait in seconds", "number", BOTH, "No wait is longer."),
  part("JitterStrategy", "Jitter", "select", BOTH, "FULL spreads the waits at random.", { options: ["NONE", "FULL"] }),
  part("Comment", "Note", "text", BOTH, "For people."),
];

/** One entry of `Catch`. */
export const CATCHER: readonly Field[] = [
  part("ErrorEquals", "Errors", "texts", BOTH, "Names of errors, one a line. States.ALL is any."),
  part("Next", "Go to", "next", BOTH, "The state that takes over."),
  part("ResultPath", "Result path", "path", PATH, "Where error and cause go in the input.", { nullable: true }),
  part("Output", "Output", "json", NATA, "What goes on; $states.errorOutput is the error."),
  part("Assign", "Variables", "assign", BOTH, "Variables that later states can use."),
  part("Comment", "Note", "text", BOTH, "For people."),
];

/** One entry of `Choices`; its condition has a builder of its own. */
export const RULE: readonly Field[] = [
  part("Next", "Then go to", "next", BOTH, "The state that comes next when the rule holds."),
  part("Output", "Output", "json", NATA, "What goes on when the rule holds."),
  part("Assign", "Variables", "assign", BOTH, "Variables that are set when the rule holds."),
  part("Comment", "Note", "text", BOTH, "For people."),
];

/** The fields of a state that its form shows, in the order of the form. */
export function fieldsOf(type: Type, language: Language): readonly Field[] {
  return [...COMMON, ...FIELDS_OF_TYPE[type]].filter((each) => each.languages.includes(language));
}

export function fieldsIn(fields: readonly Field[], language: Language): readonly Field[] {
  return fields.filter((each) => each.languages.includes(language));
}

/** The operators of a rule in JSONPath, grouped as they are offered. */
export const OPERATORS: readonly (readonly [string, readonly string[]])[] = [
  ["Text", ["StringEquals", "StringMatches", "StringLessThan", "StringLessThanEquals", "StringGreaterThan", "StringGreaterThanEquals"]],
  ["Number", ["NumericEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"]],
  ["True or false", ["BooleanEquals"]],
  ["Time", ["TimestampEquals", "TimestampLessThan", "TimestampLessThanEquals", "TimestampGreaterThan", "TimestampGreaterThanEquals"]],
  ["Kind", ["IsPresent", "IsNull", "IsString", "IsNumeric", "IsBoolean", "IsTimestamp"]],
  [
    "Another field",
    [
      "StringEqualsPath", "StringLessThanPath", "StringLessThanEqualsPath", "StringGreaterThanPath", "StringGreaterThanEqualsPath",
      "NumericEqualsPath", "NumericLessThanPath", "NumericLessThanEqualsPath", "NumericGreaterThanPath", "NumericGreaterThanEqualsPath",
      "BooleanEqualsPath",
      "TimestampEqualsPath", "TimestampLessThanPath", "TimestampLessThanEqualsPath", "TimestampGreaterThanPath", "TimestampGreaterThanEqualsPath",
    ],
  ],
];

export const ALL_OPERATORS: readonly string[] = OPERATORS.flatMap(([, names]) => names);

/** An operator in words. */
export function operatorWords(operator: string): string {
  if (operator.startsWith("Is")) return `is ${operator.slice(2).toLowerCase()}`;
  const words = operator
    .replace(/^(String|Numeric|Boolean|Timestamp)/, "")
    .replace("LessThanEquals", "is at most")
    .replace("GreaterThanEquals", "is at least")
    .replace("LessThan", "is less than")
    .replace("GreaterThan", "is more than")
    .replace("Equals", "is equal to")
    .replace("Matches", "matches");
  return words.endsWith("Path") ? `${words.slice(0, -4)} the field` : words;
}

/** Error names that the language reserves, for completion. */
export const ERROR_NAMES: readonly string[] = [
  "States.ALL", "States.Timeout", "States.HeartbeatTimeout", "States.TaskFailed", "States.Permissions",
  "States.ResultPathMatchFailure", "States.ParameterPathFailure", "States.BranchFailed", "States.NoChoiceMatched",
  "States.IntrinsicFailure", "States.ExceedToleratedFailureThreshold", "States.ItemReaderFailed",
  "States.ResultWriterFailed", "States.QueryEvaluationError", "States.DataLimitExceeded", "States.Runtime",
];

/** Every name of a field, for completion in the text. */
export const ALL_KEYS: readonly string[] = [
  ...new Set([
    "Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage", "Type", "Next", "End", "Condition", "Variable", "And", "Or", "Not",
    ...ALL_OPERATORS,
    ...[...TYPES.flatMap((type) => FIELDS_OF_TYPE[type]), ...RETRIER, ...CATCHER, ...RULE].flatMap(({ path }) => path.map(String)),
  ]),
].sort();
