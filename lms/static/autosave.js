// Saves a form while it is being filled in, and never loses what was typed.
//
//   <form method="post" action="…" autocomplete="off" data-autosave="person/thing">
//     <input type="hidden" name="revision" value="3">        optional: the counter that a save must name
//     <button name="then" value="save" data-flush>           saves now, without leaving the page
//   </form>
//   <div data-autosave-status="form id" …>                   see macros/autosave.html: where to say how it stands
//
// The form is posted to its own address with `Accept: application/json`. The answer is {revision, saved (the sentence),
// fragments: {element id: html}}, or {error, message} with the status that fits. Until the server has confirmed, a copy
// lies in localStorage under the key that `data-autosave` names; it is offered again when the page is opened later.
//
// Other modules hear `autosave:saved` and `autosave:refused` (detail: the answer) and `autosave:restore` (detail: pairs; preventDefault says
// that the module has put them in place itself), and ask with `autosave:flush`.

const IDLE = 1000;
const LONGEST_WAIT = 10000;
const GIVE_UP = 20000;
const KEEPALIVE_AT_MOST = 60000;
const OLDEST = 30 * 24 * 3600 * 1000;

const pairsOf = (form) =>
  [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrf_token" && name !== "revision");
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const plain = (text) => text.replace(/\r\n?/g, "\n");
const normal = (pairs) => pairs.map(([name, value]) => [name, plain(value)]);

const valuesOf = (pairs) => {
  const found = new Map();
  for (const [name, value] of pairs) found.set(name, [...(found.get(name) ?? []), value]);
  return found;
};

// Two states of a form that go back to one: each field as whoever changed it left it; null where both did, differently.
function merged(base, mine, theirs) {
  const [before, own, other] = [base, mine, theirs].map(valuesOf);
  const both = [];
  for (const name of new Set([...own.keys(), ...other.keys()])) {
    const [was, here, there] = [before, own, other].map((each) => each.get(name) ?? []);
    if (!same(here, was) && !same(there, was) && !same(here, there)) return null;
    for (const value of same(here, was) ? there : here) both.push([name, value]);
  }
  return both;
}

// This page as the server has it now.
async function freshPage() {
  try {
    const page = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    return page.ok && !page.redirected ? new DOMParser().parseFromString(await page.text(), "text/html") : null;
  } catch {
    return null;
  }
}

class Copy {
  constructor(key) {
    this.key = `draf:${key}`;
  }
  read() {
    try {
      const copy = JSON.parse(localStorage.getItem(this.key));
      return copy && Date.now() - copy.at < OLDEST ? copy : null;
    } catch {
      return null;
    }
  }
  write(copy) {
    try {
      localStorage.setItem(this.key, JSON.stringify(copy));
      return true;
    } catch {
      return false; // private mode, or full
    }
  }
  drop() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // nothing was kept either
    }
  }
}

class Autosave {
  constructor(form) {
    this.form = form;
    this.copy = new Copy(form.dataset.autosave);
    this.status = document.querySelector(`[data-autosave-status="${form.id}"]`);
    this.say = this.status?.querySelector("[data-say]");
    this.stored = normal(pairsOf(form)); // what the server has
    this.dirtySince = 0;
    this.tries = 0;
    this.halted = false; // a conflict or a lock: only the person can go on
    this.kept = false; // whether the copy on this device holds what is unsaved
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", () => this.changed());
    form.addEventListener("autosave:flush", (event) => event.detail?.done?.(this.flush()));
    form.addEventListener("autosave:leave", () => (this.sent = true));
    form.addEventListener("submit", (event) => this.submitting(event));
    this.status?.addEventListener("click", (event) => this.pressed(event));
    addEventListener("online", () => this.retry());
    addEventListener("focus", () => this.retry());
    addEventListener("visibilitychange", () => (document.hidden ? this.leaving() : this.retry()));
    addEventListener("pagehide", () => this.leaving());
    addEventListener("beforeunload", (event) => {
      if (this.dirtySince && !this.kept && !this.sent) event.preventDefault();
    });
  }

  get revision() {
    return this.form.elements.revision?.value ?? "";
  }

