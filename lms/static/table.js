// Makes a table of controls (table[data-sheet]) behave like a sheet: arrow keys and Enter move, a block pasted from
// Excel fills cells and adds rows, rows come, go and move (Alt with an arrow), amounts are summed, the last such step can be taken back, and cells are marked by the
// findings that the server sends after each save. Without it the same table is a plain form.

const NUMBERED = "[data-number]";

class Sheet {
  constructor(table) {
    this.table = table;
    this.body = table.tBodies[0];
    this.form = table.closest("form");
    this.template = document.getElementById(table.dataset.newRow);
    this.most = Number(table.dataset.most) || 500;
    this.status = this.form.querySelector("[data-sheet-status]");
    this.back = null;
    this.adopt(this.rows);
    this.grow();
    this.body.addEventListener("keydown", (event) => this.keyed(event));
    this.body.addEventListener("paste", (event) => this.pasted(event));
    this.body.addEventListener("input", (event) => {
      fit(event.target);
      this.grow();
      if (this.fragile) this.forget(); // going back would take along what was typed since
    });
    this.body.addEventListener("click", (event) => {
      if (event.target.closest("[data-remove-row]")) this.remove(event.target.closest("tr"));
    });
    this.form.querySelector("[data-add-row]")?.addEventListener("click", (event) => {
      event.preventDefault();
      const row = this.add();
      if (row) this.cells(row)[0].focus();
    });
    this.status?.querySelector("button").addEventListener("click", () => this.undo());
    this.form.addEventListener("autosave:restore", (event) => this.restore(event));
    this.form.addEventListener("autosave:saved", () => this.mark());
    this.form.addEventListener("input", () => this.sum());
    this.form.querySelector("[data-move]")?.addEventListener("click", (event) => {
      event.preventDefault();
      const { move_from: from, move_to: to } = this.form.elements;
      const row = this.rows[Number(from.value) - 1];
      if (row && Number(to.value) > 0) this.move(row, Number(to.value) - 1);
    });
  }

  get rows() {
    return [...this.body.rows];
  }

  cells(row) {
    return [...row.querySelectorAll(".cell")];
  }

  isBlank(row) {
    return this.cells(row).every((cell) => !cell.value.trim());
  }

