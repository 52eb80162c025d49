// Search on top: "/" focuses it, arrows walk the suggestions, Enter opens one (WAI-ARIA combobox).

export function startSearch() {
  const input = document.getElementById("lq-search");
  const list = document.getElementById("lq-search-list");
  if (!input || !list) return;

  const options = () => [...list.querySelectorAll("[role=option]")];
  let at = -1;

  function mark(index) {
    const all = options();
    at = all.length ? (index + all.length) % all.length : -1;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    if (at >= 0) {
      input.setAttribute("aria-activedescendant", all[at].id);
      all[at].scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function show(open) {
    const visible = open && input.value.trim() !== "" && list.childElementCount > 0;
    list.hidden = !visible;
    input.setAttribute("aria-expanded", String(visible));
    if (!visible) mark(-1 - options().length);
    if (!visible) at = -1;
  }

  list.addEventListener("htmx:after:swap", () => {
    options().forEach((option, i) => (option.id ||= `lq-option-${i}`));
    at = -1;
    show(document.activeElement === input);
  });
  input.addEventListener("htmx:after:swap", () => {
    options().forEach((option, i) => (option.id ||= `lq-option-${i}`));
    at = -1;
    show(document.activeElement === input);
  });
  input.addEventListener("input", () => input.value.trim() === "" && show(false));
  input.addEventListener("focus", () => show(true));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // a Chinese input method is choosing characters
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) show(true);
      if (list.hidden) return;
      event.preventDefault();
      mark(event.key === "ArrowDown" ? at + 1 : at < 0 ? options().length - 1 : at - 1);
    } else if (event.key === "Enter" && at >= 0 && !list.hidden) {
      event.preventDefault();
      options()[at]?.click();
    } else if (event.key === "Escape") {
      if (list.hidden) input.blur();
      show(false);
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".lq-search")) show(false);
  });
  document.addEventListener("focusin", (event) => {
    if (!event.target.closest(".lq-search")) show(false);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
}
