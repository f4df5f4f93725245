// The Runtime API's client for Node, on its core modules alone: async and callback handlers, CommonJS and
// ES modules. Source: Lambda developer guide, "Using the Lambda runtime API" and "Define Lambda function
// handler in Node.js". It runs as the function, with no more rights than that.
import http from "node:http";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(method, rest, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = { ...headers };
    if (body !== undefined) sent["Content-Length"] = Buffer.byteLength(body);
    const request = http.request({ host, port, method, agent, path: `/2018-06-01/runtime/${rest}`, headers: sent }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(pieces).toString() }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function told(error) {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function tell(rest, error) {
  const body = told(error);
  return ask("POST", rest, JSON.stringify(body), {
    "Content-Type": "application/json",
    "Lambda-Runtime-Function-Error-Type": body.errorType,
  });
}

function named(name, message) {
  const error = new Error(message);
  error.name = name;
  return error;
}

async function load() {
  const given = process.env._HANDLER;
  const base = path.basename(given);
  const dot = base.indexOf(".");
  if (dot < 1) throw named("Runtime.MalformedHandlerName", `Bad handler ${given}`);
  const file = path.join(process.env.LAMBDA_TASK_ROOT, path.dirname(given), base.slice(0, dot));
  const found = ["", ".js", ".mjs", ".cjs"].map((end) => file + end).find((each) => fs.statSync(each, { throwIfNoEntry: false })?.isFile());
  if (!found) throw named("Runtime.ImportModuleError", `Error: Cannot find module '${path.basename(file)}'`);
  let module;
  try {
    module = found.endsWith(".mjs") ? await import(pathToFileURL(found)) : await required(found);
  } catch (error) {
    if (error instanceof SyntaxError) throw named("Runtime.UserCodeSyntaxError", `SyntaxError: ${error.message}`);
    if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") throw named("Runtime.ImportModuleError", `Error: ${error.message}`);
    throw error;
  }
  const names = base.slice(dot + 1).split(".");
  const handler = names.reduce((inside, name) => inside?.[name], module) ?? names.reduce((inside, name) => inside?.[name], module.default);
  if (typeof handler !== "function") throw named("Runtime.HandlerNotFound", `${given} is undefined or not exported`);
  return handler;
}

// A folder's package.json may say that .js files are ES modules; require says so by an error.
async function required(file) {
  try {
    return createRequire(file)(file);
  } catch (error) {
    if (error?.code !== "ERR_REQUIRE_ESM" && !/^(Cannot use import statement|Unexpected token 'export')/.test(error?.message ?? "")) throw error;
    return import(pathToFileURL(file));
  }
}

function call(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error === undefined || error === null ? resolve(result) : reject(error));
    Object.assign(context, { done: callback, succeed: resolve, fail: reject });
    try {
      const result = handler(event, context, callback);
      if (typeof result?.then === "function") result.then(resolve, reject);
      // A handler that takes no callback has said all it will.
      else if (handler.length < 3 && result !== undefined) resolve(result);
    } catch (error) {
      reject(error);
    }
  });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const json = (text) => (text ? JSON.parse(text) : undefined);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    clientContext: json(headers["lambda-runtime-client-context"]),
    identity: json(headers["lambda-runtime-cognito-identity"]),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

process.on("uncaughtException", (error) => fatal("Runtime.UncaughtException", error));
process.on("unhandledRejection", (error) => fatal("Runtime.UnhandledPromiseRejection", error));
let current;
async function fatal(name, error) {
  console.error(error);
  const wrapped = named(name, error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  try {
    await tell(current ? `invocation/${current}/error` : "init/error", wrapped);
  } finally {
    process.exit(129);
  }
}

let handler;
try {
  handler = await load();
} catch (error) {
  console.error(error);
  await tell("init/error", error);
  process.exit(1);
}
for (;;) {
  const next = await ask("GET", "invocation/next");
  current = next.headers["lambda-runtime-aws-request-id"];
  process.env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"] ?? "";
  try {
    const result = await call(handler, JSON.parse(next.text), contextOf(next.headers));
    await ask("POST", `invocation/${current}/response`, JSON.stringify(result) ?? "null", { "Content-Type": "application/json" });
  } catch (error) {
    console.error(error);
    await tell(`invocation/${current}/error`, error);
  }
  current = undefined;
}
