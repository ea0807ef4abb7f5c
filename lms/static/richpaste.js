// From what a clipboard holds as HTML (Word, a web page, a spreadsheet) to Markdown: headings, lists, tables, bold,
// italic and links stay; everything else keeps its words only. Pure: a document in, {text, dropped} out.

const BLOCKS = new Set(
  "ADDRESS ARTICLE ASIDE BLOCKQUOTE DIV DL DT DD FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 HEADER HR LI MAIN NAV OL P PRE SECTION TABLE UL".split(" "),
);
const SKIPPED = new Set("SCRIPT STYLE TITLE META LINK HEAD TEMPLATE NOSCRIPT OBJECT IFRAME svg math".split(" "));

const style = (node) => node.getAttribute?.("data-style") ?? "";
const squeeze = (text) => text.replace(/[\s\u00a0]+/g, " ");
// what would be read as Markdown although the author typed it as words
const escaped = (text) => text.replace(/([\\`*_[\]<])/g, "\\$1");
const lineStart = (text) => text.replace(/^(\s*\d*)([#>+.)-])(?=\s|$)/, "$1\\$2");

class Reader {
  constructor() {
    this.dropped = 0; // pictures
  }

  inline(node) {
    if (node.nodeType === 3) return escaped(squeeze(node.data));
    if (node.nodeType !== 1 || SKIPPED.has(node.nodeName)) return "";
    if (node.nodeName === "IMG" || node.nodeName === "V:SHAPE" || node.nodeName === "v:shape") {
      this.dropped += 1;
      return "";
    }
    if (node.nodeName === "BR") return "\n";
    if (/mso-list:\s*ignore/i.test(style(node))) return ""; // Word's own bullet, which the list gives back
    let inner = [...node.childNodes].map((child) => this.inline(child)).join("");
    const name = node.nodeName;
    const weight = /font-weight:\s*(\w+)/i.exec(style(node))?.[1];
    const bold = weight ? weight === "bold" || Number(weight) >= 600 : name === "B" || name === "STRONG";
    const slanted = /font-style:\s*(\w+)/i.exec(style(node))?.[1];
    const italic = slanted ? slanted !== "normal" : name === "I" || name === "EM";
    if (bold) inner = wrapped(inner, "**");
    if (italic) inner = wrapped(inner, "_");
    if (name === "S" || name === "DEL" || name === "STRIKE") inner = wrapped(inner, "~~");
    const href = name === "A" ? node.getAttribute("href") ?? "" : "";
    if (/^(https?:|mailto:)/i.test(href) && inner.trim()) inner = `[${inner.trim()}](${href.replace(/[\s()<>]/g, encodeURIComponent)})`;
    return inner;
  }

  // The blocks of an element as texts, which blank lines will part.
  blocks(node) {
    const found = [];
    let words = "";
    const flush = () => {
      const text = tidy(words);
      if (text) found.push(lineStart(text));
      words = "";
    };
    for (const child of node.childNodes) {
      if (child.nodeType === 1 && (BLOCKS.has(child.nodeName) || child.querySelector?.("p,div,table,ul,ol,h1,h2,h3,h4,h5,h6"))) {
        flush();
        if (!SKIPPED.has(child.nodeName)) this.block(child, found);
      } else words += this.inline(child);
    }
    flush();
    return found;
  }

  block(node, found) {
    const name = node.nodeName;
    const heading = /^H([1-6])$/.exec(name)?.[1] ?? (/MsoTitle/.test(node.className) ? "1" : null);
    const listed = /mso-list:\s*l\d+\s+level(\d)/i.exec(style(node));
    if (heading) {
      const text = tidy(this.inline(node)).replace(/\n/g, " ").replace(/\*\*/g, "");
      if (text) found.push(`${"#".repeat(Math.min(6, Number(heading) + 1))} ${text}`);
    } else if (listed) {
      const sign = node.querySelector("[data-style*='mso-list']")?.textContent.trim() ?? "";
      const text = tidy(this.inline(node)).replace(/\n/g, " ");
      const item = `${"   ".repeat(Number(listed[1]) - 1)}${/^\(?[0-9a-z]{1,3}[.)]/i.test(sign) ? "1." : "-"} ${text}`;
      const last = found.length - 1;
      if (last >= 0 && found.list === last) found[last] += `\n${item}`;
      else found.push(item);
      found.list = found.length - 1;
    } else if (name === "UL" || name === "OL") {
      const text = this.list(node, 0);
      if (text) found.push(text);
    } else if (name === "TABLE") {
      const text = this.table(node);
      if (text) found.push(text);
    } else if (name === "BLOCKQUOTE") {
      const inner = this.blocks(node).join("\n\n");
      if (inner) found.push(inner.replace(/^/gm, "> "));
    } else if (name === "PRE") {
      if (node.textContent.trim()) found.push(`\`\`\`\n${node.textContent.trimEnd()}\n\`\`\``);
    } else found.push(...this.blocks(node));
  }

  list(node, depth) {
    const lines = [];
    let number = 0;
    for (const child of node.children) {
      if (child.nodeName === "UL" || child.nodeName === "OL") lines.push(this.list(child, depth + 1)); // as Word nests them
      if (child.nodeName !== "LI") continue;
      number += 1;
      const inner = [...child.children].filter((one) => one.nodeName === "UL" || one.nodeName === "OL");
      const copy = child.cloneNode(true);
      for (const one of [...copy.children]) if (one.nodeName === "UL" || one.nodeName === "OL") one.remove();
      const text = this.blocks(copy).join(" ").replace(/\n/g, " ");
      lines.push(`${"   ".repeat(depth)}${node.nodeName === "OL" ? `${number}.` : "-"} ${text}`);
      for (const one of inner) lines.push(this.list(one, depth + 1));
    }
    return lines.filter((line) => line.trim()).join("\n");
  }

  table(node) {
    const rows = [...node.rows].map((row) =>
      [...row.cells].flatMap((cell) => {
        const text = this.blocks(cell).join(" ").replace(/\n/g, " ").replace(/\|/g, "\\|");
        return [text, ...Array(Math.min(30, Math.max(0, cell.colSpan - 1))).fill("")];
      }),
    );
    const filled = rows.filter((row) => row.some(Boolean));
    const width = Math.max(0, ...filled.map((row) => row.length));
    if (!width) return "";
    if (width === 1) return filled.map((row) => row[0]).join("\n\n"); // a frame around text, not a table
    const line = (row) => `| ${Array.from({ length: width }, (_, at) => row[at] ?? "").join(" | ")} |`;
    return [line(filled[0]), `|${" --- |".repeat(width)}`, ...filled.slice(1).map(line)].join("\n");
  }
}

function wrapped(inner, sign) {
  const words = inner.trim();
  if (!words || words.startsWith(sign)) return inner;
  return inner.replace(words, () => `${sign}${words}${sign}`);
}

function tidy(text) {
  return text
    .replace(/\*\*(\s*)\*\*/g, "$1") // two bold pieces side by side are one
    .replace(/[ \t]*\n[ \t]*/g, "\n")
    .replace(/ {2,}/g, " ")
    .trim();
}

export function markdown(html) {
  // looks are read, never applied: as attributes of another name the page's policy has nothing to refuse
  const bare = html.replace(/<[^>]*>/g, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style="));
  const page = new DOMParser().parseFromString(bare, "text/html"); // inert: nothing in it runs or loads
  const reader = new Reader();
  const text = reader.blocks(page.body).join("\n\n");
  return { text, dropped: reader.dropped };
}

// Whether the clipboard's HTML holds more than its plain text does.
export function structured(html) {
  return /<(h[1-6]|ul|ol|table|b|strong|i|em|a)\b|mso-list|font-weight:\s*(bold|[6-9]00)/i.test(html);
}
