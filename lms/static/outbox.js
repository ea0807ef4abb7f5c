// What a learner gave and the server has not confirmed: kept on this device, sent in order, each save once.
//
// Every answer has a turn, a count of this device that only grows, and the device has a random name, the writer. The
// server knows by the two that a save which comes again (its reply was lost, the page was closed) is the same one, and
// in which order this device gave its answers, however long a post was under way. Between devices the answer given
// last counts: each save says how long ago it was given (`ago.<question>`), so no device's clock has to be right.
//
// Each save lies under a key of its own, so that tabs of one device take nothing from each other:
//   kuis:<attempt>:writer                this device's name
//   kuis:<attempt>:turn                  the last turn that was given out
//   kuis:<attempt>:a:<turn>              {turn, writer, question, values, seen, at}
//   kuis:<attempt>:f:<question>          {turn, question, flag}: marked for later; the last one counts
//
// The reply is {saved: {question: sequence that counts}, older: [questions for which another device saved something
// newer], known: highest sequence, doubts: {question: sentence}, late: [questions whose answer came too late to count],
// left: seconds, message} or {error, message, location}.

const GIVE_UP = 20000;
const LONGEST_WAIT = 60000;
const KEEPALIVE_AT_MOST = 60000;
const POST_AT_MOST = 500000;
const ORPHANED = 15000; // another tab of this device would have sent it by now

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (one) => one.toString(36).padStart(2, "0")).join("").slice(0, 16);

class Store {
  constructor(attempt) {
    this.prefix = `kuis:${attempt}:`;
  }
  get(name) {
    try {
      return JSON.parse(localStorage.getItem(this.prefix + name));
    } catch {
      return null;
    }
  }
  set(name, value) {
    try {
      localStorage.setItem(this.prefix + name, JSON.stringify(value));
      return true;
    } catch {
      return false; // private mode, or full
    }
  }
  drop(name) {
    try {
      localStorage.removeItem(this.prefix + name);
    } catch {
      // nothing was kept either
    }
  }
  names(kind) {
    try {
      return Object.keys(localStorage)
        .filter((key) => key.startsWith(this.prefix + kind))
        .map((key) => key.slice(this.prefix.length));
    } catch {
      return [];
    }
  }
}

export class Outbox extends EventTarget {
  // `address` is where saves are posted, `page` where a new CSRF token can be read
  constructor(attempt, address, page) {
    super();
    this.address = address;
    this.page = page;
    this.store = new Store(attempt);
    this.writer = this.store.get("writer") ?? random();
    this.kept = this.store.set("writer", this.writer);
    this.answers = []; // in the order of their turns
    this.flags = new Map(); // question → {turn, question, flag}
    this.known = 0; // the highest sequence of which this page knows that it is stored
    this.tries = 0;
    this.closed = false; // the page goes away: what is still here stays in the store
    this.adopt(0);
    addEventListener("online", () => this.send());
    addEventListener("focus", () => this.send());
    addEventListener("visibilitychange", () => (document.hidden ? this.leaving() : this.send()));
    addEventListener("pagehide", () => this.leaving());
    addEventListener("pageshow", (event) => event.persisted && this.send());
    addEventListener("beforeunload", (event) => {
      if (this.isWaiting && !this.kept && !this.closed) event.preventDefault();
    });
  }

  get isWaiting() {
    return this.answers.length + this.flags.size > 0;
  }

  waitsFor(question) {
    return this.answers.some((one) => one.question === question);
  }

  turn() {
    // a clock that was set back does not make it smaller, and where nothing can be kept it still grows
    const turn = Math.max(Date.now(), (this.store.get("turn") ?? 0) + 1, (this.last ?? 0) + 1);
    this.last = turn;
    this.store.set("turn", turn);
    return turn;
  }

  // An answer as it now stands. While it is being typed, the newest text takes the place of what nobody has seen yet.
  give(question, values, typed) {
    const entry = { turn: this.turn(), writer: this.writer, question, values, typed, seen: this.known, at: Date.now() };
    const draft = this.answers.findLast((one) => one.question === question);
    if (typed && draft?.typed && !draft.sent) this.forget([draft]);
    this.kept = this.store.set(`a:${entry.turn}`, entry);
    this.answers.push({ ...entry, since: performance.now() }); // `since` means nothing to another page
  }

  // The field was left: what was typed is an answer now, which none after it replaces here. False when none waits.
  settle(question) {
    const draft = this.answers.findLast((one) => one.question === question);
    if (draft?.typed) {
      draft.typed = false;
      this.kept = this.store.set(`a:${draft.turn}`, { ...draft, since: undefined });
    }
    return Boolean(draft);
  }

  // A question is marked for later, or not any more.
  mark(question, flag) {
    const entry = { turn: this.turn(), question, flag };
    this.flags.set(question, entry);
    this.kept = this.store.set(`f:${question}`, entry);
  }

  forget(entries) {
    this.answers = this.answers.filter((one) => !entries.includes(one));
    for (const one of entries) this.store.drop(`a:${one.turn}`);
  }