  // Rows of the server's page get a button in place of the tick box.
  adopt(rows) {
    for (const row of rows) {
      const end = row.querySelector(".sheet-end label");
      if (end) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "sheet-remove";
        button.dataset.removeRow = "";
        button.innerHTML = '<span aria-hidden="true">✕</span> <span class="sheet-word"></span>';
        button.lastElementChild.textContent = this.table.dataset.remove;
        end.replaceWith(button);
      }
      for (const cell of this.cells(row)) fit(cell);
    }
    this.number();
  }

  number() {
    this.rows.forEach((row, at) => {
      row.querySelector(NUMBERED).textContent = at + 1;
      row.querySelector("[data-remove-row]")?.setAttribute("aria-label", `${this.table.dataset.remove} ${at + 1}`);
    });
  }

  make(id = fresh()) {
    const holder = document.createElement("tbody");
    holder.innerHTML = this.template.innerHTML.replaceAll("__id__", id);
    return holder.rows[0];
  }

  add() {
    const filled = this.rows.filter((row) => !this.isBlank(row)).length;
    const last = this.rows.at(-1);
    if (last && this.isBlank(last) && filled >= this.most - 1) return last;
    if (filled >= this.most) {
      this.say(this.table.dataset.full);
      return null;
    }
    const row = this.make();
    this.body.append(row);
    this.adopt([row]);
    return row;
  }

  // There is always an empty row to go on in.
  grow() {
    const last = this.rows.at(-1);
    if ((!last || !this.isBlank(last)) && this.rows.length < this.most) this.add();
  }

  say(text, undo = null, fragile = false) {
    this.back = undo;
    this.fragile = fragile;
    if (!this.status) return;
    this.status.hidden = false;
    this.status.querySelector("span").textContent = text;
    this.status.querySelector("button").hidden = !undo;
  }

  undo() {
    this.back?.();
    this.forget();
    this.number();
    this.changed();
  }

  forget() {
    this.back = null;
    this.fragile = false;
    this.status.hidden = true;
  }

  changed() {
    this.form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  remove(row) {
    const after = row.nextElementSibling;
    const focus = after ?? row.previousElementSibling;
    row.remove();
    this.grow();
    this.number();
    const target = focus ?? this.rows[0];
    if (target) this.cells(target)[0].focus();
    this.say(this.table.dataset.removed, () => this.body.insertBefore(row, after?.isConnected ? after : null));
    this.changed();
  }

  move(row, place) {
    const at = this.rows.indexOf(row);
    const others = this.rows.filter((each) => each !== row);
    const to = Math.max(0, Math.min(place, others.length - 1)); // the empty row at the end stays there
    if (at === to || this.isBlank(row)) return;
    const back = row.nextElementSibling;
    this.body.insertBefore(row, others[to] ?? null);
    this.number();
    this.say(this.table.dataset.moved.replace("{number}", to + 1), () => this.body.insertBefore(row, back?.isConnected ? back : null), true);
    this.changed();
  }

  // Whole rupiah and counts: what stands between the digits is only for the eye.
  sum() {
    for (const place of this.table.querySelectorAll("[data-sum]")) {
      let total = 0n;
      let some = false;
      for (const cell of this.body.querySelectorAll(`[name$=".${place.dataset.sum}"]`)) {
        const digits = cell.value.replace(/^\s*-?\s*Rp/i, "").replace(/[\s.]|,(?=\d{3}(\D|$))/g, "");
        if (!/^-?\d{1,18}$/.test(digits)) continue;
        total += BigInt(digits);
        some = true;
      }
      const shown = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en" : "id").format(total);
      place.textContent = some ? `${place.dataset.sign}${shown}` : "";
    }
  }

  keyed(event) {
    const cell = event.target;
    if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === "ArrowUp" || event.key === "ArrowDown") && cell.classList.contains("cell")) {
      const row = cell.closest("tr");
      event.preventDefault();
      this.move(row, this.rows.indexOf(row) + (event.key === "ArrowUp" ? -1 : 1));
      cell.focus();
      return;
    }
    if (!cell.classList.contains("cell") || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const row = cell.closest("tr");
    const at = this.cells(row).indexOf(cell);
    const list = cell.tagName === "SELECT";
    const caret = list ? 0 : cell.selectionStart;
    const all = !list && caret === 0 && cell.selectionEnd === cell.value.length;
    const atStart = list || all || (caret === 0 && cell.selectionEnd === 0);
    const atEnd = list || all || (caret === cell.value.length && cell.selectionEnd === caret);
    const tall = cell.tagName === "TEXTAREA" && cell.scrollHeight > 2.6 * parseFloat(getComputedStyle(cell).lineHeight);
    let target = null;
    if (event.key === "Enter" && !event.shiftKey) {
      const next = row.nextElementSibling ?? this.add();
      target = next ? this.cells(next)[at] : cell;
    } else if (event.key === "Enter" && cell.tagName !== "TEXTAREA") target = this.above(row, at) ?? cell;
    else if (event.shiftKey) return;
    else if (event.key === "ArrowDown" && !list && (!tall || atEnd)) target = this.below(row, at);
    else if (event.key === "ArrowUp" && !list && (!tall || atStart)) target = this.above(row, at);
    else if (event.key === "ArrowRight" && atEnd) target = this.cells(row)[at + 1];
    else if (event.key === "ArrowLeft" && atStart) target = this.cells(row)[at - 1];
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.select?.();
  }

  below(row, at) {
    return row.nextElementSibling && this.cells(row.nextElementSibling)[at];
  }

  above(row, at) {
    return row.previousElementSibling && this.cells(row.previousElementSibling)[at];
  }

  pasted(event) {
    const cell = event.target;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!cell.classList.contains("cell") || !/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    event.preventDefault();
    const before = this.snapshot();
    const block = parse(text);
    let row = cell.closest("tr");
    const from = this.cells(row).indexOf(cell);
    for (const values of block) {
      if (!row) row = this.add();
      if (!row) break;
      const cells = this.cells(row);
      values.slice(0, cells.length - from).forEach((value, at) => set(cells[from + at], value));
      row = row.nextElementSibling;
    }
    this.grow();
    this.number();
    this.say(this.table.dataset.pasted, () => this.put(before), true);
    this.changed();
  }

  snapshot() {
    return this.rows.map((row) => [row.dataset.row, this.cells(row).map((cell) => cell.value)]);
  }

  put(rows) {
    const known = new Map(this.rows.map((row) => [row.dataset.row, row]));
    const listed = rows.map(([id, values]) => {
      const row = known.get(id) ?? this.make(id);
      this.cells(row).forEach((cell, at) => set(cell, values[at] ?? ""));
      return row;
    });
    this.body.replaceChildren(...listed);
    this.adopt(listed);
    this.grow();
  }

  // What autosave.js kept on this device, as pairs of the form's names and values.
  restore(event) {
    event.preventDefault();
    const values = new Map(event.detail);
    const ids = event.detail.filter(([name]) => name === "row").map(([, id]) => id);
    const names = this.cells(this.make()).map((cell) => cell.name.split(".")[1]);
    this.put(ids.map((id) => [id, names.map((name) => values.get(`${id}.${name}`) ?? "")]));
  }

  // The findings beside the table name their cells.
  mark() {
    for (const cell of this.body.querySelectorAll(".cell[aria-describedby]")) {
      cell.removeAttribute("aria-describedby");
      cell.removeAttribute("aria-invalid");
      delete cell.closest("td").dataset.found;
    }
    for (const finding of document.querySelectorAll("#temuan [data-cell]")) {
      const cell = document.getElementById(finding.dataset.cell);
      if (!cell?.classList.contains("cell")) continue;
      const told = cell.getAttribute("aria-describedby");
      cell.setAttribute("aria-describedby", told ? `${told} ${finding.id}` : finding.id);
      if (finding.dataset.level === "error") cell.setAttribute("aria-invalid", "true");
      cell.closest("td").dataset.found ||= finding.dataset.level;
    }
  }
}

