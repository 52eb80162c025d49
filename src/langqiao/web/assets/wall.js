// The wall: slides that change by themselves, a clock, acts that follow the ledger. No pointer is needed; by
// keyboard the arrows turn the slides, the space bar stops and goes on, Tab reaches every number.
import { startLive } from "./live.js";

const AT_LEAST = 10_000; // between two fetches of the slides
const AT_MOST = 300_000;

const stage = document.querySelector("[data-wall-stage]");
const dots = document.querySelector("[data-wall-dots]");
const pauser = document.querySelector("[data-wall-pause]");
const clock = document.querySelector("[data-wall-clock]");
const every = Number(stage.dataset.every) * 1000;
let now = 0;
let isStopped = false;
let turning = 0;
let refreshed = Date.now();
let waiting = 0;

const slides = () => [...stage.children];

function show(number) {
  const all = slides();
  if (!all.length) return;
  now = (number + all.length) % all.length;
  all.forEach((slide, at) => {
    slide.classList.toggle("is-now", at === now);
    slide.inert = at !== now;
  });
  dots.replaceChildren(
    ...all.map((_slide, at) => {
      const dot = document.createElement("span");
      dot.className = at === now ? "is-now" : "";
      return dot;
    }),
  );
}

function plan() {
  clearTimeout(turning);
  if (isStopped) return;
  turning = setTimeout(() => {
    // Whoever is on a number by keyboard is not led away from it.
    if (!stage.contains(document.activeElement)) show(now + 1);
    plan();
  }, every);
}

function turn(by) {
  show(now + by);
  plan();
}

function stop(stopped) {
  isStopped = stopped;
  pauser.setAttribute("aria-pressed", String(stopped));
  plan();
}

async function refresh() {
  clearTimeout(waiting);
  refreshed = Date.now();
  try {
    const response = await fetch(stage.dataset.wallStage, { cache: "no-store", signal: AbortSignal.timeout(20_000) });
    const html = await response.text();
    // Not while a number has the focus: it would be lost.
    if (response.status === 200 && !stage.contains(document.activeElement)) {
      if (response.headers.get("X-Langqiao-Version") !== stage.dataset.version) return location.reload();
      stage.innerHTML = html;
      show(now);
    }
  } catch {
    // the last slides stay; the note beside the acts says since when nothing came
  }
  waiting = setTimeout(refresh, AT_MOST);
}

function refreshSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, Math.max(0, AT_LEAST - (Date.now() - refreshed)));
}

function tick() {
  const time = new Date();
  const lang = document.documentElement.lang.replace(/^en$/, "en-GB"); // the day before the month, as on all pages
  const timeZone = clock.dataset.wallClock;
  const day = time.toLocaleDateString(lang, { year: "numeric", month: "long", day: "numeric", timeZone });
  const hour = time.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  clock.textContent = `${day} ${hour}`;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "ArrowRight") turn(1);
  else if (event.key === "ArrowLeft") turn(-1);
  else if (event.key === " " && event.target === document.body) {
    event.preventDefault();
    stop(!isStopped);
  }
});
pauser.addEventListener("click", () => stop(!isStopped));
document.addEventListener("lq:live", refreshSoon);

show(0);
plan();
tick();
setInterval(tick, 5000);
waiting = setTimeout(refresh, AT_MOST);
startLive();
