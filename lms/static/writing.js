// For people who know Word, not Markdown: buttons that write the marks, and pasting that keeps headings, lists,
// tables and bold. The field stays a plain textarea; what is written goes through the browser's own undo.

import { markdown, structured } from "./richpaste.js";

function insert(area, text) {
  area.focus();
  // the old command is the only way that leaves the field's undo whole
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

function around(area, sign, fallback) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const chosen = value.slice(from, to);
  const bare = chosen.trim() || fallback;
  const has = bare.startsWith(sign) && bare.endsWith(sign) && bare.length > 2 * sign.length;
  const text = has ? bare.slice(sign.length, -sign.length) : `${sign}${bare}${sign}`;
  insert(area, chosen.trim() ? chosen.replace(bare, () => text) : text);
  if (!chosen.trim()) area.setSelectionRange(area.selectionEnd - sign.length - bare.length, area.selectionEnd - sign.length);
}

function lines(area, change) {
  const { selectionStart, selectionEnd, value } = area;
  const from = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const end = value.indexOf("\n", selectionEnd);
  const to = end < 0 ? value.length : end;
  area.setSelectionRange(from, to);
  const before = value.slice(from, to).split("\n");
  insert(area, before.map(change).join("\n"));
}

const STARTS = /^\s*(#{1,6}\s+|>\s+|[-*+]\s+|\d+[.)]\s+)?/;
const starting = (sign) => (line, at) => {
  const wanted = typeof sign === "function" ? sign(at) : sign;
  return line.startsWith(wanted) ? line.slice(wanted.length) : line.replace(STARTS, wanted);
};

const DEEDS = {
  heading: (area) => lines(area, starting("## ")),
  subheading: (area) => lines(area, starting("### ")),
  bold: (area, word) => around(area, "**", word),
  italic: (area, word) => around(area, "_", word),
  bullets: (area) => lines(area, starting("- ")),
  numbers: (area) => lines(area, starting((at) => `${at + 1}. `)),
  quote: (area) => lines(area, starting("> ")),
  table(area, word) {
    const gap = area.value.slice(0, area.selectionStart).endsWith("\n\n") || !area.selectionStart ? "" : "\n\n";
    insert(area, `${gap}| ${word} | ${word} |\n| --- | --- |\n|  |  |\n`);
  },
};

for (const bar of document.querySelectorAll("[data-writing]")) {
  const area = document.getElementById(bar.dataset.writing);
  const say = bar.querySelector("[role=status]");
  bar.hidden = false;
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-deed]");
    if (button) DEEDS[button.dataset.deed](area, bar.dataset.word);
  });
  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    const deed = { b: "bold", i: "italic" }[event.key.toLowerCase()];
    if (!deed) return;
    event.preventDefault();
    DEEDS[deed](area, bar.dataset.word);
  });
  area.addEventListener("paste", (event) => {
    const html = event.clipboardData?.getData("text/html") ?? "";
    if (!html || !structured(html)) return;
    const { text, dropped } = markdown(html);
    if (!text) return;
    event.preventDefault();
    const before = area.value.slice(0, area.selectionStart);
    const apart = text.includes("\n") && before && !before.endsWith("\n") ? "\n\n" : "";
    insert(area, apart + text);
    say.textContent = dropped ? bar.dataset.dropped.replace("{count}", dropped) : bar.dataset.pasted;
  });
}
