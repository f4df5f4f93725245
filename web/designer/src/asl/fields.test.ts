import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL_OPERATORS, CATCHER, fieldsIn, fieldsOf, RETRIER, RULE, type Field } from "./fields";
import type { Language, Type } from "./machine";

// The language as its specification lists it, apart from our table: what is written in a state of each
// type, in one query language or in both. Type, Next, End, Comment and the name have controls of their own.

const PATH_FLOW = ["InputPath", "OutputPath"];
const RESULT = ["ResultPath"];
const SELECTOR = ["ResultSelector"];

const BOTH: Readonly<Record<Type, readonly string[]>> = {
  Task: ["QueryLanguage", "Resource", "TimeoutSeconds", "HeartbeatSeconds", "Credentials.RoleArn", "Retry", "Catch", "Assign", "Next"],
  Pass: ["QueryLanguage", "Assign", "Next"],
  Choice: ["QueryLanguage", "Choices", "Default", "Assign"],
  Wait: ["QueryLanguage", "Seconds", "Timestamp", "Assign", "Next"],
  Succeed: ["QueryLanguage"],
  Fail: ["QueryLanguage", "Error", "Cause"],
  Parallel: ["QueryLanguage", "Branches", "Retry", "Catch", "Assign", "Next"],
  Map: [
    "QueryLanguage", "ItemSelector", "MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage", "Label", "Retry", "Catch", "Assign", "Next",
    "ItemProcessor.ProcessorConfig.Mode", "ItemProcessor.ProcessorConfig.ExecutionType",
    "ItemReader.Resource", "ItemReader.ReaderConfig.InputType", "ItemReader.ReaderConfig.CSVDelimiter", "ItemReader.ReaderConfig.CSVHeaderLocation",
    "ItemReader.ReaderConfig.CSVHeaders", "ItemReader.ReaderConfig.ManifestType", "ItemReader.ReaderConfig.ItemsPointer", "ItemReader.ReaderConfig.MaxItems",
    "ItemReader.ReaderConfig.Transformation", "ItemBatcher.MaxItemsPerBatch", "ItemBatcher.MaxInputBytesPerBatch", "ItemBatcher.BatchInput",
    "ResultWriter.Resource", "ResultWriter.WriterConfig.OutputType", "ResultWriter.WriterConfig.Transformation",
  ],
};

const JSONPATH: Readonly<Record<Type, readonly string[]>> = {
  Task: [...PATH_FLOW, ...RESULT, ...SELECTOR, "Parameters", "TimeoutSecondsPath", "HeartbeatSecondsPath", "Credentials.RoleArn.$"],
  Pass: [...PATH_FLOW, ...RESULT, "Parameters", "Result"],
  Choice: PATH_FLOW,
  Wait: [...PATH_FLOW, "SecondsPath", "TimestampPath"],
  Succeed: PATH_FLOW,
  Fail: ["ErrorPath", "CausePath"],
  Parallel: [...PATH_FLOW, ...RESULT, ...SELECTOR, "Parameters"],
  Map: [
    ...PATH_FLOW, ...RESULT, ...SELECTOR, "Parameters", "ItemsPath", "MaxConcurrencyPath", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath", "ItemReader.Parameters",
    "ItemReader.ReaderConfig.MaxItemsPath", "ItemBatcher.MaxItemsPerBatchPath", "ItemBatcher.MaxInputBytesPerBatchPath", "ResultWriter.Parameters",
  ],
};

const JSONATA: Readonly<Record<Type, readonly string[]>> = {
  Task: ["Arguments", "Output"],
  Pass: ["Output"],
  Choice: ["Output"],
  Wait: ["Output"],
  Succeed: ["Output"],
  Fail: [],
  Parallel: ["Arguments", "Output"],
  Map: ["Items", "Output", "ItemReader.Arguments", "ResultWriter.Arguments"],
};

const pathsOf = (fields: readonly Field[]): string[] => fields.map(({ path }) => path.join(".")).sort();

test("every field that a state can have is in the form, in its language and in no other", () => {
  for (const type of Object.keys(BOTH) as Type[]) {
    const check = (language: Language, own: readonly string[]): void => {
      assert.deepEqual(pathsOf(fieldsOf(type, language)), [...BOTH[type], ...own].sort(), `${type} in ${language}`);
    };
    check("JSONPath", JSONPATH[type]);
    check("JSONata", JSONATA[type]);
  }
});

test("retriers, catchers and rules have all their fields", () => {
  assert.deepEqual(pathsOf(RETRIER), ["BackoffRate", "Comment", "ErrorEquals", "IntervalSeconds", "JitterStrategy", "MaxAttempts", "MaxDelaySeconds"]);
  assert.deepEqual(pathsOf(fieldsIn(CATCHER, "JSONPath")), ["Assign", "Comment", "ErrorEquals", "Next", "ResultPath"]);
  assert.deepEqual(pathsOf(fieldsIn(CATCHER, "JSONata")), ["Assign", "Comment", "ErrorEquals", "Next", "Output"]);
  assert.deepEqual(pathsOf(fieldsIn(RULE, "JSONPath")), ["Assign", "Comment", "Next"]);
  assert.deepEqual(pathsOf(fieldsIn(RULE, "JSONata")), ["Assign", "Comment", "Next", "Output"]);
});

test("the builder of rules offers all 39 comparisons", () => {
  assert.equal(ALL_OPERATORS.length, 39);
  assert.equal(new Set(ALL_OPERATORS).size, 39);
});

test("no two fields of a form have one label", () => {
  for (const type of Object.keys(BOTH) as Type[]) {
    for (const language of ["JSONPath", "JSONata"] as const) {
      const labels = fieldsOf(type, language).map(({ label }) => label);
      assert.equal(new Set(labels).size, labels.length, `${type} in ${language}`);
    }
  }
});
