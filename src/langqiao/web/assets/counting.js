// Counts the characters of a text while it is written, as the server will count them; the limit is only told, never cut.

function count(place) {
  const field = document.getElementById(place.dataset.countOf);
  if (!field) return;
  const most = Number(place.dataset.most);
  // One character a code point, line ends as one, as Python counts.
  const length = [...field.value.trim().replace(/\r\n?/g, "\n")].length;
  place.querySelector("[data-count-now]").textContent = String(length);
  place.classList.toggle("is-over", length > most);
}

export function startCounting() {
  const places = [...document.querySelectorAll("[data-count-of]")];
  places.forEach(count);
  document.addEventListener("input", (event) => {
    const place = places.find((one) => one.dataset.countOf === event.target.id);
    if (place) count(place);
  });
}
