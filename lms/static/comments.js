// The comment bank on the desk: `/` at the start of a word in a note or comment opens the list of saved comments that
// hold what is typed after it. Arrow keys choose, Enter puts it in, Esc closes; the last entry keeps what the box holds.

const form = document.getElementById("telaah");
const ASKED = /(^|\s)\/([^\n/]{0,30})$/;
const SHOWN = 8;
const list = document.createElement("ul");
list.id = "pilihan-komentar";
list.className = "desk-offers card";
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", form.dataset.offerWords);
list.hidden = true;
form.parentElement.append(list); // inside the page's main part

let saved = null; // asked for once, when first wanted
let area = null;
let at = 0;
let called = null; // where the list was called for by a key or a button, with no `/` in the box

async function ask(fields) {
  const address = `${form.dataset.comments}?proyek=${encodeURIComponent(form.dataset.project)}`;
  const body = fields && new URLSearchParams({ csrf_token: form.elements.csrf_token.value, ...fields });
  const options = { method: fields ? "POST" : "GET", body, headers: { Accept: "application/json" }, credentials: "same-origin" };
  const response = await fetch(address, options);
  return response.ok ? response.json() : null;
}

const criterionOf = (target) => target.closest("[data-criterion]")?.dataset.criterion ?? "";
const before = () => area.value.slice(0, area.selectionStart);

// Where the words to replace begin, and what is typed of them; null where nobody asks for the list.
function wish() {
  const asked = ASKED.exec(before());
  if (asked) return { from: asked.index + asked[1].length, words: asked[2] };
  if (called === null || area.selectionStart < called) return null;
  return { from: called, words: before().slice(called) };
}

async function look(target) {
  if (!target.matches("textarea")) return close();
  if (area !== target) called = null;
  area = target;
  if (!wish()) return close();
  try {
    saved ??= (await ask())?.comments ?? null;
  } catch {
    return; // offline: what is typed stays typed
  }
  const wanted = saved && area === target && wish();
  if (wanted) show(wanted.words.trim().toLowerCase());
}

function show(wanted) {
  const own = criterionOf(area);
  const fits = saved
    .filter((each) => (!each.criterion || each.criterion === own) && each.text.toLowerCase().includes(wanted))
    .sort((a, b) => Boolean(b.criterion) - Boolean(a.criterion))
    .slice(0, SHOWN);
  const items = fits.map((each) => entry(each.text, () => insert(each.text)));
  if (rest().trim() && (called === null || !wanted)) items.push(entry(form.dataset.keepWords, keep));
  if (!items.length) return close();
  items.forEach((item, index) => (item.id = `komentar-${index}`));
  list.replaceChildren(...items);
  const box = area.getBoundingClientRect();
  list.style.top = `${box.bottom + scrollY + 4}px`;
  list.style.left = `${box.left + scrollX}px`;
  list.style.width = `${box.width}px`;
  list.hidden = false;
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);
  choose(0);
}

function entry(words, deed) {
  const item = document.createElement("li");
  item.setAttribute("role", "option");
  item.textContent = words;
  item.deed = deed;
  item.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the box keeps the focus
    deed();
  });
  return item;
}

function choose(index) {
  const items = [...list.children];
  at = (index + items.length) % items.length;
  items.forEach((item, place) => item.setAttribute("aria-selected", place === at));
  area.setAttribute("aria-activedescendant", items[at].id);
  items[at].scrollIntoView({ block: "nearest" });
}

function close() {
  called = null;
  if (list.hidden) return;
  list.hidden = true;
  area?.removeAttribute("aria-activedescendant");
}

// What the box holds without the `/` and what follows it.
function rest() {
  const wanted = wish();
  return wanted ? area.value.slice(0, wanted.from) + area.value.slice(area.selectionStart) : area.value;
}

function insert(text) {
  const wanted = wish();
  if (!wanted) return close();
  const gap = text && called !== null && /\S$/.test(area.value.slice(0, wanted.from)) ? "\n" : "";
  area.setRangeText(gap + text, wanted.from, area.selectionStart, "end");
  close();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

async function keep() {
  const text = rest().trim();
  insert("");
  const criterion = criterionOf(area);
  try {
    const kept = await ask({ text, criterion, project: criterion ? form.dataset.project : "" });
    if (kept && !saved.some((each) => each.id === kept.id)) saved.unshift(kept);
    if (kept) told.textContent = form.dataset.keptWords;
  } catch {
    // offline: nothing was promised, the text stays in its box
  }
}

const told = document.createElement("p");
told.className = "sr";
told.setAttribute("role", "status");
form.parentElement.append(told);

const MOVES = {
  ArrowDown: () => choose(at + 1),
  ArrowUp: () => choose(at - 1),
  Enter: () => list.children[at].deed(),
  Tab: close,
  Escape: close,
};

form.addEventListener("input", (event) => look(event.target));
form.addEventListener("focusout", close);
addEventListener("resize", close);
form.addEventListener("scroll", close, { capture: true });
addEventListener(
  "keydown",
  (event) => {
    if (list.hidden || event.target !== area || !Object.hasOwn(MOVES, event.key) || event.isComposing) return;
    MOVES[event.key]();
    if (event.key === "Tab") return;
    event.preventDefault();
    event.stopImmediatePropagation(); // Esc closes the list first, then leaves the box
  },
  { capture: true },
);
function offerIn(target) {
  target.focus();
  target.setSelectionRange(target.value.length, target.value.length);
  area = target;
  called = target.value.length;
  look(target);
}

const nextNote = () => document.querySelector("#catatan-bagian > :last-child [name^='note.']");

form.addEventListener("desk:comments", ({ detail: criterion }) => {
  const more = criterion?.querySelector("details.level-more");
  if (more) more.open = true;
  const target = more?.querySelector("textarea") ?? nextNote() ?? document.getElementById("summary");
  if (target) offerIn(target);
});

// The buttons that ask the server for the list: the same here, without leaving the page.
form.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-bank]");
  if (!button) return;
  event.preventDefault();
  const target = button.dataset.bank === "note" ? nextNote() : form.elements[button.dataset.bank];
  try {
    saved ??= (await ask())?.comments ?? null;
  } catch {
    return; // offline
  }
  if (saved?.length || target.value.trim()) offerIn(target);
  else form.requestSubmit(button); // nothing to choose from: the page says what to do
});
