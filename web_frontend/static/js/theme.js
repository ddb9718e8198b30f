// Runs before anything is drawn, so that a dark page never flashes: hence no module.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const theme = root.dataset.theme;
    root.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
    document.dispatchEvent(new CustomEvent("theme:change"));
  };
  dark.addEventListener("change", apply);
  document.addEventListener("theme:set", (event) => {
    root.dataset.theme = event.detail;
    document.cookie = `theme=${event.detail}; path=/; max-age=31536000; samesite=lax`;
    apply();
  });
  apply();
})();
