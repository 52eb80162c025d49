// Lists: rows that open in place, and a filter form that follows the address.

function follow(form) {
  const wanted = new URLSearchParams(location.search);
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || field === document.activeElement) continue;
    if (field.type === "checkbox") field.checked = wanted.getAll(field.name).includes(field.value);
    else field.value = wanted.get(field.name) ?? "";
    field.classList?.toggle("is-set", field.tagName === "SELECT" && field.value !== "");
  }
  for (const multi of form.querySelectorAll(".lq-multi")) {
    const chosen = multi.querySelectorAll("input:checked").length;
    multi.querySelector("[data-count]").textContent = chosen ? ` · ${chosen}` : "";
    multi.querySelector("summary").classList.toggle("is-set", chosen > 0);
  }
}

export function startLists() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-row]");
    if (!opener) return;
    const detail = opener.closest("tr").nextElementSibling;
    const open = opener.getAttribute("aria-expanded") !== "true";
    opener.setAttribute("aria-expanded", String(open));
    detail.hidden = !open;
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const form = document.querySelector("[data-list-form]");
    if (form && event.target.closest?.("#listing, [data-list-form]")) follow(form);
  });
}
