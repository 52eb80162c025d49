// The chain map: buttons, keys and the wheel zoom it, dragging moves it. Without this script it scrolls.
const LEAST = 0.25;
const MOST = 3;
const STEP = 1.25;

function scale(map, wanted, at) {
  const view = map.parentElement;
  const [width, height] = map.getAttribute("viewBox").split(" ").slice(2).map(Number);
  const before = Number(map.dataset.scale || 1);
  const now = Math.min(MOST, Math.max(LEAST, wanted));
  const point = at ?? { x: view.clientWidth / 2, y: view.clientHeight / 2 };
  const x = (view.scrollLeft + point.x) / before;
  const y = (view.scrollTop + point.y) / before;
  map.dataset.scale = String(now);
  map.setAttribute("width", String(width * now));
  map.setAttribute("height", String(height * now));
  view.scrollLeft = x * now - point.x;
  view.scrollTop = y * now - point.y;
}

function fit(map) {
  const width = Number(map.getAttribute("viewBox").split(" ")[2]);
  scale(map, map.parentElement.clientWidth / width);
}

function zoom(map, way, at) {
  if (way === "fit") fit(map);
  else scale(map, Number(map.dataset.scale || 1) * (way === "in" ? STEP : 1 / STEP), at);
}

const mapOf = (place) => place?.closest("[data-chain-map]")?.querySelector("svg.lq-cmap");

// The lines of the product that is pointed at or focused stand out.
function light(event) {
  const map = event.target.closest?.("svg.lq-cmap");
  if (!map) return;
  const box = event.target.closest("a[data-box]")?.dataset.box;
  for (const line of map.querySelectorAll("path.is-near")) line.classList.remove("is-near");
  if (box === undefined) return;
  for (const line of map.querySelectorAll(`path[data-from="${box}"], path[data-to="${box}"]`)) line.classList.add("is-near");
}

export function startChains() {
  document.addEventListener("pointerover", light);
  document.addEventListener("focusin", light);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    const map = mapOf(button);
    if (map) zoom(map, button.dataset.zoom);
    const node = event.target.closest(".lq-cmap a");
    if (!node) return;
    for (const other of node.ownerSVGElement.querySelectorAll("a[aria-current]")) other.removeAttribute("aria-current");
    node.setAttribute("aria-current", "true");
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const view = event.target.closest?.(".lq-cmap-view");
    const way = { "+": "in", "=": "in", "-": "out", 0: "fit" }[event.key];
    if (!view || !way) return;
    event.preventDefault();
    zoom(mapOf(view), way);
  });
  document.addEventListener(
    "wheel",
    (event) => {
      const view = event.ctrlKey && event.target.closest?.(".lq-cmap-view");
      if (!view) return;
      event.preventDefault();
      const box = view.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      zoom(mapOf(view), event.deltaY < 0 ? "in" : "out", at);
    },
    { passive: false },
  );
  let held = null;
  document.addEventListener("pointerdown", (event) => {
    const view = event.target.closest?.(".lq-cmap-view");
    if (!view || event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("a")) return;
    held = { view, x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop };
    view.classList.add("is-held");
  });
  document.addEventListener("pointermove", (event) => {
    if (!held) return;
    held.view.scrollLeft = held.left - (event.clientX - held.x);
    held.view.scrollTop = held.top - (event.clientY - held.y);
  });
  for (const end of ["pointerup", "pointercancel"])
    document.addEventListener(end, () => {
      held?.view.classList.remove("is-held");
      held = null;
    });
}
