// Saves each answer of an attempt as it is given (see outbox.js), and takes what waits along before one moves on.
//
//   <form data-quiz="attempt" action="where saves go" data-known="highest sequence" …words>   a page of questions
//     <input name="writer">  <div data-question="id"> <input name="seen.id"> <input name="answer.id"> … [data-flag]
//     <button data-save>                     saves; hidden, because this module does it
//     <button name="ke" data-to="address">   saves and goes there
//   <form data-quiz="attempt" data-save="where saves go" data-again …words>                   the summary
//     <button data-submit>                   hands in, once nothing waits any more
//   <div data-handed-in="attempt" data-save="where saves go">                                 the result
//
// All of it works without this module: forms are posted whole by their buttons.

import { Outbox } from "./outbox.js";
import "./timeleft.js";

const TYPING = 900;

class Question {
  constructor(element, form) {
    this.id = element.dataset.question;
    this.seen = form.elements[`seen.${this.id}`];
    this.doubt = element.querySelector("[data-doubt]");
    this.flag = element.querySelector("[data-flag]");
    this.controls = [...element.querySelectorAll("input, select, textarea")].filter((one) => one.name === `answer.${this.id}`);
    this.given = String(this.values); // what was last shown, chosen or typed
    this.early = this.controls.some(isChanged); // before this module was there to hear it
  }
  get values() {
    return this.controls.filter((one) => !isBox(one) || one.checked).map((one) => one.value);
  }
  set values(values) {
    this.controls.forEach((one, at) => {
      if (isBox(one)) one.checked = values.includes(one.value);
      else if (one.tagName === "SELECT") one.value = values.find((value) => value && [...one.options].some((each) => each.value === value)) ?? "";
      else one.value = values[at] ?? "";
    });
    this.given = String(this.values);
    this.controls[0]?.dispatchEvent(new CustomEvent("quiz:restored", { bubbles: true }));
  }
  get isAnswered() {
    return this.values.some((value) => value.trim());
  }
}

const isChanged = (control) => {
  if (isBox(control)) return control.checked !== control.defaultChecked;
  if (control.tagName !== "SELECT") return control.value !== control.defaultValue;
  return [...control.options].some((one) => one.selected !== (one.defaultSelected || (!control.querySelector("[selected]") && one.index === 0)));
};
const isBox = (control) => control.type === "radio" || control.type === "checkbox";

