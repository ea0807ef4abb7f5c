// Counts down the time of an attempt: <p data-clock data-seconds="754" data-left="Sisa waktu {time}" data-over="Waktu habis">
// with a [data-clock-text] inside. The server says how many seconds are left, when it makes the page and with every save
// (`quiz:time-left` on the document), so the device's own clock may be wrong. Whoever does not see it is told politely
// five minutes and one minute before the end; at the end the document hears `quiz:time-over`.

const TOLD = [300, 60];

class TimeLeft {
  constructor(element) {
    this.words = element.dataset;
    this.text = element.querySelector("[data-clock-text]");
    this.voice = document.createElement("span");
    this.voice.className = "sr";
    this.voice.setAttribute("role", "status");
    element.append(this.voice);
    this.element = element;
    this.minutes = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "minute", unitDisplay: "long" });
    document.addEventListener("quiz:time-left", (event) => this.set(event.detail));
    addEventListener("visibilitychange", () => this.tick());
    this.set(Number(this.words.seconds));
    this.toTell = TOLD.filter((seconds) => seconds < this.left);
    this.tick();
  }
  // The page's own clock may stand still while a device sleeps, the device's may be set: the one that went further is right
  // more often, and the server decides anyway.
  get passed() {
    return Math.max(performance.now() - this.since, Date.now() - this.at, 0) / 1000;
  }
  get left() {
    return Math.max(0, Math.ceil(this.seconds - this.passed));
  }
  set(seconds) {
    [this.seconds, this.since, this.at] = [seconds, performance.now(), Date.now()];
  }
  tick() {
    clearTimeout(this.timer);
    const left = this.left;
    const minutes = Math.floor(left / 60);
    const time = `${minutes}:${String(left % 60).padStart(2, "0")}`;
    this.text.textContent = left ? this.words.left.replace("{time}", time) : this.words.over;
    this.element.classList.toggle("quiz-clock-short", left <= 60);
    if (left && left <= this.toTell[0]) {
      this.voice.textContent = this.words.left.replace("{time}", this.minutes.format(Math.ceil(left / 60)));
      this.toTell = this.toTell.filter((seconds) => seconds < left);
    }
    if (left) this.timer = setTimeout(() => this.tick(), 1000 - ((performance.now() - this.since) % 1000));
    else document.dispatchEvent(new CustomEvent("quiz:time-over"));
  }
}

for (const element of document.querySelectorAll("[data-clock]")) new TimeLeft(element);