function fresh() {
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => letters[byte % letters.length]).join("");
}

// Old browsers do not size a text field by its content.
function fit(cell) {
  if (cell.tagName !== "TEXTAREA" || CSS.supports("field-sizing", "content")) return;
  cell.style.height = "auto";
  cell.style.height = `${cell.scrollHeight + 2}px`;
}

function set(cell, value) {
  if (cell.tagName === "SELECT" && value) {
    const wanted = value.trim().toLowerCase();
    const option = [...cell.options].find((each) => each.value.trim().toLowerCase() === wanted);
    // what is no choice stays as it was written: the checks will say so, and nothing is lost
    cell.value = (option ?? cell.appendChild(new Option(value.trim()))).value;
  } else cell.value = cell.tagName === "INPUT" ? value.replace(/\s*\n\s*/g, " ").trim() : value;
  fit(cell);
}

// Cells as spreadsheets copy them: tabs and line ends, quotes around cells that hold either.
function parse(text) {
  const rows = [[]];
  let value = "";
  let quoted = false;
  const plain = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let at = 0; at < plain.length; at += 1) {
    const letter = plain[at];
    if (quoted && letter === '"' && plain[at + 1] === '"') {
      value += '"';
      at += 1;
    } else if (quoted && letter === '"') quoted = false;
    else if (quoted) value += letter;
    else if (letter === '"' && !value && plain.indexOf('"', at + 1) > 0) quoted = true;
    else if (letter === "\t" || letter === "\n") {
      rows.at(-1).push(value);
      value = "";
      if (letter === "\n") rows.push([]);
    } else value += letter;
  }
  rows.at(-1).push(value);
  return rows;
}

for (const table of document.querySelectorAll("table[data-sheet]"))
  if (document.getElementById(table.dataset.newRow)) new Sheet(table);
