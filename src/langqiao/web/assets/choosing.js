// The what-if work of a call: pinning, barring and freeing an application.
//
// Without scripts they are links. With them the wish's form takes the choice in, so that it travels with
// everything else that was typed, and no answer still under way can undo it.

export function startChoosing() {
  document.addEventListener("click", (event) => {
    const fixer = event.target.closest("[data-fix]");
    const wish = document.getElementById("wish");
    if (!fixer || !wish || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { fix, key } = fixer.dataset;
    for (const field of wish.querySelectorAll("input[type=hidden]")) {
      if (["pin", "bar"].includes(field.name) && field.value === key) field.remove();
    }
    if (fix) wish.append(Object.assign(document.createElement("input"), { type: "hidden", name: fix, value: key }));
    wish.requestSubmit();
  });
}