  // What earlier visits, or tabs that are gone, could not send.
  adopt(age) {
    const mine = new Set(this.answers.map((one) => one.turn));
    for (const name of this.store.names("a:")) {
      const entry = this.store.get(name);
      // nobody types on in a page that is gone: its draft is an answer
      if (entry && !mine.has(entry.turn) && Date.now() - entry.at >= age) this.answers.push({ ...entry, typed: false });
    }
    this.answers.sort((one, other) => one.turn - other.turn);
    for (const name of this.store.names("f:")) {
      const entry = this.store.get(name);
      if (entry && (this.flags.get(entry.question)?.turn ?? 0) < entry.turn) this.flags.set(entry.question, entry);
    }
  }

  // The oldest waiting answer of each question, of one writer, as many as a post can carry.
  batch(most) {
    const taken = new Map();
    let size = 0;
    for (const one of this.answers) {
      if (taken.has(one.question) || one.writer !== this.answers[0].writer) continue;
      size += one.values.join("").length * 3 + 200;
      if (taken.size && size > most) break;
      taken.set(one.question, one);
    }
    return [...taken.values()];
  }

  body(entries, flags) {
    const token = document.querySelector("[name=csrf_token]")?.value ?? "";
    const body = new URLSearchParams({ csrf_token: token, writer: entries[0]?.writer ?? this.writer });
    for (const one of entries) {
      // clocks can be set, and the page's own stands still while a device sleeps
      const age = Math.max(Date.now() - one.at, one.since === undefined ? 0 : performance.now() - one.since, 0);
      body.set(`seen.${one.question}`, one.seen);
      body.set(`turn.${one.question}`, one.turn);
      body.set(`ago.${one.question}`, Math.round(age));
      for (const value of one.values) body.append(`answer.${one.question}`, value);
    }
    for (const { question, flag } of flags) {
      body.set(`flagged.${question}`, flag ? "0" : "1");
      if (flag) body.set(`flag.${question}`, "1");
    }
    return body;
  }

  later(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), delay);
  }

  // Send all that waits; true when nothing waits any more.
  send() {
    clearTimeout(this.timer);
    if (this.closed) return Promise.resolve(false);
    this.flying ??= this.drain().finally(() => {
      this.flying = null;
    });
    return this.flying;
  }

  async drain() {
    this.adopt(ORPHANED);
    while (this.isWaiting && !this.closed) if (!(await this.post())) return false;
    return !this.isWaiting;
  }

  async post(again = true) {
    const entries = this.batch(POST_AT_MOST);
    const flags = [...this.flags.values()];
    for (const one of entries) one.sent = true;
    if (!this.tries) this.say("sending");
    let response = null;
    let answer = {};
    try {
      response = await fetch(this.address, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: this.body(entries, flags),
        credentials: "same-origin",
        signal: AbortSignal.timeout(GIVE_UP),
      });
      answer = await response.json().catch(() => ({}));
    } catch {
      response = null;
    }
    if (response?.status === 400 && answer.error === "csrf" && again && (await this.freshToken())) return this.post(false);
    const done = response?.ok && answer.saved;
    const closed = response?.status === 409 && answer.location;
    // after the end nothing counts any more, but the server keeps what came late and says so
    if (done || (closed && answer.late)) {
      this.tries = 0;
      this.forget(entries);
      for (const one of flags) {
        if (this.flags.get(one.question) !== one) continue;
        this.flags.delete(one.question);
        this.store.drop(`f:${one.question}`);
      }
    }
    if (closed) {
      if (answer.late && this.isWaiting) return true;
      this.say("ended", answer);
      return !this.isWaiting;
    }
    if (!done) return this.failed(response && !response.ok ? response.status : 0, answer); // 0: nobody, or a stranger, answered
    this.known = Math.max(this.known, answer.known ?? 0);
    this.say("saved", answer, entries);
    return true;
  }

  failed(status, answer) {
    if (status === 401) this.say("signed-out", answer); // tried again on coming back
    else if (status >= 400 && status < 500 && status !== 408 && status !== 429) this.say("refused", answer);
    else {
      this.tries += 1;
      this.later(Math.min(LONGEST_WAIT, 1000 * 2 ** this.tries) * (0.75 + Math.random() / 2));
      this.say("failed", answer);
    }
    return false;
  }

  say(name, answer = {}, entries = []) {
    this.dispatchEvent(new CustomEvent(name, { detail: { answer, entries } }));
  }

  // The session was renewed in another tab: a page of ours knows the new token.
  async freshToken() {
    try {
      const page = await fetch(this.page, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (!page.ok || page.redirected) return false;
      const token = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[name=csrf_token]");
      if (token) for (const input of document.querySelectorAll("[name=csrf_token]")) input.value = token.value;
      return Boolean(token);
    } catch {
      return false;
    }
  }

  // Nobody hears the reply, so the copy stays: sent once more later, it is known again.
  leaving() {
    if (this.closed || !this.isWaiting) return;
    const body = this.body(this.batch(KEEPALIVE_AT_MOST / 2), this.flags.values());
    if (String(body).length > KEEPALIVE_AT_MOST) return;
    fetch(this.address, { method: "POST", headers: { Accept: "application/json" }, body, keepalive: true }).catch(() => {});
  }
}
