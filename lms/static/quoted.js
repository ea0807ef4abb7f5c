// A link to the words that a note quotes: they are selected in the text being written, as far as they still stand there.

for (const link of document.querySelectorAll("a[data-from]")) {
  link.addEventListener("click", (event) => {
    const area = document.querySelector('#isian textarea[name="text"]');
    if (!area) return;
    event.preventDefault();
    area.focus();
    area.setSelectionRange(Number(link.dataset.from), Number(link.dataset.to));
    // a text field only scrolls to what is selected while somebody types: go to the share of the text before it
    area.scrollTop = (area.scrollHeight * link.dataset.from) / Math.max(1, area.value.length) - area.clientHeight / 3;
    area.scrollIntoView({ block: "center" });
  });
}
