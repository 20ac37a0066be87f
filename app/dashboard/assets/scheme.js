// Choose light or dark before the first paint: what the user chose, else what the system says.
(function () {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try {
      return localStorage.getItem("tieout-scheme");
    } catch {
      return null;
    }
  }
  function apply() {
    document.documentElement.dataset.scheme = chosen() || (system.matches ? "dark" : "light");
  }
  apply();
  system.addEventListener("change", apply);
})();
