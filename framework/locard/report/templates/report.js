"use strict";
// Enhancements only: without this script the report is whole, with its toggles and folds.
for (const label of document.querySelectorAll(".viewer .opacity")) {
  const slider = label.querySelector("input");
  const viewer = label.closest(".viewer");
  const apply = () => viewer.style.setProperty("--map-opacity", String(slider.value / 100));
  slider.addEventListener("input", apply);
  apply();
  label.hidden = false;
}
for (const bar of document.querySelectorAll(".fold")) {
  bar.hidden = false;
  bar.addEventListener("click", (event) => {
    const wanted = event.target.dataset.fold;
    if (!wanted) return;
    for (const exhibit of document.querySelectorAll("details.exhibit")) {
      exhibit.open = wanted === "open";
    }
  });
}
// A link into a folded section must unfold it.
const unfold = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
};
addEventListener("hashchange", unfold);
unfold();