class Quiz {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.line = form.querySelector("[data-say]");
    this.standing = this.line.textContent;
    this.outbox = new Outbox(this.words.quiz, this.words.save ?? form.action, location.href);
    this.outbox.known = Number(this.words.known ?? 0);
    this.questions = new Map();
    for (const element of form.querySelectorAll("[data-question]")) {
      const question = new Question(element, form);
      this.questions.set(question.id, question);
    }
    form.querySelector("[data-save]")?.setAttribute("hidden", "");
    form.addEventListener("input", (event) => this.changed(event, TYPING));
    form.addEventListener("change", (event) => this.changed(event, 0));
    form.addEventListener("submit", (event) => this.submitting(event));
    addEventListener("pageshow", (event) => event.persisted && this.halt(false));
    addEventListener("storage", (event) => this.elsewhere(event));
    document.addEventListener("quiz:time-over", () => this.timeOver());
    for (const name of ["sending", "saved", "failed", "refused", "signed-out", "ended"])
      this.outbox.addEventListener(name, ({ detail }) => this[name](detail));
    this.restore();
    for (const { id, values, early, flag } of this.questions.values()) {
      if (early) this.outbox.give(id, values, false);
      if (flag && isChanged(flag) && !this.outbox.flags.has(id)) this.outbox.mark(id, flag.checked);
    }
    if (this.outbox.isWaiting) {
      this.progress();
      this.outbox.send();
    }
  }

  questionOf(target) {
    return this.questions.get(target.closest?.("[data-question]")?.dataset.question);
  }

  changed(event, delay) {
    const question = this.questionOf(event.target);
    if (!question) return;
    const choice = isBox(event.target) || event.target.tagName === "SELECT";
    if (choice && event.type === "input") return; // its change event follows at once
    if (event.target === question.flag) this.outbox.mark(question.id, question.flag.checked);
    else if (!question.controls.includes(event.target)) return;
    else if (choice || event.type === "input") {
      const values = question.values;
      if (String(values) === question.given) return; // told twice
      question.given = String(values);
      this.outbox.give(question.id, values, !choice);
    } else if (!this.outbox.settle(question.id)) return; // typed and already saved
    this.progress();
    this.outbox.later(delay);
  }

  // What an earlier visit could not send is shown, unless the server has something newer than what that visit knew:
  // then the server decides which of the two counts, and the page is read again to show it.
  restore() {
    const last = new Map(this.outbox.answers.map((one) => [one.question, one]));
    let differs = false;
    for (const [id, entry] of last) {
      const question = this.questions.get(id);
      if (!question || question.early || String(entry.values) === question.given) continue;
      differs = true;
      if (Number(question.seen.value) <= entry.seen) question.values = entry.values;
      else this.reread = true;
    }
    for (const { question, flag } of this.outbox.flags.values()) {
      const box = this.questions.get(question)?.flag;
      if (box) box.checked = flag;
    }
    this.reread ||= "again" in this.words && this.outbox.isWaiting;
    if (differs) this.tell(this.words.restored, "wait");
  }

  // Another tab of this device was used: what it shows is shown here too, save where one is typing.
  elsewhere(event) {
    if (!event.newValue || !event.key?.startsWith(`kuis:${this.words.quiz}:`)) return;
    const entry = JSON.parse(event.newValue);
    const question = this.questions.get(entry?.question);
    if (!question || this.outbox.waitsFor(question.id) || question.controls.includes(document.activeElement)) return;
    if (entry.values) question.values = entry.values;
    else if ("flag" in entry) question.flag.checked = entry.flag;
    this.progress();
  }

  sending() {
    this.tell(this.words.saving, "wait");
  }

  saved({ answer, entries }) {
    for (const { question: id } of entries) {
      const question = this.questions.get(id);
      if (!question || answer.older.includes(id)) continue;
      if (answer.saved[id] !== undefined) question.seen.value = answer.saved[id];
      if (question.doubt && answer.doubts[id] !== undefined) question.doubt.textContent = answer.doubts[id];
    }
    for (const question of this.questions.values()) {
      const before = this.form.elements[`flagged.${question.id}`];
      if (before && !this.outbox.flags.has(question.id)) before.value = question.flag.checked ? "1" : "0";
    }
    if (answer.left != null) document.dispatchEvent(new CustomEvent("quiz:time-left", { detail: answer.left }));
    if (this.over && !this.outbox.isWaiting) return this.leave(() => location.reload());
    const newer = answer.older.some((id) => this.questions.has(id) && !this.outbox.waitsFor(id));
    if (newer || (this.reread && !this.outbox.isWaiting)) return this.leave(() => location.reload()); // shows what counts
    if (entries.length) this.standing = answer.message; // a flag is no answer: what was said of the last one stays
    this.tell(this.standing, "");
  }

  failed() {
    this.tell(this.outbox.kept ? this.words.offline : this.words.failed, this.outbox.kept ? "wait" : "bad");
  }

  refused({ answer }) {
    this.tell(answer.message ?? this.words.stuck, "bad");
  }

  "signed-out"() {
    this.tell(this.words.signedOut, "bad");
  }

  ended({ answer }) {
    this.leave(() => location.assign(answer.location));
  }

  leave(go) {
    this.outbox.closed = true;
    go();
  }

  halt(yes) {
    this.going = yes;
    this.outbox.closed = false;
  }

  async submitting(event) {
    const button = event.submitter;
    if (this.certain) return; // nothing waits: the form goes as it is
    event.preventDefault();
    if (this.going) return; // a double click
    if (!button || button.hasAttribute("data-save")) return void this.outbox.send(); // Enter in a field saves
    this.going = true;
    const sent = await this.outbox.send();
    if (!sent || this.outbox.isWaiting) {
      this.going = false;
      if (this.outbox.closed) return;
      if (!navigator.onLine) this.tell(this.words.noNetwork, "bad");
      else if (this.outbox.tries) this.tell(this.words.stuck, "bad");
    } else if (button.dataset.to) {
      this.leave(() => location.assign(button.dataset.to));
    } else {
      if (!navigator.onLine) {
        this.going = false;
        return this.tell(this.words.noNetwork, "bad");
      }
      this.certain = true;
      setTimeout(() => this.form.requestSubmit(button)); // not while this submit is still being told
      setTimeout(() => (this.certain = this.going = false), 8000); // still here: it did not get through
    }
  }

  // The server closes the attempt; what was given in time may arrive a little later.
  async timeOver() {
    if (this.over) return;
    this.over = true;
    const sent = await this.outbox.send();
    if (sent && !this.outbox.closed) this.leave(() => location.reload());
  }

  progress() {
    const { progress, answered, open, total, done } = this.words;
    if (progress === undefined) return;
    let count = Number(done); // on other pages
    for (const question of this.questions.values()) {
      const has = question.isAnswered;
      count += has;
      const place = this.form.querySelector(`[data-for="${question.id}"]`);
      place.toggleAttribute("data-done", has);
      place.querySelector("[data-word]").textContent = `, ${has ? answered : open}`;
      place.querySelector(".map-flag").hidden = !question.flag.checked;
    }
    this.form.querySelector("progress").value = count;
    this.form.querySelector("[data-count]").textContent = progress.replace("{done}", count).replace("{total}", total);
  }

  tell(text, kind) {
    this.line.className = `saved quiz-saved${kind ? ` saved-${kind}` : ""}`;
    this.line.hidden = !text;
    if (this.line.textContent !== text) this.line.textContent = text ?? "";
  }
}

for (const form of document.querySelectorAll("form[data-quiz]")) new Quiz(form);
for (const { dataset } of document.querySelectorAll("[data-handed-in]")) {
  // what could not be sent before the end is still brought to the server, which keeps it and says what became of it
  const outbox = new Outbox(dataset.handedIn, dataset.save, location.href);
  const reload = () => outbox.isWaiting || location.reload();
  outbox.addEventListener("saved", reload);
  outbox.addEventListener("ended", ({ detail }) => detail.answer.late?.length && reload());
  if (outbox.isWaiting) outbox.send();
  else for (const name of ["writer", "turn"]) outbox.store.drop(name);
}
document.querySelector("[data-focus]")?.focus();
