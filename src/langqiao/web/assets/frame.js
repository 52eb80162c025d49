// The frame: theme choice, menus that close, copying, messages of failed requests.

function markTheme() {
  const choice = document.documentElement.dataset.themeChoice || "system";
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === choice));
  }
}

function say(text) {
  const place = document.getElementById("lq-messages");
  if (!place || !text) return;
  const alert = document.createElement("div");
  alert.className = "alert alert-danger";
  alert.setAttribute("role", "alert");
  alert.textContent = text;
  place.replaceChildren(alert);
  place.scrollIntoView({ block: "nearest" });
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source ? (source.value ?? source.textContent).trim() : "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without clipboard permission the text is selected, ready for the person's own copy.
    if (source) getSelection().selectAllChildren(source);
    return;
  }
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = label.textContent;
  label.textContent = button.dataset.copied || before;
  setTimeout(() => (label.textContent = before), 2000);
}

// A table wider than its place is scrolled by keyboard too, also where nothing in it takes the focus.
function markScrolling() {
  for (const box of document.querySelectorAll(".table-responsive")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

export function startFrame() {
  markTheme();
  markScrolling();
  addEventListener("resize", markScrolling);
  document.addEventListener("htmx:after:swap", markScrolling);
  document.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-theme-set]");
    if (theme) {
      document.dispatchEvent(new CustomEvent("lq:theme", { detail: theme.dataset.themeSet }));
      markTheme();
    }
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
    if (event.target.closest("[data-print]")) window.print();
    for (const open of document.querySelectorAll("details[data-popover][open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-popover][open]");
    if (open) {
      open.open = false;
      open.querySelector("summary")?.focus();
    }
  });
  const texts = document.body.dataset;
  document.addEventListener("htmx:error", () => say(texts.offline));
  document.addEventListener("htmx:before:response", (event) => {
    const { raw, status, headers } = event.detail.ctx.response;
    if (raw.redirected && new URL(raw.url).pathname === texts.login) {
      // The session ended: sign in, then come back to this page.
      event.preventDefault();
      location.href = `${texts.login}?next=${encodeURIComponent(location.pathname + location.search)}`;
    } else if (status >= 500) {
      event.preventDefault();
      say(texts.failed);
    } else if ((status === 404 || status === 403) && !headers.get("HX-Retarget")) {
      // A designed refusal draws itself; a whole error page must not land inside this one.
      event.preventDefault();
      say(texts.missing);
    }
  });
}
