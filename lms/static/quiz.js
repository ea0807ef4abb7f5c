// Saves each answer of an attempt as it is given, and keeps what could not be sent on this device until it can.
//
// The form works without this module: it is posted whole by its buttons. Here every `[data-question]` is posted by
// itself, to the form's address with `Accept: application/json`, as soon as it changes; what has changed meanwhile goes
// together in the next post, each answer with how long ago it was given (`ago.<id>`), so that what arrives late
// replaces nothing newer. The answer is {saved: {id: sequence that counts}, older: [ids for which another device saved
// something newer], doubts: {id: sentence}, message} or {error, message}.

const TYPING = 900;
const GIVE_UP = 20000;
const LONGEST_WAIT = 60000;
const KEEPALIVE_AT_MOST = 60000;

class Store {
  constructor(attempt) {
    this.key = `kuis:${attempt}`;
  }
  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key)) ?? {};
    } catch {
      return {};
    }
  }
  write(entries) {
    try {
      if (Object.keys(entries).length) localStorage.setItem(this.key, JSON.stringify(entries));
      else localStorage.removeItem(this.key);
      return true;
    } catch {
      return false; // private mode, or full
    }
  }
}

class Question {
  constructor(element, form) {
    this.element = element;
    this.id = element.dataset.question;
    this.seen = form.elements[`seen.${this.id}`];
    this.doubt = element.querySelector("[data-doubt]");
    this.controls = [...element.querySelectorAll("input, select, textarea")].filter((one) => one.name === `answer.${this.id}`);
  }
  get values() {
    return this.controls
      .filter((one) => (one.type === "radio" || one.type === "checkbox" ? one.checked : one.value.trim()))
      .map((one) => one.value);
  }
  set values(values) {
    for (const one of this.controls) {
      if (one.type === "radio" || one.type === "checkbox") one.checked = values.includes(one.value);
      else if (one.tagName === "SELECT") one.value = values.find((value) => [...one.options].some((each) => each.value === value)) ?? "";
      else one.value = values[0] ?? "";
    }
  }
}

class Quiz {
  constructor(form) {
    this.form = form;
    this.say = form.querySelector("[data-say]");
    this.store = new Store(form.dataset.quiz);
    this.questions = new Map();
    for (const element of form.querySelectorAll("[data-question]")) {
      const question = new Question(element, form);
      this.questions.set(question.id, question);
    }
    this.waiting = {}; // question id → {values, seen, at}: given here, not yet confirmed by the server
    this.tries = 0;
    form.querySelector("[data-save]").hidden = true;
    form.addEventListener("input", (event) => this.changed(event, TYPING));
    form.addEventListener("change", (event) => this.changed(event, 0));
    form.addEventListener("submit", (event) => this.submitting(event));
    addEventListener("online", () => this.send());
    addEventListener("focus", () => this.send());
    addEventListener("visibilitychange", () => (document.hidden ? this.leaving() : this.send()));
    addEventListener("pagehide", () => this.leaving());
    this.restore();
  }

  questionOf(target) {
    return this.questions.get(target.closest?.("[data-question]")?.dataset.question);
  }

