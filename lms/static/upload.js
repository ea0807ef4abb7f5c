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
      const { status, answer } = await send(form, file, (event) => {
        shown.move(event.loaded, event.total);
        shown.say(words.progress.replace("{done}", size(event.loaded)).replace("{total}", size(event.total)));
      });
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
