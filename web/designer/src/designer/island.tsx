// Mounts the designer where the page left room for it.

import { render } from "preact";
import { Api, readStart } from "./api";
import { App } from "./app";
import { Store } from "./store";

const host = document.querySelector<HTMLElement>('[data-island="designer"]');
const start = document.getElementById("designer-start");
if (host && start) {
  const read = readStart(start.textContent ?? "");
  const store = new Store(read, new Api(read.csrf));
  host.replaceChildren();
  document.body.classList.add("is-designing");
  render(<App store={store} />, host);
}
