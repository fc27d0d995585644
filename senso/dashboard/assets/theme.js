// Before anything is drawn, so that a page does not flash in the other theme.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
// What only a script can do is shown where there are scripts.
document.documentElement.classList.add("scripted");
