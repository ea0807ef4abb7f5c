// Notes on the desk: the last one is always empty; words that are selected in the document, or a row of its table, become
// the place of a new one. Without it the same fields are filled in by hand, under "Letak".

const form = document.getElementById("telaah");
const list = document.getElementById("catatan-bagian");
const offer = document.getElementById("catat-pilihan");

const BLOCKS = new Set(
  "blockquote br caption details div h2 h3 h4 h5 h6 hr li ol p pre summary table tbody td th thead tr ul".split(" "),
);
const CONTEXT = 110;
const LONGEST = 600;
const LETTER = /[\p{L}\p{N}]/u;

// ---- The list

function renumbered(item, number) {
  for (const each of item.querySelectorAll("[name], [id], [for], [aria-describedby], [data-word]")) {
    if (each.name) each.name = each.name.replace(/\.\d+$/, `.${number}`);
    if (each.id) each.id = each.id.replace(/-\d+(-hint)?$/, `-${number}$1`);
    if (each.htmlFor) each.htmlFor = each.htmlFor.replace(/-\d+$/, `-${number}`);
    const told = each.getAttribute("aria-describedby");
    if (told) each.setAttribute("aria-describedby", told.replace(/-\d+-hint$/, `-${number}-hint`));
    if (each.dataset.word) each.textContent = each.dataset.word.replace("{n}", number);
  }
}

function roomForAnother() {
  const last = list.lastElementChild;
  if (!last.querySelector('[name^="note."]').value.trim()) return;
  const number = list.children.length + 1;
  const fresh = last.cloneNode(true);
  renumbered(fresh, number);
  for (const field of fresh.querySelectorAll("input, textarea")) field.value = "";
  for (const choice of fresh.querySelectorAll("select")) choice.selectedIndex = 0;
  for (const where of fresh.querySelectorAll("[data-where]")) where.replaceChildren();
  for (const place of fresh.querySelectorAll("details")) place.open = false;
  fresh.querySelector('[name="note"]').value = number;
  fresh.querySelector('[name^="note."]').rows = 2;
  list.append(fresh);
}

// ---- The words that are selected, with what stands around them

function wordsOf(range, withoutDeleted) {
  let words = "";
  const walker = document.createTreeWalker(range.commonAncestorContainer, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    if (!range.intersectsNode(node)) continue;
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (BLOCKS.has(node.localName) && !node.contains(range.startContainer)) words += "\n";
      continue;
    }
    if (node.parentElement.closest(withoutDeleted ? "del, .note-ref, summary" : ".note-ref")) continue;
    const from = node === range.startContainer ? range.startOffset : 0;
    words += node.data.slice(from, node === range.endContainer ? range.endOffset : node.length);
  }
  return words;
}

function beside(document_, range, before) {
  const side = document.createRange();
  side.selectNodeContents(document_);
  if (before) side.setEnd(range.startContainer, range.startOffset);
  else side.setStart(range.endContainer, range.endOffset);
  return wordsOf(side, "withoutDeleted" in document_.dataset);
}

// Whole words only: what is cut in the middle would not be found again.
function whole(before, quote, after) {
  while (before && LETTER.test(before.at(-1)) && LETTER.test(quote[0] ?? "")) {
    quote = before.at(-1) + quote;
    before = before.slice(0, -1);
  }
  while (after && LETTER.test(after[0]) && LETTER.test(quote.at(-1) ?? "")) {
    quote += after[0];
    after = after.slice(1);
  }
  return [before, quote, after];
}

function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const start = range.startContainer.parentElement?.closest(".desk-read");
  if (!start || !start.contains(range.endContainer)) return null;
  const row = (range.startContainer.parentElement ?? null)?.closest("tr[data-row]");
  if (row) return { range, row, cell: range.startContainer.parentElement.closest("td") };
  const [before, quote, after] = whole(
    beside(start, range, true),
    wordsOf(range, "withoutDeleted" in start.dataset),
    beside(start, range, false),
  );
  return LETTER.test(quote) ? { range, before, quote, after } : null;
}

function put(item, name, value) {
  const field = item.querySelector(`[name^="${name}."]`);
  if (field) field.value = value;
  return field;
}

