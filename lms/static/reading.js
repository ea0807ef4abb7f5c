// Remembers where reading stopped. Nothing on the page needs this module.
//
//   <div data-lesson> the text, with its headings' ids </div>
//   <form data-place action="…" hidden> its CSRF token </form>
//
// The last heading that was passed and the share of the text above the lower edge of the window are posted: at most every
// ten seconds while reading goes on, and when the page is left. Opening the page and leaving it again says nothing, so
// that a glance does not forget where reading really stopped.

const EVERY = 10000;
const STEP = 5; // percent of the text that are worth a post

const text = document.querySelector("[data-lesson]");
const form = document.querySelector("form[data-place]");
const links = new Map(
  [...document.querySelectorAll(".contents a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]),
);
const headings = text ? [...text.querySelectorAll(".prose > :is(h2, h3, h4, h5, h6)[id]")] : [];

function here() {
  const line = innerHeight * 0.4;
  const box = text.getBoundingClientRect();
  const passed = headings.filter((heading) => heading.getBoundingClientRect().top < line);
  const share = box.height ? (innerHeight - box.top) / box.height : 1;
  return { heading: passed.at(-1)?.id ?? "", percent: Math.round(100 * Math.min(1, Math.max(0, share))) };
}

// The part that is being read, in the list of contents.
function mark(place) {
  const passed = headings.slice(0, headings.findIndex((heading) => heading.id === place.heading) + 1);
  const current = passed.reverse().find((heading) => links.has(heading.id));
  for (const [id, link] of links) link.toggleAttribute("data-here", id === current?.id);
}

class Place {
  constructor() {
    this.sent = here();
    this.moved = false;
    this.at = 0;
  }

  scrolled() {
    this.moved = true;
    this.timer ??= setTimeout(() => this.send(), Math.max(500, this.at + EVERY - Date.now()));
  }

  send(last = false) {
    clearTimeout(this.timer);
    this.timer = null;
    const place = here();
    if (!this.moved || (place.heading === this.sent.heading && Math.abs(place.percent - this.sent.percent) < STEP)) return;
    const before = this.sent;
    this.sent = place;
    this.at = Date.now();
    const body = new URLSearchParams(new FormData(form));
    body.set("heading", place.heading);
    body.set("percent", place.percent);
    fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body,
      credentials: "same-origin",
      keepalive: last,
    }).catch(() => (this.sent = before)); // offline: the next move tries again
  }
}

if (text) {
  const place = form && new Place();
  let waiting = false;
  const look = () => {
    waiting = false;
    mark(here());
  };
  addEventListener(
    "scroll",
    () => {
      place?.scrolled();
      if (!waiting) waiting = Boolean(requestAnimationFrame(look));
    },
    { passive: true },
  );
  addEventListener("visibilitychange", () => document.hidden && place?.send(true));
  addEventListener("pagehide", () => place?.send(true));
  look();
}

// A formula that is wider than the screen scrolls in its own frame, which the keyboard must reach.
for (const formula of document.querySelectorAll(".prose math"))
  if (formula.scrollWidth > formula.clientWidth + 1) formula.tabIndex = 0;

// In a long course the current item may lie below the edge of the outline's own frame.
const side = document.querySelector(".outline-side");
const current = side?.querySelector("[aria-current]");
if (current && current.offsetTop + current.offsetHeight > side.clientHeight)
  side.scrollTop = current.offsetTop - side.clientHeight / 2;
