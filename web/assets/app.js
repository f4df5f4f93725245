// What pages gain from script: relative times, copying, theme without a reload, search by Ctrl+K,
// line numbers and checks beside editors, filters that apply at once, live runs. Every page works
// without it. Nothing here makes HTML of user text: fragments come drawn by the server.

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const fragment = (address, options = {}) =>
  fetch(address, { ...options, headers: { "X-Fragment": "1", ...options.headers } });

/** Says `words` to screen readers. */
function say(words) {
  const place = one("[data-said]");
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = words));
}

/** An element with properties and children. */
function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "class") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

// Times. The server's clock and the browser's may differ, so ages count from what the page said.

let drawnAt = performance.now();
const titled = new WeakSet();
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

function relative(seconds) {
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

function duration(millis) {
  if (millis < 100) return `${Math.round(millis)} ms`;
  if (millis < 9_995) return `${(millis / 1000).toFixed(2)} s`;
  if (millis < 59_950) return `${(millis / 1000).toFixed(1)} s`;
  const seconds = Math.floor(millis / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

function serverNow() {
  const said = Date.parse(document.documentElement.dataset.now);
  return said + (performance.now() - drawnAt);
}

function tellTimes() {
  const now = serverNow();
  for (const time of all("time[data-relative]")) {
    const at = Date.parse(time.dateTime);
    if (now - at < 28 * 86_400_000) time.textContent = relative((now - at) / 1000);
    if (!titled.has(time)) {
      titled.add(time);
      time.title = absolute.format(at);
    }
  }
}

function tellDurations() {
  const now = serverNow();
  for (const place of all("[data-since]")) {
    place.textContent = duration(Math.max(0, now - Date.parse(place.dataset.since)));
  }
}

// Copying

async function copy(button) {
  const from = button.dataset.copyFrom;
  const text = from ? document.getElementById(from).textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return say("The browser did not allow copying");
  }
  button.replaceChildren(icon("check"));
  say("Copied");
  setTimeout(() => button.replaceChildren(icon("copy")), 1500);
}

// Theme: shown at once, kept by the server.

async function chooseTheme(form, button) {
  const theme = button.value;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const each of all("button", form)) each.setAttribute("aria-pressed", String(each === button));
  const opener = one('[popovertarget="themes"]');
  opener.replaceChildren(one("svg", button).cloneNode(true));
  opener.setAttribute("aria-label", `Theme: ${button.textContent.trim()}`);
  form.hidePopover();
  const body = new URLSearchParams(new FormData(form));
  body.set("theme", theme);
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
}

// Search

let search;

function openSearch() {
  const link = one("[data-search]");
  if (!link) return;
  search ??= makeSearch(link.getAttribute("href"));
  if (!search.dialog.open) search.dialog.showModal();
  search.input.select();
  search.find();
}

function makeSearch(address) {
  const input = element("input", {
    type: "search", "aria-label": "Search pages, machines and executions", "aria-controls": "found",
    placeholder: "Page, machine, execution id or name", maxLength: 128, autocomplete: "off", spellcheck: false,
  });
  const found = element("div", { class: "found", id: "found" });
  const close = element("button", { type: "button", class: "square", "aria-label": "Close" }, icon("x"));
  const box = element("div", { class: "search-box" }, icon("search"), input, close);
  const dialog = element("dialog", { class: "search", "aria-label": "Search" }, box, found);
  document.body.append(dialog);

  let asked = 0;
  let told;
  let pause;
  async function find() {
    const mine = ++asked;
    const query = input.value.trim();
    let html;
    try {
      const answer = await fragment(`${address}?q=${encodeURIComponent(query)}`);
      html = await answer.text();
    } catch {
      html = "<p>The server did not answer. Try again in a moment.</p>";
    }
    if (mine !== asked) return;
    told = query;
    found.innerHTML = html;
    one("a", found)?.classList.add("first");
    const count = all("a", found).length;
    say(count === 1 ? "1 result" : `${count} results`);
  }

  input.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(find, 120);
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", async (event) => {
    const stops = [input, ...all("a", found)];
    const at = stops.indexOf(document.activeElement);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      stops.at((at + step + stops.length) % stops.length).focus();
    } else if (event.key === "Enter" && document.activeElement === input) {
      event.preventDefault();
      // What is shown may answer an earlier question.
      clearTimeout(pause);
      if (told !== input.value.trim()) await find();
      one("a", found)?.click();
    }
  });
  return { dialog, input, find };
}

