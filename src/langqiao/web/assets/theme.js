// Runs before the page is drawn: light or dark as chosen, or as the system says.
const key = "lq-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try {
    return localStorage.getItem(key) || "system";
  } catch {
    return "system"; // storage may be forbidden; the system's choice holds then
  }
}

function apply() {
  const choice = chosen();
  const theme = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
  document.documentElement.dataset.bsTheme = theme;
  document.documentElement.dataset.themeChoice = choice;
}

apply();
dark.addEventListener("change", apply);
window.addEventListener("storage", (event) => event.key === key && apply());
document.addEventListener("lq:theme", (event) => {
  try {
    localStorage.setItem(key, event.detail);
  } catch {
    // not remembered, but applied to this page below
  }
  document.documentElement.dataset.themeChoice = event.detail;
  const theme = event.detail === "system" ? (dark.matches ? "dark" : "light") : event.detail;
  document.documentElement.dataset.bsTheme = theme;
});
