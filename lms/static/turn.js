// Whose turn it is to write on the review desk: taken when the page opens, renewed while somebody is at it. Without
// this module a button takes it, and so does the first save.

const form = document.getElementById("telaah");
const AGAIN = 10 * 60 * 1000;
let active = Date.now();

async function ask() {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  let response;
  try {
    response = await fetch(form.dataset.turn, { method: "POST", headers: { Accept: "application/json" }, body, credentials: "same-origin" });
  } catch {
    return; // offline: the first save takes it
  }
  const answer = await response.json().catch(() => ({}));
  const place = document.getElementById("giliran");
  if (response.ok && place && !place.contains(document.activeElement))
    place.replaceChildren(...new DOMParser().parseFromString(answer.fragments?.giliran ?? "", "text/html").body.childNodes);
  if (answer.error === "taken") leave();
}

// Somebody else has it. The whole form goes to the server, which keeps what is typed as a private draft and says so.
function leave() {
  form.dispatchEvent(new CustomEvent("autosave:leave"));
  form.submit();
}

form.addEventListener("autosave:refused", ({ detail }) => {
  if (detail.error !== "taken") return;
  if (detail.revision !== undefined) form.elements.revision.value = detail.revision;
  leave();
});
for (const kind of ["keydown", "pointerdown", "scroll", "touchstart"])
  addEventListener(kind, () => (active = Date.now()), { passive: true, capture: true });
setInterval(() => {
  if (!document.hidden && Date.now() - active < AGAIN) ask();
}, AGAIN);
ask();
