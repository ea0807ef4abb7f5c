// A text section: the number of words while typing, and the preview without leaving the page.

import { count } from "./words.js";

const format = new Intl.NumberFormat(document.documentElement.lang);

for (const area of document.querySelectorAll("textarea[data-words]")) {
  const show = () => {
    const output = document.getElementById(area.dataset.words);
    if (!output) return;
    const words = count(area.value);
    output.textContent = format.format(words);
    const fits = words >= Number(output.dataset.min || 0) && words <= Number(output.dataset.max || Infinity);
    const line = output.closest("li");
    line.className = fits ? "met" : "unmet";
    line.firstElementChild.textContent = fits ? "✓" : "○";
  };
  let timer = 0;
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 120);
  });
  area.addEventListener("autosave:filled", show);
  area.form.addEventListener("autosave:saved", show);
}

// Where the guide stands above the text and is known by now, it makes room.
for (const guide of document.querySelectorAll("details.guide"))
  if (matchMedia("(max-width: 74.99rem)").matches && document.querySelector("textarea[data-words]")?.value) guide.open = false;

for (const button of document.querySelectorAll("button[data-preview]")) {
  button.addEventListener("click", async (event) => {
    const place = document.getElementById(button.dataset.preview);
    event.preventDefault();
    button.disabled = true;
    try {
      await new Promise((resolve) => {
        button.form.dispatchEvent(new CustomEvent("autosave:flush", { detail: { done: (saved) => saved.then(resolve) } }));
      });
      const address = new URL(button.form.action);
      address.searchParams.set("tampil", "pratinjau");
      const page = await fetch(address, { credentials: "same-origin" });
      if (!page.ok) throw new Error(String(page.status));
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html").getElementById(place.id);
      place.replaceChildren(...fresh.childNodes);
      place.querySelector("h2")?.scrollIntoView({ block: "nearest" });
    } catch {
      button.form.requestSubmit(button); // the plain way says what is wrong
    } finally {
      button.disabled = false;
    }
  });
}
