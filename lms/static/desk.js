// The review desk by keyboard, with a total that follows what is chosen. The page works without it: every move is a
// button of the form, every choice a field. Where the desk is only read there is no form: moves are links, and the keys
// that write are not there.

const desk = document.querySelector(".desk");
const form = document.getElementById("telaah");
const total = document.getElementById("jumlah");
const help = document.getElementById("pintasan");

// ---- The total: exact, in units of a trillionth, rounded half up once, as the server does.

const UNIT = 10n ** 12n;

function exact(text) {
  const [whole, part = ""] = text.split(".");
  return BigInt(whole) * UNIT + BigInt(part.padEnd(12, "0").slice(0, 12) || "0");
}

function rounded(value, places) {
  const step = UNIT / 10n ** places;
  return ((value + step / 2n) / step) * step;
}

function gainOf(criterion) {
  const chosen = criterion.querySelector(".level :checked");
  if (!chosen) return 0n;
  const points = criterion.querySelector("[data-weight]");
  const typed = points?.value.trim().replace(",", ".") ?? "";
  if (/^\d{1,3}(\.\d{1,9})?$/.test(typed)) return (exact(points.dataset.weight) * exact(typed)) / (UNIT * 100n);
  return exact(chosen.dataset.gain);
}

function showTotal() {
  let sum = 0n;
  for (const criterion of form.querySelectorAll("[data-criterion]")) sum += gainOf(criterion);
  // two decimals, or as many as it takes not to look passed when it is not
  const pass = exact(total.dataset.mark);
  const places = [2n, 4n, 6n].find((each) => rounded(sum, each) >= pass === sum >= pass) ?? 12n;
  const units = String(rounded(sum, places)).padStart(13, "0");
  const part = units.slice(-12).replace(/0+$/, "");
  const mark = total.dataset.language === "en" ? "." : ",";
  total.textContent = units.slice(0, -12) + (part && mark + part);
}

// ---- Moves: save what is unsaved, then follow the button's address. Where saving fails, the form itself is sent, so
// that the server says what is wrong and nothing is lost.

let passing = false;

function isUnsaved() {
  try {
    return localStorage.getItem(`draf:${form.dataset.autosave}`) !== null;
  } catch {
    return true;
  }
}

function flushed() {
  return new Promise((resolve) => {
    const event = new CustomEvent("autosave:flush", { detail: { done: (saved) => resolve(saved) } });
    form.dispatchEvent(event);
    setTimeout(resolve, 6000);
  });
}

form?.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (passing || !button || button.hasAttribute("data-flush")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  await flushed();
  // a form that is still telling its listeners of one submit does not begin another
  await new Promise((resolve) => setTimeout(resolve));
  if (button.dataset.href && !isUnsaved()) return location.assign(button.dataset.href);
  passing = true;
  form.requestSubmit(button);
  passing = false;
});

// ---- Keys

const criteria = () => [...form.querySelectorAll("[data-criterion]")];
let here = null;

function goTo(criterion) {
  if (!criterion) return;
  here?.removeAttribute("data-here");
  here = criterion;
  here.setAttribute("data-here", "");
  here.closest("details.desk-others")?.setAttribute("open", "");
  (here.querySelector(".level :checked") ?? here.querySelector(".level input")).focus();
}

function step(by) {
  const all = criteria();
  const at = all.indexOf(here);
  goTo(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
}

function choose(digit) {
  here ??= criteria()[0] ?? null;
  if (!here) return;
  if (digit === "0") {
    const chosen = here.querySelector(".level :checked");
    if (chosen) chosen.checked = false;
    form.dispatchEvent(new Event("change"));
    return showTotal();
  }
  const wanted = here.querySelector(`.level input[value="${digit}"]`);
  if (wanted) {
    goTo(here);
    wanted.focus();
    wanted.click();
  }
}

function press(selector) {
  desk.querySelector(selector)?.click();
}

function otherSection(by) {
  const all = [...desk.querySelectorAll(".desk-section")];
  const at = all.findIndex((button) => button.hasAttribute("aria-current"));
  all[at + by]?.click();
}

function writeNote() {
  // notes.js takes the words that are selected along
  if (!form.dispatchEvent(new CustomEvent("notes:write", { cancelable: true }))) return;
  const area = document.getElementById("catatan-bagian")?.lastElementChild.querySelector('[name^="note."]') ?? document.getElementById("summary");
  area?.focus();
  area?.scrollIntoView({ block: "nearest" });
}

const MOVING = {
  "[": () => otherSection(-1),
  "]": () => otherSection(1),
  s: () => press('[data-then="summary"]'),
  n: () => press('[data-then="next"]'),
  "?": () => help.showModal(),
};
const WRITING = {
  j: () => step(1),
  k: () => step(-1),
  c: writeNote,
  "/": () => form.dispatchEvent(new CustomEvent("desk:comments", { detail: here })),
  a: () => press("[name=decision][value=accept]"),
  r: () => press("[name=decision][value=return]"),
};
for (let digit = 0; digit <= 9; digit++) WRITING[digit] = () => choose(String(digit));
const KEYS = form ? { ...MOVING, ...WRITING } : MOVING;

function isTyping(target) {
  return target.matches("textarea, select, [contenteditable]") || (target.matches("input") && !["radio", "checkbox"].includes(target.type));
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (!Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  KEYS[event.key]();
});

form?.addEventListener("focusin", (event) => {
  const criterion = event.target.closest("[data-criterion]");
  if (criterion && criterion !== here) {
    here?.removeAttribute("data-here");
    here = criterion;
    here.setAttribute("data-here", "");
  }
});
form?.addEventListener("input", showTotal);
form?.addEventListener("autosave:filled", showTotal);
document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());
for (const hint of document.querySelectorAll("[data-keys]")) hint.hidden = false;
const strip = desk.querySelector(".desk-sections");
const open = strip?.querySelector("[aria-current]");
if (open) strip.scrollLeft = open.offsetLeft - strip.offsetLeft - 12;
document.getElementById("galat")?.focus();
document.getElementById("kurang")?.focus();
