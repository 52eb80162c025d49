// Parts that follow the ledger: what stands in [data-live] is asked for anew every two seconds (or as often as
// data-live-every says), by an ETag, so that nothing is sent while nothing happens. Over a gap of the network the last state stays, with a note
// since when; the pauses between attempts grow, and the first answer makes all as before.

const EVERY = 2000;
const LONGEST = 30_000;
const PATIENCE = 10_000; // after which an attempt counts as failed
const QUIET = 2; // failed attempts before a word is said

class Part {
  constructor(place) {
    this.place = place;
    this.list = place.querySelector("[data-live-list]");
    this.note = document.querySelector(place.dataset.liveNote);
    this.etag = place.dataset.liveEtag;
    this.every = Number(place.dataset.liveEvery) || EVERY;
    this.failed = 0;
    this.reached = new Date();
    this.timer = 0;
    this.asking = false;
  }

  start() {
    this.plan(this.every);
    addEventListener("online", () => this.plan(0));
    document.addEventListener("visibilitychange", () => document.hidden || this.plan(0));
  }

  plan(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), pause);
  }

  async ask() {
    if (this.asking) return;
    if (document.hidden) return; // the tab's return asks at once
    this.asking = true;
    const began = Date.now();
    try {
      const response = await fetch(this.place.dataset.live, {
        headers: { "If-None-Match": this.etag },
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (response.status === 200) this.show(await response.text(), response.headers);
      else if (response.status !== 304) throw new Error(`status ${response.status}`);
      this.failed = 0;
      this.reached = new Date();
    } catch {
      this.failed += 1; // said on the page below, once it is more than a blink
    } finally {
      this.asking = false;
    }
    this.say();
    const pause = Math.min(this.every * 2 ** this.failed, LONGEST);
    this.plan(this.failed ? pause : Math.max(0, pause - (Date.now() - began)));
  }

  show(html, headers) {
    this.etag = headers.get("ETag") ?? "";
    this.list.innerHTML = html;
    const [sequence, digest] = (headers.get("X-Ledger-Head") ?? "").split(":");
    for (const end of document.querySelectorAll("[data-live-head]")) {
      end.textContent = end.dataset.text.replace("{sequence}", sequence).replace("{hash}", digest);
    }
    this.place.dispatchEvent(new CustomEvent("lq:live", { bubbles: true }));
  }

  say() {
    if (!this.note) return;
    const away = this.failed >= QUIET;
    if (this.note.hidden !== away) return;
    const time = this.reached.toLocaleTimeString(document.documentElement.lang, {
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZone: this.place.dataset.liveZone,
    });
    this.note.textContent = away ? this.note.dataset.text.replace("{time}", time) : "";
    this.note.hidden = !away;
  }
}

export function startLive() {
  for (const place of document.querySelectorAll("[data-live]")) new Part(place).start();
}