function place(found) {
  roomForAnother();
  const item = list.lastElementChild;
  let told = "";
  if (found.file) {
    const files = put(item, "file", found.file);
    if (!files) return;
    for (const name of ["page", "x", "y"]) put(item, name, found[name]);
    told = `${files.selectedOptions[0]?.textContent ?? ""}, ${found.told}`;
  } else if (found.row) {
    const rows = put(item, "row", found.row.dataset.row);
    if (!rows) return;
    const columns = item.querySelector('[name^="column."]');
    columns.selectedIndex = found.cell ? [...found.row.querySelectorAll("td")].indexOf(found.cell) + 1 : 0;
    told = rows.selectedOptions[0]?.textContent ?? "";
  } else {
    told = found.quote.trim().slice(0, LONGEST);
    if (!put(item, "quote", told)) return;
    put(item, "before", found.before.slice(-CONTEXT));
    put(item, "after", found.after.slice(0, CONTEXT));
    put(item, "at", found.before.match(/[\p{L}\p{N}]+/gu)?.length ?? 0);
    if (globalThis.Highlight && CSS.highlights)
      CSS.highlights.set("note-new", (CSS.highlights.get("note-new") ?? new Highlight()).add(found.range.cloneRange()));
  }
  const where = document.createElement("p");
  where.className = "note-where";
  where.append(Object.assign(document.createElement("q"), { textContent: told }));
  item.querySelector("[data-where]").replaceChildren(where);
  getSelection().removeAllRanges();
  offer.hidden = true;
  const text = item.querySelector('[name^="note."]');
  text.focus();
  text.scrollIntoView({ block: "nearest" });
}

function showOffer() {
  const found = selected();
  offer.hidden = !found;
  if (!found) return;
  const at = found.range.getBoundingClientRect();
  offer.style.left = `${Math.max(8, Math.min(innerWidth - offer.offsetWidth - 8, at.left + at.width / 2 - offer.offsetWidth / 2))}px`;
  offer.style.top = `${Math.max(8, Math.min(innerHeight - offer.offsetHeight - 8, at.bottom + 8))}px`;
}

// ---- Pages of files: turning them, the numbers of notes where they stand, a note where one presses

for (const book of document.querySelectorAll(".desk-pages")) {
  const picture = book.querySelector("img");
  const told = book.querySelector("[role=status]");
  const turns = book.querySelectorAll("[data-turn]");
  const pins = [...book.querySelectorAll(".note-pin")];
  let page = 1;

  const show = (wanted) => {
    page = wanted;
    picture.src = picture.src.replace(/\d+\.png$/, `${page}.png`);
    told.textContent = told.dataset.word.replace("{n}", page);
    for (const turn of turns) turn.disabled = page + Number(turn.dataset.turn) < 1;
    for (const pin of pins) pin.hidden = Number(pin.dataset.page) !== page;
  };
  picture.addEventListener("error", () => {
    if (page === 1) return;
    show(page - 1); // there is no such page
    turns[1].disabled = true;
  });
  for (const turn of turns) turn.addEventListener("click", () => show(page + Number(turn.dataset.turn)));
  for (const pin of pins) {
    pin.classList.add("note-pinned");
    pin.style.left = `${pin.dataset.x / 10}%`;
    pin.style.top = `${pin.dataset.y / 10}%`;
  }
  book.querySelector(".desk-pages-turn").hidden = false;
  show(pins.length ? Math.min(...pins.map((pin) => Number(pin.dataset.page))) : 1);
  const reach = () => {
    const pin = pins.find((each) => `#${each.id}` === location.hash);
    if (!pin) return;
    book.open = true;
    show(Number(pin.dataset.page));
    pin.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", reach);
  const hint = book.querySelector("[data-hint]");
  if (!list || !hint) continue;
  hint.hidden = false;
  picture.classList.add("desk-page-open");
  picture.addEventListener("click", (event) => {
    const frame = picture.getBoundingClientRect();
    const x = Math.round((1000 * (event.clientX - frame.left)) / frame.width);
    const y = Math.round((1000 * (event.clientY - frame.top)) / frame.height);
    place({ file: book.dataset.file, page, x, y, told: told.textContent.toLowerCase() });
  });
}

if (form && list) {
  list.scrollTop = list.scrollHeight; // where many notes scroll by themselves, the empty one is in sight
  for (const event of ["input", "autosave:filled"]) form.addEventListener(event, roomForAnother);
  let waiting;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(showOffer, 120);
  };
  document.addEventListener("selectionchange", soon);
  addEventListener("scroll", soon, { passive: true, capture: true });
  offer.addEventListener("pointerdown", (event) => event.preventDefault()); // the selection stays
  offer.addEventListener("click", () => {
    const found = selected();
    if (found) place(found);
  });
  form.addEventListener("notes:write", (event) => {
    const found = selected();
    if (!found) return;
    event.preventDefault();
    place(found);
  });
}

// A passage that is folded away is unfolded for whoever follows a link to it.
addEventListener("hashchange", () => {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  const fold = target?.closest("details:not([open])");
  if (!fold) return;
  fold.open = true;
  target.scrollIntoView({ block: "center" });
});