  changed(event, delay) {
    const question = this.questionOf(event.target);
    if (!question) return;
    const choice = event.target.type === "radio" || event.target.type === "checkbox";
    if (choice && event.type === "input") return; // its change event follows at once
    if (!choice && event.type === "change" && !(question.id in this.waiting)) return; // typed and already saved
    this.waiting[question.id] = { values: question.values, seen: question.seen.value, at: Date.now() };
    this.kept = this.store.write(this.waiting);
    this.progress();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), delay);
  }

  // What an earlier visit could not send. Where the server has a newer answer than the one this device built on, the
  // server decides by age which of the two counts, and the page is read again to show it.
  restore() {
    const stored = Object.entries(this.store.read()).filter(
      ([id, { values }]) => this.questions.has(id) && String(this.questions.get(id).values) !== String(values),
    );
    if (!stored.length) return this.store.write({});
    this.waiting = Object.fromEntries(stored);
    for (const [id, { values, seen }] of stored) {
      const question = this.questions.get(id);
      if (question.seen.value === seen) question.values = values;
      else this.reread = true;
    }
    this.progress();
    this.tell(this.form.dataset.restored, "wait");
    this.send();
  }

  body(entries) {
    const body = new URLSearchParams({ csrf_token: this.form.elements.csrf_token.value });
    for (const [id, { values, seen, at }] of entries) {
      body.set(`seen.${id}`, seen);
      body.set(`ago.${id}`, Math.max(0, Date.now() - at));
      for (const value of values) body.append(`answer.${id}`, value);
    }
    return body;
  }

  send() {
    clearTimeout(this.timer);
    if (this.leavingNow || !Object.keys(this.waiting).length) return Promise.resolve();
    this.flying ??= this.post().finally(() => {
      this.flying = null;
    });
    return this.flying;
  }

  async post(again = true) {
    const entries = Object.entries(this.waiting);
    if (!this.tries) this.tell(this.form.dataset.saving, "wait");
    let response = null;
    let answer = {};
    try {
      response = await fetch(this.form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: this.body(entries),
        credentials: "same-origin",
        signal: AbortSignal.timeout(GIVE_UP),
      });
      answer = await response.json().catch(() => ({}));
    } catch {
      response = null;
    }
    if (response?.ok && answer.saved) return this.saved(entries, answer);
    if (response?.status === 400 && answer.error === "csrf" && again && (await this.freshToken())) return this.post(false);
    this.failed(response && !response.ok ? response.status : 0, answer); // 0: no network, or a stranger answered for us
  }

  saved(entries, answer) {
    this.tries = 0;
    for (const [id, sent] of entries) {
      const question = this.questions.get(id);
      if (answer.saved[id] !== undefined) question.seen.value = answer.saved[id];
      if (this.waiting[id] === sent) delete this.waiting[id];
      else this.waiting[id].seen = question.seen.value;
      if (question.doubt) question.doubt.textContent = answer.doubts[id] ?? "";
    }
    this.kept = this.store.write(this.waiting);
    if (this.reread || answer.older.some((id) => !(id in this.waiting))) return location.reload(); // shows the newer ones
    this.tell(answer.message, "");
    if (Object.keys(this.waiting).length) this.timer = setTimeout(() => this.send(), 0);
  }

  failed(status, answer) {
    if (status === 409 && answer.location) {
      this.store.write({});
      this.leavingNow = true;
      location.assign(answer.location);
      return;
    }
    if (status === 401) return this.tell(this.form.dataset.signedOut, "bad"); // tried again on coming back
    if (status >= 400 && status < 500 && status !== 408 && status !== 429) return this.tell(answer.message, "bad");
    this.tries += 1;
    const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** this.tries) * (0.75 + Math.random() / 2);
    this.timer = setTimeout(() => this.send(), wait);
    this.tell(this.kept ? this.form.dataset.offline : this.form.dataset.failed, this.kept ? "wait" : "bad");
  }

  // The session was renewed in another tab: this page's own address knows the new token.
  async freshToken() {
    try {
      const page = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (!page.ok || page.redirected) return false;
      const token = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[name=csrf_token]");
      if (token) for (const input of document.querySelectorAll("[name=csrf_token]")) input.value = token.value;
      return Boolean(token);
    } catch {
      return false;
    }
  }

  leaving() {
    const entries = Object.entries(this.waiting);
    if (this.leavingNow || this.flying || !entries.length) return;
    const body = this.body(entries);
    if (String(body).length > KEEPALIVE_AT_MOST) return;
    // Nobody hears the answer, so the copy stays: sent once more later, it changes nothing.
    fetch(this.form.action, { method: "POST", headers: { Accept: "application/json" }, body, keepalive: true }).catch(() => {});
  }

  submitting(event) {
    if (!event.submitter?.hasAttribute("data-submit")) {
      event.preventDefault(); // Enter in a field saves
      this.send();
    } else if (!navigator.onLine) {
      event.preventDefault();
      this.tell(this.form.dataset.noNetwork, "bad");
    } else if (this.flying) {
      const button = event.submitter;
      event.preventDefault();
      this.flying.then(() => this.form.requestSubmit(button));
    } else {
      clearTimeout(this.timer);
      this.leavingNow = true; // the form takes everything along
      setTimeout(() => (this.leavingNow = false), 8000); // the page is still here: it did not get through
    }
  }

  progress() {
    const { progress, answered, open } = this.form.dataset;
    let done = 0;
    for (const question of this.questions.values()) {
      const has = question.values.length > 0;
      done += has;
      const link = this.form.querySelector(`[data-for="${question.id}"]`);
      link.toggleAttribute("data-done", has);
      link.querySelector("[data-word]").textContent = `, ${has ? answered : open}`;
    }
    this.form.querySelector("progress").value = done;
    this.form.querySelector("[data-count]").textContent = progress.replace("{done}", done).replace("{total}", this.questions.size);
  }

  tell(text, kind) {
    this.say.className = `saved quiz-saved${kind ? ` saved-${kind}` : ""}`;
    this.say.hidden = !text;
    if (this.say.textContent !== text) this.say.textContent = text ?? "";
  }
}

for (const form of document.querySelectorAll("form[data-quiz]")) new Quiz(form);
for (const element of document.querySelectorAll("[data-handed-in]")) new Store(element.dataset.handedIn).write({});
document.querySelector("[data-focus]")?.focus();