// Editors: numbers beside a textarea, problems marked on their lines.

function makeEditor(area) {
  const gutter = element("div", { class: "gutter", "aria-hidden": "true" });
  area.before(gutter);
  const told = document.getElementById(area.id === "definition" ? "problems" : `${area.id}-problem`);
  let lines = 0;

  function number() {
    const count = area.value.split("\n").length;
    if (count === lines) return;
    lines = count;
    mark();
  }

  function mark() {
    const bad = new Map();
    const places = told ? [told, ...all("[data-line]", told)] : [];
    for (const place of places) {
      const line = Number(place.dataset.line);
      if (line && bad.get(line) !== "Error") bad.set(line, place.dataset.severity ?? "Error");
    }
    const parts = [];
    let plain = "";
    for (let line = 1; line <= lines; line++) {
      const severity = bad.get(line);
      if (!severity) {
        plain += `${line}\n`;
        continue;
      }
      parts.push(plain, element("b", { class: severity === "Warning" ? "warning" : "" }, String(line)));
      plain = "";
    }
    gutter.replaceChildren(...parts, plain);
    gutter.scrollTop = area.scrollTop;
  }

  function go(line) {
    const before = area.value.split("\n").slice(0, line - 1).join("\n");
    const start = before.length + (line > 1 ? 1 : 0);
    const end = area.value.indexOf("\n", start);
    area.focus();
    area.setSelectionRange(start, end < 0 ? area.value.length : end);
    area.scrollTop = Math.max(0, (line - 6) * 20);
  }

  let pause;
  let asked = 0;
  async function check() {
    const mine = ++asked;
    const body = new URLSearchParams(new FormData(area.form));
    body.set("only", "check");
    try {
      const answer = await fragment(area.dataset.check, { method: "POST", body });
      if (!answer.ok || mine !== asked) return;
      told.innerHTML = await answer.text();
    } catch {
      return;
    }
    const errors = one('[data-severity="Error"]', told) !== null;
    area.parentElement.classList.toggle("invalid", errors);
    area.toggleAttribute("aria-invalid", errors);
    mark();
  }

  /** Where JSON breaks is told at once; what it means is the server's to judge. */
  function checkJson() {
    let broken = "";
    try {
      if (area.value.trim()) JSON.parse(area.value);
    } catch (error) {
      broken = error.message;
    }
    area.setCustomValidity(broken && `This is not JSON: ${broken}`);
    area.parentElement.classList.toggle("invalid", Boolean(broken));
  }

  /** YAML becomes JSON once the text has been pasted, dropped or left; what is wrong with it is said. */
  async function readYaml() {
    const text = area.value;
    if (!area.dataset.yaml || !text.trim() || /^\s*[{[]/.test(text)) return;
    const { toJson } = await import(area.dataset.yaml);
    const read = toJson(text);
    if (area.value !== text) return;
    if ("message" in read) return say(`Not read as YAML: line ${read.line}: ${read.message}`);
    area.value = read.json;
    area.dispatchEvent(new Event("input"));
    say("Read as YAML, shown as JSON");
  }
  area.addEventListener("paste", () => setTimeout(readYaml));
  area.addEventListener("change", readYaml);
  area.addEventListener("input", () => {
    number();
    clearTimeout(pause);
    if (area.dataset.check) pause = setTimeout(check, 400);
    if ("json" in area.dataset) checkJson();
  });
  area.addEventListener("scroll", () => (gutter.scrollTop = area.scrollTop), { passive: true });
  area.addEventListener("dragover", (event) => event.preventDefault());
  area.addEventListener("drop", async (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    area.value = await file.text();
    area.dispatchEvent(new Event("input"));
    await readYaml();
  });
  told?.addEventListener("click", (event) => {
    const link = event.target.closest("[data-go]");
    if (!link) return;
    event.preventDefault();
    go(Number(link.dataset.go));
  });
  number();
}

// Live runs: a stream tells that there is something new, and the page takes over what changed.

/** A page of this server, as a document; the time it tells becomes this page's. */
async function fetchPage(address, options) {
  const answer = await fetch(address, options);
  if (answer.status === 304) return null;
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.documentElement.dataset.now = page.documentElement.dataset.now;
  drawnAt = performance.now();
  return { page, tag: answer.headers.get("ETag") };
}

/** Makes `old` like `fresh`, keeping nodes with the same id, what is open and where focus is. */
function morph(old, fresh) {
  if (old.nodeName !== fresh.nodeName || (old.id ?? "") !== (fresh.id ?? "")) return old.replaceWith(fresh);
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  if (old.isEqualNode(fresh) || old.dataset?.keep !== undefined) return;
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  let next = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const known = child.id && all(`:scope > [id="${child.id}"]`, old)[0];
    if (known && known !== next) {
      old.insertBefore(known, next);
      morph(known, child);
    } else if (next) {
      const after = next.nextSibling;
      morph(next, child);
      next = after;
    } else {
      old.append(child);
    }
  }
  while (next) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}

/** Draws the page again as it is now. */
async function drawAgain(run) {
  const { page } = await fetchPage(location.href);
  morph(run, document.importNode(one("#run", page), true));
  tellTimes();
}

/** Shows another part of the run, or another state of it, in place. */
async function goInRun(run, href) {
  const before = location.href;
  const hadFocus = document.activeElement?.closest("#selected") !== null;
  history.pushState(null, "", href);
  shown = location.pathname + location.search;
  try {
    await drawAgain(run);
  } catch {
    history.replaceState(null, "", before);
    location.assign(href);
    return;
  }
  const selected = one("#selected", run);
  document.dispatchEvent(new CustomEvent("run:selected", { detail: selected ? one("h2", selected).textContent : "" }));
  if (new URL(href, location.href).hash === "#selected" && selected) {
    say(`${one("h2", selected).textContent}, ${one(".status", selected).textContent}`);
    // A way that leads no further is gone, and focus with it.
    if (hadFocus && !selected.contains(document.activeElement)) (one(".stepper a", selected) ?? one("a", selected))?.focus();
    if (selected.getBoundingClientRect().top > innerHeight * 0.8 || selected.getBoundingClientRect().bottom < 60) selected.scrollIntoView({ block: "nearest" });
  }
}

function tellStale(run, isStale) {
  const told = one("[data-stale]");
  if (!isStale) told?.remove();
  else if (!told) run.before(element("p", { class: "stale", "data-stale": "" }, "Live updates paused, trying again."));
}

/** What is new comes as events, and at most so often does the page follow them. */
const REDRAW_MS = 300;
/** After an answer that is no page, or no stream. */
const RETRY_MS = 5_000;
/** A page that nobody sees lets go of its stream after a while. */
const HIDDEN_MS = 60_000;

function follow(run) {
  let stream;
  let hidden;
  let timer;
  let isDrawing = false;
  let isBehind = false;
  const drawIn = (wait) => {
    isBehind = true;
    if (!isDrawing) timer ??= setTimeout(draw, wait);
  };
  const changed = () => drawIn(REDRAW_MS);
  const draw = async () => {
    timer = undefined;
    isDrawing = true;
    isBehind = false;
    let isLost = false;
    try {
      await drawAgain(run);
    } catch {
      isLost = true;
    }
    isDrawing = false;
    tellStale(run, isLost);
    if (isLost) drawIn(RETRY_MS);
    else if (isBehind) changed();
    else if (run.dataset.live === "true") open();
    else {
      stream?.close();
      say(`Execution ${one(".pill", run)?.textContent ?? "closed"}`);
    }
  };
  const open = () => {
    if (document.hidden || (stream && stream.readyState !== EventSource.CLOSED)) return;
    stream = new EventSource(run.dataset.events);
    stream.addEventListener("history", changed);
    stream.addEventListener("closed", () => {
      stream.close();
      changed();
    });
    stream.addEventListener("open", () => tellStale(run, false));
    // The browser connects again by itself, but for an answer that is no stream: then the page asks.
    stream.addEventListener("error", () => {
      tellStale(run, true);
      if (stream.readyState === EventSource.CLOSED) drawIn(RETRY_MS);
    });
  };
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(() => stream?.close(), HIDDEN_MS);
    else if (run.dataset.live === "true") open();
  });
  if (run.dataset.live === "true") open();
}

