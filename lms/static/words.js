// Counting words, as the server does (lms/words.py), and showing the number of a textarea's words while typing:
// <textarea data-count="id of the element that says it" data-min="50" data-max="300">.

const WORD = /[\p{L}\p{N}]+(?:[-'’.,/][\p{L}\p{N}]+)*/gu;
const TARGET = /\]\([^)\s]{0,500}(?: "[^"\n]{0,200}")?\)/g;

export const count = (text) => (text.replace(TARGET, "]").match(WORD) ?? []).length;

const format = new Intl.NumberFormat(document.documentElement.lang);

for (const area of document.querySelectorAll("textarea[data-count]")) {
  const output = document.getElementById(area.dataset.count);
  const show = () => {
    const words = count(area.value);
    const fits = words >= Number(area.dataset.min || 0) && words <= Number(area.dataset.max || Infinity);
    output.textContent = format.format(words);
    output.parentElement.classList.toggle("fits", fits && words > 0);
  };
  let timer = 0;
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 120);
  });
  show(); // what the device restored is counted too
}
