// What pages do beyond plain links and forms: the theme, jumping, keys, copying ids, and saying how live parts stand.
const root = document.documentElement;
const jump = document.querySelector("#jump");
const keys = document.querySelector("#keys");

document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});

// Where the pages are a row that scrolls, the one that is open is in sight.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Jumping

function openJump() {
  if (!jump || jump.open) return;
  keys.close();
  jump.showModal();
  const field = jump.querySelector("input[type=search]");
  field.select();
  field.dispatchEvent(new Event("opened"));
}

function moveAmongFound(step) {
  const links = [...jump.querySelectorAll(".jump-found a")];
  const field = jump.querySelector("input[type=search]");
  // The field is one of the stops: one step up from the first.
  const stops = [field, ...links];
  const place = stops.indexOf(document.activeElement);
  stops[(Math.max(place, 0) + step + stops.length) % stops.length].focus();
}

document.querySelector("[data-jump]")?.addEventListener("click", (event) => {
  event.preventDefault();
  openJump();
});
jump?.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  moveAmongFound(step);
});
for (const dialog of [jump, keys]) {
  dialog?.addEventListener("click", (event) => event.target === dialog && dialog.close());
}
document.querySelector("[data-keys]")?.addEventListener("click", () => keys.showModal());

// Keys

let isGoing = false;

function focusSearch() {
  const field = document.querySelector("main input[type=search]");
  if (field) field.focus();
  else openJump();
}

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openJump();
  }
  const isTyping = event.target.matches?.("input, select, textarea, [contenteditable]");
  if (!jump || isTyping || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = isGoing && document.querySelector(`nav a[data-key="${CSS.escape(event.key)}"]`);
  isGoing = event.key === "g";
  if (target) target.click();
  else if (event.key === "/") focusSearch();
  else if (event.key === "?") keys.showModal();
  else return;
  event.preventDefault();
});

// Ids are copied by a click.

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  button.setAttribute("aria-label", "Copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
});

// Live parts: the extension connects, comes back, and stops in a hidden tab; this says how it stands, and pauses.

const RETRY_MILLISECONDS = 5000;
const SAID = { on: "Live", paused: "Paused", lost: "Connection lost, trying again", ended: "Ended", away: "Not live" };

function live(state) {
  return ({ target }) => target.matches?.("[data-live]") && show(target, state);
}

function show(element, state) {
  if (element.classList.contains("paused") && state === "on") return;
  element.classList.remove(...Object.keys(SAID));
  element.classList.add(state);
  element.querySelector("[data-live-said]").textContent = SAID[state];
  element.querySelector("[data-live-pause]").hidden = state === "ended";
}

function tryAgain({ target }) {
  if (!target.matches?.("[data-live]")) return;
  show(target, "lost");
  setTimeout(() => {
    if (target.isConnected) htmx.ajax("GET", target.getAttribute("hx-sse:connect"), { source: target });
  }, RETRY_MILLISECONDS);
}

document.addEventListener("htmx:sse:after:connection", live("on"));
document.addEventListener("htmx:sse:error", live("lost"));
document.addEventListener("htmx:sse:close", (event) => live(event.detail.reason === "message" ? "ended" : "away")(event));
document.addEventListener("htmx:sse:before:message", (event) => {
  if (event.target.classList.contains("paused")) event.preventDefault();
});
document.addEventListener("htmx:error", tryAgain);
document.addEventListener("htmx:response:error", tryAgain);
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-live-pause]");
  if (!button) return;
  const element = button.closest("[data-live]");
  const isPaused = element.classList.contains("paused");
  element.classList.remove("paused");
  show(element, isPaused ? "on" : "paused");
  button.textContent = isPaused ? "Pause" : "Go on";
  // What was missed is read at once.
  if (isPaused) htmx.trigger(element, "progress");
});