// Filters apply at once, in place, so that focus stays where it is.

let shown = location.pathname + location.search;

async function applyFilter(form) {
  const filled = [...new FormData(form)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(filled).toString();
  const address = location.pathname + (query && `?${query}`);
  try {
    const { page } = await fetchPage(address);
    history.pushState(null, "", address);
    shown = address;
    document.title = page.title;
    morph(one("main"), document.importNode(one("main", page), true));
    tellTimes();
    say(one("main h2")?.textContent ?? `${all("main tbody tr").length} shown`);
  } catch {
    form.submit();
  }
}

// What is new in a list is told, and shown when it is asked for: rows never shift under a reader.

const NEWER_MS = 5_000;

async function tellNewer() {
  const place = one("[data-newer]");
  if (!place || document.hidden) return;
  const address = place.dataset.newer;
  let told;
  try {
    const answer = await fragment(address);
    told = answer.ok ? await answer.text() : "";
  } catch {
    return;
  }
  // The list may have been filtered anew meanwhile.
  const now = one("[data-newer]");
  if (!told || now?.dataset.newer !== address || now.textContent.startsWith(told)) return;
  const words = told.slice(0, 40);
  now.replaceChildren(element("a", { class: "button", href: location.href }, `${words}, show`));
}
if (one("[data-newer]")) setInterval(tellNewer, NEWER_MS);

// A stretch of the bars over time: from where the pointer went down to where it is let go. The fields
// for times do the same by keys.

let brushedFrom = null;
document.addEventListener("pointerdown", (event) => {
  brushedFrom = event.button === 0 ? event.target.closest("[data-brush] a") : null;
});
document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.("[data-brush]")) event.preventDefault();
});
document.addEventListener("pointerup", (event) => {
  const to = event.target.closest("[data-brush] a");
  if (!brushedFrom || !to || to === brushedFrom) return;
  const [first, last] = [brushedFrom, to].map((bar) => new URL(bar.href.baseVal, location.href));
  const times = [first, last].flatMap(({ searchParams }) => [searchParams.get("from"), searchParams.get("to")]).sort();
  first.searchParams.set("from", times[0]);
  first.searchParams.set("to", times.at(-1));
  location.assign(first);
});