  // What an earlier visit could not send.
  restore() {
    const copy = this.copy.read();
    if (!copy || same(copy.pairs, this.stored)) return this.copy.drop();
    if (copy.revision !== this.revision) return this.tell("older", "warn", { offer: copy });
    this.fill(copy.pairs);
    this.tell("restored", "wait");
    this.changed();
  }

  fill(pairs) {
    const event = new CustomEvent("autosave:restore", { cancelable: true, detail: pairs });
    if (!this.form.dispatchEvent(event)) return;
    const values = valuesOf(pairs);
    for (const control of this.form.elements) {
      if (!control.name || ["csrf_token", "revision"].includes(control.name)) continue;
      if (["submit", "button", "file"].includes(control.type)) continue;
      const mine = values.get(control.name) ?? [];
      if (["checkbox", "radio"].includes(control.type)) control.checked = mine.includes(control.value);
      else if (control.tagName === "SELECT" && control.multiple)
        for (const option of control.options) option.selected = mine.includes(option.value);
      else if (mine.length) control.value = mine.shift();
      control.dispatchEvent(new Event("autosave:filled", { bubbles: true }));
    }
  }

  changed() {
    if (this.sent) return;
    this.dirtySince ||= Date.now();
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(), 250);
    if (this.halted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), Math.max(0, Math.min(IDLE, this.dirtySince + LONGEST_WAIT - Date.now())));
  }

  keep() {
    clearTimeout(this.keeping);
    if (!this.dirtySince) return;
    const pairs = normal(pairsOf(this.form));
    this.kept = this.copy.write({ revision: this.revision, at: Date.now(), pairs });
  }

  retry() {
    if (this.dirtySince && !this.halted && !this.sent && this.tries) this.send();
  }

  leaving() {
    if (!this.dirtySince || this.sent) return;
    this.keep();
    if (!this.halted && !this.flying) this.send({ last: true });
  }

  flush() {
    clearTimeout(this.timer);
    if (this.flying) return this.flying.then(() => this.flush());
    return this.dirtySince && !this.halted ? this.send() : Promise.resolve();
  }

  send({ last = false } = {}) {
    clearTimeout(this.timer);
    this.flying ??= this.post(last).finally(() => {
      this.flying = null;
    });
    return this.flying;
  }

  async post(last, again = true) {
    const pairs = normal(pairsOf(this.form));
    if (same(pairs, this.stored)) return this.clean();
    const body = new URLSearchParams(new FormData(this.form));
    const since = this.dirtySince;
    this.dirtySince = Date.now();
    // what is quick needs no word of its own: a screen reader would read it out again and again
    const slow = setTimeout(() => this.tell("saving", "wait"), this.tries || last ? 1e6 : 1200);
    let response;
    let answer = {};
    try {
      response = await fetch(this.form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body,
        credentials: "same-origin",
        keepalive: last && String(body).length < KEEPALIVE_AT_MOST,
        signal: last ? undefined : AbortSignal.timeout(GIVE_UP),
      });
      answer = await response.json().catch(() => ({}));
    } catch {
      response = null;
    }
    clearTimeout(slow);
    if (response?.ok && !response.redirected) return this.saved(answer, pairs);
    this.dirtySince = since;
    this.keep();
    if (response?.status === 400 && answer.error === "csrf" && again && (await this.freshToken()))
      return this.post(last, false);
    if (response?.status === 409 && answer.error === "conflict" && again && !last && (await this.catchUp()))
      return this.post(last, false);
    this.failed(response, answer);
  }

  saved(answer, pairs) {
    this.tries = 0;
    this.stored = pairs;
    if (answer.revision !== undefined && this.form.elements.revision) this.form.elements.revision.value = answer.revision;
    for (const [id, html] of Object.entries(answer.fragments ?? {})) replace(id, html);
    this.form.dispatchEvent(new CustomEvent("autosave:saved", { detail: answer }));
    if (same(normal(pairsOf(this.form)), pairs)) this.clean();
    else this.changed();
    this.tell("saved", "ok", { text: answer.saved });
  }

  clean() {
    this.dirtySince = 0;
    this.kept = false;
    clearTimeout(this.keeping);
    this.copy.drop();
  }

  failed(response, answer) {
    const status = response?.status ?? 0;
    if (status === 409) {
      this.halted = true;
      this.form.dispatchEvent(new CustomEvent("autosave:refused", { detail: answer }));
      return this.tell(answer.error === "conflict" ? "conflict" : "refused", "bad", { text: answer.message });
    }
    if (status === 401) {
      this.tries += 1; // tried again when the person comes back from signing in
      return this.tell("signed-out", "bad");
    }
    if (status >= 400 && status < 500 && status !== 408 && status !== 429)
      return this.tell("refused", "bad", { text: answer.message });
    this.tries += 1;
    const wait = Math.min(60000, 1000 * 2 ** this.tries) * (0.75 + Math.random() / 2);
    this.timer = setTimeout(() => this.send(), wait);
    this.tell(this.kept ? "offline" : "failed", "bad");
  }

  // The session was renewed in another tab: this page's own address knows the new token.
  async freshToken() {
    const token = (await freshPage())?.querySelector("[name=csrf_token]");
    if (!token) return false;
    for (const input of document.querySelectorAll("[name=csrf_token]")) input.value = token.value;
    return true;
  }

  // Somebody saved meanwhile, often this tab itself on the page before, whose last save came late. A form that says
  // `data-merges` takes over the fields that only they changed; where both changed the same one, the person decides.
  async catchUp() {
    if (!("merges" in this.form.dataset)) return false;
    const theirs = (await freshPage())?.getElementById(this.form.id);
    if (!theirs?.elements.revision || !this.form.elements.revision) return false;
    const saved = normal(pairsOf(theirs));
    const both = merged(this.stored, normal(pairsOf(this.form)), saved);
    if (!both) return false;
    this.fill(both);
    this.form.elements.revision.value = theirs.elements.revision.value;
    this.stored = saved;
    return true;
  }

  // A real submit: what is under way comes first, so that it cannot look like somebody else's save.
  submitting(event) {
    const button = event.submitter;
    if (button?.hasAttribute("data-flush") && !this.halted) {
      event.preventDefault();
      this.dirtySince ||= Date.now();
      this.flush();
      return;
    }
    if (this.flying) {
      event.preventDefault();
      this.flying.then(() => (this.halted ? null : this.form.requestSubmit(button)));
      return;
    }
    this.keep();
    clearTimeout(this.timer);
    this.sent = true;
    setTimeout(() => (this.sent = false), 8000); // the page is still here: the submit did not get through
  }

  pressed(event) {
    const deed = event.target.closest("button")?.dataset.deed;
    if (deed === "compare") {
      if (this.offered) {
        this.fill(this.offered.pairs);
        if (this.form.elements.revision) this.form.elements.revision.value = this.offered.revision;
      }
      this.sent = true;
      this.form.submit();
    } else if (deed === "discard") {
      this.offered = null;
      this.clean();
      this.tell("", "ok");
    }
  }

  tell(state, kind, { text, offer } = {}) {
    if (!this.status) return;
    this.offered = offer ?? null;
    this.say.textContent = text || this.status.dataset[state.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] || "";
    this.say.className = `saved${{ wait: " saved-wait", bad: " saved-bad", warn: " saved-bad" }[kind] ?? ""}`;
    this.say.hidden = !this.say.textContent;
    for (const button of this.status.querySelectorAll("[data-deed]"))
      button.hidden = !button.dataset.when.split(" ").includes(state);
  }
}

function replace(id, html) {
  const element = document.getElementById(id);
  if (!element || element.contains(document.activeElement)) return;
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  if (fresh.innerHTML.trim() === element.innerHTML.trim()) return;
  const scrolled = element.firstElementChild?.scrollLeft;
  element.replaceChildren(...fresh.childNodes);
  if (scrolled && element.firstElementChild) element.firstElementChild.scrollLeft = scrolled;
}

// A page that says a copy is settled (the conflict page after a choice) names it.
for (const link of document.querySelectorAll("[data-forget]"))
  link.addEventListener("click", () => new Copy(link.dataset.forget).drop());

for (const form of document.querySelectorAll("form[data-autosave]")) new Autosave(form).restore();
