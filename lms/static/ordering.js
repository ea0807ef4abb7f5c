// Putting steps in order: buttons that move a step, on top of a number to choose for each.
//
// Without this module the numbers alone are the answer, in the selects of `[data-ordering]`. Here choosing a number moves
// the step there, and whatever moves gives all steps their numbers anew; the selects stay what is saved and posted.

class Steps {
  constructor(list) {
    this.list = list;
    this.say = list.parentElement.querySelector("[data-ordering-say]");
    for (const moves of list.parentElement.querySelectorAll("[data-moves]")) moves.hidden = false;
    list.addEventListener("click", (event) => this.clicked(event.target.closest("[data-move]")));
    list.addEventListener("change", (event) => this.chosen(event));
    list.addEventListener("quiz:restored", () => this.settle());
    this.settle();
  }
  settle() {
    if (this.complete) this.lay(this.items.sort((one, other) => number(one) - number(other)));
    this.limits();
  }
  get items() {
    return [...this.list.children];
  }
  get complete() {
    const numbers = this.items.map(number);
    return numbers.every(Boolean) && new Set(numbers).size === numbers.length;
  }

  clicked(button) {
    if (!button) return;
    const item = button.closest("li");
    const items = this.items;
    const at = items.indexOf(item);
    const to = at + Number(button.dataset.move);
    if (to < 0 || to >= items.length) return;
    this.move(item, to);
    (button.disabled ? button.parentElement.querySelector("[data-move]:enabled") : button).focus();
    this.changed(item);
  }

  chosen(event) {
    if (!event.isTrusted) return; // our own
    const select = event.target;
    const item = select.closest("li");
    if (select.value) {
      this.move(item, select.selectedIndex - 1);
    } else {
      for (const each of this.items) control(each).selectedIndex = 0; // taken back: nothing is in order any more
    }
    select.focus();
    this.changed(item);
  }

  move(item, to) {
    const items = this.items.filter((each) => each !== item);
    items.splice(to, 0, item);
    this.lay(items);
    items.forEach((each, at) => (control(each).selectedIndex = at + 1));
    this.limits();
  }

  lay(items) {
    const now = this.items;
    if (items.some((each, at) => each !== now[at])) this.list.append(...items);
  }

  limits() {
    const items = this.items;
    items.forEach((each, at) => {
      each.querySelector("[data-move='-1']").disabled = at === 0;
      each.querySelector("[data-move='1']").disabled = at === items.length - 1;
    });
  }

  changed(item) {
    const select = control(item);
    if (select.value) {
      const words = { step: item.querySelector("label").textContent.trim(), number: select.selectedIndex, total: this.items.length };
      this.say.textContent = this.list.dataset.moved.replace(/\{(\w+)\}/g, (_, name) => words[name]);
    }
    for (const type of ["input", "change"]) select.dispatchEvent(new Event(type, { bubbles: true })); // quiz.js saves
  }
}

const control = (item) => item.querySelector("select");
const number = (item) => control(item).selectedIndex;

for (const list of document.querySelectorAll("[data-ordering]")) new Steps(list);