// Confirming

function confirmFirst(form, button) {
  const yes = element("button", { type: "button", class: "button danger large" }, button.textContent.trim());
  const no = element("button", { type: "button", class: "button large" }, "Cancel");
  const words = element("p", { id: "confirm-words" }, button.dataset.confirm);
  const dialog = element(
    "dialog", { class: "confirm", "aria-labelledby": "confirm-words" },
    words, element("div", { class: "actions" }, yes, no),
  );
  document.body.append(dialog);
  yes.addEventListener("click", () => form.submit());
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  no.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".copy");
  if (button) copy(button);
  const inRun = event.target.closest("a[data-in-run]");
  if (inRun && run && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    goInRun(run, inRun.href);
  }
  const link = event.target.closest("[data-search]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openSearch();
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openSearch();
  }
});

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (form.id === "themes" && submitter) {
    event.preventDefault();
    chooseTheme(form, submitter);
  } else if (submitter?.dataset.confirm) {
    event.preventDefault();
    confirmFirst(form, submitter);
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-submit-on-change]");
  if (form) applyFilter(form);
});

// Back and Forward over filters; a jump within the page is none of ours.
addEventListener("popstate", () => {
  if (location.pathname + location.search !== shown) location.reload();
});

if (navigator.platform.startsWith("Mac")) for (const key of all(".find kbd")) key.textContent = "⌘ K";
all("textarea[data-editor]").forEach(makeEditor);
tellTimes();
setInterval(tellTimes, 15_000);
if (one("[data-since]")) setInterval(tellDurations, 1000);
const run = one("#run");
if (run) {
  follow(run);
  document.addEventListener("run:select", ({ detail }) => goInRun(run, `?state=${encodeURIComponent(detail)}#selected`));
}
