// A plain upload form (form[data-upload]) takes several files, one after the other, and shows the bytes go by.

const size = (bytes) => {
  const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  return bytes < 1048576 ? `${format.format(bytes / 1024)} KB` : `${format.format(bytes / 1048576)} MB`;
};

function send(form, file, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const data = new FormData();
    data.append("csrf_token", form.elements.csrf_token.value);
    data.append("file", file);
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", onProgress);
    request.addEventListener("loadend", () => resolve({ status: request.status, answer: request.response ?? {} }));
    request.send(data);
  });
}

const LARGE = 768 * 1024; // from here on in parts
const PART = 256 * 1024;
const TRIES = 8;
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// Part after part; what breaks is sent again, and a file chosen anew goes on where it stopped.
async function sendInParts(form, file, onProgress, onWaiting) {
  const token = form.elements.csrf_token.value;
  const ask = (address, body, headers = {}) =>
    fetch(address, { method: "POST", body, credentials: "same-origin", headers: { Accept: "application/json", "X-CSRFToken": token, ...headers } });
  let code = "";
  let at = 0;
  for (let tries = 0; tries < TRIES; ) {
    try {
      const response = code
        ? await ask(`${form.dataset.parts}/${code}?dari=${at}`, file.slice(at, at + PART), { "Content-Type": "application/octet-stream" })
        : await ask(form.dataset.parts, new URLSearchParams({ name: file.name, size: file.size, modified: file.lastModified }));
      if (response.status >= 500) throw new Error(String(response.status));
      const answer = await response.json();
      if (response.status === 409 && answer.error === "offset") at = answer.received;
      else if (!response.ok || answer.fragments) return { status: response.status, answer };
      else {
        code ||= answer.code;
        at = answer.received;
        tries = 0;
      }
      onProgress({ loaded: at, total: file.size });
    } catch {
      tries += 1;
      onWaiting();
      await pause(Math.min(30, 2 ** tries) * (0.75 + Math.random() / 2));
    }
  }
  return { status: 0, answer: {} };
}

function line(list, name) {
  const item = document.createElement("li");
  const words = document.createElement("span");
  const bar = document.createElement("progress");
  bar.className = "meter";
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  item.append(words, bar);
  list.append(item);
  return {
    say(text, kind = "") {
      // the way there is for the eye; only how it ended is read out
      if (kind) words.removeAttribute("aria-hidden");
      else words.setAttribute("aria-hidden", "true");
      words.textContent = `${name}: ${text}`;
      words.className = kind;
      if (kind) bar.remove();
    },
    move(done, total) {
      bar.value = total ? done / total : 0;
    },
  };
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.elements.file;
  const list = form.querySelector("[data-uploads]");
  const words = form.dataset;
  let busy = false;
  input.multiple = true;

  const take = async (files) => {
    if (busy || !files.length) return;
    busy = true;
    list.replaceChildren();
    for (const file of files) {
      const shown = line(list, file.name);
      if (file.size > Number(words.maxBytes)) {
        shown.say(words.tooLarge, "error");
        continue;
      }
      shown.say(words.progress.replace("{done}", size(0)).replace("{total}", size(file.size)));
      const onProgress = (event) => {
        shown.move(event.loaded, event.total);
        shown.say(words.progress.replace("{done}", size(event.loaded)).replace("{total}", size(event.total)));
      };
      const { status, answer } =
        file.size < LARGE ? await send(form, file, onProgress) : await sendInParts(form, file, onProgress, () => shown.say(words.waiting));
      if (status === 200) {
        shown.say(words.done, "saved");
        for (const [id, html] of Object.entries(answer.fragments ?? {})) {
          const fresh = new DOMParser().parseFromString(html, "text/html").body;
          document.getElementById(id)?.replaceChildren(...fresh.childNodes);
        }
      } else shown.say(answer.message ?? words.failed, "error");
    }
    busy = false;
    form.reset();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take([...input.files]);
  });
  const area = form.closest("section") ?? form;
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.dataset.over = "";
  });
  area.addEventListener("dragleave", () => delete area.dataset.over);
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    delete area.dataset.over;
    take([...event.dataTransfer.files]);
  });
}
